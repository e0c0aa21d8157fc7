"""In numerics/: what is computed, and how it is checked."""

from __future__ import annotations

from .planting import Mutant, planted_in

MUTANTS: list[Mutant] = [
    *planted_in(
        "symgrad/numerics/sizes.py",
        "tests/numerics/test_function.py tests/training/test_trainer.py",
        ("a label may be the size itself", "np.max(labels) < size", "np.max(labels) <= size"),
        ("a number in a shape is not compared", "if size != int(axis):", "if False:"),
        (
            "sizes that disagree are taken",
            "elif sizes.setdefault(axis, size) != size:",
            "elif sizes.setdefault(axis, size) is None:",
        ),
    ),
    *planted_in(
        "symgrad/numerics/sampling.py",
        "tests/calculus/test_facts.py tests/calculus/test_orthogonality.py",
        ("symmetric numbers are not", "(array + np.swapaxes(array, -1, -2)) / 2", "array"),
        (
            "rotations all have one determinant",
            "rng.choice([-1.0, 1.0], (*shape[:-2], 1, shape[-1]))",
            "1.0",
        ),
    ),
]
