"""How the build fails: one line that names the file, the line and what is wrong."""

from __future__ import annotations

from typing import NoReturn

from mkdocs.exceptions import PluginError


def fail(place: str, problem: str) -> NoReturn:
    """End the build; ``place`` is ``docs/ch04_rbf_net.md:12`` or just the file.

    Raises:
        PluginError: Always; MkDocs prints it without a traceback and exits with 1.
    """
    raise PluginError(f"{place}: {problem}")
