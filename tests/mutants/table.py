"""The bugs of all floors."""

from __future__ import annotations

from .calculus import MUTANTS as CALCULUS
from .estimators import MUTANTS as ESTIMATORS
from .grading import MUTANTS as GRADING
from .language import MUTANTS as LANGUAGE
from .notebooks import MUTANTS as NOTEBOOKS
from .numerics import MUTANTS as NUMERICS
from .planting import Mutant
from .rendering import MUTANTS as RENDERING
from .training import MUTANTS as TRAINING
from .web import MUTANTS as WEB

MUTANTS: list[Mutant] = [
    *LANGUAGE,
    *CALCULUS,
    *RENDERING,
    *NUMERICS,
    *TRAINING,
    *ESTIMATORS,
    *GRADING,
    *NOTEBOOKS,
    *WEB,
]
