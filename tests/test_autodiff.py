"""Derivatives that the tape finds: every rule, every network, and what it refuses."""

import ast
import inspect
import math
import random
import re

import numpy as np
import pytest
from instances import INSTANCES, instance
from mutants import mutants
from thorough import COMMIT, THOROUGH

from chainrule import autodiff, functions, logistic
from chainrule.autodiff import RULES, grad, jvp, stop_gradient, vjp
from chainrule.gradcheck import check, numerical_gradient, relative_error

rng = np.random.default_rng(10)


def normal(*shape):
    return rng.normal(size=shape)


def positive(*shape):
    return rng.uniform(0.5, 2, size=shape)


X, CHOSEN, TARGET = normal(4, 3), normal(4, 3) > 0, np.array([0.0, 1, 1])
TARGETS = np.eye(3)[[0, 2, 1, 2]]
# For each rule functions of arrays, and the arrays; those that are broadcast, too.
EXAMPLES = {
    np.add: [
        (lambda a, b: a + b, normal(4, 3), normal(4, 3)),
        (lambda a, b: a + b, normal(4, 3), normal(3)),
        (lambda a, b: a + b, normal(4, 1), normal(1, 3)),
        (lambda a, b: a + b, normal(), normal(2, 3)),
        (lambda a: 1 + a + X, normal(3)),
        (lambda a: a + a, normal(3)),
    ],
    np.subtract: [
        (lambda a, b: a - b, normal(4, 3), normal(4, 1)),
        (lambda a, b: a - b, normal(), normal(2, 3)),
    ],
    np.negative: [(lambda a: -a, normal(3))],
    np.multiply: [
        (lambda a, b: a * b, normal(4, 3), normal(3)),
        (lambda a, b: a * b, normal(2, 1), normal(4, 1, 3)),
        (lambda a: a * a * 3, normal(3)),
    ],
    np.divide: [
        (lambda a, b: a / b, normal(4, 3), positive(3)),
        (lambda a: 2 / a, positive(3)),
    ],
    np.power: [
        (lambda a: a**3, normal(3)),
        (lambda a: a**-0.5, positive(3)),
        (lambda a: a ** np.array([0, 1, 2]) + a, np.zeros(3)),
        (lambda a, b: a**b, positive(4, 3), normal(3)),
        (lambda b: 2.0**b, normal(3)),
    ],
    np.sqrt: [(np.sqrt, positive(3))],
    np.exp: [(np.exp, normal(4, 3))],
    np.log: [(np.log, positive(3))],
    np.log1p: [(np.log1p, positive(3))],
    np.sin: [(np.sin, normal(3))],
    np.cos: [(np.cos, normal(3))],
    np.tanh: [(np.tanh, normal(3))],
    np.absolute: [(abs, normal(5))],
    np.maximum: [
        (np.maximum, normal(4, 3), normal(3)),
        (lambda a: np.maximum(a, 0.1), normal(4, 3)),
    ],
    np.minimum: [(np.minimum, normal(4, 3), normal(3))],
    np.where: [
        (lambda a, b: np.where(CHOSEN, a, b), normal(4, 3), normal(3)),
        (lambda a, b: np.where(a > b, 2 * a, b), normal(4, 3), normal(4, 1)),
    ],
    np.matmul: [
        (lambda a, b: a @ b, normal(4, 3), normal(3, 2)),
        (lambda a, b: a @ b, normal(3), normal(3, 2)),
        (lambda a, b: a @ b, normal(4, 3), normal(3)),
        (lambda a, b: a @ b, normal(3), normal(3)),
        (lambda a, b: a @ b, normal(5, 4, 3), normal(5, 3, 2)),
        (lambda a, b: a @ b, normal(5, 4, 3), normal(3, 2)),
        (lambda a, b: a @ b, normal(2, 1, 4, 3), normal(5, 3, 2)),
        (lambda a, b: a @ b, normal(5, 4, 3), normal(3)),
        (lambda a, b: a @ b, normal(3), normal(5, 3, 2)),
        (lambda a: X @ a, normal(3)),
    ],
    np.sum: [
        (lambda a: a.sum(), normal(4, 3)),
        (lambda a: a.sum(axis=0), normal(4, 3)),
        (lambda a: a.sum(axis=-1, keepdims=True), normal(4, 3)),
        (lambda a: np.sum(a, (0, 2)), normal(4, 3, 2)),
        (lambda a: a.mean(), normal(4, 3)),
        (lambda a: np.mean(a, axis=1), normal(4, 3)),
        (lambda a: np.mean(a, 0), normal(4, 3)),
    ],
    np.max: [
        (lambda a: a.max(), normal(4, 3)),
        (lambda a: a.max(axis=0), normal(4, 3)),
        (lambda a: np.max(a, axis=-1, keepdims=True), normal(4, 3)),
        (lambda a: np.min(a, axis=1), normal(4, 3)),
    ],
    np.reshape: [
        (lambda a: a.reshape(2, 6), normal(4, 3)),
        (lambda a: a.reshape(-1), normal(4, 3)),
        (lambda a: np.reshape(a, (3, 4)), normal(4, 3)),
    ],
    np.transpose: [
        (lambda a: a.T, normal(4, 3)),
        (lambda a: a.transpose(2, 0, 1), normal(4, 3, 2)),
        (lambda a: np.transpose(a, (1, 2, 0)), normal(4, 3, 2)),
        (lambda a: np.transpose(a, (-1, 0, 1)), normal(3, 3, 3)),
    ],
    np.swapaxes: [(lambda a: np.swapaxes(a, 0, 2), normal(4, 3, 2))],
    np.broadcast_to: [(lambda a: np.broadcast_to(a, (5, 4, 3)), normal(4, 1))],
    autodiff._take: [
        (lambda a: a[1], normal(4, 3)),
        (lambda a: a[:, 1:], normal(4, 3)),
        (lambda a: a[[0, 2, 2]], normal(4, 3)),
        (lambda a: a[np.arange(4), [0, 2, 1, 1]], normal(4, 3)),
        (lambda a: a[None, ..., ::-1], normal(4, 3)),
        (lambda a: a[CHOSEN], normal(4, 3)),
        (lambda a: sum(row * k for k, row in enumerate(a)), normal(4, 3)),
    ],
    autodiff._put: [
        (lambda a, b: np.concatenate([a, b]), normal(2, 3), normal(4, 3)),
        (lambda a, b: np.concatenate([a, b, a], axis=-1), normal(3, 2), normal(3, 4)),
        (lambda a, b: np.concatenate([a, b], axis=1), normal(3, 2), normal(3, 4)),
        (lambda a, b: np.concatenate([a, b], axis=1), normal(2, 1, 3), normal(2, 4, 3)),
    ],
    functions.sigmoid: [(functions.sigmoid, normal(4, 3))],
    functions.rbf: [(functions.rbf, normal(4, 3))],
    functions.relu: [(functions.relu, normal(4, 3))],
    functions.binary_cross_entropy: [
        (lambda z: functions.binary_cross_entropy(z, TARGET), normal(3))
    ],
    functions.softmax: [(functions.softmax, normal(4, 3))],
    functions.log_softmax: [(functions.log_softmax, normal(4, 3))],
    functions.cross_entropy: [
        (lambda Z: functions.cross_entropy(Z, TARGETS), normal(4, 3))
    ],
}
CASES = [(f, *given) for cases in EXAMPLES.values() for f, *given in cases]


def weighted(f, given):
    """A number that depends on every entry of the value of ``f`` in its own way."""
    weights = np.random.default_rng(1).normal(size=np.shape(f(*given)))
    return lambda params: (weights * f(*params) * (3 + f(*params))).sum()


def test_every_rule_has_examples():
    assert RULES.keys() == EXAMPLES.keys()


@pytest.mark.parametrize("case", CASES)
def test_rules(case):
    f, *given = case
    loss, given = weighted(f, given), tuple(given)
    derived, numerical = grad(loss)(given), numerical_gradient(loss, given)
    for one, other, a in zip(derived, numerical, given, strict=True):
        assert np.shape(one) == np.shape(a)
        assert relative_error([one], [other]) < 1e-8


@pytest.mark.parametrize("case", CASES)
def test_derivatives_of_derivatives(case):
    f, *given = case
    loss, given = weighted(f, given), tuple(given)
    along = tuple(np.random.default_rng(2).normal(size=np.shape(a)) for a in given)

    def slope(params):
        pairs = zip(grad(loss)(params), along, strict=True)
        return sum(np.sum(dp * v) for dp, v in pairs)

    derived, numerical = grad(slope)(given), numerical_gradient(slope, given)
    for one, other in zip(derived, numerical, strict=True):
        assert relative_error([one], [other]) < 1e-7 or abs(other).max() < 1e-8


@pytest.mark.parametrize("case", CASES)
def test_forward_and_reverse_agree(case):
    """The product u · (J v) = (u J) · v."""
    f, *given = case
    g = lambda params: f(*params)  # noqa: E731
    along = tuple(np.random.default_rng(2).normal(size=np.shape(a)) for a in given)
    value, tangent = jvp(g, tuple(given), along)
    u = np.random.default_rng(3).normal(size=np.shape(value))
    _, pull = vjp(g, tuple(given))
    back = pull(u)
    np.testing.assert_allclose(value, f(*given))
    there = (u * tangent).sum()
    here = sum((da * v).sum() for da, v in zip(back, along, strict=True))
    assert math.isclose(there, here, rel_tol=1e-12, abs_tol=1e-12)


@pytest.mark.parametrize("make", INSTANCES, ids=lambda make: make.__name__)
@pytest.mark.parametrize("seed", range(60))
def test_networks(make, seed):
    """The tape of ``objective`` is ``backward``, to 1e-13 of the largest entry."""
    network, params, batch = instance(make, seed)
    derived = network.backward(params, *batch)
    found = grad(lambda params: network.objective(params, *batch))(params)
    largest = max(np.abs(dp).max() for dp in derived)
    for one, other in zip(derived, found, strict=True):
        assert np.shape(one) == np.shape(other)
        assert np.abs(one - other).max() <= 1e-13 * largest + 1e-15


@pytest.mark.parametrize("make", INSTANCES, ids=lambda make: make.__name__)
@pytest.mark.parametrize("seed", range(8))
def test_the_tape_as_an_oracle(make, seed):
    """``check`` sees by it what differences cannot: a part in a billion."""
    network, params, batch = instance(make, seed)
    grads = network.backward(params, *batch)
    f = lambda params: network.objective(params, *batch)  # noqa: E731
    if max(np.abs(each).max() for each in grads) < 1e-12:
        return  # one class: nothing to learn
    report = check(f, params, grads, oracle=grad, tolerance=1e-12)
    assert set(report.values()) <= {"ok", "zero"}
    largest = max(range(len(grads)), key=lambda k: np.abs(grads[k]).max())
    off = tuple(g * (1 + 1e-9 * (k == largest)) for k, g in enumerate(grads))
    with pytest.raises(AssertionError, match=rf"grads\[{largest}\] is wrong"):
        check(f, params, off, oracle=grad, tolerance=1e-12)
    assert "wrong" not in check(f, params, off).values()


def test_an_oracle_of_other_shapes_is_refused():
    bad = lambda f: lambda params: (np.zeros(2),)  # noqa: E731
    with pytest.raises(ValueError, match=r"oracle\(f\)\(params\)\[0\]: expected shape"):
        check(lambda p: (p[0] ** 2).sum(), (np.ones(3),), (np.ones(3),), oracle=bad)


# ---- Corners, and what is pure ---------------------------------------------------------


def test_ties_are_as_in_the_book():
    (dz,) = grad(lambda p: functions.relu(p[0]).sum())((np.array([-1.0, 0, 2]),))
    assert dz.tolist() == [0, 0, 1]
    pair = np.array([1.0, 2]), np.array([1.0, 0])
    da, db = grad(lambda p: np.maximum(*p).sum())(pair)
    assert (da.tolist(), db.tolist()) == ([0.5, 1], [0.5, 0])


def test_a_rule_is_found_by_whatever_name_its_argument_comes():
    for f in (
        lambda a: functions.relu(z=a),
        lambda a: functions.binary_cross_entropy(t=1.0 + 0 * stop_gradient(a), z=a),
    ):
        (da,) = grad(lambda p, f=f: f(p[0]).sum())((np.zeros(2),))
        assert (
            da.tolist()
            == grad(lambda p, f=f: f(p[0]).sum())((np.zeros(2),))[0].tolist()
        )
    assert grad(lambda p: functions.relu(z=p[0]))((0.0,)) == (0.0,)
    T = np.eye(3)[[0]]
    Z = normal(1, 3)
    by_name = grad(lambda p: functions.cross_entropy(T=T, Z=p[0]).sum())((Z,))
    assert np.array_equal(by_name[0], functions.softmax(Z) - T)


def test_powers_of_zero_and_to_the_zero():
    # Of a^b at (3, 0), whichever of both comes first: (b a^(b-1)) by b, (a^b log a) by a.
    by_base = lambda p: grad(lambda q: q[0] ** p[0])((3.0,))[0]  # noqa: E731
    by_power = lambda p: grad(lambda q: p[0] ** q[0])((0.0,))[0]  # noqa: E731
    assert grad(by_base)((0.0,))[0] == pytest.approx(1 / 3)
    assert grad(by_power)((3.0,))[0] == pytest.approx(1 / 3)
    pair = np.array([0.0, 0, 2, -2]), np.array([2.0, 1, 0, 2])
    da, _ = grad(lambda p: (p[0] ** stop_gradient(p[1])).sum())(pair)
    assert da.tolist() == [0, 1, 0, -4]
    (db,) = grad(lambda p: (np.array([0.0, 2]) ** p[0]).sum())((np.array([2.0, 1]),))
    assert db.tolist() == [0, 2 * np.log(2)]


def test_a_number_is_not_run_through():
    with pytest.raises(TypeError):
        grad(lambda p: sum(p[0]))((3.0,))
    assert grad(lambda p: sum(p[0] ** 2))((np.array([1.0, 3]),))[0].tolist() == [2, 6]


def test_gradients_belong_to_the_caller():
    v = normal(3)
    one, other = grad(lambda p: ((p[0] + p[1]) ** 2).sum())((v, 2 * v))
    one *= 0.5
    assert np.allclose(other, 6 * v)
    for f, y in ((lambda p: p[0] + 1, v), (lambda p: p[0], v), (np.sum, np.array(2.0))):
        _, pull = vjp(lambda p, f=f: f(p[0]) if f is np.sum else f(p), (v,))
        (dp,) = pull(y)
        dp *= 2
        assert not np.shares_memory(dp, y)
        assert not np.shares_memory(dp, v)


@pytest.mark.parametrize("t", [0.0, 1.0])
def test_zero_scores_have_their_slopes(t):
    """Where a network begins with zeros, corners inside of smooth functions cancel."""
    (dz,) = grad(lambda p: functions.binary_cross_entropy(p[0], t))((0.0,))
    assert dz == 0.5 - t
    stable = lambda z: np.exp(np.minimum(z, 0)) / (1 + np.exp(-np.maximum(z, -z)))  # noqa: E731
    assert grad(lambda p: stable(p[0]))((0.0,)) == (0.25,)


@pytest.mark.parametrize("z", [-1000.0, 1000.0])
def test_extreme_scores(z):
    assert grad(lambda p: functions.binary_cross_entropy(p[0], 1.0))((z,)) == (
        (functions.sigmoid(z) - 1),
    )
    Z, T = np.array([[z, 0.0]]), np.array([[0.0, 1.0]])
    (dZ,) = grad(lambda p: functions.cross_entropy(p[0], T).sum())((Z,))
    assert dZ.tolist() == (functions.softmax(Z) - T).tolist()


def test_an_inner_derivative_keeps_to_its_own_variable():
    inner = lambda p: grad(lambda q: p[0] + q[0])(p)[0]  # noqa: E731
    assert grad(lambda p: p[0] * inner(p))((3.0,)) == (1.0,)
    cube = lambda p: grad(lambda q: p[0] * q[0] ** 3)((2.0,))[0]  # noqa: E731
    assert grad(cube)((3.0,)) == (12.0,)


def test_derivatives_of_every_order():
    def slope(f):
        return lambda p: grad(f)(p)[0]

    f = lambda p: p[0] ** 5  # noqa: E731
    for expected in (5 * 2**4, 20 * 2**3, 60 * 2**2, 120 * 2, 120, 0):
        f = slope(f)
        assert f((2.0,)) == expected


def test_a_second_derivative_is_symmetric():
    X, t = normal(9, 4), np.arange(9) % 2
    gradient = grad(lambda p: logistic.objective(p, X, t))
    w, b = normal(4), 0.3
    H = np.array([grad(lambda p, k=k: gradient(p)[0][k])((w, b))[0] for k in range(4)])
    np.testing.assert_allclose(H, H.T, rtol=1e-13)
    y = functions.sigmoid(X @ w + b)
    np.testing.assert_allclose(H, (X.T * (y * (1 - y))) @ X / 9, rtol=1e-12)


def test_nothing_is_kept_between_calls():
    f = lambda p: np.tanh(p[0] @ p[0].T) * 2  # noqa: E731
    W = normal(3, 2)
    y, pull = vjp(f, (W,))
    first, second = pull(np.ones((3, 3))), pull(np.ones((3, 3)))
    assert np.array_equal(first[0], second[0])
    assert np.array_equal(y, f((W,)))
    assert np.array_equal(pull(2 * np.ones((3, 3)))[0], 2 * first[0])


def test_what_does_not_matter_has_a_zero_gradient():
    W, b = normal(3, 2), 1
    dW, db = grad(lambda p: (p[0] * 0 + stop_gradient(p[0])).sum())((W, b))
    assert (dW.tolist(), np.shape(db), float(db)) == (np.zeros((3, 2)).tolist(), (), 0)
    assert grad(lambda p: 3.0)((W,))[0].tolist() == np.zeros((3, 2)).tolist()
    assert grad(lambda p: p[0] * 1)((4,)) == (1.0,)
    assert grad(lambda p: p[0])((4.0,)) == (1.0,)


def test_what_is_flat_has_no_slope():
    for f in (np.sign, np.floor, np.isfinite, lambda a: a > 1, lambda a: a != 2):
        (da,) = grad(lambda p, f=f: (p[0] + f(p[0])).sum())((np.array([0.5, 1.5]),))
        assert da.tolist() == [1, 1]


def test_a_list_is_pulled_back_as_an_array():
    _, pull = vjp(lambda p: p[0] + 1, (np.zeros(2),))
    assert pull([1, 2])[0].tolist() == [1.0, 2.0]


def test_arrays_of_the_caller_stay_as_they_are():
    X, W = normal(4, 3), normal(3, 2)
    kept = X.copy(), W.copy()
    f = lambda p: (X @ p[0]).sum()  # noqa: E731
    grad(f)((W,))
    assert X.flags.writeable
    assert W.flags.writeable
    assert np.array_equal(X, kept[0])
    assert np.array_equal(W, kept[1])


# ---- What is refused -------------------------------------------------------------------


@pytest.mark.parametrize("which", ["X", "W", "index"])
def test_a_change_in_place_is_noticed(which):
    X, W, index = normal(4, 3), normal(3, 2), np.array([0, 1])
    _, pull = vjp(lambda p: ((X @ p[0])[index] ** 2).sum(), (W,))
    {"X": X, "W": W, "index": index}[which][0] += 1
    with pytest.raises(ValueError, match="changed since"):
        pull(1.0)


class Other(np.ndarray):
    """Of its own, such as one whose ``*`` is a product of matrices."""


def test_a_change_that_is_taken_back_is_noticed():
    W = np.array([2.0])

    def f(p):
        y = p[0] * W
        W[0] += 1
        z = p[0] * W
        W[0] -= 1
        return (y + z).sum()

    with pytest.raises(ValueError, match="changed since"):
        vjp(f, (np.array([3.0]),))


def test_lists_are_taken_as_they_are():
    index, factors = [0, 1], [1.0, 2.0]
    _, pull = vjp(lambda p: p[0][index] * factors + p[0][index, ...], (normal(3),))
    index[0], factors[0] = 2, 9.0
    assert pull(np.ones(2))[0].tolist() == [2, 3, 0]


def test_a_copy_of_whole_numbers_may_change():
    n = np.array([1, 2])
    _, pull = vjp(lambda p: p[0] ** 2, (n,))
    n[0] = 5
    assert pull(np.ones(2))[0].tolist() == [2, 4]


def test_one_more_way_to_say_some():
    a = np.array([3.0, -1, 2])
    assert grad(lambda p: p[0].min())((a,))[0].tolist() == [0, 1, 0]
    assert grad(lambda p: np.square(p[0]).sum())((a,))[0].tolist() == [6, -2, 4]
    joined = lambda p: np.concatenate([p[0], [1.0, 2.0]])  # noqa: E731
    assert vjp(joined, (a,))[1](np.arange(5.0))[0].tolist() == [0, 1, 2]


def in_place(a):
    a += 1
    return a.sum()


def cell(a):
    a[0] = 1
    return a.sum()


REFUSED = [
    (in_place, "a change in place"),
    (cell, "a change in place"),
    (lambda a: np.add(a, 1, out=np.zeros(3)).sum(), "a change in place"),
    (lambda a: float(a.sum()), "leaves the tape"),
    (lambda a: 1.0 if a.sum() else 0.0, "leaves the tape"),
    (lambda a: math.exp(a.sum()), "leaves the tape"),
    (lambda a: np.asarray(a).sum(), "leaves the tape"),
    (lambda a: np.sort(a).sum(), "got sort"),
    (lambda a: np.cumsum(a).sum(), "got cumsum"),
    (np.linalg.norm, "got norm"),
    (np.add.reduce, "got add.reduce"),
    (lambda a: np.arctan(a).sum(), "got arctan"),
    (lambda a: np.sum(a, dtype=float), "got sum with dtype"),
    (lambda a: np.exp(a, where=[True]).sum(), "got exp with where"),
    (
        lambda a: functions.cross_entropy(X[0], a).sum(),
        "got cross_entropy with a node as its arg",
    ),
    (lambda a: a, r"f\(params\): expected one number, got shape \(3,\)"),
    (lambda a: None, r"f\(params\): expected an array or a number, got NoneType"),
    (lambda a: [a, a], r"f\(params\): expected an array or a number, got list"),
    (lambda a: (a * 1j).sum(), "got one with complex numbers"),
    (lambda a: np.abs(1j * a).sum(), "got one with complex numbers"),
    (lambda a: (a * np.ma.array([1, 2, 3])).sum(), "got one with a MaskedArray"),
    (lambda a: (a * np.ones((3, 3)).view(Other)).sum(), "got one with a Other"),
]


@pytest.mark.parametrize(("f", "message"), REFUSED)
def test_what_has_no_rule_is_named(f, message):
    with pytest.raises(ValueError, match=message):
        grad(lambda p: f(p[0]))((np.array([0.0, 1, 0]),))


def test_bad_arguments_are_named():
    f = lambda p: p[0].sum()  # noqa: E731
    for params, message in [
        (normal(3), "params: expected a tuple, got ndarray"),
        ((np.array([1, np.nan]),), r"params\[0\]: expected finite numbers, got nan"),
        ((np.array([1j]),), r"params\[0\]: expected real numbers"),
        ((np.zeros(0),), r"params\[0\]: expected at least one number"),
    ]:
        with pytest.raises(ValueError, match=message):
            grad(f)(params)
    with pytest.raises(ValueError, match=r"dy: expected shape \(\), got \(2,\)"):
        vjp(f, (normal(3),))[1](np.ones(2))
    with pytest.raises(ValueError, match=r"tangents: expected shapes \[\(3,\)\]"):
        jvp(f, (normal(3),), (normal(2),))


# ---- Planted mistakes ----------------------------------------------------------------

SOURCE = inspect.getsource(autodiff)


def pieces():
    """Every rule, every function that rules need, and the way back."""
    for node in ast.parse(SOURCE).body:
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "RULES":
            yield from (
                ast.get_source_segment(SOURCE, each) for each in node.value.values
            )
    found = [
        autodiff._walk_back,
        autodiff._sum_to,
        autodiff._kept,
        autodiff._put,
        autodiff._join,
    ]
    found += [autodiff._mean, autodiff._larger, autodiff._of_matmul, autodiff._of_sum]
    yield from map(inspect.getsource, [*found, autodiff._of_max])


PIECES = sorted({*pieces()})
# The sign or the size of what is asked for nothing but its shape or its kind.
SHAPE = re.compile(
    r"\((-|2 \* )\w+\)\.(shape|size|ndim)|(shape|ndim|isinstance|_kept)\((-|2 \* )\w"
)
# How slips begin that change nothing that can be seen, and why.
UNSEEN = {
    "arrays = [a if -isinstance(a, Node)": "as true",
    "arrays = [a if 2 * isinstance(a, Node)": "as true",
    "if -isinstance(da, Node)": "as true",
    "if 2 * isinstance(da, Node)": "as true",
    "dy = found.pop(place) if 2 * inputs": "as true",
    "def to_b(dy: Value)": "made before the shape that it uses when it is called",
    "return np.where(a == b, 0.5, a > b); a, b =": "nodes compare as their values do",
    "return sum((_put(a, (slice(None),) * (axis % a.ndim) + (slice(end - a.shape[axis], "
    "end),), shape) for a, end in zip(arrays, ends, strict=False)))": "as long",
    "shape = list((-arrays[0]).shape)": "only the shape is asked for",
    "shape = list((2 * arrays[0]).shape)": "only the shape is asked for",
    "shape = list(arrays[1].shape)": "that of another, but along the axis",
    "shape = list(arrays[-1].shape)": "that of another, but along the axis",
    "axes = range(2 * a.ndim) if axis is None else np.atleast_1d(axis) % a.ndim": (
        "there are no more axes"
    ),
    "return tuple((1 if k in axes else -n for k, n in enumerate(a.shape)))": (
        "a negative size is whatever is left"
    ),
    "A = a if np.ndim(a) > 1 else np.reshape(a, (1, -2))": "as -1",
    "B = b if np.ndim(b) > 1 else np.reshape(b, (-2, 1))": "as -1",
    "whole = (*stack, -A.shape[-2], B.shape[-1])": "as -1",
    "whole = (*stack, A.shape[-2], -B.shape[-1])": "as -1",
    "stack = np.broadcast_shapes(a.shape[:-2], B.shape[:-2])": "a vector has none",
    "stack = np.broadcast_shapes(A.shape[:-2], b.shape[:-2])": "a vector has none",
    "whole = -np.zeros(shape)": "zeros",
    "whole = 2 * np.zeros(shape)": "zeros",
    "if 2 * np.shape(da) == shape:\n    return da": "a short way",
    "if np.shape(da) == 2 * shape:\n    return da": "a short way",
    "if np.shape(shape) == shape:\n    return da": "a short way",
    "axes = (*(more + k for k, n in enumerate(shape) if n == 1), *range(more))": (
        "the order of axes"
    ),
    "inputs = tape[place][-1]": "the last of two",
}


def differs(code, namespace, given):
    """Whether a gradient by the code is wrong, or none comes out of it."""
    try:
        with np.errstate(all="ignore"):
            exec(code, namespace)  # noqa: S102
            for loss, params, expected in given:
                found = namespace["grad"](loss)(params)
                for one, other in zip(found, expected, strict=True):
                    if np.shape(one) != np.shape(other):
                        return True
                    if not relative_error([one], [other]) < 1e-6:
                        return True
    except Exception:  # noqa: BLE001
        return True
    return False


def test_planted_mistakes_are_caught():
    losses = [(weighted(f, a), tuple(a)) for f, *a in CASES]
    given = [(f, a, numerical_gradient(f, a)) for f, a in losses]
    module = {"__name__": "chainrule.autodiff"}
    assert not differs(SOURCE, dict(module), given)
    # Both sides of a tie, and the second derivative of an array taken apart.
    tied = np.array([2.0, 1, 2])
    given.append((lambda p: p[0].max(), (tied,), (np.array([0.5, 0, 0.5]),)))
    halves = (np.array([0.5, 0, 0.5]), np.array([0.5, 1, 0.5]))
    two = tied, np.array([2.0, 3, 2])
    given.append((lambda p: np.maximum(*p).sum(), two, halves))
    cubes = lambda p: (p[0][[0, 2, 2]] ** 3 * [1, 2, 3]).sum()  # noqa: E731
    given.append((cubes, (tied,), (3 * tied**2 * [1, 0, 5],)))
    mixed = lambda p: np.concatenate([[1.0, 2.0], p[0]])  # noqa: E731
    two_of_it = lambda p: mixed(p)[1] * mixed(p)[2]  # noqa: E731
    given.append((two_of_it, (tied,), (np.array([2.0, 0, 0]),)))
    planted = [
        (code, each)
        for code in PIECES
        for each in mutants(code)
        if not SHAPE.search(each.after)
    ]
    if not THOROUGH:
        planted = random.Random(COMMIT).sample(planted, 40)  # noqa: S311
    missed, unseen = [], set()
    for code, each in planted:
        # The whole module each time, so that classes and tables belong together.
        whole = SOURCE.replace(code, each.code)
        assert whole != SOURCE
        if not differs(whole, dict(module), given):
            known = [start for start in UNSEEN if each.after.startswith(start)]
            unseen.update(known)
            missed += [] if known else [str(each)]
    assert not missed, f"{len(missed)} of {len(planted)}:\n" + "\n".join(missed)
    stale = UNSEEN.keys() - unseen if THOROUGH else ()
    assert not stale, f"seen by now, remove from the table: {stale}"
