"""A chapter printed from the browser is a clean paper."""

import re
from collections.abc import Iterator

import pytest
from browsing import REQUIRED
from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.skipif(not REQUIRED, reason="prints only in CI, to save time")
CHAPTER = "ch05_relu_net/"
PAPER = 657  # CSS pixels between the margins of an A4 page


@pytest.fixture(scope="module", params=["light", "dark"])
def paper(
    request: pytest.FixtureRequest, browser: Browser, address: str
) -> Iterator[Page]:
    with browser.new_context(color_scheme=request.param) as context:
        tab = context.new_page()
        tab.set_viewport_size({"width": PAPER, "height": 900})
        tab.emulate_media(media="print")
        tab.goto(address + CHAPTER)
        yield tab


def test_only_the_text_is_printed(paper: Page) -> None:
    for selector in (
        ".md-header",
        ".md-sidebar",
        ".md-footer",
        ".md-search",
        ".md-skip",
        ".downloads",
        ".headerlink",
        "article button",
        "figure + details",
    ):
        shown = paper.locator(selector).evaluate_all(
            "found => found.map((each) => each.checkVisibility())"
        )
        assert shown, selector
        assert not any(shown), selector


def test_folds_are_open_without_javascript(browser: Browser, address: str) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        tab = context.new_page()
        tab.goto(address + CHAPTER)
        folds = tab.locator("details:not(.code, .try *)").all()
        assert folds
        texts = [fold.locator("summary + *") for fold in folds]
        assert not any(text.is_visible() for text in texts)
        tab.emulate_media(media="print")
        for fold, text in zip(folds, texts, strict=True):
            assert fold.get_attribute("open") is None
            assert text.is_visible()
            assert text.evaluate("(element) => element.checkVisibility()")


def test_black_on_white(paper: Page) -> None:
    def colour(selector: str, name: str) -> str:
        return paper.locator(selector).first.evaluate(
            "(element, name) => getComputedStyle(element)[name]", name
        )

    for selector in (
        "article > p:not(.downloads)",
        "details p",
        "pre code",
        "figure > svg",
    ):
        assert colour(selector, "color") == "rgb(0, 0, 0)", selector
    assert colour("article > p:not(.downloads) a", "color") == "rgb(0, 0, 0)"
    assert "underline" in colour("article > p:not(.downloads) a", "textDecorationLine")
    assert colour("body", "backgroundColor") == "rgb(255, 255, 255)"
    assert colour("pre code", "backgroundColor") == "rgba(0, 0, 0, 0)"


def test_addresses_are_printed(paper: Page) -> None:
    shown = paper.locator("article a[href^=http]").evaluate_all(
        "links => links.map((a) => getComputedStyle(a, '::after').content)"
    )
    assert shown
    assert all(text.startswith('" (https://') for text in shown), shown


def test_nothing_is_cut_off(tab: Page, address: str, samples: list[str]) -> None:
    tab.set_viewport_size({"width": PAPER, "height": 900})
    tab.emulate_media(media="print")
    for name in samples:
        tab.goto(address + name)
        wide = tab.evaluate(
            """() => [...document.querySelectorAll(
                "article :is(p, pre, code, table, figure, svg, .katex-base, .katex-tag)"
            )].filter((element) => {
                const box = element.getBoundingClientRect();
                return box.width > 1 && box.right > innerWidth + 1
                    || element.matches("pre, code")
                    && element.scrollWidth > element.clientWidth + 1
                    && getComputedStyle(element).display !== "inline";
            }).map((element) => element.textContent.slice(0, 60))"""
        )
        assert wide == [], name


def pages_of(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


def test_the_debugging_guide_is_one_page(tab: Page, address: str) -> None:
    tab.goto(address + "debugging/")
    assert pages_of(tab.pdf(format="A4")) == 1


def test_solutions_make_the_pdf_longer(tab: Page, address: str) -> None:
    tab.goto(address + "ch08_mistakes/")
    whole = pages_of(tab.pdf(format="A4"))
    tab.evaluate(
        "document.querySelectorAll('details').forEach((each) => each.remove())"
    )
    assert 10 < pages_of(tab.pdf(format="A4")) < whole
