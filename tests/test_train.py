"""The fast loops compute what the readable functions do, step for step."""

import re

import numpy as np
import pytest

from chainrule import data, gradcheck, mlp, train
from chainrule.optim import gradient_step, minibatches


def job(units, output, seed):
    rng = np.random.default_rng(seed)
    X = 2 * rng.normal(size=(23, units[0]))
    T = rng.integers(0, 2, (23, units[-1]))
    if output == "softmax":
        T = np.eye(units[-1], dtype=int)[rng.integers(0, units[-1], 23)]
    return mlp.init(rng, units), X, T, rng


@pytest.mark.parametrize("B", [1, 4, 23])
@pytest.mark.parametrize("lam", [0.0, 0.01])
@pytest.mark.parametrize("output", ["sigmoid", "softmax"])
@pytest.mark.parametrize("units", [(2, 3), (2, 5, 3, 1), (1, 1, 1), (3, 8, 8, 8, 2)])
def test_a_hundred_steps_end_where_the_readable_ones_do(units, output, lam, B):
    params, X, T, rng = job(units, output, 0)
    batches = [batch for _ in range(100) for batch in minibatches(rng, 23, B)][:100]
    expected = params
    for batch in batches:
        grads = mlp.backward(expected, X[batch], T[batch], lam, output)
        expected = gradient_step(expected, grads, 0.05)
    found = train.mlp(params, X, T, batches, 0.05, lam=lam, output=output)
    assert gradcheck.relative_error(found, expected) < 1e-12


def test_no_argument_is_changed():
    params, X, T, rng = job((2, 5, 3, 1), "sigmoid", 1)
    kept = [each.copy() for each in (*params, X, T)]
    found = train.mlp(params, X, T, minibatches(rng, 23, 4), 0.1)
    for before, now in zip(kept, (*params, X, T), strict=True):
        np.testing.assert_array_equal(before, now)
    for one, other in zip(params, found, strict=True):
        assert not np.shares_memory(one, other)


def test_no_batch_is_no_step():
    params, X, T, _ = job((2, 3, 1), "sigmoid", 2)
    for one, other in zip(params, train.mlp(params, X, T, [], 0.1), strict=True):
        np.testing.assert_array_equal(one, other)


def test_extreme_scores_raise_no_warning():
    X, T = np.array([[1e3], [-1e3]]), np.array([[0], [1]])
    W, b = train.mlp((np.ones((1, 1)), np.zeros(1)), X, T, [[0, 1]], 1.0)
    expected = mlp.backward((np.ones((1, 1)), np.zeros(1)), X, T)
    np.testing.assert_allclose(W, 1 - expected[0])
    np.testing.assert_allclose(b, -expected[1])


def test_it_learns_the_division_sign():
    X, t = data.division_sign(np.random.default_rng(0))
    rng = np.random.default_rng(1)
    params = mlp.init(rng, (2, 5, 3, 1))
    for _ in range(30):
        batches = minibatches(rng, len(X), 10)
        params = train.mlp(params, X, t[:, None], batches, 0.05)
    _, A = mlp.forward(params, X)
    assert ((A[-1][:, 0] > 0.5) == t).mean() > 0.97


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"eta": 0.0}, "eta: expected one positive number, got 0.0"),
        ({"T": np.ones(23)}, "T: expected shape (N, K), got (23,)"),
        ({"params": ()}, "params: expected a tuple of pairs"),
        ({"lam": -1.0}, "lam: expected one number, at least 0"),
        ({"output": "relu"}, 'output: expected "sigmoid" or "softmax"'),
    ],
)
def test_bad_input(change, message):
    params, X, T, rng = job((2, 3, 1), "sigmoid", 3)
    given = {"params": params, "X": X, "T": T, "batches": minibatches(rng, 23, 4)}
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        train.mlp(**{**given, "eta": 0.1, **change})


def test_a_batch_of_no_sample():
    params, X, T, _ = job((2, 3, 1), "sigmoid", 4)
    with pytest.raises(IndexError, match="23"):
        train.mlp(params, X, T, [[0, 23]], 0.1)
