"""The live figure of chapter 2 shows what the library computes."""

import numpy as np
import pytest
from sessions import Session, number

from chainrule import logistic
from chainrule.functions import binary_cross_entropy
from chainrule.optim import gradient_step
from press import live

X, t = (live.DATA["unit"]()[key] for key in "Xt")


def params(session):
    values = session.values
    return np.array([values["w1"], values["w2"]]), values["b"]


def test_the_samples_are_those_of_the_chapter(chapter):
    cells = chapter("ch02_logistic", "X_data")
    assert (cells["X_data"] == X).all()
    assert (cells["t_data"] == t).all()


@pytest.mark.parametrize("eta", [0.5, 3.0, 19.0])
def test_steps_are_those_of_the_library(eta):
    session = Session("unit")
    session.set("eta", eta)
    session.move("tip", [-1.0, 2.0])
    expected = params(session)
    losses = []
    for _ in range(100):
        losses.append(logistic.objective(expected, X, t))
        expected = gradient_step(expected, logistic.backward(expected, X, t), eta)
        session.step()
        w, b = params(session)
        np.testing.assert_allclose(w, expected[0], rtol=1e-12)
        np.testing.assert_allclose(b, expected[1], rtol=1e-12)
    np.testing.assert_allclose(session.js("s.model.losses"), losses, rtol=1e-12)


def test_start_again_goes_where_the_line_was_put():
    session = Session("unit")
    session.move("tip", [-1.0, 2.0])
    put = params(session)
    session.step(3)
    session.set("eta", 3.0)
    session.step(3)
    session.racer.eval("s.reset()")
    w, b = params(session)
    assert (w == put[0]).all()
    assert (b, session.values["eta"], session.said["step"]) == (put[1], 3.0, "0")


def test_the_limit_lies_between_two_settings():
    session = Session("unit")
    bottom = (np.zeros(2), 0.0)
    for _ in range(3000):
        bottom = gradient_step(bottom, logistic.backward(bottom, X, t), 1.0)
    _, y = logistic.forward(bottom, X)
    inputs = np.column_stack([X, np.ones(100)])
    curvatures = np.linalg.eigvalsh((inputs.T * (y * (1 - y))) @ inputs / 100)
    etas, ends = {}, {}
    for setting in session.settings:
        session.choose(setting)
        etas[setting] = session.values["eta"]
        ends[setting] = session.js("s.model.losses").pop()
    far, below, above = session.settings
    assert etas[far] < etas[below] < 2 / curvatures.max() < etas[above]
    best = logistic.objective(bottom, X, t)
    assert ends[far] - best < 1e-3
    assert ends[below] - best < 1e-9
    assert ends[above] - best > 1e-2


def test_what_is_drawn_is_where_the_numbers_are():
    session = Session("unit")
    plane, trace = session.panels
    for k, kind in ((1, "mark c0"), (0, "mark c1 open")):
        np.testing.assert_allclose(plane.shapes(kind)[0], X[t == k], atol=0.01)
    session.step(5)
    plane, trace = session.panels
    w, b = params(session)
    np.testing.assert_allclose(plane.shapes("line c2 thick")[0] @ w + b, 0, atol=0.05)
    start, end = plane.shapes("line c2")[0][:2]
    np.testing.assert_allclose(end - start, w, atol=0.02)
    curve = trace.shapes("line c0")[0]
    np.testing.assert_allclose(curve[:, 0], np.arange(6), atol=0.05)
    losses = [*session.js("s.model.losses"), logistic.objective((w, b), X, t)]
    np.testing.assert_allclose(curve[:, 1], losses, atol=0.005)
    np.testing.assert_allclose(trace.shapes("mark c0"), curve[None, -1:], atol=0.05)
    session.step(95)
    curve = session.panels[1].shapes("line c0")[0]
    assert session.js("s.panels()[1].plane.x.to") == len(curve) - 1
    assert plane.labels == ["input x₁ (dimensionless)", "input x₂ (dimensionless)"]
    assert trace.labels == ["step", "objective J (nats)"]


@pytest.mark.parametrize(
    ("w1", "w2", "b"),
    [(1, 1, 7), (1, 1, 8), (-2, 0.5, 4), (0.1, 0, -0.5), (0.05, 0.1, 1)],
)
def test_a_line_outside_the_picture_is_missed(w1, w2, b):
    session = Session("unit", w1=w1, w2=w2, b=b)
    corners = [(x1, x2) for x1 in (-4, 4) for x2 in (-3.5, 3.5)]
    sides = {np.sign(w1 * x1 + w2 * x2 + b) for x1, x2 in corners}
    outside = "the line is outside the picture" if len(sides) == 1 else ""
    assert session.panels[0].note == outside


def test_the_shade_is_the_probability():
    session = Session("unit")
    shade = session.panels[0].shade
    alpha = np.reshape(shade["colours"], (shade["rows"], shade["columns"], 4))[..., 3]
    x1 = (np.arange(shade["columns"]) + 0.5) / shade["columns"] * 8 - 4
    x2 = 3.5 - (np.arange(shade["rows"]) + 0.5) / shade["rows"] * 7
    places = np.stack(np.meshgrid(x1, x2), axis=-1).reshape(-1, 2)
    _, y = logistic.forward(params(session), places)
    np.testing.assert_allclose(alpha.ravel(), 128 * y, atol=1e-9)


@pytest.mark.parametrize("n", [0, 55, 99])
def test_the_numbers_of_a_sample(n):
    session = Session("unit")
    session.set("sample", n)
    w, b = params(session)
    z = X[n] @ w + b
    _, (y,) = logistic.forward((w, b), X[n : n + 1])
    slopes = (y - t[n]) * X[n]
    said = session.said
    expected = [t[n], z, y, binary_cross_entropy(z, t[n]), y - t[n]]
    shown = [said[key] for key in (f"sample {n}, class", "z", "y", "loss ξ", "∂ξ/∂b")]
    shown = [number(each.removesuffix(" nats")) for each in shown]
    np.testing.assert_allclose(shown, expected, atol=0.0051)
    shown = [number(each) for each in said["∂ξ/∂w"].split(", ")]
    np.testing.assert_allclose(shown, slopes, atol=0.0051)
    right = ((logistic.forward((w, b), X)[1] >= 0.5) == t).sum()
    assert said["right"] == f"{right} of 100"
    session.racer.eval(f"s.pick(0, {X[7].tolist()})")
    assert session.values["sample"] == 7


def test_the_handles_move_and_turn_the_line():
    session = Session("unit")
    w, b = params(session)
    session.move("line", [1.0, 2.0])
    moved, b = params(session)
    assert (moved == w).all()
    assert moved @ [1.0, 2.0] + b == pytest.approx(0)
    foot = session.handles["line"]
    session.move("tip", [3.0, -1.0])
    turned, b = params(session)
    np.testing.assert_allclose(turned, np.subtract([3.0, -1.0], foot))
    assert turned @ foot + b == pytest.approx(0)
