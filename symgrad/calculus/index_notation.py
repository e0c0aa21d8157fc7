"""Nodes written entry by entry, with index letters: what has no matrix form, and proofs.

u[i, j] = sum(W[i, k] * x[k, j] for k in range(n))
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from fractions import Fraction
from functools import reduce
from itertools import repeat
from types import MappingProxyType

from symgrad.calculus import nodes as ix
from symgrad.calculus.algebra import names_first, over, power, scaled, times, transposed
from symgrad.calculus.entries import symmetric
from symgrad.calculus.letters import Letters
from symgrad.calculus.nodes import Factor, Label, Node, Term, batch_of, core_labels, is_batch
from symgrad.calculus.polynomials import contract
from symgrad.calculus.sums import signed_sum
from symgrad.calculus.term_graph import NoMatrixForm
from symgrad.calculus.terms import opened, opened_product
from symgrad.language import composing
from symgrad.language import formula as fm
from symgrad.language.dimensions import SCALAR, Shape
from symgrad.language.expressions import Expression, Name, Number, Size, Value
from symgrad.language.formula import Formula
from symgrad.language.literals import magnitude
from symgrad.language.names import entry_parts
from symgrad.language.operations.batches import batch_sum, over_batch
from symgrad.language.operations.entries import Ranges, array, at, equal_places, index_sum, indices
from symgrad.language.operations.places import as_number
from symgrad.language.plain import plain_text
from symgrad.language.typeset import typeset
from symgrad.language.unparse import unparse
from symgrad.language.unparse import written as unparsed

BINDS = dict(enumerate((fm.SUM, fm.KRONECKER, fm.SIGN, fm.SCRIPT, fm.ATOM), start=1))
Written = Callable[[Node], "Expression | None"]


@dataclass
class EntryNotation:
    """Expressions for entries of nodes.

    `name(node)` is what a node is called, None where it is written out; `whole(node)` is a vector
    or matrix in matrix notation, where it has one; `bound` are each batch's variables."""

    name: Written
    whole: Written
    bound: Mapping[str, tuple[str, ...]]

    def entry(self, node: Node, labels: Sequence[Label], letters: Letters) -> Expression:
        """node[labels], as W[i, j]."""
        match node:
            case ix.Identity():
                return equal_places(*letters.all(labels))
            case ix.OneHot(label=ix.Place() as number):
                where = letters.place(number, labels)
                return equal_places(letters.of(labels[-1]), where)
            case ix.OneHot(label=ix.Input() as own):
                label = Name(own.name, SCALAR, batch_of(node), node.axes[-1])
                return equal_places(letters.of(labels[-1]), label)
            case ix.Place():
                return as_number(letters.place(node, labels))
            case ix.Length():
                return Size(node.axis)
            case ix.Constant():
                return Number(node.value)
        named = self.name(node)
        if named is not None:
            return at(named, *letters.all(labels))
        if isinstance(node, ix.Alias):
            return self.entry(node.inner, labels, letters)
        return self.right(node, labels, letters)

    def right(self, node: Node, labels: Sequence[Label], letters: Letters) -> Expression:
        """The definition of node[labels]."""
        match node:
            case ix.Alias() | ix.Named():
                return self.right(node.inner, labels, letters)
            case ix.Polynomial():
                return self.terms(opened(node, labels), letters)
            case ix.Map():
                inside = (
                    self.entry(argument, [labels[k] for k in places], letters)
                    for argument, places in node.arguments
                )
                return node.operation(*inside)
            case ix.Apply():
                return self._applied(node, labels, letters)
        return self.entry(node, labels, letters)

    def terms(self, terms: Sequence[Term], letters: Letters) -> Expression:
        """A sum of terms."""
        return signed_sum([self.term(t, letters) for t in terms]) if terms else Number(Fraction(0))

    def term(self, term: Term, letters: Letters) -> Expression:
        """2 * sum(W[i, j] * x[j] for j in range(n))"""
        term = apart(self._opened(term))
        term, places = _placed(term, letters)
        letters = letters.with_places(places) if places else letters
        within, outside = list[Factor](), list[Factor]()
        for f in term.factors:
            bound = not letters.letters_of(f.labels).keys().isdisjoint(term.summed)
            (within if bound else outside).append(f)
        value = self._product(term.coefficient, outside, letters)
        within = _in_order(within, term.summed)
        carried = dict.fromkeys(x for f in within for x in letters.letters_of(f.labels))
        for label in term.summed:
            if label not in carried:  # n equal terms
                value = times(value, Size(label.axis))
        if not within:
            return value
        inner = letters.with_places({})  # its own letters end with the sum
        ranges = inner.ranges([x for x in carried if x in term.summed])
        body = self._product(Fraction(1), within, inner)
        body = index_sum(body, ranges=ranges) if ranges else body
        for label in term.summed:
            if is_batch(label) and label in carried:
                body = over_batch(batch_sum, body, self.bound[label.axis], label.axis)
        return times(value, body)

    def _opened(self, term: Term) -> Term:
        """The term with the factors of products in it that have no name, their numbers before
        the sum."""
        for k, (node, labels, exponent) in enumerate(term.factors):
            inner = opened_product(node, labels) if term.summed and exponent == 1 else None
            if inner is not None and not inner.summed and self.name(node) is None:
                factors = (*term.factors[:k], *inner.factors, *term.factors[k + 1 :])
                coefficient = term.coefficient * inner.coefficient
                return self._opened(Term(coefficient, factors, term.summed))
        return term

    def _product(
        self, coefficient: Value, factors: Sequence[Factor], letters: Letters
    ) -> Expression:
        """coefficient * factors, those with a negative power below."""
        above: list[Expression] = []
        below: list[Expression] = []
        for factor in factors:
            base = self.entry(factor.node, factor.labels, letters)
            half = below if factor.power < 0 else above
            half.append(power(base, magnitude(factor.power)))
        above = names_first(above)
        value = scaled(coefficient, reduce(times, above)) if above else Number(coefficient)
        return reduce(over, below, value)

    def _applied(self, node: ix.Apply, labels: Sequence[Label], letters: Letters) -> Expression:
        """A function of whole vectors or matrices, at an entry."""
        # Along labels of their own: y[j, j] of y = f(rows) may have the row's label there, too.
        along = tuple(Label(x.axis) if k in node.core else x for k, x in enumerate(labels))
        inside = [self._whole(argument, acted, letters) for argument, acted in node.opened(along)]
        return at(node.operation(*inside), *letters.all(node.split(labels)[1]))

    def _whole(self, argument: ix.Entry, acted: Sequence[Label], letters: Letters) -> Expression:
        """All of a node along the labels that a function acts on: of A its row A[i], or A alone."""
        node, labels = argument
        own = core_labels(labels)
        if (*acted,) == own and (whole := self.name(node) or self.whole(node)) is not None:
            return whole
        named = self.name(node)
        if named is not None and len(own) == 2 and own[1:] == (*acted,):
            return at(named, letters.of(own[0]))
        inner = Letters(
            {x: letter for x, letter in letters.known.items() if x not in acted},
            {*letters.taken, *(letter.name for letter in letters.known.values())},
            letters.placed,
        )
        if len(acted) == 1 and (rows := self._in_rows(node, labels, acted[0], inner)) is not None:
            return rows
        bound = inner.ranges(acted)  # before a sum inside gives its own letters
        return array(self.entry(node, labels, inner), bound)

    def _in_rows(
        self, node: Node, labels: Sequence[Label], along: Label, letters: Letters
    ) -> Expression | None:
        """A sum of multiples of vectors, of rows and of columns along a label: X[i] - X[j]."""
        if not isinstance(node, ix.Polynomial):
            return None
        parts = list[Expression]()
        for coefficient, factors, summed in opened(node, labels):
            moving = [f for f in factors if along in f.labels]
            others = [f for f in factors if along not in f.labels]
            if len(moving) != 1 or moving[0].power != 1 or summed:
                return None
            name, own = self.name(moving[0].node), core_labels(moving[0].labels)
            if name is None or len(own) > 2 or own.count(along) != 1:
                return None
            value = name if own[-1] is along else transposed(name)
            rows = (letters.of(x) for x in own if x is not along)
            parts.append(times(self._product(coefficient, others, letters), at(value, *rows)))
        return signed_sum(parts) if parts else None


def _in_order(factors: Sequence[Factor], summed: Sequence[Label]) -> list[Factor]:
    """The factors, a symmetric one as A_ij where of both sums that of i stands before it."""
    ordered, seen = list[Factor](), set[Label]()
    for f in factors:
        before = [x in seen for x in f.labels if x in summed]
        if before == [False, True] and _is_matrix(f) and symmetric(f.node):
            f = f._replace(labels=f.labels[::-1])
        ordered.append(f)
        seen.update(f.labels)
    return ordered


def _is_matrix(factor: Factor) -> bool:
    """Whether it has two labels, and is no [i = j]."""
    return len(factor.labels) == 2 and not isinstance(factor.node, (ix.Identity, ix.OneHot))


def _placed(term: Term, letters: Letters) -> tuple[Term, dict[Label, Factor]]:
    """sum_r [r = i + 1] x_r is x_(i + 1): the term without such factors, and these."""
    places: dict[Label, Factor] = {}
    rest = []
    for f in map(_turned, term.factors, repeat(term.summed)):
        row = f.labels[-1] if f.labels else None
        if (
            row in term.summed
            and row not in places
            and ix.place_of(f.node)
            and row not in letters.with_places(places).letters_of(f.labels[:-1])
        ):
            places[row] = f
        else:
            rest.append(f)
    summed = tuple(x for x in term.summed if x not in places)
    return (Term(term.coefficient, tuple(rest), summed), places) if places else (term, places)


def _turned(f: Factor, summed: Sequence[Label]) -> Factor:
    """[r = n - 1 - i] as [i = n - 1 - r] where only i is summed."""
    turns = isinstance(f.node, ix.OneHot) and len(f.labels) == 2 and symmetric(f.node)
    if turns and f.labels[0] in summed and f.labels[1] not in summed:
        return f._replace(labels=f.labels[::-1])
    return f


def apart(term: Term) -> Term:
    """Sums over a batch as nodes of their own where there are two, (sum_b u_b) (sum_b v_b), or
    where the term is of one example, u_b (sum_b v_b)."""
    batches = [x for x in term.summed if is_batch(x)]
    carried = {x for f in term.factors for x in f.labels if is_batch(x)}
    if len(carried) < 2:
        return term
    for label in batches:
        own = [f for f in term.factors if label in f.labels]
        rest = [f for f in term.factors if label not in f.labels]
        inside = dict.fromkeys(x for f in own for x in f.labels)
        if any(x in inside for x in batches if x is not label):
            raise NoMatrixForm(term)
        outside = {x for f in rest for x in f.labels}
        bound = tuple(x for x in term.summed if x in inside and x not in outside)
        free = [x for x in inside if x not in bound]
        entry = contract([Term(Fraction(1), tuple(own), bound)], free)
        summed = tuple(x for x in term.summed if x not in bound)
        term = Term(term.coefficient, (*rest, Factor(*entry)), summed)
    return term


@dataclass(frozen=True, eq=False)
class Derivative(Name):
    """The name of a cotangent: the derivative of `top` by `bottom`, as in dL/dW."""

    top: Expression = field(default_factory=lambda: Name("L", SCALAR))
    bottom: Expression = field(default_factory=lambda: Name("x", SCALAR))

    @classmethod
    def of(
        cls, top: Expression, bottom: Expression, shape: Shape, batch: str | None = None
    ) -> Derivative:
        """The derivative of one by the other, by its name: dL/dW, dL/dh[t], dL/d(A.T)."""
        text = unparse(bottom)
        by = text if entry_parts(text)[0].isidentifier() else f"({text})"
        return cls(f"d{unparse(top)}/d{by}", shape, batch, top=top, bottom=bottom)

    @property
    def formula(self) -> Formula:
        """The derivative of a number in the notation of the table, else the fraction of partial
        derivatives."""
        both = typeset(self.top), typeset(self.bottom, shown=False)
        slope = fm.Slope if self.top.shape == SCALAR else composing.derivative
        return composing.spelled(slope(both), self.name)


@dataclass(frozen=True, eq=False)
class IndexForm(Expression):
    """What matrix notation cannot say, entry by entry: `body` is the entry at these letters."""

    body: Expression
    letters: Ranges
    shape: Shape
    batch: str | None

    @property
    def expression(self) -> Expression:
        """The array in the language: matrix(... for i in range(m) for j in range(n))."""
        return array(self.body, self.letters)

    @property
    def formula(self) -> Formula:
        """The entry; the indices stand at the left side."""
        return typeset(self.body, shown=False)

    def at_left(self, left: Formula) -> Formula:
        """The left side with the indices of the entry."""
        return composing.lowered(left, indices(self.letters)) if self.letters else left


def index_form(
    node: Node,
    name: Written,
    whole: Written = lambda node: None,
    bound: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
    taken: AbstractSet[str] = frozenset(),
) -> IndexForm:
    """A node by its definition, entry by entry; its own indices are the first letters."""
    letters, labels = Letters(taken=taken), ix.new_labels(node.axes)
    own = letters.ranges(labels)
    body = EntryNotation(name, whole, bound).right(node, labels, letters)
    return IndexForm(body, own, ix.matrix_shape(node.axes), batch_of(node))


def written(e: Expression) -> Formula:
    """An expression as it is printed, in text in the language."""
    text, binds = unparsed(in_language(e))
    return composing.spelled(typeset(e), text, BINDS[binds])


def slope(top: Expression, bottom: Expression) -> Formula:
    """The derivative of one by the other: dL/dx, dL/d(A.T)."""
    above, below = (typeset(e, shown=False) for e in (top, bottom))
    by = plain_text(below)
    by = by if by.replace(",", "").isidentifier() else f"({by})"
    return composing.spelled(composing.derivative((above, below)), f"d{plain_text(above)}/d{by}")


def in_language(e: Expression) -> Expression:
    """The expression in the language: of entries the array."""
    return e.expression if isinstance(e, IndexForm) else e
