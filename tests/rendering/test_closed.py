"""What is printed uses only names that the same output defines, and defines none that it does not
use: every format is a fold of the equations that are read here, every level its own choice."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

import symgrad as sg
from symgrad.calculus.proofs.proof import proof_of
from symgrad.examples import names as examples
from symgrad.examples import text as example
from symgrad.language.expressions import OPERATIONS
from symgrad.language.operations.entries import ARRAYS
from symgrad.language.plain import plain_text
from symgrad.language.scope import function_names
from symgrad.language.tex import latex
from symgrad.rendering.answers import answers
from symgrad.rendering.document import LEVELS, Document
from symgrad.rendering.equations import Equation
from symgrad.rendering.given import program
from symgrad.rendering.outline import document
from tests.derived import KINDS, of_case

from ..properties.programs import program as random_program

FILE = Path(__file__).parent.parent / "cases" / "cases.json"
CASES = json.loads(FILE.read_text(encoding="utf-8"))["cases"]
WORDS = {"for", "in", "T", "axis", "pi", "e", "vec", "range", *ARRAYS, *function_names()}
NAME = re.compile(r"(?<![\w.])[^\W\d]\w*")
INDEXED = re.compile(r"^\((.*)\)_\w+$|^(\w+)_[i-v]{2,}$")
QUOTED = re.compile(r'"[^"]*"')
BOUND = re.compile(r"\bfor (\w+) in range")


class _Checks:
    """The outline needs what its last line says; that is none of what is looked at here."""

    max_relative_error = 0.0
    sentence = ""


def outline(derivation: sg.Derivation, level: str) -> Document:
    """The document of a level, its proofs unchecked."""
    steps = derivation.steps if level == "full" else ()
    found = {step.number: proof_of(derivation.data, step, "index") for step in steps}
    proofs = {number: proof for number, proof in found.items() if proof is not None}
    return document(derivation.data, _Checks(), level, proofs)


def given(derivation: sg.Derivation, doc: Document | None = None) -> set[str]:
    """The names of variables, those that a document lists where there is one, of dimensions and of
    batches."""
    problem = derivation.problem
    variables = [*problem.variables.values(), *derivation.data.seed_variables]
    dims = {str(s) for v in variables for d in v.dims for s in d.free_symbols}
    options = {name for o in OPERATIONS.values() for name in o.parameters}
    listed = {v.name for v in variables}
    if doc is not None:
        listed = {plain_text(space).split(" in ")[0] for space, _ in doc.variables}
    return {*listed, *dims, *problem.batch.values(), *options}


def equations(doc: Document) -> Iterator[Equation]:
    yield from doc.program
    yield from (line.equation for _, lines in doc.parts for line in lines)
    yield from doc.equations


def lefts(equation: Equation) -> list[str]:
    """What an equation defines, as text without indices; of `L = loss` both."""
    return [INDEXED.sub(r"\1\2", p) for p in plain_text(equation.formulas[0]).split(" = ")]


def uses(text: str, left: str) -> str:
    """The text without a name; a derivative's may hold brackets."""
    return re.sub(rf"(?<![\w.])(d\w+/d)?{re.escape(left)}(?!\w)", " ", text)


def undefined(derivation: sg.Derivation, doc: Document) -> list[str]:
    """The names in right sides that no earlier left side and no declaration has."""
    known, found = given(derivation, doc) | WORDS, []
    defined: list[str] = []
    for equation in equations(doc):
        if equation.kind == "vectorized" and "K is the commutation matrix" in doc.layout:
            known = known | {"K"}
        for side in equation.sides:
            text = QUOTED.sub("", plain_text(side))
            named = known | {*BOUND.findall(text)}
            for left in sorted(defined, key=len, reverse=True):
                text = uses(text, left)
            found += [f"{n} in {plain_text(side)}" for n in NAME.findall(text) if n not in named]
        if equation.kind not in ("result", "vectorized"):
            twice = {*lefts(equation)} & {*defined} if equation.kind == "definition" else ()
            found += [f"{name} twice" for name in twice]
            defined += lefts(equation)
    return found


def unused(derivation: sg.Derivation, doc: Document) -> list[str]:
    """The left sides of definitions and cotangents that stand nowhere else; those by the variables
    are what was asked for."""
    every = list(equations(doc))
    asked = {*derivation.data.inputs.values()}
    needed = [e for e in every if e.kind == "definition"]
    needed += [line.equation for line in doc.lines("backward") if line.step.of not in asked]
    found = []
    for equation in needed:
        (left,) = lefts(equation)
        others = [plain_text(f) for e in every if e is not equation for f in e.formulas]
        if all(uses(text, left) == text for text in others):
            found.append(left)
    return found


def assert_closed(derivation: sg.Derivation) -> None:
    for level in LEVELS:
        doc = outline(derivation, level)
        assert undefined(derivation, doc) == [], level
        assert unused(derivation, doc) == [], level


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_the_pages_of_a_case_are_closed(case: dict[str, str]) -> None:
    assert_closed(of_case(case))


@pytest.mark.parametrize("name", examples())
def test_the_pages_of_an_example_are_closed(name: str) -> None:
    for kind in ("gradient", "hvp", "directional", "pullback"):
        assert_closed(KINDS[kind](example(name)))


@pytest.mark.parametrize("seed", range(40))
def test_the_pages_of_a_random_program_are_closed(seed: int) -> None:
    assert_closed(sg.derive(random_program(Random(seed)).text))


@pytest.mark.parametrize("seed", range(8))
def test_the_pages_of_several_blocks_are_closed(seed: int) -> None:
    text = random_program(Random(seed), depth=2).text
    for kind in ("hessian", "hvp", "directional", "pullback"):
        assert_closed(KINDS[kind](text))


OPEN = (  # a result that is written by the names of the steps, and one with definitions of its own
    "x: Vector(n)\ng: Vector(n)\ny = exp(x)\nloss = dot(g, (y - mean(y)) / norm2(y - mean(y)))",
    "W: Matrix(n, n)\nx: Vector(n)\nh = tanh(W @ tanh(W @ tanh(W @ x)))\nloss = norm2(h)**2",
)


def on_one_line(page: str) -> str:
    """LaTeX in which no row goes on below, and brackets of any size are alike."""
    page = re.sub(r" \\notag \\\\\n&(?:\\qquad)?", "", page)
    return re.sub(r"\\(?:left|right|[bB]ig[lr])(?=[()])", "", page)


@pytest.mark.parametrize("text", OPEN)
def test_every_format_has_the_program_and_the_definitions(text: str) -> None:
    derivation = sg.derive(text)
    data = derivation.data
    own = [e for answer in answers(data, stepwise=False) for e in answer.equations]
    assert len(own) > len(data.outcomes)
    pages = [page("result") for page in (derivation.latex, derivation.markdown)]
    for page in (*pages, derivation._repr_latex_()):
        told = " ".join(on_one_line(page).split())
        for equation in (*program(data), *own):
            assert on_one_line(latex(equation.formulas[-1], data.table)) in told
    text = " ".join(derivation.text("result").split())
    for equation in (*program(data), *own):
        assert plain_text(equation.formulas[-1]) in text
    rows = derivation.html("result").count('class="definition"')
    assert rows == sum(e.kind == "definition" for e in own)


@pytest.mark.parametrize("text", OPEN)
def test_json_defines_what_it_uses(text: str) -> None:
    derivation = sg.derive(text)
    content = json.loads(derivation.json())
    known = given(derivation) | WORDS | {content["output"]["called"], content["output"]["name"]}
    known |= {each["name"] for each in content["definitions"]}
    for step in content["steps"]:
        assert names_in(step["right"]) <= known
        known |= names_in(step["left"])
    for result in content["results"]:
        for name, value in result["definitions"]:
            assert names_in(value) <= known
            known.add(name)
        assert names_in(result["expression"]) <= known


def names_in(text: str) -> set[str]:
    """The names in a text, a derivative such as dL/dz being one."""
    pieces = re.findall(r"d\w+/d\w+|(?<![\w.])[^\W\d]\w*", QUOTED.sub("", text))
    return {*pieces}


LETTERED = (  # results that are long in index notation: by the names of the steps, which are there
    "x: Vector(n)\nk: Vector(m)\nloss = norm2(x)**2 + sum((sum(k[j] * x[i + j] for j in range(m))"
    " - x[i])**2 for i in range(n - m + 1))",
    "x: Vector(n)\ny: Vector(n)\nlam: Scalar\n"
    "loss = norm2(x - y)**2 + lam * sum((x[i + 1] - x[i])**2 for i in range(n - 1))",
    "x: Vector(n)\ny: Vector(n)\nu = vector(exp(x[i] * x[n - 1 - i]) for i in range(n))\nloss = "
    "sum(log(1 + exp(-y[i] * sum(u[j] * cos(i - j) for j in range(i + 1)))) for i in range(n))",
    "T: Tensor(m, n, p)\nx: Vector(n)\ny: Vector(p)\nz: Vector(m)\nloss = sum(exp(z[i] * tanh("
    "sum(T[i, j, k] * x[j] * y[k] for j in range(n) for k in range(p)))) for i in range(m))",
)


@pytest.mark.parametrize("text", LETTERED)
def test_the_pages_of_index_programs_are_closed(text: str) -> None:
    for kind in ("gradient", "directional"):
        assert_closed(KINDS[kind](text))


OUR_NAMES = [  # programs that have names which we would give
    (
        "pullback",
        "G: Vector(n)\nL: Matrix(n, n)\nf = exp(L @ G)",
        "G_f in R^n, upstream gradient",
    ),
    ("hvp", "x: Vector(n)\ndx: Vector(n)\nloss = sum(exp(x * dx))", "d_x in R^n, direction of x"),
    ("directional", "x: Vector(n)\ndf: Scalar\nf = df * exp(x)", "d_f = exp(x) * (ddf + df * dx)"),
    (
        "gradient",
        "g: Vector(n)\nr: Vector(n)\nL: Scalar\nloss = L * sum(g / std(r))",
        "grad_r loss",
    ),
    ("gradient", "x: Vector(n)\ne = exp(x)\nloss = norm2(e)**2", "dL/de = 2 * e"),
    (
        "jacobian",
        "x: Vector(n)\nA: Matrix(m, n)\nf = mean(exp(A @ x) for x in batch)",
        "tensor((i == j) * sum(x[k] * exp(sum(A[j, l] * x[l] for l in range(n))) for x in batch)",
    ),
]


@pytest.mark.parametrize(("kind", "text", "shown"), OUR_NAMES)
def test_the_user_s_names_come_first(kind: str, text: str, shown: str) -> None:
    derivation = KINDS[kind](text)
    assert_closed(derivation)
    assert shown in derivation.text(width=120)


def test_what_several_results_use_is_defined_once() -> None:
    """The five products of a recurrent net with three steps have eight definitions together."""
    (case,) = (c for c in CASES if c["id"] == "deep-rnn3-hvp")
    found = [e for e in outline(of_case(case), "result").equations if e.kind == "definition"]
    assert len(found) == len({plain_text(e.sides[0]) for e in found}) == 8
