"""In rendering/: what every format shows."""

from __future__ import annotations

from .planting import Mutant, planted_in

FORMULAS = "tests/language/test_formula.py"
MUTANTS: list[Mutant] = [
    *planted_in(
        "symgrad/rendering/notes.py",
        "tests/rendering/test_notes.py tests/rendering/test_text.py",
        ("long lists name every step", "if len(others) > 2:", "if len(others) > 3:"),
        ("lists end too early", 'others = [others[0], "..."]', 'others = ["..."]'),
    ),
    *planted_in(
        "symgrad/rendering/outline.py",
        "tests/rendering/test_closed.py",
        (
            "a result alone lacks the steps that it uses",
            'answers(derivation, level != "result", style)',
            "answers(derivation, True, style)",
        ),
    ),
    *planted_in(
        "symgrad/rendering/answers.py",
        "tests/rendering/test_closed.py",
        ("a definition is told twice", "defined |= {step.number for step in steps}", "pass"),
    ),
    *planted_in(
        "symgrad/rendering/given.py",
        "tests/rendering/test_closed.py",
        (
            "a direction is not given",
            "for variable in derivation.seed_variables:",
            "for variable in ():",
        ),
    ),
    *planted_in(
        "symgrad/rendering/answers.py",
        "tests/rendering/test_closed.py",
        ("what a step uses is not looked for", "pending += [s.right for s in more]", "pass"),
    ),
    *planted_in(
        "symgrad/language/formula.py",
        f"tests/rendering/test_latex.py tests/rendering/test_printed.py {FORMULAS}",
        (
            "brackets where none are needed",
            "return precedence < wanted",
            "return precedence <= wanted",
        ),
        ("a base needs no brackets", 'INDEXED if node.at == "^" else ATOM', "LIST"),
        ("a minus needs no brackets after it", "return SIGN, (KRONECKER,)", "return SIGN, (LIST,)"),
        (
            "a difference needs no brackets",
            "return node.binds, (SUM, *(last,) * (count - 1))",
            "return node.binds, (SUM, *(SUM,) * (count - 1))",
        ),
        ("a sum goes on to its right", "(BIG, BIG) if", "(PRODUCT, SCRIPT) if"),
    ),
    *planted_in(
        "symgrad/language/tex.py",
        f"tests/rendering/test_latex.py tests/rendering/test_printed.py {FORMULAS}",
        ("digits join", "        return DOT\n", '        return " "\n'),
        (
            "words join",
            "return THIN if row.apart or is_word(left) or is_word(right)",
            "return THIN if row.apart",
        ),
        ("TeX reads what is text", 'for character in "&%$#_{}"}', 'for character in "&%$#{}"}'),
    ),
    *planted_in(
        "symgrad/language/plain.py",
        f"tests/rendering/test_text.py tests/rendering/test_document.py {FORMULAS}",
        (
            "a sum forgets its index",
            'f"sum_{self._one(parts[0], written[0])} {written[1]}"',
            "written[1]",
        ),
        (
            "a root is a product",
            'return f"sqrt{self.fenced(written[0])}"',
            'return f"sqrt {written[0]}"',
        ),
    ),
    *planted_in(
        "symgrad/language/unicode.py",
        "tests/rendering/test_lines.py",
        (
            "a script loses what has no small character",
            "if all(c in SCRIPTS",
            "if any(c in SCRIPTS",
        ),
        (
            "a combining mark is a column",
            "unicodedata.combining(c) > 0",
            "unicodedata.combining(c) < 0",
        ),
    ),
    *planted_in(
        "symgrad/rendering/lines.py",
        "tests/rendering/test_lines.py",
        ("a line breaks where it is tightest", "loosest = min(levels)", "loosest = max(levels)"),
        ("what goes on is as wide as the line", "room - hang - 2)", "room)"),
    ),
    *planted_in(
        "symgrad/rendering/markdown.py",
        "tests/rendering/test_markdown.py",
        (
            "a backslash is eaten",
            'return any(before == "\\\\" and c in',
            "return any(False and c in",
        ),
        ("emphasis begins behind a bracket", "and not before.isalnum()", "and before.isalnum()"),
    ),
    *planted_in(
        "cli/terminal.py",
        "tests/cli/test_printing.py",
        ("colour goes into a pipe", 'return there and said.get("TERM")', 'return said.get("TERM")'),
    ),
    *planted_in(
        "cli/paper.py",
        "tests/cli/test_printing.py",
        ("LaTeX reads any file", '"openin_any": "p"', '"openin_any": "a"'),
    ),
    *planted_in(
        "symgrad/language/table.py",
        f"tests/rendering/test_latex.py tests/rendering/test_printed.py {FORMULAS}",
        (
            "two names look alike",
            "next((f for f in choices if f not in self.looks), choices[-1])",
            "choices[0]",
        ),
    ),
    *planted_in(
        "symgrad/language/names.py",
        "tests/rendering/test_document.py tests/rendering/test_latex.py",
        (
            "accents stand the other way round",
            "for part in reversed(rest) if part in ACCENTS",
            "for part in rest if part in ACCENTS",
        ),
        ("tilde is bar", 'r"\\tilde"', 'r"\\bar"'),
    ),
    *planted_in(
        "cli/failures.py",
        "tests/cli/test_failures.py tests/cli/test_train.py",
        (
            "what is not finite has failed",
            "NOT_FINITE if isinstance(error, NotFiniteError) else FAILED",
            "FAILED",
        ),
        ("an interruption is a success", "ctx.exit(INTERRUPTED)", "ctx.exit(0)"),
    ),
    *planted_in(
        "symgrad/rendering/graph/computation.py",
        "tests/rendering/test_graph.py",
        ("a use is an edge once", "* min(count, MOST)", "* 1"),
        (
            "cotangents flow to what is given",
            'if vertex.kind == "parameter"',
            'if vertex.kind in ("parameter", "data")',
        ),
        ("the next step is not drawn", "index != last))", "False))"),
    ),
    *planted_in(
        "symgrad/rendering/graph/drawing.py",
        "tests/rendering/test_graph.py",
        ("edges pass all layers", "> FAR:", "> 100 * FAR:"),
        (
            "no way back is drawn far below",
            "edge = replace(edge, ",
            "edge = Edge(target=edge.target, ",
        ),
    ),
    *planted_in(
        "symgrad/rendering/html/rows.py",
        "tests/rendering/test_html.py",
        (
            "a line has the text of its left side",
            "for formula in equation.formulas",
            "for formula in equation.formulas[:1]",
        ),
    ),
    *planted_in(
        "symgrad/errors.py",
        "tests/test_hostile.py",
        ("a message commands the terminal", 'not in ("Cc", "Cf")', 'not in ("Cf",)'),
    ),
    *planted_in(
        "symgrad/language/table.py",
        "tests/rendering/test_style.py",
        (
            "a bar that is the user's name stands for a derivative",
            "free = sign is not None and sign not in self.looks",
            "free = sign is not None",
        ),
        (
            "the user's T is a transpose, too",
            "free = fm.Symbol(latex=forms[0]) not in self.looks",
            "free = True",
        ),
    ),
    *planted_in(
        "symgrad/rendering/document.py",
        "tests/rendering/test_style.py",
        (
            "a delta is nowhere defined",
            "short = [s for s in slopes.values() if table.short_slope(*s.parts) is not None]",
            "short = []",
        ),
    ),
    *planted_in(
        "symgrad/rendering/style.py",
        "tests/rendering/test_style.py",
        ("a transpose has the shape of what it is of", "shape[::-1]", "shape"),
    ),
]
