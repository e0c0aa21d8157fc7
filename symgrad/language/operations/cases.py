"""Cases: where(x > y, a, b) is a in the entries where x > y, else b.

A condition is read as a number that is 1 where it holds and else 0, by whoever reads it: step(x)
for x > 0, 1 - step(-x) for x >= 0, a product for what holds together. Here it is turned into
nested choices by one comparison each, of which the branch that is not chosen has no influence, be
it infinite or no number.
"""

from __future__ import annotations

from collections.abc import Callable

import sympy

from symgrad.errors import ProgramError, ShapeError
from symgrad.language import expressions as ex
from symgrad.language.dimensions import Shape
from symgrad.language.formula import RELATION, Cases, Formula, Infix, Number
from symgrad.language.operations.arithmetic import multiply, subtract
from symgrad.language.operations.elementwise import composite, elementwise
from symgrad.language.operations.entries import same_label
from symgrad.language.operations.meanings import rewrite
from symgrad.language.operations.piecewise import absolute, maximum, minimum, relu, step
from symgrad.language.phrases import phrase
from symgrad.language.shapes import elementwise as elementwise_shape
from symgrad.language.unparse import unparse

CHOSEN = "{0} where {1}, else {2}, is {3}"
PLACES = (ex.SUM, ex.SUM, 0, 0)


def _cases(x: Formula, y: Formula, a: Formula, b: Formula) -> Formula:
    return Cases((a, Infix((x, y), signs=(">",), binds=RELATION), b))


choice = elementwise(
    "choice",
    lambda x, a, b: sympy.Piecewise((a, x > 0), (b, True)),
    lambda xp, x, a, b: xp.where(xp.greater(x, 0), a, b),
    arity=3,
    derivative=lambda x, a, b: (ex.expression(0) * x, step(x), 1 - step(x)),
    kink=lambda x, a, b: x,
    called=False,
    text=ex.Spelling("where({0} > 0, {1}, {2})", places=(ex.SUM, 0, 0)),
    notation=lambda call, x, a, b: _cases(x, Number(digits="0"), a, b),
    rule="cases",
    sentence="Cases pass the gradient on to what is chosen, and none to the condition.",
)


def _by_condition(*arguments: ex.Expression) -> ex.Expression | None:
    """where(t, a, b) by what the condition t compares; None where that is given apart."""
    if len(arguments) > 3:
        return None
    condition, one, other = arguments
    return chosen(condition, one, other)


def chosen(condition: ex.Expression, one: ex.Expression, other: ex.Expression) -> ex.Expression:
    """`one` where the condition, 1 or 0, is 1, else `other`.

    Raises: ProgramError for what is no condition."""
    operation = getattr(condition, "operation", None)
    if operation is step:
        (over,) = ex.operands(condition)
        both = ex.operands(over) if ex.is_call(over, subtract) else ()
        return where(*(both or (over, ex.expression(0))), one, other)
    if operation is same_label:
        first, second = _where(condition, one), _where(1 - condition, other)
        return first + second if first and second else first or second or one
    if operation is multiply:
        first, second = ex.operands(condition)
        return chosen(first, chosen(second, one, other), other)
    if operation is subtract:
        whole, opposite = ex.operands(condition)
        if ex.is_number(whole, 1):
            return chosen(opposite, other, one)
    text = unparse(condition)
    raise ProgramError(f"where: {text} is no condition; write where({text} > 0, ...)")


def _where(condition: ex.Expression, value: ex.Expression) -> ex.Expression | None:
    """The value where the condition is 1; None where that is 0."""
    number = value.value if isinstance(value, ex.Number) else None
    return None if number == 0 else condition if number == 1 else condition * value


def _shape(arguments: tuple[ex.Expression, ...], options: ex.Options) -> Shape:
    if len(arguments) != len(PLACES):
        raise ShapeError("where compares two sides and chooses one of two")
    return elementwise_shape("where")(arguments, options)


where: ex.Operation = composite(
    "where",
    lambda x, y, a, b: choice(x - y, a, b),
    arity=(3, 4),
    given=("x > 0", "a", "b"),
    prepare=_by_condition,
    shape=_shape,
    text=ex.Spelling("where({0} > {1}, {2}, {3})", places=PLACES),
    notation=lambda call, *parts: _cases(*parts),
    rule="cases",
    sentence="Cases pass the gradient on to what is chosen, and none to the condition.",
)


ZERO, UNIT = ex.expression(0), ex.expression(1)
Case = tuple[Callable[..., tuple[ex.Expression, ex.Expression]], tuple[str, ...]]
NAMED: tuple[Case, ...] = (  # the cases and what they are, and both in words
    (lambda x: (choice(x, UNIT, ZERO), step(x)), ("1", "x > 0", "0", "step(x)")),
    (lambda x: (choice(x, ZERO, UNIT), 1 - step(x)), ("0", "x > 0", "1", "1 - step(x)")),
    (lambda x: (choice(x, x, ZERO), relu(x)), ("x", "x > 0", "0", "relu(x)")),
    (lambda x: (choice(-x, ZERO, x), relu(x)), ("0", "x < 0", "x", "relu(x)")),
    (lambda x: (choice(-x, x, ZERO), -relu(-x)), ("x", "x < 0", "0", "-relu(-x)")),
    (lambda x: (choice(x, ZERO, x), -relu(-x)), ("0", "x > 0", "x", "-relu(-x)")),
    (lambda x: (choice(x, x, -x), absolute(x)), ("x", "x > 0", "-x", "|x|")),
    (lambda x: (choice(-x, -x, x), absolute(x)), ("-x", "x < 0", "x", "|x|")),
    (lambda x, y: (choice(x - y, x, y), maximum(x, y)), ("x", "x > y", "y", "max(x, y)")),
    (lambda x, y: (choice(x - y, y, x), minimum(y, x)), ("y", "x > y", "x", "min(x, y)")),
)
for sides, said in NAMED:
    rewrite("cases with a name", sides, phrase(CHOSEN, *said))
