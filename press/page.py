r"""A page of the book: from its source to the Markdown that MkDocs renders.

Fences that were executed get their figure, fold or mark; ``\eqref{4.9}`` becomes a link;
``<!-- source: module.function -->``, ``<!-- install -->`` and ``<!-- parity -->`` become what
they stand for.
"""

from __future__ import annotations

import ast
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from press import book, figure, live
from press.errors import fail

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ATTRIBUTES = {"alt", "caption", "cover", "fold", "live", "loose", "wrong"}
FIGURE_LIMIT = 100_000  # bytes

_FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
_SPECIAL = re.compile(
    r"(?P<code>(?<!`)(?P<ticks>`+)(?!`)(?:(?!\n\n).)+?(?<!`)(?P=ticks)(?!`))"
    r"|(?P<maths>\$\$.+?\$\$|(?<!\\)\$(?:(?!\n\n)[^$])+?\$)"
    r"|\\eqref\{(?P<number>[^}]*)\}"
    r"|(?P<comment>^<!-- (?:where|numbers) (?:(?!-->).)*? -->(?:\n|\Z))"
    r"|^<!-- (?P<marker>install|parity|source: *(?P<function>.*?)) -->$",
    re.DOTALL | re.MULTILINE,
)
# Of packages that only `make parity` installs, and runs.
_OTHERS = re.compile(r"\A```(?:torch|jax)$", re.MULTILINE)
PARITY = book.ROOT / "tests" / "parity" / "torch.json"
_BAR = re.compile(r"\\?\|(?P<letter>[A-Za-z]?)")


def _parity() -> str:
    """What the last comparison with PyTorch, which is not made at every change, has found."""
    kept = json.loads(PARITY.read_text("utf-8"))
    versions = ", ".join(
        f"{name} {number}" for name, number in kept["versions"].items()
    )
    return (
        f"The last run with PyTorch, of {kept['date']} ({versions}): {kept['tests']} "
        f"comparisons, {kept['failed']} failed, largest relative difference "
        f"{kept['largest relative difference']:.1g}."
    )


@dataclass(frozen=True)
class Page:
    """What has to be known to write a page.

    Attributes:
        file: The page's source, as errors name it.
        links: Where the equation of each number stands, as a Markdown link destination.
        wheel: Address of the package's wheel; relative if that of the site is not known.
        repository: Address of the repository; empty if there is none.
        figures: The figures of the page, filled while it is written.
        live: The names of the live ones among them.
    """

    file: str
    links: Mapping[str, str]
    wheel: str
    repository: str
    figures: list[str] = field(default_factory=list)
    live: list[str] = field(default_factory=list)

    def markdown(
        self,
        source: str,
        cells: list[dict[str, Any]] | None = None,
        *,
        web: bool = True,
    ) -> str:
        """The Markdown of ``source``.

        Args:
            source: The page, or a part of it.
            cells: Its executed code cells, if it has any.
            web: As for ``prose``.
        """
        executed = iter(cells or [])
        lines = _FRONT_MATTER.sub(
            lambda match: "\n" * match[0].count("\n"), source
        ).splitlines(keepends=True)
        checks = book.first_checks(source) if web and cells is not None else {}
        uncopied = book.uncopied(source)
        parts, at = [], 0
        for fence in book.fences(source):
            parts.append(
                self.prose("".join(lines[at : fence.line - 1]), at + 1, web=web)
            )
            parts += [
                f'<div class="anchor" id="check-{tag}"></div>\n\n'
                for tag, check in checks.items()
                if check.line == fence.line
            ]
            if cells is not None and fence.language == "python":
                copied = fence not in uncopied
                parts.append(self._cell(fence, executed, copied=copied))
            else:
                text = "".join(lines[fence.line - 1 : fence.end])
                parts.append(_OTHERS.sub("```python", text))
            at = fence.end
        if next(executed, None):
            fail(self.file, "a fence other than `python` was executed as a cell")
        parts.append(self.prose("".join(lines[at:]), at + 1, web=web))
        return "".join(parts)

    def prose(self, text: str, line: int = 1, *, web: bool = True) -> str:
        """``text`` with its markers expanded and its citations resolved.

        Args:
            text: Markdown without fences.
            line: On which line of the page it begins.
            web: Link citations, rather than write their number for a notebook.
        """

        def cite(number: str, place: str) -> str:
            if number not in self.links:
                fail(place, f"there is no equation ({number})")
            return f"[({number})]({self.links[number]})" if web else f"({number})"

        def replace(match: re.Match[str]) -> str:
            place = f"{self.file}:{line + text.count('\n', 0, match.start())}"
            if match["code"] or match["comment"]:
                return match[0] if match["code"] else ""
            if match["maths"]:
                for number in book.EQREF.findall(match[0]):
                    cite(number, place)
                if not web:
                    return book.EQREF.sub(r"(\1)", match[0])
                in_table = text.startswith("|", text.rfind("\n", 0, match.start()) + 1)
                return _BAR.sub(_bar, match[0]) if in_table else match[0]
            if match["marker"] in {"install", "parity"}:
                return self._install() if match["marker"] == "install" else _parity()
            if match["marker"]:
                return self._source(match["function"], place)
            return cite(match["number"], place)

        return _SPECIAL.sub(replace, text)

    def _install(self) -> str:
        """How to install the library; from a file where the site has no address."""
        file = self.wheel.rpartition("/")[2]
        known = "://" in self.wheel
        line = f"python -m pip install {self.wheel if known else file}"
        offer = (
            "" if known else f"[Download it]({self.wheel}) and say, where it lies:\n\n"
        )
        return f"{offer}```console\n$ {line}\n```"

    def _source(self, name: str, place: str) -> str:
        """The source of the function ``module.function`` of the library, as Markdown."""
        module, _, function = name.rpartition(".")
        path = book.SOURCE / f"{module}.py"
        code = path.read_text("utf-8") if module and path.is_file() else ""
        for node in ast.parse(code).body:
            if isinstance(node, ast.FunctionDef) and node.name == function:
                break
        else:
            fail(place, f"there is no function {name} in src/chainrule")
        first, last = node.lineno, node.end_lineno or node.lineno
        body = "\n".join(code.splitlines()[first - 1 : last])
        label = f"`src/chainrule/{module}.py`"
        if self.repository:
            lines = f"#L{first}-L{last}"
            address = (
                f"{self.repository.rstrip('/')}/blob/main/src/chainrule/{module}.py"
            )
            label = f"[{label}]({address}{lines})"
        return f"{label}\n\n```python\n{body}\n```"

    def _cell(
        self, fence: book.Fence, executed: Iterator[dict[str, Any]], *, copied: bool
    ) -> str:
        """An executed ``python`` fence, with its figure if it has one."""
        place = f"{self.file}:{fence.line}"
        cell = next(executed, None)
        if cell is None or cell["source"].strip() != fence.code.strip():
            fail(place, "this fence was not executed as it stands here")
        words = {
            key: text.replace('\\"', '"') for key, text in fence.attributes.items()
        }
        if unknown := words.keys() - ATTRIBUTES:
            fail(place, f"unknown attribute {', '.join(sorted(unknown))}")
        svgs = [_figure(output, place) for output in cell["outputs"]]
        has_words = "alt" in words or "caption" in words
        if svgs and (len(svgs) > 1 or not fence.code.rstrip().endswith("plt.show()")):
            fail(place, "a figure cell shows one figure and ends in plt.show()")
        if (has_words or "live" in words) and not svgs:
            fail(place, "alt, caption or live, but the cell shows no figure")
        for key in ("alt", "caption") if svgs else ():
            if not words.get(key, "").strip():
                fail(place, f'the figure has no {key}="…"')

        def inline(key: str) -> str:
            return self.prose(words[key], fence.line)

        block = f"````python\n{fence.code}````\n"
        if svgs:
            svg = figure.for_page(svgs[0], words["alt"], f"f{len(self.figures)}-")
            if len(svg.encode()) > FIGURE_LIMIT:
                fail(place, f"the figure has {len(svg.encode()) // 1000} kB, limit 100")
            if name := words.get("live"):
                if name not in live.NAMES:
                    fail(place, f"there is no live figure {name} in press/figures")
                svg += live.element(name)
                self.live.append(name)
            slot = f'<div data-figure="{len(self.figures)}"></div>'
            self.figures.append(svg)
            return (
                f'<figure markdown="1">\n{slot}\n'
                f'<figcaption markdown="span">{inline("caption")}</figcaption>\n</figure>\n\n'
                + _fold("Code of this figure", block)
            )
        if "fold" in words:
            return _fold(inline("fold"), block)
        if "wrong" in words:
            classes = "wrong" if copied else "wrong no-copy"
            return (
                f'<div class="{classes}" markdown="1">\n'
                f'<p markdown="span"><strong>Wrong on purpose:</strong> {inline("wrong")}</p>'
                f"\n\n{block}\n</div>\n"
            )
        return block


def _bar(match: re.Match[str]) -> str:
    """A bar in a formula, written so that it does not end the cell of a table."""
    bar = r"\Vert" if match[0].startswith("\\") else r"\vert"
    return bar + (f" {match['letter']}" if match["letter"] else "")


def _fold(summary: str, block: str) -> str:
    return (
        '<details class="code" markdown="1">\n'
        f'<summary markdown="span">{summary}</summary>\n\n{block}\n</details>\n'
    )


def _figure(output: dict[str, Any], place: str) -> str:
    """The SVG of a cell's output; the build fails if the output is anything else."""
    if output["output_type"] == "error":
        fail(place, f"the cell fails: {output['ename']}: {output['evalue']}")
    data = output.get("data", {})
    if figure.SVG not in data:
        shown = output.get("text") or data.get("text/plain", "")
        fail(place, f"the cell prints; a number belongs in a check: {shown.strip()}")
    return str(data[figure.SVG])
