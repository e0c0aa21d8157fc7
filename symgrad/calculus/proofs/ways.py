"""The derivation of a gradient by the chain rule as it is taught: the chain, then each factor, then
how their shapes fit.

    dL/dW1 = dL/df df/dh dh/dW1        dL/df = -2 (y - f),  df/dh = W2,  G dh/dW1 = G x^T
    dL/dh  = (df/dh)^T dL/df           (h x k) (k x 1): transposed, in front
    dL/dW1 = dL/dh x^T                 (h x 1) (1 x d): x transposed, behind

Where several ways lead from a node to the loss, the total derivative is the sum over them.
"""

from __future__ import annotations

from collections.abc import Container, Iterator

from symgrad.calculus.derivation import Derivation
from symgrad.calculus.index_notation import written
from symgrad.calculus.nodes import Node, batch_of
from symgrad.calculus.proofs.factors import Chained, ends
from symgrad.calculus.proofs.fitting import Fitting
from symgrad.calculus.proofs.lines import ProofLine, Way, Ways
from symgrad.calculus.proofs.uses import Proof
from symgrad.calculus.sums import signed_sum
from symgrad.language.expressions import Name

MOST, MOST_IN_ALL = 6, 12  # factors of a way, and of all ways from one node
CHAIN = "chain rule"
TOTAL = "chain rule: the sum over all ways"


def chains_by_rule(derivation: Derivation) -> dict[str, tuple[Proof, ...]]:
    """The derivation by each variable, those of the last lines first: what an earlier one has said
    is not said again. Of a variable that the loss does not depend on there is none."""
    ways = _Ways(derivation)
    backward = [step.of for step in derivation.steps if step.kind == "backward"]
    names = {node: name for name, node in derivation.inputs.items()}
    order = dict.fromkeys(node for node in backward if node in names)
    return {names[node]: tuple(ways.proofs(node)) for node in order}


class _Ways:
    """The ways from nodes up to the loss, and what has been said of them."""

    def __init__(self, derivation: Derivation) -> None:
        self.derivation = derivation
        (self.reverse,) = derivation.passes
        self.steps = {s.of: s for s in derivation.steps if s.kind == "backward" and s.of}
        self.fitting = Fitting(derivation, self.steps)
        self.ends = ends(derivation)
        self.inputs = {*derivation.inputs.values()}
        self.said: set[Node] = set()  # cotangents
        self.known: set[tuple[Node, Node]] = set()  # factors

    def users(self, node: Node) -> list[Node]:
        """The lines that a node stands in."""
        return [*self.fitting.uses(node).to]

    # ways

    def ways(self, node: Node) -> list[tuple[Node, ...]]:
        """The ways up from a node, each from where its cotangent is known, or is 1. Those from a
        variable are shown whole."""
        users = self.users(node)
        known = set() if node in self.inputs else self.said
        found = [self._way(user, node, known) for user in users]
        if len(users) > 1 and sum(len(way) - 1 for way in found) > MOST_IN_ALL:
            return [(user, node) for user in users]
        return found

    def _way(self, user: Node, node: Node, known: Container[Node]) -> tuple[Node, ...]:
        """Up from one use, while there is one way, all of one example or all of all, and its start
        is not `known`."""
        way = [user, node]
        while way[0] not in self.ends and way[0] not in known and len(way) <= MOST:
            above = self.users(way[0])
            if len(above) != 1 or batch_of(above[0]) != batch_of(way[0]):
                break
            way.insert(0, above[0])
        return tuple(way)

    def _needed(self, node: Node) -> list[Node]:
        """The nodes whose cotangents the ways begin with, and the node itself, from the loss
        down."""
        pending, found = [node], set[Node]()
        while pending:
            each = pending.pop()
            if each not in found and each not in self.said:
                found.add(each)
                pending += [way[0] for way in self.ways(each) if way[0] not in self.ends]
        return [n for n in self.reverse.cotangents if n in found]

    # what is said of them

    def proofs(self, node: Node) -> Iterator[Proof]:
        """Chain, factors and shapes, of a variable and of what it needs."""
        for each in self._needed(node):
            ways = self.ways(each)
            pairs = [pair for way in ways for pair in zip(way, way[1:], strict=False)]
            if len(pairs) > 1 or ways[0][0] not in self.ends:
                yield self._chain(each, ways)
            for pair in dict.fromkeys(pairs):
                yield from self._factor(*pair)
            inner = dict.fromkeys(n for way in ways for n in way[1:-1])
            for one in (*inner, each):
                yield from self._fitted(one)

    def _chain(self, node: Node, ways: list[tuple[Node, ...]]) -> Proof:
        """dL/dx as a sum of products."""
        uses = self.fitting.uses(node)
        told = [self._told(way) for way in ways]
        over = [self._over(way) for way in ways]
        sides = [
            self.fitting.of_all(t, str(t.batch)) if o else t
            for t, o in zip(told, over, strict=True)
        ]
        form = Ways(written(signed_sum(sides)), tuple(map(Way, ways, over)))
        move = CHAIN if len(ways) == 1 else TOTAL
        line = ProofLine(uses.left, form, move, uses.change.node, by_entry=True)
        return Proof("chain-rule", (line,), uses)

    def _told(self, way: tuple[Node, ...]) -> Name:
        """The product of a way."""
        begins = () if way[0] in self.ends else (self.fitting.left(way[0]),)
        pairs = zip(way, way[1:], strict=False)
        factors = (*begins, *(self.fitting.factor(*pair).partial for pair in pairs))
        return Chained.of(factors, batch_of(way[-1]) or batch_of(way[-2]))

    def _over(self, way: tuple[Node, ...]) -> str:
        """What is done with the examples of a way that ends where there are none."""
        batch = batch_of(way[-2])
        if batch is None or batch_of(way[-1]) is not None:
            return ""
        return "mean" if self.reverse.mean == batch else "sum"

    def _factor(self, user: Node, node: Node) -> Iterator[Proof]:
        if (user, node) in self.known:
            return
        self.known.add((user, node))
        factor = self.fitting.factor(user, node)
        if user in self.ends and self.users(node) == [user] and node in self.steps:
            self.said.add(node)
            yield self.fitting.first(factor)
        else:
            yield self.fitting.stated(factor)

    def _fitted(self, node: Node) -> Iterator[Proof]:
        if node not in self.said:
            self.said.add(node)
            yield self.fitting.fitted(node)
