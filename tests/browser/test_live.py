"""Live figures are used as readers use them, and show what their mathematics says.

What is displayed is compared with the same session without a browser. Each figure is seen
in every look, at both widths, by every kind of pointing, from the server and from files;
which of them come together differs from figure to figure.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import REQUIRED
from playwright.sync_api import Browser, Locator, Page, expect
from sessions import NUMBER, Session, number

from press import book, live

PAGES = {
    fence.attributes["live"]: page.stem
    for page in book.chapters()
    for fence in book.fences(page.read_text("utf-8"))
    if "live" in fence.attributes
}
# Where motion is reduced, a run is there at once: one look of each figure shows it move.
LOOKS = [
    {"color_scheme": "light"},
    {"color_scheme": "dark", "reduced_motion": "reduce"},
    {"forced_colors": "active", "reduced_motion": "reduce"},
]
HANDS = ["mouse", "keyboard", "touch"]
WIDTHS = [1280, 320]
VISITS = [
    (name, k, HANDS[(k + i) % 3], WIDTHS[(k + i) % 2], (k + i // 2) % 2)
    for i, name in enumerate(sorted(PAGES))
    for k in range(len(LOOKS))
]
# A run that moves takes as long as it takes.
MOVES = pytest.mark.skipif(not REQUIRED, reason="only where the browser is required")
if not REQUIRED:
    VISITS = [visit for visit in VISITS if visit[:2] == ("valley", 1)]


@pytest.fixture
def figure(
    browser: Browser, request: pytest.FixtureRequest, address: str
) -> Iterator[Locator]:
    """The live figure of a visit, in view; afterwards its page has said nothing."""
    name, look, hand, width, from_files = request.param
    place = f"{address}{PAGES[name]}/"
    if from_files and REQUIRED:
        offline: Path = request.getfixturevalue("offline")
        place = (offline / f"{PAGES[name]}.html").as_uri()
    size = {"width": width, "height": 900}
    with browser.new_context(
        viewport=size, has_touch=hand == "touch", **LOOKS[look]
    ) as context:
        tab = context.new_page()
        said: list[str] = []
        tab.on("console", lambda message: said.append(f"{message.type} {message.text}"))
        tab.on("pageerror", lambda error: said.append(str(error)))
        tab.goto(place)
        element = tab.locator(f"live-figure[name={name}]")
        assert element.locator("button").count() == 0, "it begins before it is in view"
        tab.locator(
            f"figure:has(> live-figure[name={name}])"
        ).scroll_into_view_if_needed()
        expect(element).to_have_attribute("ready", "")
        wide = "document.documentElement.scrollWidth - innerWidth"
        assert tab.evaluate(wide) <= 0, "it sticks out"
        # The rest of the page is looked at elsewhere, and makes all that follows slow.
        element.evaluate(
            """(element) => document.querySelectorAll(".md-content__inner > *").forEach(
                (each) => each.contains(element) || each.remove())"""
        )
        element.scroll_into_view_if_needed()
        yield element
        assert said == []
        assert tab.evaluate(wide) <= 0, "it sticks out"
        results = Axe().run(tab, context=f"live-figure[name={name}]")
        assert not results.violations_count, results.generate_report()


# Milliseconds that a change of each control and its drawing take, from end to end.
FRAMES = """(element) => element.session.figure.controls.flatMap((control) => {
    const { from = 0, to = control.choices?.length - 1, step = 1, log } = control;
    const [low, high] = log ? [Math.log10(from), Math.log10(to)] : [from, to];
    element.session.reset();
    return Array.from({ length: 13 }, (_, i) => {
        const value = low + Math.round((high - low) * i / 12 / step) * step;
        const start = performance.now();
        element.session.set(control.key, log ? 10 ** value : value);
        element.draw();
        return performance.now() - start;
    });
})"""


def displayed(figure: Locator) -> dict[str, str]:
    pairs = figure.locator(".live-words > div")
    texts = pairs.evaluate_all(
        "all => all.map((each) => [...each.children].map((part) => part.textContent))"
    )
    return dict(texts)


def same(figure: Locator, session: Session) -> None:
    """The words are equal; numbers of rounding errors may differ between two engines."""
    shown, said = displayed(figure), session.said
    assert shown.keys() == said.keys()
    for what, value in said.items():
        assert NUMBER.sub("", shown[what]) == NUMBER.sub("", value), what
        found, expected = (
            [number(each) for each in NUMBER.findall(words)]
            for words in (shown[what], value)
        )
        assert found == pytest.approx(expected, rel=1e-9, abs=1e-9), what


def press(figure: Locator, name: str, hand: str) -> None:
    button = figure.get_by_role("button", name=name, exact=True)
    if hand == "mouse":
        button.click()
    elif hand == "touch":
        button.tap()
    else:
        button.focus()
        figure.page.keyboard.press("Enter")


def drag(figure: Locator, hand: str) -> None:
    """Take the first handle a little to the right and up."""
    grip = figure.locator(".grip").first
    grip.evaluate("(element) => element.scrollIntoView({ block: 'center' })")
    box = grip.bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    path = [(x + 3 * k, y - 2 * k) for k in range(6)]
    if hand == "mouse":
        mouse = figure.page.mouse
        mouse.move(*path[0])
        mouse.down()
        for place in path:
            mouse.move(*place)
        mouse.up()
        return
    finger = figure.page.context.new_cdp_session(figure.page)
    scrolled = figure.page.evaluate("scrollY")
    for kind, (at_x, at_y) in zip(
        ["touchStart", *["touchMove"] * 5], path, strict=True
    ):
        points = [{"x": at_x, "y": at_y}]
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert figure.page.evaluate("scrollY") == scrolled, "the page went with the finger"


@pytest.mark.parametrize(
    ("figure", "visit"),
    [(visit, visit) for visit in VISITS],
    indirect=["figure"],
    ids=["-".join(map(str, visit)) for visit in VISITS],
)
def test_a_figure_is_used(
    figure: Locator, visit: tuple[str, int, str, int, int]
) -> None:
    name, _, hand, *_ = visit
    session = Session(name)
    same(figure, session)
    drawings = figure.locator(".live-panel svg[role=img][aria-label]")
    assert drawings.count() == session.js("s.panels().length")

    # Every setting, to its end.
    for setting in session.settings:
        press(figure, setting, hand)
        if session.js("Boolean(s.figure.step)"):
            run = figure.get_by_role("button", name="Run", exact=True)
            expect(run).to_be_visible(timeout=120_000)
        session.choose(setting)
        same(figure, session)
    words = displayed(figure).items()
    spoken = "; ".join(f"{what}: {value}" for what, value in words)
    expect(figure.locator("[role=status]")).to_have_text(spoken)
    press(figure, "Start again", hand)
    session.racer.eval("s.reset()")
    same(figure, session)

    # Every slider and every choice.
    for i, control in enumerate(session.js("s.figure.controls")):
        field = figure.locator(".live-sliders").locator("input, select").nth(i)
        expect(figure.get_by_label(control["label"]).first).to_be_visible()
        if "choices" in control:
            value = (control["start"] + 1) % len(control["choices"])
            field.select_option(str(value))
        else:
            field.focus()
            figure.page.keyboard.press("ArrowLeft")
            value = float(field.input_value())
            value = 10**value if control.get("log") else value
        session.set(control["key"], value)
        same(figure, session)
    if session.js("Boolean(s.figure.step)"):
        press(figure, "Start again", hand)
        before = displayed(figure)
        press(figure, "One step", hand)
        session.racer.eval("s.reset(); s.step()")
        same(figure, session)
        assert displayed(figure) != before

    if session.handles and hand != "keyboard":
        before = [panel.inner_html() for panel in figure.locator(".live-panel").all()]
        drag(figure, hand)
        after = [panel.inner_html() for panel in figure.locator(".live-panel").all()]
        assert before != after


@MOVES
@pytest.mark.parametrize(
    "figure", [("valley", 0, "mouse", 1280, 0)], indirect=True, ids=["valley"]
)
def test_a_run_stops_when_it_is_out_of_view(figure: Locator) -> None:
    press(figure, "Start again", "mouse")
    press(figure, "Run", "mouse")
    expect(figure.get_by_role("button", name="Pause", exact=True)).to_be_visible()
    figure.page.evaluate("scrollTo(0, 0)")
    expect(figure.get_by_role("button", name="Run", exact=True)).to_be_attached()
    stopped = displayed(figure)
    figure.page.wait_for_timeout(300)
    assert displayed(figure) == stopped


@pytest.mark.skipif("FRAMES" not in os.environ, reason="only measures")
@pytest.mark.parametrize(
    "figure",
    [(name, 0, "mouse", 1280, 0) for name in sorted(PAGES)],
    indirect=True,
    ids=sorted(PAGES),
)
def test_frames_are_measured(figure: Locator) -> None:
    """The record is of one core of an AMD EPYC in a virtual machine, in November 2026."""
    path = Path(os.environ["FRAMES"])
    record = json.loads(path.read_text("utf-8")) if path.exists() else {}
    name = figure.get_attribute("name")
    figure.evaluate(FRAMES)  # so that all is compiled
    found = figure.evaluate(FRAMES)
    record[name] = {"median": round(median(found), 1), "longest": round(max(found), 1)}
    path.write_text(json.dumps(record, indent=1, sort_keys=True) + "\n", "utf-8")


@MOVES
@pytest.mark.parametrize(
    "figure", [("valley", 0, "keyboard", 1280, 0)], indirect=True, ids=["valley"]
)
def test_a_change_during_a_run_is_not_lost(figure: Locator) -> None:
    eta = figure.get_by_label("step size")
    before = eta.input_value()
    press(figure, "Start again", "keyboard")
    press(figure, "Run", "keyboard")
    expect(figure.get_by_role("button", name="Pause", exact=True)).to_be_visible()
    eta.press("ArrowLeft")
    expect(figure.get_by_role("button", name="Run", exact=True)).to_be_visible()
    assert eta.input_value() != before


def test_only_pages_with_a_figure_load_its_code(tab: Page, address: str) -> None:
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto(f"{address}notation/")
    assert not [url for url in asked if "/live/" in url]
    tab.goto(f"{address}ch04_rbf_net/")
    code = {url.rpartition("/")[2] for url in asked if "/live/" in url}
    assert code == {"live.css", "shared.js", "valley.js"}


def test_without_javascript_the_drawn_figure_stays(
    browser: Browser, address: str
) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        tab = context.new_page()
        tab.goto(f"{address}ch04_rbf_net/")
        still = tab.locator("figure:has(> live-figure) > svg")
        expect(still).to_be_visible()
        expect(tab.locator("live-figure")).to_be_hidden()
        for block in tab.locator(".try").all():
            expect(block).to_be_hidden()


def test_on_paper_the_drawn_figure_stays(tab: Page, address: str) -> None:
    tab.goto(f"{address}ch04_rbf_net/")
    tab.locator("figure:has(> live-figure)").scroll_into_view_if_needed()
    expect(tab.locator("live-figure")).to_have_attribute("ready", "")
    tab.emulate_media(media="print")
    expect(tab.locator("figure:has(> live-figure) > svg")).to_be_visible()
    expect(tab.locator("live-figure")).to_be_hidden()
    expect(tab.locator(".try").first).to_be_hidden()


def test_all_code_is_there(site: Path) -> None:
    there = {file.name for file in (site / "live").iterdir()}
    assert there == {"live.css", "shared.js"} | {f"{name}.js" for name in live.NAMES}
