"""`python -m tests.grading.printed`: every built-in example and case, printed and graded.

Each is printed as text and as LaTeX, with its results alone and with its steps, in every layout,
and goes through `grade_derivation` unchanged; every line has to be right, or to name something.
Words choose some of them by their names.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import symgrad as sg
from symgrad import examples
from symgrad.grading import grade_derivation

from ..test_cases import CASES, DERIVED

LAYOUTS = ("variable", "numerator", "denominator")
NAMING = ("defines a new name", "another name of the loss", "a vectorised form")


@dataclass(frozen=True)
class Printed:
    """A derivation to print: of which program, by what, of which kind."""

    name: str
    program: str
    wrt: Sequence[str] | None
    kind: str = "gradient"

    @property
    def layouts(self) -> tuple[str, ...]:
        """Those that its kind has."""
        return LAYOUTS if self.kind in ("gradient", "jacobian") else LAYOUTS[:1]

    def fault(self, form: str, level: str, layout: str) -> str:
        """What is wrong with how it is graded; nothing where each line is right."""
        derive = DERIVED[self.kind]
        try:
            derivation = derive(
                self.program, self.wrt, *([layout] if len(self.layouts) > 1 else [])
            )
        except sg.OptionError:
            return ""  # it has no such layout
        text = getattr(derivation, form)(level)
        kind = self.kind if self.kind not in ("gradient", "jacobian") else None
        verdict = grade_derivation(self.program, self.wrt, text, kind=kind, layout=layout)
        rest = [x for x in verdict.lines if x.correct is None and not x.remark.startswith(NAMING)]
        return "" if verdict.correct and not rest else f"{verdict} {list(map(str, rest))}"


def every() -> Iterator[Printed]:
    """The examples and the cases."""
    for name in examples.names():
        yield Printed(name, examples.path(name).read_text(encoding="utf-8"), None)
    for case in CASES:
        yield Printed(case["id"], case["program"], case["wrt"], case["kind"])


def main(words: Sequence[str]) -> int:
    """The exit status: 1 where one is not graded right."""
    faults = graded = 0
    for printed in every():
        if words and not any(word in printed.name for word in words):
            continue
        for form in ("text", "latex"):
            for layout in printed.layouts:
                for level in ("result", "steps"):
                    try:
                        fault = printed.fault(form, level, layout)
                    except sg.SymgradError as error:
                        fault = str(error)
                    graded += 1
                    faults += bool(fault)
                    if fault:
                        print(f"{printed.name}, {form}, {layout}, {level}: {fault}", flush=True)
    print(f"{graded} graded, {faults} not right")
    return int(faults > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
