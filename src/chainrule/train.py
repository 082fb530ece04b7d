"""Gradient descent with every network of the book, its inputs checked once.

The readable way takes the step of the chapters: ``backward`` and ``momentum_step``. Where
numba is installed, as by ``pip install "chainrule[fast]"``, loops compiled for the sizes of the
network compute the same, ten to a thousand times as fast.
"""

from collections.abc import Callable, Iterable, Iterator
from importlib.util import find_spec
from itertools import batched
from types import ModuleType
from typing import Any, Literal, NamedTuple

import numpy as np

from chainrule import _inputs as ask
from chainrule import logistic, mlp, rbf_net, relu_net, sigmoid_net
from chainrule import softmax_linear as linear

type Params = tuple[Any, ...]
type Array = ask.Array
type Batch = Array | slice
type Engine = Literal["auto", "numba", "numpy"]

HERE = find_spec("numba") is not None
_NO_PENALTY = (logistic, rbf_net)
_NETWORKS = (*_NO_PENALTY, linear, relu_net, sigmoid_net, mlp)


class Trained(NamedTuple):
    """Where gradient descent has led.

    Attributes:
        params: The parameters.
        velocity: What the last step moved them by; zeros if μ is 0.
        engine: The way that was used, ``"numba"`` or ``"numpy"``.
    """

    params: Params
    velocity: Params
    engine: str


def gradient_descent(  # noqa: PLR0913  one signature for all networks
    network: ModuleType,
    params: Params,
    X: Array,
    T: Array,
    steps: int | Iterable[Batch],
    eta: float,
    *,
    lam: float = 0.0,
    mu: float = 0.0,
    velocity: Params | None = None,
    output: mlp.Output | None = None,
    engine: Engine = "auto",
) -> Trained:
    """Train ``network`` by gradient descent, with momentum if μ > 0, (2.14), (6.3).

    As ``optim.momentum_step`` with ``network.backward``, step after step. The arithmetic is in
    single precision where ``X`` is. Many networks are trained one after the other: for those
    of one shape the loop is compiled once.

    Args:
        network: ``logistic``, ``softmax_linear``, ``rbf_net``, ``relu_net``,
            ``sigmoid_net`` or ``mlp``.
        params: Its parameters, as its ``init`` gives them.
        X: Inputs, as its ``backward`` takes them.
        T: Targets, as its ``backward`` takes them.
        steps: How many steps on all samples; or the samples of each step: slices, arrays as
            of ``optim.minibatches``, or a table of sample numbers with a row for each step.
        eta: Step size η > 0.
        lam: Penalty λ ≥ 0 on the weights; ``logistic`` and ``rbf_net`` have none.
        mu: Momentum, 0 ≤ μ < 1.
        velocity: What the step before the first moved the parameters by; nothing if None.
        output: Activation of the last layer of an ``mlp``, ``"sigmoid"`` if None,
            ``"softmax"`` or ``"linear"``; another network has its own.
        engine: ``"numba"`` for the compiled loops, ``"numpy"`` for the readable step, or
            ``"auto"`` for the former where numba is installed.

    Returns:
        New parameters and velocity, of the shapes of ``params``, and the way used.

    Raises:
        ValueError: As ``network.backward``, but complex numbers are refused; another argument
            is not as above, or a batch is empty; numba is asked for and not installed; or a
            step so large that a parameter is no longer finite after it.
        IndexError: A batch holds a number that no sample has.
    """
    if network not in _NETWORKS:
        raise ValueError(
            f"network: expected a module such as relu_net, got {network!r}"
        )
    ask.choice("engine", engine, ("auto", "numba", "numpy"))
    if engine == "numba" and not HERE:
        raise ValueError(
            'engine: expected "numpy" or "auto" where numba is not installed, got "numba"; '
            'pip install "chainrule[fast]" brings it'
        )
    eta, lam, mu = ask.positive("eta", eta), ask.penalty(lam), ask.share("mu", mu)
    if lam and network in _NO_PENALTY:
        raise ValueError(f"lam: expected 0, as this network has no penalty, got {lam}")
    output = _output(network, output)
    rest = () if network in _NO_PENALTY else (lam, output) if network is mlp else (lam,)
    params, X, T, *_ = network.backward.check(params, X, T, *rest)
    ask.members("params", params, real=True)
    dtype = np.float32 if ask.number("X", X, real=True).dtype == "f4" else np.float64
    still = tuple(0 * p for p in params) if velocity is None else velocity
    velocity = ask.partners("velocity", still, "params", params, real=True)
    is_count = isinstance(steps, str) or not isinstance(steps, Iterable)
    if is_count or (isinstance(steps, np.ndarray) and not steps.ndim):
        (steps,) = ask.sizes(steps=steps)
    ends = np.cumsum([*map(np.size, params)])
    # The compiled loops reach for three rows and three numbers more.
    widest = max(map(np.size, params[1::2]))
    P, V = np.zeros((2, ends[-1] + 3 * widest + 3), dtype)

    def fill(row: Array, arrays: Iterable[Array]) -> None:
        np.concatenate(
            [*map(np.ravel, arrays)], out=row[: ends[-1]], casting="same_kind"
        )

    def cut(row: Array) -> Params:
        parts = zip(np.split(row, ends), params, strict=False)
        return tuple(part.reshape(np.shape(p))[()] for part, p in parts)

    def readable(samples: Batch, starts: Array, ends: Array) -> None:
        params, velocity = cut(P), cut(V)
        for start, end in zip(starts, ends, strict=True):
            batch = samples if isinstance(samples, slice) else samples[start:end]
            grads = network.backward(params, X[batch], T[batch], *rest)
            both = zip(velocity, grads, strict=True)
            velocity = tuple(mu * u - eta * dp for u, dp in both)  # (6.3)
            params = tuple(p + u for p, u in zip(params, velocity, strict=True))
        fill(P, params)
        fill(V, velocity)

    fill(P, params)
    fill(V, velocity)
    X, T = np.ascontiguousarray(X, dtype), np.ascontiguousarray(T, dtype)
    if (
        HERE
        and engine != "numpy"
        and (network is not rbf_net or isinstance(steps, int))
    ):
        from chainrule import _engine  # noqa: PLC0415  numba takes half a second

        kind = {rbf_net: "radial", sigmoid_net: "smooth"}.get(network, "")
        units = np.size(X[0]), *map(np.size, params[1::2])
        with np.errstate(over="ignore"):
            rates = [*np.array([eta, lam, mu]).astype(dtype)]
        advance = _engine.loop(units, P, V, X, T, rates, kind, output)
        way, at_once = "numba", max(100, min(10_000, 10_000_000 // len(X)))
    else:
        advance = ask.checked(lambda *given: given)(readable)
        way, at_once = "numpy", 100
    _descend(advance, P, V, _groups(steps, len(X), at_once), eta)
    return Trained(cut(P), cut(V if mu else 0 * V), way)


def _output(network: ModuleType, output: mlp.Output | None) -> mlp.Output:
    """The output of the network, which only an ``mlp`` can be told.

    Raises:
        ValueError: Another network is told to have another output than it has.
    """
    own: dict[ModuleType, mlp.Output] = {
        logistic: "sigmoid", rbf_net: "sigmoid", mlp: output or "sigmoid",
    }  # fmt: skip
    has = own.get(network, "softmax")
    if output is not None and output != has:
        raise ValueError(
            f'output: expected "{has}", as this network has, got {output!r}'
        )
    return has


def _descend(
    advance: Callable[..., None], P: Array, V: Array, groups: Iterable[Any], eta: float
) -> None:
    """Let ``advance`` change ``P`` and ``V`` by the steps of all ``groups``.

    Raises:
        ValueError: A step made something infinite or no number.
    """
    done = 0
    for samples, starts, ends in groups:
        ask.sizes(batch=(ends - starts).min())
        before = P.copy(), V.copy()
        with np.errstate(over="ignore", invalid="ignore"):
            advance(samples, starts, ends)
            if np.isfinite(P).all():
                done += len(starts)
                continue
            P[:], V[:] = before
            for start, end in zip(starts, ends, strict=True):
                advance(samples, np.array([start]), np.array([end]))
                done += 1
                if not np.isfinite(P).all():
                    break
        raise ValueError(
            f"eta: expected a step size at which training converges, got {eta}: after step "
            f"{done} a parameter is no longer finite; take a smaller one"
        )


def _groups(
    steps: int | Iterable[Batch], N: int, at_once: int
) -> Iterator[tuple[Batch, Array, Array]]:
    """Some of the ``steps`` at a time: samples, and where those of each step begin and end.

    Raises:
        ValueError: A table is not of whole numbers.
    """
    every = np.arange(N)
    if isinstance(steps, np.ndarray):
        if steps.ndim != 2 or steps.dtype.kind not in "iu":
            raise ValueError(
                "steps: expected a table of whole numbers with a row for each step, "
                f"got {steps.dtype} of shape {steps.shape}"
            )
        for n in range(0, len(steps), at_once):
            some = every[steps[n : n + at_once]]
            starts = some.shape[1] * np.arange(len(some))
            yield some.ravel(), starts, starts + some.shape[1]
    elif isinstance(steps, Iterable):
        for group in batched(steps, at_once):
            batches = [every[batch] for batch in group]
            if any(batch.ndim != 1 for batch in batches):
                raise ValueError(
                    "steps: expected the samples of each step as a slice or an array, got "
                    f"{group[0]!r} among them"
                )
            ends = np.cumsum([*map(len, batches)])
            yield np.concatenate(batches), np.append(0, ends[:-1]), ends
    else:
        for n in range(0, steps, at_once):
            starts = np.zeros(min(at_once, steps - n), int)
            yield slice(None), starts, starts + N
