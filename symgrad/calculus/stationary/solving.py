"""One equation for one unknown, solved line by line: cleared, collected, factored, inverted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

from symgrad.calculus.algebra import product, times, transposed
from symgrad.calculus.entries import positive
from symgrad.calculus.functions import aligned
from symgrad.calculus.lowering import lower
from symgrad.calculus.nodes import ONE, Entry, Factor, Map, Term, is_batch
from symgrad.calculus.polynomials import contract
from symgrad.calculus.stationary.clearing import invertible, never_zero, number_of, over, scale_of
from symgrad.calculus.stationary.collecting import Collected, collected
from symgrad.calculus.stationary.equation import Equation
from symgrad.calculus.stationary.page import Page
from symgrad.calculus.stationary.preparing import not_zero, prepared
from symgrad.calculus.stationary.reasons import check_solvable, power_of
from symgrad.calculus.stationary.undoing import linear_in, undoable, undone
from symgrad.calculus.tensors import tensor
from symgrad.calculus.terms import terms_of
from symgrad.language.dimensions import ONE as UNIT
from symgrad.language.expressions import Expression, Name, Number, Value, is_scalar
from symgrad.language.operations.arithmetic import multiply
from symgrad.language.operations.linear_algebra import inv
from symgrad.language.operations.smooth import exp, log
from symgrad.language.phrases import Phrase, enumerated, joined, phrase, quoted


def solved(
    page: Page,
    equation: Equation,
    prepare: Callable[[Page, Equation], Equation] = prepared,
) -> Entry:
    """The unknown, over the equation's labels, with the lines that lead to it.

    Raises: NoClosedForm with the reason."""
    equation = prepare(page, equation)
    if function := undoable(equation):
        return _undone(page, equation, function)
    power = power_of(equation)
    check_solvable(equation, power, page)
    number = number_of(equation)
    equation = equation.with_terms(over(equation.terms, Term(number, ())))
    places = collected(equation)
    right = _collect(page, equation, places, number)
    solution = _inverted(page, places, right)
    if places.turned:  # what was found is over (column, row)
        turned = dict(zip(places.core, equation.core, strict=True))
        solution = Entry(solution.node, tuple(turned.get(x, x) for x in solution.labels))
    if power != 1:
        solution = contract([Factor(*solution, 1 / power).term], equation.labels)
    _finish(page, solution, equation, places, power)
    return solution


def _undone(page: Page, equation: Equation, function: Map) -> Entry:
    """The unknown from the value of a function of it."""
    labels, name = equation.labels, function.operation.name
    inner = replace(page, name=page.write(Entry(function, labels), labels))
    value = solved(inner, linear_in(function, equation), lambda _, given: given)
    _in_range(page, function, value)
    argument, right = undone(function, value, labels)
    sentence = phrase("The inverse function of {0} is taken on both sides.", f"`{name}`")
    page.sides(argument, right, labels, phrase("inverse of {0}", name), sentence)
    if argument.node is equation.unknown:
        return right
    rest = contract([argument.term, right.term._replace(coefficient=-ONE)], labels)
    return solved(page, Equation.of(rest, labels, equation.unknown))


def _in_range(page: Page, function: Map, value: Entry) -> None:
    """Note that a function has this value somewhere."""
    if function.operation is exp:
        if not (positive(value.node) and never_zero(value.node)):
            page.need(phrase("{0} is positive", page.code(value)))
    elif function.operation is not log:
        page.need(phrase("{0} is a value of {1}", page.code(value), f"`{function.operation.name}`"))


def _collect(page: Page, equation: Equation, places: Collected, number: Value) -> Entry:
    """What stands on the right side, the unknown's terms being on the left."""
    opposite = [t._replace(coefficient=-t.coefficient) for t in equation.constants]
    left, right = (contract(terms, places.labels) for terms in (equation.others, opposite))
    name = str(page)
    rule = phrase("{0} to the left", name)
    if number == -1:
        rule = joined(", ", (rule, "signs changed"))
    elif number != 1:
        rule = joined(", ", (rule, phrase("divided by {0}", quoted(Number(number)))))
    sentence = phrase("The terms without {0} are taken to the other side.", name)
    page.sides(left, right, equation.labels, rule, sentence)
    if places.turned:
        row = quoted(transposed(page.name))
        sentence = phrase("{0} stood there: both sides are transposed.", row)
        page.sides(left, right, places.labels, "transposed", sentence)
    if places.entrywise is None or len(equation.others) > 1:
        sentence = phrase("{0} stands in every term on the left.", name)
        factored = _factored(page, places)
        page.line(factored, page.write(right, places.labels), "factored", sentence)
    return right


def _factored(page: Page, places: Collected) -> Expression:
    """L X R, H x, or c * x."""
    unknown = page.name
    if places.entrywise is not None:
        front = page.write(places.entrywise, places.entrywise.labels)
        if is_scalar(front):
            return times(front, unknown)
        return multiply(page.write(places.entrywise, places.labels), unknown)
    for side, entry in places.sides:
        matrix = page.write(entry, places.order(side))
        unknown = product(matrix, unknown) if side == "left" else product(unknown, matrix)
    return unknown


def _inverted(page: Page, places: Collected, right: Entry) -> Entry:
    """The right side over the coefficient, or times its inverse."""
    if places.entrywise is not None:
        not_zero(page, places.entrywise)
        below = places.entrywise.term
        return contract(over(terms_of(right), below), places.labels)
    places, right = _scaled(page, places, right)
    core = places.core
    values = {"right": tensor(Entry(aligned(right, places.labels), places.labels), core)}
    whole: Expression = Name("right", (*(x.axis for x in core), UNIT)[:2])
    for side, entry in places.sides:
        order = places.order(side)
        values[side + "?"] = tensor(Entry(aligned(entry, order), order), order[-2:])
        inverse = inv(Name(side + "?", tuple(x.axis for x in order[-2:])))
        whole = inverse @ whole if side == "left" else whole @ inverse
        if not invertible(entry.node):
            text = page.code(entry, order)
            page.need(_invertible(page, text, entry))
    result = lower(whole, values)
    return Entry(aligned(result.closed(), result.labels), places.labels)


def _scaled(page: Page, places: Collected, right: Entry) -> tuple[Collected, Entry]:
    """Both sides over the scalars of the coefficient: (c S)^-1 b = S^-1 b / c."""
    side, entry = places.sides[0]
    scale = scale_of(entry)
    for factor in scale.factors:
        not_zero(page, factor.entry)
    again, other = (contract(over(terms_of(e), scale), e.labels) for e in (entry, right))
    one = replace(places, left=again) if side == "left" else replace(places, right=again)
    return one, other


def _invertible(page: Page, text: str, entry: Entry) -> Phrase:
    """That a coefficient is invertible; of X^T X, that X has full column rank."""
    told = phrase("{0} is invertible", text)
    first, *others = terms_of(entry)
    if others or len(first.factors) != 2 or len(first.summed) != 1:
        return told
    one, other = first.factors
    places = {f.labels.index(first.summed[0]) for f in (one, other)}
    of_batch = is_batch(first.summed[0])
    if one.node is not other.node or len(one.labels) != 2 or len(places) > 1 or of_batch:
        return told
    rank = "{0} ({1} has full row rank)" if places.pop() else "{0} ({1} has full column rank)"
    return phrase(rank, told, page.code(Entry(one.node, one.labels)))


def _finish(
    page: Page, solution: Entry, equation: Equation, places: Collected, power: Fraction
) -> None:
    """The line that says what the unknown is."""
    rule, sentence = phrase("solved"), ""
    if places.entrywise is not None and terms_of(places.entrywise) != (Term(ONE, ()),):
        rule = phrase("divided by the coefficient")
    elif places.sides:
        sides = enumerated([phrase(f"the {side}") for side, _ in places.sides])
        rule = phrase("times the inverse from {0}", sides)
        sentence = "A matrix times its inverse is the identity."
    if power != 1:
        rule = joined(", ", (rule, "positive root"))
    page.line(page.name, page.short(solution, equation.labels), rule, sentence)
