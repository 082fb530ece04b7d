"""What the tests of this folder share: the framework, the seed and the largest difference.

``FRAMEWORK`` names the module that says it in the framework's own words, ``jax`` or
``torch``. Sizes and numbers are drawn from ``SEED``; if none is given, from one that
nobody has chosen. ``KEEP`` names the file in which the result of a whole run is kept.
"""

import datetime as dt
import json
import os
import platform
import secrets
import zlib
from importlib import import_module
from pathlib import Path

import numpy as np

NAME = os.environ["FRAMEWORK"]
SEED = int(os.environ.get("SEED") or secrets.randbelow(10**9))
TOLERANCE = 1e-12
VERSIONS = {
    "python": platform.python_version(),
    "numpy": np.__version__,
    NAME: import_module(NAME).__version__,
}
framework = import_module(f"in_{NAME}")

largest = {"difference": 0.0, "of": ""}


def source(*case):
    """Random numbers of a case, the same whichever other tests run."""
    return np.random.default_rng([SEED, zlib.crc32(repr(case).encode())])


def size(rng, least=1, most=12):
    """A size, the smallest one in every fourth draw."""
    return least if rng.integers(4) == 0 else int(rng.integers(least, most + 1))


def same(ours, theirs, of, *, scale=None):
    """Compare shapes, and values to 1e-12 of the largest entry, or of ``scale``.

    Where that is 0, to 1e-12.
    """
    ours, theirs = np.asarray(ours, float), np.asarray(theirs)
    assert theirs.dtype == np.float64, f"{of}: {NAME} computes in {theirs.dtype}"
    assert ours.shape == theirs.shape, f"{of}: {ours.shape} here, {theirs.shape} there"
    assert np.isfinite(ours).all(), f"{of}: {ours} here"
    assert np.isfinite(theirs).all(), f"{of}: {theirs} in {NAME}"
    scale = np.asarray(np.abs(ours).max() if scale is None else scale)
    difference = np.max(np.abs(ours - theirs) / np.where(scale == 0, 1, scale))
    if difference > largest["difference"]:
        largest.update(difference=float(difference), of=of)
    assert difference <= TOLERANCE, f"{of}: {ours} here, {theirs} in {NAME}"


def each_same(ours, theirs, of, *, least=1e-300):
    """Compare every entry to 1e-12 of itself, and none to less than of ``least``."""
    same(ours, theirs, of, scale=np.maximum(np.abs(ours), least))


def all_same(ours, theirs, of):
    """Compare several arrays, each to 1e-12 of its largest entry.

    Where the terms of a sum cancel, rounding is all that is left of it: no array counts as
    smaller than a hundredth of the largest of all.
    """
    tops = [np.abs(each).max() for each in ours]
    for k, (a, b) in enumerate(zip(ours, theirs, strict=True)):
        same(a, b, f"{of} [{k}]", scale=max(tops[k], max(tops) / 100))


def pytest_sessionstart(session):
    versions = ", ".join(f"{name} {version}" for name, version in VERSIONS.items())
    session.config.pluginmanager.get_plugin("terminalreporter").write_line(
        f"parity with {versions}; SEED={SEED} draws the same again"
    )


def pytest_terminal_summary(terminalreporter, exitstatus):
    found = f"{largest['difference']:.1e}"
    terminalreporter.write_line(
        f"largest relative difference to {NAME}: {found} ({largest['of']}); SEED={SEED}"
    )
    passed, failed, left_out = (
        len(terminalreporter.stats.get(each, ()))
        for each in ("passed", "failed", "deselected")
    )
    # Of whole runs only: 0 if all has passed, 1 if something has failed.
    if (keep := os.environ.get("KEEP")) and exitstatus in {0, 1} and not left_out:
        kept = {
            "date": dt.datetime.now(dt.UTC).date().isoformat(),
            "versions": VERSIONS,
            "seed": SEED,
            "tests": passed + failed,
            "failed": failed,
            "largest relative difference": float(found),
            "of": largest["of"],
        }
        text = json.dumps(kept, indent=2, ensure_ascii=False) + "\n"
        Path(keep).write_text(text, "utf-8")
