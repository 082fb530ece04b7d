"""A chapter is light to load and stays in its place while it loads."""

import gzip

import pytest
from playwright.sync_api import Page, Response

from press import book

MATERIAL = "/assets/javascripts/"
CHAPTERS = [chapter.stem for chapter in book.chapters()]
SHIFT = """
    window.shift = 0;
    new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) window.shift += entry.value;
    }).observe({type: "layout-shift", buffered: true});
"""


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_chapter_is_light_and_still(
    tab: Page, address: str, chapter: str, width: int
) -> None:
    kilobytes = dict.fromkeys(("document", "stylesheet", "font", "ours"), 0.0)
    responses: list[Response] = []

    def listen(response: Response) -> None:
        responses.append(response)

    tab.on("response", listen)
    tab.add_init_script(SHIFT)
    tab.set_viewport_size({"width": width, "height": 900})
    tab.goto(f"{address}{chapter}/", wait_until="networkidle")
    assert tab.evaluate("window.shift") < 0.02
    for response in responses:
        kind = response.request.resource_type
        body = response.body()
        if kind == "script" and MATERIAL not in response.url:
            kind = "ours"
        if kind in kilobytes:
            size = len(body if kind == "font" else gzip.compress(body))
            kilobytes[kind] += size / 1000
    assert 0 < kilobytes["document"] <= 200
    assert kilobytes["stylesheet"] > 0 < kilobytes["font"]
    assert kilobytes["ours"] <= 5
    del kilobytes["ours"]
    assert sum(kilobytes.values()) <= 350, kilobytes
