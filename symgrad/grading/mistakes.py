"""The kinds of mistakes, in the order in which they are looked for: the first that explains a
wrong answer at every random point is the diagnosis."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from symgrad.grading import formulas, multiples, rules, shapes
from symgrad.grading.evidence import SENTENCES, Evidence

UNLISTED = "unlisted"
OPERATIONS = (
    "elementwise_product",
    "matrix_product",
    "transposed_factor",
    "order_of_factors",
    "wrong_sign",
)


@dataclass(frozen=True)
class Mistake:
    """One kind: `explain` gives the sentence for a student, or None where it is another kind."""

    name: str
    explain: Callable[[Evidence], str | None]

    @property
    def meaning(self) -> str:
        """The kind in a few words."""
        return (self.explain.__doc__ or "").splitlines()[0]


MISTAKES = (
    Mistake("undefined", shapes.undefined),
    Mistake("batch_sum_forgotten", shapes.batch_sum_forgotten),
    Mistake("transpose", shapes.transpose),
    Mistake("wrong_shape", shapes.wrong_shape),
    Mistake("zero", shapes.zero),
    Mistake("sign", multiples.sign),
    Mistake("mean_for_sum", multiples.mean_for_sum),
    Mistake("sum_for_mean", multiples.sum_for_mean),
    Mistake("factor", multiples.factor),
    Mistake("missing_regularizer", multiples.missing_regularizer),
    Mistake("missing_term", multiples.missing_term),
    Mistake("sign_of_a_term", multiples.sign_of_a_term),
    Mistake("factor_of_the_regularizer", multiples.factor_of_the_regularizer),
    Mistake("factor_of_a_term", multiples.factor_of_a_term),
    Mistake("diagonal_only", rules.diagonal_only),
    Mistake("derivative_forgotten", rules.derivative_forgotten),
    Mistake("inner_derivative_forgotten", rules.inner_derivative_forgotten),
    Mistake("not_differentiated", rules.not_differentiated),
    Mistake("derivative_at_output", rules.derivative_at_output),
    Mistake("derivative_at_input", rules.derivative_at_input),
    *(Mistake(kind, formulas.changed(kind)) for kind in OPERATIONS),
    Mistake("assumption", formulas.assumption),
    *(Mistake(kind, formulas.changed(kind)) for kind in SENTENCES if kind not in OPERATIONS),
)


def diagnose(evidence: Evidence) -> tuple[str, str]:
    """The kind of a wrong claim's mistake, and the sentence that says it."""
    for mistake in MISTAKES:
        sentence = mistake.explain(evidence)
        if sentence is not None:
            return mistake.name, sentence
    worst = shapes.worst_entry(evidence.exam)
    return UNLISTED, f"This is wrong, and not a kind of mistake that is listed. {worst}"
