"""``chainrule.optim``: the same steps as ``torch.optim.SGD`` and ``optax.sgd``, and when not.

The book adds up steps, v ← μ·v − η·g and p ← p + v, (6.3). They add up gradients,
u ← μ·u + g, and multiply by the step size last, p ← p − η·u. As long as η is constant,
v = −η·u. If it changes from one step to the next, they multiply all of the past by the new
η; in the book's velocity each gradient keeps the η of its own step.
"""

import numpy as np
import pytest
from comparison import all_same, framework, size, source

from chainrule.optim import gradient_step, momentum_step

CASES = range(4)
each_case = pytest.mark.parametrize("case", CASES)


def drawn(case, steps=12):
    rng = source("steps", case)
    shapes = [tuple(size(rng) for _ in range(ndim)) for ndim in (2, 1, 0)]
    params = tuple(rng.normal(size=shape) for shape in shapes)
    grads = [tuple(rng.normal(size=shape) for shape in shapes) for _ in range(steps)]
    return rng, params, grads


def momentum_path(params, grads, etas, mu, *, rescaled=False):
    velocity = tuple(np.zeros(np.shape(p)) for p in params)
    before = etas[0]
    for each, eta in zip(grads, etas, strict=True):
        if rescaled:
            velocity = tuple(v * (eta / before) for v in velocity)
        params, velocity = momentum_step(params, each, velocity, eta, mu)
        before = eta
        yield params


def compared(ours, theirs, of):
    for step, (here, there) in enumerate(zip(ours, theirs, strict=True)):
        all_same(here, there, f"{of}, step {step}")


@each_case
def test_gradient_descent(case):
    """Without momentum there is no difference, whatever the step sizes."""
    rng, params, grads = drawn(case)
    etas = rng.uniform(0.01, 0.5, len(grads)).tolist()

    def ours(params):
        for each, eta in zip(grads, etas, strict=True):
            params = gradient_step(params, each, eta)
            yield params

    compared(ours(params), framework.path(params, grads, etas, 0.0), "gradient descent")


@each_case
def test_momentum_with_a_constant_step_size(case):
    """The same path: v = −η·u at every step."""
    rng, params, grads = drawn(case)
    etas, mu = (
        [float(rng.uniform(0.01, 0.5))] * len(grads),
        float(rng.uniform(0.1, 0.95)),
    )
    ours = momentum_path(params, grads, etas, mu)
    compared(ours, framework.path(params, grads, etas, mu), "momentum")


@each_case
def test_momentum_with_a_step_size_that_changes(case):
    """The first step is the same. At the second, with η′ for η, they go (η′ − η)·μ·g further
    along the first gradient g. With a velocity multiplied by η′/η before a step with η′ the
    book's path is theirs.
    """
    rng, params, grads = drawn(case)
    mu = float(rng.uniform(0.1, 0.95))
    etas = [0.5 / (1 + step) for step in range(len(grads))]
    ours = list(momentum_path(params, grads, etas, mu))
    theirs = list(framework.path(params, grads, etas, mu))
    compared(ours[:1], theirs[:1], "the first step")
    further = [(etas[1] - etas[0]) * mu * g for g in grads[0]]
    due = [p - d for p, d in zip(ours[1], further, strict=True)]
    all_same(due, theirs[1], "the second step")
    assert max(np.abs(d).max() for d in further) > 1e-6
    rescaled = momentum_path(params, grads, etas, mu, rescaled=True)
    compared(rescaled, theirs, "momentum, rescaled")
