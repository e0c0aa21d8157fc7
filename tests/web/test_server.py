"""What the server answers, to whom, and how it refuses."""

from __future__ import annotations

import asyncio
import inspect
import json
import sys
import time
from http import HTTPStatus
from typing import Any

import pytest

import symgrad as sg
from symgrad.web.answers import ANSWERS, FORMS, WRITTEN
from symgrad.web.choices import CHOICES, DERIVATIVES
from symgrad.web.pool import Limits, NoAnswer, Pool
from symgrad.web.worker import answered
from tests.web import load
from tests.web.server import JSON, Server

MODEL = "W: Matrix(m, n)\nx: Vector(n)\ny: Vector(m)\nr = W @ x - y\nloss = norm2(r)**2"
GRADIENT = "2 * (W @ x - y) @ x.T"


# ---- Answers


def test_a_model_is_read() -> None:
    said = ANSWERS["read"]({"model": MODEL})
    assert [(v["name"], v["dims"]) for v in said["variables"]] == [
        ("W", "m × n"),
        ("x", "n"),
        ("y", "m"),
    ]
    assert said["defined"] == [{"name": "r", "dims": "m"}, {"name": "loss", "dims": ""}]
    assert said["of"] == "gradient"
    assert ANSWERS["read"]({"model": "softmax(A @ x)"})["of"] == "jacobian"


def test_a_gradient_is_of_a_scalar() -> None:
    model = {"model": "(y - w.T @ x)**2"}
    assert ANSWERS["read"](model)["of"] == "jacobian"
    read = ANSWERS["read"](model | {"of": "gradient"})
    assert [v["dims"] for v in read["variables"]] == ["", "n", "n"]
    answer = {"wrt": ["w"], "answer": "2 (w.T @ x - y) x", "tell": "answer"}
    assert ANSWERS["grade"](model | answer | {"of": "gradient"})["correct"] is True


def test_latex_is_read() -> None:
    said = ANSWERS["read"]({"model": r"\[ L = \|W x - y\|_2^2 \]"})
    assert said["remarks"] == [r"read \|W x - y\|_2^2 as norm2(W @ x - y)**2"]


PLACES = [
    (MODEL.replace("- y", "- q"), 4, 13, 1),
    (MODEL.replace("W @ x", "W @ y"), 4, 5, 5),
    ("loss = norm2(W @ x", 1, 13, 1),
    ("\n  norm2(W @ x + b", 2, 8, 1),
    ("$$\nL = \\|W x - \\foo y\\|\n$$", 2, 13, 1),
]


@pytest.mark.parametrize(("model", "line", "column", "width"), PLACES)
def test_an_error_says_its_place(model: str, line: int, column: int, width: int) -> None:
    status, said = answered({"wanted": "read", "model": model})
    error = said["error"]
    assert status == HTTPStatus.UNPROCESSABLE_ENTITY
    assert (error["line"], error["column"], error["width"]) == (line, column, width)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_each_form_is_that_of_the_library(form: Any) -> None:
    said = ANSWERS["derive"]({"model": MODEL, "form": form.name, "wrt": ["W"]})
    derived = sg.derive(MODEL, "W")
    assert said == {
        "text": WRITTEN[form.name](derived),
        "checked": "passed",
    }


CHOSEN = [(choice.name, word) for choice in CHOICES for word in choice.values[:9] if word]


@pytest.mark.parametrize(("name", "word"), CHOSEN)
def test_whatever_can_be_chosen_is_answered(name: str, word: str) -> None:
    model = "S: Matrix(n, n, symmetric=True)\nx: Vector(n)\nloss = x.T @ S @ x"
    fields = {"wrt": ["S"], name: word}
    if word in DERIVATIVES:
        model, fields["wrt"] = f"{model} / 2 - sum(x)", ["x"]
    if word == "pullback":
        model = model.replace("loss = x.T @ S @ x / 2 - sum(x)", "f = S @ x")
    said = ANSWERS["derive"]({"model": model, "form": "latex", **fields})
    assert said["checked"] == "passed"


@pytest.mark.parametrize("name", [choice.name for choice in CHOICES if choice.name != "of"])
def test_whatever_is_chosen_an_answer_is_graded(name: str) -> None:
    (word,) = [choice.values[:2][-1] for choice in CHOICES if choice.name == name]
    model = "S: Matrix(n, n, symmetric=True)\nx: Vector(n)\nloss = x.T @ S @ x"
    fields = {"model": model, "wrt": ["S"], name: word}
    said = ANSWERS["grade"]({**fields, "answer": "x @ x.T", "tell": "answer"})
    assert said["correct"] is True


def test_what_is_chosen_is_what_is_derived_and_graded() -> None:
    model = {"model": "x: Vector(n)\nloss = norm2(x)**2", "layout": "numerator"}
    page = {"form": "latex", "notation": "bar", "level": "full"}
    said = ANSWERS["derive"](model | page)
    derived = sg.derive(model["model"], layout="numerator")
    assert said["text"] == derived.latex(level="full", style=sg.Style("bar"))
    for answer, right in (("2 * x.T", True), ("2 * x", False)):
        asked = model | {"wrt": ["x"], "answer": answer, "tell": "right or wrong"}
        assert ANSWERS["grade"](asked)["correct"] is right


def test_a_choice_is_one_of_the_function_that_derives() -> None:
    for choice in CHOICES:
        for of in choice.of:
            assert choice.name in inspect.signature(getattr(sg, DERIVATIVES[of])).parameters


def told(answer: str, tell: str) -> dict[str, Any]:
    """What is said of a gradient by W."""
    return ANSWERS["grade"]({"model": MODEL, "wrt": ["W"], "answer": answer, "tell": tell})


def test_no_more_is_told_of_a_wrong_answer_than_was_asked() -> None:
    wrong, verdict = "(W @ x - y) @ x.T", sg.grade(MODEL, "W", "(W @ x - y) @ x.T")
    nothing = {"correct": False, "said": "", "expected": None, "remarks": []}
    assert told(wrong, "right or wrong") == nothing
    for level in (1, 2, 3):
        assert told(wrong, f"hint {level}") == nothing | {"said": verdict.hint(level)}
    whole = nothing | {"said": verdict.diagnosis, "expected": verdict.expected}
    assert told(wrong, "answer") == whole
    assert told(GRADIENT, "right or wrong")["correct"] is True


WRONG_REQUESTS = [
    ("read", {}, "a model is a text, not a NoneType"),
    ("derive", {"model": MODEL, "form": "pdf"}, "form is one of"),
    ("derive", {"model": MODEL, "form": "latex", "level": "all"}, "level is one of"),
    ("derive", {"model": MODEL, "form": "latex", "of": "__class__"}, "of is one of"),
    ("derive", {"model": MODEL, "form": "latex", "wrt": "W"}, "wrt is a list of names"),
    ("derive", {"model": MODEL, "form": "latex", "wrt": ["q"]}, "wrt: q is not declared"),
    ("grade", {"model": MODEL, "wrt": ["W"], "answer": None, "tell": "answer"}, "an answer is a"),
    ("grade", {"model": MODEL, "answer": "x", "tell": "answer"}, "choose it"),
]


@pytest.mark.parametrize(("wanted", "fields", "message"), WRONG_REQUESTS)
def test_a_wrong_request_is_told(wanted: str, fields: dict[str, Any], message: str) -> None:
    status, said = answered({"wanted": wanted, **fields})
    assert status == HTTPStatus.UNPROCESSABLE_ENTITY
    assert message in said["error"]["message"]


def test_a_defect_is_told_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(request: object) -> dict[str, Any]:
        raise KeyError("/etc/secret")

    monkeypatch.setitem(ANSWERS, "read", broken)
    status, said = answered({"wanted": "read"})
    assert status == HTTPStatus.INTERNAL_SERVER_ERROR
    assert "secret" not in json.dumps(said)
    assert "secret" in capsys.readouterr().err


# ---- The server


def test_every_answer_is_under_strict_headers(server: Server) -> None:
    for path in ("/", "/page.js", "/page.css", "/icon.svg", "/choices.json", "/nothing"):
        response = server.request("GET", path)
        assert response.status == (404 if path == "/nothing" else 200)
        policy = response.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'self'; style-src 'self' 'sha256-")
        assert "unsafe" not in policy and "http" not in policy
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Cache-Control"] == "no-store"
        assert "Access-Control-Allow-Origin" not in response.headers


HOSTS = [
    ({"Host": "localhost"}, True),
    ({"Host": "localhost:8000"}, True),
    ({"Host": "[::1]:8000"}, True),
    ({"Host": "192.168.1.7"}, True),
    ({"Host": "evil.example"}, False),
    ({"Host": "127.0.0.1.evil.example:80"}, False),
    ({"Host": "localhost.evil.example"}, False),
    ({"Host": ""}, False),
    ({"Host": "localhost:8000", "Origin": "http://localhost:8000"}, True),
    ({"Host": "localhost:8000", "Origin": "http://localhost:8001"}, False),
    ({"Host": "localhost:8000", "Origin": "http://evil.example"}, False),
    ({"Host": "localhost:8000", "Origin": "null"}, False),
]


@pytest.mark.parametrize(("headers", "answered"), HOSTS)
def test_only_its_own_page_is_answered(
    server: Server, headers: dict[str, str], answered: bool
) -> None:
    body = json.dumps({"model": MODEL}).encode()
    response = server.request("POST", "/answer/read", body, JSON | headers)
    assert response.status == (200 if answered else 403)


REFUSED = [
    ("POST", "/answer/read", b"{", JSON, 400),
    ("POST", "/answer/read", b"[" * 40000, JSON, 400),
    ("POST", "/answer/read", b"[]", JSON, 400),
    ("POST", "/answer/read", b"\xff", JSON, 400),
    ("POST", "/answer/read", b" " * 60000, JSON, 413),
    ("POST", "/answer/read", b"{}", {"Content-Type": "text/plain"}, 415),
    ("POST", "/answer/nothing", b"{}", JSON, 404),
    ("GET", "/answer/read", None, {}, 404),
    ("POST", "/", b"{}", JSON, 405),
    ("GET", "/../worker.py", None, {}, 404),
    ("GET", "/%2e%2e/worker.py", None, {}, 404),
    ("GET", "/page.html", None, {}, 404),
]


@pytest.mark.parametrize(("method", "path", "body", "headers", "status"), REFUSED)
def test_what_is_no_question_is_refused(
    server: Server, method: str, path: str, body: bytes, headers: dict[str, str], status: int
) -> None:
    response = server.request(method, path, body, headers)
    assert response.status == status
    assert response.json()["error"]["message"]


def test_many_ask_at_once_and_some_ask_for_too_much(server: Server) -> None:
    names = ("many lines", "large matrix", "brackets", "long text")
    bombs = [case for case in load.bombs() if case.name in names]
    before = set(server.workers())
    cases = load.mixed(load.honest(("linear_regression", "max_margin")), bombs, 20, len(bombs))
    outcomes, held = load.loaded(server, cases, clients=8)
    assert [outcome for outcome in outcomes if not outcome.right] == []
    assert held < 512
    assert set(server.workers()) != before  # those that took too much were ended


def test_the_system_refuses_a_process_more_memory(server: Server) -> None:
    resource = pytest.importorskip("resource")
    wanted = {(512 << 20, 512 << 20)}
    for _ in range(600):  # those that start have no limit yet
        found = {resource.prlimit(p, resource.RLIMIT_AS) for p in server.workers()}
        if found == wanted:
            break
        time.sleep(0.1)
    assert found == wanted


ECHO = """
import sys
print("ready", flush=True)
for line in sys.stdin:
    print(200, line, end="", flush=True)
"""


def test_a_process_is_replaced_and_works_for_who_waits_alone() -> None:
    question = b'"?"'

    async def asks() -> list[HTTPStatus]:
        async with Pool(1, command=(sys.executable, "-S", "-c", ECHO)) as pool:
            (worker,) = pool._all
            with pytest.raises(NoAnswer) as gone:
                await pool.answer(question, _leaves)
            pool.limits = Limits(waiting=0)
            with pytest.raises(NoAnswer) as busy:
                await pool.answer(question, _stays)
            pool.limits = Limits()
            assert worker.requests == 0
            worker.process.kill()
            with pytest.raises(NoAnswer) as ended:
                await pool.answer(question, _stays)
            status, answer = await pool.answer(question, _stays)
            assert answer == question + b"\n"
            return [gone.value.status, busy.value.status, ended.value.status, status]

    assert asyncio.run(asks()) == [408, 503, 507, 200]


async def _stays() -> bool:
    return False


async def _leaves() -> bool:
    return True
