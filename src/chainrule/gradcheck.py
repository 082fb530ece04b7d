"""Derived gradients against numerical ones, for any function of a tuple of arrays."""

import math
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from chainrule._inputs import Array, members, number, pairs, partners, positive, sizes
from chainrule._slope import EPS, Slope, estimate

type Params = tuple[float | Array, ...]
type Objective = Callable[[Any], Any]
type Index = tuple[int, ...]

ADVICE = {
    "corner": "a corner: move away from it",
    "not finite": "f is not finite nearby: move away from there",
    "too small": "lost in the rounding of f: go where it is larger",
    "curvature": "f bends too much at every step: scale its inputs",
    "precision": "lost in the rounding of f: compute all of it in double precision",
}


def numerical_gradient(
    f: Objective, params: Params, eps: float = 1e-5
) -> tuple[Array, ...]:
    """Gradient of ``f`` by central differences, equation (1.2).

    The error is of order eps² from the third derivative and of order 1e-16 / eps from
    rounding; chapter 1 derives both. The difference is divided by the step that was
    taken, which for large parameters is not exactly 2 ε.

    Args:
        f: Function of a tuple like ``params``, with a number as its value.
        params: Arrays of any shapes, the place at which to differentiate.
        eps: Finite difference ε, dimensionless.

    Returns:
        One array for each of ``params``, of its shape.

    Raises:
        ValueError: ``params`` is not a tuple of real, finite, non-empty arrays, ``eps``
            is not one positive number or is lost beside a parameter, or ``f(params)`` is
            not one real, finite number in double precision, or not always the same.
    """
    eps = positive("eps", eps)
    values, _ = _place(f, params)
    grads = tuple(np.zeros(a.shape) for a in values)
    for k, index in _entries(values):
        at = values[k][index]
        up, down = at + eps, at - eps
        if not down < at < up:
            raise ValueError(
                f"eps: expected a step that changes {at:g}, an entry of params[{k}], got "
                f"{eps:g}; take a larger one"
            )
        rise = f(_moved(values, k, index, up)) - f(_moved(values, k, index, down))
        grads[k][index] = rise / (up - down)
    return grads


def complex_step_gradient(
    f: Objective, params: Params, eps: float = 1e-20
) -> tuple[Array, ...]:
    """Gradient of ``f`` by the imaginary part of a complex step, exact to rounding.

    ``f`` must be smooth and accept complex numbers. No difference is taken, so nothing
    cancels and ε may be as small as one likes. The slope in one random direction is
    compared with a real one: an ``f`` that drops imaginary parts is refused.

    Equation (1.22). Source: W. Squire and G. Trapp, "Using complex variables to estimate
    derivatives of real functions", SIAM Review 40 (1998).

    Args:
        f: Function of a tuple like ``params``, with a number as its value.
        params: Arrays of any shapes, the place at which to differentiate.
        eps: Length ε of the imaginary step, dimensionless.

    Returns:
        One array for each of ``params``, of its shape.

    Raises:
        ValueError: ``params`` is not a tuple of real, finite, non-empty arrays, ``eps``
            is not one positive number, ``f(params)`` is not one real, finite number in
            double precision, or not always the same, or ``f`` drops the imaginary part.
    """
    eps = positive("eps", eps)
    values, middle = _place(f, params)

    def slope(moved: tuple[Array, ...]) -> float:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", np.exceptions.ComplexWarning)
            return float(np.imag(f(moved)) / eps)

    grads = tuple(np.zeros(a.shape) for a in values)
    for k, index in _entries(values):
        moved = tuple(a.astype(complex) for a in values)
        moved[k][index] += 1j * eps
        grads[k][index] = slope(moved)

    d = _direction(values)
    along = slope(
        tuple(np.asarray(a + 1j * eps * b) for a, b in zip(values, d, strict=True))
    )
    real = estimate(
        lambda t: float(_along(f, values, d, np.array([t]))[0]),
        at=0.0,
        size=1.0,
        middle=middle,
        noise=_noise(f, values, middle),
        goal=1e-6 * abs(along),
    )
    if not real.reason and abs(along - real.value) > real.bound + real.jump / 2:
        raise ValueError(
            "f: expected a function that keeps the imaginary part of its argument, got "
            f"a slope of {along:g} where a real step finds {real.value:g}; abs, norm, "
            ".real and float drop it"
        )
    return grads


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
    a, b = pairs("a", a, "b", b)
    both = np.array([np.concatenate([*map(np.ravel, each)]) for each in (a, b)])
    largest = np.abs(both).max()
    if not largest:
        return 0.0
    one, two = both / largest  # whose squares neither overflow nor vanish
    longer = max(np.linalg.norm(one), np.linalg.norm(two))
    return float(np.linalg.norm(one - two) / longer)


@dataclass(frozen=True)
class Entry:
    """One entry of a gradient: derived, estimated, and how good the estimate is.

    Attributes:
        index: Its place in the array.
        derived: The value that was given.
        numerical: The estimate.
        bound: What the estimate may be wrong by; infinity if it is none.
        sides: The slopes to the left and to the right at the smallest step.
        verdict: ``"ok"``, ``"wrong"`` or ``"undecided"``.
        reason: Why it is undecided, a word of ``ADVICE``.
    """

    index: Index
    derived: float
    numerical: float
    bound: float
    sides: tuple[float, float]
    verdict: str = "ok"
    reason: str = ""

    @property
    def estimated(self) -> bool:
        """Whether there is an estimate, however wide its bound."""
        return self.bound < math.inf and self.reason != "corner"

    @property
    def gap(self) -> float:
        """The distance of both values, 0 without an estimate."""
        return abs(self.derived - self.numerical) if self.estimated else 0.0

    @property
    def unseen(self) -> bool:
        """Whether both values are within the bound of 0."""
        largest = max(abs(self.derived), abs(self.numerical))
        return self.estimated and largest <= self.bound

    @property
    def compared(self) -> bool:
        """Whether the bound is below 1% of the value, or both values are 0."""
        largest = max(abs(self.derived), abs(self.numerical))
        return self.estimated and (largest == 0 or self.bound <= 0.01 * largest)

    def __str__(self) -> str:
        """Both values, and what is the matter."""
        text = f"[{', '.join(map(str, self.index))}]: derived {self.derived:.9g}, "
        if self.reason == "corner":
            text += "slopes {:.9g} to the left and {:.9g} to the right".format(
                *self.sides
            )
        else:
            text += f"numerical {self.numerical:.9g}"
        return text + (f"; {ADVICE[self.reason]}" if self.reason else "")


@dataclass(frozen=True)
class Gradient:
    """What was found of one gradient.

    Attributes:
        name: Its name.
        verdict: ``"ok"``, ``"wrong"``, ``"undecided"`` or ``"zero"``.
        relative_error: Equation (1.3), over the entries that could be estimated.
        worst: The entry that says most: the most wrong one, an undecided one, or the
            one with the largest difference.
        looked_at: How many entries were estimated.
        compared: How many of these can be seen: their bound is below 1% of them.
    """

    name: str
    verdict: str
    relative_error: float
    worst: Entry
    looked_at: int
    compared: int


@dataclass(frozen=True, eq=False, repr=False)
class Report(Mapping[str, str]):
    """What ``check`` found: the verdict on each gradient by its name, and more.

    Attributes:
        gradients: What was found of each gradient, in the order given.
    """

    gradients: tuple[Gradient, ...]

    @property
    def ok(self) -> bool:
        """Whether every gradient is ``"ok"``."""
        return all(each.verdict == "ok" for each in self.gradients)

    def __getitem__(self, name: str) -> str:
        """The verdict on a gradient."""
        return {each.name: each.verdict for each in self.gradients}[name]

    def __iter__(self) -> Iterator[str]:
        """The names."""
        return (each.name for each in self.gradients)

    def __len__(self) -> int:
        """How many gradients there are."""
        return len(self.gradients)

    def __repr__(self) -> str:
        """The verdicts."""
        return repr(dict(self))

    def __str__(self) -> str:
        """A table, one line for each gradient."""
        rows = [("", "verdict", "error", "seen", "worst entry")]
        for each in self.gradients:
            error = f"{each.relative_error:.1e}".replace("nan", "-")
            seen = f"{each.compared} of {each.looked_at}"
            rows.append((each.name, each.verdict, error, seen, str(each.worst)))
        wide = [max(map(len, column)) for column in zip(*rows, strict=True)]
        cells = (map(str.ljust, row, wide) for row in rows)
        return "\n".join("  ".join(row).rstrip() for row in cells)


def check(  # noqa: PLR0913  five of them are options
    f: Objective,
    params: Params,
    grads: Params,
    *,
    names: Sequence[str] | None = None,
    tolerance: float = 1e-6,
    entries: int | None = None,
    oracle: Callable[[Objective], Callable[[Params], Params]] | None = None,
    raises: bool = True,
) -> Report:
    """What numerical derivatives say of each gradient; raises if one is wrong.

    Each entry is estimated from central differences at several steps, extrapolated; the
    spread between steps and the rounding of ``f`` bound its error (chapter 1).

    - ``"ok"``: every entry agrees, to ``tolerance`` of the largest of its array. Entries
      that are too small to be compared by themselves are counted.
    - ``"wrong"``: an entry differs by more than that and by more than the bound.
    - ``"undecided"``: an entry cannot be estimated so well. There is a corner, whatever
      was derived for it; or it is lost in the rounding of ``f``, or ``f`` bends too much,
      is not finite nearby, or is not computed in double precision. The report says which.
    - ``"zero"``: derived and numerical gradient are zero as far as can be seen, which
      proves little.

    Corners that cancel each other exactly cannot be seen in values of ``f``. Parameters in
    single precision are checked as copies in double precision.

    Args:
        f: Objective, a function of a tuple like ``params``. It is given copies.
        params: Parameters, arrays of any shapes.
        grads: The gradients to check, in the order of ``params``.
        names: A name for each gradient, for the report; without it ``grads[0]``,
            ``grads[1]`` …
        tolerance: Relative tolerance, dimensionless.
        entries: Look at no more than so many entries of each array, the largest derived
            one and others at random; all of them by default.
        oracle: What finds derivatives in place of numerical ones, such as
            ``autodiff.grad``. They are taken as right to 1e-13 of the largest entry of
            an array, so that ``tolerance`` can be as small as 1e-12; at a corner they
            are what the oracle's rules say.
        raises: Whether to raise an error if a gradient is wrong or all are zero.

    Returns:
        A report: a mapping from names to verdicts that prints as a table, with ``ok``,
        relative errors and worst entries.

    Raises:
        AssertionError: A gradient is wrong (the message names its worst entry and gives
            both values), or all are zero, which is no check at all.
        ValueError: ``params`` and ``grads`` differ in length or shapes or are empty,
            ``names`` are not one for each and all different, ``tolerance`` or ``entries``
            is not positive, an array is not real, not finite or empty, or ``f(params)``
            is not one real, finite number in double precision, or not always the same.
    """
    _, grads = pairs("params", params, "grads", grads, real=True)
    tolerance = positive("tolerance", tolerance)
    names = names or [f"grads[{index}]" for index in range(len(grads))]
    if len(names) != len(grads):
        raise ValueError(f"names: expected {len(grads)}, got {len(names)}")
    if len({*names}) < len(names):
        raise ValueError(f"names: expected different ones, got {', '.join(names)}")
    if entries is not None:
        (entries,) = sizes(entries=entries)
    values, middle = _place(f, params)
    noise = 0.0 if oracle else _noise(f, values, middle)
    coarse = noise > 1e-12 * max(1.0, abs(middle))
    found = []
    exact = oracle and partners(
        "oracle(f)(params)", oracle(f)(values), "params", values, real=True
    )

    def slope(k: int, index: Index, goal: float) -> Slope:
        if exact:
            value = float(exact[k][index])
            bound = 1e-13 * float(np.abs(exact[k]).max())
            return Slope(value, bound, bound, 0.0, 0.0, (value, value), "")
        return estimate(
            lambda x: _value(f, _moved(values, k, index, x)),
            at=float(values[k][index]),
            size=_size(values[k]),
            middle=middle,
            noise=noise,
            goal=goal,
        )

    for k, derived in enumerate(grads):
        goal = tolerance * float(np.abs(derived).max()) / 4
        with np.errstate(all="ignore"):
            slopes = {
                index: slope(k, index, goal) for index in _drawn(derived, entries)
            }
        found.append(_judge(names[k], derived, slopes, tolerance, coarse=coarse))
    _same(f, values, middle)
    report = Report(tuple(found))
    if raises and "wrong" in report.values():
        raise AssertionError(
            "; ".join(
                f"{each.name} is wrong, most at {each.worst}"
                for each in found
                if each.verdict == "wrong"
            )
        )
    if raises and {*report.values()} == {"zero"}:
        raise AssertionError("every gradient is zero: 0 = 0 confirms nothing")
    return report


def _judge(
    name: str,
    derived: Array,
    slopes: dict[Index, Slope],
    tolerance: float,
    *,
    coarse: bool,
) -> Gradient:
    """The verdict on a gradient; ``coarse`` tells that f is not in double precision."""
    known = [abs(each.value) for each in slopes.values() if not each.reason]
    nearness = tolerance * max(float(np.abs(derived).max()), *known, 0.0)
    found = [
        _entry(index, float(derived[index]), slope, nearness, coarse=coarse)
        for index, slope in slopes.items()
    ]
    verdicts = {each.verdict for each in found}
    if "wrong" not in verdicts and all(each.unseen for each in found):
        verdict = "zero"
    else:
        verdict = next(
            each for each in ("wrong", "undecided", "ok") if each in verdicts
        )
    worst = max(
        (each for each in found if verdict in {each.verdict, "zero"}),
        key=lambda each: (not each.estimated, each.gap, abs(each.derived)),
    )
    estimated = [each for each in found if each.estimated]
    error = (
        relative_error(
            [each.derived for each in estimated], [each.numerical for each in estimated]
        )
        if estimated
        else math.nan
    )
    compared = sum(each.compared for each in found)
    return Gradient(name, verdict, error, worst, len(found), compared)


def _entry(
    index: Index, derived: float, slope: Slope, nearness: float, *, coarse: bool
) -> Entry:
    value, bound, reason = slope.value, slope.bound, slope.reason
    verdict, gap = "undecided", abs(derived - value)
    if not reason and gap > nearness + bound + slope.jump / 2:
        verdict = "wrong"
    elif not reason and max(gap - bound, bound) <= nearness:
        verdict = "ok"
    elif coarse and reason != "not finite":
        reason = "precision"
    elif not reason:
        reason = "curvature" if slope.rounding < bound / 2 else "too small"
    return Entry(index, derived, value, bound, slope.sides, verdict, reason)


def _place(f: Objective, params: Params) -> tuple[tuple[Array, ...], float]:
    """``params`` in double precision, and the value of ``f`` there.

    Raises:
        ValueError: They are not real, or ``f`` does not give one real, finite number in
            double precision, the same one each time.
    """
    values = tuple(
        np.array(each, dtype=float) for each in members("params", params, real=True)
    )
    if not values:
        raise ValueError("params: expected at least one array, got none")
    at_place = number("f(params)", f(_copies(values)))
    if at_place.shape != ():
        raise ValueError(f"f(params): expected one number, got shape {at_place.shape}")
    if at_place.dtype in (np.float16, np.float32, np.complex64):
        raise ValueError(
            "f(params): expected a number in double precision (float64), got "
            f"{at_place.dtype}; give f its inputs in float64"
        )
    if np.iscomplexobj(at_place):
        raise ValueError(f"f(params): expected a real number, got {at_place}")
    middle = float(at_place)
    _same(f, values, middle)
    return values, middle


def _same(f: Objective, values: tuple[Array, ...], middle: float) -> None:
    """Check that ``f`` gives the same value again.

    Raises:
        ValueError: It does not.
    """
    again = float(f(_copies(values)))
    if again != middle:
        raise ValueError(
            f"f(params): expected the same value at the same place, got {middle} and "
            f"{again}; draw what is random before, and change nothing in f"
        )


def _noise(f: Objective, values: tuple[Array, ...], middle: float) -> float:
    """What rounding makes of a value of ``f``, or of 1 if that is larger.

    It is also measured, along two directions: ``f`` is evaluated at 33 places so close
    together that a cubic polynomial fits it, and fourth differences leave of it only what
    rounding has added. Their median passes over corners. Over places twice as far apart
    it would be much the same; from a bend it would be 16 times as large.
    And where single precision can hold all values, they have been rounded to it.
    """
    noise = EPS * max(1.0, abs(middle))
    places = 2.0**-25 * np.arange(-16, 17)
    for d in (values, _direction(values)):
        near = _along(f, values, d, places)
        if np.isfinite(near).all():
            fourth, wide = (
                float(np.median(np.abs(np.diff(each, 4)))) for each in (near, near[::2])
            )
            if wide < 4 * fourth:
                noise = max(noise, fourth / 2)
    with np.errstate(over="ignore"):
        single = np.array_equal(near, near.astype(np.float32))
    return max(noise, 2.0**-23 * abs(middle)) if single else noise


def _along(
    f: Objective, values: tuple[Array, ...], d: tuple[Array, ...], t: Array
) -> Array:
    """``f(values + t * d)`` for each of ``t``."""
    both = [*zip(values, d, strict=True)]
    places = (tuple(np.asarray(a + float(s) * b) for a, b in both) for s in t)
    with np.errstate(all="ignore"):
        return np.array([_value(f, place) for place in places])


def _direction(values: tuple[Array, ...]) -> tuple[Array, ...]:
    """A random direction, of the size of the parameters."""
    rng = np.random.default_rng(0)
    return tuple(np.asarray(_size(a) * rng.standard_normal(a.shape)) for a in values)


def _value(f: Objective, params: tuple[Array, ...]) -> float:
    """``f(params)``, or NaN where it has no value."""
    try:
        return float(f(params))
    except (ArithmeticError, ValueError):
        return math.nan


def _copies(values: tuple[Array, ...]) -> tuple[Array, ...]:
    return tuple([each.copy() for each in values])


def _moved(
    values: tuple[Array, ...], k: int, index: Index, to: float
) -> tuple[Array, ...]:
    moved = _copies(values)
    moved[k][index] = to
    return moved


def _entries(values: tuple[Array, ...]) -> Iterator[tuple[int, Index]]:
    for k, a in enumerate(values):
        for index in np.ndindex(a.shape):
            yield k, index


def _size(a: Array) -> float:
    """What steps are measured by: the largest entry, or 1."""
    return float(np.abs(a).max()) or 1.0


def _drawn(derived: Array, entries: int | None) -> list[Index]:
    """The entries to look at: all, or the largest one and others at random."""
    if entries is None or entries >= derived.size:
        return [*np.ndindex(derived.shape)]
    order = np.random.default_rng(0).permutation(derived.size)
    largest = int(np.abs(derived).argmax())
    others = order[order != largest][: entries - 1]
    return [
        tuple(map(int, np.unravel_index(at, derived.shape)))
        for at in (largest, *others)
    ]
