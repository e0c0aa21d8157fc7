"""Equations as formulas: what every printer prints, of steps, results and proofs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import repeat

from symgrad.calculus.algebra import is_negative, negated
from symgrad.calculus.derivation import Step
from symgrad.calculus.index_notation import IndexForm, written
from symgrad.calculus.proofs.lines import Form, Pairing, Pairings
from symgrad.calculus.proofs.uses import Proof
from symgrad.language import composing
from symgrad.language import formula as fm
from symgrad.language.dimensions import Dimension
from symgrad.language.expressions import Expression
from symgrad.language.formula import Formula
from symgrad.language.operations.batches import members
from symgrad.language.plain import plain_text
from symgrad.language.typeset import dimension_formula
from symgrad.rendering.words import ENGLISH, Words

Bound = Mapping[str, tuple[str, ...]]  # the variables of each batch


@dataclass(frozen=True)
class Equation:
    """left = side = side, what is said of it beside it, and its shape where that is said: `fits`
    are the shapes of its factors, and `value` its numbers. A line of a proof whose left side is
    that of the line above has none."""

    left: Formula | None
    sides: tuple[Formula, ...]
    note: str = ""
    number: int | None = None
    shape: tuple[Dimension, ...] | None = None
    kind: str = "given"
    fits: Formula | None = None
    value: Formula | None = None

    @property
    def right(self) -> tuple[Formula, ...]:
        """The right sides, with the numbers that they are."""
        return self.sides if self.value is None else (*self.sides, self.value)

    @property
    def formulas(self) -> tuple[Formula, ...]:
        """Left and right sides."""
        return self.right if self.left is None else (self.left, *self.right)


def shape_formula(shape: tuple[Dimension, ...]) -> Formula:
    """m x n, or the word of a scalar."""
    if not shape:
        return fm.Words(text="scalar")
    dims = tuple(map(dimension_formula, shape))
    several = fm.Infix(dims, signs=(r"\times",) * (len(dims) - 1), binds=fm.HADAMARD)
    return several if len(dims) > 1 else dims[0]


def fitting_formula(shapes: Sequence[tuple[Dimension, ...]]) -> Formula | None:
    """k x h, or the shapes of several factors: (h x k) (k x 1)."""
    if not any(shapes):
        return None
    if len(shapes) == 1:
        return shape_formula(shapes[0])
    fences = (fm.Fence((shape_formula(shape),)) for shape in shapes)
    return composing.listed(fences, " ")


def left_of(left: Formula, right: Expression) -> Formula:
    """A side of an equation, with indices where the right side is in index notation."""
    if not isinstance(right, IndexForm):
        return left
    return composing.spelled(right.at_left(left), plain_text(left))


def step_equation(step: Step, note: str) -> Equation:
    """The line of a step: left = right = simplified."""
    left, *others = (
        left_of(written(side), step.right) for side in (step.left, step.simplified) if side
    )
    sides = (written(step.right), *others)
    return Equation(left, sides, note, step.number, step.shape, kind="step")


def proof_equations(
    proof: Proof, words: Words = ENGLISH, values: Iterable[Formula | None] = repeat(None)
) -> Iterator[Equation]:
    """The lines of a proof, each left side once, with their numbers where there are any."""
    bound = proof.uses.derivation.naming.bound
    before = ""
    for line, value in zip(proof.lines, values, strict=False):
        left = written(line.left) if isinstance(line.left, Expression) else line.left
        yield Equation(
            None if plain_text(left) == before else left,
            (_right(line.right, bound),),
            words(line.move),
            fits=fitting_formula(line.shapes),
            value=value,
        )
        before = plain_text(left)


def _right(right: Form, bound: Bound) -> Formula:
    if isinstance(right, Expression):
        return written(right)
    if isinstance(right, Pairings):
        each = (_pairing(part, bound) for part in right.parts)
        return composing.total(each) if right.parts else fm.Number(digits="0")
    return right.written


def _pairing(pairing: Pairing, bound: Bound) -> Formula:
    """An inner product, over the examples of a batch."""
    left, right = pairing.left, pairing.right
    if is_negative(left):
        return composing.negative(_pairing(replace(pairing, left=negated(left)), bound))
    product = pairing.product
    if product is None:
        both = fm.Listed((written(left), written(right)))
        inner = fm.Fence((both,), left=r"\langle", right=r"\rangle")
        return _over_batch(inner, pairing.batch, bound)
    if is_negative(product):
        return composing.negative(_over_batch(written(negated(product)), pairing.batch, bound))
    return _over_batch(written(product), pairing.batch, bound)


def _over_batch(body: Formula, over: str | None, bound: Bound) -> Formula:
    """A formula of each example, summed."""
    if over is None:
        return body
    text = f"sum({plain_text(body)} for {', '.join(bound[over])} in {over})"
    return composing.spelled(composing.summed(members(bound[over], over), body), text)
