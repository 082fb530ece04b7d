"""Updates of a tuple of parameters by a tuple of gradients of the same structure."""

from typing import Any

import numpy as np

from chainrule._inputs import Array, pairs, partners, positive, share, sizes, source


def gradient_step(
    params: tuple[float | Array, ...], grads: tuple[float | Array, ...], eta: float
) -> tuple[Any, ...]:
    """Parameters after one step of gradient descent, equation (2.14).

    Args:
        params: Parameters of any shapes.
        grads: Their gradients, of the same shapes in the same order.
        eta: Step size η > 0.

    Returns:
        New parameters, in the order of ``params``.

    Raises:
        ValueError: ``eta`` is not one positive number, the tuples differ in length, or
            an array is not of real, finite numbers, empty or not of its partner's shape.
    """
    params, grads = pairs("params", params, "grads", grads, real=True)
    eta = positive("eta", eta)
    return tuple(p - eta * dp for p, dp in zip(params, grads, strict=True))  # (2.14)


def momentum_step(
    params: tuple[float | Array, ...],
    grads: tuple[float | Array, ...],
    velocity: tuple[float | Array, ...],
    eta: float,
    mu: float,
) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Parameters and velocity after one step with momentum, equation (6.3).

    Args:
        params: Parameters of any shapes.
        grads: Their gradients, of the same shapes in the same order.
        velocity: What the last step moved the parameters by; zeros before the first.
        eta: Step size η > 0.
        mu: Momentum, 0 ≤ μ < 1; the share of the velocity that is kept.

    Returns:
        New parameters and new velocity, both in the order of ``params``.

    Raises:
        ValueError: ``eta`` is not one positive number, ``mu`` is not one number in
            [0, 1), the tuples differ in length, or an array is not of real, finite
            numbers, empty or not of its partner's shape.
    """
    params, grads = pairs("params", params, "grads", grads, real=True)
    velocity = partners("velocity", velocity, "params", params, real=True)
    eta, mu = positive("eta", eta), share("mu", mu)
    both = zip(velocity, grads, strict=True)
    velocity = tuple(mu * u - eta * dp for u, dp in both)  # (6.3)
    return tuple(p + u for p, u in zip(params, velocity, strict=True)), velocity


def minibatches(
    rng: np.random.Generator | np.random.RandomState, N: int, B: int
) -> list[Array]:
    """The samples of one epoch in random order, cut into batches.

    Every sample is in exactly one batch. ``X[batch]`` and ``T[batch]`` are a batch's
    inputs and targets; chapter 7 explains what its size does.

    Args:
        rng: Source of the random order.
        N: Number of samples.
        B: Number of samples in a batch; the last batch holds what is left.

    Returns:
        Arrays of whole numbers in 0 … N − 1, of shape (B,), the last one perhaps shorter.

    Raises:
        ValueError: ``N`` or ``B`` is not a positive whole number, or ``rng`` cannot draw.
    """
    N, B = sizes(N=N, B=B)
    source(rng, "permutation")
    return np.split(rng.permutation(N), range(B, N, B))
