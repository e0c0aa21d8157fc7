"""In grading/: what is called right, and what a mistake is called."""

from __future__ import annotations

from .planting import Mutant, planted_in

TESTS = "tests/grading"
MUTANTS: list[Mutant] = [
    *planted_in(
        "symgrad/grading/factors.py",
        TESTS,
        ("a factor is named too coarsely", "SAME = 1e-7", "SAME = 1e-2"),
        (
            "one over a size is the size",
            "Ratio(one / self.number, self.unit, -self.power",
            "Ratio(one / self.number, self.unit, self.power",
        ),
        (
            "a small factor is too much",
            "abs(float(self.number)) < 1",
            "abs(float(self.number)) > 1",
        ),
    ),
    *planted_in(
        "symgrad/grading/recursions.py",
        TESTS,
        ("one step is enough", "{1: (1,), 2: (1, 2), 3: (2,)}", "{1: (1,)}"),
    ),
    *planted_in(
        "symgrad/grading/recursion_mistakes.py",
        TESTS,
        ("no step is off by one", "for by in (-1, 1):", "for by in ():"),
    ),
    *planted_in(
        "symgrad/grading/multiples.py",
        TESTS,
        (
            "a sign is any factor",
            "if factor is None or not factor.is_number(-1):",
            "if factor is None:",
        ),
        (
            "a mean is told where there is none",
            "if not any(isinstance(m, Total) and m.mean == (power > 0) for m in meanings):",
            "if False:",
        ),
        ("a regulariser is any branch", "regularizer not in (None, branch.regularizer)", "False"),
    ),
    *planted_in(
        "symgrad/grading/lines.py",
        f"{TESTS}/test_lines.py {TESTS}/test_sheets.py",
        ("nothing graded is right", "if not right:", "if False:"),
        ("what is asked for may be missing", "if missing:", "if False:"),
    ),
    *planted_in(
        "symgrad/grading/derivatives.py",
        f"{TESTS}/test_lines.py tests/cli/test_grade.py",
        ("a step is the result in numerator layout", 'exam.layout == "numerator"', "True"),
        ("what no line gives is given", "elif lacking:", "elif False:"),
    ),
    *planted_in(
        "symgrad/grading/differentials.py",
        f"{TESTS}/test_sheets.py",
        ("what moves elsewhere stands still", "[*self.moving, *moving]", "[*moving]"),
    ),
    *planted_in(
        "symgrad/grading/opening.py",
        f"{TESTS}/test_factors.py symgrad/grading/opening.py",
        (
            "a part with the other sign is the part",
            "(-meaning, -reference)",
            "(-meaning, reference)",
        ),
    ),
    *planted_in(
        "symgrad/grading/coverage.py",
        TESTS,
        (
            "one side of a kink is enough",
            "for sign in (1.0, -1.0))",
            "for sign in (1.0,))",
        ),
        ("a term that is not seen counts", "COUNTS = 1e-3", "COUNTS = 0.0"),
        (
            "no input is moved right beside a kink",
            "more += self.near([p for p, _ in kept], target, roots)",
            "pass",
        ),
    ),
    *planted_in(
        "symgrad/grading/comparison.py",
        TESTS,
        ("an infinite answer agrees with any", "np.all(np.isfinite(one)) and", "True or"),
    ),
    *planted_in(
        "symgrad/grading/assumptions.py",
        TESTS,
        (
            "an assumption may hide a branch",
            "any(target.reached(point, None) for point in compared) for target in",
            "True for target in",
        ),
    ),
    *planted_in(
        "symgrad/grading/formulas.py",
        TESTS,
        ("a sentence says the whole answer", "if evidence.is_answer(found.new)", "if False"),
    ),
    *planted_in(
        "symgrad/grading/coverage.py",
        f"{TESTS}/test_grade.py",
        ("a kink is tried where another hides it", "if _jump(roots, pair):", "if pair:"),
    ),
]
