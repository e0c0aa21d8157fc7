"""One term of a sum as array code: factors contracted two at a time, `np.dot` where it is a matrix
product, a batch being one more index like any other (F.T @ H, never a loop); a one-hot factor
becomes a look-up or a scatter-add.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from symgrad.calculus.nodes import ONE, Factor, Label, Node, OneHot, Term
from symgrad.calculus.polynomials import times
from symgrad.language.dimensions import ONE as UNIT
from symgrad.language.expressions import Value
from symgrad.numerics.contraction import Costs
from symgrad.numerics.listing import GIVEN, Array, Labels, Listing, Op, Operand, dims_of
from symgrad.numerics.systems import Systems

Hot = tuple[OneHot, Labels]
LONG = 20  # a product of more scalars is computed before it is needed


@dataclass(frozen=True)
class Scale:
    """What the scalar in front of a term does to an array: "multiply", "divide", or "negative"."""

    name: str
    by: Op | None = None

    def operands(self, a: Array) -> list[Operand]:
        """The operands of the ufunc that scales an array."""
        if self.by is None:
            return [a]
        return [a, self.by] if self.name == "divide" else [self.by, a]


class Products:
    """Writes terms; `dense(node)` gives the array of a node that was written before, `computed`, if
    given, is told which part of a term an array is."""

    def __init__(
        self,
        listing: Listing,
        dense: Callable[[Node], Op],
        costs: Costs,
        systems: Systems,
        computed: Callable[[Array, Term], object] | None,
    ) -> None:
        self.listing = listing
        self.dense = dense
        self.costs = costs
        self.systems = systems
        self.computed = computed
        self.parts: dict[Array, Term] = {}  # of the term that is written
        self.made: dict[Hashable, tuple[Op, list[tuple[int, int]]]] = {}  # pair -> result, axes

    def term(self, term: Term, out: Sequence[Label]) -> Array:
        """A term as an array over (some of) the labels `out`."""
        self.parts = {}
        items, below, hot = self._items(term)
        scalars = [a.op for a in items if not a.labels]
        items, scattered = self._looked_up([a for a in items if a.labels], hot, out)
        kept = [*out, *(x for _, labels in scattered for x in labels[:-1])]
        items += self.systems.ones(items, kept)
        while len(items) > 1 and any(a.op in self.systems.inverses for a in items):
            items = self._contracted_once(items, kept, out)  # shared whatever the scalar
        scale = self._scale(term.coefficient, scalars, below)
        if scale and items and not scattered:
            scalar = term._replace(factors=tuple(f for f in term.factors if not f.labels))
            items, scale = self._weighted(items, scale, scalar, out)
        if items:
            result = self._contracted(items, kept, out)
            result = self._scaled(result, scale) if scale else result
        else:
            result = Array(self._number(scale))
        return self._scattered(result, scattered, out) if scattered else result

    # the scalar in front of a term

    def _scale(self, coefficient: Value, above: list[Op], below: list[Op]) -> Scale | None:
        """The scalar in front of a term; None for 1."""
        if not above and coefficient == 1:
            if len(below) < 2:
                return Scale("divide", below[0]) if below else None
        elif coefficient == -1 and not above and not below:
            return Scale("negative")
        factors = list(above)
        times = self.listing.scalar if len(above) + len(below) < LONG else self._line
        if coefficient == -1 and above:
            factors[0] = times("negative", above[0])
        elif coefficient != 1 or not above:
            factors.insert(0, self.listing.number(float(coefficient)))
        total = factors[0]
        for factor in factors[1:]:
            total = times("multiply", total, factor)
        for divisor in below:
            total = times("divide", total, divisor)
        return Scale("multiply", total)

    def _line(self, name: str, *numbers: Op) -> Op:
        return self.listing.ufunc(name, numbers, ()).op

    def _number(self, scale: Scale | None) -> Op:
        """What a term without arrays is."""
        if scale is None or scale.by is None:
            return self.listing.number(1.0 if scale is None else -1.0)
        if scale.name == "divide":
            return self.listing.scalar("divide", self.listing.number(1.0), scale.by)
        return scale.by

    def _scaled(self, a: Array, scale: Scale) -> Array:
        return self.listing.ufunc(scale.name, scale.operands(a), a.labels)

    def _weighted(
        self, items: list[Array], scale: Scale, scalar: Term, out: Sequence[Label]
    ) -> tuple[list[Array], Scale | None]:
        """The scalar given to a factor, where that costs less than to give it to the result."""
        volume = self.costs.volume
        order = sorted(range(len(items)), key=lambda k: volume(items[k].labels))
        done = [k for k, a in enumerate(items) if self._is_scaled(a, scale)]
        computed = [k for k in order if self._is_computed(items[k].op.base)]  # may be met again
        small = (done or computed or order)[0]
        if not done and volume(items[small].labels) > volume(out):
            return items, scale
        weighted = self._scaled(items[small], scale)
        self._part(weighted, scalar._replace(summed=()), self.parts.get(items[small]))
        items[small] = weighted
        return items, None

    def _is_scaled(self, a: Array, scale: Scale) -> bool:
        return self.listing.has_ufunc(scale.name, scale.operands(a), a.labels)

    def _is_computed(self, op: Op) -> bool:
        return op.kind not in GIVEN and op not in self.systems.unmade

    # factors

    def _contracted(
        self, items: list[Array], kept: Sequence[Hashable], out: Sequence[Hashable]
    ) -> Array:
        while len(items) > 1:
            items = self._contracted_once(items, kept, out)
        (result,) = items
        return self.listing.reduced("add", result, [x for x in result.labels if x not in kept])

    def _contracted_once(
        self, items: list[Array], kept: Sequence[Hashable], out: Sequence[Hashable]
    ) -> list[Array]:
        """The items with two of them replaced by their product."""

        def needed_without(i: int, j: int) -> set[Hashable]:
            rest = (a.labels for k, a in enumerate(items) if k not in (i, j))
            return set(kept).union(*rest)

        def known(i: int, j: int) -> bool:
            return _pair_key(items[i], items[j], needed_without(i, j)) in self.made

        i, j = self.costs.cheapest_pair([a.labels for a in items], kept, known)
        rest = [a for k, a in enumerate(items) if k not in (i, j)]
        product = self._product(items[i], items[j], needed_without(i, j), out)
        self._part(product, self.parts.get(items[i]), self.parts.get(items[j]))
        return [*rest, product]

    def _part(self, array: Array, *parts: Term | None) -> None:
        """The array is the product of these parts, summed over what it has no index of."""
        known = [p for p in parts if p is not None]
        if self.computed is None or len(known) < len(parts):
            return
        factors = tuple(f for p in known for f in p.factors)
        labels = dict.fromkeys(x for f in factors for x in f.labels)
        summed = tuple(x for x in labels if x not in array.labels)
        term = Term(times(*(p.coefficient for p in known)), factors, summed)
        self.parts[array] = term
        self.computed(array, term)

    def _items(self, term: Term) -> tuple[list[Array], list[Op], list[Hot]]:
        """The factors as arrays; scalars below the fraction line; one-hot factors."""
        above: list[Array] = []
        under: list[tuple[Array, Term]] = []
        below: list[Op] = []
        hot: list[Hot] = []
        for factor in term.factors:
            inverse = factor._replace(power=-factor.power)
            if isinstance(factor.node, OneHot):
                hot.append((factor.node, factor.labels))
            elif factor.power == 2 and len(term.factors) == 1 + _scalars(term) and term.summed:
                above += [self._own_factor(factor._replace(power=ONE))] * 2  # a sum of squares
            elif factor.power > 0:
                above.append(self._own_factor(factor))
            elif factor.labels:
                under.append((self._factor(inverse), Term(ONE, (factor,))))
            else:
                below.append(self._power(inverse))
        for array, part in under:  # x / y where x has the same indices, else a factor 1 / y
            partner = next((k for k, a in enumerate(above) if a.labels == array.labels), None)
            if partner is None:
                above.append(self.listing.ufunc("divide", [1.0, array], array.labels))
                self._part(above[-1], part)
            else:
                pair = [above[partner], array]
                above[partner] = self.listing.ufunc("divide", pair, array.labels)
                self._part(above[partner], self.parts.get(pair[0]), part)
        return above, below, hot

    def _own_factor(self, factor: Factor) -> Array:
        array = self._factor(factor)
        self._part(array, Term(ONE, (factor,)))
        return array

    def _factor(self, factor: Factor) -> Array:
        array = Array(self._power(factor), factor.labels)
        while len(set(array.labels)) < len(array.labels):  # A_ii: the diagonal's axis comes last
            label = next(x for x in array.labels if array.labels.count(x) > 1)
            one = array.labels.index(label)
            other = array.labels.index(label, one + 1)
            rest = tuple(x for k, x in enumerate(array.labels) if k not in (one, other))
            labels = (*rest, label)
            op = self.listing.op("diagonal", (array.op,), dims_of(labels), axes=(one, other))
            array = Array(op, labels)
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

    # two arrays

    def _product(
        self, a: Array, b: Array, needed: set[Hashable], order: Sequence[Hashable]
    ) -> Array:
        """The product of two arrays, made once whichever way round it is asked for."""
        key = _pair_key(a, b, needed)
        first, second = _ordered(a, b)
        if key not in self.made:
            result = self._pair(a, b, needed, order)
            axes = [
                (0, first.labels.index(x)) if x in first.labels else (1, second.labels.index(x))
                for x in result.labels
            ]
            self.made[key] = result.op, axes
            return result
        op, axes = self.made[key]
        return Array(op, tuple((first, second)[which].labels[axis] for which, axis in axes))

    def _pair(self, a: Array, b: Array, needed: set[Hashable], order: Sequence[Hashable]) -> Array:
        """The product of two arrays, summed over the indices that nothing else needs."""
        for inverse, other in ((a, b), (b, a)):
            if inverse.op in self.systems.unmade:
                solution = self.systems.solved(inverse, other, needed)
                if solution is not None:
                    return solution
        alone = [x for x in a.labels if x not in needed and x not in b.labels]
        a = self.listing.reduced("add", a, alone)
        alone = [x for x in b.labels if x not in needed and x not in a.labels]
        b = self.listing.reduced("add", b, alone)
        shared = [x for x in a.labels if x in b.labels]
        summed = [x for x in shared if x not in needed]
        rank = {x: k for k, x in enumerate(order)}
        if not summed:
            labels = sorted(
                dict.fromkeys((*a.labels, *b.labels)), key=lambda x: rank.get(x, len(rank))
            )
            return self.listing.ufunc("multiply", [a, b], tuple(labels))
        kept = [x for x in shared if x in needed]
        own_a = [x for x in a.labels if x not in shared]
        own_b = [x for x in b.labels if x not in shared]
        product, permuted = self.listing.product, self.listing.permuted
        if kept:
            return self._batched(a, b, (*kept,), (*own_a,), (*own_b,), (*summed,))
        if not own_a and not own_b:
            name = "dot" if len(a.labels) == 1 else "vdot"
            return product(name, a.op, permuted(b, a.labels), (a.labels, a.labels, ()))
        if len(summed) == 1 and len(own_a) <= 1 and len(own_b) <= 1:
            if own_a and own_b and rank.get(own_b[0], -1) < rank.get(own_a[0], -1):
                a, b, own_a, own_b = b, a, own_b, own_a
            left, right = (*own_a, *summed), (*summed, *own_b)
            letters = left, right, (*own_a, *own_b)
            return product("dot", permuted(a, left), permuted(b, right), letters)
        return product("tensordot", a.op, b.op, (a.labels, b.labels, (*own_a, *own_b)))

    def _batched(
        self, a: Array, b: Array, kept: Labels, own_a: Labels, own_b: Labels, summed: Labels
    ) -> Array:
        """A product with an index that both have and the result keeps."""
        listing, out = self.listing, (*kept, *own_a, *own_b)
        if not own_a and not own_b:
            product = listing.ufunc("multiply", [a, b], (*kept, *summed))
            return listing.reduced("add", product, summed)
        if len(own_a) > 1 or len(own_b) > 1 or len(summed) > 1:
            return listing.product("einsum", a.op, b.op, (a.labels, b.labels, out))
        row, column = own_a or (Label(UNIT),), own_b or (Label(UNIT),)
        left = listing.permuted(a, (*kept, *own_a, *summed))
        right = listing.permuted(b, (*kept, *summed, *own_b))
        left = left if own_a else listing.expanded(left, (len(kept),))
        right = right if own_b else listing.expanded(right, (len(kept) + 1,))
        letters = (*kept, *row, *summed), (*kept, *summed, *column), (*kept, *row, *column)
        op = listing.product("matmul", left, right, letters).op
        if not (own_a and own_b):
            op = listing.dropped(op, -2 if own_b else -1)
        return Array(op, out)

    # one-hot factors

    def _looked_up(
        self, items: list[Array], hot: list[Hot], out: Sequence[Hashable]
    ) -> tuple[list[Array], list[Hot]]:
        """sum_r [r = v] Z_rk as Z[v]; [r = v_n] with r free is left to be scattered."""
        scattered = []
        for node, labels in hot:
            row = labels[-1]
            tables = [a for a in items if row in a.labels]
            twice = any(row == other[-1] for n, other in hot if n is not node)
            mixed = any(set(labels[:-1]) & set(a.labels) for a in tables)
            kept = set(labels[:-1]) & set(out)
            if row in out and not twice and not tables and not kept:
                scattered.append((node, labels))
            elif row in out or twice or not tables or mixed:
                items = [*items, Array(self.dense(node), labels)]
            else:
                items = [self._taken(a, node, labels) if a in tables else a for a in items]
        return items, scattered

    def _taken(self, table: Array, node: OneHot, labels: Labels) -> Array:
        at = table.labels.index(labels[-1])
        looked_up = (*table.labels[:at], *labels[:-1], *table.labels[at + 1 :])
        operands = table.op, self.dense(node.label)
        return Array(self.listing.op("take", operands, dims_of(looked_up), axes=(at,)), looked_up)

    def _scattered(self, a: Array, hot: list[Hot], out: Sequence[Hashable]) -> Array:
        """sum_n [r = u_n] [s = v_n] g_nk: each row of g added where its example's labels say.

        All labels at once: after a sum over n nothing says which u_n belongs to which v_n."""
        hot = sorted(hot, key=lambda one: out.index(one[1][-1]))
        examples = tuple(dict.fromkeys(x for _, labels in hot for x in labels[:-1]))
        rows = tuple(labels[-1] for _, labels in hot)
        rest = tuple(x for x in a.labels if x not in examples)
        at = [
            self.listing.aligned(Array(self.dense(node.label), labels[:-1]), examples)
            for node, labels in hot
        ]
        added = self.listing.aligned(a, (*examples, *rest))
        own = (*rows, *rest)
        return Array(self.listing.op("scatter", (added, *at), dims_of(own)), own)


def _scalars(term: Term) -> int:
    return sum(not f.labels for f in term.factors)


def _ordered(a: Array, b: Array) -> tuple[Array, Array]:
    """Two arrays in the order in which they were made."""
    return (a, b) if a.op.serial <= b.op.serial else (b, a)


def _pair_key(a: Array, b: Array, needed: set[Hashable]) -> Hashable:
    """What a product of two arrays is, whatever their indices are called."""
    first, second = _ordered(a, b)
    shared = tuple(
        (k, second.labels.index(x)) for k, x in enumerate(first.labels) if x in second.labels
    )
    kept = tuple(x in needed for y in (first, second) for x in y.labels)
    return first.op, second.op, shared, kept
