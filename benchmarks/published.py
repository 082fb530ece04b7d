"""The tutorials' own loops in today's Python, rebuilt from what they compute.

Each step costs what it costs there: the same arrays in the same order, computed as often.
"""

from collections.abc import Callable

import numpy as np
from jobs import Array, Job, Params

from chainrule.functions import one_hot

TINY = 1e-8


def published(job: Job) -> Callable[[], Params]:
    """The loop of the tutorial that has this job."""
    loop = {"rbf": _rbf, "mlp": _mlp, "sigmoid": _sigmoid}.get(job.name, _spiral)
    return lambda: loop(job)


def _logistic(z: Array) -> Array:
    return 1 / (1 + np.exp(-z))


def _rbf(job: Job) -> Params:
    """Derivatives for each sample, as columns of a table, and then their mean."""
    x, t = job.X, job.t
    w, b = (each.copy() for each in job.params)

    def output(w: Array, b: Array) -> Array:
        return _logistic(np.exp(-np.power(x * w, 2)) + b)

    for _ in range(job.steps):
        h = np.exp(-np.power(x * w, 2))
        y = output(w, b)
        of_b = y - t
        of_w = x * (-2 * (x * w) * h * of_b)
        change = job.eta * np.vstack((of_w, of_b)).mean(axis=1)
        w, b = w - change[0], b - change[1]
    return w, b


def _mlp(job: Job) -> Params:
    """One sample a step, and each layer changed before the derivative below it.

    It ends near the others, not where they end: the order is one of its mistakes.
    """
    weights = [each.copy() for each in job.params[0::2]]
    biases = [each.copy() for each in job.params[1::2]]

    def slope_of_relu(z: Array) -> Array:
        slope = np.zeros_like(z)
        slope[z > 0] = 1
        return slope

    cost = 0.0
    for step in range(job.steps):
        x, target = job.X[step % len(job.X)], job.t[step % len(job.X)]
        inputs, pre_activations = [x], []
        for index, (w, b) in enumerate(zip(weights, biases, strict=True)):
            z = np.dot(inputs[-1], w) + b
            pre_activations.append(z)
            last = index == len(weights) - 1
            inputs.append(_logistic(z) if last else np.maximum(z, 0))
        y = inputs[-1]
        cost += -(target * np.log(y + TINY) + (1 - target) * np.log(1 - y + TINY))[0]
        delta = -(target / (y + TINY) - (1 - target) / (1 - y + TINY)) * y * (1 - y)
        for index in reversed(range(len(weights))):
            weights[index] -= job.eta * np.outer(inputs[index], delta)
            biases[index] -= job.eta * delta
            if index:
                slope = slope_of_relu(pre_activations[index - 1])
                delta = np.dot(weights[index], delta) * slope
    return tuple(each for pair in zip(weights, biases, strict=True) for each in pair)


def _sigmoid(job: Job) -> Params:
    """Gradients of the sum over all samples; the forward pass is run once more for the loss."""
    X, T = job.X, one_hot(job.t.astype(int), 2)
    params = [each.copy() for each in job.params]
    moved = [np.zeros_like(each) for each in params]
    eta = job.eta / len(X)

    def forward(params: list[Array]) -> tuple[Array, Array]:
        H = _logistic(np.dot(X, params[0]) + params[1])
        E = np.exp(np.dot(H, params[2]) + params[3])
        return H, E / E.sum(axis=1, keepdims=True)

    for _ in range(job.steps):
        H, Y = forward(params)
        dZ2 = Y - T
        dZ1 = H * (1 - H) * np.dot(dZ2, params[2].T)
        grads = np.dot(X.T, dZ1), dZ1.sum(axis=0), np.dot(H.T, dZ2), dZ2.sum(axis=0)
        moved = [job.mu * m - eta * g for m, g in zip(moved, grads, strict=True)]
        params = [p + m for p, m in zip(params, moved, strict=True)]
        _, Y = forward(params)
        -(T * np.log(Y)).sum()
    return tuple(params)


def _spiral(job: Job) -> Params:
    """The probabilities become the derivatives in place; the loss is computed at each step."""
    params, X, labels = [each.copy() for each in job.params], job.X, job.t
    rows = range(len(X))
    for _ in range(job.steps):
        H = X
        if len(params) == 4:
            H = np.maximum(0, np.dot(X, params[0]) + params[1])
        scores = np.dot(H, params[-2]) + params[-1]
        exponentials = np.exp(scores)
        scores = exponentials / np.sum(exponentials, axis=1, keepdims=True)
        loss = np.sum(-np.log(scores[rows, labels])) / len(X)
        loss += sum(0.5 * job.lam * np.sum(W * W) for W in params[0::2])
        scores[rows, labels] -= 1
        scores /= len(X)
        grads = [np.dot(H.T, scores), np.sum(scores, axis=0)]
        if len(params) == 4:
            hidden = np.dot(scores, params[2].T)
            hidden[H <= 0] = 0
            grads = [np.dot(X.T, hidden), np.sum(hidden, axis=0), *grads]
        grads[0::2] = [
            grad + job.lam * W
            for grad, W in zip(grads[0::2], params[0::2], strict=True)
        ]
        for index, grad in enumerate(grads):
            params[index] += -job.eta * grad
    return tuple(params)
