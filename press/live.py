"""Live figures: the elements that stand beside drawn figures, their data and their code.

The code is ``press/figures``. Everything random comes from here, drawn as the chapters do.
"""

from __future__ import annotations

import json
import re
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule import data, relu_net, sigmoid_net
from chainrule.optim import gradient_step, momentum_step
from press import book

if TYPE_CHECKING:
    from collections.abc import Callable

FIGURES = book.ROOT / "press" / "figures"
SHARED = ("maths", "live", "element")
NAMES = {file.stem for file in FIGURES.glob("*.js")} - {*SHARED}

# Comments that have a line of their own, and the blanks at the beginning of a line.
_TRIMMED = re.compile(r"^ *//.*\n|^ +|^\n", re.MULTILINE)


def _unit() -> dict[str, Any]:
    rng = np.random.RandomState(0)
    t = np.repeat([1, 0], [50, 50])
    centres = np.where(t[:, None] == 1, [1.0, 0.8], [-1.0, -0.8])
    return {"X": rng.normal(size=(100, 2)) + centres, "t": t}


def _valley() -> dict[str, Any]:
    x, t = data.three_clusters(np.random.RandomState(4))
    return {"x": x, "t": t}


@cache
def _broken() -> dict[str, Any]:
    X, labels = data.spirals(np.random.RandomState(0))
    T = np.eye(3)[labels]
    start = params = relu_net.init(np.random.RandomState(1), 2, 30, 3)
    losses = []
    for _ in range(600):
        losses.append(relu_net.objective(params, X, T, 1e-3))
        grads = relu_net.backward(params, X, T, 1e-3)
        params = gradient_step(params, grads, 1.0)
    drawn = [*range(10), *range(10, 600, 10), 599]
    return {
        "angle": np.arctan2(*X.T),  # half as many numbers as X
        "start_W1": start[0],
        "start_b1": start[1],
        "start_W2": start[2],
        "start_b2": start[3],
        "right": [(step, round(losses[step], 4)) for step in drawn],
        "X": [[1.0, 0.5], [-0.8, 1.2], [0.3, -1.1], [-0.6, -0.4], [0.9, 1.6]],
        "T": np.eye(3)[[0, 1, 2, 2, 1]],
        "W1": [[0.5, -0.7, 0.3, 0.9], [0.8, 0.4, -0.6, 0.2]],
        "b1": [0.1, -0.2, 0.3, -0.4],
        "W2": [[0.6, -0.3, 0.2], [-0.5, 0.7, 0.1], [0.4, 0.2, -0.8], [-0.1, 0.3, 0.5]],
        "b2": [0.05, -0.1, 0.2],
        "lam": 0.1,
    }


@cache
def _cube() -> dict[str, Any]:
    rng = np.random.RandomState(1)
    X, labels = data.circles(rng, 200)
    T = np.eye(2)[labels]
    params = sigmoid_net.init(rng, 2, 3, 2)
    velocity = tuple(np.zeros_like(p) for p in params)
    path = []
    for step in range(601):
        if step % 10 == 0:
            path.append(np.concatenate([p.ravel() for p in params]))
        grads = sigmoid_net.backward(params, X, T)
        params, velocity = momentum_step(params, grads, velocity, 5.0, 0.5)
    return {"X": X.round(4), "labels": labels, "path": np.round(path, 4)}


def _spiral() -> dict[str, Any]:
    # Ten decimals weigh less, and keep four of J over 1000 steps of the published run.
    normal = np.random.RandomState(0).standard_normal(824).round(10)
    params, losses = _trained()
    flat = np.concatenate([each.ravel() for each in params]).round(4)
    return {"normal": normal, "trained": flat, "losses": np.round(losses, 3)}


@cache
def _trained() -> tuple[relu_net.Params, list[float]]:
    """Ten units after 1000 steps, and the objective before every tenth."""
    X, labels = data.spirals(np.random.RandomState(0))
    T = np.eye(3)[labels]
    params = relu_net.init(np.random.RandomState(0), 2, 10, 3)
    losses = []
    for step in range(1000):
        if step % 10 == 0:
            losses.append(relu_net.objective(params, X, T, 1e-3))
        grads = relu_net.backward(params, X, T, 1e-3)
        params = gradient_step(params, grads, 1.0)
    return params, losses


def _step() -> dict[str, Any]:
    def f(s: complex) -> Any:  # noqa: ANN401
        return np.exp(s) * np.sin(s)

    a = 1.0
    f1 = np.exp(a) * (np.sin(a) + np.cos(a))
    steps = np.logspace(-16, -1, 91)
    slopes = {
        "forward": [(f(a + e) - f(a)) / e for e in steps],
        "central": [(f(a + e) - f(a - e)) / (2 * e) for e in steps],
        "complex": [f(a + 1j * e).imag / e for e in steps],
    }
    errors = {name: abs(np.array(each) / f1 - 1) for name, each in slopes.items()}
    return {"steps": steps, **errors}


DATA: dict[str, Callable[[], dict[str, Any]]] = {
    "broken": _broken,
    "cube": _cube,
    "spiral": _spiral,
    "step": _step,
    "unit": _unit,
    "valley": _valley,
}


def given(name: str) -> str:
    """The data of the figure called ``name``, as JSON, every number to its last digit."""
    tables = DATA[name]() if name in DATA else {}
    return json.dumps({key: np.asarray(each).tolist() for key, each in tables.items()})


def element(name: str) -> str:
    """What takes the place of a drawn figure where JavaScript runs, as HTML."""
    return (
        f'<live-figure name="{name}">'
        f'<script type="application/json">{given(name)}</script></live-figure>'
    )


def assets() -> dict[str, str]:
    """The files that pages with a live figure load, by where they lie in the site."""
    scripts = {"shared": "".join(map(_source, SHARED))}
    scripts |= {name: _source(name) for name in sorted(NAMES)}
    return {
        "live/live.css": (FIGURES / "live.css").read_text("utf-8"),
        **{f"live/{name}.js": code for name, code in scripts.items()},
    }


def _source(name: str) -> str:
    return _TRIMMED.sub("", (FIGURES / f"{name}.js").read_text("utf-8"))
