"""Every line of a proof at the random numbers at which its derivation was verified.

What a line says is known from the statements alone: their values by the kernels, and how they move
along a random direction of the variable by complex step. What stands on its sides is evaluated as
it is written, and compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, partial
from typing import Any

import numpy as np
import sympy

from symgrad.calculus.derivation import Derivation
from symgrad.calculus.nodes import Input, Label, Map, Node, Term, intern
from symgrad.calculus.notation import batch_of
from symgrad.calculus.proofs import Kind, Proof, ProofLine, proof_of
from symgrad.calculus.proofs.lines import (
    Chain,
    Form,
    Indexed,
    Pairing,
    Pairings,
    Scalar,
    ScalarRule,
)
from symgrad.calculus.proofs.scalars import POINT, SYMBOLS
from symgrad.errors import VerificationError
from symgrad.language.dimensions import dimension
from symgrad.language.expressions import Expression
from symgrad.numerics.evaluation import STEP, Sample, batch_first, drawn
from symgrad.numerics.interpreter import evaluate_nodes, over_labels, size_of
from symgrad.numerics.verification import BLURS, TOLERANCE, difference

Sides = tuple[Any, Any]  # what is claimed, and what is true
POINTS = np.array([(0.3, 0.7), (0.8, 0.4), (-0.6, 1.7), (1.6, 0.9), (2.5, 1.2), (-2.1, 0.5)])


def proofs(derivation: Derivation, kind: Kind, seed: int = 0) -> dict[int, Proof]:
    """The proofs of a derivation's steps, by their numbers, each line of them checked.

    Raises: VerificationError for a line that is not true."""
    rng = np.random.default_rng(seed)
    sample = drawn(derivation, seed, rng)
    found = {step.number: proof_of(derivation, step, kind) for step in derivation.steps}
    proved = {number: proof for number, proof in found.items() if proof is not None}
    for number, proof in proved.items():
        for line, error in untrue(proof, sample, rng):
            raise VerificationError(
                f"a line of the proof of step {number} ({line.move}) is not true at random numbers "
                f"(relative error {error:.1e}); please report this program"
            )
    return proved


def untrue(proof: Proof, sample: Sample, rng: np.random.Generator) -> list[tuple[ProofLine, float]]:
    """The lines of a proof that are not true, each with its error."""
    with np.errstate(all="ignore"):
        direction = rng.standard_normal(np.shape(sample.value(proof.variable)))
        truth = _Truth(proof, sample, direction)
        errors = [(line, _error(truth.sides(line))) for line in proof.lines]
        wrong = [(line, error) for line, error in errors if not error <= TOLERANCE]
        if wrong:  # unless rounding explains it
            others = [_Truth(proof, sample.blurred(rng), direction) for _ in range(BLURS)]
            blurred = [(line, [t.sides(line) for t in (truth, *others)]) for line, _ in wrong]
            errors = [(line, _error(sides[0], sides[1:])) for line, sides in blurred]
    return [(line, error) for line, error in errors if not error <= TOLERANCE]


def _error(sides: Sides, blurred: Sequence[Sides] = ()) -> float:
    """The relative error; infinite where a side is not finite or has another shape."""
    claim, truth = sides
    fits = np.shape(claim) in (np.shape(truth), ())
    if not (fits and np.all(np.isfinite(claim)) and np.all(np.isfinite(truth))):
        return float("inf")
    noise = [np.abs(a - claim).max() + np.abs(b - truth).max() for a, b in blurred]
    return difference(
        np.broadcast_to(claim, np.shape(truth)), truth, max(noise, default=0) / TOLERANCE
    )


class _Truth:
    """Numbers for what a proof speaks of, and how its statements move along a direction of the
    variable."""

    def __init__(self, proof: Proof, sample: Sample, direction: Any) -> None:
        self.proof, self.sample, self.direction = proof, sample, direction
        x = sample.value(proof.variable)
        self.values: dict[Node, Any] = {proof.variable: x}
        moved = {proof.variable: direction}
        for chain in proof.chains:
            for node in (chain.user, *(symbol.node for symbol, _ in chain.inner)):
                self.values[node] = self._at(chain, node, x)
                moved[node] = sample.derivative(partial(self._at, chain, node), x, direction)
        self.values |= {symbol: moved[node] for node, symbol in proof.moved.items()}
        self.values[proof.change.node] = sum(self._sent(c.user, moved) for c in proof.chains)
        self.arrays = {
            name: batch_first(self.values[node], node.axes) for name, node in proof.names.items()
        }

    def _at(self, chain: Chain, wanted: Node, x: Any) -> Any:
        """The value of a node in a chain where the variable is x and all else in the chain's
        statement stays."""
        sample = self.sample
        known = {node: sample.value(node) for node in chain.user.operands}
        known[self.proof.variable] = x
        inner = () if wanted is chain.user else chain.inner
        for (symbol, labels), (node, own) in inner:
            value = evaluate_nodes([node], sample.inputs, sample.sizes, known)[node]
            known[symbol] = over_labels(value, own, labels, sample.sizes)
        if wanted not in known:
            known |= evaluate_nodes([wanted], sample.inputs, sample.sizes, known)
        return known[wanted]

    def _sent(self, user: Node, moved: dict[Node, Any]) -> Any:
        """<cotangent, how a use moves>, for each example where all is said of one."""
        variable, derivation = self.proof.variable, self.sample.derivation
        backward = next(p for p in derivation.passes if variable in p.cotangents)
        product = self.sample.over(*backward.of(user)) * moved[user]
        each = self.proof.change.node.axes
        first = len(backward.extra)
        summed = [first + k for k, axis in enumerate(user.axes) if axis not in each[first:]]
        return product.sum(tuple(summed))

    # lines

    def sides(self, line: ProofLine) -> Sides:
        """What a line claims, as it is written, and what is true."""
        if isinstance(line.truth, ScalarRule):
            return self._scalar(line.truth, line.right)
        claim = self._claim(line.right, line.by_entry)
        if isinstance(line.truth, Node):
            value = self.values[line.truth]
            indexed = isinstance(line.right, Indexed)
            return claim, value if indexed else batch_first(value, line.truth.axes)
        assert isinstance(line.left, Expression)
        return claim, self._expression(line.left)

    def _claim(self, form: Form, by_entry: bool) -> Any:
        """The right side of a line; a derivative by entries times the direction, summed."""
        match form:
            case Expression():
                return self._by_entry(form) if by_entry else self._expression(form)
            case Pairings():
                return sum(map(self._paired, form.parts))
            case Indexed():
                beside = [(self.direction, self.proof.places)] if by_entry else []
                zero = np.zeros([size_of(x.axis, self.sample.sizes) for x in form.labels])
                return sum((self._term(t, form.labels, beside) for t in form.terms), zero)
        raise TypeError(f"no form: {form!r}")

    def _expression(self, e: Expression) -> Any:
        """The value of an expression; its batch comes first."""
        return self.sample.evaluated(e, **self.arrays)

    def _by_entry(self, e: Expression) -> Any:
        variable, value = self.proof.variable, self._expression(e)
        direction = batch_first(self.direction, variable.axes)
        batch = () if batch_of(variable) is None else direction.shape[:1]
        core = direction.shape[len(batch) :]
        value = value[None] if batch and e.batch is None else value
        extra = (1,) * (value.ndim - direction.ndim)
        product = value * direction.reshape((*batch, *extra, *core))
        summed = [*range(product.ndim - len(core), product.ndim)]
        if batch and batch_of(self.proof.change.node) is None:
            summed.append(0)
        return product.sum(tuple(summed))

    def _paired(self, pairing: Pairing) -> Any:
        """The sum of the products of entries: of one example, or over all of the batch."""
        left, right = self._expression(pairing.left), self._expression(pairing.right)
        product = left * right
        rank = right.ndim - (pairing.right.batch is not None)
        each = product.sum(tuple(range(product.ndim - rank, product.ndim)))
        if pairing.batch is None:
            return each
        alike = pairing.left.batch is None and pairing.right.batch is None
        return each.sum() * (size_of(pairing.batch, self.sample.sizes) if alike else 1)

    def _scalar(self, rule: ScalarRule, form: Form) -> Sides:
        """A scalar function at the points at which it is defined."""
        truth = _scalar_truth(rule)
        if isinstance(form, Scalar):
            claim = np.array([_number(form.value, at) for at in POINTS])
        else:
            assert isinstance(form, Expression)
            points = {x.name: POINTS[:, k] for k, x in enumerate(POINT)}
            claim = np.broadcast_to(self.sample.evaluated(form, **points), len(POINTS))
        defined = np.isfinite(truth)
        return claim[defined], truth[defined]

    def _term(self, term: Term, labels: Sequence[Label], beside: list[Any]) -> Any:
        """A term as it is written, times what stands beside it; what is no label of the line is
        summed over."""
        sample = self.sample
        nodes = [f.node for f in term.factors]
        known = {**sample.values, **self.values}
        values = evaluate_nodes(nodes, sample.inputs, sample.sizes, known)
        operands = [(np.asarray(values[f.node]) ** float(f.power), f.labels) for f in term.factors]
        operands += beside
        carried = {x for _, own in operands for x in own}
        for label in (*labels, *term.summed):
            if label not in carried:
                operands.append((np.ones(size_of(label.axis, sample.sizes)), (label,)))
        number = {x: k for k, x in enumerate(dict.fromkeys((*labels, *carried, *term.summed)))}
        parts: list[Any] = [
            part for value, own in operands for part in (value, [number[x] for x in own])
        ]
        total = np.einsum(*parts, [number[x] for x in labels]) if parts else 1.0
        return float(term.coefficient) * total


# scalar functions


@cache
def _scalar_truth(rule: ScalarRule) -> np.ndarray:
    """The function, or its slope, at the points, nan where it is not defined."""
    operation, k = rule.operation, rule.argument
    names = [
        intern(Input, (dimension(len(POINTS)),), name=x.name, facts=frozenset()) for x in POINT
    ]
    arguments = tuple((node, (0,)) for node in names[: operation.arity[1]])
    node = intern(Map, names[0].axes, operation=operation, arguments=arguments)

    def at(step: complex) -> Any:
        known = {n: POINTS[:, j] + (step if j == k else 0) for j, n in enumerate(names)}
        return evaluate_nodes([node], {}, {}, known)[node]

    value = at(0)
    defined = np.isfinite(value)
    if k is not None:
        value = np.imag(at(1j * STEP)) / STEP
    return np.where(defined, value, np.nan)


def _number(value: sympy.Expr, at: Sequence[float]) -> float:
    number = value.subs(dict(zip(SYMBOLS, at, strict=True))).evalf()
    return float(number) if number.is_real else float("nan")
