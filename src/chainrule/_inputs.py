"""The one check of inputs that every public function makes, once on the way in."""

from collections.abc import Callable, Collection
from functools import cache, lru_cache, wraps
from inspect import signature
from math import isfinite
from operator import index
from threading import local
from typing import Any, NamedTuple

import numpy as np

type Array = np.ndarray[Any, np.dtype[Any]]

DOUBLE = np.dtype(float)


class Traced:
    """What stands for an array while its history is written down, as in ``autodiff``."""

    value: Any

    def rule_of(self, function: object) -> Callable[..., Any] | None:
        """How ``function`` is to be called with it, if there is a rule."""
        raise NotImplementedError


class _Thread(local):
    inside = False  # of a function whose inputs have been checked


_thread = _Thread()


def checked[**P, R](
    check: Callable[P, tuple[Any, ...]],
) -> Callable[[Callable[..., R]], Callable[P, R]]:
    """Decorate a function with the check of its arguments.

    What the function then calls of the library is not checked again.

    Args:
        check: A function of the same parameters that gives the arguments as the
            decorated function is to get them, or raises.
    """

    def decorate(function: Callable[..., R]) -> Callable[P, R]:
        @wraps(function)
        def entered(*args: P.args, **kwargs: P.kwargs) -> R:
            for each in (*args, *kwargs.values()) if kwargs else args:
                if isinstance(each, Traced) and (recorded := each.rule_of(entered)):
                    return recorded(*signature(check).bind(*args, **kwargs).args)
            if _thread.inside:
                return function(*args, **kwargs)
            ready = check(*args, **kwargs)
            _thread.inside = True
            try:
                return function(*ready)
            finally:
                _thread.inside = False

        entered.check = check  # type: ignore[attr-defined]
        return entered

    return decorate


class _Input(NamedTuple):
    name: str
    dims: tuple[str, ...]
    shape: str
    values: str


@cache
def _parse(signature: str) -> tuple[_Input, ...]:
    """The inputs that ``"w: (), X: (N, D), t: (N,) in {0, 1}"`` declares."""
    inputs = []
    for declaration in signature.split("; "):
        name, _, rest = declaration.partition(": ")
        shape, _, values = rest.partition(")")
        dims = tuple(dim.strip() for dim in shape[1:].split(",") if dim.strip())
        inputs.append(_Input(name, dims, shape + ")", values.strip()))
    return tuple(inputs)


def arrays(
    signature: str, params: object, *rest: object, real: bool = False
) -> tuple[Any, ...]:
    """``params`` and ``rest`` as arrays that fit together as ``signature`` declares.

    Args:
        signature: One declaration for each input, ``name: shape``, separated by
            ``"; "``. A letter in a shape stands for one size wherever it appears;
            ``in {0, 1}`` or ``one-hot`` after a shape restricts the values.
        params: The tuple of parameters, declared first.
        *rest: The other inputs, in the order of their declarations.
        real: Whether complex numbers are refused; where the values are restricted,
            they always are.

    Returns:
        The tuple of the parameters, and each of ``rest``.

    Raises:
        ValueError: An input is not numeric, not finite, empty, of another shape or of
            other values than declared, or ``params`` is not a tuple of the right
            length. The message names the input, what was expected and what came.
    """
    inputs = _parse(signature)
    count = len(inputs) - len(rest)
    if not isinstance(params, tuple) or len(params) != count:
        expected = ", ".join(each.name for each in inputs[:count])
        came = f"{len(params)}" if isinstance(params, tuple) else type(params).__name__
        raise ValueError(
            f"params: expected a tuple of {count} ({expected}), got {came}"
        )
    found = [
        number(each.name, value, real=real or each.values != "")
        for each, value in zip(inputs, params + rest, strict=True)
    ]
    for name, values, place in _fit(signature, tuple([each.shape for each in found])):
        (one_hot_rows if values == "one-hot" else binary)(name, found[place])
    return tuple(found[:count]), *found[count:]


@lru_cache
def _fit(
    signature: str, shapes: tuple[tuple[int, ...], ...]
) -> list[tuple[str, str, int]]:
    """Check that the shapes fit together; the inputs of restricted values, and where.

    Raises:
        ValueError: A shape is not as declared.
    """
    sizes: dict[str, tuple[int, str]] = {}
    restricted = []
    for place, each in enumerate(_parse(signature)):
        if len(shapes[place]) != len(each.dims):
            raise ValueError(
                f"{each.name}: expected shape {each.shape}, got {shapes[place]}"
            )
        for dim, size in zip(each.dims, shapes[place], strict=True):
            due, origin = sizes.setdefault(dim, (size, each.name))
            if size != due:
                raise ValueError(
                    f"{each.name}: expected shape {each.shape} with {dim} = {due} from "
                    f"{origin}, got {shapes[place]}"
                )
        if each.values:
            restricted.append((each.name, each.values, place))
    return restricted


def number(
    name: str,
    value: Any,  # noqa: ANN401
    *,
    classes: bool = False,
    real: bool = False,
) -> Array:
    """``value`` as an array of finite numbers, at least one.

    Integers and booleans become float64; floating-point numbers stay as they are.

    Args:
        name: What the message calls it.
        value: Anything that NumPy makes an array of, but no masked array.
        classes: Whether its last index counts classes, so that it must have an index.
        real: Whether complex numbers are refused.

    Raises:
        ValueError: It is masked, not numeric, not finite or empty, lacks an index, or is
            complex where it must be real.
    """
    # What nearly always comes, in the shortest way.
    if type(value) is np.ndarray and value.dtype is DOUBLE and value.ndim:
        if value.size and isfinite(np.vdot(value, value)):
            return value
    elif type(value) in (float, np.float64) and isfinite(value) and not classes:
        scalar: Any = np.float64(value)
        return scalar
    if isinstance(value, Traced):
        number(name, value.value, classes=classes, real=real)
        return value  # type: ignore[return-value]
    array = value if type(value) is np.ndarray else _array(name, value)
    kind = array.dtype.kind
    if kind != "f":
        if kind in "iub":
            array = array.astype(float)
        elif kind != "c":
            raise ValueError(f"{name}: expected numbers, got {array.dtype} values")
        elif real:
            raise ValueError(f"{name}: expected real numbers, got {array.dtype} values")
    if array.ndim == 0:
        array = array[()]  # a scalar, with which NumPy computes faster
    if classes and array.ndim == 0:
        raise ValueError(f"{name}: expected shape (..., K), got ()")
    if array.size == 0:
        raise ValueError(
            f"{name}: expected at least one number, got shape {array.shape}"
        )
    if not np.isfinite(array).all():
        odd = np.ravel(array)[~np.isfinite(np.ravel(array))][0]
        raise ValueError(f"{name}: expected finite numbers, got {odd}")
    return array


def _array(name: str, value: object) -> Array:
    """What NumPy makes of ``value``; a mask would be lost.

    Raises:
        ValueError: There is a masked array in it, or rows of several lengths.
    """
    if not _masked(value):
        try:
            array = np.asanyarray(value)
        except ValueError as error:
            raise ValueError(
                f"{name}: expected numbers in rows of one length"
            ) from error
        if not _masked(array):
            return np.asarray(array)
    raise ValueError(
        f"{name}: expected numbers without a mask, got a masked array; fill it or leave "
        "out what is masked"
    )


def _masked(value: object) -> bool:
    return isinstance(value, np.ma.MaskedArray) or (
        isinstance(value, list | tuple) and any(map(_masked, value))
    )


def binary(name: str, array: Array) -> None:
    """Check that every value is 0 or 1.

    Raises:
        ValueError: One is not.
    """
    right = array * array == array
    if np.count_nonzero(right) < array.size:
        raise ValueError(
            f"{name}: expected every value in {{0, 1}}, got {array[~right].flat[0]:.15g}"
        )


def one_hot_rows(name: str, array: Array) -> None:
    """Check that every row, along the last index, is one 1 among zeros.

    Raises:
        ValueError: One is not.
    """
    counts = array.dot(np.ones(array.shape[-1]))
    right = counts == 1
    rows = np.size(counts)
    # As many numbers as rows, and a 1 as the sum of each: then there is one in each.
    if np.count_nonzero(array) != rows or np.count_nonzero(right) < rows:
        binary(name, array)
        raise ValueError(
            f"{name}: expected one-hot rows, got a row that adds up to "
            f"{np.ravel(counts)[~np.ravel(right)][0]:.15g}"
        )


def positive(name: str, value: object) -> float:
    """``value``, checked to be one positive number.

    Raises:
        ValueError: It is not.
    """
    array = number(name, value, real=True)
    if array.shape != () or not array > 0:
        raise ValueError(f"{name}: expected one positive number, got {value}")
    return float(array)


def share(name: str, value: object) -> float:
    """``value``, checked to be one number from 0 up to, but not, 1.

    Raises:
        ValueError: It is not.
    """
    array = number(name, value, real=True)
    if array.shape != () or not 0 <= array < 1:
        raise ValueError(f"{name}: expected one number in [0, 1), got {value}")
    return float(array)


def pairs(
    name: str, first: object, other: str, second: object, *, real: bool = False
) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
    """Two tuples, as tuples of arrays of the same shapes in the same order.

    Raises:
        ValueError: One is not a tuple, the lengths or the shapes of two partners
            differ, or an array is not numeric, not finite or empty, or complex where
            it must be ``real``.
    """
    arrays = members(name, first, real=real)
    return arrays, partners(other, second, name, arrays, real=real)


def partners(
    name: str,
    value: object,
    other: str,
    arrays: tuple[Array, ...],
    *,
    real: bool = False,
) -> tuple[Array, ...]:
    """``value`` as a tuple of arrays of the shapes of ``arrays``, which are ``other``'s.

    Raises:
        ValueError: As ``pairs``.
    """
    found = members(name, value, real=real)
    if len(found) != len(arrays):
        raise ValueError(
            f"{name}: expected {len(arrays)} arrays as in {other}, got {len(found)}"
        )
    due, shapes = [each.shape for each in arrays], [each.shape for each in found]
    if due != shapes:
        place = [a == b for a, b in zip(due, shapes, strict=True)].index(False)
        raise ValueError(
            f"{name}[{place}]: expected shape {due[place]}, got {shapes[place]}"
        )
    return found


def members(name: str, value: object, *, real: bool = False) -> tuple[Array, ...]:
    """A tuple's members as arrays of finite numbers.

    Raises:
        ValueError: It is not a tuple, or a member is not numeric, not finite or empty,
            or complex where it must be ``real``.
    """
    if not isinstance(value, tuple):
        raise ValueError(f"{name}: expected a tuple, got {type(value).__name__}")
    named = [(f"{name}[{i}]", each) for i, each in enumerate(value)]
    return tuple([number(*each, real=real) for each in named])


def sizes(**named: object) -> tuple[int, ...]:
    """Sizes and counts, of any type of whole numbers, as those of Python.

    Raises:
        ValueError: One is not a positive whole number.
    """
    return tuple(_size(name, size) for name, size in named.items())


def _size(name: str, size: Any) -> int:  # noqa: ANN401
    try:
        if not isinstance(size, bool | np.ma.MaskedArray) and index(size) > 0:
            return index(size)
    except TypeError:
        pass
    raise ValueError(f"{name}: expected a positive whole number, got {size!r}")


def source(rng: object, *methods: str) -> None:
    """Check that ``rng`` can draw: that it has the ``methods`` that are called.

    Raises:
        ValueError: It has not, as a seed has not.
    """
    if isinstance(rng, type) or not all(
        callable(getattr(rng, method, None)) for method in methods
    ):
        raise ValueError(
            "rng: expected a source of random numbers such as "
            f"np.random.default_rng(0), got {rng!r}"
        )


def choice(name: str, value: object, among: Collection[str]) -> None:
    """Check that ``value`` is one of the words ``among``.

    Raises:
        ValueError: It is not.
    """
    if not isinstance(value, str) or value not in among:
        words = " or ".join(f'"{word}"' for word in among)
        raise ValueError(f"{name}: expected {words}, got {value!r}")


def penalty(lam: object) -> float:
    """The penalty λ, checked to be one number, at least 0.

    Raises:
        ValueError: It is not.
    """
    array = number("lam", lam, real=True)
    if array.shape != () or not array >= 0:
        raise ValueError(f"lam: expected one number, at least 0, got {lam}")
    return float(array)


def layer_count(params: object) -> int:
    """The number L of layers that ``params`` makes.

    Raises:
        ValueError: It is not a tuple of pairs of weights and biases.
    """
    if not isinstance(params, tuple) or len(params) < 2 or len(params) % 2:
        came = f"{len(params)}" if isinstance(params, tuple) else type(params).__name__
        raise ValueError(
            f"params: expected a tuple of pairs (W1, b1, …, WL, bL), got {came}"
        )
    return len(params) // 2
