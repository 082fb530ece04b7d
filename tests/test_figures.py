"""Every figure has a record of what it shows, and a record notices what a reader would.

That each figure shows what its record says is tested where it is drawn, in conftest.py.
"""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from pages import PAGES, cells, identify, place
from planted_figures import KINDS, plots

from press import book, drawn

DRAWING = {
    page: [each for each in cells(page) if "plt.show()" in each.code] for page in PAGES
}
each_page = pytest.mark.parametrize(
    "page", [page for page, figures in DRAWING.items() if figures], ids=identify
)


@each_page
def test_every_record_is_that_of_a_figure(page: Path) -> None:
    figures, records = DRAWING[page], drawn.load(page)
    assert len(records) == len(figures), (
        f"{place(page, figures[-1].line)}: {len(figures)} figures on the page, "
        f"{len(records)} records; renew them by `make figures`"
    )


def test_every_file_of_records_is_that_of_a_page() -> None:
    pages = {page.stem for page, figures in DRAWING.items() if figures}
    files = {each.stem for each in drawn.RECORDS.iterdir()}
    assert files == pages, f"{sorted(files ^ pages)}; renew them by `make figures`"


def test_records_can_be_read() -> None:
    files = [*drawn.RECORDS.iterdir()]
    assert sum(each.stat().st_size for each in files) < 500_000
    for file in files:
        entries = sum(map(len, json.loads(file.read_text("utf-8"))))
        opening = file.read_text("utf-8").count("\n{")
        assert opening == entries, f"{file.name}: not one entry a line"


@each_page
def test_tolerances_are_those_of_figures_and_small(page: Path) -> None:
    for cell in cells(page):
        if "loose" in cell.attributes:
            here, loose = place(page, cell.line), cell.attributes["loose"]
            assert cell in DRAWING[page], f"{here}: loose, but it draws nothing"
            small = loose == "rough" or drawn.TOLERANCE < float(loose) <= 0.05
            assert small, f"{here}: loose is {loose}"


def draw(change: Callable[[Axes], object] = lambda ax: None) -> Figure:
    """A figure with a thing of each kind, and a ``change``."""
    fig, (ax, other) = plt.subplots(1, 2)
    x, y = np.meshgrid(np.linspace(-1, 1, 40), np.linspace(-1, 1, 40))
    ax.plot(np.linspace(0, 1, 100), np.linspace(0, 1, 100) ** 2, label="line")
    ax.plot([0.1, 0.5], [0.2, 0.4], "o--", label="rings")
    ax.contour(x, y, x**2 + y, [0.1, 0.5], colors=["C1", "C2"])
    ax.scatter([0.1, 0.2, 0.3], [0.4, 0.1, 0.3], marker="x", s=20)
    ax.annotate("here", (0.5, 0.5), (0.2, 0.8), arrowprops={"arrowstyle": "->"})
    ax.text(0.5, 0.1, "49.5% right", bbox={"boxstyle": "circle"})
    ax.bar([0.2, 0.4], [0.3, 0.5], width=0.1)
    ax.set(title="title", xlabel="input", xlim=(0, 1), xticks=[0, 1], ylim=(0, 1))
    ax.legend(loc="upper left")
    other.imshow(x + y, cmap="viridis", origin="lower")
    change(ax)
    fig.canvas.draw()
    plt.close(fig)
    return fig


def step(ax: Axes, height: float, at: int = 70) -> None:
    y = np.linspace(0, 1, 100) ** 2
    y[at] += height
    ax.lines[0].set_ydata(y)


CHANGES: dict[str, Callable[[Axes], object]] = {
    "Line2D 'line': y[17]": lambda ax: step(ax, 0.01),
    "Line2D 'line': linewidth": lambda ax: ax.lines[0].set_linewidth(3),
    "Line2D 'line': color": lambda ax: ax.lines[0].set_color("C3"),
    "Line2D 'line': count": lambda ax: ax.lines[0].set_data([0, 1], [0, 1]),
    "Line2D 'rings': marker": lambda ax: ax.lines[1].set_marker("s"),
    "Line2D 'rings': linestyle": lambda ax: ax.lines[1].set_linestyle(":"),
    "Line2D 'rings': x[1]": lambda ax: ax.lines[1].set_xdata([0.1, 0.502]),
    "Line2D 'line': Line2D is 'rings'": lambda ax: ax.lines[0].set_zorder(3),
    "Collection: edgecolor": lambda ax: ax.collections[0].set_edgecolor(["C2", "C1"]),
    "Collection: x[0]": lambda ax: ax.collections[1].set_offsets([(0.2, 0.2)] * 3),
    "Collection: sizes[0]": lambda ax: ax.collections[1].set_sizes([30]),
    "Text 'here': Text": lambda ax: ax.texts[0].set_text("there"),
    "Text 'here': box[0]": lambda ax: ax.texts[0].set_x(0.3),
    "Text 'here': box[2]": lambda ax: setattr(ax.texts[0], "xy", (0.6, 0.5)),
    "Text '49.5% right': Text": lambda ax: ax.texts[1].set_text("49.6% right"),
    "Patch: y[2]": lambda ax: ax.patches[0].set_height(0.4),
    "Patch: facecolor": lambda ax: ax.patches[1].set_facecolor("C5"),
    "Legend: texts[1]": lambda ax: ax.legend(["line", "other"], loc="upper left"),
    "Legend: box[0]": lambda ax: ax.legend(loc="upper right"),
    "axes 'title': axes": lambda ax: ax.set_title("another"),
    "axes 'title': x label": lambda ax: ax.set_xlabel("output"),
    "axes 'title': x limits[1]": lambda ax: ax.set_xlim(0, 1.01),
    "axes 'title': y scale": lambda ax: ax.set_yscale("symlog"),
    "axes 'title': x ticks": lambda ax: ax.set_xticks([0, 0.5, 1]),
    "axes 'title': x ticks[0]": lambda ax: ax.set_xticks([0, 1], ["a", "z"]),
    "axes 'title': x grid": lambda ax: ax.grid(visible=True),
    "axes 'title': place[1]": lambda ax: ax.set_aspect("equal"),
    "AxesImage: values": lambda ax: ax.figure.axes[1].images[0].set_data(np.eye(40)),
    "AxesImage: cmap": lambda ax: ax.figure.axes[1].images[0].set_cmap("magma"),
    "AxesImage: limits[0]": lambda ax: ax.figure.axes[1].images[0].set_clim(-1, 2),
    "it shows": lambda ax: ax.axhline(0.5),
}


@pytest.fixture(scope="module")
def right() -> drawn.Record:
    return drawn.record(draw())


@pytest.mark.parametrize("where", CHANGES)
def test_a_record_notices(where: str, right: drawn.Record) -> None:
    changed = drawn.record(draw(CHANGES[where]))
    found = drawn.difference(right, changed, drawn.TOLERANCE)
    assert where in found, found or "nothing noticed"


@pytest.mark.parametrize(
    ("change", "tolerance"),
    [
        (lambda ax: ax.lines[1].set_xdata([0.1, 0.5004]), drawn.TOLERANCE),
        (lambda ax: ax.set_xlim(0, 1.0004), drawn.TOLERANCE),
        (lambda ax: step(ax, 0.1), 0.05),
    ],
)
def test_a_record_allows_for_the_processor(
    change: Callable[[Axes], object], tolerance: float, right: drawn.Record
) -> None:
    close = drawn.record(draw(change))
    assert not drawn.difference(right, close, tolerance)
    assert drawn.difference(right, close, tolerance / 50)


def test_a_loose_record_says_less_of_what_training_decides() -> None:
    loose = drawn.record(draw(), loose=True)
    better = draw(lambda ax: ax.texts[1].set_text("51.2% right"))
    assert not drawn.difference(loose, drawn.record(better, loose=True), 1e-3)
    axes = next(each for each in loose if "axes" in each)
    assert axes["x"]["ticks"] == ["0", "1"]
    assert "ticks" not in axes["y"], "Matplotlib chose them"


@pytest.mark.parametrize(("size", "differs"), [(0.5, False), (5, True)])
@pytest.mark.parametrize("noise", [0.0, 0.01])
def test_rough_marks_may_differ_as_much_as_they_are_rough(
    noise: float, size: float, *, differs: bool
) -> None:
    x = np.linspace(0, 1, 21)
    y = x + noise * np.cos(40 * x)

    def marks(y: np.ndarray, marker: str) -> Figure:
        figure, ax = plt.subplots()
        ax.plot(x, y, marker)
        ax.set(xlim=(0, 1), ylim=(0, 1))
        figure.canvas.draw()
        return figure

    other = y.copy()
    other[10] += size * (noise or drawn.TOLERANCE)
    for marker in ("x", "x-"):
        recorded = drawn.record(marks(y, marker))
        found = drawn.compare(recorded, marks(other, marker), "rough")
        assert bool(found) == (differs or (noise > 0 and marker == "x-")), marker


def test_a_complaint_says_where_what_and_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawn, "RECORDS", tmp_path / "figures")
    monkeypatch.setattr(book, "ROOT", tmp_path)
    page = tmp_path / "page.md"
    fence = "```python\nplt.show()\n```\n"
    page.write_text(fence + "```python\nx = 1\n```\n" + fence, "utf-8")

    def complaint(line: int, figure: Figure, *, renew: bool = False) -> str:
        return drawn.complaint(page, line, figure, renew=renew) or ""

    assert complaint(1, draw()) == (
        "page.md:1: this figure has no record yet; `make figures` writes it."
    )
    for line in (1, 7):
        assert not complaint(line, draw(), renew=True)
        assert not complaint(line, draw())
    assert complaint(7, draw(lambda ax: ax.set_xlabel("output"))) == (
        "page.md:7: figure 2 of the page does not show what is recorded. Axes 1, "
        "axes 'title': x label is 'output', recorded is 'input'. If it is right, renew "
        "the record by `make figures` and read its diff."
    )
    page.write_text(fence, "utf-8")
    complaint(1, draw(), renew=True)
    assert len(drawn.load(page)) == 1, "the record of the figure that is gone remains"


def test_planted_mistakes_are_of_every_kind_and_noticed() -> None:
    page = next(each for each in DRAWING if each.stem == "ch02_logistic")
    plot = plots(page)[1]
    assert not plot.difference(plot.fence.code), "what is right differs"
    planted = [*plot.mutants()]
    assert {each.kind for each in planted} == KINDS - {"index", "name"}
    of_each_kind = {each.kind: each for each in planted}
    for kind in ("scale", "sign", "style", "number"):
        assert plot.difference(of_each_kind[kind].code), str(of_each_kind[kind])
