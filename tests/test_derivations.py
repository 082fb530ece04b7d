"""The index of derivations is complete: each equation, its lines, its check."""

import re

from pages import CHAPTERS, read

from press import book, derivations

TEXTS = {page.name: read(page) for page in CHAPTERS}
EQUATIONS = [each for text in TEXTS.values() for each in book.equations(text)]
PAGE = derivations.page(TEXTS)
ENTRIES = re.split(r"^(?=\\eqref\{\d+\.\d+\} · \[)", PAGE, flags=re.MULTILINE)[1:]


def test_every_equation_is_listed_in_order():
    listed = [re.match(r"\\eqref\{([\d.]+)\}", entry)[1] for entry in ENTRIES]
    assert listed == [each.tag for each in EQUATIONS]


def test_every_entry_has_its_formula_and_a_line_of_code():
    for equation, entry in zip(EQUATIONS, ENTRIES, strict=True):
        assert f"$$\n{equation.tex}\n$$" in entry
        assert re.search("^- (`|checked: )", entry, re.MULTILINE), equation.tag


def test_every_derivative_is_checked():
    for equation, entry in zip(EQUATIONS, ENTRIES, strict=True):
        if equation.states_derivative:
            assert re.search(r"\n- checked: .*derivative, by `", entry), equation.tag


def test_the_totals_are_right():
    said = [
        sum(
            bool(re.search(rf"^- checked: .*\b{word}\b", each, re.MULTILINE))
            for each in ENTRIES
        )
        for word in ("formula", "line", "derivative")
    ]
    assert re.search(
        rf"\*\*{len(EQUATIONS)} equations: of {said[0]} the formula .*, of {said[1]} the "
        rf"line .*, and {said[2]} state a derivative",
        PAGE,
    )


def test_a_line_of_the_library_is_linked():
    entry = next(each for each in ENTRIES if each.startswith(r"\eqref{5.8}"))
    assert "- `dW2 = H.T @ dZ2 + lam * W2` in [`relu_net.backward`](api.md#" in entry
    assert "[`sigmoid_net.backward`](api.md#chainrule.sigmoid_net.backward)" in entry
    assert "(ch05_relu_net.md#check-5.8)" in entry


def test_a_check_over_several_lines_is_shown_in_one():
    entry = next(each for each in ENTRIES if each.startswith(r"\eqref{5.11}"))
    assert (
        "- checked: formula, line, derivative, by `gradient_error(relu_derivative(Z1), lambda Z1: relu(Z1).sum(), Z1)"
        " < 1e-6` ([where]"
    ) in entry
