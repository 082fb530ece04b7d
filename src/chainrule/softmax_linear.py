"""Chapter 3: one unit for each class and a softmax over them, a linear classifier.

X → Z = X·W + b → Y = softmax(Z) → ξ → J, with a penalty on W
"""

from typing import Any

import numpy as np

from chainrule._inputs import Array, arrays, checked, penalty, sizes, source
from chainrule.functions import cross_entropy, softmax

type Params = tuple[Array, Array]

_FORWARD = "W: (D, K); b: (K,); X: (N, D)"
_TRAIN = _FORWARD + "; T: (N, K) one-hot"


def _inputs(params: Params, X: Array) -> tuple[Any, ...]:
    return arrays(_FORWARD, params, X)


def _batch(params: Params, X: Array, T: Array, lam: float = 0.0) -> tuple[Any, ...]:
    return *arrays(_TRAIN, params, X, T), penalty(lam)


def init(rng: np.random.Generator | np.random.RandomState, D: int, K: int) -> Params:
    """Parameters ``(W, b)``: weights normal with deviation 0.01, biases zero.

    Args:
        rng: Source of the random numbers.
        D: Number of inputs.
        K: Number of classes.

    Returns:
        ``W`` of shape (D, K) and ``b`` of shape (K,).

    Raises:
        ValueError: A size is not a positive whole number, or ``rng`` cannot draw.
    """
    D, K = sizes(D=D, K=K)
    source(rng, "standard_normal")
    return 0.01 * rng.standard_normal((D, K)), np.zeros(K)


@checked(_inputs)
def forward(params: Params, X: Array) -> tuple[Array, Array]:
    """Every intermediate of the classifier, dimensionless, equations (1.11) and (3.1).

    Args:
        params: ``(W, b)`` of shapes (D, K) and (K,).
        X: Inputs of shape (N, D).

    Returns:
        The scores ``Z`` and the probabilities ``Y``, both of shape (N, K).

    Raises:
        ValueError: An input is not numeric, not finite, empty or of another shape.
    """
    W, b = params
    Z = X @ W + b  # (1.11)
    Y = softmax(Z)
    return Z, Y


@checked(_batch)
def objective(params: Params, X: Array, T: Array, lam: float = 0.0) -> float:
    """Mean cross-entropy plus penalty J in nats, equation (3.6).

    Args:
        params: ``(W, b)`` of shapes (D, K) and (K,).
        X: Inputs of shape (N, D).
        T: One-hot targets of shape (N, K).
        lam: Penalty λ ≥ 0 on the weights.

    Returns:
        J; complex if a parameter or an input is, for the complex step.

    Raises:
        ValueError: An input is not numeric, not finite, empty or of another shape, ``T``
            is not one-hot, or ``lam`` is negative.
    """
    W, _ = params
    if not lam:
        W = 0 * W  # as 0 times a square of ∞ is no number
    Z, _ = forward(params, X)
    xi = cross_entropy(Z, T)
    J = xi.mean() + lam / 2 * (W**2).sum()  # (3.6)
    return J.item()


@checked(_batch)
def backward(params: Params, X: Array, T: Array, lam: float = 0.0) -> Params:
    """Gradient of the objective in nats, in the order of ``params``; (3.11), (3.13).

    Args:
        params: ``(W, b)`` of shapes (D, K) and (K,).
        X: Inputs of shape (N, D).
        T: One-hot targets of shape (N, K).
        lam: Penalty λ ≥ 0 on the weights.

    Returns:
        ``dW`` of shape (D, K) and ``db`` of shape (K,).

    Raises:
        ValueError: An input is not numeric, not finite, empty or of another shape, ``T``
            is not one-hot, or ``lam`` is negative.
    """
    W, _ = params
    _, Y = forward(params, X)
    dZ = (Y - T) / len(X)  # (3.11)
    dW = X.T @ dZ + lam * W  # (3.13)
    db = dZ.sum(axis=0)  # (1.14)
    return dW, db
