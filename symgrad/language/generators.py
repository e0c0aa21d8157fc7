"""Generators over a batch, for x, y in batch: which names of a program they bind."""

from __future__ import annotations

import ast

from symgrad.errors import ProgramError
from symgrad.language.comprehensions import over_indices
from symgrad.language.handwriting.marks import FORMULA
from symgrad.language.syntax import errors_at, source_of, typed


def batches(tree: ast.Module | ast.expr) -> dict[str, str]:
    r"""The names bound by `for x, y in batch` anywhere in the program -> the batch; x and y of
    \sum_i (y_i - w^\top x_i)^2 are of a batch, too."""
    bound: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id == FORMULA:
            from symgrad.language.latex_input.undeclared import examples_in

            bound |= dict.fromkeys(sorted(examples_in(typed(node), _kinds(tree))), "batch")
        if isinstance(node, ast.GeneratorExp) and not over_indices(node):
            with errors_at(node):
                examples, batch = generator(node)
                for name in examples:
                    if bound.setdefault(name, batch) != batch:
                        raise ProgramError(
                            f"{name} belongs to two batches: {bound[name]} and {batch}"
                        )
    return bound


def _kinds(tree: ast.AST) -> dict[str, str]:
    """Each name that is declared -> its kind."""
    kinds: dict[str, str] = {}
    for node in ast.walk(tree):
        match node:
            case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation):
                kind = annotation.func if isinstance(annotation, ast.Call) else annotation
                kinds[name] = source_of(kind)
    return kinds


def generator(node: ast.GeneratorExp) -> tuple[tuple[str, ...], str]:
    """The names that a generator binds, and its batch."""
    match node.generators:
        case [ast.comprehension(target=target, iter=ast.Name(id=batch), ifs=[], is_async=0)]:
            elements = target.elts if isinstance(target, ast.Tuple) else [target]
            if all(isinstance(e, ast.Name) for e in elements):
                return tuple(e.id for e in elements if isinstance(e, ast.Name)), batch
    raise ProgramError(
        "a generator reads `for x, y in batch`, with names only, or `for i in range(n)`"
    )
