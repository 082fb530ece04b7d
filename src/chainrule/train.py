"""Whole training loops: the mathematics of the networks, with the inputs checked once.

Each network's own module derives a step; here the same numbers come from fewer and cheaper
operations, in single precision where the inputs ``X`` are. Where numba is installed, as by
``chainrule[fast]``, tiny steps are loops that it compiles.

``mlp`` trains chapters 3 and 5 as well, whose networks are those of the sizes (D, K) and
(D, M, K) with a softmax output; ``[slice(None)] * 100`` is a hundred steps on all samples.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from chainrule import _loops
from chainrule import mlp as network
from chainrule import rbf_net as radial
from chainrule import sigmoid_net as momentum
from chainrule._inputs import (
    Array,
    arrays,
    choice,
    layer_count,
    partners,
    penalty,
    positive,
    share,
    sizes,
)
from chainrule.mlp import _TARGETS, _declared
from chainrule.rbf_net import _TRAIN as _RADIAL
from chainrule.sigmoid_net import _TRAIN as _MOMENTUM

# So many samples at once that what a block needs stays in the processor's cache.
_BLOCK = 32_768
# Whether numbers are finite is looked at after so many steps.
_AT_ONCE = 100


def _dtype(X: Array) -> type[np.floating]:
    return np.float32 if X.dtype == np.float32 else np.float64


def _descend(
    advance: Callable[[Any], None],
    state: Sequence[Array],
    steps: Iterable[Any],
    at_once: int,
    eta: float,
) -> None:
    """Let ``advance`` change ``state`` by all ``steps``, ``at_once`` at a time.

    Raises:
        ValueError: A step made something infinite or no number.
    """
    done = 0
    for some in _loops.groups(steps, at_once):
        before = [each.copy() for each in state]
        with np.errstate(over="ignore", invalid="ignore"):
            advance(some)
            if not _finite(state):
                for each, kept in zip(state, before, strict=True):
                    each[...] = kept
                last = 0
                while last < len(some) and _finite(state):
                    last += 1
                    advance(some[last - 1 : last])
                raise ValueError(
                    f"eta: expected a step size at which training converges, got {eta}: "
                    f"after step {done + last} a parameter is no longer finite; take a smaller "
                    "one"
                )
        done += len(some)


def _finite(state: Sequence[Array]) -> bool:
    return all(np.isfinite(each).all() for each in state)


def _sigmoid(z: Array) -> None:
    """Change ``z`` to σ(z) = (1 + tanh(z / 2)) / 2, which overflows nowhere."""
    np.tanh(np.multiply(z, 0.5, out=z), out=z)
    z *= 0.5
    z += 0.5


def _softmax(Z: Array) -> None:
    """Change each column of ``Z`` to its softmax."""
    Z -= np.maximum.reduce(Z, -2, keepdims=True)
    np.exp(Z, out=Z)
    Z /= np.add.reduce(Z, -2, keepdims=True)


def rbf_net(
    params: radial.Params, x: Array, t: Array, steps: int, eta: float
) -> radial.Params:
    """Parameters of an ``rbf_net`` after gradient descent on all samples.

    As ``steps`` times ``optim.gradient_step`` with ``rbf_net.backward``, (2.14).

    Args:
        params: ``(w, b)``, both of shape ().
        x: Inputs of shape (N,).
        t: Targets in {0, 1} of shape (N,).
        steps: Number of steps.
        eta: Step size η > 0.

    Returns:
        New ``w`` and ``b``.

    Raises:
        ValueError: As ``rbf_net.backward``, but complex numbers are refused; ``steps`` or
            ``eta`` is not positive; or a step so large that a parameter is no longer
            finite after it.
    """
    eta = positive("eta", eta)
    (steps,) = sizes(steps=steps)
    params, x, t = arrays(_RADIAL, params, x, t, real=True)
    dtype = _dtype(x)
    x, t, both = np.asarray(x, dtype), np.asarray(t, dtype), np.array(params, dtype)
    rate, z, h, e = eta / len(x), np.empty_like(x), np.empty_like(x), np.empty_like(x)

    def advance(some: range) -> None:
        w, b = both
        for _ in some:
            np.multiply(x, w, out=z)
            np.square(z, out=h)
            np.exp(np.negative(h, out=h), out=h)
            np.add(h, b, out=e)
            _sigmoid(e)
            np.subtract(e, t, out=e)
            b = b - rate * np.add.reduce(e)
            np.multiply(h, z, out=h)
            np.multiply(h, e, out=h)
            w = w + 2 * rate * np.dot(h, x)
        both[:] = w, b

    def loop(some: range) -> None:
        both[:] = _loops.rbf_net(*both, x, t, len(some), dtype(eta))

    if _loops.pay(len(x), 1):
        _descend(loop, [both], range(steps), _loops.AT_ONCE, eta)
    else:
        _descend(advance, [both], range(steps), _AT_ONCE, eta)
    return both[0], both[1]


def mlp(
    params: network.Params,
    X: Array,
    T: Array,
    batches: Iterable[Array | slice],
    eta: float,
    *,
    lam: float = 0.0,
    output: network.Output = "sigmoid",
) -> network.Params:
    """Parameters of an ``mlp`` after one step of gradient descent for each batch.

    The same as ``optim.gradient_step`` with ``mlp.backward(params, X[batch], T[batch])``
    for every batch in turn, equation (2.14). With one more index in front of ``X``, ``T``
    and the weights, and biases of shape ``(S, 1, units[l])``, S networks are trained at
    once, each on its own data: tiny arrays cost NumPy hardly more for many than for one.

    Args:
        params: ``(W1, b1, …, WL, bL)`` of shapes as ``mlp.init`` gives.
        X: Inputs of shape (N, D).
        T: Targets of shape (N, K): in {0, 1} for a sigmoid output, one-hot for softmax.
        batches: The samples of each step: slices, arrays as of ``optim.minibatches``, or
            a table of sample numbers with a row for each step.
        eta: Step size η > 0.
        lam: Penalty λ ≥ 0 on the weights of all layers.
        output: Activation of the last layer, ``"sigmoid"`` or ``"softmax"``.

    Returns:
        New parameters, of the shapes of ``params``.

    Raises:
        ValueError: As ``mlp.backward``, but complex numbers are refused; ``eta`` is not
            positive; a batch is empty; or a step so large that a parameter is no longer
            finite after it.
        IndexError: A batch holds a number that no sample has.
    """
    eta, lam = positive("eta", eta), penalty(lam)
    choice("output", output, _TARGETS)
    L = layer_count(params)
    if np.ndim(X) < 3:
        declared = _declared(L, _TARGETS[output])
    else:
        layers = range(1, L + 1)
        shapes = [f"W{l}: (S, M{l - 1}, M{l}); b{l}: (S, 1, M{l})" for l in layers]
        values = _TARGETS[output].partition(")")[2]
        data = f"X: (S, N, M0); T: (S, N, M{L}){values}"
        declared = "; ".join([*shapes, data])
    params, X, T = arrays(declared, params, X, T, real=True)
    X, T = np.asarray(X, _dtype(X)), np.asarray(T, _dtype(X))
    params = tuple(np.array(each, X.dtype) for each in params)
    samples, batches = _loops.peek(batches, X)
    if X.ndim == 2 and _loops.pay(samples, sum(each.size for each in params[::2])):
        p = np.concatenate([each.ravel() for each in params])
        loop = _loops.mlp(params, p, X, T, eta, lam, softmax=output == "softmax")
        _descend(loop, [p], batches, _loops.AT_ONCE, eta)
        parts = np.split(p, np.cumsum([each.size for each in params])[:-1])
        both = zip(parts, params, strict=True)
        return tuple(part.reshape(each.shape) for part, each in both)
    # A sample is a column, and a row of ones below each layer makes its biases weights.
    X, T = np.concatenate([X, np.ones_like(X[..., :1])], -1).mT.copy(), T.mT.copy()
    pairs = [*zip(params[0::2], params[1::2], strict=True)]
    P = [np.concatenate([W, np.atleast_2d(b)], -2).mT.copy() for W, b in pairs]
    heights = [(*p.shape[:-2], p.shape[-2] + 1) for p in P[:-1]]

    def advance(some: Iterable[Array | slice]) -> None:
        n = -1
        for batch in some:
            if (x := X[..., batch]).shape[-1] != n:
                (n,) = sizes(batch=x.shape[-1])
                A = [x, *(np.ones((*each, n), x.dtype) for each in heights)]
                H = [each[..., :-1, :] for each in A[1:]]
                zeros = [np.zeros_like(each) for each in H]
            A[0] = x
            for l, h in enumerate(H):
                # An array of zeros is faster here than the number.
                np.maximum(np.matmul(P[l], A[l], out=h), zeros[l], out=h)
            dZ = P[-1] @ A[-1]
            _sigmoid(dZ) if output == "sigmoid" else _softmax(dZ)
            dZ -= T[..., batch]
            dZ *= eta / n  # the step size is in here from now on
            for l in range(len(H), -1, -1):
                step = dZ @ A[l].mT
                if l:
                    dZ = P[l][..., :-1].mT @ dZ
                    dZ *= H[l - 1] > 0
                if lam:
                    step[..., :-1] += eta * lam * P[l][..., :-1]
                P[l] -= step

    _descend(advance, P, batches, _AT_ONCE, eta)
    for (W, b), p in zip(pairs, P, strict=True):
        W[...], b[...] = p[..., :-1].mT, p[..., -1].reshape(b.shape)
    return params


def sigmoid_net(
    params: momentum.Params,
    velocity: momentum.Params,
    X: Array,
    T: Array,
    steps: int,
    eta: float,
    mu: float,
) -> tuple[momentum.Params, momentum.Params]:
    """Parameters and velocity of a ``sigmoid_net`` after descent with momentum.

    The same as ``steps`` times ``optim.momentum_step`` with ``sigmoid_net.backward``,
    equation (6.3). Inside, a sample is a column, the hidden layer holds q = tanh(z / 2),
    σ(z) = (1 + q) / 2, and of two classes only the difference of the scores is computed.

    Args:
        params: ``(W1, b1, W2, b2)`` of shapes (D, M), (M,), (M, K) and (K,).
        velocity: What the last step moved them by; zeros before the first.
        X: Inputs of shape (N, D).
        T: One-hot targets of shape (N, K).
        steps: Number of steps.
        eta: Step size η > 0.
        mu: Momentum, 0 ≤ μ < 1.

    Returns:
        New parameters and new velocity, both of the shapes of ``params``.

    Raises:
        ValueError: As the two functions above, but complex numbers are refused; ``steps``
            is not positive; or a step so large that a parameter is no longer finite after
            it.
    """
    eta, mu = positive("eta", eta), share("mu", mu)
    (steps,) = sizes(steps=steps)
    params, X, T = arrays(_MOMENTUM, params, X, T, real=True)
    moved = partners("velocity", velocity, "params", params, real=True)
    dtype, N, M = _dtype(X), len(X), np.size(params[1])
    two = np.shape(T)[1] == 2
    XT, TT = np.array(np.transpose(X), dtype), np.array(np.transpose(T)[two:], dtype)
    XT = np.vstack([XT, np.ones_like(XT[:1])])  # the biases are its weights
    space = np.ones((2 * M + 1 + len(TT), min(N, _BLOCK)), dtype)
    blocks = []
    for n in range(0, N, _BLOCK):
        x, t = (np.ascontiguousarray(each[:, n : n + _BLOCK]) for each in (XT, TT))
        blocks.append((x, t, *np.split(space[:, : x.shape[1]], [M + 1, 2 * M + 1])))
    state = [np.array(each, dtype) for each in (*params, *moved)]

    def step() -> None:
        W1, b1, W2, b2, m1, a1, m2, a2 = state
        V, c = (W2[:, 1:] - W2[:, :1], b2[1:] - b2[:1]) if two else (W2, b2)
        P1 = np.vstack([W1, b1]).T / 2
        P2 = np.vstack([V / 2, c + V.sum(axis=0) / 2]).T
        dP1, dP2 = np.zeros_like(P1.T), np.zeros_like(P2.T)
        for x, t, q, s, e in blocks:
            h = q[:-1]  # the last row of q stays 1
            np.tanh(np.matmul(P1, x, out=h), out=h)
            np.matmul(P2, q, out=e)
            _sigmoid(e) if two else _softmax(e)
            np.subtract(e, t, out=e)
            dP2 += q @ e.T
            np.square(h, out=h)
            np.subtract(1, h, out=h)
            # Of two classes there is one row, and V, its factor, can wait.
            np.multiply(h, e if two else np.matmul(V, e, out=s), out=s)
            for j, row in enumerate(s):  # faster than x @ s.T where there are few rows
                dP1[:, j] += x @ row
        dP1 = dP1 * V[:, 0] if two else dP1
        dW1, db1, dV, dc = dP1[:-1], dP1[-1], (dP2[:-1] + dP2[-1]) / 2, dP2[-1]
        dW2, db2 = (np.hstack([-dV, dV]), np.hstack([-dc, dc])) if two else (dV, dc)
        m1, a1 = mu * m1 - eta / (4 * N) * dW1, mu * a1 - eta / (4 * N) * db1
        m2, a2 = mu * m2 - eta / N * dW2, mu * a2 - eta / N * db2
        after = W1 + m1, b1 + a1, W2 + m2, b2 + a2, m1, a1, m2, a2
        for each, new in zip(state, after, strict=True):
            each[...] = new

    def advance(some: range) -> None:
        for _ in some:
            step()

    _descend(advance, state, range(steps), _AT_ONCE, eta)
    W1, b1, W2, b2, m1, a1, m2, a2 = state
    return (W1, b1, W2, b2), (m1, a1, m2, a2)
