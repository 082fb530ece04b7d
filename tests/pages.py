"""What the tests of the pages share: the pages, their cells, their sections."""

import ast
import builtins
import re
from dataclasses import dataclass
from pathlib import Path

from press import book

PAGES = [book.ROOT / "README.md", *sorted(book.DOCS.rglob("*.md"))]
CHAPTERS = book.chapters()

_HEADING = re.compile(r"^(#{1,6}) +(.+?) *(?:\{[^}\n]*\})?$", re.MULTILINE)


@dataclass(frozen=True)
class Section:
    """A heading with the text up to the next one; ``line`` is the heading's."""

    level: int
    title: str
    text: str
    line: int


def identify(page: Path) -> str:
    return page.name


def read(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def place(page: Path, line: int) -> str:
    return f"{page.relative_to(book.ROOT)}:{line}"


def cells(page: Path) -> list[book.Fence]:
    return [each for each in book.fences(read(page)) if each.language == "python"]


def checks(page: Path) -> list[book.Fence]:
    return [each for each in book.fences(read(page)) if each.language == "pycon"]


def own_cells(page: Path) -> list[book.Fence]:
    return book.own_cells(read(page))


def prompts(check: book.Fence) -> str:
    """The code behind the prompts of a ``pycon`` fence, its line numbers kept."""
    return "".join(
        line[4:] + "\n" if line.startswith((">>> ", "... ")) else "\n"
        for line in check.code.splitlines()
    )


def sections(page: Path) -> list[Section]:
    prose = book.without_fences(read(page))
    headings = list(_HEADING.finditer(prose))
    ends = [each.start() for each in headings[1:]] + [len(prose)]
    return [
        Section(
            level=len(heading[1]),
            title=heading[2],
            text=prose[heading.end() : end],
            line=prose.count("\n", 0, heading.start()) + 1,
        )
        for heading, end in zip(headings, ends, strict=True)
    ]


def bound_names(code: str | ast.AST) -> set[str]:
    """The names that ``code`` binds in its own namespace."""
    node = ast.parse(code) if isinstance(code, str) else code
    match node:
        case ast.FunctionDef() | ast.ClassDef():
            return {node.name}
        case ast.Import() | ast.ImportFrom():
            names = (each.asname or each.name for each in node.names)
            return {name.partition(".")[0] for name in names}
        case ast.Name() if not isinstance(node.ctx, ast.Load):
            return {node.id}
        case ast.Lambda() | ast.GeneratorExp() | ast.ListComp():
            return set()
        case ast.SetComp() | ast.DictComp():
            return set()
    return set().union(*map(bound_names, ast.iter_child_nodes(node)))


def read_names(code: str | ast.AST) -> set[str]:
    """The names that ``code``, or a function in it, reads from around it."""
    node = ast.parse(code) if isinstance(code, str) else code
    inside = set().union(*map(read_names, ast.iter_child_nodes(node)))
    match node:
        case ast.Name() if isinstance(node.ctx, ast.Load):
            inside = {node.id}
        case ast.AugAssign(ast.Name(name)):
            inside |= {name}
        case ast.FunctionDef() | ast.Lambda():
            own = {
                each.arg for each in ast.walk(node.args) if isinstance(each, ast.arg)
            }
            if isinstance(node, ast.FunctionDef):
                own = own.union(*map(bound_names, node.body))
            inside -= own
        case ast.GeneratorExp() | ast.ListComp() | ast.SetComp() | ast.DictComp():
            inside -= set().union(
                *(bound_names(each.target) for each in node.generators)
            )
    return inside - {*dir(builtins)}


def used_names(code: str) -> set[str]:
    """The names of its namespace that ``code`` reads or binds, in functions too."""
    return read_names(code) | bound_names(code)


def function_globals(code: str) -> set[str]:
    """The names of its namespace that functions in ``code`` read when they are called."""
    functions = (
        node
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.FunctionDef | ast.Lambda)
    )
    return set().union(*map(read_names, functions)) & read_names(code)


def needed_names(code: str) -> set[str]:
    """The names that must be bound before ``code`` runs."""
    needed: set[str] = set()
    bound: set[str] = set()
    for statement in ast.parse(code).body:
        if isinstance(statement, ast.For):
            bound |= bound_names(statement.target)
        needed |= read_names(statement) - bound
        bound |= bound_names(statement)
    return needed


def changed_names(code: str) -> set[str]:
    """The names whose objects ``code`` changes in place: ``x[0] = 1``, ``del x[0]``."""
    names = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Subscript | ast.Attribute) and not isinstance(
            node.ctx, ast.Load
        ):
            root: ast.expr = node
            while isinstance(root, ast.Subscript | ast.Attribute):
                root = root.value
            if isinstance(root, ast.Name):
                names.add(root.id)
    return names
