"""Chapter 7: ReLU hidden layers, any number of them, and a sigmoid or softmax output.

X = A0 → Z1 = A0·W1 + b1 → A1 = relu(Z1) → … → ZL → AL = σ(ZL) or softmax(ZL) → ξ → J

Chapter 11 adds the linear output AL = ZL, for targets that are any numbers.
"""

from collections.abc import Callable, Sequence
from functools import cache
from itertools import pairwise
from typing import Any, Literal

import numpy as np

from chainrule._inputs import (
    Array,
    arrays,
    checked,
    choice,
    layer_count,
    number,
    penalty,
    sizes,
    source,
)
from chainrule.functions import (
    binary_cross_entropy,
    cross_entropy,
    relu,
    relu_derivative,
    sigmoid,
    softmax,
)

type Params = tuple[Array, ...]
type Output = Literal["sigmoid", "softmax", "linear"]

_ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "sigmoid": sigmoid,
    "softmax": softmax,
    "linear": lambda Z: Z,
}
_TARGETS = {
    "sigmoid": "; T: (N, K) in {0, 1}",
    "softmax": "; T: (N, K) one-hot",
    "linear": "; T: (N, K)",
}


@cache
def _declared(L: int, targets: str = "") -> str:
    units = ["D", *(f"M{l}" for l in range(1, L)), "K"]
    layers = [
        f"W{l}: ({units[l - 1]}, {units[l]}); b{l}: ({units[l]},)"
        for l in range(1, L + 1)
    ]
    return "; ".join([*layers, "X: (N, D)"]) + targets


def _inputs(params: Params, X: Array, output: Output = "sigmoid") -> tuple[Any, ...]:
    choice("output", output, _ACTIVATIONS)
    return *arrays(_declared(layer_count(params)), params, X), output


def _batch(
    params: Params, X: Array, T: Array, lam: float = 0.0, output: Output = "sigmoid"
) -> tuple[Any, ...]:
    choice("output", output, _ACTIVATIONS)
    signature = _declared(layer_count(params), _TARGETS[output])
    if output == "linear":
        number("T", T, real=True)
    return *arrays(signature, params, X, T), penalty(lam), output


def init(
    rng: np.random.Generator | np.random.RandomState, units: Sequence[int]
) -> Params:
    """Parameters ``(W1, b1, …, WL, bL)``: weights √(2 / fan-in) · normal, biases zero.

    Equation (7.25). Source: K. He et al., "Delving deep into rectifiers" (2015).

    Args:
        rng: Source of the random numbers.
        units: Number of units in each layer, D inputs first and K outputs last;
            ``(2, 5, 3, 1)`` has two hidden layers.

    Returns:
        Weights of shape ``(units[l − 1], units[l])`` and biases of shape ``(units[l],)``,
        for l = 1 … L.

    Raises:
        ValueError: ``units`` has fewer than two sizes, or one is not a positive whole
            number, or ``rng`` cannot draw.
    """
    if (
        not isinstance(units, Sequence)
        or isinstance(units, str | bytes)
        or len(units) < 2
    ):
        raise ValueError(
            f"units: expected a sequence of at least 2 sizes, got {units!r}"
        )
    units = sizes(**{f"units[{l}]": size for l, size in enumerate(units)})
    source(rng, "standard_normal")
    params: Params = ()
    for fan_in, M in pairwise(units):
        W = np.sqrt(2 / fan_in) * rng.standard_normal((fan_in, M))  # (7.25)
        params = *params, W, np.zeros(M)
    return params


@checked(_inputs)
def forward(
    params: Params, X: Array, output: Output = "sigmoid"
) -> tuple[list[Any], list[Array]]:
    """Every intermediate of the network, equations (7.6) to (7.8), (11.1).

    Args:
        params: ``(W1, b1, …, WL, bL)`` of shapes ``(units[l − 1], units[l])`` and
            ``(units[l],)``.
        X: Inputs of shape (N, D).
        output: Activation of the last layer, ``"sigmoid"``, ``"softmax"`` or
            ``"linear"``, which is none.

    Returns:
        ``Z`` and ``A``: ``Z[l]`` and ``A[l]`` are the pre-activations and the
        activations of layer l, from ``Z[0]``, which is None, and ``A[0]``, which is X,
        to the probabilities, or whatever the targets are, ``A[L]``.

    Raises:
        ValueError: An input is not numeric, not finite, empty or of another shape, or
            ``output`` is none of the three.
    """
    W, b = [None, *params[0::2]], [None, *params[1::2]]
    L = len(W) - 1
    Z: list[Any] = [None]  # as layer 0, the inputs, has none
    A = [X]
    for l in range(1, L + 1):
        Z.append(A[l - 1] @ W[l] + b[l])  # (7.6)
        if l < L:
            A.append(relu(Z[l]))  # (7.7)
    A.append(_ACTIVATIONS[output](Z[L]))
    return Z, A


@checked(_batch)
def objective(
    params: Params, X: Array, T: Array, lam: float = 0.0, output: Output = "sigmoid"
) -> float:
    """Mean loss plus penalty J: cross-entropy in nats (7.9), or half a square (11.2).

    Args:
        params: ``(W1, b1, …, WL, bL)`` of shapes ``(units[l − 1], units[l])`` and
            ``(units[l],)``.
        X: Inputs of shape (N, D).
        T: Targets of shape (N, K): each in {0, 1} for a sigmoid output, whose losses
            are added up over the outputs; one-hot rows for softmax; any numbers for
            linear.
        lam: Penalty λ ≥ 0 on the weights of all layers.
        output: Activation of the last layer, ``"sigmoid"``, ``"softmax"`` or
            ``"linear"``, whose loss has the unit of the square of ``T``.

    Returns:
        J; complex if a parameter or an input is, for the complex step.

    Raises:
        ValueError: An input is not numeric, not finite, empty or of another shape, ``T``
            does not fit ``output``, ``lam`` is negative, or ``output`` is none of the
            three.
    """
    Z, _ = forward(params, X, output)
    if output == "sigmoid":
        xi = binary_cross_entropy(Z[-1], T).sum(axis=1)
    elif output == "softmax":
        xi = cross_entropy(Z[-1], T)
    else:
        xi = ((Z[-1] - T) ** 2).sum(axis=1) / 2
    if not lam:
        params = ()  # as 0 times a square of ∞ is no number
    J = xi.mean() + lam / 2 * sum((W**2).sum() for W in params[0::2])  # (7.9)
    return J.item()


@checked(_batch)
def backward(
    params: Params, X: Array, T: Array, lam: float = 0.0, output: Output = "sigmoid"
) -> Params:
    """Gradient of the objective, in the order of ``params``, (7.17) to (7.20), (11.4).

    Args:
        params: ``(W1, b1, …, WL, bL)`` of shapes ``(units[l − 1], units[l])`` and
            ``(units[l],)``.
        X: Inputs of shape (N, D).
        T: Targets of shape (N, K): each in {0, 1} for a sigmoid output, one-hot rows
            for softmax, any numbers for linear.
        lam: Penalty λ ≥ 0 on the weights of all layers.
        output: Activation of the last layer, ``"sigmoid"``, ``"softmax"`` or
            ``"linear"``.

    Returns:
        ``(dW1, db1, …, dWL, dbL)``, of the shapes of the parameters. All of them are
        computed before the caller changes any parameter.

    Raises:
        ValueError: An input is not numeric, not finite, empty or of another shape, ``T``
            does not fit ``output``, ``lam`` is negative, or ``output`` is none of the
            three.
    """
    W: list[Any] = [None, *params[0::2]]
    L = len(W) - 1
    Z, A = forward(params, X, output)
    dZ = (A[L] - T) / len(X)  # (7.17)
    grads: Params = ()
    for l in range(L, 0, -1):
        if l < L:
            dZ = dZ @ W[l + 1].T * relu_derivative(Z[l])  # (7.18)
        dW = A[l - 1].T @ dZ + lam * W[l]  # (7.19)
        db = dZ.sum(axis=0)  # (7.20)
        grads = (dW, db, *grads)
    return grads
