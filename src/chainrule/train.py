"""Whole training loops: the mathematics of the networks, with the inputs checked once.

What a step computes is derived and written out in the network's own module; here the same
numbers come from fewer and cheaper operations, in place on copies of the parameters.
"""

from collections.abc import Iterable

import numpy as np

from chainrule import mlp as network
from chainrule._inputs import Array, positive
from chainrule.functions import softmax


def mlp(
    params: network.Params,
    X: Array,
    T: Array,
    batches: Iterable[Array],
    eta: float,
    *,
    lam: float = 0.0,
    output: network.Output = "sigmoid",
) -> network.Params:
    """Parameters of an ``mlp`` after one step of gradient descent for each batch.

    The same as ``optim.gradient_step`` with ``mlp.backward(params, X[batch], T[batch])``
    for every batch in turn, equation (2.14).

    Args:
        params: ``(W1, b1, …, WL, bL)`` of shapes (M_{l−1}, M_l) and (M_l,).
        X: Inputs of shape (N, M_0).
        T: Targets of shape (N, M_L): each in {0, 1} for a sigmoid output, one-hot rows
            for softmax.
        batches: What ``X`` and ``T`` are indexed by at each step: arrays of whole numbers,
            such as ``optim.minibatches`` makes.
        eta: Step size η > 0.
        lam: Penalty λ ≥ 0 on the weights of all layers.
        output: Activation of the last layer, ``"sigmoid"`` or ``"softmax"``.

    Returns:
        New parameters, of the shapes of ``params``.

    Raises:
        ValueError: As ``mlp.backward``, or ``eta`` is not one positive number.
        IndexError: A batch holds a number that no sample has.
    """
    positive("eta", eta)
    network.objective(params, X, T, lam, output)  # checks all the others
    X, T = np.asarray(X, float), np.asarray(T, float)
    params = tuple(np.array(each, float) for each in params)
    W, b = params[0::2], params[1::2]
    last = len(W) - 1
    for batch in batches:
        A = [X[batch]]
        for l in range(last):
            Z = A[l] @ W[l]
            Z += b[l]
            A.append(np.maximum(Z, 0, out=Z))
        Z = A[last] @ W[last]
        Z += b[last]
        # σ(z) = (1 + tanh(z / 2)) / 2 overflows nowhere and takes the fewest operations.
        dZ = np.tanh(Z / 2) / 2 + 0.5 if output == "sigmoid" else softmax(Z)
        dZ -= T[batch]
        dZ *= eta / len(dZ)  # the step size is in here from now on
        for l in range(last, -1, -1):
            step, db = A[l].T @ dZ, np.add.reduce(dZ, 0)
            if l:
                dZ = dZ @ W[l].T
                dZ *= A[l] > 0
            if lam:
                step += eta * lam * W[l]
            np.subtract(W[l], step, out=W[l])
            np.subtract(b[l], db, out=b[l])
    return params
