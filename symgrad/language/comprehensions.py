"""Sums and arrays over index letters, as Python writes them: x[i] ... for i in range(n)."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from symgrad.errors import ProgramError, UnknownNameError
from symgrad.language.declarations import declared_dimension
from symgrad.language.dimensions import ONE
from symgrad.language.expressions import Expression, Letter, Size
from symgrad.language.operations.entries import ARRAYS, Ranges, index_sum
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
    letters = Ranges(_letter(part, scope) for part in node.generators)
    with _bound(letters, scope):
        body = read(node.elt)
        for part in node.generators:
            for condition in part.ifs:
                body = body * read(condition)
    if name in ("sum", "mean"):
        value = index_sum(body, ranges=letters)
        for letter in letters if name == "mean" else ():
            value = value / Size(letter.index_of)
        return value
    return ARRAYS[name](body, ranges=letters)


def _letter(part: ast.comprehension, scope: Scope) -> Letter:
    """i of `for i in range(n)`."""
    match part:
        case ast.comprehension(
            target=ast.Name(id=name), iter=ast.Call(args=[size], keywords=[]), is_async=0
        ):
            with errors_at(part.target):
                if scope.has(name):
                    raise UnknownNameError(f"{name} has a meaning already; use another letter")
            with errors_at(size):
                d = declared_dimension(size)
                if d.is_Symbol and str(d) not in scope.dimensions:
                    raise UnknownNameError(f"range({d}): the dimension {d} is not declared")
                if d == ONE:
                    raise ProgramError("range(1) has one number only; leave the index out")
            return Letter(name, d)
    raise ProgramError(
        f"for {source_of(part.target)} in {source_of(part.iter)}: an index runs as in "
        "`for i in range(n)`, from 0 to below a dimension"
    )


@contextmanager
def _bound(letters: Ranges, scope: Scope) -> Iterator[None]:
    """The letters have their meaning inside."""
    for letter in letters:
        if letter.name in scope.meanings:
            raise ProgramError(f"for {letter.name} stands twice; use another letter")
        scope.meanings[letter.name] = letter
    try:
        yield
    finally:
        for letter in letters:
            scope.meanings.pop(letter.name, None)
