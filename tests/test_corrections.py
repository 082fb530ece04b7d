"""Every mistake that was found in the four sources has its row, and every row leads somewhere."""

import re

from pages import CHAPTERS, read

# How many mistakes and gaps were found in each source.
FOUND = {"rbf": 9, "spiral": 9, "sigmoid": 10, "mlp": 10}
ROW = re.compile(r"^\| (\w+\s\d+) \| (.+) \| (.+) \| (.+) \|$", re.MULTILINE)


def rows():
    (page,) = (each for each in CHAPTERS if each.stem == "ch08_mistakes")
    return ROW.findall(read(page))


def test_every_correction_has_its_row():
    due = [
        f"{name}\N{NO-BREAK SPACE}{n + 1}"
        for name, count in FOUND.items()
        for n in range(count)
    ]
    assert [number for number, *_ in rows()] == due


def test_every_row_links_to_a_section_and_names_what_confirms_it():
    for number, what, where, how in rows():
        assert what.endswith("."), number
        assert re.search(r"\]\((ch\d\d_\w+\.md)?#[\w-]+\)", where), number
        assert how.strip(), number
