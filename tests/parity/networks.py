"""Every network: objective and gradients as the framework finds them, at random sizes."""

from itertools import pairwise

import numpy as np
import pytest
from comparison import NAME, all_same, framework, same, size, source

from chainrule import (
    autodiff,
    logistic,
    mlp,
    rbf_net,
    relu_net,
    sigmoid_net,
    softmax_linear,
)
from chainrule.functions import one_hot

CASES = range(14)
MODULES = {
    "logistic": logistic,
    "softmax_linear": softmax_linear,
    "rbf_net": rbf_net,
    "relu_net": relu_net,
    "sigmoid_net": sigmoid_net,
    "mlp, sigmoid": mlp,
    "mlp, softmax": mlp,
    "mlp, linear": mlp,
}
HIDDEN = {"relu_net", "sigmoid_net"}
ONE_OUTPUT = {"mlp, sigmoid", "mlp, linear"}
each_case = pytest.mark.parametrize("case", CASES)
each_network = pytest.mark.parametrize("name", MODULES)


def layers(rng, units):
    """Weights within ±2/√(units before), biases within ±1: no score is so sure that its
    gradient is lost in rounding.
    """
    params = ()
    for before, after in pairwise(units):
        bound = 2 / np.sqrt(before)
        W = rng.uniform(-bound, bound, (before, after))
        params = *params, W, rng.uniform(-1, 1, after)
    return params


def drawn(name, case):
    """Parameters and batch; every size is the least in the first case, in the next the most."""
    rng = source(name, case)

    def some(least=1, most=12):
        return (least, most)[case] if case < 2 else size(rng, least, most)

    N = some(most=40)
    if name == "rbf_net":
        params = tuple(rng.normal(size=2))
        return params, (rng.normal(size=N), rng.integers(0, 2, N) * 1.0)
    D = some()
    X = rng.normal(size=(N, D))
    if name == "logistic":
        w, b = layers(rng, (D, 1))
        return (w[:, 0], b[0]), (X, rng.integers(0, 2, N) * 1.0)
    K = some(1 if name in ONE_OUTPUT else 2, 10)
    count = {"softmax_linear": 0, **dict.fromkeys(HIDDEN, 1)}.get(name)
    if count is None:
        count = some(0, 4)
    params = layers(rng, (D, *(some() for _ in range(count)), K))
    T = one_hot(rng.integers(0, K, N), K)
    if name == "mlp, sigmoid":
        T = rng.integers(0, 2, (N, K)) * 1.0
    elif name == "mlp, linear":
        T = rng.normal(size=(N, K))
    lam = float(rng.uniform(0, 0.5)) * (case % 2)
    output = (name.removeprefix("mlp, "),) if "mlp" in name else ()
    return params, (X, T, lam, *output)


def compared(name, params, batch, of):
    module = MODULES[name]
    J, grads = framework.objective_and_gradients(name.split(",")[0], params, batch)
    same(module.objective(params, *batch), J, f"{of}, J")
    all_same(module.backward(params, *batch), grads, f"{of}, gradients")

    def objective(params):
        return module.objective(params, *batch)

    all_same(autodiff.grad(objective)(params), grads, f"{of}, gradients by autodiff")


@each_network
@each_case
def test_objective_and_gradients(name, case):
    params, batch = drawn(name, case)
    compared(name, params, batch, f"{name}, case {case}")


def test_sizes_and_penalties_of_every_kind_are_drawn():
    """Among the cases are the least sizes, larger ones, and λ = 0 and > 0."""
    for name in MODULES:
        batches = [drawn(name, case)[1] for case in CASES]
        samples = {len(each[0]) for each in batches}
        assert min(samples) == 1 < max(samples), name
        if name in {"rbf_net", "logistic"}:
            continue
        classes = {each[1].shape[1] for each in batches}
        assert min(classes) == (1 if name in ONE_OUTPUT else 2), name
        assert max(classes) > 2, name
        assert {each[2] > 0 for each in batches} == {False, True}, name
    depths = {len(drawn("mlp, softmax", case)[0]) // 2 for case in CASES}
    assert len(depths) > 1


@pytest.mark.parametrize("name", ["relu_net", "mlp, sigmoid", "mlp, softmax"])
def test_at_the_corner_of_relu_the_slope_is_0(name):
    """With samples of zeros and no biases every pre-activation is 0."""
    rng = source(name)
    W1, _, W2, b2 = layers(rng, (3, 5, 2))
    params = W1, np.zeros(5), W2, b2
    options = (0.0, name.removeprefix("mlp, ")) if "mlp" in name else (0.0,)
    batch = (np.zeros((4, 3)), one_hot(rng.integers(0, 2, 4), 2), *options)
    compared(name, params, batch, f"{name} at the corner")
    assert not MODULES[name].backward(params, *batch)[1].any()


@pytest.mark.skipif(NAME != "torch", reason="PyTorch's loss")
def test_the_binary_loss_of_pytorch_is_a_mean_over_outputs_too():
    """With K outputs ``binary_cross_entropy_with_logits`` is 1/K of the book's mean."""
    rng = source("outputs")
    params, X = layers(rng, (3, 4)), rng.normal(size=(7, 3))
    T = rng.integers(0, 2, (7, 4)) * 1.0
    W, b = map(framework.array, params)
    Z = framework.array(X) @ W + b
    theirs = framework.F.binary_cross_entropy_with_logits(Z, framework.array(T))
    same(mlp.objective(params, X, T) / 4, theirs, "the mean over outputs")
