"""The first line that is wrong in what students hand in, and that none is where none is."""

from __future__ import annotations

import pytest

from symgrad.grading import grade_derivation
from symgrad.grading.answer import is_latex

from .handed_in import HANDED_IN
from .test_sheets import PROGRAMS


@pytest.mark.parametrize(("program", "wrt", "text", "line"), HANDED_IN)
def test_the_first_wrong_line(program: str, wrt: str | list[str], text: str, line: int) -> None:
    verdict = grade_derivation(PROGRAMS[program], wrt, text)
    assert (verdict.correct, verdict.line or 0) == (not line, line), (verdict, verdict.lines)
    assert any(graded.correct is not None for graded in verdict.lines)


def test_half_are_in_latex_and_half_are_wrong() -> None:
    assert 2 * sum(is_latex(text) for _, _, text, _ in HANDED_IN) >= len(HANDED_IN) >= 60
    assert 2 * sum(line > 0 for *_, line in HANDED_IN) >= len(HANDED_IN) - 4
