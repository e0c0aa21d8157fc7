"""One expression without declarations as a problem.

Kinds are read off the names, dimensions are unified: every name starts with dimensions of its own,
and each shape error that names two dimensions which would have to agree makes them one.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterable, Iterator, Mapping

from symgrad.errors import ProgramError, ShapeError, SymgradError, UnknownNameError, text_wanted
from symgrad.language.comprehensions import batches
from symgrad.language.elaboration import read_expression
from symgrad.language.expressions import (
    OPERATIONS,
    Call,
    Expression,
    Name,
    Operation,
    is_scalar,
    leaves,
    parts,
)
from symgrad.language.handwriting.marks import FORMULA, JUXTAPOSED, NORM, ONES, TRANSPOSED_INVERSE
from symgrad.language.handwriting.tokens import with_sums, without_minimizing
from symgrad.language.handwriting.vocabulary import MODULES
from symgrad.language.names import kind_of
from symgrad.language.operations.meanings import (
    Composite,
    Elementwise,
    Function,
    Linear,
    Monomial,
    Total,
)
from symgrad.language.problem import KINDS, Problem, Variable, number_or_name
from symgrad.language.scope import SIZE, Scope, function_named
from symgrad.language.syntax import (
    notes_of,
    refuse,
    sign_of,
    syntax_tree,
    typed,
    with_notes,
    words_in,
)

LETTERS = ("n", "m", "k", "p", "q", "r", "s", "d", "h", "l")


def parse_expression(text: str, scalar: bool = False) -> Problem:
    """The problem of one expression whose variables are not declared.

    A name in lower case is a vector, in upper case a matrix, a small Greek letter a scalar (`lam`,
    `eps`, `alpha`, `alpha_1`) but in `X @ beta`, `theta.T` and `norm2(x - mu)`, where only a vector
    can stand; `v` in `Z[v]` is an integer label. The dimensions are the most
    general ones with which all shapes fit. A scalar is the `loss`, anything else `f`. With
    `scalar`, as for a gradient, names in lower case that would make it a vector are scalars, if
    they stand only where operations act entry by entry, as y in `(y - w.T @ x)**2`. Lines before
    the last one are definitions, `z = W @ x + b`.

    Raises: SymgradError as for a program, with line and column in the text.

    >>> problem = parse_expression("norm2(W @ x - y)**2 + lam * norm2(W)**2")
    >>> [f"{v.name}: {v.kind}{v.dims}" for v in problem.variables.values()]
    ['W: Matrix(m, n)', 'x: Vector(n,)', 'y: Vector(m,)', 'lam: Scalar()']
    """
    whole = with_sums(text_wanted("an expression", text).strip())
    if "\\" in whole:  # lines of LaTeX are one text
        whole = (" " if r"\begin" in whole else r" \\ ").join(whole.splitlines())
    elif "[" not in whole:
        whole = "\n".join(map(str.strip, whole.split(";")))
    text = without_minimizing(whole)
    try:
        inference = _Inference(_lines(text))
        try:
            scope, value = inference.fitted()
        except SymgradError:
            found = (
                inference.of_scalars() or inference.with_scalars(inference.divisors)
                if scalar
                else None
            )
            if found is None:
                raise
            scope, value = found
        if scalar and not is_scalar(value):
            entrywise = _entrywise(value, inference.definitions)
            scope, value = inference.with_scalars(entrywise) or (scope, value)
        loss = "f" in inference.kinds or (is_scalar(value) and "loss" not in inference.kinds)
        name = "loss" if loss else "f"
        scope.check_new(name)
        minimized = [(-2, "", "read what is minimized")] if text != whole else []
        scope.notes[:0] = [*minimized, *inference.notes]
        return scope.problem(name, value)
    except SymgradError as error:
        error.line = error.line or error.column and 1  # of LaTeX that is no tree yet
        error.message += _kinds_read(error, text)
        raise error.within(text) from None


def _kinds_read(error: SymgradError, text: str) -> str:
    """Which of the names that do not fit were read as vectors, and what to do about it."""
    if not (isinstance(error, ShapeError) or "two readings" in error.message):
        return ""
    words = {word for _, line in _lines(text) for word in words_in(line)}
    found = [w for w in error.message.replace(".", " ").split() if w in words]
    joined = [w for w in found if len(w) == 2 and w.isalpha()]
    if joined:
        return f" ({joined[0]} was read as one name; a product is written {' '.join(joined[0])})"
    vectors = [w for w in dict.fromkeys(found) if kind_of(w) == "Vector" and not function_named(w)]
    if not vectors:
        return ""
    return (
        f" (in lower case, {' and '.join(vectors[:2])} is read as a vector; a scalar has a Greek "
        f"name, or is declared in a program, as in {vectors[0]}: Scalar)"
    )


def _lines(text: str) -> list[tuple[str, ast.expr]]:
    """The lines of the text: names and what they are, the last one perhaps without a name."""
    lines = list[tuple[str, ast.expr]]()
    body = syntax_tree(text).body
    for line in body:
        match line:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name not in words_in(
                value
            ):
                lines.append((name, with_notes(value, line)))
            case ast.Expr(value=value) if line is body[-1]:
                lines.append(("", with_notes(value, line)))
            case _:
                refuse(line, "one expression is wanted, behind lines such as z = W @ x")
    if not lines:
        raise ProgramError("one expression is wanted, such as norm2(W @ x - y)**2")
    return lines


def _kinds(tree: ast.expr) -> tuple[dict[str, str], list[str]]:
    """Each name that the text leaves undeclared -> its kind, in order of appearance; and the
    dimensions that it names itself, in ones(n), zeros(m, n) and eye(n)."""
    labels: set[str] = set()
    skipped: set[int] = set()  # what is no variable: np of np.exp, e of e^x, I of I[z > 0], a batch
    used: dict[str, None] = {}
    for node in ast.walk(tree):
        match node:
            case ast.Subscript(value=ast.Name(id=name)) if name.istitle() and name[1:]:
                if function := function_named(name.lower()):  # Mathematica's Log[x]
                    refuse(node, f"write {name}[...] as {function.name}(...)")
            case ast.Subscript(slice=ast.Name(id=name)):
                labels.add(name)
            case ast.Call(func=ast.Name() as function, args=arguments):
                names = [a for a in arguments if isinstance(a, ast.Name)]
                operation = OPERATIONS.get(function.id)
                if operation is not None and operation.category == "constant":
                    used |= dict.fromkeys(name.id for name in names)
                skipped |= {id(function), *(id(a) for a in names if function.id == SIZE)}
            case ast.Attribute(value=ast.Name(id=name) as module) if name in MODULES:
                skipped |= {id(module)} if node.attr != "T" else set()
            case ast.BinOp(op=ast.Pow(), left=ast.Name(id="e") as constant):
                skipped.add(id(constant))
            case ast.Subscript(value=ast.Name(id="I") as indicator, slice=ast.Compare()):
                skipped.add(id(indicator))
    found = [n for n in ast.walk(tree) if isinstance(n, ast.Name) and id(n) not in skipped]
    found.sort(key=lambda n: (n.lineno, n.col_offset))
    others = {*used, *batches(tree).values(), "pi", TRANSPOSED_INVERSE, ONES}
    kinds = {
        n.id: kind_of(n.id, n.id in labels)
        for n in found
        if n.id not in others and function_named(n.id) is None
    }
    return kinds, list(used)


def _vectors(tree: ast.expr) -> Iterator[str]:
    """The names of what is transposed, multiplied by @ or in a norm, and of what ends a product
    after a matrix."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=value, attr="T"):
                yield from _terms(value)
            case ast.BinOp(left=left, op=ast.MatMult(), right=right):
                yield from (*_terms(left), *_terms(right))
            case ast.BinOp(left=left, op=ast.Mult() as sign, right=ast.Name(id=name)):
                if sign_of(sign) == JUXTAPOSED and (_is_matrix(left) or _is_row(left)):
                    yield name
            case ast.Call(func=ast.Name(id=name), args=[value, *_]):
                meaning = getattr(function_named(name), "meaning", None)
                if name == NORM or isinstance(meaning, Function):
                    yield from _terms(value)


def _terms(node: ast.expr) -> Iterator[str]:
    """The names that are terms of a sum, or the sum."""
    match node:
        case ast.Name(id=name):
            yield name
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub(), right=right):
            yield from (*_terms(left), *_terms(right))
        case ast.UnaryOp(operand=value):
            yield from _terms(value)


def _divisors(tree: ast.expr) -> set[str]:
    """The names that only divide."""
    names = [node.id for node in ast.walk(tree) if isinstance(node, ast.Name)]
    below: list[str] = []
    for node in ast.walk(tree):
        match node:
            case ast.BinOp(op=ast.Div(), right=right):
                below += (n.id for n in _factors(right) if isinstance(n, ast.Name))
    return {name for name in below if names.count(name) == below.count(name)}


def _factors(node: ast.expr) -> Iterator[ast.expr]:
    match node:
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            yield from (*_factors(left), *_factors(right))
        case ast.BinOp(left=value, op=ast.Pow()) | ast.Call(args=[value]) if _is_root(node):
            yield from _factors(value)
        case _:
            yield node


def _is_row(node: ast.expr) -> bool:
    """x.T, also behind a factor."""
    match node:
        case ast.BinOp(op=ast.Mult(), right=value):
            return _is_row(value)
    return isinstance(node, ast.Attribute) and node.attr == "T"


def _is_root(node: ast.expr) -> bool:
    """d**0.5, sqrt(d), np.sqrt(d)"""
    match node:
        case ast.Call(func=ast.Name(id="sqrt") | ast.Attribute(attr="sqrt")):
            return True
    return isinstance(node, ast.BinOp)


def _is_matrix(node: ast.expr) -> bool:
    """X, also its transpose or a product that ends with it."""
    match node:
        case ast.Attribute(value=value, attr="T") | ast.BinOp(op=ast.Mult(), right=value):
            return _is_matrix(value)
    return isinstance(node, ast.Name) and kind_of(node.id) == "Matrix"


def _entrywise(value: Expression, definitions: Mapping[str, Expression]) -> list[str]:
    """The names of what is as large as the value and stands only where operations act on each
    entry, from left to right."""
    entrywise: dict[str, None] = {}
    elsewhere: set[str] = set()
    todo = [value]
    while todo:
        match node := todo.pop():
            case Call(operation=Operation(meaning=Linear() | Monomial() | Elementwise() | Total())):
                todo += node.arguments[::-1]
            case Call(operation=Operation(meaning=Composite(definition=definition))):
                todo.append(definition(*node.arguments, **node.options))
            case Call(operation=Operation(name="matmul"), arguments=(left, right)):  # y * w.T @ x
                todo.append(left)
                elsewhere |= _names(right)
            case Name(name=name) if name in definitions:
                todo.append(definitions[name])
            case Name(name=name) if node.shape == value.shape:
                entrywise[name] = None
            case _:
                elsewhere |= _names(node)
    return [name for name in entrywise if name not in elsewhere]


def _names(value: Expression) -> set[str]:
    return {e.name for e in leaves(value) if isinstance(e, Name)}


class _Inference:
    """The names of a text, and which of their dimensions are the same.

    A dimension is called `W 0` (the first of W) until it is found equal to a number or to a name
    that the text uses, or has a letter.
    """

    def __init__(self, lines: list[tuple[str, ast.expr]]) -> None:
        *self.above, (_, self.tree) = lines
        tree = ast.Tuple([value for _, value in lines])
        said = [note for part in ast.walk(tree) for note in notes_of(part)]
        self.notes = [(note.start, "", note.remark) for note in said]
        if isinstance(self.tree, ast.Name) and self.tree.id == FORMULA:
            from symgrad.language.latex_input.undeclared import undeclared

            found = undeclared(typed(self.tree))
            self.kinds, self.used, self.vectors = found.kinds, found.dimensions, found.vectors
            self.divisors, self.batches = found.divisors, dict.fromkeys(found.examples, "batch")
            self.taken = found.counts
        else:
            self.kinds, self.used = _kinds(tree)
            self.divisors = _divisors(tree)
            self.vectors = {*_vectors(tree)}
            self.batches = batches(tree)
            self.taken = {*self.batches.values()}
        self.kinds |= {n: "Vector" for n in self.vectors if self.kinds.get(n) == "Scalar"}
        self.kinds = {x: kind for x, kind in self.kinds.items() if x not in dict(self.above)}
        self.dims = {
            name: tuple(f"{name} {k}" for k in range(KINDS[kind] or 0))
            for name, kind in self.kinds.items()
        }

    def fitted(self) -> tuple[Scope, Expression]:
        """The names and the expression, after as many merges as it takes."""
        while True:
            letters = self._letters()
            scope = Scope(dimensions={*self.used}, batches=self.batches, inferred=True)
            for name, kind in self.kinds.items():
                scope.check_new(name)
                dims = tuple(number_or_name(_size(letters.get(d, d))) for d in self.dims[name])
                scope.declare(Variable(name, kind, dims, batch=self.batches.get(name)))
            try:
                for name, line in self.above:
                    scope.check_new(name)
                    scope.define(name, read_expression(line, scope))
                value = read_expression(self.tree, scope)
            except ShapeError as error:
                if not self._merged(error, letters):
                    raise
                continue
            self._check_used(scope, value)
            self.definitions = scope.definitions
            return scope, value

    def of_scalars(self) -> tuple[Scope, Expression] | None:
        """The expression of scalars alone; None where its operations are not of each entry."""
        found = self.with_scalars(self.kinds)
        fits = found and _names(found[1]) <= {*_entrywise(found[1], self.definitions)}
        return found if fits else None

    def with_scalars(self, names: Iterable[str]) -> tuple[Scope, Expression] | None:
        """With those of these as scalars that may be such; None where the whole is none then."""
        names = [
            name
            for name in names
            if (self.kinds.get(name) == "Vector" or name in self.divisors)
            and name not in self.vectors
        ]
        if not names:
            return None
        self.kinds |= dict.fromkeys(names, "Scalar")
        self.dims |= dict.fromkeys(names, ())
        try:
            scope, value = self.fitted()
        except SymgradError:
            return None
        kind = "scalars" if len(names) > 1 else "a scalar"
        scope.notes.append((-1, "", f"read {' and '.join(names)} as {kind}"))
        return (scope, value) if is_scalar(value) else None

    def _letters(self) -> dict[str, str]:
        """Each free dimension -> a letter that no name of the text has; matrices first."""
        taken = {*self.kinds, *self.used, *self.taken}
        numbered = (f"n{k}" for k in itertools.count(1))
        free: Iterator[str] = (x for x in itertools.chain(LETTERS, numbered) if x not in taken)
        matrices = [name for name, kind in self.kinds.items() if kind == "Matrix"]
        names = dict.fromkeys([*matrices, *self.kinds])
        dims = [d for name in names for d in reversed(self.dims[name]) if " " in d]
        return {d: next(free) for d in dict.fromkeys(dims)}

    def _merged(self, error: ShapeError, letters: dict[str, str]) -> bool:
        """Make the two dimensions of the error one, if one of them is free and neither is 1."""
        free = {letter: d for d, letter in letters.items()}
        one, two = (free.get(str(d), str(d)) for d in error.dimensions or ("1", "1"))
        if " " in two:
            one, two = two, one
        fits = two in letters or two in self.used or (two.isdigit() and two != "1")
        if " " not in one or not fits:
            return False
        self.dims = {
            name: tuple(two if d == one else d for d in dims) for name, dims in self.dims.items()
        }
        return True

    def _check_used(self, scope: Scope, value: Expression) -> None:
        """Raises: UnknownNameError for a dimension that no variable has."""
        known = {str(d) for v in scope.variables.values() for d in v.dims}
        dims = {str(d) for e in parts(value) for d in (*e.shape, getattr(e, "dimension", 1))}
        for name in self.used:
            if name in dims - known:
                raise UnknownNameError(
                    f"no name here has the dimension {name}; declare it in a program"
                )


def _size(dimension: str) -> str | int:
    return int(dimension) if dimension.isdigit() else dimension
