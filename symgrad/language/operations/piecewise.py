"""Scalar functions with a kink: sign, step, abs, ReLU, maximum, minimum.

Conventions at the kink: relu'(0) = 0, abs'(0) = 0, a tie of maximum or minimum is one half each,
where neither argument is the number 0: maximum(x, 0) is relu(x).
"""

from __future__ import annotations

from fractions import Fraction

import sympy

from symgrad.language.composing import ONES, indicator, magnitude
from symgrad.language.dimensions import ONE
from symgrad.language.expressions import (
    OPERATIONS,
    Call,
    Expression,
    Number,
    Spelling,
    expression,
    parts,
)
from symgrad.language.formula import RELATION, Applied, Formula, Infix
from symgrad.language.formula import Number as Digits
from symgrad.language.operations.elementwise import elementwise
from symgrad.language.operations.meanings import Numbered, rewrite
from symgrad.language.typeset import function, typeset
from symgrad.language.unparse import unparse

HALF = Fraction(1, 2)


def _zero(x: Expression) -> Expression:
    return expression(0) * x


def _is_square(call: Call) -> bool:
    """Whether bars would be those of a determinant."""
    return len(call.shape) == 2 and call.shape[0] == call.shape[1] != ONE


def _compared(call: Call) -> tuple[Expression, str, Expression] | None:
    """i, ">" and j of step(i - j), the step of a difference of indices; i >= j of i + 1 > j."""
    add, subtract = OPERATIONS["add"], OPERATIONS["subtract"]
    match call.arguments:
        case [Call(operation=op, arguments=(one, other)) as x] if op is subtract:
            if any(
                isinstance(p, Call) and isinstance(p.operation.meaning, Numbered) for p in parts(x)
            ):
                match one:
                    case Call(operation=op, arguments=(i, Number(value=1))) if op is add:
                        return i, ">=", other
                return one, ">", other
    return None


def _step_text(call: Call, texts: tuple[str, ...]) -> str:
    """step(x), (i > j)"""
    if compared := _compared(call):
        one, sign, other = compared
        return f"({unparse(one)} {sign} {unparse(other)})"
    return f"step({texts[0]})"


def _step(call: Call, x: Formula) -> Formula:
    """1[x > 0], [i > j]"""
    if compared := _compared(call):
        one, sign, other = compared
        return indicator(typeset(one), {">=": r"\geq"}.get(sign, sign), typeset(other))
    positive = Infix((x, Digits(digits="0")), signs=(">",), binds=RELATION)
    return Applied((ONES, positive), left="[", right="]")


step = elementwise(
    "step",
    lambda x: sympy.Piecewise((1, x > 0), (0, True)),
    lambda xp, x: xp.greater(x, 0),
    derivative=lambda x: (_zero(x),),
    kink=lambda x: x,
    text=Spelling(_step_text),
    notation=_step,
    elsewhere=("heaviside",),
    sentence="The unit step, 1 where x > 0 and else 0, has derivative 0.",
    reserved=False,
)
sign = elementwise(
    "sign",
    lambda x: sympy.Piecewise((1, x > 0), (-1, x < 0), (0, True)),
    parity=-1,
    derivative=lambda x: (_zero(x),),
    kink=lambda x: x,
    sentence="The sign has derivative 0.",
    elsewhere=("sgn",),
    sympy_classes=(sympy.sign,),
)
absolute = elementwise(
    "abs",
    lambda x: sympy.Piecewise((x, x > 0), (-x, True)),
    parity=1,
    derivative=lambda x: (sign(x),),
    kink=lambda x: x,
    notation=lambda call, x: function(call, x) if _is_square(call) else magnitude(x),
    elsewhere=("absolute", "fabs"),
    sentence="The derivative of the absolute value is the sign (0 at 0, by convention).",
    sympy_classes=(sympy.Abs,),
    positive=True,
    keeps_positive=True,
)
relu = elementwise(
    "relu",
    lambda x: sympy.Piecewise((x, x > 0), (0, True)),
    lambda xp, x: xp.positive_part(x),
    derivative=lambda x: (step(x),),
    kink=lambda x: x,
    sentence="ReLU passes the gradient on where its argument is positive, and stops it elsewhere.",
    positive=True,
)
maximum = elementwise(
    "maximum",
    lambda x, y: sympy.Piecewise((x, x > y), (y, True)),
    arity=2,
    derivative=lambda x, y: (0.5 * (1 + sign(x - y)), 0.5 * (1 - sign(x - y))),
    kink=lambda x, y: x - y,
    latex=r"\max",
    sentence="A maximum passes the gradient on to the larger argument (a tie: half to each).",
    sympy_classes=(sympy.Max,),
)
minimum = elementwise(
    "minimum",
    lambda x, y: sympy.Piecewise((x, x < y), (y, True)),
    arity=2,
    derivative=lambda x, y: (0.5 * (1 - sign(x - y)), 0.5 * (1 + sign(x - y))),
    kink=lambda x, y: x - y,
    latex=r"\min",
    sentence="A minimum passes the gradient on to the smaller argument (a tie: half to each).",
    sympy_classes=(sympy.Min,),
)
rewrite(
    "sign over absolute value", lambda x: (sign(x) / absolute(x), 1 / x), "sign(x) / |x| = 1 / x"
)
rewrite(
    "absolute value times sign",
    lambda x: (absolute(x) * sign(x), x),
    "|x| sign(x) = x",
    partial=True,
)
rewrite("sign times its argument", lambda x: (sign(x) * x, absolute(x)), "sign(x) x = |x|")
rewrite(
    "step times relu",
    lambda x: (step(x) * relu(x), relu(x)),
    "relu(x) is 0 where step(x) is",
    partial=True,
)
rewrite("step times its argument", lambda x: (step(x) * x, relu(x)), "step(x) x = relu(x)")
rewrite(
    "square of an absolute value",
    lambda x: (absolute(x) ** 2, x**2),
    "|x|^2 = x^2",
    of_writing=True,
)
rewrite(
    "maximum of x and 0",
    lambda x: (maximum(x, expression(0)), relu(x)),
    "max(x, 0) = relu(x)",
    of_writing=True,
)
rewrite(
    "maximum of 0 and x",
    lambda x: (maximum(expression(0), x), relu(x)),
    "max(0, x) = relu(x)",
    of_writing=True,
)
rewrite(
    "minimum of x and 0",
    lambda x: (minimum(x, expression(0)), -relu(-x)),
    "min(x, 0) = -relu(-x)",
    of_writing=True,
)
rewrite(
    "minimum of 0 and x",
    lambda x: (minimum(expression(0), x), -relu(-x)),
    "min(0, x) = -relu(-x)",
    of_writing=True,
)
rewrite("root of a square", lambda x: ((x**2) ** HALF, absolute(x)), "sqrt(x^2) = |x|")
