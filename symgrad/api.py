"""The public functions: where the floors meet.

What computes with numbers is imported by the functions that do, so that deriving loads no NumPy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self, TypeAlias, overload

import sympy

from symgrad import rendering
from symgrad.calculus import as_problem
from symgrad.calculus import derivation as data
from symgrad.calculus import derive as calculus
from symgrad.calculus.closed_form import ClosedForm
from symgrad.calculus.conventions import in_convention
from symgrad.calculus.derivation import Step
from symgrad.calculus.index_notation import IndexForm, in_language
from symgrad.calculus.proofs import KINDS, Proof
from symgrad.calculus.recurrences.derive import gradient as step_gradient
from symgrad.calculus.recurrences.derive import hvp as step_hvp
from symgrad.calculus.recurrences.derive import value as step_value
from symgrad.calculus.recurrences.joined import Joined
from symgrad.calculus.stationary import stationary as solved
from symgrad.calculus.vectorized import Vectorized, vectorized
from symgrad.components import Component, component_of
from symgrad.errors import OptionError, VerificationError, one_of, whole_number
from symgrad.explicit import ExplicitGradient, ExplicitJacobian, explicit_jacobian
from symgrad.language.expanding import expanded
from symgrad.language.expressions import Expression
from symgrad.language.phrases import joined, phrase
from symgrad.language.problem import Problem, Wrt
from symgrad.language.sympy_output import sympy_of

if TYPE_CHECKING:
    from symgrad.numerics.function import Function
    from symgrad.numerics.numbers import Numbers
    from symgrad.numerics.recurrences.function import StepFunction
    from symgrad.numerics.reports import GradientReport
    from symgrad.numerics.verification import Verification

Key = data.Key
Source: TypeAlias = Problem | str | sympy.Basic
Styled: TypeAlias = rendering.Style | None
METHODS = ("backpropagation", "differentials", "chain-rule")
ENTRIES = 200  # of a gradient, checked one by one for a text


@dataclass(frozen=True)
class Result:
    """One derivative in closed form, written when it is asked for.

    `expression` is text of the language: after the problem's declarations and definitions it parses
    and has the value; where it would be long, its own definitions come first, one a line.
    `notation` is "matrix", or "index" where matrix notation cannot say it. `latex` is the
    right-hand side.
    """

    data: data.Derivation = field(repr=False)
    key: Key

    @property
    def _form(self) -> ClosedForm:
        return self.data.outcomes[self.key].brief

    @property
    def notation(self) -> str:
        """ "matrix" or "index"."""
        return "index" if isinstance(self._form.expression, IndexForm) else "matrix"

    @property
    def expression(self) -> str:
        """The right-hand side as text."""
        return self._form.text

    @property
    def latex(self) -> str:
        """The right-hand side in LaTeX, its own definitions after it."""
        form = self._form
        table = self.data.table

        def written(e: Expression) -> str:
            return rendering.latex_expression(e, table)

        parts = [f"{written(name)} = {written(value)}" for name, value in form.definitions]
        return r",\quad ".join([written(form.expression), *parts])

    @property
    def vectorized(self) -> Vectorized | None:
        """d vec(f) / d vec(X)^T of a Jacobian or Hessian with three or four indices, by Kronecker
        products (`text` and `latex`); None where it has no such form.

        >>> derivation = jacobian("A: Matrix(m, m)\\nX: Matrix(m, n)\\nf = A @ X", "X")
        >>> derivation.results["X"].vectorized.text
        'kron(eye(n), A)'
        """
        return vectorized(self.data, self.data.outcomes[self.key])

    def component(self) -> Component:
        """The entry [i, j] of the derivative, as text with indices (`str`, `.text`) and `.latex`.

        >>> derived = derive("A: Matrix(n, n)\\nx: Vector(n)\\nloss = x.T @ A @ x", "A")
        >>> print(derived.results["A"].component())
        x[i] * x[j]
        """
        return component_of(self.data.outcomes[self.key], self.data.table)

    def sympy(self) -> sympy.Basic:
        """The derivative as a SymPy expression of the problem's variables: a matrix expression, or
        where it is said entry by entry a Sum, a FunctionMatrix, an ArrayComprehension.

        Raises: SymgradError for the number of examples of a batch.

        >>> derive("A: Matrix(n, n)\\nx: Vector(n)\\nloss = x.T @ A @ x", "x").results["x"].sympy()
        (A + A.T)*x
        """
        form, problem = self._form, self.data.problem
        own = {name.name: value for name, value in form.definitions}
        return sympy_of(
            in_language(form.expression), {**problem.definitions, **own}, problem.symbols
        )

    def _repr_latex_(self) -> str:
        """The right-hand side."""
        return f"$${self.latex}$$"

    def __str__(self) -> str:
        return self.expression


@dataclass(frozen=True)
class Checked:
    """What the texts say of the checks: all steps, and for a gradient the finite differences
    too."""

    verification: Verification
    gradient: GradientReport | None

    @property
    def max_relative_error(self) -> float:
        """The largest error of a step."""
        return self.verification.max_relative_error

    @property
    def sentence(self) -> str:
        """Both checks in a line."""
        error = phrase("largest relative error {0}", f"{self.max_relative_error:.0e}")
        parts: list[str] = [phrase("every step at random numbers: {0}", error)]
        if unchecked := self.verification.unchecked:
            named = (phrase(f"({k})" if k else "the result") for k in dict.fromkeys(unchecked))
            parts = [phrase("nothing to compare in {0}: not checked", joined(", ", named))]
            if len(unchecked) < len(self.verification.steps):
                parts.append(phrase("the other steps at random numbers: {0}", error))
        if self.gradient is not None:
            parts.append(self.gradient.sentence)
        return joined("; ", parts)

    @property
    def verdict(self) -> str:
        """ "passed", "failed", "inconclusive", or "not checked" where nothing finite was found."""
        if self.verification.unchecked:
            return "not checked"
        return "passed" if self.gradient is None else self.gradient.verdict

    @property
    def checks(self) -> dict[str, Any]:
        """The error of each step and of the result (0), and how the gradient was compared."""
        steps: dict[int, list[float]] = {}
        for step in self.verification.steps:
            steps.setdefault(step.number, []).append(step.error)
        errors = {number: max(own) for number, own in steps.items()}
        return {"steps": errors, "gradient": self.gradient and self.gradient.checks}


class Printable:
    """The texts of a derivation: each is its document in a format."""

    style: rendering.Style

    @cached_property
    def results(self) -> dict[Key, Result]:
        """Each result by its key."""
        raise NotImplementedError

    def _document(self, level: str, why: str, style: Styled = None) -> rendering.Document:
        """What every format prints."""
        raise NotImplementedError

    def latex(
        self,
        level: str = "steps",
        why: str = "index",
        style: Styled = None,
        standalone: bool = False,
    ) -> str:
        """A LaTeX fragment (amsmath and amssymb), or with `standalone` a whole document; level is
        "result", "steps" or "full".

        At level "full" each step comes with the proof that it is true, in every format: in index
        notation, or with why="differential" by differentials where matrix notation can say it.
        `style` is how it is printed, in every format: `sg.Style(notation="bar")`; without one that
        of the derivation (see `styled`).
        """
        return rendering.latex(self._document(level, why, style), standalone)

    def markdown(self, level: str = "steps", why: str = "index", style: Styled = None) -> str:
        """Markdown with formulas between dollar signs."""
        return rendering.markdown(self._document(level, why, style))

    def html(self, level: str = "steps", why: str = "index", style: Styled = None) -> str:
        """A page that shows itself without a network: formulas in MathML."""
        from symgrad.rendering.html import html

        return html(self._document(level, why, style))

    def text(
        self,
        level: str = "steps",
        why: str = "index",
        style: Styled = None,
        width: int = 80,
        notation: str = "code",
        colour: bool = False,
    ) -> str:
        """Text for a terminal of that width: no line is wider, except a single word.

        `notation` is "code", which `parse` and `grade_derivation` read back, or "math", the
        mathematical signs of Unicode; with `colour` titles, numbers and notes are set apart by the
        codes of a terminal.
        """
        style = self.style if style is None else rendering.style_wanted(style)
        doc = self._document(level, why, style.on_one_line)
        return rendering.text(doc, width, notation, colour)

    def json(self, why: str = "index") -> str:
        """All of it for a program to read, as rendering/derivation.schema.json describes it."""
        return rendering.json(self._document("full", why), self.results)


@dataclass(frozen=True)
class Derivation(Printable):
    """A derivation: its steps, results, texts, NumPy function and verification. `method` is how
    the texts derive: step by step backward, or for each of wrt by differentials or the chain
    rule."""

    data: data.Derivation
    method: str = field(default=METHODS[0], repr=False)

    by: sympy.ImmutableMatrix | None = field(default=None, repr=False)
    style: rendering.Style = field(default=rendering.PLAIN, repr=False)
    numbers: int | Mapping[str, Any] | None = field(default=None, repr=False)

    @property
    def problem(self) -> Problem:
        """What was derived."""
        return self.data.problem

    @property
    def matrix(self) -> ExplicitGradient:
        """The gradient by `wrt=sympy.Matrix([[a, b], [c, d]])` in the layout of that matrix: `str`,
        `.rows`, `.latex`, `.sympy()`. Raises: OptionError where wrt is none.

        >>> a, b = sympy.symbols("a b")
        >>> A = sympy.Matrix([[a, b], [b, a]])
        >>> print(derive(A.det(), A).matrix)
        [[2 * a, -2 * b], [-2 * b, 2 * a]]
        """
        if self.by is None:
            raise OptionError("there is no matrix of gradients: wrt is no explicit Matrix")
        return ExplicitGradient(self.data, self.by)

    @property
    def wrt(self) -> tuple[str, ...]:
        """The names that it was derived by."""
        return self.data.wrt

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps, as plain data."""
        return self.data.steps

    @cached_property
    def results(self) -> dict[Key, Result]:
        """Each result by its key: "W", or ("a", "b") for a block of a Hessian, "*" for a
        directional."""
        return {key: Result(self.data, key) for key in self.data.outcomes}

    def verify(self, seed: int = 0) -> Verification:
        """Check every step as a numerical identity at random numbers, and the generated NumPy."""
        from symgrad.numerics.verification import verify

        return verify(self.data, seed)

    @cached_property
    def checked(self) -> Checked:
        """The checks that the texts report; a step that is not true is never printed."""
        from symgrad.numerics import differences, verification
        from symgrad.numerics.chains import check_chains

        check_chains(self.problem)
        verified = verification.verify(self.data, code=False)
        if verified.failed:
            raise VerificationError(
                f"steps {', '.join(map(str, verified.failed))} are not true at random numbers "
                f"(relative error {verified.max_relative_error:.1e}); please report this program"
            )
        if self.data.kind != "gradient":
            return Checked(verified, None)
        return Checked(verified, differences.checked(self.data, ENTRIES))

    def styled(self, style: rendering.Style) -> Self:
        """The same derivation, printed in this style wherever none is given: in a notebook too.

        >>> derived = derive("x: Vector(n)\\nloss = norm2(x)**2", "x")
        >>> r"\\bar{x} &= 2 x" in derived.styled(rendering.Style("bar")).latex("result")
        True
        """
        return replace(self, style=rendering.style_wanted(style))

    def numbered(self, numbers: int | Mapping[str, Any]) -> Self:
        """The same derivation, printed with the numbers of each line beside it, in every format:
        random ones by a seed, or arrays by the names of the variables, where what is not among
        these is random. What is said of one example of a batch is shown of the first.

        Raises: DataError where an array does not fit; OptionError where no line has numbers.

        >>> derived = derive("x: Vector(2)\\nloss = norm2(x)**2", "x").numbered({"x": [1.5, 2.0]})
        >>> "dL/dx = 2 * x = [3, 4]" in derived.text()
        True
        """
        _numbers(self.data, numbers)  # it tells now what does not fit
        return replace(self, numbers=numbers)

    def graph(self, format: str = "svg", style: Styled = None) -> str:
        """The graph of the computation as a picture: a box for each value, with its shape, the
        operation that gives it and its cotangent; an edge for each use, with the way back beside
        it. `format` is "svg", "dot" (Graphviz) or "tikz" (for a document that loads tikz).
        Raises: OptionError for another one.

        >>> derived = derive("W: Matrix(m, n)\\nx: Vector(n)\\nloss = norm2(W @ x)**2", ["W"])
        >>> [line.strip() for line in derived.graph("dot").splitlines() if "->" in line][:2]
        ['v0 -> v2;', 'v2 -> v0 [constraint=false, style=dashed, color=darkorange3];']
        """
        from symgrad.rendering.graph import WRITERS, graph

        one_of("format of a graph", format, WRITERS)
        stepwise = replace(self, method=METHODS[0])
        return graph(stepwise._document("steps", "index", style), format)

    def proof(self, number: int, kind: str = "differential", form: str = "text") -> str:
        """Why step `number` is true, line by line: by index notation or by differentials.

        `kind` is "differential" or "index", `form` is "text" or "latex"; where matrix notation
        cannot say the differentials, the proof is in index notation. Every line is checked at
        random numbers before it is printed. Raises: OptionError for a step that has no proof.

        >>> program = "W: Matrix(m, n)\\nx: Vector(n)\\nloss = norm2(W @ x)**2"
        >>> print(derive(program, ["W"]).proof(4), end="")
        z = W @ x                                                               step (1)
        dL = <dL/dz, dz>                                         what the gradient means
           = <dL/dz, dW @ x>                                differential: matrix product
           = <dL/dz @ x.T, dW>                                factors across, transposed
        dL/dW = dL/dz @ x.T                                        what stands beside dW
        """
        one_of("form", form, ("text", "latex"))
        found = _proofs(self.data, "full", kind).get(whole_number("the number of a step", number))
        if found is None:
            raise OptionError(f"there is no proof of step {number}: choose a backward step")
        lines = rendering.proof_equations(found)
        if form == "latex":
            return "\n".join(rendering.aligned(lines, self.data.table)) + "\n"
        return rendering.proof_text(lines, rendering.Sheet())

    def _document(self, level: str, why: str, style: Styled = None) -> rendering.Document:
        style = self.style if style is None else rendering.style_wanted(style)
        checked, chains = self.checked, _chains(self.data, self.method, level)
        found = _proofs(self.data, "steps" if chains else level, why)
        document = rendering.document(self.data, checked, level, found, chains, style)
        if self.numbers is None:
            return document
        return rendering.with_numbers(document, _numbers(self.data, self.numbers))

    def _repr_latex_(self) -> str:
        return f"$$\n{rendering.latex_display(self._document('result', 'index'))}\n$$"

    def __str__(self) -> str:
        return self.text()

    def lambdify(
        self, dtype: str = "float64", reuse_buffers: bool = False, modules: str = "numpy"
    ) -> Function:
        """The NumPy function: value, {key: array} = f(inputs) or f(x=..., W=...)."""
        from symgrad.numerics.function import compile_derivation

        return compile_derivation(self.data, dtype, reuse_buffers, modules)


def _chains(derivation: data.Derivation, method: str, level: str) -> rendering.Chains | None:
    """The chains that a level shows, every line checked; None by another method."""
    if method == METHODS[0] or level == "result":
        return None
    from symgrad.numerics import proofs

    return proofs.chains(derivation, method, full=level == "full")


def _proofs(derivation: data.Derivation, level: str, why: str) -> Mapping[int, Proof]:
    """The proofs that a level shows, every line checked."""
    one_of("the reason", why, KINDS)
    from symgrad.numerics import proofs

    full = isinstance(level, str) and level == "full"
    return proofs.proofs(derivation, KINDS[KINDS.index(why)]) if full else {}


def _numbers(derivation: data.Derivation, given: int | Mapping[str, Any]) -> Numbers:
    """The numbers of each line. Raises: OptionError where a line has none."""
    if derivation.kind == "stationary":
        raise OptionError("of a stationary point no numbers are shown: take evaluate, or solve")
    from symgrad.numerics.numbers import numbers_of

    return numbers_of(derivation, given)


@dataclass(frozen=True)
class StepResult(Result):
    """One gradient of a program with steps: its last line, after the lines that it uses."""

    data: Joined = field(repr=False)  # type: ignore[assignment]

    @property
    def notation(self) -> str:
        """ "matrix"."""
        return "matrix"

    @property
    def expression(self) -> str:
        """The right-hand side as text, of a series that of an entry, after the equations that it
        uses: what is at T, and at every other step."""
        return self.data.text(str(self.key))

    @property
    def latex(self) -> str:
        """The right-hand side in LaTeX."""
        e = self.data.results[str(self.key)].expression
        return rendering.latex_expression(e, self.data.table)

    @property
    def vectorized(self) -> None:
        """A gradient has at most two indices."""
        return None

    def sympy(self) -> sympy.Basic:
        """Raises: OptionError: SymPy has no recursion of states."""
        raise OptionError("a result with states over time has no form in SymPy")

    def component(self) -> Component:
        """Raises: OptionError: the recursion is said in matrix notation."""
        raise OptionError("a result with states over time is not written entry by entry")


@dataclass(frozen=True)
class StepChecked(Checked):
    """What the texts say of the checks of a program with steps."""

    lengths: tuple[int, ...] = ()

    @property
    def sentence(self) -> str:
        """All checks in a line."""
        steps = ", ".join(map(str, self.lengths))
        unrolled = phrase("line by line the same as unrolled for {0} steps", steps)
        return joined("; ", (super().sentence, unrolled))


@dataclass(frozen=True)
class StepDerivation(Derivation):
    """The derivation of a program with time steps or layers, closed for any number of them."""

    data: Joined  # type: ignore[assignment]

    @cached_property
    def results(self) -> dict[Key, Result]:
        """Each gradient by its variable's name."""
        return {name: StepResult(self.data, name) for name in self.data.results}

    def verify(self, seed: int = 0) -> Verification:
        """Check every line, and the results against the program unrolled, at several lengths."""
        from symgrad.numerics.recurrences.verification import verify_joined

        return verify_joined(self.data, seed)

    @cached_property
    def checked(self) -> Checked:
        """The checks that the texts report; a line that is not true is never printed."""
        from symgrad.numerics.recurrences.checks import check_steps
        from symgrad.numerics.recurrences.verification import lengths_of, verify_joined

        verified = verify_joined(self.data, code=False)
        if verified.failed:
            raise VerificationError(
                f"lines {', '.join(map(str, verified.failed))} are not true at random numbers "
                f"(relative error {verified.max_relative_error:.1e}); please report this program"
            )
        lengths = lengths_of(self.problem)
        report = check_steps(self.data, lengths[len(lengths) // 2])
        return StepChecked(verified, report, lengths)

    def proof(self, number: int, kind: str = "differential", form: str = "text") -> str:
        """A program with steps has no proofs of its own: a step of it is a program that has."""
        raise OptionError(
            "of a program with time steps single lines are not proved; derive one step alone"
        )

    def numbered(self, numbers: int | Mapping[str, Any]) -> Self:
        """Raises: OptionError: a line stands for any number of steps."""
        raise OptionError(
            "a line of a program with time steps stands for all of them, so no numbers are shown "
            "beside it; sg.evaluate gives the loss, and lambdify the gradients"
        )

    def _document(self, level: str, why: str, style: Styled = None) -> rendering.Document:
        one_of("the reason", why, KINDS)
        style = self.style if style is None else rendering.style_wanted(style)
        return rendering.step_document(self.data, self.checked, level, style=style)

    def lambdify(  # type: ignore[override]
        self,
        dtype: str = "float64",
        reuse_buffers: bool = False,
        modules: str = "numpy",
        recompute: bool = False,
    ) -> StepFunction:
        """The NumPy function, a loop forward and one back; with `recompute` the way back computes
        each step again from the states, for less memory."""
        from symgrad.numerics.recurrences.function import compile_joined

        return compile_joined(self.data, dtype, reuse_buffers, modules, recompute)


INSTEAD = {
    "hessian": "its products with a direction are: sg.hvp, --of hvp",
    "jacobian": "the gradient of one entry, or of <c, f> for a vector c, has its rows",
    "pullback": "declare a vector c, data=True, and derive loss = c.T @ f",
    "directional": "it is the inner product of the gradient and the direction",
}


def _derived(
    kind: str, problem: Source, wrt: Wrt, layout: str = "variable", stable: bool = False
) -> Derivation:
    problem = as_problem(problem)
    if problem.loop is not None:
        if kind == "hvp":
            return StepDerivation(step_hvp(problem, wrt))
        if kind != "gradient":
            raise OptionError(f"of a program with time steps no {kind} is derived; {INSTEAD[kind]}")
        if layout != "variable":
            raise OptionError(
                f"the gradient of a program with time steps is in layout 'variable', not {layout!r}"
            )
        if stable:
            raise OptionError("a program with time steps is derived as it is written, not stable")
        return StepDerivation(step_gradient(problem, wrt))
    return Derivation(calculus.derived(kind, as_problem(problem), wrt, layout, stable))


def derive(
    problem: Source,
    wrt: Wrt = None,
    layout: str = "variable",
    symmetric: str = "independent",
    method: str = METHODS[0],
    stable: bool = False,
    expand: str | Iterable[str] = (),
) -> Derivation:
    """The gradient of a scalar by each of wrt, in the variable's shape.

    `problem` is a Problem, a program text, or a SymPy expression; `wrt` are names or symbols
    (default: all parameters). `layout` is "variable" or "denominator", both with the variable's
    shape, or "numerator", its transpose: of an n-vector a row, 1 x n. `symmetric` says how the
    entries of a matrix that is declared symmetric count: "independent" (all of them, the gradient
    is G), "part" (the symmetric part, (G + G.T) / 2), "entries" (those on both sides of the
    diagonal as one, G + G.T - diag(diag(G))). `method` is how it is shown: "backpropagation", step
    by step backward; "differentials", one chain for each of wrt from dL to <G, dX>, every move
    named; "chain-rule", the product of derivatives for each of wrt, its factors one by one, and
    how their shapes fit. The loss is derived as it is written, and a remark says what code computes
    in another form; `stable` derives that form. `expand` names operations that are written out by
    their definitions: with "softmax" p = softmax(z) is derived as p = exp(z) / sum(exp(z)).
    Raises: SymgradError where the problem is not scalar or a name is not its input.

    >>> program = "W: Matrix(m, n)\\nx: Vector(n)\\ny: Vector(m)\\nloss = norm2(W @ x - y)**2"
    >>> derive(program, ["W"]).results["W"].expression
    '2 * (W @ x - y) @ x.T'
    >>> derive(program, ["x"], layout="numerator").results["x"].expression
    '2 * (W @ x - y).T @ W'
    >>> program = "S: Matrix(n, n, symmetric=True)\\nB: Matrix(n, n)\\nloss = trace(B @ S)"
    >>> derive(program, "S", symmetric="entries").results["S"].expression
    'B.T + B - diag(diag(B))'

    By differentials (Petersen and Pedersen, The Matrix Cookbook, section 2; Magnus and Neudecker):

    >>> program = "X: Matrix(n, n)\\nloss = trace(inv(X))"
    >>> text = derive(program, ["X"], method="differentials").text()
    >>> print(text[text.index("By X") : text.index("Result")].rstrip())
    By X      dL = trace(dY)                                         trace, from (2)
                 = <eye(n), dY>                               trace as inner product
                 = -<eye(n), Y @ dX @ Y>                           inverse, from (1)
                 = -<Y.T @ Y.T, dX>                       factors across, transposed
              dL/dX = -Y.T @ Y.T                               what stands beside dX
                    = -inv(X).T @ inv(X).T                    by the program's names

    By the chain rule, as lectures write it:

    >>> program = "W: Matrix(m, n)\\nx: Vector(n)\\nz = W @ x\\nloss = norm2(z)**2"
    >>> text = derive(program, ["x"], method="chain-rule").text()
    >>> for row in text[text.index("By x") : text.index("Result")].splitlines()[:3]:
    ...     print(" ".join(row.split()))
    By x dL/dx = dL/dz . dz/dx chain rule
    dL/dz = 2 * z m: squared norm, from (2)
    dz/dx = W m x n: matrix product, from (1)
    """
    one_of("method", method, METHODS)
    derived = _derived("gradient", expanded(as_problem(problem), expand), wrt, layout, stable)
    if isinstance(derived, StepDerivation):
        if method != METHODS[0] or symmetric != "independent":
            raise OptionError(
                "a program with time steps is derived by backpropagation, its entries independent; "
                "derive one step alone by differentials or by the chain rule"
            )
        return derived
    by = None
    if isinstance(wrt, sympy.MatrixBase) and all(isinstance(x, sympy.Symbol) for x in wrt):
        by = sympy.ImmutableMatrix(wrt)
    return Derivation(in_convention(derived.data, symmetric, layout), method, by)


@overload
def jacobian(problem: Problem | str, wrt: Wrt = None, layout: str = "variable") -> Derivation: ...
@overload
def jacobian(
    problem: sympy.Basic, wrt: Wrt = None, layout: str = "variable"
) -> Derivation | ExplicitJacobian: ...
def jacobian(
    problem: Source, wrt: Wrt = None, layout: str = "variable"
) -> Derivation | ExplicitJacobian:
    """The Jacobian of f: shape(f) + shape(variable), a vector counting as one axis, a scalar as
    none. Of `sympy.Matrix([f1, f2])` it is an ExplicitJacobian, with a row for each expression.

    That is `layout` "variable"; "numerator" differs from it for a scalar f alone, whose Jacobian
    by an n-vector then is a row, 1 x n. "denominator" is shape(variable) + shape(f): up to two
    indices the transpose.

    >>> jacobian("x: Vector(n)\\nf = softmax(x)").results["x"].expression
    'diag(softmax(x)) - softmax(x) @ softmax(x).T'
    >>> linear = "A: Matrix(m, n)\\nx: Vector(n)\\nf = A @ x"
    >>> jacobian(linear, ["x"], layout="denominator").results["x"].expression
    'A.T'
    """
    if isinstance(problem, sympy.MatrixBase):
        one_of("layout of an explicit matrix", layout, ("variable", "numerator"))
        return explicit_jacobian(problem, wrt)
    return _derived("jacobian", problem, wrt, layout)


def hessian(problem: Source, wrt: Wrt = None) -> Derivation:
    """The Hessian's blocks: for wrt a, b the keys ("a", "a"), ("a", "b"), ("b", "b").

    First come the indices of a, then those of b.

    >>> program = "x: Vector(n)\\nA: Matrix(n, n)\\nloss = norm2(A @ x)**2"
    >>> hessian(program, ["x"]).results["x", "x"].expression
    '2 * A.T @ A'
    """
    return _derived("hessian", problem, wrt)


def hvp(problem: Source, wrt: Wrt = None) -> Derivation:
    """The Hessian times a direction over all of wrt together: f(inputs, direction={...}).

    Each product has the shape of its variable.
    """
    return _derived("hvp", problem, wrt)


def directional(problem: Source, wrt: Wrt = None) -> Derivation:
    """The derivative along a direction of all of wrt together, under the key "*".

    It has the shape of what is differentiated.
    """
    return _derived("directional", problem, wrt)


def pullback(problem: Source, wrt: Wrt = None) -> Derivation:
    """The cotangent of f (of any shape) pulled back to each of wrt: f(inputs, cotangent=array).

    Each pull-back has the shape of its variable.
    """
    return _derived("pullback", problem, wrt)


def stationary(
    problem: Source, wrt: Wrt = None, subject_to: str | Iterable[str] = ()
) -> Derivation:
    """Where the gradient is zero: the equations solved for wrt, in this order, line by line.

    That is done where they are linear in the unknown, or in its inverse, once they are multiplied
    out and without denominators. The results are the solutions; `layout` says what must be
    invertible for them. `subject_to` are equations that wrt obey, `"A @ w = b"`: the loss gets a
    multiplier times each of them added, which is found, too. `lambdify()` gives the loss there, and
    the solutions by their names.
    Raises: SymgradError with the reason where there is no solution in closed form.

    >>> program = "X: Matrix(m, n)\\nw: Vector(n)\\ny: Vector(m)\\nloss = norm2(X @ w - y)**2"
    >>> stationary(program, ["w"]).results["w"].expression
    'inv(X.T @ X) @ X.T @ y'
    >>> program = "S: Matrix(n, n, symmetric=True)\\nw: Vector(n)\\nloss = w.T @ S @ w / 2"
    >>> stationary(program, ["w"], subject_to="sum(w) = 1").results["w"].expression
    'inv(S) @ ones(n) / sum(inv(S))'
    """
    from symgrad.numerics.solutions import check_regular

    derivation = solved(as_problem(problem), wrt, subject_to)
    check_regular(derivation)
    return Derivation(derivation)


def evaluate(problem: Source, inputs: Mapping[str, Any]) -> Any:
    """The loss or f at numbers.

    >>> float(evaluate("x: Vector(n)\\nloss = x.T @ x", {"x": [3.0, 4.0]}))
    25.0
    """
    from symgrad.numerics.function import compile_derivation
    from symgrad.numerics.recurrences.checks import value_unrolled
    from symgrad.numerics.recurrences.function import compile_joined

    problem = as_problem(problem)
    if problem.loop is not None and problem.loop.equations:
        return value_unrolled(problem, inputs)
    if problem.loop is not None:
        value, _ = compile_joined(step_value(problem))(inputs)
        return value
    value, _ = compile_derivation(calculus.value(problem))(inputs)
    return value


def check_gradient(
    problem: Source | Callable[..., Any],
    wrt: Wrt = None,
    inputs: Mapping[str, Any] | None = None,
    *,
    at: Any = None,
    gradient: Any = None,
    **options: Any,
) -> GradientReport:
    """Compare a gradient with numerical differentiation: a program's, or that of any function.

    Of a program: the derived gradient, or the arrays that `gradients` claims, a dictionary by the
    names of wrt, at the inputs; without any, at random ones (see `symgrad.numerics.differences`).

    >>> program, inputs = "x: Vector(n)\\nloss = norm2(x)**2", {"x": [1.0, 2.0]}
    >>> check_gradient(program, ["x"], inputs).verdict
    'passed'
    >>> check_gradient(program, ["x"], inputs, gradients={"x": [1.0, 2.0]}).verdict
    'failed'

    Of a Python function of an array, or of arrays by their names: `at` is where, and `gradient` is
    what gives the gradient there, in the shape of `at` (see `symgrad.numerics.callables`).

    >>> import numpy as np
    >>> def loss(W, b):
    ...     return np.sum(np.tanh(W @ [1.0, 2.0] + b))
    >>> def slope(W, b):
    ...     s = 1 - np.tanh(W @ [1.0, 2.0] + b) ** 2
    ...     return {"W": np.outer(s, [1.0, 2.0]), "b": s}
    >>> where = {"W": np.array([[0.1, 0.2], [0.3, -0.4]]), "b": np.zeros(2)}
    >>> check_gradient(loss, at=where, gradient=slope).verdict
    'passed'

    Options: `seed`; `entries`, the most that are checked one by one.
    Raises: DataError where shapes or names do not fit, OptionError where options do not.
    """
    from symgrad.numerics import callables, gradients

    if isinstance(problem, Problem | str | sympy.Basic):
        if at is not None or gradient is not None:
            raise OptionError(
                "at and gradient are for a Python function; of a program: inputs "
                "and gradients={name: array}"
            )
        return gradients.check_gradient(as_problem(problem), wrt, inputs, **options)
    if not callable(problem):
        raise OptionError(f"a program or a function is wanted, not a {type(problem).__name__}")
    if at is None or gradient is None or wrt is not None or inputs is not None:
        raise OptionError("of a Python function: check_gradient(function, at=..., gradient=...)")
    return callables.check_function(problem, at, gradient, **options)
