"""Every function of ``chainrule.functions``: values and slopes, at 0 and far out."""

import numpy as np
import pytest
from comparison import NAME, each_same, framework, same, size, source

from chainrule import autodiff, functions

CASES = range(6)
FAR = [0.0, -0.0, 1e-9, -1e-9, 1.0, -1.0, 5.0, -5.0, 20.0, -20.0, 600.0, -600.0]
FAR += [1000.0, -1000.0]
ELEMENTWISE = {
    "sigmoid": functions.sigmoid_derivative,
    "rbf": functions.rbf_derivative,
    "relu": functions.relu_derivative,
}
each_case = pytest.mark.parametrize("case", CASES)


def shape(rng, least=0):
    return tuple(size(rng, 1, 6) for _ in range(rng.integers(least, 4)))


def slopes(function, z, *rest, dy=None):
    """The framework's value at ``z``, and its derivative times ``dy``."""
    dy = np.ones(np.shape(z)) if dy is None else dy
    name = function.__name__
    constants = [framework.xp.asarray(each) for each in rest]
    value, (dz,) = framework.vjp(
        lambda z: getattr(framework, name)(z, *constants), (z,), dy
    )
    return value, dz


def both(function, z, *rest, dy, of, least=1e-300):
    """Compare values, and derivatives to 1e-12 of the largest entry of ``dy``."""
    value, dz = slopes(function, z, *rest, dy=dy)
    ours, pull = autodiff.vjp(lambda p: function(p[0], *rest), (z,))
    each_same(function(z, *rest), value, of, least=least)
    each_same(ours, value, f"{of}, by autodiff", least=least)
    scale = np.abs(dy).max()
    same(pull(dy)[0], dz, f"{of}, derivative by autodiff", scale=scale)
    return dz, scale


@pytest.mark.parametrize("name", ELEMENTWISE)
@each_case
def test_elementwise(name, case):
    rng = source(name, case)
    z = np.array(FAR) if case == 0 else rng.normal(0, 3, shape(rng))
    dy = rng.normal(size=z.shape)
    of = f"{name}, case {case}"
    dz, scale = both(getattr(functions, name), z, dy=dy, of=of)
    same(dy * ELEMENTWISE[name](z), dz, f"{of}, derivative", scale=scale)


def test_the_slope_of_relu_at_0_is_0():
    zeros = np.array([0.0, -0.0])
    _, slope = slopes(functions.relu, zeros)
    assert not np.asarray(slope).any()
    assert not functions.relu_derivative(zeros).any()


def test_the_slope_of_a_sure_sigmoid():
    """They take y·(1 − y), (2.10), which is 0 once y has rounded to 1; the book's (2.9) keeps
    its digits. To 1e-12 of the largest slope, 1/4, both are the same.
    """
    z = np.array([40.0])
    _, theirs = slopes(functions.sigmoid, z)
    assert np.asarray(theirs) == 0
    assert functions.sigmoid_derivative(z) == pytest.approx(np.exp(-40.0), rel=1e-12)


@each_case
def test_binary_cross_entropy(case):
    """Losses to 1e-12 of themselves or of 1 nat, as PyTorch rounds small ones to that."""
    rng = source("binary", case)
    z = np.repeat(FAR, 2) if case == 0 else rng.normal(0, 3, shape(rng))
    t = rng.integers(0, 2, z.shape) * 1.0
    if case == 0:
        t = np.tile([0.0, 1.0], len(FAR))
    dy = rng.normal(size=z.shape)
    of = f"binary_cross_entropy, case {case}"
    dz, scale = both(functions.binary_cross_entropy, z, t, dy=dy, of=of, least=1)
    same(dy * (functions.sigmoid(z) - t), dz, f"{of}, (2.11)", scale=scale)


def scores(rng, case):
    """Random scores; in the first two cases far apart, zeros and ties among them."""
    if case == 0:
        far = [[1e4, -1e4, 0.0], [-1e4, -1e4, -1e4], [1e4, 1e4, 0.0], [0.0, 0.0, 0.0]]
        return np.array([*far, [1000.0, -1000.0, 1000.0], [-1000.0, 0.0, 1.0]])
    if case == 1:
        return np.array([[1e4, -1e4], [0.0, 1000.0], [0.0, 0.0]])
    return rng.normal(0, 3, (*shape(rng), size(rng, 2, 8)))


@each_case
def test_softmax(case):
    rng = source("softmax", case)
    Z = scores(rng, case)
    both(functions.softmax, Z, dy=rng.normal(size=Z.shape), of=f"softmax, case {case}")


@each_case
def test_log_softmax(case):
    rng = source("log_softmax", case)
    Z = scores(rng, case)
    of = f"log_softmax, case {case}"
    both(functions.log_softmax, Z, dy=rng.normal(size=Z.shape), of=of, least=1)


@each_case
def test_cross_entropy(case):
    rng = source("cross_entropy", case)
    Z = scores(rng, case)
    K = Z.shape[-1]
    T = functions.one_hot(rng.integers(0, K, Z.shape[:-1]), K)
    dy = rng.normal(size=Z.shape[:-1])
    of = f"cross_entropy, case {case}"
    dZ, scale = both(functions.cross_entropy, Z, T, dy=dy, of=of, least=1)
    due = dy[..., None] * (functions.softmax(Z) - T)
    same(due, dZ, f"{of}, (3.9)", scale=scale)


@each_case
def test_one_hot(case):
    rng = source("labels", case)
    K = size(rng, 1, 9)
    labels = rng.integers(0, K, shape(rng))
    same(functions.one_hot(labels, K), framework.one_hot(labels, K), "one_hot")


def test_a_label_out_of_range():
    """JAX makes it a row of zeros, which no loss notices; PyTorch and the book refuse it."""
    labels = np.array([0, 3])
    with pytest.raises(ValueError, match="labels"):
        functions.one_hot(labels, 3)
    if NAME == "torch":
        with pytest.raises(RuntimeError):
            framework.one_hot(labels, 3)
    else:
        assert not np.asarray(framework.one_hot(labels, 3))[1].any()
