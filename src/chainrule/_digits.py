"""The runs of chapter 11 on the handwritten digits, for ``reproduce``.

The published one is that of P. Roelants, "Neural network from scratch", part 5: 64-20-20-10,
logistic hidden units, a softmax output.
"""

from itertools import pairwise
from typing import Any

import numpy as np

from chainrule import data, mlp, softmax_linear, train
from chainrule._inputs import Array
from chainrule.functions import cross_entropy, one_hot, sigmoid, softmax

LAYERS = (64, 20, 20, 10)
SHARES = (0.6, 0.2, 0.2)
MOVES = ((0, 0), (0, 1), (0, -1), (1, 0), (-1, 0))
# What chapter 11 varies, one thing at a time; nothing else, but rounds where samples are few.
STUDIES: dict[str, dict[Any, dict[str, Any]]] = {
    "units": {M: {"units": (64, M, 10)} for M in (2, 5, 10, 20, 50, 100, 200)},
    "samples": {
        n: {"n": n, "rounds": 90 * 1078 // n} for n in (50, 100, 200, 400, 800)
    },
    "penalty": {lam: {"lam": lam} for lam in (0.0, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2)},
    "moved, penalty": {
        (moved, lam): {
            "units": LAYERS, "eta": 0.05, "mu": 0.9, "moved": moved, "lam": lam,
        }
        for moved in (0.0, 0.3)
        for lam in (0.0, 1e-3)
    },
}  # fmt: skip


def published(seed: int) -> tuple[int, tuple[Array, ...], Array]:
    """The published run, with everything drawn as there from one legacy generator.

    Returns:
        The number of rounds, the three parts of the images, and what the network takes
        the images of the last part for.
    """
    rng = np.random.RandomState(seed)
    images, labels = data.digits()
    parts = legacy_split(rng, len(images))
    params: mlp.Params = ()
    for D, M in pairwise(LAYERS):
        params = *params, 0.1 * rng.randn(D, M), np.zeros(M)
    X, T = images[parts[0]], one_hot(labels[parts[0]], 10)
    X_held, T_held = images[parts[1]], one_hot(labels[parts[1]], 10)
    losses: list[float] = []
    while len(losses) < 300:
        for batch in np.array_split(np.arange(len(X)), len(X) // 25):
            grads = _gradient(params, X[batch], T[batch])
            params = tuple(p - 0.1 * dp for p, dp in zip(params, grads, strict=True))
        losses.append(cross_entropy(_layers(params, X_held)[-1], T_held).mean())
        if len(losses) > 3 and losses[-1] >= losses[-2] >= losses[-3]:
            break
    return len(losses), parts, _layers(params, images[parts[2]])[-1].argmax(axis=1)


def legacy_split(rng: np.random.RandomState, N: int) -> tuple[Array, ...]:
    """The parts that scikit-learn's ``train_test_split`` makes with 0.4, then with 0.5."""
    order = rng.permutation(N)
    held = -(-2 * N // 5)
    kept, rest = order[held:], order[:held]
    order = rng.permutation(held)
    return kept, rest[order[-(-held // 2) :]], rest[order[: -(-held // 2)]]


def _layers(params: mlp.Params, X: Array) -> list[Array]:
    """Activations of every layer; of the last one the scores."""
    W1, b1, W2, b2, W3, b3 = params
    H1 = sigmoid(X @ W1 + b1)
    H2 = sigmoid(H1 @ W2 + b2)
    return [X, H1, H2, H2 @ W3 + b3]


def _gradient(params: mlp.Params, X: Array, T: Array) -> mlp.Params:
    """Of the mean cross-entropy, as in chapter 6 with one layer more."""
    *A, Z = _layers(params, X)
    dZ = (softmax(Z) - T) / len(X)
    grads: mlp.Params = ()
    for l in (2, 1, 0):
        grads = A[l].T @ dZ, dZ.sum(axis=0), *grads
        dZ = dZ @ params[2 * l].T * A[l] * (1 - A[l])
    return grads


def fit(  # noqa: PLR0913  what the studies vary
    seed: int,
    samples: Array,
    *,
    units: tuple[int, ...] = (64, 50, 10),
    n: int | None = None,
    rounds: int = 90,
    eta: float = 0.1,
    mu: float = 0.5,
    lam: float = 0.0,
    moved: float = 0.0,
) -> mlp.Params:
    """Train on the first ``n`` of ``samples``, a share ``moved`` of them by a pixel.

    The step size falls to 0 in a straight line, round by round.
    """
    images, labels = data.digits()
    rng = np.random.default_rng([seed, 1])
    samples = samples[:n]
    X = np.concatenate([shifted(images[samples] / 16, *move) for move in MOVES])
    T = one_hot(np.tile(labels[samples], len(MOVES)), 10)
    params, velocity = mlp.init(rng, units), None
    for r in range(rounds):
        order = rng.permutation(len(samples))
        moves = rng.integers(1, len(MOVES), len(samples))
        moves = np.where(rng.random(len(samples)) < moved, moves, 0)
        rows = order + len(samples) * moves
        batches = np.array_split(rows, -(-len(rows) // 25))
        params, velocity, _ = train.gradient_descent(
            mlp, params, X, T, batches, eta * (1 - r / rounds),
            lam=lam, mu=mu, velocity=velocity, output="softmax",
        )  # fmt: skip
    return params


def chosen(seed: int, kept: Array, held: Array) -> mlp.Params:
    """Of the settings of the last study the one with the least loss on the second part."""
    settings = STUDIES["moved, penalty"].values()
    fits = [fit(seed, kept, **options) for options in settings]
    return min(fits, key=lambda params: judged(params, kept, held)[2])


def shifted(X: Array, down: int, right: int) -> Array:
    """The images moved by some pixels; what comes in is paper."""
    padded = np.pad(X.reshape(-1, 8, 8), ((0, 0), (1, 1), (1, 1)))
    return padded[:, 1 - down : 9 - down, 1 - right : 9 - right].reshape(-1, 64)


def guesses(params: mlp.Params, samples: Array) -> Array:
    """What the network takes some images for."""
    _, A = mlp.forward(params, data.digits()[0][samples] / 16, "softmax")
    return A[-1].argmax(axis=1)


def judged(params: mlp.Params, kept: Array, held: Array) -> tuple[float, int, float]:
    """The share right that it was trained on; of others how many, and their mean loss."""
    images, labels = data.digits()
    T = one_hot(labels[held], 10)
    return (
        float((guesses(params, kept) == labels[kept]).mean()),
        int((guesses(params, held) == labels[held]).sum()),
        mlp.objective(params, images[held] / 16, T, output="softmax"),
    )


def most_frequent(kept: Array, _: Array, test: Array) -> Array:
    """The digit that comes most often, for every image."""
    labels = data.digits()[1][kept]
    return np.full(len(test), np.bincount(labels).argmax())


def nearest(kept: Array, _: Array, test: Array) -> Array:
    """The digit of the image that is least far away, by the sum of squares."""
    images, labels = data.digits()
    A, B = images[test], images[kept]
    distances = (A**2).sum(axis=1)[:, None] - 2 * A @ B.T + (B**2).sum(axis=1)
    return labels[kept][distances.argmin(axis=1)]


def linear(kept: Array, held: Array, test: Array) -> Array:
    """What the softmax classifier of chapter 3 takes them for, after 2000 steps from zeros."""
    del held
    images, labels = data.digits()
    start = np.zeros((64, 10)), np.zeros(10)
    params, *_ = train.gradient_descent(
        softmax_linear, start, images[kept] / 16, one_hot(labels[kept], 10), 2000, 0.5
    )
    return softmax_linear.forward(params, images[test] / 16)[-1].argmax(axis=1)


# The published confusion table: rows are what an image is, columns what it is taken for.
TABLE = """
39  0  0  0  1  0  0  0  0  0
 0 37  0  0  0  0  0  0  0  0
 0  0 29  0  0  0  0  0  0  0
 0  0  1 38  0  0  0  0  0  0
 0  1  0  0 40  0  0  0  0  0
 0  0  0  1  0 33  0  0  1  1
 0  0  0  0  0  0 26  0  0  0
 0  1  0  0  2  0  0 39  0  0
 0  0  2  0  0  2  0  0 28  1
 0  0  0  1  0  1  0  0  0 35
"""
BASELINES = {
    "most frequent digit": most_frequent,
    "nearest neighbour": nearest,
    "softmax classifier": linear,
}
