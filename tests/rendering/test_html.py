"""The HTML page: whole, well-formed, and with all that a derivation has to say."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from xml.etree.ElementTree import Element, fromstring

import pytest

import symgrad as sg
from symgrad import examples
from symgrad.errors import OptionError
from symgrad.rendering import document
from symgrad.rendering.html import html

LEVELS = ("result", "steps", "full")


@cache
def derivation(name: str) -> sg.Derivation:
    return sg.derive(sg.parse(examples.text(name)))


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
        assert formula.get("alttext")
        assert not any(word in text for text in formula.itertext() for word in ("\\", "frac"))


def test_what_each_level_shows() -> None:
    parts = ["Given", "Forward", "Backward", "Result"]
    assert headings(page("two_layer_linear", "result")) == ["Given", "Result"]
    assert headings(page("two_layer_linear", "steps")) == parts
    assert headings(page("two_layer_linear", "full")) == parts
    assert not of_class(page("two_layer_linear", "steps"), "why")
    full = page("two_layer_linear", "full")
    backward = [step for step in derivation("two_layer_linear").steps if step.of is not None]
    sentences = [box[0].text for box in of_class(full, "box")]
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
    step = next(row for row in of_class(root, "step") if "from" in "".join(row.itertext()))
    number, left, right, note = ("".join(cell.itertext()) for cell in step)
    assert (number, left, right) == ("(5)", "∂l∂f", "=−2(y−f)")
    assert note == "squared norm, from (3)"


def test_the_result_states_its_shape() -> None:
    notes = ["".join(row[-1].itertext()) for row in of_class(page("two_layer_linear"), "result")]
    assert notes == ["h×d", "k×h"]
    scalar = fromstring(sg.derive("a: Scalar\nloss = a**2").html())
    assert "".join(of_class(scalar, "result")[0][-1].itertext()) == "scalar"


def test_the_page_is_accessible_and_whole() -> None:
    text = derivation("graph_convolution").html("full")
    root = fromstring(text)
    assert text.startswith("<!DOCTYPE html>\n")
    assert root.get("lang") == "en"
    assert [title.text for title in root.iter("title")] == [h1.text for h1 in root.iter("h1")]
    labels = [str(section.get("aria-labelledby")) for section in root.iter("section")]
    assert labels == [heading.get("id") for heading in root.iter("h2")]
    assert not list(root.iter("script")) + list(root.iter("link")) + list(root.iter("img"))
    assert "http" not in text and "url(" not in text


def test_elements_without_content_are_closed_as_html_wants() -> None:
    body = derivation("deepwalk").html("full").partition("<body>")[2]
    assert "/>" not in body


def test_names_are_escaped() -> None:
    data = derivation("two_layer_linear").data
    given = replace(data, problem=replace(data.problem, output_name="<b>&amp;"))
    text = html(document(given, derivation("two_layer_linear").checked))
    assert "<b>" not in text
    assert "<b>&amp;" in str(next(fromstring(text).iter("h1")).text)


def test_it_says_how_it_was_checked_and_laid_out() -> None:
    footer = next(page("two_layer_linear").iter("footer"))
    text = "".join(footer.itertext())
    assert derivation("two_layer_linear").data.layout in text
    assert derivation("two_layer_linear").checked.sentence in text


@pytest.mark.parametrize("derive", [sg.jacobian, sg.hessian, sg.hvp, sg.directional, sg.pullback])
def test_every_kind_of_derivative(derive: object) -> None:
    output = "f = softmax(A @ x)" if derive in (sg.jacobian, sg.pullback) else "loss = norm2(A @ x)"
    program = f"A: Matrix(n, n)\nx: Vector(n)\n{output}"
    for level in LEVELS:
        root = fromstring(derive(program, ["x"]).html(level))  # type: ignore[operator]
        assert of_class(root, "result")
