"""Elementwise functions of the networks, and the loss on the pre-activation.

All are dimensionless but the cross-entropy, which is in nats. They take numbers or
arrays of any shape, integers and complex numbers included, and are accurate for every
finite input. ``np.maximum(z, -z)`` is |z| for real z; unlike ``abs`` it keeps the
imaginary part, so that the complex step of ``gradcheck`` passes through.
"""

import numpy as np
from numpy.typing import ArrayLike

from chainrule._inputs import Array, binary, checked, number, one_hot_rows, sizes


def _elementwise(z: ArrayLike) -> tuple[Array]:
    return (number("z", z),)


def _scores(Z: ArrayLike) -> tuple[Array]:
    return (number("Z", Z, classes=True),)


def _binary_targets(z: ArrayLike, t: ArrayLike) -> tuple[Array, Array]:
    z, t = number("z", z), number("t", t, real=True)
    if z.shape != t.shape:
        raise ValueError(f"t: expected the shape of z, {z.shape}, got {t.shape}")
    binary("t", t)
    return z, t


def _one_hot_targets(Z: ArrayLike, T: ArrayLike) -> tuple[Array, Array]:
    Z, T = number("Z", Z, classes=True), number("T", T, real=True)
    if Z.shape != T.shape:
        raise ValueError(f"T: expected the shape of Z, {Z.shape}, got {T.shape}")
    one_hot_rows("T", T)
    return Z, T


def _bounded(z: Array) -> Array:
    """``z``, held where φ and its slope have long been 0, that z² may not overflow."""
    return np.maximum(np.minimum(z, 110), -110)


@checked(_elementwise)
def sigmoid(z: Array) -> Array:
    """The logistic function σ(z) = 1 / (1 + e^(−z)), equation (2.2).

    Args:
        z: Pre-activations of any shape.

    Returns:
        Values in [0, 1], of the shape of ``z``.

    Raises:
        ValueError: ``z`` is not numeric, not finite or empty.
    """
    return np.exp(np.minimum(z, 0)) / (1 + np.exp(-np.maximum(z, -z)))  # (2.2)


@checked(_elementwise)
def sigmoid_derivative(z: Array) -> Array:
    """The slope σ′(z) of the logistic function, equation (2.9).

    Args:
        z: Pre-activations of any shape.

    Returns:
        Values in [0, 1/4], of the shape of ``z``.

    Raises:
        ValueError: ``z`` is not numeric, not finite or empty.
    """
    return sigmoid(z) * sigmoid(-z)  # (2.9)


@checked(_elementwise)
def rbf(z: Array) -> Array:
    """The Gaussian radial basis function φ(z) = e^(−z²), equation (4.2).

    Args:
        z: Pre-activations of any shape.

    Returns:
        Values in [0, 1], of the shape of ``z``.

    Raises:
        ValueError: ``z`` is not numeric, not finite or empty.
    """
    z = _bounded(z)
    return np.exp(-(z**2))  # (4.2)


@checked(_elementwise)
def rbf_derivative(z: Array) -> Array:
    """The slope φ′(z) of the radial basis function, equation (4.9).

    Args:
        z: Pre-activations of any shape.

    Returns:
        Values of the shape of ``z``.

    Raises:
        ValueError: ``z`` is not numeric, not finite or empty.
    """
    z = _bounded(z)
    return -2 * z * rbf(z)  # (4.9)


@checked(_elementwise)
def relu(z: Array) -> Array:
    """The rectified linear function max(z, 0), equation (5.2).

    Args:
        z: Pre-activations of any shape.

    Returns:
        Values ≥ 0 of the shape of ``z``.

    Raises:
        ValueError: ``z`` is not numeric, not finite or empty.
    """
    return np.maximum(z, 0)  # (5.2)


@checked(_elementwise)
def relu_derivative(z: Array) -> Array:
    """The slope of ``relu``, equation (5.11): 1 for z > 0, else 0, also at the corner.

    Args:
        z: Pre-activations of any shape.

    Returns:
        0.0 or 1.0, of the shape of ``z``.

    Raises:
        ValueError: ``z`` is not numeric, not finite or empty.
    """
    return np.where(z.real > 0, 1.0, 0.0)  # (5.11)


@checked(_binary_targets)
def binary_cross_entropy(z: Array, t: Array) -> Array:
    """The loss ξ in nats of the prediction σ(z) for a binary target, equation (2.6).

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
    return np.maximum(z, 0) - t * z + np.log1p(np.exp(-np.maximum(z, -z)))  # (2.6)


@checked(_scores)
def softmax(Z: Array) -> Array:
    """Probabilities from scores, equation (3.1), the largest score subtracted first.

    Args:
        Z: Scores of shape (..., K); the last index counts the classes.

    Returns:
        Values in [0, 1] of the shape of ``Z``, adding up to 1 over the last index.

    Raises:
        ValueError: ``Z`` is not numeric, not finite, empty or a single number.
    """
    with np.errstate(over="ignore"):  # e^(−∞) is 0
        E = np.exp(Z - Z.max(axis=-1, keepdims=True))  # (3.2)
    return E / E.sum(axis=-1, keepdims=True)  # (3.1)


@checked(_scores)
def log_softmax(Z: Array) -> Array:
    """Logarithms of the probabilities of ``softmax``, in nats, equation (3.4).

    Args:
        Z: Scores of shape (..., K); the last index counts the classes.

    Returns:
        Values of the shape of ``Z``, at most 0, finite where ``softmax`` is 0; one too
        large for its precision is the largest there is.

    Raises:
        ValueError: ``Z`` is not numeric, not finite, empty or a single number.
    """
    with np.errstate(over="ignore"):
        S = Z - Z.max(axis=-1, keepdims=True)
    S = np.maximum(S, np.finfo(S.dtype).min)
    return S - np.log(np.exp(S).sum(axis=-1, keepdims=True))  # (3.4)


@checked(_one_hot_targets)
def cross_entropy(Z: Array, T: Array) -> Array:
    """The loss ξ in nats of the prediction softmax(Z), equation (3.3).

    Args:
        Z: Scores of shape (..., K); the last index counts the classes.
        T: One-hot targets of the shape of ``Z``.

    Returns:
        Losses of shape (...), in nats.

    Raises:
        ValueError: ``Z`` is not numeric, not finite, empty or a single number, or ``T``
            is not one-hot or of another shape.
    """
    return -(T * log_softmax(Z)).sum(axis=-1)  # (3.3)


def one_hot(labels: ArrayLike, K: int) -> Array:
    """One row for each label, with a 1.0 in its column and 0.0 elsewhere.

    Args:
        labels: Whole numbers in 0 … K − 1, of any shape.
        K: Number of classes.

    Returns:
        An array of the shape of ``labels`` with one more index, of size K.

    Raises:
        ValueError: A label is not a whole number in 0 … K − 1, ``labels`` is empty, or
            ``K`` is not a positive whole number.
    """
    (K,) = sizes(K=K)
    labels = np.asarray(number("labels", labels, real=True))
    bad = labels[(labels < 0) | (labels >= K) | (labels != np.floor(labels))]
    if bad.size:
        raise ValueError(
            f"labels: expected whole numbers from 0 to {K - 1}, got {bad.flat[0]:.15g}"
        )
    rows = np.zeros((*labels.shape, K))
    np.put_along_axis(rows, labels.astype(int)[..., None], 1.0, axis=-1)
    return rows
