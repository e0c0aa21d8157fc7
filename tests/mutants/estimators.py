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
        ("the classes of a hinge are 0 and 1", "return wanted\n", "return 0.0, 1.0\n"),
    ),
    *planted_in(
        "symgrad/training/metrics/quantities.py",
        "tests/training/test_quantities.py",
        ("what needs the label is predicted", "alike and label not in made_of", "alike"),
        ("what weighs an example is a label", "if found and found[0].sure == MARGIN", "if False"),
        ("a margin says how large it is", "meetings[0].sure < MARGIN", "True"),
    ),
]
