"""Live figures: the elements that stand beside drawn figures, their data and their code.

The code is ``press/figures``. Everything random comes from here, drawn as the chapters do.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule import data
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


DATA: dict[str, Callable[[], dict[str, Any]]] = {"unit": _unit, "valley": _valley}


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
