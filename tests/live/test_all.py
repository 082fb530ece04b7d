"""What holds for every live figure: its words, its weight, and what the text says of it."""

import gzip
import json
import re
from pathlib import Path

import pytest
from pages import CHAPTERS, read
from sessions import NUMBER, Session

from press import book, live

RECORD = Path(__file__).parent / "words.json"
TRY = re.compile(r'<div class="try" markdown="1">\n(.*?)\n</div>\n', re.DOTALL)
ITEM = re.compile(r"^- \*\*(.+?)\*\*: (.+)$", re.MULTILINE)
# Links, citations, subscripts and fractions: digits that are no result.
NO_RESULT = re.compile(
    r"\]\([^)]*\)|\\eqref\{.*?\}|_\w+|_\{.*?\}|\\\w+\d|(?<=\w)−(?=[a-z])"
)
PLACES = {
    fence.attributes["live"]: (page, fence)
    for page in CHAPTERS
    for fence in book.fences(read(page))
    if "live" in fence.attributes
}


def test_every_figure_has_its_place_in_a_chapter():
    assert PLACES.keys() == live.NAMES


@pytest.mark.parametrize("name", sorted(live.NAMES))
def test_the_text_asks_and_says_what_happens(name):
    page, fence = PLACES[name]
    lines = read(page).splitlines(keepends=True)
    above = TRY.findall("".join(lines[: fence.line - 1]))[-1]
    assert above.lstrip().startswith("**Try it.** ")
    assert "Guess first: " in above
    assert "?" in above.partition("Guess first: ")[0]
    below = TRY.search("".join(lines[fence.end :]))[1]
    assert "<summary>What happens</summary>" in below
    session = Session(name)
    items = dict(ITEM.findall(below))
    assert [*items] == session.settings
    assert len(items) == 3
    shown = set()
    for setting, sentence in items.items():
        session.choose(setting)
        said = json.dumps([session.said, session.values], ensure_ascii=False)
        values = {f"{each:g}" for each in session.values.values()}
        known = {*NUMBER.findall(said)} | {each.replace("-", "−") for each in values}
        powers = sentence.replace(r" \cdot 10^{-", "e-").replace("10^{-", "1e-")
        plain = NO_RESULT.sub("", powers.replace("-", "−"))
        stated = NUMBER.findall(plain)
        assert stated, f"{setting} states no number"
        assert {*stated} <= known, (setting, said)
        shown.add(said)
    assert len(shown) == len(items), "two settings end alike"


def words(name):
    """Everything of a figure that is read rather than seen, as it begins.

    Of the numbers that it computes only how many digits they have: some are rounding errors.
    """
    session = Session(name)
    return {
        "controls": session.js(
            "s.figure.controls.map((c) => [c.label, c.from ?? 0, c.to ?? 0, c.step ?? 0,"
            " c.choices ?? [], live.shown(c, s.values[c.key])])"
        ),
        "settings": session.js("s.figure.settings"),
        "panels": session.js(
            "s.panels().map(({ name, plane: { x, y } }) => [name, ...[x, y].map("
            "(axis) => [axis.label, axis.from.toPrecision(3), axis.to.toPrecision(3)])])"
        ),
        "said": {what: re.sub(r"\d", "#", said) for what, said in session.said.items()},
    }


@pytest.mark.parametrize("name", sorted(live.NAMES))
def test_the_words_are_those_of_the_record(name):
    assert words(name) == json.loads(RECORD.read_text("utf-8"))[name]


@pytest.mark.parametrize("name", sorted(live.NAMES))
def test_start_again_undoes_the_steps(name):
    """And keeps what the reader has set; where there are no steps, it undoes that."""
    session = Session(name)
    for setting in (None, *session.settings):
        if setting:
            session.racer.eval(f"s.choose({json.dumps(setting)})")
        for control in session.js("s.figure.controls"):
            session.racer.eval("s.reset()")
            before = session.said, session.js("s.panels()"), session.values
            value = control.get("to", len(control.get("choices", [])) - 1)
            session.set(control["key"], value)
            assert session.values != before[2] or value == before[2][control["key"]]
            if session.js("Boolean(s.figure.step)"):
                session.racer.eval("s.reset()")
                before = session.said, session.js("s.panels()"), session.values
                session.step(2)
                assert (
                    session.said,
                    session.js("s.panels()"),
                    session.values,
                ) != before
            session.racer.eval("s.reset()")
            assert (session.said, session.js("s.panels()"), session.values) == before


@pytest.mark.parametrize("name", sorted(live.NAMES))
def test_a_run_is_whole_after_an_interrupted_one(name):
    session = Session(name)
    if not session.js("Boolean(s.figure.step)"):
        pytest.skip("it has no steps")
    controls = session.js("s.figure.controls")
    acts = [f"s.set({json.dumps(each['key'])}, {each['start']})" for each in controls]
    acts += ["s.handles().slice(0, 1).forEach((h) => s.move(h.name, h.at))"]
    if session.js("Boolean(s.figure.pick)"):
        acts += ["s.pick(0, [0.5, 0.5])", "s.pick(1, [0.5, 0.5])"]
    for act in acts:
        session.racer.eval(f"s.reset(); s.run(); s.step(); {act}; s.run()")
        left = session.js("s.left")
        session.racer.eval("s.left = 0; s.run()")
        assert left == session.js("s.left"), act


@pytest.mark.parametrize("name", sorted(live.NAMES))
def test_every_control_goes_to_its_ends(name):
    """And whatever is shown there can be drawn."""
    session = Session(name)
    for control in session.js("s.figure.controls"):
        ends = (
            range(len(control["choices"]))
            if "choices" in control
            else (control["from"], control["to"])
        )
        for value in ends:
            session.set(control["key"], value)
            layers = "".join(session.js("s.panels().flatMap((each) => each.layers)"))
            assert "NaN" not in layers
            assert "undefined" not in layers + json.dumps(session.said)
        session.set(control["key"], control["start"])


def test_figures_are_light():
    weights = {
        uri: len(gzip.compress(text.encode())) for uri, text in live.assets().items()
    }
    assert weights.pop("live/shared.js") <= 8_000
    assert weights.pop("live/live.css") <= 2_000
    assert all(weight <= 5_000 for weight in weights.values())
    assert sum(weights.values()) + 10_000 <= 60_000
    for page in (*CHAPTERS, book.DOCS / "index.md"):
        names = [
            fence.attributes["live"]
            for fence in book.fences(read(page))
            if "live" in fence.attributes
        ]
        data = sum(len(gzip.compress(live.given(name).encode())) for name in names)
        code = sum(weights[f"live/{name}.js"] for name in names)
        assert data + code <= 20_000 - 10_000 * bool(names), page.name


if __name__ == "__main__":
    record = {name: words(name) for name in sorted(live.NAMES)}
    RECORD.write_text(json.dumps(record, ensure_ascii=False, indent=1) + "\n", "utf-8")
