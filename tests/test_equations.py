"""One number for one equation, and beside each line of code the number of its own."""

import io
import re
import tokenize
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from pages import CHAPTERS, PAGES, identify, place, read

from press import book

SOURCES = sorted(book.SOURCE.rglob("*.py"))
# What computes number by number, or on arrays of any shape.
ANY_SHAPE = {"_engine", "autodiff", "ch10_autodiff"}
NUMBER = re.compile(r"\((\d+\.\d+)\)")

each_page = pytest.mark.parametrize("page", PAGES, ids=identify)
each_chapter = pytest.mark.parametrize("page", CHAPTERS, ids=identify)
each_source = pytest.mark.parametrize("source", SOURCES, ids=identify)


def chapter_number(page: Path) -> int:
    return int(page.name[2:4])


def written(source: Path) -> Iterator[tuple[str, int]]:
    """Each comment and string of a source file with its first line."""
    tokens = tokenize.generate_tokens(io.StringIO(read(source)).readline)
    for token in tokens:
        if token.type in {tokenize.COMMENT, tokenize.STRING}:
            yield token.string, token.start[0]


def cited(path: Path) -> Iterator[tuple[str, str]]:
    """Each number that a page or a source file cites, with the place."""
    if path.suffix == ".py":
        for text, line in written(path):
            for match in NUMBER.finditer(text):
                at = line + text.count("\n", 0, match.start())
                yield match[1], place(path, at)
        return
    for pattern in (book.EQREF, book.DOCSTRING_CITATION):
        for match in pattern.finditer(read(path)):
            yield match[1], place(path, read(path).count("\n", 0, match.start()) + 1)
    for citation in book.citations(read(path)):
        yield citation.tag, place(path, citation.line)


@pytest.fixture(scope="module")
def equations() -> dict[str, str]:
    """Every number of the book with the place of its equation."""
    return {
        each.tag: place(page, each.line)
        for page in CHAPTERS
        for each in book.equations(read(page))
    }


def test_there_is_something_to_test(equations: dict[str, str]) -> None:
    assert equations
    assert SOURCES


@each_page
def test_every_tag_is_in_a_display_formula_of_a_chapter(page: Path) -> None:
    prose = book.without_fences(read(page))
    known = [each.line for each in book.equations(read(page))] * (page in CHAPTERS)
    for match in re.finditer(r"\\tag\b", prose):
        line = prose.count("\n", 0, match.start()) + 1
        assert line in known, (
            f"{place(page, line)}: a tag reads \\tag{{chapter.number}} and stands "
            "between $$ and $$ in a chapter"
        )


def test_numbers_are_unique_and_in_order() -> None:
    found = [
        (each.number, place(page, each.line))
        for page in CHAPTERS
        for each in book.equations(read(page))
    ]
    for (one, here), (other, there) in pairwise(found):
        assert one < other, (
            f"{there}: {other[0]}.{other[1]} comes after {one[0]}.{one[1]} ({here}); "
            f"run make renumber CHAPTER={other[0]}"
        )


@each_chapter
def test_numbers_are_consecutive(page: Path) -> None:
    for due, each in enumerate(book.equations(read(page)), start=1):
        assert each.number == (chapter_number(page), due), (
            f"{place(page, each.line)}: {each.tag}, due is {chapter_number(page)}.{due}; "
            f"run make renumber CHAPTER={chapter_number(page)}"
        )


@pytest.mark.parametrize("path", PAGES + SOURCES, ids=identify)
def test_every_cited_number_exists(path: Path, equations: dict[str, str]) -> None:
    for tag, here in cited(path):
        assert tag in equations, f"{here}: there is no equation ({tag})"


@each_chapter
def test_a_reason_stands_before_what_it_is_for(page: Path) -> None:
    """Of the equations that a display gives as reasons; that they are the right ones, no."""
    prose = book.without_fences(read(page))
    last = chapter_number(page), 0
    for display in re.finditer(r"^\$\$$.+?^\$\$$", prose, re.MULTILINE | re.DOTALL):
        here = place(page, prose.count("\n", 0, display.start()) + 1)
        for cited in book.EQREF.findall(display[0]):
            chapter, number = map(int, cited.split("."))
            assert (chapter, number) <= last, (
                f"{here}: \\eqref{{{cited}}} is no reason yet; it stands further down"
            )
        for tag in book.TAG.findall(display[0]):
            last = last[0], int(tag.split(".")[1])


@each_page
def test_citations_are_written_as_such(page: Path, equations: dict[str, str]) -> None:
    prose = book.without_fences(read(page))
    for match in NUMBER.finditer(prose):
        line = prose.count("\n", 0, match.start()) + 1
        assert match[1] not in equations, (
            f"{place(page, line)}: cite as \\eqref{{{match[1]}}}, which becomes a link"
        )
    for match in re.finditer(r"\\eqref(?!\{\d+\.\d+\})", prose):
        line = prose.count("\n", 0, match.start()) + 1
        pytest.fail(f"{place(page, line)}: \\eqref takes one number, as \\eqref{{4.9}}")
    for fence in book.fences(read(page)):
        for number, text in enumerate(fence.code.split("\n"), start=fence.line + 1):
            if fence.language in {"python", "pycon"} and "#" in text:
                assert_comment_cites_well(text, place(page, number))


@each_source
def test_comments_cite_well(source: Path) -> None:
    for text, line in written(source):
        if text.startswith("#"):
            assert_comment_cites_well(text, place(source, line))


def assert_comment_cites_well(line: str, here: str) -> None:
    comment = line[line.rindex("#") :]
    if NUMBER.search(comment):
        assert book.CODE_CITATION.fullmatch(comment), (
            f"{here}: a line of code cites one equation, at its end, as in '# (4.9)'"
        )


@each_chapter
def test_every_equation_is_computed(page: Path) -> None:
    by_code = {each.tag for each in book.citations(read(page))}
    for each in book.equations(read(page)):
        assert each.tag in by_code, (
            f"{place(page, each.line)}: no line of this chapter ends in '# ({each.tag})'"
        )


def unchecked(page: Path) -> Iterator[str]:
    """What is missing for each equation without its check."""
    checks = book.checks(read(page))
    for each in book.equations(read(page)):
        here = place(page, each.line)
        citing = checks.get(each.tag, [])
        if not citing:
            yield f"{here}: no check of this chapter ends in '# ({each.tag})'"
        elif each.states_derivative and not any(
            book.NUMERICAL.search(check.code) for check in citing
        ):
            yield (
                f"{here}: ({each.tag}) has a derivative, and no check that ends in "
                f"'# ({each.tag})' compares it with a numerical one"
            )


@each_chapter
def test_every_equation_is_checked(page: Path) -> None:
    missing = list(unchecked(page))
    assert not missing, "\n".join(missing)


@pytest.mark.parametrize(
    ("tex", "expected"),
    [
        (r"\frac{\partial J}{\partial w} = x", True),
        (r"\tfrac{dJ}{ds} \ge 0", True),
        (r"p \leftarrow p - \eta\, \mathrm{d}p", True),
        ("dW = X^\\top dZ", True),
        (r"J = \frac{1}{N} \sum_{d} W_d X_{nd}", False),
    ],
)
def test_derivatives_are_recognised(tex: str, expected: bool) -> None:  # noqa: FBT001
    assert book.Equation("1.1", tex, 1).states_derivative is expected


def lines_by_number(path: Path) -> Iterator[tuple[str, str, str]]:
    """Number, text and place of each line that runs and cites an equation."""
    if path.suffix == ".md":
        for each in book.citations(read(path)):
            if each.language == "python":
                yield each.tag, each.code, place(path, each.line)
        return
    for number, line in enumerate(read(path).split("\n"), start=1):
        if match := book.CODE_CITATION.search(line):
            yield match[1], line[: match.start()].strip(), place(path, number)


def same_line(one: str, other: str) -> bool:
    """Whether two lines read the same; one may return what the other gives a name."""
    if one.startswith("return ") != other.startswith("return "):
        one, other = (re.sub(r"^(return|\w+ =) ", "", each) for each in (one, other))
    return one == other


def test_a_number_is_one_line_of_code_everywhere() -> None:
    """Chapter and library say the same thing in the same words."""
    home: dict[str, tuple[str, str]] = {}
    for page in CHAPTERS:
        for tag, code, here in lines_by_number(page):
            if tag.startswith(f"{chapter_number(page)}."):
                home.setdefault(tag, (code, here))
    for path in PAGES + SOURCES:
        own = {each.tag for each in book.equations(read(path))} & home.keys()
        for tag, code, here in lines_by_number(path):
            assert tag in home, f"{here}: no python cell of its chapter cites ({tag})"
            if path.stem in ANY_SHAPE and tag not in own:
                continue
            assert same_line(code, home[tag][0]), (
                f"{here}: the line for ({tag}) is\n    {code}\n"
                f"but at {home[tag][1]}\n    {home[tag][0]}"
            )


def test_lines_of_the_library_cite_equations() -> None:
    """Nothing above passes because a citation was not recognised."""
    found = [tag for source in SOURCES for tag, _, _ in lines_by_number(source)]
    assert found
    comments = [
        text
        for source in SOURCES
        for text, _ in written(source)
        if text.startswith("#") and NUMBER.search(text)
    ]
    assert len(found) == len(comments)
