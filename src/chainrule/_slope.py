"""The slope of a function of one number, estimated from its values, with its error.

Central differences at several steps are extrapolated, and the spread between the values
bounds their error: chapter 1, "Two steps are better than one".
"""

import math
from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

EPS = 2.0**-52
# The steps, as powers of two of the size of the argument: those that are always taken,
# those that help against rounding, and those that help against all else.
FIRST = (-2, -4, -6, -8, -20, -28)
LARGER = ((0, 2, 4, 6),)
SMALLER = ((-10, -12, -14, -16), (-18, -22, -24, -26), (-30, -32, -34, -36))


class Slope(NamedTuple):
    """An estimate of a slope.

    Attributes:
        value: The estimate.
        bound: What it may be wrong by; infinity if it is none.
        rounding: The part of the bound that comes from the rounding of the function.
        step: The step that it rests on.
        jump: What the slopes on both sides may differ by.
        sides: The slopes to the left and to the right at the smallest step.
        reason: Why there is no estimate: ``"corner"``, ``"not finite"``, ``"precision"``.
    """

    value: float
    bound: float
    rounding: float
    step: float
    jump: float
    sides: tuple[float, float]
    reason: str


class _Rung(NamedTuple):
    step: float
    left: float
    right: float
    rounding: float


def estimate(
    g: Callable[[float], float],
    at: float,
    size: float,
    middle: float,
    noise: float,
    goal: float,
) -> Slope:
    """The slope of ``g``.

    Args:
        g: The function; where it has no value it gives NaN or infinity.
        at: The place.
        size: What the steps are multiples of.
        middle: The value of ``g`` there.
        noise: What rounding makes of a value of ``g``.
        goal: A bound that is good enough.
    """
    rungs: list[_Rung] = []
    larger, smaller = iter(LARGER), iter(SMALLER)
    powers: tuple[int, ...] = FIRST
    while True:
        for power in powers:
            up, down = at + math.ldexp(size, power), at - math.ldexp(size, power)
            if not down < at < up:
                continue
            above, below = g(up), g(down)
            if math.isfinite(above) and math.isfinite(below):
                step = (up - down) / 2
                left, right = (
                    (middle - below) / (at - down),
                    (above - middle) / (up - at),
                )
                largest = max(noise, EPS * abs(above), EPS * abs(below))
                rungs.append(_Rung(step, left, right, 4 * largest / step))
        found = _read(sorted(rungs, reverse=True))
        rounded = found.rounding > found.bound / 2 and found.step > size / 2**10
        powers = next(larger if rounded else smaller, ())
        if not powers or found.bound <= goal or found.reason == "corner":
            return found


def _read(rungs: list[_Rung]) -> Slope:
    """What the slopes over ever smaller steps say together."""
    sides = (rungs[-1].left, rungs[-1].right) if rungs else (math.nan, math.nan)
    if len(rungs) < 3:
        return Slope(math.nan, math.inf, 0.0, 0.0, math.inf, sides, "not finite")
    steps = [each.step for each in rungs]
    central = [each.left / 2 + each.right / 2 for each in rungs]
    gaps = [each.right - each.left for each in rungs]
    values = _extrapolated(steps, central, 2)
    roundings = [1.5 * each.rounding for each in rungs[1:]]
    best, bound = _settled(values, roundings)
    jumps = _extrapolated(steps, gaps, 1)
    last, spread = _settled(jumps, [4 * each for each in roundings])
    if abs(jumps[last]) > spread:
        reason = "corner"
    else:
        reason = "" if math.isfinite(bound) else "precision"
    return Slope(
        value=values[best],
        bound=bound,
        rounding=roundings[best],
        step=steps[best + 1],
        jump=abs(jumps[last]) + spread,
        sides=sides,
        reason=reason,
    )


def _extrapolated(steps: list[float], values: list[float], order: int) -> list[float]:
    """What two neighbours say of the limit, as in equation (1.20).

    The error of the values falls with this power of the step.
    """
    found = []
    for (step, value), (shorter, better) in pairwise(zip(steps, values, strict=True)):
        ratio = (step / shorter) ** order
        found.append(better + (better - value) / (ratio - 1))
    return found


def _settled(values: list[float], roundings: list[float]) -> tuple[int, float]:
    """Which value has the smallest bound of those that no smaller step contradicts.

    The bound is twice the distance to the value before, and the rounding; it is infinite
    if there is no such value.
    """
    best, least = 0, math.inf
    for j in range(1, len(values)):
        bound = 2 * abs(values[j] - values[j - 1]) + roundings[j]
        smaller = zip(values[j:], roundings[j:], strict=True)
        if bound < least and all(
            abs(other - values[j]) <= bound + rounding for other, rounding in smaller
        ):
            best, least = j, bound
    return best, least
