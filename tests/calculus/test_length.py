"""How long results are beside what a book or paper writes (`closed_form` of the cases).

`python -m tests.calculus.test_length` lists those that are longer.
"""

from __future__ import annotations

import io
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

from tests.derived import of_case
from tests.test_cases import CASES

APART = {*"()[],;"}  # what only groups
FACT = "the book uses a fact that the program does not declare: "
SYMMETRIC, ONE_HOT, ACTIVE = (
    FACT + "a symmetric matrix",
    FACT + "labels that sum to 1",
    FACT + "the margin is violated",
)
LONGER = {  # why a result has more than 1.5 times the symbols of the book's
    "opt-soft-threshold v": FACT + "p minimises over itself, so that its part of the gradient is 0",
    "mn-proj-quad X": FACT + "X.T @ e = 0, of the least squares that e is the residual of",
    "mn-proj-quad y": FACT + "X.T @ e = 0, of the least squares that e is the residual of",
    "mcb-125 X": SYMMETRIC,
    "cs224n-onehidden b2": ONE_HOT,
    "cs224n-parser b2": ONE_HOT,
    "pt-ce-smooth X": ONE_HOT,
    "graph-transe h": ACTIVE,
    "cs229-gda mu1": SYMMETRIC,
    "cs229-gda mu0": SYMMETRIC,
    "bv-harmonic-gradient x": "the book names the loss in its own gradient",
    "pt-huber x": "the user's minimum is kept, with the branch in which it moves",
    "pt-smoothl1 x": "the user's minimum is kept, with the branch in which it moves",
}


@dataclass(frozen=True)
class Answer:
    """A result beside the book's."""

    name: str
    own: str
    book: str

    @property
    def ratio(self) -> float:
        """Symbols of ours for each symbol of the book."""
        return symbols(self.own) / symbols(self.book)


def symbols(text: str) -> int:
    """How many names, numbers and signs a formula has; a transpose is one."""
    tokens = tokenize.generate_tokens(io.StringIO(text.replace(".T", "~")).readline)
    return sum(bool(token.string.strip()) and token.string not in APART for token in tokens)


def answers() -> Iterator[Answer]:
    """Every result of which a case states the closed form."""
    for case in CASES:
        if "closed_form" in case:
            results = of_case(case).results
            for key, book in case["closed_form"].items():
                whole = next(iter(results)) if key == "*" else tuple(key.split(","))
                result = results.get(key) or results[whole]
                yield Answer(f"{case['id']} {key}", result.expression, book)


def test_symbols_are_counted() -> None:
    assert symbols("2 * X.T @ (y - s)") == 8
    assert symbols("g = inv(S); g @ x") == 7


def test_results_are_as_short_as_in_books() -> None:
    found = {answer.name: answer for answer in answers()}
    assert len(found) > 240
    assert median(answer.ratio for answer in found.values()) <= 1.0
    longer = {name for name, answer in found.items() if answer.ratio > 1.5}
    assert longer == {*LONGER}


if __name__ == "__main__":
    for answer in sorted(answers(), key=lambda answer: -answer.ratio):
        if answer.ratio > 1:
            why = LONGER.get(answer.name, "")
            print(f"{answer.ratio:.2f}  {answer.name}  {why}\n  {answer.own}\n  {answer.book}")
