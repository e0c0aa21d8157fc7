"""The factors of a chain rule: the derivative of one line by a node that stands in it, as a matrix
where two indices are enough, else by what it makes of an upstream gradient G.

    p = softmax(z)     dp/dz = diag(p) - p p^T
    z = W x            G dz/dW = G x^T              dz_i/dW_pq has three indices
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from symgrad.calculus import nodes as ix
from symgrad.calculus.chain_rule import active_nodes, contributions, placed
from symgrad.calculus.closed_form import shortened
from symgrad.calculus.derivation import Derivation, Derivative
from symgrad.calculus.functions import aligned
from symgrad.calculus.index_notation import slope
from symgrad.calculus.naming import fresh
from symgrad.calculus.notation import Notation, full
from symgrad.calculus.polynomials import contract
from symgrad.calculus.proofs.uses import Uses, examples_meet
from symgrad.calculus.stated import examples
from symgrad.calculus.terms import identity
from symgrad.language import composing
from symgrad.language import formula as fm
from symgrad.language.dimensions import SCALAR
from symgrad.language.expressions import Expression, Name
from symgrad.language.formula import Formula
from symgrad.language.typeset import typeset

UPSTREAM = "G"


@dataclass(frozen=True, eq=False)
class Chained(Name):
    """A product of derivatives, each by what stands in the next one."""

    factors: tuple[Name, ...] = field(default=())

    @classmethod
    def of(cls, factors: tuple[Name, ...], batch: str | None) -> Chained:
        """dL/df . df/dh . dh/dW"""
        name = " . ".join(factor.name for factor in factors)
        return cls(name, SCALAR, batch, factors=factors)

    @property
    def formula(self) -> Formula:
        """With dots between the factors."""
        parts = tuple(map(typeset, self.factors))
        if len(parts) == 1:
            return parts[0]
        return fm.Infix(parts, signs=(r"\cdot",) * (len(parts) - 1), binds=fm.HADAMARD)


@dataclass(frozen=True, eq=False)
class LineDerivative(Derivative):
    """The derivative of a line, which is none of the loss."""

    @property
    def formula(self) -> Formula:
        """The fraction of partial derivatives."""
        return slope(self.top, self.bottom)


@dataclass(frozen=True, eq=False)
class Held(Name):
    """A derivative while other things that move with the variable are held."""

    whole: Name = field(default_factory=lambda: Name("dy/dx", SCALAR))
    held: tuple[Name, ...] = ()

    @classmethod
    def of(cls, whole: Name, held: tuple[Name, ...]) -> Held:
        """The derivative, with what is held below it."""
        name = f"({whole.name})_{','.join(n.name for n in held)}"
        return cls(name, whole.shape, whole.batch, whole=whole, held=held)

    @property
    def formula(self) -> Formula:
        r"""(\partial L / \partial W)_l"""
        below = composing.listed(map(typeset, self.held))
        return composing.lowered(fm.Fence((typeset(self.whole),)), below)


def ends(derivation: Derivation) -> tuple[ix.Node, ...]:
    """The loss, and where cotangents are of one example that of one."""
    assert derivation.free is not None
    root = derivation.free.node
    each = examples(root)
    if each is None or (each.mean and derivation.passes[0].mean is None):
        return (root,)
    return root, each.loss


@dataclass
class ChainFactor(Uses):
    """Uses of a node in the lines `to`, functions as they are: one of them, or all."""

    to: tuple[ix.Node, ...] = ()
    given: list[ix.Node] = field(default_factory=list)  # what may be any array

    @classmethod
    def of(cls, uses: Uses, user: ix.Node, node: ix.Node) -> ChainFactor:
        """Another use in the same derivation."""
        return cls(uses.derivation, uses.reverse, node, uses.left, None, "", to=(user,))

    @cached_property
    def users(self) -> tuple[ix.Node, ...]:
        """The lines."""
        return self.to

    def unfold(self, user: ix.Node) -> None:
        """The statements that are written out in a line, itself the last of them."""
        between = (*self.lines.between(self.variable, user), user)
        *self.inner[user], _ = (s for node in between for s in self.add(node, apart=False))

    @property
    def user(self) -> ix.Node:
        """The line, where it is one."""
        (user,) = self.to
        return user

    @cached_property
    def held(self) -> tuple[Name, ...]:
        """What moves with the node too, and is held in the line while this is differentiated."""
        still = self.fixed(self.user)
        order = ix.topological([self.user])
        active = active_nodes(order, [self.variable])
        return tuple(self.name(node) for node in order if node in active and node in still)

    @property
    def is_of_one_example(self) -> bool:
        """Whether all is said of one example of a batch."""
        return super().is_of_one_example and not any(map(self._is_mixed, self.users))

    @property
    def rank(self) -> int:
        """How many indices the derivative has."""
        return len(ix.core_axes(self.user.axes)) + len(ix.core_axes(self.variable.axes))

    @property
    def batch(self) -> str | None:
        """The batch of which all is said of one example."""
        return ix.batch_of(self.user) or ix.batch_of(self.variable)

    def _is_mixed(self, user: ix.Node) -> bool:
        """Whether each example of a line is of all examples of the node: x - mean(x)."""
        if ix.batch_of(user) is None or ix.batch_of(self.variable) is None:
            return False
        inside = any(ix.batch_of(s.node) is None for s in self.inner[user])
        return inside or examples_meet(self, user)

    @cached_property
    def derivative(self) -> Derivative:
        """What it is called."""
        axes = (*ix.core_axes(self.user.axes), *ix.core_axes(self.variable.axes))
        names = self.name(self.user), self.name(self.variable)
        kind = Derivative if self.user in ends(self.derivation) else LineDerivative
        return kind.of(*names, ix.matrix_shape(axes), self.batch)

    @property
    def partial(self) -> Name:
        """The same, with what is held."""
        return Held.of(self.derivative, self.held) if self.held else self.derivative

    @cached_property
    def jacobian(self) -> Expression | None:
        """The derivative as a matrix: rows are the line's entries, columns those of the node. None
        where it has more indices, or no matrix form."""
        if (
            self.rank > 2
            or self._is_mixed(self.user)
            or any(map(self.is_row, (self.user, self.variable)))
        ):
            return None
        labels = self.statements[self.user].labels
        rows = ix.new_labels(ix.core_axes(self.user.axes))
        deltas = map(identity, rows, ix.core_labels(labels))
        entry = self._passed([ix.Term(ix.ONE, tuple(deltas))], rows)
        over = (*rows, *ix.core_labels(self.labels))
        each = () if self.batch is None else (ix.batch_label(self.batch),)
        self.called[self.derivative.name] = aligned(entry, (*each, *over))
        return self._written(entry, over)

    @cached_property
    def upstream(self) -> Name:
        """G, of the line's shape."""
        name = Name(
            fresh(UPSTREAM, self.taken), ix.matrix_shape(self.user.axes), ix.batch_of(self.user)
        )
        self.given.append(self.gradient)
        self.called[name.name] = self.gradient
        return name

    @cached_property
    def gradient(self) -> ix.Node:
        """The node that stands for G."""
        fields = {"name": UPSTREAM, "facts": frozenset()}
        return ix.intern(ix.Input, self.user.axes, (UPSTREAM, self.user), **fields)

    @cached_property
    def pulled(self) -> Expression | None:
        """What the factor makes of G; None where matrix notation cannot say it."""
        assert self.upstream
        seed = ix.Factor(self.gradient, self.statements[self.user].labels)
        return self._written(self._passed([ix.Term(ix.ONE, (seed,))], ()), self.labels)

    @property
    def made(self) -> ix.Node:
        """<G, dz>, of each example where the line is of one."""
        own, moved = self.gradient, self.differential(self.user)
        labels = self.statements[self.user].labels
        factors = (ix.Factor(own, labels), ix.Factor(moved, labels))
        each = () if self._is_mixed(self.user) else tuple(filter(ix.is_batch, labels))
        summed = tuple(x for x in labels if x not in each)
        return contract([ix.Term(ix.ONE, factors, summed)], each).node

    def _passed(self, seed: list[ix.Term], extra: tuple[ix.Label, ...]) -> ix.Entry:
        """A cotangent of the line passed on to the node, example by example."""
        labels = {node: s.labels for node, s in self.statements.items()}
        # Where examples meet, that of the node is another one than that of the line.
        own = ix.new_labels(self.variable.axes) if self._is_mixed(self.user) else self.labels
        labels[self.variable] = own
        received: dict[ix.Node, list[ix.Term]] = {self.user: seed}
        for node, statement in reversed(self.statements.items()):
            if node not in received:
                continue
            entry = contract(received.pop(node), self._over(labels[node], extra))
            for sent in contributions(*statement.entry, entry, extra, self.moving):
                of = self.plain(sent.of)
                term = placed(labels[of], sent)
                summed = tuple(x for x in term.summed if x not in self._each)
                received.setdefault(of, []).append(term._replace(summed=summed))
        entry = contract(received.get(self.variable, ()), self._over(own, extra))
        return entry.renamed(dict(zip(own, self.labels, strict=True)))

    def _over(
        self, labels: tuple[ix.Label, ...], extra: tuple[ix.Label, ...]
    ) -> tuple[ix.Label, ...]:
        return tuple(dict.fromkeys((*self._each, *extra, *labels)))

    @property
    def _each(self) -> tuple[ix.Label, ...]:
        """The index of the examples, where it is no index of the node."""
        own = ix.batch_of(self.user) if ix.batch_of(self.variable) is None else None
        return () if own is None else (ix.batch_label(own),)

    def _written(self, entry: ix.Entry, over: tuple[ix.Label, ...]) -> Expression | None:
        """An entry by the names of the lines, as short as a result."""
        shown = aligned(entry, (*filter(ix.is_batch, entry.labels), *ix.core_labels(over)))
        notation = Notation(self._called, self.derivation.naming.bound, self.taken)
        found = notation.whole(shortened(shown, self._called, {}))
        return None if found is None else full(found, shown)

    def _called(self, node: ix.Node) -> Expression | None:
        """What the page calls a node; what is written out in the line has no name."""
        if node is self.gradient:
            return self.upstream
        line = self.symbols.get(node, node)
        return None if line in self.new else self.reference(line)
