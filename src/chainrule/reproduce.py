"""The published jobs at their full size, and how near ours come.

``python -m chainrule reproduce`` runs them. ``PUBLISHED`` holds what the sources print with
the digits that they give; "recorded" is what a rerun of the source gave where it prints
nothing.
"""

import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from chainrule import (
    _digits,
    data,
    mlp,
    optim,
    rbf_net,
    relu_net,
    sigmoid_net,
    softmax_linear,
    train,
)
from chainrule._inputs import Array
from chainrule.functions import one_hot

if TYPE_CHECKING:
    from types import ModuleType

SPIRAL = """
1.096956 0.917265 0.851503 0.822336 0.807586 0.799448 0.794681 0.791764 0.789920 0.788726
0.787938 0.787409 0.787049 0.786803 0.786633 0.786514 0.786431 0.786373 0.786331 0.786302
"""
SPIRAL_NETWORK = """
1.098744 0.294946 0.259301 0.248310 0.246170 0.245649 0.245491 0.245400 0.245335 0.245292
"""


@dataclass
class Row:
    """A published number, as it is printed, and, once it is reached, ours.

    ``decimals`` must agree; −1 stands for tens. Of a run that names no seed, ``among``
    holds ours from many seeds, and ``ours`` is their median. Without a published number
    ``published`` is empty.
    """

    what: str
    published: str
    decimals: int
    ours: float | None = None
    among: list[float] = field(default_factory=list)

    @property
    def agrees(self) -> bool | None:
        """Whether both agree; None if ours is not reached or the run names no seed."""
        if self.ours is None or self.among:
            return None
        published = float(self.published)
        return round(self.ours, self.decimals) == round(published, self.decimals)

    @property
    def verdict(self) -> str:
        """``agrees`` in words, or where the published run lies among the seeds."""
        if self.ours is None:
            return "not reached"
        if self.among and not self.published:
            low, high = (f"{end(self.among):.{self.decimals}f}" for end in (min, max))
            return f"from {low} to {high}"
        if self.among:
            shown = [round(each, self.decimals) for each in self.among]
            published = round(float(self.published), self.decimals)
            below, level = (
                sum(each < published for each in shown),
                shown.count(published),
            )
            also = f", level with {level}" if level else ""
            return f"above {below} of {len(shown)} seeds{also}"
        return "agrees" if self.agrees else "differs"


# Chapter 7: two published networks, and 1, 2, 4 and 6 hidden layers of five units; each
# from normal numbers with two standard deviations and from those of ``mlp.init``.
PUBLISHED_SHARES = {((2, 2, 1), "1"): "0.989", ((2, 5, 3, 1), "0.1"): "0.997"}
SHAPES: tuple[tuple[int, ...], ...] = (
    (2, 2, 1),
    (2, 5, 3, 1),
    *((2, *[5] * depth, 1) for depth in (1, 2, 4, 6)),
)
STARTS = ("0.1", "1", "scaled")


def share_right(units: tuple[int, ...], start: str) -> str:
    """The name of a row of chapter 7."""
    return f"{units}, start {start}: share right"


PUBLISHED = {
    "rbf": (
        Row("loss after 20 steps", "0.52", 2),
        Row("w after 20 steps", "1.12", 2),
        Row("b after 20 steps", "-0.44", 2),
        Row("right of 40 after 20 steps (recorded)", "40", 0),
        Row("loss after 50 steps (recorded)", "0.518914", 6),
        Row("right of 40 after 50 steps (recorded)", "39", 0),
    ),
    "mlp": tuple(
        Row(share_right(units, start), PUBLISHED_SHARES.get((units, start), ""), 3)
        for units in SHAPES
        for start in STARTS
    ),
    "sigmoid": (
        Row("summed loss at the start (recorded)", "39183", 0),
        Row("summed loss after 1 step (recorded)", "58139", 0),
        Row("summed loss after 100 steps (recorded)", "13080", 0),
        Row("summed loss after 3000 steps (recorded)", "12890", -1),
        Row("share of right answers after 3000 steps (recorded)", "0.90", 2),
        Row("summed loss after 7000 steps (recorded)", "71.5", 1),
        Row("summed loss after 50000 steps (recorded)", "7.65", 2),
        Row("wrong of 50000 after 50000 steps (recorded)", "2", 0),
    ),
    "spiral": (
        *(
            Row(f"linear: loss after {10 * line} steps", loss, 6)
            for line, loss in enumerate(SPIRAL.split())
        ),
        Row("linear: share of right answers", "0.49", 2),
        *(
            Row(
                f"network: loss after {1000 * line} steps", loss, 4
            )  # more depend on the order of sums
            for line, loss in enumerate(SPIRAL_NETWORK.split())
        ),
        Row("network: share of right answers", "0.98", 2),
    ),
}

# Chapter 11: what its source says, and what nobody has published.
WRONG = "places of the wrong ones in the test set"
JUDGED = ("share of those trained on", "right of 360 others", "their loss")
PUBLISHED["digits"] = (
    Row("rounds (points of the figure)", "98", 0),
    Row("share of the test set right", "0.96", 2),
    Row("cells of the confusion table that agree, of 100", "100", 0),
    Row("8 wrong", "5", 0),
    *(Row(f"8 taken for {k}", str(count), 0) for k, count in ((2, 2), (5, 2), (9, 1))),
    Row(WRONG, "", 0),
    Row("other seeds: rounds", "98", 0),
    Row("other seeds: share of the test set right", "0.96", 2),
    Row("other seeds: 8 wrong", "5", 0),
    *(
        Row(f"other seeds: share right, {way}", "", 3)
        for way in (*_digits.BASELINES, "chapter 11", "chapter 11 less published")
    ),
    *(
        Row(f"{study} {value}: {what}", "", 0 if "360" in what else 3)
        for study, cases in _digits.STUDIES.items()
        for value in cases
        for what in JUDGED
    ),
)

SEEDS = (25, 5)
SPLITS = (20, 2)
EPOCHS = (200, 40)
FENCE = '```python fold="Runs"\n'

type Rows = dict[str, Row]


def rows(job: str) -> Rows:
    """The published numbers of a job by their names, ours still to come."""
    return {row.what: replace(row, among=[]) for row in PUBLISHED[job]}


def rbf(found: Rows, *, quick: bool) -> Iterator[float]:
    """Chapter 4: 20 steps, as published, and 50, as its text says."""
    del quick
    x, t = data.three_clusters(np.random.RandomState(4))
    for steps in (20, 50):
        w, b = train.gradient_descent(rbf_net, (2.3, 1.4), x, t, steps, 2.0).params
        *_, y = rbf_net.forward((w, b), x)
        ours = {
            f"loss after {steps} steps": rbf_net.objective((w, b), x, t),
            f"w after {steps} steps": w,
            f"b after {steps} steps": b,
            f"right of 40 after {steps} steps": ((y > 0.5) == t).sum(),
        }
        _fill(found, ours)
        yield steps / 50


def mlp_runs(found: Rows, *, quick: bool) -> Iterator[float]:
    """Chapter 7: networks of all shapes from all starts, from 25 seeds, 5 if ``quick``."""
    seeds, done = SEEDS[quick], 0
    for units in SHAPES:
        steps, eta = _steps(units)
        for start in STARTS:
            shares = []
            for seed in range(seeds):
                X, t, params = division_sign(seed, units, start)
                params, *_ = train.gradient_descent(mlp, params, X, t, steps, eta)
                Z, _ = mlp.forward(params, X)
                shares.append(float(((Z[-1] > 0) == t).mean()))
                done += 1
                yield done / (len(SHAPES) * len(STARTS) * seeds)
            row = found[share_right(units, start)]
            row.among, row.ours = shares, float(np.median(shares))


def _steps(units: tuple[int, ...]) -> tuple[Array, float]:
    """The samples of each step and the step size: as published, else batches of 50."""
    if units in SHAPES[:2]:
        return np.tile(np.arange(1000), EPOCHS[0])[:, None], 0.001
    rng = np.random.default_rng(17)
    epochs = [optim.minibatches(rng, 1000, 50) for _ in range(EPOCHS[1])]
    return np.concatenate(epochs), 0.1


def division_sign(
    seed: int, units: tuple[int, ...], start: str
) -> tuple[Array, Array, mlp.Params]:
    """The samples of a seed, with targets of shape (N, 1), and parameters of a start."""
    rng = np.random.default_rng(seed)
    X, t = data.division_sign(rng)
    if start == "scaled":
        return X, t[:, None], mlp.init(rng, units)
    shapes = [shape for D, M in pairwise(units) for shape in ((D, M), (M,))]
    params = tuple(float(start) * rng.standard_normal(shape) for shape in shapes)
    return X, t[:, None], params


def write(job: str, found: Rows, path: Path) -> None:
    """Write what ``mlp`` or ``digits`` found into the cell "Runs" of its chapter.

    Raises:
        ValueError: The file has no such cell, or several.
        OSError: It cannot be read or written.
    """
    text = path.read_text("utf-8")
    if text.count(FENCE) != 1:
        raise ValueError(f"{path}: expected one cell {FENCE.strip()}")
    before, rest = text.split(FENCE)
    _, end, after = rest.partition("```\n")
    path.write_text(before + FENCE + CELLS[job](found) + end + after, "utf-8")


def mlp_cell(found: Rows) -> str:
    """The code of that cell in chapter 7."""
    lines = [
        "# Written by `python -m chainrule reproduce mlp --write docs/ch07_mlp.md`:",
        "# of 1000 samples, how many a network has right; a number for each data set.",
        "right = {",
    ]
    for units in SHAPES:
        lines.append(f"    {units}: {{")
        for start in STARTS:
            shares = found[share_right(units, start)].among
            counts = " ".join(f"{1000 * share:.0f}," for share in shares)
            lines.append(f'        "{start}": [')
            lines += textwrap.wrap(
                counts, 79, initial_indent=12 * " ", subsequent_indent=12 * " "
            )
            lines.append("        ],")
        lines.append("    },")
    return "\n".join([*lines, "}\n"])


def digits(found: Rows, *, quick: bool) -> Iterator[float]:
    """Chapter 11: the published run, then from 20 seeds, beside ours, and the studies."""
    images, labels = data.digits()
    seeds, done = SPLITS[quick], 0
    others = [0, *range(2, seeds + 1)]  # 1 is that of the published run
    total = 1 + seeds * (1 + sum(map(len, _digits.STUDIES.values())))
    theirs, _, wrong = _published_digits(1)
    _fill(found, theirs)
    for place in wrong:
        _add(found[WRONG], float(place))
    yield 1 / total
    for seed in others:
        theirs, parts, _ = _published_digits(seed)
        params = _digits.chosen(seed, *parts[:2])
        ours = float((_digits.guesses(params, parts[2]) == labels[parts[2]]).mean())
        share = theirs["share of the test set right"]
        for what, number in {
            "rounds": theirs["rounds (points of the figure)"],
            "share of the test set right": share,
            "8 wrong": theirs["8 wrong"],
            "share right, chapter 11": ours,
            "share right, chapter 11 less published": ours - share,
            **{
                f"share right, {way}": float((guess(*parts) == labels[parts[2]]).mean())
                for way, guess in _digits.BASELINES.items()
            },
        }.items():
            _add(found[f"other seeds: {what}"], number)
        done += 1
        yield (1 + done) / total
    for study, cases in _digits.STUDIES.items():
        for value, options in cases.items():
            for seed in range(seeds):
                rng = np.random.default_rng(seed)
                kept, held, _ = data.split(rng, len(images), _digits.SHARES)
                params = _digits.fit(seed, kept, **options)
                judged = _digits.judged(params, kept[: options.get("n")], held)
                for what, number in zip(JUDGED, judged, strict=True):
                    _add(found[f"{study} {value}: {what}"], number)
                done += 1
                yield (1 + done) / total


def _published_digits(
    seed: int,
) -> tuple[dict[str, float], tuple[Array, ...], Array]:
    """What the source of chapter 11 says, the parts, and which it has wrong of the last."""
    _, labels = data.digits()
    rounds, parts, guesses = _digits.published(seed)
    right = labels[parts[2]]
    confusion = np.zeros((10, 10), int)
    np.add.at(confusion, (right, guesses), 1)
    counts = confusion[8]
    cells = np.array(_digits.TABLE.split(), int).reshape(10, 10)
    facts = {
        "rounds (points of the figure)": rounds,
        "share of the test set right": float((guesses == right).mean()),
        "cells of the confusion table that agree, of 100": (confusion == cells).sum(),
        "8 wrong": float(counts.sum() - counts[8]),
        **{f"8 taken for {k}": float(counts[k]) for k in (2, 5, 9)},
    }
    return facts, parts, np.flatnonzero(guesses != right)


def _add(row: Row, number: float) -> None:
    row.among.append(number)
    row.ours = float(np.median(row.among))


def digits_cell(found: Rows) -> str:
    """The code of that cell in chapter 11."""
    lines = [
        "# Written by `python -m chainrule reproduce digits --write docs/ch11_generalisation.md`:",
        "# a number for each split and start.",
        "published_runs = {",
    ]
    for name, row in found.items():
        if name.startswith("other seeds"):
            lines += _listed(4, name.removeprefix("other seeds: "), row)
    lines += [
        "}",
        "# Of the published run, seed 1, the places of the wrong ones in its test set.",
    ]
    lines += ["published_wrong = ["]
    wrong = " ".join(f"{place:g}," for place in found[WRONG].among)
    lines += textwrap.wrap(wrong, 79, initial_indent="    ", subsequent_indent="    ")
    lines += ["]", "studies = {"]
    for study, cases in _digits.STUDIES.items():
        lines.append(f'    "{study}": {{')
        for value in cases:
            lines.append(f"        {value}: {{")
            for what in JUDGED:
                row = found[f"{study} {value}: {what}"]
                if what.startswith("share"):
                    mean = round(float(np.mean(row.among)), 4)
                    lines.append(f'            "{what}": {mean},')
                else:
                    lines += _listed(12, what, row)
            lines.append("        },")
        lines.append("    },")
    return "\n".join([*lines, "}\n"])


def _listed(margin: int, what: str, row: Row) -> list[str]:
    """An entry of a dictionary: the name of a row and all that is among its numbers."""
    numbers = " ".join(f"{each:.4g}," for each in row.among)
    before, inside = margin * " ", (margin + 4) * " "
    wrapped = textwrap.wrap(
        numbers, 79, initial_indent=inside, subsequent_indent=inside
    )
    return [f'{before}"{what}": [', *wrapped, f"{before}],"]


def sigmoid(found: Rows, *, quick: bool) -> Iterator[float]:
    """Chapter 6: 50,000 samples, 50,000 steps; the first 100 if ``quick``."""
    rng = np.random.RandomState(42)
    X, labels = data.circles(rng, N=50_000)
    T = one_hot(labels, 2)
    for _ in range(2):  # the first set was spent on the gradient check
        params = rng.randn(2, 3), rng.randn(3), rng.randn(3, 2), rng.randn(2)
    W1, b1, W2, b2 = params
    velocity = 0 * W1, 0 * b1, 0 * W2, 0 * b2
    done, total = 0, 100 if quick else 50_000
    while True:
        at = "at the start" if not done else f"after {done} step" + "s" * (done > 1)
        if any(at in name for name in found):
            right = sigmoid_net.forward(params, X)[-1].argmax(axis=1) == labels
            ours = {
                f"summed loss {at}": len(X) * sigmoid_net.objective(params, X, T),
                f"share of right answers {at}": right.mean(),
                f"wrong of 50000 {at}": (~right).sum(),
            }
            _fill(found, ours)
        yield done / total
        if done == total:
            break
        steps = 1 if not done else 99 if done == 1 else 100
        params, velocity, _ = train.gradient_descent(
            sigmoid_net, params, X, T, steps, 5.0, mu=0.5, velocity=velocity
        )
        done += steps


def spiral(found: Rows, *, quick: bool) -> Iterator[float]:
    """Chapters 3 and 5: 200 steps of the linear classifier, 10,000 of the network."""
    del quick
    rng = np.random.RandomState(0)
    X, labels = data.spirals(rng)
    T = one_hot(labels, 3)
    rng.randn(18)  # thrown away, as the published numbers show
    linear = 0.01 * rng.randn(2, 3), np.zeros(3)
    hidden = (
        0.01 * rng.randn(2, 100),
        np.zeros(100),
        0.01 * rng.randn(100, 3),
        np.zeros(3),
    )
    steps = 0
    runs: tuple[tuple[str, ModuleType, mlp.Params, int, int], ...] = (
        ("linear", softmax_linear, linear, 20, 10),
        ("network", relu_net, hidden, 10, 1000),
    )
    for name, network, start, lines, apart in runs:
        params = start
        for line in range(lines):
            loss = network.objective(params, X, T, 1e-3)
            _fill(found, {f"{name}: loss after {apart * line} steps": loss})
            params = train.gradient_descent(
                network, params, X, T, apart, 1.0, lam=1e-3
            ).params
            steps += apart
            yield steps / 10_200
        right = network.forward(params, X)[-1].argmax(axis=1) == labels
        _fill(found, {f"{name}: share of right answers": right.mean()})


def _fill(found: Rows, ours: dict[str, float]) -> None:
    for what, number in ours.items():
        for name in (what, f"{what} (recorded)"):
            if name in found:
                found[name].ours = float(number)


type Job = Callable[..., Iterator[float]]
JOBS: dict[str, Job] = {
    "rbf": rbf,
    "mlp": mlp_runs,
    "sigmoid": sigmoid,
    "spiral": spiral,
    "digits": digits,
}
CELLS: dict[str, Callable[[Rows], str]] = {"mlp": mlp_cell, "digits": digits_cell}


def table(found: Rows) -> str:
    """Published, ours, their difference and the verdict, a line for each number."""
    lines = [f"{'':53}{'published':>10}{'ours':>13}{'difference':>12}  verdict"]
    for row in found.values():
        ours, difference = "", ""
        if row.ours is not None and row.published:
            decimals = len(row.published.partition(".")[2]) + (row.ours % 1 > 0)
            ours = f"{row.ours:.{decimals}f}"
            difference = f"{row.ours - float(row.published):.1g}"
        elif row.ours is not None:
            ours = f"{row.ours:.{row.decimals}f}"
        lines.append(
            f"{row.what:53}{row.published:>10}{ours:>13}{difference:>12}  {row.verdict}"
        )
    return "\n".join(lines)
