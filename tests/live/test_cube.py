"""The live figure of chapter 6's hidden space shows the run that the chapter follows."""

import itertools
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from sessions import MOVE, Panel, Session

from chainrule import sigmoid_net
from press import live

DATA = live.DATA["cube"]()
X, labels = DATA["X"], DATA["labels"]
T = np.eye(2)[labels]
CORNERS = np.array([*itertools.product((0, 1), repeat=3)])
EDGES = [(p, q) for p, q in itertools.combinations(CORNERS, 2) if abs(p - q).sum() == 1]
STEPS = range(0, 601, 10)
VIEWS = [
    (-20, 30),
    (-45, 0),
    (20, 49),
    (100, 75),
    (133, 10),
    (91, 89),
    (1, 45),
    (88, 40),
]
EDGE_LENGTH = 135


def params(step):
    flat = DATA["path"][step // 10]
    W1, b1, W2, b2 = np.split(flat, [6, 9, 15])
    return W1.reshape(2, 3), b1, W2.reshape(3, 2), b2


def camera(turn, tilt):
    """What is right, up and towards us in a view of the cube."""
    (ca, ct), (sa, st) = (
        np.cos(np.radians([turn, tilt])),
        np.sin(np.radians([turn, tilt])),
    )
    return np.array([[-sa, ca, 0], [-st * ca, -st * sa, ct], [ct * ca, ct * sa, st]])


def expected_words(params, X):
    J = sigmoid_net.objective(params, X, T)
    _, H, Z2, _ = sigmoid_net.forward(params, X)
    right = Z2.argmax(axis=1) == labels
    wrong = [int((~right & (labels == k)).sum()) for k in (0, 1)]
    mean = ", ".join(f"{each:.2f}" for each in H[labels == 1].mean(axis=0))
    return {
        "objective J": f"{J:.3f} nats",
        "right": f"{right.sum()} of 200",
        "wrong": f"{wrong[0]} of class 0, {wrong[1]} of class 1",
        "class 1 on average at": f"h = ({mean})",
    }


class Cube:
    """The drawn cube, in lengths of its edges from its middle."""

    def __init__(self, session):
        panel = session.js("s.panels()[0]")
        self.root = ET.fromstring(f"<svg>{''.join(panel['layers'])}</svg>")  # noqa: S314
        plane = panel["plane"]
        self.margins = np.array([52, 12])
        self.size = np.array([plane["width"], plane["height"]])
        edges = self.paths("line thin") + self.paths("line thin dashed")
        self.middle = np.mean(edges, axis=(0, 1))
        self.texts = [
            (each.text, np.array([float(each.get("x")), float(each.get("y"))]))
            for each in self.root.iter("text")
        ]

    def paths(self, kind):
        return [
            np.array(MOVE.findall(each.get("d")), dtype=float).reshape(-1, 2)
            for each in self.root.iter("path")
            if each.get("class").strip() == kind
        ]

    def shapes(self, kind):
        return [
            (each - self.middle) / EDGE_LENGTH * [1, -1] for each in self.paths(kind)
        ]


def test_the_run_is_that_of_the_chapter(chapter):
    cells = chapter("ch06_sigmoid_net", "path")
    np.testing.assert_allclose(cells["X_data"], X, atol=5.1e-5)
    assert (cells["labels_data"] == labels).all()
    session = Session("cube")
    for step in STEPS:
        for ours, theirs in zip(params(step), cells["path"][step], strict=True):
            np.testing.assert_allclose(ours, theirs, atol=5.1e-5)
        session.set("step", step)
        expected = expected_words(cells["path"][step], cells["X_data"])
        assert session.said == {"step": str(step), **expected}


def test_what_is_said_is_what_the_library_computes():
    session = Session("cube")
    for step in STEPS:
        session.set("step", step)
        assert session.said == {"step": str(step), **expected_words(params(step), X)}
        H = session.js("s.figure.seen(s.model, s.values, s.data).H")
        np.testing.assert_allclose(
            H, sigmoid_net.forward(params(step), X)[1], rtol=1e-12
        )


def test_the_plane_is_cut_where_both_classes_have_the_same_score():
    session = Session("cube")
    outputs = [params(step)[2:] for step in STEPS]
    weights = np.random.RandomState(0).normal(scale=0.1, size=(50, 3, 2))
    weights[:6, :, 1] = weights[:6, :, 0] + [*np.eye(3), *(1 - np.eye(3))]
    outputs += [(W2, np.array([0.01 * n, 0.0])) for n, W2 in enumerate(weights, 1)]
    # Those through the middle meet up to six edges.
    outputs += [(W2, -W2.sum(axis=0) / 2 + [0.001, 0]) for W2 in weights]
    sizes = set()
    for W2, b2 in outputs:
        v, c = W2[:, 1] - W2[:, 0], b2[1] - b2[0]
        met = [(p @ v + c < 0) != (q @ v + c < 0) for p, q in EDGES]
        tables = f"maths.from({W2.tolist()}), maths.from([{b2.tolist()}])"
        points = np.array(session.js(f"s.figure.cut([0, 0, {tables}])"))
        assert len(points) == sum(met)
        sizes.add(len(points))
        if not len(points):
            continue
        np.testing.assert_allclose(points @ v + c, 0, atol=1e-12)
        assert ((points > -1e-12) & (points < 1 + 1e-12)).all()
        assert (((points == 0) | (points == 1)).sum(axis=1) == 2).all()
        # In order around: every corner turns the same way.
        sides = np.roll(points, -1, axis=0) - points
        turns = np.cross(sides, np.roll(sides, -1, axis=0)) @ v
        assert (turns > 0).all() or (turns < 0).all()
    assert sizes == {0, 3, 4, 5, 6}


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("step", [10, 300, 600])
def test_the_cube_is_seen_from_where_the_sliders_say(step, view):
    session = Session("cube", step=step, turn=view[0], tilt=view[1])
    cube = Cube(session)
    axes = camera(*view)
    _, H, Z2, _ = sigmoid_net.forward(params(step), X)
    right = Z2.argmax(axis=1) == labels

    def seen(h):
        return (np.asarray(h) - 0.5) @ axes[:2].T

    def same(drawn, expected):
        np.testing.assert_allclose(drawn, expected, atol=0.002)

    below, above = cube.shapes("mark c0")[:2]
    same(below, seen(H[right & (labels == 0)]))
    wrong = H[~right & (labels == 0)]
    if len(wrong):
        same(above, seen(wrong))
    same(cube.shapes("mark c1 open")[0], seen(H[labels == 1]))

    # The edges; those are dashed that end in the corner that is farthest from us.
    far = CORNERS[np.argmin(CORNERS @ axes[2])]
    dashed = [any((p == far).all() for p in edge) for edge in EDGES]
    for kind, wanted in (("line thin dashed", True), ("line thin", False)):
        drawn = cube.shapes(kind)
        listed = [
            seen(edge)
            for edge, is_so in zip(EDGES, dashed, strict=True)
            if is_so is wanted
        ]
        assert len(drawn) == len(listed)
        for edge in listed:
            ends = (edge, edge[::-1])
            assert any(np.allclose(d, e, atol=0.002) for d in drawn for e in ends)

    points = session.js("s.figure.cut(s.figure.seen(s.model, s.values, s.data).params)")
    same(cube.shapes("area c2")[0], seen(points))
    same(cube.shapes("line c2")[0], seen([*points, points[0]]))


@pytest.mark.parametrize("turn", [-45, -20, 0, 19, 45, 69, 100, 135])
def test_the_axes_have_their_words_outside_and_apart(turn):
    session = Session("cube")
    session.set("turn", turn)
    for tilt in (0, 3, 20, 30, 49, 69, 90):
        session.set("tilt", tilt)
        words_are_outside_and_apart(Cube(session), turn, tilt)


def words_are_outside_and_apart(cube, turn, tilt):
    right_and_up = camera(turn, tilt)[:2] * EDGE_LENGTH * [[1], [-1]]

    def seen(h):
        return cube.middle + (np.asarray(h) - 0.5) @ right_and_up.T

    words = [text for text, _ in cube.texts]
    places = [place - [0, 4] for _, place in cube.texts]
    for k, name in enumerate(["h₁", "h₂", "h₃"]):
        ends = [seen(edge) for edge in EDGES if (edge[1] - edge[0])[k]]
        assert (name in words) == (np.hypot(*(ends[0][1] - ends[0][0])) >= 45)
        if name not in words:
            continue
        at = words.index(name)
        assert words[at - 1 : at + 2] == ["0", name, "1"]
        found = []
        for start, end in ends:
            sites = [start + share * (end - start) for share in (0.08, 0.5, 0.92)]
            away = np.subtract(places[at - 1 : at + 2], sites)
            outwards = away @ (sites[1] - cube.middle) > 0
            along = abs(away @ (end - start)) < 10
            far = np.allclose(np.hypot(*away.T), [11, 15, 11], atol=0.1)
            found.append(far and outwards.all() and along.all())
        assert any(found)
        if name == "h₃":
            assert places[at][0] < min(x for x, _ in np.reshape(ends, (-1, 2)))
    for one, other in itertools.combinations(places[:-3], 2):
        assert np.hypot(*(one - other)) > 9
    inside = [place + cube.margins for place in places]
    assert (np.min(inside, axis=0) > [8, 4]).all()
    assert (np.max(inside, axis=0) < cube.size - [8, 4]).all()


def test_the_key_stands_above_the_cube():
    session = Session("cube")
    cube = Cube(session)
    names, starts = zip(*cube.texts[-3:], strict=True)
    assert names == ("class 0", "class 1", "output plane")
    texts = [*cube.root.iter("text")][-3:]
    assert [each.get("class") for each in texts] == ["start"] * 3
    signs = [
        cube.paths(kind)[-1] for kind in ("mark c0", "mark c1 open", "line c2 thick")
    ]
    highest = min(point[1] for edge in cube.paths("line thin") for point in edge)
    for name, start, sign in zip(names, starts, signs, strict=True):
        np.testing.assert_allclose(sign[:, 1], start[1] - 4, atol=0.2)
        assert 3 < start[0] - sign[:, 0].max() < 12
        assert start[1] + cube.margins[1] > 12
        assert start[1] < highest
        assert start[0] + 7 * len(name) + 52 < 280 + 10 * (name == "output plane")
    assert signs[2][1, 0] - signs[2][0, 0] == pytest.approx(11, abs=0.5)
    assert signs[0][0, 0] + 52 > 4
    for start, sign in zip(starts, signs[1:], strict=False):
        assert start[0] + 45 < sign[:, 0].min() < start[0] + 65


def test_the_corner_follows_the_pointer():
    session = Session("cube")
    for point in ([0.3, 0.1], [-0.5, -0.35], [0.0, 0.5], [0.69, 0.4], [-0.7, 0.2]):
        session.move("corner", point)
        np.testing.assert_allclose(session.handles["corner"], point, atol=1e-9)
        values = session.values
        seen = camera(values["turn"], values["tilt"])[:2] @ [0.5, 0.5, 0.5]
        np.testing.assert_allclose(seen, point, atol=1e-9)
        cube = Cube(session)
        drawn = session.js("s.panels()[0].plane.at(s.handles()[0].at)")
        expected = cube.middle + np.multiply(point, [EDGE_LENGTH, -EDGE_LENGTH])
        np.testing.assert_allclose(drawn, expected, atol=0.1)
        assert -45 <= values["turn"] <= 135
        assert 0 <= values["tilt"] <= 90
    for point, turn, tilt in (([9, 9], -45, 0), ([-9, -9], 135, 90), ([0, -9], 45, 90)):
        session.move("corner", point)
        assert session.values["turn"] == pytest.approx(turn)
        assert session.values["tilt"] == pytest.approx(tilt)


def test_the_curve_is_the_objective_and_leads_to_every_step():
    session = Session("cube")
    losses = [sigmoid_net.objective(params(step), X, T) for step in STEPS]
    np.testing.assert_allclose(session.js("s.model.losses"), losses, rtol=1e-12)
    panel = Panel(session.js("s.panels()[1]"))
    (curve,) = panel.shapes("line c1 thick")
    np.testing.assert_allclose(curve[:, 0], STEPS, atol=0.2)
    np.testing.assert_allclose(curve[:, 1], losses, rtol=0.01)
    assert panel.labels == ["step", "objective J (nats)"]
    axes = session.js("[s.panels()[1].plane.x, s.panels()[1].plane.y]")
    assert [(each["from"], each["to"]) for each in axes] == [(0, 600), (0.002, 3)]
    for x, step in ((304, 300), (306, 310), (-50, 0), (700, 600)):
        session.move("step", [x, 1])
        assert session.values["step"] == step
        assert session.handles["step"] == [step, pytest.approx(losses[step // 10])]
        assert session.said["step"] == str(step)
        session.set("step", 50)
        session.racer.eval(f"s.pick(0, [{x}, 1])")
        assert session.values["step"] == 50
        session.racer.eval(f"s.pick(1, [{x}, 1])")
        assert session.values["step"] == step
    assert [each["panel"] for each in session.js("s.handles()")] == [0, 1]


def test_a_run_ends_at_the_last_step():
    session = Session("cube")
    session.step()
    assert session.values["step"] == 20
    for begin in (20, 600, 0):
        session.set("step", begin)
        session.racer.eval("s.run(); s.finish()")
        assert session.values["step"] == 600
    session.step()
    assert session.values["step"] == 0


def test_the_settings_end_as_the_text_says():
    session = Session("cube")
    expected = [(10, "0.621", 134), (300, "0.228", 183), (600, "0.004", 200)]
    for setting, (step, J, right) in zip(session.settings, expected, strict=True):
        begins = session.js(f"s.figure.settings[{setting!r}]")
        assert begins["values"]["step"] + 10 * begins["steps"] == step
        session.choose(setting)
        values, said = session.values, session.said
        assert values["step"] == step
        assert (said["objective J"], said["right"]) == (f"{J} nats", f"{right} of 200")
        # The plane is seen from its edge.
        W2 = params(step)[2]
        v = W2[:, 1] - W2[:, 0]
        towards = camera(values["turn"], values["tilt"])[2]
        assert abs(v @ towards) / np.linalg.norm(v) < 0.06
