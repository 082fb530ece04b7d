"""Nanoseconds of what every step is made of: a call, and a number in it.

In a process of its own, since what new memory costs depends on what came before.
"""

import json
import sys
import timeit
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np


def arrays(size: int) -> tuple[Any, Any, Any]:
    """Two arrays of numbers and one for results."""
    return np.full(size, 0.7), np.full(size, 0.6), np.zeros(size)


def main() -> None:
    """Print the times by their names, as JSON."""

    def each(operation: Callable[[], object], size: int) -> float:
        number = max(3, 5_000_000 // (size + 250))
        times = timeit.repeat(operation, number=number, repeat=9)
        return round(1e9 * median(times) / number / size, 3)

    # In a cache; as large as an array of the job; in no cache.
    one, near, middle, far = map(arrays, (1, 4_000, 150_000, 5_000_000))

    def two_new() -> object:
        a, b, _ = middle
        product = a * b
        return product * b, product

    def two_old() -> object:
        a, b, out = middle
        np.multiply(a, b, out=out)
        return np.multiply(out, b, out=out)

    found = {
        "a call": each(lambda: np.multiply(one[0], one[1], out=one[2]), 1),
        "product": each(lambda: np.multiply(near[0], near[1], out=near[2]), 4_000),
        "division": each(lambda: np.divide(near[0], near[1], out=near[2]), 4_000),
        "exp": each(lambda: np.exp(near[0], out=near[2]), 4_000),
        "tanh": each(lambda: np.tanh(near[0], out=near[2]), 4_000),
        "product, main memory": each(
            lambda: np.multiply(far[0], far[1], out=far[2]), 5_000_000
        ),
        "product, old arrays": each(two_old, 2 * 150_000),
        "product, new arrays": each(two_new, 2 * 150_000),
    }
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
