r"""Formulas in LaTeX: a fold of their structure."""

from __future__ import annotations

from itertools import accumulate

from symgrad.language import formula as fm
from symgrad.language.glyphs import plain
from symgrad.language.table import PLAIN, BySymbols, Table

DOT, THIN = r" \cdot ", r" \, "
TALL = (r"\frac", r"\tfrac", r"\sum", r"\sqrt", r"\under", r"\begin", r"\left", r"\big")
BARS = (r"\lvert", r"\rvert")
OPENING = ("(", "[", r"\lvert", r"\lVert", r"\langle", r"\bigl")  # TeX sets no space before these


class Latex(BySymbols):
    """Writes each node in LaTeX, by a table of symbols."""

    def fenced(self, written: str) -> str:
        """In round brackets."""
        return delimited("(", written, ")")

    def write(self, node: fm.Formula, parts: fm.Parts, written: list[str]) -> str:
        """A node."""
        match node:
            case fm.Symbol():
                return node.latex
            case fm.Number():
                return node.digits
            case fm.Words():
                return rf"\text{{{escaped(node.text)}}}"
            case fm.Listed():
                return node.separator.join(written)
            case fm.Row():
                text = written[0]
                for left, right, more in zip(parts, parts[1:], written[1:], strict=False):
                    text += separator(node, left, right) + more
                return text
            case fm.Infix():
                pairs = zip(node.signs, written[1:], strict=True)
                return written[0] + "".join(f" {sign} {part}" for sign, part in pairs)
            case fm.Negative():
                return f"-{written[0]}"
            case fm.Fraction():
                return rf"\{'t' * node.small}frac{{{written[0]}}}{{{written[1]}}}"
            case fm.Script():
                pairs = zip(node.at, written[1:], strict=True)
                return written[0] + "".join(f"{at}{{{script}}}" for at, script in pairs)
            case fm.Fence():
                return delimited(node.left, written[0], node.right)
            case fm.Applied():
                return written[0] + delimited(node.left, ", ".join(written[1:]), node.right)
            case fm.Big():
                above = f"^{{{written[2]}}}" if len(written) > 2 else ""
                space = THIN if written[1].startswith(OPENING) else " "
                return rf"{node.sign}_{{{written[0]}}}{above}{space}{written[1]}"
            case fm.Root():
                return rf"\sqrt{{{written[0]}}}"
            case fm.Accent():
                return rf"{node.accent}{{{written[0]}}}"
            case fm.Under(brace=True):
                return rf"\underbrace{{{written[0]}}}_{{{written[1]}}}"
            case fm.Under():
                return rf"\underset{{{written[1]}}}{{{written[0]}}}"
            case fm.Cases():
                return _cases(written)
            case fm.Grid():
                rows = [" & ".join(row) for row in node.rows(written)]
                return rf"\begin{{pmatrix}} {below(rows)} \end{{pmatrix}}"
        raise TypeError(f"no LaTeX of {node!r}")


def latex(formula: fm.Formula, table: Table = PLAIN) -> str:
    r"""A formula in LaTeX, its names written as the table has them.

    >>> latex(fm.Row((fm.Number(digits="2"), fm.Named(name="W1"))))
    '2 W_{1}'
    """
    return fm.printed(formula, Latex(table))


def delimited(left: str, inside: str, right: str) -> str:
    r"""Between delimiters: larger ones around two pairs within each other, and growing ones, which
    are set wider, around what is tall.

    >>> delimited("(", "y - f", ")"), delimited("|", "-x", "|"), delimited("|", "B", "|")
    ('(y - f)', '\\lvert -x \\rvert', '|B|')
    >>> delimited("(", "A (b - f(x))", ")")
    '\\bigl(A (b - f(x))\\bigr)'
    >>> delimited("(", r"\frac{x}{n} - 1", ")")
    '\\left(\\frac{x}{n} - 1\\right)'
    """
    if any(sign in inside for sign in TALL):
        size = ("\\left", "\\right")
    else:
        left, right = BARS if left == "|" and not inside.isalnum() else (left, right)
        size = ("\\bigl", "\\bigr") if nesting(inside) > 1 else ("", "")
    space = " " if left[1:].isalpha() else ""
    return f"{size[0]}{left}{space}{inside}{space}{size[1]}{right}"


def nesting(text: str) -> int:
    """How many brackets stand within each other.

    >>> nesting("A (b - f(x))")
    2
    """
    return max(accumulate((sign in "([") - (sign in ")]") for sign in text), default=0)


def _cases(written: list[str]) -> str:
    rows = [
        " & ".join(written[k : k + 2]) + (r" & \text{else}" if k + 1 == len(written) else "")
        for k in range(0, len(written), 2)
    ]
    return rf"\begin{{cases}} {below(rows)} \end{{cases}}"


def below(rows: list[str]) -> str:
    r"""One row below the other; a [ would be read as how far below.

    >>> print(below(["x", "[i = j]"]))
    x \\ {}[i = j]
    """
    return r" \\ ".join("{}" * row.startswith("[") + row for row in rows)


def separator(row: fm.Row, left: fm.Formula, right: fm.Formula) -> str:
    """What stands between two factors: a dot before digits, a space beside a word."""
    number = starts_with_digit(left) and isinstance(left, fm.Number | fm.Fraction)
    if starts_with_digit(right) and (number or not bold(right)):
        return DOT
    return THIN if row.apart or is_word(left) or is_word(right) else " "


def bold(formula: fm.Formula) -> bool:
    """Whether it is a matrix of ones, which only digits would join."""
    base = formula.parts[0] if isinstance(formula, fm.Script | fm.Applied) else formula
    return isinstance(base, fm.Symbol)


def starts_with_digit(formula: fm.Formula) -> bool:
    """Whether digits come first: after another factor they would join it."""
    match formula:
        case fm.Symbol():
            return plain(formula.latex)[:1].isdigit()
        case fm.Fraction():
            return isinstance(formula.parts[0], fm.Number)
        case fm.Script() | fm.Applied() | fm.Listed():
            return starts_with_digit(formula.parts[0])
    return isinstance(formula, fm.Number)


def is_word(formula: fm.Formula) -> bool:
    """Whether a name of several letters stands there, which must not touch its neighbor."""
    while isinstance(formula, fm.Script | fm.Accent | fm.Under):
        formula = formula.parts[0]
    return (
        isinstance(formula, fm.Symbol)
        and formula.latex.startswith(r"\math")
        and len(plain(formula.latex)) > 1
    )


SPECIAL: dict[str, str | int | None] = {character: f"\\{character}" for character in "&%$#_{}"}
SPECIAL |= {"^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "\\": r"\textbackslash{}"}
SPECIAL |= {"<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}"}


def escaped(text: str) -> str:
    """Text with TeX's own characters as they are read.

    >>> escaped("a_1 < 50% of \\\\input"), escaped("W'")
    ('a\\\\_1 \\\\textless{} 50\\\\% of \\\\textbackslash{}input', "W'")
    """
    return text.translate(str.maketrans(SPECIAL))


def words_in_formula(text: str) -> str:
    r"""Words within a formula, for MathJax and KaTeX: neither knows all of TeX's commands for signs
    within a text, both know them in formulas.

    >>> words_in_formula("of W_1")
    '\\text{of W}\\_\\text{1}'
    """
    signs = "_%#&${}"
    words = "".join(rf"}}\{sign}\text{{" if sign in signs else sign for sign in text)
    return rf"\text{{{words}}}"
