r"""Number the equations of a chapter anew, with every citation in pages and library.

    make renumber CHAPTER=4     # or without CHAPTER: the whole book

To insert an equation, give it a tag that is not taken, such as ``\tag{4.9a}`` (digits,
letters and underscores may follow the dot), and cite it by that: ``\eqref{4.9a}`` in
text, ``# (4.9a)`` in code. This program gives the equations the numbers 4.1, 4.2 … in the
order in which they stand and rewrites

- in ``docs/*.md`` and ``README.md``: ``\tag{…}``, ``\eqref{…}``, ``#eq-…`` in a link,
  ``# (…)`` at the end of a line and ``equation (…)``;
- in ``src``: every ``(…)`` in a comment or a string.

It refuses, exits with 2 and writes nothing if a tag comes twice or belongs to another
chapter, or if a citation of the chapter has no equation.
"""

from __future__ import annotations

import argparse
import io
import re
import sys
import tokenize
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from press import book

TAG = re.compile(r"(?<=\\tag\{)\d+\.\w+(?=\})")
CITATION = re.compile(
    r"(?<=\\eqref\{)\d+\.\w+(?=\})"
    r"|(?<=\#eq-)\d+\.\w+"
    r"|(?<=\#\ \()\d+\.\w+(?=\)$)"
    r"|(?<=\bequation\ \()\d+\.\w+(?=\))",
    re.MULTILINE,
)
IN_SOURCE = re.compile(r"(?<=\()\d+\.\w+(?=\))")
WRITTEN = {tokenize.COMMENT, tokenize.STRING, tokenize.FSTRING_MIDDLE}


class RefusalError(Exception):
    """Why nothing can be renumbered; the message names file and line."""


def renumber(root: Path, chapter: int | None = None) -> list[str]:
    """Renumber one chapter or all, and say what became of which number.

    Args:
        root: The folder that holds ``docs`` and ``src``.
        chapter: Its number; None for every chapter.

    Returns:
        One line for each number and each file that changed.

    Raises:
        RefusalError: There is no such chapter, a tag comes twice or belongs to another
            chapter, or a number is cited that no equation has. Nothing is written.
    """
    glob = "ch[0-9][0-9]_*.md" if chapter is None else f"ch{chapter:02}_*.md"
    chapters = sorted((root / "docs").glob(glob))
    if not chapters:
        raise RefusalError(f"docs/ has no chapter {chapter or ''}".rstrip())

    new: dict[str, str] = {}
    for page in chapters:
        new |= _numbers(page, page.relative_to(root))

    numbered = {str(int(page.name[2:4])) for page in chapters}
    pages = [*sorted((root / "docs").rglob("*.md")), root / "README.md"]
    sources = sorted((root / "src").rglob("*.py"))
    texts: dict[Path, str] = {}
    for path in [page for page in pages if page.exists()] + sources:
        old = path.read_text(encoding="utf-8")
        places = _citations_in_source(old) if path in sources else _citations(old)
        for start, end in places:
            number = old[start:end]
            if number.partition(".")[0] in numbered and number not in new:
                line = old.count("\n", 0, start) + 1
                place = f"{path.relative_to(root)}:{line}"
                raise RefusalError(f"{place}: cites ({number}), which no equation has")
        if path not in sources:
            places += [match.span() for match in TAG.finditer(old)]
        text = _replaced(old, places, new)
        if text != old:
            texts[path] = text
    _write(texts)
    changes = [f"{old} → {number}" for old, number in new.items() if old != number]
    return changes + [f"rewrote {path.relative_to(root)}" for path in texts]


def _numbers(page: Path, name: Path) -> dict[str, str]:
    """The new number of each tag of a chapter, in the order in which they stand."""
    chapter = int(page.name[2:4])
    prose = book.without_fences(page.read_text(encoding="utf-8"))
    tags = [match[0] for match in TAG.finditer(prose)]
    for match in TAG.finditer(prose):
        place = f"{name}:{prose.count('\n', 0, match.start()) + 1}"
        if Counter(tags)[match[0]] > 1:
            raise RefusalError(f"{place}: the tag {match[0]} comes twice; change one")
        if int(match[0].partition(".")[0]) != chapter:
            raise RefusalError(
                f"{place}: the tag {match[0]} is not of chapter {chapter}"
            )
    return {tag: f"{chapter}.{index}" for index, tag in enumerate(tags, start=1)}


def _citations(page: str) -> list[tuple[int, int]]:
    """Start and end of every cited number in a page."""
    return [match.span() for match in CITATION.finditer(page)]


def _citations_in_source(source: str) -> list[tuple[int, int]]:
    """Start and end of every number in parentheses in comments and strings."""
    starts = [0]
    for line in source.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    places = []
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type in WRITTEN:
            start = starts[token.start[0] - 1] + token.start[1]
            end = starts[token.end[0] - 1] + token.end[1]
            places += [match.span() for match in IN_SOURCE.finditer(source, start, end)]
    return places


def _replaced(text: str, places: list[tuple[int, int]], new: dict[str, str]) -> str:
    """``text`` with the new number at each of the places, all at once."""
    for start, end in sorted(places, reverse=True):
        text = text[:start] + new.get(text[start:end], text[start:end]) + text[end:]
    return text


def _write(texts: dict[Path, str]) -> None:
    """Write all files, or none if one of them cannot be written."""
    drafts = {path: path.with_name(path.name + ".renumbered") for path in texts}
    try:
        for path, draft in drafts.items():
            draft.write_text(texts[path], encoding="utf-8", newline="")
        for path, draft in drafts.items():
            draft.replace(path)
    finally:
        for draft in drafts.values():
            draft.unlink(missing_ok=True)


def main() -> None:
    """Read the chapter's number from the command line."""
    summary = "Number the equations of a chapter anew, with every citation."
    parser = argparse.ArgumentParser(description=summary)
    parser.add_argument(
        "chapter", nargs="?", type=int, help="such as 4; all without it"
    )
    try:
        changes = renumber(book.ROOT, parser.parse_args().chapter)
    except RefusalError as refusal:
        parser.error(f"{refusal}. Nothing was written.")
    sys.stdout.write("\n".join(changes or ["every number is as it should be"]) + "\n")


if __name__ == "__main__":
    main()
