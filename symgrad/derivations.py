"""A derivation as users hold it: its steps, results, texts, picture, checks and NumPy function.

What computes with numbers is imported by the functions that do, so that deriving loads no NumPy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self, TypeAlias

import sympy

from symgrad import rendering
from symgrad.calculus import derivation as data
from symgrad.calculus.derivation import Key, Step
from symgrad.calculus.proofs.lines import KINDS
from symgrad.calculus.proofs.uses import Proof
from symgrad.calculus.recurrences.joined import Joined
from symgrad.checked import Checked, StepChecked
from symgrad.errors import OptionError, VerificationError, one_of, whole_number
from symgrad.language.problem import Problem
from symgrad.results import Result, Results, StepResult

if TYPE_CHECKING:
    from symgrad.explicit import ExplicitGradient
    from symgrad.numerics.checks.numbers import Numbers
    from symgrad.numerics.checks.steps import Verification
    from symgrad.numerics.function import Function
    from symgrad.numerics.recurrences.function import StepFunction

Styled: TypeAlias = rendering.Style | None
METHODS = ("backpropagation", "differentials", "chain-rule")
ENTRIES = 200  # of a gradient, checked one by one for a text


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

    def _styled(self, style: Styled) -> rendering.Style:
        return self.style if style is None else rendering.style_wanted(style)

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
        doc = self._document(level, why, self._styled(style).on_one_line)
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

        >>> import symgrad as sg
        >>> a, b = sympy.symbols("a b")
        >>> A = sympy.Matrix([[a, b], [b, a]])
        >>> print(sg.derive(A.det(), A).matrix)
        [[2 * a, -2 * b], [-2 * b, 2 * a]]
        """
        if self.by is None:
            raise OptionError("there is no matrix of gradients: wrt is no explicit Matrix")
        from symgrad.explicit import ExplicitGradient

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
        return Results({key: Result(self.data, key) for key in self.data.outcomes})

    def verify(self, seed: int = 0) -> Verification:
        """Check every step as a numerical identity at random numbers, and the generated NumPy."""
        from symgrad.numerics.checks.verification import verify

        return verify(self.data, seed)

    @cached_property
    def checked(self) -> Checked:
        """The checks that the texts report; a step that is not true is never printed."""
        from symgrad.numerics.checks import differences, verification
        from symgrad.numerics.checks.chains import check_chains

        check_chains(self.problem)
        verified = verification.verify(self.data, code=False)
        _check(verified, "steps")
        if self.data.kind != "gradient":
            return Checked(verified, None)
        return Checked(verified, differences.checked(self.data, ENTRIES))

    def styled(self, style: rendering.Style) -> Self:
        """The same derivation, printed in this style wherever none is given: in a notebook too.

        >>> import symgrad as sg
        >>> derived = sg.derive("x: Vector(n)\\nloss = norm2(x)**2", "x")
        >>> r"\\bar{x} &= 2 x" in derived.styled(sg.Style("bar")).latex("result")
        True
        """
        return replace(self, style=rendering.style_wanted(style))

    def numbered(self, numbers: int | Mapping[str, Any]) -> Self:
        """The same derivation, printed with the numbers of each line beside it, in every format:
        random ones by a seed, or arrays by the names of the variables, where what is not among
        these is random. What is said of one example of a batch is shown of the first.

        Raises: DataError where an array does not fit; OptionError where no line has numbers.

        >>> import symgrad as sg
        >>> derived = sg.derive("x: Vector(2)\\nloss = norm2(x)**2", "x")
        >>> derived = derived.numbered({"x": [1.5, 2.0]})
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

        >>> import symgrad as sg
        >>> derived = sg.derive("W: Matrix(m, n)\\nx: Vector(n)\\nloss = norm2(W @ x)**2", ["W"])
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

        >>> import symgrad as sg
        >>> program = "W: Matrix(m, n)\\nx: Vector(n)\\nloss = norm2(W @ x)**2"
        >>> print(sg.derive(program, ["W"]).proof(4), end="")
        z = W @ x                                                               step (1)
        dL = <dL/dz, dz>                                         what the gradient means
           = <dL/dz, dW @ x>                                differential: matrix product
           = <dL/dz @ x.T, dW>                                factors across, transposed
        dL/dW = dL/dz @ x.T                                        what stands beside dW
              = 2 * z @ x.T                                                   (3) put in
        """
        one_of("form", form, ("text", "latex"))
        found = _proofs(self.data, "full", kind).get(whole_number("the number of a step", number))
        if found is None:
            raise OptionError(f"there is no proof of step {number}: choose a backward step")
        if form == "latex":
            return rendering.proof_latex(found, self.data.table)
        return rendering.proof_text(rendering.proof_equations(found), rendering.Sheet())

    def _document(self, level: str, why: str, style: Styled = None) -> rendering.Document:
        style, checked = self._styled(style), self.checked  # before any proof
        chains = _chains(self.data, self.method, level)
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
        self,
        dtype: str = "float64",
        reuse_buffers: bool = False,
        modules: str = "numpy",
        threads: int = 1,
    ) -> Function:
        """The NumPy function: value, {key: array} = f(inputs) or f(x=..., W=...). With
        `reuse_buffers`, so many `threads` share the rows of a large batch."""
        from symgrad.numerics.function import compile_derivation

        return compile_derivation(self.data, dtype, reuse_buffers, modules, threads)


def _check(verified: Verification, what: str) -> None:
    """Raises: VerificationError where one of them is not true."""
    if verified.failed:
        raise VerificationError(
            f"{what} {', '.join(map(str, verified.failed))} are not true at random numbers "
            f"(relative error {verified.max_relative_error:.1e}); please report this program"
        )


def _chains(derivation: data.Derivation, method: str, level: str) -> rendering.Chains | None:
    """The chains that a level shows, every line checked; None by another method."""
    if method == METHODS[0] or level == "result":
        return None
    from symgrad.numerics.checks import proofs

    return proofs.chains(derivation, method, full=level == "full")


def _proofs(derivation: data.Derivation, level: str, why: str) -> Mapping[int, Proof]:
    """The proofs that a level shows, every line checked."""
    one_of("the reason", why, KINDS)
    if not (isinstance(level, str) and level == "full"):
        return {}
    from symgrad.numerics.checks import proofs

    return proofs.proofs(derivation, KINDS[KINDS.index(why)])


def _numbers(derivation: data.Derivation, given: int | Mapping[str, Any]) -> Numbers:
    """The numbers of each line. Raises: OptionError where a line has none."""
    if derivation.kind == "stationary":
        raise OptionError("of a stationary point no numbers are shown: take evaluate, or solve")
    from symgrad.numerics.checks.numbers import numbers_of

    return numbers_of(derivation, given)


@dataclass(frozen=True)
class StepDerivation(Derivation):
    """The derivation of a program with time steps or layers, closed for any number of them."""

    data: Joined  # type: ignore[assignment]

    @cached_property
    def results(self) -> dict[Key, Result]:
        """Each gradient by its variable's name."""
        return Results({name: StepResult(self.data, name) for name in self.data.results})

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
        _check(verified, "lines")
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
        return rendering.step_document(self.data, self.checked, level, style=self._styled(style))

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
