"""Nanoseconds of what every step is made of: a call, a number in it, and in a compiled loop.

In a process of its own, since what new memory costs depends on what came before.
"""

import json
import sys
import timeit
from collections.abc import Callable
from statistics import median
from typing import Any

import numba
import numpy as np

from chainrule import _engine
from chainrule._inputs import Array

compiled = numba.njit(fastmath={"reassoc", "contract"}, error_model="numpy")


@compiled
def sigmas(z: Array, out: Array, times: int) -> None:
    """The logistic function of rows of numbers that stay in the nearest cache."""
    for k in range(times):
        for n in range(512):
            out[n] = _engine.sigma(z[k % 4, n], z.dtype.type)


@compiled
def sums(z: Array, out: Array, times: int) -> None:
    """Four multiply-adds for each number of a row, the factors in registers."""
    for k in range(times):
        p, q, r, s = z[0, k % 8], z[1, k % 8], z[2, k % 8], z[3, k % 8]
        for n in range(512):
            out[n] += p * z[0, n] + q * z[1, n] + r * z[2, n] + s * z[3, n]


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
    one, some, near, middle, far = map(arrays, (1, 1_000, 4_000, 150_000, 5_000_000))

    def two_new() -> object:
        a, b, _ = middle
        product = a * b
        return product * b, product

    def two_old() -> object:
        a, b, out = middle
        np.multiply(a, b, out=out)
        return np.multiply(out, b, out=out)

    def loop(function: Callable[..., None], each_number: int) -> float:
        z, out = np.linspace(-4, 4, 4 * 512).reshape(4, 512), np.zeros(512)
        function(z, out, 1)
        times = timeit.repeat(lambda: function(z, out, 10_000), number=1, repeat=9)
        return round(1e9 * median(times) / 10_000 / 512 / each_number, 3)

    found = {
        "a call": each(lambda: np.multiply(one[0], one[1], out=one[2]), 1),
        "product": each(lambda: np.multiply(near[0], near[1], out=near[2]), 4_000),
        "division": each(lambda: np.divide(near[0], near[1], out=near[2]), 4_000),
        "exp": each(lambda: np.exp(near[0], out=near[2]), 4_000),
        "product, 1,000": each(
            lambda: np.multiply(some[0], some[1], out=some[2]), 1_000
        ),
        "tanh": each(lambda: np.tanh(near[0], out=near[2]), 4_000),
        "product, main memory": each(
            lambda: np.multiply(far[0], far[1], out=far[2]), 5_000_000
        ),
        "product, old arrays": each(two_old, 2 * 150_000),
        "product, new arrays": each(two_new, 2 * 150_000),
        "compiled, sigma": loop(sigmas, 1),
        "compiled, multiply-add": loop(sums, 4),
    }
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
