r"""The grammar of a chapter: its fences, its equations and who cites them.

The page build, the tests and ``renumber`` all read chapters through this module.

- A fence opens at column 0: three backticks, a language, ``key="value"`` attributes.
- An equation is display mathematics with a number: ``$$ … \tag{4.9} $$``.
- A comment on a line of its own, ``<!-- where … -->`` above a formula or
  ``<!-- numbers … -->`` above what holds numbers, says what they are in the code.
- Prose and mathematics cite it as ``\eqref{4.9}``, a line of code as ``# (4.9)`` at its
  end, a docstring as ``equation (4.9)``.
"""

from __future__ import annotations

import doctest
import functools
import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
LIBRARY = "In the library"
SOURCE = ROOT / "src" / "chainrule"

TAG = re.compile(r"\\tag\{(\d+\.\d+)\}")
EQREF = re.compile(r"\\eqref\{(\d+\.\d+)\}")
CODE_CITATION = re.compile(r"# \((\d+\.\d+)\)$", re.MULTILINE)
DOCSTRING_CITATION = re.compile(r"\bequation \((\d+\.\d+)\)")

# What binds the letters of the formula, or the numbers of the line, that follows it.
COMMENT = re.compile(r"^<!-- (where|numbers) ((?:(?!-->).)*?) -->\n", re.MULTILINE)

# What a check of a derivative calls: a numerical one, or the error against it.
NUMERICAL = re.compile(r"\b(?:numerical_gradient|gradient_error|errors_of)\(")

_DOCTESTS = doctest.DocTestParser()
_FENCE = re.compile(
    r"^(?P<ticks>`{3,})(?P<language>\w+)?(?P<attributes>[^\n`]*)\n"
    r"(?P<code>.*?)"
    r"^(?P=ticks)[ \t]*$",
    re.MULTILINE | re.DOTALL,
)
_ATTRIBUTE = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_WRONG = re.compile(r"\b\w+_wrong\b")
_DERIVATIVE = re.compile(r"\\partial|\\[dt]?frac\{d|\\mathrm\{d\}|\bd[A-Z]")
_DISPLAY = re.compile(r"\$\$(.+?)\$\$", re.DOTALL)


@dataclass(frozen=True)
class Fence:
    """A fenced block: ``line`` is the one that opens it, counted from 1."""

    language: str
    attributes: dict[str, str]
    code: str
    line: int

    @property
    def end(self) -> int:
        """The line that closes it."""
        return self.line + self.code.count("\n") + 1


@dataclass(frozen=True)
class Equation:
    r"""A numbered display formula; ``tex`` is without its ``\tag``."""

    tag: str
    tex: str
    line: int

    @property
    def number(self) -> tuple[int, int]:
        """Chapter and number as integers, so that 10.2 comes after 9.9."""
        chapter, number = self.tag.split(".")
        return int(chapter), int(number)

    @property
    def states_derivative(self) -> bool:
        r"""Whether it has a derivative: ``\partial``, ``\frac{d``, ``\mathrm{d}W`` or ``dW``."""
        return _DERIVATIVE.search(self.tex) is not None


@dataclass(frozen=True)
class Citation:
    """A line of code that ends in ``# (4.9)``; ``code`` is without that comment."""

    tag: str
    language: str
    code: str
    line: int


@dataclass(frozen=True)
class Check:
    """A doctest, the ``code`` without prompts; ``line`` opens its fence."""

    code: str
    line: int


def chapters() -> list[Path]:
    """The chapters' files, in the order of their numbers."""
    return sorted(DOCS.glob("ch[0-9][0-9]_*.md"))


def fences(text: str) -> list[Fence]:
    """Every fence of ``text`` that opens at column 0, in order."""
    return [*_fences(text)]


@functools.lru_cache(maxsize=32)
def _fences(text: str) -> tuple[Fence, ...]:
    return tuple(
        Fence(
            language=match["language"] or "",
            attributes=dict(_ATTRIBUTE.findall(match["attributes"])),
            code=match["code"],
            line=text.count("\n", 0, match.start()) + 1,
        )
        for match in _FENCE.finditer(text)
    )


def without_fences(text: str) -> str:
    """``text`` with every fence blanked, line numbers kept."""
    return _FENCE.sub(lambda match: "\n" * match[0].count("\n"), text)


def equations(text: str) -> list[Equation]:
    """Every numbered equation of ``text``, in the order in which they stand."""
    prose = without_fences(text)
    found = []
    for display in _DISPLAY.finditer(prose):
        for tag in TAG.finditer(display[1]):
            line = prose.count("\n", 0, display.start(1) + tag.start()) + 1
            found.append(Equation(tag[1], TAG.sub("", display[1]).strip(), line))
    return found


def own_cells(text: str) -> list[Fence]:
    """The ``python`` fences before the section on the library: they stand alone."""
    prose = without_fences(text)
    heading = re.search(rf"^##+ {LIBRARY}\b", prose, re.MULTILINE)
    end = prose[: heading.start() if heading else None].count("\n")
    return [
        each for each in fences(text) if each.language == "python" and each.line <= end
    ]


def uncopied(text: str) -> list[Fence]:
    """The fences of wrong code that no other cell uses: they offer no copy button."""
    cells = [each for each in fences(text) if each.language == "python"]
    right = "\n".join(each.code for each in cells if "wrong" not in each.attributes)
    used = set(_WRONG.findall(right))
    return [
        each
        for each in cells
        if "wrong" in each.attributes and used.isdisjoint(_WRONG.findall(each.code))
    ]


def examples(fence: Fence) -> list[doctest.Example]:
    """The checks in a ``pycon`` fence."""
    return _DOCTESTS.get_examples(fence.code)


def checks(text: str) -> dict[str, list[Check]]:
    """For each equation of ``text`` that its checks cite: those that do, in order."""
    own = {each.tag for each in equations(text)}
    found: dict[str, list[Check]] = {}
    for fence in fences(text):
        if fence.language != "pycon":
            continue
        for example in examples(fence):
            for tag in CODE_CITATION.findall(example.source):
                if tag in own:
                    check = Check(example.source, fence.line)
                    found.setdefault(tag, []).append(check)
    return found


def first_checks(text: str) -> dict[str, Check]:
    """For each equation of ``text`` that one of its checks cites: the first that does."""
    return {tag: found[0] for tag, found in checks(text).items()}


def confirmed(text: str) -> dict[str, list[str]]:
    """What the tests confirm of each equation of a chapter.

    Its *formula* is evaluated, its *line* of code is part of a check, its *derivative* is
    compared with a numerical one.
    """
    citing = checks(text)
    found = {}
    for each in equations(text):
        own = citing.get(each.tag, [])
        numerical = any(NUMERICAL.search(check.code) for check in own)
        said = {
            "formula": True,
            "line": bool(own),
            "derivative": each.states_derivative and numerical,
        }
        found[each.tag] = [word for word, holds in said.items() if holds]
    return found


def citations(text: str) -> list[Citation]:
    """Every citation of an equation by a line of code in a fence of ``text``."""
    return [
        Citation(
            tag=match[1],
            language=fence.language,
            code=line[: match.start()].strip(),
            line=fence.line + offset,
        )
        for fence in fences(text)
        for offset, line in enumerate(fence.code.splitlines(), start=1)
        if (match := CODE_CITATION.search(line))
    ]
