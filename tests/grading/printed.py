"""`python -m tests.grading.printed`: every built-in example and case, printed and graded.

Each is printed as text and as LaTeX, with its results alone and with its steps, in every layout,
and goes through `grade_derivation` unchanged; every line has to be right, or to name something.
Words choose some of them by their names; `--differentials` takes the gradients by that method,
`--full` takes the level "full" too, whose proofs are reasons, verified as they are derived, that no
grader reads.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from itertools import product
from typing import Any
from unittest.mock import patch

import symgrad as sg
from symgrad import examples
from symgrad.grading import grade_derivation
from symgrad.grading.exam import Exam
from symgrad.language.expressions import Expression
from symgrad.language.problem import Problem
from symgrad.language.unparse import unparse
from tests.derived import KINDS

from ..test_cases import CASES

LAYOUTS = ("variable", "numerator", "denominator")
FORMS, LEVELS = ("text", "latex"), ("result", "steps")
NAMING = ("defines a new name", "another name of the loss", "a reason for")


@dataclass(frozen=True)
class Printed:
    """A derivation to print: of which program, by what, of which kind."""

    name: str
    program: str
    wrt: Sequence[str] | None
    kind: str = "gradient"
    method: str = "backpropagation"

    @property
    def layouts(self) -> tuple[str, ...]:
        """Those that its kind has."""
        return LAYOUTS if self.kind in ("gradient", "jacobian") else LAYOUTS[:1]

    def derived(self, layout: str) -> sg.Derivation | None:
        """Its derivation; none where it has no such layout."""
        options = [layout] if len(self.layouts) > 1 else []
        chosen = {"method": self.method} if self.kind == "gradient" else {}
        try:
            return KINDS[self.kind](self.program, self.wrt, *options, **chosen)
        except sg.OptionError:
            return None

    def fault(self, derivation: sg.Derivation, form: str, level: str, layout: str) -> str:
        """What is wrong with how it is graded; nothing where each line is right."""
        text = getattr(derivation, form)(level)
        kind = self.kind if self.kind not in ("gradient", "jacobian") else None
        try:
            verdict = grade_derivation(self.program, self.wrt, text, kind=kind, layout=layout)
        except sg.SymgradError as error:
            return str(error)
        rest = [x for x in verdict.lines if x.correct is None and not x.remark.startswith(NAMING)]
        return "" if verdict.correct and not rest else f"{verdict} {list(map(str, rest))}"


def every() -> Iterator[Printed]:
    """The examples and the cases."""
    for name in examples.names():
        yield Printed(name, examples.path(name).read_text(encoding="utf-8"), None)
    for case in CASES:
        yield Printed(case["id"], case["program"], case["wrt"], case["kind"])


def described(exam: Exam) -> tuple[object, ...]:
    """The text of everything that an exam is about: the right result, and the claim."""
    claim = exam.claim
    options = exam.key, exam.kind, exam.layout, exam.seed, tuple(exam.along.items())
    claimed = _described(claim.problem), _formulas(claim.definitions), unparse(claim.expression)
    return (*options, _described(exam.problem)), claimed


def _described(problem: Problem) -> object:
    variables = tuple(problem.variables.values())
    return variables, _formulas(problem.definitions), unparse(problem.output)


def _formulas(named: Mapping[str, Expression]) -> tuple[tuple[str, str], ...]:
    return tuple((name, unparse(formula)) for name, formula in named.items())


@contextmanager
def each_claim_once() -> Iterator[None]:
    """While nothing is derived, or tried at random points, that was in another form of the same
    derivation."""
    known: dict[object, Any] = {}

    def remembered(name: str, asked: Callable[[Exam], Any]) -> property:
        def value(exam: Exam) -> Any:
            right, claimed = described(exam)
            key = (name, right) if name == "derivation" else (name, right, claimed)
            if key not in known:
                known[key] = asked(exam)
            return known[key]

        return property(value)

    with ExitStack() as stack:
        for name in ("derivation", "correct", "coverage"):
            found = vars(Exam)[name]
            asked = found.fget if isinstance(found, property) else found.func
            stack.enter_context(patch.object(Exam, name, remembered(name, asked)))
        yield


def main(words: Sequence[str]) -> int:
    """The exit status: 1 where one is not graded right."""
    faults = graded = 0
    levels = (*LEVELS, "full") if "--full" in words else LEVELS
    by_differentials = "--differentials" in words
    words = [word for word in words if not word.startswith("--")]
    for printed in every():
        if by_differentials and printed.kind != "gradient":
            continue
        printed = replace(printed, method="differentials") if by_differentials else printed
        if words and not any(word in printed.name for word in words):
            continue
        with each_claim_once():
            for layout in printed.layouts:
                derivation = printed.derived(layout)
                if derivation is None:
                    continue
                for form, level in product(FORMS, levels):
                    fault = printed.fault(derivation, form, level, layout)
                    graded += 1
                    faults += bool(fault)
                    if fault:
                        print(f"{printed.name}, {form}, {layout}, {level}: {fault}", flush=True)
    print(f"{graded} graded, {faults} not right")
    return int(faults > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
