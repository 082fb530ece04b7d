"""The debugging guide can be followed: its tables, row by row, on a network with mistakes."""

import re
from functools import cache

import numpy as np
import pytest
from pages import read

from chainrule import gradcheck, optim
from chainrule.functions import cross_entropy, one_hot
from chainrule.relu_net import backward, forward, objective
from press import book

GUIDE = read(book.DOCS / "debugging.md")
N, D, M, K = 7, 3, 5, 4


def rows(heading):
    """The cells of each row of the table under a heading."""
    section = GUIDE.split(f"## {heading}")[1].split("\n## ")[0]
    found = re.findall(r"^\| (.*) \|$", section, re.MULTILINE)
    return [re.split(r" \| ", row) for row in found[1:]]


@cache
def network():
    """Parameters and samples without a corner nearby."""
    rng = np.random.default_rng(3)
    params = tuple(rng.standard_normal(shape) for shape in ((D, M), M, (M, K), K))
    labels = np.arange(N) % K
    return params, rng.standard_normal((N, D)), one_hot(labels, K), labels


def report(change, lam=0.0, place=lambda params: params):
    """What the gradient check says if ``change`` has been made to the gradients."""
    params, X, T, _ = network()
    params = place(params)
    return gradcheck.check(
        lambda params: objective(params, X, T, lam),
        params,
        change(*backward(params, X, T, lam)),
        raises=False,
    )


def errors(*args, **kwargs):
    return [each.relative_error for each in report(*args, **kwargs).gradients]


def near(*expected):
    return pytest.approx(expected, abs=1e-6)


def late(*grads):
    """The first layer's derivatives after the update of the second."""
    dW2, db2 = grads[2:]
    (W1, b1, W2, b2), X, T, _ = network()
    return *backward((W1, b1, W2 - dW2, b2), X, T)[:2], dW2, db2


def without_minus(*_):
    """The first step back is Y in place of Y - T."""
    params, X, _, _ = network()
    W2 = params[2]
    Z1, H, _, Y = forward(params, X)
    dZ2 = Y / N
    dZ1 = dZ2 @ W2.T * (Z1 > 0)
    return X.T @ dZ1, dZ1.sum(axis=0), H.T @ dZ2, dZ2.sum(axis=0)


def in_single_precision():
    params, X, T, _ = network()
    return gradcheck.check(
        lambda params: float(np.float32(objective(params, X, T))),
        params,
        backward(params, X, T),
        raises=False,
    )


def zeros(params):
    return tuple(0 * p for p in params)


def on_a_kink(params):
    W1, _, *rest = params
    return W1, -network()[1][0] @ W1, *rest


def same(*grads):
    return grads


def refused(change):
    with pytest.raises(ValueError, match=r"^grads\[3\]: expected shape"):
        report(change)
    return True


def reasons(found):
    return {each.worst.reason for each in found.gradients}


GRADIENT = {
    "2 in one derivative": lambda: (
        errors(lambda dW1, db1, dW2, db2: (dW1, db1, -dW2, db2)) == near(0, 0, 2, 0)
    ),
    "one half in one": lambda: all(
        errors(lambda dW1, db1, dW2, db2, c=c: (c * dW1, db1, dW2, db2))
        == near(0.5, 0, 0, 0)
        for c in (2, 0.5)
    ),
    r"$1 - \frac1N$ in all": lambda: (
        errors(lambda *grads: tuple(N * each for each in grads))
        == near(*4 * [1 - 1 / N])
    ),
    r"$1 - \frac1N$ in the biases, 0 in the weights": lambda: (
        errors(lambda dW1, db1, dW2, db2: (dW1, db1 / N, dW2, db2 / N))
        == near(0, 1 - 1 / N, 0, 1 - 1 / N)
    ),
    "an error in the weights only, and only with a penalty": lambda: all(
        (
            np.array(errors(lambda *_, lam=lam: backward(*network()[:3], 2 * lam), lam))
            > 1e-6
        ).tolist()
        == [lam > 0, False, lam > 0, False]
        for lam in (0.0, 0.1)
    ),
    "an error in the first layer only": lambda: (
        (np.array(errors(late)) > 1e-6).tolist() == [True, True, False, False]
    ),
    "an error in everything": lambda: min(errors(without_minus)) > 1e-6,
    "no table: another shape": lambda: refused(
        lambda dW1, db1, dW2, db2: (dW1, db1, dW2, db2 + np.zeros((N, 1)))
    ),
    "*undecided*, a corner": lambda: "corner" in reasons(report(same, place=on_a_kink)),
    "*undecided*, lost in the rounding": lambda: (
        reasons(in_single_precision()) == {"precision"}
    ),
    "*ok* in all": lambda: report(same).ok,
    "*zero*": lambda: "zero" in report(same, place=zeros).values(),
}


@pytest.mark.parametrize("row", [row[0] for row in rows("The gradient check says")])
def test_the_gradient_check_says_it(row):
    assert GRADIENT[row]()


def test_no_row_of_the_gradient_check_is_left_out():
    assert [*GRADIENT] == [row[0] for row in rows("The gradient check says")]


def names():
    """What the checks of the second table use, where all is well."""
    params, X, T, labels = network()
    grads = backward(params, X, T)
    Z1, H, _, Y = forward(params, X)
    dZ2 = (Y - T) / N
    losses, run = [], params
    for _ in range(20):
        losses.append(objective(run, X, T))
        run = optim.gradient_step(run, backward(run, X, T), 0.01)
    return {
        "np": np,
        "gradcheck": gradcheck,
        "K": K,
        "objective": objective,
        "backward": backward,
        "cross_entropy": cross_entropy,
        "params": params,
        "zeros": zeros(params),
        "X": X,
        "T": T,
        "labels": labels,
        "grads": grads,
        "f": lambda params: objective(params, X, T),
        "twice": (np.concatenate([X, X]), np.concatenate([T, T])),
        "Z1": Z1,
        "H": H,
        "Y": Y,
        "dZ2": dZ2,
        "dZ1": dZ2 @ params[2].T * (Z1 > 0),
        "losses": losses,
        "z": X[:, 0],
        "t": labels,
        "batch": np.arange(N),
        "stepped": optim.gradient_step(params, grads, 0.01),
    }


def summed(params, X, T):
    return len(X) * objective(params, X, T)


def naive(Z, T):
    with np.errstate(all="ignore"):
        return -np.log(np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True))[T == 1]


# The names that a mistake changes, for each check in the order of the table.
BROKEN = [
    lambda n: {"objective": summed},
    lambda n: {"cross_entropy": naive},
    lambda n: {"objective": summed},
    lambda n: {"losses": [1.0, 5.0, *n["losses"]]},
    lambda n: {"grads": tuple(-each for each in n["grads"])},
    lambda n: {"z": n["X"][:, :1]},
    lambda n: {"batch": np.arange(0, N, K)},
    lambda n: {"Z1": n["Z1"] - 100 * (np.arange(M) == 2)},
    lambda n: {"dZ1": 1e-9 * n["dZ1"]},
    lambda n: {"H": 0 * n["H"]},
    lambda n: {"params": (*n["params"][:3], np.zeros((N, K)))},
    lambda n: {"stepped": n["params"]},
    lambda n: {"Y": n["Y"] / n["Y"].sum(axis=0)},
    lambda n: {
        "backward": lambda *args: tuple(len(args[1]) * g for g in backward(*args))
    },
    lambda n: {"T": np.roll(n["T"], 1, axis=1)},
]
CHECKS = re.findall(r"`([^`]+)`", "\n".join(row[2] for row in rows("Training says")))


@pytest.mark.parametrize(
    ("check", "broken"), [*zip(CHECKS, BROKEN, strict=True)], ids=CHECKS
)
def test_the_check_tells_right_from_wrong(check, broken):
    right = names()
    assert bool(eval(check, right)) is True  # noqa: S307
    assert bool(eval(check, right | broken(right))) is False  # noqa: S307
