"""Chapter 6: a hidden layer of sigmoid units and a softmax over the classes.

X → Z1 = X·W1 + b1 → H = σ(Z1) → Z2 = H·W2 + b2 → Y = softmax(Z2) → ξ → J
"""

from typing import Any

import numpy as np

from chainrule._inputs import Array, arrays, checked, penalty, sizes, source
from chainrule.functions import cross_entropy, sigmoid, softmax

type Params = tuple[Array, Array, Array, Array]

_FORWARD = "W1: (D, M); b1: (M,); W2: (M, K); b2: (K,); X: (N, D)"
_TRAIN = _FORWARD + "; T: (N, K) one-hot"


def _inputs(params: Params, X: Array) -> tuple[Any, ...]:
    return arrays(_FORWARD, params, X)


def _batch(params: Params, X: Array, T: Array, lam: float = 0.0) -> tuple[Any, ...]:
    return *arrays(_TRAIN, params, X, T), penalty(lam)


def init(
    rng: np.random.Generator | np.random.RandomState, D: int, M: int, K: int
) -> Params:
    """Parameters ``(W1, b1, W2, b2)``, all from a standard normal.

    Args:
        rng: Source of the random numbers.
        D: Number of inputs.
        M: Number of hidden units.
        K: Number of classes.

    Returns:
        Arrays of shapes (D, M), (M,), (M, K) and (K,).

    Raises:
        ValueError: A size is not a positive whole number, or ``rng`` cannot draw.
    """
    D, M, K = sizes(D=D, M=M, K=K)
    source(rng, "standard_normal")
    W1, b1 = rng.standard_normal((D, M)), rng.standard_normal(M)
    W2, b2 = rng.standard_normal((M, K)), rng.standard_normal(K)
    return W1, b1, W2, b2


@checked(_inputs)
def forward(params: Params, X: Array) -> tuple[Array, Array, Array, Array]:
    """Every intermediate of the network, dimensionless, (5.1), (6.1), (5.4), (5.5).

    Args:
        params: ``(W1, b1, W2, b2)`` of shapes (D, M), (M,), (M, K) and (K,).
        X: Inputs of shape (N, D).

    Returns:
        ``Z1`` and ``H`` of shape (N, M), the scores ``Z2`` and the probabilities ``Y``
        of shape (N, K).

    Raises:
        ValueError: An input is not numeric, not finite, empty or of another shape.
    """
    W1, b1, W2, b2 = params
    Z1 = X @ W1 + b1  # (5.1)
    H = sigmoid(Z1)  # (6.1)
    Z2 = H @ W2 + b2  # (5.4)
    Y = softmax(Z2)  # (5.5)
    return Z1, H, Z2, Y


@checked(_batch)
def objective(params: Params, X: Array, T: Array, lam: float = 0.0) -> float:
    """Mean cross-entropy plus penalty J in nats, equation (5.6).

    Args:
        params: ``(W1, b1, W2, b2)`` of shapes (D, M), (M,), (M, K) and (K,).
        X: Inputs of shape (N, D).
        T: One-hot targets of shape (N, K).
        lam: Penalty λ ≥ 0 on the weights of both layers.

    Returns:
        J; complex if a parameter or an input is, for the complex step.

    Raises:
        ValueError: An input is not numeric, not finite, empty or of another shape, ``T``
            is not one-hot, or ``lam`` is negative.
    """
    W1, _, W2, _ = params
    if not lam:
        W1, W2 = 0 * W1, 0 * W2  # as 0 times a square of ∞ is no number
    _, _, Z2, _ = forward(params, X)
    xi = cross_entropy(Z2, T)
    J = xi.mean() + lam / 2 * ((W1**2).sum() + (W2**2).sum())  # (5.6)
    return J.item()


@checked(_batch)
def backward(params: Params, X: Array, T: Array, lam: float = 0.0) -> Params:
    """Gradient of the objective in nats, in the order of ``params``, (5.7) to (6.2).

    Args:
        params: ``(W1, b1, W2, b2)`` of shapes (D, M), (M,), (M, K) and (K,).
        X: Inputs of shape (N, D).
        T: One-hot targets of shape (N, K).
        lam: Penalty λ ≥ 0 on the weights of both layers.

    Returns:
        ``dW1``, ``db1``, ``dW2`` and ``db2``, of the shapes of the parameters.

    Raises:
        ValueError: An input is not numeric, not finite, empty or of another shape, ``T``
            is not one-hot, or ``lam`` is negative.
    """
    W1, _, W2, _ = params
    _, H, _, Y = forward(params, X)
    dZ2 = (Y - T) / len(X)  # (5.7)
    dW2 = H.T @ dZ2 + lam * W2  # (5.8)
    db2 = dZ2.sum(axis=0)  # (5.9)
    dH = dZ2 @ W2.T  # (5.10)
    dZ1 = dH * H * (1 - H)  # (6.2)
    dW1 = X.T @ dZ1 + lam * W1  # (5.13)
    db1 = dZ1.sum(axis=0)  # (5.14)
    return dW1, db1, dW2, db2
