"""The one check of inputs that every public function makes."""

from collections.abc import Collection
from functools import cache
from typing import Any, NamedTuple

import numpy as np

type Array = np.ndarray[Any, np.dtype[Any]]


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


def arrays(signature: str, params: object, *rest: object) -> tuple[Array, ...]:
    """``params`` and ``rest`` as arrays that fit together as ``signature`` declares.

    Args:
        signature: One declaration for each input, ``name: shape``, separated by
            ``"; "``. A letter in a shape stands for one size wherever it appears;
            ``in {0, 1}`` or ``one-hot`` after a shape restricts the values.
        params: The tuple of parameters, declared first.
        *rest: The other inputs, in the order of their declarations.

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
    sizes: dict[str, tuple[int, str]] = {}
    found = []
    for (name, dims, shape, values), value in zip(inputs, params + rest, strict=True):
        array = number(name, value)
        if array.ndim != len(dims):
            raise ValueError(f"{name}: expected shape {shape}, got {array.shape}")
        for dim, size in zip(dims, array.shape, strict=True):
            due, origin = sizes.setdefault(dim, (size, name))
            if size != due:
                raise ValueError(
                    f"{name}: expected shape {shape} with {dim} = {due} from {origin}, "
                    f"got {array.shape}"
                )
        if values:
            (one_hot_rows if values == "one-hot" else binary)(name, array)
        found.append(array)
    return tuple(found)


def number(name: str, value: object, *, classes: bool = False) -> Array:
    """``value`` as an array of finite numbers, at least one.

    Args:
        name: What the message calls it.
        value: Anything that NumPy makes an array of.
        classes: Whether its last index counts classes, so that it must have an index.

    Raises:
        ValueError: It is not numeric, not finite or empty, or lacks an index.
    """
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{name}: expected numbers in rows of one length") from error
    if array.dtype.kind not in "fciub":
        raise ValueError(f"{name}: expected numbers, got {array.dtype} values")
    if classes and array.ndim == 0:
        raise ValueError(f"{name}: expected shape (..., K), got ()")
    if array.size == 0:
        raise ValueError(
            f"{name}: expected at least one number, got shape {array.shape}"
        )
    if np.count_nonzero(np.isfinite(array)) < array.size:
        odd = array[~np.isfinite(array)].flat[0]
        raise ValueError(f"{name}: expected finite numbers, got {odd}")
    return array


def binary(name: str, array: Array) -> None:
    """Check that every value is 0 or 1.

    Raises:
        ValueError: One is not.
    """
    if not (array * array == array).all():
        odd = array[array * array != array].flat[0]
        raise ValueError(f"{name}: expected every value in {{0, 1}}, got {odd}")


def one_hot_rows(name: str, array: Array) -> None:
    """Check that every row, along the last index, is one 1 among zeros.

    Raises:
        ValueError: One is not.
    """
    binary(name, array)
    counts = array.sum(axis=-1)
    if not (counts == 1).all():
        raise ValueError(
            f"{name}: expected one-hot rows, got a row that adds up to "
            f"{counts[counts != 1].flat[0]}"
        )


def positive(name: str, value: object) -> None:
    """Check that ``value`` is one positive number.

    Raises:
        ValueError: It is not.
    """
    array = number(name, value)
    if array.shape != () or not array > 0:
        raise ValueError(f"{name}: expected one positive number, got {value}")


def share(name: str, value: object) -> None:
    """Check that ``value`` is one number from 0 up to, but not, 1.

    Raises:
        ValueError: It is not.
    """
    array = number(name, value)
    if array.shape != () or not 0 <= array < 1:
        raise ValueError(f"{name}: expected one number in [0, 1), got {value}")


def pairs(name: str, first: object, other: str, second: object) -> None:
    """Check that two tuples hold arrays of the same shapes in the same order.

    Raises:
        ValueError: One is not a tuple, the lengths or the shapes of two partners
            differ, or an array is not numeric, not finite or empty.
    """
    one, two = members(name, first), members(other, second)
    if len(one) != len(two):
        raise ValueError(
            f"{other}: expected {len(one)} arrays as in {name}, got {len(two)}"
        )
    for index, (a, b) in enumerate(zip(one, two, strict=True)):
        if a.shape != b.shape:
            raise ValueError(
                f"{other}[{index}]: expected shape {a.shape}, got {b.shape}"
            )


def members(name: str, value: object) -> tuple[Array, ...]:
    """A tuple's members as arrays of finite numbers.

    Raises:
        ValueError: It is not a tuple, or a member is not numeric, not finite or empty.
    """
    if not isinstance(value, tuple):
        raise ValueError(f"{name}: expected a tuple, got {type(value).__name__}")
    return tuple(number(f"{name}[{i}]", each) for i, each in enumerate(value))


def sizes(**named: int) -> tuple[int, ...]:
    """The sizes of a network, checked.

    Raises:
        ValueError: One is not a positive whole number.
    """
    for name, size in named.items():
        if not isinstance(size, (int, np.integer)) or size < 1:
            raise ValueError(f"{name}: expected a positive whole number, got {size!r}")
    return tuple(named.values())


def choice(name: str, value: object, among: Collection[str]) -> None:
    """Check that ``value`` is one of the words ``among``.

    Raises:
        ValueError: It is not.
    """
    if not isinstance(value, str) or value not in among:
        words = " or ".join(f'"{word}"' for word in among)
        raise ValueError(f"{name}: expected {words}, got {value!r}")


def penalty(lam: object) -> None:
    """Check that the penalty λ is one number, at least 0.

    Raises:
        ValueError: It is not.
    """
    array = number("lam", lam)
    if array.shape != () or not array >= 0:
        raise ValueError(f"lam: expected one number, at least 0, got {lam}")


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
