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


def test_three_clusters_lie_where_they_should():
    draws = [data.three_clusters(np.random.default_rng(seed)) for seed in range(500)]
    x = np.stack([x for x, _ in draws])
    for part, mean in ((slice(20), 0), (slice(20, 30), -2), (slice(30, 40), 2)):
        assert abs(x[:, part].mean() - mean) < 0.03
        assert abs(x[:, part].std() - 0.5) < 0.02
