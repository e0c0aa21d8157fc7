"""Sums and arrays over index letters, as Python writes them: x[i] ... for i in range(n)."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import sympy

from symgrad.errors import ProgramError, ShapeError, UnknownNameError
from symgrad.language.declarations import declared_dimension
from symgrad.language.dimensions import ONE, Dimension
from symgrad.language.expressions import Expression, Letter
from symgrad.language.operations.entries import ARRAYS, Ranges, index_mean, index_sum
from symgrad.language.operations.places import Affine, labelled, reachable
from symgrad.language.places import extent
from symgrad.language.scope import Scope
from symgrad.language.syntax import errors_at, source_of

Read = Callable[[ast.expr], Expression]
NAMES = ("sum", "mean", *ARRAYS)


def over_indices(node: ast.expr) -> bool:
    """Whether this is a generator over ranges of numbers."""
    return isinstance(node, ast.GeneratorExp) and all(map(_is_range, node.generators))


def _is_range(part: ast.comprehension) -> bool:
    match part.iter:
        case ast.Call(func=ast.Name(id="range")):
            return True
    return False


def read_comprehension(name: str, node: ast.GeneratorExp, scope: Scope, read: Read) -> Expression:
    """sum, mean, vector, matrix or tensor of what stands behind, for each index of the ranges."""
    if name not in NAMES:
        raise ProgramError(f"a generator stands only inside {', '.join(NAMES)}")
    named = [_letter(part, scope) for part in node.generators]
    letters = Ranges(letter for letter, _ in named)
    with _bound(named, scope):
        body = read(node.elt)
        for part in node.generators:
            for condition in part.ifs:
                body = body * read(condition)
    if name in ("sum", "mean"):
        return (index_sum if name == "sum" else index_mean)(body, ranges=letters)
    return ARRAYS[name](body, ranges=letters)


def _letter(part: ast.comprehension, scope: Scope) -> tuple[Letter, Expression]:
    """i of `for i in range(n)`, and what the name means: of `range(1, n)` it is i + 1."""
    match part:
        case ast.comprehension(
            target=ast.Name(id=name),
            iter=ast.Call(args=[_] | [_, _] as ends, keywords=[]),
            is_async=0,
        ):
            with errors_at(part.target):
                if scope.has(name):
                    raise UnknownNameError(f"{name} has a meaning already; use another letter")
            start, stop = (_end(node, scope) for node in (*[_ZERO][len(ends) - 1 :], *ends))
            with errors_at(ends[-1]):
                size = sympy.expand(stop - start)
                if size == ONE:
                    raise ProgramError(
                        f"{source_of(part.iter)} has one number only; leave the index out"
                    )
                if size.is_nonpositive or not reachable(start):
                    raise ShapeError(f"{source_of(part.iter)} has no numbers that are indices")
                letter = Letter(name, size)
                return letter, labelled(Affine({letter: 1}, start), stop)
    raise ProgramError(
        f"for {source_of(part.target)} in {source_of(part.iter)}: an index runs as in "
        "`for i in range(n)`, from 0 to below a dimension, or as in `range(1, n - 1)`"
    )


_ZERO = ast.Constant(value=0)


def _end(node: ast.expr, scope: Scope) -> Dimension:
    """Where a range begins or ends."""
    found = extent(node, scope)
    if found is not None:
        return found
    with errors_at(node):
        d = declared_dimension(node)
        raise UnknownNameError(f"range({d}): the dimension {d} is not declared")


@contextmanager
def _bound(named: Sequence[tuple[Letter, Expression]], scope: Scope) -> Iterator[None]:
    """The letters have their meaning inside."""
    for letter, meaning in named:
        if letter.name in scope.meanings:
            raise ProgramError(f"for {letter.name} stands twice; use another letter")
        scope.meanings[letter.name] = meaning
    try:
        yield
    finally:
        for letter, _ in named:
            scope.meanings.pop(letter.name, None)
