"""Elementwise functions of the networks, and the loss on the pre-activation.

All are dimensionless but the cross-entropy, which is in nats. They take numbers or
arrays of any shape, integers and complex numbers included, and are accurate for every
finite input. ``np.maximum(z, -z)`` is |z| for real z; unlike ``abs`` it keeps the
imaginary part, so that the complex step of ``gradcheck`` passes through.
"""

import numpy as np
from numpy.typing import ArrayLike

from chainrule._inputs import Array, binary, number


def sigmoid(z: ArrayLike) -> Array:
    """The logistic function σ(z) = 1 / (1 + e^(−z)), equation (4.5).

    Args:
        z: Pre-activations of any shape.

    Returns:
        Values in [0, 1], of the shape of ``z``.

    Raises:
        ValueError: ``z`` is not numeric, not finite or empty.
    """
    z = number("z", z)
    return np.exp(np.minimum(z, 0)) / (1 + np.exp(-np.maximum(z, -z)))  # (4.5)


def sigmoid_derivative(z: ArrayLike) -> Array:
    """The slope σ′(z) of the logistic function, equation (4.14).

    Args:
        z: Pre-activations of any shape.

    Returns:
        Values in [0, 1/4], of the shape of ``z``.

    Raises:
        ValueError: ``z`` is not numeric, not finite or empty.
    """
    z = number("z", z)
    return sigmoid(z) * sigmoid(-z)  # (4.14)


def rbf(z: ArrayLike) -> Array:
    """The Gaussian radial basis function φ(z) = e^(−z²), equation (4.2).

    Args:
        z: Pre-activations of any shape.

    Returns:
        Values in [0, 1], of the shape of ``z``.

    Raises:
        ValueError: ``z`` is not numeric, not finite or empty.
    """
    z = number("z", z)
    return np.exp(-(z**2))  # (4.2)


def rbf_derivative(z: ArrayLike) -> Array:
    """The slope φ′(z) of the radial basis function, equation (4.19).

    Args:
        z: Pre-activations of any shape.

    Returns:
        Values of the shape of ``z``.

    Raises:
        ValueError: ``z`` is not numeric, not finite or empty.
    """
    z = number("z", z)
    return -2 * z * rbf(z)  # (4.19)


def binary_cross_entropy(z: ArrayLike, t: ArrayLike) -> Array:
    """The loss ξ in nats of the prediction σ(z) for a binary target, equation (4.8).

    Computed from the pre-activation: where σ(z) is wrong and has rounded to 0 or 1, its
    logarithm is lost and the loss is still |z|.

    Args:
        z: Pre-activations of any shape.
        t: Targets in {0, 1}, of the shape of ``z``.

    Returns:
        Losses of the shape of ``z``, in nats.

    Raises:
        ValueError: An argument is not numeric, not finite or empty, a target is not 0
            or 1, or the shapes differ.
    """
    z, t = number("z", z), number("t", t)
    if z.shape != t.shape:
        raise ValueError(f"t: expected the shape of z, {z.shape}, got {t.shape}")
    binary("t", t)
    return np.maximum(z, 0) - t * z + np.log1p(np.exp(-np.maximum(z, -z)))  # (4.8)
