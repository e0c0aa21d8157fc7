"""A statement taken apart into statements whose rules are known: abbreviations and functions are
written by their definitions, and what a function or a power acts on gets a name.

    p = softmax(x)      e = exp(x),  s = sum(e),  p = e / s

A function along an axis is taken apart for each row, and the rows are put together again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from symgrad.calculus.lowering import Tensor, lower
from symgrad.calculus.nodes import Label
from symgrad.calculus.proofs.vocabulary import Vocabulary
from symgrad.calculus.term_graph import NoMatrixForm
from symgrad.language.dimensions import ONE, Shape
from symgrad.language.expressions import Call, Expression, Name, leaves
from symgrad.language.operations.meanings import Composite, Elementwise, Function, Monomial
from symgrad.language.shapes import reduced
from symgrad.language.unparse import unparse


@dataclass(frozen=True)
class Statement:
    """name = expression, and the right side in index notation; there it is said where there is no
    expression for it."""

    name: Name
    expression: Expression | None
    tensor: Tensor


def unfolded(name: Name, expression: Expression, vocabulary: Vocabulary) -> list[Statement]:
    """The statements that lead to name = expression, which is the last of them."""
    unfolding = _Unfolding(vocabulary)
    last = unfolding.of(expression)
    statements = unfolding.statements
    if statements and statements[-1].name is last:
        return [*statements[:-1], replace(statements[-1], name=name)]
    return [*statements, Statement(name, last, vocabulary.lower(last))]


class _Unfolding:
    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.statements: list[Statement] = []
        self.known: dict[str, Name] = {}

    def of(self, e: Expression) -> Expression:
        """The expression by what has a rule of its own; parts that need a name are named first."""
        if not isinstance(e, Call) or _is_constant(e):
            return e
        meaning = e.operation.meaning
        if isinstance(meaning, Composite):
            return self.of(meaning.definition(*map(self.operand, e.arguments), **e.options))
        if isinstance(meaning, Function):
            return self._function(e, meaning)
        arguments = [self.operand(a) for a in e.arguments]
        if isinstance(meaning, Elementwise):
            arguments = [self.named(a) for a in arguments]
        if isinstance(meaning, Monomial):
            powers = meaning.powers(e)
            for k, power in enumerate(powers):
                arguments[k] = arguments[k] if power == 1 else self.named(arguments[k])
        return replace(e, arguments=tuple(arguments))

    def operand(self, e: Expression) -> Expression:
        """The expression as an operand; the result of a function is named."""
        inner = self.of(e)
        if isinstance(inner, Call) and isinstance(inner.operation.meaning, (Elementwise, Function)):
            return self.named(inner)
        return inner

    def named(self, e: Expression) -> Expression:
        """A name for the expression, unless it is one or has none in it."""
        if not isinstance(e, Call) or _is_constant(e):
            return e
        key = unparse(e)
        if key not in self.known:
            self.known[key] = self.vocabulary.new(e.operation.symbol, e)
            self.statements.append(Statement(self.known[key], e, self.vocabulary.lower(e)))
        return self.known[key]

    def _function(self, call: Call, meaning: Function) -> Expression:
        arguments = [self.named(self.operand(a)) for a in call.arguments]
        if meaning.definition is None:
            return replace(call, arguments=tuple(arguments))
        if "axis" not in call.options:
            return self.of(meaning.definition(*arguments))
        name = self._each_row(call, arguments[0])
        self.known[unparse(call)] = name
        return name

    def _each_row(self, call: Call, argument: Expression) -> Name:
        """A function along an axis by its definition for each row that there is: the statements of
        the definition, each for all rows. The name of the last."""
        vocabulary, operation, axis = self.vocabulary, call.operation, call.options["axis"]
        whole = vocabulary.lower(argument)
        rows = _Rows(whole, axis, argument.shape)
        row = Name("?row", (argument.shape[axis], ONE))
        definition = operation.meaning.definition(row)
        name = last = Name("?last", definition.shape)
        values = {row.name: rows.apart(whole)}
        for step in unfolded(last, definition, Vocabulary.of(definition)):
            own = step.expression
            assert isinstance(own, Call)
            together, shape = rows.together(lower(own, values))
            symbol = operation.symbol if step.name is last else own.operation.symbol
            written = self._written(together, shape)
            tensor = together if written is None else vocabulary.lower(written)
            name = vocabulary.new(symbol, Name("?", shape, rows.batch))
            values[step.name.name] = rows.apart(vocabulary.tensors[name.name])
            self.statements.append(Statement(name, written, tensor))
        return name

    def _written(self, whole: Tensor, shape: Shape) -> Expression | None:
        try:
            written = self.vocabulary.written(whole.closed(), whole.core, shape)
        except NoMatrixForm:
            return None
        return self.of(written)  # a squared norm in it is an abbreviation


class _Rows:
    """The rows of a matrix along an axis (or of a tensor), one label for each other index."""

    def __init__(self, argument: Tensor, axis: int, shape: Shape) -> None:
        self.argument, self.axis, self.shape = argument, axis, shape
        self.rest = tuple(x for k, x in enumerate(argument.axes) if k != axis and x is not None)
        batches = [x.axis for x in argument.others if isinstance(x.axis, str)]
        self.batch = batches[0] if batches else None

    def apart(self, whole: Tensor) -> Tensor:
        """A tensor with the argument's indices, or with those but the axis, as one of its rows."""
        full = len(whole.core) > len(self.rest)
        others = [x for k, x in enumerate(whole.axes) if not (full and k == self.axis)]
        names = dict(zip([x for x in others if x is not None], self.rest, strict=True))
        core = (whole.axes[self.axis],) if full else ()
        axes = (*core, *(None,) * (2 - len(core)))
        return Tensor(whole.renamed(names), axes, (*whole.others, *self.rest))

    def together(self, row: Tensor) -> tuple[Tensor, Shape]:
        """All rows as one tensor, and its shape; without the axis where a row is a number."""
        axes: list[Label | None] = list(self.argument.axes)
        shape = self.shape
        if row.core:
            (axes[self.axis],) = row.core
        else:
            axes[self.axis] = None
            shape = reduced(shape, self.axis)
            if len(axes) > len(shape):
                del axes[self.axis]
        return Tensor(row.terms, tuple(axes), self.argument.others), shape


def _is_constant(e: Expression) -> bool:
    return not any(isinstance(leaf, Name) for leaf in leaves(e))
