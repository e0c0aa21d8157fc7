"""The differential of an expression, by the rule that each operation's meaning has.

d(a + b) = da + db               d(A B) = dA B + A dB, and so for every sum of products
d(a / b) = da / b - a db / b^2   d(a^p) = p a^(p-1) da
d f(x) = f'(x) dx, entry by entry
dY of a function that has no definition in the language: its pull-back, transposed
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

from symgrad.calculus.algebra import over, power, scaled, signed_sum
from symgrad.calculus.chain_rule import forward
from symgrad.calculus.lowering import given, lower
from symgrad.calculus.nodes import Entry, Polynomial
from symgrad.calculus.proofs.symbols import Symbols, as_node, constant
from symgrad.language.expressions import (
    Call,
    Expression,
    Name,
    Number,
    expression,
    fold,
    is_scalar,
)
from symgrad.language.operations.constants import ones
from symgrad.language.operations.meanings import (
    Contraction,
    Elementwise,
    Function,
    Linear,
    Monomial,
    Total,
)
from symgrad.language.unparse import unparse

Moved = Expression | None  # a differential, None where it is zero
Rules = list[str]  # the names of the rules that were used, each once


def differential(
    name: Name, expression: Expression, moving: Mapping[str, Expression]
) -> tuple[Moved, Rules]:
    """dZ of the statement name = expression, where the names in `moving` move; and its rules."""
    rules: dict[str, None] = {}

    def visit(e: Expression, moved: tuple[Moved, ...]) -> Moved:
        if isinstance(e, Name):
            return moving.get(e.name)
        if not isinstance(e, Call) or all(m is None for m in moved):
            return None
        value = name if e is expression else e
        moving_part, rule = _rule(e, moved, value)
        if rule:
            rules.setdefault(rule)
        return _named(moving_part, e, value)

    return fold(expression, visit), list(rules)


def _rule(call: Call, moved: tuple[Moved, ...], result: Expression) -> tuple[Expression, str]:
    meaning = call.operation.meaning
    active = [(k, m) for k, m in enumerate(moved) if m is not None]
    match meaning:
        case Linear():
            parts = [scaled(Fraction(meaning.coefficients[k]), _spread(m, call)) for k, m in active]
            return signed_sum(parts), "sum rule" if len(call.arguments) > 1 else ""
        case Monomial():
            factors = [_monomial(call, meaning, k, m) for k, m in active]
            return signed_sum(factors), f"{call.operation.rule} rule"
        case Contraction():
            products = [_replaced(call, k, m) for k, m in active]
            several = len(call.arguments) > 1
            return signed_sum(products), "product rule" if several else _linear(call)
        case Total():
            return replace(call, arguments=(active[0][1],)), _linear(call)
        case Elementwise():
            slopes = meaning.derivative(*call.arguments)
            parts = [_spread(slopes[k] * m, call) for k, m in active]
            return signed_sum(parts), f"derivative of {call.operation.name}, entry by entry"
        case Function():
            pushed = [_pushed_forward(call, k, m, result) for k, m in active]
            return signed_sum(
                pushed
            ), f"{call.operation.rule}: the known identity, its pull-back transposed"
    raise TypeError(f"no rule for {call.operation.name}")


def _named(slope: Expression, call: Call, result: Expression) -> Expression:
    """A differential with the value of what it is of by its name."""
    written = unparse(call)

    def visit(e: Expression, arguments: tuple[Expression, ...]) -> Expression:
        if not isinstance(e, Call):
            return e
        return result if unparse(e) == written else replace(e, arguments=arguments)

    return fold(slope, visit)


def _linear(call: Call) -> str:
    return f"the {call.operation.rule} is linear"


def _replaced(call: Call, k: int, moved: Expression) -> Expression:
    arguments = (*call.arguments[:k], moved, *call.arguments[k + 1 :])
    return call.operation(*arguments, **call.options)


def _spread(moved: Expression, call: Call) -> Expression:
    """A scalar's differential in every entry of a larger result."""
    if is_scalar(moved) and not is_scalar(call):
        return moved * constant(ones, call.shape)
    return moved


def _monomial(call: Call, meaning: Monomial, k: int, moved: Expression) -> Expression:
    """p a^(p-1) da times the powers of the other factors."""
    powers = meaning.powers(call)
    coefficient, above, below = powers[k], [], []
    for j, (argument, exponent) in enumerate(zip(call.arguments, powers, strict=False)):
        if j == k:
            exponent -= 1
        if exponent > 0:
            above.append(power(argument, exponent))
        elif exponent < 0:
            below.append(power(argument, -exponent))
        if j == k:
            above.append(moved)
    return _quotient(coefficient, above, below)


def _quotient(
    coefficient: Fraction, above: list[Expression], below: list[Expression]
) -> Expression:
    factors = [f for f in above if not (isinstance(f, Number) and f.value == 1)]
    top = factors[0]
    for factor in factors[1:]:
        top = top * factor
    result = scaled(coefficient, top)
    for factor in below:
        result = over(result, factor) if is_scalar(factor) else result / factor
    return result


def _pushed_forward(call: Call, k: int, moved: Expression, result: Expression) -> Expression:
    """J v by the k-th argument of a function whose pull-back is known, in matrix notation."""
    names = [Name(f"?{j}", a.shape) for j, a in enumerate(call.arguments)]
    values = {n.name: given(n.name, n.shape) for n in names}
    function = lower(replace(call, arguments=tuple(names)), values)
    direction = given("?v", names[k].shape)
    pairs = [(values[n.name], a) for n, a in zip(names, call.arguments, strict=True)]
    pairs += [(direction, moved), (function, result)]
    called = {t.closed().node: as_node(e, t.closed(), t) for t, e in pairs}
    node = function.closed().node
    argument = values[names[k].name].closed().node
    entry, labels = forward([node], {argument: direction.closed()})[node]
    if isinstance(entry.node, Polynomial) and not entry.node.terms:
        return expression(0) * moved  # it keeps its argument's indices
    own = dict(zip(labels, function.closed().labels, strict=True))
    placed = Entry(entry.node, tuple(own[x] for x in entry.labels))
    return Symbols().written(placed, function.core, call.shape, called)
