"""The book that ``make offline`` builds is read from files: no server, no other host."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import built
import pytest
from browsing import REQUIRED
from playwright.sync_api import ConsoleMessage, Page, expect


@pytest.mark.skipif(not REQUIRED, reason="builds the book again; CI does")
def test_the_offline_book_works_from_files(tab: Page, offline: Path) -> None:
    said: list[str] = []
    asked: list[str] = []

    def console(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            said.append(message.text)

    tab.on("console", console)
    tab.on("pageerror", lambda error: said.append(str(error)))
    tab.on("request", lambda request: asked.append(urlsplit(request.url).scheme))
    tab.goto((offline / "index.html").as_uri())

    # A chapter, its neighbour, and an equation that it cites.
    tab.locator("article a[href='ch04_rbf_net.html']").first.click()
    tab.wait_for_url("**/ch04_rbf_net.html")
    assert tab.locator("article .katex-html").first.bounding_box()["height"] > 3
    assert tab.locator("figure > svg").first.bounding_box()["height"] > 100
    tab.locator(".md-footer__link--next").click()
    tab.wait_for_url("**/ch05_relu_net.html")
    link = tab.locator("article p a[href*='ch03'][href*='#eq-3.']").first
    target = link.get_attribute("href")
    link.click()
    tab.wait_for_url("**/" + target)
    expect(tab.locator(f"[id='{urlsplit(target).fragment}']")).to_be_in_viewport()

    tab.get_by_role("textbox", name="Search").press_sequentially("signals that vanish")
    found = (
        "a.md-search-result__link[href*='ch07_mlp.html'][href$='#signals-that-vanish']"
    )
    result = tab.locator(found).first
    expect(result).to_be_visible()
    result.click()
    expect(tab.locator("#signals-that-vanish")).to_be_in_viewport()

    for notebook in offline.glob("*.ipynb"):
        text = notebook.read_text("utf-8")
        links = re.findall(r"\]\((?!http)([^)#]+)", text)
        assert links
        assert {
            each for each in links if not (notebook.parent / each).is_file()
        } == set()
    for page in offline.rglob("*.html"):
        assert built.BASE not in page.read_text("utf-8"), page

    assert said == []
    assert set(asked) <= {"file", "data", "blob"}
    assert len(asked) > 20
