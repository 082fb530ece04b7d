"""The book in JAX, as its users write it.

Where it differs from the book:

- It computes in float32 unless ``jax_enable_x64`` is set.
- It has no loss on scores: the binary one is written with ``log_sigmoid``, as optax does.
- ``jnp.maximum`` and ``jnp.max`` share a derivative among all that are equally large;
  ``jax.nn.relu`` has the slope 0 at 0, as the book's.
- ``jax.nn.one_hot`` gives a row of zeros for a label out of range; the book refuses it.
"""

import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", True)  # noqa: FBT003

xp = jnp
stop_gradient = jax.lax.stop_gradient
sigmoid = jax.nn.sigmoid
relu = jax.nn.relu
softmax = jax.nn.softmax
log_softmax = jax.nn.log_softmax


def rbf(z):
    return jnp.exp(-(z**2))


def binary_cross_entropy(z, t):
    return -t * jax.nn.log_sigmoid(z) - (1 - t) * jax.nn.log_sigmoid(-z)


def cross_entropy(Z, T):
    return -(T * jax.nn.log_softmax(Z)).sum(axis=-1)


def one_hot(labels, K):
    return jax.nn.one_hot(labels, K, dtype=float)


def logistic(params, X, t):
    w, b = params
    return binary_cross_entropy(X @ w + b, t).mean()


def softmax_linear(params, X, T, lam):
    W, b = params
    return cross_entropy(X @ W + b, T).mean() + lam / 2 * (W**2).sum()


def rbf_net(params, x, t):
    w, b = params
    return binary_cross_entropy(rbf(x * w) + b, t).mean()


def relu_net(params, X, T, lam):
    W1, b1, W2, b2 = params
    Z = jax.nn.relu(X @ W1 + b1) @ W2 + b2
    return cross_entropy(Z, T).mean() + lam / 2 * ((W1**2).sum() + (W2**2).sum())


def sigmoid_net(params, X, T, lam):
    W1, b1, W2, b2 = params
    Z = jax.nn.sigmoid(X @ W1 + b1) @ W2 + b2
    return cross_entropy(Z, T).mean() + lam / 2 * ((W1**2).sum() + (W2**2).sum())


def mlp(params, X, T, lam, output):
    *hidden, (W, b) = zip(params[0::2], params[1::2], strict=True)
    A = X
    for W_l, b_l in hidden:
        A = jax.nn.relu(A @ W_l + b_l)
    Z = A @ W + b
    if output == "sigmoid":
        xi = binary_cross_entropy(Z, T).sum(axis=1)
    elif output == "softmax":
        xi = cross_entropy(Z, T)
    else:
        xi = ((Z - T) ** 2).sum(axis=1) / 2
    return xi.mean() + lam / 2 * sum((W_l**2).sum() for W_l in params[0::2])


def objective_and_gradients(network, params, batch):
    """The objective of the network of that name, and its gradients."""
    options = tuple(each for each in batch if isinstance(each, str))
    arrays = batch[: len(batch) - len(options)]

    def objective(params, *arrays):
        return globals()[network](params, *arrays, *options)

    return jax.jit(jax.value_and_grad(objective))(params, *arrays)


def vjp(f, params, dy):
    """The value of ``f`` of several arrays, and ``dy`` times its Jacobian matrices."""
    value, pull = jax.vjp(f, *map(jnp.asarray, params))
    return value, pull(jnp.asarray(dy))


def jvp(f, params, tangents):
    """The value of ``f`` of several arrays, and its change along ``tangents``."""
    return jax.jvp(
        f, tuple(map(jnp.asarray, params)), tuple(map(jnp.asarray, tangents))
    )


def hvp(f, params, vectors):
    """The gradient of ``f``, one number, and its Hessian matrix times ``vectors``."""
    gradient = jax.grad(f, argnums=tuple(range(len(params))))
    both = jvp(gradient, params, vectors)
    return *both[0], *both[1]


def path(params, grads, etas, mu):
    """Where the steps of ``optax.sgd`` lead, written out: it keeps PyTorch's convention."""
    velocity = [jnp.zeros_like(p) for p in params]
    for each, eta in zip(grads, etas, strict=True):
        velocity = [mu * v + g for v, g in zip(velocity, each, strict=True)]
        params = [p - eta * v for p, v in zip(params, velocity, strict=True)]
        yield [np.asarray(p) for p in params]
