r"""What a tree of LaTeX means among the names of a problem: an expression of the language.

A product without a sign is one of matrices or of scalars, as the shapes say. The sizes of 1 and I
are found as those of names without a declaration are: each begins with one of its own, and each
shape error that names two sizes which would have to agree makes them one.
"""

from __future__ import annotations

import math
from dataclasses import replace

from symgrad.errors import ProgramError, SymgradError, UnknownNameError, did_you_mean
from symgrad.language import expressions as ex
from symgrad.language.dimensions import ONE, Dimension, dimension
from symgrad.language.expressions import OPERATIONS, Expression, Size
from symgrad.language.latex_input import tree as lt
from symgrad.language.latex_input.bases import base_with_scripts
from symgrad.language.latex_input.calls import call, inner_product
from symgrad.language.latex_input.conditions import cases_of, condition_of
from symgrad.language.latex_input.context import Context
from symgrad.language.latex_input.derivatives import derivative_at
from symgrad.language.latex_input.entries import Value
from symgrad.language.latex_input.extent import check_extent
from symgrad.language.latex_input.functions import function_at
from symgrad.language.latex_input.names import look, new_name
from symgrad.language.latex_input.norms import norm
from symgrad.language.latex_input.places import bracketed, number_at
from symgrad.language.latex_input.products import divided, dotted, quotient, starred
from symgrad.language.latex_input.rows import matrix_of
from symgrad.language.latex_input.scripts import entry_of_numbered, with_scripts
from symgrad.language.latex_input.slopes import is_nabla
from symgrad.language.latex_input.sums import batch_size, sum_of
from symgrad.language.operations import signs
from symgrad.language.operations.advice import advice
from symgrad.language.operations.constants import eye, filled, ones, zeros
from symgrad.language.scope import function_named

SIGNS = {  # what functions that are not known are called in a program
    **{"Phi": "normcdf", "arg": "argmin", "arg_min": "argmin", "arg_max": "argmax"},
    **{"lfloor": "floor", "lceil": "ceil"},
}
CHAINS = {"+": "add", "-": "subtract", r"\odot": "multiply", r"\oslash": "divide", "/": "divide"}


class Reader(Context):
    """Reads one formula."""

    def value(self, node: lt.Node) -> Value:
        """What a part of the formula means; errors on the way have its place."""
        try:
            return self._value(node)
        except SymgradError as error:
            if error.column is None:
                raise error.at(None, node.at + 1, None) from None
            raise

    def expression(self, node: lt.Node) -> Expression:
        """What a part without indices means."""
        value = self.value(node)
        if value.letters:
            raise ProgramError(f"the index {value.letters[0]} has no sum", column=node.at + 1)
        return value.expression

    def _value(self, node: lt.Node) -> Value:
        found = self.named(node) or derivative_at(self, node)
        if found is not None:
            return found
        match node:
            case lt.Num():
                return self._number(node)
            case lt.Negative(inner=lt.Fraction(top=lt.Num(font="") as top) as inner):  # -1 / 2
                return self.value(replace(inner, top=lt.Negative(top.at, top)))
            case lt.Negative(
                inner=lt.Row(factors=(lt.Num(font="") | lt.Fraction() as first, *rest)) as row
            ):
                return dotted(self, replace(row, factors=(lt.Negative(first.at, first), *rest)))
            case lt.Negative(inner=inner):
                return self.entries.entrywise(OPERATIONS["negative"], self.value(inner))
            case lt.Chain():
                return self._chain(node)
            case lt.Row() if node.factors:
                return dotted(self, node)
            case lt.Script():
                return self._script(node)
            case lt.Fraction():
                return quotient(self, node)
            case lt.Root(inner=inner):
                return self.entries.entrywise(signs.ROOT, self.value(inner))
            case lt.Fence():
                return self._fence(node)
            case lt.Big():
                return sum_of(self, node)
            case lt.Cases(rows=rows):
                return cases_of(self, rows)
            case lt.Sym() | lt.Accent():
                return self._symbol(node)
        raise ProgramError("this cannot be read as a formula")

    # names, numbers, constants

    def named(self, node: lt.Node) -> Value | None:
        """The name of the problem that stands there, if one does."""
        name = self.names.find(node)
        return None if name is None else Value(self.scope.meaning(name))

    def _number(self, node: lt.Num) -> Value:
        if node.font and node.digits in ("0", "1"):
            return self.filled(node)
        digits = node.digits
        if not (digits.isascii() and digits.replace(".", "", 1).isdecimal()):
            raise ProgramError(f"{digits} is no number")
        value = float(digits) if "." in digits else int(digits)
        return Value(ex.Number(ex.exact(value)))

    def filled(self, node: lt.Num) -> Value:
        """A vector of ones or zeros."""
        e = filled(ones if node.digits == "1" else zeros, (self._size(node.at),))
        return Value(e, constant=ex.Number(ex.exact(int(node.digits))))

    def _size(self, at: int) -> Dimension:
        """The size of a constant: a free one until it is found."""
        name = f"1 {at}"
        return self.free.get(name, dimension(name))

    def _symbol(self, node: lt.Node) -> Value:
        """A sign of ours, or of everyone's."""
        if (batch := self.counts.get(node)) is not None:
            return Value(Size(batch))
        if isinstance(node, lt.Sym) and self.entries.numbers(node.text):
            return number_at(self, node)
        match node:
            case lt.Sym(text="I"):
                return Value(filled(eye, (self._size(node.at),)))
            case lt.Sym(text="B" | "batch") if len({*self.scope.batches.values()}) == 1:
                raise ProgramError("the batch is no value; its number of examples is |B|")
            case lt.Sym(text=r"\pi"):
                return Value(ex.Number(math.pi))
            case lt.Sym(text=r"\infty"):
                raise ProgramError("infinity is no number of the language")
        raise self.unknown(node)

    def unknown(self, node: lt.Node) -> UnknownNameError:
        """An error for what is no name of the problem."""
        function = function_at(self, node)
        if function is not None and function is not signs.EIGENVALUES:  # \lambda is a number, too
            return UnknownNameError(f"{function.name} has no argument here", column=node.at + 1)
        text = look(node)
        if text == "d":
            return UnknownNameError("a differential that is not known here", column=node.at + 1)
        word = text.removeprefix("\\")
        plain = isinstance(node, lt.Sym) and not node.font and not text.startswith("\\")
        hint = "" if plain else advice(SIGNS.get(word, word), [])
        hint = hint or did_you_mean(text, [*self.scope.meanings, *self.scope.dimensions])
        what = "is not declared" if new_name(node) else "is not read in a formula"
        return UnknownNameError(f"{text} {what}{hint}", column=node.at + 1)

    # operators

    def _chain(self, node: lt.Chain) -> Value:
        if node.signs[0] in (*CHAINS, "*"):
            check_extent(node)
            value = self.value(node.operands[0])
            for k, (sign, operand) in enumerate(zip(node.signs, node.operands[1:], strict=True)):
                value = self._joined(value, sign, operand, node.operands[k])
            return value
        if node.signs[0] == r"\otimes":
            kronecker = function_named(signs.KRONECKER.name) or signs.KRONECKER
            value = self.value(node.operands[0])
            for operand in node.operands[1:]:
                value = call(self, kronecker, [value, self.value(operand)], {})
            return value
        return condition_of(self, node)

    def _joined(self, left: Value, sign: str, operand: lt.Node, before: lt.Node) -> Value:
        """left sign operand, where `before` is what the left side is written as."""
        if sign == "*":
            return starred(self, left, self.value(operand))
        if sign == "/":
            return divided(self, left, operand, before)
        return self.entries.entrywise(OPERATIONS[CHAINS[sign]], left, self.value(operand))

    # scripts and fences

    def _script(self, node: lt.Script) -> Value:
        if is_nabla(node):
            raise ProgramError(r"\nabla stands before what is differentiated")
        base = node.base
        if function_at(self, node) is not None:
            raise self.unknown(node)
        if (value := base_with_scripts(self, node, base)) is not None:
            return value
        if lt.is_fence(base, "‖") and node.below is not None:
            return norm(self, base, node)
        if lt.is_fence(base, "[") and node.below is not None:
            return bracketed(self, base, node)
        if node.below is not None:
            named = self.named(replace(node, above=None, primes=0))
            if named is not None:
                return self.scripted(named, replace(node, below=None))
            if (matrix := matrix_of(self, node)) is not None:
                return self.scripted(matrix, node)
            if (numbered := entry_of_numbered(self, node)) is not None:
                return numbered
        return self.scripted(self.value(base), node)

    def scripted(self, value: Value, node: lt.Script) -> Value:
        """A value with the scripts of a node."""
        return with_scripts(self, value, node)

    def _fence(self, node: lt.Fence) -> Value:
        if node.left == "|" and (size := batch_size(self, node)) is not None:
            return Value(Size(size))
        if node.left == "⟨":
            return inner_product(self, node.inner)
        if node.left == "(" and isinstance(node.inner, lt.Chain) and "=" in node.inner.signs:
            raise ProgramError("an equation is no value; [i = j] in brackets is 1 where it holds")
        if node.left == "‖":
            return norm(self, node)
        value = self.value(node.inner)
        if node.left == "|":
            e = value.expression
            square = len(e.shape) == 2 and (e.shape[0] == e.shape[1] or self.scope.inferred)
            if square and not value.letters and ONE not in e.shape:
                return Value(signs.DETERMINANT(e))
            return self.entries.entrywise(signs.MAGNITUDE, value)
        return value
