"""How often ``gradcheck.check`` is right, counted over networks and samples of any scale.

The seeds change with every commit.
"""

import zlib
from collections import Counter

import numpy as np
import pytest
from thorough import COMMIT, THOROUGH

from chainrule import (
    logistic,
    mlp,
    rbf_net,
    relu_net,
    sigmoid_net,
    softmax_linear,
)
from chainrule.functions import one_hot
from chainrule.gradcheck import check

NETWORKS = [logistic, softmax_linear, rbf_net, relu_net, sigmoid_net, mlp]
SIZES = {logistic: (2,), softmax_linear: (2, 3), rbf_net: (), mlp: ((2, 3, 2, 1),)}
COUNT = 10_000 if THOROUGH else 240
# Of parameters that can be seen; in few networks there is more chance.
UNDECIDED = 0.01 if THOROUGH else 0.03


def drawn(network, rng, scale):
    """Parameters, and samples of a scale with their targets."""
    start = network.init(rng, *SIZES.get(network, (2, 3, 2)))
    params = tuple(p + rng.standard_normal(np.shape(p)) for p in start)
    N = int(rng.integers(3, 9))
    if network is rbf_net:
        return params, (scale * rng.standard_normal(N), rng.integers(0, 2, N))
    X = scale * rng.standard_normal((N, 2))
    if network is logistic:
        return params, (X, rng.integers(0, 2, N))
    K = len(params[-1])
    labels = rng.integers(0, max(K, 2), N)
    T = labels[:, None] if network is mlp else one_hot(labels, K)
    return params, (X, T, float(rng.choice([0.0, 0.1])))


def slipped(grad, rng):
    """A gradient with one of the usual mistakes."""
    wrong = np.array(grad)
    match rng.integers(6):
        case 0:
            wrong = -wrong
        case 1:
            wrong = wrong / 2
        case 2:
            wrong = 5 * wrong
        case 3:
            wrong = 1.01 * wrong
        case 4:
            wrong.flat[rng.integers(wrong.size)] *= -1
        case 5:
            wrong = wrong[..., ::-1] if wrong.ndim else 2 * wrong
    return wrong


def count(rng, exponents, *, scaled, networks):
    """The verdicts on parameters that can be seen, on others, and on slips."""
    seen, others, slips = Counter(), Counter(), Counter()
    for number in range(networks):
        network = NETWORKS[number % len(NETWORKS)]
        scale = 10.0 ** rng.uniform(*exponents)
        params, batch = drawn(network, rng, scale)
        if scaled:
            params = (params[0] / scale, *params[1:])

        def f(params, network=network, batch=batch):
            return network.objective(params, *batch)

        try:
            J, grads = f(params), network.backward(params, *batch)
        except ValueError:
            assert exponents[1] > 100  # the scores overflow
            continue
        found = check(f, params, grads, raises=False).values()
        for verdict, param, grad in zip(found, params, grads, strict=True):
            effect = np.abs(grad).max() * np.abs(param).max()
            (seen if effect > 1e-8 * max(1, abs(J)) else others)[verdict] += 1
        k = int(rng.integers(len(params)))
        wrong = slipped(grads[k], rng)
        if np.abs(wrong - grads[k]).max() > 1e-4 * np.abs(grads[k]).max():
            report = check(
                lambda p, f=f, params=params, k=k: f(
                    (*params[:k], *p, *params[k + 1 :])
                ),
                (params[k],),
                (wrong,),
                raises=False,
            )
            slips.update(report.values())
    return seen, others, slips


@pytest.mark.parametrize("scaled", [False, True])
def test_right_and_wrong_gradients_are_told_apart(scaled):
    rng = np.random.default_rng([zlib.crc32(COMMIT.encode()), scaled])
    seen, others, slips = count(rng, (-3, 6), scaled=scaled, networks=COUNT)
    assert seen["wrong"] == others["wrong"] == 0
    assert seen["zero"] == 0
    assert seen["undecided"] <= UNDECIDED * seen.total()
    assert slips["ok"] == 0
    assert slips["wrong"] > 0.8 * slips.total()


@pytest.mark.parametrize("scaled", [False, True])
def test_no_scale_makes_wrong_right(scaled):
    rng = np.random.default_rng([zlib.crc32(COMMIT.encode()), 2 + scaled])
    seen, others, slips = count(rng, (-300, 300), scaled=scaled, networks=COUNT // 4)
    assert seen["wrong"] == others["wrong"] == 0
    assert slips["ok"] == 0
    assert seen["ok"] > 0
