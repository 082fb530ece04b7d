"""Every figure has a record of what it shows, and a record notices what a reader would.

That each figure shows what its record says is tested where it is drawn, in conftest.py.
"""

import copy
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from pages import PAGES, cells, identify, place

from press import drawn

PLOTS = [page for page in PAGES if any("plt.show()" in c.code for c in cells(page))]


@pytest.mark.parametrize("page", PLOTS, ids=identify)
def test_every_figure_has_a_record_and_every_record_a_figure(page: Path) -> None:
    figures = [each.line for each in cells(page) if "plt.show()" in each.code]
    records = drawn.load(page)
    assert len(records) == len(figures), (
        f"{place(page, figures[-1])}: {len(figures)} figures, but {len(records)} "
        "records; draw them anew with make figures"
    )


def test_no_record_is_without_a_page() -> None:
    assert {each.stem for each in drawn.RECORDS.iterdir()} == {
        each.stem for each in PLOTS
    }


def test_records_stay_small() -> None:
    assert sum(each.stat().st_size for each in drawn.RECORDS.iterdir()) < 500_000


@pytest.mark.parametrize("page", PLOTS, ids=identify)
def test_only_loose_figures_name_a_tolerance(page: Path) -> None:
    for cell in cells(page):
        if loose := cell.attributes.get("loose"):
            here = place(page, cell.line)
            assert "plt.show()" in cell.code, f"{here}: loose, but no figure"
            assert drawn.TOLERANCE < float(loose) <= 0.1, f"{here}: loose is {loose}"
