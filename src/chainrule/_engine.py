"""The loops of ``train``, compiled by numba for the sizes of a network.

All parameters stand in a row, of each layer the weights and then the biases, as of one more
input that is always 1. ``_rows`` computes a block of samples at once: a row of its tables holds
one unit for all of them, so that the innermost loops run over neighbours in memory.
``_single`` takes sample after sample; ``_radial`` is the unit of chapter 4. They change the
parameters as ``backward`` and ``momentum_step`` do, by the same equations.
"""

from collections.abc import Callable
from functools import lru_cache
from itertools import accumulate, pairwise
from math import factorial
from typing import Any

import numba
import numpy as np

from chainrule._inputs import Array

BLOCK = 20  # vectors of 64 bytes in a row: those of a small network stay in the cache
_C = tuple(1 / factorial(k) for k in range(11))
_exactly = numba.njit(fastmath={"contract"}, error_model="numpy")


@_exactly
def _exp(x, real):
    """E to the power of x ≤ 0: the series of e^r - 1 at r = x / 32, doubled five times."""
    r = max(x, real(-40)) * real(1 / 32)
    q = r * r
    p = q * q
    m = real(_C[5]) + real(_C[6]) * r
    if real(1) + real(1e-9) > real(1):  # more terms than single precision can see
        m += q * (real(_C[7]) + real(_C[8]) * r)
        m += p * (real(_C[9]) + real(_C[10]) * r)
    m = r * ((real(1) + real(0.5) * r) + q * (real(_C[3]) + real(_C[4]) * r) + p * m)
    for _ in range(5):
        m *= m + real(2)  # e^2r - 1 = m² + 2m
    return m + real(1)


@_exactly
def sigma(z, real):
    e = _exp(-abs(z), real)
    return (e if z < real(0) else real(1)) / (real(1) + e)  # (2.2)


@_exactly
def _unit(z, smooth, real):
    if smooth:
        return sigma(z, real)  # (6.1)
    return max(z, real(0))  # (7.7)


@_exactly
def _slope(h, smooth, real):
    if smooth:
        return h * (real(1) - h)  # (6.2)
    return real(1) if h > real(0) else real(0)  # (5.11)


def _radial(N):
    def run(P, V, x, t, steps, eta, mu):
        real = x.dtype.type
        w, b, v, u = P[0], P[1], V[0], V[1]
        for _ in range(steps):
            dw, db = real(0), real(0)
            for n in range(N):
                z = x[n] * w  # (4.1)
                h = _exp(-z * z, real)  # (4.2)
                e = sigma(h + b, real) - t[n]  # (4.6)
                db += e  # (4.7)
                dw += z * h * e * x[n]  # (4.11)
            v = mu * v + real(2 / N) * eta * dw  # (6.3)
            u = mu * u - real(1 / N) * eta * db
            w, b = w + v, b + u
        P[0], P[1], V[0], V[1] = w, b, v, u

    return run


def _single(units, moving):
    _, first, begin = _places(units)
    L, top = len(units) - 1, first[-2]

    def run(P, V, A, E, X, T, samples, eta, lam, mu):
        real = P.dtype.type
        A, E = A.ravel(), E.ravel()
        for n in samples:
            for m in range(units[0]):
                A[m] = X[n, m]
            for l in range(L):
                w, a, z, p = units[l + 1], first[l], first[l + 1], begin[l]
                for k in range(w):
                    s = P[p + units[l] * w + k]
                    for m in range(units[l]):
                        s += A[a + m] * P[p + m * w + k]  # (7.6)
                    A[z + k] = real(0) if s < real(0) and l < L - 1 else s  # (7.7)
            for k in range(units[L]):
                E[top + k] = eta * (sigma(A[top + k], real) - T[n, k])  # (7.17)
            for l in range(L - 1, -1, -1):
                w, a, d, p = units[l + 1], first[l], first[l + 1], begin[l]
                for m in range(units[l] + 1):
                    s, decay = real(0), eta * lam if m < units[l] else real(0)
                    for k in range(w):
                        i = p + m * w + k
                        s += P[i] * E[d + k]  # (7.18)
                        v = -decay * P[i] - A[a + m] * E[d + k]  # (7.19)
                        if moving:
                            v += mu * V[i]  # (6.3)
                            V[i] = v
                        P[i] += v
                    E[a + m] = s if A[a + m] > real(0) else real(0)

    return run


def _rows(units, B, smooth, output):
    rows, first, begin = _places(units)
    softmax, linear = output == "softmax", output == "linear"
    L, top, end = len(units) - 1, first[-2], first[-2] + units[-1]
    two = softmax and units[-1] == 2

    def run(P, V, A, E, X, T, starts, ends, eta, lam, mu):
        real = P.dtype.type
        s, G = np.empty(B, P.dtype), np.zeros_like(P)
        for step in range(len(starts)):
            for at in range(starts[step], ends[step], B):
                count = min(B, ends[step] - at)
                for m in range(units[0]):
                    for n in range(count):
                        A[m, n] = X[(at + n) * units[0] + m]
                for l in range(L):
                    w = units[l + 1]
                    for k in range(w):
                        z = first[l + 1] + k
                        for m in range(0, rows[l], 4):
                            a, p = first[l] + m, begin[l] + m * w + k
                            p0, p1, p2, p3 = P[p], P[p + w], P[p + 2 * w], P[p + 3 * w]
                            for n in range(B):
                                h = p0 * A[a, n] + p1 * A[a + 1, n]
                                h += p2 * A[a + 2, n] + p3 * A[a + 3, n]
                                A[z, n] = A[z, n] + h if m > 0 else h  # (7.6)
                        if l < L - 1:
                            for n in range(B):
                                A[z, n] = _unit(A[z, n], smooth, real)
                if two:
                    for n in range(B):
                        z0, z1 = A[top, n], A[top + 1, n]
                        bad = (
                            real(0) * z0 + real(0) * z1
                        )  # no number if one is infinite
                        A[top + 1, n] = sigma(z1 - z0 + bad, real)  # (3.5)
                        A[top, n] = real(1) - A[top + 1, n]
                elif softmax:
                    for n in range(B):
                        s[n] = A[top, n]
                    for z in range(top + 1, end):
                        for n in range(B):
                            s[n] = max(s[n], A[z, n])
                    for z in range(top, end):
                        for n in range(B):
                            A[z, n] = _exp(A[z, n] - s[n], real)  # (3.2)
                    for n in range(B):
                        s[n] = real(0)
                    for z in range(top, end):
                        for n in range(B):
                            s[n] += A[z, n]
                for z in range(top, end):
                    for n in range(0 if two or linear else B):
                        A[z, n] = A[z, n] / s[n] if softmax else sigma(A[z, n], real)
                    for n in range(count):
                        E[z, n] = A[z, n] - T[(at + n) * units[L] + z - top]  # (7.17)
                    for n in range(count, B):
                        E[z, n] = real(0)  # there is no such sample
                for l in range(L - 1, -1, -1):
                    w = units[l + 1]
                    for m in range(units[l] + 1):
                        a = first[l] + m
                        for k in range(0, w, 4):
                            d, p = first[l + 1] + k, begin[l] + m * w + k
                            p0, p1, p2, p3 = P[p], P[p + 1], P[p + 2], P[p + 3]
                            g0 = g1 = g2 = g3 = real(0)
                            for n in range(B):
                                e0, e1, e2, e3 = (
                                    E[d, n],
                                    E[d + 1, n],
                                    E[d + 2, n],
                                    E[d + 3, n],
                                )
                                g0 += A[a, n] * e0  # (7.19)
                                g1 += A[a, n] * e1
                                g2 += A[a, n] * e2
                                g3 += A[a, n] * e3
                                if l > 0:
                                    h = p0 * e0 + p1 * e1 + p2 * e2 + p3 * e3  # (7.18)
                                    s[n] = s[n] + h if k > 0 else h
                            for i, g in enumerate((g0, g1, g2, g3)):
                                G[p + i] += g
                        if l > 0 and m < units[l]:
                            for n in range(B):
                                E[a, n] = s[n] * _slope(A[a, n], smooth, real)
            share = real(1) / real(ends[step] - starts[step])
            for l in range(L):
                for i in range(begin[l], begin[l + 1]):
                    decay = lam if i < begin[l + 1] - units[l + 1] else real(0)
                    V[i] = mu * V[i] - eta * (share * G[i] + decay * P[i])  # (6.3)
                    P[i] += V[i]
                    G[i] = real(0)

    return run


def _places(units):
    """The rows of each layer, where they begin, and where its parameters do.

    The rows are as many as a multiple of four: those that stand for nothing hold zeros, and
    what is computed with them, from whatever parameters, is zero.
    """
    counts = [*(m + 1 for m in units[:-1]), units[-1]]
    rows = tuple(-(-count // 4) * 4 for count in counts)
    sizes = [(m + 1) * k for m, k in pairwise(units)]
    return rows, tuple(accumulate(rows, initial=0)), tuple(accumulate(sizes, initial=0))


@lru_cache(maxsize=8)
def _kept(*_: Any) -> list[Any]:
    return []


def _run(make, sizes, *arguments):
    """Call the loop that ``make`` makes for ``sizes``, which is compiled once."""
    kept = _kept(make, sizes, arguments[0].dtype)
    if not kept:
        options: Any = {
            "fastmath": {"reassoc", "contract", "nsz"},
            "error_model": "numpy",
        }
        try:
            kept.append(numba.njit(make(*sizes), cache=True, **options))
            kept[0].compile(tuple(map(numba.typeof, arguments)))
        except Exception:  # noqa: BLE001  where there is no place or the file is damaged
            kept[:] = [numba.njit(make(*sizes), **options)]
    kept[0](*arguments)


def loop(
    units: tuple[int, ...],
    P: Array,
    V: Array,
    X: Array,
    T: Array,
    rates: list[Any],
    kind: str,
    output: str,
) -> Callable[[Array | slice, Array, Array], None]:
    """What changes ``P`` and ``V`` by steps on samples whose places begin and end somewhere.

    Args:
        units: Of all layers; of ``rbf_net``, whose steps are on all samples, no matter.
        P: Parameters in a row, and as many zeros as in three rows and three numbers.
        V: Their velocity.
        X: Inputs; a row is a sample.
        T: Targets, likewise.
        rates: η, λ and μ.
        kind: ``"radial"`` for ``rbf_net``, ``"smooth"`` for hidden units that are sigmoids.
        output: ``"sigmoid"``, ``"softmax"`` or ``"linear"``.
    """
    if kind == "radial":
        eta, _, mu = rates
        return lambda _, starts, __: _run(
            _radial, (len(X),), P, V, X, T, len(starts), eta, mu
        )
    T, smooth, lanes = T.reshape(len(X), -1), kind == "smooth", 64 // X.itemsize

    @lru_cache(maxsize=1)
    def space(B: int) -> tuple[Array, Array]:
        _, first, _ = _places(units)
        size = 2 * first[-1] * B
        room = np.zeros(size + lanes, X.dtype)
        begin = -room.ctypes.data % 64 // X.itemsize  # a row begins a line of the cache
        A, E = room[begin : begin + size].reshape(2, -1, B)
        A[np.add(first[: len(units) - 1], units[:-1])] = 1
        return A, E

    def advance(samples: Array | slice, starts: Array, ends: Array) -> None:
        made: Any
        sizes: Any
        data: Any
        most = int((ends - starts).max())
        if most == 1 and not smooth and output == "sigmoid":
            B, made, sizes = 1, _single, (units, rates[2] > 0)
            data = X, T, starts if isinstance(samples, slice) else samples[starts]
        else:
            blocks = -(-most // (BLOCK * lanes))
            B = -(-most // (blocks * lanes)) * lanes
            made, sizes = _rows, (units, B, smooth, output)
            data = X[samples].ravel(), T[samples].ravel(), starts, ends
        _run(made, sizes, P, V, *space(B), *data, *rates)

    return advance
