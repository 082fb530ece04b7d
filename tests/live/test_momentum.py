"""The live figure of chapter 6 on momentum shows what the library's steps do."""

import re

import numpy as np
import pytest
from sessions import Session, number

from chainrule.optim import momentum_step


@pytest.fixture(scope="module")
def cells(chapter):
    return chapter("ch06_sigmoid_net", "rolls")


def roll(values, mu):
    place, velocity = (values["p1"], values["p2"]), (0.0, 0.0)
    path = [place]
    for _ in range(values["steps"]):
        slopes = (place[0], 20 * place[1])
        place, velocity = momentum_step(place, slopes, velocity, values["eta"], mu)
        path.append(place)
    return np.array(path)


def rolls(session):
    values = session.values
    return roll(values, 0.0), roll(values, values["mu"])


def both(session, key):
    """The numbers that are said of the paths without and with momentum."""
    one, other = re.fullmatch("(.+) without, (.+) with", session.said[key]).groups()
    return [number(one), number(other)]


def test_it_begins_as_the_chapter_draws_it(cells):
    session = Session("momentum")
    assert list(cells["rolls"]) == [0.0, session.values["mu"]]
    for ours, theirs in zip(rolls(session), cells["rolls"].values(), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-12)
    for place in ([-4.0, 1.0], [2.0, -0.5]):
        slopes = session.js(f"s.figure.slopes({place}).a")
        higher, lower = (
            [cells["valley"](place + sign * 1e-5 * e) for e in np.eye(2)]
            for sign in (1, -1)
        )
        expected = np.subtract(higher, lower) / 2e-5
        np.testing.assert_allclose([slopes["0"], slopes["1"]], expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("eta", "mu", "start"),
    [(0.09, 0.5, [-4, 1]), (0.12, 0.95, [2.5, -0.35]), (0.01, 0.99, [-3, 0.9])],
)
def test_steps_are_those_of_the_library(eta, mu, start):
    session = Session("momentum", eta=eta, mu=mu, steps=100)
    session.move("start", start)
    paths = rolls(session)
    for used, path in zip((0, mu), paths, strict=True):
        ours = session.js(f"s.figure.roll(s.values, {used})")
        np.testing.assert_allclose(ours, path, rtol=1e-12, atol=1e-13)
    far = np.array([np.hypot(*path.T) for path in paths])
    said = both(session, "from the bottom")
    np.testing.assert_allclose(said, far[:, -1], atol=6e-4, rtol=0.05)
    factors = (far[:, -1] / far[:, 0]) ** 0.01
    np.testing.assert_allclose(
        both(session, "on average a step multiplies this by"), factors, atol=6e-4
    )
    crossings = [(path[1:, 1] * path[:-1, 1] < 0).sum() for path in paths]
    assert both(session, "times the valley is crossed") == crossings
    assert session.said["steps"] == "100"


@pytest.mark.parametrize(("eta", "steps"), [(0.09, 20), (0.12, 20), (0.12, 21)])
def test_what_is_drawn_is_where_the_numbers_are(eta, steps):
    session = Session("momentum", eta=eta, steps=steps, mu=0.7, p1=3.2, p2=-0.6)
    titles = ["without momentum, μ = 0", "with momentum, μ = 0.70"]
    for panel, path, title in zip(session.panels, rolls(session), titles, strict=True):
        inside = (abs(path) < [4.5, 1.2]).all(axis=1)
        (line,) = panel.shapes("line c1")
        dots, star = panel.shapes("mark c1")
        for points in (line, dots):
            assert len(points) == steps + 1
            np.testing.assert_allclose(points[inside], path[inside], atol=0.003)
        texts = [each for each in panel.root if each.tag == "text"]
        assert panel.note == ("" if inside[-1] else "ends outside the map")
        if inside[-1]:
            np.testing.assert_allclose(star, path[-1:], atol=0.003)
        assert panel.labels == ["parameter p₁ (dimensionless)", "parameter p₂"]
        (head,) = (each for each in texts if each.text == title)
        assert [head.get(each) for each in ("x", "y", "class")] == ["0", "-2", "start"]
        assert title.partition(",")[0] in panel.name
    for plane in session.js("s.panels().map((each) => each.plane)"):
        # The map of the chapter's figure, as wide on the other side of the bottom.
        assert (plane["x"]["from"], plane["x"]["to"]) == (-4.5, 4.5)
        assert (plane["y"]["from"], plane["y"]["to"]) == (-1.2, 1.2)
        assert (plane["width"], plane["height"]) == (340, 250)


def test_the_lines_of_the_map_join_places_of_the_same_objective(cells):
    for panel in Session("momentum").panels:
        lines = panel.shapes("contour")
        for points, level in zip(lines, np.geomspace(0.1, 20, 9), strict=True):
            np.testing.assert_allclose(
                cells["valley"](points.T), level, atol=0.02, rtol=0.02
            )


@pytest.mark.parametrize(("eta", "mu"), [(0.1, 0), (0.1, 0.7), (0.05, 0.9)])
def test_what_momentum_works_like(eta, mu):
    session = Session("momentum")
    session.set("eta", eta)
    session.set("mu", mu)
    velocity = [(0.0, 0.0)]
    for s in range(400):
        slopes = (1.0, (-1.0) ** (s + 1))
        velocity.append(momentum_step((0.0, 0.0), slopes, velocity[-1], eta, mu)[1])
    steady, alternating = np.divide(velocity[-1], (-1.0, -1.0))
    words = (
        f"η = {steady:.3f} on a steady slope, {alternating:.3f} on an alternating one"
    )
    assert session.said["momentum works like"] == words


def test_the_settings_end_as_the_text_says():
    session = Session("momentum")
    ends = {}
    for setting in session.settings:
        session.choose(setting)
        assert session.values["steps"] == 20
        ends[setting] = both(session, "from the bottom")
    drawn, larger, more = session.settings
    assert ends == {
        drawn: [0.607, 0.015],
        larger: [836.683, 0.006],
        more: [0.607, 2.443],
    }
    # The limit without momentum is 2 over the curvature, with it 1 + μ times that.
    session.choose(larger)
    eta, mu = session.values["eta"], session.values["mu"]
    assert 2 / 20 < eta < 2 / 20 * (1 + mu)
    for key in ("eta", "steps"):
        session.set(key, {"eta": 2 / 20 * (1 + mu) + 0.01, "steps": 100}[key])
    assert both(session, "on average a step multiplies this by")[1] > 1
    session.set("eta", 2 / 20 * (1 + mu) - 0.01)
    assert both(session, "on average a step multiplies this by")[1] < 1


def test_the_start_can_be_dragged_in_both_panels_and_no_farther():
    session = Session("momentum")
    handles = session.js("s.handles()")
    assert [each["panel"] for each in handles] == [0, 1]
    assert {each["name"] for each in handles} == {"start"}
    session.move("start", [1.5, -0.5])
    for handle in session.js("s.handles()"):
        assert handle["at"] == [1.5, -0.5]
    for panel in session.panels:
        np.testing.assert_allclose(
            panel.shapes("line c1")[0][0], [1.5, -0.5], atol=0.003
        )
    session.move("start", [90, -90])
    values = session.values
    assert [values["p1"], values["p2"]] == [4.4, -1.1]
    session.move("start", [-90, 90])
    values = session.values
    assert [values["p1"], values["p2"]] == [-4.4, 1.1]


def test_one_step_more_is_drawn_up_to_a_hundred():
    session = Session("momentum")
    session.step(3)
    assert session.values["steps"] == 23
    assert len(session.panels[1].shapes("line c1")[0]) == 24
    session.racer.eval("s.run(); s.finish()")
    assert session.values["steps"] == 100
    session.step()
    assert session.values["steps"] == 0


def test_the_factor_of_the_first_step():
    session = Session("momentum")
    session.set("steps", 0)
    assert both(session, "on average a step multiplies this by") == [1, 1]
    session.step()
    (start, place), _ = rolls(session)
    factor = np.linalg.norm(place) / np.linalg.norm(start)
    np.testing.assert_allclose(
        both(session, "on average a step multiplies this by"), factor, atol=6e-4
    )
