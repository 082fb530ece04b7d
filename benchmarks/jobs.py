"""The jobs that are timed: their data, their start, and the loss that all must reach."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule import data, mlp, rbf_net, relu_net, sigmoid_net, softmax_linear
from chainrule.functions import one_hot

type Array = np.ndarray[Any, np.dtype[Any]]
type Params = tuple[Array, ...]


@dataclass
class Job:
    """A job; ``steps`` is how many of its steps a round of the benchmark takes."""

    name: str
    steps: int
    X: Array
    t: Array
    params: Params
    eta: float
    objective: Callable[[Any], float]
    units: tuple[int, ...] = ()
    lam: float = 0.0
    mu: float = 0.0

    def cast(self, dtype: str) -> "Job":
        """The same in another precision; targets are of it too, labels stay whole."""
        params = tuple(np.array(each, dtype) for each in self.params)
        t = self.t if self.name.startswith("spiral") else self.t.astype(dtype)
        return Job(
            **{**vars(self), "X": self.X.astype(dtype), "t": t, "params": params}
        )


def rbf() -> Job:
    """Chapter 4: 40 samples, two parameters."""
    x, t = data.three_clusters(np.random.RandomState(4))
    return Job(
        "rbf", 20_000, x, t, (np.array(2.3), np.array(1.4)), 2.0,
        lambda p: rbf_net.objective((p[0].reshape(()), p[1].reshape(())), x, t),
    )  # fmt: skip


def mlp_job(units: tuple[int, ...] = (2, 5, 3, 1)) -> Job:
    """Chapter 7: one sample a step, in order."""
    X, t = data.division_sign(np.random.default_rng(0))
    params = mlp.init(np.random.default_rng(1), units)
    return Job(
        "mlp", 20_000, X, t, params, 0.001,
        lambda p: mlp.objective(p, X, t[:, None]), units,
    )  # fmt: skip


def sigmoid(N: int = 50_000) -> Job:
    """Chapter 6: N samples, all at each step, with momentum."""
    rng = np.random.RandomState(42)
    X, labels = data.circles(rng, N)
    for _ in range(2):
        params = rng.randn(2, 3), rng.randn(3), rng.randn(3, 2), rng.randn(2)
    T = one_hot(labels, 2)
    return Job(
        "sigmoid", min(2000, max(40, 10_000_000 // N)), X, labels, params, 5.0,
        lambda p: sigmoid_net.objective(p, X, T), mu=0.5,
    )  # fmt: skip


def spiral(M: int = 100) -> Job:
    """Chapters 3 (M = 0) and 5: 300 samples, all at each step, with a penalty."""
    rng = np.random.RandomState(0)
    X, labels = data.spirals(rng)
    T = one_hot(labels, 3)
    network = relu_net if M else softmax_linear
    first = (0.01 * rng.randn(2, M), np.zeros(M)) if M else ()
    params = *first, 0.01 * rng.randn(M or 2, 3), np.zeros(3)
    return Job(
        "spiral network" if M else "spiral linear", 200 if M else 1000, X, labels, params,
        1.0, lambda p: network.objective(p, X, T, 1e-3), lam=1e-3,
    )  # fmt: skip
