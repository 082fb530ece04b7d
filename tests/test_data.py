"""The data sets: same seed, same data; shapes; the published values."""

from hashlib import sha256
from importlib.resources import files

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule import data


def test_three_clusters_are_the_published_samples():
    x, t = data.three_clusters(np.random.RandomState(4))
    assert x[:3].round(8).tolist() == [0.02528085, 0.24997567, -0.49795447]
    assert (x.shape, t.shape) == ((40,), (40,))
    assert t.tolist() == [1] * 20 + [0] * 20


def test_same_seed_same_data():
    for make in (np.random.RandomState, np.random.default_rng):
        x, t = data.three_clusters(make(7))
        x_again, t_again = data.three_clusters(make(7))
        x_other, _ = data.three_clusters(make(8))
        np.testing.assert_array_equal(x, x_again)
        np.testing.assert_array_equal(t, t_again)
        assert not np.array_equal(x, x_other)
        for one, other in zip(
            data.spirals(make(7)), data.spirals(make(7)), strict=True
        ):
            np.testing.assert_array_equal(one, other)


def test_three_clusters_lie_where_they_should():
    draws = [data.three_clusters(np.random.default_rng(seed)) for seed in range(500)]
    x = np.stack([x for x, _ in draws])
    for part, mean in ((slice(20), 0), (slice(20, 30), -2), (slice(30, 40), 2)):
        assert abs(x[:, part].mean() - mean) < 0.03
        assert abs(x[:, part].std() - 0.5) < 0.02


def test_spirals_are_the_published_samples():
    # As the source draws them: arm after arm, the angles of an arm at a time.
    rng = np.random.RandomState(0)
    arms = []
    for j in range(3):
        r = np.linspace(0, 1, 100)
        angle = np.linspace(4 * j, 4 * (j + 1), 100) + rng.standard_normal(100) * 0.2
        arms.append(np.column_stack([r * np.sin(angle), r * np.cos(angle)]))
    X, labels = data.spirals(np.random.RandomState(0))
    np.testing.assert_array_equal(X, np.concatenate(arms))
    assert labels.tolist() == [0] * 100 + [1] * 100 + [2] * 100


def test_spirals_of_other_sizes():
    X, labels = data.spirals(np.random.default_rng(0), N=7, K=4)
    assert X.shape == (28, 2)
    assert labels.tolist() == np.repeat(np.arange(4), 7).tolist()
    radius = np.hypot(*X.T)
    np.testing.assert_allclose(radius, np.tile(np.linspace(0, 1, 7), 4), atol=1e-15)


def test_circles_are_drawn_by_the_recipe():
    rng = np.random.RandomState(42)
    angle = np.linspace(0, 2 * np.pi, 50, endpoint=False)
    ring = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    order = np.arange(100)
    rng.shuffle(order)
    expected = np.concatenate([ring, 0.1 * ring])[order]
    expected = expected + rng.normal(scale=0.1, size=(100, 2))
    X, labels = data.circles(np.random.RandomState(42), 100)
    np.testing.assert_array_equal(X, expected)
    np.testing.assert_array_equal(labels, np.repeat([0, 1], 50)[order])


def test_circles_lie_where_they_should():
    X, labels = data.circles(np.random.RandomState(42), 50_000)
    radius = np.hypot(*X.T)
    assert round(radius[labels == 0].mean(), 3) == 1.005
    assert round(radius[labels == 1].mean(), 3) == 0.155
    assert (labels == 1).sum() == 25_000


def test_the_division_sign_lies_where_it_should():
    X, t = data.division_sign(np.random.default_rng(0), 100_000)
    assert t.tolist() == [0] * 50_000 + [1] * 50_000
    for part, mean, deviation in (
        (slice(50_000), (0, 0), (2, 0.5)),
        (slice(50_000, 75_000), (0, 3.5), (0.5, 1)),
        (slice(75_000, 100_000), (0, -3.5), (0.5, 1)),
    ):
        np.testing.assert_allclose(X[part].mean(axis=0), mean, atol=0.03)
        np.testing.assert_allclose(X[part].std(axis=0), deviation, rtol=0.02)


def test_the_division_sign_is_drawn_cluster_by_cluster():
    rng = np.random.RandomState(3)
    clusters = [
        rng.normal((0, 0), (2, 0.5), (10, 2)),
        rng.normal((0, 3.5), (0.5, 1), (5, 2)),
        rng.normal((0, -3.5), (0.5, 1), (5, 2)),
    ]
    X, t = data.division_sign(np.random.RandomState(3), 20)
    np.testing.assert_array_equal(X, np.concatenate(clusters))
    assert (X.shape, t.shape) == ((20, 2), (20,))


def test_digits_are_those_of_the_set():
    X, labels = data.digits()
    assert (X.shape, X.dtype, labels.dtype) == ((1797, 64), float, int)
    assert (X.min(), X.max()) == (0, 16)
    assert (np.rint(X) == X).all()
    # The counts are those that the set's own notes give for its test part.
    counts = [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert np.bincount(labels).tolist() == counts
    images = X.astype(np.uint8)
    assert sha256(images.tobytes() + labels.astype(np.uint8).tobytes()).hexdigest() == (
        "87ff0c9e40dc7e2c0e34e7257799c2e3f3aec1a016363bb11cad869ec428a826"
    )
    first = images[0].reshape(8, 8)
    assert first[0].tolist() == [0, 0, 5, 13, 9, 1, 0, 0]
    images[:] = 0  # what one caller changes is nothing to the next
    X[:] = 0
    assert data.digits()[0].max() == 16


def test_the_digits_say_where_they_are_from():
    folder = files("chainrule")
    assert (folder / "digits.npz").stat().st_size <= 60_000
    words = (folder / "digits.txt").read_text("utf-8")
    for word in ("Alpaydin", "CC BY 4.0", "UCI"):
        assert word in words


@given(
    N=st.integers(1, 200), weights=st.lists(st.integers(1, 9), min_size=1, max_size=5)
)
def test_a_split_has_every_sample_once(N, weights):
    shares = [each / sum(weights) for each in weights]
    rng = np.random.default_rng(N)
    due = np.diff(np.rint(np.cumsum(shares) * N), prepend=0)
    if due.min() < 1:
        with pytest.raises(ValueError, match="at least one sample in each part"):
            data.split(rng, N, shares)
        return
    parts = data.split(rng, N, shares)
    assert [len(part) for part in parts] == due.tolist()
    assert sorted(np.concatenate(parts).tolist()) == [*range(N)]


def test_a_split_is_random_and_repeats():
    one, other = (
        data.split(np.random.RandomState(5), 50, (0.6, 0.4)) for _ in range(2)
    )
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a, b)
    means = [
        data.split(np.random.default_rng(seed), 100, (0.5, 0.5))[0].mean()
        for seed in range(200)
    ]
    # Of 50 drawn from 0 … 99: 49.5 and a standard deviation of 2.9.
    assert abs(np.mean(means) - 49.5) < 0.8
    assert 2.4 < np.std(means) < 3.4


@pytest.mark.parametrize(
    "shares", [(0.5, 0.4), (1.5, -0.5), (), 1.0, ((0.5, 0.5),), "all", (np.nan, 1)]
)
def test_other_shares_are_refused(shares):
    with pytest.raises(ValueError, match="shares: expected"):
        data.split(np.random.default_rng(0), 10, shares)
