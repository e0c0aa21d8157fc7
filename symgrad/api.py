"""The public functions: where the floors meet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sympy

from symgrad import rendering
from symgrad.calculus import as_problem
from symgrad.calculus import derivation as data
from symgrad.calculus import derive as calculus
from symgrad.errors import VerificationError
from symgrad.language.problem import Problem
from symgrad.language.unparse import unparse
from symgrad.numerics import differences, verification
from symgrad.numerics.function import Function, compile_derivation

Key = data.Key
Source = Problem | str | sympy.Basic
Wrt = Iterable[str | sympy.Basic] | None


@dataclass(frozen=True)
class Result:
    """One derivative.

    `expression` is text of the language: after the problem's declarations and definitions it parses and
    has the value; where it would be long, its own definitions come first, one a line. `notation` is
    "matrix", or "index" where matrix notation cannot say it. `latex` is the right-hand side.
    """

    expression: str
    latex: str
    notation: str


@dataclass(frozen=True)
class Derivation:
    """A derivation: its steps, results, texts, NumPy function and verification."""

    data: data.Derivation

    @property
    def problem(self) -> Problem:
        """What was derived."""
        return self.data.problem

    @property
    def wrt(self) -> tuple[str, ...]:
        """The names that it was derived by."""
        return self.data.wrt

    @property
    def steps(self) -> tuple[data.Step, ...]:
        """The steps, as plain data."""
        return self.data.steps

    @cached_property
    def results(self) -> dict[Key, Result]:
        """Each result by its key: "W", or ("a", "b") for a block of a Hessian, "*" for a directional."""
        return {key: _result(outcome) for key, outcome in self.data.outcomes.items()}

    def verify(self, seed: int = 0) -> verification.Verification:
        """Check every step as a numerical identity at random numbers."""
        return verification.verify(self.data, seed)

    @cached_property
    def _verified(self) -> verification.Verification:
        """The verification that the texts report; a step that is not true is never printed."""
        verified = self.verify()
        if not verified.passed:
            raise VerificationError(
                f"steps {', '.join(map(str, verified.failed))} are not true at random numbers "
                f"(relative error {verified.max_relative_error:.1e}); please report this program"
            )
        return verified

    def latex(self, level: str = "steps") -> str:
        """A LaTeX fragment (amsmath and amssymb); level is "result", "steps" or "full"."""
        return rendering.latex(self.data, self._verified, level)

    def markdown(self, level: str = "steps") -> str:
        """Markdown with formulas between dollar signs."""
        return rendering.markdown(self.data, self._verified, level)

    def html(self, level: str = "steps") -> str:
        """A page that shows itself without a network: formulas in MathML."""
        from symgrad.rendering.html import html

        return html(self.data, self._verified, level)

    def text(self, level: str = "steps") -> str:
        """Plain text for a terminal."""
        return rendering.text(self.data, self._verified, level)

    def json(self) -> str:
        """All of it for a program to read."""
        return rendering.json(self.data, self._verified)

    def _repr_latex_(self) -> str:
        return f"$$\n{rendering.latex_display(self.data)}\n$$"

    def __str__(self) -> str:
        return self.text()

    def lambdify(
        self, dtype: str = "float64", reuse_buffers: bool = False, modules: str = "numpy"
    ) -> Function:
        """The NumPy function: value, {key: array} = f(inputs) or f(x=..., W=...)."""
        return compile_derivation(self.data, dtype, reuse_buffers, modules)


def _result(outcome: data.Outcome) -> Result:
    expression = outcome.expression
    if isinstance(expression, data.IndexForm):
        return Result(expression.text, expression.latex, outcome.notation)
    lines = [f"{name.name} = {unparse(value)}" for name, value in outcome.definitions]
    text = "\n".join([*lines, unparse(expression)])
    return Result(text, rendering.result_latex(outcome), outcome.notation)


def _derived(kind: str, problem: Source, wrt: Wrt) -> Derivation:
    names = None if wrt is None else [str(getattr(name, "name", name)) for name in wrt]
    return Derivation(calculus.KINDS[kind](as_problem(problem), names))


def derive(problem: Source, wrt: Wrt = None) -> Derivation:
    """The gradient of a scalar by each of wrt, in the variable's shape.

    `problem` is a Problem, a program text, or a SymPy expression; `wrt` are names or symbols (default:
    all parameters).
    Raises: SymgradError where the problem is not scalar or a name is not its input.

    >>> derivation = derive("W: Matrix(m, n)\\nx: Vector(n)\\ny: Vector(m)\\nloss = norm2(W @ x - y)**2", ["W"])
    >>> derivation.results["W"].expression
    '2 * (W @ x - y) @ x.T'
    """
    return _derived("gradient", problem, wrt)


def jacobian(problem: Source, wrt: Wrt = None) -> Derivation:
    """The Jacobian of f: shape(f) + shape(variable), a vector counting as one axis, a scalar as none.

    >>> jacobian("x: Vector(n)\\nf = softmax(x)").results["x"].expression
    'diag(softmax(x)) - softmax(x) @ softmax(x).T'
    """
    return _derived("jacobian", problem, wrt)


def hessian(problem: Source, wrt: Wrt = None) -> Derivation:
    """The Hessian's blocks: for wrt a, b the keys ("a", "a"), ("a", "b"), ("b", "b").

    >>> hessian("x: Vector(n)\\nA: Matrix(n, n)\\nloss = norm2(A @ x)**2", ["x"]).results["x", "x"].expression
    '2 * A.T @ A'
    """
    return _derived("hessian", problem, wrt)


def hvp(problem: Source, wrt: Wrt = None) -> Derivation:
    """The Hessian times a direction over all of wrt together: f(inputs, direction={...})."""
    return _derived("hvp", problem, wrt)


def directional(problem: Source, wrt: Wrt = None) -> Derivation:
    """The derivative along a direction of all of wrt together, under the key "*"."""
    return _derived("directional", problem, wrt)


def pullback(problem: Source, wrt: Wrt = None) -> Derivation:
    """The cotangent of f (of any shape) pulled back to each of wrt: f(inputs, cotangent=array)."""
    return _derived("pullback", problem, wrt)


def evaluate(problem: Source, inputs: Mapping[str, Any]) -> Any:
    """The loss or f at numbers.

    >>> float(evaluate("x: Vector(n)\\nloss = x.T @ x", {"x": [3.0, 4.0]}))
    25.0
    """
    value, _ = compile_derivation(calculus.value(as_problem(problem)))(inputs)
    return value


def check_gradient(
    problem: Source, wrt: Wrt = None, inputs: Mapping[str, Any] | None = None, **options: Any
) -> differences.GradientReport:
    """Compare the derived gradient with numerical differentiation; see `symgrad.numerics.differences`.

    >>> check_gradient("x: Vector(n)\\nloss = norm2(x)**2", ["x"], {"x": [1.0, 2.0]}).verdict
    'passed'
    """
    names = None if wrt is None else [str(getattr(name, "name", name)) for name in wrt]
    return differences.check_gradient(as_problem(problem), names, inputs, **options)
