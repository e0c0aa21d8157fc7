"""The function that lambdify makes: what it takes, what it gives back, what it refuses."""

from __future__ import annotations

import ast
import io
import pickle
import re
import tokenize
from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad.numerics import function as function_module
from symgrad.numerics import plan
from symgrad.numerics.arrays.emitter import program
from symgrad.numerics.buffers import blocks
from symgrad.numerics.function import compile_derivation
from symgrad.numerics.source.comments import comment

REGRESSION = """\
W: Matrix(m, n)
b: Vector(m)
x: Vector(n)
t: Scalar
loss = t * norm2(W @ x + b)**2
"""
BATCHED = """\
W: Matrix(m, n)
b: Vector(m)
x: Vector(n)
t: Scalar
loss = mean(t * norm2(W @ x + b)**2 for x, t in batch)
"""
LOOK_UP = "Z: Matrix(n, d)\nv: Index(n)\nloss = sum(norm2(Z[v])**2 for v in batch)"


def arrays(*lead: int) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    return {
        "W": rng.standard_normal((2, 3)),
        "b": rng.standard_normal(2),
        "x": rng.standard_normal((*lead, 3)),
        "t": rng.uniform(1, 2, lead) if lead else 1.5,
    }


def test_derivatives_have_the_shapes_in_which_the_variables_were_given() -> None:
    function = sg.derive(REGRESSION, ["W", "b", "x", "t"]).lambdify()
    given = arrays()
    value, flat = function(given)
    assert {n: np.shape(g) for n, g in flat.items()} == {n: np.shape(a) for n, a in given.items()}
    columns = {**given, "x": given["x"][:, None], "b": given["b"][:, None], "t": np.array([[1.5]])}
    same, upright = function(columns)
    assert same == pytest.approx(value, rel=1e-15)
    for name, gradient in upright.items():
        assert np.shape(gradient) == np.shape(columns[name])
        np.testing.assert_allclose(np.ravel(gradient), np.ravel(flat[name]), rtol=1e-15)


def test_a_derivation_is_made_into_operations_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []

    def counted(results: Any) -> Any:
        made.append(results)
        return program(results)

    monkeypatch.setattr(plan, "program", counted)
    derivation, other = sg.derive(REGRESSION, ["W"]), sg.derive(REGRESSION, ["W"])
    functions = [derivation.lambdify(reuse_buffers=b, dtype="float32") for b in (False, True)]
    assert len(made) == 1 and functions[0].plan.program is functions[1].plan.program
    other.lambdify()
    assert len(made) == 2


def test_lists_and_keywords_are_inputs_too() -> None:
    function = sg.derive("x: Vector(n)\na: Scalar\nloss = a * x.T @ x", ["x"]).lambdify()
    for value, gradient in (function(x=[1, 2], a=3), function({"x": [[1], [2]]}, a=3)):
        assert value == 15.0
        np.testing.assert_array_equal(np.ravel(gradient["x"]), [6.0, 12.0])


def test_a_batch_has_one_axis_more() -> None:
    function = sg.derive(BATCHED, ["x", "t", "W"]).lambdify()
    given = arrays(5)
    _, gradient = function(given)
    assert {n: np.shape(g) for n, g in gradient.items()} == {"x": (5, 3), "t": (5,), "W": (2, 3)}
    _, columns = function({**given, "x": given["x"][..., None], "t": given["t"][:, None]})
    assert (columns["x"].shape, columns["t"].shape) == ((5, 3, 1), (5, 1))


def test_axes_of_jacobians_and_hessians() -> None:
    given = {"W": np.ones((2, 3)), "x": np.ones((3, 1)), "s": 2.0}
    head = "W: Matrix(m, n)\nx: Vector(n)\ns: Scalar\n"
    value, jacobian = sg.jacobian(f"{head}f = s * W @ x", ["W", "x", "s"]).lambdify()(given)
    assert np.shape(value) == (2,)
    assert {n: np.shape(j) for n, j in jacobian.items()} == {"W": (2, 2, 3), "x": (2, 3), "s": (2,)}
    _, blocks = sg.hessian(f"{head}loss = s * norm2(W @ x)**2", ["W", "s"]).lambdify()(given)
    shapes = {key: np.shape(block) for key, block in blocks.items()}
    assert shapes == {("W", "W"): (2, 3, 2, 3), ("W", "s"): (2, 3), ("s", "s"): ()}


DATA_ERRORS = [
    (BATCHED, {"x": None}, "no value is given for x"),
    (BATCHED, {"x": None, "X": np.ones(3)}, "no value is given for x|X is not declared"),
    (BATCHED, {"q": 1.0}, "q is not declared in the problem"),
    (
        BATCHED,
        {"x": np.ones((5, 4))},
        r"n is 3 in W \(shape \(2, 3\)\) but 4 in x \(shape \(5, 4\)\)",
    ),
    (BATCHED, {"b": np.ones(3)}, r"m is 2 in W \(shape \(2, 3\)\) but 3 in b \(shape \(3,\)\)"),
    (
        BATCHED,
        {"t": np.ones(4)},
        r"batch is 5 in x \(shape \(5, 3\)\) but 4 in t \(shape \(4,\)\)",
    ),
    (BATCHED, {"t": 1.0}, r"t has shape \(\); \(batch,\) is wanted"),
    (BATCHED, {"x": np.ones(3)}, r"x has shape \(3,\); \(batch, n\) is wanted"),
    (BATCHED, {"W": np.ones(3)}, r"W has shape \(3,\); \(m, n\) is wanted"),
    (BATCHED, {"W": "many"}, "W (is no array of numbers|has shape)"),
    (LOOK_UP, {"v": np.array([0.5, 1.0])}, "v is an Index: whole numbers are wanted, not float64"),
]


@pytest.mark.parametrize(("program", "changed", "message"), DATA_ERRORS)
def test_arrays_that_do_not_fit(program: str, changed: dict[str, Any], message: str) -> None:
    given = arrays(5) if program == BATCHED else {"Z": np.ones((3, 2))}
    given = {n: a for n, a in {**given, **changed}.items() if a is not None}
    with pytest.raises(sg.DataError, match=message):
        sg.derive(program).lambdify()(given)


def test_what_the_derivative_does_not_need_may_be_left_out() -> None:
    value, gradient = sg.derive("x: Vector(n)\ny: Vector(n)\nloss = sum(x)").lambdify()(x=[1, 2])
    assert value == 3.0
    np.testing.assert_array_equal(gradient["x"], [1, 1])


def test_seeds_are_wanted_and_checked() -> None:
    program = "x: Vector(n)\nloss = norm2(x)**2"
    hvp = sg.hvp(program, ["x"]).lambdify()
    with pytest.raises(sg.DataError, match="must give a direction for x"):
        hvp(x=[1.0, 2.0])
    with pytest.raises(sg.DataError, match=r"direction of x has shape \(3,\); \(2,\) is wanted"):
        hvp({"x": [1.0, 2.0]}, direction={"x": [1.0, 2.0, 3.0]})
    pullback = sg.pullback("x: Vector(n)\nf = 2 * x", ["x"]).lambdify()
    with pytest.raises(sg.DataError, match=r"needs cotangent=\.\.\., in the shape of f"):
        pullback(x=[1.0, 2.0])
    _, back = pullback({"x": [1.0, 2.0]}, cotangent=[3.0, 4.0])
    np.testing.assert_array_equal(back["x"], [6.0, 8.0])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dtype": "int32"}, "int32"),
        ({"dtype": "float7"}, "float7"),
        ({"modules": "torch"}, "taken with modules='array_api'"),
    ],
)
def test_options_that_are_not_offered(options: dict[str, str], message: str) -> None:
    with pytest.raises(sg.OptionError, match=message):
        sg.derive(REGRESSION).lambdify(**options)  # type: ignore[arg-type]


def test_a_singular_matrix_is_no_number() -> None:
    with pytest.raises(sg.NotFiniteError, match="no inverse"):
        sg.derive("A: Matrix(n, n)\nloss = sum(inv(A))").lambdify()(A=np.zeros((2, 2)))


@pytest.mark.parametrize("modules", ["numpy", "array_api"])
def test_the_code_has_no_name_of_the_user(modules: str) -> None:
    pytest.importorskip({"array_api": "array_api_compat"}.get(modules, modules))
    program = """\
wickedname: Vector(wickeddimension)
another_wicked_name: Matrix(k_wicked, wickeddimension)
α: Scalar
wickedlabel: Index(k_wicked)
wickedhidden = tanh(another_wicked_name @ wickedname)
loss = sum(α * sum(wickedhidden) + sum(another_wicked_name[wickedlabel])
    for wickedname, wickedlabel in wickedbatch)
"""
    source = sg.derive(program).lambdify(modules=modules).source
    tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    code = " ".join(t.string for t in tokens if t.type != tokenize.COMMENT)
    assert "wicked" not in code and code.isascii()
    comments = " ".join(t.string for t in tokens if t.type == tokenize.COMMENT)
    assert "wickedhidden = tanh(z_wickedhidden)" in comments and "α" in comments


@pytest.mark.parametrize(
    "text", ["x\nimport os", "x\r\nimport os", "x\x0c\x85y", "\u2028x\x00", "\u202ex"]
)
def test_no_text_can_leave_its_comment(text: str) -> None:
    (token, *_) = tokenize.generate_tokens(io.StringIO(comment(text)).readline)
    assert token.type == tokenize.COMMENT and token.string == comment(text)
    assert token.string.isprintable()
    assert len(comment(1000 * text)) <= 62


READABLE = """\
import numpy as np


def function(p0, p1, p2):
    # p0: W (m x n)
    # p1: x (n)
    # p2: y (m)
    v0 = np.dot(p0, p1)     # W @ x
    v1 = v0 - p2            # r = W @ x - y
    v2 = np.dot(v1, v1)     # L = norm2(r)**2
    v3 = 2.0 * v1           # dL/dr = 2 * r
    v4 = v3[:, None] * p1   # dL/dW = 2 * r @ x.T
    v5 = np.dot(v3, p0)     # dL/dx = 2 * W.T @ r
    v6 = -2.0 * v1          # dL/dy = -2 * r
    return v2, v4, v5, v6,  # L, dL/dW, dL/dx, dL/dy
"""


def test_the_source_says_the_steps_of_the_derivation() -> None:
    program = "W: Matrix(m, n)\nx: Vector(n)\ny: Vector(m)\nr = W @ x - y\nloss = norm2(r)**2"
    assert sg.derive(program).lambdify().source == READABLE


def test_a_guarded_number_is_called_as_its_line() -> None:
    source = sg.derive("x: Vector(n)\nloss = sum(where(x > 0, sqrt(x), x**2))").lambdify().source
    guarded = re.search(r"(v\d+) = guarded\(p0, (v\d+), 1.0\)\n", source)
    assert guarded is not None
    line, weight = guarded.groups()
    assert re.search(rf"{weight} = .*# step\(x\)\n", source)
    assert re.search(rf"# dL/dx = .* / sqrt\({line}\)", source)


@pytest.mark.parametrize("options", [{}, {"modules": "array_api"}])
def test_what_runs_has_no_comments(
    options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    if "modules" in options:
        pytest.importorskip("array_api_compat")
    ran = []
    keep = function_module.defined
    monkeypatch.setattr(
        function_module, "defined", lambda source, names: ran.append(source) or keep(source, names)
    )
    function = sg.derive(BATCHED, ["W"]).lambdify(**options)
    (source,) = ran
    assert "#" not in source and "# " in function.source
    assert ast.dump(ast.parse(source)) == ast.dump(ast.parse(function.source))


def test_with_buffers_what_runs_has_no_comments(monkeypatch: pytest.MonkeyPatch) -> None:
    ran = []
    keep = blocks.defined
    monkeypatch.setattr(
        blocks,
        "defined",
        lambda source, *rest: ran.append(source) or keep(source, *rest),
    )
    function = sg.derive(BATCHED, ["W"]).lambdify(reuse_buffers=True)
    function(arrays(5))
    (source,) = ran
    assert "#" not in source and "# " in function.source


def test_a_variable_called_like_a_line() -> None:
    """In a comment v30 is the user's, <v30> the line of that name."""
    program = "v5: Vector(n)\nv30: Matrix(n, n)\nloss = sum(sigmoid(tanh(v30 @ exp(v5)))**3)"
    source = sg.hvp(program).lambdify().source
    assert "# d(dL/dv30) = <v30> @ e.T + dL/dz @ (e * dv5).T" in source


def test_the_code_runs_without_symgrad() -> None:
    program = REGRESSION.replace("(m, n)", "(2, 3)").replace("(m)", "(2)").replace("(n)", "(3)")
    function = sg.derive(program, ["W", "b"]).lambdify()
    assert "symgrad" not in function.source
    namespace: dict[str, Any] = {}
    exec(function.source, namespace)
    value, *gradients = namespace["function"](*(arrays()[name] for name in function.inputs))
    wanted, by_name = function(arrays())
    assert value == wanted
    for got, name in zip(gradients, by_name, strict=True):
        np.testing.assert_array_equal(got, by_name[name])


def test_a_batch_is_no_loop() -> None:
    """One product of matrices for all examples, whatever their number."""
    source = ast.unparse(ast.parse(sg.derive(BATCHED, ["W"]).lambdify().source))
    assert "for " not in source and "einsum" not in source and "matmul" not in source
    assert len(re.findall(r"np\.dot\(", source)) <= 3


def test_equal_parts_are_computed_once() -> None:
    source = sg.derive("x: Vector(n)\nloss = sum(exp(x) * exp(x)) + sum(exp(x))").lambdify().source
    assert source.count("np.exp(") == 1


def test_a_pickled_function_computes_the_same() -> None:
    function = sg.derive(BATCHED, ["W"]).lambdify()
    value, gradient = pickle.loads(pickle.dumps(function))(arrays(5))
    wanted, by_name = function(arrays(5))
    assert value == wanted
    np.testing.assert_array_equal(gradient["W"], by_name["W"])


@pytest.mark.parametrize("modules", ["numpy", "array_api"])
def test_a_pickled_function_has_the_same_source(modules: str) -> None:
    pytest.importorskip({"array_api": "array_api_compat"}.get(modules, modules))
    function = sg.derive(BATCHED, ["W"]).lambdify(modules=modules)
    again = pickle.loads(pickle.dumps(pickle.loads(pickle.dumps(function))))
    assert again.source == function.source


def test_buffers_are_reused_and_one_vector() -> None:
    function = sg.derive(BATCHED, ["W", "b"]).lambdify(reuse_buffers=True)
    plain = sg.derive(BATCHED, ["W", "b"]).lambdify()
    given = arrays(5)
    _, first = function(given)
    kept = {name: gradient.copy() for name, gradient in first.items()}
    given["W"] = given["W"] + 1
    value, second = function(given)
    assert all(np.shares_memory(first[name], second[name]) for name in "Wb")
    assert not np.allclose(second["W"], kept["W"])
    wanted, by_name = plain(given)
    np.testing.assert_allclose(value, wanted, rtol=1e-13)
    flat = np.concatenate([by_name["W"].ravel(), by_name["b"].ravel()])
    np.testing.assert_allclose(function.flat_gradient, flat, rtol=1e-12)
    assert np.shares_memory(function.flat_gradient, second["W"])


def test_buffers_fit_batches_of_every_size() -> None:
    function = sg.derive(BATCHED, ["W"]).lambdify(reuse_buffers=True)
    plain = sg.derive(BATCHED, ["W"]).lambdify()
    for size in (5, 1, 3, 5):
        given = arrays(size)
        value, gradient = function(given)
        wanted, by_name = plain(given)
        np.testing.assert_allclose(value, wanted, rtol=1e-13)
        np.testing.assert_allclose(gradient["W"], by_name["W"], rtol=1e-12)


def test_an_empty_batch_sums_to_nothing() -> None:
    program = BATCHED.replace("mean(", "sum(")
    value, gradient = sg.derive(program, ["W"]).lambdify()(arrays(0))
    assert value == 0.0
    np.testing.assert_array_equal(gradient["W"], np.zeros((2, 3)))


@pytest.mark.parametrize("labels", [[0, 3], [-1, 0]])
@pytest.mark.parametrize("reuse_buffers", [False, True])
def test_a_label_out_of_range_is_refused(labels: list[int], reuse_buffers: bool) -> None:
    function = sg.derive(LOOK_UP, ["Z"]).lambdify(reuse_buffers=reuse_buffers)
    Z = np.ones((3, 2))
    function({"Z": Z, "v": np.array([0, 1])})
    wrong = next(k for k in labels if not 0 <= k < 3)
    message = rf"v has the label {wrong}; labels from 0 to 2 are wanted \(n = 3\)"
    with pytest.raises(sg.DataError, match=message):
        function({"Z": Z, "v": np.array(labels)})
    with pytest.raises(sg.DataError, match=message):
        sg.evaluate(LOOK_UP, {"Z": Z, "v": labels})


def test_buffers_take_labels_of_any_integer_type() -> None:
    function = sg.derive(LOOK_UP, ["Z"]).lambdify(reuse_buffers=True)
    for dtype in (np.int64, np.int32, np.uint8, np.int64):
        value, _ = function({"Z": np.ones((3, 2)), "v": np.array([0, 1, 1], dtype)})
        assert value == 6


def test_a_gradient_that_is_the_same_in_all_entries_is_the_callers_own() -> None:
    program = "x: Vector(n)\na: Scalar\nloss = a * sum(x)"
    _, gradient = sg.derive(program, ["x"]).lambdify()(x=np.ones(3), a=2.0)
    gradient["x"] += 1.0
    np.testing.assert_array_equal(gradient["x"], [3.0, 3.0, 3.0])


def test_a_function_of_a_size_is_no_whole_number() -> None:
    value, _ = sg.derive("x: Vector(n)\nloss = erf(n) * sum(x)", ["x"]).lambdify()(x=np.ones(1))
    assert value == pytest.approx(0.8427007929497149)


def test_a_problem_is_compiled_once_for_all_its_values(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    def compiled(derivation, *options):
        made.append(derivation)
        return compile_derivation(derivation, *options)

    monkeypatch.setattr("symgrad.numerics.function.compile_derivation", compiled)
    problem = sg.parse("x: Vector(n)\nloss = x.T @ x")
    assert [float(sg.evaluate(problem, {"x": np.ones(n)})) for n in (2, 3, 5)] == [2, 3, 5]
    assert len(made) == 1
