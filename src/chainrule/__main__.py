"""The command line: ``python -m chainrule reproduce`` and ``python -m chainrule check``."""

import argparse
import json
import os
import re
import sys
import time
from dataclasses import asdict
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from chainrule import (
    gradcheck,
    logistic,
    mlp,
    rbf_net,
    relu_net,
    reproduce,
    sigmoid_net,
    softmax_linear,
    train,
)
from chainrule.functions import one_hot

UNWRITABLE = 74
INTERRUPTED = 130
BROKEN_PIPE = 141
POINTS = 100
TOLERANCE = 1e-10
# Sizes are in the names.
NETWORKS = {
    "logistic (3)": logistic,
    "softmax_linear (3, 4), softmax": softmax_linear,
    "rbf_net": rbf_net,
    "relu_net (3, 5, 4), softmax": relu_net,
    "sigmoid_net (3, 5, 4), softmax": sigmoid_net,
    "mlp (3, 5, 4, 2), sigmoid": mlp,
    "mlp (3, 5, 5, 4, 3), softmax": mlp,
    "mlp (3, 5, 4, 2), linear": mlp,
}


def main(arguments: list[str] | None = None) -> int:
    """Run the command that ``arguments`` name; those of the process by default.

    Returns:
        0: all numbers that can be repeated agree, or all gradients are right; 1: one does
        not; 74: something cannot be written, as on a full disk; 130: stopped by Ctrl-C;
        141: nobody reads on, as in ``| head -1``. Wrong arguments end the process with 2.
    """
    try:
        try:
            chosen = _parse(arguments)
            return int(chosen.run(chosen))
        except KeyboardInterrupt:
            return INTERRUPTED
        finally:
            print(end="", flush=True)
    except OSError as error:
        # Python writes at its end what is left, and must not fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            return BROKEN_PIPE
        return _unwritable(error)


def _unwritable(error: Exception) -> int:
    print(f"python -m chainrule: cannot write: {error}", file=sys.stderr)
    return UNWRITABLE


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m chainrule", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")
    rerun = commands.add_parser(
        "reproduce", help="run the published jobs and compare their numbers with ours"
    )
    rerun.add_argument(
        "job", nargs="?", choices=[*reproduce.JOBS, "all"], default="all"
    )
    rerun.add_argument("--json", action="store_true", help="print JSON, not tables")
    rerun.add_argument(
        "--quick", action="store_true", help="fewer seeds and steps, within a minute"
    )
    rerun.add_argument(
        "--write",
        type=Path,
        metavar="CHAPTER",
        help="with mlp or digits: write what it found into its chapter",
    )
    rerun.set_defaults(run=_reproduce)
    check = commands.add_parser(
        "check", help="compare every network's gradient with numerical ones"
    )
    check.set_defaults(run=_check)
    chosen = parser.parse_args(arguments)
    if getattr(chosen, "write", None) and (
        chosen.quick or chosen.job not in reproduce.CELLS
    ):
        parser.error("--write goes with the whole of `reproduce mlp` or `digits`")
    return chosen


def _reproduce(chosen: argparse.Namespace) -> int:
    jobs = list(reproduce.JOBS) if chosen.job == "all" else [chosen.job]
    if not train.HERE:
        print(
            'This takes hours; with numba, pip install "chainrule[fast]", it takes seconds.',
            file=sys.stderr,
        )
    rows: list[reproduce.Row] = []
    results, stopped = {}, False
    for job in jobs:
        found = reproduce.rows(job)
        start = time.monotonic()
        try:
            for share in reproduce.JOBS[job](found, quick=chosen.quick):
                _progress(job, share, time.monotonic() - start)
        except KeyboardInterrupt:
            stopped = True
        seconds = round(time.monotonic() - start, 1)
        _progress(job, None, seconds)
        rows += found.values()
        results[job] = {
            "seconds": seconds,
            "numbers": [
                {**asdict(row), "agrees": row.agrees, "verdict": row.verdict}
                for row in found.values()
            ],
        }
        if not chosen.json:
            state = ", stopped" if stopped else ""
            print(f"{job} ({seconds} s{state})\n{reproduce.table(found)}\n", flush=True)
        if stopped:
            break
    if chosen.json:
        print(json.dumps({"stopped": stopped, "jobs": results}, indent=1), flush=True)
    if chosen.write and not stopped:
        try:
            reproduce.write(job, found, chosen.write)
        except (OSError, ValueError) as error:
            return _unwritable(error)
    return INTERRUPTED if stopped else int(any(row.agrees is False for row in rows))


def _progress(job: str, share: float | None, seconds: float) -> None:
    """A bar with an estimate of the time left, where somebody looks; None removes it."""
    if sys.stderr is None or not sys.stderr.isatty():
        return
    line = " " * 70 + "\r"
    if share:
        bar = "#" * int(30 * share)
        left = seconds / share * (1 - share)
        line = f"{job:8}[{bar:30}] {share:4.0%}  {left:4.0f} s left"
    sys.stderr.write(f"\r{line}")
    sys.stderr.flush()


def _check(_: argparse.Namespace) -> int:
    print(
        f"The worst relative error at {POINTS} random points, by the complex step",
        flush=True,
    )
    all_right = True
    for name, network in NETWORKS.items():
        worst = max(_error(network, name, seed) for seed in range(POINTS))
        all_right &= worst < TOLERANCE
        print(
            f"{name:32}{worst:9.1e}  {'right' if worst < TOLERANCE else 'wrong'}",
            flush=True,
        )
    return int(not all_right)


def _error(network: ModuleType, name: str, seed: int) -> float:
    """The error of all gradients of a network at random parameters and samples."""
    rng = np.random.default_rng(seed)
    units = tuple(map(int, re.findall(r"\d+", name)))
    start = network.init(rng, units) if network is mlp else network.init(rng, *units)
    params = tuple(p + rng.standard_normal(np.shape(p)) for p in start)
    N, K = 10, units[-1] if units else 1
    binary = "softmax" not in name
    labels = rng.integers(0, 2, (N, K)) if binary else rng.integers(0, K, N)
    batch: tuple[Any, ...] = (rng.standard_normal((N, *units[:1])),)
    if network in (rbf_net, logistic):
        batch += (rng.integers(0, 2, N),)
    else:
        batch += (labels if binary else one_hot(labels, K), 0.1)
    if network is mlp:
        batch += (name.rpartition(", ")[2],)
    found = network.backward(params, *batch)
    numerical = gradcheck.complex_step_gradient(
        lambda p: network.objective(p, *batch), params
    )
    return gradcheck.relative_error(found, numerical)


if __name__ == "__main__":
    sys.exit(main())
