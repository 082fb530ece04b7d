"""How much is tried: a little, drawn anew at every commit, or in CI much more."""

import os
import subprocess
from pathlib import Path

# Names the file for the shares of planted mistakes.
THOROUGH = os.environ.get("PLANTED")
COMMIT = subprocess.run(
    ["git", "rev-parse", "HEAD"],  # noqa: S607
    cwd=Path(__file__).parent,
    capture_output=True,
    text=True,
    check=False,
).stdout
