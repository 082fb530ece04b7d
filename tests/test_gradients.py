"""Every network's gradient against central differences and the complex step."""

import numpy as np
import pytest

from chainrule import data, gradcheck, rbf_net
from chainrule.optim import gradient_step


def rbf_instance(seed):
    rng = np.random.default_rng(seed)
    samples = int(rng.integers(1, 30))
    x = rng.normal(0, 1.5, samples)
    t = rng.integers(0, 2, samples)
    return rbf_net.init(rng), x, t


SEEDS = range(50)


@pytest.mark.parametrize("seed", SEEDS)
def test_rbf_net(seed):
    params, x, t = rbf_instance(seed)
    grads = rbf_net.backward(params, x, t)

    def objective(params):
        return rbf_net.objective(params, x, t)

    complex_step = gradcheck.complex_step_gradient(objective, params)
    assert gradcheck.relative_error(grads, complex_step) < 1e-10
    assert "wrong" not in gradcheck.check(objective, params, grads).values()


@pytest.mark.parametrize("seed", SEEDS)
def test_the_order_of_the_samples_does_not_matter(seed):
    params, x, t = rbf_instance(seed)
    order = np.random.default_rng(seed).permutation(len(x))
    here = rbf_net.backward(params, x, t)
    there = rbf_net.backward(params, x[order], t[order])
    assert gradcheck.relative_error(here, there) < 1e-12


@pytest.mark.parametrize("seed", SEEDS)
def test_the_gradient_mirrors_with_the_weight(seed):
    (w, b), x, t = rbf_instance(seed)
    dw, db = rbf_net.backward((w, b), x, t)
    mirrored = rbf_net.backward((-w, b), x, t)
    assert mirrored == (-dw, db)


@pytest.mark.parametrize("seed", SEEDS)
def test_doubling_the_samples_changes_nothing(seed):
    params, x, t = rbf_instance(seed)
    here = rbf_net.backward(params, x, t)
    there = rbf_net.backward(params, np.tile(x, 2), np.tile(t, 2))
    assert gradcheck.relative_error(here, there) < 1e-12


def test_confidently_wrong_is_pushed_back_with_full_slope():
    for x, t, expected in ((0.0, 0, 1.0), (100.0, 1, -1.0)):
        bias = 999.0 if t == 0 else -1000.0
        inputs, targets = np.array([x]), np.array([t])
        _, db = rbf_net.backward((1.0, bias), inputs, targets)
        assert db == expected
        assert rbf_net.objective((1.0, bias), inputs, targets) == 1000


def test_forward_gives_every_intermediate_in_order():
    z1, h, z2, y = rbf_net.forward((2.0, 0.5), np.array([0.0, 1.0]))
    np.testing.assert_allclose(z1, [0, 2])
    np.testing.assert_allclose(h, [1, np.exp(-4)])
    np.testing.assert_allclose(z2, h + 0.5)
    np.testing.assert_allclose(y, 1 / (1 + np.exp(-z2)))


def test_no_argument_is_changed():
    params, x, t = rbf_instance(3)
    kept = [np.copy(each) for each in (*params, x, t)]
    grads = rbf_net.backward(params, x, t)
    gradient_step(params, grads, 0.1)
    gradcheck.check(lambda p: rbf_net.objective(p, x, t), params, grads)
    for before, now in zip(kept, (*params, x, t), strict=True):
        np.testing.assert_array_equal(before, now)


def test_integers_lists_and_zero_dimensional_arrays_are_accepted():
    x, t = np.array([1, -2, 0]), np.array([1, 0, 1])
    expected = rbf_net.backward((1.0, -1.0), x.astype(float), t)
    assert rbf_net.backward((1, -1), x, t) == expected
    assert rbf_net.backward((np.array(1.0), np.array(-1)), list(x), list(t)) == expected


def test_the_published_training_run():
    x, t = data.three_clusters(np.random.RandomState(4))
    params = (2.3, 1.4)
    for _ in range(20):
        params = gradient_step(params, rbf_net.backward(params, x, t), 2.0)
    assert rbf_net.objective(params, x, t) == pytest.approx(0.519411, abs=5e-7)
    assert params == pytest.approx((1.123099, -0.442489), abs=5e-7)


# The gradient check itself.


def quadratic(params):
    a, c = params
    return (3 * a**2).sum() + a.sum() * c


A, C = np.array([[1.0, -2.0], [0.5, 4.0]]), np.array(2.0)
DA, DC = 6 * A + C, A.sum()


def test_check_accepts_what_is_right():
    assert gradcheck.check(quadratic, (A, C), (DA, DC)) == {
        "grads[0]": "ok",
        "grads[1]": "ok",
    }


def test_check_names_the_worst_entry_and_both_values():
    bad = DA.copy()
    bad[1, 0] += 0.5
    bad[0, 1] += 0.01
    with pytest.raises(
        AssertionError,
        match=r"^dA is wrong, most at \[1, 0\]: derived 5.5, numerical 5",
    ):
        gradcheck.check(quadratic, (A, C), (bad, DC), names=("dA", "dC"))


def test_check_names_every_wrong_gradient():
    with pytest.raises(AssertionError, match=r"dA is wrong.*; dC is wrong"):
        gradcheck.check(quadratic, (A, C), (2 * DA, -DC), names=("dA", "dC"))


def test_check_sees_an_error_of_a_millionth():
    with pytest.raises(AssertionError, match="wrong"):
        gradcheck.check(quadratic, (A, C), (DA * (1 + 3e-6), DC))


def test_check_refuses_zero_against_zero():
    with pytest.raises(AssertionError, match="0 = 0 confirms nothing"):
        gradcheck.check(lambda params: 7.0, (A,), (np.zeros((2, 2)),))


def test_check_marks_one_zero_gradient():
    verdicts = gradcheck.check(
        lambda params: (params[0] ** 2).sum(), (A, C), (2 * A, np.array(0.0))
    )
    assert verdicts == {"grads[0]": "ok", "grads[1]": "zero"}


def relu_sum(params):
    return np.maximum(params[0], 0).sum()


@pytest.mark.parametrize("place", [0.0, 2e-6, -2e-6, 9e-6, -9e-6, 1e-5 / 3])
def test_check_says_kink_where_one_sided_differences_disagree(place):
    a = np.array([1.0, place, -1.0])
    assert gradcheck.check(relu_sum, (a,), ((a > 0) * 1.0,)) == {"grads[0]": "kink"}


def test_a_kink_excuses_no_error_elsewhere():
    a = np.array([1.0, 0.0, -1.0])
    with pytest.raises(AssertionError, match=r"\[2\]: derived 0.1"):
        gradcheck.check(relu_sum, (a,), (np.array([1.0, 0.0, 0.1]),))


def test_a_kink_excuses_no_slope_that_neither_side_has():
    a = np.array([1.0, 0.0, -1.0])
    with pytest.raises(AssertionError, match=r"\[1\]: derived 2"):
        gradcheck.check(relu_sum, (a,), (np.array([1.0, 2.0, 0.0]),))


def test_strong_curvature_is_no_kink():
    a = np.array([0.1, 0.2])
    with pytest.raises(AssertionError, match="wrong"):
        gradcheck.check(
            lambda params: np.cosh(30 * params[0]).sum(),
            (a,),
            (30 * np.cosh(30 * a),),
        )


def test_relative_error_is_relative_and_symmetric():
    a, b = np.array([3.0, 4.0]), np.array([3.0, 4.5])
    assert gradcheck.relative_error(a, b) == pytest.approx(0.5 / np.hypot(3, 4.5))
    assert gradcheck.relative_error(a, b) == gradcheck.relative_error(b, a)
    assert gradcheck.relative_error(1e9 * a, 1e9 * b) == pytest.approx(
        gradcheck.relative_error(a, b)
    )
    assert gradcheck.relative_error((a, 1.0), (a, 1.0)) == 0.0
    assert gradcheck.relative_error(0 * a, 0 * a) == 0.0
    assert type(gradcheck.relative_error(a, b)) is float
