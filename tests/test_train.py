"""The compiled loops compute what the readable functions do, step for step."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from browsing import REQUIRED

from chainrule import (
    data,
    gradcheck,
    logistic,
    mlp,
    rbf_net,
    relu_net,
    sigmoid_net,
    softmax_linear,
    train,
)
from chainrule.optim import minibatches, momentum_step
from chainrule.train import gradient_descent
from press import book


@pytest.fixture(params=["numba", "numpy"])
def engine(request):
    """The compiled loops, where numba is installed, and the readable step."""
    if request.param == "numba" and not train.HERE:
        pytest.skip("numba is not installed")
    return request.param


def job(units, output, seed, N=23):
    rng = np.random.default_rng(seed)
    X = 2 * rng.normal(size=(N, units[0]))
    T = rng.integers(0, 2, (N, units[-1]))
    if output == "softmax":
        T = np.eye(units[-1], dtype=int)[rng.integers(0, units[-1], N)]
    elif output == "linear":
        T = rng.normal(size=T.shape)
    start = mlp.init(rng, units)
    return tuple(p + 0.1 * rng.normal(size=p.shape) for p in start), X, T, rng


def readable(network, params, X, T, batches, eta, *rest, mu=0.0, velocity=None):
    velocity = velocity or tuple(0 * p for p in params)
    for batch in batches:
        grads = network.backward(params, X[batch], T[batch], *rest)
        params, velocity = momentum_step(params, grads, velocity, eta, mu)
    return params, velocity


CACHES = ["none", "damaged", "zip", "emptied", "a directory"][: None if REQUIRED else 2]
# Every size, output, penalty, momentum and batch; not all of them together. Each is
# compiled, which takes a second: outside of CI some have to do.
LAYERS = [
    ((2, 5, 3, 1), "sigmoid", 0.0, 0.0, 1),
    ((2, 5, 3, 1), "sigmoid", 0.01, 0.9, 1),
    ((3, 8, 8, 8, 2), "softmax", 0.0, 0.5, 7),
    ((1, 6, 2), "linear", 0.01, 0.5, 9),
    ((5, 4, 3), "sigmoid", 0.01, 0.9, 23),
    ((2, 3), "sigmoid", 0.0, 0.0, 1),
    ((2, 5, 1), "linear", 0.0, 0.0, 4),
    ((2, 5, 3, 1), "softmax", 0.01, 0.0, 1),
    ((1, 1, 1), "sigmoid", 0.01, 0.5, 4),
    ((4, 9, 5), "softmax", 0.01, 0.0, 23),
][: None if REQUIRED else 4]


@pytest.mark.parametrize(("units", "output", "lam", "mu", "B"), LAYERS)
def test_a_hundred_steps_end_where_the_readable_ones_do(
    units, output, lam, mu, B, engine
):
    params, X, T, rng = job(units, output, 0)
    batches = [batch for _ in range(100) for batch in minibatches(rng, 23, B)][:100]
    velocity = tuple(0.1 * rng.normal(size=p.shape) for p in params) if mu else None
    expected, moved = readable(
        mlp, params, X, T, batches, 0.05, lam, output, mu=mu, velocity=velocity
    )
    found = gradient_descent(
        mlp,
        params,
        X,
        T,
        batches,
        0.05,
        lam=lam,
        mu=mu,
        velocity=velocity,
        output=output,
        engine=engine,
    )
    assert found.engine == engine
    assert gradcheck.relative_error(found.params, expected) < 1e-12
    if mu:
        assert gradcheck.relative_error(found.velocity, moved) < 1e-10
    else:
        assert all((u == 0).all() for u in found.velocity)
    shapes = [p.shape for p in params]
    assert [p.shape for p in found.params] == shapes
    assert [u.shape for u in found.velocity] == shapes


NETWORKS = [
    (logistic, (2,), 0.0, 0.0, 23),
    (logistic, (2,), 0.0, 0.9, 1),
    (softmax_linear, (3, 2), 0.01, 0.0, 23),
    (rbf_net, (), 0.0, 0.0, 23),
    (rbf_net, (), 0.0, 0.9, 40),
    (relu_net, (2, 21, 3), 0.01, 0.0, 300),
    (sigmoid_net, (2, 3, 2), 0.0, 0.9, 1100),
    (sigmoid_net, (2, 4, 3), 0.01, 0.5, 1),
    (mlp, (2, 3, 1), 0.01, 0.0, 513),
]


@pytest.mark.parametrize(("network", "shape", "lam", "mu", "N"), NETWORKS)
def test_every_network_is_trained_on_all_samples(network, shape, lam, mu, N, engine):
    rng = np.random.default_rng(N)
    start = network.init(rng, shape) if network is mlp else network.init(rng, *shape)
    params = tuple(p + 0.3 * rng.normal(size=np.shape(p)) for p in start)
    X = rng.normal(size=N if network is rbf_net else (N, shape[0] if shape else 1))
    T = rng.integers(0, 2, N)
    if network is mlp:
        T = T[:, None]
    elif network not in (logistic, rbf_net):
        T = np.eye(shape[-1])[rng.integers(0, shape[-1], N)]
    rest = () if network in (logistic, rbf_net) else (lam,)
    steps = 100 if N < 500 else 10
    expected, moved = readable(
        network, params, X, T, [slice(None)] * steps, 0.5, *rest, mu=mu
    )
    kept = [np.copy(each) for each in (*params, X, T)]
    found = gradient_descent(
        network, params, X, T, steps, 0.5, lam=lam, mu=mu, engine=engine
    )
    for before, now in zip(kept, (*params, X, T), strict=True):
        np.testing.assert_array_equal(before, now)
    assert found.engine == engine
    assert gradcheck.relative_error(found.params, expected) < 1e-12
    if mu:
        assert gradcheck.relative_error(found.velocity, moved) < 1e-10
    assert [np.shape(p) for p in found.params] == [np.shape(p) for p in params]


def test_batches_of_the_radial_unit_are_readable_steps():
    x, t = data.three_clusters(np.random.RandomState(4))
    batches = minibatches(np.random.default_rng(0), 40, 7)
    expected, _ = readable(rbf_net, (2.3, 1.4), x, t, batches, 2.0)
    found = gradient_descent(rbf_net, (2.3, 1.4), x, t, batches, 2.0)
    assert found.engine == "numpy"
    assert gradcheck.relative_error(found.params, expected) < 1e-13


@pytest.mark.parametrize("B", [1, 4])
def test_a_table_is_a_batch_in_every_row(B, engine):
    params, X, T, rng = job((2, 5, 3, 1), "sigmoid", 9)
    table = rng.integers(-23, 23, (50, B))
    one_by_one = gradient_descent(mlp, params, X, T, [*table], 0.1, engine=engine)
    at_once = gradient_descent(mlp, params, X, T, table, 0.1, engine=engine)
    slices = [slice(n, n + B) for n in range(23 - B)]
    as_slices = gradient_descent(mlp, params, X, T, iter(slices), 0.1, engine=engine)
    expected, _ = readable(mlp, params, X, T, slices, 0.1)
    assert gradcheck.relative_error(as_slices.params, expected) < 1e-13
    for one, other in zip(one_by_one.params, at_once.params, strict=True):
        np.testing.assert_array_equal(one, other)
    table[-1, -1] = 23
    with pytest.raises(IndexError, match="23"):
        gradient_descent(mlp, params, X, T, table, 0.1, engine=engine)


def test_batches_of_several_sizes_beyond_a_block(engine):
    params, X, T, rng = job((2, 3, 1), "sigmoid", 4, N=1500)
    batches = [*minibatches(rng, 1500, 700), slice(0, 1), slice(3, 40)]
    expected, _ = readable(mlp, params, X, T, batches, 0.5)
    found = gradient_descent(mlp, params, X, T, batches, 0.5, engine=engine)
    assert gradcheck.relative_error(found.params, expected) < 1e-12


def test_results_are_new_arrays(engine):
    params, X, T, rng = job((2, 5, 3, 1), "sigmoid", 1)
    kept = [each.copy() for each in (*params, X, T)]
    batches = minibatches(rng, 23, 4)
    found = gradient_descent(mlp, params, X, T, batches, 0.1, engine=engine)
    for before, now in zip(kept, (*params, X, T), strict=True):
        np.testing.assert_array_equal(before, now)
    for one, other in zip(params, found.params, strict=True):
        assert not np.shares_memory(one, other)


def test_no_batch_is_no_step(engine):
    params, X, T, _ = job((2, 3, 1), "sigmoid", 2)
    found = gradient_descent(mlp, params, X, T, [], 0.1, engine=engine)
    for one, other in zip(params, found.params, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("scale", [50.0, 1e3])
@pytest.mark.parametrize(("output", "K"), [("sigmoid", 1), ("softmax", 2)])
def test_extreme_scores_raise_no_warning(output, K, scale, engine):
    X, T = np.array([[scale], [-scale], [0.5]]), np.eye(2)[[1, 0, 1], :K]
    params = np.array([[1.0, -1.0]])[:, :K], np.zeros(K)
    for steps in (3, [[0]], [[1], [2]]):
        batches = [slice(None)] * 3 if steps == 3 else steps
        found = gradient_descent(
            mlp, params, X, T, steps, 1.0, output=output, engine=engine
        )
        expected, _ = readable(mlp, params, X, T, batches, 1.0, 0.0, output)
        assert gradcheck.relative_error(found.params, expected) < 1e-14


def test_it_learns_the_division_sign():
    X, t = data.division_sign(np.random.default_rng(0))
    rng = np.random.default_rng(1)
    params = mlp.init(rng, (2, 5, 3, 1))
    for _ in range(30):
        batches = minibatches(rng, len(X), 10)
        params, *_ = gradient_descent(mlp, params, X, t[:, None], batches, 0.05)
    _, A = mlp.forward(params, X)
    assert ((A[-1][:, 0] > 0.5) == t).mean() > 0.97


def test_single_precision_stays_single(engine):
    x, t = data.three_clusters(np.random.RandomState(4))
    found = gradient_descent(
        rbf_net, (2.3, 1.4), x.astype("f4"), t, 20, 2.0, engine=engine
    )
    np.testing.assert_allclose(found.params, (1.123099, -0.442489), atol=1e-5)
    assert {np.asarray(p).dtype for p in found.params} == {np.dtype("f4")}
    for units, output, _, mu, B in LAYERS[1:4]:
        params, X, T, rng = job(units, output, 8)
        batches = minibatches(rng, 23, B)
        given = {"mu": mu, "output": output, "engine": engine}
        small = gradient_descent(mlp, params, X.astype("f4"), T, batches, 0.1, **given)
        large = gradient_descent(mlp, params, X, T, batches, 0.1, **given)
        for one, other in zip(small.params, large.params, strict=True):
            assert one.dtype == "f4"
            np.testing.assert_allclose(one, other, atol=1e-4)


# ---- Inputs ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"network": train}, "network: expected a module such as relu_net, got"),
        ({"eta": 0.0}, "eta: expected one positive number, got 0.0"),
        ({"mu": 1.0}, "mu: expected one number in [0, 1), got 1.0"),
        ({"T": np.ones(23)}, "T: expected shape (N, K), got (23,)"),
        ({"params": ()}, "params: expected a tuple of pairs"),
        ({"lam": -1.0}, "lam: expected one number, at least 0"),
        ({"output": "relu"}, 'output: expected "sigmoid" or "softmax"'),
        ({"T": np.ones((23, 1)) + 3j, "output": "linear"}, "T: expected real numbers"),
        (
            {"steps": [5]},
            "steps: expected the samples of each step as a slice or an arr",
        ),
        ({"engine": "jax"}, 'engine: expected "auto" or "numba" or "numpy", got'),
        ({"velocity": (1.0,)}, "velocity: expected 4 arrays as in params, got 1"),
        ({"steps": 0}, "steps: expected a positive whole number, got 0"),
        ({"steps": 1.5}, "steps: expected a positive whole number, got 1.5"),
        ({"steps": np.arange(5)}, "steps: expected a table of whole numbers"),
        ({"steps": np.zeros((2, 3))}, "steps: expected a table of whole numbers"),
        ({"steps": [slice(5, 5)]}, "batch: expected a positive whole number"),
        ({"steps": np.empty((3, 0), int)}, "batch: expected a positive whole number"),
    ],
)
def test_bad_input(change, message):
    params, X, T, rng = job((2, 3, 1), "sigmoid", 3)
    given = {
        "network": mlp,
        "params": params,
        "X": X,
        "T": T,
        "steps": minibatches(rng, 23, 4),
        "eta": 0.1,
    }
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        gradient_descent(**{**given, **change})


@pytest.mark.parametrize("network", [logistic, rbf_net])
def test_a_penalty_where_there_is_none(network):
    X = np.ones((2, 1)) if network is logistic else np.ones(2)
    params = (np.ones(1), 0.0) if network is logistic else (1.0, 0.0)
    with pytest.raises(ValueError, match="^lam: expected 0, as this network has no"):
        gradient_descent(network, params, X, [0, 1], 1, 0.1, lam=0.1)


def test_numba_is_asked_for_where_it_is_not(monkeypatch):
    monkeypatch.setattr(train, "HERE", False)
    params, X, T, _ = job((2, 3, 1), "sigmoid", 3)
    assert gradient_descent(mlp, params, X, T, 1, 0.1).engine == "numpy"
    message = r'^engine: expected .* got "numba"; pip install "chainrule\[fast\]"'
    with pytest.raises(ValueError, match=message):
        gradient_descent(mlp, params, X, T, 1, 0.1, engine="numba")


def test_a_batch_of_no_sample():
    params, X, T, _ = job((2, 3, 1), "sigmoid", 4)
    with pytest.raises(IndexError, match="23"):
        gradient_descent(mlp, params, X, T, [[0, 23]], 0.1)


# ---- What diverges -----------------------------------------------------------------


@pytest.mark.parametrize(("eta", "step"), [(1e200, 2), (1.7e308, 1)])
@pytest.mark.parametrize("as_table", [False, True])
def test_what_diverges_is_said(eta, step, as_table, engine):
    params, X, T, _ = job((2, 5, 3, 1), "sigmoid", 0)
    steps = np.tile(np.arange(23), (300, 1)) if as_table else 300
    with pytest.raises(ValueError) as error:  # noqa: PT011
        gradient_descent(mlp, params, 50 * X, T, steps, eta, engine=engine)
    assert str(error.value) == (
        f"eta: expected a step size at which training converges, got {eta}: after step "
        f"{step} a parameter is no longer finite; take a smaller one"
    )


def test_what_diverges_late_is_said_at_its_step(engine):
    """Each step multiplies the weights by 1 − ηλ = −9; the readable steps say where."""
    params, X, T, _ = job((2, 5, 2), "softmax", 0)
    expected, done = params, 0
    with np.errstate(over="ignore", invalid="ignore"):
        while all(np.isfinite(each).all() for each in expected):
            grads = mlp.backward(expected, X, T, 1.0, "softmax")
            expected = tuple(p - 10 * dp for p, dp in zip(expected, grads, strict=True))
            done += 1
    assert done > 100
    given = {"lam": 1.0, "output": "softmax", "engine": engine}
    for steps in (3000, [slice(None)] * 3000):
        with pytest.raises(ValueError, match=f"^eta: .* after step {done} a parameter"):
            gradient_descent(mlp, params, X, T, steps, 10.0, **given)
    gradient_descent(mlp, params, X, T, done - 1, 10.0, **given)


def test_what_diverges_in_other_networks(engine):
    params, X, T, _ = job((2, 3, 2), "softmax", 9)
    for dtype in ("f4", "f8"):
        given = {"lam": 1.0, "mu": 0.5, "engine": engine}
        with pytest.raises(ValueError, match="^eta: expected a step size at which"):
            gradient_descent(
                sigmoid_net, params, X.astype(dtype), T, 3000, 10.0, **given
            )
    x, t = X[:, 0].astype("f4"), T[:, 0]
    with pytest.raises(ValueError, match="^eta: .* after step 1 a parameter"):
        gradient_descent(rbf_net, (1.0, 1.0), x, t, 300, 1e200, engine=engine)


@pytest.mark.parametrize("z", [1e200, 1e308])
def test_nothing_times_infinity_is_nothing(z, engine):
    found = gradient_descent(
        rbf_net, (z, 1.0), [1.0, -1.0], [1, 0], 2, 0.5, engine=engine
    )
    assert found.params[0] == z
    params = np.array([[z, -z]]), np.zeros(2)
    found = gradient_descent(
        mlp, params, [[1.0]], [[1, 0]], [[0]], 0.5, output="softmax", engine=engine
    )
    np.testing.assert_array_equal(found.params[0], params[0])


TRAINED = """
import numpy as np
from chainrule import rbf_net, train
found = train.gradient_descent(
    rbf_net, (1.0, 0.5), np.array([0.5, 1.0]), [1, 0], 5, 0.5, engine="numba"
)
print(train.__file__)
print([float(each) for each in found.params])
"""


@pytest.mark.skipif(not train.HERE, reason="numba is not installed")
@pytest.mark.parametrize("cache", CACHES)
def test_no_cache_is_needed(cache, tmp_path):
    home = tmp_path / "home"
    home.touch()
    package = tmp_path / "lib" / "chainrule"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(book.SOURCE, package, ignore=ignored)
    place = package.parent
    if cache == "none":
        (package / "__pycache__").touch()
    elif cache == "zip":
        place = Path(shutil.make_archive(str(tmp_path / "lib"), "zip", place))
    environment = {
        **{k: v for k, v in os.environ.items() if k != "NUMBA_CACHE_DIR"},
        "PYTHONPATH": str(place),
        "HOME": str(home),
        "XDG_CACHE_HOME": str(home),
    }

    def trained():
        return subprocess.run(  # noqa: S603
            [sys.executable, "-c", TRAINED],
            capture_output=True,
            text=True,
            check=True,
            env=environment,
            cwd=tmp_path,
        ).stdout.splitlines()

    file, first = trained()
    assert file.startswith(str(place))
    files = [*package.glob("__pycache__/*.nb[ic]")]
    assert bool(files) is (cache not in {"none", "zip"})
    for each in files:
        match cache:
            case "emptied":
                each.write_bytes(b"")
            case "damaged":
                each.write_bytes(b"no pickle")
            case _:
                each.unlink()
                each.mkdir()
    assert trained()[1] == first


BEYOND = """
import numpy as np
from chainrule import mlp, train
rng = np.random.default_rng(0)
for units in [(2, 9, 9), (1, 17, 2)]:
    X, T = rng.normal(size=(5, units[0])), np.ones((5, units[-1]))
    for batches in (3, [[0], [1]], [[0, 1], [2, 3, 4]]):
        train.gradient_descent(mlp, mlp.init(rng, units), X, T, batches, 0.1, mu=0.5)
"""


@pytest.mark.skipif(not (train.HERE and REQUIRED), reason="takes long; CI does")
def test_no_loop_reaches_beyond_its_arrays(tmp_path):
    environment = {**os.environ, "NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": tmp_path}
    subprocess.run([sys.executable, "-c", BEYOND], check=True, env=environment)  # noqa: S603


def test_only_an_mlp_is_told_its_output(engine):
    params, X, T, _ = job((2, 3, 2), "softmax", 4)
    for output in (None, "softmax"):
        found = gradient_descent(
            relu_net, params, X, T, 2, 0.1, output=output, engine=engine
        )
        assert found.engine == engine
    for output in ("linear", "sigmoid", "nonsense"):
        with pytest.raises(ValueError, match=r'^output: expected "softmax", as this'):
            gradient_descent(relu_net, params, X, T, 2, 0.1, output=output)
