"""The same jobs where the processor may use no more than AVX2: µs a step, as JSON.

In a process of its own, as what may be used is chosen before anything is imported.
"""

import json
import os
import sys

os.environ |= {
    "NUMBA_CPU_NAME": "haswell",
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
    "XLA_FLAGS": "--xla_cpu_max_isa=AVX2 " + os.environ.get("XLA_FLAGS", ""),
    "MARCH": "haswell",
}

import others
import run


def main() -> None:
    """Print the microseconds and ratios of ours, JAX and C."""
    only = {run.OURS, *others.JAX, "C", "C, -ffast-math"}
    rounds = int(sys.argv[1])
    found = {
        name: run.measure(make().cast("f8"), rounds, only)
        for name, make in run.JOBS.items()
    }
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
