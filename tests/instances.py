"""Every network with parameters and samples of random sizes."""

import numpy as np

from chainrule import logistic, mlp, rbf_net, relu_net, sigmoid_net, softmax_linear
from chainrule.functions import one_hot


def rbf_instance(rng, samples):
    x = rng.normal(0, 1.5, samples)
    return rbf_net, rbf_net.init(rng), (x, rng.integers(0, 2, samples))


def logistic_instance(rng, samples):
    inputs = int(rng.integers(1, 6))
    w, _ = logistic.init(rng, inputs)
    batch = rng.normal(size=(samples, inputs)), rng.integers(0, 2, samples)
    return logistic, (w, rng.normal()), batch


def softmax_instance(rng, samples):
    inputs, classes = rng.integers(1, 6, 2).tolist()
    params = rng.normal(size=(inputs, classes)), rng.normal(size=classes)
    T = one_hot(rng.integers(0, classes, samples), classes)
    lam = float(rng.choice([0.0, 0.3]))
    return softmax_linear, params, (rng.normal(size=(samples, inputs)), T, lam)


def relu_instance(rng, samples):
    inputs, hidden, classes = rng.integers(1, 6, 3).tolist()
    W1, _, W2, _ = relu_net.init(rng, inputs, hidden, classes)
    params = W1, rng.normal(size=hidden), W2, rng.normal(size=classes)
    T = one_hot(rng.integers(0, classes, samples), classes)
    lam = float(rng.choice([0.0, 0.3]))
    return relu_net, params, (rng.normal(size=(samples, inputs)), T, lam)


def sigmoid_instance(rng, samples):
    inputs, hidden, classes = rng.integers(1, 6, 3).tolist()
    T = one_hot(rng.integers(0, classes, samples), classes)
    lam = float(rng.choice([0.0, 0.3]))
    batch = rng.normal(size=(samples, inputs)), T, lam
    return sigmoid_net, sigmoid_net.init(rng, inputs, hidden, classes), batch


def mlp_instance(rng, samples):
    units = rng.integers(1, 6, rng.integers(2, 8)).tolist()
    start = mlp.init(rng, units)
    params = tuple(p + 0.3 * rng.normal(size=p.shape) for p in start)
    K = units[-1]
    targets = {
        "sigmoid": rng.integers(0, 2, (samples, K)),
        "softmax": one_hot(rng.integers(0, K, samples), K),
        "linear": rng.normal(size=(samples, K)),
    }
    output = str(rng.choice([*targets]))
    T = targets[output]
    lam = float(rng.choice([0.0, 0.3]))
    return mlp, params, (rng.normal(size=(samples, units[0])), T, lam, output)


INSTANCES = [
    rbf_instance,
    logistic_instance,
    softmax_instance,
    relu_instance,
    sigmoid_instance,
    mlp_instance,
]


def instance(make, seed):
    rng = np.random.default_rng(seed)
    return make(rng, int(rng.integers(1, 30)))
