"""The HTML page: whole, well-formed, and with all that a derivation has to say."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from functools import cache
from hashlib import sha256
from xml.etree.ElementTree import Element, fromstring

import pytest
import sympy

import symgrad as sg
from symgrad import examples
from symgrad.errors import OptionError
from symgrad.language.plain import plain_text
from symgrad.rendering import Document, document
from symgrad.rendering.html import html
from symgrad.rendering.latex import chained
from tests.shown import annotations, shown

LEVELS = ("result", "steps", "full")


@cache
def derivation(name: str) -> sg.Derivation:
    return sg.derive(sg.parse(examples.text(name)))


def outline(name: str) -> Document:
    return document(derivation(name).data, derivation(name).checked)


def page(name: str, level: str = "steps") -> Element:
    return fromstring(derivation(name).html(level))


def of_class(root: Element, name: str) -> list[Element]:
    return [element for element in root.iter() if element.get("class") == name]


def headings(root: Element) -> list[str | None]:
    return [heading.text for heading in root.iter("h2")]


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", examples.names())
def test_every_example_at_every_level(name: str, level: str) -> None:
    root = page(name, level)
    steps = derivation(name).steps if level != "result" else ()
    assert len(of_class(root, "step")) == len(steps)
    assert len(of_class(root, "result")) == len(derivation(name).results)
    for formula in root.iter("math"):
        assert annotations(formula) != [""]
        assert not any(word in shown(formula) for word in ("\\", "frac"))


def test_what_each_level_shows() -> None:
    parts = ["Given", "Forward", "Backward", "Result", "Graph of the computation"]
    assert headings(page("two_layer_linear", "result")) == ["Given", "Result"]
    assert headings(page("two_layer_linear", "steps")) == parts
    assert headings(page("two_layer_linear", "full")) == [parts[0], "Chain rule", *parts[1:]]
    assert not of_class(page("two_layer_linear", "steps"), "why")
    full = page("two_layer_linear", "full")
    backward = [step for step in derivation("two_layer_linear").steps if step.of is not None]
    sentences = [next(told.iter("summary")).text for told in of_class(full, "why")]
    assert sentences == [step.sentence for step in backward]


def test_another_level_is_an_error() -> None:
    with pytest.raises(OptionError):
        derivation("two_layer_linear").html("all")


def test_every_link_leads_to_a_step() -> None:
    root = page("mlp_relu", "full")
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    links = [str(link.get("href")) for link in root.iter("a")]
    assert links
    assert len(ids) == len(set(ids))
    assert all(link.startswith("#") and link[1:] in ids for link in links)


def test_a_step_has_its_number_equation_rule_and_sources() -> None:
    root = page("two_layer_linear")
    step = next(row for row in of_class(root, "step") if "from" in shown(row))
    number, left, right, note = map(shown, step)
    assert (number, left, right) == ("(5)", "∂l∂f", "=−2(y−f)")
    assert note == "squared norm, from (3)"


def test_the_result_states_its_shape() -> None:
    notes = [shown(row[-1]) for row in of_class(page("two_layer_linear"), "result")]
    assert notes == ["h×d", "k×h"]
    scalar = fromstring(sg.derive("a: Scalar\nloss = a**2").html())
    assert shown(of_class(scalar, "result")[0][-1]) == "scalar"


def test_the_page_is_accessible_and_whole() -> None:
    text = derivation("graph_convolution").html("full")
    root = fromstring(text)
    assert text.startswith("<!DOCTYPE html>\n")
    assert root.get("lang") == "en"
    assert [title.text for title in root[0].iter("title")] == [h1.text for h1 in root.iter("h1")]
    labels = [str(section.get("aria-labelledby")) for section in root.iter("section")]
    assert labels == [heading.get("id") for heading in root.iter("h2")]
    assert not list(root.iter("link")) + list(root.iter("img")) + list(root.iter("iframe"))
    assert "http:" not in text and "https:" not in text and "url(" not in text


def test_the_policy_allows_the_own_style_and_script_alone() -> None:
    root = page("two_layer_linear")
    (policy,) = (str(m.get("content")) for m in root.iter("meta") if m.get("http-equiv"))
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules.pop("default-src") == "'none'"
    for tag, rule in (("style", "style-src"), ("script", "script-src")):
        (element,) = root.iter(tag)
        hashed = b64encode(sha256(str(element.text).encode()).digest()).decode()
        assert rules.pop(rule) == f"'sha256-{hashed}'"
    assert set(rules.values()) == {"'none'"}
    for element in root.iter():
        assert not [name for name in element.attrib if name == "style" or name.startswith("on")]


def test_each_line_has_its_latex_and_its_text() -> None:
    for name in examples.names():
        derived = derivation(name)
        root, table = page(name), derived.data.table
        wanted = [e for _, lines in outline(name).parts for e in (x.equation for x in lines)]
        rows = of_class(root, "step")
        assert [row.get("data-text") for row in rows] == [
            " = ".join(map(plain_text, equation.formulas)) for equation in wanted
        ]
        copied = [" ".join(annotations(row[1]) + annotations(row[2])) for row in rows]
        assert copied == [chained(equation, table) for equation in wanted]


def test_the_typed_program_is_on_the_page() -> None:
    (typed,) = page("mlp_relu").iter("pre")
    assert typed.get("data-text") == shown(typed) == examples.text("mlp_relu").strip()
    x = sympy.Symbol("x")
    assert "<pre>" not in sg.derive(sympy.sin(x), [x]).html()


def test_elements_without_content_are_closed_as_html_wants() -> None:
    body = derivation("deepwalk").html("full").partition("<body>")[2].partition("<script>")[0]
    assert "/>" not in body


def test_names_are_escaped() -> None:
    data = derivation("two_layer_linear").data
    given = replace(data, problem=replace(data.problem, output_name="<b>&amp;"))
    text = html(document(given, derivation("two_layer_linear").checked))
    assert "<b>" not in text
    assert "<b>&amp;" in str(next(fromstring(text).iter("h1")).text)


def test_it_says_how_it_was_checked_and_laid_out() -> None:
    footer = next(page("two_layer_linear").iter("footer"))
    text = shown(footer)
    assert derivation("two_layer_linear").data.layout in text
    assert derivation("two_layer_linear").checked.sentence in text


@pytest.mark.parametrize("derive", [sg.jacobian, sg.hessian, sg.hvp, sg.directional, sg.pullback])
def test_every_kind_of_derivative(derive: object) -> None:
    output = "f = softmax(A @ x)" if derive in (sg.jacobian, sg.pullback) else "loss = norm2(A @ x)"
    program = f"A: Matrix(n, n)\nx: Vector(n)\n{output}"
    for level in LEVELS:
        root = fromstring(derive(program, ["x"]).html(level))  # type: ignore[operator]
        assert of_class(root, "result")
