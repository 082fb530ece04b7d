"""``chainrule.autodiff``: functions made of NumPy's operations, differentiated there and here.

Each is written once; ``xp`` is NumPy here and the framework's functions there.
"""

import numpy as np
import pytest
from comparison import NAME, all_same, framework, size, source

from chainrule import autodiff

CASES = range(2)


def few(rng):
    """A size that is often 1, which is where an index is repeated by mistake."""
    return size(rng, 1, 5)


def broadcast(rng):
    N, D = few(rng), few(rng)
    params = rng.normal(size=(N, 1, D)), rng.normal(size=(3, 1)), rng.normal()
    return params, lambda xp, a, b, c: xp.exp(-a * b) / (1 + c**2) - a / (b**2 + 1)


def elementary(rng):
    params = (rng.uniform(0.5, 2, (few(rng), few(rng))),)
    return (
        params,
        lambda xp, a: (
            xp.sin(a) * xp.log(a)
            + xp.tanh(a) * xp.sqrt(a)
            - xp.log1p(a) / xp.cos(a / 2)
            + a**3
        ),
    )


def powers(rng):
    D = few(rng)
    params = rng.uniform(0.5, 2, D), rng.normal(size=D)
    return params, lambda xp, a, b: a**b + xp.exp(b) * xp.abs(b) + 2.0**b - b**2


def repeated(rng):
    """The same rows several times: their derivatives add up."""
    N, D = few(rng), few(rng)
    rows, columns = rng.integers(0, N, (2, 7)), rng.integers(0, D, (2, 7))
    params = (rng.normal(size=(N, D)),)
    return (
        params,
        lambda xp, a: (
            a[xp.asarray(rows)].sum(axis=-1) * a[xp.asarray(rows), xp.asarray(columns)]
        ),
    )


def slices(rng):
    params = (rng.normal(size=(few(rng) + 2, 6)),)
    return params, lambda xp, a: a[1:, ::2] * a[:-1, None, 1:4].sum(axis=1) + a[-1, 3]


def shapes(rng):
    A, B, C = few(rng), few(rng), few(rng)
    params = rng.normal(size=(A, B, C)), rng.normal(size=(B, C, A))
    return (
        params,
        lambda xp, a, b: (
            xp.transpose(a, (1, 2, 0)) * b
            + xp.swapaxes(xp.reshape(b, (A, B, C)), 0, 1).reshape(B, C, A) ** 2
        ),
    )


def sums(rng):
    params = (rng.normal(size=(few(rng), few(rng), few(rng))),)
    return (
        params,
        lambda xp, a: (
            (a - a.mean(axis=(0, 2), keepdims=True)) ** 2
            * a.sum(axis=1, keepdims=True)
            / (1 + xp.sum(a**2))
        ),
    )


def largest(rng):
    params = (rng.normal(size=(few(rng), few(rng) + 1)),)
    return (
        params,
        lambda xp, a: a * xp.max(a, axis=0, keepdims=True) + xp.max(a**2, axis=(0, 1)),
    )


def written_softmax(rng):
    def f(xp, Z):
        E = xp.exp(Z - xp.max(Z, axis=1, keepdims=True))
        return E / E.sum(axis=1, keepdims=True)

    return (rng.normal(size=(few(rng), few(rng) + 1)),), f


def tied(rng):
    """Two variables that are often equal: each gets a half of the derivative."""
    D = 12
    a, b = rng.integers(-1, 2, (2, few(rng), D)) * 1.0
    a[:, :6] = b[:, :6]
    return (a, b), lambda xp, a, b: xp.maximum(a, b) * a + xp.minimum(b, a)


def tied_with_a_constant(rng):
    """As max(z, 0) at z = 0, where it is not taken for ``relu``: a half."""
    a = rng.integers(-1, 2, (few(rng), 12)) * 1.0
    a[0, :3] = 0
    return (a,), lambda xp, a: xp.maximum(a, xp.asarray(np.zeros(12)))


def tied_in_an_array(rng):
    """The largest entries of a row share its derivative."""
    a = rng.integers(0, 3, (few(rng), 7)) * 1.0
    a[0, :4] = 2.0
    return (a,), lambda xp, a: xp.max(a, axis=1) * 3.0


def stacks(rng):
    N, D, M = few(rng), few(rng), few(rng)
    params = rng.normal(size=(2, 1, N, D)), rng.normal(size=(3, D, M))
    return params, lambda xp, a, b: xp.tanh(a @ b)


def vectors(rng):
    N, D = few(rng), few(rng)
    params = rng.normal(size=N), rng.normal(size=(N, D)), rng.normal(size=D)
    return params, lambda xp, a, B, c: (a @ B) * (B @ c @ a) + c * (c @ c)


def a_stack_and_a_vector(rng):
    N, D = few(rng), few(rng)
    params = rng.normal(size=(4, N, D)), rng.normal(size=D), rng.normal(size=N)
    return params, lambda xp, a, b, c: (a @ b) @ c + (c @ a @ b) ** 2


def chosen(rng):
    N = few(rng)
    params = rng.normal(size=(N, 4)), rng.normal(size=4)
    return params, lambda xp, a, b: xp.where(a > b, a**2, a * b)


def joined(rng):
    N = few(rng)
    params = rng.normal(size=(N, 2)), rng.normal(size=(N, 3))
    return (
        params,
        lambda xp, a, b: (
            xp.concatenate([a, b, a**2], axis=1)[:, 1:]
            * xp.concatenate([b, b], axis=-1)
        ),
    )


def two_paths(rng):
    params = (rng.normal(size=(few(rng), 3)),)

    def f(xp, a):
        b = xp.exp(a)
        return b * a + xp.sin(b) + b * b

    return params, f


SMOOTH = [
    broadcast,
    elementary,
    powers,
    repeated,
    slices,
    shapes,
    sums,
    largest,
    written_softmax,
    stacks,
    vectors,
    a_stack_and_a_vector,
    chosen,
    joined,
    two_paths,
]
CORNERS = [tied, tied_with_a_constant, tied_in_an_array]
each_case = pytest.mark.parametrize("case", CASES)


def drawn(make, case):
    rng = source(make.__name__, case)
    params, f = make(rng)
    y = f(np, *params)
    others = tuple(rng.normal(size=np.shape(p)) for p in params)
    return params, f, rng.normal(size=np.shape(y)), others


@pytest.mark.parametrize("make", SMOOTH + CORNERS)
@each_case
def test_reverse_mode(make, case):
    params, f, dy, _ = drawn(make, case)
    value, pull = autodiff.vjp(lambda p: f(np, *p), params)
    theirs, grads = framework.vjp(lambda *p: f(framework.xp, *p), params, dy)
    of = f"{make.__name__}, case {case}, vjp"
    all_same((value, *pull(dy)), (theirs, *grads), of)
    gradient = autodiff.grad(lambda p: (f(np, *p) * dy).sum())(params)
    all_same((value, *gradient), (theirs, *grads), f"{of} by grad")


@pytest.mark.parametrize("make", SMOOTH + CORNERS)
@each_case
def test_forward_mode(make, case):
    params, f, _, tangents = drawn(make, case)
    ours = autodiff.jvp(lambda p: f(np, *p), params, tangents)
    theirs = framework.jvp(lambda *p: f(framework.xp, *p), params, tangents)
    all_same(ours, theirs, f"{make.__name__}, case {case}, jvp")


@pytest.mark.parametrize("make", SMOOTH)
@each_case
def test_hessian_times_vector(make, case):
    """Here the gradient of a gradient along ``vectors``, there their forward over reverse."""
    params, f, dy, vectors = drawn(make, case)
    gradient = autodiff.grad(lambda p: (f(np, *p) * dy).sum())

    def along(p):
        return sum((g * v).sum() for g, v in zip(gradient(p), vectors, strict=True))

    ours = *gradient(params), *autodiff.grad(along)(params)
    weights = framework.xp.asarray(dy)
    theirs = framework.hvp(
        lambda *p: (f(framework.xp, *p) * weights).sum(), params, vectors
    )
    all_same(ours, theirs, f"{make.__name__}, case {case}, Hessian matrix times vector")


def test_what_is_stopped_is_a_constant():
    params = (source("stop").normal(size=(3, 4)),)

    def f(a, stop):
        return a * stop(a**2) + stop(a)

    dy = np.ones((3, 4))
    value, pull = autodiff.vjp(lambda p: f(p[0], autodiff.stop_gradient), params)
    theirs, grads = framework.vjp(lambda a: f(a, framework.stop_gradient), params, dy)
    all_same((value, *pull(dy)), (theirs, *grads), "stop_gradient")


@pytest.mark.skipif(NAME != "torch", reason="PyTorch's max")
def test_max_along_an_index_of_pytorch_gives_all_to_one():
    """``torch.max`` with ``dim`` finds one place; ``amax`` and the book share."""
    a = np.array([[2.0, 2.0, 1.0]])
    _, (one,) = framework.vjp(
        lambda a: framework.torch.max(a, dim=1).values, (a,), np.ones(1)
    )
    (shared,) = autodiff.grad(lambda p: np.max(p[0], axis=1).sum())((a,))
    assert sorted(np.asarray(one)[0]) == [0, 0, 1]
    np.testing.assert_array_equal(shared, [[0.5, 0.5, 0]])


def test_corners_are_as_chapter_10_says():
    """What there stands of |z|, of log(1 + e^z) typed out, and of ``where``, at 0 and beyond."""

    def both(f, z):
        one = np.array([z])
        _, (theirs,) = framework.vjp(lambda a: f(framework.xp, a), (one,), np.ones(1))
        (ours,) = autodiff.grad(lambda p: f(np, p[0]).sum())((one,))
        return float(ours[0]), float(np.asarray(theirs)[0])

    zero = lambda xp, z: xp.zeros(z.shape)  # noqa: E731

    def with_abs(xp, z):
        return xp.maximum(z, zero(xp, z)) + xp.log1p(xp.exp(-xp.abs(z)))

    def with_maximum(xp, z):
        return xp.maximum(z, zero(xp, z)) + xp.log1p(xp.exp(-xp.maximum(z, -z)))

    def by_where(xp, z):
        return xp.where(z > 30, z, xp.log1p(xp.exp(z)))

    def chosen_before(xp, z):
        low = xp.minimum(z, zero(xp, z) + 30)
        return xp.where(z > 30, z, xp.log1p(xp.exp(low)))

    assert both(lambda xp, z: xp.abs(z), 0.0) == (0, NAME == "jax")
    assert both(with_abs, 0.0) == (0.5, 0.0 if NAME == "jax" else 0.5)
    assert both(with_maximum, 0.0) == (0.5, 0.5)
    with np.errstate(over="ignore", invalid="ignore"):
        assert np.isnan(both(by_where, 1000.0)).all()
    assert both(chosen_before, 1000.0) == (1, 1)
