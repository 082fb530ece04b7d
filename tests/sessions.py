"""Live figures as the tests use them: their JavaScript without a browser.

What a figure draws is text of an SVG; ``Panel`` finds from the words at its axes alone which
numbers its shapes stand for.
"""

import atexit
import json
import os
import re
from functools import cached_property
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
from py_mini_racer import MiniRacer

from press import live

NUMBER = re.compile(r"−?\d+(?:\.\d+)?(?:e−?\d+)?")
MOVE = re.compile(r"[ML](-?[\d.]+) (-?[\d.]+)")
SUPERSCRIPTS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")


# A test that plants mistakes puts its own code in their place.
FIGURES = Path(os.environ.get("LIVE_FIGURES", live.FIGURES))


def engine(*names):
    """JavaScript with the shared code and the figures ``names``."""
    racer = MiniRacer()
    for name in ("maths", "live", *names):
        racer.eval((FIGURES / f"{name}.js").read_text("utf-8"))
    return racer


def number(words):
    """The number that is written ``words``."""
    if words.startswith("10") and words[2:]:
        power = words[2:].translate(SUPERSCRIPTS)
        if power != words[2:]:
            return 10.0 ** int(power)
    return float(words.replace("−", "-"))


class Panel:
    """What one panel shows, in the numbers of its axes."""

    def __init__(self, panel):
        self.name, self.shade = panel["name"], panel.get("shade")
        self.layers = panel["layers"]
        document = f"<svg>{''.join(self.layers)}</svg>"
        self.root = ET.fromstring(document)  # noqa: S314 - the figure has drawn it
        self.labels = [each.text for each in self.root if each.get("class") == "label"]

    @cached_property
    def axes(self):
        return [self._axis(side) for side in "xy"]

    def _axis(self, side):
        ticks = [t for t in self.root.iter("text") if t.get("class") == f"tick {side}"]
        places = np.array([float(t.get(side)) for t in ticks]) - 4 * (side == "y")
        log = ticks[0].text[2:].translate(SUPERSCRIPTS) != ticks[0].text[2:]
        numbers = np.array([number(t.text) for t in ticks])
        slope, start = np.polyfit(places, np.log10(numbers) if log else numbers, 1)
        return slope, start, log

    def _number(self, axis, place):
        slope, start, log = self.axes[axis]
        value = slope * float(place) + start
        return 10**value if log else value

    def shapes(self, kind):
        """The points of every shape whose class is ``kind``, a list of (n, 2) tables."""
        paths = self.root.iter("path")
        return [
            self.points(each) for each in paths if each.get("class").strip() == kind
        ]

    @property
    def note(self):
        """What is said at the bottom, within the axes."""
        spine = next(e.get("d") for e in self.root if e.get("class") == "spine")
        up, across = map(float, re.findall(r"[\d.]+", spine)[2:])
        notes = [e for e in self.root.iter("text") if e.get("class") == "note"]
        for each in notes:
            assert float(each.get("x")) == across / 2
            assert up - 12 < float(each.get("y")) < up
        return "".join(each.text for each in notes)

    def points(self, path):
        """The points of a ``path``, a table of shape (n, 2)."""
        points = MOVE.findall(path.get("d"))
        return np.array([[self._number(0, x), self._number(1, y)] for x, y in points])

    def rings(self):
        """The middles of the circles, a list of pairs."""
        circles = self.root.iter("circle")
        return [
            (self._number(0, each.get("cx")), self._number(1, each.get("cy")))
            for each in circles
        ]


class Session:
    """One use of the figure ``name``, after ``values`` were set, one after the other."""

    def __init__(self, name, **values):
        self.racer = _engine()
        self.racer.eval(f"var s = live.open({json.dumps(name)}, {live.given(name)})")
        for key, value in values.items():
            self.set(key, value)

    def js(self, code):
        """The value of ``code``, in which ``s`` is the session."""
        return json.loads(self.racer.eval(f"JSON.stringify({code}) ?? 'null'"))

    def choose(self, setting):
        self.racer.eval(f"s.choose({json.dumps(setting)}); s.finish()")

    def set(self, key, value):
        self.racer.eval(f"s.set({json.dumps(key)}, {json.dumps(value)})")

    def step(self, times=1):
        self.racer.eval(f"for (let i = 0; i < {times}; i++) s.step()")

    def move(self, handle, point):
        self.racer.eval(f"s.move({json.dumps(handle)}, {json.dumps(point)})")

    @property
    def values(self):
        return self.js("s.values")

    @property
    def settings(self):
        return self.js("Object.keys(s.figure.settings)")

    @property
    def said(self):
        return dict(self.js("s.said()"))

    @property
    def panels(self):
        return [Panel(each) for each in self.js("s.panels()")]

    @property
    def handles(self):
        return {each["name"]: each["at"] for each in self.js("s.handles()")}


_KEPT = []


def _engine():
    """One engine for all sessions of a process; it must be closed before Python ends."""
    if not _KEPT:
        _KEPT.append(engine(*sorted(live.NAMES)))
        atexit.register(_KEPT[0].close)
    return _KEPT[0]
