"""The networks in JavaScript are those of the library."""

import re

import numpy as np
import pytest
from instances import mlp_instance, relu_instance, sigmoid_instance, softmax_instance
from sessions import Session

from chainrule import functions, mlp, optim, relu_net, sigmoid_net
from press import book, live

WIDE = [-1000.0, -40.0, -3.0, -0.5, 0.0, 0.5, 3.0, 40.0, 1000.0]


@pytest.fixture(scope="module")
def js():
    return Session("unit").js


def written(params):
    """The parameters as JavaScript, a bias as a table of one row."""
    return f"[{', '.join(f'maths.from({np.atleast_2d(p).tolist()})' for p in params)}]"


def tables(params):
    return f"({params}).map((P) => [P.rows, P.cols, Array.from(P.a)])"


def check(found, expected, atol):
    for (rows, cols, numbers), each in zip(found, expected, strict=True):
        table = np.atleast_2d(each)
        assert (rows, cols) == table.shape
        largest = abs(table).max()
        np.testing.assert_allclose(
            np.reshape(numbers, table.shape),
            table,
            rtol=0,
            atol=atol * max(largest, 1e-300),
        )


def library(instance, rng):
    """A network of the library, and what the JavaScript calls it."""
    output = "linear"  # of which no figure knows
    while output == "linear":
        module, params, batch = instance(rng, int(rng.integers(1, 9)))
        output = batch[-1]
    hidden = "sigmoid" if module is sigmoid_net else "relu"
    output = batch[3] if module is mlp else "softmax"
    return module, params, batch, f"maths.network('{hidden}', '{output}')"


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize(
    "instance", [softmax_instance, relu_instance, sigmoid_instance, mlp_instance]
)
def test_objectives_and_gradients(js, instance, seed):
    module, params, batch, network = library(instance, np.random.default_rng(seed))
    X, T, lam = batch[:3]
    given = (
        f"{written(params)}, maths.from({X.tolist()}), maths.from({T.tolist()}), {lam}"
    )
    found = js(f"{network}.objective({given})")
    assert found == pytest.approx(module.objective(params, *batch), rel=1e-13)
    found = js(tables(f"{network}.backward({given})"))
    check(found, module.backward(params, *batch), 1e-13)
    forward = (params, X, batch[3]) if module is mlp else (params, X)
    A = module.forward(*forward)[-1]
    Y = A[-1] if module is mlp else A
    given = f"{written(params)}, maths.from({X.tolist()})"
    check(js(tables(f"[{network}.forward({given}).A.at(-1)]")), [Y], 1e-13)


@pytest.mark.parametrize("mu", [0.0, 0.9])
def test_a_hundred_steps(js, mu):
    rng = np.random.default_rng(5)
    X, T = rng.normal(size=(40, 2)), functions.one_hot(rng.integers(0, 3, 40), 3)
    params = relu_net.init(rng, 2, 9, 3)
    step = (
        f"[P, V] = maths.momentumStep(P, grads(), V, 0.2, {mu})"
        if mu
        else "P = maths.gradientStep(P, grads(), 0.2)"
    )
    found = js(
        f"""(() => {{
            let P = {written(params)}, V = P.map((p) => maths.table(p.rows, p.cols));
            const X = maths.from({X.tolist()}), T = maths.from({T.tolist()});
            const grads = () => maths.network("relu", "softmax").backward(P, X, T, 0.01);
            for (let i = 0; i < 100; i++) {step};
            return {tables("P")};
        }})()"""
    )
    velocity = tuple(np.zeros_like(p) for p in params)
    for _ in range(100):
        grads = relu_net.backward(params, X, T, 0.01)
        if mu:
            params, velocity = optim.momentum_step(params, grads, velocity, 0.2, mu)
        else:
            params = optim.gradient_step(params, grads, 0.2)
    check(found, params, 1e-12)


@pytest.mark.parametrize("name", ["sigmoid", "relu", "rbf"])
def test_functions_are_right_for_every_number(js, name):
    found = js(f"{WIDE}.map(maths.{name})")
    expected = getattr(functions, name)(np.array(WIDE))
    np.testing.assert_allclose(found, expected, rtol=1e-15)


def test_losses_are_right_for_every_number(js):
    for t in (0, 1):
        found = js(f"{WIDE}.map((z) => maths.binaryCrossEntropy(z, {t}))")
        expected = functions.binary_cross_entropy(np.array(WIDE), np.full(9, t))
        np.testing.assert_allclose(found, expected, rtol=1e-14)
    for Z in ([1000.0, -1000.0, 0.0], [1.0, 2.0, 3.0]):
        np.testing.assert_allclose(
            js(f"[...maths.softmax(maths.from([{Z}])).a]"), functions.softmax(Z)
        )
        for t in np.eye(3).tolist():
            found = js(f"maths.crossEntropy(maths.from([{Z}]), maths.from([{t}]))")
            assert found == pytest.approx(
                functions.cross_entropy(np.array(Z), np.array(t)), rel=1e-14
            )


def test_random_numbers_are_normal_and_those_of_the_seed(js):
    draw = "(() => {{ const d = maths.generator({}); return maths.normal(d, 200, 50, 3).a; }})()"
    numbers = np.array(list(js(f"Array.from({draw.format(1)})")))
    again, other = (np.array(js(f"Array.from({draw.format(seed)})")) for seed in (1, 2))
    assert (numbers == again).all()
    assert abs(np.corrcoef(numbers, other)[0, 1]) < 0.03
    assert abs(np.corrcoef(numbers[1:], numbers[:-1])[0, 1]) < 0.03
    assert abs(numbers.mean()) < 0.1
    assert numbers.std() == pytest.approx(3, rel=0.03)
    for limit, share in ((1, 0.6827), (2, 0.9545), (3, 0.9973)):
        assert (abs(numbers) < 3 * limit).mean() == pytest.approx(share, abs=0.015)


def test_every_equation_that_the_code_cites_is_there():
    tags = {
        equation.tag
        for page in book.chapters()
        for equation in book.equations(page.read_text("utf-8"))
    }
    for file in live.FIGURES.glob("*.js"):
        for line in file.read_text("utf-8").splitlines():
            _, _, comment = line.partition(" // ")
            cited = re.findall(r"\((\d+\.\d+)\)", comment)
            assert set(cited) <= tags, (file.name, line)
