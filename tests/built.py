"""The built site, as the tests see it."""

import os
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin

from press import book

BASE = "http://site.test/book/"  # what the site is told that its address is
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta"}
NOT_TEXT = {"annotation", "code", "pre", "script", "style"}


class Parsed(HTMLParser):
    """What the tests want to know of a page."""

    def __init__(self, path: Path, site: Path) -> None:
        super().__init__()
        self.name = path.relative_to(site).as_posix()
        self.html = path.read_text("utf-8")
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.figures: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(self.html)

    @property
    def location(self) -> str:
        """Its address, relative to that of the site."""
        return self.name.removesuffix("index.html")

    @property
    def address(self) -> str:
        return urljoin(BASE, self.location)

    @property
    def ids(self) -> list[str]:
        return [attributes["id"] for _, attributes in self.tags if "id" in attributes]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {key: value or "" for key, value in attrs}
        self.tags.append((tag, attributes))
        beside = {"figcaption", "live-figure"}
        if self._open and self._open[-1] == "figure" and tag not in beside:
            self.figures.append((tag, attributes))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {key: value or "" for key, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        while tag in self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not NOT_TEXT.intersection(self._open):
            self.text += data


def build(directory: Path, **environment: str) -> None:
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", directory],
        cwd=book.ROOT,
        env={**os.environ, "SITE_URL": BASE, **environment},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
