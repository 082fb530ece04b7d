"""Draw the figure of the README, which is that of the welcome page: ``make cover``."""

from __future__ import annotations

import os
import sys
from io import StringIO
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from press import book, figure

COVER = book.DOCS / "assets" / "cover.svg"
_NAMESPACES = (
    'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
)
# Where the README is read, an image follows the reader's light or dark scheme.
_STYLE = (
    "<style>svg{color:#1f2328}"
    "@media(prefers-color-scheme:dark){svg{color:#e6edf3}}</style>"
)


def draw() -> str:
    """The figure of ``docs/index.md`` as an SVG document of its own."""
    os.environ["MATPLOTLIBRC"] = str(book.ROOT / "press" / "matplotlibrc")
    os.environ["MPLBACKEND"] = "svg"
    from matplotlib import pyplot as plt  # noqa: PLC0415 - after its settings are chosen

    text = (book.DOCS / "index.md").read_text("utf-8")
    cells = [fence for fence in book.fences(text) if fence.language == "python"]
    for cell in cells:
        exec(compile(cell.code, "index.md", "exec"), globals())  # noqa: S102
    svg = StringIO()
    plt.savefig(svg, format="svg", metadata={"Date": None})
    alt = cells[-1].attributes["alt"]
    drawn = figure.for_page(svg.getvalue(), alt, "cover-")
    head, body = drawn.split(">", 1)
    return f"{head} {_NAMESPACES}>{_STYLE}{body}\n"


if __name__ == "__main__":
    COVER.parent.mkdir(exist_ok=True)
    COVER.write_text(draw(), "utf-8")
