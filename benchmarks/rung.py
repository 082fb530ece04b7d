"""Time one version of chapter 9's job, in a process of its own: ``rung.py NAME SAMPLES``.

What an array in new memory costs depends on what the process has done before.
"""

import json
import sys
import time
from dataclasses import replace

import jobs
import ways
from jobs import Job
from published import published


def main() -> None:
    """Print the microseconds of a step and the loss at the end."""
    name, samples = sys.argv[1], int(sys.argv[2])

    def descent(job: Job) -> ways.Run:
        runs = {
            "tutorial": published,
            "chapters": ways.readable,
            "chainrule.train": ways.trained,
        }
        return runs[name](job) if name in runs else ways.rung(job, name)

    job = jobs.sigmoid(samples)
    descent(replace(job, steps=3))()
    run = descent(job)
    start = time.perf_counter()
    params = run()
    seconds = time.perf_counter() - start
    found = {
        "microseconds": 1e6 * seconds / job.steps,
        "loss": float(job.objective(params)),
    }
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
