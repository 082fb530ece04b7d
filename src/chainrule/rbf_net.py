"""Chapter 4: one radial basis unit and one logistic output, two parameters.

x → z1 = x·w → h = φ(z1) → z2 = h + b → y = σ(z2) → ξ → J
"""

from typing import Any

import numpy as np

from chainrule._inputs import Array, arrays, checked, source
from chainrule.functions import binary_cross_entropy, rbf, sigmoid

type Params = tuple[float | Array, float | Array]

_TRAIN = "w: (); b: (); x: (N,); t: (N,) in {0, 1}"


def _inputs(params: Params, x: Array) -> tuple[Any, ...]:
    return arrays("w: (); b: (); x: (N,)", params, x)


def _batch(params: Params, x: Array, t: Array) -> tuple[Any, ...]:
    return arrays(_TRAIN, params, x, t)


def init(rng: np.random.Generator | np.random.RandomState) -> Params:
    """Parameters ``(w, b)`` drawn from a standard normal, dimensionless.

    Args:
        rng: Source of the random numbers.

    Returns:
        ``w`` and ``b``, both of shape ().

    Raises:
        ValueError: ``rng`` cannot draw.
    """
    source(rng, "standard_normal")
    w, b = rng.standard_normal(2)
    return w, b


@checked(_inputs)
def forward(params: Params, x: Array) -> tuple[Array, Array, Array, Array]:
    """Every intermediate of the network, dimensionless, equations (4.1) to (4.5).

    Args:
        params: ``(w, b)``, both of shape ().
        x: Inputs of shape (N,).

    Returns:
        ``z1``, ``h``, ``z2`` and the output ``y``, a probability; each of shape (N,).

    Raises:
        ValueError: An input is not numeric, not finite, empty or of another shape.
    """
    w, b = params
    z1 = x * w  # (4.1)
    h = rbf(z1)  # (4.3)
    z2 = h + b  # (4.4)
    y = sigmoid(z2)  # (4.5)
    return z1, h, z2, y


@checked(_batch)
def objective(params: Params, x: Array, t: Array) -> float:
    """The mean cross-entropy J in nats, equation (2.7).

    Args:
        params: ``(w, b)``, both of shape ().
        x: Inputs of shape (N,).
        t: Targets in {0, 1} of shape (N,).

    Returns:
        J; complex if a parameter or an input is, for the complex step.

    Raises:
        ValueError: An input is not numeric, not finite, empty or of another shape, or a
            target is not 0 or 1.
    """
    _, _, z2, _ = forward(params, x)
    xi = binary_cross_entropy(z2, t)
    J = xi.mean()  # (2.7)
    return J.item()


@checked(_batch)
def backward(params: Params, x: Array, t: Array) -> Params:
    """Gradient of the objective in nats, in the order of ``params``, (4.6) to (4.11).

    Args:
        params: ``(w, b)``, both of shape ().
        x: Inputs of shape (N,).
        t: Targets in {0, 1} of shape (N,).

    Returns:
        ``dw`` and ``db``, both of shape ().

    Raises:
        ValueError: An input is not numeric, not finite, empty or of another shape, or a
            target is not 0 or 1.
    """
    z1, h, _, y = forward(params, x)
    dz2 = (y - t) / len(x)  # (4.6)
    db = dz2.sum()  # (4.7)
    dh = dz2  # (4.8)
    dz1 = dh * (-2 * h * z1)  # (4.10)
    dw = (dz1 * x).sum()  # (4.11)
    return dw, db
