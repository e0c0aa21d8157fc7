"""One term of a sum as array code: factors contracted two at a time, `np.dot` where it is a matrix
product, a batch being one more index like any other (F.T @ H, never a loop); a one-hot factor
becomes a look-up or a scatter-add.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from fractions import Fraction

from symgrad.calculus.nodes import ONE, Factor, Label, Node, OneHot, Term
from symgrad.calculus.polynomials import times
from symgrad.language.expressions import Value
from symgrad.numerics.contraction import Costs
from symgrad.numerics.listing import Array, Labels, Listing, aligned, transposed
from symgrad.numerics.systems import Systems

Hot = tuple[OneHot, Labels]


class Products:
    """Writes terms; `dense(node)` gives the array of a node that was written before, `computed`, if
    given, is told which part of a term an array is."""

    def __init__(
        self,
        listing: Listing,
        dense: Callable[[Node], str],
        label: Callable[[Node], str],
        costs: Costs,
        systems: Systems,
        computed: Callable[[Array, Term], object] | None,
    ) -> None:
        self.listing = listing
        self.dense = dense
        self.label = label
        self.costs = costs
        self.systems = systems
        self.computed = computed
        self.parts: dict[Array, Term] = {}  # of the term that is written
        self.made: dict[Hashable, tuple[str, list[tuple[int, int]]]] = {}  # pair -> text, axes

    def term(self, term: Term, out: Sequence[Label]) -> Array:
        """A term as an array over (some of) the labels `out`."""
        self.parts = {}
        items, below, hot = self._items(term)
        scalars = [a.text for a in items if not a.labels]
        items, scattered = self._looked_up([a for a in items if a.labels], hot, out)
        kept = [*out, *(x for _, labels in scattered for x in labels[:-1])]
        items += self.systems.ones(items, kept)
        while len(items) > 1 and any(a.text in self.systems.inverses for a in items):
            items = self._contracted_once(items, kept, out)  # shared whatever the scalar
        multiplier = _multiplier(term.coefficient, scalars, below)
        if multiplier and items and not scattered:
            scalar = term._replace(factors=tuple(f for f in term.factors if not f.labels))
            items, multiplier = self._weighted(items, multiplier, scalar, out)
        result = self._contracted(items, kept, out) if items else None
        if result is None:
            result = Array(
                f"1.0 {multiplier}" if multiplier.startswith("/") else multiplier or "1.0"
            )
        elif multiplier:
            result = self._times(result, multiplier)
        return self._scattered(result, scattered, out) if scattered else result

    def _weighted(
        self, items: list[Array], multiplier: str, scalar: Term, out: Sequence[Label]
    ) -> tuple[list[Array], str]:
        """The scalar given to a factor, where that costs less than to give it to the result."""
        volume = self.costs.volume
        texts = [self._times_text(a, multiplier) for a in items]
        done = [k for k, text in enumerate(texts) if text in self.listing.known]
        order = sorted(range(len(items)), key=lambda k: volume(items[k].labels))
        computed = [
            k for k in order if items[k].text.startswith("v")
        ]  # more likely to be met again
        small = (done or computed or order)[0]
        if not done and volume(items[small].labels) > volume(out):
            return items, multiplier
        weighted = self._times(items[small], multiplier)
        self._part(weighted, scalar._replace(summed=()), self.parts.get(items[small]))
        items[small] = weighted
        return items, ""

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

    def _items(self, term: Term) -> tuple[list[Array], list[str], list[Hot]]:
        """The factors as arrays; scalars below the fraction line; one-hot factors."""
        above: list[Array] = []
        under: list[tuple[Array, Term]] = []
        below: list[str] = []
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
                above.append(self.listing.ufunc("divide", ["1.0", array], array.labels))
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
            text = f"np.diagonal({array.text}, axis1={one}, axis2={other})"
            array = self.listing.line(text, (*rest, label))
        return array

    def _power(self, factor: Factor) -> str:
        power, labels = factor.power, factor.labels
        base = Array(self.dense(factor.node), labels)
        ufunc = self.listing.ufunc
        if power == 1:
            return base.text
        if power == Fraction(1, 2):
            return ufunc("sqrt", [base.text if not labels else base], labels).text
        if power in (2, 3):
            square = ufunc("multiply", [base, base], labels)
            return square.text if power == 2 else ufunc("multiply", [square, base], labels).text
        if isinstance(power, Fraction) and power.denominator == 2 and power < 4:
            whole = Array(self._power(factor._replace(power=Fraction(int(power)))), labels)
            return ufunc("multiply", [whole, ufunc("sqrt", [base], labels)], labels).text
        return self.listing.line(f"{base.text} ** {number(power)}", labels).text

    def _times(self, a: Array, multiplier: str) -> Array:
        if multiplier.startswith("/"):
            return self.listing.ufunc("divide", [a, multiplier[1:]], a.labels)
        if multiplier == "-1.0":
            return self.listing.ufunc("negative", [a], a.labels)
        return self.listing.ufunc("multiply", [multiplier, a], a.labels)

    def _times_text(self, a: Array, multiplier: str) -> str:
        if multiplier.startswith("/"):
            return f"{a.text} / {multiplier[1:]}"
        return f"-{a.text}" if multiplier == "-1.0" else f"{multiplier} * {a.text}"

    # two arrays

    def _product(
        self, a: Array, b: Array, needed: set[Hashable], order: Sequence[Hashable]
    ) -> Array:
        """The product of two arrays, made once whichever way round it is asked for."""
        key = _pair_key(a, b, needed)
        first, second = (a, b) if a.text <= b.text else (b, a)
        if key not in self.made:
            result = self._pair(a, b, needed, order)
            axes = [
                (0, first.labels.index(x)) if x in first.labels else (1, second.labels.index(x))
                for x in result.labels
            ]
            self.made[key] = result.text, axes
            return result
        text, axes = self.made[key]
        return Array(text, tuple((first, second)[which].labels[axis] for which, axis in axes))

    def _pair(self, a: Array, b: Array, needed: set[Hashable], order: Sequence[Hashable]) -> Array:
        """The product of two arrays, summed over the indices that nothing else needs."""
        for inverse, other in ((a, b), (b, a)):
            if inverse.text in self.systems.unmade:
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
        if kept:
            return self._batched(a, b, kept, own_a, own_b, summed)
        if not own_a and not own_b:
            factors = f"{a.text}, {transposed(b, a.labels)}"
            call = "dot" if len(a.labels) == 1 else "vdot"
            return self.listing.line(f"np.{call}({factors})", (), f"{call}({factors})")
        if len(summed) == 1 and len(own_a) <= 1 and len(own_b) <= 1:
            if own_a and own_b and rank.get(own_b[0], -1) < rank.get(own_a[0], -1):
                a, b, own_a, own_b = b, a, own_b, own_a
            factors = f"{transposed(a, (*own_a, *summed))}, {transposed(b, (*summed, *own_b))}"
            own = (*own_a, *own_b)
            return self.listing.line(f"np.dot({factors})", own, f"dot({factors}, {{out}})")
        at_a = [a.labels.index(x) for x in summed]
        at_b = [b.labels.index(x) for x in summed]
        text = f"np.tensordot({a.text}, {b.text}, ({at_a}, {at_b}))"
        return self.listing.line(text, (*own_a, *own_b))

    def _batched(
        self,
        a: Array,
        b: Array,
        kept: list[Hashable],
        own_a: list[Hashable],
        own_b: list[Hashable],
        summed: list[Hashable],
    ) -> Array:
        """A product with an index that both have and the result keeps."""
        if not own_a and not own_b:
            product = self.listing.ufunc("multiply", [a, b], (*kept, *summed))
            return self.listing.reduced("add", product, summed)
        out = (*kept, *own_a, *own_b)
        if len(own_a) <= 1 and len(own_b) <= 1 and len(summed) == 1:
            left = transposed(a, (*kept, *own_a, *summed)) + ("" if own_a else "[..., None, :]")
            right = transposed(b, (*kept, *summed, *own_b)) + ("" if own_b else "[..., None]")
            into = f"matmul({left}, {right}, {{out}})" if own_a and own_b else ""
            product = self.listing.line(f"np.matmul({left}, {right})", out, into)
            last = "" if own_a and own_b else "[..., 0, :]" if own_b else "[..., 0]"
            return Array(product.text + last, out)
        every = dict.fromkeys((*a.labels, *b.labels))
        letters = {x: chr(ord("a") + k) for k, x in enumerate(every)}
        left, right, result = ("".join(letters[x] for x in y) for y in (a.labels, b.labels, out))
        text = f"np.einsum('{left},{right}->{result}', {a.text}, {b.text})"
        return self.listing.line(text, out)

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
        text = f"np.take({table.text}, {self.label(node)}, axis={at})"
        looked_up = (*table.labels[:at], *labels[:-1], *table.labels[at + 1 :])
        return self.listing.line(text, looked_up)

    def _scattered(self, a: Array, hot: list[Hot], out: Sequence[Hashable]) -> Array:
        """sum_n [r = u_n] [s = v_n] g_nk: each row of g added where its example's labels say.

        All labels at once: after a sum over n nothing says which u_n belongs to which v_n."""
        hot = sorted(hot, key=lambda one: out.index(one[1][-1]))
        examples = tuple(dict.fromkeys(x for _, labels in hot for x in labels[:-1]))
        rows = tuple(labels[-1] for _, labels in hot)
        rest = tuple(x for x in a.labels if x not in examples)
        at = ", ".join(aligned(Array(self.label(n), labels[:-1]), examples) for n, labels in hot)
        own = (*rows, *rest)
        shape = ", ".join(self.listing.size(x.axis) for x in own)  # type: ignore[attr-defined]
        return self.listing.fresh(
            f"np.zeros(({shape},), dtype)",
            "{out}.fill(0.0)",
            own,
            f"np.add.at({{out}}, {at if len(hot) == 1 else f'({at})'}, "
            f"{aligned(a, (*examples, *rest))})",
        )


def _scalars(term: Term) -> int:
    return sum(not f.labels for f in term.factors)


def _pair_key(a: Array, b: Array, needed: set[Hashable]) -> Hashable:
    """What a product of two arrays is, whatever their indices are called."""
    first, second = (a, b) if a.text <= b.text else (b, a)
    shared = tuple(
        (k, second.labels.index(x)) for k, x in enumerate(first.labels) if x in second.labels
    )
    kept = tuple(x in needed for y in (first, second) for x in y.labels)
    return first.text, second.text, shared, kept


def _multiplier(coefficient: Value, above: list[str], below: list[str]) -> str:
    """The scalar in front of a term as text; "" for 1, "/x" for a division alone."""
    if not above and coefficient == 1 and len(below) == 1:
        return f"/{below[0]}"
    first = [] if coefficient == 1 and (above or not below) else [number(coefficient)]
    text = " * ".join([*first, *above])
    if coefficient == -1 and above:
        text = f"-{' * '.join(above)}"
    for scalar in below:
        text = f"{text} / {scalar}"
    return text if len(first) + len(above) + len(below) <= 1 else f"({text})"


def number(value: Value) -> str:
    """A number as Python text."""
    return repr(float(value))
