"""The built site: whole, light, reachable."""

import ast
import base64
import csv
import gzip
import hashlib
import html
import json
import re
import zipfile
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import nbformat
from built import BASE, Parsed

from press import book


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


def test_what_is_laid_out_is_not_more_than_is_needed(pages: list[Parsed]) -> None:
    """A chapter has 30,000 elements as it is."""
    styled = [page.name for page in pages if "_mkdocstrings.css" in page.html]
    assert styled == ["api/index.html"]
    for page in pages:
        assert '<span class="n">' not in page.html, page.name


def test_pages_are_light(pages: list[Parsed]) -> None:
    for page in pages:
        assert len(gzip.compress(page.html.encode(), mtime=0)) <= 200_000, page.name


def test_search_index_holds_words_only(site: Path) -> None:
    index = json.loads((site / "search" / "search_index.json").read_text("utf-8"))
    text = json.dumps(index)
    assert "katex" not in text.replace("KaTeX", "").replace("katex.org", "")
    assert "<svg" not in text
    assert "<pre>" not in text
    assert "\\\\xi ξ" in json.dumps(index, ensure_ascii=False)


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
        for cell, fence in zip(code, fences, strict=True):
            alt = fence.attributes.get("alt", "").replace('\\"', '"')
            for output in cell.outputs:
                assert output.data["text/plain"] == alt
                assert (
                    f"<title>{html.escape(alt)}</title>" in output.data["image/svg+xml"]
                )
                assert base64.b64decode(output.data["image/png"])[1:4] == b"PNG"
        assert len(text) < 1_000_000
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
        needed = re.findall(r"^Requires-Dist: (\w+)(.*)$", metadata, re.MULTILINE)
        assert [name for name, rest in needed if "extra ==" not in rest] == ["numpy"]
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


def test_a_link_to_a_page_shows_its_title_its_words_and_a_picture(
    site: Path, pages: list[Parsed]
) -> None:
    for page in pages:
        if page.name == "404.html":
            continue
        meta = {
            attributes.get("property") or attributes.get("name"): attributes["content"]
            for tag, attributes in page.tags
            if tag == "meta" and "content" in attributes
        }
        assert meta["og:title"], page.name
        assert meta["og:description"] == meta["description"], page.name
        assert meta["og:url"] == page.address
        picture = site / meta["og:image"].removeprefix(BASE)
        is_chapter = page.name.startswith("ch")
        assert picture.stem == (page.name.split("/")[0] if is_chapter else "index")
        assert png_size(picture) == (1200, 630)


def test_the_overview_has_a_picture_and_a_sentence_for_each_chapter(
    site: Path, pages: list[Parsed]
) -> None:
    (welcome,) = (page for page in pages if page.name == "index.html")
    overview = welcome.html.partition('class="overview"')[2].partition("</div>")[0]
    items = re.findall(
        r'<img src="([^"]+)"[^>]*>\s*<a href="(\w+)/">[^<]+</a>\s*[A-Z].+\.\s*</li>',
        overview,
    )
    stems = [chapter.stem for chapter in book.chapters()]
    assert [stem for _, stem in items] == stems
    for address, stem in items:
        assert address == f"assets/cards/{stem}-small.png"
        assert png_size(site / address) == (480, 252)


def png_size(path: Path) -> tuple[int, int]:
    """Width and height of a PNG, from its header."""
    header = path.read_bytes()[:24]
    assert header[1:4] == b"PNG", path
    return int.from_bytes(header[16:20]), int.from_bytes(header[20:24])


def test_the_sitemap_says_no_wrong_date(site: Path) -> None:
    sitemap = (site / "sitemap.xml").read_text("utf-8")
    assert sitemap.count("<loc>") > 10
    assert "<lastmod>" not in sitemap


def test_a_notebook_has_no_date(site: Path) -> None:
    for notebook in site.glob("*.ipynb"):
        assert "<dc:date>" not in notebook.read_text("utf-8")
