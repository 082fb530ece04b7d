"""The site and the offline book are built once, in however many processes."""

import fcntl
from pathlib import Path

import built
import pytest


def once(factory: pytest.TempPathFactory, worker: str, name: str, **given: str) -> Path:
    base = factory.getbasetemp()
    shared = base if worker == "master" else base.parent
    directory = shared / name
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not directory.exists():
            unfinished = shared / f"{name}.unfinished"
            built.build(unfinished, **given)
            unfinished.rename(directory)
    return directory


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    return once(tmp_path_factory, worker_id, "site")


@pytest.fixture(scope="session")
def offline(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    return once(tmp_path_factory, worker_id, "offline", OFFLINE="true")


@pytest.fixture(scope="session")
def pages(site: Path) -> list[built.Parsed]:
    return [built.Parsed(path, site) for path in sorted(site.rglob("*.html"))]
