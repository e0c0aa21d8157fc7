"""What is true of the lines of a proof, and what they claim, in numbers.

What a line says is known from the statements alone: their values by the kernels, and how they move
along a random direction of the variable by complex step. What stands on its sides is evaluated as
it is written.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from functools import cache
from itertools import chain as joined
from itertools import pairwise
from typing import Any

import numpy as np
import sympy

from symgrad.calculus.index_notation import in_language
from symgrad.calculus.nodes import Input, Label, Map, Node, Term, batch_of, intern
from symgrad.calculus.proofs.factors import ChainFactor, ends
from symgrad.calculus.proofs.lines import (
    Form,
    Indexed,
    Pairing,
    Pairings,
    ProofLine,
    ScalarFunction,
    ScalarRule,
    Way,
    Ways,
)
from symgrad.calculus.proofs.scalars import symbol_of
from symgrad.calculus.proofs.uses import Proof, Uses, part_of
from symgrad.language.dimensions import dimension
from symgrad.language.expressions import Expression, Name, leaves
from symgrad.numerics.checks.evaluation import STEP, Sample, batch_first
from symgrad.numerics.interpreter import evaluate_nodes, over_labels, size_of, summed_product

Sides = tuple[Any, Any]  # what is claimed, and what is true
POINTS = np.array(  # of scalar functions, of up to three arguments
    [(0.3, 0.7, 0.9), (0.8, 0.4, -0.3), (-0.6, 1.7, 0.5)]
    + [(1.6, 0.9, 1.3), (2.5, 1.2, 0.6), (-2.1, 0.5, 2.2)]
)


def _moved(uses: Uses, sample: Sample, direction: Any) -> tuple[dict[Node, Any], dict[Node, Any]]:
    """The values of all that the variable moves, and how it moves along a direction."""
    x = sample.value(uses.variable)
    values, moved = {uses.variable: x}, {uses.variable: direction}
    for user in uses.inner:
        still, along = (_at(uses, sample, user, at) for at in (x, x + 1j * STEP * direction))
        values |= still
        moved |= {node: np.imag(value) / STEP for node, value in along.items()}
    return values, moved


def _at(uses: Uses, sample: Sample, user: Node, x: Any) -> dict[Node, Any]:
    """The values of a use and of what it is taken apart into, where the variable is x and all else
    in the user's statement stays."""
    still = {node: sample.value(node) for node in uses.fixed(user)}
    still[uses.variable] = x
    whole = evaluate_nodes([user], sample.inputs, sample.sizes, still)[user]
    known, inner = dict(still), uses.inner[user]
    for s in inner:
        node, own = s.entry
        value = evaluate_nodes([node], sample.inputs, sample.sizes, known)[node]
        known[s.node] = over_labels(value, own, s.labels, sample.sizes)
    return {user: whole, **{s.node: known[s.node] for s in inner}}


def _any(node: Node, sample: Sample) -> Any:
    """Random numbers for what a line says of any array."""
    shape = [size_of(axis, sample.sizes) for axis in node.axes]
    return np.random.default_rng(len(shape)).standard_normal(shape)


class Truth:
    """Numbers for what a proof speaks of, and how its statements move along a direction of the
    variable."""

    def __init__(self, proof: Proof, sample: Sample, direction: Any) -> None:
        self.uses, self.sample, self.direction = proof.uses, sample, direction
        self.change = proof.uses.change.node
        self.values, moved = _moved(self.uses, sample, direction)
        self.values |= {symbol: moved[node] for node, symbol in self.uses.moved.items()}
        given = self.uses.given if isinstance(self.uses, ChainFactor) else []
        self.values |= {node: _any(node, sample) for node in given}
        sent = {user: self._sent(user, moved[user]) for user in self.uses.users}
        self.values |= {part_of(self.uses, user): part for user, part in sent.items()}
        self.values[self.change] = sum(sent.values())
        called = self.uses.called.items()
        self.arrays = {name: batch_first(self._value(n), n.axes) for name, n in called}
        spoken = joined(self.values.values(), map(sample.value, self.uses.users))
        # Lines are of no use where a square is no number: of a large s, 1/s^2 is 0 on their sides.
        self.finite = all(np.isfinite(np.square(value)).all() for value in spoken)

    def _sent(self, user: Node, moved: Any) -> Any:
        """<cotangent, how a use moves>, for each example where all is said of one."""
        reverse = self.uses.reverse
        product = self.sample.over(*reverse.of(user)) * moved
        for weight in reverse.weight(user, self.uses.variable):
            product = product * self.sample.value(weight.node) ** float(weight.power)
        return self._summed(user, product)

    def _summed(self, user: Node, product: Any) -> Any:
        """The sum of what a use sends, for each example where all is said of one."""
        first = len(self.uses.reverse.extra)
        each = self.change.axes[first:]
        summed = [first + k for k, axis in enumerate(user.axes) if axis not in each]
        return product.sum(tuple(summed))

    # lines

    def value(self, form: Form, open_names: Container[str]) -> Any:
        """What an expression is; None for other forms, and for what has one of these names."""
        if not isinstance(form, Expression):
            return None
        form = in_language(form)
        if any(isinstance(leaf, Name) and leaf.name in open_names for leaf in leaves(form)):
            return None
        return self._expression(form)

    def sides(self, line: ProofLine) -> Sides:
        """What a line claims, as it is written, and what is true."""
        if isinstance(line.truth, ScalarRule):
            return self._scalar(line.truth, line.right)
        claim = self._claim(line.right, line.by_entry)
        if isinstance(line.truth, Node):
            truth = self._value(line.truth)
            if not isinstance(line.right, Indexed):
                truth = batch_first(truth, line.truth.axes)
            each = batch_of(line.truth) is not None
            if each and np.shape(claim) == np.shape(truth)[1:]:
                claim = np.broadcast_to(claim, np.shape(truth))  # the same for each example
        else:
            assert isinstance(line.left, Expression)
            truth = self._expression(line.left)
            claim = np.broadcast_to(claim, np.shape(truth))  # the same for each example
        fits = np.shape(claim) in (np.shape(truth), ())
        return np.broadcast_to(claim if fits else np.nan, np.shape(truth)), truth

    def _value(self, node: Node) -> Any:
        """The value of a node, of those that stand in the proof."""
        sample = self.sample
        known = {**sample.values, **self.values}
        return evaluate_nodes([node], sample.inputs, sample.sizes, known, sample.blur)[node]

    def _claim(self, form: Form, by_entry: bool) -> Any:
        """The right side of a line; a derivative by entries times the direction, summed."""
        uses = self.uses
        match form:
            case Expression():
                form = in_language(form)
                if not by_entry:
                    return self._expression(form)
                batch = batch_of(uses.variable)
                direction = batch_first(self.direction, uses.variable.axes)
                total = None if batch in self.change.axes else batch
                return self._inner(form, direction, batch is not None, total)
            case Pairings():
                return sum(map(self._paired, form.parts))
            case Ways():
                return sum(map(self._along, form.ways))
            case Indexed():
                beside = [(self.direction, uses.labels)] if by_entry else []
                zero = np.zeros([size_of(x.axis, self.sample.sizes) for x in form.labels])
                return sum((self._term(t, form.labels, beside) for t in form.terms), zero)
        raise TypeError(f"no form: {form!r}")

    def _along(self, way: Way) -> Any:
        """A product of derivatives times the direction, from the right: each statement moved by
        complex step alone. Over a batch it is summed over, or the mean."""
        top, *_ = way.nodes
        moved = self.direction
        for node, user in pairwise(reversed(way.nodes)):
            factor = ChainFactor.of(self.uses, user, node)
            _, found = _moved(factor, self.sample, moved)
            moved = found[user]
        cotangent = (
            1.0
            if top in ends(self.uses.derivation)
            else self.sample.over(*self.uses.reverse.of(top))
        )
        total = self._summed(top, cotangent * moved)
        batch = batch_of(top)
        return total / self.sample.sizes[str(batch)] if way.over == "mean" else total

    def _expression(self, e: Expression) -> Any:
        """The value of an expression; its batch comes first."""
        return self.sample.evaluated(e, **self.arrays)

    def _paired(self, pairing: Pairing) -> Any:
        right = self._expression(pairing.right)
        return self._inner(pairing.left, right, pairing.right.batch is not None, pairing.batch)

    def _inner(self, left: Expression, right: Any, each: bool, total: str | None) -> Any:
        """The sum of the products of entries, where `right` has an axis of examples first if
        `each`: of one example, or over all of the batch `total`. What `left` has beside the indices
        of `right` stays."""
        value = self._expression(left)
        lead = left.batch is not None
        core = right.shape[int(each) :]
        between = (1,) * (value.ndim - lead - len(core))
        right = right.reshape((*right.shape[: int(each)], *between, *core))
        product = (value[None] if each and not lead else value) * right
        sums = product.sum(tuple(range(product.ndim - len(core), product.ndim)))
        if total is None:
            return sums
        return sums.sum(0) if each or lead else sums * size_of(total, self.sample.sizes)

    def _term(self, term: Term, labels: Sequence[Label], beside: list[Any]) -> Any:
        """A term as it is written, times what stands beside it; what is no label of the line is
        summed over."""
        sample = self.sample
        known = {**sample.values, **self.values}
        nodes = [f.node for f in term.factors]
        values = evaluate_nodes(nodes, sample.inputs, sample.sizes, known)
        operands = [(self._power(values[f.node], float(f.power)), f.labels) for f in term.factors]
        lengths = {x: size_of(x.axis, sample.sizes) for x in (*labels, *term.summed)}
        return summed_product(term.coefficient, operands + beside, labels, lengths)

    def _power(self, value: Any, exponent: float) -> Any:
        """x^p; 0 at a pole, as the slope of a norm at 0, x / ||x||, is. Where it is too small for a
        number, as 1/s^2 of a large s, all that is claimed by it is lost."""
        value = np.asarray(value)
        pole = (value == 0) & (exponent < 0)
        power = np.where(pole, 0.0, np.where(pole, 1.0, value) ** exponent)
        self.finite &= not np.any((power == 0) & (value != 0))
        return power

    # scalar functions

    def _scalar(self, rule: ScalarRule, form: Form) -> Sides:
        """A scalar function at the points at which it is defined."""
        if isinstance(form, ScalarFunction):
            symbols = [symbol_of(name) for name in rule.point]
            claim = np.array([_number(form.value, symbols, at) for at in POINTS])
        else:
            assert isinstance(form, Expression)
            names = [x.name for x in rule.point]
            points = [dict(zip(names, map(np.asarray, at), strict=False)) for at in POINTS]
            claim = np.array([float(self.sample.evaluated(form, **at)) for at in points])
        truth = _scalar_truth(rule)
        defined = np.isfinite(truth)
        return claim[defined], truth[defined]


@cache
def _scalar_truth(rule: ScalarRule) -> np.ndarray:
    """The function, or its slope, at the points; nan where it is not defined."""
    operation, k = rule.operation, rule.argument
    names = [
        intern(Input, (dimension(len(POINTS)),), name=x.name, facts=frozenset()) for x in rule.point
    ]
    arguments = tuple((node, (0,)) for node in names)
    node = intern(Map, names[0].axes, operation=operation, arguments=arguments)

    def at(step: complex) -> Any:
        known = {n: POINTS[:, j] + (step if j == k else 0) for j, n in enumerate(names)}
        return evaluate_nodes([node], {}, {}, known)[node]

    slope = np.imag(at(1j * STEP)) / STEP if k is not None else at(0)
    return np.where(np.isfinite(at(0)), slope, np.nan)


def _number(value: sympy.Expr, symbols: Sequence[sympy.Symbol], at: Sequence[float]) -> float:
    number = value.subs(dict(zip(symbols, at, strict=False))).evalf()
    return float(number) if number.is_real else float("nan")
