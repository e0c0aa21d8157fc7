"""The outline that every printer walks: given, forward, backward, result, checked. Every equation
in it is a formula, which each printer writes in its own way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any, Protocol

from symgrad.calculus.algebra import transposed
from symgrad.calculus.derivation import (
    SOLVING,
    Derivation,
    Derivative,
    IndexForm,
    Key,
    Outcome,
    Step,
)
from symgrad.calculus.index_notation import written
from symgrad.calculus.nodes import Node
from symgrad.calculus.proofs import Proof
from symgrad.calculus.rules import Applied
from symgrad.calculus.used import used_steps
from symgrad.calculus.vectorized import Vectorized, vectorized
from symgrad.errors import one_of
from symgrad.language import composing
from symgrad.language import formula as fm
from symgrad.language.dimensions import SCALAR, Dimension, core
from symgrad.language.expressions import Call, Expression, Name
from symgrad.language.formula import Formula
from symgrad.language.operations.unspecified import function_of
from symgrad.language.phrases import Phrase, as_phrase, joined, phrase
from symgrad.language.plain import plain_text
from symgrad.language.problem import Problem, Variable
from symgrad.language.table import Table
from symgrad.language.typeset import dimension_formula, typeset
from symgrad.language.unparse import unparse
from symgrad.rendering.equations import Equation, proof_equations, shape_formula
from symgrad.rendering.numbers import Numbered, array_formula, of_lines
from symgrad.rendering.reasons import chain_rule
from symgrad.rendering.style import PLAIN, Style
from symgrad.rendering.words import ENGLISH, Words

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
FACTS = {
    "positive": "positive",
    "simplex": "entries sum to 1",
    "one_hot": "one-hot",
    "symmetric": "symmetric",
    "orthogonal": "orthogonal",
}
ROWS = (
    "In a chain `dz/dx` has a row for each entry of `z`, a column for each of `x`; gradients are "
    "columns, so the factors come from behind, transposed."
)
NUMBERS = fm.Symbol(latex=r"\mathbb{N}", text="N")
REALS = fm.Symbol(latex=r"\mathbb{R}", text="R")


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
        if written_out or (outcome.moved and not outcome.transposed):
            return outcome
        if not isinstance(last, Expression):  # by entries
            return replace(outcome, last=None)
        return replace(outcome, last=transposed(last) if outcome.transposed else last)


@dataclass(frozen=True)
class Document:
    """A derivation laid out: what each printer prints, in this order."""

    derivation: Derivation
    title: str
    variables: tuple[tuple[Formula, str], ...]  # where each is, and what is declared of it
    program: tuple[Equation, ...]  # the definitions, and the loss (or f), as the user wrote them
    rewrites: tuple[str, ...]  # the identities that the lines use
    computed: tuple[str, ...]  # what code computes in another form, to keep numbers in range
    forward: tuple[Line, ...]
    backward: tuple[Line, ...]
    solving: tuple[Line, ...]
    chains: tuple[Chain, ...]  # instead of what is backward
    results: tuple[Answer, ...]
    layout: str
    verification: Verified
    style: Style
    numbers: Numbered | None = None

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

    @property
    def checked(self) -> str:
        """All checks in a line."""
        return self.words(self.verification.sentence)

    @property
    def output_place(self) -> int:
        """Where in the program the loss (or f) stands."""
        return len(self.derivation.problem.definitions)

    @property
    def chain_rule(self) -> Equation | None:
        """What the proofs of the lines are instances of, where there are any."""
        kinds = (line.proof.kind for line in self.backward if line.proof is not None)
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
        parts = (("Forward", self.forward), ("Backward", self.backward), ("Solve", self.solving))
        yield from ((self.words(title), lines) for title, lines in parts if lines)


def document(
    derivation: Derivation,
    verification: Verified,
    level: str = "steps",
    proofs: Proofs = NO_PROOFS,
    chains: Chains | None = None,
    style: Style = PLAIN,
) -> Document:
    """The outline of a derivation at level "result", "steps" or "full"; `proofs` are those of its
    steps, by their numbers. `chains` are the derivation by another method, by the names of the
    variables, which then stand in the place of the steps backward. `style` is how it is printed.

    Raises: OptionError for another level.
    """
    one_of("level", level, LEVELS)
    steps = () if level == "result" else derivation.steps
    if chains:
        steps = tuple(step for step in steps if step.kind == "forward")
        derivation = _by_chains(derivation, chains)
    words, shapes, facts = style.words, style.shown(derivation), told_once(steps)
    lines = [
        _line(step, facts[step.number], proofs.get(step.number), level == "full", words)
        for step in steps
    ]
    lines = [replace(line, equation=shapes.told(line.equation)) for line in lines]
    results = answers(derivation, level != "result", style)
    by_rule = any(p.kind == "chain-rule" for proved in (chains or {}).values() for p in proved)
    signs = dict.fromkeys(s for r in results if r.vectorized for s in r.vectorized.sentences)
    return Document(
        derivation,
        title=words(TITLES[derivation.kind]),
        variables=given_variables(derivation, words),
        program=tuple(map(shapes.told, program(derivation))),
        rewrites=used(derivation.rewrites, words),
        computed=computed(derivation.rewrites, words),
        forward=tuple(line for line in lines if line.step.kind == "forward"),
        backward=tuple(line for line in lines if line.step.kind == "backward"),
        solving=tuple(line for line in lines if line.step.kind == SOLVING),
        chains=tuple(Chain(name, proved, words) for name, proved in (chains or {}).items()),
        results=results,
        layout=words(joined(" ", (derivation.layout, *signs, *([ROWS] if by_rule else [])))),
        verification=verification,
        style=style,
    )


def legend(formulas: Iterable[Formula], table: Table) -> tuple[Formula, ...]:
    """What each bar or delta in formulas stands for, as an equation."""
    slopes = {s.parts: s for f in formulas for s in fm.nodes(f) if isinstance(s, fm.Slope)}
    short = [s for s in slopes.values() if table.short_slope(*s.parts) is not None]
    return tuple(composing.equal(slope, composing.derivative(slope.parts)) for slope in short)


def with_numbers(doc: Document, numbers: Numbered) -> Document:
    """The outline with the numbers of each line beside it."""

    def line(own: Line) -> Line:
        value = array_formula(numbers.of_step(own.step))
        return replace(own, equation=replace(own.equation, value=value))

    def answer(own: Answer) -> Answer:
        value = array_formula(numbers.of_result(own.outcome))
        told = (replace(e, value=value) if e.kind == "result" else e for e in own.equations)
        return replace(own, equations=tuple(told))

    return replace(
        doc,
        forward=tuple(map(line, doc.forward)),
        backward=tuple(map(line, doc.backward)),
        chains=tuple(replace(chain, numbers=numbers) for chain in doc.chains),
        results=tuple(map(answer, doc.results)),
        numbers=numbers,
    )


def used(rewrites: Iterable[Applied], words: Words) -> tuple[str, ...]:
    """The identities that lines use, other than what is one operation for whoever writes it."""
    shown = (rule for rule in rewrites if not rule.for_code and not rule.of_writing)
    return tuple(words(rule.told) for rule in shown)


def computed(rewrites: Iterable[Applied], words: Words) -> tuple[str, ...]:
    """What is computed as what, where a rule is for code alone."""
    return tuple(words(rule.remark) for rule in rewrites if rule.for_code)


def _by_chains(derivation: Derivation, chains: Chains) -> Derivation:
    """The derivation with its results as the chains end."""
    ends: dict[Key, Outcome] = {
        name: Chain(name, proved).ends(derivation.outcomes[name]) for name, proved in chains.items()
    }
    return replace(derivation, outcomes=ends)


def given_variables(
    derivation: Derivation, words: Words = ENGLISH
) -> tuple[tuple[Formula, str], ...]:
    """Where each variable is, and what is declared of it; those that a caller gives beside the
    problem's among them: a direction or a cotangent."""
    given = [given_variable(variable) for variable in derivation.problem.variables.values()]
    given += map(_count, derivation.problem.counts)
    given += map(given_function, derivation.problem.functions.values())
    for variable in derivation.seed_variables:
        of = derivation.seeds[variable.name]
        pulled_back = derivation.kind == "pullback"
        role = "upstream gradient" if pulled_back else phrase("direction of {0}", of)
        given.append((given_variable(variable)[0], role))
    return tuple((space, words(facts)) for space, facts in given)


def program(derivation: Derivation) -> tuple[Equation, ...]:
    """The definitions, and the loss with the name that the steps have for it."""
    problem = derivation.problem
    lines = [
        Equation(written(Name(name, value.shape)), _sides(problem, name, value), shape=value.shape)
        for name, value in problem.definitions.items()
    ]
    output = written(Name(problem.output_name, problem.output.shape))
    if derivation.output_called != problem.output_name:
        both = f"{derivation.output_called} = {problem.output_name}"
        output = composing.spelled(output, both)
    sides, shape = _sides(problem, problem.output_name, problem.output), problem.output.shape
    lines.append(Equation(output, sides, shape=shape))
    if derivation.upstream is not None:
        derivative, name = derivation.upstream
        lines.append(Equation(written(derivative), (written(name),)))
    return tuple(lines)


def _sides(problem: Problem, name: str, value: Expression) -> tuple[Formula, ...]:
    """What a name is, and what else the program says that it equals."""
    others = [side for of, side in problem.chains if of == name]
    return tuple(map(written, (value, *others)))


def given_variable(variable: Variable) -> tuple[Formula, str]:
    """Where a variable is, and what is declared of it."""
    is_label = variable.kind == "Index"
    space = labels_below(variable.dims[0]) if is_label else space_of(variable.dims)
    facts = joined(", ", (FACTS[f] for f in sorted(variable.facts) if f in FACTS))
    name = fm.Named(name=variable.name)
    return fm.Infix((name, space), signs=(r"\in",), binds=fm.RELATION), facts


def labels_below(d: Dimension) -> Formula:
    """{0, ..., n - 1}"""
    last = composing.chain("-", dimension_formula(d), composing.ONE)
    labels = composing.listed((fm.Number(digits="0"), composing.DOTS, last))
    return fm.Fence((labels,), left=r"\{", right=r"\}", tall=False)


def _count(d: Dimension) -> tuple[Formula, str]:
    """A dimension that no variable has."""
    return fm.Infix((dimension_formula(d), NUMBERS), signs=(r"\in",), binds=fm.RELATION), "from 1"


def given_function(call: Call) -> tuple[Formula, str]:
    """Of what a function is that the program leaves open, and what is declared of it."""
    function = function_of(call)
    spaces = [space_of(() if function.entrywise else core(a.shape)) for a in call.arguments]
    name, crosses = fm.Named(name=function.name), (r"\times",) * (len(spaces) - 1)
    maps = (name, *spaces, REALS)
    facts = joined(", ", sorted(function.facts - {"scalar"}))
    return fm.Infix(maps, signs=(":", *crosses, r"\to"), binds=fm.RELATION), facts


def space_of(dims: tuple[Dimension, ...]) -> Formula:
    """Where arrays of these dimensions are."""
    return composing.raised(REALS, shape_formula(dims)) if dims else REALS


def told_once(steps: Iterable[Step]) -> dict[int, tuple[Phrase, ...]]:
    """By the numbers of the steps what holds so that each is simplified, where that is new."""
    told: dict[Phrase, int] = {}
    for step in steps:
        for fact in step.facts:
            told.setdefault(fact, step.number)
    return {s.number: tuple(f for f in s.facts if told[f] == s.number) for s in steps}


def _line(
    step: Step, facts: tuple[Phrase, ...], proof: Proof | None, full: bool, words: Words
) -> Line:
    sides = [written(side) for side in (step.right, step.simplified) if side is not None]
    note = words(joined("; ", (noted(step.rule, step.uses), *facts)))
    left = left_of(written(step.left), step.right)
    equation = Equation(left, tuple(sides), note, step.number, step.shape, kind="step")
    proved = proof is not None or (full and step.kind == SOLVING)
    return Line(step, equation, proof, words(step.sentence) if proved else "", words)


def left_of(left: Formula, right: Expression) -> Formula:
    """The left side of an equation, with indices where the right side is in index notation."""
    if not isinstance(right, IndexForm):
        return left
    return composing.spelled(right.at_left(left), plain_text(left))


def answers(derivation: Derivation, stepwise: bool, style: Style = PLAIN) -> tuple[Answer, ...]:
    """The results. What several use is defined once; so is what they use of the steps, unless
    `stepwise` says that the steps are there."""
    shapes = style.shown(derivation)
    defined: set[int] = set()
    named: dict[Node, Name] = {}
    found = []
    for outcome in derivation.outcomes.values():
        own = outcome.beside(named)
        named |= own.named
        steps = [] if stepwise else used_steps(derivation, own.expression)
        equations = [_definition(derivation, step) for step in steps if step.number not in defined]
        defined |= {step.number for step in steps}
        answer = _answer(derivation, own, equations)
        found.append(replace(answer, equations=tuple(map(shapes.told, answer.equations))))
    return tuple(found)


def _definition(derivation: Derivation, step: Step) -> Equation:
    left = left_of(written(step.left), step.right)
    again = isinstance(step.left, Name) and step.left.name == derivation.output_called
    kind = "output" if again else "definition"
    return Equation(left, (written(step.right),), shape=step.shape, kind=kind)


def _answer(derivation: Derivation, outcome: Outcome, equations: list[Equation]) -> Answer:
    equations += [
        Equation(written(name), (written(value),), shape=name.shape, kind="definition")
        for name, value in outcome.definitions
    ]
    left = left_of(result_name(outcome), outcome.expression)
    equations.append(
        Equation(left, (written(outcome.expression),), shape=outcome.shape, kind="result")
    )
    stacked = vectorized(derivation, outcome)
    if stacked is not None:
        own = Equation(stacked.left, (written(stacked.expression),), kind="vectorized")
        equations.append(replace(own, shape=stacked.expression.shape))
    return Answer(outcome, tuple(equations), stacked)


def result_name(outcome: Outcome) -> Formula:
    r"""\nabla_{W} L for a gradient (grad_W L in text), else the derivative as a fraction; its
    transpose where the layout wants that."""
    formula, text = _name(outcome)
    if outcome.transposed:
        formula, text = composing.transposed(formula), f"({text}).T"
    return composing.spelled(formula, text)


def _name(outcome: Outcome) -> tuple[Formula, str]:
    name = outcome.name
    if not isinstance(name, Derivative):
        return typeset(name), unparse(name)
    if isinstance(outcome.key, tuple):
        first, last = (fm.Named(name=key) for key in outcome.key)
        below = [composing.partial(first), composing.partial(last)]
        if first == last:
            below = [composing.partial(composing.raised(first, composing.TWO))]
        above = composing.second(fm.Named(name=outcome.naming.loss))
        return fm.Fraction((above, composing.listed(below, r" \, "))), unparse(name)
    if name.top.shape == SCALAR:
        slope = fm.Slope((typeset(name.top), typeset(name.bottom)), result=True)
        return slope, f"grad_{unparse(name.bottom)} {unparse(name.top)}"
    return typeset(name), unparse(name)


def noted(rule: str, uses: tuple[int, ...]) -> str:
    """A rule with the steps that it is of: "sum, from (3)", "sum, from (3) and (5)"."""
    return phrase("{0}, from {1}", as_phrase(rule), listed_steps(uses)) if uses else rule


def listed_steps(uses: tuple[int, ...]) -> Phrase:
    """(3), or (3) and (5)"""
    *others, last = [f"({k})" for k in uses]
    if len(others) > 2:
        others = [others[0], "..."]
    return phrase("{0} and {1}", ", ".join(others), last) if others else phrase("{0}", last)
