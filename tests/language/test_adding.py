"""An operation added in one file, after symgrad was imported, is everywhere: parser, derivation,
every format, every back end, the catalog."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import sympy

import symgrad as sg
from symgrad.errors import ProgramError
from symgrad.language.expressions import OPERATIONS, Operation, ShapeRule, register
from symgrad.language.operations.contractions import total
from symgrad.language.operations.elementwise import composite, elementwise
from symgrad.language.operations.meanings import Function
from symgrad.language.operations.piecewise import absolute
from symgrad.language.operations.smooth import exp, log
from symgrad.language.shapes import along_axis
from symgrad.rendering.markdown import kept

BACKENDS = [
    {},
    {"dtype": "float32"},
    {"reuse_buffers": True},
    {"modules": "numba"},
    {"modules": "array_api"},
]


def softsign() -> Operation:
    """A kernel that is a lambda."""
    return elementwise(
        "softsign",
        lambda x: x / (1 + sympy.Abs(x)),
        lambda xp, x: x / (1 + xp.abs(x)),
        derivative=lambda x: (1 / (1 + absolute(x)) ** 2,),
        latex=r"\operatorname{soft}_{\leftarrow}",
    )


def _bump(xp: Any, x: Any, y: Any) -> Any:
    """Typed, with a branch, a comparison and a power."""
    return xp.where(x > 0, y * x**2, xp.exp(-abs(x)) - 1.0)


def bump() -> Operation:
    """A kernel with types and a branch."""
    return elementwise(
        "bump",
        lambda x, y: sympy.Piecewise((y * x**2, x > 0), (sympy.exp(x) - 1, True)),
        _bump,
        arity=2,
        derivative=lambda x, y: (
            2 * y * x * OPERATIONS["step"](x) + exp(x) * OPERATIONS["step"](-x),
            x * x * OPERATIONS["step"](x),
        ),
        kink=lambda x, y: x,
        latex=r"\mathcal{B}",
    )


def _softmin(xp: Any, x: Any, axis: Any) -> Any:
    e = xp.exp(-(x + xp.max(-x, axis)))
    return e / xp.sum(e, axis)


def _kept(arguments: Any, options: Any) -> Any:
    along_axis("softmin", arguments[0], options)
    return arguments[0].shape


def softmin() -> Operation:
    """A function of a vector, or of each row, with a typed kernel."""
    shape: ShapeRule = _kept
    return register(
        Operation(
            name="softmin",
            meaning=Function(
                over="vector",
                definition=lambda x: exp(-x) / total(exp(-x)),
                pullback=lambda g, p, x: (-(p * (g - total(g * p))),),
                kernel=_softmin,
            ),
            shape=shape,
            options=("axis",),
            rule="softmin",
            sentence="The incoming gradient meets the Jacobian of p = softmin(x), p p^T - diag(p).",
            latex=r"\operatorname{soft\,min}",
        )
    )


def focal() -> Operation:
    """A loss with a parameter."""
    return composite(
        "focal",
        lambda p, *, gamma=2: -((1 - p) ** gamma) * log(p),
        category="loss",
        latex=r"\operatorname{FL}",
    )


CASES = {
    softsign: ("loss = sum(softsign(W @ x))", r"\operatorname{soft}_{\leftarrow}"),
    bump: ("loss = sum(bump(W @ x, x))", r"\mathcal{B}"),
    softmin: ("loss = sum(softmin(W, axis=1) @ x) + x.T @ softmin(x)", r"\operatorname{soft\,min}"),
    focal: ("loss = sum(focal(sigmoid(W @ x), gamma=1.5))", r"\operatorname{FL}_{\gamma ="),
}


@pytest.fixture
def added(request: pytest.FixtureRequest) -> Iterator[Operation]:
    """The operation, for one test."""
    operation = request.param()
    yield operation
    del OPERATIONS[operation.name]


each = pytest.mark.parametrize(
    ("added", "text", "latex"),
    [(make, *case) for make, case in CASES.items()],
    indirect=["added"],
    ids=lambda x: x if isinstance(x, str) and x.startswith("loss") else "",
)
HEAD = "W: Matrix(3, 3)\nx: Vector(3)\n"


def inputs() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {"W": rng.standard_normal((3, 3)), "x": rng.standard_normal(3)}


def numbers(result: tuple[Any, dict[Any, Any]]) -> np.ndarray:
    """The value and the derivatives, one after the other."""
    value, derivatives = result
    return np.concatenate([np.ravel(np.asarray(a, float)) for a in (value, *derivatives.values())])


@each
def test_it_is_derived_verified_and_checked(added: Operation, text: str, latex: str) -> None:
    derivation = sg.derive(HEAD + text)
    assert derivation.verify().passed
    assert sg.check_gradient(HEAD + text, None, inputs()).passed


@each
def test_every_format_shows_it(added: Operation, text: str, latex: str) -> None:
    derivation = sg.derive(HEAD + text)
    assert latex in derivation.latex(level="full")
    assert kept(latex) in derivation.markdown()
    assert "<math" in derivation.html(level="full")
    assert f"{added.name}(" in derivation.text()
    assert added.name in derivation.json()
    again = sg.parse(f"{HEAD}{text}")
    assert numbers((sg.evaluate(again, inputs()), {})) == pytest.approx(
        numbers((derivation.lambdify()(inputs())[0], {}))
    )


@each
@pytest.mark.parametrize("options", BACKENDS, ids=str)
def test_every_back_end_computes_it(
    added: Operation, text: str, latex: str, options: dict[str, Any]
) -> None:
    module = {"numba": "numba", "array_api": "array_api_compat"}.get(options.get("modules", ""))
    if module:
        pytest.importorskip(module)
    derivation = sg.derive(HEAD + text)
    dtype = options.get("dtype", "float64")
    given = {name: a.astype(dtype) for name, a in inputs().items()}
    got, wanted = derivation.lambdify(**options)(given), derivation.lambdify()(inputs())
    tolerance = 1e-4 if dtype == "float32" else 1e-12
    np.testing.assert_allclose(numbers(got), numbers(wanted), rtol=tolerance, atol=tolerance)


@each
def test_the_source_runs_without_symgrad(added: Operation, text: str, latex: str) -> None:
    function = sg.derive(HEAD + text).lambdify()
    arguments = ", ".join(repr(inputs()[name].tolist()) for name in function.inputs)
    script = (
        f"{function.source}\nimport sys\n"
        f"value = function(*map(np.array, ({arguments},)))[0]\n"
        "assert not any(m.startswith('symgrad') for m in sys.modules)\nprint(float(value))\n"
    )
    command = [sys.executable, "-I", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert float(done.stdout) == pytest.approx(float(function(inputs())[0]))


@pytest.mark.parametrize("added", list(CASES), indirect=True, ids=lambda make: make.__name__)
def test_it_is_in_the_catalog_and_a_function_of_sympy(added: Operation) -> None:
    line = next(line for line in sg.catalog().splitlines() if f"{added.name}(" in line)
    assert line.strip()
    symbols = [sg.Vector(name, 3) for name in ("x", "y")[: added.arity[1]]]
    made = getattr(sg, added.name)(*symbols)
    assert str(made) == f"{added.name}({', '.join(map(str, symbols))})"
    assert "no attribute" not in str(made)


def test_a_parameter_is_a_number_that_is_known() -> None:
    operation = focal()
    try:
        for text, message in (
            ("focal(p, gamma=p)", "focal: gamma must be a number, not p"),
            ("focal(p, gama=1)", "focal has no option gama"),
        ):
            with pytest.raises(sg.SymgradError, match=message):
                sg.parse(f"p: Scalar\nloss = {text}")
        by_sympy = sg.derive(sg.focal(sg.Scalar("p"), gamma=0.5))  # type: ignore[attr-defined]
        by_text = sg.derive("p: Scalar\nloss = focal(p, gamma=0.5)")
        assert by_sympy.results["p"].expression == by_text.results["p"].expression
        assert by_text.text().count("focal(p, gamma=0.5)")
    finally:
        del OPERATIONS[operation.name]


def test_a_kernel_of_other_arguments_is_refused_where_it_is_declared() -> None:
    with pytest.raises(ProgramError, match=r"odd: its kernel is a function kernel\(xp, x\)"):
        elementwise("odd", lambda x: x, lambda x: x, derivative=lambda x: (1,))  # type: ignore[arg-type]
    assert "odd" not in OPERATIONS


@pytest.mark.parametrize(
    ("kernel", "message"),
    [
        (lambda xp, x: np.abs(x), "odd: its kernel"),
        (lambda xp, x: x if x > 0 else -x, "xp.where"),
        (lambda xp, x: xp.gamma(x), "xp has no function gamma"),
    ],
)
def test_a_kernel_without_a_trace_is_said(kernel: Any, message: str) -> None:
    elementwise("odd", lambda x: sympy.Abs(x), kernel, derivative=lambda x: (absolute(x) / x,))
    try:
        with pytest.raises(sg.SymgradError, match=message):
            sg.derive("x: Scalar\nloss = odd(x)").lambdify()
    finally:
        del OPERATIONS["odd"]


PROMPT = """
import sympy
import symgrad as sg
from symgrad.language.operations.elementwise import elementwise
from symgrad.language.operations.piecewise import absolute
def kernel(xp, x):
    return x / (1 + xp.abs(x))

softer = elementwise("softer", lambda x: x / (1 + sympy.Abs(x)), kernel,
    derivative=lambda x: (1 / (1 + absolute(x)) ** 2,), latex=r"\\mathfrak{s}_{\\circlearrowright}")
d = sg.derive("x: Scalar\\nloss = softer(x)")
value, slope = d.lambdify()(x=1.0)
print(d.verify().passed, float(value), float(slope["x"]))
print(sg.softer(sg.Scalar("t")), "<math" in d.html())
"""


def test_one_defined_at_the_prompt() -> None:
    done = subprocess.run(
        [sys.executable, "-i", "-q"], input=PROMPT, capture_output=True, text=True, check=True
    )
    assert "Error" not in done.stderr
    assert done.stdout.split() == ["True", "0.5", "0.25", "softer(t)", "True"]
