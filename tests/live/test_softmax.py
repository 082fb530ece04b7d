"""The live figure of chapter 3 shows what the library computes."""

import numpy as np
import pytest
from sessions import Session, number

from chainrule.functions import cross_entropy, one_hot, softmax
from chainrule.gradcheck import numerical_gradient

START = {"z0": 0.85, "z1": -0.25, "z2": 0.1, "c": 0.0, "tau": 1.0, "label": 0}
CASES = [
    START,
    {"z0": 1.0, "z1": 2.0, "z2": 0.0, "c": 0.0, "tau": 1.0, "label": 0},
    {"z0": -3.0, "z1": 3.0, "z2": 1.3, "c": 1.0, "tau": 0.1, "label": 2},
    {"z0": 0.7, "z1": -1.2, "z2": 2.2, "c": -0.65, "tau": 4.0, "label": 1},
    {"z0": -0.4, "z1": 0.0, "z2": -2.9, "c": -1.0, "tau": 0.35, "label": 1},
    {"z0": 2.9, "z1": -1.0, "z2": -0.8, "c": 0.25, "tau": 10.0, "label": 2},
    {"z0": -0.5, "z1": 2.9, "z2": -0.3, "c": 0.0, "tau": 1.0, "label": 1},
    {"z0": 2.0, "z1": -1.0, "z2": -0.5, "c": 0.0, "tau": 1.0, "label": 1},
]
COLOURS = ("mark c0", "mark c1", "mark c2")


def expected(values):
    """The scores, their softmax, the target, the loss and its derivative."""
    z = np.array([values["z0"], values["z1"], values["z2"]]) + values["c"]
    t = one_hot([values["label"]], 3)[0]
    tau = values["tau"]
    y = softmax(z / tau)
    return z, y, t, float(cross_entropy(z / tau, t)), (y - t) / tau


def written(x, digits):
    words = f"{x:.{digits}f}"
    return (words.replace("-", "") if float(words) == 0 else words).replace("-", "−")


def numbers(words):
    return [number(each) for each in words.removesuffix(" nats").split(", ")]


def test_it_begins_with_the_first_sample_of_the_chapter(chapter):
    cells = chapter("ch03_softmax_linear", "Z")
    np.testing.assert_allclose(expected(START)[0], cells["Z"][0], atol=1e-14)
    assert START["label"] == cells["labels"][0]
    assert (expected(START)[2] == cells["T"][0]).all()


@pytest.mark.parametrize("values", CASES)
def test_it_computes_what_the_library_computes(values):
    computed = Session("softmax", **values).js("s.figure.computed(s.values)")
    z, y, t, loss, slope = expected(values)
    named = {"z": z, "y": y, "t": t, "loss": loss, "slope": slope}
    named["powers"] = np.exp(z / values["tau"])
    assert computed.keys() == named.keys()
    for key, value in named.items():
        np.testing.assert_allclose(computed[key], value, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("values", CASES)
def test_the_derivative_is_the_slope_of_the_loss(values):
    session = Session("softmax", **values)

    def loss_of(params):
        (z,) = params
        for k in range(3):
            session.set(f"z{k}", float(z[k]))
        return session.js("s.figure.computed(s.values).loss")

    slope = session.js("s.figure.computed(s.values).slope")
    z = np.array([values["z0"], values["z1"], values["z2"]])
    (numerical,) = numerical_gradient(loss_of, (z,))
    np.testing.assert_allclose(slope, numerical, atol=1e-7)


@pytest.mark.parametrize("values", CASES)
def test_the_bars_are_as_high_as_the_numbers(values):
    z, y, _, _, slope = expected(values)
    panels = Session("softmax", **values).panels
    for panel, heights in zip(panels, (z, y, slope), strict=True):
        pixel = abs(panel.axes[1][0])
        for k, kind in enumerate(COLOURS):
            (bar,) = panel.shapes(kind)
            sides = [k - 0.35, k - 0.35, k + 0.35, k + 0.35]
            ends = [0, heights[k], heights[k], 0]
            np.testing.assert_allclose(bar[:, 0], sides, atol=0.005)
            np.testing.assert_allclose(bar[:, 1], ends, atol=0.1 * pixel)
    (target,) = panels[1].shapes("line dashed")
    k = values["label"]
    np.testing.assert_allclose(target[:, 0].mean(), k, atol=0.005)
    np.testing.assert_allclose(target[:, 1], [y[k], 1, 1, y[k]], atol=0.001)
    for panel in (panels[0], panels[2]):
        (zero,) = panel.shapes("line thin")
        np.testing.assert_allclose(zero[:, 0], [-0.6, 2.6], atol=0.005)
        np.testing.assert_allclose(zero[:, 1], 0, atol=0.1 * abs(panel.axes[1][0]))


@pytest.mark.parametrize("values", CASES)
def test_the_numbers_beside_the_bars(values):
    z, y, _, _, slope = expected(values)
    panels = Session("softmax", **values).panels
    for panel, heights in zip(panels, (z, y, slope), strict=True):
        words = [each for each in panel.root.iter("text") if each.get("class") == ""]
        places = [panel._number(0, each.get("x")) for each in words]
        np.testing.assert_allclose(places, range(3), atol=0.005)
        assert [each.text for each in words] == [written(x, 2) for x in heights]
        pixel = abs(panel.axes[1][0])
        for k, each in enumerate(words):
            place = panel._number(1, each.get("y"))
            if panel is panels[1]:
                lifted = k == values["label"] and y[k] > 0.85
                top = 1 if lifted else y[k]
                assert top < place < top + 0.05
            else:  # on the other side of zero
                assert (place < 0) == (heights[k] >= 0)
                gap = abs(place) / pixel - 9 * (place < 0)  # figures are 9 high
                assert gap == pytest.approx(5 if panel is panels[2] else 13, abs=0.2)


def test_the_axes():
    session = Session("softmax")
    labels = [panel.labels for panel in session.panels]
    assert labels == [
        ["class", "score z + c"],
        ["class (dashed: target)", "probability y"],
        ["class", "∂ξ/∂z = (y − t)/τ (nats)"],
    ]
    for tau in (0.1, 0.15, 0.3, 0.5, 0.8, 1.0, 3.0, 10.0):
        session.set("tau", tau)
        planes = session.js("s.panels().map((each) => each.plane)")
        assert [(each["width"], each["height"]) for each in planes] == [(220, 200)] * 3
        assert [(each["x"]["from"], each["x"]["to"]) for each in planes] == [
            (-0.6, 2.6)
        ] * 3
        far = max(1, 1 / tau)
        ends = [each["y"][end] for each in planes for end in ("from", "to")]
        np.testing.assert_allclose(ends, [-4.5, 4.5, 0, 1.2, -1.2 * far, 1.2 * far])
        largest = max(n for n in range(1, 11) if n <= far)
        assert planes[2]["y"]["ticks"] == [-largest, 0, largest]


def test_the_controls():
    assert Session("softmax").values == START
    sliders = Session("softmax").js("s.figure.controls.slice(0, 5)")
    assert [each["key"] for each in sliders] == ["z0", "z1", "z2", "c", "tau"]
    ranges = [(each["from"], each["to"]) for each in sliders]
    assert ranges == [(-3, 3)] * 3 + [(-1, 1), (0.1, 10)]
    assert {each["step"] for each in sliders} == {0.05}
    assert [each.get("log", False) for each in sliders] == [False] * 4 + [True]


@pytest.mark.parametrize("values", CASES)
def test_what_is_said(values):
    said = Session("softmax", **values).said
    z, y, _, loss, slope = expected(values)
    powers = np.exp(z / values["tau"])
    np.testing.assert_allclose(
        numbers(said["exponentials of (z + c)/τ"]), powers, 0.05, 0.00501
    )
    assert number(said["their sum"]) == pytest.approx(powers.sum(), 0.05, 0.00501)
    assert said["y"] == ", ".join(written(x, 3) for x in y)
    assert numbers(said["loss ξ"]) == pytest.approx([loss], 0.05, 0.000501)
    assert said["∂ξ/∂z"] == ", ".join(written(x, 3) for x in slope)
    assert said["sum of ∂ξ/∂z"] == "0.000"
    assert len(said) == 6


def test_small_exponentials_keep_their_digits():
    said = Session("softmax", z0=-3, z1=-3, z2=-3, c=-1, tau=0.7).said
    assert said["exponentials of (z + c)/τ"] == ", ".join(["3.3e−3"] * 3)
    assert said["their sum"] == "9.9e−3"


def test_what_is_added_to_all_changes_the_scores_alone():
    session = Session("softmax", **CASES[1])
    scores, shares, slopes = session.panels
    before = session.js("s.figure.computed(s.values)")
    session.set("c", 0.8)
    after = session.panels
    assert after[0].layers != scores.layers
    assert [each.layers for each in after[1:]] == [shares.layers, slopes.layers]
    computed = session.js("s.figure.computed(s.values)")
    for key in ("y", "loss", "slope"):
        np.testing.assert_allclose(computed[key], before[key], rtol=1e-12)
    np.testing.assert_allclose(
        computed["powers"], np.exp(0.8) * np.array(before["powers"])
    )


def test_a_temperature_makes_the_shares_even_or_gives_all_to_one():
    session = Session("softmax")
    shares = []
    for tau in (0.1, 0.5, 1.0, 2.0, 10.0):
        session.set("tau", tau)
        shares.append(session.js("s.figure.computed(s.values).y"))
    top = [max(each) for each in shares]
    assert top == sorted(top, reverse=True)
    assert top[0] > 0.999
    assert max(shares[-1]) - min(shares[-1]) < 0.05
    assert all(np.argsort(each).tolist() == [1, 2, 0] for each in shares)


def test_the_settings():
    session = Session("softmax")
    ends = {}
    for setting in session.settings:
        session.choose(setting)
        _, y, t, loss, slope = expected(session.values)
        ends[setting] = y.round(3).tolist(), round(loss, 3), slope.round(3).tolist()
        assert (slope < 0).tolist() == (t == 1).tolist()
        assert (y.argmax() == t.argmax()) == (setting == "sure and right")
    right, wrong, low = ends
    assert ends[right][0] == ends[wrong][0]
    assert ends[right][:2] == ([0.976, 0.007, 0.018], 0.025)
    assert ends[wrong][1:] == (5.025, [0.976, -0.993, 0.018])
    assert ends[low] == ([0.999, 0.0, 0.001], 7.501, [9.994, 0.0, -9.994])
    session.choose(low)
    changed = {"tau", "label"}
    assert {key for key in START if session.values[key] != START[key]} == changed


def test_the_rings_move_one_score_each():
    session = Session("softmax", c=0.5, tau=2.0)
    handles = session.js("s.handles()")
    assert [each["panel"] for each in handles] == [0, 0, 0]
    np.testing.assert_allclose(
        [each["at"] for each in handles], [[0, 1.35], [1, 0.25], [2, 0.6]]
    )
    for k in range(3):
        before = session.values
        session.move(f"z{k}", [0.4, 1.23])
        after = session.values
        assert after == {**before, f"z{k}": pytest.approx(0.75)}
        assert session.handles[f"z{k}"] == pytest.approx([k, 1.25])
    session.move("z1", [1, 4.4])
    session.move("z2", [2, -4.4])
    assert [session.values[key] for key in ("z1", "z2")] == [3, -3]
