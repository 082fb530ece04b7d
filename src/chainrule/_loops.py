"""Loops over single samples, for ``train``, where numba is there to compile them.

An operation of NumPy takes about a microsecond before it computes anything; on a network of
ten weights that is nearly all the time there is, and a compiled loop does not need it.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from importlib.util import find_spec
from itertools import batched, chain, islice
from typing import Any

import numpy as np

from chainrule._inputs import Array, sizes

HERE = find_spec("numba") is not None
# Samples and products of a step; where there are more, NumPy is faster.
_SAMPLES, _PRODUCTS = 200, 14_000
AT_ONCE = 2000  # steps


def _run(function: Callable[..., Any], *arguments: Any) -> Any:  # noqa: ANN401
    """Call ``function``, compiled for such arguments."""
    import numba  # noqa: PLC0415  it takes a second

    return _compiled(function, *map(numba.typeof, arguments))(*arguments)


@cache
def _compiled(
    function: Callable[..., Any],
    *types: Any,  # noqa: ANN401
) -> Callable[..., Any]:
    import numba  # noqa: PLC0415

    # Sums may be taken in another order, as NumPy does.
    compiler = partial(
        numba.njit, error_model="numpy", fastmath={"reassoc", "contract"}
    )
    try:
        compiled = compiler(cache=True)(function)
        compiled.compile(types)
    except Exception:  # noqa: BLE001  where there is no place or the file is damaged
        compiled = compiler()(function)
    return compiled


def rbf_net(*arguments: Any) -> tuple[float, float]:  # noqa: ANN401
    """``w`` and ``b`` of ``train.rbf_net``, from all its arguments in one precision."""
    w, b = _run(_rbf_net, *arguments)
    return w, b


def _rbf_net(w, b, x, t, steps, eta):
    """``w`` and ``b`` after ``steps`` steps of size ``eta`` on all samples."""
    half = x.dtype.type(0.5)
    rate = eta / len(x)
    for _ in range(steps):
        dw, db = 0 * w, 0 * b
        for n in range(len(x)):
            z = x[n] * w
            h = np.exp(-z * z)
            e = half + half * np.tanh(half * (h + b)) - t[n]
            db += e
            dw += z * h * e * x[n]
        w += 2 * rate * dw
        b -= rate * db
    return w, b


def _mlp(units, X, T, samples, ends, p, eta, lam, softmax):
    """Change ``p``, all parameters in a row, by a step for each batch of ``samples``."""
    L = len(units) - 1
    A = np.empty((L + 1, units.max()), X.dtype)
    d, below = np.empty_like(A[0]), np.empty_like(A[0])
    g = np.zeros_like(p)
    half = X.dtype.type(0.5)
    begin = 0
    for end in ends:
        for n in samples[begin:end]:
            for i in range(units[0]):
                A[0, i] = X[n, i]
            at = 0
            for l in range(L):
                m, k = units[l], units[l + 1]
                for j in range(k):
                    A[l + 1, j] = p[at + m * k + j]
                for i in range(m):
                    if A[l, i] != 0:  # half of what ReLU gives is 0
                        for j in range(k):
                            A[l + 1, j] += A[l, i] * p[at + i * k + j]
                if l < L - 1:
                    for j in range(k):
                        # In this order what is no number stays so.
                        A[l + 1, j] = 0 * half if A[l + 1, j] < 0 else A[l + 1, j]
                at += m * k + k
            if softmax:
                top, total = A[L, 0], 0 * half
                for j in range(1, k):
                    top = max(top, A[L, j])
                for j in range(k):
                    A[L, j] = np.exp(A[L, j] - top)
                    total += A[L, j]
                for j in range(k):
                    d[j] = A[L, j] / total - T[n, j]
            else:
                for j in range(k):
                    d[j] = half + half * np.tanh(half * A[L, j]) - T[n, j]
            for l in range(L - 1, -1, -1):
                m, k = units[l], units[l + 1]
                at -= m * k + k
                for j in range(k):
                    g[at + m * k + j] += d[j]
                for i in range(m):
                    if l > 0 and A[l, i] == 0:
                        below[i] = 0
                        continue
                    total = 0 * half
                    for j in range(k):
                        total += p[at + i * k + j] * d[j]
                        g[at + i * k + j] += A[l, i] * d[j]
                    below[i] = total
                d, below = below, d
        rate = eta / X.dtype.type(end - begin)
        if lam > 0:
            at = 0
            for l in range(L):
                weights = units[l] * units[l + 1]
                p[at : at + weights] *= 1 - eta * lam
                at += weights + units[l + 1]
        for i in range(len(p)):
            p[i] -= rate * g[i]
            g[i] = 0
        begin = end


def pay(samples: int, weights: int) -> bool:
    """Whether loops are there and faster than NumPy, for a step on so many samples."""
    return HERE and samples <= _SAMPLES and samples * weights <= _PRODUCTS


def peek(
    batches: Iterable[Array | slice], X: Array
) -> tuple[int, Iterable[Array | slice]]:
    """How many samples the first of ``batches`` has, and all of them."""
    if isinstance(batches, np.ndarray):
        if batches.ndim != 2 or batches.dtype.kind not in "iu":
            raise ValueError(
                "batches: expected a table of whole numbers with a row for each step, "
                f"got {batches.dtype} of shape {batches.shape}"
            )
        return batches.shape[1], batches
    first = [*islice(rest := iter(batches), 1)]
    samples = sum(X[..., batch, :].shape[-2] for batch in first)
    return samples, chain(first, rest)


def groups(steps: Iterable[Any], at_once: int) -> Iterator[Any]:
    """``steps`` in a row, so many at a time; a table stays one."""
    if isinstance(steps, np.ndarray | range):
        return (steps[n : n + at_once] for n in range(0, len(steps), at_once))
    return batched(steps, at_once)


def mlp(
    params: tuple[Array, ...],
    p: Array,
    X: Array,
    T: Array,
    eta: float,
    lam: float,
    *,
    softmax: bool,
) -> Callable[[Any], None]:
    """What changes ``p``, all ``params`` in a row, by a step for each of some batches."""
    units = np.array([len(params[0]), *map(len, params[1::2])])
    real, every = X.dtype.type, np.arange(len(X))

    def advance(some: Array | tuple[Array | slice, ...]) -> None:
        if isinstance(some, np.ndarray):
            samples, lengths = every[some].ravel(), [some.shape[1]] * len(some)
        else:
            group = [every[batch] for batch in some]
            samples, lengths = np.concatenate(group), [*map(len, group)]
        sizes(batch=min(lengths))
        ends = np.cumsum(lengths)
        _run(_mlp, units, X, T, samples, ends, p, real(eta), real(lam), softmax)

    return advance
