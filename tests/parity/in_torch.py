"""The book in PyTorch, as its users write it.

Where it differs from the book:

- What it makes from Python's numbers, and ``torch.nn``, is float32; from NumPy's float64
  it keeps the type.
- ``cross_entropy`` takes labels for targets, and averages over the samples as the book
  does. ``binary_cross_entropy_with_logits`` averages over samples and outputs, where the
  book adds up the outputs: with K outputs its mean is 1/K of the book's objective.
- ``torch.nn.Linear`` keeps W transposed, (units after, units before).
- ``torch.maximum`` and ``torch.amax`` share a derivative among all that are equally
  large; ``torch.max`` along an index gives all of it to one; ``relu`` has the slope 0
  at 0, as the book's.
- ``torch.optim.SGD`` adds up gradients, v ← μ·v + g, and multiplies by the step size last,
  p ← p − η·v; the book adds up steps, (6.3). ``steps.py`` shows what follows.
"""

from types import SimpleNamespace

import numpy as np
import torch
from torch.nn import functional as F  # noqa: N812

sigmoid = torch.sigmoid
relu = torch.relu


def array(a):
    """A tensor of the values of ``a``, in float64."""
    return torch.tensor(np.asarray(a, float))


# Most of its functions are named and called as NumPy's; these are not.
xp = SimpleNamespace(
    **vars(torch)
    | {
        "asarray": lambda a: torch.tensor(np.asarray(a)),
        "transpose": torch.permute,
        "max": torch.amax,
    }
)


def stop_gradient(a):
    return a.detach()


def softmax(Z):
    return F.softmax(Z, dim=-1)


def log_softmax(Z):
    return F.log_softmax(Z, dim=-1)


def rbf(z):
    return torch.exp(-(z**2))


def binary_cross_entropy(z, t):
    return F.binary_cross_entropy_with_logits(z, t, reduction="none")


def cross_entropy(Z, T):
    rows = Z.reshape(-1, Z.shape[-1])
    labels = T.argmax(dim=-1).reshape(-1)
    return F.cross_entropy(rows, labels, reduction="none").reshape(Z.shape[:-1])


def one_hot(labels, K):
    return F.one_hot(torch.tensor(labels), K).double()


def logistic(params, X, t):
    w, b = params
    return F.binary_cross_entropy_with_logits(X @ w + b, t)


def softmax_linear(params, X, T, lam):
    W, b = params
    xi = F.cross_entropy(F.linear(X, W.T, b), T.argmax(dim=1))
    return xi + lam / 2 * (W**2).sum()


def rbf_net(params, x, t):
    w, b = params
    return F.binary_cross_entropy_with_logits(rbf(x * w) + b, t)


def relu_net(params, X, T, lam):
    W1, b1, W2, b2 = params
    H = F.relu(F.linear(X, W1.T, b1))
    xi = F.cross_entropy(F.linear(H, W2.T, b2), T.argmax(dim=1))
    return xi + lam / 2 * ((W1**2).sum() + (W2**2).sum())


def sigmoid_net(params, X, T, lam):
    W1, b1, W2, b2 = params
    H = torch.sigmoid(F.linear(X, W1.T, b1))
    xi = F.cross_entropy(F.linear(H, W2.T, b2), T.argmax(dim=1))
    return xi + lam / 2 * ((W1**2).sum() + (W2**2).sum())


def mlp(params, X, T, lam, output):
    *hidden, (W, b) = zip(params[0::2], params[1::2], strict=True)
    A = X
    for W_l, b_l in hidden:
        A = F.relu(F.linear(A, W_l.T, b_l))
    Z = F.linear(A, W.T, b)
    if output == "sigmoid":
        # Its mean is over samples and outputs, the book's over samples.
        xi = len(b) * F.binary_cross_entropy_with_logits(Z, T)
    elif output == "softmax":
        xi = F.cross_entropy(Z, T.argmax(dim=1))
    else:
        # Its mean is over samples and outputs, and of whole squares.
        xi = len(b) / 2 * F.mse_loss(Z, T)
    return xi + lam / 2 * sum((W_l**2).sum() for W_l in params[0::2])


def objective_and_gradients(network, params, batch):
    """The objective of the network of that name, and its gradients."""
    params = [array(p).requires_grad_() for p in params]
    batch = [array(each) if isinstance(each, np.ndarray) else each for each in batch]
    J = globals()[network](params, *batch)
    J.backward()
    return J.detach(), [p.grad for p in params]


def vjp(f, params, dy):
    """The value of ``f`` of several arrays, and ``dy`` times its Jacobian matrices."""
    value, pull = torch.func.vjp(f, *map(array, params))
    return value, pull(array(dy))


def jvp(f, params, tangents):
    """The value of ``f`` of several arrays, and its change along ``tangents``."""
    return torch.func.jvp(f, tuple(map(array, params)), tuple(map(array, tangents)))


def hvp(f, params, vectors):
    """The gradient of ``f``, one number, and its Hessian matrix times ``vectors``."""
    gradient = torch.func.grad(f, argnums=tuple(range(len(params))))
    both = jvp(gradient, params, vectors)
    return *both[0], *both[1]


def path(params, grads, etas, mu):
    """Where the steps of ``torch.optim.SGD`` lead."""
    params = [array(p).requires_grad_() for p in params]
    optimizer = torch.optim.SGD(params, lr=etas[0], momentum=mu)
    for each, eta in zip(grads, etas, strict=True):
        optimizer.param_groups[0]["lr"] = eta
        for p, g in zip(params, each, strict=True):
            p.grad = array(g)
        optimizer.step()
        yield [p.detach().numpy().copy() for p in params]
