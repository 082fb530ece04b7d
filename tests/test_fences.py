"""Every fence that looks like Python is run, and chapters keep the house rules.

CommonMark, through markdown-it-py, is the outside witness: it, and not the grammar of
this book, says which fences a page has.
"""

import ast
import inspect
import itertools
import re
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FunctionType
from typing import Any

import jupytext  # type: ignore[import-untyped]
import numpy as np
import pytest
from markdown_it import MarkdownIt
from mkdocs.config import load_config
from pages import (
    CHAPTERS,
    PAGES,
    bound_names,
    cells,
    changed_names,
    checks,
    function_globals,
    identify,
    needed_names,
    own_cells,
    place,
    prompts,
    read,
    sections,
    used_names,
)

from chainrule import functions, gradcheck, optim
from press import book
from press.formulas import moments
from press.number import blocks

each_page = pytest.mark.parametrize("page", PAGES, ids=identify)
each_chapter = pytest.mark.parametrize("page", CHAPTERS, ids=identify)

ATTRIBUTES = {"fold", "caption", "cover", "alt", "live", "loose", "wrong"}
OPENING = re.compile(
    r'`{3,}(?:python(?P<attributes>(?: \w+="(?:[^"\\`]|\\.)*")*)|pycon|console|text|torch|jax)'
)
FRONT_MATTER = """\
---
jupyter:
  jupytext: {text_representation: {extension: .md, format_name: markdown}}
  kernelspec: {display_name: Python 3, language: python, name: python3}
---
"""
RHYTHM = [
    "The problem",
    "Forward",
    "Backward",
    "Train",
    "What the network learned",
    book.LIBRARY,
    "What to remember",
    "Exercises",
    "Sources and corrections",
]
# Chapters 1, 8 and 9 have no network of their own.
SHORT_RHYTHM = [RHYTHM[0], *RHYTHM[6:]]
BANNED = re.compile(
    r"\b(?:simply|obviously|just|(?:it is|it's) easy to see|left as an exercise"
    r"|as in part)\b",
    re.IGNORECASE,
)


def witnessed(page: Path) -> list[tuple[int, str, str]]:
    """Line, opening and contents of every fence of ``page`` according to CommonMark."""
    lines = read(page).split("\n")
    found = []
    for token in MarkdownIt("commonmark").parse(read(page)):
        assert token.type != "code_block", (
            f"{place(page, token.map[0] + 1 if token.map else 1)}: indented code. "
            "No test would run it; use a fence at column 0."
        )
        if token.type != "fence":
            continue
        assert token.map
        first, end = token.map
        assert lines[end - 1].strip() == token.markup, (
            f"{place(page, first + 1)}: this fence has no closing {token.markup} "
            "on a line of its own."
        )
        found.append((first + 1, lines[first], token.content))
    return found


def test_there_is_something_to_test() -> None:
    assert CHAPTERS, "docs/ holds no chapter"
    assert all(page.parent == book.DOCS for page in PAGES[1:]), (
        "docs/ has no subfolders"
    )


@each_page
def test_fences_are_of_a_kind_that_is_known(page: Path) -> None:
    for line, opening, _ in witnessed(page):
        match = OPENING.fullmatch(opening)
        assert match, (
            f"{place(page, line)}: {opening!r} is not a fence of this book. It opens at "
            'column 0 with three backticks and python, python key="value" …, pycon, '
            "console, text, torch or jax."
        )
        for name in re.findall(r'(\w+)="', match["attributes"] or ""):
            assert name in ATTRIBUTES, (
                f"{place(page, line)}: attribute {name!r}; known are {ATTRIBUTES}"
            )


@each_page
def test_python_that_is_not_run_is_quoted(page: Path) -> None:
    run = {
        line
        for chapter in CHAPTERS
        for fence in cells(chapter) + checks(chapter)
        for line in fence.code.split("\n")
    }
    for fence in book.fences(read(page)):
        if fence.language in {"text", "console"} and is_python(fence.code):
            for number, line in enumerate(fence.code.split("\n"), start=fence.line + 1):
                assert line in run, (
                    f"{place(page, number)}: Python in a {fence.language} fence is not "
                    "run. Call it python or pycon, or quote lines of a chapter."
                )


def is_python(code: str) -> bool:
    """Whether ``code`` holds a prompt of Python, or statements that do something."""
    if ">>>" in code:
        return True
    try:
        nodes = ast.walk(ast.parse(code))
    except SyntaxError:
        return False
    doing = ast.Call, ast.Assign, ast.Import, ast.ImportFrom, ast.FunctionDef
    return any(isinstance(node, doing) for node in nodes)


@each_page
def test_the_grammar_sees_every_fence(page: Path) -> None:
    seen = [(each.line, each.code) for each in book.fences(read(page))]
    for line, _, code in witnessed(page):
        assert (line, code) in seen, (
            f"{place(page, line)}: CommonMark sees a fence here that book.fences does "
            "not, so nothing runs it."
        )
        seen.remove((line, code))
    assert not seen, (
        f"{place(page, seen[0][0])}: CommonMark sees no fence here. Is an HTML block "
        "open? Put a blank line before the fence."
    )


@pytest.fixture(scope="module")
def collected() -> dict[str, list[int]]:
    """The lines of the examples that pytest collects from each page."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "--ignore=tests"]
    run = subprocess.run(  # noqa: S603
        [*command, "--numprocesses=0"],
        cwd=book.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    found: dict[str, list[int]] = {}
    for page, line in re.findall(r"^(.+\.md)::line:(\d+),", run.stdout, re.MULTILINE):
        found.setdefault(page, []).append(int(line))
    assert found, run.stdout + run.stderr
    return found


@each_page
def test_every_example_is_collected(
    page: Path, collected: dict[str, list[int]]
) -> None:
    expected = []
    for line, opening, code in witnessed(page):
        language = re.sub(r"[^a-z].*", "", opening.strip("`~ \t{.").lower())
        if language == "pycon":
            expected += [
                line + offset
                for offset, each in enumerate(code.split("\n"), start=1)
                if each.startswith(">>>")
            ]
        elif language.startswith(("py", "ipy")):
            expected.append(line)
    if page in CHAPTERS:
        ends = {block.end for block in blocks(read(page))}
        last = len(read(page).split("\n"))
        ends = {min(end, last) for end in ends}
        after = [each.fence.end + 1 for each in moments(read(page))]
        expected = sorted([*expected, *ends, *after])
    found = collected.get(str(page.relative_to(book.ROOT)), [])
    missing = [place(page, line) for line in sorted({*expected} - {*found})]
    assert not missing, f"never run: {', '.join(missing)}"
    assert found == expected, (
        f"{page.name}: pytest runs the lines {found}, CommonMark has {expected}"
    )


@each_chapter
def test_chapters_are_executable(page: Path) -> None:
    text = read(page)
    assert text.startswith(FRONT_MATTER), (
        f"{place(page, 1)}: the front matter is not exactly\n{FRONT_MATTER}"
    )
    with warnings.catch_warnings():
        # It takes the words of a figure for Python strings, formulas included.
        warnings.simplefilter("ignore", SyntaxWarning)
        notebook = jupytext.reads(text, fmt="md")
    assert {each.cell_type for each in notebook.cells} == {"markdown", "code"}
    executed = [each for each in notebook.cells if each.cell_type == "code"]
    assert len(executed) == len(cells(page))
    for cell, fence in zip(executed, cells(page), strict=True):
        here = place(page, fence.line)
        assert cell.source == fence.code.rstrip("\n"), f"{here}: jupytext reads it else"
        assert cell.metadata.keys() == fence.attributes.keys(), (
            f"{here}: jupytext reads the attributes {[*cell.metadata]}"
        )
        assert not re.search(r"^\s*[%!]", cell.source, re.MULTILINE), (
            f"{here}: a magic or shell line does not run as a script"
        )


def test_the_build_executes_chapters() -> None:
    config = load_config(str(book.ROOT / "mkdocs.yml"))
    plugin = config.plugins["mkdocs-jupyter"].config
    for page in CHAPTERS:
        assert any(page.match(pattern) for pattern in plugin["include"]), page.name
    assert plugin["execute"] is False, "press/kernel.py does it"


@each_page
def test_checks_hide_nothing(page: Path) -> None:
    """Doctest passes over whatever is not a prompt followed by its result."""
    for check in checks(page):
        here = place(page, check.line)
        lines = check.code.split("\n")[:-1]
        assert lines, f"{here}: this check is empty"
        assert lines[0].startswith(">>> "), f"{here}: a check begins with >>>"
        assert "doctest:" not in check.code, f"{here}: no doctest options in a check"
        for number, (before, line) in enumerate(
            itertools.pairwise(lines), start=check.line + 2
        ):
            assert before.strip() or line.startswith(">>> "), (
                f"{place(page, number)}: doctest ignores what follows a blank line; "
                "go on with >>> or write <BLANKLINE>"
            )
        prompt = (">>>", "...")
        assert any(not line.startswith(prompt) for line in lines if line), (
            f"{here}: this check has no expected result"
        )
        for number, line in enumerate(lines, start=check.line + 1):
            assert not re.match(r">>>\s*(#|$)", line), (
                f"{place(page, number)}: doctest passes over a comment alone"
            )


@each_page
def test_cells_need_no_check(page: Path) -> None:
    """The build runs cells only: what a check does must not matter to them."""
    in_functions = set().union(*(function_globals(each.code) for each in cells(page)))
    of_cells = set().union(*(used_names(each.code) for each in cells(page)))
    bound_by_check: dict[str, str] = {}
    for fence in book.fences(read(page)):
        here = place(page, fence.line)
        if fence.language == "python":
            for name in sorted(needed_names(fence.code) & bound_by_check.keys()):
                pytest.fail(
                    f"{here}: {name} comes from a check, {bound_by_check[name]}"
                )
            for name in bound_names(fence.code):
                bound_by_check.pop(name, None)
        elif fence.language == "pycon":
            code = prompts(fence)
            bound = bound_names(code)
            bound_by_check.update(dict.fromkeys(bound, here))
            assert not bound & in_functions, (
                f"{here}: binds {sorted(bound & in_functions)}, which a function of a "
                "cell reads; choose another name"
            )
            changed = changed_names(code) & of_cells - bound
            assert not changed, f"{here}: this check changes {sorted(changed)} in place"
            drawn = {each for each in used_names(code) & of_cells if "rng" in each}
            assert not drawn, (
                f"{here}: this check draws from {sorted(drawn)}; in the build, cells "
                "after it would draw other numbers"
            )


@each_page
def test_cells_print_nothing(page: Path) -> None:
    for cell in cells(page):
        tree = ast.parse(cell.code)
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and node.id in {"print", "display"}:
                pytest.fail(
                    f"{place(page, cell.line + node.lineno)}: a cell prints nothing; "
                    "show the number in a pycon check"
                )
        assert not cell.code[:1].isspace(), f"{place(page, cell.line)}: begins indented"


@each_chapter
def test_a_chapter_needs_only_numpy_and_matplotlib(page: Path) -> None:
    allowed = {*sys.stdlib_module_names, "numpy", "matplotlib"}
    for cell in own_cells(page):
        for node in ast.walk(ast.parse(cell.code)):
            modules = []
            if isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                modules = [node.module or "."]
            for module in modules:
                assert module.partition(".")[0] in allowed, (
                    f"{place(page, cell.line)}: imports {module} before the section "
                    f"“{book.LIBRARY}”"
                )


@each_page
def test_figures_have_words(page: Path) -> None:
    for cell in cells(page):
        here = place(page, cell.line)
        words = {"caption", "alt"} & cell.attributes.keys()
        shows = "plt.show(" in cell.code
        assert shows == bool(words), f"{here}: caption and alt belong to plt.show()"
        if shows:
            assert words == {"caption", "alt"}, f"{here}: needs caption and alt"
            assert all(cell.attributes[each].strip() for each in words), here
            assert cell.code.endswith("\nplt.show()\n"), f"{here}: ends in plt.show()"
            assert cell.code.count("plt.show(") == 1, f"{here}: one figure for a cell"


@each_page
def test_wrong_code_is_named_so(page: Path) -> None:
    for cell in cells(page):
        if "wrong" in cell.attributes:
            names = {
                each for each in bound_names(cell.code) if not each.endswith("_wrong")
            }
            assert not names, (
                f"{place(page, cell.line)}: wrong code binds {sorted(names)}; its names "
                "end in _wrong"
            )


# Tools: what an earlier chapter derived and a later one defines again.


def definitions(page: Path, fold: str | None = None) -> Iterator[ast.FunctionDef]:
    for cell in own_cells(page):
        if fold is None or cell.attributes.get("fold") == fold:
            for node in ast.parse(cell.code).body:
                if isinstance(node, ast.FunctionDef):
                    yield ast.increment_lineno(node, cell.line)


def without_docstring(function: ast.FunctionDef) -> str:
    first = function.body[0]
    has_docstring = isinstance(first, ast.Expr) and isinstance(
        first.value, ast.Constant
    )
    body = function.body[1:] if has_docstring else function.body
    return ast.dump(function.args) + "".join(map(ast.dump, body))


def test_tools_read_the_same_everywhere() -> None:
    first: dict[str, tuple[str, str]] = {}
    for page in CHAPTERS:
        for tool in definitions(page, fold="Tools from earlier chapters"):
            here = place(page, tool.lineno)
            text, there = first.setdefault(tool.name, (without_docstring(tool), here))
            assert without_docstring(tool) == text, (
                f"{here}: {tool.name} does not read as at {there}"
            )


def functions_of(page: Path) -> dict[str, Any]:
    """The functions that a chapter defines, ready to be called."""
    namespace: dict[str, Any] = {}
    for cell in own_cells(page):
        body: list[ast.stmt] = [
            node
            for node in ast.parse(cell.code).body
            if isinstance(node, ast.Import | ast.ImportFrom | ast.FunctionDef)
        ]
        code = compile(ast.Module(body, []), place(page, cell.line), "exec")
        exec(code, namespace)  # noqa: S102
    return {k: v for k, v in namespace.items() if isinstance(v, FunctionType)}


def random_inputs(rng: np.random.Generator) -> dict[str, Any]:
    """A value for each name of an argument that the library's functions have."""
    params = (rng.normal(size=3), rng.normal(size=(2, 3)))
    return {
        "z": 3 * rng.normal(size=6),
        "t": rng.integers(2, size=6),
        "Z": 3 * rng.normal(size=(5, 3)),
        "T": np.eye(3)[rng.integers(3, size=5)],
        "a": rng.normal(size=4),
        "b": rng.normal(size=4),
        "f": power_sum,
        "params": params,
        "grads": (rng.normal(size=3), rng.normal(size=(2, 3))),
        "velocity": (rng.normal(size=3), rng.normal(size=(2, 3))),
        "mu": 0.7,
        "eta": 0.1,
        "rng": np.random.default_rng(1),
        "N": 20,
        "B": 6,
    }


def power_sum(params: tuple[Any, Any]) -> Any:
    return (params[0] ** 3).sum() * np.sin(params[1]).sum()


def agree(one: Any, other: Any) -> bool:
    if isinstance(one, tuple | list):
        return len(one) == len(other) and all(map(agree, one, other))
    return bool(np.allclose(one, other, rtol=1e-9, atol=1e-300))


@each_chapter
def test_tools_compute_what_the_library_does(page: Path) -> None:
    library: dict[str, Callable[..., Any]] = {
        name: function
        for module in (functions, gradcheck, optim)
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__ and not name.startswith("_")
    }
    tools = functions_of(page)
    for name in sorted(tools.keys() & library.keys()):
        mine, theirs = tools[name], library[name]
        inputs = random_inputs(np.random.default_rng(0))
        required = [
            each.name
            for each in inspect.signature(theirs).parameters.values()
            if each.default is each.empty
        ]
        if "params" in required and "params" not in inspect.signature(mine).parameters:
            # A chapter may differentiate by one array; the library takes a tuple.
            one = mine(lambda a: power_sum((a, a[::-1])), inputs["a"])
            other = theirs(lambda p: power_sum((p[0], p[0][::-1])), (inputs["a"],))[0]
        else:
            one = mine(*(inputs[each] for each in required))
            inputs = random_inputs(np.random.default_rng(0))
            other = theirs(*(inputs[each] for each in required))
        assert agree(one, other), (
            f"{page.name}: {name} does not compute what chainrule's {name} does"
        )
        if name in dir(functions):
            first = inputs[required[0]]
            inputs[required[0]] = first + 1e-20j * first[::-1]
            one = mine(*(inputs[each] for each in required)).imag
            other = theirs(*(inputs[each] for each in required)).imag
            assert agree(one, other), (
                f"{page.name}: {name} of complex numbers differs from chainrule's"
            )


# How a chapter reads.


@each_page
def test_a_heading_is_followed_by_text(page: Path) -> None:
    lines = book.without_fences(read(page)).split("\n")
    fenced = {each.line for each in book.fences(read(page))}
    for section in sections(page):
        following = (
            number
            for number in range(section.line + 1, len(lines) + 1)
            if lines[number - 1].strip() or number in fenced
        )
        number = next(following, None)
        assert number is not None, f"{place(page, section.line)}: nothing follows"
        assert not re.match(r"#{1,6} ", lines[number - 1]), (
            f"{place(page, number)}: a heading follows a heading directly"
        )


@each_chapter
def test_chapters_keep_the_rhythm(page: Path) -> None:
    titles = [each.title for each in sections(page) if each.level == 2]
    rhythm = (
        SHORT_RHYTHM
        if page.name[:4] in {"ch01", "ch08", "ch09", "ch10", "ch11"}
        else RHYTHM
    )
    titles = [re.sub(r"^What the \w+ learned$", RHYTHM[4], title) for title in titles]
    assert [title for title in titles if title in rhythm] == rhythm, (
        f"{page.name}: the sections are {titles}, due are {rhythm} in this order"
    )
    if rhythm is RHYTHM:
        assert titles == rhythm, f"{page.name}: {sorted({*titles} - {*rhythm})} is new"


@each_chapter
def test_every_exercise_has_a_folded_solution(page: Path) -> None:
    all_sections = sections(page)
    start = next(i for i, each in enumerate(all_sections) if each.title == "Exercises")
    exercises = list(
        itertools.takewhile(lambda each: each.level == 3, all_sections[start + 1 :])
    )
    assert 4 <= len(exercises) <= 6, (
        f"{place(page, all_sections[start].line)}: {len(exercises)} exercises; due are "
        "4 to 6, each under a heading of level 3"
    )
    for each in exercises:
        before, fold, solution = each.text.partition(
            '<details markdown="1"><summary>Solution</summary>\n\n'
        )
        here = place(page, each.line)
        assert fold, f"{here}: no folded solution (<details …><summary>Solution …)"
        assert before.strip(), f"{here}: no question before the solution"
        assert "\n\n</details>\n" in solution, f"{here}: the solution is not closed"


@each_page
def test_prose_keeps_the_house_style(page: Path) -> None:
    prose = book.without_fences(read(page))
    if page in CHAPTERS:
        for match in re.finditer(r"^[ \t]*(?:!!!|\?\?\?)", prose, re.MULTILINE):
            line = prose.count("\n", 0, match.end()) + 1
            pytest.fail(
                f"{place(page, line)}: the downloaded notebook shows this admonition "
                'raw; use <details markdown="1">'
            )
    # Others may be quoted.
    prose = re.sub(r'"[^"\n]*"', '""', prose)
    words = [(prose, 1)] + [
        (text, cell.line) for cell in cells(page) for text in cell.attributes.values()
    ]
    for text, start in words:
        for match in BANNED.finditer(text):
            line = start + text.count("\n", 0, match.start())
            pytest.fail(
                f"{place(page, line)}: “{match[0]}” stands in for a reason; give the "
                "reason or leave the word out"
            )


@pytest.mark.parametrize(
    ("code", "needed", "bound"),
    [
        ("y = x + 1", {"x"}, {"y"}),
        ("x = 1\ny = x", set(), {"x", "y"}),
        ("x += 1", {"x"}, {"x"}),
        ("a = [z for z in x]", {"x"}, {"a"}),
        ("for a, b in x:\n    c = a", {"x"}, {"a", "b", "c"}),
        ("def f(a):\n    b = a + x\n    return b", {"x"}, {"f"}),
        ("f = lambda a: a + x", {"x"}, {"f"}),
        ("import numpy as np\nimport a.b", set(), {"np", "a"}),
        ("x[0] = y", {"x", "y"}, set()),
    ],
)
def test_names_are_understood(code: str, needed: set[str], bound: set[str]) -> None:
    assert needed_names(code) == needed
    assert bound_names(code) == bound
    assert used_names(code) == needed | bound


def test_names_in_functions_and_changes_in_place_are_understood() -> None:
    code = "def f(a):\n    return a + b + sum(c for c in a)\ny = f(b) + z"
    assert function_globals(code) == {"b"}
    assert changed_names("x[0] = 1\ny.a[1] += 1\nz = w[0]") == {"x", "y"}
