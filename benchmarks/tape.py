"""Microseconds of a gradient of every network on 50,000 samples: on the tape, by hand.

And of the product of three Jacobians with one row, from either end, for more and more inputs.
"""

import json
import sys
from collections.abc import Callable
from functools import partial
from statistics import median
from time import perf_counter
from types import ModuleType
from typing import Any

import numpy as np

from chainrule import (
    autodiff,
    data,
    logistic,
    mlp,
    rbf_net,
    relu_net,
    sigmoid_net,
    softmax_linear,
)
from chainrule.functions import one_hot

N, ROUNDS = 50_000, 9
INPUTS = (1, 3, 10, 30, 100, 300, 1000)


def microseconds(ways: dict[str, Callable[[], Any]]) -> dict[str, float]:
    """Medians of interleaved rounds, after one that is not counted."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS + 1):
        for name, way in ways.items():
            start = perf_counter()
            way()
            times[name].append(perf_counter() - start)
    return {name: round(1e6 * median(each[1:]), 1) for name, each in times.items()}


def network(
    module: ModuleType,
    params: tuple[Any, ...],
    *rest: Any,  # noqa: ANN401
) -> dict[str, float]:
    """The objective, and its gradient by hand and by the tape."""

    def objective(params: tuple[Any, ...]) -> Any:  # noqa: ANN401
        return module.objective(params, *rest)

    gradient = autodiff.grad(objective)
    return microseconds(
        {
            "objective": partial(objective, params),
            "backward": partial(module.backward, params, *rest),
            "tape": partial(gradient, params),
        }
    )


def inputs(n: int) -> dict[str, float]:
    """The chain of chapter 10 with 200 numbers at each place between and n inputs."""
    rng = np.random.default_rng(n)
    F, G, H = (rng.normal(size=size) for size in [(200, n), (200, 200), (1, 200)])
    return microseconds(
        {"forward": lambda: H @ (G @ F), "reverse": lambda: (H @ G) @ F}
    )


def main() -> None:
    """Print all of it."""
    rng = np.random.default_rng(0)
    X, labels = data.circles(np.random.RandomState(0), N)
    T, t = one_hot(labels, 2), labels.astype(float)
    found = {
        "networks": {
            "logistic": network(logistic, logistic.init(rng, 2), X, t),
            "softmax_linear": network(
                softmax_linear, softmax_linear.init(rng, 2, 2), X, T
            ),
            "rbf_net": network(rbf_net, rbf_net.init(rng), X[:, 0], t),
            "relu_net": network(relu_net, relu_net.init(rng, 2, 100, 2), X, T),
            "sigmoid_net": network(sigmoid_net, sigmoid_net.init(rng, 2, 3, 2), X, T),
            "mlp": network(mlp, mlp.init(rng, (2, 5, 3, 2)), X, T, 0.0, "softmax"),
        },
        "inputs": {str(n): inputs(n) for n in INPUTS},
    }
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
