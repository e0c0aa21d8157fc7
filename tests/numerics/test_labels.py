"""Programs with labels, one to four in a term, against loops over the examples in plain NumPy."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import symgrad as sg

DECLARED = """\
u: Index(p)
s: Index(p)
v: Index(q)
t: Index(q)
c: Index(p)
x: Vector(r)
y: Scalar
M: Matrix(p, q)
S: Matrix(p, p)
Z: Matrix(p, r)
V: Matrix(q, r)
a: Vector(p)
b: Vector(q)
"""
SIZES = {"p": 3, "q": 4, "r": 2}
COUNT = 7
Loss = Callable[..., Any]


def one(label: Any) -> Any:
    return np.eye(max(SIZES.values()))[label]


# the term, what it runs over, what it is differentiated by, and the same for one example
TERMS: dict[str, tuple[str, str, Loss]] = {
    # one label
    "a[u]**2": ("u", "a", lambda d: d.a[d.u] ** 2),
    "norm2(Z[u])**2": ("u", "Z", lambda d: sum(d.Z[d.u] ** 2)),
    "y * a[u]": ("u, y", "a", lambda d: d.y * d.a[d.u]),
    "(y - a[u])**2": ("u, y", "a", lambda d: (d.y - d.a[d.u]) ** 2),
    "exp(x.T @ Z[u])": ("u, x", "Z", lambda d: np.exp(d.x @ d.Z[d.u])),
    "sum(Z[u] * Z[u] * Z[u])": ("u", "Z", lambda d: sum(d.Z[d.u] ** 3)),
    "onehot(u).T @ S @ onehot(u)": ("u", "S", lambda d: d.S[d.u, d.u]),
    "(onehot(u).T @ S @ onehot(u))**2": ("u", "S", lambda d: d.S[d.u, d.u] ** 2),
    "S[u].T @ S[u]": ("u", "S", lambda d: d.S[d.u] @ d.S[d.u]),
    "onehot(u).T @ S @ S @ onehot(u)": ("u", "S", lambda d: d.S[d.u] @ d.S[:, d.u]),
    "a.T @ S[u] * a[u]": ("u", "a S", lambda d: d.a @ d.S[d.u] * d.a[d.u]),
    # two labels
    "onehot(v).T @ M[u]": ("u, v", "M", lambda d: d.M[d.u, d.v]),
    "onehot(u).T @ M @ onehot(v)": ("u, v", "M", lambda d: d.M[d.u, d.v]),
    "(y - onehot(v).T @ M[u])**2": ("u, v, y", "M", lambda d: (d.y - d.M[d.u, d.v]) ** 2),
    "y * (onehot(u).T @ M @ onehot(v))": ("u, v, y", "M", lambda d: d.y * d.M[d.u, d.v]),
    "log(1 + (onehot(u).T @ M @ onehot(v))**2)": (
        "u, v",
        "M",
        lambda d: np.log(1 + d.M[d.u, d.v] ** 2),
    ),
    "onehot(u).T @ S[s]": ("u, s", "S", lambda d: d.S[d.s, d.u]),
    "onehot(u).T @ (S + S.T) @ onehot(s)": (
        "u, s",
        "S",
        lambda d: d.S[d.u, d.s] + d.S[d.s, d.u],
    ),
    "Z[u].T @ Z[s]": ("u, s", "Z", lambda d: d.Z[d.u] @ d.Z[d.s]),
    "Z[u].T @ V[v]": ("u, v", "Z V", lambda d: d.Z[d.u] @ d.V[d.v]),
    "(y - Z[u].T @ V[v] - a[u] - b[v])**2": (
        "u, v, y",
        "Z V a b",
        lambda d: (d.y - d.Z[d.u] @ d.V[d.v] - d.a[d.u] - d.b[d.v]) ** 2,
    ),
    "a[u] * b[v]": ("u, v", "a b", lambda d: d.a[d.u] * d.b[d.v]),
    "a[u] * a[s]": ("u, s", "a", lambda d: d.a[d.u] * d.a[d.s]),
    "a[u]**2 * a[s]**3": ("u, s", "a", lambda d: d.a[d.u] ** 2 * d.a[d.s] ** 3),
    "norm2(Z[u] - Z[s])**2": ("u, s", "Z", lambda d: sum((d.Z[d.u] - d.Z[d.s]) ** 2)),
    "norm2(Z[u] + x)**2 * b[v]": (
        "u, v, x",
        "Z b",
        lambda d: sum((d.Z[d.u] + d.x) ** 2) * d.b[d.v],
    ),
    "tanh(Z[u].T @ V[v])": ("u, v", "Z V", lambda d: np.tanh(d.Z[d.u] @ d.V[d.v])),
    "M[u].T @ M[s]": ("u, s", "M", lambda d: d.M[d.u] @ d.M[d.s]),
    "-log_softmax(M[u])[v]": (
        "u, v",
        "M",
        lambda d: np.log(sum(np.exp(d.M[d.u]))) - d.M[d.u, d.v],
    ),
    "-log(softmax(M, axis=1)[u, v])": (
        "u, v",
        "M",
        lambda d: np.log(sum(np.exp(d.M[d.u]))) - d.M[d.u, d.v],
    ),
    "1 / softmax(M, axis=1)[u, v]": (
        "u, v",
        "M",
        lambda d: sum(np.exp(d.M[d.u])) / np.exp(d.M[d.u, d.v]),
    ),
    "sum(V @ Z[u]) * b[v]": ("u, v", "V Z b", lambda d: sum(d.V @ d.Z[d.u]) * d.b[d.v]),
    "a.T @ (onehot(u) * onehot(s))": ("u, s", "a", lambda d: d.a[d.u] * (d.u == d.s)),
    "S[u].T @ (onehot(s) * a * onehot(c))": (
        "u, s",
        "S a",
        lambda d: d.S[d.u, d.s] * d.a[d.s] * (d.s == d.c),
    ),
    "a[u] * a[c]": ("u", "a", lambda d: d.a[d.u] * d.a[d.c]),
    "onehot(c).T @ S @ onehot(u)": ("u", "S", lambda d: d.S[d.c, d.u]),
    # three labels
    "onehot(u).T @ S @ onehot(s) * b[v]": ("u, s, v", "S b", lambda d: d.S[d.u, d.s] * d.b[d.v]),
    "a[u] * a[s] * b[v]": ("u, s, v", "a b", lambda d: d.a[d.u] * d.a[d.s] * d.b[d.v]),
    "Z[u].T @ (V[v] * Z[s])": (
        "u, v, s",
        "Z V",
        lambda d: sum(d.Z[d.u] * d.V[d.v] * d.Z[d.s]),
    ),
    "(onehot(u).T @ M @ onehot(v)) * (onehot(s).T @ M @ onehot(v))": (
        "u, v, s",
        "M",
        lambda d: d.M[d.u, d.v] * d.M[d.s, d.v],
    ),
    "onehot(u).T @ S @ onehot(s) * a[c]": ("u, s", "S a", lambda d: d.S[d.u, d.s] * d.a[d.c]),
    # four labels
    "(onehot(u).T @ M @ onehot(v)) * (onehot(s).T @ M @ onehot(t))": (
        "u, v, s, t",
        "M",
        lambda d: d.M[d.u, d.v] * d.M[d.s, d.t],
    ),
    "a[u] * a[s] * b[v] * b[t]": (
        "u, s, v, t",
        "a b",
        lambda d: d.a[d.u] * d.a[d.s] * d.b[d.v] * d.b[d.t],
    ),
    "sigmoid(M[u].T @ M[s]) * (onehot(v).T @ V @ V.T @ onehot(t))": (
        "u, s, v, t",
        "M V",
        lambda d: d.V[d.v] @ d.V[d.t] / (1 + np.exp(-d.M[d.u] @ d.M[d.s])),
    ),
    "(y - Z[u].T @ V[v]) * (y - Z[s].T @ V[t])": (
        "u, v, s, t, y",
        "Z V",
        lambda d: (d.y - d.Z[d.u] @ d.V[d.v]) * (d.y - d.Z[d.s] @ d.V[d.t]),
    ),
}
HESSIANS = {
    name: TERMS[name]
    for name in (
        "norm2(Z[u])**2",
        "a[u]**2",
        "a[u] * a[s]",
        "a[u]**2 * a[s]**3",
        "(y - onehot(v).T @ M[u])**2",
        "norm2(Z[u] - Z[s])**2",
        "S[u].T @ S[u]",
        "(onehot(u).T @ M @ onehot(v)) * (onehot(s).T @ M @ onehot(t))",
    )
}
MODULES = ["numpy", "numba", "array_api"]
each_term = pytest.mark.parametrize("term", TERMS)
each_module = pytest.mark.parametrize("modules", MODULES)


class Example:
    """The numbers of one example, complex ones among them."""

    def __init__(self, numbers: dict[str, Any]) -> None:
        self.__dict__.update(numbers)


def program(term: str, over: str = "") -> str:
    over = over or TERMS[term][0]
    words = set("".join(c if c.isalnum() else " " for c in f"{term} {over}").split())
    lines = [line for line in DECLARED.splitlines() if line.split(":")[0] in words]
    return "\n".join([*lines, f"loss = sum({term} for {over} in batch)"])


def inputs(term: str, count: int = COUNT, seed: int = 0) -> dict[str, Any]:
    """Numbers for what the program declares; labels repeat."""
    random = np.random.default_rng(seed)
    over = TERMS[term][0].split(", ")
    made: dict[str, Any] = {}
    for line in DECLARED.splitlines():
        name, kind = line.replace(")", "").split(": ")
        kind, *dims = kind.replace("(", ",").replace(" ", "").split(",")
        shape = [SIZES[d] for d in dims]
        leading = [count] if name in over else []
        if kind == "Index":
            made[name] = random.integers(0, shape[0], leading)
        else:
            made[name] = random.normal(size=[*leading, *shape])
    names = [line.split(":")[0] for line in program(term).splitlines()[:-1]]
    return {name: made[name] for name in names}


def total(term: str, given: dict[str, Any]) -> Any:
    """The loss by a loop over the examples."""
    over, _, loss = TERMS[term]
    names = over.split(", ")
    examples = zip(*(given[n] for n in names), strict=True)
    return sum(loss(Example({**given, **dict(zip(names, e, strict=True))})) for e in examples)


def slope(term: str, given: dict[str, Any], name: str) -> Any:
    """The gradient of the loop, an entry at a time, by the complex step."""
    array = given[name]
    gradient = np.empty(array.shape)
    for at in np.ndindex(array.shape):
        moved = array.astype(complex)
        moved[at] += 1e-30j
        gradient[at] = total(term, {**given, name: moved}).imag / 1e-30
    return gradient


def curvature(term: str, given: dict[str, Any], name: str, h: float = 1e-4) -> Any:
    """The Hessian of the loop: differences of its gradient, an entry at a time."""
    array = given[name]
    rows = []
    for at in np.ndindex(array.shape):
        sides = []
        for step in (h, -h):
            moved = array.copy()
            moved[at] += step
            sides.append(slope(term, {**given, name: moved}, name))
        rows.append((sides[0] - sides[1]) / (2 * h))
    return np.reshape(rows, (array.size, array.size))


def needs(modules: str) -> None:
    module = {"numba": "numba", "array_api": "array_api_compat"}.get(modules, "numpy")
    if importlib.util.find_spec(module) is None:
        pytest.skip(f"{module} is not installed")


@pytest.mark.parametrize("modules", ["numpy", "array_api"])
@each_term
def test_the_gradient_is_that_of_a_loop(term: str, modules: str) -> None:
    needs(modules)
    given, wrt = inputs(term), TERMS[term][1].split()
    value, derivatives = sg.derive(program(term), wrt).lambdify(modules=modules)(given)
    np.testing.assert_allclose(value, total(term, given), rtol=1e-12)
    for name in wrt:
        np.testing.assert_allclose(
            derivatives[name], slope(term, given, name), rtol=1e-11, atol=1e-12
        )


@pytest.mark.parametrize("modules", ["numpy", "numba"])
@each_term
def test_buffers_keep_nothing_of_the_call_before(term: str, modules: str) -> None:
    needs(modules)
    wrt = TERMS[term][1].split()
    function = sg.derive(program(term), wrt).lambdify(reuse_buffers=True, modules=modules)
    for count, seed in ((COUNT, 0), (COUNT, 1), (2, 2), (COUNT, 0)):
        given = inputs(term, count, seed)
        function({n: a * np.nan if a.dtype == float else a for n, a in given.items()})
        value, derivatives = function(given)
        np.testing.assert_allclose(value, total(term, given), rtol=1e-12)
        for name in wrt:
            wanted = slope(term, given, name)
            np.testing.assert_allclose(derivatives[name], wanted, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("term", [term for term in TERMS if "softmax" in term])
def test_the_source_is_written_with_its_comments(term: str) -> None:
    """Once a ValueError, where a power of an entry of a softmax is guarded over the batch."""
    assert "return " in sg.derive(program(term), TERMS[term][1].split()).lambdify().source


def test_the_logarithm_of_an_entry_does_not_underflow() -> None:
    labels = {"u": np.array([0, 1]), "v": np.array([1, 1])}
    M = np.array([[0.0, -2000.0], [0.0, 0.0]])
    function = sg.derive(program("-log(softmax(M, axis=1)[u, v])"), ["M"]).lambdify()
    value, derivatives = function(labels, M=M)
    assert value == pytest.approx(2000 + np.log(2), rel=1e-12)
    assert np.allclose(derivatives["M"], [[1, -1], [0.5, -0.5]])
    assert "log_softmax(M, axis=1)" in function.source and "np.abs" not in function.source


def test_the_logarithm_of_a_sum_of_entries_stays_one_logarithm() -> None:
    text = program("softmax(M, axis=1)[u, v]", over="u, v").replace("sum(", "log(sum(") + ")"
    given = inputs("-log(softmax(M, axis=1)[u, v])")
    value, _ = sg.derive(text, ["M"]).lambdify()(given)
    shares = np.exp(given["M"]) / np.exp(given["M"]).sum(1, keepdims=True)
    assert value == pytest.approx(np.log(shares[given["u"], given["v"]].sum()), rel=1e-12)


@each_term
def test_in_single_precision(term: str) -> None:
    given, wrt = inputs(term), TERMS[term][1].split()
    _, derivatives = sg.derive(program(term), wrt).lambdify(dtype="float32")(given)
    for name in wrt:
        assert derivatives[name].dtype == np.float32
        np.testing.assert_allclose(derivatives[name], slope(term, given, name), 2e-4, 2e-4)


@each_module
@pytest.mark.parametrize("term", HESSIANS)
def test_the_hessian_is_that_of_a_loop(term: str, modules: str) -> None:
    needs(modules)
    given, (name,) = inputs(term), TERMS[term][1].split()
    derivation = sg.hessian(program(term), [name])
    _, derivatives = derivation.lambdify(modules=modules)(given)
    (hessian,) = derivatives.values()
    wanted = curvature(term, given, name)
    got = np.reshape(hessian, wanted.shape)
    np.testing.assert_allclose(got, wanted, rtol=1e-6, atol=1e-6)


def test_labels_that_stand_in_one_term_belong_to_one_example() -> None:
    """Once [[4, 2, 4], [4, 2, 4], [2, 1, 2]]: the totals of the batch were joined."""
    text = """\
u: Index(p)
v: Index(p)
M: Matrix(p, p)
loss = sum(onehot(u).T @ M[v] for u, v in batch)
"""
    labels = {"u": np.array([0, 0, 1, 2, 2]), "v": np.array([1, 1, 0, 2, 0])}
    _, derivatives = sg.derive(text, ["M"]).lambdify()(labels, M=np.zeros((3, 3)))
    assert derivatives["M"].tolist() == [[0, 1, 1], [2, 0, 0], [0, 0, 1]]
