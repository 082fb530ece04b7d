"""Every example that the reader sees is run by Sybil, as part of the test suite.

A ``python`` fence, whatever its attributes, is a cell: it must run without a warning and
show nothing but figures. A ``pycon`` fence is a doctest: each result must be printed
exactly as the page says. The end of a section is an example too: the numbers in its text
must be what its code and its comments say. A figure must show what its record says;
``make figures`` renews the records, ``tests/figures/``. The examples of a page share one
namespace and run in the order in which they stand.
"""

import ast
import contextlib
import doctest
import io
import itertools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# Before NumPy is imported: as many threads as cores in each of several processes would
# wait for one another.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import matplotlib as mpl
import numpy as np
import pytest
from sybil import Document, Example, Region, Sybil
from sybil.evaluators.doctest import DocTestEvaluator
from sybil.parsers.abstract.doctest import DocTestStringParser

from press import book, drawn, formulas, number

# Before pyplot is imported: a machine with a display would open windows.
mpl.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

DOCTESTS = DocTestStringParser(DocTestEvaluator(doctest.DONT_ACCEPT_TRUE_FOR_1))
LOOK = book.ROOT / "press" / "matplotlibrc"
PRINT_OPTIONS = np.get_printoptions()
# One builds the site while the chapters run beside it, the other builds many small ones.
FIRST = {"test_visits.py", "test_press.py"}


SHOWN: list[Figure] = []


def show() -> None:
    """What ``plt.show`` is here: draw every figure, keep it for a look, and close it."""
    for each in plt.get_fignums():
        figure = plt.figure(each)
        figure.canvas.draw()
        SHOWN.append(figure)
    plt.close("all")


plt.show = show  # type: ignore[assignment]


def run_cell(example: Example) -> str | None:
    """Run a ``python`` fence; return a complaint if it shows more than figures."""
    __tracebackhide__ = True
    fence: book.Fence = example.parsed
    tree = ast.parse(fence.code, example.path)
    ast.increment_lineno(tree, example.line)
    last = (
        tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    )
    value = None
    printed = io.StringIO()
    SHOWN.clear()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        exec(compile(tree, example.path, "exec"), example.namespace)  # noqa: S102
        if isinstance(last, ast.Expr):
            code = compile(ast.Expression(last.value), example.path, "eval")
            value = eval(code, example.namespace)  # noqa: S307
    if value is not None:
        return f"The cell would show {value!r}. A result belongs in a pycon check."
    if printed.getvalue():
        return f"The cell prints {printed.getvalue()!r}. It belongs in a pycon check."
    if plt.get_fignums():
        return "The cell leaves a figure open. End it with plt.show()."
    if SHOWN:
        page, renew = Path(example.path), "RENEW_FIGURES" in os.environ
        return drawn.complaint(page, fence.line, SHOWN[-1], renew=renew)
    return None


def run_numbers(example: Example) -> str | None:
    """Evaluate what binds the numbers of a section, which ends here."""
    __tracebackhide__ = True
    page = Path(example.path).relative_to(book.ROOT)
    return number.check(example.parsed, example.namespace, str(page))


def run_formulas(example: Example) -> str | None:
    """Evaluate the formulas that the cell or check which ends here may confirm."""
    __tracebackhide__ = True
    page = Path(example.path).relative_to(book.ROOT)
    moment: formulas.Moment = example.parsed
    waiting = [each for each in moment.displays if not each.done]
    found = [each.check(example.namespace, moment) for each in waiting]
    return "\n".join(f"{page}:{each}" for each in found if each) or None


def examples(document: Document) -> Iterator[Region]:
    """One for each ``python`` fence, each prompt in a ``pycon`` fence, each section."""
    starts = [0]
    for line in document.text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    chapter = Path(document.path)
    if chapter in book.chapters():
        blocks = number.blocks(document.text)
        for end, found in itertools.groupby(blocks, lambda block: block.end):
            at = min(starts[end - 1], len(document.text))
            yield Region(at, at, [*found], run_numbers)
        for moment in formulas.moments(document.text):
            at = starts[moment.fence.end]
            yield Region(at, at, moment, run_formulas)
    for fence in book.fences(document.text):
        start, code = starts[fence.line - 1], starts[fence.line]
        if fence.language == "python":
            yield Region(start, code + len(fence.code), fence, run_cell)
        elif fence.language == "pycon":
            for region in DOCTESTS(fence.code, document.path):
                region.start += code
                region.end += code
                yield region


def start_page(namespace: dict[str, Any]) -> None:
    namespace["__name__"] = "__main__"
    mpl.rc_file(LOOK)


def end_page(_: dict[str, Any]) -> None:
    """Undo what a page may have set for the whole process."""
    plt.close("all")
    mpl.rcdefaults()
    np.set_printoptions(**PRINT_OPTIONS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """First the files that take longest, so that no worker is left alone with one."""
    items.sort(key=lambda item: item.path.name not in FIRST)


pytest_collect_file = Sybil(
    parsers=[examples], patterns=["*.md"], setup=start_page, teardown=end_page
).pytest()
