"""What the search knows: words, and letters by themselves and by their names."""

from __future__ import annotations

import json
import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_CODE = re.compile(r"<pre>.*?</pre>", re.DOTALL)
_COMMAND = re.compile(r"\\(?:var)?([a-z]+)")


def rewrite(index: Path) -> None:
    """Leave code blocks out of a search index, and write the letters of its formulas."""
    found = json.loads(index.read_text("utf-8"))
    for each in found["docs"]:
        text = _CODE.sub("", each["text"])
        each["text"] = _COMMAND.sub(lambda match: match[0] + _letter(match[1]), text)
    index.write_text(
        json.dumps(found, ensure_ascii=False, separators=(",", ":")), "utf-8"
    )


def _letter(name: str) -> str:
    if name == "partial":
        return " ∂"
    try:
        # Unicode has its own spelling of one of them.
        name = {"lambda": "lamda"}.get(name, name).upper()
        return " " + unicodedata.lookup(f"GREEK SMALL LETTER {name}")
    except KeyError:
        return ""
