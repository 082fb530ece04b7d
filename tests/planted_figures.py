"""Planted mistakes in figures: wrong versions of a cell that draws, and what they draw.

A chapter runs once; before each cell that draws, its names are kept. So a wrong version
of the cell can be run alone, and what it draws be compared with the record.
"""

import ast
import contextlib
import copy
import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from mutants import Mutant
from pages import cells

from press import book, drawn

LOOK = book.ROOT / "press" / "matplotlibrc"
KINDS = {
    "scale",
    "sign",
    "name",
    "index",
    "number",
    "text",
    "style",
    "order",
    "keyword",
}
# What is drawn later hides what was drawn before in the same layer.
LAYERS = {
    name: layer
    for layer, names in {
        "image": "imshow",
        "patch": "axvspan barh contour contourf plot_surface scatter",
        "line": "axhline axvline loglog plot semilogy step",
        "text": "annotate text",
    }.items()
    for name in names.split()
}
# Keywords without which the same is to be seen: Matplotlib's own choice is the same, or
# they only decide how a file is written.
INVISIBLE = {"antialiased", "rasterized", "strict", "layout"}
type Change = Callable[[Any], None]
_FORMAT = re.compile(r"(C\d)?(--|-\.|-|:)?([.ox+^*sD])?(--|-\.|-|:)?")
_OTHER = {"--": ":", "-.": "--", "-": "--", ":": "-"}


@dataclass(frozen=True)
class Plot:
    """A cell that draws, the names that it finds, and the record of its figure."""

    page: Path
    fence: book.Fence
    names: dict[str, Any]
    record: drawn.Record

    def difference(self, code: str) -> str:
        """Where what ``code`` draws differs from the record; empty if nowhere."""
        loose = self.fence.attributes.get("loose")
        with self._drawn(code) as figure:
            return drawn.compare(self.record, figure, loose)

    def looks_the_same(self, code: str) -> bool:
        """Whether ``code`` draws what the cell draws, pixel by pixel: no mistake then."""
        images = []
        for each in (self.fence.code, code):
            with self._drawn(each) as figure:
                images.append(np.array(figure.canvas.buffer_rgba()))
        return np.array_equal(*images)

    @contextlib.contextmanager
    def _drawn(self, code: str) -> Iterator[Figure]:
        with _undisturbed():
            exec(code, dict(self.names))  # noqa: S102
            figure = plt.gcf()
            figure.canvas.draw()
            yield figure

    def mutants(self) -> Iterator[Mutant]:
        """Every single mistake in the cell that this module knows, each program once."""
        tree = ast.parse(self.fence.code)
        right = ast.unparse(tree)
        seen = {right}
        unseen = {
            each.value
            for each in ast.walk(tree)
            if isinstance(each, ast.keyword) and each.arg in INVISIBLE
        }
        for index, node in enumerate(ast.walk(tree)):
            if node in unseen:
                continue
            for kind, change in self._changes(node):
                wrong = copy.deepcopy(tree)
                change(next(itertools.islice(ast.walk(wrong), index, None)))
                code = ast.unparse(wrong)
                if code not in seen:
                    seen.add(code)
                    yield Mutant(kind, code, *_changed_lines(right, code))

    def _changes(self, node: ast.AST) -> Iterator[tuple[str, Change]]:
        match node:
            case ast.Call():
                yield from _changes_of_call(node)
            case ast.Name(name, ast.Load()):
                for other in sorted(self._alike(name)):
                    yield "name", lambda each, other=other: setattr(each, "id", other)
            case ast.Subscript(_, ast.Constant(int(index))):
                yield "index", lambda each: setattr(each.slice, "value", index + 1)
            case ast.Constant(bool()):
                yield "keyword", lambda each: setattr(each, "value", not each.value)
            case ast.Constant(int() | float() as number):
                other = number + 1 if isinstance(number, int) else 1.2 * number or 0.1
                yield "number", lambda each: setattr(each, "value", other)
            case ast.Constant(str(text)) if text:
                wrong = _restyled(text)
                kind = "style" if wrong else "text"
                for other in wrong or [text[::-1] if len(text) > 1 else text + "′"]:
                    yield kind, lambda each, other=other: setattr(each, "value", other)
            case ast.List(parts) | ast.Tuple(parts) if len(parts) > 1:
                yield "order", lambda each: each.elts.reverse()
            case ast.Module(body) | ast.For(body=body):
                for at, pair in enumerate(itertools.pairwise(body)):
                    if set.intersection(*map(_layers, pair)):
                        yield "order", partial(_exchange, at=at)

    def _alike(self, name: str) -> set[str]:
        """Other names that stand for something of the same kind, with other numbers."""
        value = self.names.get(name)
        if not isinstance(value, np.ndarray | float):
            return set()
        return {
            other
            for other, each in self.names.items()
            if type(each) is type(value)
            and np.shape(each) == np.shape(value)
            and not np.array_equal(each, value)
        }


def _changes_of_call(node: ast.Call) -> Iterator[tuple[str, Change]]:
    if isinstance(node.func, ast.Attribute) and node.func.attr in LAYERS:
        for at, argument in enumerate(node.args):
            constant = argument.value if isinstance(argument, ast.Constant) else None
            if not isinstance(constant, str):
                yield "sign", partial(_wrap, at=at, pattern="-np.asarray({})")
                yield "scale", partial(_wrap, at=at, pattern="1.1 * np.asarray({})")
    for at, keyword in enumerate(node.keywords):
        if keyword.arg and keyword.arg not in INVISIBLE:
            yield "keyword", lambda call, at=at: call.keywords.pop(at)


def _wrap(call: ast.Call, at: int, pattern: str) -> None:
    argument = call.args[at]
    value = argument.value if isinstance(argument, ast.Starred) else argument
    wrong = ast.parse(pattern.format(ast.unparse(value)), mode="eval").body
    starred = isinstance(argument, ast.Starred)
    call.args[at] = ast.Starred(wrong, ast.Load()) if starred else wrong


def _exchange(block: ast.Module | ast.For, at: int) -> None:
    block.body[at : at + 2] = reversed(block.body[at : at + 2])


def _layers(statement: ast.stmt) -> set[tuple[str, str]]:
    """The axes on which ``statement`` draws and the layer there: which hides which."""
    return {
        (ast.unparse(node.value), LAYERS[node.attr])
        for node in ast.walk(statement)
        if isinstance(node, ast.Attribute) and node.attr in LAYERS
    }


def _changed_lines(right: str, wrong: str) -> tuple[str, str]:
    """The lines of each that are not in the other's place."""
    before, after = right.split("\n"), wrong.split("\n")
    while before[0:1] == after[0:1]:
        del before[0], after[0]
    while before[-1:] == after[-1:]:
        del before[-1], after[-1]
    return tuple("\n".join(map(str.strip, each)) for each in (before, after))


def _restyled(text: str) -> list[str]:
    """``text`` with another colour, line style or marker, if it is a format."""
    match = _FORMAT.fullmatch(text)
    if not match:
        return []
    colour, before, marker, after = (each or "" for each in match.groups())
    found = []
    if colour:
        found.append(f"C{(int(colour[1]) + 1) % 6}{before}{marker}{after}")
    if before:
        found.append(f"{colour}{_OTHER[before]}{marker}{after}")
    if marker:
        found.append(f"{colour}{before}{'s' if marker != 's' else 'D'}{after}")
    if after:
        found.append(f"{colour}{before}{marker}{_OTHER[after]}")
    return found


def plots(page: Path) -> list[Plot]:
    """The cells of ``page`` that draw; runs the page once."""
    names: dict[str, Any] = {"__name__": "__main__"}
    records = iter(drawn.load(page))
    found = []
    for cell in cells(page):
        if "plt.show()" in cell.code:
            found.append(Plot(page, cell, dict(names), next(records)))
        with _undisturbed():
            exec(compile(cell.code, page.name, "exec"), names)  # noqa: S102
    return found


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Figures in the look of the book, which stay open until all is seen."""
    with mpl.rc_context(fname=LOOK), mock.patch.object(plt, "show"):
        try:
            yield
        finally:
            plt.close("all")
