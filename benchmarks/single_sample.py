"""Single-sample descent of a (2, 5, 3, 1) network: the library beside the source's loop.

Prints the time of a step of both and their ratio, each the median of alternating rounds.
Run ``make bench`` with nothing else at work on the machine.
"""

import statistics
import sys
import time
from collections.abc import Callable

import numpy as np

from chainrule import data, mlp, train
from chainrule.optim import gradient_step

UNITS = (2, 5, 3, 1)
ETA = 0.001
TINY = 1e-8


def published_loop(
    params: mlp.Params, X: np.ndarray, t: np.ndarray
) -> list[np.ndarray]:
    """One epoch as the public notebook makes it, its mistakes included.

    Lists of weights and biases, one sample a step, a logarithm with a small number inside,
    and each layer changed before the derivative below it is computed.
    """
    weights = [each.copy() for each in params[0::2]]
    biases = [each.copy() for each in params[1::2]]

    def sigmoid(z: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-z))

    def relu(z: np.ndarray) -> np.ndarray:
        return np.maximum(z, 0)

    def slope_of_relu(z: np.ndarray) -> np.ndarray:
        slope = np.zeros_like(z)
        slope[z > 0] = 1
        return slope

    cost = 0.0
    for x, target in zip(X, t, strict=True):
        inputs, pre_activations = [x], []
        for index, (w, b) in enumerate(zip(weights, biases, strict=True)):
            z = np.dot(inputs[-1], w) + b
            pre_activations.append(z)
            inputs.append(sigmoid(z) if index == len(weights) - 1 else relu(z))
        y = inputs[-1]
        cost += -(target * np.log(y + TINY) + (1 - target) * np.log(1 - y + TINY))[0]
        delta = -(target / (y + TINY) - (1 - target) / (1 - y + TINY)) * y * (1 - y)
        for index in reversed(range(len(weights))):
            change = np.outer(inputs[index], delta)
            weights[index] -= ETA * change
            biases[index] -= ETA * delta
            if index:
                delta = np.dot(weights[index], delta) * slope_of_relu(
                    pre_activations[index - 1]
                )
    return [*weights, *biases]


def readable(params: mlp.Params, X: np.ndarray, t: np.ndarray) -> mlp.Params:
    """The same epoch with the functions of chapter 7, every input checked at every step."""
    for n in range(len(X)):
        grads = mlp.backward(params, X[n : n + 1], t[n : n + 1, None])
        params = gradient_step(params, grads, ETA)
    return params


def trained(params: mlp.Params, X: np.ndarray, t: np.ndarray) -> mlp.Params:
    """The same epoch with ``train``, every input checked once."""
    return train.mlp(params, X, t[:, None], np.arange(len(X))[:, None], ETA)


def microseconds(run: Callable[..., object], *arguments: object) -> float:
    """Time of one step in an epoch of ``run``."""
    start = time.perf_counter()
    run(*arguments)
    return 1e6 * (time.perf_counter() - start) / len(arguments[1])  # type: ignore[arg-type]


def main(rounds: int = 11) -> None:
    """Print both times and their ratio."""
    X, t = data.division_sign(np.random.default_rng(0))
    start = mlp.init(np.random.default_rng(1), UNITS)
    ways = {
        "published loop": published_loop,
        "mlp.backward, gradient_step": readable,
        "train.mlp": trained,
    }
    times = [
        [microseconds(way, start, X, t) for way in ways.values()] for _ in range(rounds)
    ]
    sys.stdout.write(
        f"Single-sample descent, {UNITS}, median of {rounds} alternating rounds\n"
        f"{'':30}{'µs a step':>10}{'published / this':>18}\n"
    )
    for way, column in zip(ways, zip(*times, strict=True), strict=True):
        ratios = [row[0] / time for row, time in zip(times, column, strict=True)]
        sys.stdout.write(
            f"{way:30}{statistics.median(column):10.1f}{statistics.median(ratios):18.2f}\n"
        )


if __name__ == "__main__":
    main()
