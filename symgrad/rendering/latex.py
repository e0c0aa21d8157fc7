r"""LaTeX: a derivation as align* (amsmath, amssymb)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache, partial

from symgrad.calculus.proofs.uses import Proof
from symgrad.language import formula as fm
from symgrad.language.expressions import Expression
from symgrad.language.formula import Formula
from symgrad.language.measure import SIGN, points
from symgrad.language.phrases import phrase
from symgrad.language.quotients import number_before, quotient
from symgrad.language.table import PLAIN, Table
from symgrad.language.tex import escaped, words_in_formula
from symgrad.language.tex import latex as tex
from symgrad.language.typeset import typeset
from symgrad.rendering.document import Document, formulas_in
from symgrad.rendering.equations import Equation, proof_equations, shape_formula
from symgrad.rendering.words import code, plain, prose_latex

PREAMBLE = r"""\documentclass[a4paper]{article}
\usepackage{iftex}
\ifpdftex\usepackage[T1]{fontenc}\else\usepackage{fontspec}\fi
\usepackage{amsmath,amssymb}
\setlength{\jot}{6pt}
"""
FONTS = {  # of a language whose letters need some
    "ko": r"\usepackage{kotex}" + "\n",
    "zh": r"""\ifpdftex
  \usepackage{CJKutf8}
  \AtBeginDocument{\begin{CJK}{UTF8}{gbsn}}
  \AtEndDocument{\clearpage\end{CJK}}
\else\usepackage[scheme=plain]{ctex}\fi
""",
}
WIDTH = 290.0  # points, of the narrowest page that a derivation is to fit: a slide


@lru_cache(256)  # results of one derivation have definitions in common
def latex_expression(root: Expression, table: Table = PLAIN) -> str:
    r"""An expression in LaTeX.

    >>> from symgrad.language.dimensions import ONE, dims
    >>> from symgrad.language.expressions import Name
    >>> n, m = dims("n m")
    >>> latex_expression(2 * Name("W1", (m, n)).T @ Name("x", (m, ONE)))
    '2 W_{1}^{\\top} x'
    """
    return tex(typeset(root), table)


def latex(doc: Document, standalone: bool = False) -> str:
    """A derivation as a LaTeX fragment that needs amsmath and amssymb alone, or as a whole
    document."""
    fragment = "\n".join([r"\allowdisplaybreaks", *_lines(doc)]) + "\n"
    if not standalone:
        return fragment
    preamble = PREAMBLE + FONTS.get(doc.words.code, "")
    return f"{preamble}\\begin{{document}}\n\n{fragment}\n\\end{{document}}\n"


def latex_display(doc: Document) -> str:
    """The program and the results, for a notebook cell."""
    table = doc.table
    spaces = ((tex(space, table), facts) for space, facts in doc.variables)
    rows = [rf"&{space}{_said(facts and f'({facts})')}" for space, facts in spaces]
    rows += [f"&{tex(sign, table)}" for sign in doc.legend]
    for equation in (*doc.program, *doc.arrays, *doc.equations):
        left, *sides = (tex(formula, table) for formula in equation.formulas)
        rows.append(f"{left} &= {' = '.join(sides)}{_said(equation.note)}")
    return "\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}"


def _said(text: str) -> str:
    """What is said beside a formula."""
    words = plain(text)
    return rf"\quad {words_in_formula(words)}" if words else ""


def _lines(doc: Document) -> Iterator[str]:
    words, spaces = doc.words, given(doc.variables, doc.table)
    said = partial(prose_latex, written=partial(_written, doc.quoted, doc.table))
    yield from (rf"\noindent\textbf{{{doc.title}.}}", f"{doc.words('Given')} {spaces}:")
    yield from aligned(doc.program, doc.table)
    if doc.numbers is not None:
        yield rf"\noindent\emph{{{words('Numbers')}:}} {prose_latex(words(doc.numbers.said))}:"
        yield from aligned(doc.arrays, doc.table)
    if doc.rewrites:
        yield rf"\noindent\emph{{{words('Used')}:}}"
        yield from (
            rf"\par {{\small\raggedright\texttt{{{escaped(r)}}}\par}}" for r in doc.rewrites
        )
        yield from (r"\medskip", "")
    if doc.chain_rule is not None:
        yield rf"\noindent\textbf{{{words('Chain rule')}}}"
        yield from aligned([doc.chain_rule], doc.table)
    for title, lines in doc.parts:
        yield from _legend(doc, title)
        yield rf"\noindent\textbf{{{title}}}"
        yield from aligned((line.equation for line in lines), doc.table, said)
        for line in (line for line in lines if line.sentence):
            told = rf"\noindent {{\small ({line.step.number}) {said(line.sentence)}"
            why = aligned(line.why, doc.table, said) if line.why else [r"\par"]
            yield from (told, *why, "}")
    yield from _legend(doc, "")
    for chain in doc.chains:
        by = tex(fm.Named(name=chain.name), doc.table)
        yield rf"\noindent\textbf{{{words(phrase('By {0}', f'${by}$'))}}}"
        yield from aligned(chain.equations, doc.table, said)
    yield rf"\noindent\textbf{{{words('Result')}}}"
    yield from aligned(doc.equations, doc.table)
    layout, checked = said(doc.layout), escaped(doc.checked)
    yield rf"\emph{{{layout}}} \emph{{{words('Checked')}:}} {checked}."
    for form in doc.computed:
        told = rf"\emph{{{words('Computed')}:}} \texttt{{{escaped(form)}}}"
        yield rf"\par {{\small\raggedright{told}\par}}"


def proof_latex(proof: Proof, table: Table) -> str:
    """The lines of a proof."""
    quoted = formulas_in(line.move for line in proof.lines)
    said = partial(prose_latex, written=partial(_written, quoted, table))
    return "\n".join(aligned(proof_equations(proof), table, said)) + "\n"


def _written(quoted: Mapping[str, Formula], table: Table, text: str) -> str:
    """A formula of a sentence."""
    formula = quoted.get(text)
    return code(text) if formula is None else f"${tex(formula, table)}$"


def _legend(doc: Document, before: str) -> Iterator[str]:
    """What bars or deltas stand for, before the part with this title."""
    if doc.legend and doc.defining == before:
        legend = ", ".join(f"${tex(formula, doc.table)}$" for formula in doc.legend)
        yield rf"\noindent {doc.words('Notation')}: {legend}.\par\medskip"


def given(variables: Iterable[tuple[Formula, str]], table: Table) -> str:
    """The variables, each with its space and what is declared of it."""
    spaces = ((f"${tex(space, table)}$", facts) for space, facts in variables)
    return ", ".join(f"{space} ({facts})" if facts else space for space, facts in spaces)


def chained(equation: Equation, table: Table) -> str:
    """left = side = side on one line; a line of a proof without its left side begins with =."""
    front = "= " if equation.left is None else ""
    return front + " = ".join(tex(formula, table) for formula in equation.formulas)


def aligned(
    equations: Iterable[Equation], table: Table, said: Callable[[str], str] = prose_latex
) -> list[str]:
    """left = right: the rows of an align*, long ones on several lines; at the margin what is `said`
    in a note and the number, which TeX puts below where there is no room beside the row."""
    equations = list(equations)
    lefts = [points(e.left, table) for e in equations if e.left is not None]
    room = max(WIDTH - max(lefts, default=0.0) - SIGN, WIDTH / 2)
    rows = []
    for equation in equations:
        left = "" if equation.left is None else tex(equation.left, table)
        *above, last = lines_of(equation, table, room)
        lines = [*(rf"{line} \notag" for line in above), last + _margin(equation, table, said)]
        rows.append(f"{left} &" + " \\\\\n&".join(lines))
    return [r"\begin{align*}", " \\\\\n".join(rows), r"\end{align*}"]


def _margin(equation: Equation, table: Table, said: Callable[[str], str]) -> str:
    fits = [] if equation.fits is None else [f"${tex(equation.fits, table)}$"]
    told = ": ".join(filter(None, (*fits, said(equation.note))))
    shape = "" if equation.shape is None else f"${tex(shape_formula(equation.shape), table)}$"
    note = r"\quad ".join(filter(None, (told, shape)))
    number = "" if equation.number is None else f"({equation.number})"
    told = r"\quad".join(filter(None, (rf"\footnotesize {note}" if note else "", number)))
    return rf" \tag*{{{told}}}" if told else ""


def lines_of(equation: Equation, table: Table, room: float) -> list[str]:
    """= side = side, as much on a line as there is room for."""
    lines: list[str] = []
    used = room
    for side in equation.right:
        first, *more = broken(side, table, room)
        wide = points(side, table) + SIGN
        if lines and not more and used + wide <= room:
            lines[-1] += f" = {first}"
            used += wide
        else:
            lines += [f"= {first}", *(rf"\qquad {line}" for line in more)]
            used = room if more else wide
    return lines


def broken(formula: Formula, table: Table, room: float) -> list[str]:
    """A formula on one line, or on several where there is no room: before the signs of a sum or
    product, of one in brackets too."""
    formula = table.shown(formula)
    if points(formula, table) <= room:
        return [tex(formula, table)]
    match formula:
        case fm.Negative():
            first, *more = broken(fm.fitted(formula)[0], table, room)
            return [f"-{first}", *more]
        case fm.Fence(left="(" | "[" as left, right=")" | "]" as right):
            first, *more = broken(formula.parts[0], table, room - SIGN)
            if more:
                return [rf"\Bigl{left}{first}", *more[:-1], rf"{more[-1]}\Bigr{right}"]
        case fm.Applied(left="(" | "[" as left, right=right) if len(formula.parts) == 2:
            function, argument = fm.fitted(formula)
            inside = room - points(function, table)
            first, *more = broken(fm.Fence((argument,), left=left, right=right), table, inside)
            return [tex(function, table) + first, *more]
        case fm.Big():
            over, body, *last = fm.fitted(formula)
            sign = replace(formula, parts=(over, fm.Symbol(latex=""), *last))
            first, *more = broken(body, table, max(room - points(sign, table), room / 2))
            return [f"{tex(sign, table).strip()} {first}", *more]
        case fm.Row():
            return _broken_row(formula, table, room)
        case fm.Fraction():  # its bar is as long as what stands above
            return _broken_fraction(formula, table, room)
        case fm.Infix():
            return _broken_infix(formula, table, room)
    return [tex(formula, table)]


def _broken_fraction(fraction: fm.Fraction, table: Table, room: float) -> list[str]:
    """A long top over a short scalar stands beside its fraction, others before a slash."""
    top, bottom = fraction.parts
    if fraction.by_entry or points(bottom, table) > room / 3:
        sloped = fm.Infix(fraction.parts, signs=("/",), binds=fm.HADAMARD)
        return _broken_infix(sloped, table, room)
    number, rest = number_before(top)
    return _broken_row(fm.Row((quotient(number, bottom), rest), scalars=1), table, room)


def _broken_row(row: fm.Row, table: Table, room: float) -> list[str]:
    """A product without signs: in two lines between its factors where that takes fewer lines, or
    no bracket but that of a function, than to break its widest factor."""
    parts = tuple(map(table.shown, fm.fitted(row)))
    k = max(range(len(parts)), key=lambda k: points(parts[k], table))
    others = [replace(row, parts=side) for side in (parts[:k], parts[k + 1 :])]
    before, after = (tex(side, table) if side.parts else "" for side in others)
    taken = sum(points(side, table) for side in others if side.parts)
    first, *more = broken(parts[k], table, max(room - taken, room / 2))
    lines = [f"{before} {first}".strip(), *more]
    lines = [*lines[:-1], f"{lines[-1]} {after}".strip()]
    halves = _halves(replace(row, parts=parts), table, room)
    return halves if halves and (len(lines) > 2 or isinstance(parts[k], fm.Applied)) else lines


def _halves(row: fm.Row, table: Table, room: float) -> list[str]:
    """The product in two lines about as long; none where one of them has no room."""
    splits = (
        [replace(row, parts=side) for side in (row.parts[:k], row.parts[k:])]
        for k in range(1, len(row.parts))
    )
    widths = [
        (max(points(one, table), points(other, table) + SIGN), k)
        for k, (one, other) in enumerate(splits, 1)
    ]
    wide, k = min(widths)
    if wide > room:
        return []
    return [
        tex(replace(row, parts=row.parts[:k]), table),
        rf"\cdot {tex(replace(row, parts=row.parts[k:]), table)}",
    ]


def _broken_infix(formula: fm.Infix, table: Table, room: float) -> list[str]:
    lines, used = [""], 0.0
    for sign, part in zip(("", *formula.signs), fm.fitted(formula), strict=True):
        wide = points(part, table) + SIGN
        beside = used if wide > room > 4 * used and formula.binds > fm.SUM else 0.0
        first, *more = broken(part, table, room - beside)
        short = used + wide <= room or (beside > 0 and bool(more))
        if lines[-1] and not short and formula.binds != fm.RELATION:  # = begins a line, > does not
            lines.append("")
            used = 0.0
        used += wide
        lines[-1] = f"{lines[-1]} {sign} {first}".strip()
        lines += more
    return lines
