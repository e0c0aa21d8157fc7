"""What stands behind `for`, as Python writes it: a batch, for x, y in batch, whose names a program
binds; and the numbers of index letters, for i in range(n), of sums and arrays."""

from __future__ import annotations

import ast
import operator
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import reduce

import sympy

from symgrad.errors import ProgramError, ShapeError, SymgradError, UnknownNameError
from symgrad.language.declarations import declared_dimension
from symgrad.language.dimensions import ONE, ZERO, reachable
from symgrad.language.expressions import Expression, Letter, expression
from symgrad.language.handwriting.marks import FORMULA
from symgrad.language.operations.bounds import ONE_MORE, before
from symgrad.language.operations.cases import chosen
from symgrad.language.operations.entries import ARRAYS, Ranges, index_mean, index_sum
from symgrad.language.operations.places import Affine, as_number, as_place
from symgrad.language.operations.products import product_over
from symgrad.language.recurrences import over_steps, sum_over_steps
from symgrad.language.scope import Scope, function_named
from symgrad.language.syntax import Read, errors_at, source_of, typed, words_in

NAMES = ("sum", "mean", "prod", *ARRAYS)


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
    if over_steps(node, scope):
        return sum_over_steps(name, node, scope, read)
    if name not in NAMES:
        array = f"; write {name}(vector({typed(node)[1:-1]}))" if function_named(name) else ""
        raise ProgramError(f"a generator stands only inside {', '.join(NAMES)}{array}")
    try:
        letters, conditions, body = _read(node, scope, read, whole=not scope.narrow)
    except ShapeError:  # an entry beyond the axis, as x[j + 1] where j is below i
        if scope.narrow or not _is_bounded(node, scope):
            raise
        scope.narrow = True  # also what is inside, which has been read in both ways
        try:
            letters, conditions, body = _read(node, scope, read, whole=False)
        finally:
            scope.narrow = False
    if name == "mean" and conditions:
        raise ProgramError(
            "a mean goes over all numbers of a range; divide a sum by how many it has: "
            f"sum({source_of(node)}) / ..."
        )
    if name == "prod":
        for holds in conditions:
            body = chosen(holds, body, expression(1))
        return product_over(body, letters)
    body = reduce(operator.mul, conditions, body)
    if name in ("sum", "mean"):
        return (index_sum if name == "sum" else index_mean)(body, ranges=Ranges(letters))
    return ARRAYS[name](body, ranges=Ranges(letters))


def _is_bounded(node: ast.GeneratorExp, scope: Scope) -> bool:
    """Whether a letter ends at another one, as j of range(i)."""
    ends = (words_in(part.iter) for part in node.generators)
    return not set[str]().union(*ends) <= scope.dimensions | {"range"}


def _read(
    node: ast.GeneratorExp, scope: Scope, read: Read, whole: bool
) -> tuple[list[Letter], list[Expression], Expression]:
    """The letters, what holds for them, and what stands for each of their numbers."""
    letters: list[Letter] = []
    conditions: list[Expression] = []
    with ExitStack() as bound:
        for k, part in enumerate(node.generators):
            bound_later = {getattr(later.target, "id", "") for later in node.generators[k + 1 :]}
            if first := words_in(part.iter) & bound_later - scope.dimensions:
                with errors_at(part.iter):
                    raise ProgramError(
                        f"{min(first)} is bound further right; its for comes before this one"
                    )
            letter, start, stop, where = _letter(part, scope, read, letters, whole)
            letters.append(letter)
            bound.enter_context(_bound(letter.name, where, scope))
            if start.letters:  # range(i, n)
                conditions.append(before(start, where.plus(ONE_MORE)))
            if stop.letters:  # range(i)
                conditions.append(before(where, stop))
            conditions += (_condition(test, read) for test in part.ifs)
        return letters, conditions, read(node.elt)


def _condition(node: ast.expr, read: Read) -> Expression:
    """What stands behind `if`, 1 or 0."""
    holds = read(node)
    try:
        chosen(holds, expression(1), expression(0))
    except ProgramError:
        text = source_of(node)
        raise ProgramError(f"if {text}: a condition compares; write if {text} > 0") from None
    return holds


def _letter(
    part: ast.comprehension, scope: Scope, read: Read, others: Sequence[Letter], whole: bool
) -> tuple[Letter, Affine, Affine, Affine]:
    """i of `for i in range(1, n)`, where it begins and ends, and its number; of `for j in range(i)`
    the letter that has all numbers which i allows, with `whole` all that i itself has."""
    match part:
        case ast.comprehension(
            target=ast.Name(id=name),
            iter=ast.Call(args=[_] | [_, _] as ends, keywords=[]),
            is_async=0,
        ):
            with errors_at(part.target):
                if name in (letter.name for letter in others):
                    raise ProgramError(f"for {name} stands twice; use another letter")
                if scope.series is not None and name == scope.series.index:
                    raise UnknownNameError(
                        f"{name} counts the steps; a sum over them takes all: "
                        f"for {name} in range(1, {scope.series.last} + 1)"
                    )
                operation = function_named(name) if len(name) > 1 else None
                if scope.has(name) or (operation is not None and operation.reserved):
                    raise UnknownNameError(f"{name} has a meaning already; use another letter")
            start, stop = (_end(node, read) for node in (*[_ZERO][len(ends) - 1 :], *ends))
            with errors_at(ends[-1]):
                least = ZERO if whole and start.letters and start.least == ONE else start.least
                more = ONE if whole and stop.letters and stop.alone else ZERO
                size = sympy.expand(stop.most + more - least)
                if size == ONE:
                    raise ProgramError(
                        f"{source_of(part.iter)} has one number only; leave the index out"
                    )
                if size.is_nonpositive or not reachable(start.least):
                    raise ShapeError(f"{source_of(part.iter)} has no numbers that are indices")
            letter = Letter(name, size)
            return letter, start, stop, Affine({letter: 1}, least)
    with errors_at(part.iter):
        raise ProgramError(
            f"for {typed(part.target)} in {typed(part.iter)}: an index runs as in "
            f"`for i in range(n)`, from 0 to below a dimension, or as in `range(1, n - 1)`"
            f"{_ranges_meant(part)}"
        )


def _ranges_meant(part: ast.comprehension) -> str:
    """What to write for two letters of one range, and for steps."""
    match part:
        case ast.comprehension(target=ast.Tuple(elts=letters), iter=over):
            each = " ".join(f"for {typed(letter)} in {typed(over)}" for letter in letters)
            return f"; write {each}"
        case ast.comprehension(iter=ast.Call(args=[_, _, ast.Constant() as step])):
            return f"; steps of {typed(step)} are those of an index, as x[{typed(step)} * i]"
    return ""


_ZERO = ast.Constant(value=0)


def _end(node: ast.expr, read: Read) -> Affine:
    """Where a range begins or ends."""
    value = None
    with suppress(SymgradError):
        value = read(node)
    if value is not None and (found := as_place(value)) is not None:
        return found
    with errors_at(node):
        if value is not None:
            told = f"{typed(node)} is no end of a range: a dimension, a letter or a number is"
            raise ShapeError(f"{told} wanted")
        d = declared_dimension(node)
        raise UnknownNameError(f"range({d}): the dimension {d} is not declared")


@contextmanager
def _bound(name: str, where: Affine, scope: Scope) -> Iterator[None]:
    """The letter has its meaning inside."""
    scope.meanings[name] = as_number(where)
    try:
        yield
    finally:
        scope.meanings.pop(name, None)


# batches


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
    with errors_at(node.generators[-1].iter):
        raise ProgramError(
            "a generator reads `for x, y in batch`, with names only, or `for i in range(n)`"
        )
