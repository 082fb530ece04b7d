"""The live figure of chapter 5 trains as the library does, and shows what it computes."""

from functools import cache

import numpy as np
import pytest
from sessions import Session, number

from chainrule import data, relu_net
from chainrule.optim import gradient_step
from press import live

GIVEN = live.DATA["spiral"]()


class Handed:
    """A source of the random numbers that the figure is handed, for the library."""

    def __init__(self, first=0):
        self.next = first

    def standard_normal(self, size):
        begin, self.next = self.next, self.next + np.prod(size)
        return GIVEN["normal"][begin : self.next].reshape(size)


X, labels = data.spirals(Handed())
T = np.eye(3)[labels]
SHAPES = (("o", "mark c0"), ("x", "mark c1 open"), ("^", "mark c2"))
COLOURS = np.array([[0x00, 0x72, 0xB2], [0xD5, 0x5E, 0x00], [0x00, 0x9E, 0x73]])
TRAINED, SCALED, SMALL = range(3)


def params(session):
    W1, b1, W2, b2 = map(
        np.array, session.js("s.model.params.map((each) => Array.from(each))")
    )
    return W1.reshape(2, -1), b1, W2.reshape(-1, 3), b2


def run(start, steps, eta=1.0, lam=1e-3, X=X):
    """The parameters after so many steps of the library, and J before every tenth."""
    losses = []
    for step in range(steps):
        if step % 10 == 0:
            losses.append(relu_net.objective(start, X, T, lam))
        start = gradient_step(start, relu_net.backward(start, X, T, lam), eta)
    return start, losses


@cache
def thousand(M):
    """The chapter's first scaled start after 1000 steps, with all digits."""
    exact, _ = data.spirals(np.random.RandomState(0))
    return run(relu_net.init(np.random.RandomState(0), 2, M, 3), 1000, X=exact)


def right(given):
    return int((relu_net.forward(given, X)[2].argmax(axis=1) == labels).sum())


def silent(given):
    return int((relu_net.forward(given, X)[0] <= 0).all(axis=0).sum())


def same(found, expected, tolerance=1e-12):
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=tolerance)


# ---- Data and starts -------------------------------------------------------------------


def test_samples_and_start_are_those_of_the_chapter(chapter):
    cells = chapter("ch05_relu_net", "lam_data")
    session = Session("spiral", spread=SMALL, units=100)
    same([X], [cells["X_data"]], 1e-10)
    same(params(session), cells["start"], 1e-10)
    assert (cells["labels_data"] == labels).all()
    assert session.values["lam"] == cells["lam_data"]


@pytest.mark.parametrize("M", [1, 3, 10, 100])
def test_first_starts_are_the_next_numbers_handed(M):
    session = Session("spiral", spread=SCALED, units=M)
    same([session.js("Array.from(s.model.X)")], [X.ravel()], 1e-15)
    scaled = params(session)
    same(scaled, relu_net.init(Handed(), 2, M, 3), 1e-15)
    same(scaled, relu_net.init(np.random.RandomState(0), 2, M, 3), 1e-10)
    rng = Handed(324)
    small = params(Session("spiral", spread=SMALL, units=M))
    for p, shape in ((0, (2, M)), (2, (M, 3))):
        assert np.array_equal(small[p], 0.01 * rng.standard_normal(shape))


@pytest.mark.parametrize(
    ("spread", "sizes"), [(SCALED, (1, np.sqrt(2 / 30))), (SMALL, (0.01, 0.01))]
)
def test_other_starts_come_from_the_generator(spread, sizes):
    session = Session("spiral", spread=spread, units=30, start=4)
    session.racer.eval("var draw = maths.generator(4)")
    drawn = np.array(session.js("Array.from({ length: 150 }, draw)"))
    W1, b1, W2, b2 = params(session)
    same(
        [W1.ravel(), W2.ravel()], [sizes[0] * drawn[:60], sizes[1] * drawn[60:]], 1e-15
    )
    assert not b1.any()
    assert not b2.any()


def test_it_begins_with_ten_trained_units():
    session = Session("spiral")
    expected, losses = thousand(10)
    same(params(session), expected, 5.1e-5)
    same([session.js("s.model.losses")], [losses], 5.1e-4)
    assert session.said["step"] == "1000"
    begun = {key: session.said[key] for key in ("step", "objective J", "right")}
    session.choose("10 units")
    assert {key: session.said[key] for key in begun} == begun


# ---- Training --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "values",
    [
        {"units": 100, "spread": SMALL},
        {"units": 100, "spread": SMALL, "eta": 8},
        {"units": 100, "spread": SCALED, "start": 2, "lam": 0.004},
        {"units": 30, "spread": SMALL, "start": 5, "eta": 0.3},
        {"units": 10, "spread": SCALED, "start": 3},
        {"units": 3, "spread": SCALED, "lam": 0},
        {"units": 1, "spread": SCALED, "start": 1},
    ],
)
def test_steps_are_those_of_the_library(values):
    session = Session("spiral", **values)
    expected = params(session)
    assert expected[1].shape == (values["units"],)
    eta, lam = values.get("eta", 1.0), values.get("lam", 1e-3)
    losses = []
    for step in range(100):
        J = relu_net.objective(expected, X, T, lam)
        np.testing.assert_allclose(session.js("s.model.J"), J, rtol=1e-12)
        losses += [J] if step % 10 == 0 else []
        expected = gradient_step(expected, relu_net.backward(expected, X, T, lam), eta)
        session.step()
        same(params(session), expected)
    same([session.js("s.model.losses")], [losses])
    assert session.js("s.model.right") == right(expected)


def test_the_published_run():
    session = Session("spiral", spread=SMALL, units=100)
    session.step(1001)
    losses = session.js("s.model.losses")
    np.testing.assert_allclose(losses[::100], [1.098744, 0.294946], atol=5e-5)


def test_a_run_goes_on_from_the_trained_network():
    session = Session("spiral")
    expected, _ = run(params(session), 20)
    session.step(20)
    same(params(session), expected)
    assert session.said["step"] == "1020"
    np.testing.assert_allclose(
        session.panels[1].shapes("line c0")[0][-1, 0], 1020, atol=1
    )
    session.racer.eval("s.reset()")
    assert session.js("s.model.losses.length") == 100


# ---- What the settings show ----------------------------------------------------------------


def test_three_units_do_not_follow_the_arms_and_ten_do():
    session = Session("spiral")
    for setting, M, J, count in (
        ("3 units", 3, "0.615", 205),
        ("10 units", 10, "0.290", 293),
    ):
        session.choose(setting)
        expected, losses = thousand(M)
        same(params(session), expected, 1e-6)
        same([session.js("s.model.losses")], [losses], 1e-6)
        assert right(expected) == count
        said = session.said
        assert said["step"] == "1000"
        assert said["objective J"] == f"{J} nats"
        assert said["right"] == f"{count} of 300"
        assert said["silent for every sample"] == f"0 of {M} units"
        scores = np.sort(relu_net.forward(expected, X)[2], axis=1)
        assert (scores[:, 2] - scores[:, 1]).min() > 1e-3  # certain on every machine


def test_units_that_are_silent_for_every_sample():
    session = Session("spiral")
    session.choose("100 units, steps too large")
    given = params(session)
    said = session.said
    assert session.values["eta"] == 8
    assert said["silent for every sample"] == "100 of 100 units"
    assert said["right"] == "100 of 300"
    assert silent(given) == 100
    dW1, db1, _, _ = relu_net.backward(given, X, T, 1e-3)
    np.testing.assert_allclose(dW1, 1e-3 * given[0])
    assert not db1.any()
    assert (relu_net.forward(given, X)[2] == given[3]).all()
    assert relu_net.objective(given, X, T, 1e-3) > np.log(3)
    assert len({tuple(each) for each in colours(session).reshape(-1, 4)}) == 1
    # It has happened early, before rounding can grow, and from a start that is a little off.
    session = Session("spiral", spread=SMALL, units=100, eta=8)
    start = params(session)
    for nudge in (0, 1e-6):
        ended, _ = run(
            tuple(p * (1 + nudge * np.sin(p * 1e5)) for p in start), 30, eta=8
        )
        assert silent(ended) == 100


# ---- What is drawn -----------------------------------------------------------------------


def colours(session):
    shade = session.js(
        "(({ columns, rows, colours }) => ({ columns, rows, colours: Array.from(colours) }))"
        "(s.panels()[0].shade)"
    )
    return np.reshape(shade["colours"], (shade["rows"], shade["columns"], 4))


def logarithmic(panel, places):
    """Numbers on the upright axis of ``panel``, from its words alone."""
    ticks = [each for each in panel.root.iter("text") if each.get("class") == "tick y"]
    known = [float(each.get("y")) - 4 for each in ticks]
    slope, start = np.polyfit(known, np.log10([number(each.text) for each in ticks]), 1)
    return 10 ** (slope * np.asarray(places, dtype=float) + start)


def curve(panel):
    """The points of the curve of the objective."""
    (path,) = (
        each for each in panel.root.iter("path") if each.get("class") == "line c0"
    )
    steps = panel.points(path)[:, 0]
    heights = [each.split(" ")[1] for each in path.get("d")[1:].split("L")]
    return steps, logarithmic(panel, heights)


@pytest.mark.parametrize(
    "values",
    [{}, {"units": 3}, {"units": 100, "spread": SMALL}, {"units": 30, "start": 6}],
)
def test_the_shade_is_the_class_with_the_largest_score(values):
    session = Session("spiral", **values)
    session.step(30)
    shown = colours(session)
    rows, columns = shown.shape[:2]
    x1 = (np.arange(columns) + 0.5) / columns * 2.6 - 1.3
    x2 = 1.2 - (np.arange(rows) + 0.5) / rows * 2.4
    places = np.stack(np.meshgrid(x1, x2), axis=-1).reshape(-1, 2)
    classes = relu_net.forward(params(session), places)[2].argmax(axis=1)
    assert len(set(classes.tolist())) == 3
    assert (shown[..., :3].reshape(-1, 3) == COLOURS[classes]).all()
    assert (shown[..., 3] == 70).all()


def test_samples_and_lines_are_drawn_where_they_are():
    session = Session("spiral", unit=4)
    plane = session.panels[0]
    assert plane.labels == ["input x₁ (dimensionless)", "input x₂ (dimensionless)"]
    for k, (_, kind) in enumerate(SHAPES):
        np.testing.assert_allclose(plane.shapes(kind)[0], X[labels == k], atol=0.002)
    W1, b1, _, _ = params(session)
    lines = plane.shapes("line thin faint")
    assert len(lines) == 10
    for points, w, b in zip(lines, W1.T, b1, strict=True):
        np.testing.assert_allclose((points @ w + b) / np.hypot(*w), 0, atol=0.003)
        assert np.hypot(*(points[1] - points[0])) > 5
    thick, arrow = plane.shapes("line thick")
    np.testing.assert_allclose(thick, lines[3], atol=0.003)
    (start, end), w = arrow[:2], W1[:, 3]
    np.testing.assert_allclose(start @ w + b1[3], 0, atol=0.03)
    np.testing.assert_allclose(end - start, 0.3 * w / np.hypot(*w), atol=0.003)


def test_lines_far_outside_are_not_drawn():
    session = Session("spiral")
    session.choose("100 units, steps too large")
    W1, b1, _, _ = params(session)
    assert (abs(b1) / np.hypot(*W1)).min() > 3
    assert session.handles == {}
    assert session.panels[0].shapes("line thin grid") == []
    session.set("start", 1)
    assert len(session.panels[0].shapes("line thin grid")) == 100


@pytest.mark.parametrize("angle", [0, 40, 90, -130])
def test_a_line_outside_the_picture_is_missed(angle):
    w = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
    edge = np.abs(w) @ [1.3, 1.2]
    for distance, words in (
        (0.99 * edge, ""),
        (1.01 * edge, "the unit's line is outside the picture"),
    ):
        session = Session("spiral", angle=angle, distance=distance)
        assert session.panels[0].note == words


def test_the_curve_is_the_objective():
    session = Session("spiral", spread=SCALED, units=10, start=1)
    start = params(session)
    session.step(57)
    panel = session.panels[1]
    assert panel.labels == ["step", "objective J (nats)"]
    steps, heights = curve(panel)
    ended, losses = run(start, 57)
    np.testing.assert_allclose(steps, [*range(0, 60, 10), 57], atol=0.3)
    J = [*losses, relu_net.objective(ended, X, T, 1e-3)]
    np.testing.assert_allclose(heights, J, rtol=0.002)
    (now,) = panel.shapes("mark c0")[0]
    np.testing.assert_allclose(now[0], 57, atol=0.3)


def test_the_axes_of_the_curve_go_as_far_as_it_does():
    session = Session("spiral", units=10, eta=20)
    session.step(1200)
    panel = session.panels[1]
    steps, heights = curve(panel)
    losses = session.js("[...s.model.losses, s.model.J]")
    assert max(losses) > 10
    np.testing.assert_allclose(heights, losses, rtol=0.01)
    np.testing.assert_allclose(steps[-1], 1200, atol=1)
    assert session.js("s.panels()[1].plane.y.to") >= max(losses)
    assert 1200 < session.js("s.panels()[1].plane.x.to") < 1400
    short = Session("spiral", units=10).js("s.panels()[1].plane")
    assert short["x"]["to"] == 1100
    assert [short["y"]["from"], short["y"]["to"]] == pytest.approx([0.1, 10])


def test_a_run_that_has_failed_can_still_be_drawn():
    session = Session("spiral")
    session.racer.eval("s.model.params[0].fill(NaN); s.step()")
    assert session.said["objective J"] == "not a number nats"
    assert len(session.panels) == 2
    session.racer.eval("s.model.J = Infinity")
    assert len(session.panels) == 2


@pytest.mark.parametrize(
    ("values", "m"), [({}, 0), ({"unit": 7}, 6), ({"units": 3, "unit": 3}, 2)]
)
def test_the_numbers_said(values, m):
    session = Session("spiral", **values)
    session.step(3)
    given = params(session)
    W1, b1, W2, _ = given
    said = session.said
    J = relu_net.objective(given, X, T, 1e-3)
    assert number(said["objective J"].removesuffix(" nats")) == pytest.approx(
        J, abs=6e-4
    )
    assert said["right"] == f"{right(given)} of 300"
    assert said["silent for every sample"] == f"{silent(given)} of {len(b1)} units"
    active = (relu_net.forward(given, X)[0][:, m] > 0).sum()
    assert said[f"unit {m + 1} active for"] == f"{active} samples"
    for key, expected in (
        ("w", W1[:, m]),
        ("b", b1[m : m + 1]),
        ("its weights to the scores", W2[m]),
    ):
        shown = [number(each) for each in said[key].split(", ")]
        np.testing.assert_allclose(shown, expected, atol=0.0051)
    w = W1[:, m]
    angle, distance = session.values["angle"], session.values["distance"]
    direction = [np.cos(np.radians(angle)), np.sin(np.radians(angle))]
    np.testing.assert_allclose(direction, w / np.hypot(*w), atol=1e-12)
    assert distance == pytest.approx(-b1[m] / np.hypot(*w))


# ---- What the reader does --------------------------------------------------------------------


def unchanged_but(before, after, m):
    """Of all parameters only the line of unit ``m`` has changed."""
    others = np.arange(len(before[1])) != m
    assert np.array_equal(before[0][:, others], after[0][:, others])
    assert np.array_equal(before[1][others], after[1][others])
    assert np.array_equal(before[2], after[2])
    assert np.array_equal(before[3], after[3])


@pytest.mark.parametrize("m", [0, 5])
def test_a_line_is_moved_and_turned_alone(m):
    session = Session("spiral", unit=m + 1)
    begun = params(session)
    session.move("line", [0.3, -0.6])
    moved = params(session)
    unchanged_but(begun, moved, m)
    np.testing.assert_allclose(moved[0], begun[0], atol=1e-12)
    w, b = moved[0][:, m], moved[1][m]
    assert w @ [0.3, -0.6] + b == pytest.approx(0, abs=1e-12)
    assert session.handles["line"] == [0.3, -0.6]
    session.move("tip", [-0.5, -0.2])
    turned = params(session)
    unchanged_but(begun, turned, m)
    v, c = turned[0][:, m], turned[1][m]
    assert np.hypot(*v) == pytest.approx(np.hypot(*w))
    np.testing.assert_allclose(
        v / np.hypot(*v), np.array([-0.8, 0.4]) / np.hypot(0.8, 0.4)
    )
    assert v @ [0.3, -0.6] + c == pytest.approx(0, abs=1e-12)
    assert session.handles["line"] == [0.3, -0.6]
    tip = np.subtract(session.handles["tip"], session.handles["line"])
    np.testing.assert_allclose(tip, 0.3 * v / np.hypot(*v))
    J = relu_net.objective(turned, X, T, 1e-3)
    assert session.js("s.model.J") == pytest.approx(J, rel=1e-12)
    # Scores change only where the unit is active before or after.
    one, other = (relu_net.forward(each, X) for each in (begun, turned))
    stay = (one[0][:, m] <= 0) & (other[0][:, m] <= 0)
    assert 0 < stay.sum() < 300
    assert np.array_equal(one[2][stay], other[2][stay])
    # What is dragged away by hand is trained on from there.
    expected, _ = run(turned, 5)
    session.step(5)
    same(params(session), expected)
    assert session.handles["line"] != [0.3, -0.6]


def test_the_rings_stay_within_reach():
    session = Session("spiral")
    session.move("line", [5.0, -7.0])
    assert session.handles["line"] == [1.1, -1.1]


def test_sliders_do_what_the_rings_do():
    session = Session("spiral", unit=2)
    begun = params(session)
    session.set("angle", 120)
    session.set("distance", -0.4)
    W1, b1, _, _ = after = params(session)
    unchanged_but(begun, after, 1)
    length = np.hypot(*begun[0][:, 1])
    u = np.array([-0.5, np.sqrt(3) / 2])
    np.testing.assert_allclose(W1[:, 1], length * u)
    assert b1[1] == pytest.approx(0.4 * length)
    np.testing.assert_allclose(session.handles["line"], -0.4 * u)
    session.move("line", [0.1, 0.1])
    assert session.values["angle"] == pytest.approx(120)
    assert session.values["distance"] == pytest.approx(u @ [0.1, 0.1])


def test_a_tap_takes_the_nearest_line():
    session = Session("spiral")
    W1, b1, _, _ = params(session)
    for point in ([0.5, 0.5], [-0.9, 0.2], [0.0, -1.1]):
        session.racer.eval(f"s.pick(0, {point})")
        nearest = (abs(point @ W1 + b1) / np.hypot(*W1)).argmin()
        assert session.values["unit"] == nearest + 1
        assert f"unit {nearest + 1} active for" in session.said
    session.racer.eval("s.pick(1, [0.5, 0.5])")
    assert session.values["unit"] == nearest + 1
    session.racer.eval("s.model.params[0].fill(0); s.pick(0, [0.5, 0.5])")
    assert session.values["unit"] == 1


def test_choices_go_together():
    session = Session("spiral", unit=8)
    session.set("unit", 50)
    assert session.values["unit"] == 10
    session.set("units", 4)
    assert session.values["spread"] == SCALED
    assert session.values["unit"] == 4
    assert session.said["step"] == "0"
    session.set("start", 2)
    assert session.values["units"] == 4
    session.set("spread", TRAINED)
    assert (session.values["units"], session.values["start"]) == (10, 0)
    assert session.said["step"] == "1000"
    session.set("start", 3)
    assert session.values["spread"] == SCALED
    session.set("spread", SMALL)
    assert session.values["start"] == 3
    assert abs(params(session)[0]).max() < 0.05
    session.step(2)
    session.racer.eval("s.reset()")
    assert session.said["step"] == "0"
    assert session.values["spread"] == SMALL


def test_the_penalty_counts_at_once_and_the_step_size_at_the_next_step():
    session = Session("spiral")
    given = params(session)
    session.set("lam", 0.007)
    J = relu_net.objective(given, X, T, 0.007)
    assert session.js("s.model.J") == pytest.approx(J, rel=1e-12)
    session.set("eta", 0.25)
    same(params(session), given, 0)
    session.step()
    same(params(session), run(given, 1, 0.25, 0.007)[0])
