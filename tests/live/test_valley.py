"""The live figure of chapter 4 shows what the library computes."""

import numpy as np
import pytest
from sessions import Session, number

from chainrule import rbf_net
from chainrule.optim import gradient_step
from press import live

x, t = (live.DATA["valley"]()[key] for key in "xt")
STARTS = [(2.3, 1.4, 2.0), (-0.4, -2.0, 0.5), (0.0, 1.0, 2.0), (2.0, 0.3, 7.0)]


def descend(w, b, eta, steps):
    path = [(w, b)]
    for _ in range(steps):
        grads = rbf_net.backward(path[-1], x, t)
        path.append(tuple(map(float, gradient_step(path[-1], grads, eta))))
    return path


def started(w, b, eta, steps):
    session = Session("valley")
    session.set("eta", eta)
    session.set("steps", steps)
    session.move("start", [w, b])
    return session


def test_the_samples_are_those_of_the_chapter(chapter):
    cells = chapter("ch04_rbf_net", "x_data")
    assert (cells["x_data"] == x).all()
    assert (cells["t_data"] == t).all()


@pytest.mark.parametrize("start", STARTS)
def test_the_path_is_that_of_the_library(start):
    session = started(*start, 100)
    exact = session.js("s.figure.descend(s.values, s.data)")
    path = descend(*start, 100)
    np.testing.assert_allclose(exact, path, rtol=1e-12, atol=1e-12)
    (drawn,) = session.panels[0].shapes("line c1")
    inside = np.abs(path).max(axis=1) < 50
    np.testing.assert_allclose(drawn[inside], np.array(path)[inside], atol=0.01)


def test_what_is_said_is_what_the_library_says():
    for w, b, eta in STARTS:
        said = started(w, b, eta, 30).said
        end = descend(w, b, eta, 30)[-1]
        _, _, z2, _ = rbf_net.forward(end, x)
        J = rbf_net.objective(end, x, t)
        assert said["step"] == "30"
        shown = [number(said[key]) for key in "wb"]
        np.testing.assert_allclose(shown, end, atol=0.0051)
        assert number(said["objective J"].removesuffix(" nats")) == pytest.approx(
            J, abs=6e-4
        )
        assert said["right"] == f"{((z2 >= 0) == t).sum()} of 40"


def test_the_map_shows_the_objective():
    session = Session("valley")
    panel = session.panels[0]
    assert panel.labels == ["weight w", "bias b"]
    contours = [
        each for each in panel.root.iter("path") if each.get("class") == "contour"
    ]
    lines = [panel.points(each) for each in contours]
    assert len(lines) == 27
    (title,) = (e.text for e in panel.root.iter("text") if e.get("y") == "-2")
    assert title == "a line for every 0.04 nats from 0.52"
    for line, level in zip(lines, np.arange(0.52, 1.6, 0.04), strict=False):
        heights = [rbf_net.objective(tuple(place), x, t) for place in line]
        np.testing.assert_allclose(heights, level, atol=0.01)
    highest = rbf_net.objective((0.0, 1.5), x, t)
    drawn = [len(line) > 0 for line in lines]
    assert drawn == [0.52 + 0.04 * k < highest for k in range(27)]
    star = panel.shapes("mark c1")[1]
    np.testing.assert_allclose(star, [descend(2.3, 1.4, 2.0, 20)[-1]], atol=0.01)


@pytest.mark.parametrize("steps", [0, 20, 50])
def test_the_second_panel_shows_the_network(steps):
    session = started(2.3, 1.4, 2.0, steps)
    panel = session.panels[1]
    assert panel.labels == [
        "input x (dimensionless)",
        "output y, bell h (dimensionless)",
    ]
    end = descend(2.3, 1.4, 2.0, steps)[-1]
    for kind, which in (("line c2 dashed", 1), ("line c2 thick", 3)):
        curve = panel.shapes(kind)[0]
        expected = rbf_net.forward(end, curve[:, 0])[which]
        np.testing.assert_allclose(curve[:, 1], expected, atol=0.03)
    for k, kind in ((1, "mark c0"), (0, "mark c1 open")):
        shown = panel.shapes(kind)[0]
        np.testing.assert_allclose(shown[:, 0], x[t == k], atol=0.01)
        np.testing.assert_allclose(shown[:, 1], -0.08, atol=0.01)
    half = panel.shapes("line thin dashed")[0]
    np.testing.assert_allclose(half[:, 1], 0.5, atol=0.01)
    _, _, z2, _ = rbf_net.forward(end, x)
    rings = sorted(ring[0] for ring in panel.rings())
    np.testing.assert_allclose(rings, sorted(x[(z2 >= 0) != t]), atol=0.02)


def test_the_start_stays_on_the_map_and_a_run_ends():
    session = Session("valley")
    session.move("start", [9.0, -9.0])
    assert session.handles == {"start": [3, -2.5]}
    session.move("start", [-9.0, 9.0])
    assert session.handles == {"start": [-3, 1.5]}
    session.racer.eval("s.run(); s.finish()")
    assert session.values["steps"] == 100
    session.step()
    assert session.values["steps"] == 0


@pytest.mark.parametrize(
    ("start", "left"),
    [((3.0, -2.5, 20.0), {"w", "b", "-b"}), ((-3.0, -2.5, 20.0), {"-w", "b", "-b"})],
)
def test_a_path_that_leaves_the_map_says_so(start, left):
    found = set()
    for steps in range(30):
        w, b = descend(*start, steps)[-1]
        sides = {"w": w > 3, "-w": w < -3, "b": b > 1.5, "-b": b < -2.5}
        outside = [each for each, beyond in sides.items() if beyond]
        panel = started(*start, steps).panels[0]
        assert panel.note == ("ends outside the map" if outside else "")
        found |= {*outside}
    assert found == left


def test_the_settings_end_in_three_ways():
    session = Session("valley")
    ends = {}
    for setting in session.settings:
        session.choose(setting)
        ends[setting] = session.said
    assert [each["right"] for each in ends.values()] == [
        "39 of 40",
        "40 of 40",
        "20 of 40",
    ]
    assert [number(each["w"]) > 0 for each in ends.values()] == [True, False, False]
    assert ends["on the ridge"]["w"] == "0.00"
    assert ends["on the ridge"]["objective J"] == f"{np.log(2):.3f} nats"
