"""What ``gradcheck`` says of gradients that are right, wrong or cannot be measured."""

import math

import numpy as np
import pytest
from instances import INSTANCES, instance, mlp_instance, relu_instance

from chainrule import (
    data,
    functions,
    gradcheck,
    logistic,
    mlp,
    relu_net,
    softmax_linear,
)
from chainrule.functions import one_hot
from chainrule.gradcheck import check, relative_error

A, C = np.array([[1.0, -2.0], [0.5, 4.0]]), np.array(2.0)
DA, DC = 6 * A + C, A.sum()


def quadratic(params):
    a, c = params
    return (3 * a**2).sum() + a.sum() * c


def verdict(f, at, derived):
    """What is said of one number as the only parameter, and why."""
    (found,) = check(f, (at,), (derived,), raises=False).gradients
    return found.verdict, found.worst.reason


def test_what_is_right_is_ok():
    report = check(quadratic, (A, C), (DA, DC))
    assert report.ok
    assert report == {"grads[0]": "ok", "grads[1]": "ok"}
    assert max(each.relative_error for each in report.gradients) < 1e-9


def test_the_worst_entry_is_named_with_both_values():
    bad = DA.copy()
    bad[1, 0] += 0.5
    bad[0, 1] += 0.01
    with pytest.raises(
        AssertionError,
        match=r"^dA is wrong, most at \[1, 0\]: derived 5.5, numerical 5",
    ):
        check(quadratic, (A, C), (bad, DC), names=("dA", "dC"))
    report = check(quadratic, (A, C), (bad, DC), names=("dA", "dC"), raises=False)
    assert dict(report) == {"dA": "wrong", "dC": "ok"}
    assert not report.ok
    worst = report.gradients[0].worst
    assert (worst.index, worst.derived) == ((1, 0), 5.5)
    assert worst.numerical == pytest.approx(5.0, abs=worst.bound + 1e-12)
    assert worst.bound < 1e-6


def test_every_wrong_gradient_is_named():
    with pytest.raises(AssertionError, match=r"dA is wrong.*; dC is wrong"):
        check(quadratic, (A, C), (2 * DA, -DC), names=("dA", "dC"))


@pytest.mark.parametrize("f", [np.exp, np.cos, np.sinh, lambda s: 1 + s])
@pytest.mark.parametrize("at", [0.0, 1.0, -2.0])
def test_round_values_are_no_single_precision(f, at):
    slope = f(at + 1e-20j).imag / 1e-20
    assert verdict(lambda p: f(p[0]), at, slope)[0] == "ok" if slope else "zero"


def test_an_error_of_three_millionths_is_seen():
    with pytest.raises(AssertionError, match="wrong"):
        check(quadratic, (A, C), (DA * (1 + 3e-6), DC))


def test_a_report_prints_as_a_table_and_shows_its_verdicts():
    report = check(quadratic, (A, C), (DA, -DC), names=("dA", "dC"), raises=False)
    assert repr(report) == "{'dA': 'ok', 'dC': 'wrong'}"
    head, first, second = str(report).split("\n")
    assert head.split() == ["verdict", "error", "seen", "worst", "entry"]
    assert first.startswith("dA  ok ")
    assert " 4 of 4 " in first
    assert second.split()[:3] == ["dC", "wrong", "2.0e+00"]
    assert second.endswith("[]: derived -3.5, numerical 3.5")


def test_zero_against_zero_is_refused():
    with pytest.raises(AssertionError, match="0 = 0 confirms nothing"):
        check(lambda params: 7.0, (A,), (np.zeros((2, 2)),))
    report = check(
        lambda params: (params[0] ** 2).sum(), (A, C), (2 * A, np.array(0.0))
    )
    assert report == {"grads[0]": "ok", "grads[1]": "zero"}
    assert not report.ok


def test_entries_too_small_to_be_compared_are_counted():
    a = np.array([1.0, 1e-4, 1e-8])
    (found,) = check(lambda p: (p[0] ** 4).sum(), (a,), (4 * a**3,)).gradients
    assert (found.verdict, found.looked_at, found.compared) == ("ok", 3, 1)


# Where values are not finite.


@pytest.mark.parametrize("at", [1e-6, 1e-3, 1.0, 1e6])
def test_next_to_a_pole_a_wrong_slope_is_wrong(at):
    assert verdict(lambda p: np.log(p[0]), at, -123.0)[0] == "wrong"
    assert verdict(lambda p: np.log(p[0]), at, 1 / at)[0] == "ok"
    assert verdict(lambda p: math.log(p[0]), at, 1 / at)[0] == "ok"


@pytest.mark.parametrize("derived", [0.0, 1.0, -123.0, 1e9])
def test_where_f_is_not_finite_nothing_is_decided(derived):
    def alone(params):
        return 1.0 if params[0] == 2.0 else np.nan

    for f, at in (
        (alone, 2.0),
        (lambda p: np.sqrt(p[0]), 0.0),
        (lambda p: math.sqrt(p[0]), 0.0),
        (lambda p: np.where(p[0] > 0, np.inf, 0.0)[()], 0.0),
    ):
        assert verdict(f, at, derived) == ("undecided", "not finite")


# Scales.


@pytest.mark.parametrize("scale", [1e-300, 1e-100, 1e-9, 1e-5, 1.0, 1e10, 1e100, 1e300])
def test_the_steps_follow_the_parameter(scale):
    def f(params):
        return np.sin(params[0] / scale)

    right = np.cos(1.0) / scale
    assert verdict(f, scale, right)[0] == "ok"
    assert verdict(f, scale, 1.01 * right)[0] == "wrong"
    assert verdict(f, scale, -right)[0] == "wrong"


@pytest.mark.parametrize("scale", [1e-300, 1e-30, 5e-9, 1e-3, 1e3, 1e30, 1e300])
def test_no_wrong_slope_of_a_small_or_large_function_is_ok(scale):
    for derived in (-scale, 1.01 * scale, 0.0):
        assert verdict(lambda p: scale * p[0], 1.0, derived)[0] != "ok"
    assert verdict(lambda p: scale * p[0], 1.0, scale)[0] != "wrong"


@pytest.mark.parametrize("at", [1e6, 1e10, 1e12, 1e300])
def test_no_step_is_lost_beside_a_large_parameter(at):
    assert verdict(lambda p: p[0], at, 1.0) == ("ok", "")
    assert verdict(lambda p: p[0], at, 1.001)[0] == "wrong"


@pytest.mark.parametrize("x", [1e-3, 1.0, 400.0, 500.0, 1e6])
def test_one_sample_of_any_size(x):
    params, X, t = (np.array([1 / x]), 0.3), np.array([[x]]), np.array([1])

    def f(params):
        return logistic.objective(params, X, t)

    grads = logistic.backward(params, X, t)
    assert check(f, params, grads).ok


# Corners.


def relu_sum(params):
    return np.maximum(params[0], 0).sum()


@pytest.mark.parametrize("derived", [0.0, 0.3, 0.5, 1.0, 2.0, -1.0])
@pytest.mark.parametrize("slope", [1.0, -3.0, 1e-6, 1e6])
def test_at_a_corner_nothing_is_decided(derived, slope):
    report = check(
        lambda p: slope * relu_sum(p),
        (np.array([1.0, 0.0, -1.0]),),
        (slope * np.array([1.0, derived, 0.0]),),
    )
    (found,) = report.gradients
    assert (found.verdict, found.worst.reason) == ("undecided", "corner")
    assert found.worst.index == (1,)
    assert found.worst.sides == pytest.approx((0.0, slope))
    assert "slopes 0 to the left" in str(report)


@pytest.mark.parametrize("place", [2e-3, 2e-6, -2e-6, 9e-6, -9e-6, 1e-5 / 3, 1e-7])
def test_next_to_a_corner_the_slope_is_found(place):
    a = np.array([1.0, place, -1.0])
    slopes = (a > 0) * 1.0
    assert check(relu_sum, (a,), (slopes,)).ok
    with pytest.raises(AssertionError, match=r"wrong, most at \[1\]"):
        check(relu_sum, (a,), (slopes + np.array([0, 0.5, 0]),))


def test_a_corner_excuses_no_error_elsewhere():
    a = np.array([1.0, 0.0, -1.0])
    with pytest.raises(AssertionError, match=r"\[2\]: derived 0.1"):
        check(relu_sum, (a,), (np.array([1.0, 0.0, 0.1]),))


def test_a_jump_of_the_curvature_is_no_corner():
    a = np.array([0.0, 0.3])
    report = check(
        lambda p: (p[0] + np.where(p[0] > 0, 5, 1) * p[0] ** 2).sum(),
        (a,),
        (1 + 2 * np.where(a > 0, 5, 1) * a,),
    )
    assert report.ok


def test_strong_curvature_is_no_corner():
    a = np.array([0.1, 0.2])

    def f(params):
        return np.cosh(30 * params[0]).sum()

    right = 30 * np.sinh(30 * a)
    assert check(f, (a,), (right,)).ok
    with pytest.raises(AssertionError, match="wrong"):
        check(f, (a,), (30 * np.cosh(30 * a),))


def test_several_corners_at_one_place_are_undecided():
    X, labels = data.spirals(np.random.RandomState(0))
    X, T = X[40:45], one_hot(labels[40:45], 3)
    _, b1, W2, b2 = relu_net.init(np.random.default_rng(0), 2, 4, 3)
    params = np.zeros((2, 4)), b1, W2, b2
    report = check(
        lambda params: relu_net.objective(params, X, T, 0.1),
        params,
        relu_net.backward(params, X, T, 0.1),
        names=("dW1", "db1", "dW2", "db2"),
    )
    assert report == {"dW1": "undecided", "db1": "undecided", "dW2": "ok", "db2": "ok"}
    assert {each.worst.reason for each in report.gradients[:2]} == {"corner"}


def test_the_published_start_has_corners_and_no_mistake():
    rng = np.random.RandomState(0)
    X, labels = data.spirals(rng)
    rng.standard_normal(18 + 6)
    W1 = 0.01 * rng.standard_normal((2, 100))
    W2 = 0.01 * rng.standard_normal((100, 3))
    params, X, T = (W1, np.zeros(100), W2, np.zeros(3)), X[1:], one_hot(labels, 3)[1:]
    report = check(
        lambda params: relu_net.objective(params, X, T, 1e-3),
        params,
        relu_net.backward(params, X, T, 1e-3),
        entries=30,
    )
    assert list(report.values()) == ["undecided", "undecided", "ok", "ok"]


# Functions that cannot be measured, or not so well.


def test_an_f_with_chance_in_it_is_refused():
    for seed in range(40):
        rng = np.random.default_rng(seed)

        def f(params, rng=rng):
            return ((rng.integers(0, 10, 3) * params[0] - 1) ** 2).mean()

        for call in (
            lambda f=f: check(f, (1.5,), (-7.0,)),
            lambda f=f: gradcheck.numerical_gradient(f, (1.5,)),
        ):
            with pytest.raises(ValueError, match="expected the same value at the same"):
                call()


def test_an_f_that_changes_a_little_with_every_call_is_refused():
    calls = []

    def f(params):
        calls.append(params)
        return (params[0] ** 2).sum() + 1e-9 * max(0, len(calls) - 10)

    with pytest.raises(ValueError, match="expected the same value at the same place"):
        check(f, (A,), (2 * A,))


def test_f_gets_copies():
    def f(params):
        params[0][:] *= 2
        params[1][...] = 0
        return (params[0] ** 2).sum()

    kept = A.copy(), C.copy()
    assert check(f, (A, C), (8 * A, 0.0)) == {"grads[0]": "ok", "grads[1]": "zero"}
    for gradient in (gradcheck.numerical_gradient, gradcheck.complex_step_gradient):
        dA, dC = gradient(f, (A, C))
        np.testing.assert_allclose(dA, 8 * A, rtol=1e-8)
        assert dC == 0
    np.testing.assert_array_equal(A, kept[0])
    np.testing.assert_array_equal(C, kept[1])


def test_what_is_complex_is_refused():
    for params, grads in (((3.0,), (6.0 + 100j,)), ((3.0 + 1j,), (6.0,))):
        with pytest.raises(ValueError, match=r"^(params|grads)\[0\]: expected real"):
            check(lambda p: p[0] ** 2, params, grads)
    with pytest.raises(ValueError, match=r"^f\(params\): expected a real number"):
        check(lambda p: p[0] ** 2 + 1j, (3.0,), (6.0,))


@pytest.mark.parametrize(
    ("f", "message"),
    [
        (lambda p: p[0].sum().astype("f4"), "in double precision"),
        (lambda p: p[0] ** 2, "expected one number, got shape"),
        (lambda p: p[0].sum() * np.nan, "expected finite numbers"),
        (lambda p: "one", "expected numbers"),
    ],
)
def test_an_objective_that_is_none_is_refused(f, message):
    for call in (
        lambda: check(f, (A,), (DA,)),
        lambda: gradcheck.numerical_gradient(f, (A,)),
        lambda: gradcheck.complex_step_gradient(f, (A,)),
    ):
        with pytest.raises(ValueError, match=f"^f.params.: .*{message}"):
            call()


@pytest.mark.parametrize(
    "f",
    [
        lambda a: np.sin(a.astype("f4")).sum(),
        lambda a: np.float32(np.sin(a).sum()),
        lambda a: np.sin(a.astype("f4")).astype(float).mean() * 4,
        lambda a: np.float32(np.sin(a)).astype(float).sum(),
        lambda a: 1e3 + np.sin(a.astype("f4")).sum(),
    ],
)
@pytest.mark.parametrize("shift", [0.0, 0.1, 1.0])
def test_an_f_with_single_precision_inside_is_undecided(f, shift):
    a = A + shift
    report = check(lambda p: float(f(p[0])), (a,), (np.cos(a),), raises=False)
    assert set(report.values()) == {"undecided"}
    assert "in double precision" in str(report)


def test_single_precision_is_checked_as_double():
    rng = np.random.default_rng(0)
    params = tuple(
        (p + 0.5 * rng.normal(size=p.shape)).astype("f4")
        for p in relu_net.init(rng, 2, 20, 3)
    )
    X, labels = data.spirals(np.random.RandomState(0))
    batch = X[40:50].astype("f4"), one_hot(labels, 3)[40:50]
    grads = relu_net.backward(tuple(p.astype(float) for p in params), *batch)
    assert check(lambda p: relu_net.objective(p, *batch), params, grads).ok


# Networks.


def as_drawn(params, X):
    return params, X


def at_the_origin(params, X):
    """One sample on the corner of every hidden unit."""
    biases = tuple(0 * p if i % 2 else p for i, p in enumerate(params))
    return biases, np.concatenate([0 * X[:1], X[1:]])


def nearly_silent(params, X):
    """The first pre-activations within a few steps of the corner."""
    return (1e-5 * params[0], 0 * params[1], *params[2:]), X


def small(params, X):
    return tuple(0 * p if i % 2 else 0.1 * p for i, p in enumerate(params)), X


@pytest.mark.parametrize("change", [as_drawn, at_the_origin, nearly_silent, small])
@pytest.mark.parametrize("make", INSTANCES)
def test_no_right_gradient_is_called_wrong(make, change):
    seen = set()
    for seed in range(15):
        network, params, (X, *rest) = instance(make, seed)
        params = tuple(np.asarray(p) for p in params)
        params, X = change(params, X)
        grads = network.backward(params, X, *rest)

        def f(params, network=network, X=X, rest=rest):
            return network.objective(params, X, *rest)

        if max(np.abs(grad).max() for grad in grads) < 1e-9:
            assert rest[0].shape[-1] == 1  # one class: nothing can be learned
            with pytest.raises(AssertionError, match="^every gradient is zero"):
                check(f, params, grads)
        else:
            seen |= set(check(f, params, grads).values())
    assert "ok" in seen
    if make in (relu_instance, mlp_instance) and change is at_the_origin:
        assert "undecided" in seen


def test_a_staircase_too_wide_for_small_steps_is_no_slope():
    """Beside scores near 1000 the loss of a sample that is almost certain is rounded."""
    X = np.array([[893.003, 831.515], [-191.081, 472.693], [-889.937, -627.694]])
    T = np.eye(3)[[2, 0, 0]]
    W = np.array([[-0.252908, 1.35949, 0.5178], [1.385135, -0.181901, 0.74524]])
    params = (W, np.array([-0.658601, 1.131854, 0.262854]))

    def f(params):
        Z = X @ params[0] + params[1]
        largest = Z.max(axis=1)
        total = np.log(np.exp(Z - largest[:, None]).sum(axis=1)) + largest
        return (total - (T * Z).sum(axis=1)).mean() + 0.05 * (params[0] ** 2).sum()

    report = check(f, params, softmax_linear.backward(params, X, T, 0.1), raises=False)
    assert report["grads[0]"] == "ok"


def test_a_part_of_the_entries_can_be_looked_at():
    rng = np.random.default_rng(0)
    params = mlp.init(rng, (784, 30, 10))
    X, T = rng.random((20, 784)), one_hot(rng.integers(0, 10, 20), 10)
    evaluations = []

    def f(params):
        evaluations.append(1)
        return mlp.objective(params, X, T, 0.0, "softmax")

    grads = mlp.backward(params, X, T, 0.0, "softmax")
    report = check(f, params, grads, entries=50)
    assert report.ok
    looked_at = [each.looked_at for each in report.gradients]
    assert looked_at == [50, 30, 50, 10]
    assert len(evaluations) < 12.5 * sum(looked_at) + 25
    wrong = grads[0].copy()
    wrong[np.unravel_index(np.abs(wrong).argmax(), wrong.shape)] *= 1.01
    with pytest.raises(AssertionError, match=r"grads\[0\] is wrong"):
        check(f, params, (wrong, *grads[1:]), entries=1)


# The other tools.


def test_a_step_that_is_lost_is_refused():
    with pytest.raises(ValueError, match=r"^eps: .* changes 1e\+12, .*params\[1\]"):
        gradcheck.numerical_gradient(lambda p: p[0] + p[1], (1.0, 1e12))
    for at in (1e8, 1e10):
        assert gradcheck.numerical_gradient(lambda p: p[0], (at,)) == (1.0,)


@pytest.mark.parametrize(
    "drops",
    [
        lambda a: np.abs(a).sum(),
        np.linalg.norm,
        lambda a: float(a.sum()),
        lambda a: a.real.sum(),
        lambda a: (a**2).sum() + np.abs(a).sum(),
        lambda a: (a**2).sum() + np.linalg.norm(a),
    ],
)
def test_an_f_that_drops_the_imaginary_part_is_refused(drops):
    with pytest.raises(ValueError, match="^f: .* keeps the imaginary part"):
        gradcheck.complex_step_gradient(lambda p: drops(p[0]), (A,))


def test_relative_error_is_relative_and_symmetric():
    a, b = np.array([3.0, 4.0]), np.array([3.0, 4.5])
    assert relative_error(a, b) == pytest.approx(0.5 / np.hypot(3, 4.5))
    assert relative_error(a, b) == relative_error(b, a)
    assert relative_error((a, 1.0), (a, 1.0)) == 0.0
    assert relative_error(0 * a, 0 * a) == 0.0
    assert type(relative_error(a, b)) is float


@pytest.mark.parametrize("scale", [1e-320, 1e-300, 1e-170, 1e9, 1e160, 1e300, 1e308])
def test_relative_error_is_right_at_every_scale(scale):
    a, b = np.array([0.3, 0.4]), np.array([0.3, 0.45])
    near = 0.02 if scale < 1e-307 else 1e-12
    expected = pytest.approx(relative_error(a, b), rel=near)
    assert relative_error(scale * a, scale * b) == expected
    assert relative_error(scale * a, -scale * a) == 2.0
    slope = functions.sigmoid_derivative(400.0)
    assert relative_error(slope, -slope) == 2.0
