"""Every network's gradient against central differences and the complex step."""

import numpy as np
import pytest
from instances import (
    INSTANCES,
    instance,
    logistic_instance,
    mlp_instance,
    rbf_instance,
    relu_instance,
    sigmoid_instance,
    softmax_instance,
)

from chainrule import (
    data,
    gradcheck,
    logistic,
    mlp,
    rbf_net,
    relu_net,
    sigmoid_net,
    softmax_linear,
)
from chainrule.functions import one_hot
from chainrule.optim import gradient_step, minibatches, momentum_step

CASES = [(make, seed) for make in INSTANCES for seed in range(60)]
each_case = pytest.mark.parametrize(("make", "seed"), CASES)


@each_case
def test_gradients(make, seed):
    network, params, batch = instance(make, seed)
    grads = network.backward(params, *batch)

    def objective(params):
        return network.objective(params, *batch)

    assert [np.shape(grad) for grad in grads] == [np.shape(param) for param in params]
    complex_step = gradcheck.complex_step_gradient(objective, params)
    if max(np.abs(grad).max() for grad in complex_step) < 1e-12:
        # One class: nothing to learn, and rounding is all there is to compare.
        assert max(np.abs(grad).max() for grad in grads) < 1e-12
        return
    assert gradcheck.relative_error(grads, complex_step) < 1e-10
    assert "wrong" not in gradcheck.check(objective, params, grads).values()


@each_case
def test_the_order_of_the_samples_does_not_matter(make, seed):
    network, params, (X, t, *lam) = instance(make, seed)
    order = np.random.default_rng(seed).permutation(len(X))
    here = network.backward(params, X, t, *lam)
    there = network.backward(params, X[order], t[order], *lam)
    for one, other in zip(here, there, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-14)


@each_case
def test_doubling_the_samples_changes_nothing(make, seed):
    network, params, (X, t, *lam) = instance(make, seed)
    here = network.backward(params, X, t, *lam)
    there = network.backward(
        params, np.concatenate([X, X]), np.concatenate([t, t]), *lam
    )
    for one, other in zip(here, there, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-14)


@each_case
def test_no_argument_is_changed(make, seed):
    network, params, batch = instance(make, seed)
    kept = [np.copy(each) for each in (*params, *batch)]
    network.forward(params, batch[0], *batch[3:])
    network.objective(params, *batch)
    gradient_step(params, network.backward(params, *batch), 0.1)
    for before, now in zip(kept, (*params, *batch), strict=True):
        np.testing.assert_array_equal(before, now)


@pytest.mark.parametrize("seed", range(50))
def test_the_rbf_gradient_mirrors_with_the_weight(seed):
    _, (w, b), batch = instance(rbf_instance, seed)
    dw, db = rbf_net.backward((w, b), *batch)
    assert rbf_net.backward((-w, b), *batch) == (-dw, db)


@pytest.mark.parametrize("seed", range(50))
def test_permuting_the_classes_permutes_the_gradient(seed):
    _, (W, b), (X, T, lam) = instance(softmax_instance, seed)
    order = np.random.default_rng(seed).permutation(len(b))
    dW, db = softmax_linear.backward((W, b), X, T, lam)
    params = W[:, order], b[order]
    dW_permuted, db_permuted = softmax_linear.backward(params, X, T[:, order], lam)
    np.testing.assert_allclose(dW_permuted, dW[:, order], rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(db_permuted, db[order], rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("seed", range(50))
def test_softmax_of_two_classes_is_one_logistic_unit(seed):
    rng = np.random.default_rng(seed)
    X, t = rng.normal(size=(9, 3)), rng.integers(0, 2, 9)
    W, b = rng.normal(size=(3, 2)), rng.normal(size=2)
    unit = W[:, 1] - W[:, 0], b[1] - b[0]
    T = one_hot(t, 2)
    assert softmax_linear.objective((W, b), X, T) == pytest.approx(
        logistic.objective(unit, X, t), rel=1e-12
    )
    dW, db = softmax_linear.backward((W, b), X, T)
    dw, db_unit = logistic.backward(unit, X, t)
    np.testing.assert_allclose(dW, np.stack([-dw, dw], axis=1), rtol=1e-9, atol=1e-14)
    np.testing.assert_allclose(db, [-db_unit, db_unit], rtol=1e-9, atol=1e-14)


def test_the_penalty_is_on_weights_only():
    X, T = np.array([[1.0, 2.0]]), np.array([[1, 0, 0]])
    W, b = np.arange(6.0).reshape(2, 3), np.array([5.0, -3.0, 1.0])
    without = softmax_linear.backward((W, b), X, T)
    dW, db = softmax_linear.backward((W, b), X, T, 0.5)
    np.testing.assert_allclose(dW - without[0], 0.5 * W)
    np.testing.assert_array_equal(db, without[1])
    gain = softmax_linear.objective((W, b), X, T, 0.5) - softmax_linear.objective(
        (W, b), X, T
    )
    assert gain == pytest.approx(0.25 * (W**2).sum())


@pytest.mark.parametrize(
    ("network", "sizes", "shapes"),
    [
        (rbf_net, (), [(), ()]),
        (logistic, (4,), [(4,), ()]),
        (softmax_linear, (4, 3), [(4, 3), (3,)]),
        (relu_net, (4, 5, 3), [(4, 5), (5,), (5, 3), (3,)]),
        (sigmoid_net, (4, 5, 3), [(4, 5), (5,), (5, 3), (3,)]),
        (mlp, ((4, 2),), [(4, 2), (2,)]),
        (mlp, ([4, 5, 1, 3],), [(4, 5), (5,), (5, 1), (1,), (1, 3), (3,)]),
    ],
)
def test_init_gives_parameters_of_the_right_shapes(network, sizes, shapes):
    params = network.init(np.random.default_rng(0), *sizes)
    again = network.init(np.random.default_rng(0), *sizes)
    assert [np.shape(param) for param in params] == shapes
    for one, other in zip(params, again, strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_published_losses_of_the_linear_classifier():
    rng = np.random.RandomState(0)
    X, labels = data.spirals(rng)
    T = one_hot(labels, 3)
    rng.standard_normal(18)
    params = 0.01 * rng.standard_normal((2, 3)), np.zeros(3)
    losses = []
    for _ in range(200):
        losses.append(softmax_linear.objective(params, X, T, 1e-3))
        grads = softmax_linear.backward(params, X, T, 1e-3)
        params = gradient_step(params, grads, 1.0)
    published = (
        "1.096956 .917265 .851503 .822336 .807586 .799448 .794681 .791764 .789920 "
        ".788726 .787938 .787409 .787049 .786803 .786633 .786514 .786431 .786373 "
        ".786331 .786302"
    )
    assert losses[::10] == pytest.approx(
        [float(loss) for loss in published.split()], abs=5.1e-7
    )
    Z, _ = softmax_linear.forward(params, X)
    assert (Z.argmax(axis=1) == labels).mean() == pytest.approx(0.4933, abs=5e-5)


def published_start():
    rng = np.random.RandomState(0)
    X, labels = data.spirals(rng)
    rng.standard_normal(18 + 6)
    W1 = 0.01 * rng.standard_normal((2, 100))
    W2 = 0.01 * rng.standard_normal((100, 3))
    return (W1, np.zeros(100), W2, np.zeros(3)), X, one_hot(labels, 3)


def test_the_published_losses_of_the_network():
    params, X, T = published_start()
    losses = []
    for step in range(1001):
        if step in (0, 1000):
            losses.append(relu_net.objective(params, X, T, 1e-3))
        params = gradient_step(params, relu_net.backward(params, X, T, 1e-3), 1.0)
    assert losses == pytest.approx([1.098744, 0.294946], abs=5e-6)


@pytest.mark.parametrize("make", [relu_instance, sigmoid_instance])
def test_permuting_the_hidden_units_permutes_the_gradient(make):
    network, (W1, b1, W2, b2), batch = instance(make, 11)
    order = np.random.default_rng(0).permutation(len(b1))
    dW1, db1, dW2, db2 = network.backward((W1, b1, W2, b2), *batch)
    permuted = network.backward((W1[:, order], b1[order], W2[order], b2), *batch)
    for one, other in zip(
        permuted, (dW1[:, order], db1[order], dW2[order], db2), strict=True
    ):
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-14)


def test_the_published_sigmoid_job_begins_as_recorded():
    rng = np.random.RandomState(42)
    X, labels = data.circles(rng, 50_000)
    T = one_hot(labels, 2)
    for _ in range(2):  # the first set served the source's gradient check
        params = rng.randn(2, 3), rng.randn(3), rng.randn(3, 2), rng.randn(2)
    total = 50_000 * sigmoid_net.objective(params, X, T)
    grads = tuple(50_000 * grad for grad in sigmoid_net.backward(params, X, T))
    still = tuple(np.zeros_like(param) for param in params)
    stepped, _ = momentum_step(params, grads, still, 1e-4, 0.5)
    assert round(total) == 39183
    assert round(50_000 * sigmoid_net.objective(stepped, X, T)) == 58139


def test_momentum_is_a_weighted_sum_of_the_gradients():
    rng = np.random.default_rng(0)
    params, velocity = (np.zeros(3), 1.0), (np.zeros(3), 0.0)
    grads = [(rng.normal(size=3), rng.normal()) for _ in range(6)]
    for grad in grads:
        kept = [np.copy(each) for each in (*params, *velocity)]
        before = *params, *velocity
        params, velocity = momentum_step(params, grad, velocity, 0.1, 0.8)
        for old, now in zip(kept, before, strict=True):
            np.testing.assert_array_equal(old, now)
    for part in (0, 1):
        weighted = sum(0.8 ** (5 - k) * grad[part] for k, grad in enumerate(grads))
        np.testing.assert_allclose(velocity[part], -0.1 * weighted, rtol=1e-13)


@pytest.mark.parametrize("make", [np.random.RandomState, np.random.default_rng])
@pytest.mark.parametrize(("N", "B"), [(1, 1), (7, 1), (7, 3), (6, 3), (5, 5), (3, 9)])
def test_an_epoch_holds_every_sample_once(make, N, B):
    batches = minibatches(make(0), N, B)
    sizes = [len(batch) for batch in batches]
    assert sizes == [B] * (N // B) + [N % B] * bool(N % B)
    assert sorted(np.concatenate(batches).tolist()) == list(range(N))
    again = minibatches(make(0), N, B)
    assert [each.tolist() for each in again] == [each.tolist() for each in batches]


def test_epochs_differ_and_every_order_comes():
    rng = np.random.default_rng(0)
    orders = {tuple(np.concatenate(minibatches(rng, 4, 3))) for _ in range(500)}
    assert len(orders) == 24


def test_batches_of_one_size_average_to_the_whole_gradient():
    _, params, (X, T, *rest) = mlp_instance(np.random.default_rng(3), 24)
    whole = mlp.backward(params, X, T, *rest)
    parts = [
        mlp.backward(params, X[batch], T[batch], *rest)
        for batch in minibatches(np.random.default_rng(1), 24, 6)
    ]
    for all_at_once, *several in zip(whole, *parts, strict=True):
        np.testing.assert_allclose(
            np.mean(several, axis=0), all_at_once, rtol=1e-10, atol=1e-14
        )


def test_no_momentum_is_gradient_descent():
    _, params, batch = instance(sigmoid_instance, 4)
    grads = sigmoid_net.backward(params, *batch)
    still = tuple(np.zeros_like(param) for param in params)
    stepped, _ = momentum_step(params, grads, still, 0.3, 0.0)
    for one, other in zip(stepped, gradient_step(params, grads, 0.3), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("seed", range(50))
@pytest.mark.parametrize(
    ("network", "make"),
    [
        (logistic, logistic_instance),
        (softmax_linear, softmax_instance),
        (relu_net, relu_instance),
    ],
)
def test_mlp_contains_the_other_networks(network, make, seed):
    _, params, (X, t, *lam) = instance(make, seed)
    same, T, options = params, t, {"output": "softmax"}
    if network is logistic:
        w, b = params
        same, T, options = (w[:, None], np.array([b])), t[:, None], {}
    objective = mlp.objective(same, X, T, *lam, **options)
    assert objective == pytest.approx(network.objective(params, X, t, *lam), rel=1e-12)
    grads = mlp.backward(same, X, T, *lam, **options)
    theirs = network.backward(params, X, t, *lam)
    assert (
        gradcheck.relative_error(
            tuple(np.ravel(each) for each in grads),
            tuple(np.ravel(each) for each in theirs),
        )
        < 1e-12
    )


def test_the_instances_have_dead_units_and_every_depth():
    depths, dead, zero = set(), 0, 0
    for seed in range(60):
        _, params, batch = instance(mlp_instance, seed)
        _, A = mlp.forward(params, batch[0], batch[3])
        depths.add(len(params) // 2)
        dead += any((each == 0).all(axis=0).any() for each in A[1:-1])
        zero += not mlp.backward(params, *batch)[1].any()
    assert depths == {1, 2, 3, 4, 5, 6}
    assert dead > 10
    assert zero > 3


def test_a_dead_layer_lets_nothing_through():
    rng = np.random.default_rng(0)
    W1, b1, W2, b2, W3, b3 = mlp.init(rng, (2, 4, 3, 1))
    params = W1, b1, W2, b2 - 1e3, W3, b3
    X, T = rng.normal(size=(6, 2)), np.array([[1], [0], [1], [1], [0], [1]])
    *below, dW3, db3 = mlp.backward(params, X, T)
    assert not any(each.any() for each in (*below, dW3))
    assert db3 == pytest.approx(0.5 - 4 / 6)
    names = ("dW1", "db1", "dW2", "db2", "dW3", "db3")
    verdicts = gradcheck.check(
        lambda p: mlp.objective(p, X, T), params, (*below, dW3, db3), names=names
    )
    assert verdicts == dict.fromkeys(names[:-1], "zero") | {"db3": "ok"}


def test_a_deep_network_agrees_with_itself_cut_in_two():
    rng = np.random.default_rng(1)
    params = mlp.init(rng, (3, 5, 4, 6, 2))
    X = rng.normal(size=(7, 3))
    Z, A = mlp.forward(params, X, "softmax")
    assert Z[0] is None
    assert [each.shape for each in Z[1:]] == [(7, 5), (7, 4), (7, 6), (7, 2)]
    assert [each.shape for each in A] == [(7, 3), (7, 5), (7, 4), (7, 6), (7, 2)]
    Z_upper, A_upper = mlp.forward(params[4:], A[2], "softmax")
    for one, other in zip((*Z[3:], *A[2:]), (*Z_upper[1:], *A_upper), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_silent_unit_gets_no_gradient():
    params = np.ones((1, 2)), np.array([1.0, -9.0]), np.ones((2, 2)), np.zeros(2)
    X, T = np.array([[1.0], [2.0]]), np.array([[1, 0], [0, 1]])
    dW1, db1, dW2, _ = relu_net.backward(params, X, T)
    assert dW1[0, 1] == db1[1] == 0
    assert dW2[1].tolist() == [0, 0]


@pytest.mark.parametrize("scale", [1e3, 1e4])
def test_extreme_scores_give_the_right_gradient(scale):
    X, T = np.array([[scale]]), np.array([[1, 0]])
    for W, expected in ((np.array([[1.0, -1.0]]), 0.0), (np.array([[-1.0, 1.0]]), 1.0)):
        _, db = softmax_linear.backward((W, np.zeros(2)), X, T)
        np.testing.assert_array_equal(db, [-expected, expected])
        loss = softmax_linear.objective((W, np.zeros(2)), X, T)
        assert loss == 2 * scale * expected


def test_confidently_wrong_is_pushed_back_with_full_slope():
    for x, t, expected in ((0.0, 0, 1.0), (100.0, 1, -1.0)):
        bias = 999.0 if t == 0 else -1000.0
        inputs, targets = np.array([x]), np.array([t])
        _, db = rbf_net.backward((1.0, bias), inputs, targets)
        assert db == expected
        assert rbf_net.objective((1.0, bias), inputs, targets) == 1000


def test_forward_gives_every_intermediate_in_order():
    z1, h, z2, y = rbf_net.forward((2.0, 0.5), np.array([0.0, 1.0]))
    np.testing.assert_allclose(z1, [0, 2])
    np.testing.assert_allclose(h, [1, np.exp(-4)])
    np.testing.assert_allclose(z2, h + 0.5)
    np.testing.assert_allclose(y, 1 / (1 + np.exp(-z2)))


def test_integers_lists_and_zero_dimensional_arrays_are_accepted():
    x, t = np.array([1, -2, 0]), np.array([1, 0, 1])
    expected = rbf_net.backward((1.0, -1.0), x.astype(float), t)
    assert rbf_net.backward((1, -1), x, t) == expected
    assert rbf_net.backward((np.array(1.0), np.array(-1)), list(x), list(t)) == expected


def test_the_published_training_run():
    x, t = data.three_clusters(np.random.RandomState(4))
    params = (2.3, 1.4)
    for _ in range(20):
        params = gradient_step(params, rbf_net.backward(params, x, t), 2.0)
    assert rbf_net.objective(params, x, t) == pytest.approx(0.519411, abs=5e-7)
    assert params == pytest.approx((1.123099, -0.442489), abs=5e-7)
