"""A page is executed when something that it needs has changed, and only then."""

import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from mkdocs.exceptions import PluginError

from press import hooks, kernel
from press.book import ROOT
from press.kernel import Script

BIN = Path(sys.executable).parent

WARNING = "import numpy as np; x = np.log(np.zeros(1))"


@pytest.fixture
def ran(monkeypatch):
    """The cells that were executed, in place of a real kernel."""
    found = []

    def run(_, script):
        found.append(script.cells)
        return {"cells": [{"outputs": [], "execution_count": 1}], "language_info": {}}

    monkeypatch.setattr(kernel, "_run", run)
    return found


def outputs(directory, pages):
    kernels = kernel.Kernels(directory)
    kernels.start(pages)
    return {name: kernels.outputs(name) for name in pages}


def test_what_has_not_changed_is_not_executed_again(tmp_path, ran):
    first = outputs(
        tmp_path, {"ch01.md": Script(["x = 1"]), "ch02.md": Script(["x = 2"])}
    )
    assert (
        outputs(tmp_path, {"ch01.md": Script(["x = 1"]), "ch02.md": Script(["x = 2"])})
        == first
    )
    assert sorted(ran) == [["x = 1"], ["x = 2"]]
    outputs(tmp_path, {"ch01.md": Script(["x = 1"]), "ch02.md": Script(["x = 3"])})
    assert ran[2:] == [["x = 3"]]
    assert len(list(tmp_path.iterdir())) == 2


def test_which_cells_stand_alone_decides_too(tmp_path, ran):
    for alone in (0, 1, 0):
        outputs(tmp_path, {"ch01.md": Script(["x = 1"], alone)})
    assert len(ran) == 3


@pytest.mark.parametrize("what", ["a module of the library", "a version"])
def test_a_change_around_the_page_executes_it_again(tmp_path, ran, monkeypatch, what):
    outputs(tmp_path, {"ch01.md": Script(["x = 1"])})
    monkeypatch.setattr(kernel, "_surroundings", lambda: [what])
    outputs(tmp_path, {"ch01.md": Script(["x = 1"])})
    assert len(ran) == 2


def test_the_library_and_the_look_are_around_the_page():
    around = "\n".join(kernel._surroundings())
    for part in ("def backward(", "font.family", "figure_formats", "class Kernels"):
        assert part in around


def test_a_failure_keeps_nothing(tmp_path, monkeypatch):
    def fail(name, _):
        raise RuntimeError(name)

    monkeypatch.setattr(kernel, "_run", fail)
    with pytest.raises(RuntimeError):
        outputs(tmp_path, {"ch01.md": Script(["x = 1"])})
    assert not list(tmp_path.iterdir())


def test_a_real_kernel_shows_figures_and_errors(tmp_path):
    shown = outputs(tmp_path, {"ch01.md": Script(["1 + 1", "1 / 0", WARNING])})[
        "ch01.md"
    ]
    two, error, warning = (cell["outputs"][0] for cell in shown["cells"])
    assert two["data"]["text/plain"] == "2"
    assert error["ename"] == "ZeroDivisionError"
    assert "RuntimeWarning: divide by zero" in warning["text"]
    assert shown["language_info"]["name"] == "python"


def test_the_first_cells_run_without_the_library(tmp_path):
    cells = [
        "import chainrule.mlp",
        "from chainrule import data",
        "import numpy as np; names = sorted(globals())",
        "from chainrule import data; data",
        "names",
        "before",
    ]
    shown = outputs(tmp_path, {"ch01.md": Script(cells, alone=3)})["ch01.md"]["cells"]
    hidden, also_hidden, quiet, found, names, absent = shown
    for each in (hidden, also_hidden):
        assert each["outputs"][0]["evalue"] == "No module named 'chainrule'"
    assert quiet["outputs"] == []
    assert "chainrule/data.py" in found["outputs"][0]["data"]["text/plain"]
    bound = names["outputs"][0]["data"]["text/plain"]
    assert "np" in bound
    assert "Hidden" not in bound
    assert "sys" not in bound
    assert absent["outputs"][0]["ename"] == "NameError"
    assert [each["execution_count"] for each in shown] == [1, 2, 3, 4, 5, 6]


def test_a_page_writes_no_files(tmp_path):
    cells = ["open('figure.svg', 'w').close()"]
    with pytest.raises(PluginError, match=r"ch01\.md: its cells write .* figure\.svg"):
        outputs(tmp_path, {"ch01.md": Script(cells)})


@pytest.mark.parametrize("damaged", ["", "{", '{"cells": ['])
def test_what_is_damaged_is_executed_again(tmp_path, ran, damaged):
    first = outputs(tmp_path, {"ch01.md": Script(["x = 1"])})
    (kept,) = tmp_path.iterdir()
    kept.write_text(damaged)
    assert outputs(tmp_path, {"ch01.md": Script(["x = 1"])}) == first
    assert len(ran) == 2
    assert outputs(tmp_path, {"ch01.md": Script(["x = 1"])}) == first
    assert len(ran) == 2


def test_what_cannot_be_written_is_said(tmp_path, monkeypatch):
    in_the_way = tmp_path / "cache"
    in_the_way.write_text("")
    monkeypatch.setattr(hooks, "CACHE", in_the_way)
    config = SimpleNamespace(extra={}, repo_url="", edit_uri=None)
    with pytest.raises(PluginError, match="cache: cannot be written"):
        hooks.on_config(config)


def test_a_taken_port_is_said_at_once(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        (tmp_path / "ready").touch()
        command = ["make", "serve", "--old-file", str(tmp_path / "ready")]
        done = subprocess.run(  # noqa: S603
            [*command, f"PORT={port}", f"VENV={tmp_path}", f"BIN={BIN}"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode != 0
    assert f"Port {port} is taken" in done.stderr
    assert "Traceback" not in done.stderr
