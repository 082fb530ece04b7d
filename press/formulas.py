r"""The displayed formulas of a chapter, evaluated in the namespace of its cells.

A statement is true if its sides agree for every value of its free indices. Letters have
the names of notation.md; what a letter stands for besides, a comment above the ``$$`` says::

    <!-- where dZ1 = dZ1_leaky; for z, y in zip(Z, Y); s = z.sum() -->

Its parts, separated by ``;``, are assignments and perhaps a ``for``, whose turns must all
be true; ``≈`` and ``→`` need hold, to 1%, in the last one only, and ``≈`` not where ``=``
would. A comment that begins with ``from here`` assigns for the rest of the chapter. The
new value of an update ``p ← …`` is ``p_new``.

A numbered formula is evaluated after the first cell after it that cites its number, any
other after the first cell after it. What cannot be evaluated there waits for the next
cell, a few at most; what is false does not wait.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import itertools
import math
import operator
import re
import symtable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from press import book, tex

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import CodeType

    from press.tex import Tree

# An array, a function, or a list of the arrays of all layers.
type Value = Any

WAIT = 6
STEP = 1e-5
# Numbers that a formula shows with five digits or more are rounded.
ROUNDED = re.compile(r"\d*\.\d{5,}")
# Letters whose name in the code is not that of the letter.
NAMES = {"lambda": "lam", "varepsilon": "eps", "sigma": "sigmoid", "varphi": "rbf"}
KNOWN: dict[str, Value] = {
    each: getattr(np, each) for each in ("log", "exp", "tanh", "sqrt", "abs", "e")
} | {
    "max": np.maximum,
    "min": np.minimum,
    "norm": np.linalg.norm,
    "overline": np.mean,
    "Im": np.imag,
    "mathrmi": 1j,
}
# Equal is what differs by rounding alone.
EQUAL = functools.partial(np.isclose, atol=1e-15)
COMPARE: dict[str, Callable[[Value, Value], Value]] = {
    "=": EQUAL,
    "≠": lambda left, right: ~EQUAL(left, right),
    "<": lambda left, right: (left < right) & ~EQUAL(left, right),
    ">": lambda left, right: (left > right) & ~EQUAL(left, right),
    "≤": lambda left, right: (left < right) | EQUAL(left, right),
    "≥": lambda left, right: (left > right) | EQUAL(left, right),
}
_INLINE = re.compile(r"\$([^$]+)\$")
_DISPLAY = re.compile(
    rf"(?P<comments>(?:{book.COMMENT.pattern})*)\$\$(?P<tex>.+?)\$\$",
    re.MULTILINE | re.DOTALL,
)


class CannotError(ValueError):
    """A formula cannot be evaluated."""


class FalseError(ValueError):
    """A formula is not true."""


class Definition(NamedTuple):
    """An assignment: what it reads, and its right side if it is to one name alone."""

    name: str
    reads: frozenset[str]
    code: CodeType | None


@functools.cache
def definitions(code: str) -> tuple[Definition, ...]:
    """The assignments of a cell, in order."""
    found = []
    for node in ast.parse(code).body:
        names = [each for each in ast.walk(node) if isinstance(each, ast.Name)]
        stored = {each.id for each in names if isinstance(each.ctx, ast.Store)}
        reads = frozenset(each.id for each in names) - stored
        match node:
            case ast.Assign(targets=[ast.Name(name)], value=right):
                compiled = compile(ast.Expression(right), name, "eval")
                found.append(Definition(name, reads, compiled))
            case _ if not isinstance(node, ast.FunctionDef):
                found += [Definition(each, reads, None) for each in sorted(stored)]
    return tuple(found)


class Comment:
    """What the comments above a display say, ready to be executed."""

    def __init__(self, parts: list[str]) -> None:
        """Read ``parts``, of which one may begin with ``for``."""
        found = self.parts = parts
        loops = [at for at, part in enumerate(found) if part.startswith("for ")]
        start = loops[0] if loops else len(found)
        inside = [f"{found[start]}:", *found[start + 1 :]] if loops else []
        self.source = "\n".join([*found[:start], "\n ".join([*inside, "_keep()"])])
        self.definitions = definitions("\n".join([*found[:start], *inside[1:]]))
        symbols = symtable.symtable(self.source, "where", "exec").get_symbols()
        self.bound = frozenset(
            each.get_name() for each in symbols if each.is_assigned()
        )

    def turns(self, namespace: dict[str, Value]) -> list[dict[str, Value]]:
        """The names of each turn."""
        found: list[dict[str, Value]] = []
        names = dict(namespace)
        names["_keep"] = lambda: found.append(dict(names))
        exec(self.source, names)  # noqa: S102
        return found


@dataclass(frozen=True)
class Scope:
    """The values of names while a statement is evaluated.

    ``bound`` are the names that the comment binds, ``index`` the letters that count,
    ``moved`` what a numerical derivative has moved.
    """

    names: dict[str, Value]
    bound: frozenset[str] = frozenset()
    definitions: tuple[Definition, ...] = ()
    index: dict[str, int] = field(default_factory=dict)
    moved: dict[str, Value] = field(default_factory=dict)

    def find(self, name: str) -> Value:
        """What has ``name``, or is the layer that it names, before a move; else None."""
        layer = re.fullmatch(r"(.*?)(\d+)", name)
        if layer and isinstance(layers := self.names.get(layer[1]), list):
            return layers[int(layer[2])] if int(layer[2]) < len(layers) else None
        if name in self.names:
            return self.names[name]
        return KNOWN.get(name)

    def get(self, name: str) -> Value:
        """The value of ``name``, computed anew if it feels a move."""
        if name in self.moved:
            return self.moved[name]
        found = self.find(name)
        if found is None:
            raise CannotError(
                f"nothing is called {name} here; if it has another name in the code, "
                f"or none, say above the $$: <!-- where {name} = … -->"
            )
        definition = self.defining(name) if self.moved else None
        if definition and definition.code:
            felt = {
                each: self.get(each) for each in definition.reads if self.feels(each)
            }
            return eval(definition.code, self.names | felt)  # noqa: S307
        return (
            found if callable(found) or isinstance(found, list) else np.asarray(found)
        )

    def feels(self, name: str) -> bool:
        """Whether ``name`` is moved, or computed from what is."""
        return name in self.moved or self.defining(name) is not None

    def defining(self, name: str) -> Definition | None:
        """The definition of ``name``, if it feels a move and nothing has changed since."""
        later: set[str] = set()
        for at, each in reversed([*enumerate(self.definitions)]):
            if each.name == name:
                before = replace(self, definitions=self.definitions[:at])
                fresh = each.code is not None and later.isdisjoint(each.reads)
                return each if fresh and any(map(before.feels, each.reads)) else None
            later.add(each.name)
        return None

    def count(self, letters: Iterable[str], at: Iterable[int]) -> Scope:
        """The same with values for some letters."""
        return replace(self, index=self.index | dict(zip(letters, at, strict=True)))

    def is_function(self, tree: Tree) -> bool:
        """Whether a name, perhaps with the index of a layer, is a function."""
        try:
            name, at = place(tree, self)
        except CannotError:
            return False
        return not at and callable(self.find(name))


def place(tree: Tree, scope: Scope) -> tuple[str, list[Tree]]:
    """The name of a quantity in the code, and the indices of its entry.

    An index that is no free letter may be that of a layer: $W_1$, $Z_{2,nk}$, $A_{l-1}$.
    """
    match tree:
        case ("name", str(name)):
            return NAMES.get(name, name), []
        case ("entry", ("name", str(name)), groups):
            name = NAMES.get(name, name)
            first, *others = [each for group in groups for each in group]
            array = scope.find(name)
            layers = isinstance(array, list)
            free = not scope.index.keys().isdisjoint(names_in(first))
            if len(groups[0]) == 1 and (layers or array is None or not free):
                layered = f"{name}{whole(first, scope)}"
                own = name in scope.bound and layered not in scope.bound
                known = scope.find(layered) is not None and not own
                several = len(groups) > 1 or (not layers and np.ndim(array) > 1)
                if known or layers or (several and not free):
                    return layered, others
            return name, [first, *others]
    raise CannotError("this is no quantity that has a name")


def whole(tree: Tree, scope: Scope) -> int:
    """The value of an index or a bound."""
    number = float(value(tree, scope))
    if not number.is_integer():
        raise FalseError(f"{number} cannot be an index")
    return int(number)


def entry(array: Value, at: list[Tree], scope: Scope, *, part: bool = False) -> Value:
    """An entry of an array by its indices, which count from 1, or a part of it."""
    if np.ndim(array) < len(at) or (at and np.ndim(array) > len(at) and not part):
        raise FalseError(f"{len(at)} indices at what has {np.ndim(array)} in the code")
    where = tuple(whole(each, scope) - 1 for each in at)
    for index, size in zip(where, np.shape(array), strict=False):
        if not 0 <= index < size:
            raise FalseError(f"there is no entry {index + 1} of {size}")
    return array[where] if at else array


def value(tree: Tree, scope: Scope) -> Value:  # noqa: PLR0911, PLR0912
    """What a side of a statement is, an array or a function."""
    match tree:
        case ("number", number):
            return np.asarray(number)
        case ("name", str(name)):
            index = scope.index.get(name)
            return (
                scope.get(NAMES.get(name, name)) if index is None else np.asarray(index)
            )
        case ("entry", ("name", "delta"), [[k, j]]):
            return np.asarray(float(whole(k, scope) == whole(j, scope)))
        case ("entry", ("name", _), _):
            name, at = place(tree, scope)
            return entry(scope.get(name), at, scope, part=name in scope.bound)
        case ("entry", inner, groups):
            return entry(value(inner, scope), [*itertools.chain(*groups)], scope)
        case ("add", terms):
            return functools.reduce(plus, (value(each, scope) for each in terms))
        case ("minus", inner):
            return -value(inner, scope)
        case ("beside", left, right):
            return product(value(left, scope), value(right, scope))
        case ("times", left, right):
            return operator.mul(*alike(value(left, scope), value(right, scope)))
        case ("over", left, right):
            return operator.truediv(*alike(value(left, scope), value(right, scope)))
        case ("power", base, exponent):
            return np.asarray(value(base, scope), dtype=float) ** value(exponent, scope)
        case ("transpose", inner):
            array = value(inner, scope)
            if np.ndim(array) != 2:
                raise FalseError("the transpose of what is no matrix")
            return array.T
        case ("matrix", rows):
            return np.array([[value(each, scope) for each in row] for row in rows])
        case ("holds", chain):
            return np.asarray(holds(chain, scope), dtype=float)
        case ("call", head, primes, arguments):
            function = value(head, scope)
            values = [value(each, scope) for each in arguments]
            return slope(function, values[0], primes) if primes else function(*values)
        case ("total", [], _, _, term):
            return np.sum(value(term, scope))
        case ("total", letters, low, high, term):
            ranges = [counted(each, term, scope) for each in letters if not low]
            ranges += [range(whole(low, scope), whole(high, scope) + 1)] if low else []
            turns = (scope.count(letters, at) for at in itertools.product(*ranges))
            return sum(value(term, turn) for turn in turns)
        case ("limit", name, target, term):
            places = value(target, scope) + np.array([2 * STEP, STEP])
            scopes = (replace(scope, names=scope.names | {name: at}) for at in places)
            near, nearer = (value(term, each) for each in scopes)
            return 2 * nearer - near
        case ("derivative", of, by, order):
            return derivative(of, by, order, scope)
    raise CannotError("this has no value")


def alike(left: Value, right: Value) -> tuple[Value, Value]:
    """Two arrays of one shape, or an array and a number."""
    shapes = np.shape(left), np.shape(right)
    if all(shapes) and shapes[0] != shapes[1]:
        raise FalseError(f"the shapes {shapes[0]} and {shapes[1]} meet")
    return left, right


def product(left: Value, right: Value) -> Value:
    """Factors side by side: matrices are multiplied as such, all else entry by entry."""
    if np.ndim(left) and np.ndim(right) and np.ndim(left) + np.ndim(right) > 2:
        if np.shape(left)[-1] != np.shape(right)[0]:
            raise FalseError(f"a product of {np.shape(left)} and {np.shape(right)}")
        return left @ right
    return operator.mul(*alike(left, right))


def plus(left: Value, right: Value) -> Value:
    """A sum, in which a list is added to every row of a table."""
    row = np.ndim(left) == 2 and np.shape(right) == np.shape(left)[1:]
    return left + right if row else operator.add(*alike(left, right))


def slope(function: Callable[[Value], Value], at: Value, order: int) -> Value:
    """A derivative of a function of a number, by Cauchy's formula on a small circle."""
    radius, turns = 0.02, np.exp(2j * np.pi * np.arange(16) / 16)
    total = sum(function(at + radius * turn) * turn**-order for turn in turns)
    return np.real(total) / 16 * math.factorial(order) / radius**order


def derivative(of: Tree, by: Tree, order: int, scope: Scope) -> Value:
    """A derivative by its name in the code; where it has none, by moving ``by`` a little.

    The names of the code belong to its own quantities, not to what a comment binds.
    """
    b, at_b = place(by, scope)
    if of[0] in {"name", "entry"}:
        a, at_a = place(of, scope)
        power = "" if order == 1 else str(order)
        for name in [f"d{power}{a}_d{b}{power}"] + [f"d{b}"] * (
            a == "J" and order == 1
        ):
            own = name in scope.bound or scope.bound.isdisjoint({a, b})
            array = scope.find(name) if own else None
            if array is not None and not callable(array):
                if not at_a or np.ndim(array) > len(at_b):
                    return entry(array, [*at_a, *at_b], scope)
                pairs = zip(at_a, at_b, strict=False)
                same = all(whole(i, scope) == whole(j, scope) for i, j in pairs)
                return entry(array, at_b, scope) if same else np.asarray(0.0)
        if callable(scope.find(a)):
            return slope(scope.find(a), scope.get(b), order)
        if order > 1 or not replace(scope, moved={b: None}).feels(a):
            raise CannotError(
                f"nothing is called d{a}_d{b}, and no cell gets {a} from {b}"
            )
    here = np.asarray(scope.get(b), dtype=float)
    step = np.zeros(here.shape)
    step[tuple(whole(each, scope) - 1 for each in at_b) if at_b else ...] = STEP
    scopes = (replace(scope, moved={b: here + move}) for move in (step, -step))
    up, down = (value(of, each) for each in scopes)
    return (up - down) / (2 * STEP)


def inside(tree: Iterable[Any]) -> Iterator[Tree]:
    """The trees directly inside ``tree``."""
    for each in tree:
        if isinstance(each, tuple):
            yield each
        elif isinstance(each, list):
            yield from inside(each)


def names_in(tree: Tree) -> set[str]:
    """All names in ``tree``."""
    own = {tree[1]} if tree[0] == "name" else set()
    return own.union(*map(names_in, inside(tree)))


def free_indices(tree: Tree) -> set[str]:
    """The letters that stand as indices and belong to no sum."""
    found = set().union(*map(free_indices, inside(tree)))
    if tree[0] == "entry":
        found = found.union(*map(names_in, inside(tree[2])))
    return found - {*tree[1]} if tree[0] == "total" else found


def sizes(letter: str, tree: Tree, scope: Scope) -> set[int]:
    """The sizes of the axes on which ``letter`` stands."""
    found = set().union(*(sizes(letter, each, scope) for each in inside(tree)))
    if tree[0] == "entry" and tree[1] != ("name", "delta"):
        inner = tree[1][0] != "name"
        with contextlib.suppress(CannotError):
            name, at = ("", [*inside(tree[2])]) if inner else place(tree, scope)
            array = value(tree[1], scope) if inner else scope.get(name)
            axes = zip(np.shape(array), at, strict=False)
            found |= {size for size, index in axes if index == ("name", letter)}
    return found


def counted(letter: str, tree: Tree, scope: Scope) -> range:
    """What an index counts."""
    found = sorted(sizes(letter, tree, scope.count([letter], [1])))
    if len(found) > 1:
        raise FalseError(f"{letter} counts {' and '.join(map(str, found))} entries")
    if not found:
        raise CannotError(f"it is not known what {letter} counts")
    return range(1, found[0] + 1)


def holds(chain: Tree, scope: Scope) -> Value:
    """Where all relations of a chain hold."""
    pairs = itertools.pairwise(value(each, scope) for each in chain[1])
    where = [COMPARE[sign](*pair) for sign, pair in zip(chain[2], pairs, strict=True)]
    return functools.reduce(np.logical_and, where)


def compare(left: Value, relation: str, right: Value, near: float) -> str:
    """Why ``left relation right`` does not hold to ``near``, else nothing."""
    equality = relation in "=←≈→"
    if equality and np.shape(left) != np.shape(right):
        return f"have the shapes {np.shape(left)} and {np.shape(right)}"
    apart, size = abs(left - right), np.maximum(abs(left), abs(right))
    if equality:
        scale = size + 1e-8 * size.max(initial=0)
        if relation == "≈" and np.all(apart <= near * scale + 1e-15):
            return "are equal, though only ≈ is stated"
        good = apart <= (0.01 if relation in "≈→" else near) * scale + 1e-15
    else:
        good = COMPARE[relation](left, right)
    if np.all(good & np.isfinite(size)):
        return ""
    worst = np.argmax(np.where(good, -1, apart))
    one, two = (np.ravel(each)[worst] for each in np.broadcast_arrays(left, right))
    return f"are {one:.6g} and {two:.6g}, where {relation} is stated"


def sharp(left: Value, relation: str, right: Value) -> bool:
    """Whether a bound is reached, or nearly so if it is strict: no other would hold."""
    apart = abs(left - right)
    near = 1e-12 if relation in "≤≥" else 0.01 * abs(right)
    next_to = (apart == 1) & (np.mod(left, 1) == 0) & (relation in "<>")
    return bool(np.any((apart <= near) | next_to))


def verify(
    statement: Tree, scope: Scope, near: float, unseen: str, bounds: dict[str, bool]
) -> None:
    """Raise FalseError unless a statement is true, but for the relations in ``unseen``.

    ``bounds`` tells of each bound so far whether it was sharp somewhere.
    """
    if statement[0] == "iff":
        first, *others = (holds(each, scope) for each in statement[1])
        if not all(np.array_equal(first, other) for other in others):
            raise FalseError("what is equivalent does not hold at the same places")
        return
    _, sides, relations = statement
    if not relations:
        raise CannotError("this states nothing")
    left = value(sides[0], scope)
    for number, (relation, side) in enumerate(
        zip(relations, sides[1:], strict=True), 1
    ):
        if relation == "∈":
            shape = tuple(whole(each, scope) for each in lengths(side))
            if shape != np.shape(left):
                raise FalseError(f"the shape is {np.shape(left)}, not {shape}")
            continue
        right, name = value(side, scope), f"sides {number} and {number + 1}"
        if relation not in unseen and (why := compare(left, relation, right, near)):
            at = "".join(f", for {k} = {v}" for k, v in scope.index.items())
            raise FalseError(f"{name} {why}{at}")
        if relation in "<>≤≥":
            bounds[name] = bounds.get(name, False) or sharp(left, relation, right)
        left = right


def lengths(side: Tree) -> list[Tree]:
    r"""The sizes in ``\mathbb{R}^{N \times M}``."""
    match side:
        case ("name", "mathbbR"):
            return []
        case ("power", ("name", "mathbbR"), size):
            return lengths(size)
        case ("times", one, two):
            return [*lengths(one), *lengths(two)]
    return [side]


def evaluate(
    statement: list[str],
    comment: Comment,
    turns: list[dict[str, Value]],
    known: tuple[Definition, ...],
) -> None:
    """Evaluate a statement.

    Raises:
        CannotError: If it cannot be evaluated.
        FalseError: If it is not true, or states a bound that nothing comes near.
    """
    bounds: dict[str, bool] = {}
    near = 1e-5 if any(map(ROUNDED.fullmatch, statement)) else 1e-6
    for names in turns:
        scope = Scope(names, comment.bound, known + comment.definitions)
        tree = tex.parse(statement, scope.is_function)
        old = place(tree[1][0], scope)[0] if "←" in tree[-1] else ""
        if old:
            tree = "chain", [("name", f"{old}_new"), *tree[1][1:]], tree[2]
        letters = sorted(free_indices(tree) - comment.bound)
        placed = scope.count(letters, [1] * len(letters))
        for at in itertools.product(*(counted(each, tree, placed) for each in letters)):
            unseen = "" if names is turns[-1] else "≈→"
            verify(tree, scope.count(letters, at), near, unseen, bounds)
        if old:
            names[old] = names[f"{old}_new"]
    for name, reached in bounds.items():
        if not reached:
            raise FalseError(
                f"{name} never come near each other, so the bound could be another one; "
                "let the comment take values that do"
            )


@dataclass
class Display:
    r"""A display of a chapter: its statements in tokens, and when they are evaluated.

    ``comment`` is what the comments above it say, and those before it "from here" on;
    ``moments`` are the lines of the fences after which it may be evaluated.
    """

    line: int
    tag: str
    statements: list[list[str]]
    comment: Comment
    moments: list[int]
    row: bool = False
    done: bool = False

    def evaluate(
        self, namespace: dict[str, Value], known: tuple[Definition, ...]
    ) -> None:
        """Evaluate all statements; an error names the one that it is in.

        Raises:
            CannotError: If one of them cannot be evaluated.
            FalseError: If one of them is not true.
        """
        try:
            turns = self.comment.turns(namespace)
        except Exception as error:
            raise CannotError(f"its comment fails: {error!r}") from error
        for statement in self.statements:
            try:
                with np.errstate(all="ignore"):
                    evaluate(statement, self.comment, turns, known)
            except Exception as error:
                kind = FalseError if isinstance(error, FalseError) else CannotError
                raise kind(f"{error}\n  in: {tex.source(statement)}") from error

    def check(self, namespace: dict[str, Value], moment: Moment) -> str:
        """What is wrong at ``moment``, in words for the author; else nothing."""
        problem = ""
        try:
            self.evaluate(namespace, moment.known)
        except CannotError as error:
            if moment.fence.line != self.moments[-1]:
                return ""
            problem = f"cannot be evaluated: {error}"
        except FalseError as error:
            problem = f"is not true after line {moment.fence.line}: {error}"
        self.done = True
        name = f"equation ({self.tag})" if self.tag else "this formula"
        return problem and f"{self.line}: {name} {problem}"


class Moment(NamedTuple):
    """The end of a fence, the displays that wait for it, and the definitions so far."""

    fence: book.Fence
    displays: list[Display]
    known: tuple[Definition, ...]


def split(comment: str) -> list[str]:
    """The parts of a comment."""
    return [*filter(None, map(str.strip, comment.split(";")))]


def displays(text: str) -> list[Display]:
    """The displays of a chapter, in order, and after them the relations in its tables.

    A relation in a table is evaluated where the equation is that its row cites, with the
    comment of that; with a comment above the table, or without an equation, where it stands.
    """
    prose = book.without_fences(text)
    fences = [
        each for each in book.fences(text) if each.language in {"python", "pycon"}
    ]
    found: list[Display] = []
    always: list[str] = []

    def after(line: int) -> list[int]:
        return [each.line for each in fences if each.line >= line][: 1 + WAIT]

    for match in _DISPLAY.finditer(prose):
        own: list[str] = []
        for comment in book.COMMENT.finditer(match["comments"]):
            kept = comment[2].removeprefix("from here ")
            (own if kept == comment[2] else always).extend(split(kept))
        line = prose.count("\n", 0, match.start("tex")) + 1
        tag = book.TAG.search(match["tex"])
        later = [each for each in fences if each.line > line]
        citing = [each for each in later if tag and f"# ({tag[1]})\n" in each.code]
        citing.sort(key=lambda each: each.language == "pycon")
        found.append(
            Display(
                line=line,
                tag=tag[1] if tag else "",
                statements=tex.statements(match["tex"]),
                comment=Comment([*always, *own]),
                moments=after(citing[0].line if citing else line),
            )
        )
    tagged = {each.tag: each for each in found if each.tag}
    above: list[str] = []
    for line, row in enumerate(prose.split("\n"), 1):
        if found_above := book.COMMENT.fullmatch(f"{row}\n"):
            above += split(found_above[2]) if found_above[1] == "where" else []
        elif not row.startswith("|"):
            above = []
        for match in _INLINE.finditer(row if row.startswith("|") else ""):
            statements = [
                each
                for each in tex.statements(match[1])
                if not tex.RELATIONS.keys().isdisjoint(each)
            ]
            cited = book.EQREF.findall(row[match.end() :].partition("$")[0])
            cited = cited or book.EQREF.findall(row)
            display = tagged.get(cited[-1] if cited else "")
            if above or not display:
                before = [each.line for each in fences if each.line < line]
                display = Display(line, "", [], Comment(above), after(before[-1]))
            if statements:
                row_of = replace(display, line=line, tag="", row=True)
                found.append(replace(row_of, statements=statements))
    return found


def moments(text: str) -> Iterator[Moment]:
    """The moments at which a chapter's displays are evaluated, in order."""
    found = displays(text)
    known: tuple[Definition, ...] = ()
    for fence in book.fences(text):
        if fence.language == "python":
            known += definitions(fence.code)
        waiting = [each for each in found if fence.line in each.moments]
        if waiting:
            yield Moment(fence, waiting, known)
