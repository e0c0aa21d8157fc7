"""What a program means: precedence, names, facts, dimensions as numbers, batches."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import symgrad as sg
from symgrad.language.expressions import Name, Number, expression, leaves
from symgrad.language.parser import parse_within
from symgrad.language.syntax import syntax_tree
from symgrad.language.unparse import unparse

HEAD = "x: Vector(n)\ny: Vector(n)\nA: Matrix(m, n)\nB: Matrix(n, n)\na: Scalar\nb: Scalar\n"


def written(text: str) -> str:
    return unparse(sg.parse(f"{HEAD}f = {text}").output)


SAME = [
    "a + b - a",
    "a - (b - a)",
    "a - (b + a)",
    "a * b / a",
    "a / (b * a)",
    "a / (b / a)",
    "-a**2",
    "(-a)**2",
    "a**-1",
    "a**(b + 1)",
    "(a**b)**a",
    "a**b**a",
    "-(a + b)",
    "-a * b",
    "2 * -a",
    "x.T @ B @ y",
    "x.T @ (B @ y)",
    "(A @ B).T",
    "A.T @ (A @ x)",
    "(x + y).T @ x",
    "-x.T @ y",
    "a * (x + y)",
    "a * x @ y.T",
    "x * y / a",
    "exp(-x) / (1 + exp(-x))",
    "softmax(B, axis=1)",
    "sum(A, axis=0)",
    "norm2(x)**2",
    "maximum(x, 0)",
    "huber(x, 0.5)",
    "ones(3, n) @ x",
    "eye(n) @ x",
    "1e-5 * a",
    "1e+30 * a",
    "0.1 * a",
    "x / n",
    "inv(B).T @ x",
]


@pytest.mark.parametrize("text", SAME)
def test_text_is_written_as_it_was_read(text: str) -> None:
    assert written(text) == text


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("((a)) + (b)", "a + b"),
        ("(a * b) * a", "a * b * a"),
        ("a * (b * a)", "a * (b * a)"),
        ("+a", "a"),
        ("--a", "--a"),
        ("tr(B)", "trace(B)"),
        ("norm(x)", "norm2(x)"),
        ("log_det(B)", "logdet(B)"),
        ("norm2(a)", "abs(a)"),
        ("3**2 * a", "9 * a"),
        ("2**-1 * a", "0.5 * a"),
        ("-2 * a", "-2 * a"),
        ("0.50 * a", "0.50 * a"),
        ("1e-4 * a", "1e-4 * a"),
        ("-1E-4 * a", "-1E-4 * a"),
        ("0.0001 * a", "0.0001 * a"),
        ("a**(1/2)", "a**(1 / 2)"),
        ("2 * pi * a", "2 * pi * a"),
        ("(2 * pi)**a", "(2 * pi)**a"),
        ("(pi**2)**a", "(pi**2)**a"),
        ("-pi**2 * a", "-pi**2 * a"),
        ("sqrt(2 * pi)**a", "sqrt(2 * pi)**a"),
        ("a**pi", "a**pi"),
        ("12345678901 * a", "12345678901 * a"),
        ("exp(1) * e**a", "exp(1) * exp(a)"),
        ("1_000 * a", "1000 * a"),
    ],
)
def test_text_in_another_form(text: str, same: str) -> None:
    assert written(text) == same


def test_operators_bind_as_in_python() -> None:
    values = {"a": 3.0, "b": 2.0}
    head = "a: Scalar\nb: Scalar\n"
    for text in ("-a**2", "a - b - a", "a / b / a", "2**b**2 * a", "a * -b", "-a / b", "a**-b"):
        wanted = eval(text, {}, values)  # the same text as Python
        assert sg.evaluate(f"{head}f = {text}", values) == pytest.approx(wanted, rel=1e-15)


def test_the_matrix_product_and_the_elementwise_product_differ() -> None:
    A, B = np.arange(4.0).reshape(2, 2), np.array([[1.0, 2.0], [3.0, 5.0]])
    head = "A: Matrix(n, n)\nB: Matrix(n, n)\nf = "
    np.testing.assert_array_equal(sg.evaluate(head + "A @ B", {"A": A, "B": B}), A @ B)
    np.testing.assert_array_equal(sg.evaluate(head + "A * B", {"A": A, "B": B}), A * B)
    np.testing.assert_array_equal(sg.evaluate(head + "A**2", {"A": A, "B": B}), A**2)


def test_numbers_are_exact_while_their_digits_are_few() -> None:
    assert expression(0.1).value == Fraction(1, 10)  # type: ignore[attr-defined]
    assert isinstance(expression(np.pi).value, (Fraction, float))  # type: ignore[attr-defined]
    (number,) = (
        e for e in leaves(sg.parse("a: Scalar\nf = 0.1 * a").output) if isinstance(e, Number)
    )
    assert number.value == Fraction(1, 10)


def test_a_dimension_is_a_number_in_expressions() -> None:
    program = "x: Vector(n)\nA: Matrix(m, n)\nf = sum(x) / n + m"
    assert sg.evaluate(program, {"x": np.ones(4), "A": np.ones((2, 4))}) == 3.0


def test_a_variable_and_a_dimension_may_have_one_name() -> None:
    problem = sg.parse("x: Vector(h)\nW: Matrix(h, h)\nh = W @ x\nloss = norm2(h)**2")
    assert sg.evaluate(problem, {"x": [1.0, 2.0], "W": np.eye(2)}) == 5.0


def test_dimensions_may_be_numbers() -> None:
    program = "x: Vector(2)\nloss = norm2(x)**2"
    assert sg.evaluate(program, {"x": [3.0, 4.0]}) == 25.0
    with pytest.raises(sg.DataError, match=r"x has shape \(3,\); \(2,\) is wanted"):
        sg.evaluate(program, {"x": np.ones(3)})


def test_comments_and_blank_lines_are_nothing() -> None:
    text = "# a net\n\nx: Vector(n)  # input\n\nloss = sum(x)  # ' ^ %\n# end\n"
    assert sg.parse(text).parameters == ("x",)


def test_windows_line_ends_are_line_ends() -> None:
    with pytest.raises(sg.UnknownNameError) as caught:
        sg.parse("x: Vector(n)\r\nloss = z\r\n")
    assert (caught.value.line, caught.value.column) == (2, 8)


def test_load_reads_a_file(tmp_path: object) -> None:
    file = f"{tmp_path}/α.sg"
    with open(file, "w", encoding="utf-8") as out:
        out.write("α: Scalar\nloss = α * α")
    problem = sg.load(file)
    assert (problem.filename, problem.parameters) == (file, ("α",))


def test_parts_of_a_problem() -> None:
    problem = sg.parse(f"{HEAD}h = A @ x\nloss = norm2(h)")
    assert list(problem.variables) == ["x", "y", "A", "B", "a", "b"]
    assert list(problem.definitions) == ["h"]
    assert (problem.output_name, unparse(problem.output)) == ("loss", "norm2(h)")
    assert isinstance(problem.output.arguments[0], Name)  # type: ignore[attr-defined]


def test_f_may_be_a_definition_or_the_last_line() -> None:
    assert sg.parse("x: Vector(n)\nf = 2 * x\nloss = sum(f)").output_name == "loss"
    assert sg.parse("x: Vector(n)\nf = 2 * x").output_name == "f"


def test_facts_are_read() -> None:
    declared = "p: Vector(n, simplex=True)\nS: Matrix(n, n, symmetric=True, data=True)\n"
    problem = sg.parse(f"{declared}q: Vector(n, positive=False)\nloss = p.T @ S @ q")
    facts = {name: set(v.facts) for name, v in problem.variables.items()}
    assert facts == {"p": {"simplex"}, "S": {"symmetric", "data"}, "q": set()}
    assert problem.parameters == ("p", "q")  # what is data is no parameter


BATCH = """\
x: Vector(d)
y: Vector(k, one_hot=True)
v: Index(k)
W: Matrix(k, d)
"""


def test_what_a_batch_binds_is_no_parameter() -> None:
    problem = sg.parse(BATCH + "loss = mean(norm2(W @ x - y)**2 for x, y in batch)")
    assert problem.batch == {"x": "batch", "y": "batch"}
    assert problem.parameters == ("W",)


def test_what_is_built_on_an_example_belongs_to_the_batch() -> None:
    problem = sg.parse(BATCH + "z = W @ x\nloss = sum(sum(z) for x in batch) / size(batch)")
    same = sg.parse(BATCH + "z = W @ x\nloss = sum(sum(z) for x in batch) / |batch|")
    assert unparse(same.output) == unparse(problem.output)
    assert problem.definitions["z"].batch == "batch"


BATCH_ERRORS = [
    ("loss = norm2(W @ x)\nq = sum(x for x in batch)", "norm2|belongs to one example"),
    ("z = W @ x\nloss = sum(z) + sum(sum(x) for x in batch)", "loss belongs to one example"),
    ("loss = sum(sum(W) for x in batch)", "does not use x: all examples are alike"),
    ("loss = sum(sum(x) for x in one) + sum(sum(x) for x in two)", "x belongs to two batches"),
    (
        "loss = sum(x.T @ W.T @ y for x in one) + sum(sum(y) for y in two)",
        "values of two batches meet: one and two",
    ),
    ("loss = sum(sum(x) for x[0] in batch)", "generator reads `for x, y in batch`"),
    ("loss = sum(sum(x) for x in batch if x)", "generator reads `for x, y in batch`"),
    ("loss = sum(sum(x) for x in batch for y in batch)", "generator reads `for x, y in batch`"),
    ("loss = norm2(x for x in batch)", "stands only inside sum"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), BATCH_ERRORS)
def test_wrong_batches(text: str, message: str) -> None:
    with pytest.raises(sg.SymgradError, match=message):
        sg.parse(BATCH + text)


GOOD_NAMES = ["x", "W1", "h_in", "lam", "alpha", "Sigma", "α", "β2", "T", "np", "self", "x_1_2"]
BAD_NAMES = ["_x", "x'", "lambda", "class", "é", "变", "ｘ", "x²", "ß", "sum", "loss2 y", "1a"]


@pytest.mark.parametrize("name", GOOD_NAMES)
def test_names_that_are_allowed(name: str) -> None:
    derivation = sg.derive(f"{name}: Vector(n)\nloss = {name}.T @ {name}")
    assert derivation.results[name].expression == f"2 * {name}"


@pytest.mark.parametrize("name", BAD_NAMES)
def test_names_that_are_not(name: str) -> None:
    with pytest.raises(sg.SymgradError):
        sg.parse(f"{name}: Vector(n)\nloss = 1")


def test_columns_count_characters() -> None:
    with pytest.raises(sg.UnknownNameError, match="q is not declared") as caught:
        sg.parse("α: Scalar\r\n# β\u2028γ\nx: Vector(n)\nloss = α * x.T @ q")
    assert (caught.value.line, caught.value.column) == (4, 18)


def test_a_name_that_a_sum_binds_has_its_place() -> None:
    with pytest.raises(sg.UnknownNameError, match="for y in batch: y is not declared") as caught:
        sg.parse("x: Vector(n)\nloss = 2 * sum(sum(x) for x, y in batch)")
    assert (caught.value.line, caught.value.column) == (2, 12)


def test_what_lines_say_among_the_names_of_a_problem() -> None:
    problem = sg.parse("x: Vector(n)\ny: Vector(n)\nr = x - y\nloss = r.T @ r")
    lines = syntax_tree("two = 2 + n - n\ngrad = two * r").body
    whole, expression = parse_within(problem, lines)
    assert list(whole.definitions) == ["r", "two"]
    assert (whole.variables, whole.output) == (problem.variables, problem.output)
    assert unparse(expression) == "two * r"
    for text in ("r = 2\nr", "two = 2\nx = 3", "x: Vector(n)\nx", "loss = 3\n5 * q"):
        with pytest.raises(sg.SymgradError) as caught:
            parse_within(problem, syntax_tree(text).body)
        assert caught.value.line is not None


CHAINS = [
    ("z = W @ x = (x.T @ W.T).T", ["(x.T @ W.T).T"]),
    ("z = W @ x = W @ x + 0 * (W @ x) = 2 * (W @ x) / 2", 2),
    ("z = y = W @ x", []),
    ("y = W @ x\nz = y = W @ x", ["y"]),
]


@pytest.mark.parametrize(("lines", "sides"), CHAINS)
def test_a_chain_of_equations_is_kept(lines: str, sides: list[str] | int) -> None:
    problem = sg.parse(f"W: Matrix(m, n)\nx: Vector(n)\n{lines}\nloss = norm2(z)**2")
    assert unparse(problem.definitions["z"]) == "W @ x"
    kept = [unparse(side) for _, side in problem.chains]
    assert len(kept) == sides if isinstance(sides, int) else kept == sides
    assert sg.derive(problem, "W").results["W"].expression.startswith("2 * ")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("loss = norm2(x)**2 = x", "the first is 1 x 1, the second n x 1"),
        ("loss = norm2(x)**2 = 2 * x.T @ x", "not equal at random numbers"),
    ],
)
def test_a_chain_whose_sides_differ_is_refused(line: str, message: str) -> None:
    with pytest.raises(sg.ProgramError if "random" in message else sg.ShapeError, match=message):
        sg.derive(f"x: Vector(n)\n{line}").text()


def test_what_is_said_to_be_equal_is_given() -> None:
    shown = sg.derive("x: Vector(n)\nL = loss = norm2(x)**2 = x.T @ x").text("result")
    assert "loss = norm2(x)**2 = x.T @ x" in shown
