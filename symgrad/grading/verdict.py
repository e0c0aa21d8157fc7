"""What a grader says."""

from __future__ import annotations

from dataclasses import dataclass, field
from textwrap import shorten

from symgrad.errors import OptionError
from symgrad.language.markup import code, literal, table

CORRECT = "correct"
WHERE_TRIED = "correct_where_tried"  # right, but a branch could not be reached
INCOMPLETE = "incomplete"  # each line of a derivation is true, but it does not come to its end
COLUMN = 58  # in which what is said of a line begins
HINTS = (1, 2, 3)  # where, which rule, the corrected part


@dataclass(frozen=True)
class LineVerdict:
    """What is said of one line of a derivation: whether it is true, None where it was not graded
    itself, and why."""

    line: int
    text: str
    correct: bool | None
    remark: str

    def __str__(self) -> str:
        said = "wrong" if self.correct is False else self.remark
        row = f"line {self.line}:  {self.text}"
        gap = "\n" + " " * COLUMN if len(row) > COLUMN else ""
        return f"{row:<{COLUMN}}{gap}  {said}"


@dataclass(frozen=True)
class Verdict:
    """Whether a claim is right, and if not, why.

    `correct` is None where nothing could be judged. `kind` is "correct" or the name of the mistake
    (see `symgrad.grading.mistakes.MISTAKES`); `diagnosis` says it in a sentence; `expected` is the
    right result as text of the language, which no sentence gives away. Where a derivation was
    graded, `line` counts from 1 and is that of the first line that is not true, and `lines` has
    what is said of each line. `remarks` say what was read otherwise than it was typed.
    """

    correct: bool | None
    kind: str
    diagnosis: str
    expected: str = field(repr=False)
    line: int | None = None
    hints: tuple[str, ...] = field(default=(), repr=False)
    remarks: tuple[str, ...] = ()
    lines: tuple[LineVerdict, ...] = field(default=(), repr=False)

    def hint(self, level: int) -> str:
        """How to go on: 1 says where the mistake is, 2 which rule to look up, 3 what the part that
        is wrong should be. It is empty where nothing is wrong.

        >>> import symgrad as sg
        >>> verdict = sg.grade("x: Vector(n)\\nloss = norm2(x)**2", "x", "x")
        >>> verdict.hint(3)
        'Multiply the answer by 2.'
        """
        if not isinstance(level, int) or level not in HINTS:
            raise OptionError(f"the level of a hint is 1, 2 or 3, not {level!r}")
        return self.hints[level - 1] if self.hints else ""

    def __repr__(self) -> str:
        """What it comes to."""
        said = shorten(self.diagnosis, 120, placeholder="...")
        return f"<Verdict {self.kind}: {said}>"

    def _repr_markdown_(self) -> str:
        """The lines that were graded, and what is said below them."""
        rows = [(line.line, code(line.text.strip()), literal(line.remark)) for line in self.lines]
        parts = [table(("line", "", ""), rows)] if rows else []
        parts += [literal(said) for said in str(self).splitlines()]
        return "\n\n".join(parts)

    def __str__(self) -> str:
        place = "" if self.line is None else f" (line {self.line})"
        wrong = self.correct is False and self.kind != INCOMPLETE
        said = f"Wrong{place}: {self.diagnosis}" if wrong else self.diagnosis
        return "\n".join([said, *(f"Note: {remark}." for remark in self.remarks)])

    @property
    def answer(self) -> str:
        """The right result under a heading, for who asks for it."""
        indented = self.expected.replace("\n", "\n    ")
        return f"Right would be:\n    {indented}" if self.expected else ""
