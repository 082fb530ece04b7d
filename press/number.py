r"""Numbers of the text, and what confirms them.

What counts: decimals, percentages, powers of ten and whole numbers from 10, in prose,
tables, captions and alternative texts; not what stands in code, display formulas,
headings, indices and exponents, nor numbers of chapters, equations or versions.

A number is free if a cell or a check of its section confirms it and would confirm no
other last digit. The rest is bound, in order, by a comment directly above its line (above
the whole table, above the fence), whose expressions are evaluated at the section's end::

    <!-- numbers a = share(w); 100 * a, check, given(1986), says("two are", wrong.sum()) -->

``check`` is a number that a check of the section compares with, ``given`` one that nothing
can compute; ``says`` binds a number word or a smaller number, named by a phrase around it.
"""

from __future__ import annotations

import ast
import math
import re
from collections import Counter
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from press import book

if TYPE_CHECKING:
    from collections.abc import Iterator

_RAISED = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
_POWER = r"(?:\^\{?-?\d+\}?|[⁻⁰¹²³⁴-⁹]+)"
_NUMBER = re.compile(
    rf"""(?<![\w.\\]) (?P<sign>(?<![)\]}}{{^])[-−])?
    (?: 10(?P<bare>{_POWER})
      | (?P<digits>\d+(?:(?:,|\{{,\}})\d{{3}}(?!\d))*(?:\.\d+)?)
        (?: \s*(?:\\cdot|\\times|·|×)\s*10(?P<power>{_POWER}) | e(?P<e>[+-]?\d+)
          | (?P<percent>\s?\\?%) )? )
    (?!\.?\d)""",
    re.VERBOSE,
)
_RESULT = re.compile(r"(?<![\w.])-?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?")
_UNREAD = re.compile(
    r"""
    \A---\n.*?\n---\n | `[^`\n]+` | \$\$.+?\$\$ | ^\#{1,6}\ .*?$ | <!--.*?-->
    | \\(?:eqref|tag)\{[^}]*\} | \]\([^)\s]*\) | https?://\S+ | </?[a-z]+(?:\ [^>\n]*)?>
    | \b(?:[Cc]hapters?|[Ss]ections?|[Ff]igures?|[Ee]xercises?|[Pp]arts?|[Vv]ersion|Python
        |NumPy|Matplotlib|MPL|Apache|CC\ BY)\W\d+(?:\.\d+)*(?:(?:,|\ and|\ to|–)\ ?\d+)*
    """,
    re.VERBOSE | re.MULTILINE | re.DOTALL,
)
_WHOLE = "zero one two three four five six seven eight nine ten eleven twelve"
_PARTS = "third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"
_OTHERS = {"half": 0.5, "quarter": 0.25, "twice": 2, "twenty": 20, "thirty": 30}
_OTHERS |= {
    "forty": 40,
    "fifty": 50,
    "hundred": 100,
    "thousand": 1000,
    "million": 10**6,
}
_OTHERS |= {"hundredth": 0.01, "thousandth": 0.001, "millionth": 1e-6}
# What each word may mean: a third is also the third.
WORDS = (
    {word: {Decimal(n)} for n, word in enumerate(re.findall(r"\w+", _WHOLE))}
    | {
        word: {Decimal(n), 1 / Decimal(n)}
        for n, word in enumerate(re.findall(r"\w+", _PARTS), 3)
    }
    | {word: {Decimal(repr(value))} for word, value in _OTHERS.items()}
)
_WORD = re.compile(rf"(?<!\w)(?:[-−]?\d+|{'|'.join(WORDS)})(?!\w)", re.IGNORECASE)


@dataclass(frozen=True)
class Number:
    """A number that the text shows, from ``start`` on; ``last`` is its last digit there.

    Its value is said to so many decimal ``places``, which for 10⁶ are -6.
    """

    shown: str
    start: int
    last: int
    value: Decimal
    places: int
    kind: str

    def agrees(self, value: Decimal) -> bool:
        """Whether ``value`` is this number when rounded; a percentage may be a share.

        A number without a sign may be that of a negative one: "falls by 0.18".
        """
        value = value if self.value < 0 else abs(value)
        half = Decimal(5).scaleb(-self.places - 1)
        return abs(value - self.value) <= half or (
            self.kind == "percentage" and abs(100 * value - self.value) <= half
        )

    def alone(self, values: frozenset[Decimal]) -> bool:
        """Whether ``values`` confirm this number and would confirm no other last digit."""
        return any(map(self.agrees, values)) and not any(
            other.agrees(value) for other in self.others() for value in values
        )

    def others(self) -> list[Number]:
        """The same number with every other last digit."""
        head, tail = self.shown[: self.last], self.shown[self.last + 1 :]
        old = self.shown[self.last]
        digits = "0123456789" if old.isascii() else "⁰¹²³⁴⁵⁶⁷⁸⁹"
        changed = (head + digit + tail for digit in digits.replace(old, ""))
        return [number for text in changed for number in find(text)]


@dataclass(frozen=True)
class Block:
    """Lines that one comment binds: a line of prose, a table, or the words of a fence.

    Attributes:
        line: The first one, counted from 1.
        text: What a reader reads of it, every character at its place.
        comments: The comment above it, line by line.
        confirmed: The numbers in cells and checks of its section.
        compared: Those that the checks compare with.
        end: The line before which its section ends.
    """

    line: int
    text: str
    comments: tuple[str, ...]
    confirmed: frozenset[Decimal]
    compared: frozenset[Decimal]
    end: int


class Bound(NamedTuple):
    """What one expression of a comment binds; its ``source`` says with what."""

    source: str
    kind: str
    value: Decimal
    phrase: str = ""


class Mutant(NamedTuple):
    """A mistake in a block: ``new`` in place of ``old``, at a line and a column from 1."""

    line: int
    column: int
    kind: str
    old: str
    new: str
    block: Block


def find(text: str) -> list[Number]:
    """The numbers of ``text`` that count, in order."""
    found = []
    for match in _NUMBER.finditer(text):
        group = "bare" if match["bare"] else "digits"
        digits = "1" if match["bare"] else re.sub(r"[,{}]", "", match["digits"])
        raised = match["bare"] or match["power"] or match["e"] or "0"
        power = int(re.sub(r"[{}^]", "", raised).translate(_RAISED))
        value = Decimal(digits).scaleb(power)
        if match["percent"]:
            kind = "percentage"
        elif match["bare"] or match["power"] or match["e"]:
            kind = "power"
        else:
            kind = "decimal" if "." in digits else "integer"
            before = text[: match.start()].removesuffix("{")
            if kind == "integer" and (value < 10 or before.endswith(("_", "^"))):
                continue
        found.append(
            Number(
                shown=match[0],
                start=match.start(),
                last=len(match[0][: match.end(group) - match.start()].rstrip("}")) - 1,
                value=-value if match["sign"] else value,
                places=len(digits.partition(".")[2]) - power,
                kind=kind,
            )
        )
    return found


def readable(text: str) -> str:
    """``text`` with blanks for all in which no number counts."""
    lines = text.split("\n")
    for fence in book.fences(text):
        opening = lines[fence.line - 1]
        words = opening.lstrip("`").removeprefix(fence.language)
        lines[fence.line - 1] = words.rjust(len(opening))
        for number in range(fence.line, fence.end):
            lines[number] = ""
    return _UNREAD.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), "\n".join(lines))


def literals(tree: ast.AST, *, drawn: bool = False) -> set[Decimal]:
    """The numbers in code with their signs; in a figure's without keyword arguments."""
    if isinstance(tree, ast.keyword) and drawn:
        return set()
    match tree:
        case ast.Constant(int() | float() as value) if not isinstance(value, bool):
            return {Decimal(repr(value))}
        case ast.UnaryOp(ast.USub(), ast.Constant(int() | float() as value)):
            return {Decimal(repr(-value))}
    children = ast.iter_child_nodes(tree)
    return set().union(*(literals(each, drawn=drawn) for each in children))


def numbers_of(fences: list[book.Fence]) -> tuple[set[Decimal], set[Decimal]]:
    """The numbers in ``fences``, and those of them with which a check compares."""
    confirmed, compared = set(), set()
    for fence in fences:
        if fence.language == "python":
            drawn = "caption" in fence.attributes
            confirmed |= literals(ast.parse(fence.code), drawn=drawn)
        elif fence.language == "pycon":
            for example in book.examples(fence):
                tree = ast.parse(example.source)
                confirmed |= literals(tree)
                confirmed |= {*map(Decimal, _RESULT.findall(example.want))}
                for node in ast.walk(tree):
                    if isinstance(node, ast.Compare):
                        compared |= literals(node)
    return confirmed, compared


def blocks(text: str) -> list[Block]:
    """The blocks of ``text`` that show a number that counts, or have a comment."""
    lines, read = text.split("\n"), readable(text).split("\n")
    prose = book.without_fences(text).split("\n")
    ends = [n for n, line in enumerate(prose, 1) if re.match("#{1,3} ", line)]
    found: list[Block] = []
    start = 1
    for end in [*ends, len(lines) + 1]:
        inside = [each for each in book.fences(text) if start < each.line < end]
        confirmed, compared = map(frozenset, numbers_of(inside))
        comments: list[str] = []
        at = start
        while at < end:
            comment = book.COMMENT.match(prose[at - 1] + "\n")
            if comment and comment[1] == "numbers":
                comments.append(comment[2])
                at += 1
                continue
            first = at
            at += 1
            while prose[first - 1].startswith("|") and prose[at - 1].startswith("|"):
                at += 1
            shown = "\n".join(read[first - 1 : at - 1])
            if comments or find(shown):
                found.append(
                    Block(first, shown, tuple(comments), confirmed, compared, end)
                )
            comments = []
        start = end
    return found


def evaluate(block: Block, namespace: dict[str, Any]) -> list[Bound]:
    """What the comment of ``block`` binds, evaluated in a copy of ``namespace``.

    Raises:
        ValueError: If an expression is a literal, which would bind nothing, or fails.
    """
    scope, known = dict(namespace), {*namespace}

    def bind(node: ast.expr) -> Iterator[Bound]:
        source = ast.unparse(node)
        match node:
            case ast.Name("check"):
                yield Bound(source, "check", Decimal(0))
                return
            case ast.Call(ast.Name("given"), [value]):
                yield Bound(source, "given", Decimal(repr(ast.literal_eval(value))))
                return
            case ast.Call(ast.Name("says"), [ast.Constant(str(phrase)), value]):
                yield from (each._replace(phrase=phrase) for each in bind(value))
                return
        if not _names(node) & known:
            raise ValueError(f"`{source}` computes nothing; is it given({source})?")
        code = ast.fix_missing_locations(ast.Expression(ast.List([node], ast.Load())))
        for result in eval(compile(code, source, "eval"), scope):  # noqa: S307
            value = result.item() if hasattr(result, "item") else result
            if type(value) not in {int, float} or not math.isfinite(value):
                raise ValueError(f"`{source}` is {value!r}, which is no number")
            yield Bound(source, "value", Decimal(repr(value)))

    bounds: list[Bound] = []
    for comment in block.comments:
        try:
            for statement in ast.parse(comment).body:
                if isinstance(statement, ast.Expr):
                    nodes = statement.value
                    listed = nodes.elts if isinstance(nodes, ast.Tuple) else [nodes]
                    bounds += [bound for each in listed for bound in bind(each)]
                    continue
                code = compile(ast.Module([statement], []), comment, "exec")
                exec(code, scope)  # noqa: S102
                if _names(statement, ast.Load) & known:
                    known |= _names(statement, ast.Store)
        except Exception as error:
            raise ValueError(f"numbers {comment}: {error!r}") from error
    return bounds


def complaints(block: Block, bounds: list[Bound]) -> Iterator[str]:
    """What is wrong with the numbers of ``block``, if its comment binds ``bounds``."""
    listed = [each for each in bounds if not each.phrase]
    bare = [each for each in find(block.text) if not each.alone(block.confirmed)]
    if len(bare) != len(listed):
        wanted = ", ".join(f"…{each.shown}…" for each in bare)
        yield (
            f"{len(bare)} numbers that no cell or check of the section confirms alone, "
            f"and {len(listed)} in the comment directly above; it has to give "
            f"expressions for: <!-- numbers {wanted} -->"
        )
        return
    for number, bound in zip(bare, listed, strict=True):
        if bound.kind == "check" and not number.alone(block.compared):
            yield f"{number.shown}: no check of the section compares with it alone"
        elif bound.kind == "given" and bound.value != number.value:
            yield f"{number.shown} in the text, {bound.source} in the comment"
        elif bound.kind == "value" and not number.agrees(bound.value):
            yield f"{number.shown} in the text, `{bound.source}` is {bound.value}"
    said = Counter(each.phrase for each in bounds if each.phrase)
    for bound in (each for each in bounds if each.phrase):
        words = _WORD.findall(bound.phrase)
        places = len(_phrase(bound.phrase).findall(block.text))
        if places != said[bound.phrase] or len(words) != 1:
            yield (
                f"{bound.phrase!r} stands {places} times in the text and "
                f"{said[bound.phrase]} times in the comment, with {len(words)} numbers "
                "in it; the comment has to name one number at a time"
            )
        elif not any(
            means(words[0], value)
            for value in (block.compared if bound.kind == "check" else [bound.value])
        ):
            yield f"{bound.phrase!r} in the text, `{bound.source}` is {bound.value}"


def means(word: str, value: Decimal) -> bool:
    """Whether ``word``, a number word or a whole number, may say ``value``, rounded."""
    meanings = WORDS.get(word.lower()) or {Decimal(word.replace("−", "-"))}
    return any(
        abs(value - each) <= (Decimal("0.5") if abs(each) >= 1 else each / 25)
        for each in meanings
    )


def check(found: list[Block], namespace: dict[str, Any], page: str) -> str | None:
    """What is wrong with the numbers of the blocks ``found`` at their section's end."""
    wrong = []
    for block in found:
        try:
            problems = [*complaints(block, evaluate(block, namespace))]
        except ValueError as error:
            problems = [str(error)]
        wrong += [f"{page}:{block.line}: {problem}" for problem in problems]
    return "\n".join(wrong) or None


def _phrase(phrase: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(phrase)}(?!\w)", re.IGNORECASE)


def mutants(block: Block, bounds: list[Bound]) -> Iterator[Mutant]:
    """Every other last digit of each number of ``block``, other words of its phrases."""
    for number in find(block.text):
        for other in number.others():
            yield _mutant(block, number.start, number.kind, number.shown, other.shown)
    for phrase in sorted({each.phrase for each in bounds if each.phrase}):
        word = _WORD.search(phrase)
        for place in _phrase(phrase).finditer(block.text):
            if word:
                start = place.start() + word.start()
                for new in ("1234567890" if word[0][-1].isdigit() else WORDS):
                    if new != word[0].lower():
                        yield _mutant(block, start, "word", word[0], new)


def _mutant(block: Block, start: int, kind: str, old: str, new: str) -> Mutant:
    before, after = block.text[:start], block.text[start + len(old) :]
    line = block.line + before.count("\n")
    column = start - before.rfind("\n")
    changed = replace(block, text=before + new + after)
    return Mutant(line, column, kind, old, new, changed)


def _names(node: ast.AST, context: type[ast.expr_context] = ast.Load) -> set[str]:
    names = (each for each in ast.walk(node) if isinstance(each, ast.Name))
    return {each.id for each in names if isinstance(each.ctx, context)}
