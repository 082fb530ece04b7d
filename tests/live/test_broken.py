"""The live figure of chapter 8 shows what a mistake does, and what the check says of it."""

import ast
import inspect
import re
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from sessions import MOVE, Panel, Session, number

from chainrule import gradcheck, relu_net
from chainrule.optim import gradient_step
from press import live

DATA = live.DATA["broken"]()
NAMES = ("dW1", "db1", "dW2", "db2")
GIVEN = tuple(np.array(DATA[key]) for key in ("W1", "b1", "W2", "b2"))
FIVE = np.array(DATA["X"]), np.array(DATA["T"])
EXTRA = ("sum", "no penalty", "sign of dH")
CHOICES = ["right", "late", "no slope", "2λ", "mean of biases", *EXTRA]
LAM = 1e-3


@pytest.fixture(scope="module")
def cells(request):
    return request.getfixturevalue("chapter")("ch08_mistakes", "sign_wrong")


def session_with(name):
    session = Session("broken")
    session.set("mistake", CHOICES.index(name))
    return session


def params(session):
    *_, M = np.shape(DATA["start_W1"])
    flat = session.js("s.model.params.map((each) => Array.from(each.a))")
    return tuple(map(np.reshape, flat, [(2, M), (M,), (M, 3), (3,)]))


def grads(session):
    flat = session.js("s.model.now.grads.map((each) => Array.from(each.a))")
    return tuple(
        np.reshape(g, p.shape) for g, p in zip(flat, params(session), strict=True)
    )


def losses(session):
    return np.array(session.js("s.model.losses"))


class Sheet:
    """The panel with the code and the bars."""

    def __init__(self, session):
        (layer,) = session.js("s.panels()")[1]["layers"]
        self.root = ET.fromstring(f"<svg>{layer}</svg>")  # noqa: S314 - the figure has drawn it
        crosses = [
            MOVE.findall(each.get("d"))[0][1]
            for each in self.root.findall("path")
            if each.get("class") == "mark c1 open"
        ]
        self.lines = []  # each with whether it is struck through, and marked by a cross
        for text in self.root.findall("text"):
            code = text.find("tspan")
            struck = code.get("text-decoration") == "line-through"
            assert (text.get("class") == "start faint") == struck
            assert code.get("font-family") == "monospace"
            near = [abs(float(text.get("y")) - 4 - float(each)) < 1 for each in crosses]
            self.lines.append((code.text or "", struck, any(near)))
        assert sum(marked for *_, marked in self.lines) == len(crosses)
        self.group = self.root.find("g")

    def texts(self, kind):
        return [t for t in self.group.iter("text") if t.get("class") == kind]

    def axis(self):
        ticks = [
            (float(t.get("x")), np.log10(number(t.text))) for t in self.texts("tick x")
        ]
        slope, start = np.polyfit(*zip(*ticks, strict=True), 1)
        return lambda place: 10 ** (slope * float(place) + start)

    def rows(self):
        """For each derivative: the end of its bar, colour, place and shape of its mark, words."""
        size = self.axis()
        found = {t.text: [float(t.get("y")) - 4] for t in self.texts("tick y")}
        paths = [(p.get("class"), p) for p in self.group.iter("path")]

        def row(y):
            return min(found.values(), key=lambda each: abs(each[0] - float(y)))

        for kind, path in paths:
            points = np.array(MOVE.findall(path.get("d")), dtype=float)
            if kind.startswith("area"):
                (top, bottom), ends = np.unique(points[:, 1]), np.unique(points[:, 0])
                assert points.tolist() == [
                    [ends[0], bottom], [ends[1], bottom], [ends[1], top], [ends[0], top],
                ]  # fmt: skip
                assert 14 < bottom - top < 20
                assert ends[0] == 0
                row(points[:, 1].mean()).extend([size(points[:, 0].max()), kind[5:]])
        for kind, path in paths:
            if kind.startswith("mark"):
                ((x, y),) = MOVE.findall(path.get("d"))[:1]
                shape = "x" if kind.endswith(" open") else "o"
                assert shape != "o" or "a3.5" in path.get("d")
                row(y).extend([size(x), kind.split()[1], shape])
        for text in self.texts("start"):
            row(text.get("y")).append(text.text)
        return {name: values[1:] for name, values in found.items()}

    def shown(self):
        """What the code without the lines struck through computes, as a function."""
        body = [line for line, struck, _ in self.lines if line and not struck]
        source = "\n ".join(
            [
                "def shown(params, X, T, lam, eta=1.0):",
                "W1, b1, W2, b2 = params",
                "Z1, H, _, Y = forward(params, X)",
                *body,
                "return dW1, db1, dW2, db2",
            ]
        )
        names = {
            "forward": relu_net.forward,
            "relu_derivative": relu_net.relu_derivative,
        }
        exec(source, names)  # noqa: S102 - it is the figure's
        return names["shown"]


def test_the_numbers_are_those_of_the_chapter(cells):
    for key in ("X", "T", "W1", "b1", "W2", "b2", "lam"):
        assert (np.array(DATA[key]) == cells[key]).all()
    session = Session("broken")
    X = np.reshape(session.js("Array.from(s.model.X.a)"), (300, 2))
    np.testing.assert_allclose(X, cells["X_data"], rtol=0, atol=1e-15)
    assert session.js("Array.from(s.model.T.a)") == cells["T_data"].ravel().tolist()
    for ours, chapters in zip(params(session), cells["start"], strict=True):
        assert (ours == chapters).all()
    assert [*cells["gradients"], *EXTRA] == CHOICES
    assert session.js("s.figure.controls[0].choices") == CHOICES


@pytest.mark.parametrize("seed", [1, 7])
def test_right_steps_are_those_of_the_library(seed, cells, monkeypatch):
    start = relu_net.init(np.random.RandomState(seed), 2, 30, 3)
    keys = ("start_W1", "start_b1", "start_W2", "start_b2")
    data = {**DATA, **dict(zip(keys, start, strict=True))}
    monkeypatch.setitem(live.DATA, "broken", lambda: data)
    session, expected, trace = Session("broken"), start, []
    batch = cells["X_data"], cells["T_data"], LAM
    for _ in range(101):
        trace.append(relu_net.objective(expected, *batch))
        for ours, theirs in zip(params(session), expected, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-12)
        expected = gradient_step(expected, relu_net.backward(expected, *batch), 1.0)
        session.step()
    np.testing.assert_allclose(losses(session)[:101], trace, rtol=1e-12)


@pytest.mark.parametrize("name", CHOICES)
def test_the_lines_shown_compute_the_gradient(name, cells):
    session = session_with(name)
    shown = Sheet(session).shown()
    batch = cells["X_data"], cells["T_data"], LAM
    for steps in (0, 1, 99):
        session.step(steps)
        place = params(session)
        for gradient in (cells["gradients"].get(name, shown), shown):
            expected = gradient(place, *batch)
            scale = max(abs(each).max() for each in expected)
            for ours, theirs in zip(grads(session), expected, strict=True):
                np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-12 * scale)
        loss = cells["objective"](place, *batch)
        assert losses(session)[-1] == pytest.approx(loss, rel=1e-12)
        now = grads(session)
        session.step()
        for ours, p, dp in zip(params(session), place, now, strict=True):
            np.testing.assert_allclose(ours, p - dp, rtol=1e-15, atol=1e-15)
    if name in cells["traces"]:
        trace = cells["traces"][name][: len(losses(session))]
        np.testing.assert_allclose(losses(session), trace, rtol=1e-12)


@pytest.mark.parametrize(
    ("name", "chapters"), [("sum", "sum_wrong"), ("sign of dH", "sign_wrong")]
)
def test_without_a_penalty_these_are_the_wrong_ones_of_later_sections(
    name, chapters, cells
):
    shown = Sheet(session_with(name)).shown()
    pairs = zip(shown(GIVEN, *FIVE, 0.0), cells[chapters](GIVEN, *FIVE), strict=True)
    for ours, theirs in pairs:
        np.testing.assert_allclose(ours, theirs, rtol=1e-14)


@pytest.mark.parametrize("name", CHOICES)
def test_only_wrong_lines_are_marked(name):
    lines = Sheet(session_with(name)).lines
    body = ast.parse(inspect.getsource(relu_net.backward)).body[0].body
    right = [ast.unparse(each) for each in body[3:-1]]

    def parsed(lines):
        return [ast.unparse(ast.parse(each)) for each in lines if each]

    assert parsed(line for line, _, marked in lines if not marked) == right
    wrong = [line for line, _, marked in lines if marked]
    struck = [i for i, (_, old, _) in enumerate(lines) if old]
    assert all(lines[i + 1][2] for i in struck)
    assert bool(wrong) == (name != "right")
    assert len(struck) == (0 if name == "late" else len(wrong))
    assert session_with(name).said["wrong line"] == ("; ".join(wrong) or "none")


def verdicts(gradient, cells):
    """What the library says of ``gradient`` on the five samples, and the chapter's errors."""
    found = gradient(GIVEN, *FIVE, DATA["lam"])
    J = cells["J_of_all"]
    report = gradcheck.check(J, GIVEN, found, names=NAMES, raises=False)
    return dict(report), cells["errors_of"](found, GIVEN, J)


@pytest.mark.parametrize("name", CHOICES)
def test_the_check_says_what_the_library_says(name, cells):
    session = session_with(name)
    shown = Sheet(session).shown()
    report, errors = verdicts(cells["gradients"].get(name, shown), cells)
    assert ("wrong" in report.values()) == (name != "right")
    rows, said = Sheet(session).rows(), session.said
    assert [*rows] == [*NAMES]
    for key, error in zip(NAMES, errors, strict=True):
        end, colour, place, mark_colour, shape, words = rows[key]
        assert said[key] == words
        value, verdict = words.split()
        assert verdict == report[key]
        assert (colour, shape) == {"ok": ("c2", "o"), "wrong": ("c1", "x")}[verdict]
        assert mark_colour == colour
        assert place == pytest.approx(end, rel=0.01)
        if verdict == "ok":
            assert max(number(value), end, error) < 1e-9
            assert number(value) == pytest.approx(end, rel=0.1)
        else:
            assert number(value) == pytest.approx(error, abs=0.0051)
            assert end == pytest.approx(error, rel=0.02)


def test_the_limit_is_drawn_at_one_millionth():
    sheet = Sheet(Session("broken"))
    ends = [sheet.axis()(place) for place in (0, 246)]
    np.testing.assert_allclose(ends, [1e-12, 10], rtol=0.02)
    middle = np.mean([float(t.get("y")) - 4 for t in sheet.texts("tick y")])
    assert middle == pytest.approx((152 - 54) / 2, abs=0.5)
    (line,) = (p for p in sheet.group.iter("path") if p.get("class") == "line dashed")
    points = np.array(MOVE.findall(line.get("d")), dtype=float)
    np.testing.assert_allclose(sheet.axis()(points[0, 0]), 1e-6, rtol=0.02)
    assert points[:, 0].tolist() == [points[0, 0]] * 2
    assert sorted(points[:, 1]) == [0, 152 - 54]
    assert [t.text for t in sheet.texts("label") if t.text] == [
        "relative error of each derivative"
    ]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("right", "c0 thick"),
        ("late", "c1 dashed thick"),
        ("mean of biases", "c4 thick"),
        ("sum", "ink thick"),
    ],
)
def test_what_is_drawn_is_where_the_numbers_are(name, kind, cells):
    session = session_with(name)
    session.step(60)
    layers = session.js("s.panels()")[0]
    panel = Panel(layers)
    (right,) = panel.shapes("line c0")
    whole = np.array(cells["traces"]["right"])
    steps = right[:, 0].round().astype(int)
    np.testing.assert_allclose(right[:, 0], steps, atol=0.12)
    assert {*range(0, 600, 10), 599} <= {*steps.tolist()}
    np.testing.assert_allclose(right[:, 1], whole[steps], atol=3e-4)
    (curve,) = panel.shapes(f"line {kind}")
    np.testing.assert_allclose(curve[:, 0], np.arange(61), atol=0.12)
    inside = losses(session) < 1.13
    np.testing.assert_allclose(curve[inside, 1], losses(session)[inside], atol=3e-4)
    (mark,) = panel.shapes(f"mark {kind.removesuffix(' thick')}")
    np.testing.assert_allclose(mark[0], curve[-1], atol=1e-9)
    assert panel.labels == ["step", "objective J (nats)"]
    texts = [t.text for t in panel.root.iter("text") if t.get("class") == "start"]
    assert texts == ["the right gradient", f"this run: {name}"]
    kinds = [p.get("class") for p in panel.root if p.get("class").endswith(" line")]
    assert kinds == ["c0 line", f"{kind} line"]
    above = [t.text for t in panel.root.iter("text") if t.get("class") == "end"]
    assert above == ([f"J = {session.said['objective J']} ↑"] if name == "sum" else [])


def test_what_is_said():
    session = Session("broken")
    session.step(7)
    assert session.said["step"] == "7"
    J, right = (
        session.said[key] for key in ("objective J", "right gradient, step 599")
    )
    assert f"{losses(session)[7]:.2f} nats" == J
    assert right == "0.25 nats"


def test_the_settings_end_as_the_text_says(cells):
    ends = {}
    for name in Session("broken").settings:
        session = Session("broken")
        session.choose(name)
        trace = losses(session)
        np.testing.assert_allclose(trace, cells["traces"][name], rtol=1e-6)
        near = bool(np.allclose(trace, cells["traces"]["right"], 0, 5e-3))
        jumps = bool(np.diff(trace).max() > 0.01)
        falls = bool(np.diff(trace).max() < 0)
        ends[name] = (
            near,
            jumps,
            falls,
            session.said["objective J"],
            session.said["step"],
        )
    assert ends == {
        "late": (True, False, True, "0.25 nats", "599"),
        "no slope": (False, True, False, "0.71 nats", "599"),
        "mean of biases": (False, False, True, "0.53 nats", "599"),
    }


def test_another_gradient_begins_again_and_a_run_ends():
    session = session_with("late")
    session.step(3)
    session.set("mistake", CHOICES.index("2λ"))
    assert session.said["step"] == "0"
    before = session.said, session.js("s.panels()")
    session.step(5)
    session.racer.eval("s.run(); s.finish()")
    assert session.said["step"] == "599"
    session.step()
    assert (session.said, session.js("s.panels()")) == before


def boxes(root, down=0.0):
    """Where the words of a drawing lie: left, top, right and bottom of each, about."""
    found = {}
    for text in root.findall("text"):
        code = text.find("tspan")
        words = text.text if code is None else code.text
        if not words or text.get("transform"):
            continue
        kind = text.get("class").split()
        wide = len(words) * (7.3 if code is not None else 6.3)
        share = 0 if "start" in kind else 1 if {"y", "end"} & {*kind} else 0.5
        x, y = float(text.get("x")) - share * wide, float(text.get("y")) + down
        found[x, y, words] = x, y - 10, x + wide, y + 3
    return found


def assert_apart(found, width, height):
    left, top, right, bottom = np.array([*found.values()]).T
    assert left.min() >= -50
    assert top.min() >= -12
    assert right.max() <= width - 52
    assert height - 12 - 16 <= bottom.max() <= height - 12
    for i in range(len(found)):
        across = (left < right[i]) & (right > left[i])
        over = across & (top < bottom[i]) & (bottom > top[i])
        assert over.sum() == 1, [
            each for each, on in zip(found, over, strict=True) if on
        ]


@pytest.mark.parametrize("name", CHOICES)
def test_no_words_lie_upon_others(name):
    session = session_with(name)
    session.step(2)
    curves, sheet = session.js("s.panels()")
    sizes = [
        (each["plane"]["width"], each["plane"]["height"]) for each in (curves, sheet)
    ]
    assert sizes == [
        (340, 308),
        (310, 308),
    ]  # of one height where they stand side by side

    root = Panel(curves).root
    assert_apart(boxes(root), *sizes[0])
    texts = [t for t in root.findall("text") if t.get("class") == "start"]
    lines = [p for p in root.findall("path") if p.get("class").endswith(" line")]
    for text, line in zip(texts, lines, strict=True):
        ((x, y),) = MOVE.findall(line.get("d"))
        assert float(y) == float(text.get("y")) - 4
        assert 4 < float(text.get("x")) - float(x) - 24 < 8
        # Below every curve that rises again, above every one that falls.
        assert 0.84 < Panel(curves)._number(1, y) < 0.97

    drawn = Sheet(session)
    moved = re.fullmatch(r"translate\(0 (\d+)\)", drawn.group.get("transform"))
    down = float(moved[1])
    assert_apart({**boxes(drawn.root), **boxes(drawn.group, down)}, *sizes[1])
    assert {float(t.get("x")) for t in drawn.root.findall("text")} == {-28}
    for cross in drawn.root.findall("path"):
        assert -48 < float(MOVE.findall(cross.get("d"))[0][0]) < -34
    limit = drawn.texts("")[0]
    assert (limit.text, drawn.axis()(limit.get("x"))) == (
        "limit",
        pytest.approx(1e-6, rel=0.02),
    )
    beside = {float(t.get("x")) - float(limit.get("x")) for t in drawn.texts("start")}
    assert all(3 < each < 9 for each in beside)
    for text, tick in zip(drawn.texts("start"), drawn.texts("tick y"), strict=True):
        assert float(text.get("y")) == pytest.approx(float(tick.get("y")), abs=1)
