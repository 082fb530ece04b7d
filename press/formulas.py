r"""The displayed formulas of a chapter, evaluated in the namespace of its cells.

A statement is true if its sides agree for every value of its free indices. Letters have
the names of notation.md; what a letter stands for besides, a comment above the ``$$`` says::

    <!-- where dZ1 = dZ1_leaky; for z, y in zip(Z, Y); s = z.sum() -->

Its parts, separated by ``;``, are Python: assignments; ``for``, whose turns must all be
true; ``if``, which free indices are meant; ``nearly eps = 1e-3``, where ``≈`` has to hold
to 1%; ``from here``, assignments for the rest of the chapter. The new value of an update
``p ← …`` is ``p_new``.

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

WAIT = 6
# Letters whose name in the code is not that of the letter.
NAMES = {"lambda": "lam", "varepsilon": "eps", "sigma": "sigmoid", "varphi": "rbf"}
KNOWN: dict[str, Any] = {
    each: getattr(np, each) for each in ("log", "exp", "tanh", "mean", "e")
} | {"max": np.maximum, "min": np.minimum, "Im": np.imag}
STEP = 1e-5
_DISPLAY = re.compile(
    rf"(?P<comments>(?:{book.COMMENT.pattern})*)\$\$(?P<tex>.+?)\$\$",
    re.MULTILINE | re.DOTALL,
)
NEAR = {"=": 1e-6, "←": 1e-6, "≈": 1e-2, "→": 1e-2}
COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "=": np.isclose,
    "≠": lambda left, right: ~np.isclose(left, right),
    "<": np.less,
    ">": np.greater,
    "≤": np.less_equal,
    "≥": np.greater_equal,
}


class CannotError(ValueError):
    """A formula cannot be evaluated."""


class FalseError(ValueError):
    """A formula is not true."""


class Definition(NamedTuple):
    """An assignment to one name: what it reads, and its right side."""

    name: str
    reads: frozenset[str]
    code: CodeType


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
    done: bool = False


@dataclass(frozen=True)
class Moment:
    """The end of a fence: the displays that wait for it, and the definitions so far."""

    line: int
    end: int
    displays: list[Display]
    known: tuple[Definition, ...]


@dataclass(frozen=True)
class Scope:
    """The values of names while a statement is evaluated.

    ``bound`` are the names that the comment binds, ``index`` the letters that count,
    ``moved`` what a numerical derivative has moved.
    """

    names: dict[str, Any]
    bound: frozenset[str] = frozenset()
    definitions: tuple[Definition, ...] = ()
    index: dict[str, int] = field(default_factory=dict)
    moved: dict[str, Any] = field(default_factory=dict)

    def has(self, name: str) -> bool:
        return self._stored(name) is not None

    def _stored(self, name: str) -> Any:
        if name in self.names:
            return self.names[name]
        layer = re.fullmatch(r"(.*?)(\d+)", name)
        if layer and isinstance(layers := self.names.get(layer[1]), list):
            return layers[int(layer[2])] if int(layer[2]) < len(layers) else None
        return KNOWN.get(name)

    def get(self, name: str) -> Any:
        """The value of ``name``; after a move, by the newest definition that feels it."""
        if name in self.moved:
            return self.moved[name]
        stored = self._stored(name)
        if stored is None:
            raise CannotError(
                f"nothing is called {name} here; if it has another name in the code, "
                f"or none, say above the $$: <!-- where {name} = … -->"
            )
        if callable(stored) or isinstance(stored, list):
            return stored
        for each in self._defining(name) if self.moved else ():
            return np.asarray(self._run(each))
        return np.asarray(stored)

    def _run(self, definition: Definition) -> Any:
        felt = {name: self.get(name) for name in definition.reads if self.feels(name)}
        return eval(definition.code, {**self.names, **felt})  # noqa: S307

    def feels(self, name: str, seen: tuple[str, ...] = ()) -> bool:
        return name in self.moved or (
            name not in seen and any(self._defining(name, seen))
        )

    def _defining(self, name: str, seen: tuple[str, ...] = ()) -> Iterator[Definition]:
        """The definitions of ``name``, newest first, through which it feels the move."""
        for each in reversed(self.definitions):
            if each.name == name and any(
                self.feels(other, (*seen, name)) for other in each.reads
            ):
                still = eval(each.code, dict(self.names))  # noqa: S307
                if np.array_equal(still, self.names[name]):
                    yield each

    def move(self, name: str, value: Any) -> Scope:
        return replace(self, moved={name: value})

    def count(self, letters: dict[str, int]) -> Scope:
        return replace(self, index=self.index | letters)

    def is_function(self, tree: Tree) -> bool:
        try:
            name, at = place(tree, self)
        except CannotError:
            return False
        return not at and callable(self._stored(name))


def place(tree: Tree, scope: Scope) -> tuple[str, list[Tree]]:
    """The name of a quantity in the code, and the indices of its entry.

    An index that is no free letter may be that of a layer: $W_1$, $Z_{2,nk}$, $A_{l-1}$.
    """
    match tree:
        case ("name", name):
            return NAMES.get(name, name), []
        case ("entry", ("name", name), groups):
            name = NAMES.get(name, name)
            indices = [each for group in groups for each in group]
            several = len(groups) > 1
            own = name in scope.bound and not isinstance(scope.names[name], list)
            fixed = scope.index.keys().isdisjoint(letters_of(indices[0]))
            if len(groups[0]) == 1 and fixed and (several or not own):
                layered = f"{name}{whole(indices[0], scope)}"
                if several or scope.has(layered):
                    return layered, indices[1:]
            return name, indices
    raise CannotError("this is no quantity that has a name")


def whole(tree: Tree, scope: Scope) -> int:
    number = float(value(tree, scope))
    if not number.is_integer():
        raise FalseError(f"{number} cannot be an index")
    return int(number)


def entry(array: Any, at: list[Tree], scope: Scope) -> Any:
    if at and np.ndim(array) != len(at):
        raise FalseError(
            f"{len(at)} indices stand at what has {np.ndim(array)} in the code"
        )
    where = tuple(whole(each, scope) - 1 for each in at)
    for index, size in zip(where, np.shape(array), strict=False):
        if not 0 <= index < size:
            raise FalseError(f"there is no entry {index + 1} of {size}")
    return array[where] if at else array


def alike(left: Any, right: Any, what: str) -> None:
    if np.ndim(left) and np.ndim(right) and np.shape(left) != np.shape(right):
        raise FalseError(
            f"a {what} of the shapes {np.shape(left)} and {np.shape(right)}"
        )


def value(tree: Tree, scope: Scope) -> Any:
    """What a side of a statement is, an array or a function."""
    match tree:
        case ("number", number):
            return np.asarray(number)
        case ("name", name):
            if name in scope.index:
                return np.asarray(scope.index[name])
            return scope.get(NAMES.get(name, name))
        case ("entry", ("name", "delta"), [[k, j]]):
            return np.asarray(float(value(k, scope) == value(j, scope)))
        case ("entry", ("name", _), _):
            name, at = place(tree, scope)
            return entry(scope.get(name), at, scope)
        case ("entry", inner, groups):
            at = [each for group in groups for each in group]
            return entry(value(inner, scope), at, scope)
        case ("add", [first, *others]):
            total = value(first, scope)
            for other in (value(each, scope) for each in others):
                if np.ndim(total) != 2 or np.shape(other) != np.shape(total)[1:]:
                    alike(total, other, "sum")
                total = total + other
            return total
        case ("minus", inner):
            return -value(inner, scope)
        case ("beside", left, right):
            return product(left, value(left, scope), value(right, scope))
        case ("times", left, right):
            left, right = value(left, scope), value(right, scope)
            alike(left, right, "product")
            return left * right
        case ("over", left, right):
            left, right = value(left, scope), value(right, scope)
            alike(left, right, "quotient")
            return left / right
        case ("power", base, exponent):
            return np.asarray(value(base, scope), dtype=float) ** value(exponent, scope)
        case ("transpose", inner):
            array = value(inner, scope)
            if np.ndim(array) == 0:
                raise FalseError("the transpose of a number")
            return np.transpose(array)
        case ("bars", inner):
            return abs(value(inner, scope))
        case ("norm", inner):
            return np.linalg.norm(value(inner, scope))
        case ("matrix", rows):
            return np.array([[value(each, scope) for each in row] for row in rows])
        case ("holds", chain):
            return np.asarray(holds(chain, scope), dtype=float)
        case ("call", head, primes, arguments):
            function = value(head, scope)
            values = [value(each, scope) for each in arguments]
            return slope(function, *values, primes) if primes else function(*values)
        case ("total", [], None, None, term):
            return np.sum(value(term, scope))
        case ("total", letters, low, high, term):
            ranges = (
                [range(whole(low, scope), whole(high, scope) + 1)]
                if low
                else [counted(each, [term], scope) for each in letters]
            )
            return sum(
                value(term, scope.count(dict(zip(letters, at, strict=True))))
                for at in itertools.product(*ranges)
            )
        case ("limit", name, target, term):
            near, nearer = (
                value(term, replace(scope, names=scope.names | {name: there}))
                for there in value(target, scope) + np.array([2 * STEP, STEP])
            )
            return 2 * nearer - near
        case ("derivative", of, by, order):
            return derivative(of, by, order, scope)
    raise CannotError(f"{tree[0]} has no value of its own")


def product(left: Tree, a: Any, b: Any) -> Any:
    """Factors side by side: of matrices if one is one or the left is a row."""
    if callable(a) or callable(b):
        raise CannotError("a function without arguments is no factor")
    row = "transpose" in {left[0], left[-1][0] if left[0] == "beside" else ""}
    if np.ndim(a) and np.ndim(b) and (row or np.ndim(a) + np.ndim(b) > 2):
        if np.shape(a)[-1] != np.shape(b)[0]:
            raise FalseError(f"a product of the shapes {np.shape(a)} and {np.shape(b)}")
        return a @ b
    alike(a, b, "product")
    return a * b


def slope(function: Callable[[Any], Any], at: Any, order: int) -> Any:
    """A derivative of a function of a number, by Cauchy's formula on a small circle."""
    radius = 0.02
    turns = np.exp(2j * np.pi * np.arange(16) / 16)
    total = sum(function(at + radius * turn) * turn**-order for turn in turns)
    return np.real(total) / 16 * math.factorial(order) / radius**order


def derivative(of: Tree, by: Tree, order: int, scope: Scope) -> Any:
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
            if own and scope.has(name) and not callable(scope.get(name)):
                array = scope.get(name)
                if at_a and np.ndim(array) == len(at_b):
                    pairs = zip(at_a, at_b, strict=False)
                    same = all(whole(i, scope) == whole(j, scope) for i, j in pairs)
                    return entry(array, at_b, scope) if same else np.asarray(0.0)
                return entry(array, [*at_a, *at_b], scope)
        if scope.has(a) and callable(scope.get(a)):
            return slope(scope.get(a), scope.get(b), order)
        if order > 1 or not scope.move(b, None).feels(a):
            raise CannotError(
                f"nothing is called {name}, and no cell computes {a} from {b}"
            )
    here = np.asarray(scope.get(b), dtype=float)
    step = np.zeros(here.shape)
    step[tuple(whole(each, scope) - 1 for each in at_b) if at_b else ...] = STEP
    up, down = (value(of, scope.move(b, there)) for there in (here + step, here - step))
    return (up - down) / (2 * STEP)


def parts(tree: Any) -> Iterator[Tree]:
    """The trees directly inside ``tree``."""
    for each in tree:
        if isinstance(each, tuple):
            yield each
        elif isinstance(each, list):
            yield from parts(each)


def letters_of(tree: Tree) -> set[str]:
    own = {tree[1]} if tree[0] == "name" else set()
    return own.union(*map(letters_of, parts(tree)))


def indices_of(tree: Tree) -> set[str]:
    """The letters that stand as indices and belong to no sum."""
    found = set().union(*map(indices_of, parts(tree)))
    if tree[0] == "entry":
        found |= set().union(*(letters_of(each) for each in parts(tree[2])))
    return found - {*tree[1]} if tree[0] == "total" else found


def counted(letter: str, trees: list[Tree], scope: Scope) -> range:
    """What an index counts: the axis on which it stands."""
    sizes: set[int] = set()
    scope = scope.count({letter: 1})

    def look(tree: Tree) -> None:
        if tree[0] == "entry" and tree[1] != ("name", "delta"):
            try:
                if tree[1][0] == "name":
                    name, at = place(tree, scope)
                    array = scope.get(name)
                else:
                    at = [each for group in tree[2] for each in group]
                    array = value(tree[1], scope)
            except CannotError:
                at, array = [], None
            sizes.update(
                size
                for size, index in zip(np.shape(array), at, strict=False)
                if index == ("name", letter)
            )
        for each in parts(tree):
            look(each)

    for tree in trees:
        look(tree)
    if len(sizes) > 1:
        raise FalseError(
            f"{letter} counts {' and '.join(map(str, sorted(sizes)))} entries"
        )
    if not sizes:
        raise CannotError(f"it is not known what {letter} counts")
    return range(1, sizes.pop() + 1)


def holds(chain: Tree, scope: Scope) -> Any:
    """Where all relations of a chain hold."""
    sides = [value(each, scope) for each in chain[1]]
    each = [
        COMPARE[relation](left, right)
        for relation, (left, right) in zip(
            chain[2], itertools.pairwise(sides), strict=True
        )
    ]
    return functools.reduce(np.logical_and, each)


def compare(left: Any, relation: str, right: Any) -> str:
    """Why ``left relation right`` does not hold, else nothing."""
    if relation in NEAR:
        if np.shape(left) != np.shape(right):
            return f"have the shapes {np.shape(left)} and {np.shape(right)}"
        if not (np.isfinite(left).all() and np.isfinite(right).all()):
            return "are not finite"
        apart = abs(left - right)
        size = np.maximum(abs(left), abs(right))
        if (
            apart <= NEAR[relation] * (size + 1e-8 * size.max(initial=0)) + 1e-15
        ).all():
            return ""
    elif np.all(COMPARE[relation](left, right)):
        return ""
    apart = np.ravel(abs(left - right))
    shown = [
        np.ravel(np.broadcast_to(each, np.shape(left - right)))[apart.argmax()]
        for each in (left, right)
    ]
    return f"are {shown[0]:.6g} and {shown[1]:.6g}, where {relation} is stated"


def verify(statement: Tree, scope: Scope, unseen: str, far: dict[int, str]) -> None:
    """Raise FalseError unless a statement is true; relations in ``unseen`` are passed over.

    ``far`` collects the bounds that nothing has come near yet.
    """
    if statement[0] == "iff":
        first, *others = (holds(each, scope) for each in statement[1])
        for number, other in enumerate(others, 2):
            if not np.array_equal(first, other):
                raise FalseError(
                    f"statements 1 and {number} do not hold at the same places"
                )
        return
    _, sides, relations = statement
    if not relations:
        raise CannotError("this states nothing")
    left = value(sides[0], scope)
    for number, (relation, side) in enumerate(
        zip(relations, sides[1:], strict=True), 1
    ):
        if relation == "∈":
            sizes = tuple(whole(each, scope) for each in side[1])
            if sizes != np.shape(left):
                raise FalseError(f"the shape is {np.shape(left)}, not {sizes}")
            continue
        right = value(side, scope)
        if relation not in unseen and (why := compare(left, relation, right)):
            at = "".join(f", for {k} = {v}" for k, v in scope.index.items())
            raise FalseError(f"sides {number} and {number + 1} {why}{at}")
        if relation in "<>≤≥":
            far.setdefault(number, relation)
            if sharp(left, relation, right):
                far[number] = ""
        left = right


def sharp(left: Any, relation: str, right: Any) -> bool:
    """Whether a bound is reached, or nearly if it is strict: another would not hold."""
    apart = abs(left - right)
    near = 0 if relation in "≤≥" else 0.01
    whole = relation in "<>" and np.equal(np.mod(left - right, 1), 0)
    return bool(np.any((apart <= near * abs(right) + 1e-12) | (whole & (apart == 1))))


def verify_all(
    statement: Tree, scope: Scope, condition: str, unseen: str, far: dict[int, str]
) -> None:
    """The same for all values of the free indices."""
    letters = sorted(indices_of(statement) - scope.bound)
    placed = scope.count(dict.fromkeys(letters, 1))
    ranges = [counted(each, [statement], placed) for each in letters]
    for at in itertools.product(*ranges):
        index = dict(zip(letters, at, strict=True))
        if not condition or eval(condition, scope.names, index):  # noqa: S307
            verify(statement, scope.count(index), unseen, far)


@functools.cache
def definitions(code: str) -> tuple[Definition, ...]:
    """The assignments of a cell to one name."""
    found = []
    for node in ast.parse(code).body:
        match node:
            case ast.Assign(targets=[ast.Name(name)], value=right):
                reads = {
                    each.id for each in ast.walk(right) if isinstance(each, ast.Name)
                }
                compiled = compile(ast.Expression(right), name, "eval")
                found.append(Definition(name, frozenset(reads), compiled))
    return tuple(found)


class Comment:
    """What the comments above a display say, ready to be executed."""

    def __init__(self, text: str) -> None:
        self.condition = self.nearly = turns = ""
        before: list[str] = []
        inside: list[str] = []
        for part in filter(None, map(str.strip, text.split(";"))):
            word, _, rest = part.partition(" ")
            match word:
                case "for":
                    turns = f"{part}:"
                case "if":
                    self.condition = rest
                case "nearly":
                    self.nearly = rest
                case _:
                    (inside if turns else before).append(part)
        keep = "_keep()"
        loop = "\n    ".join([turns, *inside, keep]) if turns else keep
        self.source = "\n".join([*before, loop])
        self.definitions = definitions("\n".join([*before, *inside]))
        table = symtable.symtable(self.source, "where", "exec")
        assigned = (each for each in table.get_symbols() if each.is_assigned())
        self.bound = frozenset(each.get_name() for each in assigned)

    def turns(self, namespace: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
        """The names of each turn, with the relations that do not count in it."""
        found: list[dict[str, Any]] = []
        names = dict(namespace)
        names["_keep"] = lambda: found.append(dict(names))
        exec(self.source, names)  # noqa: S102
        for each in found:
            yield each, "→≈" if self.nearly else "→" * (each is not found[-1])
        if self.nearly:
            exec(self.nearly, found[-1])  # noqa: S102
            yield found[-1], "="


def displays(text: str) -> list[Display]:
    """The displays of a chapter, in order."""
    prose = book.without_fences(text)
    fences = [
        each for each in book.fences(text) if each.language in {"python", "pycon"}
    ]
    found: list[Display] = []
    always: list[str] = []
    for match in _DISPLAY.finditer(prose):
        own = []
        for comment in book.COMMENT.finditer(match["comments"]):
            kept = comment[2].removeprefix("from here ")
            (own if kept == comment[2] else always).append(kept)
        line = prose.count("\n", 0, match.start("tex")) + 1
        tag = book.TAG.search(match[0])
        later = [each for each in fences if each.line > line]
        citing = [each for each in later if tag and f"# ({tag[1]})\n" in each.code]
        citing.sort(key=lambda each: each.language == "pycon")
        start = min((each.line for each in citing[:1]), default=line)
        found.append(
            Display(
                line,
                tag[1] if tag else "",
                tex.statements(match["tex"]),
                Comment("; ".join([*always, *own])),
                [each.line for each in later if each.line >= start][: 1 + WAIT],
            )
        )
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
            yield Moment(fence.line, fence.end, waiting, known)


def evaluate(
    statements: list[list[str]],
    comment: Comment,
    namespace: dict[str, Any],
    known: Iterable[Definition],
) -> None:
    """Evaluate the statements of a display.

    Raises:
        CannotError: If one of them cannot be evaluated.
        FalseError: If one of them is not true.
    """
    far: list[dict[int, str]] = [{} for _ in statements]
    for names, unseen in comment.turns(namespace):
        scope = Scope(names, comment.bound, (*known, *comment.definitions))
        for each, bounds in zip(statements, far, strict=True):
            with _noting(each), np.errstate(all="ignore"):
                tree = tex.parse(each, scope.is_function)
                old = place(tree[1][0], scope)[0] if "←" in tree[-1] else ""
                if old:
                    tree = "chain", [("name", f"{old}_new"), *tree[1][1:]], tree[2]
                verify_all(tree, scope, comment.condition, unseen, bounds)
                if old:
                    names[old] = names[f"{old}_new"]
    for each, bounds in zip(statements, far, strict=True):
        for number, relation in bounds.items():
            if relation:
                with _noting(each):
                    raise FalseError(
                        f"sides {number} and {number + 1} never come near each other, so "
                        f"{relation} would hold for other bounds as well; let the comment "
                        "take values that do"
                    )


@contextlib.contextmanager
def _noting(statement: list[str]) -> Iterator[None]:
    """Note the statement on an error in it; any that is not FalseError is CannotError."""
    try:
        yield
    except FalseError as error:
        error.add_note(tex.source(statement))
        raise
    except Exception as error:
        cannot = CannotError(str(error))
        cannot.add_note(tex.source(statement))
        raise cannot from error


def check(display: Display, namespace: dict[str, Any], moment: Moment) -> str | None:
    """What is wrong with a display at ``moment``, in words for its author."""
    if display.done:
        return None
    problem = ""
    try:
        evaluate(display.statements, display.comment, namespace, moment.known)
    except CannotError as error:
        if moment.line != display.moments[-1]:
            return None
        problem = f"cannot be evaluated: {error}\n  in: {error.__notes__[0]}"
    except FalseError as error:
        problem = f"is not true after the cell in line {moment.line}: {error}\n  in: {error.__notes__[0]}"
    display.done = True
    name = f"equation ({display.tag})" if display.tag else "this formula"
    return problem and f"{name} {problem}"
