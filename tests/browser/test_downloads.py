"""What a reader takes away runs: what is installed, and what is downloaded."""

import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from browsing import REQUIRED, run
from built import BASE, Parsed
from playwright.sync_api import Page

from press import book

pytestmark = pytest.mark.skipif(not REQUIRED, reason="runs every chapter; CI does")
each_chapter = pytest.mark.parametrize("chapter", [c.stem for c in book.chapters()])


@pytest.fixture(scope="module")
def library(
    pages: list[Parsed], address: str, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The folder that the install line of the pages fills, with the site served here."""
    lines = set()
    for page in pages:
        text = re.sub(r"<[^>]+>", "", page.html)
        lines |= set(re.findall(r"python -m pip install \S+\.whl", text))
    assert len(lines) == 1
    command = lines.pop().replace(BASE, address).split()
    folder = tmp_path_factory.mktemp("library")
    # NumPy, which the library needs, is there.
    options = [
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
        "--target",
        folder,
    ]
    subprocess.run([sys.executable, *command[1:], *options], check=True)  # noqa: S603
    return folder


def downloaded(tab: Page, address: str, chapter: str, name: str) -> str:
    """What the reader has on the disk who clicks on ``name``."""
    tab.goto(f"{address}{chapter}/")
    with tab.expect_download() as download:
        tab.locator(".downloads").get_by_role("link", name=name).click()
    return download.value.path().read_text("utf-8")


@each_chapter
def test_the_script_runs_after_the_install_line(
    chapter: str, tab: Page, address: str, library: Path, tmp_path: Path
) -> None:
    code = downloaded(tab, address, chapter, "script")
    assert "from chainrule import" in code
    installed = f"assert chainrule.__file__.startswith({str(library)!r})"
    code += f"\nimport chainrule\n{installed}\n"
    assert run(code, tmp_path / "empty", library) == ""


def kinds(notebook: str) -> list[list[str]]:
    """What each cell of a notebook shows."""
    parsed = nbformat.reads(notebook, as_version=4)  # type: ignore[no-untyped-call]
    code = [each for each in parsed.cells if each.cell_type == "code"]
    return [[output.output_type for output in each.outputs] for each in code]


@each_chapter
def test_the_notebook_runs_and_shows_what_it_held(
    chapter: str, tab: Page, address: str, tmp_path: Path
) -> None:
    text = downloaded(tab, address, chapter, "notebook")
    held = kinds(text)
    assert ["display_data"] in held
    command = ["nbconvert", "--execute", "--to", "notebook", "--stdin", "--stdout"]
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", *command, "--log-level", "ERROR"],
        input=text,
        env={**os.environ, "JUPYTER_NO_CONFIG": "1"},
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert kinds(done.stdout) == held
