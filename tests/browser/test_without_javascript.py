"""A page is complete without JavaScript."""

import re

from built import Parsed
from playwright.sync_api import Browser


def test_pages_are_complete_without_javascript(
    browser: Browser, address: str, pages: list[Parsed], samples: list[str]
) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        tab = context.new_page()
        for page in (each for each in pages if each.location in samples):
            tab.goto(address + page.location)
            sizes = tab.evaluate(
                """() => {
                    document.querySelectorAll("details").forEach((fold) => fold.open = true);
                    // What is said of live figures is not for this reader.
                    document.querySelectorAll(".try").forEach((block) => block.remove());
                    const shown = document.querySelectorAll(".katex-html, figure > svg");
                    return [...shown].map((element) => {
                        const box = element.getBoundingClientRect();
                        return Math.min(box.width, box.height);
                    });
                }"""
            )
            html = re.sub(r'<div class="try">.*?</div>', "", page.html, flags=re.DOTALL)
            expected = html.count('class="katex-html"') + len(page.figures)
            assert len(sizes) == expected
            assert all(size > 3 for size in sizes), page.name
