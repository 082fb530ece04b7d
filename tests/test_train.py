"""The fast loops compute what the readable functions do, step for step."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from chainrule import (
    _loops,
    data,
    gradcheck,
    mlp,
    rbf_net,
    relu_net,
    sigmoid_net,
    softmax_linear,
    train,
)
from chainrule.optim import gradient_step, minibatches, momentum_step
from press import book


@pytest.fixture(autouse=True, params=[True, False], ids=["loops", "arrays"])
def way(request, monkeypatch):
    """With the loops that numba compiles, where it is installed, and without."""
    if request.param and not _loops.HERE:
        pytest.skip("numba is not installed")
    monkeypatch.setattr(_loops, "HERE", request.param)
    return request.param


def job(units, output, seed):
    rng = np.random.default_rng(seed)
    X = 2 * rng.normal(size=(23, units[0]))
    T = rng.integers(0, 2, (23, units[-1]))
    if output == "softmax":
        T = np.eye(units[-1], dtype=int)[rng.integers(0, units[-1], 23)]
    return mlp.init(rng, units), X, T, rng


@pytest.mark.parametrize("B", [1, 4, 23])
@pytest.mark.parametrize("lam", [0.0, 0.01])
@pytest.mark.parametrize("output", ["sigmoid", "softmax"])
@pytest.mark.parametrize("units", [(2, 3), (2, 5, 3, 1), (1, 1, 1), (3, 8, 8, 8, 2)])
def test_a_hundred_steps_end_where_the_readable_ones_do(units, output, lam, B):
    params, X, T, rng = job(units, output, 0)
    batches = [batch for _ in range(100) for batch in minibatches(rng, 23, B)][:100]
    expected = params
    for batch in batches:
        grads = mlp.backward(expected, X[batch], T[batch], lam, output)
        expected = gradient_step(expected, grads, 0.05)
    found = train.mlp(params, X, T, batches, 0.05, lam=lam, output=output)
    assert gradcheck.relative_error(found, expected) < 1e-12


def test_a_table_is_a_batch_in_every_row():
    params, X, T, rng = job((2, 5, 3, 1), "sigmoid", 9)
    table = rng.integers(-23, 23, (50, 4))
    one_by_one = train.mlp(params, X, T, [*table], 0.1)
    at_once = train.mlp(params, X, T, table, 0.1)
    for one, other in zip(one_by_one, at_once, strict=True):
        np.testing.assert_array_equal(one, other)
    table[-1, -1] = 23
    with pytest.raises(IndexError, match="23"):
        train.mlp(params, X, T, table, 0.1)


def test_no_argument_is_changed():
    params, X, T, rng = job((2, 5, 3, 1), "sigmoid", 1)
    kept = [each.copy() for each in (*params, X, T)]
    found = train.mlp(params, X, T, minibatches(rng, 23, 4), 0.1)
    for before, now in zip(kept, (*params, X, T), strict=True):
        np.testing.assert_array_equal(before, now)
    for one, other in zip(params, found, strict=True):
        assert not np.shares_memory(one, other)


def test_no_batch_is_no_step():
    params, X, T, _ = job((2, 3, 1), "sigmoid", 2)
    for one, other in zip(params, train.mlp(params, X, T, [], 0.1), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(("output", "K"), [("sigmoid", 1), ("softmax", 2)])
def test_extreme_scores_raise_no_warning(output, K):
    X, T = np.array([[1e3], [-1e3]]), np.eye(2)[::-1, :K]
    params = np.array([[1.0, -1.0]])[:, :K], np.zeros(K)
    found = train.mlp(params, X, T, [[0, 1]], 1.0, output=output)
    expected = gradient_step(params, mlp.backward(params, X, T, 0.0, output), 1.0)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other)


def test_it_learns_the_division_sign():
    X, t = data.division_sign(np.random.default_rng(0))
    rng = np.random.default_rng(1)
    params = mlp.init(rng, (2, 5, 3, 1))
    for _ in range(30):
        batches = minibatches(rng, len(X), 10)
        params = train.mlp(params, X, t[:, None], batches, 0.05)
    _, A = mlp.forward(params, X)
    assert ((A[-1][:, 0] > 0.5) == t).mean() > 0.97


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"eta": 0.0}, "eta: expected one positive number, got 0.0"),
        ({"T": np.ones(23)}, "T: expected shape (N, K), got (23,)"),
        ({"params": ()}, "params: expected a tuple of pairs"),
        ({"lam": -1.0}, "lam: expected one number, at least 0"),
        ({"output": "relu"}, 'output: expected "sigmoid" or "softmax"'),
    ],
)
def test_bad_input(change, message):
    params, X, T, rng = job((2, 3, 1), "sigmoid", 3)
    given = {"params": params, "X": X, "T": T, "batches": minibatches(rng, 23, 4)}
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        train.mlp(**{**given, "eta": 0.1, **change})


def test_a_batch_of_no_sample():
    params, X, T, _ = job((2, 3, 1), "sigmoid", 4)
    with pytest.raises(IndexError, match="23"):
        train.mlp(params, X, T, [[0, 23]], 0.1)
    for empty in ([slice(0, 2), slice(5, 5)], np.empty((3, 0), int)):
        with pytest.raises(
            ValueError, match="^batch: expected a positive whole number"
        ):
            train.mlp(params, X, T, empty, 0.1)


@pytest.mark.parametrize("batches", [np.arange(5), np.zeros((2, 3))])
def test_what_is_no_table(batches):
    params, X, T, _ = job((2, 3, 1), "sigmoid", 4)
    with pytest.raises(ValueError, match="^batches: expected a table of whole numbers"):
        train.mlp(params, X, T, batches, 0.1)


@pytest.mark.parametrize("lam", [0.0, 0.01])
@pytest.mark.parametrize("units", [(2, 3), (2, 20, 3)])
def test_it_trains_the_networks_of_chapters_3_and_5(units, lam):
    params, X, T, _ = job(units, "softmax", 5)
    network = softmax_linear if len(units) == 2 else relu_net
    expected = params
    for _ in range(100):
        expected = gradient_step(expected, network.backward(expected, X, T, lam), 0.5)
    steps = [slice(None)] * 100
    found = train.mlp(params, X, T, steps, 0.5, lam=lam, output="softmax")
    assert gradcheck.relative_error(found, expected) < 1e-12


@pytest.mark.parametrize("output", ["sigmoid", "softmax"])
def test_many_networks_are_trained_as_one_by_one(output):
    jobs = [job((2, 5, 3, 2), output, seed) for seed in range(7)]
    batches = minibatches(np.random.default_rng(7), 23, 4)
    batches += [slice(n, n + 2) for n in range(0, 22, 2)] * 10
    pile = tuple(np.stack(each) for each in zip(*(p for p, *_ in jobs), strict=True))
    pile = tuple(p[:, None] if p.ndim == 2 else p for p in pile)
    X, T = (np.stack([each[i] for each in jobs]) for i in (1, 2))
    found = train.mlp(pile, X, T, batches, 0.05, lam=0.01, output=output)
    assert [each.shape for each in found] == [each.shape for each in pile]
    for s, (params, X_s, T_s, _) in enumerate(jobs):
        alone = train.mlp(params, X_s, T_s, batches, 0.05, lam=0.01, output=output)
        ours = tuple(p[s].reshape(a.shape) for p, a in zip(found, alone, strict=True))
        assert gradcheck.relative_error(ours, alone) < 1e-13


def test_many_networks_of_unlike_shapes():
    params, X, T, _ = job((2, 3, 1), "sigmoid", 6)
    pile = tuple(np.stack([p, p]) for p in params)  # biases (2, M), not (2, 1, M)
    with pytest.raises(ValueError, match=r"^b1: expected shape \(S, 1, M1\)"):
        train.mlp(pile, np.stack([X, X]), np.stack([T, T]), [slice(None)], 0.1)
    with pytest.raises(ValueError, match=r"^params: expected a tuple of pairs"):
        train.mlp((), np.stack([X, X]), np.stack([T, T]), [slice(None)], 0.1)


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("N", [1, 7, 20_000])
def test_momentum_ends_where_the_readable_steps_do(N, classes):
    rng = np.random.default_rng(7)
    X, T = (
        rng.normal(size=(N, 2)),
        np.eye(classes, dtype=int)[rng.integers(0, classes, N)],
    )
    params = sigmoid_net.init(rng, 2, 4, classes)
    velocity = tuple(0.1 * rng.normal(size=p.shape) for p in params)
    kept = [each.copy() for each in (*params, *velocity, X, T)]
    steps = 100 if N < 100 else 20
    found = train.sigmoid_net(params, velocity, X, T, steps, 0.5, 0.9)
    for before, now in zip(kept, (*params, *velocity, X, T), strict=True):
        np.testing.assert_array_equal(before, now)
    for _ in range(steps):
        grads = sigmoid_net.backward(params, X, T)
        params, velocity = momentum_step(params, grads, velocity, 0.5, 0.9)
    assert gradcheck.relative_error(found[0], params) < 1e-12
    assert gradcheck.relative_error(found[1], velocity) < 1e-10


def test_the_radial_unit_ends_where_the_readable_steps_do():
    x, t = data.three_clusters(np.random.RandomState(4))
    params = (2.3, 1.4)
    for _ in range(100):
        params = gradient_step(params, rbf_net.backward(params, x, t), 2.0)
    found = train.rbf_net((2.3, 1.4), x, t, 100, 2.0)
    assert gradcheck.relative_error(found, params) < 1e-12


def test_single_precision_stays_single():
    x, t = data.three_clusters(np.random.RandomState(4))
    params, X, T, _ = job((2, 3, 2), "softmax", 8)
    small = tuple(p.astype("f4") for p in params)
    still = tuple(0 * p for p in small)
    found = (
        train.rbf_net((2.3, 1.4), x.astype("f4"), t, 20, 2.0),
        train.mlp(params, X.astype("f4"), T, [[0, 1]], 0.1, output="softmax"),
        *train.sigmoid_net(small, still, X.astype("f4"), T, 5, 0.1, 0.5),
    )
    for each in found:
        assert {np.asarray(p).dtype for p in each} == {np.dtype("f4")}
    np.testing.assert_allclose(found[0], (1.123099, -0.442489), atol=1e-5)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda p, X, T: train.rbf_net((1, 1), X[:, 0], T[:, 0], 0, 1.0), "steps: "),
        (lambda p, X, T: train.rbf_net((1, 1), X[:, 0], T[:, 0], 1, -1.0), "eta: "),
        (lambda p, X, T: train.rbf_net((1, 1), X, T, 1, 1.0), "x: expected shape"),
        (lambda p, X, T: train.sigmoid_net(p, p[:3], X, T, 1, 1.0, 0.5), "velocity: "),
        (lambda p, X, T: train.sigmoid_net(p, p, X, T, 1.5, 1.0, 0.5), "steps: "),
        (lambda p, X, T: train.sigmoid_net(p, p, X, T, 1, 1.0, 1.0), "mu: "),
        (lambda p, X, T: train.sigmoid_net(p, p, X, 2 * T, 1, 1.0, 0.5), "T: "),
    ],
)
def test_bad_input_of_the_other_loops(call, message):
    params, X, T, _ = job((2, 3, 2), "softmax", 9)
    with pytest.raises(ValueError, match=f"^{message}"):
        call(params, X, T)


@pytest.mark.parametrize(("eta", "step"), [(1e200, 2), (1.7e308, 1)])
@pytest.mark.parametrize("as_table", [False, True])
def test_what_diverges_is_said(eta, step, as_table):
    params, X, T, _ = job((2, 5, 3, 1), "sigmoid", 0)
    batches = np.tile(np.arange(23), (300, 1)) if as_table else [slice(None)] * 300
    with pytest.raises(ValueError) as error:  # noqa: PT011
        train.mlp(params, 50 * X, T, batches, eta)
    assert str(error.value) == (
        f"eta: expected a step size at which training converges, got {eta}: after step "
        f"{step} a parameter is no longer finite; take a smaller one"
    )


def test_what_diverges_late_is_said_at_its_step():
    """Each step multiplies the weights by 1 − ηλ = −9; the readable steps say where."""
    params, X, T, _ = job((2, 5, 2), "softmax", 0)
    expected, done = params, 0
    with np.errstate(over="ignore", invalid="ignore"):
        while all(np.isfinite(each).all() for each in expected):
            grads = mlp.backward(expected, X, T, 1.0, "softmax")
            expected = tuple(p - 10 * dp for p, dp in zip(expected, grads, strict=True))
            done += 1
    assert done > 100
    for batches in ([slice(None)] * 3000, iter([slice(None)] * 3000)):
        with pytest.raises(ValueError, match=f"^eta: .* after step {done} a parameter"):
            train.mlp(params, X, T, batches, 10.0, lam=1.0, output="softmax")
    train.mlp(params, X, T, [slice(None)] * (done - 1), 10.0, lam=1.0, output="softmax")


def test_what_diverges_in_the_other_loops():
    params, X, T, _ = job((2, 3, 2), "softmax", 9)
    for dtype in ("f4", "f8"):
        eta = 1.7e308 if dtype == "f8" else 1e200
        with pytest.raises(ValueError, match="^eta: expected a step size at which"):
            train.sigmoid_net(params, params, X.astype(dtype), T, 3000, eta, 0.5)
    x, t = X[:, 0].astype("f4"), T[:, 0]
    with pytest.raises(ValueError, match="^eta: .* after step 1 a parameter"):
        train.rbf_net((1.0, 1.0), x, t, 300, 1e200)


@pytest.mark.parametrize("z", [1e200, 1e308])
def test_nothing_times_infinity_is_nothing(z):
    found = train.rbf_net((z, 1.0), [1.0, -1.0], [1, 0], 2, 0.5)
    assert found[0] == z
    params = np.array([[z, -z]]), np.zeros(2)
    found = train.mlp(params, [[1.0]], [[1, 0]], [[0]], 0.5, output="softmax")
    np.testing.assert_array_equal(found[0], params[0])


TRAINED = """
import numpy as np
from chainrule import train
found = train.rbf_net((1.0, 0.5), np.array([0.5, 1.0]), [1, 0], 5, 0.5)
print(train.__file__)
print([float(each) for each in found])
"""


@pytest.mark.parametrize("cache", ["none", "zip", "emptied", "damaged", "a directory"])
def test_no_cache_is_needed(cache, tmp_path, way):
    if not way:
        pytest.skip("only the loops have one")
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
