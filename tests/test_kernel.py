"""A page is executed when something that it needs has changed, and only then."""

import pytest

from press import kernel


@pytest.fixture
def ran(monkeypatch):
    """The cells that were executed, in place of a real kernel."""
    found = []

    def run(cells):
        found.append(list(cells))
        return {"cells": [{"outputs": [], "execution_count": 1}], "language_info": {}}

    monkeypatch.setattr(kernel, "_run", run)
    return found


def outputs(directory, pages):
    kernels = kernel.Kernels(directory)
    kernels.start(pages)
    return {name: kernels.outputs(name) for name in pages}


def test_what_has_not_changed_is_not_executed_again(tmp_path, ran):
    first = outputs(tmp_path, {"ch01.md": ["x = 1"], "ch02.md": ["x = 2"]})
    assert outputs(tmp_path, {"ch01.md": ["x = 1"], "ch02.md": ["x = 2"]}) == first
    assert sorted(ran) == [["x = 1"], ["x = 2"]]
    outputs(tmp_path, {"ch01.md": ["x = 1"], "ch02.md": ["x = 3"]})
    assert ran[2:] == [["x = 3"]]
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("what", ["a module of the library", "a version"])
def test_a_change_around_the_page_executes_it_again(tmp_path, ran, monkeypatch, what):
    outputs(tmp_path, {"ch01.md": ["x = 1"]})
    monkeypatch.setattr(kernel, "_surroundings", lambda: [what])
    outputs(tmp_path, {"ch01.md": ["x = 1"]})
    assert len(ran) == 2


def test_the_library_and_the_look_are_around_the_page():
    around = "\n".join(kernel._surroundings())
    for part in ("def backward(", "font.family", "figure_formats", "class Kernels"):
        assert part in around


def test_a_failure_keeps_nothing(tmp_path, monkeypatch):
    def fail(cells):
        raise RuntimeError(cells)

    monkeypatch.setattr(kernel, "_run", fail)
    with pytest.raises(RuntimeError):
        outputs(tmp_path, {"ch01.md": ["x = 1"]})
    assert not list(tmp_path.iterdir())


def test_a_real_kernel_shows_figures_and_errors(tmp_path):
    shown = outputs(tmp_path, {"ch01.md": ["1 + 1", "1 / 0"]})["ch01.md"]
    two, error = (cell["outputs"][0] for cell in shown["cells"])
    assert two["data"]["text/plain"] == "2"
    assert error["ename"] == "ZeroDivisionError"
    assert shown["language_info"]["name"] == "python"
