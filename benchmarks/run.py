"""Time every way to do every job; print a table, keep the numbers, draw their growth.

``make bench`` installs the others into an environment of their own and runs this. One
thread, on one core where the system can say so; the ways take turns, so that what slows the
machine slows all of them; ratios are formed within a round, and medians of rounds are kept.
"""

import argparse
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import chapter
import jobs
import numpy as np
import others
import ways
from jobs import Job, Params
from matplotlib import pyplot as plt
from published import published
from threadpoolctl import threadpool_info

HERE = Path(__file__).resolve().parent
OURS = "chainrule.train"
WAYS: dict[str, Callable[[Job], Callable[[], Params] | None]] = {
    "tutorial": published,
    "chapters": ways.readable,
    "checked once": ways.unchecked,
    OURS: ways.trained,
    "scikit-learn": others.scikit_learn,
    "PyTorch": others.pytorch,
    "PyTorch, compiled": others.pytorch_compiled,
    **others.JAX,
    "C": ways.compiled,
    "C, -ffast-math": lambda job: ways.compiled(job, "-ffast-math"),
}
JOBS: dict[str, Callable[[], Job]] = {
    "rbf": jobs.rbf,
    "mlp": jobs.mlp_job,
    "sigmoid": jobs.sigmoid,
    "spiral linear": lambda: jobs.spiral(0),
    "spiral network": jobs.spiral,
}
# What grows, which job at each size, and in which unit a step is counted.
GROWTH: dict[str, tuple[list[int], Callable[[int], Job], str]] = {
    "samples": (
        [100, 1_000, 10_000, 100_000, 1_000_000],
        jobs.sigmoid,
        "sigmoid job",
    ),
    "hidden units": ([10, 30, 100, 300, 1_000], jobs.spiral, "spiral network"),
    "hidden layers": (
        [1, 2, 4, 8],
        lambda depth: jobs.mlp_job((2, *[8] * depth, 1)),
        "mlp job, 8 units a layer",
    ),
}
# glibc then keeps memory that was given back, and the system need not clear it again.
KEEP_MEMORY = {
    "MALLOC_MMAP_THRESHOLD_": str(2**25),
    "MALLOC_TRIM_THRESHOLD_": str(2**30),
    "MALLOC_TOP_PAD_": str(2**28),
}
# How far the end of a way may lie from ours, relative: the tutorial's mlp is another method.
CLOSE = {"f8": 1e-9, "f4": 1e-3}
RUNGS = (
    "tutorial",
    "chapters",
    "rows",
    "columns",
    "one_score",
    "tanh",
    "in_place",
    "blocks",
    OURS,
)
VERSIONS = ("numpy", "numba", "scikit-learn", "torch", "jax", "distributed")


def measure(job: Job, rounds: int, only: set[str] | None = None) -> dict[str, Any]:
    """Of each way that can do ``job``: µs a step, how many times ours, and their spread.

    The spread is the range of the middle half of the rounds, relative to the median.
    """
    runs = {
        name: run
        for name, way in WAYS.items()
        if (only is None or name in only) and (run := way(job))
    }
    losses = {}
    for name, run in runs.items():  # the first call compiles
        params = tuple(np.asarray(each, float) for each in run())
        losses[name] = float(job.objective(params))
    close = CLOSE[job.X.dtype.str[1:]]
    for name, loss in losses.items():
        apart = abs(loss / losses[OURS] - 1)
        limit = 0.1 if (name, job.name) == ("tutorial", "mlp") else close
        if apart > limit:
            raise AssertionError(
                f"{job.name}: {name} ends at {loss}, {OURS} at {losses[OURS]}"
            )
    # What is over at once is done again, so that no way pays for the one before it.
    often = {name: max(1, int(0.03 / seconds(run))) for name, run in runs.items()}
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            taken = seconds(*[run] * often[name])
            times[name].append(1e6 * taken / often[name] / job.steps)
    found = {}
    for name, column in times.items():
        ratios = [a / b for a, b in zip(column, times[OURS], strict=True)]
        low, middle, high = quantiles(ratios, n=4, method="inclusive")
        found[name] = {
            "microseconds": round(median(column), 3),
            "ratio": round(middle, 3),
            "spread": round((high - low) / middle, 3),
        }
    return found


def seconds(*runs: Callable[[], object]) -> float:
    """How long some runs take together."""
    start = time.perf_counter()
    for run in runs:
        run()
    return time.perf_counter() - start


def climb(rounds: int) -> dict[str, dict[str, float]]:
    """Microseconds a step of every version of the sigmoid job that chapter 9 shows."""
    found: dict[str, dict[str, float]] = {}
    for N, kept in ((50_000, {}), (50_000, KEEP_MEMORY), (1_000_000, {})):
        what = f"{N:,}{', memory kept' * bool(kept)}"
        sys.stderr.write(f"chapter 9, {what}\n")
        times: dict[str, list[float]] = {name: [] for name in RUNGS}
        losses = set()
        for _ in range(rounds):
            for name, column in times.items():
                one = alone("rung.py", name, str(N), environment=kept)
                column.append(one["microseconds"])
                losses.add(one["loss"])
        if max(losses) - min(losses) > 1e-9:
            raise AssertionError(f"the versions of chapter 9 end at {losses}")
        found[what] = {name: round(median(each), 1) for name, each in times.items()}
    return found


def alone(
    script: str, *arguments: str, environment: dict[str, str] | None = None
) -> dict[str, Any]:
    """What a script beside this one prints, in a process of its own."""
    command = [sys.executable, str(HERE / script), *arguments]
    done = subprocess.run(  # noqa: S603
        command,
        stdout=subprocess.PIPE,
        check=True,
        env=os.environ | (environment or {}),
    )
    return json.loads(done.stdout)


def processor() -> str:
    """What the system calls the processor."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text("utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def machine() -> dict[str, Any]:
    """The processor, its caches, the width of its vectors and what BLAS takes it for."""
    info, caches = Path("/proc/cpuinfo"), Path("/sys/devices/system/cpu/cpu0/cache")
    flags = set(info.read_text("utf-8").split()) if info.exists() else set()
    widths = {"avx512f": 512, "avx2": 256}
    blas = [each for each in threadpool_info() if each["user_api"] == "blas"]
    return {
        "processor": processor(),
        "caches": [
            (each / "size").read_text("utf-8").strip()
            for each in sorted(caches.glob("index*"))
            if (each / "type").read_text("utf-8").strip() != "Instruction"
        ],
        "vector bits": next((w for flag, w in widths.items() if flag in flags), 128),
        "blas": sorted(
            {f"{each['internal_api']} {each.get('architecture', '')}" for each in blas}
        ),
        "system": platform.platform(),
    }


def table(results: dict[str, Any], dtype: str) -> str:
    """Microseconds a step, in brackets how many times that of ``train``, * if ahead of it."""
    measured = results[dtype]
    lines = [f"{'µs a step (times ' + OURS + '), ' + dtype:34}"]
    lines[0] += "".join(f"{job:>21}" for job in measured)
    for name in WAYS:
        cells = []
        for job in measured.values():
            each = job.get(name)
            ahead = each and each["ratio"] < 1
            text = f"{each['microseconds']:.4g} ({each['ratio']:.2f})" if each else "–"
            cells.append(f"{text:>20}{'*' if ahead else ' '}")
        lines.append(f"{name:34}{''.join(cells)}")
    return "\n".join([*lines, f"* ahead of {OURS}"])


def draw(growth: dict[str, Any], path: Path) -> None:
    """Microseconds a step against what grows."""
    fig, axes = plt.subplots(1, len(growth), figsize=(12, 4.5), layout="constrained")
    for ax, (what, found) in zip(axes, growth.items(), strict=True):
        for name, style in zip(WAYS, "x.,osv<>sDdP*", strict=True):
            if name in found["microseconds"]:
                column = found["microseconds"][name]
                ax.loglog(found["sizes"], column, style + "-", label=name, markersize=5)
        ax.set(xlabel=what, title=GROWTH[what][2])
        ax.grid(alpha=0.3)
    axes[0].set_ylabel("µs a step")
    fig.legend(
        *axes[-1].get_legend_handles_labels(), loc="outside lower center", ncols=5
    )
    fig.savefig(path)


def main() -> None:
    """Run all and write ``results.json`` and ``results.svg`` beside this file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    if os.environ.get("OPENBLAS_NUM_THREADS") != "1":
        parser.error("one thread is set by `make bench`, before anything is imported")
    sys.stderr.write("ten million samples in several processes\n")
    shards = alone("shards.py")
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    results: dict[str, Any] = {
        "date": datetime.now(UTC).date().isoformat(),
        **machine(),
        "versions": {
            "python": platform.python_version(),
            **{name: importlib.metadata.version(name) for name in VERSIONS},
        },
    }
    for dtype in ("f8", "f4"):
        results[dtype] = {}
        for name, make in JOBS.items():
            sys.stderr.write(f"{name}, {dtype}\n")
            results[dtype][name] = measure(make().cast(dtype), rounds)
    if results["vector bits"] > 256:
        results["avx2"] = alone("avx2.py", str(rounds))
    results["ladder"] = climb(3)
    results["probes"] = alone("probe.py")
    results["tape"] = alone("tape.py")
    results["shards"] = shards
    results["growth"] = {}
    for what, (sizes, of_size, _) in GROWTH.items():
        growth: dict[str, list[float]] = {}
        for size in sizes:
            sys.stderr.write(f"{size} {what}\n")
            for name, each in measure(of_size(size).cast("f8"), 5).items():
                growth.setdefault(name, []).append(each["microseconds"])
        results["growth"][what] = {"sizes": sizes, "microseconds": growth}
        (HERE / "results.json").write_text(
            json.dumps(results, indent=1) + "\n", "utf-8"
        )
    for page, code in chapter.cells(results).items():
        chapter.tell(page, code)
    draw(results["growth"], HERE / "results.svg")
    for kind in ("f8", "f4", "avx2"):
        if kind in results:
            sys.stdout.write(table(results, kind) + "\n\n")


if __name__ == "__main__":
    main()
