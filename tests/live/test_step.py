"""The live figure of the numerical derivatives shows what chapter 1 computes.

The last digits of exp and sin may differ between NumPy and JavaScript. Where rounding
decides, errors are compared to what it can do by (1.18) and (1.25).
"""

import re

import numpy as np
import pytest
from sessions import MOVE, Panel, Session, number

from press import live

DATA = live.DATA["step"]()
METHODS = ["forward difference", "central difference"]
STEPS = [1.0, 0.5, 0.1, 1e-3, 1e-5, 7e-6, 1e-7, 2e-8, 1e-10, 1e-12, 1e-15, 1e-16]
ROUNDED = 4  # rounding errors of half a unit: each value of f, and each place


@pytest.fixture(scope="session")
def cells(chapter):
    return chapter("ch01_chain_rule", "errors")


def slope(f, a, method, eps):
    if method == 0:
        return (f(a + eps) - f(a)) / eps
    return (f(a + eps) - f(a - eps)) / (2 * eps)


def estimates(cells, method, eps):
    """The error of the formula and that of rounding, relative to the derivative."""
    f1, rounding = cells["f1"], cells["kappa"] * cells["f"](cells["a"]) / eps
    if method == 0:
        return abs(cells["f2"]) * eps / 2 / f1, 2 * rounding / f1
    return abs(cells["f3"]) * eps**2 / 6 / f1, rounding / f1


def started(eps, method=1):
    session = Session("step")
    session.set("method", method)
    session.set("eps", eps)
    return session


def zoomed(session):
    """The first panel; its axis counts steps from a."""
    panel = session.js("s.panels()")[0]
    for place, words in ((-1, "a − ε"), (0, "a"), (1, "a + ε")):
        panel["layers"][0] = panel["layers"][0].replace(f">{words}<", f">{place}<")
    found = Panel(panel)
    assert found.labels[0] == "s (dimensionless)"
    assert found._number(0, 0) == pytest.approx(-1.6, abs=0.01)
    words, _, unit = found.labels[1].rpartition(" ")
    assert words.rstrip(" in") == "f(s) minus tangent".rstrip(" in")
    return found, 1.0 if unit == "(dimensionless)" else number(unit)


def traced(session):
    return Panel(session.js("s.panels()")[1])


def test_the_errors_are_those_of_the_chapter(cells):
    assert (DATA["steps"] == cells["steps"]).all()
    for name, errors in cells["errors"].items():
        assert (DATA[name.split()[0]] == errors).all()


def test_it_starts_with_our_step(cells):
    session = Session("step")
    (eps,) = cells["numerical_gradient"].__defaults__
    assert session.values == {"eps": eps, "method": 1}
    assert session.js("s.figure.controls[1].choices") == METHODS
    slider, axis = session.js("[s.figure.controls[0], s.panels()[1].plane.x]")
    assert [axis["from"], axis["to"]] == [slider["from"], slider["to"]] == [1e-16, 1]
    assert session.js("s.panels().map((each) => each.plane.height)") == [300, 300]
    line = traced(session).shapes("line thin dashed")[0]
    np.testing.assert_allclose(line[:, 0], eps, rtol=0.02)


@pytest.mark.parametrize("method", [0, 1])
def test_errors_are_right(cells, method):
    for eps in STEPS:
        found = started(eps, method).js("s.figure.errors(s.values)")
        formula, rounding = estimates(cells, method, eps)
        assert found["formula"] == pytest.approx(formula, rel=1e-12)
        assert found["rounding"] == pytest.approx(rounding, rel=1e-12)
        measured = abs(slope(cells["f"], cells["a"], method, eps) / cells["f1"] - 1)
        assert found["measured"] == pytest.approx(measured, abs=ROUNDED * rounding)


@pytest.mark.parametrize("method", [0, 1])
def test_what_is_said(cells, method):
    for eps in STEPS:
        session = started(eps, method)
        said, found = session.said, session.js("s.figure.errors(s.values)")
        formula, rounding = estimates(cells, method, eps)
        assert number(said["slope of the tangent"]) == pytest.approx(
            cells["f1"], abs=6e-13
        )
        for which in ("tangent", "chord"):
            assert len(said[f"slope of the {which}"].partition(".")[2]) == 12
        expected = slope(cells["f"], cells["a"], method, eps)
        bound = 6e-13 + ROUNDED * rounding * cells["f1"]
        assert number(said["slope of the chord"]) == pytest.approx(expected, abs=bound)
        for key, value, share in (
            ("relative error", found["measured"], 0.05),
            ("estimated error", formula + rounding, 0.5),
            ("from the formula", formula, 0.5),
            ("from rounding", rounding, 0.5),
        ):
            assert number(said[key]) == pytest.approx(
                value, rel=share, abs=6e-4 * (value > 6e-4)
            )


@pytest.mark.parametrize("method", [0, 1])
@pytest.mark.parametrize("eps", [1.0, 0.5, 0.1, 1e-3, 1e-5, 1e-6])
def test_the_curve_is_the_function_minus_its_tangent(cells, method, eps):
    panel, unit = zoomed(started(eps, method))
    f, a, f1 = (cells[key] for key in ("f", "a", "f1"))
    curve = panel.shapes("line thin")[0]
    assert curve[[0, -1], 0] == pytest.approx([-1.6, 1.6], abs=0.01)
    s = curve[:, 0] * eps
    height = np.ptp(panel.axes[1][0] * np.array([0, 246]))
    expected = (f(a + s) - f(a) - f1 * s) / unit
    np.testing.assert_allclose(curve[:, 1], expected, atol=0.012 * height)
    assert 1 <= np.abs(expected).max() < 12 or eps > 0.4
    flat = panel.shapes("line dashed")[0]
    np.testing.assert_allclose(flat[:, 1], 0, atol=0.005 * height)


@pytest.mark.parametrize("method", [0, 1])
@pytest.mark.parametrize("eps", STEPS)
def test_the_tilt_of_the_chord_is_the_error(cells, method, eps):
    session = started(eps, method)
    panel, unit = zoomed(session)
    kind = ["c0", "c1"][method]
    (chord,) = panel.shapes(f"line {kind} thick")[:1]
    (ends,) = panel.shapes(f"mark {kind}")
    assert ends[:, 0] == pytest.approx([[0, -1][method], 1], abs=0.01)
    tilt = np.diff(chord[:, 1])[0] / np.diff(chord[:, 0])[0]
    height = np.ptp(panel.axes[1][0] * np.array([0, 246]))
    error = slope(cells["f"], cells["a"], method, eps) - cells["f1"]
    _, rounding = estimates(cells, method, eps)
    bound = 0.001 * height + ROUNDED * rounding * cells["f1"] * eps / unit
    assert tilt == pytest.approx(error * eps / unit, abs=bound)
    shown = session.js("s.figure.errors(s.values)")["measured"]
    assert abs(tilt) == pytest.approx(
        shown * cells["f1"] * eps / unit, abs=0.001 * height
    )
    on_chord = chord[0, 1] + tilt * (ends[:, 0] - chord[0, 0])
    np.testing.assert_allclose(ends[:, 1], on_chord, atol=0.006 * height)
    curve = panel.shapes("line thin")[0]
    np.testing.assert_allclose(
        ends[:, 1],
        np.interp(ends[:, 0], *curve.T),
        atol=0.02 * height + (eps < 1e-6) * 9,
    )


@pytest.mark.parametrize("eps", [1e-16, 1e-15, 3e-15])
def test_a_tiny_step_shows_stairs(cells, eps):
    """Every value is a whole number of units of the last digit above f(a)."""
    panel, unit = zoomed(started(eps))
    curve = panel.shapes("line thin")[0]
    stairs = (curve[:, 1] * unit + cells["f1"] * curve[:, 0] * eps) / 2.0**-51
    np.testing.assert_allclose(stairs, stairs.round(), atol=0.05)
    assert len({*stairs.round()}) < 100


@pytest.mark.parametrize("method", [0, 1])
def test_the_errors_are_drawn_where_they_are(cells, method):
    session = started(1e-3, method)
    panel = traced(session)
    assert panel.labels == ["step ε (dimensionless)", "relative error (dimensionless)"]
    for i, (name, kind, more) in enumerate(
        zip(cells["errors"], ["c0", "c1", "c2"], ["", " open", " open"], strict=True)
    ):
        shade = "" if i == method else " faint"
        points = panel.shapes(f"mark {kind}{shade}{more}")[0]
        values = np.maximum(cells["errors"][name], 1e-17)
        np.testing.assert_allclose(
            np.log10(points),
            np.log10(np.transpose([cells["steps"], values])),
            atol=0.02,
        )
    for i, kind in enumerate(["c0", "c1"]):
        line = panel.shapes(f"line {kind} thin")[0]
        assert np.log10(line[[0, -1], 0]) == pytest.approx([-16, 0], abs=0.01)
        expected = [sum(estimates(cells, i, eps)) for eps in line[:, 0]]
        np.testing.assert_allclose(np.log10(line[:, 1]), np.log10(expected), atol=0.05)
    dot = panel.shapes(f"mark {['c0', 'c1'][method]}")[-1]
    measured = session.js("s.figure.errors(s.values)")["measured"]
    np.testing.assert_allclose(np.log10(dot), [[-3, np.log10(measured)]], atol=0.02)
    assert session.handles["step"] == pytest.approx([1e-3, measured])


def places(layer):
    """Where words, and the lines and marks before them, begin: pixels right and down."""
    number = r"(-?[\d.]+)"
    texts = rf'<text x="{number}" y="{number}" class="start">(.+?)</text>'
    shapes = rf'<path class="\w+ ([^"]*)" d="M{number} {number}[^"]*"/>'
    for kind, x, y, right, down, words in re.findall(shapes + texts, layer):
        yield words, kind.strip(), *map(float, (x, y, right, down))


def test_the_legends_name_what_is_drawn():
    zoom, trace = Session("step").js("s.panels()")
    kinds = {"f": "thin", "tangent": "dashed", "chord": "c1 thick"}
    end = 0
    for words, kind, x, y, right, down in places(zoom["layers"][2]):
        assert kind == kinds.pop(words)
        assert zoom["layers"][1].count(f'"line {kind}"') == (words != "chord")
        assert end + 10 < x < right - 22 < x + 6
        assert 5 < y == down - 4 < 15
        end = right + 6 * len(words)
    assert not kinds
    assert end < 276 - 12
    kinds = dict(zip([*METHODS, "complex step"], "012", strict=True))
    last = 0
    for words, kind, x, y, right, down in places(trace["layers"][1]):
        assert kind.removesuffix(" open") == "c" + kinds.pop(words)
        assert x + 5 < right < x + 9
        assert right + 6 * len(words) < 276 * 11 / 16  # there stands our step
        assert 3 < down - y < 5
        assert last + 8 < y < last + 20
        last = y
    assert not kinds


@pytest.mark.parametrize("method", [0, 1])
def test_the_window_is_as_high_as_what_it_shows(method):
    for eps in STEPS:
        layers = started(eps, method).js("s.panels()[0].layers")
        lines = re.findall(r'class="line [^"]*" d="(M[^h"]*)"', "".join(layers))
        downs = [float(down) for line in lines for _, down in MOVE.findall(line)]
        assert min(downs) == pytest.approx(39, abs=1)  # below the legend
        assert max(downs) == pytest.approx(234, abs=1)


def test_a_pointer_takes_the_step_with_it():
    session = Session("step")
    assert session.js("s.handles()[0].panel") == 1
    session.move("step", [3e-8, 1e-3])
    assert session.values["eps"] == 3e-8
    session.racer.eval("s.pick(1, [2e-3, 1]); s.pick(0, [0.5, 1])")
    assert session.values["eps"] == 2e-3
    for far, end in ((1e-20, 1e-16), (30, 1)):
        session.move("step", [far, 1e-3])
        assert session.values["eps"] == end


def test_the_settings_lie_on_both_sides_of_the_best(cells):
    session = Session("step")
    said, parts = {}, {}
    for setting in session.settings:
        session.choose(setting)
        assert session.values["method"] == 1
        said[setting] = session.said
        parts[setting] = estimates(cells, 1, session.values["eps"])
    large, best, small = parts.values()
    assert large[0] > 1e12 * large[1]
    assert 0.8 < best[0] / best[1] < 1.25
    assert small[1] > 1e12 * small[0]
    assert sum(best) < 1.1 * cells["E"](cells["best"]) / cells["f1"]
    shown = [each["estimated error"] for each in said.values()]
    assert shown == ["0.018", "1.4e−11", "0.068"]
    assert said["too large"]["relative error"] == "0.020"
