"""The data sets: same seed, same data; shapes; the published values."""

import numpy as np

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
