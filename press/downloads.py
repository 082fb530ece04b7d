"""What a reader takes away: a chapter as notebook and as script, the library as wheel."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
from typing import TYPE_CHECKING, Any

import jupytext  # type: ignore[import-untyped]
from flit_core import buildapi  # type: ignore[import-untyped]

from press import book, cards, figure

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from press.page import Page

# What is said of a live figure, which a notebook does not have.
_TRY = re.compile(r'<div class="try" markdown="1">\n.*?\n</div>\n', re.DOTALL)
_PAGE_LINK = re.compile(r"\]\(([\w-]+\.md)(#[\w-]*)?\)")


def notebook(
    executed: dict[str, Any], page: Page, source: str, addresses: Mapping[str, str]
) -> str:
    """The ``executed`` chapter as a file for Jupyter.

    Args:
        executed: The notebook as it comes from the kernel.
        page: The page of the chapter.
        source: Its text.
        addresses: Where links to each page lead.
    """
    fences = iter(fence for fence in book.fences(source) if fence.language == "python")
    cells: list[dict[str, Any]] = []

    def add(kind: str, text: str, **rest: object) -> None:
        head = {"cell_type": kind, "id": f"cell-{len(cells)}", "metadata": {}}
        cells.append({**head, "source": text, **rest})

    def to_site(link: re.Match[str]) -> str:
        return f"]({addresses[link[1]]}{link[2] or ''})"

    for cell in executed["cells"]:
        if cell["cell_type"] == "markdown":
            text = page.markdown(_TRY.sub("", cell["source"]), web=False)
            if text.strip():
                add("markdown", _PAGE_LINK.sub(to_site, text))
            continue
        words = next(fences).attributes
        if "wrong" in words:
            why = page.prose(words["wrong"], web=False)
            add("markdown", f"**Wrong on purpose:** {why}")
        alt = words.get("alt", "").replace('\\"', '"')
        outputs = [
            {
                "output_type": "display_data",
                "metadata": {},
                "data": _pictures(output["data"], alt),
            }
            for output in cell["outputs"]
        ]
        count = cell["execution_count"]
        add("code", cell["source"], execution_count=count, outputs=outputs)
        if "caption" in words:
            add("markdown", page.prose(words["caption"], web=False))
    metadata = {
        key: executed["metadata"][key] for key in ("kernelspec", "language_info")
    }
    whole = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(whole, ensure_ascii=False, indent=1) + "\n"


def _pictures(shown: dict[str, str], alt: str) -> dict[str, str]:
    """A figure in each form that a notebook may show: drawn, painted, in words."""
    png = cards.on_paper(base64.b64decode(shown[figure.PNG]))
    return {
        figure.SVG: figure.for_notebook(shown[figure.SVG], alt),
        figure.PNG: base64.b64encode(png).decode(),
        "text/plain": alt,
    }


def script(notebook: str) -> str:
    """The ``notebook`` as a Python script, its text as comments."""
    parsed = jupytext.reads(notebook, fmt="ipynb")
    parsed.metadata = {"jupytext": {"notebook_metadata_filter": "-all"}}
    return str(jupytext.writes(parsed, fmt="py:percent"))


def wheel(directory: Path) -> Path:
    """Build the library's wheel, the same bytes for the same source, in ``directory``."""
    directory.mkdir(parents=True, exist_ok=True)
    given = dict(os.environ)
    os.environ.setdefault("SOURCE_DATE_EPOCH", "1735689600")
    try:
        with contextlib.chdir(book.ROOT):
            return directory / buildapi.build_wheel(str(directory))
    finally:
        os.environ.clear()
        os.environ |= given
