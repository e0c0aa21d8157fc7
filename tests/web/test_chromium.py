"""The page in a real browser, as somebody uses it; every request goes to its own server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

import symgrad as sg
from tests.test_hostile import HOSTILE as EVERYWHERE
from tests.web.server import Server

api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

RIGHT = "W: Matrix(m, n)\nx: Vector(n)\ny: Vector(m)\nr = W @ x - y\nloss = norm2(r)**2"
WRONG = RIGHT.replace("W @ x", "W @ y")
FOCUSED = "() => document.activeElement.id || document.activeElement.value"
TAGS = "(all) => [...new Set(all.map((element) => element.tagName))]"
REFUSED = "status of 422"  # what the console says of an answer that is an error
Open = Callable[..., Any]


@pytest.fixture
def open_page(browser: Any, server: Server) -> Iterator[Open]:
    """open_page(model=..., level=...): a new page at that address, once it is done."""
    contexts, asked, said = [], [], []

    def opened(size: tuple[int, int] = (1280, 800), **fields: str) -> Any:
        context = browser.new_context(viewport={"width": size[0], "height": size[1]})
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        contexts.append(context)
        context.on("request", lambda request: asked.append(request.url))
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(f"{server.url}#{urlencode(fields)}")
        return done(page)

    yield opened
    for context in contexts:
        context.close()
    assert {url for url in asked if not url.startswith((server.url, "data:", "about:"))} == set()
    assert [text for text in said if REFUSED not in text] == []


def done(page: Any) -> Any:
    """The page when nothing is being worked on."""
    page.locator("#panel:not([aria-busy]) > :not(.empty)").or_(
        page.locator("#model-said .wrong")
    ).first.wait_for()
    page.locator("#panel:not([aria-busy])").wait_for()
    page.locator("#panel iframe.next").wait_for(state="detached")
    return page


def shown(page: Any) -> Any:
    """The derivation's page."""
    return page.frame_locator("#panel iframe:not(.next)")


def clipboard(page: Any) -> str:
    page.locator("#told", has_text="copied").wait_for()
    return page.evaluate("navigator.clipboard.readText()")


def test_a_wrong_line_is_marked_and_a_right_one_is_derived(open_page: Open) -> None:
    page = open_page(model=WRONG)
    model, said = page.get_by_label("Model, or a formula in LaTeX"), page.locator("#model-said")
    assert "inner dimensions differ" in said.text_content()
    assert model.get_attribute("aria-invalid") == "true"
    assert page.locator("#problem mark").text_content() == "W @ y"
    said.get_by_role("button", name="line 4, column 5").click()
    page.keyboard.type("W @ x")
    page.locator("#problem .chips label").first.wait_for()
    done(page)
    assert model.input_value() == RIGHT
    assert model.get_attribute("aria-invalid") == "false" and said.text_content() == ""
    assert page.locator("#problem .chips").inner_text().split("\n")[0].startswith("W ∈ ℝ")
    assert shown(page).locator("h1").text_content() == "Gradient of loss with respect to W, x, y"
    page.locator(".chips label", has_text="W").click()
    shown(page).get_by_text("with respect to x, y").wait_for()


def test_latex_is_read_and_what_is_shown_is_copied(open_page: Open) -> None:
    page = open_page(model=r"\[ L = \|W x - y\|_2^2 \]", wrt="W")
    assert page.locator("#model-said").text_content().endswith("as norm2(W @ x - y)**2")
    derived = sg.derive(sg.parse_expression("norm2(W @ x - y)**2"), "W")
    for form, text in (("LaTeX", derived.latex()), ("NumPy", derived.lambdify().source)):
        page.get_by_role("tab", name=form).click()
        done(page)
        page.get_by_role("button", name="Copy", exact=True).click()
        assert clipboard(page) == text
    page.get_by_role("tab", name="Graph").click()
    done(page)
    assert (
        page.locator("#panel img").evaluate("async (img) => (await img.decode(), img.width)") > 99
    )


def test_an_answer_is_graded_and_hints_are_given_one_by_one(open_page: Open) -> None:
    page = open_page(model=RIGHT, wrt="W")
    page.get_by_label("Your answer, as text or LaTeX").fill("(W @ x - y) @ x.T")
    page.get_by_role("button", name="Check").click()
    page.get_by_text("Not right yet.").wait_for()
    verdict = sg.grade(RIGHT, "W", "(W @ x - y) @ x.T")
    for level in (1, 2, 3):
        page.get_by_role("button", name=f"Hint {level}").click()
        page.get_by_text(verdict.hint(level), exact=True).wait_for()
    page.get_by_role("button", name="Show the answer").click()
    page.get_by_text(verdict.expected).wait_for()
    page.get_by_label("Your answer").fill(r"2 (W x - y) x^\top")
    page.keyboard.press("Control+Enter")
    page.get_by_text("Right.", exact=True).wait_for()
    page.get_by_label("Your answer").fill("2 * q")
    page.get_by_role("button", name="Check").click()
    page.locator("#answer-said .wrong", has_text="q is not declared").wait_for()
    assert page.locator("#answers mark").text_content() == "q"


def test_the_problem_stands_in_the_address(open_page: Open) -> None:
    page = open_page(model=RIGHT)
    page.get_by_label("Level").select_option("full")
    page.get_by_text("More", exact=True).click()
    page.get_by_label("Notation", exact=True).select_option("bar")
    page.locator(".chips label", has_text="x").click()
    page.get_by_role("tab", name="Markdown").click()
    done(page).locator("#panel pre", has_text="Gradient").wait_for()
    page.get_by_role("button", name="Copy link").click()
    link = clipboard(page)
    text = page.locator("#panel pre").text_content()
    page.goto("about:blank")
    page.goto(link)
    done(page)
    assert page.locator("#panel pre").text_content() == text
    style = sg.Style("bar")
    assert text == sg.derive(RIGHT, ["W", "y"]).markdown(level="full", style=style)
    page.reload()
    done(page)
    assert page.get_by_label("Level").input_value() == "full"
    assert page.url == link


def test_it_fits_a_narrow_screen(open_page: Open) -> None:
    page = open_page((390, 844), model=RIGHT, level="full")
    wide = "document.documentElement.scrollWidth"
    assert page.evaluate(f"() => {wide}") == 390
    frame = page.locator("#panel iframe")
    inside = frame.evaluate(
        "(f) => [f.contentDocument.documentElement.scrollHeight, f.clientHeight]"
    )
    assert inside[0] <= inside[1]  # it is as long as what it shows
    for name in ("Examples", "Copy link", "Check", "Save"):
        box = page.get_by_role("button", name=name).bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 390


def test_all_is_reached_by_keyboard(open_page: Open) -> None:
    page = open_page(model=RIGHT)
    reached = []
    for _ in range(14):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate("() => document.activeElement.id || document.activeElement.value")
        )
    assert reached[:7] == ["gallery-open", "link", "model", "W", "x", "y", "by"]
    assert reached[7:10] == ["answer", "check", "option-of"]
    page.get_by_role("tab", name="Derivation").focus()
    page.keyboard.press("ArrowRight")
    done(page)
    assert page.get_by_role("tab", selected=True).text_content() == "LaTeX"
    page.get_by_role("button", name="Examples").press("Enter")
    page.get_by_role("dialog").get_by_role("button", name="linear regression").press("Enter")
    done(page)
    assert "t: Scalar" in page.get_by_label("Model").input_value()


HERE = """\
<img src=x onerror=alert(1)>
<script>alert(1)</script>
</textarea><script>alert(1)</script>
</title></style></script><svg onload=alert(1)>
"><svg onload=alert(1)>
' autofocus onfocus='alert(1)
<iframe srcdoc="<script>parent.alert(1)</script>">
<math><mtext><img src=x onerror=alert(1)></mtext></math>
<a href="javascript:alert(1)">x</a>
<base href="http://127.0.0.1:9/">
<meta http-equiv="refresh" content="0;url=http://127.0.0.1:9/">
&lt;img src=x onerror=alert(1)&gt;
javascript:alert(1)
]]><!--
%00%0a%3Cscript%3Ealert(1)%3C/script%3E
\u202e\u2066evil
__proto__
constructor
${alert(1)}
#model=x&model=y"""
HOSTILE = [*HERE.splitlines(), *EVERYWHERE]
COMMENTS = "".join(f"# {text}\n" for text in HOSTILE)


def test_hostile_text_stays_text(open_page: Open) -> None:
    page, dialogs = open_page(model=f"{COMMENTS}x: Vector(n)\nloss = norm2(x)"), []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    assert shown(page).locator("script, img, iframe, base, meta[content*=http]").count() == 1
    before = {*page.locator("body *").evaluate_all(TAGS), "MARK", "CODE"}
    for text in HOSTILE[::9]:
        page.get_by_label("Your answer").fill(text)
        page.get_by_role("button", name="Check").click()
        page.locator("#answer-said .wrong").wait_for()
    choices = ("wrt", "of", "level", "form", "notation", "toString")
    for text in HOSTILE:
        fields = dict.fromkeys(choices, text) | {"model": f"{text}: Vector(n)\nloss = {text}"}
        page.evaluate("(hash) => { location.hash = hash; }", urlencode(fields))
        page.wait_for_timeout(10)
        page.locator("#panel.stale:not([aria-busy])").wait_for()
        assert page.get_by_label("Model").input_value() == fields["model"]
        assert set(page.locator("body *").evaluate_all(TAGS)) <= before
    assert dialogs == []
