"""Planted mistakes: code, or numbers of the text, with one small mistake in it."""

import ast
import itertools
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from press import number

# In place of an operation on {0} and {1}: what a slip of the pen makes of it.
SLIPS: dict[type[ast.operator], list[tuple[str, str]]] = {
    ast.Add: [
        ("sign", "{0} - {1}"),
        ("sign", "-{0} + {1}"),
        ("term", "{0}"),
        ("term", "{1}"),
    ],
    ast.Sub: [
        ("sign", "{0} + {1}"),
        ("sign", "-{0} - {1}"),
        ("term", "{0}"),
        ("term", "-{1}"),
    ],
    ast.Mult: [("operator", "{0} / {1}"), ("factor", "{0}"), ("factor", "{1}")],
    ast.Div: [("operator", "{0} * {1}"), ("factor", "{0}"), ("factor", "1 / {1}")],
    ast.MatMult: [
        ("operator", "{0} * {1}"),
        ("operator", "{1} @ {0}"),
        ("factor", "{0}"),
        ("factor", "{1}"),
    ],
    ast.Pow: [("factor", "{0}")],
}
SCALED = ast.BinOp | ast.Call | ast.Attribute | ast.Name | ast.Subscript
COMPARISONS = {ast.Gt: "<", ast.GtE: "<", ast.Lt: ">", ast.LtE: ">"}
KINDS = {kind for slips in SLIPS.values() for kind, _ in slips} | {
    "constant",
    "name",
    "order",
    "reduction",
    "scale",
    "transpose",
}


@dataclass(frozen=True)
class Mutant:
    """Code with one mistake: its kind, the whole code, what became of which lines."""

    kind: str
    code: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.before!r} became {self.after!r}"


def mutants(code: str, lines: Collection[int] = ()) -> Iterator[Mutant]:
    """Every single mistake in ``code``, or in its statements that touch ``lines``.

    A mistake is: a sign, factor, term, ``.sum()`` or ``.T`` too few or too many, another
    operator, number, name or order. Each different program comes once.
    """
    tree = ast.parse(code)
    local = _local_names(tree)
    seen = {ast.dump(tree)}

    def new(mutated: str) -> bool:
        known = len(seen)
        seen.add(ast.dump(ast.parse(mutated)))
        return len(seen) > known

    for index, statement in enumerate(_statements(tree)):
        rows = range(statement.lineno, (statement.end_lineno or 0) + 1)
        if lines and not {*lines} & {*rows}:
            continue
        for value in _values(statement):
            for kind, node, text in _slips_anywhere(code, value, local):
                mutated = _replaced(code, node, _atom(text))
                if new(mutated):
                    after = _statements(ast.parse(mutated))[index]
                    yield Mutant(
                        kind, mutated, ast.unparse(statement), ast.unparse(after)
                    )
    for body in [] if lines else _bodies(tree):
        for one, two in itertools.combinations(body, 2):
            mutated = _exchanged(code, one, two)
            if _names(one, ast.Store) & _names(two, ast.Load) and new(mutated):
                first, second = ast.unparse(one), ast.unparse(two)
                yield Mutant(
                    "order", mutated, f"{first}; {second}", f"{second}; {first}"
                )


def _slips_anywhere(
    code: str, value: ast.expr, local: set[str]
) -> Iterator[tuple[str, ast.expr, str]]:
    """Kind, place and text of every slip in an expression and its parts."""
    called = {id(node.func) for node in ast.walk(value) if isinstance(node, ast.Call)}
    indifferent = {id(each) for node in ast.walk(value) for each in _indifferent(node)}
    for node in ast.walk(value):
        stored = isinstance(getattr(node, "ctx", None), ast.Store)
        if isinstance(node, ast.expr) and not stored and id(node) not in called:
            text = ast.get_source_segment(code, node) or ""
            for kind, slip in _slips(node):
                yield kind, node, slip
            if isinstance(node, ast.Name):
                for other in sorted(local - {node.id}):
                    yield "name", node, other
            if isinstance(node, SCALED) and id(node) not in indifferent:
                yield "sign", node, f"-{_atom(text)}"
                yield "scale", node, f"2 * {_atom(text)}"


def _indifferent(node: ast.AST) -> list[ast.expr]:
    """The parts of ``node`` whose sign tells nothing: in len, in a square, a list."""
    match node:
        case ast.Call(ast.Name("len"), parts):
            return parts
        case ast.BinOp(base, ast.Pow(), ast.Constant(2)):
            return [base]
        case ast.Subscript(several, index):
            inside = [each for each in ast.walk(index) if isinstance(each, ast.expr)]
            return [several, *inside]
    return []


def _slips(node: ast.expr) -> Iterator[tuple[str, str]]:
    match node:
        case ast.BinOp(left, operator, right):
            for kind, slip in SLIPS.get(type(operator), []):
                yield kind, slip.format(_text(left), _text(right))
        case ast.UnaryOp(ast.USub(), operand):
            yield "sign", _text(operand)
        case ast.Constant(bool(value)):
            yield "constant", repr(not value)
        case ast.Constant(int(value) | float(value)):
            for number in (value + 1, value - 1, 2 * value, -value):
                yield "constant", repr(number)
        case ast.Compare(left, [operator], [right]) if type(operator) in COMPARISONS:
            yield "sign", f"{_text(left)} {COMPARISONS[type(operator)]} {_text(right)}"
        case ast.Tuple(parts) if not any(isinstance(each, ast.Slice) for each in parts):
            for one, two in itertools.combinations(range(len(parts)), 2):
                wrong = parts.copy()
                wrong[one], wrong[two] = parts[two], parts[one]
                yield "order", ", ".join(map(ast.unparse, wrong))
        case ast.Call():
            yield from _slips_of_call(node)
        case ast.Attribute(array, "T"):
            yield "transpose", _text(array)
        case ast.Name(name) if name[0].isupper():  # a matrix, by the names of the book
            yield "transpose", f"{name}.T"


def _slips_of_call(node: ast.Call) -> Iterator[tuple[str, str]]:
    match node.func:
        case ast.Attribute(array, "sum" | "mean" as name):
            start, other = _text(array), "mean" if name == "sum" else "sum"
            arguments = ast.unparse(node).removeprefix(f"{start}.{name}")
            yield "reduction", start
            yield "reduction", f"{start}.{other}{arguments}"
            yield "reduction", f"{start}.{name}()"
        case ast.Name("len"):
            yield "reduction", "1"
            yield "reduction", f"{_text(node.args[0])}.size"


def _text(node: ast.expr) -> str:
    return _atom(ast.unparse(node))


def _atom(text: str) -> str:
    """``text`` in parentheses, unless it holds together without."""
    return text if re.fullmatch(r"[\w.]+(\([\w.]*\))?", text) else f"({text})"


def _statements(tree: ast.Module) -> list[ast.stmt]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.stmt)]


def _values(statement: ast.stmt) -> list[ast.expr]:
    """The expressions whose mistakes change what is computed."""
    if (
        isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign | ast.Return)
        and statement.value
    ):
        return [statement.value]
    return [statement.test] if isinstance(statement, ast.If | ast.While) else []


def _bodies(tree: ast.Module) -> Iterator[list[ast.stmt]]:
    for node in ast.walk(tree):
        for _, value in ast.iter_fields(node):
            if isinstance(value, list) and value and isinstance(value[0], ast.stmt):
                yield value


def _replaced(code: str, node: ast.expr, text: str) -> str:
    lines = code.encode().split(b"\n")
    row, end = node.lineno - 1, (node.end_lineno or node.lineno) - 1
    before, after = lines[row][: node.col_offset], lines[end][node.end_col_offset :]
    lines[row : end + 1] = [before + text.encode() + after]
    return b"\n".join(lines).decode()


def _exchanged(code: str, one: ast.stmt, two: ast.stmt) -> str:
    lines = code.split("\n")
    (a, b), (c, d) = (
        (each.lineno - 1, each.end_lineno or each.lineno) for each in (one, two)
    )
    return "\n".join([*lines[:a], *lines[c:d], *lines[b:c], *lines[a:b], *lines[d:]])


def _names(tree: ast.AST, context: type[ast.expr_context]) -> set[str]:
    return {
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, context)
    }


def _local_names(tree: ast.Module) -> set[str]:
    arguments = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    return (_names(tree, ast.Store) | arguments) - {"_"}


@dataclass(frozen=True)
class WrongNumber:
    """``new`` in place of ``old`` at a line and a column, from 1; ``block`` shows it."""

    line: int
    column: int
    kind: str
    old: str
    new: str
    block: number.Block


def wrong_numbers(
    block: number.Block, bounds: list[number.Bound]
) -> Iterator[WrongNumber]:
    """Every other last digit of each number of ``block``, other words of its phrases.

    One is caught if ``number.complaints(wrong.block, bounds)`` has something to say.
    """
    planted = [
        (each.start, each.kind, each.shown, other.shown)
        for each in number.find(block.text)
        for other in each.others()
    ]
    for phrase in sorted({each.phrase for each in bounds} - {""}):
        (old,) = number.WORD.findall(phrase)
        known = map(str, range(10)) if old[-1].isdigit() else number.WORDS
        planted += [
            (start, "word", old, new)
            for start in number.occurrences(phrase, block.text)
            for new in known
            if new != old.lower()
        ]
    for start, kind, old, new in planted:
        before, after = block.text[:start], block.text[start + len(old) :]
        yield WrongNumber(
            line=block.line + before.count("\n"),
            column=start - before.rfind("\n"),
            kind=kind,
            old=old,
            new=new,
            block=replace(block, text=before + new + after),
        )
