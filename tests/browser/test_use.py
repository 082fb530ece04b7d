"""What a reader does: switch, unfold, search, follow a link, by mouse or by keyboard."""

import re

import pytest
from browsing import REQUIRED
from playwright.sync_api import Browser, Page, expect

CHAPTER = "ch05_relu_net/"


def test_figures_follow_the_theme(tab: Page, address: str) -> None:
    tab.goto(address + CHAPTER)
    ink = "figure => getComputedStyle(figure.querySelector('svg')).fill"
    figure = tab.locator("figure").first
    light = figure.evaluate(ink)
    for name in ("Switch to light", "Switch to dark"):
        tab.get_by_title(name).click()
    expect(tab.locator("body")).to_have_attribute("data-md-color-scheme", "slate")
    dark = figure.evaluate(ink)
    assert (light, dark) == ("rgb(34, 38, 43)", "rgb(220, 223, 226)")
    tab.reload()
    assert figure.evaluate(ink) == dark


def test_folds_open_by_keyboard(tab: Page, address: str) -> None:
    tab.goto(address + CHAPTER)
    fold = tab.locator("details:not(.code)").first
    fold.locator("summary").focus()
    text = fold.locator("summary + *")
    expect(text).to_be_hidden()
    tab.keyboard.press("Enter")
    expect(text).to_be_visible()
    tab.keyboard.press("Enter")
    expect(text).to_be_hidden()


def test_focus_is_visible(tab: Page, address: str) -> None:
    tab.goto(address + CHAPTER)
    kinds = set()
    for _ in range(150):
        tab.keyboard.press("Tab")
        kind, outline, html = tab.evaluate(
            """() => {
                const element = document.activeElement;
                const style = getComputedStyle(element);
                const width = style.outlineStyle === "none" ? "0" : style.outlineWidth;
                const kind = element.className.split(" ")[0];
                return [
                    kind === "equation" ? kind : element.localName,
                    parseFloat(width),
                    element.outerHTML.slice(0, 200),
                ];
            }"""
        )
        if kind in {"a", "button", "equation", "summary"}:
            kinds.add(kind)
            assert outline >= 1, html
    assert kinds == {"a", "button", "equation", "summary"}


@pytest.mark.parametrize(
    ("words", "page", "section"),
    [
        ("signals that vanish", "ch07_mlp/", "#signals-that-vanish"),
        ("epsilon", "ch01_chain_rule/", "#a-slope-and-its-measurement"),
        ("η", "ch02_logistic/", "#train"),
        ("λ", "ch03_softmax_linear/", "#loss-to-objective-the-penalty"),
        ("ξ", "ch02_logistic/", "#output-to-loss"),
        ("σ", "ch02_logistic/", "#pre-activation-to-output"),
        ("∂", "ch01_chain_rule/", "#a-graph-forward-and-backward"),
        ("initialization", "ch05_relu_net/", "#where-to-start"),
        ("initialisation", "ch05_relu_net/", "#where-to-start"),
    ][:: 1 if REQUIRED else 4],
)
def test_search_finds(
    tab: Page, address: str, words: str, page: str, section: str
) -> None:
    tab.goto(address + "notation/")
    meta = tab.locator(".md-search-result__meta")
    expect(meta).to_have_text("Type to start searching")
    box = tab.get_by_role("textbox", name="Search")
    box.press_sequentially(words)
    box.press("End")  # a letter that is on no key makes no event of one
    # First comes the page, then what was found in it.
    result = tab.locator("a.md-search-result__link").nth(1)
    expect(result).to_have_attribute(
        "href", re.compile(f"^{address}{page}.*{section}$")
    )
    result.click()
    tab.wait_for_url(re.compile(f"{page}.*{section}$"))
    expect(tab.locator(section)).to_be_in_viewport()


@pytest.mark.parametrize("width", [1280, 390])
def test_a_cited_equation_is_in_view(tab: Page, address: str, width: int) -> None:
    tab.set_viewport_size({"width": width, "height": 700})
    tab.goto(f"{address}ch04_rbf_net/#eq-4.10")
    formula = tab.locator(".equation:has([id='eq-4.10']) .katex-html")
    expect(formula).to_be_in_viewport(ratio=1 if width > 1000 else 0.5)
    header = tab.locator(".md-header").bounding_box()
    assert formula.bounding_box()["y"] >= header["y"] + header["height"]


def test_nothing_moves_for_who_wants_it_still(tab: Page, address: str) -> None:
    tab.emulate_media(reduced_motion="reduce")
    tab.goto(address + CHAPTER)
    moving = tab.evaluate(
        """() => [...document.querySelectorAll("*")].flatMap((element) =>
            [null, "::before", "::after"].map((part) => {
                const style = getComputedStyle(element, part);
                const times = `${style.transitionDuration},${style.animationDuration}`;
                return [element.className, Math.max(...times.split(",").map(parseFloat))];
            })
        ).filter(([_, time]) => time > 0.01)"""
    )
    assert moving == []
    assert tab.evaluate(
        "getComputedStyle(document.documentElement).scrollBehavior"
    ) == ("auto")


def test_a_formula_is_copied_once(tab: Page, address: str) -> None:
    tab.goto(address + "ch01_chain_rule/")
    copied = tab.evaluate(
        """() => {
            getSelection().selectAllChildren([...document.querySelectorAll("p")].find(
                (each) => each.textContent.includes("the part with")));
            return getSelection().toString();
        }"""
    )
    assert copied.count("C(ε/4)") == 1
    assert "varepsilon" not in copied


NARROW_TO_WIDE = (320, 480, 719, 720, 1024, 1219, 1220, 2560)


def test_numbers_of_equations_are_in_view(
    tab: Page, address: str, samples: list[str]
) -> None:
    cut = []
    for page in (each for each in samples if each.startswith("ch")):
        tab.goto(address + page)
        # What is no equation only takes time to lay out.
        tab.evaluate(
            """() => document.querySelectorAll(".md-content__inner > *").forEach((each) =>
                each.matches(":is(.equation, .numbered, :has(.equation))") || each.remove()
            )"""
        )
        for width in NARROW_TO_WIDE:
            tab.set_viewport_size({"width": width, "height": 900})
            cut += tab.evaluate(
                """() => [...document.querySelectorAll(".equation .katex-tag")]
                    .filter((tag) => tag.checkVisibility())
                    .filter((tag) => tag.getBoundingClientRect().right >
                        tag.closest(".equation").getBoundingClientRect().right + 1)
                    .map((tag) => `${location.pathname} ${innerWidth} ${tag.textContent}`)
                """
            )
    assert not cut


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast_themes_show_what_is_drawn(
    browser: Browser, address: str, scheme: str
) -> None:
    with browser.new_context(forced_colors="active", color_scheme=scheme) as context:
        tab = context.new_page()
        tab.goto(address + "ch01_chain_rule/")
        grounds = tab.evaluate(
            """() => [
                ["summary", "::before"], ["summary", "::after"],
                [".md-code__button", "::after"],
            ].flatMap(([what, part]) => [...document.querySelectorAll(
                ".md-typeset " + what)].map((each) => getComputedStyle(each, part))
            ).filter((style) => style.maskImage !== "none")
             .map((style) => style.backgroundColor)"""
        )
        paper = tab.evaluate("getComputedStyle(document.body).backgroundColor")
        assert grounds
        assert paper not in grounds
        assert "rgba(0, 0, 0, 0)" not in grounds
        frame = ".md-typeset .language-pycon"
        expect(tab.locator(frame).first).to_have_css("border-top-style", "solid")
