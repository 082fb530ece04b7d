"""Derived gradients against numerical ones, for any function of a tuple of arrays."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from chainrule._inputs import Array, members, number, pairs, positive

type Params = tuple[float | Array, ...]
type Objective = Callable[[Any], Any]


def numerical_gradient(
    f: Objective, params: Params, eps: float = 1e-5
) -> tuple[Array, ...]:
    """Gradient of ``f`` by central differences, equation (1.2).

    The error is of order eps² from the third derivative and of order 1e-16 / eps from
    rounding; chapter 1 derives both.

    Args:
        f: Function of a tuple like ``params``, with a number as its value.
        params: Arrays of any shapes, the place at which to differentiate.
        eps: Finite difference ε, dimensionless.

    Returns:
        One array for each of ``params``, of its shape.

    Raises:
        ValueError: ``params`` is not a tuple of numeric, finite, non-empty arrays,
            ``eps`` is not one positive number, or ``f(params)`` is not one finite
            number in double precision.
    """
    positive("eps", eps)

    def gradient(f: Objective, a: Array) -> Array:
        da = np.zeros(a.shape)
        for index in np.ndindex(a.shape):
            step = np.zeros(a.shape)
            step[index] = eps
            da[index] = (f(a + step) - f(a - step)) / (2 * eps)  # (1.2)
        return da

    return tuple(gradient(g, a) for g, a in _one_by_one(f, params))


def complex_step_gradient(
    f: Objective, params: Params, eps: float = 1e-20
) -> tuple[Array, ...]:
    """Gradient of ``f`` by the imaginary part of a complex step, exact to rounding.

    ``f`` must be smooth and accept complex numbers. No difference is taken, so nothing
    cancels and ε may be as small as one likes.

    Equation (1.19). Source: W. Squire and G. Trapp, "Using complex variables to estimate derivatives of
    real functions", SIAM Review 40 (1998).

    Args:
        f: Function of a tuple like ``params``, with a number as its value.
        params: Arrays of any shapes, the place at which to differentiate.
        eps: Length ε of the imaginary step, dimensionless.

    Returns:
        One array for each of ``params``, of its shape.

    Raises:
        ValueError: ``params`` is not a tuple of numeric, finite, non-empty arrays,
            ``eps`` is not one positive number, or ``f(params)`` is not one finite
            number in double precision.
    """
    positive("eps", eps)

    def gradient(f: Objective, a: Array) -> Array:
        da = np.zeros(a.shape)
        for index in np.ndindex(a.shape):
            step = np.zeros(a.shape, complex)
            step[index] = 1j * eps
            da[index] = f(a + step).imag / eps
        return da

    return tuple(gradient(g, a) for g, a in _one_by_one(f, params))


def relative_error(a: ArrayLike | Params, b: ArrayLike | Params) -> float:
    """Euclidean distance of ``a`` and ``b`` over the larger length, equation (1.3).

    Args:
        a: An array or a tuple of arrays.
        b: The same structure and shapes as ``a``.

    Returns:
        A dimensionless number in [0, 2]; 0.0 if both are zero throughout.

    Raises:
        ValueError: The structures or shapes differ, or an array is not numeric, not
            finite or empty.
    """
    a, b = (each if isinstance(each, tuple) else (each,) for each in (a, b))
    pairs("a", a, "b", b)
    a = np.concatenate([np.ravel(each) for each in a])
    b = np.concatenate([np.ravel(each) for each in b])
    larger = max(np.linalg.norm(a), np.linalg.norm(b))
    return float(np.linalg.norm(a - b) / larger) if larger else 0.0  # (1.3)


def check(
    f: Objective,
    params: Params,
    grads: Params,
    *,
    names: Sequence[str] | None = None,
    eps: float = 1e-5,
    tolerance: float = 1e-6,
) -> dict[str, str]:
    """What central differences say of each gradient; raises if one is wrong.

    - ``"ok"``: every entry agrees.
    - ``"kink"``: entries disagree only where the one-sided differences disagree too, in
      a way that no smooth function has; there no gradient can be confirmed.
      Where many corners lie closer together than eps / 10⁴, even a correct gradient can
      be called wrong.
    - ``"zero"``: derived and numerical gradient are both zero, which proves little.

    Parameters in single precision are checked as copies in double precision: with the
    rounding errors of float32 no step makes central differences good to a millionth
    (chapter 8).

    An entry agrees if it differs from the central difference by at most ``tolerance``
    times the largest entry of its parameter, plus what rounding makes of the difference.

    Args:
        f: Objective, a function of a tuple like ``params``.
        params: Parameters, arrays of any shapes.
        grads: The gradients to check, in the order of ``params``.
        names: A name for each gradient, for the result and the message; without it
            ``grads[0]``, ``grads[1]`` …
        eps: Finite difference ε, dimensionless.
        tolerance: Relative tolerance, dimensionless.

    Returns:
        The verdict on each gradient by its name.

    Raises:
        AssertionError: A gradient is wrong (the message names its worst entry and gives
            both values), or all are zero, which is no check at all.
        ValueError: ``params`` and ``grads`` differ in length or shapes, ``names`` is not
            one for each, ``eps`` or ``tolerance`` is not one positive number, an array
            is not numeric, not finite or empty, or ``f(params)`` is not one finite
            number in double precision.
    """
    pairs("params", params, "grads", grads)
    positive("eps", eps)
    positive("tolerance", tolerance)
    names = names or [f"grads[{index}]" for index in range(len(grads))]
    if len(names) != len(grads):
        raise ValueError(f"names: expected {len(grads)}, got {len(names)}")

    numerical = numerical_gradient(f, params, eps)
    noise = 64 * np.finfo(float).eps * max(1.0, abs(f(params))) / eps
    verdicts, wrong = {}, []
    for name, (g, a), derived, difference in zip(
        names, _one_by_one(f, params), members("grads", grads), numerical, strict=True
    ):
        scale = max(np.abs(derived).max(), np.abs(difference).max())
        gap = np.abs(derived - difference)
        doubts = {
            i: _doubt(g, a, i, eps, float(derived[i]))
            for i in np.ndindex(a.shape)
            if gap[i] > tolerance * scale + noise
        }
        if "wrong" in doubts.values():
            worst = max(
                (i for i in doubts if doubts[i] == "wrong"), key=gap.__getitem__
            )
            verdicts[name] = "wrong"
            place = ", ".join(map(str, worst))
            wrong.append(
                f"{name} is wrong, most at [{place}]: derived {derived[worst]:.9g}, "
                f"numerical {difference[worst]:.9g}"
            )
        elif "kink" in doubts.values():
            verdicts[name] = "kink"
        else:
            verdicts[name] = "zero" if scale <= noise else "ok"
    if wrong:
        raise AssertionError("; ".join(wrong))
    if set(verdicts.values()) == {"zero"}:
        raise AssertionError("every gradient is zero: 0 = 0 confirms nothing")
    return verdicts


def _one_by_one(f: Objective, params: Params) -> list[tuple[Objective, Array]]:
    """For each of ``params``, in double precision: ``f`` of it alone, and its value.

    Raises:
        ValueError: ``f`` does not give one finite number in double precision.
    """
    values = tuple(
        value.astype(np.result_type(value, float))
        for value in members("params", params)
    )
    at_place = number("f(params)", f(values))
    if at_place.shape != ():
        raise ValueError(f"f(params): expected one number, got shape {at_place.shape}")
    if at_place.dtype in (np.float16, np.float32, np.complex64):
        raise ValueError(
            "f(params): expected a number in double precision (float64), got "
            f"{at_place.dtype}; give f its inputs in float64"
        )

    def alone(index: int) -> Objective:
        return lambda a: f((*values[:index], a, *values[index + 1 :]))

    return [(alone(index), value) for index, value in enumerate(values)]


def _doubt(
    f: Objective, a: Array, index: tuple[int, ...], eps: float, derived: float
) -> str:
    """Why ``derived`` differs from a central difference: "kink", "smooth" or "wrong".

    The one-sided differences of a smooth function disagree by eps·f″, half as much at
    half the step; a corner breaks this proportion. If there is one, the derivative has
    to lie between the one-sided differences of a step so small that few corners are in
    its reach. If there is none, but the difference shrinks with the step, it came from
    the curvature and not from the derivative.
    """
    step = np.zeros(a.shape)
    step[index] = 1.0
    middle = f(a)

    def sides(eps: float) -> tuple[float, float]:
        return (middle - f(a - eps * step)) / eps, (f(a + eps * step) - middle) / eps

    def rounding(eps: float) -> float:
        return float(64 * np.finfo(float).eps * max(1.0, abs(middle)) / eps)

    gap, gap_2, gap_4 = (
        right - left for left, right in map(sides, (eps, eps / 2, eps / 4))
    )
    if max(abs(gap - 2 * gap_2), abs(gap_2 - 2 * gap_4)) > rounding(eps):
        for shorter in (eps / 1e2, eps / 1e3, eps / 1e4):
            low, high = sorted(sides(shorter))
            if low - rounding(shorter) <= derived <= high + rounding(shorter):
                return "kink"

    def gap_to_central(eps: float) -> float:
        return abs(sum(sides(eps)) / 2 - derived)

    shrinks = gap_to_central(eps / 10) <= gap_to_central(eps) / 5 + rounding(eps / 10)
    return "smooth" if shrinks else "wrong"
