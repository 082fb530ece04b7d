"""The execution of pages: side by side, and each only when something it needs has changed."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import os
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import nbclient
import nbformat

from press import book

log = logging.getLogger("mkdocs.press")

PRESS = Path(__file__).resolve().parent

type Executed = dict[str, Any]


class Kernels:
    """Pages at work, each in a kernel of its own, as many at once as there are cores."""

    def __init__(self, directory: Path) -> None:
        """Keep in ``directory`` what the pages showed.

        Each result has a name made from the page's cells and from everything else that
        decides it, so that a change of prose executes nothing.
        """
        self._directory = directory
        self._pages: dict[str, Future[Executed]] = {}

    def start(self, pages: dict[str, list[str]]) -> None:
        """Begin to execute ``pages``, the code of their cells by their names."""
        self._directory.mkdir(parents=True, exist_ok=True)
        pool = ThreadPoolExecutor(os.cpu_count())
        # The later chapters take longer; begun last, they would be waited for alone.
        self._pages = {
            name: pool.submit(self._executed, name, cells)
            for name, cells in reversed(pages.items())
        }
        pool.shutdown(wait=False)

    def outputs(self, name: str) -> Executed:
        """What the cells of a page showed, ``cells``, and the ``language_info``."""
        return self._pages[name].result()

    def _executed(self, name: str, cells: list[str]) -> Executed:
        stem = name.removesuffix(".md")
        kept = self._directory / f"{stem}-{_key(cells)}.json"
        if kept.exists():
            return json.loads(kept.read_text("utf-8"))
        log.info("Executing %s", name)
        start = time.monotonic()
        executed = _run(cells)
        log.info("Executed %s in %.0f seconds", name, time.monotonic() - start)
        for old in self._directory.glob(f"{stem}-*.json"):
            old.unlink(missing_ok=True)
        # A build that is stopped must not leave half a file.
        unfinished = kept.with_suffix(f".{os.getpid()}")
        unfinished.write_text(json.dumps(executed), "utf-8")
        unfinished.replace(kept)
        return executed


def _run(cells: list[str]) -> Executed:
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
    client = nbclient.NotebookClient(
        notebook, kernel_name="python3", timeout=600, allow_errors=True
    )
    asyncio.run(client.async_execute())
    shown = [
        {"outputs": cell["outputs"], "execution_count": cell["execution_count"]}
        for cell in notebook["cells"]
    ]
    return {"cells": shown, "language_info": notebook["metadata"]["language_info"]}


def _key(cells: list[str]) -> str:
    content = json.dumps([cells, _surroundings()])
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
