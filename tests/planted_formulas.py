r"""Planted mistakes in formulas: a statement's tokens with one small mistake in them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from press import tex

KINDS = {
    *("sign", "index", "transpose", "factor", "bound", "symbol", "relation", "term")
}
SIZES = "NDMKL"
# Letters that are no names of quantities, or whose transpose is none.
OPERATORS = "de"
NO_MATRICES = "NDKMLJRPBE"
RELATIONS = {
    "<": [">", r"\le"],
    ">": ["<", r"\ge"],
    r"\le": [r"\ge", "<"],
    r"\ge": [r"\le", ">"],
    r"\ne": ["="],
    "=": [r"\ne", r"\approx"],
    r"\approx": ["="],
}
FUNCTIONS = {
    r"\log": r"\exp",
    r"\exp": r"\log",
    r"\max": r"\min",
    r"\min": r"\max",
    r"\sigma": r"\tanh",
    r"\tanh": r"\sigma",
}
GREEK = {
    *(r"\xi", r"\lambda", r"\eta", r"\mu", r"\varepsilon", r"\kappa", r"\tau", r"\ell")
}
type Slips = Iterator[tuple[str, list[str]]]


@dataclass(frozen=True)
class WrongFormula:
    """A statement with a mistake, of which kind, and the side on which it is."""

    kind: str
    marks: list[str]
    side: str


def wrong_formulas(marks: list[str]) -> Iterator[WrongFormula]:
    """Every single mistake of a statement, each once."""
    seen = {tuple(marks)}
    for kind, wrong in _slips(marks):
        if tuple(wrong) not in seen:
            seen.add(tuple(wrong))
            yield WrongFormula(kind, wrong, tex.source(_side(marks, wrong)))


def _side(right: list[str], wrong: list[str]) -> list[str]:
    """What stands in ``wrong`` between the relations around its difference."""
    pairs = [*zip(right, wrong, strict=False)]
    start = next((at for at, (one, two) in enumerate(pairs) if one != two), len(pairs))
    first, depth = 0, 0
    for at, mark in enumerate(wrong):
        depth += (mark in {*"({["}) - (mark in {*")}]"})
        if depth == 0 and mark in {*tex.RELATIONS, r"\iff"}:
            if at > start:
                return wrong[first:at]
            first = first if at == start else at + 1
    return wrong[first:]


def _end(marks: list[str], at: int) -> int:
    """Where the argument ends that begins at ``at``."""
    depth = 0
    for end in range(at, len(marks)):
        depth += (marks[end] == "{") - (marks[end] == "}")
        if depth == 0:
            return end + 1
    return len(marks)


def _places(marks: list[str]) -> list[str]:
    """For each token where it stands: index, bound, shape, words, or plain."""
    places = ["plain"] * len(marks)
    for at, mark in enumerate(marks):
        before = marks[at - 1] if at else ""
        if mark == "_" and places[at] == "plain":
            end = _end(marks, at + 1)
            place = "bound" if before in {r"\sum", r"\lim"} else "index"
            if any(each.startswith(r"\text") for each in marks[at:end]):
                place = "words"
            places[at + 1 : end] = [place] * (end - at - 1)
            if before == r"\sum" and marks[end : end + 1] == ["^"]:
                high = _end(marks, end + 1)
                places[end + 1 : high] = ["bound"] * (high - end - 1)
        elif mark == r"\mathbb{R}" and marks[at + 1 : at + 2] == ["^"]:
            end = _end(marks, at + 2)
            places[at + 2 : end] = ["shape"] * (end - at - 2)
        elif mark in {r"\begin", r"\end"}:
            end = _end(marks, at + 1)
            places[at:end] = ["words"] * (end - at)
    return places


def _slips(marks: list[str]) -> Slips:
    places = _places(marks)
    at_place = [*zip(marks, places, strict=True)]
    letters = {m for m, place in at_place if place == "index" and re.match("[a-z]", m)}
    names = {
        mark
        for mark, place in at_place
        if place == "plain"
        and (
            mark in GREEK or (re.fullmatch("[a-zA-Z]", mark) and mark not in OPERATORS)
        )
    }
    for at, place in enumerate(places):
        match place:
            case "index":
                yield from _slips_of_index(marks, at, sorted(letters))
            case "bound":
                yield from _slips_of_bound(marks, at)
            case "shape":
                for size in SIZES.replace(marks[at], "") if marks[at] in SIZES else "":
                    yield "bound", _put(marks, at, size)
            case "plain":
                yield from _slips_of_sign(marks, at)
                yield from _slips_of_factor(marks, at)
                yield from _slips_of_symbol(marks, at, sorted(names))


def _put(marks: list[str], at: int, *new: str, instead: int = 1) -> list[str]:
    return [*marks[:at], *new, *marks[at + instead :]]


def _slips_of_index(marks: list[str], at: int, letters: list[str]) -> Slips:
    mark, following = marks[at], marks[at + 1 : at + 2]
    if mark in letters:
        for other in letters:
            yield "index", _put(marks, at, other)
        if following and following[0] in letters:
            yield "index", _put(marks, at, following[0], mark, instead=2)
    if mark in {"1", "2"}:
        yield "index", _put(marks, at, "2" if mark == "1" else "1")
    if mark in {"+", "-"}:
        yield "index", _put(marks, at, instead=2)
        yield "sign", _put(marks, at, "-" if mark == "+" else "+")


def _slips_of_bound(marks: list[str], at: int) -> Slips:
    mark = marks[at]
    if mark.isdigit():
        yield "bound", _put(marks, at, str(int(mark) + 1))
    if mark in {*SIZES}:
        yield "bound", _put(marks, at, mark, "-", "1")
        for size in SIZES:
            yield "bound", _put(marks, at, size)


def _slips_of_sign(marks: list[str], at: int) -> Slips:
    mark, before, following = marks[at], marks[:at], marks[at + 1 : at + 2]
    if mark in {"+", "-"}:
        yield "sign", _put(marks, at, "-" if mark == "+" else "+")
        if before and before[-1] not in {"(", "[", "{", "|", *tex.RELATIONS}:
            yield "term", marks[:at] + marks[_end_of_term(marks, at) :]
    if mark in tex.RELATIONS and mark != r"\in" and following not in (["-"], ["0"]):
        yield "sign", _put(marks, at, mark, "-")
    for other in RELATIONS.get(mark, []):
        yield "relation", _put(marks, at, other)


def _end_of_term(marks: list[str], sign: int) -> int:
    depth = 0
    for end in range(sign + 1, len(marks)):
        depth += (marks[end] in {*"({["}) - (marks[end] in {*")}]"})
        ends = {"+", "-", "&", r"\\", r"\iff", *tex.RELATIONS}
        if depth < 0 or (depth == 0 and marks[end] in ends):
            return end
    return len(marks)


def _slips_of_factor(marks: list[str], at: int) -> Slips:
    mark, following = marks[at], "".join(marks[at + 1 : at + 2])
    if mark == "^" and following == r"\top":
        yield "transpose", _put(marks, at, instead=2)
    elif mark == "^" and following.isdigit():
        yield "factor", _put(marks, at, "^", str(int(following) + 1), instead=2)
        yield "factor", _put(marks, at, instead=2)
    elif re.fullmatch(r"\d+", mark) and marks[at - 1 : at] != ["^"]:
        yield "factor", _put(marks, at, str(int(mark) + 1))
    elif re.fullmatch(r"\d+\.\d+", mark):
        yield "factor", _put(marks, at, str(float(mark) + 1))
    elif re.fullmatch("[A-Z]", mark) and mark not in NO_MATRICES:
        end = _end(marks, at + 2) if following == "_" else at + 1
        if marks[end : end + 1] != ["^"] and marks[at - 1 : at] != [r"\partial"]:
            yield "transpose", _put(marks, end, "^", r"\top", instead=0)
    elif mark in {r"\frac", r"\tfrac"}:
        end = _end(marks, at + 1)
        top, below = marks[at + 1 : end], _end(marks, end)
        if r"\partial" not in top and top[:2] != ["{", "d"]:
            yield "factor", marks[:at] + top + marks[below:]
            yield "factor", marks[: at + 1] + marks[end:below] + top + marks[below:]
    elif mark in {r"\lambda", r"\eta", r"\mu"}:
        yield "factor", _put(marks, at, "2", mark)


def _slips_of_symbol(marks: list[str], at: int, names: list[str]) -> Slips:
    mark = marks[at]
    if mark in names:
        for other in names:
            yield "symbol", _put(marks, at, other)
    if mark in FUNCTIONS:
        yield "symbol", _put(marks, at, FUNCTIONS[mark])
    if mark in {"'", r"\odot", r"\mathrm{d}"}:
        yield "symbol", _put(marks, at)
    if mark.startswith(r"\operatorname"):
        yield "symbol", _put(marks, at, r"\sigma")
