"""Planted mistakes are noticed: in the library, and wherever a chapter states something.

A check that cannot fail confirms nothing. So every single mistake that the planters know
is made in turn, and each must be found, or stand in a list with the reason why it is none.
"""

import ast
import copy
import doctest
import importlib
import inspect
import itertools
import json
import math
import pkgutil
import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from matplotlib import pyplot as plt
from mutants import KINDS, mutants, wrong_numbers
from pages import CHAPTERS, identify, place, read
from planted_figures import Plot
from planted_formulas import wrong_formulas
from thorough import COMMIT, THOROUGH

import chainrule
from chainrule.gradcheck import check, numerical_gradient, relative_error
from press import book, drawn, formulas, number

README = read(book.ROOT / "README.md")
DRAWING = [page for page in CHAPTERS if "plt.show()" in read(page)]

type Tally = defaultdict[str, Counter[str]]

MODULES = [
    importlib.import_module(f"chainrule.{info.name}")
    for info in pkgutil.iter_modules(chainrule.__path__)
]
NETWORKS = [module for module in MODULES if hasattr(module, "backward")]


def drawn_of[Place](places: list[Place]) -> list[Place]:
    return places if THOROUGH else random.Random(COMMIT).sample(places, 2)  # noqa: S311


SAME_LENGTH = "each of them has N rows"
# Changes that are no mistakes: the same numbers come out, for the reason given.
SAME_SIGN = "only the sign of z counts, and 2 z has it too"
NOTHING = "the sum is zero"
ROWS_TOO = "each row of Y - T adds up to zero as well"
SAME_PLACES = "relu(z) is positive where z is"
EQUIVALENT: dict[str, dict[str, str]] = {
    "logistic": {
        "dz = (y - t) / len(t)": SAME_LENGTH,
        "dz = (y - t) / len(y)": SAME_LENGTH,
    },
    "softmax_linear": {
        "dZ = (Y - T) / len(T)": SAME_LENGTH,
        "dZ = (Y - T) / len(Y)": SAME_LENGTH,
    },
    "rbf_net": {
        "dz2 = (y - t) / x.size": SAME_LENGTH,
        "dz2 = (y - t) / len(h)": SAME_LENGTH,
        "dz2 = (y - t) / len(t)": SAME_LENGTH,
        "dz2 = (y - t) / len(y)": SAME_LENGTH,
        "dz2 = (y - t) / len(z1)": SAME_LENGTH,
        "dz1 = dz2 * (-2 * h * z1)": "dh is dz2: h enters z2 with the factor 1",
    },
    "relu_net": {
        "dZ2 = (Y - T) / len(H)": SAME_LENGTH,
        "dZ2 = (Y - T) / len(T)": SAME_LENGTH,
        "dZ2 = (Y - T) / len(Y)": SAME_LENGTH,
        "dZ2 = (Y - T) / len(Z1)": SAME_LENGTH,
        "dZ1 = dH * relu_derivative(H)": SAME_PLACES,
        "dZ1 = dH * relu_derivative(2 * Z1)": SAME_SIGN,
    },
    "sigmoid_net": {
        "dZ2 = (Y - T) / len(H)": SAME_LENGTH,
        "dZ2 = (Y - T) / len(T)": SAME_LENGTH,
        "dZ2 = (Y - T) / len(Y)": SAME_LENGTH,
    },
    "mlp": {
        "dZ = (A[L] - T) / len(T)": SAME_LENGTH,
        "dZ = dZ @ W[l + 1].T * relu_derivative(A[l])": SAME_PLACES,
        "dZ = dZ @ W[l + 1].T * relu_derivative(2 * Z[l])": SAME_SIGN,
    },
    "ch02_logistic": {
        "return tuple((p - eta * dp for p, dp in zip(params, grads, strict=False)))": (
            "there are as many derivatives as parameters"
        )
    },
    "ch04_rbf_net": {"return -2 * z * rbf(-z)": "the bell is even"},
    "ch05_relu_net": {
        "return np.where(2 * z.real > 0, 1.0, 0.0)": SAME_SIGN,
        "return np.where((2 * z).real > 0, 1.0, 0.0)": SAME_SIGN,
        "dZ1 = dH * relu_derivative(2 * Z1)": SAME_SIGN,
        "dZ1_leaky = dH_leaky * (0.1 + 0.9 * (2 * Z1 > 0))": SAME_SIGN,
        "sum_at_origin = -dZ2_start[origin].sum(axis=0)": NOTHING,
        "sum_at_origin = 2 * dZ2_start[origin].sum(axis=0)": NOTHING,
        "sum_at_origin = (-dZ2_start[origin]).sum(axis=0)": NOTHING,
        "sum_at_origin = (2 * dZ2_start[origin]).sum(axis=0)": NOTHING,
        "sum_at_origin = dZ2_start[origin].sum(axis=1)": ROWS_TOO,
        "sum_at_origin = dZ2_start[origin].sum(axis=-1)": ROWS_TOO,
    },
    "ch07_mlp": {
        "dh_dz1 = np.eye(4) * relu_derivative(2 * z1)": SAME_SIGN,
        "dz1 = dz2 @ W2.T * relu_derivative(2 * z1)": SAME_SIGN,
        "dZ = dZ @ W[l + 1].T * relu_derivative(2 * Z[l])": SAME_SIGN,
        "dZ = dZ @ W[-l + 1].T * relu_derivative(Z[l])": (
            "in the cell for l = 2 of 3 layers, where W[-1] is W[3]"
        ),
    },
}
# The same for formulas, by reason: the side with the change, with the number of its
# equation if it has one.
DELTA = "the delta is 0 unless its two indices are equal, in whichever order they stand"
SAME_SLOPE = "r, s and c have the same slope, since r = s + c"
DUMMY = "both letters run over their whole axis"
EVEN = "the bell is even in z, and J in w"
BOUNDARY = "no pre-activation is exactly 0"
ALL_ZERO = "it is 0 whatever stands before it"
LOOSE = "it changes what thousands of steps on another processor may change as well"
CONDITION = "it is a condition, which this network meets too"
EQUIVALENT_FORMULAS: dict[str, dict[str, list[str]]] = {
    "ch01_chain_rule": {
        "v is f(u), and u is g(x)": [
            r"(1.4) \frac{d f}{d u} \cdot \frac{d u}{d x}",
            r"(1.4) \frac{d v}{d u} \cdot \frac{d g}{d x}",
        ],
        SAME_SLOPE: [
            r"\mathrm{d} r",
            r"\mathrm{d} s \cdot 1",
            r"\mathrm{d} c \cdot 1",
            r"\mathrm{d} J \cdot r + \mathrm{d} r \cdot b",
        ],
        DELTA: [
            (
                r"(1.8) \sum_{k} \frac{\partial J}{\partial h_j}"
                r" \cdot \frac{\partial h_k}{\partial z_j}"
            ),
            r"(1.8) \sum_{k} \frac{\partial J}{\partial h_k} \cdot \varphi'(z_k) \delta_{k j}",
            r"(1.8) \sum_{k} \frac{\partial J}{\partial h_k} \cdot \varphi'(z_j) \delta_{j k}",
            (
                r"(1.12) \sum_{n = 1}^{N} \sum_{k = 1}^{K} \frac{\partial J}{\partial Z_{n j}}"
                r" \cdot \frac{\partial Z_{n k}}{\partial W_{i j}}"
            ),
            r"(1.12) \sum_{n = 1}^{N} \sum_{k = 1}^{K} \mathrm{d} Z_{n j} X_{n i} \delta_{k j}",
            r"(1.12) \sum_{n = 1}^{N} \sum_{k = 1}^{K} \mathrm{d} Z_{n k} X_{n i} \delta_{j k}",
            r"(1.13) \sum_{n = 1}^{N} \sum_{k = 1}^{K} \mathrm{d} Z_{i k} \delta_{n i} W_{j k}",
            r"(1.13) \sum_{n = 1}^{N} \sum_{k = 1}^{K} \mathrm{d} Z_{n k} \delta_{i n} W_{j k}",
            r"(1.14) \sum_{n = 1}^{N} \sum_{k = 1}^{K} \mathrm{d} Z_{n j} \delta_{k j}",
            r"(1.14) \sum_{n = 1}^{N} \sum_{k = 1}^{K} \mathrm{d} Z_{n k} \delta_{j k}",
        ],
        "lists side by side are multiplied entry by entry": [
            r"\mathrm{d} h \varphi'(z)"
        ],
    },
    "ch02_logistic": {
        "t is 0 or 1": [r"t \xi +(1 - t)(z + \ell)"],
        CONDITION: ["(2.18) w_1", "(2.18) 1"],
    },
    "ch03_softmax_linear": {
        DELTA: [
            r"(3.8) y_k(\delta_{j k} - y_j)",
            r"y_k(\delta_{j k} - y_j)",
            r"(3.9) \sum_{k = 1}^{K} - \frac{t_k}{y_k} \cdot y_k(\delta_{j k} - y_j)",
            r"(3.9) - \sum_{k = 1}^{K} t_j \delta_{k j} + y_j \sum_{k = 1}^{K} t_k",
            r"(3.9) - \sum_{k = 1}^{K} t_k \delta_{j k} + y_j \sum_{k = 1}^{K} t_k",
        ],
        "the outputs add up to 1, as the targets do": [
            r"(3.9) - \sum_{k = 1}^{K} t_k \delta_{k j} + y_j \sum_{k = 1}^{K} y_k"
        ],
        DUMMY: [
            (
                r"(3.12) \frac{\partial}{\partial W_{i j}} \frac{\lambda}{2}"
                r" \sum_{d, k} W_{k d}^2"
            )
        ],
    },
    "ch04_rbf_net": {
        EVEN: [r"(4.12) \varphi(+ z)", "(4.12) e^{-(+ z)^2}", "(4.12) J(+ w, b)"],
    },
    "ch05_relu_net": {
        BOUNDARY: [
            r"(5.12) \frac{\partial J}{\partial H} \odot [Z_1 \ge 0]",
            r"\mathrm{d} H \odot [Z_1 \ge 0]",
            r"(5.16) \frac{\partial J}{\partial H} \odot(0.1 + 0.9 [Z_1 \ge 0])",
        ],
        ALL_ZERO: [
            r"(5.15) \sum_{n \text{at the origin}} \mathrm{d} Z_{2, k n}",
            r"(5.15) - \frac{1}{N}(3 \cdot \tfrac 13 - 1)",
            r"(5.15) {1}(3 \cdot \tfrac 13 - 1)",
            r"(5.15) \frac{N}{1}(3 \cdot \tfrac 13 - 1)",
            r"(5.15) \frac{2}{N}(3 \cdot \tfrac 13 - 1)",
        ],
    },
    "ch07_mlp": {
        CONDITION: ["(7.6) l"],
        "relu of relu is relu": [
            r"(7.7) \operatorname{relu}(A_l)",
            r"\operatorname{relu}(A_l)",
        ],
        DELTA: [
            r"(7.12) \delta_{j m} [z_{1, j} > 0]",
            r"(7.12) \delta_{m j} [z_{1, m} > 0]",
            (
                r"\sum_{k = 1}^{K} \sum_{m = 1}^{M} \frac{\partial \xi}{\partial z_{2, k}}"
                r" \cdot \frac{\partial z_{2, k}}{\partial h_j}"
                r" \cdot \frac{\partial h_m}{\partial z_{1, j}}"
            ),
            (
                r"(7.13) \sum_{k = 1}^{K} \sum_{m = 1}^{M} \mathrm{d} z_{2, k}"
                r" W_{2, j k} \delta_{m j} [z_{1, j} > 0]"
            ),
            (
                r"(7.13) \sum_{k = 1}^{K} \sum_{m = 1}^{M} \mathrm{d} z_{2, k}"
                r" W_{2, m k} \delta_{j m} [z_{1, j} > 0]"
            ),
            (
                r"(7.13) \sum_{k = 1}^{K} \sum_{m = 1}^{M} \mathrm{d} z_{2, k}"
                r" W_{2, m k} \delta_{m j} [z_{1, m} > 0]"
            ),
        ],
        BOUNDARY: [
            r"(7.12) \delta_{m j} [z_{1, j} \ge 0]",
            (
                r"(7.13) \sum_{k = 1}^{K} \sum_{m = 1}^{M} \mathrm{d} z_{2, k}"
                r" W_{2, m k} \delta_{m j} [z_{1, j} \ge 0]"
            ),
            r"(7.13) \sum_{k = 1}^{K} \mathrm{d} z_{2, k} W_{2, j k} [z_{1, j} \ge 0]",
            (
                r"(7.18) (\frac{\partial J}{\partial Z_{l + 1}} W_{l + 1}^\top)"
                r" \odot [Z_l \ge 0]"
            ),
            r"(\mathrm{d} Z_{l + 1} W_{l + 1}^\top) \odot [Z_l \ge 0]",
        ],
        "the bias and its pre-activation have the same derivative": [
            r"(7.15) \frac{\partial \xi}{\partial z_{2, k}}",
            r"(7.15) \mathrm{d} b_{2, k}",
            r"(7.15) \frac{\partial \xi}{\partial z_{1, j}}",
            r"(7.15) \mathrm{d} b_{1, j}",
        ],
        "all draws have the same variance, and no two of them vary together": [
            r"(7.22) \frac{1}{B^2} \sum_{i = 1}^{B} E [e_j^2]",
            r"(7.23) \sum_{i = 1}^{m} \sum_{j = 1}^{m} a_j a_j E [w_i w_j]",
            r"(7.23) \sum_{i = 1}^{m} \sum_{j = 1}^{m} a_i a_i E [w_i w_j]",
            r"(7.23) \sum_{i = 1}^{m} a_i^2 E [w_j^2]",
        ],
    },
    "ch11_generalisation": {
        "the noise is 0 on average": [r"(11.5) E [(y - f + e)^2]"],
        DUMMY: [
            (
                r"(11.2) \frac{1}{2 N} \sum_{n} \sum_{k}(Y_{n k} - T_{n k})^2 + "
                rf"\frac{{\lambda}}{{2}}(\sum_{{i j}} W_{{1, {one}}}^2 + "
                rf"\sum_{{i j}} W_{{2, {other}}}^2)"
            )
            for one, other in (("j i", "i j"), ("i j", "j i"))
        ],
    },
}

# The same for figures, of which others are planted at every commit: the statement with the
# change.
EQUIVALENT_FIGURES: dict[str, dict[str, list[str]]] = {
    "ch01_chain_rule": {
        "f1 and dv_dx are one slope": [
            (
                "ax.loglog(steps, (abs(f2) * steps / 2 + 2 * kappa * f(a) / steps)"
                " / dv_dx, 'C0-', linewidth=0.8)"
            ),
            "ax.loglog(steps, E(steps) / dv_dx, 'C1-', linewidth=0.8)",
        ],
        "the same slope, from two steps combined": [
            (
                "ax.loglog(steps, (abs(f2) * steps / 2 + 2 * kappa * f(a) / steps)"
                " / combined, 'C0-', linewidth=0.8)"
            ),
        ],
    },
    "ch03_softmax_linear": {
        "one step more, of hundreds, is less than a line is wide": [
            "moments = [1, 2, 5, 10, 20, 50, 100, 200, 501, 1000, 2000]",
            "moments = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1001, 2000]",
        ],
    },
    "ch04_rbf_net": {
        "the grid and what is drawn on it are mirror images of themselves": [
            (
                "lines = ax.contour(-np.asarray(w_grid), b_grid, J_grid, levels=levels,"
                " colors=colours, linewidths=1)"
            )
        ],
    },
    "ch05_relu_net": {
        LOOSE: [
            "ax.loglog(1.1 * np.asarray(np.arange(1, 10001, 10)), losses)",
            (
                "ax.plot(1.1 * np.asarray(-(w_2 * line + bias) / w_1), line,"
                " color='0.5', linewidth=0.6)"
            ),
            (
                "ax.set(title=f'{M} units: {share_right(each[2]):.0%} right',"
                " xlabel='', ylabel='')"
            ),
            *(
                f"fig, axes = plt.subplots(2, 2, figsize=(7, 6.2), {shared},"
                " layout='constrained')"
                for shared in (
                    *("sharey=True", "sharex=True", "sharex=False, sharey=True"),
                    "sharex=True, sharey=False",
                )
            ),
        ],
    },
    "ch06_sigmoid_net": {
        "it moves an edge or a label by less than a tick is wide": [
            (
                "ax.contourf(*grid.T, 1.1 * np.asarray(inside.T), levels=[0.5, 1.5],"
                " colors=['C1'], alpha=0.25)"
            ),
            "ax.tick_params()",
            "ax.tick_params(pad=-2)",
            "height = forward(path[-2], np.stack([x1, x2], axis=-1))[3][..., 1]",
        ],
    },
    "ch07_mlp": {
        LOOSE: [
            "fig.colorbar(image, label='probability of class 1', shrink=0.8)",
            (
                "ax.contour(*grid.transpose(2, 0, 1), 1.1 * np.asarray(output), [0.5],"
                " colors='#222222')"
            ),
            (
                "grid = np.stack(np.meshgrid(np.linspace(-8, 8, 251),"
                " np.linspace(-10, 10, 250)), axis=-1)"
            ),
            (
                "grid = np.stack(np.meshgrid(np.linspace(-8, 8, 250),"
                " np.linspace(-10, 10, 251)), axis=-1)"
            ),
            (
                "greys = plt.matplotlib.colors.ListedColormap("
                "plt.cm.Greys(np.linspace(0.02, 0.3, 257)))"
            ),
            *(
                f"image = ax.imshow(output, origin='lower', extent=({extent}),"
                " aspect='auto', cmap=greys, vmin=0, vmax=1, interpolation='nearest')"
                for extent in ("-8, 8, -10, 11", "-8, 8, -11, 10")
            ),
        ],
    },
    "ch08_mistakes": {
        "the dashes of one line are a little longer or begin elsewhere": [
            f"styles = ('-', '--', '-.', ':', ({start}, ({dashes})))"
            for start, dashes in (
                *((1, "5, 1, 1, 1, 1, 1"), (0, "1, 1, 1, 1, 1, 5")),
                *((0, "6, 1, 1, 1, 1, 1"), (0, "5, 2, 1, 1, 1, 1")),
                *((0, "5, 1, 2, 1, 1, 1"), (0, "5, 1, 1, 2, 1, 1")),
                *((0, "5, 1, 1, 1, 2, 1"), (0, "5, 1, 1, 1, 1, 2")),
            )
        ],
    },
}


def arguments(function: Any, known: dict[str, Any]) -> tuple[Any, ...]:
    names = inspect.signature(function).parameters
    missing = [name for name in names if name not in known]
    assert not missing, f"{function}: teach `instances` what {missing} may be"
    return tuple(known[name] for name in names)


def instances(network: ModuleType) -> list[tuple[Any, ...]]:
    """Random arguments of ``backward``: once of different sizes, once all equal."""
    found = []
    for N, D, M, K in [(5, 4, 3, 2), (3, 3, 3, 3)]:
        rng = np.random.default_rng(N)
        known: dict[str, Any] = {
            "rng": rng,
            "D": D,
            "M": M,
            "K": K,
            "x": rng.normal(size=N),
            "t": np.arange(N) % 2,
            "X": rng.normal(size=(N, D)),
            "T": np.eye(K)[np.arange(N) % K],
            "lam": 0.3,
            "units": (D, M, M, K),
            "output": "sigmoid" if N > M else "softmax",
        }
        start = network.init(*arguments(network.init, known))
        # A parameter that starts at zero could hide a mistake.
        known["params"] = tuple(p + 0.3 * rng.normal(size=np.shape(p)) for p in start)
        found.append(arguments(network.backward, known))
    return found


def objective(network: ModuleType, rest: list[Any]) -> Callable[[Any], Any]:
    return lambda params: network.objective(params, *rest)


def error(found: Iterable[Any], expected: Iterable[Any]) -> float:
    """The largest relative error of an array; infinite where a shape differs."""
    worst = 0.0
    for one, other in zip(found, expected, strict=True):
        for a, b in zip(one, other, strict=True):
            if np.shape(a) != np.shape(b):
                return np.inf
            worst = max(worst, relative_error(np.asarray(a), np.asarray(b)))
    return worst


def refused(f: Callable[[Any], Any], params: Any, grads: Any) -> bool:
    """Whether ``gradcheck.check`` calls ``grads`` wrong."""
    try:
        check(f, params, grads)
    except AssertionError:
        return True
    return False


def is_wrong(fails: Callable[[], bool]) -> bool:
    try:
        return fails()
    except Exception:  # noqa: BLE001 - a mistake that crashes is caught, however
        return True


@pytest.fixture(scope="session")
def tally() -> Iterator[Tally]:
    """How many mistakes of each kind were planted and noticed; PLANTED names a file."""
    counts: Tally = defaultdict(Counter)
    yield counts
    if THOROUGH:
        shares = json.dumps(counts, indent=2, sort_keys=True)
        Path(THOROUGH).parent.mkdir(exist_ok=True)
        Path(THOROUGH).write_text(shares + "\n", encoding="utf-8")


@pytest.mark.parametrize(
    "network", drawn_of(NETWORKS), ids=lambda each: each.__name__.split(".")[1]
)
def test_every_planted_bug_is_caught(network: ModuleType, tally: Tally) -> None:
    name = network.__name__.split(".")[1]
    given = instances(network)

    def gradients(code: str) -> list[Any]:
        namespace = dict(vars(network))
        exec(code, namespace)  # noqa: S102
        return [namespace["backward"](*each) for each in given]

    code = inspect.getsource(network.backward)
    derived = gradients(code)
    numerical = [numerical_gradient(objective(network, rest), p) for p, *rest in given]
    assert error(derived, numerical) < 1e-6

    def differs(code: str) -> bool:
        return error(gradients(code), numerical) > 1e-6

    def is_refused(code: str) -> bool:
        return any(
            refused(objective(network, rest), params, found)
            for (params, *rest), found in zip(given, gradients(code), strict=True)
        )

    changed, missed, equivalent = set(), [], set()
    for mutant in mutants(code):
        changed.add(mutant.before)
        tally["lines of the library"]["planted"] += 1
        if is_wrong(partial(differs, mutant.code)):
            tally["lines of the library"]["noticed"] += 1
            # The tool that readers are given must see it too.
            assert is_wrong(partial(is_refused, mutant.code)), f"not refused: {mutant}"
            continue
        same = error(gradients(mutant.code), derived) < 1e-12
        if same and mutant.after in EQUIVALENT.get(name, {}):
            tally["lines of the library"]["none"] += 1
            equivalent.add(mutant.after)
        else:
            missed.append(str(mutant))
    assert not missed, f"{name}.backward, not caught:\n" + "\n".join(missed)
    stale = EQUIVALENT.get(name, {}).keys() - equivalent
    assert not stale, f"{name}: no longer equivalent, remove from the table: {stale}"
    function = ast.parse(code).body[0]
    assert isinstance(function, ast.FunctionDef)
    # A call alone, such as the docstring or a check of an input, computes nothing.
    lines = {
        ast.unparse(each)
        for each in ast.walk(function)
        if isinstance(each, ast.Assign | ast.AugAssign | ast.Return)
    }
    assert lines <= changed, f"{name}: nothing was planted in {lines - changed}"


# Bugs that people write, which no single change of a line is.
FAMOUS = [
    ("after the update", "dH = dZ2 @ W2.T", "dH = dZ2 @ (W2 - 0.1 * dW2).T"),
    ("slope of ReLU by the output's sign", "relu_derivative(Z1)", "(H >= 0)"),
    ("slope of the sigmoid by the input", "H * (1 - H)", "Z1 * (1 - Z1)"),
    ("one penalty dropped", " + lam * W1", ""),
    ("the other penalty dropped", " + lam * W2", ""),
    ("twice the penalty", "lam * W1", "2 * lam * W1"),
    ("sum where a mean is meant", "(Y - T) / len(X)", "Y - T"),
    ("bias without its sum", "dZ1.sum(axis=0)", "dZ1"),
    ("sum over the wrong index", "dZ2.sum(axis=0)", "dZ2.sum(axis=1)"),
    ("after the update, any depth", "dZ @ W[l + 1].T", "dZ @ (W[l + 1] - 0.1 * dW).T"),
    ("slope of another layer", "relu_derivative(Z[l])", "relu_derivative(Z[1])"),
    ("no slope", " * relu_derivative(Z[l])", ""),
    ("penalty on all layers but one", "lam * W[l]", "(lam * W[l] if l > 1 else 0)"),
    ("gradients from the last layer on", "(dW, db, *grads)", "(*grads, dW, db)"),
]


def source(name: str) -> str:
    network = importlib.import_module(f"chainrule.{name}")
    return inspect.getsource(network.backward).replace("_, H, _, Y =", "Z1, H, _, Y =")


FAMOUS_CASES = [
    (name, *each)
    for name in ("relu_net", "sigmoid_net", "mlp")
    for each in FAMOUS
    if each[1] in source(name)
]


def test_every_famous_bug_has_its_place() -> None:
    assert {bug for _, bug, _, _ in FAMOUS_CASES} == {bug for bug, _, _ in FAMOUS}


@pytest.mark.parametrize(("name", "bug", "right", "wrong"), FAMOUS_CASES)
def test_famous_bugs_are_caught(name: str, bug: str, right: str, wrong: str) -> None:
    network = importlib.import_module(f"chainrule.{name}")
    for params, *rest in instances(network):
        namespace = vars(network).copy()
        exec(source(name).replace(right, wrong), namespace)  # noqa: S102
        numerical = numerical_gradient(objective(network, rest), params)
        found = namespace["backward"](params, *rest)
        assert error([found], [numerical]) > 1e-3, f"{name}: {bug} is not caught"


@dataclass
class Planted:
    """What became of mistakes; one in ``reasons`` is none, and need not be noticed."""

    tally: Tally
    reasons: dict[str, str]
    missed: list[str] = field(default_factory=list)
    equivalent: set[str] = field(default_factory=set)

    def add(self, kind: str, here: str, found: Iterable[tuple[str, bool]]) -> None:
        for what, noticed in found:
            self.tally[kind].update(planted=1, noticed=int(noticed))
            if what in self.reasons and not noticed:
                self.tally[kind]["none"] += 1
                self.equivalent.add(what)
            elif not noticed:
                self.missed.append(f"{here}: {kind}: {what}")


# In the chapters a slip in a derivative must fail one of the checks that follow.
SLIPS_OF_THE_PEN = {"sign", "factor", "term", "operator", "scale", "constant"}


def run(fence: book.Fence, namespace: dict[str, Any], name: str) -> str:
    """Run a cell or a check; return what the check says if it fails."""
    if fence.language == "python":
        code = compile("\n" * fence.line + fence.code, name, "exec")
        exec(code, namespace)  # noqa: S102
        return ""
    examples = doctest.DocTestParser().get_examples(fence.code)
    test = doctest.DocTest(examples, {}, name, name, fence.line, None)
    test.globs = namespace
    complaints: list[str] = []
    runner = doctest.DocTestRunner(verbose=False, optionflags=doctest.FAIL_FAST)
    runner.run(test, out=complaints.append, clear_globs=False)
    return "".join(complaints)


def derivative_lines(page: Path, fence: book.Fence) -> set[int]:
    """The lines of a cell, counted from its first, that compute a stated derivative."""
    tags = {each.tag for each in book.equations(read(page)) if each.states_derivative}
    return {
        each.line - fence.line
        for each in book.citations(read(page))
        if each.tag in tags and 0 < each.line - fence.line <= fence.code.count("\n")
    }


def kept(value: Any) -> Any:
    """A copy of what a cell could change in place; anything else as it is."""
    match value:
        case np.ndarray() if value.dtype != object:
            return value.copy()
        case np.random.Generator() | np.random.RandomState():
            return copy.deepcopy(value)
        case list():
            return [kept(each) for each in value]
        case dict():
            return {key: kept(each) for key, each in value.items()}
    return value


def slips(
    page: Path, runnable: list[book.Fence], index: int, namespace: dict[str, Any]
) -> Iterator[tuple[str, bool]]:
    """Each slip in a derivation's line of a cell, and whether something fails after it.

    Nothing fails after those that are none, and to see it would take long.
    """
    fence = runnable[index]
    lines = derivative_lines(page, fence)

    def fails(cell: book.Fence) -> bool:
        following = [cell, *runnable[index + 1 :]]
        return any(run(each, namespace, page.name) for each in following)

    for mutant in mutants(fence.code, lines) if lines else ():
        if mutant.kind not in SLIPS_OF_THE_PEN:
            continue
        if mutant.after in EQUIVALENT.get(page.stem, {}):
            yield mutant.after, False
            continue
        before = {name: kept(value) for name, value in namespace.items()}
        planted = replace(fence, code=mutant.code)
        yield mutant.after, is_wrong(partial(fails, planted))
        plt.close("all")
        # Functions look names up in this very dictionary.
        namespace.clear()
        namespace.update(before)


def wrong_figures(plot: Plot, rng: random.Random) -> Iterator[tuple[str, bool]]:
    """Mistakes in a figure that can be seen, and whether they are noticed."""
    planted = [*plot.mutants()]
    for mutant in rng.sample(planted, len(planted)):
        noticed = is_wrong(lambda code=mutant.code: bool(plot.difference(code)))
        if noticed or not plot.looks_the_same(mutant.code):
            yield mutant.after, noticed


def by_place(reasons: dict[str, dict[str, list[str]]], page: Path) -> dict[str, str]:
    """The reason of each change on a page that is no mistake."""
    found = reasons.get(page.stem, {})
    return {change: reason for reason, changes in found.items() for change in changes}


def is_true(display: formulas.Display, names: dict[str, Any], known: Any) -> bool:
    try:
        display.evaluate(names, known)
    except (formulas.CannotError, formulas.FalseError):
        return False
    return True


def wrong_displays(
    display: formulas.Display, names: dict[str, Any], known: Any
) -> Iterator[tuple[str, bool]]:
    """Each mistake in a display, and whether it is noticed."""
    for at, statement in enumerate(display.statements):
        for wrong in wrong_formulas(statement):
            statements = [*display.statements]
            statements[at] = wrong.marks
            planted = replace(display, statements=statements)
            name = f"({display.tag}) " if display.tag else ""
            yield name + wrong.side, not is_true(planted, names, known)


def is_needed(
    display: formulas.Display,
    part: str,
    names: dict[str, Any],
    known: Any,
    reasons: Container[str],
) -> bool:
    """Whether without a part of its comment a display is false, or a mistake true."""
    rest = [each for each in display.comment.parts if each != part]
    shorter = replace(display, comment=formulas.Comment(rest))
    return not is_true(shorter, names, known) or any(
        not noticed and side not in reasons
        for side, noticed in wrong_displays(shorter, names, known)
    )


@pytest.mark.parametrize("page", drawn_of(CHAPTERS), ids=identify)
def test_every_mistake_in_a_chapter_is_noticed(
    page: Path, monkeypatch: pytest.MonkeyPatch, tally: Tally
) -> None:
    monkeypatch.setattr(plt, "show", lambda: plt.close("all"))
    text = read(page)
    runnable = [
        each for each in book.fences(text) if each.language in {"python", "pycon"}
    ]
    moments = {each.fence.line: each for each in formulas.moments(text)}
    blocks = number.blocks(text)
    namespace: dict[str, Any] = {"__name__": "__main__"}
    equivalent = EQUIVALENT.get(page.stem, {}) | by_place(EQUIVALENT_FORMULAS, page)
    unseen = by_place(EQUIVALENT_FIGURES, page)
    planted = Planted(tally, equivalent | unseen)
    needed: dict[tuple[str, str], bool] = {}
    kept_parts = {
        part
        for comment in re.findall("<!-- where from here (.*?) -->", text)
        for part in formulas.split(comment)
    }
    records = iter(drawn.load(page) if page in DRAWING else [])
    rng = random.Random(COMMIT + page.name)  # noqa: S311
    for index, fence in enumerate(runnable):
        here = place(page, fence.line)
        if fence.language == "python":
            planted.add(
                "lines of derivations", here, slips(page, runnable, index, namespace)
            )
            if "plt.show()" in fence.code:
                plot = Plot(page, fence, dict(namespace), next(records))
                wrong = itertools.islice(wrong_figures(plot, rng), 2)
                planted.add("figures", here, wrong)
        complaint = run(fence, namespace, page.name)
        assert not complaint, f"{here}:\n{complaint}"
        for display in moments[fence.line].displays if fence.line in moments else []:
            known = moments[fence.line].known
            if display.done or not is_true(display, namespace, known):
                continue
            display.done = True
            kind = "relations in tables" if display.row else "displayed formulas"
            wrong = wrong_displays(display, namespace, known)
            planted.add(kind, place(page, display.line), wrong)
            for part in display.comment.parts:
                own = "" if part in kept_parts else "; ".join(display.comment.parts)
                key = part, own
                needed[key] = needed.get(key) or is_needed(
                    display, part, namespace, known, equivalent
                )
        end = runnable[index + 1].line if index + 1 < len(runnable) else math.inf
        while blocks and blocks[0].end <= end:
            block = blocks.pop(0)
            bounds = number.evaluate(block, namespace)
            found = (
                (
                    f"{each.old} became {each.new}",
                    any(number.complaints(each.block, bounds)),
                )
                for each in wrong_numbers(block, bounds)
            )
            planted.add("numbers", place(page, block.line), found)
    assert not planted.missed, "not noticed:\n" + "\n".join(planted.missed)
    stale = equivalent.keys() - planted.equivalent
    assert not stale, f"{page.stem}: never planted, remove from the table: {stale}"
    idle = [part for (part, _), found in needed.items() if not found]
    assert not idle, f"{page.name}: without these comments all is the same: {idle}"


def test_the_readme_says_what_was_measured() -> None:
    measured = json.loads(read(book.ROOT / "tests" / "planted.json"))
    rows = re.findall(
        r"^\| ([^|]+) \|.*\| ([\d,]+) \| ([\d,]+) \| ([\d,]+) \|$", README, re.MULTILINE
    )
    assert {
        kind: [int(each.replace(",", "")) for each in row] for kind, *row in rows
    } == {
        kind: [count["planted"], count["noticed"], count.get("none", 0)]
        for kind, count in measured.items()
    }
    assert all(
        count["planted"] == count["noticed"] + count.get("none", 0)
        for count in measured.values()
    )


PLANTED = """
def f(X, T, lam):
    Z = X @ T + lam * 2  # (1.1)
    a = (Z / len(X)).sum(axis=0)
    return a, -Z.T
"""
KNOWN_SLIPS = {
    "Z = X @ T - lam * 2",
    "Z = X @ T",
    "Z = X * T + lam * 2",
    "Z = T @ X + lam * 2",
    "Z = X.T @ T + lam * 2",
    "Z = X @ T.T + lam * 2",
    "Z = X @ T + lam * 3",
    "Z = X @ T + lam",
    "Z = X @ T + 2 * lam * 2",
    "Z = X @ X + lam * 2",
    "a = (Z * len(X)).sum(axis=0)",
    "a = Z.sum(axis=0)",
    "a = (Z / 1).sum(axis=0)",
    "a = (Z / len(X)).mean(axis=0)",
    "a = (Z / len(X)).sum()",
    "a = (Z / len(X)).sum(axis=1)",
    "a = Z / len(X)",
    "return (-Z.T, a)",
    "return (a, Z.T)",
    "return (a, -Z)",
    "return (-a, -Z.T)",
    "a = (Z / len(X)).sum(axis=0); Z = X @ T + lam * 2",
}


def test_the_planter_knows_every_kind_of_slip() -> None:
    planted = list(mutants(PLANTED))
    assert {each.kind for each in planted} == KINDS
    assert {each.after for each in planted} >= KNOWN_SLIPS
    assert len({each.code for each in planted}) == len(planted)
    assert all("lam" in each.before for each in mutants(PLANTED, [3]))
