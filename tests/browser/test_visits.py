"""Each page is opened once, in the real browser; what was seen there is judged below."""

import gzip
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from browsing import REQUIRED, THEMES, run
from playwright.sync_api import Browser, ConsoleMessage, Page, Response

from press import book

CHAPTERS = {f"{each.stem}/": each.read_text("utf-8") for each in book.chapters()}
MATERIAL = "/assets/javascripts/"
WIDTHS = (1280, 390, 320)

SHIFT = """
    window.shift = 0;
    new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) window.shift += entry.value;
    }).observe({type: "layout-shift", buffered: true});
"""
# Whether something sticks out, once what moves into place has moved.
STICKS_OUT = """async () => {
    const end = performance.now() + 3000;
    while (document.documentElement.scrollWidth > innerWidth) {
        if (performance.now() > end) return true;
        await new Promise(requestAnimationFrame);
    }
    return false;
}"""
# The equations whose number is not in view, or begins before a part of the formula beside
# it ends; on a phone it may stand below the formula.
NUMBERS_ON_FORMULAS = """() =>
    [...document.querySelectorAll(".equation .katex-tag")].filter((tag) => {
        const bases = [...tag.parentElement.querySelectorAll(":scope > .katex-base")]
            .map((base) => base.getBoundingClientRect());
        const range = document.createRange();
        range.selectNodeContents(tag);
        const number = range.getBoundingClientRect();
        const box = tag.closest(".equation").getBoundingClientRect();
        return !number.width || number.right > box.right + 1 || !bases.length
            || bases.some((base) =>
                base.top < number.bottom - 2 && base.bottom > number.top + 2
                && number.left < base.right
            );
    }).map((tag) => tag.textContent)
"""
# What Material's copy button reads, of every block that has one.
COPIED = """() => {
    const found = [...document.querySelectorAll(
        ":is(.language-python, .language-pycon):has(button) code"
    )];
    for (const code of found) code.setAttribute("data-md-copying", "");
    const texts = found.map((code) => code.innerText.trimEnd());
    for (const code of found) code.removeAttribute("data-md-copying");
    return texts;
}"""
# What Chromium has not laid out yet has no text.
LAID_OUT = """() => [...document.querySelectorAll(
    ":is(.language-python, .language-pycon):has(button) code"
)].every((code) => code.innerText)"""
BUTTONS = ":is(.language-python, .language-pycon) button[data-md-type=copy]"


@dataclass
class Visit:
    """What was seen on a page.

    ``kilobytes`` are compressed, by kind; ``copied`` is what every copy button would put
    on the clipboard, ``pasted`` what it did; ``uncopied`` counts the blocks of
    wrong code that nobody needs, and the buttons in them.
    """

    name: str
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    wide: list[int] = field(default_factory=list)
    covered: list[str] = field(default_factory=list)
    shift: float = 0
    kilobytes: dict[str, float] = field(default_factory=dict)
    copied: list[str] = field(default_factory=list)
    pasted: list[str] = field(default_factory=list)
    uncopied: list[int] = field(default_factory=list)


def weight(responses: list[Response]) -> dict[str, float]:
    kilobytes = dict.fromkeys(("document", "stylesheet", "font", "ours"), 0.0)
    for response in responses:
        kind = response.request.resource_type
        if kind == "script" and MATERIAL not in response.url:
            kind = "ours"
        if kind in kilobytes:
            body = response.body()
            size = len(body if kind == "font" else gzip.compress(body))
            kilobytes[kind] += size / 1000
    return kilobytes


def visit(tab: Page, address: str, name: str) -> Visit:
    seen = Visit(name)
    responses: list[Response] = []

    def console(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            seen.said.append(f"{message.type}: {message.text}")

    tab.on("console", console)
    tab.on("pageerror", lambda error: seen.said.append(str(error)))
    tab.on("request", lambda request: seen.asked.append(request.url))
    # The bound method itself is refused.
    tab.on("response", lambda response: responses.append(response))  # noqa: PLW0108
    is_chapter = name in CHAPTERS
    tab.goto(address + name, wait_until="networkidle" if is_chapter else "load")
    seen.shift = tab.evaluate("window.shift")
    tab.evaluate(
        "document.querySelectorAll('details').forEach((fold) => fold.open = true)"
    )
    for scheme in THEMES:
        tab.emulate_media(color_scheme=scheme)
        tab.wait_for_selector(f"body[data-md-color-scheme={THEMES[scheme]}]")
    # A reader has in view what is looked at or copied, with the fonts that it needs.
    tab.add_style_tag(content="* { content-visibility: visible !important; }")
    tab.evaluate("document.body.offsetHeight && document.fonts.ready.then(() => null)")
    # The schemes differ in colours only.
    for width in WIDTHS:
        tab.set_viewport_size({"width": width, "height": 900})
        if tab.evaluate(STICKS_OUT):
            seen.wide.append(width)
        seen.covered += tab.evaluate(NUMBERS_ON_FORMULAS)
    if is_chapter:
        seen.kilobytes = weight(responses)
        tab.wait_for_function(LAID_OUT)
        seen.copied = tab.evaluate(COPIED)
        for button in tab.locator(BUTTONS).all():
            button.dispatch_event("click")
            seen.pasted.append(tab.evaluate("navigator.clipboard.readText()"))
        wrong = tab.locator(".wrong.no-copy")
        seen.uncopied = [wrong.count(), wrong.get_by_role("button").count()]
    return seen


@pytest.fixture(scope="module")
def visits(browser: Browser, address: str, samples: list[str]) -> list[Visit]:
    found = []
    with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        context.grant_permissions(["clipboard-read", "clipboard-write"], origin=address)
        context.add_init_script(SHIFT)
        for name in samples:
            with context.new_page() as tab:
                found.append(visit(tab, address, name))
    return found


def test_no_page_scrolls_sideways(visits: list[Visit]) -> None:
    assert {each.name: each.wide for each in visits if each.wide} == {}


def test_no_number_covers_its_formula(visits: list[Visit]) -> None:
    assert {each.name: each.covered for each in visits if each.covered} == {}


def test_every_page_is_silent(visits: list[Visit]) -> None:
    """Although the server forbids what is not the book's own."""
    assert {each.name: each.said for each in visits if each.said} == {}


def test_no_page_asks_another_host(visits: list[Visit], address: str) -> None:
    own = ("data:", "blob:", address)
    for each in visits:
        assert address + each.name in each.asked
        assert [url for url in each.asked if not url.startswith(own)] == []


def test_a_chapter_is_light(visits: list[Visit], samples: list[str]) -> None:
    weights = {each.name: each.kilobytes for each in visits if each.kilobytes}
    assert weights.keys() == CHAPTERS.keys() & {*samples} != set()
    for name, kilobytes in weights.items():
        assert 0 < kilobytes["document"] <= 200, name
        assert kilobytes["stylesheet"] > 0 < kilobytes["font"]
        assert kilobytes.pop("ours") <= 20
        assert sum(kilobytes.values()) <= 350, (name, kilobytes)


def test_nothing_moves_while_a_page_loads(
    visits: list[Visit], browser: Browser, address: str, samples: list[str]
) -> None:
    assert {each.name: each.shift for each in visits if each.shift >= 0.02} == {}
    if not REQUIRED:
        return
    with browser.new_context(viewport={"width": 390, "height": 900}) as context:
        context.add_init_script(SHIFT)
        tab = context.new_page()
        for name in samples:
            tab.goto(address + name, wait_until="networkidle")
            assert tab.evaluate("window.shift") < 0.02, name


def typed(code: str) -> str:
    """What a reader of a check would have typed."""
    prompts = (">>>", "...")
    lines = [line[4:] for line in code.splitlines() if line.startswith(prompts)]
    return "\n".join(lines)


def test_what_is_copied_is_what_was_tested(
    visits: list[Visit], samples: list[str]
) -> None:
    chapters = [each for each in visits if each.name in CHAPTERS]
    assert len(chapters) == len(CHAPTERS.keys() & {*samples}) > 0
    for chapter in chapters:
        text = CHAPTERS[chapter.name]
        uncopied = book.uncopied(text)
        expected = [
            typed(fence.code) if fence.language == "pycon" else fence.code.strip()
            for fence in book.fences(text)
            if fence.language in {"python", "pycon"} and fence not in uncopied
        ]
        # Some show the library's source between the chapter's own.
        own = [each for each in chapter.copied if each in expected]
        assert own == expected, chapter.name
        assert chapter.pasted == chapter.copied, chapter.name
        assert chapter.uncopied == [len(uncopied), 0]


def test_what_is_copied_runs(visits: list[Visit], tmp_path: Path) -> None:
    """A chapter's code, pasted block after block into a fresh interpreter."""
    for chapter in visits:
        if chapter.name in CHAPTERS:
            fences = book.fences(CHAPTERS[chapter.name])
            own = {each.code.strip() for each in fences if each.language == "python"}
            code = "\n".join(each for each in chapter.pasted if each in own)
            assert "plt.show()" in code
            assert run(code, tmp_path / chapter.name) == ""
