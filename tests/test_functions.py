"""The elementwise functions: values, slopes, symmetries and extremes."""

import math

import numpy as np
import pytest

from chainrule import functions, gradcheck

Z = np.random.RandomState(0).uniform(-8, 8, 200)


def test_sigmoid_is_the_logistic_function():
    expected = [1 / (1 + math.exp(-z)) for z in Z]
    np.testing.assert_allclose(functions.sigmoid(Z), expected, rtol=1e-14)


def test_sigmoid_is_symmetric():
    total = functions.sigmoid(Z) + functions.sigmoid(-Z)
    np.testing.assert_allclose(total, 1, rtol=1e-15)


def test_sigmoid_keeps_its_digits_in_the_tail():
    assert functions.sigmoid(-700.0) == pytest.approx(math.exp(-700), rel=1e-13)
    assert functions.sigmoid_derivative(40.0) == pytest.approx(math.exp(-40), rel=1e-13)


def test_rbf_is_the_bell():
    expected = [math.exp(-z * z) for z in Z]
    np.testing.assert_allclose(functions.rbf(Z), expected, rtol=1e-13)
    np.testing.assert_array_equal(functions.rbf(Z), functions.rbf(-Z))


@pytest.mark.parametrize("t", [0, 1])
def test_cross_entropy_is_minus_the_log_of_the_probability(t):
    expected = [-math.log(1 / (1 + math.exp(z if t == 0 else -z))) for z in Z]
    losses = functions.binary_cross_entropy(Z, np.full(Z.shape, t))
    np.testing.assert_allclose(losses, expected, rtol=1e-10)


@pytest.mark.parametrize("z", [1000.0, -1000.0])
def test_extremes_are_right_and_silent(z):
    # Warnings are errors in this suite; NumPy is asked for all of them.
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        assert functions.sigmoid(z) == (z > 0)
        assert functions.sigmoid_derivative(z) == 0
        assert functions.rbf(z) == 0
        assert functions.rbf_derivative(z) == 0
        assert functions.binary_cross_entropy(z, int(z > 0)) == 0
        assert functions.binary_cross_entropy(z, int(z < 0)) == 1000


@pytest.mark.parametrize(
    ("function", "derivative"),
    [
        (functions.sigmoid, functions.sigmoid_derivative),
        (functions.rbf, functions.rbf_derivative),
        (
            lambda z: functions.binary_cross_entropy(z, np.ones(z.shape)),
            lambda z: functions.sigmoid(z) - 1,
        ),
        (
            lambda z: functions.binary_cross_entropy(z, np.zeros(z.shape)),
            functions.sigmoid,
        ),
    ],
)
def test_slopes(function, derivative):
    def total(params):
        return function(params[0]).sum()

    complex_step = gradcheck.complex_step_gradient(total, (Z,))
    assert gradcheck.relative_error((derivative(Z),), complex_step) < 1e-12
    central = gradcheck.numerical_gradient(total, (Z,))
    assert gradcheck.relative_error((derivative(Z),), central) < 1e-7


@pytest.mark.parametrize(
    "function",
    [
        functions.sigmoid,
        functions.sigmoid_derivative,
        functions.rbf,
        functions.rbf_derivative,
        functions.relu,
        functions.relu_derivative,
    ],
)
def test_shapes_integers_and_arguments_are_kept(function):
    z = np.arange(-3, 3).reshape(2, 3)
    before = z.copy()
    np.testing.assert_array_equal(function(z), function(z.astype(float)))
    assert function(z).shape == (2, 3)
    np.testing.assert_array_equal(z, before)


SCORES = np.random.RandomState(1).uniform(-8, 8, (40, 5))


def test_softmax_is_the_normalised_exponential():
    E = np.exp(SCORES)
    expected = E / E.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(functions.softmax(SCORES), expected, rtol=1e-13)
    np.testing.assert_allclose(
        functions.log_softmax(SCORES), np.log(expected), rtol=1e-12
    )


def test_softmax_depends_on_differences_only():
    for shift in (-500.0, 3.0, 1e4):
        np.testing.assert_allclose(
            functions.softmax(SCORES + shift), functions.softmax(SCORES), rtol=1e-10
        )


def test_softmax_takes_the_last_index_for_the_classes():
    stacked = SCORES.reshape(4, 10, 5)
    np.testing.assert_array_equal(
        functions.softmax(stacked), functions.softmax(SCORES).reshape(4, 10, 5)
    )
    np.testing.assert_array_equal(
        functions.softmax(SCORES[0]), functions.softmax(SCORES)[0]
    )


def test_categorical_cross_entropy_is_minus_the_log_of_the_probability():
    labels = np.arange(40) % 5
    losses = functions.cross_entropy(SCORES, functions.one_hot(labels, 5))
    expected = -np.log(functions.softmax(SCORES)[np.arange(40), labels])
    np.testing.assert_allclose(losses, expected, rtol=1e-12)


@pytest.mark.parametrize("scale", [1e3, 1e4])
def test_extreme_scores_are_right_and_silent(scale):
    Z = np.array([[scale, -scale, 0.0], [0.0, 0.0, -scale]])
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        np.testing.assert_array_equal(functions.softmax(Z), [[1, 0, 0], [0.5, 0.5, 0]])
        np.testing.assert_array_equal(
            functions.log_softmax(Z)[0], [0, -2 * scale, -scale]
        )
        right, wrong = functions.one_hot([0, 2], 3), functions.one_hot([1, 2], 3)
        assert functions.cross_entropy(Z, right)[0] == 0
        assert functions.cross_entropy(Z, wrong)[0] == 2 * scale
        assert functions.cross_entropy(Z, wrong)[1] == scale + np.log(2)


def test_slope_of_cross_entropy_is_output_minus_target():
    T = functions.one_hot(np.arange(40) % 5, 5)
    expected = functions.softmax(SCORES) - T

    def total(params):
        return functions.cross_entropy(params[0], T).sum()

    complex_step = gradcheck.complex_step_gradient(total, (SCORES,))
    assert gradcheck.relative_error((expected,), complex_step) < 1e-13


def test_one_hot():
    assert functions.one_hot([2, 0], 3).tolist() == [[0, 0, 1], [1, 0, 0]]
    assert functions.one_hot(np.array(1, np.uint8), 2).tolist() == [0, 1]
    assert functions.one_hot([[0], [1]], 2).shape == (2, 1, 2)


def test_relu_and_its_slope():
    z = np.array([-1000, -1e-300, 0.0, 1e-300, 1000])
    assert functions.relu(z).tolist() == [0, 0, 0, 1e-300, 1000]
    assert functions.relu_derivative(z).tolist() == [0, 0, 0, 1, 1]
    assert functions.relu_derivative(np.array([-1, 0, 2])).tolist() == [0, 0, 1]
    away = Z[abs(Z) > 1e-3]
    slopes = gradcheck.numerical_gradient(lambda p: functions.relu(p[0]).sum(), (away,))
    assert gradcheck.relative_error((functions.relu_derivative(away),), slopes) < 1e-8
