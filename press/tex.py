r"""The TeX of a display as trees: a tokeniser and a parser by recursive descent.

::

    display   = statement ((row | "," | "." | \quad | \text) statement)*
    statement = chain (\iff chain)*
    chain     = side (relation side)*
    side      = ["-"] term (("+" | "-") term)*
    term      = factor ([\cdot | \odot | \times | "/"] factor)*
    factor    = \sum, \lim with a term | \frac | a function with its arguments | an atom
                with primes, indices, powers

What follows ``&&`` in a row is the reason for it; a row that begins with a relation goes
on with the statement before it. A name before a bracket is a function if ``functions``
says so, else a factor. A tree is a tuple whose first entry is its kind::

    number value | name name | entry tree groups | add trees | minus tree
    beside left right | times left right | over left right | power base exponent
    transpose tree | bars tree | norm tree | call head primes arguments
    total letters low high term | limit name target term | derivative of by order
    matrix rows | holds chain | chain sides relations | iff chains | shape sizes
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

type Tree = tuple[Any, ...]

RELATIONS = {
    "=": "=",
    "<": "<",
    ">": ">",
    r"\le": "≤",
    r"\ge": "≥",
    r"\ne": "≠",
    r"\approx": "≈",
    r"\to": "→",
    r"\leftarrow": "←",
    r"\in": "∈",
}
_TOKEN = re.compile(
    r"\\(?:operatorname|math(?:rm|bb)|text)\{(?:[^{}]|\{[^{}]*\})*\}"
    r"|\\[a-zA-Z]+|\\.|\d+(?:\.\d+)?|\S",
    re.DOTALL,
)
_UNREAD = re.compile(r"\\(?:tag|eqref)\{[^}]*\}|\\(?:begin|end)\{aligned\}|~")
_SPACES = {
    "\\" + name
    for name in ", ; : ! nobreak allowbreak textstyle left right bigl bigr Bigl Bigr".split()
}
_SEPARATORS = {",", ".", r"\\", r"\quad", r"\qquad"}
_FUNCTIONS = {"\\" + name for name in ("log", "exp", "tanh", "max", "min")}
_FRACTIONS = {r"\frac", r"\tfrac", r"\dfrac"}
_OPEN = {"(": ")", "[": "]", "{": "}", r"\begin": r"\end", r"\lVert": r"\rVert"}
_STOP = (
    set(_OPEN.values())
    | set(RELATIONS)
    | {"", "+", "-", "/", ",", "&", "_", "^", "'", r"\\", r"\iff"}
    | {r"\cdot", r"\odot", r"\times", r"\dots", ":", "."}
)


class UnreadableError(ValueError):
    """A formula is not in the TeX that is understood here."""


def tokens(tex: str) -> list[str]:
    """The tokens of ``tex`` without tags, spaces and sizes of brackets."""
    return [
        each for each in _TOKEN.findall(_UNREAD.sub("", tex)) if each not in _SPACES
    ]


def source(tokens: list[str]) -> str:
    """Tokens as TeX again, to be shown."""
    spaced = re.sub(r" ?([_^]) ?", r"\1", " ".join(tokens))
    return re.sub(r"(?<=[({\[|]) | (?=[)}\]|,'{])", "", spaced)


def statements(tex: str) -> list[list[str]]:
    """The tokens of each statement of a display."""
    found: list[list[str]] = []
    part: list[str] = []
    depth, first, reason, before = 0, True, False, ""
    for token in [*tokens(tex), r"\\"]:
        depth += (token in _OPEN) - (token in _OPEN.values())
        ends = token in _SEPARATORS or token.startswith(r"\text{")
        if depth or not (ends or token == "&"):
            part += [] if reason else [token]
        elif token == "&":
            reason = reason or before == "&"
        elif part:
            if first and found and part[0] in {*RELATIONS, r"\iff"}:
                found[-1] += part
            else:
                found.append(part)
            first, part = False, []
        if token == r"\\" and not depth:
            first, reason = True, False
        before = token
    return found


def parse(tokens: list[str], functions: Callable[[Tree], bool]) -> Tree:
    """The tree of a statement.

    Raises:
        UnreadableError: If the statement is not in the grammar above.
    """
    return _Parser(tokens, functions).statement()


class _Parser:
    def __init__(self, tokens: list[str], functions: Callable[[Tree], bool]) -> None:
        self.tokens, self.functions = [*tokens], functions
        self.at = 0
        self.bars = False

    @property
    def next(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, *wanted: str) -> str:
        token = self.next
        if wanted and token not in wanted:
            raise UnreadableError(
                f"{' or '.join(wanted)} is missing before {token or 'the end'}"
            )
        self.at += 1
        return token

    def inner(self, tokens: list[str]) -> _Parser:
        return _Parser(tokens, self.functions)

    def whole(self) -> Tree:
        """All tokens as one side."""
        tree = self.side()
        self.end()
        return tree

    def end(self) -> None:
        if self.next:
            raise UnreadableError(f"{self.next} cannot stand where it stands")

    def group(self) -> list[str]:
        """The tokens of an argument: a group without its braces, else one token."""
        token = self.take()
        if token != "{":
            if token in _STOP:
                raise UnreadableError("an argument is missing")
            if token[0].isdigit() and len(token) > 1:
                self.tokens[self.at - 1 : self.at] = [token[0], token[1:]]
            return [token[0]] if token[0].isdigit() else [token]
        start, depth = self.at, 1
        while depth:
            if not (token := self.take()):
                raise UnreadableError("a brace is not closed")
            depth += (token == "{") - (token == "}")
        return self.tokens[start : self.at - 1]

    def argument(self) -> Tree:
        return self.inner(self.group()).whole()

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
            sides.append(self.shape() if relations[-1] == "∈" else self.side())
        return "chain", sides, relations

    def shape(self) -> Tree:
        self.take(r"\mathbb{R}")
        sizes: list[list[str]] = []
        if self.next == "^":
            self.take()
            sizes = [[]]
            for token in self.group():
                if token == r"\times":
                    sizes.append([])
                else:
                    sizes[-1].append(token)
        return "shape", [self.inner(each).whole() for each in sizes]

    def side(self) -> Tree:
        terms = []
        sign = self.take() if self.next in {"+", "-"} else "+"
        while sign:
            term = self.term()
            terms.append(("minus", term) if sign == "-" else term)
            sign = self.take() if self.next in {"+", "-"} else ""
        return terms[0] if len(terms) == 1 else ("add", terms)

    def starts_factor(self) -> bool:
        return self.next not in _STOP and not (self.next == "|" and self.bars)

    def term(self) -> Tree:
        if self.next == "-":
            self.take()
            return "minus", self.term()
        tree = self.factor()
        while True:
            if self.next in {r"\cdot", r"\odot", r"\times"}:
                self.take()
                tree = "times", tree, self.factor()
            elif self.next == "/":
                self.take()
                tree = "over", tree, self.factor()
            elif self.starts_factor():
                tree = "beside", tree, self.factor()
            else:
                return tree

    def factor(self) -> Tree:
        if self.next == r"\sum":
            return self.total()
        if self.next == r"\lim":
            self.take()
            self.take("_")
            (_, name), target = self.inner(self.group()).chain()[1]
            return "limit", name, target, self.term()
        if self.next in _FUNCTIONS or self.next.startswith(r"\operatorname"):
            name = re.sub(r"\\operatorname|\W", "", self.take())
            return self.scripts(("name", name), function=True)
        return self.scripts(self.fraction() if self.next in _FRACTIONS else self.atom())

    def total(self) -> Tree:
        self.take()
        letters: list[str] = []
        low = high = None
        while self.next in {"_", "^"}:
            if self.take() == "^":
                high = self.argument()
                continue
            letters = [each for each in self.group() if not each.startswith(r"\text")]
            if "=" in letters:
                low = self.inner(letters[letters.index("=") + 1 :]).whole()
                letters = letters[: letters.index("=")]
        if (low is None) != (high is None):
            raise UnreadableError("a sum has one of its bounds, but not the other")
        return (
            "total",
            [each for each in letters if each != ","],
            low,
            high,
            self.term(),
        )

    def fraction(self) -> Tree:
        self.take()
        top, bottom = self.group(), self.group()
        d = bottom[0] if bottom[:1] in (["d"], [r"\partial"]) and bottom[1:] else ""
        if not d or top[:1] != [d]:
            return "over", self.inner(top).whole(), self.inner(bottom).whole()
        order = 1
        if top[1:2] == ["^"]:
            if not top[2].isdigit() or bottom[-2:] != top[1:3]:
                raise UnreadableError("the orders above and below the line differ")
            order = int(top[2])
            top, bottom = top[2:], bottom[:-2]
        of = self.inner(top[1:]).whole() if top[1:] else self.term()
        return "derivative", of, self.inner(bottom[1:]).whole(), order

    def atom(self) -> Tree:
        match self.take():
            case token if token[:1].isdigit():
                return "number", float(token) if "." in token else int(token)
            case "{":
                self.at -= 1
                return self.argument()
            case "(" | "[" as token:
                return self.bracket(token)
            case "|":
                self.bars = True
                tree = self.side()
                self.bars = False
                self.take("|")
                return "bars", tree
            case r"\lVert":
                tree = self.side()
                self.take(r"\rVert")
                return "norm", tree
            case r"\sqrt":
                return "power", self.argument(), ("number", 0.5)
            case r"\overline":
                return "call", ("name", "mean"), 0, [self.argument()]
            case r"\hat":
                return "name", f"{self.argument()[1]}_hat"
            case r"\underbrace":
                tree = self.argument()
                self.take("_")
                self.group()
                return tree
            case r"\mathrm{i}":
                return "number", 1j
            case r"\mathrm{d}":
                return "name", "d" + self.letter(self.take())
            case r"\begin":
                return self.matrix()
            case r"\partial":
                of = self.scripts(self.atom())
                self.take("/")
                self.take(r"\partial")
                return "derivative", of, self.scripts(self.atom()), 1
            case r"\Delta" if self.next.isalpha():
                return "name", f"Delta_{self.take()}"
            case token:
                return "name", self.letter(token)

    def letter(self, token: str) -> str:
        if not re.fullmatch(r"[a-zA-Z]|\\[a-zA-Z]+", token):
            raise UnreadableError(f"{token or 'the end'} cannot stand where it stands")
        return token.removeprefix("\\")

    def bracket(self, opening: str) -> Tree:
        bars, self.bars = self.bars, False
        chain = self.chain()
        self.take(_OPEN[opening])
        self.bars = bars
        return ("holds", chain) if chain[2] else chain[1][0]

    def arguments(self) -> list[Tree]:
        bars, self.bars = self.bars, False
        closing = _OPEN[self.take("(", "[")]
        found = [self.side()]
        while self.next == ",":
            self.take()
            found.append(self.side())
        self.take(closing)
        self.bars = bars
        return found

    def matrix(self) -> Tree:
        self.group()
        rows: list[list[list[str]]] = [[[]]]
        while (token := self.take()) != r"\end":
            if token == r"\\":
                rows.append([[]])
            elif token == "&":
                rows[-1].append([])
            elif token:
                rows[-1][-1].append(token)
            else:
                raise UnreadableError("a matrix is not closed")
        self.group()
        return "matrix", [[self.inner(each).whole() for each in row] for row in rows]

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
        if function and self.starts_factor():
            return "call", tree, primes, [self.factor()]
        if primes:
            raise UnreadableError(
                "a prime stands at what is no function with arguments"
            )
        return tree

    def raised(self, tree: Tree) -> Tree:
        power = self.group()
        if power == [r"\top"]:
            return "transpose", tree
        if power == ["*"]:
            return "name", f"{tree[1]}_star"
        if power[0].startswith(r"\text"):
            return "name", f"{tree[1]}_{power[0][6:-1]}"
        return "power", tree, self.inner(power).whole()

    def indices(self) -> list[list[Tree]]:
        """``{2,nk}`` as [[2], [n, k]]: the groups between commas."""
        groups: list[list[str]] = [[]]
        for token in self.group():
            if token == ",":
                groups.append([])
            else:
                groups[-1].append(token)
        return [
            [self.inner(each).whole()]
            if {"+", "-"} & {*each}
            else [self.inner([token]).whole() for token in each]
            for each in groups
        ]
