"""The execution of pages: side by side, and each only when something it needs has changed."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import logging
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import nbclient
import nbformat

from press import book
from press.errors import fail

log = logging.getLogger("mkdocs.press")

PRESS = Path(__file__).resolve().parent

type Executed = dict[str, Any]

_HIDDEN = """
import sys

class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "chainrule":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Hidden())
"""
# Sent to a kernel before the cells that must run without the library, and after them.
# They bind no name there.
_HIDE = f"exec({_HIDDEN!r}, {{}})"
_SHOW = "__import__('sys').meta_path.pop(0)"


@dataclass(frozen=True)
class Script:
    """The code of a page's cells, of which the first ``alone`` run without the library."""

    cells: list[str]
    alone: int = 0


class Kernels:
    """Pages at work, each in a kernel of its own, as many at once as there are cores."""

    def __init__(self, directory: Path) -> None:
        """Keep in ``directory`` what the pages showed.

        Each result has a name made from the page's cells and from everything else that
        decides it, so that a change of prose executes nothing.
        """
        self._directory = directory
        self._pages: dict[str, Future[Executed]] = {}

    def start(self, pages: dict[str, Script]) -> None:
        """Begin to execute ``pages``, their scripts by their names."""
        self._directory.mkdir(parents=True, exist_ok=True)
        pool = ThreadPoolExecutor(os.cpu_count())
        # The later chapters take longer; begun last, they would be waited for alone.
        self._pages = {
            name: pool.submit(self._executed, name, script)
            for name, script in reversed(pages.items())
        }
        pool.shutdown(wait=False)

    def outputs(self, name: str) -> Executed:
        """What the cells of a page showed, ``cells``, and the ``language_info``."""
        return self._pages[name].result()

    def _executed(self, name: str, script: Script) -> Executed:
        stem = name.removesuffix(".md")
        kept = self._directory / f"{stem}-{_key(script)}.json"
        with contextlib.suppress(OSError, ValueError):  # not there, or damaged
            return json.loads(kept.read_text("utf-8"))
        log.info("Executing %s", name)
        start = time.monotonic()
        executed = _run(name, script)
        log.info("Executed %s in %.0f seconds", name, time.monotonic() - start)
        for old in self._directory.glob(f"{stem}-*.json"):
            old.unlink(missing_ok=True)
        # A build that is stopped must not leave half a file.
        unfinished = kept.with_suffix(f".{os.getpid()}")
        unfinished.write_text(json.dumps(executed), "utf-8")
        unfinished.replace(kept)
        return executed


def _run(name: str, script: Script) -> Executed:
    cells = [_HIDE, *script.cells]
    cells.insert(1 + script.alone, _SHOW)
    notebook = nbformat.from_dict(  # type: ignore[no-untyped-call]
        {
            "cells": [
                {
                    "cell_type": "code",
                    "metadata": {},
                    "execution_count": None,
                    "outputs": [],
                    "source": each,
                }
                for each in cells
            ],
            "metadata": {},
            "nbformat": 4,
            "nbformat_minor": 4,
        }
    )
    # An error is an output like any other; the page says where it happened.
    with tempfile.TemporaryDirectory() as folder:
        client = nbclient.NotebookClient(
            notebook,
            kernel_name="python3",
            timeout=600,
            allow_errors=True,
            resources={"metadata": {"path": folder}},
        )
        # What cells write comes as messages; the rest is the kernel's own, at its end.
        asyncio.run(client.async_execute(stderr=subprocess.DEVNULL))
        written = sorted(each.name for each in Path(folder).iterdir())
    if written:
        fail(name, f"its cells write files: {', '.join(written)}")
    del notebook["cells"][1 + script.alone], notebook["cells"][0]
    shown = [
        {"outputs": cell["outputs"], "execution_count": number}
        for number, cell in enumerate(notebook["cells"], start=1)
    ]
    return {"cells": shown, "language_info": notebook["metadata"]["language_info"]}


def _key(script: Script) -> str:
    content = json.dumps([script.cells, script.alone, _surroundings()])
    return hashlib.sha256(content.encode()).hexdigest()[:16]


@cache
def _versions() -> str:
    return sys.version + (book.ROOT / "requirements.txt").read_text("utf-8")


def _surroundings() -> list[str]:
    """Everything but its code that decides what a cell shows."""
    files = [
        *sorted(book.SOURCE.glob("**/*.py")),
        *sorted((PRESS / "profile").iterdir()),
        PRESS / "matplotlibrc",
        Path(__file__),
    ]
    return [_versions(), *(file.read_text("utf-8") for file in files)]
