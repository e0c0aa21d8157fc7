"""MathML: every command that symgrad prints, and an error for any other."""

from __future__ import annotations

from itertools import product
from xml.etree.ElementTree import Element, fromstring, tostring

import pytest

from symgrad.errors import SymgradError
from symgrad.language.dimensions import ONE, SCALAR, dims
from symgrad.language.expressions import OPERATIONS, Call, Name, Number, Operation
from symgrad.language.names import LATEX, latex_name
from symgrad.rendering.latex import latex_expression
from symgrad.rendering.mathml import mathml, pieces

(n,) = dims("n")
ARGUMENTS = [
    Name("x", (n, ONE)),
    Name("A", (n, n)),
    Name("s", SCALAR),
    Name("v", SCALAR, index_of=n),
    Name("B", (n, n)),
]
OPTIONS = {"variables": "x, y", "batch": "batch", "axis": 1, "shape": (n, ONE), "spec": "i->i"}


def inside(latex: str) -> str:
    """What stands in the <math> element."""
    return "".join(tostring(child, encoding="unicode") for child in mathml(latex))


def calls(operation: Operation) -> list[Call]:
    """The operation on all that it takes of scalars, vectors, matrices and labels."""
    options = {key: value for key, value in OPTIONS.items() if key in operation.options}
    found = []
    for arguments in product(ARGUMENTS, repeat=operation.arity[0]):
        for chosen in ({}, options):
            try:
                found.append(operation.node(arguments, chosen))
            except (SymgradError, KeyError):
                continue
    return found


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=lambda operation: operation.name)
def test_every_operation_is_written(operation: Operation) -> None:
    written = set()
    for call in calls(operation):
        try:
            written.add(latex_expression(call))
        except KeyError:  # a template with an option that was not given
            continue
    assert written
    for latex in written:
        page = tostring(mathml(latex), encoding="unicode")
        assert "\\" not in "".join(fromstring(page).itertext())


@pytest.mark.parametrize(
    "name", [*LATEX, "W1", "A_hat", "b_bar1", "z_tilde", "hidden", "\u03a9", "\u03b12"]
)
def test_every_name_is_written(name: str) -> None:
    assert "".join(mathml(latex_name(name)).itertext())


@pytest.mark.parametrize(
    ("latex", "expected"),
    [
        (r"\frac{1}{2}", "<mfrac><mn>1</mn><mn>2</mn></mfrac>"),
        (r"\sqrt{x}", "<msqrt><mi>x</mi></msqrt>"),
        (r"x_{1}^{\top}", '<msubsup><mi>x</mi><mn>1</mn><mi mathvariant="normal">⊤</mi></msubsup>'),
        ("x^2_1", "<msubsup><mi>x</mi><mn>1</mn><mn>2</mn></msubsup>"),
        (r"\mathbb{R}", '<mi mathvariant="normal">ℝ</mi>'),
        (r"\mathbf{e}", '<mi mathvariant="normal">𝐞</mi>'),
        (r"\mathrm{batch}", "<mi>batch</mi>"),
        (r"\operatorname{log\,softmax}", "<mi>log\u2009softmax</mi>"),
        (r"\text{(one-hot)}", "<mtext>(one-hot)</mtext>"),
        (r"\sum_{i} x", "<munder><mo>∑</mo><mi>i</mi></munder><mi>x</mi>"),
        ("0.5 x", "<mn>0.5</mn><mi>x</mi>"),
        (r"\hat{A}", '<mover accent="true"><mi>A</mi><mo stretchy="false">^</mo></mover>'),
        ("", ""),
    ],
)
def test_elements(latex: str, expected: str) -> None:
    assert inside(latex) == expected


def signs(latex: str) -> list[str | None]:
    return [sign.get("form") for sign in mathml(latex).iter("mo") if sign.text == "\u2212"]


def test_a_minus_is_a_sign_or_a_difference() -> None:
    assert signs("-a - b") == ["prefix", "infix"]
    assert signs(r"= -\left(-a - b\right)") == ["prefix", "prefix", "infix"]
    assert signs(r"a \odot -b") == ["prefix"]
    assert signs(r"a^{-1} - b") == ["prefix", "infix"]


def fence(latex: str) -> tuple[str | None, str | None, str | None]:
    row = next(mathml(latex).iter("mrow"))
    return row[0].text, row[0].get("stretchy"), row[-1].text


@pytest.mark.parametrize(
    ("latex", "expected"),
    [
        (r"\left(a\right)", ("(", "false", ")")),
        (r"\left(\frac{a}{b}\right)", ("(", "true", ")")),
        (r"\left\lVert a \right\rVert", ("‖", "false", "‖")),
        (r"\left\langle a, b \right\rangle", ("⟨", "false", "⟩")),
        (r"\{1, \dots, n\}", ("{", "false", "}")),
        ("[i = j]", ("[", "false", "]")),
        ("|B|", ("|", "false", "|")),
        (r"\left|\frac{a}{b}\right|", ("|", "true", "|")),
    ],
)
def test_delimiters_grow_only_where_they_must(
    latex: str, expected: tuple[str | None, str | None, str | None]
) -> None:
    assert fence(latex) == expected


def test_words_stand_apart() -> None:
    space = '<mspace width="0.167em" />'
    assert inside(r"\log x") == f"<mi>log</mi>{space}<mi>x</mi>"
    assert space in inside(r"\mathrm{near} \left(x\right)")
    assert space not in inside(r"\operatorname{relu}\left(x\right)")
    assert space not in inside("W x")


def alttexts(elements: list[Element]) -> list[str | None]:
    return [element.get("alttext") for element in elements]


def test_a_long_formula_breaks_outside_parentheses_alone() -> None:
    latex = r"= -a + \left(b - c\right) [i = j] - d^{-1} = e"
    wanted = ["= -a", r"+ \left(b - c\right) [i = j]", "- d^{-1}", "= e"]
    assert alttexts(pieces(latex)) == wanted
    text = "".join("".join(part.itertext()) for part in pieces(latex))
    assert text == "".join(mathml(latex).itertext())
    assert alttexts(pieces("")) == [""]


@pytest.mark.parametrize(
    ("latex", "message"),
    [
        (r"\unknown x", r"there is no MathML for \unknown"),
        ("a & b", "there is no MathML for &"),
        ("{a", "the formula ends too early"),
        (r"\frac{a}", "the formula ends too early"),
        ("a}", "} closes nothing"),
        (r"\left(a]", "] closes nothing"),
        (r"\left) a", ") opens nothing"),
        ("^{2}", "^ stands at nothing"),
        (r"\mathbf{+}", r"\mathbf has no +"),
    ],
)
def test_what_symgrad_does_not_print_is_an_error(latex: str, message: str) -> None:
    with pytest.raises(ValueError) as caught:
        mathml(latex)
    assert str(caught.value) == message


def test_deep_formulas() -> None:
    latex = r"\exp\left(" * 200 + "x" + r"\right)" * 200
    assert "".join(mathml(latex).itertext()).count("exp") == 200
    assert tostring(mathml(latex), encoding="unicode")


def test_numbers() -> None:
    assert inside(latex_expression(Number(1e-7))).startswith("<msup><mn>10</mn>")
