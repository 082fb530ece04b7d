"""The build of the book: what happens at each event of MkDocs, in their order.

mkdocs-jupyter reads a chapter as a notebook and, through ``notebook.json.j2``, hands it over
as JSON; ``kernel`` executes its cells. The page itself is written from the chapter's source
with the figures put in. What one event leaves for a later one is a ``Build``.
"""

from __future__ import annotations

import base64
import html
import json
import os
import re
import shutil
import sys
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bs4 import BeautifulSoup
from mkdocs.plugins import event_priority
from mkdocs.structure.files import File
from mkdocs.utils import get_relative_url

from press import book, cards, derivations, downloads, figure, live, maths, search
from press.errors import fail
from press.kernel import Kernels, Script
from press.page import Page

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page as MkDocsPage

PRESS = Path(__file__).resolve().parent
OFFLINE = os.environ.get("OFFLINE") == "true"
LIBRARY = "api.md"
CACHE = book.ROOT / ".cache"

_NOTEBOOK = re.compile(r'<script type="application/json">(.*)</script>', re.DOTALL)
_LIBRARY_STYLE = "assets/_mkdocstrings.css"
_NAME_IN_CODE = re.compile(r'<span class="[nw]">([^<]*)</span>')
_NUMBER = re.compile(r"\((\d+\.\d+)\)")
_SLOT = re.compile(r'<div data-figure="(\d+)"></div>')

# jupytext reads the attributes of a fence as Python strings; the book does not use what it
# makes of them, but TeX in a caption makes it warn.
warnings.filterwarnings("ignore", "invalid escape sequence", SyntaxWarning)
warnings.filterwarnings("ignore", '"\\\\', SyntaxWarning)


@dataclass
class Build:
    """What is known of the book while it is built.

    Attributes:
        equations: The file in which the equation of each number stands.
        pages: The page of each source, by its name.
        kernels: Where the pages are executed.
    """

    equations: dict[str, File] = field(default_factory=dict)
    pages: dict[str, Page] = field(default_factory=dict)
    kernels: Kernels = field(default_factory=lambda: Kernels(CACHE / "executed"))


@event_priority(100)
def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Let the kernels and the offline book depend on nothing outside the project."""
    # Before the plugin names one on another host: what its search needs without a server.
    config.extra["polyfills"] = ["javascripts/iframe-worker.js"] * OFFLINE
    if OFFLINE:
        config.site_url = ""
    if not config.repo_url:
        config.edit_uri = None
    profile = CACHE / "ipython" / "profile_default"
    try:
        profile.mkdir(parents=True, exist_ok=True)
        shutil.copy(PRESS / "profile" / "ipython_kernel_config.json", profile)
    except OSError as error:
        fail(str(CACHE), f"cannot be written, where the build keeps its work: {error}")
    os.environ |= {
        "IPYTHONDIR": str(CACHE / "ipython"),
        "JUPYTER_CONFIG_DIR": str(CACHE / "jupyter" / "config"),
        "JUPYTER_DATA_DIR": str(CACHE / "jupyter" / "data"),
        "JUPYTER_RUNTIME_DIR": str(CACHE / "jupyter" / "runtime"),
        "JUPYTER_NO_CONFIG": "1",
        "JUPYTER_PREFER_ENV_PATH": "1",
        "MATPLOTLIBRC": str(PRESS / "matplotlibrc"),
        "MPLCONFIGDIR": str(CACHE / "matplotlib"),
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    }
    os.environ.pop("JUPYTER_PATH", None)
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Set the kernels to work, find every equation and add the library's wheel."""
    # The library's page loads it, and no other.
    config.extra_css = [each for each in config.extra_css if each != _LIBRARY_STYLE]
    build = config.extra["build"] = Build()
    build.kernels.start(
        {
            file.src_uri: _script(file)
            for file in files.documentation_pages()
            if file.content_string.startswith("---\njupyter:")
        }
    )
    for file in files.documentation_pages():
        for equation in book.equations(file.content_string):
            if equation.tag in build.equations:
                fail(
                    f"{_name(file)}:{equation.line}",
                    f"a second equation ({equation.tag})",
                )
            build.equations[equation.tag] = file
    if LIBRARY in files.src_uris:
        chapters = {
            file.src_uri: file.content_string
            for file in sorted(files.documentation_pages(), key=lambda f: f.src_uri)
            if _is_chapter(file)
        }
        index = derivations.page(chapters)
        files.append(File.generated(config, derivations.PAGE, content=index))
    for uri, content in live.assets().items():
        files.append(File.generated(config, uri, content=content))
    wheel = downloads.wheel(CACHE / "wheel")
    uri = f"assets/{wheel.name}"
    files.append(File.generated(config, uri, content=wheel.read_bytes()))
    config.extra["wheel"] = f"{config.site_url}{uri}"
    return files


def on_page_markdown(
    markdown: str, page: MkDocsPage, config: MkDocsConfig, files: Files
) -> str:
    """Write the page; for a chapter also the notebook and the script to download."""
    uri, source = page.file.src_uri, page.file.content_string
    build: Build = config.extra["build"]
    links = {
        tag: f"{file.src_uri if file.src_uri != uri else ''}#eq-{tag}"
        for tag, file in build.equations.items()
    }
    build.pages[uri] = desk = Page(
        file=_name(page.file),
        links=links,
        wheel=config.extra["wheel"],
        repository=config.repo_url or "",
    )
    parsed = _NOTEBOOK.fullmatch(markdown.strip())
    if not parsed:
        if _is_chapter(page.file):
            fail(desk.file, "not executed: its front matter is not that of a chapter")
        return desk.markdown(source)
    nb, executed = json.loads(parsed[1]), build.kernels.outputs(uri)
    nb["metadata"]["language_info"] = executed["language_info"]
    cells = [cell for cell in nb["cells"] if cell["cell_type"] == "code"]
    for cell, shown in zip(cells, executed["cells"], strict=True):
        cell.update(shown)
    text = desk.markdown(source, cells)
    page.meta["live"] = ["shared", *desk.live] if desk.live else []
    name = uri.removesuffix(".md")
    fences = (each for each in book.fences(source) if each.language == "python")
    for fence, cell in zip(fences, cells, strict=True):
        if "cover" in fence.attributes:
            png = base64.b64decode(cell["outputs"][0]["data"][figure.PNG])
            for end, size in (("", cards.PREVIEW), ("-small", cards.THUMBNAIL)):
                picture = f"assets/cards/{name}{end}.png"
                files.append(
                    File.generated(config, picture, content=cards.card(png, size))
                )
    if not _is_chapter(page.file):
        return text
    addresses = {
        file.src_uri: config.site_url + file.url if config.site_url else file.dest_uri
        for file in files.documentation_pages()
    }
    notebook = downloads.notebook(nb, desk, source, addresses)
    script = downloads.script(notebook)
    files.append(File.generated(config, f"{name}.ipynb", content=notebook))
    files.append(File.generated(config, f"{name}.py", content=script))
    offer = (
        f"\n\nTo run this chapter: [notebook]({name}.ipynb){{ download }}"
        f" · [script]({name}.py){{ download }}\n{{ .downloads data-search-exclude }}\n"
    )
    return re.sub(
        r"^# .+$", lambda match: match[0] + offer, text, count=1, flags=re.MULTILINE
    )


def on_page_content(
    html: str, page: MkDocsPage, config: MkDocsConfig, **_: object
) -> str:
    """Describe the page by its first paragraph, and refuse TeX that is not a formula."""
    build: Build = config.extra["build"]
    uri = page.file.src_uri
    tags = [tag for tag, file in build.equations.items() if file.src_uri == uri]
    page.present_anchor_ids = {
        *(page.present_anchor_ids or ()),
        *(f"eq-{tag}" for tag in tags),
    }
    soup = BeautifulSoup(html, "html.parser")
    if uri == LIBRARY:
        html = _library(soup, page, build)
    if first := soup.select_one("p:not([class])"):
        page.meta.setdefault("description", _description(first.get_text()))
    for other in soup.select("code, pre, .arithmatex"):
        other.decompose()
    if stray := re.search(r".{0,40}(\$|\\eqref|\\tag).{0,40}", soup.get_text()):
        fail(build.pages[uri].file, f"not recognised as a formula: …{stray[0]}…")
    return html


def on_post_page(output: str, page: MkDocsPage, config: MkDocsConfig) -> str:
    """Put the figures in, typeset the formulas and unwrap what has the colour of all code.

    This comes last so that the search index holds neither of them.
    """
    build: Build = config.extra["build"]
    desk = build.pages[page.file.src_uri]
    links = {
        tag: f"{get_relative_url(file.url, page.url) if file != page.file else ''}#eq-{tag}"
        for tag, file in build.equations.items()
    }
    output = _SLOT.sub(lambda match: desk.figures[int(match[1])], output)
    output = _NAME_IN_CODE.sub(r"\1", output)
    text = page.file.content_string
    confirmed = book.confirmed(text)
    return maths.typeset(output, links, confirmed, desk.file, text)


@event_priority(-50)
def on_post_build(config: MkDocsConfig) -> None:
    """Rewrite the search index, after it is written and before it is taken offline."""
    site = Path(config.site_dir)
    search.rewrite(site / "search" / "search_index.json")
    if not config.site_url:
        for sitemap in site.glob("sitemap.xml*"):
            sitemap.unlink()


def _library(soup: BeautifulSoup, page: MkDocsPage, build: Build) -> str:
    """The library's page: numbers of equations are links, and each id is there once."""
    for line in soup.select("[id*=__span-]"):
        del line["id"]
    for text in soup.find_all(string=_NUMBER):
        if text.find_parent("pre"):
            continue
        parts = _NUMBER.split(text)
        for at, number in enumerate(parts):
            if at % 2 and (file := build.equations.get(number)):
                address = f"{get_relative_url(file.url, page.url)}#eq-{number}"
                link = soup.new_tag("a", href=address, string=f"({number})")
                text.insert_before(link)
            else:
                text.insert_before(f"({number})" if at % 2 else number)
        text.extract()
    return soup.decode(formatter="minimal")


def _is_chapter(file: File) -> bool:
    return bool(re.match(r"ch\d", file.src_uri))


def _script(file: File) -> Script:
    """The cells of ``file``; a chapter's stand alone up to the section on the library."""
    text = file.content_string
    cells = [each.code for each in book.fences(text) if each.language == "python"]
    return Script(cells, len(book.own_cells(text)) if _is_chapter(file) else 0)


def _name(file: File) -> str:
    """``file`` as an error names it: relative to the project where possible."""
    path = Path(file.abs_src_path or file.src_uri)
    return str(path.relative_to(book.ROOT) if path.is_relative_to(book.ROOT) else path)


def _description(paragraph: str) -> str:
    """The first sentences of a ``paragraph``, as many as fit a description."""
    sentences = re.split(r"(?<=\.) ", " ".join(paragraph.split()))
    while len(" ".join(sentences)) > 170 and len(sentences) > 1:
        sentences.pop()
    return html.escape(" ".join(sentences))
