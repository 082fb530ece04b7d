"""The times in chapters 9 and 10: a cell of each holds what was measured."""

import json
from typing import Any

from press import book

WIDTH = 78
FENCE = '```python fold="Times"\n'


def cells(results: dict[str, Any]) -> dict[str, str]:
    """The code that holds the times of ``results.json``, for each page that has some."""
    return {"ch09_speed.md": _speed(results), "ch10_autodiff.md": _tape(results)}


def tell(page: str, code: str) -> None:
    """Write the cell that holds the times of a page."""
    path = book.DOCS / page
    before, rest = path.read_text("utf-8").split(FENCE)
    _, end, after = rest.partition("```\n")
    path.write_text(before + FENCE + code + end + after, "utf-8")


def _speed(results: dict[str, Any]) -> str:
    versions = [f"{name} {number}" for name, number in results["versions"].items()]
    tables = {
        "ladder": results["ladder"],
        "probes": results["probes"],
        "shards": results["shards"],
        "job_times": _microseconds(results["f8"]),
        "single_times": _microseconds(results["f4"]),
        "avx2_times": _microseconds(results.get("avx2", {})),
        "spreads": {
            job: max(each["spread"] for each in ways.values())
            for job, ways in results["f8"].items()
        },
        "growth": results["growth"],
    }
    header = [
        f"# Written by `make bench` on {results['date']}: {results['processor']},",
        f"# caches of {', '.join(results['caches'])}; BLAS: {', '.join(results['blas'])};",
        f"# {', '.join(versions)}.",
    ]
    return _assigned(header, tables)


def _tape(results: dict[str, Any]) -> str:
    header = [
        f"# Written by `make bench` on {results['date']}: {results['processor']}."
    ]
    return _assigned(
        header, {f"{name}_times": each for name, each in results["tape"].items()}
    )


def _assigned(header: list[str], tables: dict[str, Any]) -> str:
    """Comments, and then a table for each name."""
    lines = [f"{name} = {_shown(value)}" for name, value in tables.items()]
    return "\n".join([*header, *lines]) + "\n"


def _shown(value: Any, margin: str = "") -> str:  # noqa: ANN401
    """Python for a table: a line for each row, several for a long one."""
    if not isinstance(value, dict):
        return json.dumps(value)
    inside = margin + "    "
    items = [
        f"{json.dumps(key)}: {_shown(each, inside)}," for key, each in value.items()
    ]
    lines = [inside + items[0]]
    for item in items[1:]:
        if "{" in item + lines[-1] or len(lines[-1]) + len(item) > WIDTH:
            lines.append(inside + item)
        else:
            lines[-1] += " " + item
    return "\n".join(["{", *lines, margin + "}"])


def _microseconds(jobs: dict[str, Any]) -> dict[str, dict[str, float]]:
    return {
        job: {way: each["microseconds"] for way, each in ways.items()}
        for job, ways in jobs.items()
    }
