"""In the estimators of scikit-learn, and in what a problem is said to predict."""

from __future__ import annotations

from .planting import Mutant, planted_in

ESTIMATORS = "tests/estimators/test_estimators.py"
MUTANTS: list[Mutant] = [
    *planted_in(
        "symgrad/estimators/base.py",
        ESTIMATORS,
        ("a part forgets the optimizer", "trainer.state.load_state_dict(self._state)", "pass"),
        ("the seed is another", "return int(state)", "return int(state) + 1"),
    ),
    *planted_in(
        "symgrad/estimators/columns.py",
        ESTIMATORS,
        ("a vector takes one column", "first += width", "first += 1"),
    ),
    *planted_in(
        "symgrad/estimators/targets.py",
        ESTIMATORS,
        ("signs are compared as 0 and 1", "return -1.0, 1.0", "return 0.0, 1.0"),
    ),
    *planted_in(
        "symgrad/training/quantities.py",
        "tests/training/test_quantities.py",
        ("what needs the label is predicted", "alike and label not in made_of", "alike"),
        ("a weight in a margin is a label", "if found and found[0].sure == MARGIN", "if False"),
        ("a margin says how large it is", "meetings[0].sure < MARGIN", "True"),
    ),
]
