"""How often ``gradcheck.check`` is right, counted over networks and samples of any scale.

The seeds change with every commit. So many values are needed that the objectives are
compiled here; each is compared with that of the library.
"""

import zlib
from collections import Counter

import numba
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


RELU, RBF, SIGMOID = range(3)


@numba.njit
def value(layers, hidden, softmax, X, T, lam):  # noqa: PLR0912
    """The mean cross-entropy of a network plus its penalty, sample by sample."""
    total, penalty = 0.0, 0.0
    for n in range(X.shape[0]):
        A = X[n]
        for l, (W, b) in enumerate(layers):
            Z = np.empty(W.shape[1])
            for k in range(W.shape[1]):
                z = b[k]
                for i in range(W.shape[0]):
                    z += A[i] * W[i, k]
                Z[k] = z
            A = Z
            if l < len(layers) - 1:
                A = np.empty(len(Z))
                for k, z in enumerate(Z):
                    if hidden == RELU:
                        A[k] = max(z, 0.0)
                    elif hidden == RBF:
                        A[k] = np.exp(-(z**2))
                    else:
                        A[k] = np.exp(min(z, 0.0)) / (1 + np.exp(-abs(z)))
        if softmax:
            largest = A.max()
            total += np.log(np.exp(A - largest).sum()) + largest - (T[n] * A).sum()
        else:
            for k, z in enumerate(A):
                total += max(z, 0.0) - T[n, k] * z + np.log1p(np.exp(-abs(z)))
    if lam:
        for W, _ in layers:
            penalty += (W**2).sum()
    return total / X.shape[0] + lam / 2 * penalty


def compiled(network, X, T, lam=0.0):
    """The objective of a network as a function of its parameters."""
    hidden = {rbf_net: RBF, sigmoid_net: SIGMOID}.get(network, RELU)
    softmax = network not in (rbf_net, logistic, mlp)
    X, T = (np.asarray(each, dtype=float).reshape(len(X), -1) for each in (X, T))

    def f(params):
        if network is rbf_net:
            w, b = params
            params = w, np.zeros(1), np.ones(1), b
        pairs = zip(params[::2], params[1::2], strict=True)
        layers = tuple([(W.reshape(-1, b.size), b.reshape(-1)) for W, b in pairs])
        return value(layers, hidden, softmax, X, T, lam)

    return f


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

        params = tuple(map(np.asarray, params))
        f = compiled(network, *batch)
        with np.errstate(all="ignore"):
            J, grads = (
                network.objective(params, *batch),
                network.backward(params, *batch),
            )
        if not all(map(np.all, map(np.isfinite, (J, f(params), *grads)))):
            assert exponents[1] > 100
            continue
        assert f(params) == pytest.approx(J, rel=1e-9, abs=1e-12)
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
    seen, others, slips = count(rng, (-300, 300), scaled=scaled, networks=120)
    assert seen["wrong"] == others["wrong"] == 0
    assert slips["ok"] == 0
    assert seen["ok"] > 0
