"""What a wrong program is told: the exact message, with its line and column; and what no program
may do: run, hang, or grow."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

import symgrad as sg

HEAD = """\
x: Vector(n)
y: Vector(m)
W: Matrix(m, n)
S: Matrix(n, n)
a: Scalar
k: Index(n)
"""
FIRST = HEAD.count("\n")
WRONG = Path(__file__).with_name("wrong_programs.txt").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize(("text", "expected"), list(zip(WRONG[::2], WRONG[1::2], strict=True)))
def test_message(text: str, expected: str) -> None:
    """The file has a line to put after HEAD, then the error that it makes."""
    with pytest.raises(sg.SymgradError) as caught:
        sg.parse(HEAD + text)
    error = caught.value
    column = "no column" if error.column is None else f"column {error.column}"
    assert f"{type(error).__name__}, {column}: {error.message}" == expected.strip()
    assert error.line == FIRST + 1


WITHOUT_PLACE = [
    ("", "the program is empty; a program ends in `loss = ...`"),
    ("# nothing\n", "the program is empty; a program ends in `loss = ...`"),
    ("x: Vector(n)", "the program has no line `loss = ...`"),
]


@pytest.mark.parametrize(("text", "message"), WITHOUT_PLACE)
def test_message_without_a_place(text: str, message: str) -> None:
    with pytest.raises(sg.ProgramError) as caught:
        sg.parse(text)
    assert str(caught.value) == message


def test_an_error_prints_with_its_place_and_file() -> None:
    with pytest.raises(sg.ShapeError) as caught:
        sg.parse("x: Vector(n)\nloss = x @ x", filename="net.sg")
    assert str(caught.value) == (
        "net.sg, line 2, column 8: x @ x: inner dimensions differ: x is a vector (n x 1), "
        "x is a vector (n x 1) (1 and n must agree). Did you mean x.T @ x?"
    )


def test_the_lecture_s_slip_names_the_repair() -> None:
    text = "x: Vector(d)\ny: Vector(k)\nW1: Matrix(h, d)\nf = W1 @ y\nloss = norm2(f)"
    with pytest.raises(sg.ShapeError, match=r"W1 is h x d, y is .*k x 1.*\(d and k must agree\)"):
        sg.parse(text)


WRT = [
    ([], "wrt is empty: name at least one variable to differentiate by"),
    (["z"], "wrt: z is not declared; inputs are x, y, W, S, a, k"),
    (["loss"], "wrt: loss is computed, not an input; inputs are x, y, W, S, a, k"),
    (["h"], "wrt: h is computed, not an input; inputs are x, y, W, S, a, k"),
    (["k"], "wrt: k is an integer label and has no derivative"),
]


@pytest.mark.parametrize(("wrt", "message"), WRT)
def test_wrong_wrt(wrt: list[str], message: str) -> None:
    with pytest.raises(sg.UnknownNameError) as caught:
        sg.derive(f"{HEAD}h = W @ x\nloss = norm2(h)", wrt)
    assert caught.value.message.startswith(message)


@pytest.mark.parametrize("kind", [sg.derive, sg.hessian, sg.hvp])
def test_only_a_scalar_has_a_gradient(kind: Callable[..., sg.Derivation]) -> None:
    with pytest.raises(sg.ShapeError, match="of a scalar; f is m x 1 "):
        kind(f"{HEAD}f = W @ x", ["x"])


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(sg.ProgramError, match=r"missing\.sg: cannot be read"):
        sg.load(tmp_path / "missing.sg")


LOOPS = "".join(f" for i{k} in range(n))" for k in range(14))
BELOW = "".join(f" for i{k} in range({f'i{k + 1}' if k < 13 else 'n'}))" for k in range(14))
TOO_MUCH = [
    ("loss = a" + " " * 64 * 1024, "the program is too long"),
    ("loss = " + "a + " * 20_000 + "a", "the program is too long"),
    ("loss = " + "(" * 3000 + "a" + ")" * 3000, "nested too deeply|too many nested parentheses"),
    ("loss = " + "-" * 30_000 + "a", "nested too deeply"),
    ("loss = " + "sin(" * 150 + "a" + ")" * 150, "nested too deeply"),
    ("loss = " + "exp(1 + " * 101 + "a" + ")" * 101, "nested too deeply"),
    ("loss = a * 9**9**9", "exponent 387420489 is too large"),
    ("loss = a * ((9**99)**99)**99", "too large"),
    ("loss = a * 10**400", "too large"),
    ("loss = a * 1e400", "too large"),
    ("loss = a * " + "9" * 400, "too large"),
    ("loss = a * " + "9" * 5000, "line 7: the number is too large"),
    ("loss = a * sum(ones(10**12))", "no dimension"),
    ("loss = a * sum(ones(1000000000000))", "from 1 to 1000000"),
    ("b: Vector(1000001)\nloss = a", "from 1 to 1000000"),
    (f"loss = {'sum(' * 14}x[n + 3]{LOOPS}", "is outside"),
    (f"loss = {'sum(' * 14}x[n + 3]{BELOW}", "is outside"),
    (f"loss = {'sum(' * 14}x @ x{BELOW}", "inner dimensions differ"),
    ("loss = a\x00", "null|invisible"),
    ("loss = a\u200b", r"invisible character \(U\+200B\)"),
    ("ﬁ: Scalar\nloss = a", "look like others"),
    ("𝐱: Scalar\nloss = a", "look like others"),
]


@pytest.mark.parametrize(("text", "message"), TOO_MUCH, ids=[m for _, m in TOO_MUCH])
def test_too_much_is_refused_at_once(text: str, message: str) -> None:
    begin = time.monotonic()
    with pytest.raises(sg.SymgradError, match=message):
        sg.parse(HEAD + text)
    assert time.monotonic() - begin < 2.0


@pytest.mark.parametrize("loss", ["norm2(T)**2", "max(T)"])
def test_a_tensor_without_indices_is_fine(loss: str) -> None:
    assert sg.check_gradient(f"T: Tensor(2, 3, 4)\nloss = {loss}").passed


def test_a_long_sum_and_many_definitions_are_fine() -> None:
    loss = " + ".join(["a * a"] * 500)
    _, gradient = sg.derive(f"a: Scalar\nloss = {loss}").lambdify()(a=2.0)
    assert gradient["a"] == 500 * 4.0
    chain = "\n".join(f"h{k} = h{k - 1} + a" for k in range(1, 1500))
    _, gradient = sg.derive(f"a: Scalar\nh0 = a\n{chain}\nloss = h1499").lambdify()(a=2.0)
    assert gradient["a"] == 1500.0


INJECTIONS = [
    "__import__('os').system('touch here')",
    "open('here', 'w')",
    "eval('1')",
    'exec(\'open("here", "w")\')',
    "().__class__.__bases__[0].__subclasses__()",
    "x.__class__",
    "(lambda: open('here', 'w'))()",
    "[open('here', 'w') for i in range(1)]",
    "sum(open('here', 'w') for x in batch)",
    'f\'{open("here", "w")}\'',
    "(b := open('here', 'w'))",
    "sum(x, axis=open('here', 'w'))",
    "ones(open('here', 'w'))",
    "x[open('here', 'w')]",
    "np.load('here')",
    "globals()",
]


@pytest.mark.parametrize("text", INJECTIONS)
def test_nothing_of_a_program_is_run(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(sg.SymgradError):
        sg.parse(f"{HEAD}loss = {text}")
    with pytest.raises(sg.SymgradError):
        sg.parse(f"{HEAD}b: Vector({text})\nloss = a")
    assert list(tmp_path.iterdir()) == []
