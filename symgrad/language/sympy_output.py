"""Expressions of the language as SymPy's, for users to go on computing.

Matrix notation becomes matrix expressions (MatMul, Inverse, Trace, HadamardProduct, applyfunc);
what is said entry by entry a Sum, or a FunctionMatrix; a tensor an ArrayComprehension. An operation
that SymPy does not have is a node of ours, which is a SymPy object, too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import chain, islice
from typing import Any

import sympy
from sympy.matrices.expressions.hadamard import HadamardPower, HadamardProduct
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.matrices.expressions.slice import MatrixSlice
from sympy.tensor.array.array_comprehension import ArrayComprehension

from symgrad.errors import ProgramError
from symgrad.language import expressions as ex
from symgrad.language.dimensions import ONE, SCALAR, Dimension, Shape
from symgrad.language.expressions import Call, Expression
from symgrad.language.names import index_letters
from symgrad.language.operations import meanings, unspecified
from symgrad.language.operations.arithmetic import matmul, transpose
from symgrad.language.operations.constants import zeros
from symgrad.language.operations.contractions import dot
from symgrad.language.operations.places import as_place
from symgrad.language.problem import dimensions_in
from symgrad.language.sympy_nodes import call as node_of
from symgrad.language.sympy_nodes import total
from symgrad.language.sympy_open import written
from symgrad.language.sympy_values import (
    Tensor,
    entry_of,
    is_matrix,
    matrix_entry,
    number,
    number_in,
    parts_of,
    spread,
    times,
)

Symbols = Mapping[str, sympy.Basic]


@dataclass
class SympyWriter:
    """Writes expressions; `symbols` are what names stand for, if not for symbols of their own."""

    symbols: Symbols
    taken: set[str] = field(default_factory=set)

    def write(self, root: Expression) -> Any:
        """The value of an expression."""
        self.taken |= {
            leaf.name for leaf in ex.leaves(root) if isinstance(leaf, ex.Name | ex.Letter)
        }
        dims = chain(dimensions_in(root), *(part.shape for part in ex.parts(root)))
        self.taken |= {s.name for d in dims for s in self.dim(d).free_symbols}
        return ex.fold(root, self._write)

    def whole(self, root: Expression) -> sympy.Basic:
        """The same; of a tensor the array."""
        value = self.write(root)
        if not isinstance(value, Tensor):
            return value
        letters = self.letters(len(root.shape))
        ranges = zip(letters, self.shape(root.shape), strict=True)
        return ArrayComprehension(value.entry(*letters), *((x, 0, d - 1) for x, d in ranges))

    def dim(self, d: Dimension) -> Dimension:
        """A dimension by the symbols that it was given with."""
        return d.xreplace({x: self.symbols.get(str(x), x) for x in d.free_symbols})

    def shape(self, shape: Shape) -> Shape:
        """A shape by these."""
        return tuple(map(self.dim, shape))

    def letters(self, number: int) -> list[sympy.Symbol]:
        """New index letters."""
        names = islice(index_letters(self.taken), number)
        found = [sympy.Symbol(name, integer=True) for name in names]
        self.taken |= {x.name for x in found}
        return found

    def _write(self, node: Expression, arguments: tuple[Any, ...]) -> Any:
        match node:
            case ex.Name():
                return self._name(node)
            case ex.Letter():
                return sympy.Symbol(node.name, integer=True)
            case ex.Number():
                return number(node.value)
            case ex.Size():
                if isinstance(node.dimension, str):
                    raise ProgramError(
                        f"size({node.dimension}), a number of examples, is none of SymPy"
                    )
                return self.dim(node.dimension)
            case Call():
                return self._call(node, arguments)
        raise TypeError(f"no expression: {node!r}")

    def _name(self, name: ex.Name) -> Any:
        if name.name in self.symbols:
            return self.symbols[name.name]
        if name.index_of is not None:
            return sympy.Symbol(name.name, integer=True)
        if name.shape == SCALAR:
            return sympy.Symbol(name.name, real=True)
        if len(name.shape) > 2:
            base = sympy.IndexedBase(name.name, shape=name.shape)
            return Tensor(lambda *at: base[at])
        return sympy.MatrixSymbol(name.name, *self.shape(name.shape))

    def _call(self, call: Call, arguments: tuple[Any, ...]) -> Any:
        operation, meaning = call.operation, call.operation.meaning
        match meaning:
            case meanings.Linear():
                return self._sum(call, meaning.coefficients, arguments)
            case meanings.Monomial():
                return self._product(call, meaning.powers(call), arguments)
            case meanings.Sliced():
                return self._sliced(call, *arguments)
            case meanings.Placed():
                return _place(call)
            case meanings.Numbered():
                return arguments[0]
            case meanings.Filled():
                filled = sympy.ZeroMatrix if operation is zeros else sympy.OneMatrix
                return filled(*self.shape(call.shape))
            case meanings.Identity():
                return sympy.Identity(self.dim(call.shape[0]))
            case meanings.Elementwise() if meaning.definition is not None:
                own = operation.sympy_classes[:1] or (meaning.definition,)
                return self._entrywise(call, own[0], arguments)
            case meanings.Gathered():
                return _gathered(self, call, meaning, arguments[0])
            case meanings.Total():
                names = str(call.options["variables"]).split(", ")
                over = [leaf for leaf in ex.leaves(call) if getattr(leaf, "name", "") in names]
                symbols = [self._name(x) for x in over if isinstance(x, ex.Name)]
                return total(operation.name, arguments[0], symbols)
        return self._other(call, arguments)

    def _sliced(self, call: Call, array: Any, *starts: Any) -> Any:
        lengths = map(self.dim, call.options["lengths"])
        rows, columns = ((a, a + d) for a, d in zip(starts, lengths, strict=True))
        return MatrixSlice(array, rows, columns)

    def _other(self, call: Call, arguments: tuple[Any, ...]) -> Any:
        """A matrix product, a function that SymPy has, one with a definition, sums over indices."""
        operation, meaning = call.operation, call.operation.meaning
        if operation is matmul:
            return number_in(times(*arguments), call.shape)
        if operation is transpose:
            return sympy.Transpose(arguments[0]).doit(deep=False)
        if operation is dot and is_matrix(arguments[0]):
            left, right = arguments
            product = times(sympy.Transpose(left).doit(deep=False), right)
            return number_in(product, SCALAR) if left.shape[1] == 1 else sympy.Trace(product)
        if isinstance(operation, unspecified.Derivative):
            return self._entrywise(call, written(operation), arguments)
        if operation.sympy_classes:
            column = call.arguments[0].shape[1] == ONE
            own = operation.sympy_classes[0 if column or len(operation.sympy_classes) < 2 else 1]
            return own(*arguments)
        definition = getattr(meaning, "definition", None)
        along = isinstance(meaning, meanings.Function) and call.options.get("axis") is not None
        if definition is not None and not along:
            return self._defined(call, definition, arguments)
        if isinstance(meaning, meanings.Contraction):
            if meaning.indices(call) == "ij->" and is_matrix(arguments[0]):
                rows, columns = arguments[0].shape
                left, right = sympy.OneMatrix(1, rows), sympy.OneMatrix(columns, 1)
                beside = [m for m in (left, arguments[0], right) if m.shape != (1, 1)]
                return MatrixElement(times(*beside), 0, 0)
            return _contracted(self, call, meaning.indices(call), arguments)
        if any(isinstance(a, Tensor) for a in arguments):
            raise ProgramError(f"{operation.name} of a tensor is no function of SymPy")
        return node_of(operation.name, *arguments, **call.options)

    def _defined(self, call: Call, definition: Callable[..., Expression], values: Any) -> Any:
        """By a definition in the language, the arguments named for it."""
        names = [ex.Name(f"?{len(self.taken)}{k}", a.shape) for k, a in enumerate(call.arguments)]
        named = {x.name: value for x, value in zip(names, values, strict=True)}
        options = {key: value for key, value in call.options.items() if value is not None}
        inner = SympyWriter({**self.symbols, **named}, self.taken)
        return inner.write(definition(*names, **options))

    # sums, products, functions of each entry

    def _sum(self, call: Call, coefficients: Sequence[int], values: Sequence[Any]) -> Any:
        if len(call.shape) > 2:
            pairs = [*zip(coefficients, values, strict=True)]
            return Tensor(lambda *at: sum(c * entry_of(v, at) for c, v in pairs))
        terms = [spread(value, self.shape(call.shape)) for value in values]
        scaled = [times(sympy.Integer(c), t) for c, t in zip(coefficients, terms, strict=True)]
        if not any(map(is_matrix, scaled)):
            return sympy.Add(*scaled)
        return sympy.MatAdd(*(t for x in scaled for t in parts_of(x, sympy.MatAdd)))

    def _product(self, call: Call, powers: Sequence[Fraction], values: Sequence[Any]) -> Any:
        exponents = [number(p) for p in powers]
        pairs = [*zip(values, exponents, strict=False)]
        if len(call.shape) > 2:
            return Tensor(lambda *at: sympy.Mul(*(entry_of(v, at) ** p for v, p in pairs)))
        scalars = [v**p for v, p in pairs if not is_matrix(v)]
        matrices = [(spread(v, self.shape(call.shape)), p) for v, p in pairs if is_matrix(v)]
        raised = [v if p == 1 else HadamardPower(v, p) for v, p in matrices]
        if not raised:
            return sympy.Mul(*scalars)
        whole = raised[0] if len(raised) == 1 else HadamardProduct(*raised)
        return times(sympy.Mul(*scalars), whole)

    def _entrywise(self, call: Call, definition: Callable[..., Any], values: Sequence[Any]) -> Any:
        inside = {k: v for k, v in enumerate(values) if is_matrix(v)}
        if len(call.shape) > 2:
            return Tensor(lambda *at: definition(*(entry_of(v, at) for v in values)))
        if not inside:
            return definition(*values)
        if len({*inside.values()}) == 1:
            dummy = sympy.Dummy("d", real=True)
            body = definition(*(dummy if k in inside else v for k, v in enumerate(values)))
            matrix = next(iter(inside.values()))
            return matrix.applyfunc(sympy.Lambda(dummy, body))
        alike = [spread(v, self.shape(call.shape)) for v in values]
        return self.matrix(
            call.shape, lambda *at: definition(*(matrix_entry(v, at) for v in alike))
        )

    # entry by entry

    def matrix(self, shape: Shape, entry: Callable[..., sympy.Expr]) -> sympy.MatrixExpr:
        """The matrix of an entry at its row and column."""
        rows, columns = self.letters(2)
        return sympy.FunctionMatrix(
            *self.shape(shape), sympy.Lambda((rows, columns), entry(rows, columns))
        )


def _gathered(writer: SympyWriter, call: Call, meaning: meanings.Gathered, body: Any) -> Any:
    ranges = call.options["ranges"]
    letters = [sympy.Symbol(x.name, integer=True) for x in ranges]
    sizes = [writer.dim(x.index_of) for x in ranges]
    if meaning.summed:
        limits = [(x, 0, d - 1) for x, d in zip(letters, sizes, strict=True)]
        weight = sympy.Mul(*sizes) if meaning.mean else 1
        if not is_matrix(body):
            return _total(body, limits) / weight
        entry: Callable[..., Any] = lambda *at: _total(matrix_entry(body, at), limits) / weight  # noqa: E731
        return writer.matrix(call.shape, entry)
    if len(sizes) > 2:
        return Tensor(lambda *at: body.subs(dict(zip(letters, at, strict=True)), simultaneous=True))
    if len(letters) == 1:
        letters = [*letters, *writer.letters(1)]
    return sympy.FunctionMatrix(*writer.shape(call.shape), sympy.Lambda(tuple(letters), body))


def _total(body: sympy.Expr, limits: Sequence[tuple[Any, ...]]) -> sympy.Expr:
    """A sum; an error where SymPy takes a case out of an array whose index is in it."""
    value = sympy.Sum(body, *limits)
    loose = value.free_symbols.difference(body.free_symbols, *(e.free_symbols for *_, e in limits))
    if loose:
        index = min(map(str, loose))
        raise ProgramError(
            f"SymPy moves cases before arrays, where the index {index} of one has no meaning: "
            "the result as text or LaTeX has them"
        )
    return value


def _contracted(writer: SympyWriter, call: Call, indices: str, values: Sequence[Any]) -> Any:
    """A sum over index letters, as the operation's record has them."""
    inputs, output = indices.split("->")
    kept = [x for x in output if x in inputs]  # a letter of its own is an axis of size 1
    if len({*inputs}) == len(inputs) == 2 and len(kept) == 1:
        return _summed_along(writer, call, inputs.index(kept[0]), values[0])
    sizes: dict[str, Dimension] = {}
    parts = list(zip(inputs.split(","), call.arguments, values, strict=True))
    for own, argument, _ in parts:
        dims = (ex.label_size(argument),) if own_label(argument) else argument.shape
        sizes |= {x: d for x, d in zip(own, dims, strict=False) if d != ONE and x != "?"}
    bound = dict(zip(sizes, writer.letters(len(sizes)), strict=True))
    picked = {x[0]: v for x, a, v in parts if own_label(a) and x[0] not in output}

    def entry(*at: Any) -> sympy.Expr:
        given = {x: i for x, i in zip(output, at, strict=False) if x in sizes}
        places = {**bound, **given, **picked}
        factors = []
        for own, argument, value in parts:
            if own_label(argument):
                factors.append(sympy.KroneckerDelta(places[own[0]], value))
            else:
                here = [places.get(x, sympy.Integer(0)) for x in own]
                factors.append(entry_of(value, here))
        over = [x for x in sizes if x not in output and x not in picked]
        summed = [(bound[x], 0, writer.dim(sizes[x]) - 1) for x in over]
        body = sympy.Mul(*factors)
        twins = [x for x in output if output.count(x) > 1]
        if twins:
            body *= sympy.KroneckerDelta(*at[:2])
        return _total(body, summed) if summed else body

    if call.shape == SCALAR:
        return entry()
    return Tensor(entry) if len(call.shape) > 2 else writer.matrix(call.shape, entry)


def _summed_along(writer: SympyWriter, call: Call, kept: int, value: Any) -> Any:
    """The sums of the rows or columns of a matrix, as a product with ones."""
    rows, columns = writer.shape(call.arguments[0].shape)
    across = value if kept == 0 else value.T
    sums = across * sympy.OneMatrix((columns, rows)[kept], 1)
    return sums if call.shape[1] == ONE else sums.T


def own_label(argument: Expression) -> bool:
    """Whether it is a label, which stands for its one-hot vector."""
    return ex.label_size(argument) is not None


def _place(call: Call) -> sympy.Expr:
    where = as_place(call)
    assert where is not None
    terms = (c * sympy.Symbol(x.name, integer=True) for x, c in where.coefficients.items())
    return sum(terms, where.offset)


def sympy_of(
    expression: Expression, definitions: Mapping[str, Expression], symbols: Symbols
) -> sympy.Basic:
    """An expression as SymPy's, with what names stand for in place of these."""
    known = dict(symbols)
    try:
        for name, value in definitions.items():
            known[name] = SympyWriter(known).write(value)
        return SympyWriter(known).whole(expression)
    except (AttributeError, TypeError) as error:  # of its evaluation, where a number is a matrix
        raise ProgramError(
            f"SymPy makes nothing of this ({error}); take it as text or LaTeX"
        ) from error
