"""Printed LaTeX read back: what it says has the value of what was derived."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np

from symgrad.calculus.derivation import Derivation as Data
from symgrad.calculus.derivation import Outcome
from symgrad.calculus.index_notation import written
from symgrad.calculus.nodes import Entry, Label, Node
from symgrad.derivations import Derivation
from symgrad.errors import SymgradError
from symgrad.language.expressions import Expression, Name, is_call
from symgrad.language.formula import Formula
from symgrad.language.latex_input import Equation as Read
from symgrad.language.latex_input import Known, read_formula
from symgrad.language.operations.arithmetic import transpose
from symgrad.language.plain import plain_text
from symgrad.language.tex import latex as tex
from symgrad.numerics.checks.evaluation import Sample, batch_first
from symgrad.numerics.checks.steps import TOLERANCE
from symgrad.numerics.checks.verification import Comparison, Judge
from symgrad.rendering import document
from symgrad.rendering.document import Document
from symgrad.rendering.equations import Equation, left_of
from symgrad.rendering.latex import chained
from symgrad.rendering.style import PLAIN, Style

UNCHECKED: Any = SimpleNamespace(max_relative_error=0.0, sentence="not here")
Truth = Callable[[Sample], Any]


def misread(derivation: Derivation, seed: int = 0, style: Style = PLAIN) -> Iterator[str]:
    """The equations of a derivation that cannot be read, or are read as something else, where the
    page's legend is known."""
    data = derivation.data
    judge = Judge(data, seed)
    pages = [document(data, UNCHECKED, level, style=style) for level in ("steps", "result")]
    known, table = replace(known_of(data), table=style.table(data)), pages[0].table
    for page in pages:
        for sign in page.legend:
            defined = Equation(None, (sign,), kind="definition")
            known = after(known, defined, read_formula(tex(sign, table), data.problem, known))
    for equation, truth in (e for page in pages for e in equations(data, page)):
        latex = chained(equation, table)
        try:
            found = read_formula(latex, data.problem, known)
        except (SymgradError, RecursionError) as error:
            yield f"{latex}: {error}"
            continue
        if len(found.sides) + (found.left is not None) != len(equation.formulas):
            yield f"{latex}: {len(found.sides)} sides"
        if found.left is not None and found.sides:
            known = after(known, equation, found)
        for side in found.sides:
            with np.errstate(all="ignore"):
                error = judge.error(compared(side, truth))
            if error > TOLERANCE:
                yield f"{latex}: {found.text}: {error:.1e}"


def compared(side: Expression, truth: Truth) -> Comparison:
    """A side and what it is."""
    return lambda sample: (evaluated(sample, side), truth(sample))


def evaluated(sample: Sample, side: Expression) -> Any:
    """The value of a side; what the user defined may have been simplified away in the steps."""
    named: dict[str, Any] = {}
    for name, value in sample.derivation.problem.definitions.items():
        if name not in sample.by_name:
            named[name] = sample.evaluated(value, **named)
    data = sample.derivation
    if data.problem.output_name not in sample.by_name:
        named[data.problem.output_name] = of_entry(data.value, data.value_labels)(sample)
    return sample.evaluated(side, **named)


def known_of(data: Data) -> Known:
    """The names of a derivation: of its steps, its directions and its cotangents."""
    plain: dict[str, Expression] = {**data.naming.inputs}
    slopes: dict[str, Expression] = {}
    for name in data.names.values():
        own = name.arguments[0] if is_call(name, transpose) else name
        assert isinstance(own, Name)
        (plain if own.name.isidentifier() else slopes)[own.name] = own
    for outcome in data.outcomes.values():
        if isinstance(outcome.name, Name) and outcome.name.name.isidentifier():
            plain[outcome.name.name] = outcome.name
    return Known(plain, slopes, data.table)


def after(known: Known, equation: Equation, found: Read) -> Known:
    """What may be used after a definition of a result's own."""
    known_already = found.left is None or found.left.text in {*known.names, *known.slopes}
    if equation.kind != "definition" or found.left is None or known_already:
        return known
    names = {**known.names, found.left.text: found.sides[0]}
    return Known(names, known.slopes, known.table)


def equations(data: Data, doc: Document) -> Iterator[tuple[Equation, Truth]]:
    """Every equation of a page, with what its sides are."""
    values = [*data.problem.definitions.values(), data.problem.output]
    values += [] if data.upstream is None else [data.upstream[1]]
    for equation, value in zip(doc.program, values, strict=True):
        yield equation, of_expression(value)
    for _, lines in doc.parts:
        for line in lines:
            yield line.equation, of_node(line.step.node)
    steps = {_name(left_of(written(s.left), s.right)): s.node for s in data.steps}
    for answer in doc.results:
        outcome = answer.outcome
        own = {_name(written(name)): value for name, value in outcome.definitions}
        for equation in answer.equations:
            name = "" if equation.left is None else _name(equation.left)
            if equation.kind == "result":
                yield equation, of_entry(outcome.entry, outcome.labels)
            elif name in own:
                yield equation, of_definition(outcome, own[name])
            elif equation.kind == "definition":
                yield equation, of_node(steps[name])


def _name(left: Formula) -> str:
    return plain_text(left)


def of_expression(value: Expression) -> Truth:
    """The value of what the user wrote."""
    return lambda sample: evaluated(sample, value)


def of_node(node: Node) -> Truth:
    """The value of a node."""
    return lambda sample: batch_first(sample.value(node), node.axes)


def of_entry(entry: Entry, labels: Sequence[Label]) -> Truth:
    """The value of an entry over labels."""
    axes = [x.axis for x in labels]
    return lambda sample: batch_first(sample.over(entry, labels), axes)


def of_definition(outcome: Outcome, expression: Expression) -> Truth:
    """The value of a definition of a result's own."""

    def value(sample: Sample) -> Any:
        named: dict[str, Any] = {}
        for name, meaning in outcome.definitions:
            named[name.name] = sample.evaluated(meaning, **named)
            if meaning is expression:
                return named[name.name]
        raise KeyError(expression)

    return value
