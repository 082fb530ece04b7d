"""A chapter's code runs when it is copied into a fresh interpreter.

Up to the section on the library that interpreter has no ``chainrule``; from there on it has.
A warning is an error, and nothing is printed.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from pages import CHAPTERS, cells, identify, own_cells

from press import book

# What the reader's session has: an empty namespace, an empty folder, no other module of
# this project. Matplotlib is imported first, for it may have a word to say on a new
# machine; the script has to import it again to use it.
RUNNER = """
import contextlib, io, json, sys, warnings

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == sys.argv[1]:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt
plt.show = lambda: plt.close("all")
warnings.simplefilter("error")
before, after = json.load(sys.stdin)
session = {"__name__": "__main__"}
printed = io.StringIO()
with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
    exec(compile(before, sys.argv[2], "exec", dont_inherit=True), session)
    sys.meta_path.pop(0)
    exec(compile(after, sys.argv[2], "exec", dont_inherit=True), session)
if printed.getvalue():
    sys.exit("the cells print:\\n" + printed.getvalue())
"""


def script(fences: list[book.Fence]) -> str:
    """The cells as one script, each line at the number that it has on the page."""
    lines: list[str] = []
    for fence in fences:
        lines += [""] * (fence.line - len(lines)) + fence.code.split("\n")[:-1]
    return "\n".join(lines) + "\n"


def complaint(before: str, after: str, name: str, folder: Path) -> str:
    """What a fresh interpreter says of code that has the library only ``after``."""
    run = subprocess.run(  # noqa: S603
        [sys.executable, "-I", "-X", "utf8", "-c", RUNNER, "chainrule", name],
        input=json.dumps([before, after]),
        cwd=folder,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert run.returncode or not run.stdout, run.stdout
    return run.stderr if run.returncode else ""


@pytest.mark.parametrize("page", CHAPTERS, ids=identify)
def test_a_chapter_runs_in_a_fresh_interpreter(page: Path, tmp_path: Path) -> None:
    own = own_cells(page)
    rest = [each for each in cells(page) if each not in own]
    found = complaint(script(own), script(rest), page.name, tmp_path)
    assert not found, f"{page.name}, pasted into a fresh interpreter:\n{found}"
    assert not list(tmp_path.iterdir()), f"{page.name} writes files"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("from chainrule import data", "No module named 'chainrule'"),
        ("print(1)", "the cells print:\n1"),
        ("import numpy as np; np.log(np.zeros(1))", "RuntimeWarning: divide by zero"),
        ("plt.show()", "NameError: name 'plt' is not defined"),
        ("\n\n1 / 0", 'File "ch00", line 3, in <module>'),
    ],
)
def test_what_must_fail_does(code: str, words: str, tmp_path: Path) -> None:
    assert words in complaint(code, "", "ch00", tmp_path)


def test_the_library_is_there_after_its_section(tmp_path: Path) -> None:
    assert not complaint("x = 1", "from chainrule import mlp; x + 1", "ch00", tmp_path)
