"""Numbers in the text are what the code says, and a wrong last digit is noticed."""

import ast
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mutants import wrong_numbers
from pages import CHAPTERS, PAGES, cells, identify, place, read

from press import book, number
from press.downloads import notebook, script
from press.page import Page

each_chapter = pytest.mark.parametrize("page", CHAPTERS, ids=identify)
each_page = pytest.mark.parametrize("page", PAGES, ids=identify)

SECTION = """\
### A section

{text}

```python
rate = 0.25
```

```pycon
>>> round(100 * rate, 1)
25.0
>>> abs(rate * 100 - 24) <= 4
True
```
"""
NAMESPACE: dict[str, Any] = {"rate": 0.25, "np": np, "wrong": 2}


def complaint(text: str) -> str:
    found = number.blocks(SECTION.format(text=text))
    return number.check(found, NAMESPACE, "docs/page.md") or ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a loss of 0.5189.", ["0.5189"]),
        ("w = −0.44, b = -0.5; 0.1–0.2", ["-0.44", "-0.5", "0.1", "0.2"]),
        (
            r"$1.5 \cdot 10^{-3}$ and 2.5·10⁻² and 1.0e-6",
            ["0.0015", "0.025", "0.000001"],
        ),
        (r"$10^{-5}$, 10⁻¹⁶ and $10^6$", ["1e-5", "1e-16", "1e6"]),
        (r"$x-0.3$, $w - 0.4\,x$, $(1)-0.2$, $e^{-0.1}$", ["0.3", "0.4", "0.2", "0.1"]),
        ("9 of 10 samples, 8%, 12,500 steps in 1998", ["10", "8", "12500", "1998"]),
        (r"$x_{12}$, $x_{2}$, $s^{10}$, $\tfrac{1}{24}$ and $N = 10$", ["24", "10"]),
        (r"\eqref{4.9}, Python 3.12, Exercise 4.1, [a](b-1.5) `0.7`", []),
        ("chapters 10 to 14, Part 12, CS231n, 1.2.3 and version 2.0", []),
        ("## 12 parts\n$$\n0.5\n$$\n<!-- numbers 0.4 -->", []),
        ('```python loose="0.1" caption="0.5 of it"\nx = 0.3\n```', ["0.5"]),
    ],
)
def test_numbers_are_found(text: str, expected: list[str]) -> None:
    found = number.find(number.readable(text))
    assert [each.value for each in found] == [*map(Decimal, expected)]
    assert all(
        text[each.start : each.start + len(each.shown)] == each.shown for each in found
    )


@pytest.mark.parametrize(
    ("value", "shown", "verdict"),
    [
        ("0.519411", "0.52", True),
        ("0.519411", "0.51", False),
        ("0.519411", "-0.52", False),
        ("-0.519411", "-0.52", True),
        ("-0.519411", "0.52", False),
        ("0.52", "0.519411", False),
        ("0.5", "0.50", True),
        ("1", "1.04", False),
        ("0.493", "49%", True),
        ("49.3", "49%", True),
        ("0.493", "48%", False),
        ("6.9e-6", r"7 \cdot 10^{-6}", True),
        ("6.4e-6", r"7 \cdot 10^{-6}", False),
        ("1.4e-8", "10⁻⁸", True),
        ("2e-8", "10⁻⁸", False),
    ],
)
def test_roundings_agree(value: str, shown: str, *, verdict: bool) -> None:
    (found,) = number.find(shown)
    assert found.agrees(Decimal(value)) is verdict


@pytest.mark.parametrize(
    "text",
    [
        "A share of 0.25, that is 25.0 percent.",
        "<!-- numbers check -->\nAbout 24 are expected.",
        "<!-- numbers 2 * rate -->\nTwice that is 0.5.",
        "<!-- numbers half = 2 * rate; 100 * half, half -->\nA half is 50%, 0.50.",
        "<!-- numbers half = 2 * rate; half -->\n<!-- numbers half -->\n50%, or 0.50.",
        "<!-- numbers *np.array([rate, 3 * rate]) * 10 -->\nIt is 2.5, then 7.5.",
        "<!-- numbers given(1986) -->\nFound in 1986.",
        "<!-- numbers given(0.3) -->\n| 0.3 | 0.25 |\n| a | 25.0 |",
        '<!-- numbers says("two are", wrong) -->\nTwo are wrong, 0.25 of all.',
        '<!-- numbers says("within 4", check) -->\nIt is 25.0 within 4.',
        '<!-- numbers says("a quarter", rate) -->\nOf these a quarter, so one in four.',
        '<!-- numbers 6 * rate -->\n```python caption="It is 1.5."\n```',
    ],
)
def test_what_holds_passes(text: str) -> None:
    assert not complaint(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It is 0.26.", "page.md:3: 1 numbers are not confirmed .*<!-- numbers …0.26…"),
        ("It is 26.", "1 numbers are not confirmed"),
        # 0.25 is confirmed, but so would 0.2 and 0.3 be.
        ("It is 0.3.", "1 numbers are not confirmed"),
        ("<!-- numbers rate -->\nIt is 0.25.", "0 numbers are not confirmed"),
        ("<!-- numbers rate -->\n\nIt is 0.25.", "0 numbers are not confirmed"),
        ("It is 0.25.\n\n<!-- numbers rate -->\n## Next", "0 numbers are not"),
        ("<!-- numbers 2 * rate -->\nTwice is 0.6.", "0.6 in the text, `2 .*` is 0.5"),
        ("<!-- numbers 0.6 -->\nTwice is 0.6.", "computes nothing; say given"),
        ("<!-- numbers a = 0.6; a -->\nTwice is 0.6.", "computes nothing"),
        (
            "<!-- numbers given(1985) -->\nFound in 1986.",
            "1986 in the text, .* is 1985",
        ),
        ("<!-- numbers check -->\nIt is 1986.", "1986 in the text, `check` is 4 or"),
        ("<!-- numbers rate > 0 -->\nIt is 1.5.", "True, which is no number"),
        ("<!-- numbers rates -->\nIt is 1.5.", "NameError"),
        ("<!-- numbers rate ++ -->\nIt is 1.5.", "SyntaxError"),
        # It rounds to both.
        ("<!-- numbers rate -->\nIt is 0.2.", "`rate` is 0.25"),
        (
            '<!-- numbers says("two are", wrong) -->\nThree are wrong.',
            "stands 0 times in the text",
        ),
        (
            '<!-- numbers says("two", wrong) -->\nTwo are wrong, two right.',
            "stands 2 times in the text and 1 times in the comment",
        ),
        (
            '<!-- numbers says("three are", wrong) -->\nThree are wrong.',
            "'three are' in the text, `wrong` is 2",
        ),
        (
            '<!-- numbers says("are wrong", wrong) -->\nTwo are wrong.',
            "with 0 numbers in it",
        ),
        ('<!-- numbers says("two are", 2) -->\nTwo are.', "computes nothing"),
    ],
)
def test_what_does_not_hold_is_said(text: str, expected: str) -> None:
    assert re.search(expected, complaint(text))


def test_comments_do_not_change_the_chapter() -> None:
    (block,) = number.blocks("<!-- numbers rate = 2 * rate; rate -->\nIt is 0.5.")
    namespace = dict(NAMESPACE)
    number.evaluate(block, namespace)
    assert namespace == NAMESPACE


def test_comments_are_not_taken_along() -> None:
    source = (
        "Text.\n\n<!-- numbers x -->\n- An item, 0.5.\n\n<!-- numbers x -->\n"
        '```python caption="0.5"\nx = 0.5\n```\n\n<!-- where a = x -->\n$$\na\n$$\n'
    )
    page = Page("docs/page.md", {}, "", "")
    before, _, after = source.partition("```python")
    after = after.partition("```\n\n")[2]
    executed = {
        "cells": [
            {"cell_type": "markdown", "source": before.strip()},
            {
                "cell_type": "code",
                "source": "x = 0.5",
                "outputs": [],
                "execution_count": 1,
            },
            {"cell_type": "markdown", "source": after.strip()},
        ],
        "metadata": {"kernelspec": {"language": "python"}, "language_info": {}},
    }
    assert before.count("<!--") == 2
    assert after.count("<!--") == 1
    taken = notebook(executed, page, source, "")
    for text in (page.markdown(source), taken, script(taken)):
        assert "An item, 0.5." in text
        assert "<!--" not in text


@pytest.mark.parametrize(
    ("text", "planted"),
    [
        ("It is 0.25.", 9),
        ("<!-- numbers 6 * rate -->\n| 0.25 |\n| 25.0 | 1.5 |", 27),
        ('<!-- numbers says("4 are", check) -->\n4 are wrong.', 9),
        (
            '<!-- numbers says("two are", wrong) -->\nTwo are wrong.',
            len(number.WORDS) - 1,
        ),
    ],
)
def test_mistakes_are_planted(text: str, planted: int) -> None:
    section = SECTION.format(text=text)
    (block,) = number.blocks(section)
    bounds = number.evaluate(block, NAMESPACE)
    assert not [*number.complaints(block, bounds)]
    wrong = [*wrong_numbers(block, bounds)]
    assert len(wrong) == planted
    for each in wrong:
        line = section.split("\n")[each.line - 1]
        shown = line[each.column - 1 : each.column - 1 + len(each.old)]
        assert shown.lower() == each.old
        assert [*number.complaints(each.block, bounds)]


def test_what_is_given_is_little() -> None:
    blocks = [(page, block) for page in CHAPTERS for block in number.blocks(read(page))]
    counted = sum(len(number.find(block.text)) for _, block in blocks)
    given = [
        f"{place(page, block.line)}: {value}"
        for page, block in blocks
        for value in re.findall(r"\bgiven\((.+?)\)", " ".join(block.comments))
    ]
    print(f"given, of {counted} numbers:", *given, sep="\n")  # noqa: T201
    assert len(given) <= 0.05 * counted


def other_words(page: Path) -> Iterator[tuple[int, str]]:
    """The labels of figures, and the text of a page whose numbers are not bound."""
    if page not in CHAPTERS:
        yield from enumerate(number.readable(read(page)).split("\n"), 1)
    for cell in cells(page):
        for node in ast.walk(ast.parse(cell.code)):
            # A string that is all number is a grey of Matplotlib's.
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and not re.fullmatch(r"[\d.]+", node.value)
            ):
                yield cell.line + node.lineno, node.value


@each_page
def test_other_decimals_are_confirmed_by_their_page(page: Path) -> None:
    confirmed, _ = number.numbers_of(book.fences(read(page)))
    wrong = [
        f"{place(page, line)}: {each.shown}"
        for line, text in other_words(page)
        for each in number.find(text)
        if "." in each.shown and not any(map(each.agrees, confirmed))
    ]
    assert not wrong, (
        "no cell and no check of the page holds these numbers, nor a longer one that "
        "rounds to them; add a check that computes them:\n" + "\n".join(wrong)
    )
