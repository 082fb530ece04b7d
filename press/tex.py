r"""The TeX of a display as trees: a tokeniser and a parser by recursive descent.

::

    display   = statement ((row | "," | "." | \quad | \text) statement)*
    statement = chain (\iff chain)*
    chain     = side (relation side)*
    side      = ["-"] term (("+" | "-") term)*
    term      = factor ([\cdot | \odot | \times | "/"] factor)*
    factor    = \sum, \lim with a term | \frac | an atom with primes, indices, powers
                and, if it is a function, its arguments

What follows ``&&`` in a row is the reason for it, read only after "since"; a row that begins with a relation or a
plus goes on with the statement before it. Whether a name before a bracket is a function or a factor
``functions`` says. A tree is a tuple whose first entry is its kind::

    number value | name name | entry tree groups | add trees | minus tree
    beside left right | times left right | over left right | power base exponent
    transpose tree | call head primes arguments | total letters low high term
    limit name target term | derivative of by order | matrix rows | holds chain
    chain sides relations | iff chains
"""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

type Tree = tuple[Any, ...]

RELATIONS = {"=": "=", "<": "<", ">": ">", r"\le": "≤", r"\ge": "≥", r"\ne": "≠"} | {
    r"\approx": "≈",
    r"\to": "→",
    r"\leftarrow": "←",
    r"\in": "∈",
}
# Names that take the factor behind them as their argument.
FUNCTIONS = {r"\log", r"\exp", r"\tanh", r"\max", r"\min", r"\sqrt", r"\overline"}
_PATTERN = re.compile(
    r"\\(?:operatorname|math(?:rm|bb)|text)\{(?:[^{}]|\{[^{}]*\})*\}"
    r"|\\[a-zA-Z]+|\\.|\d+(?:\.\d+)?|\S",
    re.DOTALL,
)
_UNREAD = re.compile(
    r"\\(?:tag|eqref|phantom)\{[^}]*\}|\\(?:begin|end)\{aligned\}"
    r"|(?<!\\)\\[,;:! ]|\\(?:(?:no|allow)break|textstyle|left|right|[bB]ig[lr])(?![a-zA-Z])"
)
_SEPARATORS = {",", ".", r"\\", r"\quad", r"\qquad"}
_PRODUCTS = {r"\cdot": "times", r"\odot": "times", r"\times": "times", "/": "over"}
_CLOSING = {"(": ")", "[": "]", "{": "}", "|": "|"} | {
    r"\begin": r"\end",
    r"\lVert": r"\rVert",
}
_STOP = {*_CLOSING.values(), *RELATIONS, *_PRODUCTS, *_SEPARATORS} - {"|"} | {
    *("", "+", "-", "&", "_", "^", "'", ":", r"\iff", r"\dots")
}


class UnreadableError(ValueError):
    """A formula is not in the TeX that is understood here."""


def marks(tex: str) -> list[str]:
    """The tokens of ``tex`` without tags, spaces and sizes of brackets."""
    return _PATTERN.findall(_UNREAD.sub("", tex))


def source(marks: list[str]) -> str:
    """Tokens as TeX again, to be shown."""
    spaced = re.sub(r" ?([_^]) ?", r"\1", " ".join(marks))
    return re.sub(r"(?<=[({\[|]) | (?=[)}\]|,'{(])", "", spaced)


def statements(tex: str) -> list[list[str]]:
    """The tokens of each statement of a display."""
    found: list[list[str]] = []
    reasons: list[list[str]] = []
    part: list[str] = []
    depth, first, reason, read, before = 0, True, False, True, ""
    for mark in [*marks(tex), r"\\"]:
        depth += (mark in _CLOSING) - (mark in _CLOSING.values())
        ends = mark in {*_SEPARATORS, "&"} or mark.startswith(r"\text{")
        if depth or not ends:
            part += [mark] if read else []
        elif part and (mark != "&" or before == "&"):
            if reason:
                reasons += [] if RELATIONS.keys().isdisjoint(part) else [part]
            elif first and found and part[0] in {*RELATIONS, r"\iff", "+"}:
                found[-1] += part
            else:
                found.append(part)
            first, part = False, []
        if mark == r"\\" and not depth:
            first, reason, read = True, False, True
        elif ends and not depth:
            reason = reason or mark == before == "&"
            read = not reason or mark.startswith(r"\text{since")
        before = mark
    return [*found, *reasons, *[part][: len(part)]]


def parse(marks: list[str], functions: Callable[[Tree], bool]) -> Tree:
    """The tree of a statement.

    Raises:
        UnreadableError: If the statement is not in the grammar above.
    """
    return _Parser(marks, functions).statement()


class _Parser:
    def __init__(self, marks: list[str], functions: Callable[[Tree], bool]) -> None:
        self.marks, self.functions, self.at = [*marks], functions, 0

    @property
    def next(self) -> str:
        return self.marks[self.at] if self.at < len(self.marks) else ""

    def take(self, wanted: str = "") -> str:
        mark = self.next
        if not mark or (wanted and mark != wanted):
            raise UnreadableError(
                f"{wanted or 'something'} is missing before {mark or 'the end'}"
            )
        self.at += 1
        return mark

    def inner(self, marks: list[str]) -> _Parser:
        return _Parser(marks, self.functions)

    def read(self, marks: list[str]) -> Tree:
        """``marks`` as one side."""
        parser = self.inner(marks)
        tree = parser.side()
        parser.end()
        return tree

    def end(self) -> None:
        if self.next:
            raise UnreadableError(f"{self.next} cannot stand where it stands")

    def enclosed(self, opening: str) -> list[str]:
        """The tokens up to the bracket that closes ``opening``."""
        start, depth = self.at, 1
        closing = _CLOSING[opening]
        while depth:
            mark = self.take()
            depth += -1 if mark == closing else mark == opening
        return self.marks[start : self.at - 1]

    def group(self) -> list[str]:
        """The tokens of an argument: a group without its braces, else one token."""
        mark = self.take()
        if mark == "{":
            return self.enclosed(mark)
        if mark in _STOP:
            raise UnreadableError("an argument is missing")
        if mark[0].isdigit() and len(mark) > 1:  # \tfrac12
            self.at -= 1
            self.marks[self.at] = mark[1:]
        return [mark[0] if mark[0].isdigit() else mark]

    def statement(self) -> Tree:
        chains = [self.chain()]
        while self.next == r"\iff":
            self.take()
            chains.append(self.chain())
        self.end()
        return ("iff", chains) if len(chains) > 1 else chains[0]

    def chain(self) -> Tree:
        sides, relations = [self.side()], []
        while self.next in RELATIONS:
            relations.append(RELATIONS[self.take()])
            sides.append(self.side())
        return "chain", sides, relations

    def side(self) -> Tree:
        terms = []
        sign = self.take() if self.next in {"+", "-"} else "+"
        while sign:
            term = self.term()
            terms.append(("minus", term) if sign == "-" else term)
            sign = self.take() if self.next in {"+", "-"} else ""
        return terms[0] if len(terms) == 1 else ("add", terms)

    def term(self) -> Tree:
        if self.next == "-":
            self.take()
            return "minus", self.term()
        tree = self.factor()
        while True:
            if self.next in _PRODUCTS:
                kind = _PRODUCTS[self.take()]
                tree = kind, tree, self.factor()
            elif self.next not in _STOP:
                tree = "beside", tree, self.factor()
            else:
                return tree

    def factor(self) -> Tree:
        match self.next:
            case r"\sum":
                return self.total()
            case r"\lim":
                self.take()
                self.take("_")
                (_, name), target = self.inner(self.group()).chain()[1]
                return "limit", name, target, self.term()
            case r"\frac" | r"\tfrac" | r"\dfrac":
                return self.scripts(self.fraction())
        function = self.next in FUNCTIONS or self.next.startswith(r"\operatorname")
        return self.scripts(self.atom(), function=function)

    def total(self) -> Tree:
        self.take()
        letters: list[str] = []
        low = high = None
        while self.next in {"_", "^"}:
            if self.take() == "^":
                high = self.read(self.group())
                continue
            letters = [each for each in self.group() if not each.startswith(r"\text")]
            if "=" in letters:
                low = self.read(letters[letters.index("=") + 1 :])
                letters = letters[: letters.index("=")]
        if (low is None) != (high is None):
            raise UnreadableError("a sum has one of its bounds, but not the other")
        counted = [each for each in letters if each != ","]
        return "total", counted, low, high, self.term()

    def fraction(self) -> Tree:
        self.take()
        top, bottom = self.group(), self.group()
        d = bottom[0] if bottom[:1] in (["d"], [r"\partial"]) and bottom[1:] else ""
        if not d or top[:1] != [d]:
            return "over", self.read(top), self.read(bottom)
        order = 1
        if top[1:2] == ["^"]:
            if not top[2].isdigit() or bottom[-2:] != top[1:3]:
                raise UnreadableError("the orders above and below the line differ")
            order = int(top[2])
            top, bottom = top[2:], bottom[:-2]
        of = self.read(top[1:]) if top[1:] else self.term()
        return "derivative", of, self.read(bottom[1:]), order

    def atom(self) -> Tree:
        mark = self.take()
        match mark:
            case "{" | "|" | r"\lVert":
                tree = self.read(self.enclosed(mark))
                function = {"|": "abs", r"\lVert": "norm"}.get(mark)
                return ("call", ("name", function), 0, [tree]) if function else tree
            case "(" | "[":
                parser = self.inner(self.enclosed(mark))
                _, sides, relations = chain = parser.chain()
                parser.end()
                return ("holds", chain) if relations else sides[0]
            case r"\begin":
                return self.matrix()
            case r"\partial":
                of = self.scripts(self.atom())
                self.take("/")
                self.take(r"\partial")
                return "derivative", of, self.scripts(self.atom()), 1
        if mark[0].isdigit():
            return "number", float(mark) if "." in mark else int(mark)
        return "name", self.name(mark)

    def name(self, mark: str) -> str:
        match mark:
            case r"\mathrm{d}":
                return "d" + self.name(self.take())
            case r"\Delta" if self.next.isalpha():
                return f"Delta_{self.take()}"
            case r"\hat":
                return f"{self.name(self.take())}_hat"
        if not re.fullmatch(r"[a-zA-Z]|\\[a-zA-Z]+(\{\w+\})?", mark):
            raise UnreadableError(f"{mark} cannot stand where it stands")
        return re.sub(r"\\operatorname|\W", "", mark)

    def matrix(self) -> Tree:
        self.group()
        rows = _split(self.enclosed(r"\begin"), r"\\")
        self.group()
        return "matrix", [[*map(self.read, _split(row, "&"))] for row in rows]

    def scripts(self, tree: Tree, *, function: bool = False) -> Tree:
        """``tree`` with the primes, indices, powers and arguments that follow it."""
        primes = 0
        while self.next in {"_", "^", "'"}:
            if (mark := self.take()) == "'":
                primes += 1
            elif mark == "_":
                tree = "entry", tree, self.indices()
            else:
                tree = self.raised(tree)
        if (function or self.functions(tree)) and self.next in {"(", "["}:
            return self.scripts(("call", tree, primes, self.arguments()))
        if function and self.next not in _STOP:
            return "call", tree, primes, [self.factor()]
        if primes:
            raise UnreadableError(
                "a prime stands at what is no function with arguments"
            )
        return tree

    def arguments(self) -> list[Tree]:
        parser = self.inner(self.enclosed(self.take()))
        found = [parser.side()]
        while parser.next:
            parser.take(",")
            found.append(parser.side())
        return found

    def raised(self, tree: Tree) -> Tree:
        power = self.group()
        if power == [r"\top"]:
            return "transpose", tree
        if power == ["*"] or power[0].startswith(r"\text{"):
            return "name", f"{tree[1]}_{power[0][6:-1] or 'star'}"
        return "power", tree, self.read(power)

    def indices(self) -> list[list[Tree]]:
        """``{2,nk}`` as [[2], [n, k]]: the groups between commas."""
        return [
            [self.read(each)]
            if {"+", "-"} & {*each}
            else [self.read([mark]) for mark in each]
            for each in _split(self.group(), ",")
        ]


def _split(marks: list[str], at: str) -> list[list[str]]:
    """The tokens between those that are ``at``."""
    groups = itertools.groupby(marks, at.__eq__)
    return [[*group] for between, group in groups if not between]
