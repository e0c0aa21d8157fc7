r"""What is printed, of every case, example and operation: LaTeX compiles, pages are well-formed,
brackets are where the value needs them.

The last is checked by a small evaluator of its own, which reads LaTeX as people do: powers first,
then products without a sign, then \odot and \oslash, then + and -.
"""

from __future__ import annotations

import random
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree.ElementTree import fromstring

import numpy as np
import pytest
from numpy.typing import NDArray

import symgrad as sg
from symgrad import examples
from symgrad.language.dimensions import SCALAR, dims
from symgrad.language.expressions import OPERATIONS, Expression, Name
from symgrad.language.tex import latex
from symgrad.language.typeset import typeset
from symgrad.language.unparse import unparse
from symgrad.rendering import document
from symgrad.rendering import latex as latex_page
from symgrad.rendering.html import html
from tests.derived import of_case, of_example
from tests.rendering.test_mathml import calls
from tests.shown import annotations, shown
from tests.test_cases import CASES
from tests.typesetting.paper import CLASSES, too_wide

CHECKED: Any = SimpleNamespace(max_relative_error=0.0, sentence="not here")
HEAD = r"\documentclass{article}\usepackage{amsmath,amssymb}\begin{document}\raggedright"
Array = NDArray[np.float64]


def derivations() -> dict[str, sg.Derivation]:
    """Every case and every example."""
    found = {case["id"]: of_case(case) for case in CASES}
    return found | {name: of_example(name) for name in examples.names()}


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs LaTeX")
def test_latex_compiles(tmp_path: Path) -> None:
    pages = [latex_page(document(d.data, CHECKED, "steps")) for d in derivations().values()]
    for operation in OPERATIONS.values():
        for call in calls(operation):
            if operation.category != "batch" or call.options:
                pages.append(f"${latex(typeset(call))}$\n")
    (tmp_path / "all.tex").write_text("\n\n".join([HEAD, *pages, r"\end{document}"]))
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "all.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:]


def test_pages_are_well_formed() -> None:
    for name, derivation in derivations().items():
        page = fromstring(html(document(derivation.data, CHECKED, "steps")))
        formulas = list(page.iter("math"))
        assert formulas, name
        for formula in formulas:
            assert "\\" not in shown(formula), annotations(formula)


# brackets

TOKEN = re.compile(r"\\[lr]vert|\\lVert|\\rVert|\\[a-z]+|\d+\.?\d*|[A-Za-z]|[-+^_(){}\[\]|>/]")
SIZE = re.compile(r"\\(left|right|bigl|bigr)(?![a-z])")
NAMES = "A: Matrix(n, n)\nB: Matrix(n, n)\nC: Matrix(n, n)\na: Scalar\nb: Scalar\nc: Scalar\n"
BRACKETS = {"(": ")", r"\lvert": r"\rvert"}
FUNCTIONS = {r"\exp": np.exp, r"\tanh": np.tanh, r"\sin": np.sin}


class Reader:
    """Evaluates LaTeX at numbers."""

    def __init__(self, text: str, values: dict[str, Array]) -> None:
        text = text.replace(r"\left|", r"\lvert ").replace(r"\right|", r"\rvert ")
        text = re.sub(r"\|(\w)\|", r"\\lvert \1\\rvert ", SIZE.sub("", text))
        self.tokens = TOKEN.findall(text)
        assert "".join(self.tokens) == text.replace(" ", "").replace(r"\,", ""), text
        self.values = values
        self.size = len(values["A"])

    def peek(self) -> str:
        return self.tokens[0] if self.tokens else ""

    def take(self, wanted: str = "") -> str:
        token = self.tokens.pop(0)
        assert wanted in ("", token), (wanted, token, self.tokens)
        return token

    def sum(self) -> Array:
        sign = -1 if self.peek() == "-" and self.take() else 1
        value = sign * self.hadamard()
        while self.peek() in ("+", "-"):
            sign = 1 if self.take() == "+" else -1
            assert self.peek() != "-", "two signs"
            term = self.hadamard()
            assert term.shape == value.shape, "a scalar beside a matrix needs its 1"
            value = value + sign * term
        return value

    def hadamard(self) -> Array:
        value = self.product()
        while self.peek() in (r"\odot", r"\oslash", "/"):
            sign = self.take()
            other = self.power()[0] if sign == "/" else self.product()
            value = value * other if sign == r"\odot" else value / other
        return value

    def product(self) -> Array:
        digit = self.peek()[0].isdigit()
        value, _ = self.power()
        while self.peek() and self.peek() not in (*"+-)}]|/>", r"\odot", r"\oslash", r"\rvert"):
            dotted = self.peek() == r"\cdot" and bool(self.take())
            bold = self.peek() == r"\mathbf"
            factor, starts = self.power()
            assert dotted or not (digit and starts), "two numbers without a dot"
            starts = starts and not bold
            value = value @ factor if value.ndim and factor.ndim else value * factor
            digit = starts
        return value

    def power(self) -> tuple[Array, bool]:
        digit = self.peek()[0].isdigit() or self.peek() == r"\mathbf"
        value = self.atom()
        if self.peek() == "^":
            self.take()
            self.take("{")
            if self.peek() == r"\top":
                self.take()
                value = value.T
            elif self.tokens[:2] == ["-", r"\top"]:
                del self.tokens[:2]
                value = np.linalg.inv(value).T
            else:
                entries = self.peek() == r"\odot" and bool(self.take())
                exponent = self.sum()
                whole = value.ndim and not entries
                assert not whole or exponent in (-3, -2, -1, 2, 3)
                value = np.linalg.matrix_power(value, int(exponent)) if whole else value**exponent
            self.take("}")
            assert self.peek() != "^", "two powers"
        return value, digit

    def atom(self) -> Array:
        token = self.take()
        if token[0].isdigit():
            return np.asarray(float(token))
        if token == r"\mathbf":
            for part in "{1}":
                self.take(part)
            if self.peek() == "[":
                return self.inside("[", "]")
            return np.ones((self.size, self.size))
        if token in (r"\frac", r"\tfrac"):
            top, bottom = self.braced(), self.braced()
            return top / bottom
        if token == r"\sqrt":
            return np.sqrt(self.braced())
        if token == r"\operatorname":
            for part in "{abs}":
                self.take(part)
            return abs(self.inside("(", ")"))
        if token in FUNCTIONS:
            return FUNCTIONS[token](self.inside("(", ")"))  # type: ignore[no-any-return]
        if token in BRACKETS:
            self.tokens.insert(0, token)
            inside = self.inside(token, BRACKETS[token])
            return inside if token == "(" else abs(inside)
        return self.values[token]

    def braced(self) -> Array:
        self.take("{")
        value = self.sum()
        self.take("}")
        return value

    def inside(self, left: str, right: str) -> Array:
        self.take(left)
        value = self.sum()
        if left == "[":
            self.take(">")
            value = (value > self.sum()).astype(float)
        self.take(right)
        return value


def read(text: str, values: dict[str, Array]) -> Array:
    reader = Reader(text, values)
    value = reader.sum()
    assert not reader.tokens, reader.tokens
    return value


def drawn(rng: random.Random, size: int, matrix: bool) -> Expression:
    """A random expression of scalars and square matrices."""
    (n,) = dims("n")
    if size <= 1:
        if matrix:
            return Name(rng.choice("ABC"), (n, n))
        choice = rng.choice(["a", "b", "c", "2", "0.5", "0.3"])
        return Name(choice, SCALAR) if choice.isalpha() else sg.parse(f"f = {choice}").output
    left = rng.randint(1, size - 1)

    def part(of: int, kind: bool) -> Expression:
        return drawn(rng, of, kind)

    mixed = rng.random() < 0.3
    one, other = (
        (matrix, matrix and not mixed) if rng.random() < 0.5 else (matrix and not mixed, matrix)
    )
    binary: list[Callable[[], Expression]] = [
        lambda: part(left, one) + part(size - left, other),
        lambda: part(left, one) - part(size - left, other),
        lambda: part(left, one) * part(size - left, other),
        lambda: part(left, matrix) / part(size - left, rng.random() < 0.5 and matrix),
        lambda: -part(size - 1, matrix),
        lambda: OPERATIONS[rng.choice(["exp", "tanh", "sin", "abs", "step", "sqrt"])](
            part(size - 1, matrix)
        ),
        lambda: part(size - 1, matrix) ** rng.choice([2, 3, -1]),
    ]
    if matrix:
        binary += [lambda: part(left, True) @ part(size - left, True)] * 3
        binary += [lambda: part(size - 1, True).T, lambda: OPERATIONS["inv"](part(size - 1, True))]
    return rng.choice(binary)()


def expressions(count: int) -> Iterator[tuple[Expression, dict[str, Array]]]:
    rng = random.Random(3)
    generator = np.random.default_rng(3)
    values = {name: generator.uniform(0.5, 1.5, (3, 3)) for name in "ABC"}
    values |= {name: np.asarray(generator.uniform(0.5, 1.5)) for name in "abc"}
    while count:
        try:
            e = drawn(rng, rng.randint(2, 9), rng.random() < 0.7)
        except sg.SymgradError:
            continue
        count -= 1
        yield e, values


def test_brackets_are_where_the_value_needs_them() -> None:
    compared = 0
    for e, values in expressions(1500):
        text = latex(typeset(e))
        with np.errstate(all="ignore"):
            try:
                want = np.asarray(sg.evaluate(f"{NAMES}f = {unparse(e)}", values))
                got = np.broadcast_to(read(text, values), want.shape)
            except (np.linalg.LinAlgError, sg.SymgradError):  # no inverse, division by zero
                continue
        if np.isfinite(want + got).all() and np.abs(want).max() < 1e6:
            np.testing.assert_allclose(got, want, rtol=1e-6, atol=1e-9, err_msg=text)
            compared += 1
    assert compared > 500


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
def test_what_does_not_fit_its_page_is_counted(tmp_path: Path) -> None:
    fragments = ["fits", r"\noindent\hbox{\hskip 500pt}", r"\undefined", r"$x$"]
    for head in CLASSES.values():
        found, errors = too_wide(fragments, head, tmp_path)
        assert ([*found], errors) == ([1], 1)
