"""LaTeX of formulas and equations as text of the language."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from symgrad.errors import ProgramError, ShapeError, SymgradError, UnknownNameError, text_wanted
from symgrad.language import expressions as ex
from symgrad.language.dimensions import ONE, SCALAR, Dimension, Shape, core, dimension, indexed_dims
from symgrad.language.expressions import Expression
from symgrad.language.handwriting.writing import place
from symgrad.language.latex_input import tree as lt
from symgrad.language.latex_input.entries import Entries, UnknownSizeError, Value
from symgrad.language.latex_input.equations import Formula, formulas
from symgrad.language.latex_input.examples import counts, divisors, factors, lowered, of_examples
from symgrad.language.latex_input.extent import free, indexed
from symgrad.language.latex_input.functions import is_function
from symgrad.language.latex_input.grammar import tree
from symgrad.language.latex_input.left import Left, left_side
from symgrad.language.latex_input.letters import in_order, with_deltas
from symgrad.language.latex_input.names import Names, new_name
from symgrad.language.latex_input.operators import RELATIONS
from symgrad.language.latex_input.places import begins_at_zero
from symgrad.language.latex_input.ranges import in_full
from symgrad.language.latex_input.reader import Reader
from symgrad.language.latex_input.rows import TwoReadingsError, of_each_row
from symgrad.language.latex_input.slopes import with_differentials
from symgrad.language.names import entry_parts
from symgrad.language.operations.constants import filled, ones, zeros
from symgrad.language.problem import Problem
from symgrad.language.scope import Scope, also_called
from symgrad.language.table import LAYERS, Table
from symgrad.language.tex import latex
from symgrad.language.typeset import typeset
from symgrad.language.unparse import unparse

MOST_SIZES = 40  # of 1 and I in a formula
EQUAL = ("=", r"\equiv")


@dataclass(frozen=True)
class Equation:
    """left = side = side; a formula alone is a side without a left. `begin` is where it stands in
    the text."""

    left: Left | None
    sides: tuple[Expression, ...]
    begin: int = 0

    @property
    def text(self) -> str:
        """What it says in the language."""
        front = () if self.left is None else (self.left.text,)
        return " = ".join((*front, *map(unparse, self.sides)))


@dataclass(frozen=True)
class Known:
    """What a formula may use beside the names of its problem: more names, derivatives by their
    text, the table of symbols that it was printed with, the shape that it must have; the `axes`
    that it has where it is told entry by entry, and whether a sum goes `over_examples` where it
    can."""

    names: Mapping[str, Expression] = field(default_factory=dict)
    slopes: Mapping[str, Expression] = field(default_factory=dict)
    table: Table | None = None
    shape: Shape | None = None
    axes: tuple[Dimension, ...] = ()
    over_examples: bool = False


def parse_latex(text: str, problem: Problem, *, shape: Shape | None = None) -> str:
    r"""LaTeX as text of the language, among the names of a problem: one formula, an equation
    `left = right`, or several, one a line; each may use the names that earlier ones define.

    What we print is read back, and what people write: W_2^T, x', \dfrac, \|x\|_2^2, sums over an
    index or a batch, products without a sign. A derivative of the loss is dL/dW. `shape` says of
    what shape a formula is, where that decides how long a vector of ones is.

    Raises: SymgradError with line and column for what cannot be read.

    >>> from symgrad.language.parser import parse
    >>> problem = parse("W: Matrix(m, n)\nx: Vector(n)\ny: Vector(m)\nloss = norm2(W @ x - y)**2")
    >>> parse_latex(r"\nabla_W L = 2\,(Wx - y)x^\top", problem)
    'dL/dW = 2 * (W @ x - y) @ x.T'
    >>> parse_latex(r"\sum_{i=1}^m \log\left(1 + e^{y_i}\right)", problem)
    'sum(log(1 + exp(y)))'
    """
    if not isinstance(problem, Problem):
        raise ProgramError(f"parse_latex needs a Problem, not a {type(problem).__name__}")
    text = text_wanted("LaTeX", text)
    return "\n".join(e.text for e in read_latex(text, problem, Known(shape=shape)))


def read_latex(text: str, problem: Problem, known: Known = Known()) -> list[Equation]:
    """The equations of a text, each behind those whose left sides it uses; those of recursions in
    their own order."""
    found: list[Equation] = []

    def read(line: str) -> Equation:
        return read_formula(line, problem, known)

    for equation in _in_order(text, read):
        found.append(equation)
        problem, known = _with(problem, known, equation)
    if not found:
        raise ProgramError("there is no formula in this text")
    if problem.loop is not None:
        found.sort(key=lambda equation: equation.begin)
    return found


def _in_order(text: str, read: Callable[[str], Equation]) -> Iterator[Equation]:
    """The equations of a text, each behind those whose left sides it uses."""
    pending = formulas(text)
    while pending:
        first: UnknownNameError | None = None
        for formula in pending:
            try:
                with _placed(text, formula):
                    equation = read(formula.text)
                break
            except UnknownNameError as error:  # "..., where r = A x"
                first = first or error
                if formula is pending[-1]:
                    raise first from None
        pending.remove(formula)
        yield replace(equation, begin=formula.begin)


def read_formula(text: str, problem: Problem, known: Known = Known()) -> Equation:
    """One formula or equation."""
    scope = Scope.of(problem)
    scope.meanings.update(known.names)
    output = problem.output_name
    called = "L" if output == "loss" and "L" not in scope.meanings else output
    scope.meanings[output] = ex.Name(called, problem.output.shape)
    known = replace(known, table=known.table or table_of(problem))
    return read_among(text, scope, known, ("loss",))


def read_latex_line(text: str, scope: Scope) -> Equation:
    """What one line of LaTeX says among the names of a scope; its errors have their column.

    Raises: SymgradError, also where it is no formula or several; where nothing is declared, those
    before the last one are definitions."""
    count = len(formulas(text))
    if count != 1 and not (count and scope.inferred):
        raise ProgramError(f"one formula of LaTeX is wanted on a line, not {count}")
    for equation in _in_order(text, lambda line: read_among(line, scope)):
        for leaf in (leaf for side in equation.sides for leaf in ex.leaves(side)):
            if isinstance(leaf, ex.Name) and leaf.name not in scope.meanings:
                raise UnknownNameError(f"{leaf.name} is not declared")
        count -= 1
        if count:
            if equation.left is None or not equation.left.text.isidentifier():
                raise ProgramError("a line before the last one defines a name, as in z = W x")
            scope.check_new(equation.left.text)
            scope.define(equation.left.text, equation.sides[-1])
    return equation


def read_among(
    text: str, scope: Scope, known: Known = Known(), more: tuple[str, ...] = ()
) -> Equation:
    """One formula or equation among the names of a scope, and `more` that mean nothing alone."""
    functions = {*scope.functions}
    if scope.series is not None and scope.series.below:
        scope.meanings.update(scope.series.entries(scope.layered))
        more = (*more, *scope.series.names)
    table = known.table or Table(
        sorted({*scope.meanings, *functions, *scope.dimensions} - {"loss"}),
        layers=scope.series is not None and scope.series.index in LAYERS,
    )
    letters = sorted((functions | scope.dimensions) - {*scope.meanings})
    names = Names([*scope.meanings, *letters, *more], table)
    for name, e in scope.meanings.items():
        if isinstance(e, ex.Size) and entry_parts(name)[1]:  # n_{l - 1}
            names.exact[tree(latex(typeset(e), table))] = name
    for slope, e in known.slopes.items():
        if e.formula is not None:  # as it is printed
            names.exact[tree(latex(e.formula, table))] = slope
            scope.meanings[slope] = e
    with also_called(scope.functions):
        return _read_in_two_ways(text, scope, names, known)


def _read_in_two_ways(text: str, scope: Scope, names: Names, known: Known) -> Equation:
    """An equation, a 1 in it being a number, or where that does not fit a vector of ones."""
    root = _unboxed(tree(text, names.__contains__, is_function))
    if "d" in scope.dimensions and "d" not in scope.meanings:
        root = with_differentials(root)
    root = in_full(root, names.find, bool(known.axes or core(known.shape or SCALAR)))
    if scope.series is None:
        root = of_examples(root) if scope.inferred else root
        root = with_deltas(indexed(lowered(root), names.find), names)
    counts = _counts(root, names, scope)
    try:
        return _read(scope, names, root, known, counts, plain_ones=False)
    except ShapeError as error:
        if not any(lt.is_one(node) for node in lt.walk(root)):
            raise
        try:
            return _read(scope, names, root, known, counts, plain_ones=True)
        except SymgradError:
            raise error from None


def _unboxed(root: lt.Node) -> lt.Node:
    """An equation without the parentheses, or the frame, around it.

    Raises: ProgramError for an inequality."""
    match root:
        case lt.Fence(left="(", inner=lt.Chain(signs=("=", *_)) as equation):
            return equation
        case lt.Chain(signs=(sign, *_)) if sign in RELATIONS and sign not in EQUAL:
            raise ProgramError(
                f"{sign} makes no equation; [a < b] in brackets is 1 where it holds, else 0",
                column=root.at + 1,
            )
    return root


def _read(
    scope: Scope,
    names: Names,
    root: lt.Node,
    known: Known,
    counts: dict[lt.Node, str],
    *,
    plain_ones: bool,
) -> Equation:
    """An equation, once the sizes of 1 and I in it are found."""
    free: dict[str, Dimension] = {}
    entries = Entries(begins_at_zero=any(map(begins_at_zero, lt.walk(root))))
    while True:
        reader = Reader(
            scope, names, free, known.slopes, entries, counts, plain_ones, known.over_examples
        )
        reader.divide = scope.dimensions & {names.find(node) for node in divisors(root)}
        before = len(entries.sizes)
        try:
            return _equation(reader, root, known)
        except UnknownSizeError:
            if len(entries.sizes) == before:
                raise
        except ShapeError as error:
            if len(free) > MOST_SIZES or not _merged(free, error.dimensions):
                raise _without_sizes(error) from None


def table_of(problem: Problem) -> Table:
    """What the names of a problem look like: in print the same."""
    if problem.loop is not None:
        return Table(sorted(problem.names - {"loss"}), layers=problem.loop.steps.index in LAYERS)
    dims = {str(s) for d in problem.dims for s in d.free_symbols}
    names = {*problem.variables, *problem.functions, *problem.definitions, *dims}
    return Table(sorted({*names, problem.output_name} - {"loss"}))


def as_name(text: str) -> str:
    """An entry of a derivative by a name: dL_dh[t] of dL/dh[t]."""
    return text.replace("/", "_")


def _with(problem: Problem, known: Known, equation: Equation) -> tuple[Problem, Known]:
    """What the next formulas may use, too."""
    left = equation.left
    if left is None or not equation.sides:
        return problem, known
    value = equation.sides[-1]
    if problem.loop is not None and entry_parts(left.text)[1]:
        equations = {**problem.loop.equations, as_name(left.text): value}
        return replace(problem, loop=replace(problem.loop, equations=equations)), known
    if not left.text.isidentifier():
        name = ex.Name(left.text, value.shape, value.batch)
        return problem, replace(known, slopes={**known.slopes, left.text: name})
    if left.text in problem.variables or left.text in problem.definitions or left.text == "f":
        return problem, known
    return replace(problem, definitions={**problem.definitions, left.text: value}), known


def _counts(root: lt.Node, names: Names, scope: Scope) -> dict[lt.Node, str]:
    """What stands above sums, or is N in a product or below a fraction, and is no name of the
    problem -> the only batch."""
    batches = list(dict.fromkeys(scope.batches.values()))
    if len(batches) != 1:
        return {}
    sums = [node for node in lt.walk(root) if isinstance(node, lt.Big)]
    letters = {lt.letter_of(part) for node in sums for part in lt.parts_of(node.below)}
    numbers = [*(node.above for node in sums), *counts((*factors(root), *divisors(root)))]
    found = [n for n in numbers if isinstance(n, lt.Sym | lt.Script) and n not in letters]
    return {n: batches[0] for n in found if names.find(n) is None}


def _equation(reader: Reader, root: lt.Node, known: Known) -> Equation:
    operands: tuple[lt.Node, ...] = (root,)
    if isinstance(root, lt.Chain) and {*root.signs} <= {*EQUAL}:
        operands = root.operands
    left = left_side(reader, operands[0]) if len(operands) > 1 else None
    if reader.scope.inferred and operands[1:] and lt.is_fence(lt.factors_of(operands[0])[-1], "("):
        left = left or Left("L")  # KL(p \| q) = ...
    rest = operands if left is None else operands[1:]
    shape, wanted = known.shape, None
    if left is not None and left.shape is not None:
        shape = left.shape
        reader.entries.sizes.update(zip(left.letters, indexed_dims(shape), strict=False))
    elif left is None:
        axes = known.axes if shape is None else indexed_dims(shape)
        wanted = (*axes, ONE)[:2] if len(axes) in (1, 2) else None
        alone = free(root, reader.names.find)
        if len(alone) == len(axes):
            sizes = zip(in_order(alone), axes, strict=True)
            reader.entries.sizes.update((x, size) for x, size in sizes if not alone[x])
    sides = []
    for operand in rest:
        value = _value(reader, operand)
        if value.letters:
            letters = left.letters if left is not None else in_order(value.letters)
            letters, left = _entries_of(left, value, letters)
            value = reader.entries.whole(value, letters)
        elif left is not None and left.letters:
            value = reader.entries.whole(value, left.letters)
        sides.append(_sized(reader, value, shape or wanted))
        shape = sides[0].shape if shape is None else shape  # Y X = I
    if left is not None and left.text == "L" and sides and not ex.is_scalar(sides[-1]):
        left = replace(left, text=new_name(operands[0]) or "L")  # E = exp(A) is no loss
    return Equation(left, tuple(sides))


def _value(reader: Reader, side: lt.Node) -> Value:
    """What a side means; where it has no sense by entries, for each row that it numbers."""
    sizes = dict(reader.entries.sizes)
    try:
        return reader.value(side)
    except TwoReadingsError:
        raise
    except SymgradError as error:
        known = reader.entries.sizes
        reader.entries.sizes = dict(sizes)
        found = of_each_row(reader, side)
        reader.entries.sizes = known
        if found is None:
            raise error from None
        return found


def _entries_of(
    left: Left | None, value: Value, letters: tuple[str, ...]
) -> tuple[tuple[str, ...], Left | None]:
    r"""z_i = ... where z is new: its entries."""
    if left is None or left.letters:
        return letters, left
    name, *below = left.text.split("_")
    if len(below) == 1 and {*below[0]} == {*value.letters} - {*value.slices}:
        own = (*below[0], *value.slices)
        return own, replace(left, text=name, letters=own)
    return letters, left


def _sized(reader: Reader, value: Value, shape: Shape | None) -> Expression:
    """A value in the shape that it must have, every size in it known."""
    e = value.expression
    if shape is not None and len(shape) == len(e.shape):
        pairs = [*zip(e.shape, shape, strict=True)]
        fits = all(own == wanted or (_is_free(own) and wanted != 1) for own, wanted in pairs)
        for own, wanted in pairs if fits else ():
            if own != wanted:
                raise ShapeError("the sizes do not fit", (own, wanted))
        if not fits and value.constant is not None and len(shape) == 2:
            return _filled(value.constant, shape[:1] if shape[1] == 1 else shape)
    left = [d for node in ex.parts(e) for d in node.shape if any(map(_is_free, d.free_symbols))]
    if left:
        (*dims,) = sorted(reader.scope.dimensions)
        if len(dims) == 1:
            raise ShapeError("the sizes do not fit", (left[0], dimension(dims[0])))
        raise ProgramError(r"it is not clear how many entries \mathbf{1} or I has here")
    return e


def _filled(constant: Expression, dims: tuple[Dimension, ...]) -> Expression:
    """A number in every entry."""
    number = constant.value if isinstance(constant, ex.Number) else None
    if number == 0:
        return filled(zeros, dims)
    return filled(ones, dims) if number == 1 else constant * filled(ones, dims)


def _merged(free: dict[str, Dimension], dims: tuple[Dimension, Dimension] | None) -> bool:
    """Make two sizes one, if one of them is free and neither is 1."""
    one, two = dims or (dimension(1), dimension(1))
    if _is_free(two):
        one, two = two, one
    if not _is_free(one) or two == 1 or one in two.free_symbols:
        return False
    free.update({name: two for name, own in free.items() if own == one})
    free[str(one)] = two
    return True


def _is_free(dim: Dimension) -> bool:
    """Whether it is the size of a 1 or I by itself."""
    return bool(dim.is_Symbol) and str(dim).startswith("1 ")


def _without_sizes(error: ShapeError) -> ShapeError:
    """The error without the names of sizes that were not found."""
    for written, sign in (
        (r"ones\(1 \d+\)", "1"),
        (r"eye\(1 \d+\)", "I"),
        (r"zeros\(1 \d+\)", "0"),
    ):
        error.message = re.sub(written, sign, error.message)
    error.message = re.sub(r"\b1 \d+( x 1)?", "of unknown length", error.message)
    return error


@contextmanager
def _placed(text: str, formula: Formula) -> Iterator[None]:
    """Errors on the way have line and column in the whole text."""
    try:
        yield
    except SymgradError as error:
        at = place(text, formula.begin + (error.column or 1) - 1)
        error.line = error.column = None
        raise error.at(*at, "latex") from None
    except RecursionError:
        raise ProgramError("nested too deeply; give intermediate results names") from None
