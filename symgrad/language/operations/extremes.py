"""The largest and the smallest entry of a vector, of a matrix, or along an axis.

Convention at a tie: the entries that are largest share the gradient equally. So the gradient of
max(x) is hardmax(x), with 1/k in the k largest entries.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from symgrad.language import expressions as ex
from symgrad.language.operations.contractions import alone
from symgrad.language.operations.meanings import Function, declare
from symgrad.language.operations.namespace import Namespace
from symgrad.language.operations.piecewise import step
from symgrad.language.shapes import kept, reduced


def _hardmax(xp: Namespace, x: Any, axis: Any) -> Any:
    chosen = xp.equal(x, xp.max(x, axis))
    return chosen / xp.sum(chosen, axis)


hardmax = declare(
    "hardmax",
    Function,
    over="all",
    pullback=lambda g, h, x: (ex.expression(0) * x,),
    kernel=_hardmax,
    positive=True,
    simplex=True,
    kink=lambda x: _lead(x),
    identity="constant where no two entries are equal",
    shape=kept("hardmax"),
    options=("axis",),
    reserved=False,
    rule="hardmax",
    sentence="Hardmax, 1 where the entry is largest and else 0, has derivative 0.",
    symbol="h",
    source="The limit of softmax(x / t) as t goes to 0",
)


def _lead(x: ex.Expression) -> ex.Expression:
    """How far the largest entry is from the next one: 0 at a tie."""
    alone = step(hardmax(x) - 0.75)
    return largest(x) - largest(x - (1 + largest(x) - smallest(x)) * alone)


def _extreme(
    name: str,
    kernel: Callable[..., Any],
    chosen: Callable[[ex.Expression], ex.Expression],
    kink: Callable[[ex.Expression], ex.Expression],
) -> ex.Operation:
    return declare(
        name,
        Function,
        over="all",
        pullback=lambda g, y, x: (g * chosen(x),),
        kernel=kernel,
        kink=kink,
        identity="the extreme entry moves alone",
        elsewhere=(f"a{name}", f"reduce_{name}"),
        of_two=f"{name}imum",
        shape=reduced(name),
        options=("axis",),
        reserved=False,
        prepare=alone,
        rule=f"{name} of entries",
        latex=rf"\{name}",
        sentence="The entries that are the extreme one share the gradient.",
        symbol="m",
    )


largest = _extreme("max", lambda xp, x, axis: xp.max(x, axis), lambda x: hardmax(x), _lead)
smallest = _extreme(
    "min", lambda xp, x, axis: -xp.max(-x, axis), lambda x: hardmax(-x), lambda x: _lead(-x)
)
