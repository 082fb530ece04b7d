"""The built site: whole, light, reachable, and the same for every reader."""

import ast
import base64
import csv
import functools
import gzip
import hashlib
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import nbformat
import pytest
from playwright.sync_api import Browser, ConsoleMessage, sync_playwright
from playwright.sync_api import Error as PlaywrightError

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
    def address(self) -> str:
        return urljoin(BASE, self.name.removesuffix("index.html"))

    @property
    def ids(self) -> list[str]:
        return [attributes["id"] for _, attributes in self.tags if "id" in attributes]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {key: value or "" for key, value in attrs}
        self.tags.append((tag, attributes))
        if self._open and self._open[-1] == "figure" and tag != "figcaption":
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


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("site")
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", directory],
        cwd=book.ROOT,
        env={**os.environ, "SITE_URL": BASE},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return directory


@pytest.fixture(scope="module")
def pages(site: Path) -> list[Parsed]:
    return [Parsed(path, site) for path in sorted(site.rglob("*.html"))]


def test_every_source_is_a_page(pages: list[Parsed]) -> None:
    stems = {path.stem for path in book.DOCS.glob("*.md")} - {"index"}
    stems |= {"derivations"}  # made from the chapters
    expected = {"index.html", "404.html", *(f"{stem}/index.html" for stem in stems)}
    assert {page.name for page in pages} == expected


def test_nothing_is_loaded_from_another_host(site: Path, pages: list[Parsed]) -> None:
    for page in pages:
        for tag, attributes in page.tags:
            loaded = [attributes.get("src", ""), attributes.get("srcset", "")]
            if tag in {"link", "image", "use"}:
                loaded += [attributes.get("href", ""), attributes.get("xlink:href", "")]
            for address in loaded:
                if attributes.get("rel") in {"canonical", "prev", "next"}:
                    continue
                host = urlsplit(address).netloc
                assert host in {"", urlsplit(BASE).netloc}, f"{page.name}: {address}"
        assert "mathjax" not in page.html.lower()
    for style in site.rglob("*.css"):
        for address in re.findall(
            r"url\(\s*[\"']?([^)\"']+)", style.read_text("utf-8")
        ):
            assert urlsplit(address).netloc == "", f"{style}: {address}"
        assert "@import" not in style.read_text("utf-8")


def test_every_figure_has_a_name_and_a_caption(pages: list[Parsed]) -> None:
    for page in pages:
        assert [tag for tag, _ in page.figures] == ["svg"] * page.html.count("<figure")
        for _, attributes in page.figures:
            assert attributes["role"] == "img"
            assert len(attributes["aria-label"]) > 10
        assert page.html.count("<figcaption") == page.html.count("<figure")
    shown = sum(len(page.figures) for page in pages)
    sources = [path.read_text("utf-8") for path in book.DOCS.glob("*.md")]
    fences = [fence for source in sources for fence in book.fences(source)]
    assert shown == sum("alt" in fence.attributes for fence in fences) > 0


def test_every_formula_is_typeset(pages: list[Parsed]) -> None:
    for page in pages:
        raw = re.search(r"\\eqref|\\tag|\\frac|\$|\\\(|\\\[", page.text)
        assert not raw, f"{page.name}: {page.text[raw.start() - 40 : raw.end() + 40]}"
        assert "katex-error" not in page.html
        assert "arithmatex" not in page.html


def test_ids_are_unique(pages: list[Parsed]) -> None:
    for page in pages:
        assert sorted(set(page.ids)) == sorted(page.ids), page.name


def test_every_internal_link_resolves(site: Path, pages: list[Parsed]) -> None:
    anchors = {page.address: {*page.ids, ""} for page in pages}
    for page in pages:
        for tag, attributes in page.tags:
            if tag not in {"a", "link", "script", "img"}:
                continue
            link = attributes.get("href") or attributes.get("src")
            if link is None or link.startswith("data:"):
                continue
            target = urlsplit(urljoin(page.address, link))
            if target.netloc != urlsplit(BASE).netloc:
                continue
            address = target._replace(fragment="", query="").geturl()
            if address in anchors:
                known = unquote(target.fragment) in anchors[address]
                # 404.html has no headings, yet Material lets the logo skip to them.
                assert known, f"{page.name} links to {link}"
            else:
                path = site / unquote(address.removeprefix(BASE))
                assert path.is_file(), f"{page.name} links to {link}"


def test_every_equation_can_be_linked_to(pages: list[Parsed]) -> None:
    by_name = {page.name: page for page in pages}
    for chapter in book.chapters():
        equations = book.equations(chapter.read_text("utf-8"))
        anchors = {f"eq-{equation.tag}" for equation in equations}
        assert anchors or chapter.stem == "ch08_mistakes"
        assert anchors <= {*by_name[f"{chapter.stem}/index.html"].ids}


def test_every_page_has_a_title_and_a_description_of_its_own(
    pages: list[Parsed],
) -> None:
    described = [page for page in pages if page.name != "404.html"]
    found = [
        attributes["content"]
        for page in described
        for tag, attributes in page.tags
        if tag == "meta" and attributes.get("name") == "description"
    ]
    assert len(set(found)) == len(described)
    assert all(20 < len(description) < 300 for description in found)
    titles = [re.findall(r"<title>(.+?)</title>", page.html) for page in described]
    assert len({title for (title,) in titles}) == len(described)
    assert all(len(re.findall(r"<h1\b", page.html)) == 1 for page in described)


def test_pages_are_light(pages: list[Parsed]) -> None:
    for page in pages:
        assert len(gzip.compress(page.html.encode(), mtime=0)) <= 200_000, page.name


def test_search_index_holds_words_only(site: Path) -> None:
    index = json.loads((site / "search" / "search_index.json").read_text("utf-8"))
    text = json.dumps(index)
    assert "katex" not in text.replace("KaTeX", "").replace("katex.org", "")
    assert "<svg" not in text


def test_every_chapter_can_be_taken_away(site: Path) -> None:
    for chapter in book.chapters():
        source = chapter.read_text("utf-8")
        fences = [fence for fence in book.fences(source) if fence.language == "python"]

        text = (site / f"{chapter.stem}.ipynb").read_text("utf-8")
        notebook = nbformat.reads(text, as_version=4)  # type: ignore[no-untyped-call]
        nbformat.validate(notebook)
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        assert [cell.source for cell in code] == [
            fence.code.strip() for fence in fences
        ]
        shown = [bool(cell.outputs) for cell in code]
        assert shown == ["alt" in fence.attributes for fence in fences]
        prose = "".join(c.source for c in notebook.cells if c.cell_type == "markdown")
        assert "\\eqref" not in re.sub(r"`[^`]*`", "", prose)
        assert "<!--" not in prose

        script = (site / f"{chapter.stem}.py").read_text("utf-8")
        cells = "\n".join(fence.code for fence in fences)
        assert ast.dump(ast.parse(script)) == ast.dump(ast.parse(cells))


def test_wheel_is_whole(site: Path) -> None:
    (path,) = (site / "assets").glob("*.whl")
    with zipfile.ZipFile(path) as wheel:
        assert wheel.testzip() is None
        names = wheel.namelist()
        (info,) = {name.split("/")[0] for name in names if ".dist-info/" in name}
        metadata = wheel.read(f"{info}/METADATA").decode()
        assert "Name: chainrule\n" in metadata
        assert re.findall(r"^Requires-Dist: (\w+)", metadata, re.MULTILINE) == ["numpy"]
        rows = list(csv.reader(wheel.read(f"{info}/RECORD").decode().splitlines()))
        assert sorted(row[0] for row in rows) == sorted(names)
        for name, digest, size in rows:
            if name == f"{info}/RECORD":
                continue
            raw = hashlib.sha256(wheel.read(name)).digest()
            known = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
            assert (digest, int(size)) == (f"sha256={known}", len(wheel.read(name)))
        for module in book.SOURCE.glob("*.py"):
            assert wheel.read(f"chainrule/{module.name}") == module.read_bytes()
    page = (site / "ch04_rbf_net" / "index.html").read_text("utf-8")
    assert f"pip install {BASE}assets/{path.name}" in re.sub(r"<[^>]+>", "", page)


# ---- In a browser --------------------------------------------------------------------


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    handler = functools.partial(Quiet, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        reason = f"none of {', '.join(names)} is installed"
        if os.environ.get("CHAINRULE_BROWSER") == "required":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        arguments = [
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ]
        browser = playwright.chromium.launch(executable_path=found, args=arguments)
        yield browser
        browser.close()


# The equations whose number begins before the formula ends.
NUMBERS_ON_FORMULAS = """() =>
    [...document.querySelectorAll(".equation .katex-tag")].filter((tag) => {
        const ends = [...tag.parentElement.querySelectorAll(":scope > .katex-base")]
            .map((base) => base.getBoundingClientRect().right);
        const number = document.createRange();
        number.selectNodeContents(tag);
        const shown = tag.getBoundingClientRect().width > 0;
        return !shown || !ends.length
            || number.getBoundingClientRect().left < Math.max(...ends);
    }).map((tag) => tag.textContent)
"""


def addresses(pages: list[Parsed]) -> list[str]:
    return [page.name.removesuffix("index.html") for page in pages]


def test_pages_work_on_every_screen(
    browser: Browser, address: str, pages: list[Parsed]
) -> None:
    said: list[str] = []
    asked: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            said.append(f"{message.type}: {message.text}")

    with browser.new_context(color_scheme="light") as context:
        tab = context.new_page()
        tab.on("console", listen)
        tab.on("pageerror", lambda error: said.append(str(error)))
        tab.on("request", lambda request: asked.append(request.url))
        for name in addresses(pages):
            if name == "404.html":
                continue  # its links start at the root of the published site
            tab.emulate_media(color_scheme="light")
            tab.goto(address + name)
            for theme in ("default", "slate"):
                tab.wait_for_selector(f"body[data-md-color-scheme={theme}]")
                for width in (1280, 390, 320):
                    tab.set_viewport_size({"width": width, "height": 800})
                    # Once what moves into place has moved, nothing sticks out.
                    sticks_out = "document.documentElement.scrollWidth > innerWidth"
                    try:
                        tab.wait_for_function(f"!({sticks_out})", timeout=3000)
                    except PlaywrightError:
                        pytest.fail(f"{name} scrolls sideways at {width} px")
                    covered = tab.evaluate(NUMBERS_ON_FORMULAS)
                    assert covered == [], f"{name} at {width} px: number on formula"
                tab.emulate_media(color_scheme="dark")
    assert said == []
    local = ("data:", "blob:", address)
    assert [url for url in asked if not url.startswith(local)] == []


def test_pages_are_complete_without_javascript(
    browser: Browser, address: str, pages: list[Parsed]
) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        tab = context.new_page()
        for page, name in zip(pages, addresses(pages), strict=True):
            tab.goto(address + name)
            sizes = tab.evaluate(
                """() => {
                    document.querySelectorAll("details").forEach((fold) => fold.open = true);
                    const shown = document.querySelectorAll(".katex-html, figure > svg");
                    return [...shown].map((element) => {
                        const box = element.getBoundingClientRect();
                        return Math.min(box.width, box.height);
                    });
                }"""
            )
            expected = page.html.count('class="katex-html"') + len(page.figures)
            assert len(sizes) == expected
            assert all(size > 3 for size in sizes), name


def typed(code: str) -> str:
    """What a reader of a check would have typed."""
    prompts = (">>>", "...")
    lines = [line[4:] for line in code.splitlines() if line.startswith(prompts)]
    return "\n".join(lines)


def test_what_is_copied_can_be_run(browser: Browser, address: str) -> None:
    with browser.new_context() as context:
        context.grant_permissions(["clipboard-read", "clipboard-write"], origin=address)
        tab = context.new_page()
        for chapter in book.chapters():
            fences = book.fences(chapter.read_text("utf-8"))
            tab.goto(f"{address}{chapter.stem}/")
            tab.evaluate(
                "document.querySelectorAll('details').forEach((fold) => fold.open = true)"
            )
            buttons = "button[data-md-type=copy]"
            for language in ("python", "pycon"):
                expected = [
                    typed(fence.code) if language == "pycon" else fence.code.strip()
                    for fence in fences
                    if fence.language == language and "wrong" not in fence.attributes
                ]
                # All as Material's copy button reads them …
                copied = tab.evaluate(
                    """(language) => [
                        ...document.querySelectorAll(`.language-${language}:has(button) code`)
                    ].map((code) => {
                        code.setAttribute("data-md-copying", "");
                        const text = code.innerText;
                        code.removeAttribute("data-md-copying");
                        return text.trimEnd();
                    })""",
                    language,
                )
                missing = [code for code in expected if code not in copied]
                assert missing == [], chapter.stem
                # … and one through the button and the clipboard.
                longest = max(range(len(copied)), key=lambda i: len(copied[i]))
                tab.locator(f".language-{language}:has(button)").nth(longest).locator(
                    buttons
                ).click()
                assert tab.evaluate("navigator.clipboard.readText()") == copied[longest]
            wrong = sum("wrong" in fence.attributes for fence in fences)
            assert tab.locator(".wrong").count() == wrong
            assert tab.locator(f".wrong {buttons}").count() == 0
