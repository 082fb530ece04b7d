"""Ways to train: each takes a job and does its steps; all must end at the same loss."""

import ast
import ctypes
import os
import subprocess
import tempfile
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from jobs import Array, Job, Params

from chainrule import (
    mlp,
    optim,
    rbf_net,
    relu_net,
    sigmoid_net,
    softmax_linear,
    train,
)
from chainrule.functions import one_hot
from press import book

type Run = Callable[[], Params]
type Way = Callable[[Job], Run]


NETWORKS = {
    "rbf": rbf_net,
    "mlp": mlp,
    "sigmoid": sigmoid_net,
    "spiral linear": softmax_linear,
    "spiral network": relu_net,
}


def targets(job: Job) -> Array:
    """The targets as the library takes them."""
    if job.name == "mlp":
        return job.t[:, None]
    return (
        job.t if job.name == "rbf" else one_hot(job.t.astype(int), int(job.t.max()) + 1)
    )


def readable(job: Job) -> Callable[[], Params]:
    """The functions of the chapters, every input checked at every step."""
    network, X, t = NETWORKS[job.name], job.X, targets(job)

    def run() -> Params:
        params, velocity = job.params, tuple(0 * each for each in job.params)
        for step in range(job.steps):
            batch = slice(None)
            if job.name == "mlp":
                batch = slice(step % len(X), step % len(X) + 1)
            rest = (job.lam,) if job.lam else ()
            grads = network.backward(params, X[batch], t[batch], *rest)
            if job.mu:
                params, velocity = optim.momentum_step(
                    params, grads, velocity, job.eta, job.mu
                )
            else:
                params = optim.gradient_step(params, grads, job.eta)
        return params

    return run


def _descent(job: Job, engine: train.Engine) -> Run:
    network, t = NETWORKS[job.name], targets(job)
    steps: Any = job.steps
    if job.name == "mlp":
        steps = (np.arange(job.steps) % len(job.X))[:, None]
    rates: Any = {"lam": job.lam, "mu": job.mu}
    return lambda: (
        train.gradient_descent(
            network, job.params, job.X, t, steps, job.eta, **rates, engine=engine
        ).params
    )


def unchecked(job: Job) -> Run:
    """The same functions, the inputs checked once."""
    return _descent(job, "numpy")


def trained(job: Job) -> Run:
    """The compiled loops of ``chainrule.train``."""
    return _descent(job, "numba")


def rung(job: Job, name: str) -> Run:
    """A version of the sigmoid job that chapter 9 shows, taken from its text."""
    chapter: dict[str, Any] = {}
    for cell in book.own_cells((book.DOCS / "ch09_speed.md").read_text("utf-8")):
        body = ast.parse(cell.code).body
        known: list[ast.stmt] = [
            each for each in body if isinstance(each, ast.Import | ast.FunctionDef)
        ]
        exec(compile(ast.Module(known, []), name, "exec"), chapter)  # noqa: S102
    T = one_hot(job.t.astype(int), 2)
    X, t = job.X.T.copy(), T[:, 1].copy()
    data: dict[str, Callable[[], tuple[Any, ...]]] = {
        "rows": lambda: (job.X, T),
        "columns": lambda: (X, T.T.copy()),
        "one_score": lambda: (X, t),
        "tanh": lambda: (X, t),
        "in_place": lambda: (X, t, np.empty((7, len(t)))),
        "blocks": lambda: (chapter["blocks_of"](X, t),),
    }
    gradient, arranged = chapter[f"gradient_{name}"], data[name]()
    return partial(
        chapter["descend"], gradient, job.params, arranged, job.steps, job.eta, job.mu
    )


@cache
def _compiled(*more: str) -> ctypes.CDLL:
    folder, source = Path(tempfile.mkdtemp()), Path(__file__).with_name("loops.c")
    library, made = str(folder / "loops.so"), str(folder / "loops.o")
    march = os.environ.get("MARCH", "native")
    if march == "native":
        more += ("-mprefer-vector-width=512",)  # gcc takes 256 bits of itself
    flags = ["-O3", f"-march={march}", *more, "-fPIC", "-c", str(source), "-o", made]
    subprocess.run(["cc", *flags], check=True)  # noqa: S603, S607
    # Linked with -ffast-math it would change how the whole process computes.
    subprocess.run(["cc", "-shared", made, "-o", library, "-lm"], check=True)  # noqa: S603, S607
    return ctypes.CDLL(library)


def compiled(job: Job, *flags: str) -> Callable[[], Params]:
    """Loops in C, one sample after another."""
    library = _compiled(*flags)
    single = job.X.dtype == np.float32
    real = job.X.dtype
    function = getattr(library, f"{'f32' if single else 'f64'}_{job.name.split()[0]}")
    X = np.ascontiguousarray(job.X.T if job.name == "sigmoid" else job.X)
    labels = job.t.astype("i4" if job.name.startswith("spiral") else real)
    size = ctypes.c_double

    def pointer(array: Array) -> ctypes.c_void_p:
        return ctypes.c_void_p(array.ctypes.data)

    def run() -> Params:
        flat = np.concatenate([np.ravel(each) for each in job.params]).astype(real)
        head = [job.steps, len(job.X)]
        if job.name == "rbf":
            function(*head, *map(pointer, (X, labels, flat)), size(job.eta))
        elif job.name == "mlp":
            units = np.array(job.units, "i4")
            arrays = map(pointer, (units, X, labels, flat))
            function(*head, len(job.units) - 1, *arrays, size(job.eta))
        elif job.name == "sigmoid":
            arrays = map(pointer, (X, labels, flat, np.zeros_like(flat)))
            function(*head, *arrays, size(job.eta), size(job.mu))
        else:
            hidden = job.params[0].shape[1] if len(job.params) == 4 else 0
            arrays = map(pointer, (X, labels, flat))
            function(*head, hidden, *arrays, size(job.eta), size(job.lam))
        ends = np.cumsum([each.size for each in job.params])[:-1]
        parts = np.split(flat, ends)
        return tuple(
            part.reshape(each.shape)
            for part, each in zip(parts, job.params, strict=True)
        )

    return run
