r"""Formulas: the TeX that arithmatex left in a page becomes HTML and MathML by KaTeX."""

from __future__ import annotations

import html
import re
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from py_mini_racer import MiniRacer

from press import book
from press.errors import fail

if TYPE_CHECKING:
    from collections.abc import Mapping

_FORMULA = re.compile(
    r'<(span|div) class="arithmatex">(.*?)</\1>(?P<after>[.,;:)]*)', re.DOTALL
)
_KATEX = Path(__file__).parent / "katex" / "katex.min.js"
_RENDERED: dict[tuple[str, bool], str] = {}
# Only a link to another place of the book may leave a formula.
_RENDER = r"""
function render(tex, displayMode) {
  const trust = (call) => call.command === "\\href" && call.protocol === "_relative";
  try {
    return {html: katex.renderToString(tex, {displayMode, trust, strict: "error"})};
  } catch (error) {
    return {error: error.message};
  }
}
"""


class Engine:
    """KaTeX, started when the first formula comes that has not been rendered before.

    Formulas are kept: the index of derivations repeats those of the chapters, and a book
    that is served is built many times.
    """

    def __init__(self) -> None:
        """Start nothing yet."""
        self._racer: MiniRacer | None = None

    def render(self, tex: str, place: str, *, display: bool) -> str:
        """``tex`` as HTML and MathML; ``place`` is named if it is not a valid formula."""
        if (tex, display) not in _RENDERED:
            if not self._racer:
                self._racer = MiniRacer()
                self._racer.eval(_KATEX.read_text("utf-8"))
                self._racer.eval(_RENDER)
            result = self._racer.call("render", tex, display)
            if "error" in result:
                fail(place, f"{result['error']}\n  in the formula: {tex.strip()}")
            _RENDERED[tex, display] = str(result["html"])
        return _RENDERED[tex, display]

    def close(self) -> None:
        """An engine that is never closed keeps the process from ending."""
        if self._racer:
            self._racer.close()


def typeset(
    page: str,
    links: Mapping[str, str],
    confirmed: Mapping[str, list[str]],
    file: str,
    source: str,
) -> str:
    r"""The HTML ``page`` with every formula rendered.

    Args:
        page: HTML with formulas as arithmatex marks them.
        links: Where the equation of each number stands, as a link from this page.
        confirmed: What the tests confirm of each equation of the page: formula, line,
            derivative.
        file: Named in errors, with the line on which the formula stands in ``source``.
        source: The Markdown of the page.
    """

    def replace(match: re.Match[str]) -> str:
        tex = html.unescape(match[2])
        at = source.find(tex.strip())
        place = f"{file}:{source.count('\n', 0, at) + 1}" if at >= 0 else file
        linked = book.EQREF.sub(lambda m: rf"\href{{{links[m[1]]}}}{{({m[1]})}}", tex)
        formula = engine.render(linked, place, display=match[1] == "div")
        after = match["after"]
        if match[1] == "span":
            # A browser would break the line between a formula and the mark after it.
            short = after and len(tex) < 36
            return (
                f'<span class="tight">{formula}{after}</span>'
                if short
                else formula + after
            )
        tags = book.TAG.findall(tex)
        name = f"Equation {', '.join(tags)}" if tags else "Formula"
        anchors = "".join(f'<span id="eq-{tag}"></span>' for tag in tags)
        # Wide formulas scroll in their box: the keyboard has to reach it.
        box = (
            f'<div class="equation" role="group" tabindex="0" aria-label="{name}">'
            f"{anchors}{formula}</div>"
        )
        marks = "".join(
            _mark(tag, confirmed[tag]) for tag in tags if confirmed.get(tag)
        )
        return (f'<div class="numbered">{box}{marks}</div>' if marks else box) + after

    with closing(Engine()) as engine:
        return _FORMULA.sub(replace, page)


def _mark(tag: str, confirmed: list[str]) -> str:
    """A tick for each thing that is confirmed of an equation; a link to its check."""
    words = f"equation {tag} checked: {', '.join(confirmed)}"
    ticks = (
        f'<span aria-hidden="true">{"<br>".join("✓" * len(confirmed))}</span>'
        f'<span class="unseen">{words}</span>'
    )
    title = f'title="Checked: {", ".join(confirmed)}"'
    if "line" not in confirmed:
        return f'<span class="checked" {title}>{ticks}</span>'
    return f'<a class="checked" href="#check-{tag}" {title}>{ticks}</a>'
