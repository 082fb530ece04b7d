"""``make renumber`` keeps every citation with its equation, or writes nothing."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from press import book
from press.renumber import RefusalError, renumber

CHAPTER = r"""# Four

By \eqref{4.2}, see [there](ch04_four.md#eq-4.2) and \eqref{3.1}.

$$ a \tag{4.1} $$
$$ n \tag{4.1a} $$
$$ b = \frac{1}{2} \tag{4.2} $$

```python
a = 4.2  # (4.1)
n = 4.1  # (4.1a)
b = f(4.2)  # (4.2)
```

```text
\tag{4.9}
```
"""
SOURCE = '''"""Of equations (4.1) to (4.2); Python 3.12."""


def f(x):
    """Equation (4.2), not (3.1)."""
    return g(4.2) + x  # (4.2)
'''


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "docs").mkdir()
    (tmp_path / "src" / "chainrule").mkdir(parents=True)
    (tmp_path / "docs" / "ch03_three.md").write_text("$$ c \\tag{3.1} $$\n")
    (tmp_path / "docs" / "ch04_four.md").write_text(CHAPTER)
    (tmp_path / "docs" / "index.md").write_text("See \\eqref{4.2}.\n")
    (tmp_path / "README.md").write_text("See \\eqref{4.2} and equation (4.1).\n")
    (tmp_path / "src" / "chainrule" / "four.py").write_text(SOURCE)
    return tmp_path


def contents(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): path.read_text(encoding="utf-8", errors="replace")
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize("chapter", [4, None])
def test_an_insertion_moves_what_follows(root: Path, chapter: int | None) -> None:
    changes = renumber(root, chapter)
    assert changes[:2] == ["4.1a → 4.2", "4.2 → 4.3"]
    found = contents(root)
    assert found["docs/ch04_four.md"] == (
        CHAPTER.replace("g{4.2}", "g{4.3}")
        .replace("f{4.2}", "f{4.3}")
        .replace("eq-4.2", "eq-4.3")
        .replace("# (4.2)", "# (4.3)")
        .replace("4.1a", "4.2")
    )
    assert found["docs/ch03_three.md"] == "$$ c \\tag{3.1} $$\n"
    assert found["docs/index.md"] == "See \\eqref{4.3}.\n"
    assert found["README.md"] == "See \\eqref{4.3} and equation (4.1).\n"
    assert found["src/chainrule/four.py"] == SOURCE.replace("(4.2)", "(4.3)").replace(
        "g(4.3)", "g(4.2)"
    )
    assert renumber(root, chapter) == []
    assert contents(root) == found


def test_two_equations_change_places(root: Path) -> None:
    page = root / "docs" / "ch04_four.md"
    text = CHAPTER.replace("\n$$ n \\tag{4.1a} $$", "").replace(
        "n = 4.1  # (4.1a)\n", ""
    )
    text = text.replace(r"a \tag{4.1}", "?").replace(r"\tag{4.2}", r"\tag{4.1}")
    page.write_text(text.replace("?", r"a \tag{4.2}"))
    renumber(root, 4)
    assert "$$ a \\tag{4.1} $$" in page.read_text()
    assert "\\tag{4.2} $$" in page.read_text()
    assert "a = 4.2  # (4.2)" in page.read_text()
    assert "b = f(4.2)  # (4.1)" in page.read_text()


def test_numbers_are_not_strings(root: Path) -> None:
    """With twelve equations, 4.10 comes after 4.9 and is no 4.1."""
    tags = "".join(f"$$ e_{n} \\tag{{4.{n}}} $$\n" for n in range(2, 13))
    page = root / "docs" / "ch04_four.md"
    page.write_text(tags + "\\eqref{4.10} \\eqref{4.2}\n")
    (root / "README.md").unlink()
    (root / "src" / "chainrule" / "four.py").unlink()
    renumber(root, 4)
    assert page.read_text().endswith(
        "$$ e_12 \\tag{4.11} $$\n\\eqref{4.9} \\eqref{4.1}\n"
    )


@pytest.mark.parametrize(
    ("path", "old", "new", "words"),
    [
        ("docs/ch04_four.md", "4.1a} $$", "4.2} $$", "docs/ch04_four.md:6: .* twice"),
        ("docs/ch04_four.md", "\\tag{4.1}", "\\tag{3.1}", "not of chapter 4"),
        ("docs/index.md", "4.2", "4.7", r"docs/index.md:1: cites \(4.7\)"),
        ("README.md", "(4.1)", "(4.8)", r"README.md:1: cites \(4.8\)"),
        ("src/chainrule/four.py", "# (4.2)", "# (4.6)", r"four.py:6: cites \(4.6\)"),
    ],
)
def test_what_is_ambiguous_is_refused(
    root: Path, path: str, old: str, new: str, words: str
) -> None:
    (root / path).write_text((root / path).read_text().replace(old, new))
    before = contents(root)
    with pytest.raises(RefusalError, match=words):
        renumber(root, 4)
    assert contents(root) == before


def test_an_unwritable_file_leaves_all_as_they_were(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(root)
    write = Path.write_text

    def full(path: Path, text: str, **options: str) -> int:
        if path.name.startswith("four.py"):
            raise OSError("no space left")
        return write(path, text, **options)

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(OSError, match="no space"):
        renumber(root, 4)
    assert contents(root) == before


def copied_book(folder: Path) -> Path:
    for name in ("docs", "src", "press"):
        shutil.copytree(
            book.ROOT / name,
            folder / name,
            ignore=shutil.ignore_patterns("__pycache__", "katex", "assets"),
        )
    shutil.copy(book.ROOT / "README.md", folder)
    return folder


def run(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603
        [sys.executable, "-I", "-B", "-X", "utf8", "press/renumber.py", *arguments],
        cwd=root,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def test_the_command_renumbers_this_book(tmp_path: Path) -> None:
    root = copied_book(tmp_path)
    before = contents(root)
    same = run(root)
    assert (same.returncode, same.stderr) == (0, "")
    assert same.stdout == "every number is as it should be\n"

    name = book.chapters()[0].name
    page = root / "docs" / name
    first = f"{int(name[2:4])}.1"
    new = f"$$ 0 = 0 \\tag{{{first}_new}} $$\n\n$$"
    page.write_text(page.read_text(encoding="utf-8").replace("$$", new, 1), "utf-8")
    assert run(root, str(int(name[2:4]))).returncode == 0
    numbers = [each.number for each in book.equations(page.read_text(encoding="utf-8"))]
    assert numbers == [(numbers[0][0], n) for n in range(1, len(numbers) + 1)]

    # Without the insertion the book is again what it was.
    text = page.read_text(encoding="utf-8")
    page.write_text(text.replace(f"$$ 0 = 0 \\tag{{{first}}} $$\n\n", ""), "utf-8")
    assert run(root).returncode == 0
    assert contents(root) == before


def test_the_command_refuses_an_unknown_chapter(tmp_path: Path) -> None:
    root = copied_book(tmp_path)
    before = contents(root)
    refused = run(root, "99")
    assert refused.returncode == 2
    assert "docs/ has no chapter 99. Nothing was written." in refused.stderr
    assert contents(root) == before
