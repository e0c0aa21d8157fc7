"""Claimed gradients and whole derivations, graded with the reason for each mistake."""

from symgrad.grading.evidence import Mistake
from symgrad.grading.grade import grade
from symgrad.grading.lines import grade_derivation
from symgrad.grading.mistakes import MISTAKES
from symgrad.grading.verdict import Verdict

__all__ = ["MISTAKES", "Mistake", "Verdict", "grade", "grade_derivation"]
