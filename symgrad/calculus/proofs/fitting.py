"""The lines of the chain rule in matrix notation: each factor, and how it is put to the cotangent
that it passes on, so that the shapes fit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

from symgrad.calculus.algebra import matrix_factors, product, transposed
from symgrad.calculus.derivation import Derivation, Derivative, IndexForm, Step
from symgrad.calculus.nodes import Node, batch_of, core_axes, matrix_shape
from symgrad.calculus.proofs.factors import ChainFactor
from symgrad.calculus.proofs.index import slope_lines
from symgrad.calculus.proofs.lines import ProofLine
from symgrad.calculus.proofs.uses import Lines, Proof
from symgrad.calculus.step_rules import SEVERAL, without_factors
from symgrad.language import composing
from symgrad.language import formula as fm
from symgrad.language.dimensions import SCALAR, Dimension, core
from symgrad.language.expressions import Expression, is_call, is_scalar, names_in
from symgrad.language.formula import Formula
from symgrad.language.operations import arithmetic as op
from symgrad.language.operations.arithmetic import add, subtract
from symgrad.language.operations.batches import batch_mean, batch_sum, over_batch
from symgrad.language.operations.constants import eye
from symgrad.language.operations.contractions import diag
from symgrad.language.phrases import Phrase, as_phrase, joined, phrase
from symgrad.language.typeset import typeset
from symgrad.language.unparse import unparse

SIMPLIFIED = "simplified"
KIND: Literal["chain-rule"] = "chain-rule"


class Fitting:
    """Says the factors of a derivation; `steps` are those of the cotangents."""

    def __init__(self, derivation: Derivation, steps: Mapping[Node, Step]) -> None:
        self.derivation, self.steps = derivation, steps
        (self.reverse,) = derivation.passes
        self.lines = Lines(derivation)
        self.factors: dict[tuple[Node, ...], ChainFactor] = {}

    def factor(self, *of: Node) -> ChainFactor:
        """The uses of a node in lines: both are given, the node last."""
        if of not in self.factors:
            *users, node = of
            left = self.left(node)
            self.factors[of] = ChainFactor(
                self.derivation, self.reverse, node, left, None, "", to=tuple(users)
            )
        return self.factors[of]

    def uses(self, node: Node) -> ChainFactor:
        """All uses of a node."""
        numbers = self.lines.numbers
        users = self.reverse.lines_with(node, numbers)
        return self.factor(*sorted(users, key=lambda n: numbers.get(n, 0)), node)

    def left(self, node: Node) -> Derivative:
        """What the cotangent of a node is called."""
        if node in self.steps:
            left = self.steps[node].left
            assert isinstance(left, Derivative)
            return left
        tops = [s.left.top for s in self.steps.values() if isinstance(s.left, Derivative)]
        of = next(
            (t for s, t in zip(self.steps, tops, strict=True) if batch_of(s) == batch_of(node)),
            tops[-1],
        )
        name = self.derivation.names[node]
        return Derivative.of(of, name, matrix_shape(node.axes), batch_of(node))

    # factors

    def first(self, factor: ChainFactor) -> Proof:
        """The derivative of the loss by what stands in it, as its step says it."""
        said = Fits((core_axes(factor.variable.axes),), self._rule(factor))
        return Proof(KIND, tuple(self._as_step(factor, said)), factor)

    def stated(self, factor: ChainFactor) -> Proof:
        """A factor as a matrix, or by what it makes of G, or entry by entry."""
        change, rule = factor.differential(factor.user), self._rule(factor)
        shapes = (core_axes((*factor.user.axes, *factor.variable.axes)),)
        if factor.jacobian is not None:
            lines = [ProofLine(factor.partial, factor.jacobian, rule, change, True, shapes)]
        elif factor.pulled is not None:
            any_g = "no matrix, so for any {0}" if factor.rank > 2 else "for any {0}"
            said = joined("; ", (rule, phrase(any_g, factor.upstream.name)))
            lines = [ProofLine(self._taken(factor), factor.pulled, said, factor.made, True, shapes)]
        else:
            lines = [*slope_lines(factor)]
        return Proof(KIND, tuple(lines), factor)

    def _taken(self, factor: ChainFactor) -> Formula:
        """G dz/dW"""
        both = (typeset(factor.upstream), typeset(factor.partial))
        dot = fm.Infix(both, signs=(r"\cdot",), binds=fm.HADAMARD)
        return composing.spelled(dot, f"{factor.upstream.name} . {factor.partial.name}")

    def _rule(self, factor: ChainFactor) -> Phrase:
        """The rule of a line, by the term in which the node stands."""
        step, number = self.steps.get(factor.variable), self.lines.numbers[factor.user]
        if step is None or step.rule == SEVERAL.name:
            step = self.derivation.steps[number - 1]
        return phrase("{0}, from {1}", as_phrase(step.rule), f"({number})")

    # shapes

    def fitted(self, node: Node) -> Proof:
        """The cotangent of a node, from those of its uses."""
        uses, step = self.uses(node), self.steps.get(node)
        lines = [*self._turned(uses)] if len(uses.to) == 1 else []
        if step is None:
            return Proof(KIND, tuple(lines), uses)
        if lines and uses.jacobian is not None:
            said = Fits((), self._put_in(uses.jacobian))
        else:
            said = self._fits(uses, step)
        return Proof(KIND, (*lines, *self._as_step(uses, said)), uses)

    def _turned(self, factor: ChainFactor) -> Iterator[ProofLine]:
        """(dz/dx)^T dL/dz, where dz/dx is a matrix."""
        jacobian = factor.jacobian
        plain = jacobian is None or is_scalar(jacobian) or is_call(jacobian, eye)
        if plain or factor.user not in self.steps or len(core_axes(factor.user.axes)) != 1:
            return
        above = self.left(factor.user)
        side: Expression = product(transposed(factor.derivative), above)
        fits, change = fitting(side, above.name), factor.change.node
        assert fits is not None
        batch = None if batch_of(factor.variable) else batch_of(factor.user)
        whole = side if batch is None else self.of_all(side, batch)
        yield ProofLine(factor.left, whole, fits.said, change, True, fits.shapes)

    def _put_in(self, jacobian: Expression) -> str:
        """What is done with the matrix that a factor is."""
        if is_call(jacobian, diag):
            return "put in: a diagonal matrix times a vector is entry by entry"
        return "put in, multiplied out" if is_call(jacobian, add, subtract) else "put in"

    def _fits(self, uses: ChainFactor, step: Step) -> Fits:
        """How the cotangents of uses and what they are multiplied by fit."""
        sent = [self.left(user).name for user in uses.to if user in self.steps]
        found = [fits for name in sent if (fits := fitting(step.right, name)) is not None]
        if len(uses.to) > 1:
            (shapes, said) = found[0] if len(found) == 1 else Fits((), "")
            return Fits(shapes, joined("; ", filter(None, (said, "all ways added"))))
        if uses.jacobian is not None and is_call(uses.jacobian, eye):
            return Fits((), "the identity passes it on")
        return found[0] if found else Fits((), step.rule)

    def of_all(self, side: Expression, batch: str) -> Expression:
        """The sum over the examples, or their mean where the loss is one."""
        operation = batch_mean if self.reverse.mean == batch else batch_sum
        return over_batch(operation, side, self.derivation.naming.bound[batch], batch)

    def _as_step(self, uses: ChainFactor, said: Fits) -> Iterator[ProofLine]:
        """What the step of a cotangent says."""
        step, change = self.steps[uses.variable], uses.change.node
        left: Expression | Formula = step.left
        if isinstance(step.right, IndexForm):
            left = composing.spelled(step.right.at_left(typeset(step.left)), unparse(step.left))
        yield ProofLine(left, step.right, said.said, change, True, said.shapes)
        if step.simplified is not None:
            move = joined("; ", (SIMPLIFIED, *step.facts))
            yield ProofLine(left, step.simplified, move, change, by_entry=True)


class Fits(NamedTuple):
    """The shapes of the factors of a product, and what is said of them."""

    shapes: tuple[tuple[Dimension, ...], ...]
    said: str


def fitting(e: Expression, upstream: str) -> Fits | None:
    """Why a product with the upstream gradient of this name is as it is: that of a sum in which the
    name stands. Nothing of what is no product."""
    e = _term(e, upstream)
    if is_call(e, op.multiply):
        if e.shape == SCALAR:
            return Fits((), "a product of numbers")
        by_number = any(a.shape == SCALAR for a in e.arguments)
        return Fits((core(e.shape),), "times a number" if by_number else "entry by entry")
    factors = matrix_factors(e)
    own = [k for k, part in enumerate(factors) if upstream in names_in(part)]
    if len(factors) == 1 or len(own) != 1:
        return None
    places = [(factors[: own[0]], "in front"), (factors[own[0] + 1 :], "behind")]
    turned = (all(is_call(f, op.transpose) for f in part) for part, _ in places)
    said = (
        f"transposed {place}" if each else place
        for each, (part, place) in zip(turned, places, strict=True)
        if part
    )
    return Fits(tuple(part.shape for part in factors), joined("; ", said))


def _term(e: Expression, upstream: str) -> Expression:
    """The term of a sum with this name, without numbers before it, of one example."""
    while True:
        own = without_factors(e)
        if is_call(own, batch_sum, batch_mean):
            (own,) = own.arguments
        if is_call(own, op.add, op.subtract):
            with_name = [a for a in own.arguments if upstream in names_in(a)]
            own = with_name[0] if len(with_name) == 1 else own
        if own is e:
            return e
        e = own
