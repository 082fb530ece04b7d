"""The chapters' own numbers, to hold those of the live figures against."""

import pytest

from press import book


@pytest.fixture(scope="session")
def chapter():
    def run(name, until):
        """What the cells of chapter ``name`` define, up to one that defines ``until``."""
        names = {}
        text = (book.DOCS / f"{name}.md").read_text("utf-8")
        for fence in book.fences(text):
            if fence.language == "python":
                exec(compile(fence.code, name, "exec"), names)  # noqa: S102
            if until in names:
                return names
        pytest.fail(f"{name} defines no {until}")

    return run
