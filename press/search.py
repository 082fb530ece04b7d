"""What the search knows: words, and letters by themselves and by their names."""

from __future__ import annotations

import json
import re
import unicodedata
from typing import TYPE_CHECKING

from press import book

if TYPE_CHECKING:
    from pathlib import Path

_CODE = re.compile(r"<pre>.*?</pre>", re.DOTALL)
_COMMAND = re.compile(r"\\(?:var)?([a-z]+)")
_TERM = re.compile(
    r"^(?:\*\*(?P<term>.+)\*\*\n:|\| \$\\(?:var)?(?P<letter>[a-z]+)[^|]*\|).*?"
    r"\((?P<page>\w+)\.md(?P<section>#[\w-]+)?\)",
    re.MULTILINE,
)


def rewrite(index: Path) -> None:
    """Leave code blocks out of a search index, and write the letters of its formulas.

    What the glossary and the table of symbols link to is found first.
    """
    found = json.loads(index.read_text("utf-8"))
    terms = _terms()
    for each in found["docs"]:
        text = _CODE.sub("", each["text"])
        each["text"] = _COMMAND.sub(lambda match: match[0] + _letter(match[1]), text)
        page, mark, section = each["location"].partition("#")
        if tags := terms.get(re.sub(r"/|\.html", "", page) + mark + section):
            each["tags"] = tags
    index.write_text(
        json.dumps(found, ensure_ascii=False, separators=(",", ":")), "utf-8"
    )


def _terms() -> dict[str, list[str]]:
    """The terms and letters that each section, as ``page#section``, introduces."""
    found: dict[str, dict[str, None]] = {}
    for page in ("glossary.md", "notation.md"):
        for match in _TERM.finditer((book.DOCS / page).read_text("utf-8")):
            place = match["page"] + (match["section"] or "")
            letter = match["letter"]
            term = match["term"] or f"{_letter(letter).strip()} {letter}"
            found.setdefault(place, {})[term] = None
    return {place: [*terms] for place, terms in found.items()}


def _letter(name: str) -> str:
    if name == "partial":
        return " ∂"
    try:
        # Unicode has its own spelling of one of them.
        name = {"lambda": "lamda"}.get(name, name).upper()
        return " " + unicodedata.lookup(f"GREEK SMALL LETTER {name}")
    except KeyError:
        return ""
