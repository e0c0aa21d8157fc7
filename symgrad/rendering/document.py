"""The outline that every printer walks: given, forward, backward, result, checked. Every equation
in it is a formula, which each printer writes in its own way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any, Protocol

from symgrad.calculus.algebra import transposed
from symgrad.calculus.derivation import Derivation, Outcome, Step
from symgrad.calculus.index_notation import written
from symgrad.calculus.proofs.uses import Proof
from symgrad.calculus.vectorized import Vectorized
from symgrad.language import composing
from symgrad.language import formula as fm
from symgrad.language.expressions import Expression
from symgrad.language.formula import Formula
from symgrad.language.phrases import phrase, quotations
from symgrad.language.table import Table
from symgrad.rendering.equations import Equation, proof_equations
from symgrad.rendering.notes import chain_rule, computed, used
from symgrad.rendering.numbers import Numbered, array_formula, of_lines
from symgrad.rendering.style import Style
from symgrad.rendering.words import ENGLISH, Words, plain

Proofs = Mapping[int, Proof]
NO_PROOFS: Proofs = MappingProxyType({})
Chains = Mapping[str, tuple[Proof, ...]]  # a derivation by another method, by each variable
LEVELS = ("result", "steps", "full")
TITLES = {
    "value": "Value",
    "gradient": "Gradient",
    "jacobian": "Jacobian",
    "hessian": "Hessian",
    "hvp": "Hessian-vector product",
    "directional": "Directional derivative",
    "pullback": "Pull-back",
    "stationary": "Stationary point",
}


class Verified(Protocol):
    """What the printers say of a verification."""

    @property
    def max_relative_error(self) -> float:
        """The largest error of a step."""

    @property
    def sentence(self) -> str:
        """All checks in a line."""

    @property
    def verdict(self) -> str:
        """What they come to: "passed", or what is known else."""

    @property
    def checks(self) -> Mapping[str, Any]:
        """Each of them, for a program to read."""


def formulas_in(texts: Iterable[str]) -> Mapping[str, Formula]:
    """The formulas in sentences, by their text."""
    found = (q for text in texts for q in quotations(text))
    return {plain(q): written(q.expression) for q in found}


@dataclass(frozen=True)
class Line:
    """A step with, at level "full", why it is true: in a sentence, and a proof where it has one."""

    step: Step
    equation: Equation
    proof: Proof | None = None
    sentence: str = ""
    words: Words = ENGLISH

    @property
    def why(self) -> tuple[Equation, ...]:
        """The lines of the proof."""
        return () if self.proof is None else tuple(proof_equations(self.proof, self.words))


@dataclass(frozen=True)
class Answer:
    """A result: its own definitions, itself, and its vectorised form where it has one."""

    outcome: Outcome
    equations: tuple[Equation, ...]
    vectorized: Vectorized | None


@dataclass(frozen=True)
class Chain:
    """The derivation by differentials or by the chain rule, by one variable."""

    name: str
    proofs: tuple[Proof, ...]
    words: Words = ENGLISH
    numbers: Numbered | None = None

    @property
    def title(self) -> str:
        """Which variable moves."""
        return self.words(phrase("By {0}", self.name))

    @property
    def equations(self) -> tuple[Equation, ...]:
        """From dL, or the chain, to the gradient."""
        return tuple(
            equation
            for proof in self.proofs
            for equation in proof_equations(proof, self.words, of_lines(self.numbers, proof))
        )

    def ends(self, outcome: Outcome) -> Outcome:
        """The result as the last line has it, where it is too long to be written out."""
        last = self.proofs[-1].lines[-1].right
        written_out = outcome.expression is outcome.closed.expression
        if written_out or (outcome.moved and not outcome.turned):
            return outcome
        if not isinstance(last, Expression):  # by entries
            return replace(outcome, last=None)
        return replace(outcome, last=transposed(last) if outcome.turned else last)


@dataclass(frozen=True)
class Document:
    """A derivation laid out: what each printer prints, in this order."""

    derivation: Derivation
    variables: tuple[tuple[Formula, str], ...]  # where each is, and what is declared of it
    program: tuple[Equation, ...]  # the definitions, and the loss (or f), as the user wrote them
    sections: tuple[tuple[str, tuple[Line, ...]], ...]  # the lines, by the titles of their parts
    results: tuple[Answer, ...]
    layout: str
    verification: Verified
    style: Style
    chains: tuple[Chain, ...] = ()  # instead of what is backward
    numbers: Numbered | None = None

    @property
    def title(self) -> str:
        """What is derived."""
        return self.words(TITLES[self.derivation.kind])

    @cached_property
    def rewrites(self) -> tuple[str, ...]:
        """The identities that the lines use."""
        return used(self.derivation.rewrites, self.words)

    @cached_property
    def computed(self) -> tuple[str, ...]:
        """What code computes in another form, to keep numbers in range."""
        return computed(self.derivation.rewrites, self.words)

    def lines(self, kind: str) -> Iterator[Line]:
        """The lines of one kind, "forward", "backward" or those that solve."""
        return (line for _, own in self.sections for line in own if line.step.kind == kind)

    @cached_property
    def table(self) -> Table:
        """What each name looks like."""
        return self.style.table(self.derivation)

    @cached_property
    def legend(self) -> tuple[Formula, ...]:
        """What each bar or delta on the page stands for, as an equation."""
        lines = [line for _, own in self.parts for line in own]
        equations = [*(e for line in lines for e in (line.equation, *line.why))]
        equations += [e for chain in self.chains for e in chain.equations]
        formulas = [f for e in (*equations, *self.equations) for f in e.formulas]
        return legend(formulas, self.table)

    @property
    def defining(self) -> str:
        """The title of the part before which the legend stands, where what it is of is known: the
        first one backward, else none."""
        back = (title for title, own in self.parts if own[0].step.kind != "forward")
        return next(back, "") if self.legend else ""

    @property
    def words(self) -> Words:
        """What says the headings, and all that is said beside the formulas, in the language of the
        style."""
        return self.style.words

    @cached_property
    def quoted(self) -> Mapping[str, Formula]:
        """The formulas in the sentences of the page, by their text."""
        shown = [line for _, lines in self.sections for line in lines]
        steps = self.derivation.steps if self.chains else [line.step for line in shown]
        told = [s for step in steps for s in (step.rule, step.sentence, *step.facts)]
        proofs = [*(p for chain in self.chains for p in chain.proofs), *(x.proof for x in shown)]
        told += [line.move for proof in proofs if proof is not None for line in proof.lines]
        return formulas_in((self.derivation.layout, *told))

    @property
    def checked(self) -> str:
        """All checks in a line."""
        return self.words(self.verification.sentence)

    @property
    def chain_rule(self) -> Equation | None:
        """What the proofs of the lines are instances of, where there are any."""
        kinds = (line.proof.kind for line in self.lines("backward") if line.proof is not None)
        kind = next(kinds, None)
        if kind is None:
            return None
        rule = chain_rule(self.derivation, kind)
        return replace(rule, note=self.words(rule.note))

    @property
    def layout_title(self) -> str:
        """What the remark on the results is about."""
        return self.words("Remark" if self.derivation.kind == "stationary" else "Layout")

    @property
    def arrays(self) -> tuple[Equation, ...]:
        """The numbers of the variables, where there are any."""
        inputs = {} if self.numbers is None else self.numbers.inputs
        return tuple(
            Equation(fm.Named(name=name), (array_formula(array),)) for name, array in inputs.items()
        )

    @property
    def equations(self) -> Iterator[Equation]:
        """Those of the results."""
        return (equation for answer in self.results for equation in answer.equations)

    @property
    def parts(self) -> Iterator[tuple[str, tuple[Line, ...]]]:
        """The parts that have steps, with their titles."""
        yield from ((self.words(title), lines) for title, lines in self.sections if lines)


def legend(formulas: Iterable[Formula], table: Table) -> tuple[Formula, ...]:
    """What each bar or delta in formulas stands for, as an equation."""
    slopes = {s.parts: s for f in formulas for s in fm.nodes(f) if isinstance(s, fm.Slope)}
    short = [s for s in slopes.values() if table.short_slope(*s.parts) is not None]
    return tuple(composing.equal(slope, composing.derivative(slope.parts)) for slope in short)
