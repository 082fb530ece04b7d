"""The live figure of chapter 7 shows what the chapter computes with the same numbers."""

import numpy as np
import pytest
from sessions import MOVE, NUMBER, Session, number

from chainrule import mlp
from chainrule.functions import relu, relu_derivative, sigmoid, sigmoid_derivative
from press import book

N = 8
FUNCTIONS = [(relu, relu_derivative), (sigmoid, sigmoid_derivative)]
PLACES = [
    {},
    {"L": 2, "m": 20, "s": 0.5, "seed": 9},
    {"L": 13, "m": 60, "s": 0.2, "seed": 3},
    {"L": 30, "m": 30, "s": 0.03, "seed": 4},
    {"L": 30, "m": 50, "s": 0.5, "seed": 1},
    {"activation": 1},
    {"L": 30, "m": 20, "s": 0.03, "seed": 2, "activation": 1},
    {"L": 11, "m": 70, "s": 0.5, "seed": 7, "activation": 1},
]


def drawn(session):
    """The tables of normal numbers, in their order: X, what is sent back, W1 … WL."""
    L, m, seed = (session.values[key] for key in ("L", "m", "seed"))
    count = 2 * N * m + L * m * m
    code = f"(() => Array.from({{length: {count}}}, maths.generator({seed})))()"
    X, dA, W = np.split(np.array(session.js(code)), [N * m, 2 * N * m])
    return X.reshape(N, m), dA.reshape(N, m), W.reshape(L, m, m)


def size(table):
    return np.sqrt((table**2).mean())


def sizes(session):
    """The sizes of Z1 … ZL and of dZ1 … dZL, the latter over the last."""
    X, dA, W = drawn(session)
    W *= session.values["s"]
    activation, slope = FUNCTIONS[session.values["activation"]]
    Z, A = [], X
    for each in W:
        Z.append(A @ each)
        A = activation(Z[-1])
    back = []
    for l in reversed(range(len(W))):
        dZ = dA * slope(Z[l])
        back.insert(0, size(dZ))
        dA = dZ @ W[l].T
    return [size(each) for each in Z], np.array(back) / back[-1]


def factor(values):
    """What (7.26) predicts for a layer; with the logistic function the limit of (7.27)."""
    share = 1 / 16 if values["activation"] else 1 / 2
    return np.sqrt(share * values["m"]) * values["s"]


def lines(session):
    """What (7.23) to (7.27) say of the first and the last layer, forward and back."""
    values = session.values
    power = factor(values) ** (values["L"] - 1)
    first = np.sqrt(values["m"]) * values["s"]
    ahead = None if values["activation"] else [first, first * power]
    return ahead, [power, 1.0]


def said(session, key):
    return [number(each) for each in NUMBER.findall(session.said[key])]


def assert_same(session):
    forward, back = sizes(session)
    np.testing.assert_allclose(session.js("s.model.forward"), forward, rtol=1e-12)
    np.testing.assert_allclose(session.js("s.model.back"), back, rtol=1e-12)


@pytest.mark.parametrize("place", PLACES)
def test_the_sizes_are_those_of_numpy(place):
    assert_same(Session("depth", **place))


def test_the_sizes_are_those_of_numpy_whatever_was_shown_before():
    session = Session("depth", m=30, L=5)
    for key, value in (("L", 9), ("seed", 1), ("L", 4), ("s", 0.1), ("m", 20)):
        session.set(key, value)
        assert_same(session)
    other = Session("depth", m=30, L=7)
    assert_same(other)
    for key, value in (("activation", 1), ("seed", 0), ("L", 3), ("activation", 0)):
        session.set(key, value)
        assert_same(session)


def test_the_sizes_back_are_those_of_the_chapter(monkeypatch):
    fences = book.fences((book.DOCS / "ch07_mlp.md").read_text("utf-8"))
    code = next(each.code for each in fences if "def sizes_back" in each.code)
    names = {"np": np, "relu": relu, "relu_derivative": relu_derivative}
    names["sigmoid"] = sigmoid
    exec(code, names)  # noqa: S102
    session = Session("depth")
    X, dA, W = drawn(session)
    for activation in (0, 1):
        session.set("activation", activation)
        rest = iter([*W, X, dA])  # in the chapter's order
        monkeypatch.setattr(np.random, "default_rng", lambda _, rest=rest: Dealt(rest))
        slope = (relu_derivative, names["sigmoid_slope"])[activation]
        expected = names["sizes_back"](FUNCTIONS[activation][0], slope, 0.05)
        np.testing.assert_allclose(session.js("s.model.back"), expected, rtol=1e-12)
        assert not list(rest)


class Dealt:
    """A source of random numbers that gives the tables of ``rest``, one after another."""

    def __init__(self, rest):
        self.rest = rest

    def standard_normal(self, _):
        return next(self.rest)


def test_the_pre_activations_are_those_of_the_library():
    session = Session("depth", L=12, s=0.2, m=50)
    X, _, W = drawn(session)
    params = tuple(p for each in W for p in (0.2 * each, np.zeros(50)))
    Z, _ = mlp.forward(params, X)
    expected = [size(each) for each in Z[1:]]
    np.testing.assert_allclose(session.js("s.model.forward"), expected, rtol=1e-12)


@pytest.mark.parametrize("place", PLACES)
def test_what_is_drawn_is_where_the_numbers_are(place):
    session = Session("depth", **place)
    values = session.values
    layers = np.arange(1, values["L"] + 1)
    for panel, expected, line in zip(
        session.panels, sizes(session), lines(session), strict=True
    ):
        apart = (
            panel.axes[1][0] * -0.1
        )  # in powers of ten, as places are rounded to 0.1
        for kind in ("line c0", "mark c0"):
            (points,) = panel.shapes(kind)
            np.testing.assert_allclose(points[:, 0], layers, atol=0.02)
            np.testing.assert_allclose(
                np.log10(points[:, 1]), np.log10(expected), atol=apart
            )
        dashed = panel.shapes("line thin dashed")
        assert len(dashed) == (line is not None)
        if line:
            np.testing.assert_allclose(dashed[0][:, 0], [1, values["L"]], atol=0.02)
            np.testing.assert_allclose(
                np.log10(dashed[0][:, 1]), np.log10(line), atol=apart
            )
        assert panel.axes[1][2], "the sizes stand on a logarithmic axis"
    assert [each.labels for each in session.panels] == [
        ["hidden layer l", "size of Z (dimensionless)"],
        ["hidden layer l", f"size of dZ over that in layer {values['L']}"],
    ]


@pytest.mark.parametrize("L", range(2, 31))
def test_the_first_and_the_last_layer_are_named(L):
    panel = Session("depth", L=L, m=20).panels[0]
    ticks = [t.text for t in panel.root.iter("text") if t.get("class") == "tick x"]
    layers = sorted(map(int, ticks))
    assert layers[0] == 1
    assert layers[-1] == L
    assert len({*layers}) == len(layers) <= 4
    assert L != 10 or layers == [1, 4, 7, 10], "as in the drawn figure"


@pytest.mark.parametrize("m", [20, 100])
def test_the_level_is_that_of_the_start_that_keeps_the_size(m):
    session = Session("depth", m=m, L=6)
    for panel, level in zip(session.panels, (np.sqrt(2), 1), strict=True):
        (points,) = panel.shapes("line c2")
        np.testing.assert_allclose(points[:, 1], level, rtol=0.01)
        np.testing.assert_allclose(points[:, 0], [1, 6], atol=0.02)
    kept = number(session.said["√(2/m)"])
    assert kept == round(np.sqrt(2 / m), 3)
    session.set("s", np.sqrt(2 / m))
    for panel in session.panels:
        (points,) = panel.shapes("line thin dashed")
        (level,) = panel.shapes("line c2")
        np.testing.assert_allclose(points, level)
    session.set("activation", 1)
    assert not any(panel.shapes("line c2") for panel in session.panels)


@pytest.mark.parametrize("place", PLACES)
def test_the_axes_hold_everything_with_one_in_the_middle(place):
    session = Session("depth", **place)
    numbers = [*sizes(session), *filter(None, lines(session))]
    outermost = max(abs(np.log10(each)).max() for each in numbers)
    for panel in session.panels:
        slope, start, _ = panel.axes[1]
        top, bottom = start, start + slope * (280 - 12 - 42)
        assert top == pytest.approx(6 * np.ceil(outermost / 6), abs=0.1)
        assert bottom == pytest.approx(-top, abs=0.1)


def test_the_legend_names_what_is_drawn():
    session = Session("depth")
    names = {"c0": "measured", "dashed thin": "predicted", "c2": "s = √(2/m)"}
    assert [legend(each) for each in session.panels] == [names, names]
    session.set("activation", 1)
    assert [legend(each) for each in session.panels] == [
        {"c0": "measured"},
        {"c0": "measured", "dashed thin": "limit"},
    ]


@pytest.mark.parametrize("place", PLACES)
def test_the_legend_hides_no_mark(place):
    for panel in Session("depth", **place).panels:
        (marks,) = (
            np.array(MOVE.findall(path.get("d")), dtype=float)
            for path in panel.root.iter("path")
            if path.get("class").startswith("mark")
        )
        for words in panel.root.iter("text"):
            if words.get("class") == "start":
                x, y = float(words.get("x")) - 28, float(words.get("y")) - 4
                width = 28 + 6.5 * len(words.text)
                across = (x <= marks[:, 0]) & (marks[:, 0] <= x + width)
                assert x + width <= 236
                assert not (across & (abs(marks[:, 1] - y) < 8)).any()


def legend(panel):
    """The words beside each short line, by its class."""
    found = {}
    for path in panel.root.iter("path"):
        kind = path.get("class")
        if kind.endswith(" line"):
            y = float(path.get("d").removesuffix("h22").split()[1])
            (words,) = (
                each.text
                for each in panel.root.iter("text")
                if each.get("class") == "start" and float(each.get("y")) == y + 4
            )
            found[kind.removesuffix(" line")] = words
    return found


@pytest.mark.parametrize("place", PLACES)
def test_the_readings(place):
    session = Session("depth", **place)
    values, (forward, back) = session.values, sizes(session)
    layers = values["L"] - 1
    expected = factor(values)
    measured = (forward[-1] / forward[0]) ** (1 / layers), back[0] ** (1 / layers)
    rounded = [round(each, 3) for each in (*measured, expected)]
    ahead, behind = said(session, "a layer forward"), said(session, "a layer back")
    assert ahead == pytest.approx(rounded[::2][: 1 if values["activation"] else 2])
    assert behind == pytest.approx(rounded[1:])
    shown = said(session, "dZ in layer 1")
    np.testing.assert_allclose(shown, [back[0], expected**layers], rtol=0.051)
    word = "limit" if values["activation"] else "predicted"
    assert session.said["a layer back"].count(f", {word} ×") == 1
    assert session.said["dZ in layer 1"].count(f", {word} ") == 1
    assert ("predicted" in session.said["a layer forward"]) != values["activation"]


def test_the_settings_end_as_the_text_says():
    session = Session("depth")
    spreads, ends = [], []
    for setting in session.settings:
        session.choose(setting)
        spreads.append(session.values["s"])
        ends.append(said(session, "dZ in layer 1")[1])
        power = factor(session.values) ** 19
        forward, back = session.js("[s.model.forward, s.model.back]")
        assert 1 / 3 < back[0] / power < 3
        assert 1 / 3 < forward[19] / forward[0] / power < 3
    np.testing.assert_allclose(spreads, [0.1, np.sqrt(2 / 100), 0.2], rtol=1e-15)
    assert ends == [0.0014, 1.0, 724]


def test_every_draw_is_near_the_prediction():
    session = Session("depth", L=20, s=np.sqrt(2 / 100))
    for seed in range(10):
        session.set("seed", seed)
        forward, back = session.js("[s.model.forward, s.model.back]")
        assert 1 / 3 < back[0] < 3
        assert 1 / 3 < forward[19] / forward[0] < 3


def test_the_limit_of_the_logistic_function_holds_on_average():
    session = Session("depth", activation=1, m=50)
    spreads = 0.05, 0.1, 0.2
    shares = {s: [] for s in spreads}
    for seed in range(10):
        session.set("seed", seed)
        for s in spreads:
            session.set("s", s)
            back = np.array(session.js("s.model.back"))
            shares[s].append((back[:-1] / back[1:]) ** 2)
    assert all(np.mean(shares[s]) < 50 * s**2 / 16 for s in spreads)


@pytest.mark.parametrize("m", [20, 30, 40])
def test_something_comes_back_in_every_draw(m):
    """Where narrow layers are most likely to be silent."""
    session = Session("depth", m=m, L=30)
    for seed in range(10):
        session.set("seed", seed)
        assert all(each > 0 for each in session.js("s.model.back"))
