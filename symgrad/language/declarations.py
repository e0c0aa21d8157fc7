"""Declarations: `name: Kind(dimensions, fact=True)`."""

from __future__ import annotations

import ast
from collections.abc import Collection

from symgrad.errors import ProgramError, ShapeError, did_you_mean
from symgrad.language.dimensions import Dimension, dimension, size_of
from symgrad.language.expressions import OPERATIONS
from symgrad.language.mistyped import kind_meant, space_meant
from symgrad.language.names import check_name, entry_of
from symgrad.language.operations import unspecified
from symgrad.language.operations.advice import FACTS_MEANT
from symgrad.language.operations.contractions import total
from symgrad.language.operations.unspecified import Unspecified
from symgrad.language.problem import FACTS, KINDS, Variable, number_or_name
from symgrad.language.syntax import source_of, typed

DIMENSION = "Dimension"  # k: Dimension, a whole number that no array tells


def declaration(name: str, annotation: ast.expr, batch: str | None) -> Variable:
    """The variable that a declaration says; `batch` is the one whose examples have their own."""
    keywords: list[ast.keyword] = []
    arguments: list[ast.expr] = []
    match annotation:
        case ast.Name(id=kind):
            pass
        case ast.Call(func=ast.Name(id=kind), args=arguments, keywords=keywords):
            pass
        case _:
            raise ProgramError(
                f"{name}: a declaration names a kind: Scalar, Vector(n), Matrix(m, n), Index(n)"
                f"{_meant(name, annotation)}"
            )
    if kind not in KINDS and (meant := kind_meant(kind)):
        inside = f"({', '.join(map(typed, arguments))})" if arguments else ""
        raise ProgramError(f"unknown kind {kind} of {name}; write {name}: {meant}{inside}")
    if kind not in KINDS and name in ("loss", "f"):
        raise ProgramError(f"what is computed has a =; write {name} = {typed(annotation)}")
    match arguments:
        case [ast.BinOp(op=ast.Mult())] if kind == "Matrix":
            raise ProgramError(f"{name}: a matrix has two dimensions{_meant(name, annotation)}")
        case [ast.Tuple() as dims_]:
            meant = f"; write {name}: {kind}({typed(dims_)[1:-1]})"
            raise ProgramError(f"{name}: dimensions have no brackets of their own{meant}")
    for k in keywords:
        if not arguments and isinstance(k.value, ast.Constant) and type(k.value.value) is int:
            meant = f"; write {name}: {kind}({k.value.value})"
            raise ProgramError(f"{name}: a dimension has no name before it{meant}")
    for argument in arguments:
        if isinstance(argument, ast.Name) and argument.id in FACTS:
            raise ProgramError(f"{name}: a fact is written {argument.id}=True")
    dims = tuple(map(declared_dimension, arguments))
    return Variable(name, kind, dims, frozenset(_fact(k, FACTS) for k in keywords) - {""}, batch)


def function_declaration(name: str, annotation: ast.expr) -> Unspecified | None:
    """The function that `phi: Function` leaves open; None of any other declaration."""
    match annotation:
        case ast.Name(id="Function"):
            return Unspecified(check_name(name))
        case ast.Call(func=ast.Name(id="Function"), args=[], keywords=keywords):
            facts = frozenset(_fact(k, unspecified.FACTS) for k in keywords) - {""}
            return Unspecified(check_name(name), facts)
        case ast.Call(func=ast.Name(id="Function")):
            raise ProgramError(
                f"{name}: write {name}: Function; the first call tells of what it is a function"
            )
    return None


def _meant(name: str, annotation: ast.expr) -> str:
    """The declaration, or the assignment, that was probably meant."""
    text = typed(annotation)
    match annotation:
        case ast.Attribute(value=ast.Call() as call, attr=fact) if fact in FACTS:
            return f"; write {name}: {typed(call)[:-1]}, {fact}=True)"
        case ast.Tuple(elts=dims) if all(isinstance(d, ast.Name | ast.Constant) for d in dims):
            text = f"R({', '.join(map(typed, dims))})"
        case ast.Subscript(value=ast.Call() as kind, slice=ast.Name(id=index)):
            steps = f"{index.lower()}:{index.upper()}"
            return f"; of steps write {name}: {typed(kind)}[{steps}]"
    if meant := space_meant(text):
        return f"; write {name}: {meant}"
    return f"; write {name} = {text}" if name in ("loss", "f") else ""


def declared_dimension(node: ast.expr) -> Dimension:
    """A dimension: a name, a number, or the size of a layer, as in n[l - 1]."""
    match node:
        case ast.Subscript(value=ast.Name(id=name), slice=index) if is_index(index):
            return number_or_name(entry_of(name, source_of(index)))
        case ast.Name(id=name):
            return number_or_name(name)
        case ast.Constant(value=int(value)) if not isinstance(value, bool):
            return dimension(value)
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=value)):
            raise ShapeError(
                f"dimension -{value!r}: a dimension is a name or a positive whole number"
            )
        case ast.BinOp(op=ast.Add() | ast.Sub() | ast.Mult() as sign, left=left, right=right):
            one, other = (_term(side) for side in (left, right))
            whole = {ast.Add: one + other, ast.Sub: one - other, ast.Mult: one * other}[type(sign)]
            return size_of(whole)
        case ast.BinOp(op=ast.Pow(), left=left, right=ast.Constant(value=int(k))) if 1 < k < 10:
            return size_of(_term(left) ** k)
    raise ShapeError(
        f"{source_of(node)} is no dimension: a name or a positive whole number is wanted"
    )


def _term(node: ast.expr) -> Dimension:
    """A term of a sum of dimensions, as in n - (m - 1)."""
    match node:
        case ast.BinOp() | ast.Name() | ast.Constant():
            return declared_dimension(node)
        case ast.Subscript(value=ast.Name()):
            raise ShapeError(
                f"{source_of(node)}: the size of a layer stands alone; give the sum or product a "
                "name of its own, such as m[l]"
            )
    raise ShapeError(f"{source_of(node)} is no dimension: a name or a positive number is wanted")


def is_index(node: ast.expr) -> bool:
    """Whether this is an index of a step: t, t - 1, 0."""
    match node:
        case ast.BinOp(left=ast.Name(), op=ast.Add() | ast.Sub(), right=ast.Constant(value=int())):
            return True
        case ast.Constant(value=int(value)):
            return not isinstance(value, bool)
    return isinstance(node, ast.Name)


def _fact(node: ast.keyword, known: Collection[str]) -> str:
    """The fact that holds, one of those known; nothing where it is denied."""
    if node.arg is None:
        raise ProgramError("** before an argument is not part of the language")
    if not (isinstance(node.value, ast.Constant) and isinstance(node.value.value, bool)):
        given = source_of(node.value)
        meant = f"; write {node.arg}={given.capitalize()}" * (given in ("true", "false"))
        raise ProgramError(f"the fact {node.arg} is True or False, not {given}{meant}")
    if node.arg not in known:
        near = did_you_mean(node.arg, known) or f"; there are {', '.join(sorted(known))}"
        told = f"; {FACTS_MEANT[node.arg]}" if node.arg in FACTS_MEANT else near
        raise ProgramError(f"unknown fact {node.arg}{told}")
    return node.arg if node.value.value else ""


def check_tensors(tree: ast.Module) -> None:
    """Where all that is said of tensors is sum(T), and nothing in the program has a third index,
    something else was meant by it."""
    tensors = {
        n.target.id: n
        for n in tree.body
        if isinstance(n, ast.AnnAssign)
        and isinstance(n.target, ast.Name)
        and isinstance(n.annotation, ast.Call)
        and getattr(n.annotation.func, "id", "") == "Tensor"
    }
    nodes = list(ast.walk(tree)) if tensors else []
    if any(getattr(n, "id", "") == "einsum" or getattr(n, "arg", "") == "axis" for n in nodes):
        return
    loads = [n for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)]
    used = {id(n) for n in loads if n.id in tensors}
    summed = {id(n.args[0]) for n in nodes if isinstance(n, ast.Call) and _is_sum(n)}
    if used and used <= summed:
        node = next(iter(tensors.values()))
        raise ProgramError(
            f"{source_of(node)}: there is no einsum(...) and no axis= that needs a Tensor; a "
            "matrix is declared Matrix(m, n)",
            line=node.lineno,
            column=node.col_offset + 1,
        )


def _is_sum(call: ast.Call) -> bool:
    """Whether a call adds up all entries."""
    return OPERATIONS.get(getattr(call.func, "id", "")) is total and len(call.args) == 1
