"""A page is the same for every reader, on every screen."""

from built import Parsed
from playwright.sync_api import Browser, ConsoleMessage, Page

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

# Whether nothing sticks out, once what moves into place has moved.
FITS = """async () => {
    const end = performance.now() + 3000;
    while (document.documentElement.scrollWidth > innerWidth) {
        if (performance.now() > end) return false;
        await new Promise(requestAnimationFrame);
    }
    return true;
}"""


def test_pages_work_on_every_screen(
    tab: Page, address: str, locations: list[str]
) -> None:
    said: list[str] = []
    asked: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            said.append(f"{message.type}: {message.text}")

    tab.on("console", listen)
    tab.on("pageerror", lambda error: said.append(str(error)))
    tab.on("request", lambda request: asked.append(request.url))
    for name in locations:
        tab.emulate_media(color_scheme="light")
        tab.goto(address + name)
        for theme in ("default", "slate"):
            tab.wait_for_selector(f"body[data-md-color-scheme={theme}]")
            for width in (1280, 390, 320):
                tab.set_viewport_size({"width": width, "height": 800})
                assert tab.evaluate(FITS), f"{name} scrolls sideways at {width} px"
                covered = tab.evaluate(NUMBERS_ON_FORMULAS)
                assert covered == [], f"{name} at {width} px: number on formula"
            tab.emulate_media(color_scheme="dark")
    # Silent although the server forbids what is not the book's own.
    assert said == []
    local = ("data:", "blob:", address)
    assert [url for url in asked if not url.startswith(local)] == []


def test_pages_are_complete_without_javascript(
    browser: Browser, address: str, pages: list[Parsed]
) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        tab = context.new_page()
        for page in pages:
            tab.goto(address + page.location)
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
            assert all(size > 3 for size in sizes), page.name
