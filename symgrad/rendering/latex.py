r"""LaTeX: a derivation as align* (amsmath, amssymb)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from symgrad.calculus.derivation import Derivation
from symgrad.language import formula as fm
from symgrad.language.expressions import Expression
from symgrad.language.formula import Formula
from symgrad.language.table import PLAIN, Table
from symgrad.language.tex import escaped
from symgrad.language.tex import latex as tex
from symgrad.language.typeset import typeset
from symgrad.rendering.document import Document, answers, given_variables, program
from symgrad.rendering.equations import LONG, Equation, shape_formula, width
from symgrad.rendering.prose import prose_latex


def latex_expression(root: Expression, table: Table = PLAIN) -> str:
    r"""An expression in LaTeX.

    >>> from symgrad.language.dimensions import ONE, dims
    >>> from symgrad.language.expressions import Name
    >>> n, m = dims("n m")
    >>> latex_expression(2 * Name("W1", (m, n)).T @ Name("x", (m, ONE)))
    '2 W_{1}^{\\top} x'
    """
    return tex(typeset(root), table)


def latex(doc: Document) -> str:
    """A derivation as a LaTeX fragment that needs amsmath and amssymb alone."""
    return "\n".join(_lines(doc)) + "\n"


def latex_display(derivation: Derivation) -> str:
    """The program and the results, for a notebook cell."""
    table = derivation.table
    results = (e for answer in answers(derivation, stepwise=False) for e in answer.equations)
    spaces = (tex(space, table) for space, _ in given_variables(derivation))
    rows = [rf"&{space}" for space in spaces]
    rows += [
        " = ".join(tex(formula, table) for formula in e.formulas).replace(" = ", " &= ", 1)
        for e in (*program(derivation), *results)
    ]
    return "\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}"


def _lines(doc: Document) -> Iterator[str]:
    yield from (rf"\paragraph{{{doc.title}.}}", f"Given {given(doc.variables, doc.table)}:")
    yield from aligned(doc.program, doc.table)
    if doc.rewrites:
        yield r"\noindent\emph{Used:}"
        yield from (rf"\par {{\small\texttt{{{escaped(r)}}}}}" for r in doc.rewrites)
        yield from (r"\medskip", "")
    for title, lines in doc.parts:
        yield rf"\noindent\textbf{{{title}}}"
        yield from aligned((line.equation for line in lines), doc.table)
        for line in (line for line in lines if line.sentence):
            told = rf"\noindent {{\small ({line.step.number}) {prose_latex(line.sentence)}"
            why = aligned(line.why, doc.table) if line.why else [r"\par"]
            yield from (told, *why, "}")
    for chain in doc.chains:
        by = tex(fm.Named(name=chain.name), doc.table)
        yield rf"\noindent\textbf{{By}} ${by}$"
        yield from aligned(chain.equations, doc.table)
    yield r"\noindent\textbf{Result}"
    yield from aligned(doc.equations, doc.table)
    checked = escaped(doc.verification.sentence)
    yield rf"\emph{{{prose_latex(doc.layout)}}} \emph{{Checked:}} {checked}."
    for form in doc.computed:
        yield rf"\par {{\small\emph{{Computed:}} \texttt{{{escaped(form)}}}}}"


def given(variables: Iterable[tuple[Formula, str]], table: Table) -> str:
    """The variables, each with its space and what is declared of it."""
    spaces = ((f"${tex(space, table)}$", facts) for space, facts in variables)
    return ", ".join(f"{space} ({facts})" if facts else space for space, facts in spaces)


def chained(equation: Equation, table: Table) -> str:
    """left = side = side on one line; a line of a proof without its left side begins with =."""
    front = "= " if equation.left is None else ""
    return front + " = ".join(tex(formula, table) for formula in equation.formulas)


def aligned(equations: Iterable[Equation], table: Table) -> list[str]:
    """left = right, note, number: the rows of an align*, long sums on several lines."""
    rows = []
    for equation in equations:
        left = "" if equation.left is None else tex(equation.left, table)
        row = f"{left} &= {_right(equation, table)}"
        row += rf" && \text{{{note}}}" if (note := _note(equation, table)) else ""
        row += rf" \tag{{{equation.number}}}" if equation.number is not None else ""
        rows.append(row)
    return [r"\begin{align*}", " \\\\\n".join(rows), r"\end{align*}"]


def _note(equation: Equation, table: Table) -> str:
    if not equation.shape:
        return prose_latex(equation.note) if equation.shape is None else "scalar"
    return f"${tex(shape_formula(equation.shape), table)}$"


def _right(equation: Equation, table: Table) -> str:
    whole = " = ".join(tex(side, table) for side in equation.sides)
    if sum(width(side) for side in equation.sides) <= LONG:
        return whole
    first, *rest = (broken(side, table) for side in equation.sides)
    lines = [*first, *(line for front, *more in rest for line in (f"= {front}", *more))]
    return " \\\\\n&\\qquad ".join(lines)


def broken(formula: Formula, table: Table) -> list[str]:
    """A formula on one line, or a long sum on several."""
    formula = table.shown(formula)
    if width(formula) <= LONG or not isinstance(formula, fm.Infix) or formula.binds > fm.SUM:
        return [tex(formula, table)]
    lines, used = [""], 0
    for sign, part in zip(("", *formula.signs), fm.fitted(formula), strict=True):
        used += width(part) + 2
        if lines[-1] and used > LONG:
            lines.append("")
            used = width(part)
        lines[-1] = f"{lines[-1]} {sign} {tex(part, table)}".strip()
    return lines
