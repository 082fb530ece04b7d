"""The same jobs in scikit-learn, PyTorch and JAX, as their own documentation writes them."""

import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import torch
from jobs import Job, Params
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from torch.nn.functional import (
    binary_cross_entropy_with_logits,
    cross_entropy,
    linear,
    one_hot,
)

jax.config.update("jax_enable_x64", True)  # noqa: FBT003
torch.set_num_threads(1)


def scikit_learn(job: Job) -> Callable[[], Params] | None:
    """``MLPClassifier`` with the solver "sgd", where it has the job's network.

    It has one output for two classes, and no radial unit.
    """
    if job.name in {"rbf", "sigmoid"}:
        return None
    single = job.name == "mlp"
    hidden = tuple(each.size for each in job.params[1:-1:2])

    network = MLPClassifier(
        hidden,
        solver="sgd",
        alpha=job.lam * len(job.X),  # it divides the penalty by N
        batch_size=1 if single else len(job.X),
        learning_rate_init=job.eta,
        momentum=0.0,
        nesterovs_momentum=False,
        shuffle=False,
        max_iter=job.steps // len(job.X) if single else job.steps,
        tol=0.0,
        n_iter_no_change=10**9,
        warm_start=True,
    )
    # Its own start is random: one call makes the arrays that ours replace.
    network.partial_fit(job.X, job.t, classes=np.unique(job.t))

    def run() -> Params:
        arrays = [
            each
            for pair in zip(network.coefs_, network.intercepts_, strict=True)
            for each in pair
        ]
        for array, start in zip(arrays, job.params, strict=True):
            array[...] = start
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            network.fit(job.X, job.t)
        return tuple(each.copy() for each in arrays)

    return run


def _torch_loss(job: Job) -> Callable[..., torch.Tensor]:
    def loss(p: list[torch.Tensor], x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        if job.name == "rbf":
            return binary_cross_entropy_with_logits(
                torch.exp(-((x * p[0]) ** 2)) + p[1], t
            )
        layers = list(zip(p[0::2], p[1::2], strict=True))
        for index, (W, b) in enumerate(layers):
            if index:
                x = torch.sigmoid(x) if job.name == "sigmoid" else torch.relu(x)
            x = linear(x, W.T, b)
        if job.name == "mlp":
            return binary_cross_entropy_with_logits(x[:, 0], t)
        value = cross_entropy(x, t)
        if job.lam:
            value = value + job.lam / 2 * sum((W**2).sum() for W, _ in layers)
        return value

    return loss


def _torch_data(job: Job) -> tuple[torch.Tensor, torch.Tensor]:
    whole = job.name.startswith("spiral") or job.name == "sigmoid"
    return torch.tensor(job.X), torch.tensor(job.t.astype(int) if whole else job.t)


def _batch(job: Job, step: int) -> slice:
    n = step % len(job.X)
    return slice(n, n + 1) if job.name == "mlp" else slice(None)


def pytorch(job: Job) -> Callable[[], Params]:
    """Eager: ``backward`` by autograd and ``torch.optim.SGD``."""
    X, t = _torch_data(job)
    loss = _torch_loss(job)

    def run() -> Params:
        params = [torch.tensor(each, requires_grad=True) for each in job.params]
        # Its momentum is (6.3) where the velocity is counted in units of -eta.
        optimizer = torch.optim.SGD(params, lr=job.eta, momentum=job.mu)
        for step in range(job.steps):
            batch = _batch(job, step)
            optimizer.zero_grad()
            loss(params, X[batch], t[batch]).backward()
            optimizer.step()
        return tuple(each.detach().numpy() for each in params)

    return run


def _torch_gradient(job: Job) -> Callable[..., list[torch.Tensor]]:
    """The gradients of ``_torch_loss``, written by hand as in the chapters."""

    def rbf(
        p: list[torch.Tensor], x: torch.Tensor, t: torch.Tensor
    ) -> list[torch.Tensor]:
        z = x * p[0]
        h = torch.exp(-z * z)
        e = (torch.sigmoid(h + p[1]) - t) / len(x)
        return [(-2 * z * h * e * x).sum(), e.sum()]

    def layers(
        p: list[torch.Tensor], x: torch.Tensor, t: torch.Tensor
    ) -> list[torch.Tensor]:
        W, b = p[0::2], p[1::2]
        A = [x]
        for l in range(len(W) - 1):
            z = A[l] @ W[l] + b[l]
            A.append(torch.sigmoid(z) if job.name == "sigmoid" else torch.relu(z))
        z = A[-1] @ W[-1] + b[-1]
        if job.name == "mlp":
            d = torch.sigmoid(z) - t[:, None]
        else:
            d = torch.softmax(z, 1) - one_hot(t, z.shape[1])
        d = d / len(x)
        grads: list[torch.Tensor] = []
        for l in reversed(range(len(W))):
            grads = [A[l].T @ d + job.lam * W[l], d.sum(0), *grads]
            if l:
                slope = A[l] * (1 - A[l]) if job.name == "sigmoid" else A[l] > 0
                d = d @ W[l].T * slope
        return grads

    return rbf if job.name == "rbf" else layers


def pytorch_compiled(job: Job) -> Callable[[], Params]:
    """``torch.compile`` of one hand-written step."""
    X, t = _torch_data(job)
    gradient = _torch_gradient(job)
    torch.compiler.reset()  # it compiles one function for a few kinds of arguments only

    @torch.compile
    def step_of(
        params: list[torch.Tensor],
        velocity: list[torch.Tensor],
        x: torch.Tensor,
        t: torch.Tensor,
    ) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
        grads = gradient(params, x, t)
        velocity = [
            job.mu * v - job.eta * g for v, g in zip(velocity, grads, strict=True)
        ]
        return [p + v for p, v in zip(params, velocity, strict=True)], velocity

    def run() -> Params:
        with torch.no_grad():
            params = [torch.tensor(each) for each in job.params]
            velocity = [torch.zeros_like(each) for each in params]
            for step in range(job.steps):
                batch = _batch(job, step)
                params, velocity = step_of(params, velocity, X[batch], t[batch])
        return tuple(each.numpy() for each in params)

    return run


def _jax_loss(job: Job, columns: bool) -> Callable[..., Any]:  # noqa: FBT001
    def loss(p: Params, x: Any, t: Any) -> Any:  # noqa: ANN401
        if job.name == "rbf":
            z = jnp.exp(-((x * p[0]) ** 2)) + p[1]
            return jnp.mean(jax.nn.softplus(z) - t * z)
        for index in range(0, len(p), 2):
            if index:
                x = jax.nn.sigmoid(x) if job.name == "sigmoid" else jax.nn.relu(x)
            W, b = p[index], p[index + 1]
            x = W.T @ x + b[:, None] if columns else x @ W + b
        axis = 0 if columns else 1
        if job.name == "mlp":
            z = jnp.squeeze(x, axis)
            return jnp.mean(jax.nn.softplus(z) - t * z)
        log_y = jax.nn.log_softmax(x, axis=axis)
        value = -jnp.mean((log_y * t).sum(axis=axis))
        return value + job.lam / 2 * sum((W**2).sum() for W in p[0::2])

    return loss


def _jax_gradient(job: Job, *, columns: bool) -> Callable[..., Params]:
    """The gradient of ``_jax_loss``, written by hand as in the chapters."""

    def rbf(p: Params, x: Any, t: Any) -> Params:  # noqa: ANN401
        z = x * p[0]
        h = jnp.exp(-z * z)
        e = (jax.nn.sigmoid(h + p[1]) - t) / len(x)
        return (-2 * z * h * e * x).sum(), e.sum()

    def layers(p: Params, x: Any, t: Any) -> Params:  # noqa: ANN401
        W, b, axis = p[0::2], p[1::2], int(not columns)
        A = [x]
        for l in range(len(W)):
            z = W[l].T @ A[l] + b[l][:, None] if columns else A[l] @ W[l] + b[l]
            A.append(0.5 + 0.5 * jnp.tanh(z / 2) if job.mu else jax.nn.relu(z))
        if job.name == "mlp":
            d = jax.nn.sigmoid(z) - jnp.expand_dims(t, axis)
        elif job.name == "sigmoid":  # of two classes one score counts
            one, other = jnp.take(z, 1, axis), jnp.take(z, 0, axis)
            e = 0.5 + 0.5 * jnp.tanh((one - other) / 2) - jnp.take(t, 1, axis)
            d = jnp.stack([-e, e], axis)
        else:
            d = jax.nn.softmax(z, axis) - t
        d = d / x.shape[1 - axis]
        grads: Params = ()
        for l in reversed(range(len(W))):
            dW = A[l] @ d.T if columns else A[l].T @ d
            grads = dW + job.lam * W[l], d.sum(1 - axis), *grads
            if l:
                slope = A[l] * (1 - A[l]) if job.mu else A[l] > 0
                d = (W[l] @ d if columns else d @ W[l].T) * slope
        return grads

    return rbf if job.name == "rbf" else layers


def _jax(job: Job, *, columns: bool, by_hand: bool) -> Callable[[], Params]:
    X, t = jnp.asarray(job.X), jnp.asarray(job.t)
    if job.name not in {"rbf", "mlp"}:
        t = jax.nn.one_hot(job.t.astype(int), int(job.t.max()) + 1, dtype=X.dtype)
        t = t.T if columns else t
    X = X.T if columns else X
    gradient = jax.grad(_jax_loss(job, columns))
    if by_hand:
        gradient = _jax_gradient(job, columns=columns)

    def step(state: tuple[Params, Params], number: Any) -> Any:  # noqa: ANN401
        params, velocity = state
        x, target = X, t
        if job.name == "mlp":
            n = number % len(job.X)
            x = jax.lax.dynamic_slice_in_dim(X, n, 1, 1 if columns else 0)
            target = jax.lax.dynamic_slice_in_dim(t, n, 1)
        grads = gradient(params, x, target)
        velocity = tuple(
            job.mu * v - job.eta * g for v, g in zip(velocity, grads, strict=True)
        )
        return (
            tuple(p + v for p, v in zip(params, velocity, strict=True)),
            velocity,
        ), None

    @jax.jit
    def scan(params: Params) -> Params:
        still = tuple(jnp.zeros_like(each) for each in params)
        state, _ = jax.lax.scan(step, (params, still), jnp.arange(job.steps))
        return state[0]

    def run() -> Params:
        params = scan(tuple(map(jnp.asarray, job.params)))
        return tuple(np.asarray(each) for each in params)

    return run


JAX = {
    f"JAX, {how}, {order}": partial(
        _jax, columns=order == "columns", by_hand=how == "by hand"
    )
    for how in ("grad", "by hand")
    for order in ("rows", "columns")
}
