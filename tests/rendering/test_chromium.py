"""The page in a real browser: it asks for nothing, copies, folds, lights up, fits, and prints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import symgrad as sg
from tests.derived import of_example

NAME = "two_layer_linear"
GIVEN = "(all) => all.map((box) => box.getAttribute('aria-label') && box.getAttribute('role'))"
REACHED = """() => [...document.querySelectorAll(".scroll")].every(
    (box) => (box.getAttribute("tabindex") === "0") === (box.scrollWidth > box.clientWidth)
)"""
OVER = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
LIT = "(all) => [...new Set(all.map((one) => one.getAttribute('data-name')))]"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    path: Path = tmp_path_factory.mktemp("page") / "page.html"
    path.write_text(of_example(NAME).html("full"), encoding="utf-8")
    return path.as_uri()


def test_it_asks_for_nothing_and_its_policy_lets_nothing_in(browser: Any, address: str) -> None:
    page = browser.new_page()
    asked, said = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.goto(address)
    assert asked == [address] and not said
    page.evaluate(
        """() => {
            document.body.append(Object.assign(new Image(), { src: "http://127.0.0.1:9/x.png" }));
            document.body.insertAdjacentHTML("beforeend", "<p onclick='window.ran = 1'>x</p>");
            document.body.lastElementChild.click();
        }"""
    )
    page.wait_for_timeout(100)
    assert page.evaluate("window.ran") is None
    assert len(said) == 2 and all("Content Security Policy" in text for text in said)
    page.close()


def test_what_is_copied_reads_back(browser: Any, address: str) -> None:
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.clock.install()  # what was told stays
    page.goto(address)
    copied: dict[str, list[str]] = {"LaTeX": [], "Text": []}
    for row in page.locator("tr.step, tr.result").all():
        row.hover()
        for kind, texts in copied.items():
            row.get_by_role("button", name=kind, exact=True).click()
            texts.append(page.evaluate("navigator.clipboard.readText()"))
    assert page.get_by_role("status").inner_text() == "Copied"
    context.close()
    problem = of_example(NAME).problem
    for texts in (copied["Text"], [f"${tex}$" for tex in copied["LaTeX"]]):
        assert len(texts) == len(of_example(NAME).steps) + 2
        verdict = sg.grade_derivation(problem, None, "\n".join(texts))
        assert verdict.correct, verdict


def test_a_name_lights_up_where_it_stands(browser: Any, address: str) -> None:
    page = browser.new_page()
    page.goto(address)
    lit = page.locator("math .lit")
    page.locator("li").first.focus()
    assert lit.evaluate_all(LIT) == ["x"] and lit.count() > 3
    page.locator("tr.step .left [data-name=f]").first.hover()
    assert lit.evaluate_all(LIT) == ["f"]
    page.mouse.move(0, 0)
    page.locator("h1").hover()
    assert lit.count() == 0
    page.close()


@pytest.mark.parametrize("script", [True, False])
def test_on_paper_all_reasons_are_open(browser: Any, address: str, script: bool) -> None:
    context = browser.new_context(java_script_enabled=script)
    page = context.new_page()
    page.goto(address)
    reasons = page.locator(".why .box")
    assert reasons.count() and not any(box.is_visible() for box in reasons.all())
    assert page.locator("button").count() == 0 or script
    page.emulate_media(media="print")
    assert all(box.bounding_box()["height"] > 20 for box in reasons.all())
    assert page.get_by_text("W1: Matrix(h, d)").first.bounding_box()["height"] > 5
    assert not any(button.is_visible() for button in page.locator("button").all())
    context.close()


def test_it_fits_a_narrow_screen_and_the_keyboard_reaches_what_is_wider(
    browser: Any, tmp_path: Path
) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 800})
    for name in (NAME, "deepwalk", "graph_convolution"):
        path = tmp_path / f"{name}.html"
        path.write_text(of_example(name).html("full"), encoding="utf-8")
        page.goto(path.as_uri())
        page.locator(".every").click()
        assert page.evaluate(OVER) == 0, name
        boxes = page.locator(".scroll")
        assert set(boxes.evaluate_all(GIVEN)) == {"group"}
        page.wait_for_function(REACHED)
    page.close()
