"""The index of derivations: every numbered equation, its lines of code and its check."""

from __future__ import annotations

import ast
import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from markdown.extensions.toc import slugify  # type: ignore[import-untyped]

from press import book

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PAGE = "derivations.md"

_HEADING = re.compile(r"^(#{1,4}) (.+)$", re.MULTILINE)
_HEAD = """---
title: Derivations
description: Every numbered equation of the book, with its lines of code and its check.
search:
  exclude: true
---

# Derivations

Every numbered equation of the book in order, with the lines of code that are written from it and the check that confirms it.

**{equations} equations: of {formula} the formula as it is printed is evaluated, of {line} the line of code is part of a check, and {derivative} state a derivative, which is compared with a numerical one.**
"""


@dataclass(frozen=True)
class _Line:
    """A line of the library that cites an equation, and the function it stands in."""

    code: str
    module: str
    function: str


def page(chapters: Mapping[str, str]) -> str:
    """The page's Markdown, made from the text of the ``chapters`` by their names."""
    library = _library()
    parts, counts = [], Counter[str]()
    for name, text in chapters.items():
        found = book.equations(text)
        if not found:
            continue
        headings = list(_headings(text))
        parts.append(f"## {headings[0][2]}\n")
        confirmed, checks = book.confirmed(text), book.first_checks(text)
        for equation in found:
            counts.update(["equations", *confirmed[equation.tag]])
            section = max(
                (each for each in headings if each[0] < equation.line), default=None
            )
            lines = _lines(equation, text, library)
            words, check = confirmed[equation.tag], checks.get(equation.tag)
            if words:
                where = f" ([where]({name}#check-{equation.tag}))"
                by = f", by `{_one_line(check.code)}`{where}" if check else ""
                lines.append(f"- checked: {', '.join(words)}{by}")
            heading = f"\\eqref{{{equation.tag}}}"
            if section:
                heading += f" · [{section[2]}]({name}#{section[1]})"
            formula = ["", "$$", equation.tex, "$$", ""]
            parts.append("\n".join([heading, *formula, *lines]) + "\n")
    return "\n".join([_HEAD.format_map(counts), *parts])


def _one_line(source: str) -> str:
    """The first line of the statement as Python writes it, but with 1e-6 for 1e-06."""
    first, *more = ast.unparse(ast.parse(source)).splitlines()
    first = re.sub(r"(?<=\de-)0", "", first)
    return f"{first} …" if more else first


def _lines(
    equation: book.Equation, text: str, library: Mapping[str, list[_Line]]
) -> list[str]:
    """The lines of code of an equation, each once, with its places in the library."""
    places: dict[str, list[str]] = defaultdict(list)
    for each in book.citations(text):
        if each.tag == equation.tag and each.language == "python":
            places[each.code] += []
    for line in library.get(equation.tag, []):
        address = f"api.md#chainrule.{line.module}.{line.function}"
        places[line.code].append(f"[`{line.module}.{line.function}`]({address})")
    return [
        f"- `{code}`" + (f" in {', '.join(dict.fromkeys(where))}" if where else "")
        for code, where in places.items()
    ]


def _headings(text: str) -> Iterable[tuple[int, str, str]]:
    """Line, anchor and title of every heading."""
    prose = book.without_fences(text)
    for match in _HEADING.finditer(prose):
        line = prose.count("\n", 0, match.start()) + 1
        yield line, slugify(match[2], "-"), match[2]


def _library() -> dict[str, list[_Line]]:
    """The lines of the library that cite each equation."""
    found: dict[str, list[_Line]] = defaultdict(list)
    for path in sorted(book.SOURCE.glob("[!_]*.py")):
        code = path.read_text("utf-8")
        functions = [
            node
            for node in ast.parse(code).body
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
        ]
        for number, line in enumerate(code.splitlines(), start=1):
            if not (match := book.CODE_CITATION.search(line)):
                continue
            for function in functions:
                if function.lineno <= number <= (function.end_lineno or 0):
                    code_of_line = line[: match.start()].strip()
                    found[match[1]].append(
                        _Line(code_of_line, path.stem, function.name)
                    )
    return found
