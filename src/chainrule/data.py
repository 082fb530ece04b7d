"""The data sets of the book: drawn from an explicit source of random numbers, or measured."""

from collections.abc import Sequence
from importlib.resources import files

import numpy as np

from chainrule._inputs import Array, number, positive, share, sizes, source


def three_clusters(
    rng: np.random.Generator | np.random.RandomState,
) -> tuple[Array, Array]:
    """Chapter 4: 40 samples on a line, one class in the middle, the other around it.

    20 samples of class 1 around 0, then 10 of class 0 around −2 and 10 around +2, all
    with standard deviation 1/2. ``np.random.RandomState(4)`` gives the samples of Peter
    Roelants, "How to implement a neural network, part 3".

    Args:
        rng: Source of the random numbers.

    Returns:
        The inputs ``x``, dimensionless, and the targets ``t`` in {0, 1}; both of
        shape (40,).

    Raises:
        ValueError: ``rng`` cannot draw.
    """
    source(rng, "standard_normal")
    means = np.repeat([0.0, -2.0, 2.0], [20, 10, 10])
    x = rng.standard_normal(40) * 0.5 + means
    t = np.repeat([1, 0], [20, 20])
    return x, t


def spirals(
    rng: np.random.Generator | np.random.RandomState, N: int = 100, K: int = 3
) -> tuple[Array, Array]:
    """Chapter 3: one spiral arm for each class, wound around the origin.

    The radius of an arm grows from 0 to 1 while its angle grows by 4 radians, shaken with
    standard deviation 0.2. ``np.random.RandomState(0)`` gives the samples of the CS231n
    notes, "Putting it together: minimal neural network case study".

    Args:
        rng: Source of the random numbers.
        N: Number of samples in each arm.
        K: Number of arms.

    Returns:
        The inputs ``X`` of shape (K·N, 2), dimensionless, and the integer ``labels`` of
        shape (K·N,), in the order of the classes.

    Raises:
        ValueError: ``N`` or ``K`` is not a positive whole number, or ``rng`` cannot
            draw.
    """
    N, K = sizes(N=N, K=K)
    source(rng, "standard_normal")
    labels = np.repeat(np.arange(K), N)
    radius = np.tile(np.linspace(0, 1, N), K)
    angle = np.concatenate([np.linspace(4 * j, 4 * (j + 1), N) for j in range(K)])
    angle = angle + 0.2 * rng.standard_normal(K * N)
    X = np.column_stack([radius * np.sin(angle), radius * np.cos(angle)])
    return X, labels


def circles(
    rng: np.random.Generator | np.random.RandomState,
    N: int = 200,
    factor: float = 0.1,
    noise: float = 0.1,
) -> tuple[Array, Array]:
    """Chapter 6: two concentric circles, class 0 outside, class 1 inside, shuffled.

    The angles are evenly spaced; noise is added to both coordinates. The same
    distribution as that of scikit-learn's ``make_circles``; drawn from
    ``np.random.RandomState(42)`` with N = 50,000, the same samples to the bit as in
    Stefan Jansen, "Machine Learning for Trading", second edition, chapter 17.

    Args:
        rng: Source of the random numbers.
        N: Number of samples, even; half of them in each class.
        factor: Radius of the inner circle; the outer one has radius 1.
        noise: Standard deviation of the noise.

    Returns:
        The inputs ``X`` of shape (N, 2), dimensionless, and the integer ``labels`` of
        shape (N,).

    Raises:
        ValueError: ``N`` is not a positive even number, ``factor`` is not in [0, 1),
            ``noise`` is not one positive number, or ``rng`` cannot draw.
    """
    (N,) = sizes(N=N)
    if N % 2:
        raise ValueError(f"N: expected an even number, got {N}")
    factor, noise = share("factor", factor), positive("noise", noise)
    source(rng, "shuffle", "normal")
    angle = np.linspace(0, 2 * np.pi, N // 2, endpoint=False)
    circle = np.column_stack([np.cos(angle), np.sin(angle)])
    X = np.concatenate([circle, factor * circle])
    labels = np.repeat([0, 1], N // 2)
    order = np.arange(N)
    rng.shuffle(order)
    X = X[order] + rng.normal(scale=noise, size=(N, 2))
    return X, labels[order]


def division_sign(
    rng: np.random.Generator | np.random.RandomState, N: int = 1000
) -> tuple[Array, Array]:
    """Chapter 7: a wide cluster between two others, like the sign ÷.

    N / 2 samples of class 0 around (0, 0) with standard deviations (2, 1/2), then N / 4
    of class 1 around (0, 3.5) and N / 4 around (0, −3.5), both with (1/2, 1). The
    distribution of the public notebook "Neural Networks: Multi-Layer Perceptron", which
    sets no seed.

    Args:
        rng: Source of the random numbers.
        N: Number of samples, a multiple of 4.

    Returns:
        The inputs ``X`` of shape (N, 2), dimensionless, and the targets ``t`` in {0, 1}
        of shape (N,), in the order of the classes.

    Raises:
        ValueError: ``N`` is not a positive multiple of 4, or ``rng`` cannot draw.
    """
    (N,) = sizes(N=N)
    if N % 4:
        raise ValueError(f"N: expected a multiple of 4, got {N}")
    source(rng, "normal")
    centre = np.repeat(
        [(0.0, 0.0), (0.0, 3.5), (0.0, -3.5)], [N // 2, N // 4, N // 4], axis=0
    )
    spread = np.repeat([(2.0, 0.5), (0.5, 1.0)], N // 2, axis=0)
    X = rng.normal(centre, spread)
    t = np.repeat([0, 1], N // 2)
    return X, t


def digits() -> tuple[Array, Array]:
    """Chapter 11: 1,797 handwritten digits, images of 8 × 8 pixels.

    The test part of *Optical Recognition of Handwritten Digits*, E. Alpaydin and C. Kaynak
    (1998), UCI Machine Learning Repository, licence CC BY 4.0; ``digits.txt`` beside the
    file says more.

    Returns:
        The images ``X`` of shape (1797, 64), row after row of each image, with values
        from 0 for paper to 16 for ink, and the integer ``labels`` of shape (1797,).
    """
    with (
        (files("chainrule") / "digits.npz").open("rb") as file,
        np.load(file) as stored,
    ):
        return stored["images"].astype(float), stored["labels"].astype(int)


def split(
    rng: np.random.Generator | np.random.RandomState, N: int, shares: Sequence[float]
) -> tuple[Array, ...]:
    """The numbers 0 … N − 1 in random order, cut into parts.

    Args:
        rng: Source of the random numbers.
        N: Number of samples.
        shares: Share of each part, such as ``(0.6, 0.2, 0.2)``; they add up to 1.

    Returns:
        For each share the numbers of its samples; where it ends is rounded to a whole
        sample.

    Raises:
        ValueError: ``N`` is not a positive whole number, ``shares`` are not positive
            numbers that add up to 1, a part would be empty, or ``rng`` cannot draw.
    """
    (N,) = sizes(N=N)
    source(rng, "permutation")
    given = np.asarray(number("shares", shares, real=True))
    if given.ndim != 1 or not (given > 0).all() or not np.isclose(given.sum(), 1):
        raise ValueError(
            f"shares: expected positive numbers that add up to 1, got {shares}"
        )
    ends = np.rint(np.cumsum(given) * N).astype(int)
    if np.diff(ends, prepend=0).min() < 1:
        raise ValueError(
            f"shares: expected at least one sample in each part, got {shares} of {N}"
        )
    return tuple(np.split(rng.permutation(N), ends[:-1]))
