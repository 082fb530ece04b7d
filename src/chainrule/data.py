"""The data sets of the book, each from an explicit source of random numbers."""

import numpy as np

from chainrule._inputs import Array


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
    """
    means = np.repeat([0.0, -2.0, 2.0], [20, 10, 10])
    x = rng.standard_normal(40) * 0.5 + means
    t = np.repeat([1, 0], [20, 20])
    return x, t
