"""The job of chapter 6 with ten million samples, in chunks that lie in several processes.

``shards.py [ADDRESS]``: with Dask, on two processes of this machine, or on the cluster whose
scheduler has that address. Each process holds its chunks and computes their gradients; only
parameters and gradients travel. Prints as JSON what a step takes, the longest computing of a
process in it, and what a step takes in which a process is killed.
"""

import json
import os
import signal
import sys
import time
from collections import defaultdict
from statistics import median
from typing import Any, NamedTuple

import numpy as np
from distributed import Client, Future, LocalCluster, get_worker, wait

from chainrule import data, sigmoid_net, train
from chainrule.functions import one_hot
from chainrule.optim import momentum_step

type Params = tuple[Any, ...]
type Chunk = tuple[Any, Any]

CHUNKS, SIZE = 8, 1_250_000
STEPS, ETA, MU = 20, 5.0, 0.5


class Part(NamedTuple):
    """The gradient of one chunk, which process computed it and for how many seconds."""

    grads: Params
    worker: str
    seconds: float


def chunk(k: int) -> Chunk:
    """Samples and targets of chunk k: made anew, they are the same."""
    X, labels = data.circles(np.random.default_rng((42, k)), SIZE)
    return X, one_hot(labels, 2)


def gradient(part: Chunk, params: Params) -> Part:
    """The gradient of the mean over one chunk, where the chunk is."""
    start = time.perf_counter()
    # From rest, a step with η = 1 moves the parameters by minus their gradient, (6.3).
    moved = train.gradient_descent(sigmoid_net, params, *part, 1, 1.0, mu=MU).velocity
    grads = tuple(-u for u in moved)
    return Part(grads, get_worker().address, time.perf_counter() - start)


def end_process() -> None:
    """End this process as a failing machine does: at once."""
    os.kill(os.getpid(), signal.SIGKILL)


def descend(
    client: Client, chunks: list[Future], params: Params, kill_at: int = -1
) -> tuple[Params, list[float], list[float]]:
    """Train, and kill a process in step ``kill_at``: parameters, seconds, computing."""
    velocity = tuple(0 * p for p in params)
    whole, longest = [], []
    for step in range(STEPS):
        start = time.perf_counter()
        futures = client.map(gradient, chunks, params=params, pure=False)
        if step == kill_at:
            wait(futures, return_when="FIRST_COMPLETED")
            victim = min(client.scheduler_info()["workers"])
            client.run(end_process, workers=[victim], on_error="ignore")
        parts = client.gather(futures)
        columns = zip(*(part.grads for part in parts), strict=True)
        grads = tuple(sum(column) / CHUNKS for column in columns)  # (9.6)
        params, velocity = momentum_step(params, grads, velocity, ETA, MU)
        whole.append(time.perf_counter() - start)
        busy: dict[str, float] = defaultdict(float)
        for part in parts:
            busy[part.worker] += part.seconds
        longest.append(max(busy.values()))
    return params, whole, longest


def apart(some: Params, others: Params) -> float:
    """The largest difference, relative to the largest entry of the parameter."""
    pairs = zip(some, others, strict=True)
    return max(float(abs(p - q).max() / abs(q).max()) for p, q in pairs)


def main() -> None:
    """Train undisturbed, with a process killed in the middle, and in this process alone."""
    rng = np.random.default_rng(1)
    first = sigmoid_net.init(rng, 2, 3, 2)
    cluster = sys.argv[1] if len(sys.argv) > 1 else LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None
    )  # fmt: skip
    with Client(cluster) as client:
        client.wait_for_workers(2)
        chunks = client.map(chunk, range(CHUNKS))
        wait(chunks)
        workers = len(client.scheduler_info()["workers"])
        descend(client, chunks, first)  # compiles in every process
        undisturbed, whole, longest = descend(client, chunks, first)
        disturbed, with_killed, _ = descend(client, chunks, first, kill_at=STEPS // 2)
    X, T = map(np.concatenate, zip(*map(chunk, range(CHUNKS)), strict=True))
    train.gradient_descent(sigmoid_net, first, X, T, 1, ETA, mu=MU)
    start = time.perf_counter()
    alone = train.gradient_descent(sigmoid_net, first, X, T, STEPS, ETA, mu=MU)
    seconds = time.perf_counter() - start
    if apart(undisturbed, alone.params) > 1e-12:
        raise AssertionError("the chunks' gradients lead elsewhere than all samples'")
    if apart(disturbed, undisturbed) > 0:
        raise AssertionError("a killed process changed the result")
    found = {
        "processes": workers,
        "samples": CHUNKS * SIZE,
        "a step": round(median(whole), 4),
        "computing": round(median(longest), 4),
        "the step of the kill": round(with_killed[STEPS // 2], 2),
        "a step in one process": round(seconds / STEPS, 4),
    }
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
