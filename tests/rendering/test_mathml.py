"""MathML: well-formed whatever is written, with the signs told unary or binary."""

from __future__ import annotations

from fractions import Fraction as Rational
from itertools import product
from xml.etree.ElementTree import fromstring, tostring

import pytest

from symgrad.errors import SymgradError
from symgrad.language.composing import (
    TWO,
    applied,
    chain,
    indicator,
    juxtaposed,
    listed,
    lowered,
    magnitude,
    negative,
    norm,
    raised,
    summed,
    transposed,
)
from symgrad.language.dimensions import ONE, SCALAR, dims
from symgrad.language.expressions import OPERATIONS, Call, Name, Operation
from symgrad.language.formula import (
    Cases,
    Fence,
    Formula,
    Infix,
    Named,
    Number,
    Root,
    Symbol,
    Words,
)
from symgrad.language.names import LATEX
from symgrad.language.quotients import number, quotient
from symgrad.language.typeset import typeset
from symgrad.rendering.mathml import mathml, symbol
from tests.calls import calls as of_kinds
from tests.shown import shown

(n,) = dims("n")
ARGUMENTS = [
    Name("x", (n, ONE)),
    Name("A", (n, n)),
    Name("s", SCALAR),
    Name("v", SCALAR, index_of=n),
    Name("B", (n, n)),
]
OPTIONS = {"variables": "x, y", "batch": "batch", "axis": 1, "shape": (n, ONE), "spec": "i->i"}
a, b, c = (Named(name=name) for name in "abc")


def inside(formula: Formula) -> str:
    """The elements of a formula, without the names in them."""
    element = mathml(formula)[0][0]
    for part in element.iter():
        part.attrib.pop("data-name", None)
    return tostring(element, encoding="unicode")


def calls(operation: Operation) -> list[Call]:
    """The operation on all that it takes of scalars, vectors, matrices and labels."""
    if operation.category == "entries":
        return [*of_kinds(operation)]
    options = {key: value for key, value in OPTIONS.items() if key in operation.options}
    found = []
    some = ARGUMENTS[:2] if operation.arity[1] > 3 else ARGUMENTS
    for arguments in (x for count in {*operation.arity} for x in product(some, repeat=count)):
        for chosen in ({}, options):
            try:
                found.append(operation.node(arguments, chosen))
            except (SymgradError, KeyError):
                continue
    return found


WITHIN = ("place", "number_of")  # they stand in entries and sums
ALONE = [operation for name, operation in OPERATIONS.items() if name not in WITHIN]


@pytest.mark.parametrize("operation", ALONE, ids=lambda operation: operation.name)
def test_every_operation_is_written(operation: Operation) -> None:
    written = 0
    for call in calls(operation):
        if operation.category == "batch" and not call.options:
            continue
        page = tostring(mathml(typeset(call)), encoding="unicode")
        assert "\\" not in shown(fromstring(page))
        written += 1
    assert written


@pytest.mark.parametrize(
    "name", [*LATEX, "W1", "A_hat", "b_bar1", "z_tilde", "hidden", "\u03a9", "\u03b12"]
)
def test_every_name_is_written(name: str) -> None:
    text = shown(mathml(Named(name=name)))
    assert text and "\\" not in text


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (r"\operatorname{cumsum}_{\leftarrow}", "cumsum\u2190"),
        (r"\unheardof", "unheardof"),
        (r"\operatorname{log\,softmax}", "log softmax"),
        (r"\mathbb{R}", "\u211d"),
        (r"\mathbf{e}", "\U0001d41e"),
        (r"\mathrm{x\_1}", "x_1"),
        (r"f^{\star}_{2}", "f\u22c62"),
    ],
)
def test_any_latex_of_a_record_is_written(latex: str, text: str) -> None:
    assert "".join(symbol(latex).itertext()) == text


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        (quotient(a, b), "<mfrac><mi>a</mi><mi>b</mi></mfrac>"),
        (Root((a,)), "<msqrt><mi>a</mi></msqrt>"),
        (
            transposed(lowered(a, Number(digits="1"))),
            '<msubsup><mi>a</mi><mn>1</mn><mi mathvariant="normal">⊤</mi></msubsup>',
        ),
        (Words(text="(one-hot)"), "<mtext>(one-hot)</mtext>"),
        (
            summed(Symbol(latex="i"), a),
            "<mrow><munder><mo>∑</mo><mi>i</mi></munder><mi>a</mi></mrow>",
        ),
        (
            Named(name="A_hat"),
            '<mover accent="true"><mi>A</mi><mo stretchy="false">^</mo></mover>',
        ),
    ],
)
def test_elements(formula: Formula, expected: str) -> None:
    assert inside(formula) == expected


def signs(formula: Formula) -> list[str | None]:
    return [sign.get("form") for sign in mathml(formula).iter("mo") if sign.text == "\u2212"]


def test_a_minus_is_a_sign_or_a_difference() -> None:
    assert signs(chain("-", negative(a), b)) == ["prefix", "infix"]
    assert signs(negative(chain("-", negative(a), b))) == ["prefix", "prefix", "infix"]
    assert signs(chain("-", raised(a, number(Rational(-1))), b)) == ["prefix", "infix"]


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        (Fence((a,)), ("(", "false", ")")),
        (Fence((quotient(a, b),)), ("(", "true", ")")),
        (norm(a), ("‖", "false", "‖")),
        (Fence((listed((a, b)),), left=r"\langle", right=r"\rangle"), ("⟨", "false", "⟩")),
        (Fence((a,), left=r"\{", right=r"\}"), ("{", "false", "}")),
        (indicator(a, "=", b), ("[", "false", "]")),
        (magnitude(quotient(a, b)), ("|", "true", "|")),
    ],
)
def test_delimiters_grow_only_where_they_must(
    formula: Formula, expected: tuple[str | None, str | None, str | None]
) -> None:
    row = next(mathml(formula).iter("mrow"))
    assert (row[0].text, row[0].get("stretchy"), row[-1].text) == expected


def test_words_stand_apart() -> None:
    space = '<mspace width="0.167em" />'
    words = (Named(name="near"), Named(name="far"))
    assert space in inside(juxtaposed(*words))
    assert space in inside(juxtaposed(a, applied(Symbol(latex=r"\log"), b)))
    assert space not in inside(juxtaposed(a, b))
    assert "⋅" in inside(juxtaposed(a, TWO))


def test_cases_are_a_table() -> None:
    positive = Infix((a, Number(digits="0")), signs=(">",), binds=1)
    written = mathml(Cases((a, positive, Number(digits="0"))))
    assert ["".join(row.itertext()) for row in written.iter("mtr")] == ["aa>0", "0else"]


def test_deep_formulas() -> None:
    formula: Formula = a
    for _ in range(200):
        formula = applied(Symbol(latex=r"\exp"), formula)
    assert shown(mathml(formula)).count("exp") == 200
    assert tostring(mathml(formula), encoding="unicode")


def test_a_name_is_marked_and_stands_between_its_scripts() -> None:
    (element,) = mathml(transposed(Named(name="W2"))).iter("msubsup")
    assert (shown(element), element.get("data-name")) == ("W2\u22a4", "W2")
    assert not [x for x in mathml(negative(Number(digits="1"))).iter() if x.get("data-name")]


def test_numbers() -> None:
    assert inside(number(1e-13)).startswith("<msup><mn>10</mn>")
