r"""Planted mistakes in formulas: a statement's tokens with one small mistake in them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from press import tex

KINDS = {
    "sign",
    "index",
    "transpose",
    "factor",
    "bound",
    "symbol",
    "relation",
    "term",
}
SIZES = "NDMK"
OTHER = {
    "<": [">", r"\le"],
    ">": ["<", r"\ge"],
    r"\le": [r"\ge", "<"],
    r"\ge": [r"\le", ">"],
    r"\ne": ["="],
    "=": [r"\ne"],
    r"\approx": [r"\ne"],
}
FUNCTIONS = {
    r"\log": r"\exp",
    r"\exp": r"\log",
    r"\max": r"\min",
    r"\min": r"\max",
    r"\sigma": r"\tanh",
    r"\tanh": r"\sigma",
}
GREEK = {"\\" + name for name in "xi lambda eta mu varepsilon kappa tau ell".split()}


@dataclass(frozen=True)
class WrongFormula:
    kind: str
    tokens: list[str]

    def __str__(self) -> str:
        return f"{self.kind}: {tex.source(self.tokens)}"


def wrong_formulas(tokens: list[str]) -> Iterator[WrongFormula]:
    """Every single mistake of a statement, each once."""
    seen = {tuple(tokens)}
    for kind, wrong in _slips(tokens):
        if tuple(wrong) not in seen:
            seen.add(tuple(wrong))
            yield WrongFormula(kind, wrong)


def _end(tokens: list[str], at: int) -> int:
    """Where the argument ends that begins at ``at``."""
    depth = 0
    for end in range(at, len(tokens)):
        depth += (tokens[end] == "{") - (tokens[end] == "}")
        if depth == 0:
            return end + 1
    return len(tokens)


def _regions(tokens: list[str]) -> list[str]:
    """For each token where it stands: in an index, a bound, a shape, a font, or nowhere."""
    where = [""] * len(tokens)
    for at, token in enumerate(tokens):
        after = tokens[at - 1] if at else ""
        if token == "_" and not where[at]:
            end = _end(tokens, at + 1)
            place = "bound" if after in {r"\sum", r"\lim"} else "index"
            if any(each.startswith(r"\text") for each in tokens[at:end]):
                place = "font"
            where[at + 1 : end] = [place] * (end - at - 1)
            if after == r"\sum" and tokens[end : end + 1] == ["^"]:
                high = _end(tokens, end + 1)
                where[end + 1 : high] = ["bound"] * (high - end - 1)
        elif token == r"\mathbb{R}":
            where[at:] = [
                "shape" if each not in tex.RELATIONS else "" for each in tokens[at:]
            ]
        elif token in {r"\begin", r"\end"}:
            end = _end(tokens, at + 1)
            where[at:end] = ["font"] * (end - at)
    return where


def _slips(tokens: list[str]) -> Iterator[tuple[str, list[str]]]:
    where = _regions(tokens)
    letters = sorted(
        {
            token
            for token, place in zip(tokens, where, strict=True)
            if place == "index" and re.fullmatch("[a-z]", token)
        }
    )
    names = sorted(
        {
            token
            for token, place in zip(tokens, where, strict=True)
            if not place
            and (
                re.fullmatch("[a-zA-Z]", token) and token not in "de" or token in GREEK
            )
        }
    )
    for at, (token, place) in enumerate(zip(tokens, where, strict=True)):
        before, after = tokens[:at], tokens[at + 1 :]

        def put(
            *new: str, before: list[str] = before, after: list[str] = after
        ) -> list[str]:
            return [*before, *new, *after]

        if place == "index":
            if token in letters:
                for other in {*letters} - {token}:
                    yield "index", put(other)
                if after[:1] != [token] and after[:1] and after[0] in letters:
                    yield "index", [*before, after[0], token, *after[1:]]
            if token in {"1", "2"}:
                yield "index", put("2" if token == "1" else "1")
            if token in {"+", "-"}:
                yield "index", [*before, *after[1:]]
                yield "sign", put("-" if token == "+" else "+")
        elif place == "bound":
            if token.isdigit():
                yield "bound", put(str(int(token) + 1))
            if token in SIZES and len(token) == 1:
                for other in {*SIZES} - {token}:
                    yield "bound", put(other)
                yield "bound", put(token, "-", "1")
        elif place == "shape":
            if token in SIZES and len(token) == 1:
                for other in {*SIZES} - {token}:
                    yield "bound", put(other)
        elif place != "font":
            yield from _plain_slips(tokens, at, names)


def _plain_slips(
    tokens: list[str], at: int, names: list[str]
) -> Iterator[tuple[str, list[str]]]:
    """The slips at a token that stands in no index, bound, shape or font."""
    token, before, after = tokens[at], tokens[:at], tokens[at + 1 :]
    following = after[0] if after else ""
    if token in {"+", "-"}:
        yield "sign", [*before, "-" if token == "+" else "+", *after]
        if before and before[-1] not in {"(", "[", "{", "|", *tex.RELATIONS}:
            yield "term", _without_term(tokens, at)
    if token in tex.RELATIONS and token != r"\in" and following not in {"-", "0"}:
        yield "sign", [*before, token, "-", *after]
    for other in OTHER.get(token, []):
        yield "relation", [*before, other, *after]
    if token == "^" and following == r"\top":
        yield "transpose", [*before, *after[1:]]
    elif token == "^" and following.isdigit():
        yield "factor", [*before, "^", str(int(following) + 1), *after[1:]]
        yield "factor", [*before, *after[1:]]
    if re.fullmatch("[A-Z]", token) and token not in "NDKMLJRPBE":
        end = at + 1
        if following == "_":
            end = _end(tokens, at + 2)
        if tokens[end : end + 1] != ["^"] and before[-1:] != [r"\partial"]:
            yield "transpose", [*tokens[:end], "^", r"\top", *tokens[end:]]
    if re.fullmatch(r"\d+(\.\d+)?", token) and before[-1:] != ["^"]:
        yield (
            "factor",
            [
                *before,
                str(float(token) + 1 if "." in token else int(token) + 1),
                *after,
            ],
        )
    if token in {r"\frac", r"\tfrac"}:
        end = _end(tokens, at + 1)
        top = tokens[at + 1 : end]
        below = _end(tokens, end)
        if r"\partial" not in top and top[:2] != ["{", "d"]:
            yield "factor", [*before, *(top or ["1"]), *tokens[below:]]
            yield "factor", [*before, token, *tokens[end:below], *top, *tokens[below:]]
    if token in {r"\lambda", r"\eta", r"\mu"}:
        yield "factor", [*before, "2", token, *after]
    if token in names and before[-1:] != [r"\mathrm{d}"]:
        for other in names:
            if other != token:
                yield "symbol", [*before, other, *after]
    if token in FUNCTIONS:
        yield "symbol", [*before, FUNCTIONS[token], *after]
    if token in {"'", r"\odot", r"\mathrm{d}"}:
        yield "symbol", [*before, *after]
    if token.startswith(r"\operatorname"):
        yield "symbol", [*before, r"\sigma", *after]


def _without_term(tokens: list[str], at: int) -> list[str]:
    """The statement without the term after the sign at ``at``."""
    depth = 0
    for end in range(at + 1, len(tokens)):
        token = tokens[end]
        depth += (token in "({[") - (token in ")}]")
        if depth < 0 or (
            depth == 0 and token in {"+", "-", *tex.RELATIONS, r"\iff", "&", r"\\"}
        ):
            return tokens[:at] + tokens[end:]
    return tokens[:at]
