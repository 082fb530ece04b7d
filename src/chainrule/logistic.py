"""Chapter 2: one logistic unit.

X → z = X·w + b → y = σ(z) → ξ → J
"""

from typing import Any

import numpy as np

from chainrule._inputs import Array, arrays, checked, sizes, source
from chainrule.functions import binary_cross_entropy, sigmoid

type Params = tuple[Array, float | Array]


def _inputs(params: Params, X: Array) -> tuple[Any, ...]:
    return arrays("w: (D,); b: (); X: (N, D)", params, X)


def _batch(params: Params, X: Array, t: Array) -> tuple[Any, ...]:
    return arrays("w: (D,); b: (); X: (N, D); t: (N,) in {0, 1}", params, X, t)


def init(rng: np.random.Generator | np.random.RandomState, D: int) -> Params:
    """Parameters ``(w, b)``: weights from a standard normal, bias zero.

    Args:
        rng: Source of the random numbers.
        D: Number of inputs.

    Returns:
        ``w`` of shape (D,) and ``b`` of shape ().

    Raises:
        ValueError: ``D`` is not a positive whole number, or ``rng`` cannot draw.
    """
    (D,) = sizes(D=D)
    source(rng, "standard_normal")
    return rng.standard_normal(D), 0.0


@checked(_inputs)
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
    w, b = params
    z = X @ w + b  # (2.1)
    y = sigmoid(z)  # (2.3)
    return z, y


@checked(_batch)
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
    z, _ = forward(params, X)
    xi = binary_cross_entropy(z, t)
    J = xi.mean()  # (2.7)
    return J.item()


@checked(_batch)
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
    _, y = forward(params, X)
    dz = (y - t) / len(X)  # (2.11)
    dw = X.T @ dz  # (2.12)
    db = dz.sum()  # (2.13)
    return dw, db
