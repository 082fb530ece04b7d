"""Mistakes planted in the JavaScript of live figures are found by the tests of the figures."""

import os
import random
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from browsing import REQUIRED

from press import live

HERE = Path(__file__).parent
SIGNS = {
    "+": "-",
    "-": "+",
    "*": "/",
    "/": "*",
    "<": ">",
    ">": "<",
    ">=": "<",
    "<=": ">",
}
SLIP = re.compile(
    r"(?<= )(?P<sign>[-+*/<>]|>=|<=)(?= )"
    r"|(?P<number>(?<![\w.#])\d+(?:\.\d+)?(?![\w.]))"
    r"|\"(?P<words>[A-Za-z][^\"$]{3,})\""
    r"|(?P<index>\[[01]\])"
)

# Lines in which a slip changes nothing that can be seen: how far beyond its frame something is
# drawn, the last bit of a random number.
HARMLESS = ("Math.abs(distance) < 3", "ends = [-3, 3].map", "/ 4294967296")


def slips(code):
    """Every mistake that is planted in ``code``: its line, and the code with it."""
    at = 0
    for number, line in enumerate(code.splitlines(keepends=True), start=1):
        text = line.partition(" // ")[0]
        bare = text.strip()
        skipped = bare.startswith(("//", '"use strict"'))
        skipped |= any(each in bare for each in HARMLESS)
        for found in [] if skipped else SLIP.finditer(text):
            if found["sign"]:
                wrong = SIGNS[found["sign"]]
            elif found["number"]:
                n = found["number"]
                wrong = repr(round(1.3 * float(n), 4)) if "." in n else str(int(n) + 1)
            elif found["words"]:
                wrong = f'"q{found["words"][1:]}"'
            else:
                wrong = {"[0]": "[1]", "[1]": "[0]"}[found[0]]
            start, end = at + found.start(), at + found.end()
            what = f"{number}: {bare} ({found[0]} → {wrong})"
            yield what, code[:start] + wrong + code[end:]
        at += len(line)


def noticed(name, code, folder):
    """Whether the tests of the figure fail with ``code`` in the place of its own."""
    figures = shutil.copytree(live.FIGURES, folder)
    (figures / f"{name}.js").write_text(code, "utf-8")
    own = HERE / f"test_{name}.py"
    tests = [str(own)] if own.exists() else [str(HERE / "test_maths.py")]
    general = str(HERE / "test_all.py")
    command = [
        sys.executable, "-m", "pytest", "-x", "-q", "-n0", "-p", "no:cacheprovider",
        *tests, general, "-k", f"not chapter and not light and ({name} or not test_all)",
    ]  # fmt: skip
    try:
        done = subprocess.run(  # noqa: S603
            command,
            env={**os.environ, "LIVE_FIGURES": str(figures)},
            capture_output=True,
            timeout=120,
            check=False,
        )
    except subprocess.TimeoutExpired:  # it never ends
        return True
    assert done.returncode in {0, 1}, done.stdout
    return done.returncode == 1


def planted(name, count, folder):
    """Which of ``count`` mistakes in a file are not noticed."""
    code = (live.FIGURES / f"{name}.js").read_text("utf-8")
    every = list(slips(code))
    assert not noticed(name, code, folder / "sound"), "the tests fail without a mistake"
    chosen = random.Random(7).sample(every, min(count, len(every)))  # noqa: S311
    with ThreadPoolExecutor(2) as pool:
        found = pool.map(
            lambda each: noticed(name, each[1][1], folder / str(each[0])),
            enumerate(chosen),
        )
        return [what for (what, _), seen in zip(chosen, found, strict=True) if not seen]


@pytest.mark.skipif(not REQUIRED, reason="takes minutes; CI does")
@pytest.mark.parametrize("name", ["maths", *sorted(live.NAMES)])
def test_planted_mistakes_are_noticed(name, tmp_path):
    assert planted(name, 2, tmp_path) == []


def test_what_is_harmless_is_there():
    code = "".join(file.read_text("utf-8") for file in live.FIGURES.glob("*.js"))
    assert [each for each in HARMLESS if each not in code] == []


if __name__ == "__main__":
    import tempfile

    for each in sys.argv[2:]:
        with tempfile.TemporaryDirectory() as directory:
            missed = planted(each, int(sys.argv[1]), Path(directory))
        print(each, len(missed), "not noticed", *missed, sep="\n  ", flush=True)  # noqa: T201
