"""Matrix notation recovered from index notation, node by node; see `term_graph` for one term."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from fractions import Fraction

from symgrad.calculus import nodes as ix
from symgrad.calculus.algebra import is_negative, product, scaled, times, transposed
from symgrad.calculus.index_notation import EntryNotation, IndexForm, apart, index_form
from symgrad.calculus.letters import Letters
from symgrad.calculus.nodes import Factor, Label, Node, Term, batch_of, core_axes, is_batch
from symgrad.calculus.reduction import joined
from symgrad.calculus.sums import signed_sum
from symgrad.calculus.term_graph import NoMatrixForm, TermGraph
from symgrad.calculus.terms import is_whole, multiplied_out, opened, opened_product, raised
from symgrad.language.dimensions import ONE, SCALAR
from symgrad.language.expressions import Expression, Name, Number, Size, is_number
from symgrad.language.operations.batches import batch_mean, batch_sum, over_batch
from symgrad.language.operations.constants import eye, filled, ones, zeros
from symgrad.language.operations.contractions import lookup, onehot
from symgrad.language.operations.entries import index_sum
from symgrad.language.operations.places import Affine, labelled
from symgrad.language.operations.slices import sliced

Reference = Callable[[Node], "Expression | None"]


def full(expression: Expression, node: Node) -> Expression:
    """A number in every entry where the node has more entries than the expression."""
    axes = core_axes(node.axes)
    if len(axes) > 2:
        raise NoMatrixForm(node)
    if axes and is_number(expression, 0):
        return filled(zeros, axes)
    if axes and expression.shape == SCALAR:
        return times(expression, filled(ones, axes))
    return expression


@dataclass
class Notation:
    """Expressions for nodes.

    `reference(node)` names a node where a name is to stand for it; every other node is written by
    its definition. `bound` are the variables of each batch, as `for x, y in batch` has them; no
    index letter is one of the `taken` names.
    """

    reference: Reference
    bound: dict[str, tuple[str, ...]]
    taken: AbstractSet[str]
    written: dict[Node, Expression | None] = field(default_factory=dict)

    def of(self, root: Node) -> Expression:
        """The node by its name or definition: a scalar, a column, or a matrix."""
        written = self._written(root)
        if written is None:
            raise NoMatrixForm(root)
        return written

    def _written(self, root: Node) -> Expression | None:
        """The same, operands first; None where it has no matrix form."""
        return ix.worked_out(
            root,
            self.written,
            lambda node: self.reference(node) or self._tried(node),
            lambda node: self.reference(node) is None,
        )

    def whole(self, root: Node) -> Expression | None:
        """The same over all its indices, None where it has no matrix form."""
        try:
            return full(self.of(root), root)
        except NoMatrixForm:
            return None

    def definition(self, root: Node) -> Expression:
        """The node by its definition, even where it has a name."""
        if isinstance(root, ix.Input):
            return self.of(root)
        for operand in root.operands:
            self._written(operand)
        return self._definition(root)

    def defined(self, root: Node) -> Expression:
        """The node by its definition, over all its indices; in index notation where matrix notation
        has no form."""
        try:
            return full(self.definition(root), root)
        except NoMatrixForm:
            return self.index_form(root)

    def index_form(self, root: Node) -> IndexForm:
        """The node by its definition in index notation."""
        return index_form(root, self.reference, self.whole, self.bound, self.taken)

    def _tried(self, node: Node) -> Expression | None:
        try:
            return self._definition(node)
        except NoMatrixForm:
            return None

    def _definition(self, node: Node) -> Expression:
        if len(core_axes(node.axes)) > 2:
            raise NoMatrixForm(node)
        match node:
            case ix.Polynomial():
                return self._polynomial(node)
            case ix.Map():
                return node.operation(*(self._spread(n, at, node) for n, at in node.arguments))
            case ix.Apply():
                return self._apply(node)
            case ix.Input():
                raise NoMatrixForm(node)
            case ix.Alias():
                return self.of(node.inner)
            case ix.Named():
                return self._definition(node.inner)
            case ix.Place():
                raise NoMatrixForm(node)
            case ix.OneHot(label=ix.Place() as label):
                return _rows_of_identity(node, label)
            case ix.OneHot(label=ix.Input() as label):
                return onehot(Name(label.name, SCALAR, batch_of(node), node.axes[-1]))
            case ix.Identity():
                return filled(eye, (node.axes[0],))
            case ix.Length():
                return Size(node.axis)
            case ix.Constant():
                return Number(node.value)
        raise TypeError(f"no node: {node!r}")

    def _spread(self, node: Node, at: Sequence[int], result: Node) -> Expression:
        """An argument of an elementwise function, spread over the result's indices."""
        value = self.of(node)
        core = [k for k in at if not isinstance(result.axes[k], str)]
        wanted = [k for k, axis in enumerate(result.axes) if not isinstance(axis, str)]
        if not core or core == wanted:
            return value
        if len(core) == 2:
            return transposed(value)
        other = next(k for k in wanted if k not in core)
        one = filled(ones, (result.axes[other],))
        return (
            product(value, transposed(one)) if core[0] < other else product(one, transposed(value))
        )

    def _apply(self, node: ix.Apply) -> Expression:
        rows = core_axes(node.split(node.axes)[0])
        values = [full(self.of(argument), argument) for argument, _ in node.arguments]
        if not rows:
            return node.operation(*values)
        argument, at = node.arguments[0]
        own = [k for k, axis in zip(at, argument.axes, strict=True) if not isinstance(axis, str)]
        along = len(own) == 2 and None in own and node.operation.meaning.along
        if len(values) > 1 or not along:
            raise NoMatrixForm(node)
        value = node.operation(*values, axis=own.index(None))
        return transposed(value) if value.shape[0] == ONE else value

    # polynomials

    def _polynomial(self, node: ix.Polynomial) -> Expression:
        labels = ix.new_labels(node.axes)
        free = ix.core_labels(labels)
        parts = [self._term(term, free) for term in opened(node, labels)]
        return signed_sum(parts) if parts else Number(Fraction(0))

    def _term(self, term: Term, free: Sequence[Label]) -> Expression:
        term = apart(_met(term, self.reference))
        outside, inside, batch = _split_batch(term)
        if batch is None:
            label = _counter(term)
            if label is not None:
                return self._counted(term, label, free)
            return TermGraph(self.of, term.coefficient, list(term.factors), free).expression()
        body = TermGraph(self.of, Fraction(1), inside, free).expression()
        mean = [
            f
            for f in outside
            if isinstance(f.node, ix.Length) and f.node.axis == batch and f.power == -1
        ]
        operation = batch_mean if mean else batch_sum
        number = Fraction(-1) if is_negative(body) else Fraction(1)
        summed = over_batch(operation, scaled(number, body), self.bound[batch], batch)
        rest = [f for f in outside if f not in mean[:1]]
        front = TermGraph(self.of, term.coefficient, rest, []).expression()
        if isinstance(front, Number):
            return scaled(number * front.value, summed)
        return scaled(number, times(front, summed))

    def _counted(self, term: Term, label: Label, free: Sequence[Label]) -> Expression:
        """The sum over an index that only counts, each summand in matrix notation."""
        letters = Letters(taken=self.taken)
        ranges = letters.ranges([label])
        entries = EntryNotation(self.reference, self.whole, self.bound)
        at = {
            f.node: _stacked_at(f, label, entries, letters)
            for f in term.factors
            if label in f.labels
        }

        def written(node: Node) -> Expression:
            return at.get(node) or self.of(node)

        factors = [
            f._replace(labels=tuple(x for x in f.labels if x is not label)) for f in term.factors
        ]
        summed = index_sum(
            TermGraph(written, Fraction(1), factors, free).expression(), ranges=ranges
        )
        return scaled(term.coefficient, summed)


def _met(term: Term, reference: Reference) -> Term:
    """The term with the products in it opened, where equal factors meet: y / (a / b) * (a / b^2) is
    y / b."""

    def factors(factor: Factor) -> Sequence[Term] | None:
        node, labels, power = factor
        inner = None if reference(node) else opened_product(node, labels)
        if inner is None or inner.summed or not is_whole(power):
            return None
        number = raised(inner.coefficient, power)
        if number is None:
            return None
        return [Term(number, tuple(f.raised(power) for f in inner.factors))]

    (whole,) = multiplied_out(term, factors)
    met = tuple(joined(whole.factors))
    carried = {x for f in met for x in f.labels}
    if whole is term or len(met) == len(whole.factors) or not carried.issuperset(term.summed):
        return term
    return whole._replace(factors=met)


def _rows_of_identity(node: ix.OneHot, place: ix.Place) -> Expression:
    """[r = i + 1] over i and r is the identity without its first row, [r = 0] is its first one."""
    whole = filled(eye, node.axes[-1:])
    start = Affine({}, place.offset)
    if not place.coefficients:
        return lookup(whole, labelled(start, node.axes[-1]))
    if place.coefficients != (1,):
        raise NoMatrixForm(node)
    return sliced(whole, [(start, node.axes[0]), (Affine(), node.axes[1])])


def _split_batch(term: Term) -> tuple[list[Factor], list[Factor], str | None]:
    """Factors outside and inside the sum over a batch, and that batch."""
    summed = [x for x in term.summed if ix.is_batch(x)]
    if not summed:
        return [], list(term.factors), None
    inside = [f for f in term.factors if f.node.axes]
    outside = [f for f in term.factors if not f.node.axes]
    if not any(summed[0] in f.labels for f in inside):
        raise NoMatrixForm(term)
    return outside, inside, summed[0].axis


# sums of matrices that an index counts: sum over j < k of X^j A X^(k - 1 - j)


def _counter(term: Term) -> Label | None:
    """The index that a term is summed over and that only enumerates matrices."""
    along = (x for f in term.factors for x in _stacked(f))
    return next((x for x in along if x in term.summed and not is_batch(x)), None)


def _stacked(factor: Factor) -> tuple[Label, ...]:
    """The index for each of which a factor is a matrix, where it is one."""
    node = factor.node
    if not isinstance(node, ix.Apply) or len(node.core) != 2 or len(core_axes(node.axes)) != 3:
        return ()
    return node.split(factor.labels)[0]


def _stacked_at(
    factor: Factor, label: Label, entries: EntryNotation, letters: Letters
) -> Expression:
    """The matrix of a stack at the letter of a label."""
    node = factor.node
    if not isinstance(node, ix.Apply) or node.split(factor.labels)[0] != (label,):
        raise NoMatrixForm(node)
    values = []
    for (argument, labels), acted in node.opened(factor.labels):
        if label in acted or (label in labels and acted):
            raise NoMatrixForm(node)
        value = (
            entries.entry(argument, labels, letters) if label in labels else entries.whole(argument)
        )
        if value is None:
            raise NoMatrixForm(node)
        values.append(value)
    return node.operation(*values)
