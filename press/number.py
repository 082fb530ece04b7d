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
import functools
import itertools
import math
import re
from collections import Counter
from dataclasses import dataclass
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
    \A---\n.*?\n---\n | `[^`\n]+` | loose="[^"]*" | \$\$.+?\$\$ | ^\#{1,6}\ .*?$ | <!--.*?-->
    | \\(?:eqref|tag)\{[^}]*\} | \]\([^)\s]*\) | https?://\S+ | </?[a-z]+(?:\ [^>\n]*)?>
    | \b(?:[Cc]hapters?|[Ss]ections?|[Ff]igures?|[Ee]xercises?|[Pp]arts?|[Vv]ersion
        |Python|NumPy|Matplotlib|MPL|Apache|CC\ BY|rbf|spiral|sigmoid|mlp)
      \W\d+(?:\.\d+)*(?:(?:,|\ and|\ to|–)\ ?\d+)*
    """,
    re.VERBOSE | re.MULTILINE | re.DOTALL,
)
_COUNTS = "zero one two three four five six seven eight nine ten eleven twelve"
_PARTS = "third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"
_MORE = (
    "half .5 quarter .25 twice 2 twenty 20 thirty 30 forty 40 fifty 50 hundred 100 "
    "thousand 1000 million 1e6 hundredth .01 thousandth .001 millionth 1e-6"
)
# What a word may mean: a third, or the third.
WORDS = (
    {word: {float(n)} for n, word in enumerate(_COUNTS.split(" "))}
    | {word: {1 / n, float(n)} for n, word in enumerate(_PARTS.split(" "), 3)}
    | {word: {float(n)} for word, n in itertools.batched(_MORE.split(" "), 2)}
)
WORD = re.compile(rf"(?<!\w)(?:[-−]?\d+|{'|'.join(WORDS)})(?!\w)", re.IGNORECASE)


@dataclass(frozen=True)
class Number:
    """A number that the text shows, from ``start`` on; ``last`` is its last digit there.

    Its value is said to so many decimal ``places``, which for 10⁶ are -6. ``subtracted``
    tells that a minus stands before it.
    """

    shown: str
    start: int
    last: int
    value: Decimal
    places: int
    kind: str
    subtracted: bool

    def agrees(self, value: Decimal) -> bool:
        """Whether ``value`` is this number when rounded; a percentage may be a share."""
        half = Decimal(5).scaleb(-self.places - 1)
        return abs(value - self.value) <= half or (
            self.kind == "percentage" and abs(100 * value - self.value) <= half
        )

    def others(self) -> list[Number]:
        """The same number with every other last digit."""
        head, tail = self.shown[: self.last], self.shown[self.last + 1 :]
        old = self.shown[self.last]
        digits = "0123456789" if old.isascii() else "⁰¹²³⁴⁵⁶⁷⁸⁹"
        changed = (head + digit + tail for digit in digits.replace(old, ""))
        return [number for text in changed for number in find(text)]


def confirmed(number: Number, values: frozenset[Decimal]) -> bool:
    """Whether ``values`` confirm a number of the text; after a minus, whatever their sign."""
    if number.subtracted:
        values |= {-value for value in values}
    return alone(number.shown, values)


@functools.cache
def alone(shown: str, values: frozenset[Decimal]) -> bool:
    """Whether ``values`` confirm the number ``shown`` and would no other last digit."""
    (number,) = find(shown)
    return any(map(number.agrees, values)) and not any(
        other.agrees(value) for other in number.others() for value in values
    )


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
    """What one expression of a comment says: one of ``values``, perhaps of a phrase."""

    source: str
    values: frozenset[Decimal]
    phrase: str = ""


def find(text: str) -> list[Number]:
    """The numbers of ``text`` that count, in order."""
    found = []
    for match in _NUMBER.finditer(text):
        power = match["bare"] or match["power"] or match["e"] or ""
        exponent = int(re.sub(r"[{}^]", "", power).translate(_RAISED) or 0)
        digits = "1" if match["bare"] else re.sub(r"[,{}]", "", match["digits"])
        value = Decimal(digits).scaleb(exponent)
        kind = "decimal" if "." in digits else "integer"
        if match["percent"] or power:
            kind = "power" if power else "percentage"
        index = re.search(r"[_^]\{?$", text[: match.start()])
        if kind == "integer" and (value < 10 or index):
            continue
        end = match.end("bare" if match["bare"] else "digits") - match.start()
        found.append(
            Number(
                shown=match[0],
                start=match.start(),
                last=len(match[0][:end].rstrip("}")) - 1,
                value=-value if match["sign"] else value,
                places=len(digits.partition(".")[2]) - exponent,
                kind=kind,
                subtracted=text[: match.start()].rstrip().endswith(("-", "−")),
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
    comments: list[str] = []
    start = 1
    for end in [*ends, len(lines) + 1]:
        inside = [each for each in book.fences(text) if start < each.line < end]
        confirmed, compared = map(frozenset, numbers_of(inside))
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
    """What the comment of ``block`` says, evaluated in a copy of ``namespace``.

    Raises:
        ValueError: If an expression fails, or computes nothing and so would bind nothing.
    """
    scope, known = dict(namespace), {*namespace}
    bounds: list[Bound] = []

    def bind(node: ast.expr, phrase: str = "") -> None:
        source = ast.unparse(node)
        match node:
            case ast.Name("check"):
                bounds.append(Bound(source, block.compared, phrase))
            case ast.Call(ast.Name("given"), [value]):
                bounds.append(Bound(source, frozenset(literals(value)), phrase))
            case ast.Call(ast.Name("says"), [ast.Constant(str(words)), value]):
                bind(value, words)
            case _:
                listed = ast.Expression(ast.List([node], ast.Load()))
                code = compile(ast.fix_missing_locations(listed), source, "eval")
                for result in eval(code, scope):  # noqa: S307
                    value = result.item() if hasattr(result, "item") else result
                    if type(value) not in {int, float} or not math.isfinite(value):
                        raise ValueError(f"`{source}` is {value!r}, which is no number")
                    values = frozenset({Decimal(repr(value))})
                    bounds.append(Bound(source, values, phrase))
                if not _names(node, ast.Load) & known:
                    raise ValueError(
                        f"`{source}` computes nothing; say given({source})"
                    )

    for comment in block.comments:
        try:
            for statement in ast.parse(comment).body:
                if isinstance(statement, ast.Expr):
                    nodes = statement.value
                    for node in nodes.elts if isinstance(nodes, ast.Tuple) else [nodes]:
                        bind(node)
                    continue
                code = compile(ast.Module([statement], []), comment, "exec")
                exec(code, scope)  # noqa: S102
                if _names(statement, ast.Load) & known:
                    known |= _names(statement, ast.Store)
        except Exception as error:
            raise ValueError(f"<!-- numbers {comment} -->: {error!r}") from error
    return bounds


def _names(node: ast.AST, context: type[ast.expr_context]) -> set[str]:
    names = (each for each in ast.walk(node) if isinstance(each, ast.Name))
    return {each.id for each in names if isinstance(each.ctx, context)}


def complaints(block: Block, bounds: list[Bound]) -> Iterator[str]:
    """What is wrong with the numbers of ``block``, if its comment says ``bounds``."""
    listed = [each for each in bounds if not each.phrase]
    bare = [each for each in find(block.text) if not confirmed(each, block.confirmed)]
    if len(bare) != len(listed):
        wanted = ", ".join(f"…{each.shown}…" for each in bare) or "nothing"
        yield (
            f"{len(bare)} numbers are not confirmed by their section alone, and "
            f"{len(listed)} are bound by the comment directly above; it has to be "
            f"<!-- numbers {wanted} -->"
        )
        return
    for number, bound in zip(bare, listed, strict=True):
        if not confirmed(number, bound.values):
            yield f"{number.shown} in the text, `{bound.source}` is {_list(bound)}"
    phrases = Counter(each.phrase for each in bounds)
    for bound in (each for each in bounds if each.phrase):
        words = WORD.findall(bound.phrase)
        places = len(occurrences(bound.phrase, block.text))
        if places != phrases[bound.phrase] or len(words) != 1:
            yield (
                f"{bound.phrase!r} stands {places} times in the text and "
                f"{phrases[bound.phrase]} times in the comment, with {len(words)} "
                "numbers in it; it has to name one number wherever it stands"
            )
        elif not any(means(words[0], value) for value in bound.values):
            yield f"{bound.phrase!r} in the text, `{bound.source}` is {_list(bound)}"


def _list(bound: Bound) -> str:
    return " or ".join(map(str, sorted(bound.values)))


def occurrences(phrase: str, text: str) -> list[int]:
    """Where the number of ``phrase`` stands in ``text``."""
    whole = re.compile(rf"(?<!\w){re.escape(phrase)}(?!\w)", re.IGNORECASE)
    offset = word.start() if (word := WORD.search(phrase)) else 0
    return [match.start() + offset for match in whole.finditer(text)]


def means(word: str, value: Decimal) -> bool:
    """Whether ``word``, a number word or a whole number, may say ``value``, rounded."""
    meanings = WORDS.get(word.lower()) or {float(word.replace("−", "-"))}
    return any(
        abs(float(value) - each) <= (0.5 if each.is_integer() else each / 25)
        for each in meanings
    )


def check(found: list[Block], namespace: dict[str, Any], page: str) -> str | None:
    """What is wrong with the numbers of ``found``, the blocks of a section, at its end."""
    wrong = []
    for block in found:
        try:
            problems = [*complaints(block, evaluate(block, namespace))]
        except ValueError as error:
            problems = [str(error)]
        wrong += [f"{page}:{block.line}: {problem}" for problem in problems]
    return "\n".join(wrong) or None
