"""In rendering/: what every format shows."""

from __future__ import annotations

from .planting import Mutant, planted_in

MUTANTS: list[Mutant] = [
    *planted_in(
        "symgrad/rendering/document.py",
        "tests/rendering/test_document.py tests/rendering/test_text.py",
        ("long lists name every step", "if len(numbers) > 3:", "if len(numbers) > 4:"),
        ("lists end too early", 'numbers[0], "...", numbers[-1]', 'numbers[0], "...", numbers[-2]'),
    ),
]
