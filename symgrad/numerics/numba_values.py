"""The text of a line read as one entry of its array: what stands at [i, j] of `v0 + v1[:, None]`.

A value knows its dimensions and writes its entry at given indices; nothing of it is computed or
stored before a loop asks for the entry. So a transpose, a broadcast, a look-up or an identity
matrix costs nothing.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from symgrad.errors import OptionError

Dims: TypeAlias = tuple[str, ...]
Entry: TypeAlias = Callable[[Sequence[str]], str]

INFIX = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**"}
COMPARISONS = {ast.Gt: ">", ast.Eq: "=="}
FUNCTIONS = {"maximum": "larger", "minimum": "smaller", "exp": "exponential"}  # our own


@dataclass(frozen=True)
class Value:
    """An array by its entries. Where it is a stored array with its axes in some order, `name` is
    that array and `order` says which of its axes each axis is."""

    dims: Dims
    entry: Entry
    name: str = ""
    order: tuple[int, ...] = ()

    def permuted(self, order: Sequence[int]) -> Value:
        """The value with its axes in this order."""

        def entry(indices: Sequence[str]) -> str:
            own = dict(zip(order, indices, strict=True))
            return self.entry([own[k] for k in range(len(order))])

        dims = tuple(self.dims[k] for k in order)
        return Value(dims, entry, self.name, tuple(self.order[k] for k in order if self.name))


def stored(name: str, dims: Dims) -> Value:
    """An array, or a number, that is there."""

    def entry(indices: Sequence[str]) -> str:
        return f"{name}[{', '.join(indices)}]" if indices else name

    return Value(dims, entry, name, tuple(range(len(dims))))


def number(text: str) -> Value:
    """The same number everywhere."""
    return Value((), lambda indices: f"real({text})")


def spread(value: Value, dims: Dims, indices: Sequence[str]) -> str:
    """The entry of a value inside a larger array: its axes are the last ones."""
    own = indices[len(dims) - len(value.dims) :]
    return value.entry(["0" if d == "1" else i for d, i in zip(value.dims, own, strict=True)])


def common(values: Sequence[Value]) -> Dims:
    """The dimensions of values spread over each other."""
    rank = max((len(v.dims) for v in values), default=0)
    padded = [("1",) * (rank - len(v.dims)) + v.dims for v in values]
    return tuple(next((d for d in axis if d != "1"), "1") for axis in zip(*padded, strict=True))


def mapped(template: str, values: Sequence[Value]) -> Value:
    """An elementwise operation; {0}, {1} in the template are the operands."""
    dims = common(values)
    return Value(dims, lambda at: template.format(*(spread(v, dims, at) for v in values)))


def unsupported(what: str) -> OptionError:
    """What is said where Numba cannot do it."""
    return OptionError(f"Numba has no form of {what}; use modules='numpy'")


class Reader:
    """Reads texts, given the values that have names; what is no entry by entry work is `called`."""

    def __init__(
        self,
        names: Mapping[str, Value],
        called: Callable[[str, ast.Call], Value],
    ) -> None:
        self.names = names
        self.called = called

    def read(self, text: str) -> Value:
        """The value that a text stands for."""
        return self.value(ast.parse(text.strip(), mode="eval").body)

    def value(self, node: ast.expr) -> Value:
        """The value of a part of a text."""
        match node:
            case ast.Constant() | ast.Name() if self.is_number(node):
                return number(ast.unparse(node))
            case ast.Name():
                return self.names[node.id]
            case ast.UnaryOp(op=ast.USub()):
                return mapped("(-{0})", [self.value(node.operand)])
            case ast.BinOp():
                operands = [self.value(node.left), self.value(node.right)]
                return mapped(f"({{0}} {INFIX[type(node.op)]} {{1}})", operands)
            case ast.Compare():
                operands = [self.value(node.left), self.value(node.comparators[0])]
                sign = COMPARISONS[type(node.ops[0])]
                return mapped(f"(real(1.0) if {{0}} {sign} {{1}} else real(0.0))", operands)
            case ast.Attribute(attr="T"):
                value = self.value(node.value)
                return value.permuted(range(len(value.dims))[::-1])
            case ast.Subscript():
                return self.subscript(node)
            case ast.Call():
                return self.call(node)
        raise unsupported(ast.unparse(node))

    def is_number(self, node: ast.expr) -> bool:
        """Whether this is a number or a size."""
        return not isinstance(node, ast.Name) or node.id not in self.names

    def subscript(self, node: ast.Subscript) -> Value:
        """Axes of length 1 put in or taken out; rows of an identity matrix looked up."""
        value = self.value(node.value)
        index = node.slice
        if isinstance(index, ast.Name):
            labels = self.names[index.id]
            return taken(value, labels, 0)
        parts = list(index.elts) if isinstance(index, ast.Tuple) else [index]
        fixed = sum(not (isinstance(p, ast.Constant) and p.value in (None, ...)) for p in parts)
        dots = [ast.Slice()] * (len(value.dims) - fixed)
        full: list[ast.expr] = []
        for part in parts:
            ellipsis = isinstance(part, ast.Constant) and part.value is ...
            full += dots if ellipsis else [part]
        full += [ast.Slice()] * (len(value.dims) - sum(not is_new(p) for p in full))
        return sliced(value, full)

    def call(self, node: ast.Call) -> Value:
        """A ufunc, a view or a look-up here; anything else is called."""
        function = ast.unparse(node.func)
        if isinstance(node.func, ast.Attribute) and node.func.attr == "transpose":
            return self.value(node.func.value).permuted([literal(a) for a in node.args])
        name = function.removeprefix("np.")
        if name in ("asarray", "float"):
            return self.value(node.args[0])
        if name in ("zeros", "full"):
            text = "0.0" if name == "zeros" else ast.unparse(node.args[1])
            return filled(node.args[0], text)
        if name == "broadcast_to":
            return broadcast(self.value(node.args[0]), shape_of(node.args[1]))
        if name == "eye":
            size = ast.unparse(node.args[0])
            text = "(real(1.0) if {0} == {1} else real(0.0))"
            return Value((size, size), lambda at: text.format(*at))
        if name == "take":
            axis = literal(node.keywords[0].value)
            return taken(self.value(node.args[0]), self.value(node.args[1]), axis)
        if name == "diagonal":
            value = self.value(node.args[0])
            return Value(value.dims[:1], lambda at: value.entry([at[0], at[0]]))
        return self.called(name, node)


def is_new(part: ast.expr) -> bool:
    """Whether an index puts in an axis."""
    return isinstance(part, ast.Constant) and part.value is None


def literal(node: ast.expr) -> int:
    """A whole number that is written out."""
    return int(ast.literal_eval(node))


def shape_of(node: ast.expr) -> Dims:
    """A shape that is written out, as texts."""
    assert isinstance(node, ast.Tuple)
    return tuple(map(ast.unparse, node.elts))


def filled(shape: ast.expr, text: str) -> Value:
    """One number in every entry."""
    return Value(shape_of(shape), lambda indices: f"real({text})")


def broadcast(value: Value, dims: Dims) -> Value:
    """The value spread over these dimensions."""
    return Value(dims, lambda indices: spread(value, dims, indices))


def taken(value: Value, labels: Value, axis: int) -> Value:
    """Rows looked up: value[labels], along an axis."""
    rank = len(labels.dims)
    size = value.dims[axis]

    def entry(indices: Sequence[str]) -> str:
        label = labels.entry(indices[axis : axis + rank])
        row = f"checked({label}, {size})"
        return value.entry([*indices[:axis], row, *indices[axis + rank :]])

    return Value((*value.dims[:axis], *labels.dims, *value.dims[axis + 1 :]), entry)


def sliced(value: Value, parts: Sequence[ast.expr]) -> Value:
    """value[:, None, 0]: whole axes, new axes, and axes of length 1 left out."""
    dims = iter(value.dims)
    kept: list[str] = []
    where: list[int | None] = []  # for each axis of the value: the index that it takes
    for part in parts:
        if is_new(part):
            kept.append("1")
            continue
        dim = next(dims)
        whole = isinstance(part, ast.Slice)
        where.append(len(kept) if whole else None)
        kept += [dim] * whole
    return Value(tuple(kept), lambda at: value.entry(["0" if k is None else at[k] for k in where]))
