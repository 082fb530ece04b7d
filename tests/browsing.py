"""What the browser tests share."""

import os
import subprocess
import sys
from pathlib import Path

# Where the browser is required, as in CI, nothing is left out to save time.
REQUIRED = os.environ.get("CHAINRULE_BROWSER") == "required"
THEMES = {"light": "default", "dark": "slate"}


def run(code: str, folder: Path, *paths: Path) -> str:
    """What a fresh interpreter says that finds ``paths`` before all that is installed."""
    folder.mkdir()
    done = subprocess.run(
        [sys.executable, "-P", "-s", "-W", "error", "-X", "utf8", "-"],
        input=code,
        env={
            **os.environ,
            "MPLBACKEND": "agg",
            "PYTHONPATH": os.pathsep.join(map(str, paths)),
        },
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert not list(folder.iterdir()), "it writes files"
    return done.stdout + done.stderr
