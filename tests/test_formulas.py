"""Formulas are evaluated from their TeX, and what is wrong with one is said."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pages import CHAPTERS, identify, place, read

from press import book, formulas

CELL = """
```python
x = np.array([0.3, -0.7])
W = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 7.0]])
b = np.array([0.1, 0.2, 0.4])
z = x @ W + b  # (1.1)
J = (z**2).sum()
dz = 2 * z
Z = [None, np.array([[1.0, -2.0]]), np.array([[3.0, 4.0]])]
f, lam, p, p_new = np.sin, 0.5, 2.0, 1.5
```
"""


def namespace() -> dict[str, Any]:
    names: dict[str, Any] = {"np": np}
    exec(book.fences(CELL)[0].code, names)  # noqa: S102
    return names


def complaint(formula: str, comment: str = "", tag: str = r"\tag{1.1}") -> str:
    """What is said of a formula that stands above the cell."""
    text = f"{comment}\n$$\n{formula} {tag}\n$$\n{CELL}"
    (moment,) = formulas.moments(text)
    (display,) = moment.displays
    return display.check(namespace(), moment)


@pytest.mark.parametrize(
    "formula",
    [
        r"z = x W + b \in \mathbb{R}^{3}",
        r"z_k = \sum_{d=1}^{2} x_d\, W_{dk} + b_k",
        r"z_k = \sum_d (W^\top)_{kd} x_d + b_k \quad \text{for each output}",
        r"\frac{\partial J}{\partial z} = 2 z",
        r"\frac{\partial J}{\partial x_i} = \sum_{k} \mathrm{d}z_k\, W_{ik}",
        r"\partial J / \partial z_k = 2 z_k",
        r"\frac{\partial z_k}{\partial b_j} = \delta_{kj}",
        r"\frac{\partial}{\partial b_j} \sum_k b_k^2 = 2 b_j",
        r"f''(p) = -f(p)",
        r"f'(p) = \lim_{\Delta \to 0} \frac{f(p + \Delta) - f(p)}{\Delta}",
        r"p \leftarrow p - \lambda",
        r"z > 0 \iff -z < 0",
        r"[z > 0] \odot z = \max(z, 0)",
        r"|x_2| = 0.7 = -x_2",
        r"\lVert b \rVert^2 = \sum b^2",
        (
            r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix} \begin{pmatrix} 1 \\ 0 \end{pmatrix}"
            r" = \begin{pmatrix} 1 \\ 3 \end{pmatrix}"
        ),
        r"Z_1 + Z_2 = \begin{pmatrix} 4 & 2 \end{pmatrix}",
        r"\begin{aligned} J &= \sum_k z_k^2 && \text{as } J \ne 0, \\ &= \sum z^2 \end{aligned}",
        r"\tfrac12 \lambda + \tfrac{1}{4} = \frac{\lambda}{1}",
        r"e^{\log p} = \sqrt{p^2} = p",
        r"\operatorname{Im}(\mathrm{i} p) = p",
        r"0.333333 = 1/3",
    ],
)
def test_what_is_true_passes(formula: str) -> None:
    assert complaint(formula) == ""


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        (
            r"z = x W - b",
            (
                r"2: equation \(1.1\) is not true after line 6: sides 1 and 2 are .* and .*, "
                r"where = is stated\n  in: z = x W - b"
            ),
        ),
        (r"z_k = \sum_{d=1}^{2} x_d\, W_{dk} - b_k", "sides 1 and 2 are .*, for k = 1"),
        (r"z_k = \sum_{d=1}^{3} x_d\, W_{dk} + b_k", "there is no entry 3 of 2"),
        (r"z_k = \sum_{d=1}^{2} x_k\, W_{dk} + b_k", "k counts 2 and 3 entries"),
        (r"z = W x + b", r"a product of \(2, 3\) and \(2,\)"),
        (r"z = x^\top W + b", "the transpose of what is no matrix"),
        (r"z \in \mathbb{R}^{2}", r"the shape is \(3,\), not \(2,\)"),
        (r"z + x = x", r"the shapes \(3,\) and \(2,\) meet"),
        (r"z = J", r"sides 1 and 2 have the shapes \(3,\) and \(\)"),
        (r"z_{kj} = W_{jk}", "2 indices at what has 1 in the code"),
        (r"z_{12} = 0", "there is no entry 12 of 3"),
        (r"z = f", r"have the shapes \(3,\) and \(\)"),
        (r"p \leftarrow p + \lambda", "sides 1 and 2 are 1.5 and 2.5"),
        (r"z > 0 \iff z < 0", "does not hold at the same places"),
        (r"J \ge 0", "never come near each other"),
        (r"J < 0", "sides 1 and 2 are .* and 0, where < is stated"),
        (r"\log(-p) = \log(-p)", "are nan and nan"),
        (r"0.333333 = 0.33334", "are 0.333333 and 0.33334"),
    ],
)
def test_what_is_false_is_said(formula: str, expected: str) -> None:
    assert re.search(expected, complaint(formula))


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        (r"z = \alpha", "nothing is called alpha here; .*: <!-- where alpha = … -->"),
        (r"\frac{\partial J}{\partial p} = 0", "nothing is called dJ_dp, and no cell"),
        (r"z", "this states nothing"),
        (r"z = 2 f", "unsupported operand"),
        (r"z = (x W + b", r"something is missing before the end"),
        (r"z = x W + \vec{b}", r"vec"),
        (r"z' = z", "a prime stands at what is no function"),
        (r"z = \sum_{k=1} b_k", "a sum has one of its bounds, but not the other"),
        (r"\frac{d^2 J}{dz^3} = 0", "the orders above and below the line differ"),
        (r"\delta_{kj} = \delta_{jk}", "it is not known what j counts"),
    ],
)
def test_what_cannot_be_evaluated_is_said(formula: str, expected: str) -> None:
    found = complaint(formula)
    assert found.startswith("2: equation (1.1) cannot be evaluated: ")
    assert re.search(expected, found)


@pytest.mark.parametrize(
    ("formula", "comment"),
    [
        (r"\alpha = 2 p", "alpha = 4"),
        (r"\alpha = 2 \beta", "for beta in (1, 2); alpha = 2 * beta"),
        (r"\varepsilon + \varepsilon^2 \approx \varepsilon", "for eps in (1, 1e-3)"),
        (r"z_1 = 5", "z = np.array([5.0, 6.0])"),
        (r"Z_l = l A", "for l in (1, 2); Z = [None, 1, 2]; A = 1"),
        (r"\frac{\partial y}{\partial q} = 2 q", "q = 3.0; y = q**2"),
        (r"0 < l \le 2", "for l in (1, 2)"),
    ],
)
def test_a_comment_says_what_letters_are(formula: str, comment: str) -> None:
    assert complaint(formula)
    assert complaint(formula, f"<!-- where {comment} -->") == ""
    assert complaint(formula, f"<!-- where from here {comment} -->") == ""


def test_what_is_false_does_not_wait_and_what_cannot_be_evaluated_does() -> None:
    text = f"$$\nq = 1 \\tag{{1.1}}\n$$\n{CELL}\n```python\nq = 1  # (1.1)\n```\n"
    first, second = formulas.moments(text)
    (display,) = first.displays
    names = namespace()
    assert display.check(names, first) == ""
    assert not display.done
    assert "cannot be evaluated" in display.check(names, second)
    assert display.check(names | {"q": 1}, first) == ""
    assert "is not true" in display.check(names | {"q": 2}, first)


def test_relations_in_tables_are_evaluated() -> None:
    table = (
        f"$$\nJ = \\sum_k z_k^2 \\tag{{1.1}}\n$$\n{CELL}\n"
        "| sum | $J = \\sum z^2$ \\eqref{1.1} | $\\mathrm{d}z = 2 z$, or $2 z$ |\n"
        "| half | $q = J$, $z = 2$ |\n\n<!-- where q = 2 * J -->\n| $q = 2 J$ |\n"
    )
    found = [each for moment in formulas.moments(table) for each in moment.displays]
    assert [each.line for each in found] == [1, 16, 16, 17, 17, 20]
    (moment,) = formulas.moments(table)
    said = [each.check(namespace(), moment) for each in found]
    assert [bool(each) for each in said] == [False, False, False, True, True, False]


@pytest.mark.parametrize("page", CHAPTERS, ids=identify)
def test_no_formula_is_passed_over(page: Path) -> None:
    found = formulas.displays(read(page))
    prose = book.without_fences(read(page))
    lines = [n for n, line in enumerate(prose.split("\n"), 1) if line == "$$"][::2]
    assert lines == [
        each.line for each in found if prose.split("\n")[each.line - 1] == "$$"
    ]
    for each in found:
        here = place(page, each.line)
        assert each.statements, f"{here}: this formula states nothing"
        assert each.moments, f"{here}: no cell follows this formula"
