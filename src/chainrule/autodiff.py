"""Derivatives that a program finds itself, by the rules of this book.

What is computed from a ``Node`` is written on a tape, in the order of computing. Walked back
from its end the tape is ``backward``: by one rule each result hands its derivative on to what
it was computed from, and where paths meet their parts add, (1.7).

    params ─▶ Node ─▶ Node ─▶ … ─▶ result
    dparams ◀── da ◀── da ◀── … ◀── 1
"""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from operator import attrgetter
from typing import Any, NoReturn
from zlib import crc32

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from chainrule import functions as book
from chainrule._inputs import Traced, number

type Value = Any  # a node, an array or a number
type Params = tuple[Value, ...]
type Rule = Any  # a function of dy: what one input of y gets of it
type Shape = tuple[int, ...]

_begun = count()
_ARRAYS: Any = (Traced, np.ndarray, np.number, float, int)


class _Tape(list[tuple[Shape, list[tuple[int, Rule]]]]):
    """Of each node its shape, what it came from, and the rule by which that gets its part."""

    def __init__(self) -> None:
        self.depth = next(
            _begun
        )  # a tape inside a function begins after that around it
        self.seen: dict[int, tuple[Value, int]] = {}

    def watch(self, value: Value) -> None:
        """Remember what stands in an array that the caller may change."""
        for a in value if isinstance(value, tuple) else (value,):
            if isinstance(a, np.ndarray):
                if type(a) is not np.ndarray:
                    _refuse(f"one with a {type(a).__name__}")
                self.unchanged(self.seen.setdefault(id(a), (a, _checksum(a))))

    def unchanged(self, *seen: tuple[Value, int]) -> None:
        for a, checksum in seen:
            if _checksum(a) != checksum:
                raise ValueError(
                    f"autodiff: expected arrays as they were recorded, got one of shape "
                    f"{a.shape} that was changed since; change a copy"
                )


def _checksum(a: Value) -> int:
    return crc32(np.ascontiguousarray(a))


class Node(NDArrayOperatorsMixin, Traced):
    """An array on a tape; NumPy's operators and functions take it as one."""

    def __init__(
        self, tape: _Tape, value: Value, inputs: list[tuple[int, Rule]]
    ) -> None:
        self.tape, self.place, self.value = tape, len(tape), value
        if not isinstance(value, Node):
            self.value = np.asarray(value).view()
            self.value.flags.writeable = False
            if self.value.dtype.kind == "c":
                _refuse("one with complex numbers")
        tape.append((self.shape, inputs))

    shape, ndim, size, dtype = (
        property(attrgetter(f"value.{each}"))
        for each in ("shape", "ndim", "size", "dtype")
    )
    T = property(np.transpose)
    real = property(lambda self: self)
    sum, mean, max, min = np.sum, np.mean, np.max, np.min

    def reshape(self, *shape: Value) -> Value:
        return np.reshape(self, *(shape if len(shape) == 1 else (shape,)))

    def transpose(self, *axes: Value) -> Value:
        return np.transpose(self, *(axes if len(axes) < 2 else (axes,)))

    def item(self) -> Value:
        return np.reshape(self, ())

    def __len__(self) -> int:
        return len(self.value)

    def __iter__(self) -> Iterator[Value]:
        return (self[k] for k in range(len(self)))

    def __getitem__(self, index: Value) -> Value:
        return _record(_take, self, index)

    def __setitem__(self, *_: Value) -> NoReturn:
        _refuse("a change in place (write a = a + b for a += b, np.where for a[…] = b)")

    def _leave(self, *_: Value, **__: Value) -> NoReturn:
        _refuse(
            "one that leaves the tape (float, bool, math, np.asarray); stop_gradient may"
        )

    __array__ = __float__ = __int__ = __bool__ = _leave

    def __array_ufunc__(
        self, f: Value, method: str, *args: Value, **options: Value
    ) -> Value:
        if f in FLAT:
            return getattr(f, method)(*map(stop_gradient, args), **options)
        if "out" in options:
            self[:] = 0
        if method != "__call__":
            _refuse(f"{f.__name__}.{method}")
        return self.__array_function__(f, (), args, options)

    def __array_function__(
        self, f: Value, _: Value, args: Value, options: Value
    ) -> Value:
        if f in MADE_OF:
            return MADE_OF[f](*args, **options)
        if f not in RULES or not {*options} <= {"axis", "axes", "keepdims"}:
            _refuse(" with ".join([f.__name__, *options]))
        return _record(f, *args, **options)

    def rule_of(self, function: Value) -> Value:
        """How a function of the library that has a rule is called with this."""
        return partial(_record, function) if function in RULES else None


def _refuse(what: str) -> NoReturn:
    raise ValueError(f"autodiff: expected operations that have a rule, got {what}")


def _own(a: Value) -> Value:
    """``a``, or of a list an array that nobody else can change."""
    if isinstance(a, tuple):
        return tuple(map(_own, a))
    return np.array(a) if isinstance(a, list) else a


def _record(f: Value, *args: Value, **options: Value) -> Value:
    """Call what has rules, and write on the innermost tape what its result came from."""
    args = _own(args)
    tape = max((a.tape for a in args if isinstance(a, Node)), key=attrgetter("depth"))
    inner = [isinstance(a, Node) and a.tape is tape for a in args]
    values = [a.value if on else a for a, on in zip(args, inner, strict=True)]
    y = f(*values, **options)
    inputs: list[tuple[int, Rule]] = []
    rules = RULES[f](y, *values, **options)
    for k, (a, on, rule) in enumerate(zip(args, inner, rules, strict=False)):
        if on and not rule:
            _refuse(f"{f.__name__} with a node as its argument {k}")
        if on:
            inputs.append((a.place, rule))
    for a in args:
        tape.watch(a)
    return Node(tape, y, inputs)


def _walk_back(tape: _Tape, last: int, dy: Value) -> dict[int, Value]:
    """The derivatives of what nothing leads to, from that of what stands last.

    What uses an entry stands after it, so that all its parts are there when it is reached.
    """
    found = {last: dy}
    for place in range(last, -1, -1):
        inputs = tape[place][1]
        dy = found.pop(place) if inputs and place in found else None
        for before, rule in inputs if dy is not None else ():
            part = _sum_to(rule(dy), tape[before][0])
            found[before] = found[before] + part if before in found else part  # (1.7)
    return found


def _sum_to(da: Value, shape: Shape) -> Value:
    """The sum over every index along which an array of ``shape`` was repeated, (1.14)."""
    if np.shape(da) == shape:
        return da
    more = da.ndim - len(shape)
    axes = (*range(more), *(more + k for k, n in enumerate(shape) if n == 1))
    return np.reshape(np.sum(da, axis=axes), shape)


def _kept(a: Value, axis: Value) -> Shape:
    """The shape of a sum over ``axis`` that keeps its place."""
    axes = range(a.ndim) if axis is None else np.atleast_1d(axis) % a.ndim
    return tuple(1 if k in axes else n for k, n in enumerate(a.shape))


def _take(a: Value, index: Value) -> Value:
    return a[index]


def _put(da: Value, index: Value, shape: Value) -> Value:
    """Zeros, to which ``da`` is added where it was taken from."""
    if isinstance(da, Node):
        return _record(_put, da, index, shape)
    whole = np.zeros(shape)
    np.add.at(whole, index, da)
    return whole


def _join(arrays: Value, axis: int = 0) -> Value:
    arrays = [a if isinstance(a, Node) else np.asarray(a) for a in arrays]
    ends = np.cumsum([a.shape[axis] for a in arrays])
    shape = list(arrays[0].shape)
    shape[axis] = ends[-1]
    return sum(
        _put(
            a,
            (slice(None),) * (axis % a.ndim) + (slice(end - a.shape[axis], end),),
            shape,
        )
        for a, end in zip(arrays, ends, strict=True)
    )


def _mean(a: Value, *axis: Value, **options: Value) -> Value:
    total = np.sum(a, *axis, **options)
    return total * (total.size / a.size)


def _larger(a: Value, b: Value) -> Value:
    """1 where ``a`` is larger, ½ where both are equal."""
    a, b = stop_gradient(a), stop_gradient(b)
    return np.where(a == b, 0.5, a > b)


def _of_matmul(_: Value, a: Value, b: Value) -> tuple[Rule, Rule]:
    A = a if np.ndim(a) > 1 else np.reshape(a, (1, -1))
    B = b if np.ndim(b) > 1 else np.reshape(b, (-1, 1))
    stack = np.broadcast_shapes(A.shape[:-2], B.shape[:-2])
    whole = *stack, A.shape[-2], B.shape[-1]

    def to_b(dy: Value) -> Value:
        dB = np.swapaxes(A, -1, -2) @ np.reshape(dy, whole)  # (1.12)
        return np.reshape(_sum_to(dB, B.shape), np.shape(b))

    return lambda dy: np.reshape(dy, whole) @ np.swapaxes(B, -1, -2), to_b  # (1.13)


def _of_sum(_: Value, a: Value, axis: Value = None, **__: Value) -> tuple[Rule]:
    kept = _kept(a, axis)
    return (lambda dy: np.broadcast_to(np.reshape(dy, kept), a.shape),)  # (1.9)


def _of_max(y: Value, a: Value, axis: Value = None, **__: Value) -> tuple[Rule]:
    kept = _kept(a, axis)
    largest = stop_gradient(a) == np.reshape(stop_gradient(y), kept)
    share = largest / largest.sum(axis=axis, keepdims=True)
    return (lambda dy: np.reshape(dy, kept) * share,)


def _by(slope: Value) -> Rule:
    return lambda dy: dy * slope  # (1.8)


# For what ``y`` was computed from, what each gets of ``dy``; where it was repeated, summed.
RULES: dict[Any, Callable[..., tuple[Rule, ...]]] = {
    np.add: lambda y, a, b: (lambda dy: dy, lambda dy: dy),
    np.subtract: lambda y, a, b: (lambda dy: dy, lambda dy: -dy),
    np.negative: lambda y, a: (lambda dy: -dy,),
    np.multiply: lambda y, a, b: (lambda dy: dy * b, lambda dy: dy * a),
    np.divide: lambda y, a, b: (lambda dy: dy / b, lambda dy: -dy * y / b),
    np.power: lambda y, a, b: (
        lambda dy: dy * b * a ** (b - np.where((a == 0) & (b == 0), 0, 1)),
        lambda dy: dy * y * np.log(np.where((a == 0) & (b > 0), 1, a)),
    ),
    np.sqrt: lambda y, a: (lambda dy: dy / (2 * y),),
    np.exp: lambda y, a: (_by(y),),
    np.log: lambda y, a: (lambda dy: dy / a,),
    np.log1p: lambda y, a: (lambda dy: dy / (1 + a),),
    np.sin: lambda y, a: (lambda dy: dy * np.cos(a),),
    np.cos: lambda y, a: (lambda dy: -dy * np.sin(a),),
    np.tanh: lambda y, a: (lambda dy: dy * (1 - y * y),),  # (6.7)
    np.absolute: lambda y, a: (_by(np.sign(a)),),
    np.maximum: lambda y, a, b: (_by(_larger(a, b)), _by(_larger(b, a))),
    np.minimum: lambda y, a, b: (_by(_larger(b, a)), _by(_larger(a, b))),
    np.where: lambda y, chosen, a, b: (
        None,
        lambda dy: np.where(chosen, dy, 0),
        lambda dy: np.where(chosen, 0, dy),
    ),
    np.matmul: _of_matmul,
    np.sum: _of_sum,
    np.max: _of_max,
    np.reshape: lambda y, a, shape: (lambda dy: np.reshape(dy, a.shape),),
    np.transpose: lambda y, a, axes=None: (
        lambda dy: np.transpose(
            dy, axes if axes is None else tuple(np.argsort(np.mod(axes, a.ndim)))
        ),
    ),
    np.swapaxes: lambda y, a, i, j: (lambda dy: np.swapaxes(dy, i, j),),
    np.broadcast_to: lambda y, a, shape: (lambda dy: dy,),
    _take: lambda y, a, index: (lambda dy: _put(dy, index, a.shape),),
    _put: lambda y, da, index, shape: (lambda dy: dy[index],),
    book.sigmoid: lambda y, z: (lambda dy: dy * book.sigmoid_derivative(z),),  # (2.9)
    book.rbf: lambda y, z: (lambda dy: dy * book.rbf_derivative(z),),  # (4.9)
    book.relu: lambda y, z: (lambda dy: dy * book.relu_derivative(z),),  # (5.11)
    book.binary_cross_entropy: lambda y, z, t: (
        lambda dy: dy * (book.sigmoid(z) - t),  # (2.11)
        None,
    ),
    book.softmax: lambda y, Z: (
        lambda dy: y * (dy - (dy * y).sum(axis=-1, keepdims=True)),  # (3.8)
    ),
    book.log_softmax: lambda y, Z: (
        lambda dy: dy - book.softmax(Z) * dy.sum(axis=-1, keepdims=True),
    ),
    book.cross_entropy: lambda y, Z, T: (
        lambda dy: dy[..., None] * (book.softmax(Z) - T),  # (3.9)
        None,
    ),
}
# Without a slope wherever they have one.
FLAT = {
    np.greater, np.greater_equal, np.less, np.less_equal, np.equal, np.not_equal,
    np.sign, np.floor, np.isfinite,
}  # fmt: skip
MADE_OF: dict[Any, Callable[..., Value]] = {
    np.shape: lambda a: a.shape,
    np.ndim: lambda a: a.ndim,
    np.square: lambda a: a * a,
    np.mean: _mean,
    np.min: lambda a, *axis, **options: -np.max(-a, *axis, **options),
    np.concatenate: _join,
}


def stop_gradient(a: Value) -> Value:
    """The array that stands in ``a``, off every tape: for what follows, a constant.

    Args:
        a: A node, or anything else, which is given back.
    """
    while isinstance(a, Node):
        a = a.value
    return a


def vjp(
    f: Callable[[Params], Value], params: Params
) -> tuple[Value, Callable[[Value], Params]]:
    """The value of ``f``, and how a derivative with respect to it becomes one of ``params``.

    Reverse mode: ``pull(dy)`` is ``dy`` times the Jacobian matrix, for every parameter at
    once. It may be called any number of times.

    Args:
        f: Function of a tuple like ``params``, made of NumPy's functions and those of
            the library, that gives one array.
        params: Arrays of real numbers.

    Returns:
        ``f(params)`` and ``pull``, which takes an array of its shape and gives a tuple of
        arrays like ``params``.

    Raises:
        ValueError: ``params`` is no tuple of real, finite, non-empty arrays; an operation
            has no rule; an array was changed in place after it was recorded (said by
            ``pull``); or ``dy`` has another shape than the value.
    """
    if not isinstance(params, tuple):
        raise ValueError(f"params: expected a tuple, got {type(params).__name__}")
    tape = _Tape()
    leaves = []
    for k, p in enumerate(params):
        a = number(f"params[{k}]", p, real=True)
        a = a if isinstance(a, Node) else np.asarray(a, float)
        tape.watch(a)
        leaves.append(Node(tape, a, []))
    result: Value = f((*leaves,))
    if not isinstance(result, _ARRAYS):
        raise ValueError(
            f"f(params): expected an array or a number, got {type(result).__name__}"
        )
    on = isinstance(result, Node) and result.tape is tape
    y = result.value if on else result

    def pull(dy: Value) -> Params:
        if np.shape(dy) != np.shape(y):
            raise ValueError(f"dy: expected shape {np.shape(y)}, got {np.shape(dy)}")
        tape.unchanged(*tape.seen.values())
        dy = dy if isinstance(dy, Node) else np.asarray(dy, float)
        found = _walk_back(tape, result.place, dy) if on else {}
        parts = [found.get(leaf.place, np.zeros(leaf.shape)) for leaf in leaves]
        return tuple(dp if isinstance(dp, Node) else np.array(dp) for dp in parts)

    return y, pull


def grad(f: Callable[[Params], Value]) -> Callable[[Params], Params]:
    """The function that gives the gradient of ``f``, by reverse mode.

    Args:
        f: As of ``vjp``, with one number as its value.

    Returns:
        A function of ``params`` that gives a tuple of arrays of their shapes. It can be
        differentiated again.

    Raises:
        ValueError: As ``vjp``, or the value is not one number; by the function returned.
    """

    def gradient(params: Params) -> Params:
        value, pull = vjp(f, params)
        if np.shape(value):
            raise ValueError(
                f"f(params): expected one number, got shape {np.shape(value)}"
            )
        return pull(1.0)

    return gradient


def jvp(
    f: Callable[[Params], Value], params: Params, tangents: Params
) -> tuple[Value, Value]:
    """The value of ``f``, and how fast it changes if ``params`` move along ``tangents``.

    The Jacobian matrix times ``tangents``. ``pull`` is linear in what it is given; its
    matrix is the transpose, so that its own gradient is the product that is wanted.

    Args:
        f: As of ``vjp``.
        params: Arrays of real numbers.
        tangents: Arrays of their shapes.

    Returns:
        ``f(params)`` and an array of its shape.

    Raises:
        ValueError: As ``vjp``, or ``tangents`` is not a tuple of the shapes of ``params``.
    """
    value, pull = vjp(f, params)
    if [*map(np.shape, tangents)] != [*map(np.shape, params)]:
        raise ValueError(
            f"tangents: expected shapes {[*map(np.shape, params)]}, got "
            f"{[*map(np.shape, tangents)]}"
        )

    def along(u: Params) -> Value:
        return sum(np.sum(dp * v) for dp, v in zip(pull(u[0]), tangents, strict=True))

    (tangent,) = grad(along)((np.zeros(np.shape(value)),))
    return value, tangent
