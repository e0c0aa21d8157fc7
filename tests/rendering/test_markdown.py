"""Markdown: formulas between dollar signs that every renderer keeps, and the golden files."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

import symgrad as sg
from symgrad.examples import names, text
from symgrad.language.markup import literal
from symgrad.rendering.markdown import display, inline, kept
from tests.derived import of_case, of_example
from tests.test_cases import CASES

SHOWN = ["two_layer_linear", "softmax_regression", "graph_convolution"]
Golden = Callable[[str, str], None]
FORMULA = re.compile(r"\$\$(.+?)\$\$|\$`(.+?)`\$|(?<!\\)\$([^`$].*?)\$|```math\n(.+?)\n```", re.S)
MARK = "\x00"  # where Markdown made something of the text


@pytest.mark.parametrize("name", SHOWN)
def test_golden(name: str, golden: Golden) -> None:
    golden(f"{name}.md.txt", sg.derive(text(name)).markdown("full"))


@pytest.mark.parametrize("level", ["result", "steps", "full"])
@pytest.mark.parametrize("name", names())
def test_dollar_signs_pair_up_in_every_line(name: str, level: str) -> None:
    lines = sg.derive(text(name)).markdown(level).splitlines()
    assert all(line.count("$") % 2 == 0 for line in lines)
    formulas = [line for line in lines if line.startswith("$$")]
    assert formulas and all(line.endswith("$$") and len(line) > 4 for line in formulas)
    headings = [line for line in lines if line.startswith("#")]
    steps = [] if level == "result" else ["### Forward", "### Backward"]
    steps = ["### Chain rule", *steps] if level == "full" else steps
    assert headings == ["## Gradient", *steps, "### Result"]


def formulas(page: str) -> list[str]:
    """The formulas of a page as it is written."""
    return ["".join(filter(None, match.groups())) for match in FORMULA.finditer(page)]


def rendered(page: str) -> list[str]:
    """The formulas that arrive behind a renderer of CommonMark."""
    reader = pytest.importorskip("markdown_it").MarkdownIt("commonmark")
    text = ""
    for token in reader.parse(page):
        if token.type == "fence":
            text += f"```{token.info}\n{token.content}```\n"
        for child in token.children or ():
            written = {"text": child.content, "code_inline": f"`{child.content}`"}
            text += written.get(child.type, "\n" if child.type.endswith("break") else MARK)
        text += "\n"
    return formulas(text)


@pytest.mark.parametrize("style", [sg.Style(), sg.Style("bar", "prime", bold=True)])
def test_every_formula_arrives_unchanged(style: sg.Style) -> None:
    derivations = [*map(of_case, CASES[::23]), *map(of_example, names())]
    for derivation in derivations:
        page = derivation.markdown("full", style=style)
        assert len(formulas(page)) > 3 and rendered(page) == formulas(page)


@pytest.mark.parametrize(
    "formula",
    [
        r"\left\{0, \dots, n - 1\right\}",
        r"a \, b \; c \: d \! e",
        r"\begin{cases} a & b \\ c & d \end{cases}",
        r"x_{i}^{*} y_{j}^{*} + \hat{x}_{i} \hat{x}_{j}",
        r"\left(z_{1}\right)_{i} \left(z_{2}\right)_{j}",
        r"a <b> c & d < e",
        r"[i = q](x) [j][k]",
        r"\mathrm{my\_name} + \mathrm{a\_b}_{i} \cdot {c}_{j}",
        r"\|x\| \# \% \&",
    ],
)
def test_what_markdown_would_eat_is_kept(formula: str) -> None:
    page = f"{display(formula)}\n\na {inline(formula)} b\n"
    assert rendered(page) == formulas(page) != []
    plain = f"$${formula}$$\n\na ${formula}$ b\n"
    assert kept(formula) == formula or rendered(plain) != formulas(plain)


def test_what_is_said_is_no_markdown() -> None:
    reader = pytest.importorskip("markdown_it").MarkdownIt("commonmark")
    page = sg.derive(text("mlp_relu")).markdown("full")
    said = "The incoming gradient meets the Jacobian of p = softmax(x), diag(p) - p p^T."
    assert literal(said) in page
    assert "<h1>" not in reader.render(page) and "<li>" not in reader.render(page)


def test_a_long_formula_is_on_several_lines() -> None:
    terms = " + ".join(f"sum(sin({k} * x)**2)" for k in range(1, 15))
    page = sg.derive(f"x: Vector(n)\nloss = {terms}").markdown("result")
    (long,) = (line for line in page.splitlines() if r"\nabla" in line)
    assert long.startswith(r"$$\begin{aligned}\nabla_{x} L &= ") and long.count(r"\cr ") > 1
