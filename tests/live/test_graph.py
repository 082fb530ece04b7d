"""The live figure of the computation graph shows what chapter 1 computes."""

import re
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from pages import read
from sessions import Session, number

from chainrule import gradcheck
from press import book

(CELL,) = (
    fence.code
    for fence in book.fences(read(book.DOCS / "ch01_chain_rule.md"))
    if "da = dJ * r + ds * b" in fence.code
)
START = "a, b, c = 2.0, -3.0, 10.0\n"
INPUTS = [(2, -3, 10), (2, -3, 12), (2, 0, 10), (-4, 5, -7), (0, 3, 1), (5, -5, 15)]
ORDER = ["s", "r", "J", "dJ", "dr", "ds dc", "db", "da"]
ARROWS = ["as", "bs", "sr", "cr", "aJ", "rJ"]


def computed(a, b, c):
    """What the chapter's own cell computes, and both contributions."""
    names = {"a": a, "b": b, "c": c}
    assert CELL.startswith(START)
    exec(CELL.removeprefix(START), names)  # noqa: S102
    names["aJ"], names["as"] = names["dJ"] * names["r"], names["ds"] * names["b"]
    return names


class Drawing:
    """The nodes and arrows of the graph, found by where they are drawn."""

    def __init__(self, session):
        (panel,) = session.js("s.panels()")
        root = ET.fromstring(f"<svg>{''.join(panel['layers'])}</svg>")  # noqa: S314
        # The middle of the words; their y is that of the line on which they stand.
        texts = [
            (np.array([float(each.get("x")), float(each.get("y")) - 5]), each.text)
            for each in root.iter("text")
            if each.text
        ]
        self.places, self.values, self.slopes, self.rings = {}, {}, {}, {}
        for circle in root.iter("circle"):
            middle, radius = self._point(circle, "cx", "cy"), float(circle.get("r"))
            assert 12 < radius < 16
            inside, above, below = (
                [w for at, w in texts if np.hypot(*(at - middle - [0, far])) < 2]
                for far in (0, -radius - 10, radius + 12)
            )
            ((name,), (self.values[name],), (slope,)) = inside, above, below
            assert slope[0] + slope[-1] == "()"
            self.slopes[name] = slope[1:-1]
            self.places[name], self.rings[name] = middle, circle.get("class")
        self.arrows = {}
        for path in root.iter("path"):
            points = re.findall(r"(-?[\d.]+) (-?[\d.]+)", path.get("d"))
            start, end, left, tip, right = np.array(points, dtype=float)
            assert (tip == end).all()
            for side in (left, right):
                assert np.hypot(*(side - start)) < np.hypot(*(end - start))
            name = self._at(start, end) + self._at(end, start)
            along = (end - start) / np.hypot(*(end - start))
            beside = (start + end) / 2 + 17 * along[::-1] * [1, -1]
            words = [w for at, w in texts if np.hypot(*(at - beside)) < 2]
            self.arrows[name] = path.get("class"), words
        size = [panel["plane"][key] for key in ("width", "height")]
        corner = [session.js("live.MARGIN")[key] for key in ("left", "top")]
        for at, _ in texts:
            assert (at + corner > [12, 7]).all()
            assert (at + corner < np.subtract(size, [12, 7])).all()
        assert max(at[1] for at, _ in texts) + corner[1] > size[1] - 20  # nothing empty

    @staticmethod
    def _point(element, x, y):
        return np.array([float(element.get(x)), float(element.get(y))])

    def _at(self, end, other):
        """The node at ``end`` of an arrow, which points at its middle."""
        far = {name: np.hypot(*(p - end)) for name, p in self.places.items()}
        nearest = min(far, key=far.get)
        expected = self.places[nearest] + 18 * (other - end) / np.hypot(*(other - end))
        np.testing.assert_allclose(end, expected, atol=0.5)
        return nearest


def test_it_starts_as_the_still_figure(chapter):
    cells = chapter("ch01_chain_rule", "nodes")
    session = Session("graph")
    assert session.values == {key: cells[key] for key in "abc"}
    assert session.js("s.panels()[0].layers[0]").count("font-style:italic") == 6
    drawing = Drawing(session)
    assert list(drawing.places) == list(cells["nodes"])
    expected = np.array([node[:2] for node in cells["nodes"].values()])
    drawn = np.array(list(drawing.places.values())) * [1, -1]
    scale = np.ptp(drawn[:, 0]) / np.ptp(expected[:, 0])
    np.testing.assert_allclose(
        drawn - drawn[0], scale * (expected - expected[0]), atol=0.2
    )
    for name, (_, _, value, slope) in cells["nodes"].items():
        assert number(drawing.values[name]) == value
        assert number(drawing.slopes[name]) == slope


@pytest.mark.parametrize("inputs", INPUTS)
def test_the_sweep_is_right(inputs):
    found = Session("graph", **dict(zip("abc", inputs, strict=True))).js(
        "s.figure.sweep(s.values)"
    )
    expected = computed(*inputs)
    for key, value in found.items():
        assert value == expected[key], key
    gradient = gradcheck.numerical_gradient(
        lambda p: p[0] * (p[0] * p[1] + p[2]), tuple(map(float, inputs))
    )
    slopes = [found[key] for key in ("da", "db", "dc")]
    np.testing.assert_allclose(slopes, gradient, atol=1e-6)


@pytest.mark.parametrize("inputs", INPUTS)
def test_what_is_drawn_and_said_is_what_is_computed(inputs):
    session = Session("graph", **dict(zip("abc", inputs, strict=True)))
    drawing, said, expected = Drawing(session), session.said, computed(*inputs)
    for name in "abcsrJ":
        assert number(drawing.values[name]) == expected[name]
        assert number(drawing.slopes[name]) == expected[f"d{name}"]
    assert set(drawing.arrows) == set(ARROWS)
    for name, (kind, words) in drawing.arrows.items():
        if name[0] != "a":
            assert (kind, words) == ("line faint", [])
            continue
        contribution = expected[name]
        assert [number(each[1:-1]) for each in words] == [contribution]
        sign = {1: "line c0 thick", -1: "line c1 thick", 0: "line dashed"}
        assert kind == sign[np.sign(contribution)]
    parts, _, da = said["da = dJ · r + ds · b"].partition(" = ")
    parts = [number(each.strip("()")) for each in parts.split(" + ")]
    assert parts == [expected["aJ"], expected["as"]]
    assert ("(" in said["da = dJ · r + ds · b"]) == (expected["as"] < 0)
    said["da = dJ · r + ds · b"] = da
    for formula, shown in said.items():
        names, _, right = formula.partition(" = ")
        code = right.replace(" b", " * b").replace("a r", "a * r").replace("·", "*")
        for name in names.split(", "):
            assert number(shown) == expected[name]
            assert eval(code.replace("* *", "*"), expected) == expected[name]  # noqa: S307
    assert [each.partition(" = ")[0] for each in said] == [
        "s", "r", "J", "dr", "ds, dc", "db", "da"
    ]  # fmt: skip


def known(session):
    """The quantities whose numbers are drawn, but for the inputs."""
    drawing = Drawing(session)
    values = {each for each, words in drawing.values.items() if words != "?"}
    slopes = {f"d{each}" for each, words in drawing.slopes.items() if words != "?"}
    assert values >= set("abc")
    said = {
        each for formula, words in session.said.items() if words != "?"
        for each in formula.partition(" = ")[0].split(", ")
    }  # fmt: skip
    assert said == (values | slopes) - {*"abc", "dJ"}
    return (values | slopes) - set("abc")


def test_a_step_of_the_reader_finds_one_more():
    session = Session("graph")
    complete = Drawing(session).slopes
    session.step()
    found = set()
    assert known(session) == found
    for step in ORDER:
        session.step()
        new = step.split()
        found |= {*new}
        assert known(session) == found
        if step == "da":
            break
        drawing = Drawing(session)
        thick = {name for name, (kind, _) in drawing.arrows.items() if "thick" in kind}
        at = {each.removeprefix("d") for each in new}
        side = 0 if new[0].startswith("d") else 1
        assert thick == {each for each in ARROWS if each[side] in at}
        for name, kind in drawing.rings.items():
            assert kind == ("line c0 thick" if name in at else "line c0")
    assert Drawing(session).slopes == complete
    session.step()
    assert known(session) == set()


@pytest.mark.parametrize("pressed", range(10))
def test_a_run_ends_with_everything(pressed):
    session = Session("graph")
    session.step(pressed)
    session.racer.eval("s.run(); s.finish()")
    assert len(known(session)) == 9


@pytest.mark.parametrize("key", "abc")
def test_a_changed_slider_shows_everything(key):
    session = Session("graph")
    session.step()
    session.set(key, 4)
    assert len(known(session)) == 9
    assert number(Drawing(session).values[key]) == 4


def test_the_settings():
    session = Session("graph")
    parts = {}
    for setting in session.settings:
        session.choose(setting)
        assert len(known(session)) == 9
        result = computed(**session.values)
        parts[setting] = result["aJ"], result["as"], result["db"]
    assert parts == {
        "as in the text": (4, -6, 4),
        "two paths that cancel": (6, -6, 4),
        "one path closed": (10, 0, 4),
    }
