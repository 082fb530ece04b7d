"""The site is built once, whichever tests want it, in however many processes."""

import fcntl
from pathlib import Path

import built
import pytest


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent
    directory = shared / "site"
    with (shared / "site.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not directory.exists():
            unfinished = shared / "site.unfinished"
            built.build(unfinished)
            unfinished.rename(directory)
    return directory


@pytest.fixture(scope="session")
def pages(site: Path) -> list[built.Parsed]:
    return [built.Parsed(path, site) for path in sorted(site.rglob("*.html"))]
