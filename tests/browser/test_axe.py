"""The pages keep the rules of WCAG 2.2, level AA, as far as a program can tell."""

from axe_playwright_python.sync_playwright import Axe
from browsing import REQUIRED, THEMES
from playwright.sync_api import Page

EVERY_RULE = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# What another look can change. All together take minutes: they run where the browser is
# required.
LOOKS = [
    ("light", 1280, EVERY_RULE),
    ("light", 390, ["color-contrast", "target-size"]),
    ("dark", 1280, ["color-contrast"]),
][: None if REQUIRED else 1]
# Ten thousand equal words of code take axe minutes: one of each kind in each kind of
# place has the colours of all.
ONE_OF_EACH_KIND = """() => {
    const places = "p, li, dd, td, th, h1, h2, h3, summary, figcaption, .equation, .wrong, pre";
    const seen = new Set();
    for (const fold of document.querySelectorAll("details")) fold.open = true;
    const words = ".highlight span[class], .katex, figure use, figure path";
    for (const each of document.querySelectorAll(words)) {
        const kind = [each.localName, each.getAttribute("class")];
        kind.push(each.closest(".highlight")?.className);
        for (let at = each; (at = at.parentElement.closest(places)); ) {
            kind.push(at.localName, at.className);
        }
        if (seen.has(kind.join())) each.remove();
        seen.add(kind.join());
    }
}"""
# What scrolls sideways and cannot be reached by the keyboard, once Material's script has
# looked at every block of code.
OUT_OF_REACH = """async () => {
    const found = () => [...document.querySelectorAll("article *")].filter((element) =>
        element.scrollWidth > element.clientWidth + 1
        && ["auto", "scroll"].includes(getComputedStyle(element).overflowX)
        && element.tabIndex < 0
        && !element.querySelector("a[href], button, [tabindex='0']")
    ).map((element) => element.outerHTML.slice(0, 200));
    for (const fold of document.querySelectorAll("details")) fold.open = true;
    const end = performance.now() + 3000;
    while (found().length && performance.now() < end) {
        await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return found();
}"""


def test_every_page_is_accessible(tab: Page, address: str, samples: list[str]) -> None:
    tab.emulate_media(color_scheme="light", reduced_motion="reduce")
    for name in samples:
        tab.set_viewport_size({"width": 390, "height": 900})
        tab.goto(address + name)
        assert tab.evaluate(OUT_OF_REACH) == [], name
        # A reader has in view what is judged.
        tab.add_style_tag(content="* { content-visibility: visible !important; }")
        tab.evaluate(ONE_OF_EACH_KIND)
        for scheme, width, rules in LOOKS:
            tab.emulate_media(color_scheme=scheme)
            tab.wait_for_selector(f"body[data-md-color-scheme={THEMES[scheme]}]")
            tab.set_viewport_size({"width": width, "height": 900})
            options = {"resultTypes": ["violations"], "runOnly": rules}
            results = Axe().run(tab, options=options)
            found = f"{name}, {scheme}, {width} px\n{results.generate_report()}"
            assert not results.violations_count, found
        tab.emulate_media(color_scheme="light")
