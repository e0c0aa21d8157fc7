"""The factors of a term as arrays: powers, quotients, diagonals, rows that labels name."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from symgrad.calculus.entries import infinite
from symgrad.calculus.nodes import ONE, Axis, Factor, Label, Node, OneHot, Place, Term
from symgrad.calculus.terms import times
from symgrad.numerics.arrays.listing import (
    Added,
    Array,
    Labels,
    Listing,
    Op,
    Part,
    dims_of,
    part_of,
)

Hot = tuple[OneHot, tuple[Label, ...]]


@dataclass
class Parts:
    """Which part of the term that is written an array is; `told` hears of each."""

    told: Callable[[Array, Term], object] | None
    terms: dict[Array, Term] = field(default_factory=dict)

    def product(self, array: Array, *parts: Term | None) -> None:
        """The array is the product of these parts, summed over what it has no index of."""
        if self.told is None or None in parts:
            return
        whole = _apart(p for p in parts if p is not None)
        factors = tuple(f for p in whole for f in p.factors)
        labels = dict.fromkeys(x for f in factors for x in f.labels)
        summed = tuple(x for x in labels if x not in array.labels)
        term = Term(times(*(p.coefficient for p in whole)), factors, summed)
        self.terms[array] = term
        self.told(array, term)

    def of(self, array: Array) -> Term | None:
        """The part that an array is, None where it is not known."""
        return self.terms.get(array)


def _apart(parts: Iterable[Term]) -> list[Term]:
    """The terms, no two of them summed over one label."""
    done: list[Term] = []
    for part in parts:
        met = {x for p in done for x in p.summed}
        names = {x: Label(x.axis) for x in part.summed if x in met}
        factors = tuple(f.renamed(names) for f in part.factors)
        done.append(Term(part.coefficient, factors, tuple(names.get(x, x) for x in part.summed)))
    return done


@dataclass
class Factors:
    """Reads factors; `dense(node)` gives the array of a node that was written before, `short` says
    whether an axis is so short that an entry of each example's own is found by a product."""

    listing: Listing
    dense: Callable[[Node], Op]
    short: Callable[[Axis], bool]

    def read(self, term: Term, parts: Parts) -> tuple[list[Array], list[Op], list[Hot]]:
        """The factors as arrays; scalars below the fraction line; one-hot factors."""
        above: list[Array] = []
        under: list[tuple[Array, Term]] = []
        below: list[Op] = []
        hot: list[Hot] = []
        square = term.summed and sum(bool(f.labels) for f in term.factors) == 1
        for factor in term.factors:
            inverse = factor._replace(power=-factor.power)
            if isinstance(factor.node, OneHot) and len({*factor.labels}) == len(factor.labels):
                hot.append((factor.node, factor.labels))
            elif factor.power == 2 and square and factor.labels:
                above += [self._part(factor._replace(power=ONE), parts)] * 2  # a sum of squares
            elif factor.power > 0:
                above.append(self._part(factor, parts))
            elif factor.labels:
                array = self._array(inverse)
                if infinite(factor):  # 1 / -0 is -inf, and the 0 of a diagonal has no sign
                    array = self.listing.ufunc("add", [array, 0.0], array.labels)
                under.append((array, Term(ONE, (factor,))))
            else:
                below.append(self._power(inverse))
        self._divide(above, under, parts)
        return above, below, hot

    def _divide(
        self, above: list[Array], under: Sequence[tuple[Array, Term]], parts: Parts
    ) -> None:
        """x / y where x has the same indices, else a factor 1 / y."""
        for array, part in under:
            partner = next((k for k, a in enumerate(above) if a.labels == array.labels), None)
            if partner is None:
                above.append(self.listing.ufunc("divide", [1.0, array], array.labels))
                parts.product(above[-1], part)
            else:
                upper = above[partner]
                above[partner] = self.listing.ufunc("divide", [upper, array], array.labels)
                parts.product(above[partner], parts.of(upper), part)

    def _part(self, factor: Factor, parts: Parts) -> Array:
        array = self._array(factor)
        parts.product(array, Term(ONE, (factor,)))
        return array

    def _array(self, factor: Factor) -> Array:
        array = Array(self._power(factor), factor.labels)
        while len(set(array.labels)) < len(array.labels):
            array = diagonal(self.listing, array)
        return array

    def _power(self, factor: Factor) -> Op:
        power, labels = factor.power, factor.labels
        base = Array(self.dense(factor.node), labels)
        ufunc = self.listing.ufunc
        if power == 1:
            return base.op
        if power == Fraction(1, 2):
            return ufunc("sqrt", [base], labels).op
        if power in (2, 3):
            square = ufunc("multiply", [base, base], labels)
            return square.op if power == 2 else ufunc("multiply", [square, base], labels).op
        if isinstance(power, Fraction) and power.denominator == 2 and power < 4:
            whole = Array(self._power(factor._replace(power=Fraction(int(power)))), labels)
            return ufunc("multiply", [whole, ufunc("sqrt", [base], labels)], labels).op
        return ufunc("power", [base, float(power)], labels).op

    # one-hot factors

    def looked_up(
        self, items: list[Array], hot: list[Hot], out: Sequence[Hashable]
    ) -> tuple[list[Array], list[Hot]]:
        """sum_rs [r = u] [s = v] Z_rsk as Z[u, v]; [r = v_n] with r free is left to be
        scattered."""
        scattered = []
        while hot:
            named = {x for _, labels in hot for x in labels[:-1]}  # of [r = i + 1] [i = v] the i
            ready = [one for one in hot if one[1][-1] not in named] or hot
            hot = [one for one in hot if one not in ready]
            rows: dict[Hashable, Hot] = {}
            for row in dict.fromkeys(labels[-1] for _, labels in ready):
                first, *others = [one for one in ready if one[1][-1] == row]
                met = any(row in a.labels for a in items)
                own = any(row in a.labels and set(first[1][:-1]) & {*a.labels} for a in items)
                items = [*items, *(self._equal(first, other) for other in others)]
                if row in out and not met and not set(first[1][:-1]) & set(out):
                    scattered.append(first)
                elif row not in out and met and not (own and self.short(row.axis)):
                    rows[row] = first
                elif row in out or met or not others:
                    items.append(Array(self.dense(first[0]), first[1]))
            items = [self._taken(a, rows) for a in items]
        return items, scattered

    def _equal(self, one: Hot, other: Hot) -> Array:
        """[r = u_n] [r = v_n] beside the first of them: [u_n = v_n]."""
        labels = tuple(dict.fromkeys((*one[1][:-1], *other[1][:-1])))
        return self.listing.ufunc("equal", [self._named(one), self._named(other)], labels)

    def _taken(self, table: Array, rows: Mapping[Hashable, Hot]) -> Array:
        """The rows of a table that labels name, of several labels the entries that these name
        together."""
        here = [rows[x] for x in table.labels if x in rows]
        chosen = [one for one in here if part_of(one[0].label) is None]
        meeting = [*chosen] if len(chosen) > 1 else []
        for one in sorted(here, key=lambda one: one in chosen):  # parts cost nothing
            if one in meeting:
                continue
            if set(one[1][:-1]) & set(table.labels):  # perhaps of a part that is taken: B[i, i + 1]
                meeting.append(one)
            else:
                table = self._rows(table, *one)
        if not meeting:
            return table
        examples = tuple(dict.fromkeys(x for _, labels in meeting for x in labels[:-1]))
        names: dict[Hashable, Array] = {
            x: self.listing.numbered(x) for x in examples if x in table.labels
        }
        names |= {one[1][-1]: self._named(one) for one in meeting}
        return self.listing.looked_up(table, names, examples)

    def _rows(self, table: Array, node: OneHot, labels: Labels) -> Array:
        at = table.labels.index(labels[-1])
        if (part := part_of(node.label)) is not None:
            return self.listing.sliced(table, labels[-1], part, labels[:-1])
        looked_up = (*table.labels[:at], *labels[:-1], *table.labels[at + 1 :])
        operands = table.op, self._label(node)
        return Array(self.listing.op("take", operands, dims_of(looked_up), axes=(at,)), looked_up)

    def _named(self, hot: Hot) -> Array:
        """Which row each one-hot vector names, over its other indices."""
        node, labels = hot
        return Array(self._label(node), labels[:-1])

    def _label(self, hot: OneHot) -> Op:
        label = hot.label
        return self.listing.indices(label) if isinstance(label, Place) else self.dense(label)

    def scattered(self, a: Array, hot: list[Hot], out: Sequence[Hashable]) -> Array:
        """sum_n [r = u_n] [s = v_n] g_nk: each row of g added where its example's labels say.

        All labels at once: after a sum over n nothing says which u_n belongs to which v_n."""
        hot = sorted(hot, key=lambda one: out.index(one[1][-1]))
        examples = tuple(dict.fromkeys(x for _, labels in hot for x in labels[:-1]))
        parts = [part for node, _ in hot if (part := part_of(node.label)) is not None]
        if len(parts) == len(hot) and sum(len(labels) - 1 for _, labels in hot) == len(examples):
            return self._padded(a, hot, parts)
        rest = tuple(x for x in a.labels if x not in examples)
        at = [self.listing.aligned(self._named(one), examples) for one in hot]
        added = self.listing.aligned(a, (*examples, *rest))
        labels = (*(labels[-1] for _, labels in hot), *rest)
        op = self.listing.scattered([Added("add", added, (*at,))], dims_of(labels))
        return Array(op, labels)

    def _padded(self, a: Array, hot: list[Hot], parts: list[Part]) -> Array:
        """sum_i [r = i + 1] g_ik: g among zeros."""
        letters = [x for _, labels in hot for x in labels[:-1]]
        rest = tuple(x for x in a.labels if x not in letters)
        labels = (*(labels[-1] for _, labels in hot), *rest)
        value = self.listing.aligned(a, (*letters, *rest))
        op = self.listing.op("pad", (value,), dims_of(labels), axes=tuple(parts))
        return Array(op, labels)


def diagonal(listing: Listing, array: Array) -> Array:
    """A_ii: the diagonal's axis comes last. Where y has one of the axes alone, the entries of x - y
    are those of x, less y."""
    label = next(x for x in array.labels if array.labels.count(x) > 1)
    one = array.labels.index(label)
    other = array.labels.index(label, one + 1)
    column = Label(label.axis)  # type: ignore[attr-defined]
    rows = (*array.labels[:other], column, *array.labels[other + 1 :])
    apart = listing.difference(Array(array.op, rows), {label, column})
    if apart is not None:
        x, y = apart
        own = tuple(label if at is column else at for at in y.labels)
        of_x = diagonal(listing, Array(x.op, array.labels))
        return listing.ufunc("subtract", [of_x, Array(y.op, own)], of_x.labels)
    rest = tuple(x for k, x in enumerate(array.labels) if k not in (one, other))
    labels = (*rest, label)
    op = listing.op("diagonal", (array.op,), dims_of(labels), axes=(one, other))
    return Array(op, labels)
