"""The build refuses what must not be published, and names the file and the place."""

import json
import os
import random
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from mkdocs.exceptions import PluginError
from thorough import COMMIT, THOROUGH

from press import figure, maths
from press.book import ROOT
from press.page import Page

HEAD = """---
jupyter:
  jupytext: {text_representation: {extension: .md, format_name: markdown}}
  kernelspec: {display_name: Python 3, language: python, name: python3}
---

# Tiny

One paragraph.
"""
FIGURE = """```python caption="See \\\\eqref{4.1} and $\\\\tau$." alt="A \\"line\\"."
import matplotlib.pyplot as plt

fig, ax = plt.subplots()
ax.plot([0, 1], [0, 1], color="black")
plt.show()
```
""".replace("\\\\", "\\")
SVG = '<svg width="10pt" height="10pt" viewBox="0 0 10 10" version="1.1"><g/></svg>'
DISPLAY = {"output_type": "display_data", "data": {"image/svg+xml": SVG}}


def build(directory: Path, body: str) -> subprocess.CompletedProcess[str]:
    """Build a book of one chapter with the real configuration."""
    for name in ("press", "src", "theme"):
        (directory / name).symlink_to(ROOT / name)
    (directory / "docs").mkdir()
    (directory / "docs" / "ch04_tiny.md").write_text(HEAD + body, "utf-8")
    (directory / "mkdocs.yml").write_text(
        f"INHERIT: {ROOT / 'mkdocs.yml'}\nnav: [ch04_tiny.md]\n", "utf-8"
    )
    home = directory / "home"
    (home / ".ipython" / "profile_default").mkdir(parents=True)
    (home / ".ipython" / "profile_default" / "ipython_config.py").write_text("1 / 0")
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith("XDG_")
    }
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict"],
        cwd=directory,
        env={
            **environment,
            "HOME": str(home),
            "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
            "MPLBACKEND": "Agg",
            "NO_MKDOCS_2_WARNING": "1",
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_sound_page_is_built(tmp_path: Path) -> None:
    done = build(
        tmp_path,
        "\n$$\na = b \\tag{4.1}\n$$\n\n| a |\n|---|\n| $|x|$ |\n\n"
        + FIGURE
        + '\n```python wrong="see \\eqref{4.1}"\na_wrong = 1\n```\n'
        + '\n```python fold="Tools"\nb = 2\n```\n'
        + "\n<!-- source: rbf_net.backward -->\n\n<!-- install -->\n\n<!-- parity -->\n\n"
        * 2
        + FIGURE,
    )
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    site = tmp_path / "site"
    page = (site / "ch04_tiny" / "index.html").read_text("utf-8")
    assert '<span id="eq-4.1">' in page
    assert page.count('<a href="#eq-4.1">(4.1)</a>') == 3
    assert "Wrong on purpose:" in page
    assert "<summary>Tools</summary>" in page
    assert "def</span>" in page
    kept = json.loads((ROOT / "tests/parity/torch.json").read_text("utf-8"))
    assert f"{kept['tests']} comparisons, 0 failed, largest" in page
    assert kept["date"] in page
    assert "\\vert x" in page  # in the MathML annotation, one cell of the table

    # It was not told its address, so that it names none.
    assert "pip install chainrule-" in re.sub(r"<[^>]+>", "", page)
    (wheel,) = (site / "assets").glob("*.whl")
    assert f'<a href="../assets/{wheel.name}">Download it</a>' in page
    assert not {"canonical", "og:url", "og:image"} & {*re.findall(r'"([\w:]+)"', page)}
    assert list(site.glob("sitemap*")) == []

    svgs = re.findall(r"<svg role=\"img\".*?</svg>", page, re.DOTALL)
    assert len(svgs) == 2
    assert all('aria-label="A &quot;line&quot;."' in svg for svg in svgs)
    assert all("currentColor" in svg and figure.INK not in svg for svg in svgs)
    assert all("#000000" not in svg for svg in svgs)
    assert all('width="672"' in svg for svg in svgs)  # as in press/matplotlibrc
    ids = re.findall(r' id="([^"]+)"', "".join(svgs))
    assert len(ids) == len(set(ids)) > 0

    notebook = json.loads((site / "ch04_tiny.ipynb").read_text("utf-8"))
    text = json.dumps(notebook)
    assert "eqref" not in text
    assert "<!-- source" not in text
    drawn = [cell["outputs"] for cell in notebook["cells"] if cell.get("outputs")]
    assert len(drawn) == 2
    assert 'fill=\\"white\\"' in text
    assert figure.INK not in text

    # Nothing but what was put there: the build writes only into the project.
    home = {path.name for path in (tmp_path / "home").rglob("*")}
    assert home == {".ipython", "profile_default", "ipython_config.py"}


BROKEN = [
    (
        "\n```python\nx = 1\nfrom chainrule import data\n```\n",
        ":11: the cell fails: ModuleNotFoundError: No module named 'chainrule'",
    ),
    ("\n```python\nx = 1\nx\n```\n", ":11: the cell prints"),
    ("\nText $\\sigmoid$.\n", ":11: KaTeX parse error: Undefined control sequence"),
    ("\nIt costs 5$.\n", "not recognised as a formula: …It costs 5$.…"),
    ("\n[there](#nowhere)\n", "no such anchor"),
]
if not THOROUGH:  # a build takes seconds
    BROKEN = random.Random(COMMIT).sample(BROKEN, 2)  # noqa: S311


@pytest.mark.parametrize(("body", "message"), BROKEN)
def test_build_fails(tmp_path: Path, body: str, message: str) -> None:
    done = build(tmp_path, body)
    assert done.returncode != 0
    assert message in done.stderr
    assert "ch04_tiny.md" in done.stderr
    assert "Traceback" not in done.stderr


def page(**links: str) -> Page:
    return Page(file="docs/ch04.md", links=links, wheel="w", repository="")


def cell(code: str, *outputs: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"source": code, "outputs": list(outputs)}]


STDERR = {"output_type": "stream", "name": "stderr", "text": "UserWarning: no\n"}
RESULT = {"output_type": "execute_result", "data": {"text/plain": "3"}}
PNG = {"output_type": "display_data", "data": {"text/plain": "<IPython.Image>"}}
WORDS = 'caption="c" alt="a"'


@pytest.mark.parametrize(
    ("words", "code", "outputs", "message"),
    [
        ('caption="c"', "plt.show()", [DISPLAY], "the figure has no alt"),
        ('caption="c" alt=" "', "plt.show()", [DISPLAY], "the figure has no alt"),
        ('alt="a"', "plt.show()", [DISPLAY], "the figure has no caption"),
        ("", "plt.show()", [DISPLAY], "the figure has no alt"),
        (WORDS, "x = 1", [], "shows no figure"),
        (WORDS, "plt.figure()", [DISPLAY], "ends in plt.show()"),
        (WORDS, "plt.show()", [DISPLAY, DISPLAY], "shows one figure"),
        ("", "x", [RESULT], "the cell prints; a number belongs in a check: 3"),
        ("", "x", [STDERR], "a number belongs in a check: UserWarning: no"),
        ("", "x", [PNG], "<IPython.Image>"),
        ('capton="c"', "x = 1", [], "unknown attribute capton"),
    ],
)
def test_a_fence_is_refused(
    words: str, code: str, outputs: list[dict[str, Any]], message: str
) -> None:
    source = f"# Title\n\n```python {words}\n{code}\n```\n"
    with pytest.raises(PluginError, match=r"docs/ch04\.md:3: .*" + re.escape(message)):
        page().markdown(source, cell(code, *outputs))


def test_a_heavy_figure_is_refused() -> None:
    heavy = SVG.replace("<g/>", "<text>" + "x" * 100_000 + "</text>")
    output = {**DISPLAY, "data": {"image/svg+xml": heavy}}
    with pytest.raises(PluginError, match=r"docs/ch04\.md:1: the figure has 100 kB"):
        page().markdown(
            f"```python {WORDS}\nplt.show()\n```\n", cell("plt.show()", output)
        )


@pytest.mark.parametrize(
    "source",
    [
        "```python\nx = 1\n```\n\n```bash\nls\n```\n",
        "```python\nx = 2\n```\n",
        "```python\nx = 1\n```\n\n```python\ny = 1\n```\n",
    ],
)
def test_what_is_shown_is_what_was_executed(source: str) -> None:
    cells = cell("x = 1") + (cell("ls") if "bash" in source else [])
    with pytest.raises(PluginError, match=r"docs/ch04\.md.* executed"):
        page().markdown(source, cells)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("a\n\nby \\eqref{9.9}\n", ":3: there is no equation (9.9)"),
        ("$$\nb \\overset{\\eqref{9.9}}{=} c\n$$\n", ":1: there is no equation (9.9)"),
        ("a $x \\eqref{9.9}$\n", ":1: there is no equation (9.9)"),
        ("```text\na\n```\n\n\\eqref{9.9}\n", ":5: there is no equation (9.9)"),
        (
            "\n<!-- source: rbf_net.nothing -->\n",
            ":2: there is no function rbf_net.noth",
        ),
        (
            "<!-- source: nothing.backward -->\n",
            ":1: there is no function nothing.back",
        ),
        ("<!-- source: backward -->\n", ":1: there is no function backward"),
    ],
)
def test_prose_is_refused(source: str, message: str) -> None:
    with pytest.raises(PluginError, match=re.escape("docs/ch04.md" + message)):
        page(**{"4.1": "#eq-4.1"}).markdown(source)


def test_citations_stay_as_they_are_in_code_and_formulas() -> None:
    source = "`\\eqref{4.1}` ``a`\\eqref{4.1}`` $\\eqref{4.1}$\n\n```text\n\\eqref{4.1}\n```\n"
    assert page(**{"4.1": "x.md#eq-4.1"}).markdown(source) == source
    assert (
        page(**{"4.1": "x.md#eq-4.1"}).markdown("\\eqref{4.1}")
        == "[(4.1)](x.md#eq-4.1)"
    )


def test_a_formula_links_only_within_the_book() -> None:
    block = '<div class="arithmatex">a \\overset{{{}}}{{=}} b</div>'
    links = {"4.1": "../ch04_rbf_net/#eq-4.1"}
    html = maths.typeset(block.format(r"\eqref{4.1}"), links, {}, "f.md", "")
    assert 'href="../ch04_rbf_net/#eq-4.1"' in html
    with pytest.raises(PluginError, match=r"f\.md"):
        maths.typeset(block.format(r"\colr{red}{a}"), links, {}, "f.md", "")
    html = maths.typeset(
        block.format(r"\href{https://e.org}{a}"), links, {}, "f.md", ""
    )
    assert "<a " not in html
