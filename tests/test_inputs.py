"""What comes in: any type of number, order of memory and source, and nothing else."""

import inspect
import tracemalloc
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule import (
    _inputs,
    data,
    functions,
    logistic,
    mlp,
    optim,
    rbf_net,
    relu_net,
    sigmoid_net,
    softmax_linear,
)
from chainrule.train import gradient_descent as descend

# The same examples every time: what fails for one reader fails for all.
many = settings(deadline=None, max_examples=60, derandomize=True, database=None)
SMALL = st.integers(1, 4)
INTEGERS = [*np.typecodes["AllInteger"], "?", ">i4", ">u2"]
ELEMENTWISE = [
    functions.sigmoid,
    functions.sigmoid_derivative,
    functions.rbf,
    functions.rbf_derivative,
    functions.relu,
    functions.relu_derivative,
    functions.softmax,
    functions.log_softmax,
]
NETWORKS = [logistic, rbf_net, softmax_linear, relu_net, sigmoid_net, mlp]


class Series:
    """As of a package for tables: an array, with operations of its own."""

    def __init__(self, array):
        self.array = np.asarray(array)

    def __array__(self, dtype=None, copy=None):
        return np.array(self.array, dtype, copy=copy)

    def __mul__(self, other):
        raise AssertionError

    __rmul__ = __sub__ = __rsub__ = __mul__


def same(found, expected):
    """Whether both are the same numbers in double precision, array by array."""
    if isinstance(expected, tuple | list):
        return len(found) == len(expected) and all(map(same, found, expected))
    if expected is None:
        return found is None
    one, two = np.asarray(found), np.asarray(expected)
    # Sums in another order differ by rounding, which large scores enlarge.
    return (one.dtype.newbyteorder("="), one.shape) == (
        two.dtype,
        two.shape,
    ) and np.allclose(one, two, rtol=1e-8, atol=1e-10)


@st.composite
def layouts(draw, array):
    """The same numbers: of a type that holds them, in another place of memory."""
    array = np.asarray(array)
    types = [each for each in INTEGERS if (array.astype(each) == array).all()]
    array = array.astype(draw(st.sampled_from(["d", ">f8", *types])))
    wide = np.zeros([2 * n for n in array.shape], array.dtype)
    places = (..., *[slice(None, None, 2)] * array.ndim)
    wide[places] = array
    kept = array.copy()
    kept.flags.writeable = False
    ways = [array.copy("F"), np.flip(np.flip(array).copy()), wide[places], kept]
    return draw(st.sampled_from([array, *ways, array.tolist(), Series(array)]))


@st.composite
def whole(draw, *shape):
    numbers = st.integers(-5, 5) | st.sampled_from([0, 1, 100])
    count = int(np.prod(shape))
    values = draw(st.lists(numbers, min_size=count, max_size=count))
    if draw(st.booleans()):
        values = [value + 0.25 for value in values]
    return np.array(values, float).reshape(shape)


@many
@given(st.data(), st.sampled_from(ELEMENTWISE), st.lists(SMALL, min_size=1, max_size=3))
def test_functions_compute_the_same_of_the_same_numbers(given, function, shape):
    z = given.draw(whole(*shape))
    assert same(function(given.draw(layouts(z))), function(z))


@many
@given(st.data(), SMALL, SMALL)
def test_losses_are_the_same_of_the_same_numbers(given, N, K):
    Z, labels = given.draw(whole(N, K)), given.draw(whole(N)) % K // 1
    T = functions.one_hot(labels, K)
    assert same(
        functions.one_hot(given.draw(layouts(labels)), K), np.eye(K)[labels.astype(int)]
    )
    for loss in (functions.cross_entropy, functions.binary_cross_entropy):
        assert same(loss(given.draw(layouts(Z)), given.draw(layouts(T))), loss(Z, T))


def drawn_batch(given, network):
    """Parameters, inputs, targets and the rest, in double precision."""
    N, D, M, K = (given.draw(SMALL) for _ in range(4))
    shapes = {
        logistic: [(D,), ()],
        rbf_net: [(), ()],
        softmax_linear: [(D, K), (K,)],
        mlp: [(D, M), (M,), (M, M), (M,), (M, K), (K,)],
    }.get(network, [(D, M), (M,), (M, K), (K,)])
    params = tuple(given.draw(whole(*shape)) for shape in shapes)
    if network in (logistic, rbf_net):
        X = given.draw(whole(N, D) if network is logistic else whole(N))
        return params, X, np.arange(N) % 2 * 1.0
    T = functions.one_hot(np.arange(N) % K, K)
    rest = ("softmax",) if network is mlp else ()
    return (
        params,
        given.draw(whole(N, D)),
        T,
        given.draw(st.sampled_from([0, 2])),
        *rest,
    )


@many
@given(st.data(), st.sampled_from(NETWORKS))
def test_networks_compute_the_same_of_the_same_numbers(given, network):
    params, X, T, *rest = drawn_batch(given, network)
    drawn = tuple(given.draw(layouts(each)) for each in params)
    batch = given.draw(layouts(X)), given.draw(layouts(T))
    if rest:
        lam = given.draw(st.sampled_from([int, float, np.uint8, np.int64, np.array]))
        batch += (lam(rest[0]), *rest[1:])
    forward = rest[1:] if network is mlp else ()
    assert same(
        network.forward(drawn, batch[0], *forward), network.forward(params, X, *forward)
    )
    assert same(
        network.objective(drawn, *batch), network.objective(params, X, T, *rest)
    )
    assert same(network.backward(drawn, *batch), network.backward(params, X, T, *rest))


@many
@given(st.data(), st.lists(st.lists(SMALL, max_size=2), min_size=1, max_size=3))
def test_steps_are_the_same_of_the_same_numbers(given, shapes):
    params, grads, velocity = (
        tuple(given.draw(whole(*shape)) for shape in shapes) for _ in range(3)
    )
    drawn = [
        tuple(given.draw(layouts(each)) for each in some)
        for some in (params, grads, velocity)
    ]
    assert same(
        optim.gradient_step(*drawn[:2], np.uint8(3)),
        optim.gradient_step(params, grads, 3.0),
    )
    assert same(
        optim.momentum_step(*drawn, np.array(2), np.float32(0.5)),
        optim.momentum_step(params, grads, velocity, 2.0, 0.5),
    )


def test_small_integers_are_not_computed_in_half_precision():
    assert functions.sigmoid(np.array([1], np.uint8)) == functions.sigmoid(1.0)
    assert functions.sigmoid(True) == functions.sigmoid(1.0)  # noqa: FBT003
    found = functions.rbf_derivative(np.array([200], np.int16))
    assert (found.dtype, found[0]) == (float, 0)


@pytest.mark.parametrize("dtype", ["e", "f", "g"])
def test_other_precisions_are_kept(dtype):
    z = np.array([[-2, 0.5, 3]], dtype)
    for function in ELEMENTWISE[:5] + ELEMENTWISE[6:]:
        assert function(z).dtype == dtype
        np.testing.assert_allclose(function(z), function(z.astype(float)), 2e-3)


EXTREMES = [1e155, 1e200, 1e308, np.finfo(float).max]


@many
@given(
    st.lists(
        st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from(EXTREMES),
        min_size=1,
        max_size=4,
    ),
    st.sampled_from(ELEMENTWISE),
    st.sampled_from(["d", "f", "e", "D"]),
)
def test_every_finite_number_is_taken_without_a_warning(values, function, dtype):
    limit = np.finfo(dtype).max
    z = np.clip(values, -limit.astype(float), limit.astype(float)).astype(dtype)
    assert np.isfinite(function(z)).all()
    T = functions.one_hot(0, len(z))
    assert np.isfinite(functions.cross_entropy(z, T))
    assert np.isfinite(functions.binary_cross_entropy(z, T)).all()


@pytest.mark.parametrize("top", EXTREMES)
def test_nothing_times_infinity_is_nothing(top):
    assert functions.cross_entropy([[top, -top]], [[1, 0]]) == 0
    assert functions.cross_entropy([[-top, top]], [[1, 0]]) >= top
    assert functions.softmax([top, -top]).tolist() == [1, 0]
    assert functions.rbf([top, -top]).tolist() == [0, 0]
    assert functions.rbf_derivative([top, -top]).tolist() == [0, 0]
    assert rbf_net.backward((top, 1.0), [1.0], [1])[0] == 0


@pytest.mark.parametrize("network", [softmax_linear, relu_net, sigmoid_net, mlp])
def test_no_penalty_is_none_however_large_the_weights(network):
    W, b = np.array([[1e200, -1e200]]), np.zeros(2)
    params = (W, b) if network is softmax_linear else (W, b, W.T @ [[0, 0]], b)
    if network is mlp:
        params = (W, b)
    J = network.objective(
        params, [[0.0]], [[1, 0]], 0.0, *["softmax"] * (network is mlp)
    )
    assert abs(J - np.log(2)) < 1e-15


COMPLEX = np.array([1 + 1j])


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("eta", lambda z: optim.gradient_step((1.0,), (1.0,), z[0])),
        ("eta", lambda z: optim.momentum_step((1.0,), (1.0,), (1.0,), z[0], 0.5)),
        ("mu", lambda z: optim.momentum_step((1.0,), (1.0,), (1.0,), 1.0, z[0])),
        ("params[0]", lambda z: optim.gradient_step((z,), ([1.0],), 1.0)),
        ("grads[0]", lambda z: optim.gradient_step(([1.0],), (z,), 1.0)),
        ("velocity[0]", lambda z: optim.momentum_step(([1],), ([1],), (z,), 1.0, 0.5)),
        ("lam", lambda z: softmax_linear.backward((z[None], z), [[1]], [[1]], z[0])),
        ("T", lambda z: softmax_linear.objective((z[None], z), [[1]], [z])),
        ("t", lambda z: logistic.backward((z, 0.0), [[1]], z)),
        ("t", lambda z: functions.binary_cross_entropy(z, z)),
        ("T", lambda z: functions.cross_entropy(z, z)),
        ("labels", lambda z: functions.one_hot(z, 3)),
        ("factor", lambda z: data.circles(np.random, 4, z[0])),
        ("noise", lambda z: data.circles(np.random, 4, 0.5, z[0])),
        ("params[0]", lambda z: descend(rbf_net, (z[0], 1.0), [1.0], [1], 1, 1.0)),
        ("X", lambda z: descend(rbf_net, (1.0, 1.0), z, [1], 1, 1.0)),
        ("X", lambda z: descend(mlp, ([[1]], [1]), [z], [[1]], [[0]], 1.0)),
    ],
)
def test_complex_where_numbers_are_real(name, call):
    with pytest.raises(ValueError) as error:  # noqa: PT011
        call(COMPLEX)
    assert str(error.value).startswith(f"{name}: expected real numbers, got complex128")


def test_complex_where_the_complex_step_needs_it():
    z = COMPLEX[None]
    assert np.iscomplexobj(softmax_linear.backward((z, z[0]), z, [[1]])[0])
    assert all(np.iscomplexobj(function(z)) for function in ELEMENTWISE[:5])
    members = _inputs.members("p", (z,))
    assert np.iscomplexobj(members[0])
    with pytest.raises(ValueError, match=r"^p\[0\]: expected real numbers"):
        _inputs.members("p", (z,), real=True)


MASKED = np.ma.array([1.0, 0.0], mask=[False, True])


@pytest.mark.parametrize(
    "call",
    [
        *(lambda z, f=f: f(z) for f in ELEMENTWISE),
        lambda z: functions.cross_entropy([1.0, 2.0], z),
        lambda z: functions.one_hot(z, 2),
        lambda z: functions.sigmoid([0.0, z[1]]),
        lambda z: functions.sigmoid((z, z)),
        lambda z: functions.sigmoid(np.ma.array([1.0, 0.0])),
        lambda z: logistic.backward((z, 0.0), [[1, 2]], [1]),
        lambda z: logistic.backward(([1, 2], 0.0), z[None], [1]),
        lambda z: softmax_linear.objective(([[1]], [1]), [[1]], [[1]], z[1]),
        lambda z: optim.gradient_step((z,), ([1, 2],), 1.0),
        lambda z: optim.gradient_step(([1, 2],), (z,), 1.0),
        lambda z: optim.gradient_step(([1, 2],), ([1, 2],), z[1]),
        lambda z: descend(rbf_net, (1.0, 1.0), z, [1, 0], 1, 1.0),
    ],
)
def test_masked_arrays(call):
    with pytest.raises(
        ValueError, match="^[a-zA-Z0-9[]+]?: expected numbers without a mask"
    ):
        call(MASKED)


NO_SIZES = [0, -1, 2.0, "3", None, True, np.True_, np.array([3]), 1j, Fraction(3)]


@pytest.mark.parametrize("size", NO_SIZES, ids=repr)
def test_what_is_no_size(size):
    for call in (
        lambda: _inputs.sizes(n=size),
        lambda: functions.one_hot([0], size),
        lambda: relu_net.init(np.random, 2, size, 2),
        lambda: mlp.init(np.random, (2, size)),
        lambda: optim.minibatches(np.random, 4, size),
        lambda: data.division_sign(np.random, size),
        lambda: descend(rbf_net, (1.0, 1.0), [1.0], [1], size, 1.0),
    ):
        with pytest.raises(
            ValueError, match=": expected a (positive|table of) whole number"
        ):
            call()


@pytest.mark.parametrize("kind", [*map(np.dtype, np.typecodes["AllInteger"]), np.array])
def test_sizes_of_every_type_of_integer(kind):
    four = kind.type(4) if isinstance(kind, np.dtype) else kind(4)
    assert [type(size) for size in _inputs.sizes(n=four)] == [int]
    rng = np.random.default_rng
    assert same(data.spirals(rng(0), four, four), data.spirals(rng(0), 4, 4))
    assert same(data.circles(rng(0), four), data.circles(rng(0), 4))
    assert same(data.division_sign(rng(0), four), data.division_sign(rng(0), 4))
    assert same(optim.minibatches(rng(0), 9, four), optim.minibatches(rng(0), 9, 4))
    assert same(functions.one_hot([0, 3], four), np.eye(4)[[0, 3]])
    for network in (relu_net, sigmoid_net):
        assert same(
            network.init(rng(0), four, four, four), network.init(rng(0), 4, 4, 4)
        )
    assert same(mlp.init(rng(0), [four, four]), mlp.init(rng(0), [4, 4]))
    ends = [descend(rbf_net, (1.0, 1.0), [1.0], [1], n, 1.0) for n in (four, 4)]
    assert same(*(end.params for end in ends))


DRAWS = [
    data.three_clusters,
    data.spirals,
    data.circles,
    data.division_sign,
    lambda rng: logistic.init(rng, 2),
    rbf_net.init,
    lambda rng: softmax_linear.init(rng, 2, 2),
    lambda rng: relu_net.init(rng, 2, 2, 2),
    lambda rng: sigmoid_net.init(rng, 2, 2, 2),
    lambda rng: mlp.init(rng, (2, 2)),
    lambda rng: optim.minibatches(rng, 4, 2),
]


@pytest.mark.parametrize("draw", DRAWS)
def test_a_source_is_what_can_draw(draw):
    for rng in (np.random.default_rng(0), np.random.RandomState(0), np.random):
        draw(rng)
    for rng in (0, None, "seed", np.random.RandomState, np.random.PCG64(0)):
        with pytest.raises(ValueError) as error:  # noqa: PT011
            draw(rng)
        assert str(error.value) == (
            "rng: expected a source of random numbers such as "
            f"np.random.default_rng(0), got {rng!r}"
        )


def test_one_hot_takes_the_memory_of_its_result():
    tracemalloc.start()
    try:
        assert functions.one_hot([0, 1], 10_000).shape == (2, 10_000)
        assert tracemalloc.get_traced_memory()[1] < 3 * 2 * 10_000 * 8
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("network", NETWORKS)
def test_every_input_is_checked_once(network, monkeypatch):
    """However many functions a network calls, each of which checks what it is given."""
    names = []
    number = _inputs.number

    def noted(name, value, **rest):
        names.append(name)
        return number(name, value, **rest)

    for module in (_inputs, functions):
        monkeypatch.setattr(module, "number", noted)
    rng = np.random.default_rng(0)
    sizes = len(inspect.signature(network.init).parameters) - 1
    params = network.init(rng, *([(2, 2)] if network is mlp else [2] * sizes))
    X = rng.normal(size=2 if network is rbf_net else (2, 2))
    T = [0, 1] if network in (logistic, rbf_net) else np.eye(2)
    for function in (network.objective, network.backward):
        names.clear()
        function(params, X, T)
        lam = not isinstance(T, list)
        assert len(names) == len(set(names)) == len(params) + 2 + lam


def test_after_an_error_inputs_are_checked_again():
    for _ in range(2):
        with pytest.raises(ValueError, match="^z: expected finite numbers"):
            functions.sigmoid(np.nan)
    with pytest.raises(TypeError):
        functions.sigmoid.__wrapped__("one")
    with pytest.raises(ValueError, match="^z: expected numbers"):
        functions.sigmoid("one")
