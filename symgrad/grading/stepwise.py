"""Formulas in index notation with each operation by itself, nothing rewritten across them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from symgrad.calculus.lowering import lower
from symgrad.calculus.tensors import Tensor
from symgrad.language import expressions as ex


def stepwise(
    root: ex.Expression,
    tensors: Mapping[str, Tensor],
    known: dict[ex.Expression, Tensor] | None = None,
) -> Tensor:
    """The tensor that an expression means, each operation a statement of its own: a long product is
    multiplied from left to right, as it is written. What is `known` of parts is taken, and
    kept."""
    meanings = {} if known is None else known

    def visit(node: ex.Expression, arguments: tuple[Tensor, ...]) -> Tensor:
        if node not in meanings:
            meanings[node] = (
                lowered_call(node, arguments) if isinstance(node, ex.Call) else lower(node, tensors)
            )
        return meanings[node]

    return ex.fold(root, visit, lambda node: () if node in meanings else ex.operands(node))


def with_definitions(
    tensors: Mapping[str, Tensor], definitions: Mapping[str, ex.Expression]
) -> dict[str, Tensor]:
    """What names mean, with those that are defined by these formulas in turn."""
    meanings = dict(tensors)
    for name, definition in definitions.items():
        meanings[name] = stepwise(definition, meanings)
    return meanings


def lowered_call(call: ex.Call, arguments: Sequence[Tensor], whole: bool = True) -> Tensor:
    """The operation of a call on these arguments; `whole` as one node."""
    places = tuple(_place(k, a) for k, a in enumerate(call.arguments))
    values = {p.name: t for p, t in zip(places, arguments, strict=True) if isinstance(p, ex.Name)}
    value = lower(ex.Call(call.operation, places, call.shape, call.options, call.batch), values)
    return replace(value, terms=(value.closed().term,)) if whole else value


def _place(k: int, argument: ex.Expression) -> ex.Expression:
    """A name `?k` for the k-th argument of a call; numbers and integer labels stay what they
    are."""
    if isinstance(argument, ex.Number) or ex.label_size(argument) is not None:
        return argument
    return ex.Name(f"?{k}", argument.shape, argument.batch)
