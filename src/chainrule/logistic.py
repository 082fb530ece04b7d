"""Chapter 2: one logistic unit.

X → z = X·w + b → y = σ(z) → ξ → J
"""

import numpy as np

from chainrule._inputs import Array, arrays, sizes
from chainrule.functions import binary_cross_entropy, sigmoid

type Params = tuple[Array, float | Array]

_FORWARD = "w: (D,); b: (); X: (N, D)"
_TRAIN = "w: (D,); b: (); X: (N, D); t: (N,) in {0, 1}"


def init(rng: np.random.Generator | np.random.RandomState, D: int) -> Params:
    """Parameters ``(w, b)``: weights from a standard normal, bias zero.

    Args:
        rng: Source of the random numbers.
        D: Number of inputs.

    Returns:
        ``w`` of shape (D,) and ``b`` of shape ().

    Raises:
        ValueError: ``D`` is not a positive whole number.
    """
    (D,) = sizes(D=D)
    return rng.standard_normal(D), 0.0


def forward(params: Params, X: Array) -> tuple[Array, Array]:
    """Every intermediate of the unit, dimensionless, equations (2.1) and (2.3).

    Args:
        params: ``(w, b)`` of shapes (D,) and ().
        X: Inputs of shape (N, D).

    Returns:
        ``z`` and the output ``y``, a probability; both of shape (N,).

    Raises:
        ValueError: An input is not numeric, not finite, empty or of another shape.
    """
    w, b, X = arrays(_FORWARD, params, X)
    z = X @ w + b  # (2.1)
    y = sigmoid(z)  # (2.3)
    return z, y


def objective(params: Params, X: Array, t: Array) -> float:
    """The mean cross-entropy J in nats, equation (2.7).

    Args:
        params: ``(w, b)`` of shapes (D,) and ().
        X: Inputs of shape (N, D).
        t: Targets in {0, 1} of shape (N,).

    Returns:
        J; complex if a parameter or an input is, for the complex step.

    Raises:
        ValueError: An input is not numeric, not finite, empty or of another shape, or a
            target is not 0 or 1.
    """
    *_, X, t = arrays(_TRAIN, params, X, t)
    z, _ = forward(params, X)
    xi = binary_cross_entropy(z, t)
    J = xi.mean()  # (2.7)
    return J.item()


def backward(params: Params, X: Array, t: Array) -> Params:
    """Gradient of the objective in nats, in the order of ``params``, (2.11) to (2.13).

    Args:
        params: ``(w, b)`` of shapes (D,) and ().
        X: Inputs of shape (N, D).
        t: Targets in {0, 1} of shape (N,).

    Returns:
        ``dw`` of shape (D,) and ``db`` of shape ().

    Raises:
        ValueError: An input is not numeric, not finite, empty or of another shape, or a
            target is not 0 or 1.
    """
    *_, X, t = arrays(_TRAIN, params, X, t)
    _, y = forward(params, X)
    dz = (y - t) / len(X)  # (2.11)
    dw = X.T @ dz  # (2.12)
    db = dz.sum()  # (2.13)
    return dw, db
