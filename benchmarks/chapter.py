"""The times in chapter 9: a cell of it holds what ``results.json`` does."""

import json
from typing import Any

from press import book

PATH = book.DOCS / "ch09_speed.md"
WIDTH = 78
FENCE = '```python fold="Times"\n'


def tell(results: dict[str, Any]) -> None:
    """Write the cell that holds the times."""
    before, rest = PATH.read_text("utf-8").split(FENCE)
    _, end, after = rest.partition("```\n")
    PATH.write_text(before + FENCE + cell(results) + end + after, "utf-8")


def cell(results: dict[str, Any]) -> str:
    """The code of that cell."""
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
    lines = [
        f"# Written by `make bench` on {results['date']}: {results['processor']},",
        f"# caches of {', '.join(results['caches'])}; BLAS: {', '.join(results['blas'])};",
        f"# {', '.join(versions)}.",
    ]
    lines += [f"{name} = {_shown(value)}" for name, value in tables.items()]
    return "\n".join(lines) + "\n"


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
