"""In what notebooks show: the cell magic, and how objects show themselves."""

from __future__ import annotations

from .planting import Mutant, planted_in

MUTANTS: list[Mutant] = [
    *planted_in(
        "cli/notebook.py",
        "tests/cli/test_notebook.py",
        ("a cell shows text", 'options["form"] = "markdown"', 'options["form"] = "text"'),
        ("an error has a traceback", "error._render_traceback_ = ", "error.notes = "),
        ("a FILE beside the cell counts", 'if options["program"] is not None:', "if False:"),
        ("help is an error", "return  # after --help", "raise"),
    ),
    *planted_in(
        "symgrad/language/markup.py",
        "tests/test_repr.py symgrad/language/markup.py",
        ("a star makes it italic", '"\\\\`*_[]|$#~"', '"\\\\`_[]|$#~"'),
    ),
    *planted_in(
        "symgrad/training/history.py",
        "tests/test_repr.py",
        (
            "a history shows every epoch",
            "np.linspace(1, count, min(count, most))",
            "range(1, count + 1)",
        ),
    ),
    *planted_in(
        "symgrad/training/result.py",
        "tests/test_repr.py",
        ("layers of two sizes have one shape", "if isinstance(value, list) else", "if False else"),
    ),
]
