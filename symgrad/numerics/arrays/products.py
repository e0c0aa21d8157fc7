"""One term of a sum as array code: its factors multiplied two at a time, the scalar in front of it
given to what is small."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence, Set
from dataclasses import dataclass

from symgrad.calculus.entries import sums_to_one
from symgrad.calculus.nodes import Apply, Label, Node, Term
from symgrad.language.expressions import Value
from symgrad.numerics.arrays.contraction import Costs, Order
from symgrad.numerics.arrays.factors import Factors, Parts
from symgrad.numerics.arrays.listing import GIVEN, Array, Listing, Op, Operand, part_of
from symgrad.numerics.arrays.pairs import Pairs
from symgrad.numerics.arrays.systems import Systems

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


@dataclass
class Products:
    """Writes terms; `dense(node)` gives the array of a node that was written before, `told`, if
    given, hears which part of a term an array is."""

    listing: Listing
    dense: Callable[[Node], Op]
    costs: Costs
    systems: Systems
    told: Callable[[Array, Term], object] | None

    def __post_init__(self) -> None:
        self.factors = Factors(self.listing, self.dense, self.costs.short)
        self.pairs = Pairs(self.listing, self.systems, self.costs.volume)

    def term(self, term: Term, wanted: Sequence[Label]) -> Array:
        """A term as an array over (some of) the labels `wanted`."""
        parts = Parts(self.told)
        items, below, hot = self.factors.read(term, parts)
        scalars = [a.op for a in items if not a.labels]
        items, scattered = self.factors.looked_up([a for a in items if a.labels], hot, wanted)
        # rows that are scattered come first: each of them is in one piece
        out = [*dict.fromkeys(x for _, labels in scattered for x in labels[:-1]), *wanted]
        items += self.systems.ones(items, out)
        order = Order(self.costs, items, out, self.pairs)
        scale = self._scale(term.coefficient, scalars, below)
        while len(order.items) > 1 and (
            self._has_inverse(order.arrays) or (scale and order.shared())
        ):
            self._multiply(order, parts, out)  # shared whatever the scalar
        if scale and order.items and not any(part_of(node.label) for node, _ in scattered):
            scalar = term._replace(factors=tuple(f for f in term.factors if not f.labels))
            part = scalar._replace(summed=())
            scale = self._weighted(order, scale, part, parts, out)
        if not order.items:
            result = Array(self._number(scale))
        else:
            while len(order.items) > 1:
                self._multiply(order, parts, out)
            (result,) = order.arrays
            alone = [x for x in result.labels if x not in out]
            result = self.listing.reduced("add", result, alone)
            result = self._scaled(result, scale, wanted) if scale else result
        return self.factors.scattered(result, scattered, wanted) if scattered else result

    def _multiply(self, order: Order, parts: Parts, out: Sequence[Label]) -> None:
        """Two of the arrays replaced by their product."""
        a, b, needed = order.take()
        product = self._apart(a, b, needed, out) or self._apart(b, a, needed, out)
        product = product or self.pairs.product(a, b, needed, out)
        parts.product(product, parts.of(a), parts.of(b))
        order.add(product)

    def _apart(
        self, p: Array, z: Array, needed: Set[Hashable], out: Sequence[Label]
    ) -> Array | None:
        """sum_c p_c (x_c - y) as sum_c p_c x_c - y, where the p_c sum to 1 and nothing cancels."""
        weights, of = self.listing.nodes.get(p.op), self.listing.nodes.get(z.op)
        if weights is None or not (isinstance(of, Apply) and of.operation.meaning.lowered):
            return None
        over = sums_to_one(weights, p.labels)  # type: ignore[arg-type]
        apart = self.listing.difference(z, over) if over else None
        summed = {*p.labels, *z.labels} - needed
        if apart is None or not {*over} <= summed or summed - {*over} - {*apart[1].labels}:
            return None
        x, y = apart
        total = self.listing.reduced("add", y, [label for label in y.labels if label in summed])
        product = self.pairs.product(p, x, needed, out)
        return self.listing.ufunc("subtract", [product, total], product.labels)

    def _has_inverse(self, items: Sequence[Array]) -> bool:
        return bool(self.systems.inverses) and any(a.op in self.systems.inverses for a in items)

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

    def _scaled(self, a: Array, scale: Scale, wanted: Sequence[Label] = ()) -> Array:
        """An array scaled, its axes in the order that is wanted, where it has all of these."""
        turned = {*wanted} == {*a.labels} and not self._is_scaled(a, scale)
        labels = tuple(wanted) if turned else a.labels
        return self.listing.ufunc(scale.name, scale.operands(a), labels)

    def _weighted(
        self, order: Order, scale: Scale, scalar: Term, parts: Parts, out: Sequence[Label]
    ) -> Scale | None:
        """The scalar given to a factor, where that costs less than to give it to the result; else
        it is left."""
        items = order.arrays
        volume = self.costs.volume
        dense = [k for k, a in enumerate(items) if not a.op.sparse]
        by_size = sorted(dense, key=lambda k: volume(items[k].labels))
        done = [k for k, a in enumerate(items) if self._is_scaled(a, scale)]
        computed = [k for k in by_size if self._is_computed(items[k].op.base)]  # may be met again
        if not (done or by_size):
            return scale
        small = (done or computed or by_size)[0]
        met = {x for a in items for x in a.labels}
        if not done and volume(items[small].labels) > volume(x for x in out if x in met):
            return scale
        weighted = self._scaled(items[small], scale, out)
        parts.product(weighted, scalar, parts.of(items[small]))
        order.replace(small, weighted)
        return None

    def _is_scaled(self, a: Array, scale: Scale) -> bool:
        return self.listing.has_ufunc(scale.name, scale.operands(a), a.labels)

    def _is_computed(self, op: Op) -> bool:
        return op.kind not in GIVEN and op not in self.systems.unmade
