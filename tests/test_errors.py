"""Every promised ValueError: it names the argument, what was expected, what came."""

import re

import numpy as np
import pytest

from chainrule import (
    data,
    functions,
    gradcheck,
    logistic,
    mlp,
    optim,
    rbf_net,
    relu_net,
    sigmoid_net,
    softmax_linear,
)

X, T = np.array([0.5, -1.0, 2.0]), np.array([1, 0, 0])

BAD_BATCHES = [
    (X[:, None], T, "x: expected shape (N,), got (3, 1)"),
    (X, T[:, None], "t: expected shape (N,), got (3, 1)"),
    (X, T[:2], "t: expected shape (N,) with N = 3 from x, got (2,)"),
    (0.5, 1, "x: expected shape (N,), got ()"),
    (X[:0], T[:0], "x: expected at least one number, got shape (0,)"),
    ([0.5, np.nan, 1], T, "x: expected finite numbers, got nan"),
    ([0.5, -np.inf, 1], T, "x: expected finite numbers, got -inf"),
    (["a", "b", "c"], T, "x: expected numbers, got <U1 values"),
    ([[1], [2, 3]], T, "x: expected numbers in rows of one length"),
    ([None, 1, 2], T, "x: expected numbers, got object values"),
    (X, [1, 0, 2], "t: expected every value in {0, 1}, got 2"),
    (X, [1, 0, 0.5], "t: expected every value in {0, 1}, got 0.5"),
    (X, [1, 0, -1], "t: expected every value in {0, 1}, got -1"),
]


@pytest.mark.parametrize(("x", "t", "message"), BAD_BATCHES)
@pytest.mark.parametrize("function", [rbf_net.objective, rbf_net.backward])
def test_bad_batches(function, x, t, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        function((1.0, 0.5), x, t)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ((1.0,), "params: expected a tuple of 2 (w, b), got 1"),
        ((1.0, 2.0, 3.0), "params: expected a tuple of 2 (w, b), got 3"),
        ([1.0, 2.0], "params: expected a tuple of 2 (w, b), got list"),
        ((np.ones(1), 2.0), "w: expected shape (), got (1,)"),
        ((1.0, np.ones((1, 1))), "b: expected shape (), got (1, 1)"),
        ((1.0, np.nan), "b: expected finite numbers, got nan"),
        (("1", 2.0), "w: expected numbers, got <U1 values"),
    ],
)
def test_bad_parameters(params, message):
    for call in (
        lambda: rbf_net.forward(params, X),
        lambda: rbf_net.objective(params, X, T),
        lambda: rbf_net.backward(params, X, T),
    ):
        with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
            call()


@pytest.mark.parametrize(
    "function",
    [
        functions.sigmoid,
        functions.sigmoid_derivative,
        functions.rbf,
        functions.rbf_derivative,
        functions.relu,
        functions.relu_derivative,
        lambda z: functions.binary_cross_entropy(z, np.zeros(np.shape(z))),
    ],
)
@pytest.mark.parametrize(
    ("z", "message"),
    [
        ([np.nan], "z: expected finite numbers, got nan"),
        ([], "z: expected at least one number, got shape (0,)"),
        (["x"], "z: expected numbers, got <U1 values"),
    ],
)
def test_bad_arguments_of_functions(function, z, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        function(z)


def test_cross_entropy_refuses_what_would_broadcast():
    with pytest.raises(ValueError, match=r"^t: expected the shape of z, \(3,\), got"):
        functions.binary_cross_entropy(X, T[:, None])


def test_cross_entropy_refuses_other_targets():
    with pytest.raises(
        ValueError, match=r"^t: expected every value in \{0, 1\}, got 3"
    ):
        functions.binary_cross_entropy(X, [0, 1, 3])


@pytest.mark.parametrize("eta", [0, -1.0, np.nan, np.inf, [0.1], "fast"])
def test_bad_step_sizes(eta):
    with pytest.raises(ValueError, match="^eta: expected"):
        optim.gradient_step((1.0,), (1.0,), eta)


@pytest.mark.parametrize(
    ("params", "grads", "message"),
    [
        ((1.0,), (1.0, 2.0), "grads: expected 1 arrays as in params, got 2"),
        ([1.0], (1.0,), "params: expected a tuple, got list"),
        ((1.0,), 1.0, "grads: expected a tuple, got float"),
        ((X,), (X[:2],), "grads[0]: expected shape (3,), got (2,)"),
        ((X,), (X[:, None],), "grads[0]: expected shape (3,), got (3, 1)"),
        ((1.0, X), (1.0, X * np.nan), "grads[1]: expected finite numbers, got nan"),
    ],
)
def test_mismatched_gradients(params, grads, message):
    for call in (
        lambda: optim.gradient_step(params, grads, 0.1),
        lambda: gradcheck.check(lambda _: 0.0, params, grads),
    ):
        with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
            call()


def test_gradcheck_refuses_bad_arguments():
    with pytest.raises(ValueError, match="^params: expected a tuple, got ndarray"):
        gradcheck.numerical_gradient(lambda p: 0.0, X)
    with pytest.raises(ValueError, match="^params: expected a tuple, got ndarray"):
        gradcheck.complex_step_gradient(lambda p: 0.0, X)
    with pytest.raises(ValueError, match="^names: expected 1, got 2"):
        gradcheck.check(lambda p: p[0].sum(), (X,), (X,), names=("a", "b"))
    with pytest.raises(ValueError, match="^names: expected different ones, got a, a"):
        gradcheck.check(lambda p: p[0].sum(), (X, X), (X, X), names=("a", "a"))
    for entries in (0, -1, 2.5, "all"):
        with pytest.raises(ValueError, match="^entries: expected a positive whole"):
            gradcheck.check(lambda p: p[0].sum(), (X,), (X,), entries=entries)
    for call in (
        lambda f: gradcheck.numerical_gradient(f, ()),
        lambda f: gradcheck.complex_step_gradient(f, ()),
        lambda f: gradcheck.check(f, (), ()),
    ):
        with pytest.raises(ValueError, match="^params: expected at least one array"):
            call(lambda p: 0.0)
    with pytest.raises(ValueError, match=r"^b\[0\]: expected shape \(3,\), got \(2,\)"):
        gradcheck.relative_error(X, X[:2])
    for eps in (0, -1e-5, np.nan):
        for call in (
            lambda eps=eps: gradcheck.numerical_gradient(lambda p: 0.0, (X,), eps),
            lambda eps=eps: gradcheck.complex_step_gradient(lambda p: 0.0, (X,), eps),
            lambda eps=eps: gradcheck.check(lambda p: 0.0, (X,), (X,), tolerance=eps),
        ):
            with pytest.raises(ValueError, match="^(eps|tolerance): expected"):
                call()


XS = np.array([[0.5, 1.0], [-1.0, 2.0], [2.0, 0.0]])
TS = np.array([[1, 0, 0], [0, 0, 1], [0, 1, 0]])


@pytest.mark.parametrize(
    ("params", "X", "t", "message"),
    [
        ((np.ones(2), 0.0), XS, T[:, None], "t: expected shape (N,), got (3, 1)"),
        (
            (np.ones(3), 0.0),
            XS,
            T,
            "X: expected shape (N, D) with D = 3 from w, got (3, 2)",
        ),
        ((np.ones(2), 0.0), XS[0], T, "X: expected shape (N, D), got (2,)"),
        ((np.ones((2, 1)), 0.0), XS, T, "w: expected shape (D,), got (2, 1)"),
        ((np.ones(2), np.zeros(1)), XS, T, "b: expected shape (), got (1,)"),
        ((np.ones(2), 0.0), XS, T + 1, "t: expected every value in {0, 1}, got 2"),
        ((np.ones(2),), XS, T, "params: expected a tuple of 2 (w, b), got 1"),
    ],
)
def test_logistic_refuses(params, X, t, message):
    for function in (logistic.objective, logistic.backward):
        with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
            function(params, X, t)


WB = np.ones((2, 3)), np.zeros(3)


@pytest.mark.parametrize(
    ("params", "X", "targets", "lam", "message"),
    [
        (WB, XS, T, 0.0, "T: expected shape (N, K), got (3,)"),
        (
            WB,
            XS,
            TS[:, :2],
            0.0,
            "T: expected shape (N, K) with K = 3 from W, got (3, 2)",
        ),
        (WB, XS, TS[:2], 0.0, "T: expected shape (N, K) with N = 3 from X, got (2, 3)"),
        (WB, XS, 2 * TS, 0.0, "T: expected every value in {0, 1}, got 2"),
        (
            WB,
            XS,
            np.ones((3, 3)),
            0.0,
            "T: expected one-hot rows, got a row that adds up to 3",
        ),
        (
            WB,
            XS,
            0 * TS,
            0.0,
            "T: expected one-hot rows, got a row that adds up to 0",
        ),
        (WB, XS, TS, -0.1, "lam: expected one number, at least 0, got -0.1"),
        (WB, XS, TS, np.nan, "lam: expected finite numbers, got nan"),
        (
            (np.ones((2, 3)), np.zeros(2)),
            XS,
            TS,
            0.0,
            "b: expected shape (K,) with K = 3 from W, got (2,)",
        ),
    ],
)
def test_softmax_linear_refuses(params, X, targets, lam, message):
    for function in (softmax_linear.objective, softmax_linear.backward):
        with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
            function(params, X, targets, lam)


@pytest.mark.parametrize("size", [0, -1, 2.0, "3", None])
def test_bad_sizes(size):
    rng = np.random.default_rng(0)
    for call in (
        lambda: logistic.init(rng, size),
        lambda: softmax_linear.init(rng, 2, size),
        lambda: softmax_linear.init(rng, size, 2),
        lambda: data.spirals(rng, N=size),
        lambda: data.spirals(rng, K=size),
        lambda: data.circles(rng, N=size),
        lambda: functions.one_hot([0], size),
    ):
        with pytest.raises(
            ValueError, match=r"^[DKN]: expected a positive whole number"
        ):
            call()


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 3], "labels: expected whole numbers from 0 to 2, got 3"),
        ([-1, 0], "labels: expected whole numbers from 0 to 2, got -1"),
        ([0.5], "labels: expected whole numbers from 0 to 2, got 0.5"),
        ([], "labels: expected at least one number, got shape (0,)"),
        (["a"], "labels: expected numbers, got <U1 values"),
    ],
)
def test_bad_labels(labels, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        functions.one_hot(labels, 3)


def test_bad_scores():
    for function in (functions.softmax, functions.log_softmax):
        with pytest.raises(
            ValueError, match=r"^Z: expected shape \(\.\.\., K\), got \(\)"
        ):
            function(3.0)
        with pytest.raises(ValueError, match="^Z: expected finite numbers, got inf"):
            function([np.inf, 0.0])
    with pytest.raises(ValueError, match=r"^T: expected the shape of Z, \(2, 3\), got"):
        functions.cross_entropy(np.ones((2, 3)), np.array([0, 1]))
    with pytest.raises(ValueError, match="^T: expected one-hot rows"):
        functions.cross_entropy(np.ones((1, 3)), np.array([[1, 1, 0]]))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda rng: data.circles(rng, 7), "N: expected an even number, got 7"),
        (
            lambda rng: data.circles(rng, factor=1.0),
            "factor: expected one number in [0, 1), got 1.0",
        ),
        (
            lambda rng: data.circles(rng, noise=0.0),
            "noise: expected one positive number, got 0.0",
        ),
        (
            lambda _: optim.momentum_step((X,), (X,), (X,), 0.1, 1.0),
            "mu: expected one number in [0, 1), got 1.0",
        ),
        (
            lambda _: optim.momentum_step((X,), (X,), (X[:2],), 0.1, 0.5),
            "velocity[0]: expected shape (3,), got (2,)",
        ),
        (
            lambda _: optim.momentum_step((X,), (X,), (), 0.1, 0.5),
            "velocity: expected 1 arrays as in params, got 0",
        ),
    ],
)
def test_circles_and_momentum_refuse(call, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        call(np.random.default_rng(0))


LAYERS = np.ones((2, 4)), np.zeros(4), np.ones((4, 3)), np.zeros(3)


@pytest.mark.parametrize(
    ("params", "X", "targets", "lam", "message"),
    [
        (
            LAYERS[:3],
            XS,
            TS,
            0.0,
            "params: expected a tuple of 4 (W1, b1, W2, b2), got 3",
        ),
        (
            (LAYERS[0], np.zeros(3), *LAYERS[2:]),
            XS,
            TS,
            0.0,
            "b1: expected shape (M,) with M = 4 from W1, got (3,)",
        ),
        (
            (*LAYERS[:2], LAYERS[2].T, LAYERS[3]),
            XS,
            TS,
            0.0,
            "W2: expected shape (M, K) with M = 4 from W1, got (3, 4)",
        ),
        (LAYERS, XS, T, 0.0, "T: expected shape (N, K), got (3,)"),
        (LAYERS, XS, TS, -1, "lam: expected one number, at least 0, got -1"),
    ],
)
@pytest.mark.parametrize("network", [relu_net, sigmoid_net])
def test_two_layers_refuse(network, params, X, targets, lam, message):
    for function in (network.objective, network.backward):
        with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
            function(params, X, targets, lam)


@pytest.mark.parametrize(
    ("params", "X", "targets", "output", "message"),
    [
        (
            LAYERS[:3],
            XS,
            TS,
            "softmax",
            "params: expected a tuple of pairs (W1, b1, …, WL, bL), got 3",
        ),
        (
            (),
            XS,
            TS,
            "softmax",
            "params: expected a tuple of pairs (W1, b1, …, WL, bL)",
        ),
        (
            list(LAYERS),
            XS,
            TS,
            "softmax",
            "params: expected a tuple of pairs (W1, b1, …, WL, bL), got list",
        ),
        (
            (LAYERS[0], np.zeros(3), *LAYERS[2:]),
            XS,
            TS,
            "sigmoid",
            "b1: expected shape (M1,) with M1 = 4 from W1, got (3,)",
        ),
        (
            (*LAYERS[:2], LAYERS[2].T, LAYERS[3]),
            XS,
            TS,
            "sigmoid",
            "W2: expected shape (M1, K) with M1 = 4 from W1, got (3, 4)",
        ),
        (
            LAYERS,
            XS[:, :1],
            TS,
            "sigmoid",
            "X: expected shape (N, D) with D = 2 from W1",
        ),
        (LAYERS, XS, T, "sigmoid", "T: expected shape (N, K), got (3,)"),
        (LAYERS, XS, 2 * TS, "sigmoid", "T: expected every value in {0, 1}, got 2"),
        (
            LAYERS,
            XS,
            1 - TS,
            "softmax",
            "T: expected one-hot rows, got a row that adds",
        ),
        (
            LAYERS,
            XS,
            TS,
            "tanh",
            'output: expected "sigmoid" or "softmax" or "linear", got \'tanh\'',
        ),
        (
            LAYERS,
            XS,
            TS,
            None,
            'output: expected "sigmoid" or "softmax" or "linear", got None',
        ),
    ],
)
def test_mlp_refuses(params, X, targets, output, message):
    for call in (
        lambda: mlp.objective(params, X, targets, 0.0, output),
        lambda: mlp.backward(params, X, targets, 0.0, output),
    ):
        with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
            call()
    if "T:" not in message:
        with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
            mlp.forward(params, X, output)


def test_mlp_refuses_a_negative_penalty():
    for function in (mlp.objective, mlp.backward):
        with pytest.raises(ValueError, match="^lam: expected one number, at least 0"):
            function(LAYERS, XS, TS, -0.1)


@pytest.mark.parametrize(
    ("units", "message"),
    [
        ((2,), "units: expected a sequence of at least 2 sizes, got (2,)"),
        (3, "units: expected a sequence of at least 2 sizes, got 3"),
        ("23", "units: expected a sequence of at least 2 sizes, got '23'"),
        ((2, 0, 1), "units[1]: expected a positive whole number, got 0"),
        ((2, 3, 1.0), "units[2]: expected a positive whole number, got 1.0"),
    ],
)
def test_mlp_refuses_bad_sizes(units, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        mlp.init(np.random.default_rng(0), units)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda rng: data.division_sign(rng, 6), "N: expected a multiple of 4, got 6"),
        (lambda rng: data.division_sign(rng, 0), "N: expected a positive whole number"),
        (lambda rng: optim.minibatches(rng, 0, 1), "N: expected a positive whole"),
        (lambda rng: optim.minibatches(rng, 5, 0), "B: expected a positive whole"),
        (lambda rng: optim.minibatches(rng, 5, 2.5), "B: expected a positive whole"),
    ],
)
def test_division_sign_and_minibatches_refuse(call, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        call(np.random.default_rng(0))
