r"""LaTeX: expressions by the operations' templates, derivations as align* (amsmath, amssymb)."""

from __future__ import annotations

import re
from typing import TypeAlias

from symgrad.calculus.derivation import Derivation, Derivative, IndexForm, Outcome
from symgrad.language import formula as fm
from symgrad.language.dimensions import Dimension
from symgrad.language.expressions import Expression
from symgrad.language.names import latex_name
from symgrad.language.problem import Variable
from symgrad.language.tex import escaped
from symgrad.language.tex import latex as tex
from symgrad.language.typeset import dimension_formula, typeset
from symgrad.rendering.document import (
    FACTS,
    NO_PROOFS,
    Document,
    Line,
    Proofs,
    Verified,
    document,
    from_steps,
    gradient_of,
)
from symgrad.rendering.proofs import aligned_latex

Row: TypeAlias = tuple[str, "Expression | str", str, "int | None"]  # left, right, note, number
LONG = 52  # visible characters after which a sum goes over several lines


def latex_expression(root: Expression) -> str:
    r"""An expression in LaTeX.

    >>> from symgrad.language.dimensions import ONE, dims
    >>> from symgrad.language.expressions import Name
    >>> n, m = dims("n m")
    >>> latex_expression(2 * Name("W1", (m, n)).T @ Name("x", (m, ONE)))
    '2 W_{1}^{\\top} x'
    """
    return tex(typeset(root))


def latex_dimension(dimension: Dimension) -> str:
    r"""A dimension in LaTeX."""
    return tex(dimension_formula(dimension))


def latex_space(variable: Variable) -> str:
    r"""x \in \mathbb{R}^{n}"""
    name = latex_name(variable.name)
    if variable.kind == "Index":
        return rf"{name} \in \{{0, \dots, {latex_dimension(variable.dims[0])} - 1\}}"
    dims = [latex_dimension(d) for d in variable.dims]
    power = "^{" + r" \times ".join(dims) + "}" if dims else ""
    facts = [FACTS[f] for f in sorted(variable.facts) if f in FACTS]
    return rf"{name} \in \mathbb{{R}}{power}" + (
        rf"\ \text{{({', '.join(facts)})}}" if facts else ""
    )


def latex_left(left: str, right: Expression) -> str:
    """The left side of an equation, with indices where the right side is in index notation."""
    if not isinstance(right, IndexForm) or not right.indices:
        return left
    return (
        rf"\left({left}\right)_{{{right.indices}}}"
        if "{" in left
        else f"{left}_{{{right.indices}}}"
    )


def result_name(outcome: Outcome) -> str:
    r"""\nabla_{W} L for a gradient, else the derivative as a fraction; its transpose where the
    layout wants that."""
    name = _plain_name(outcome)
    return rf"\left({name}\right)^{{\top}}" if outcome.transposed else name


def _plain_name(outcome: Outcome) -> str:
    gradient = gradient_of(outcome)
    if gradient is not None:
        top, bottom = gradient
        return rf"\nabla_{{{latex_expression(bottom)}}} {latex_expression(top)}"
    if isinstance(outcome.key, tuple) and isinstance(outcome.name, Derivative):
        a, b = (latex_name(name) for name in outcome.key)
        below = rf"\partial {a}^2" if a == b else rf"\partial {a} \, \partial {b}"
        return rf"\frac{{\partial^2 L}}{{{below}}}"
    return latex_expression(outcome.name)


def latex(
    derivation: Derivation,
    verification: Verified,
    level: str = "steps",
    proofs: Proofs = NO_PROOFS,
) -> str:
    """A derivation as a LaTeX fragment that needs amsmath and amssymb alone."""
    return "\n".join(_lines(document(derivation, verification, level, proofs))) + "\n"


def latex_display(derivation: Derivation) -> str:
    """The results alone, for a notebook cell."""
    rows = [
        f"{result_name(o)} &= {latex_expression(o.expression)}"
        for o in derivation.outcomes.values()
    ]
    return "\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}"


def _lines(doc: Document) -> list[str]:
    spaces = ", ".join(f"${latex_space(v)}$" for v in doc.variables)
    left, right = doc.output
    lines = [rf"\paragraph{{{doc.title}.}}", f"Given {spaces}:"]
    lines += [
        r"\begin{align*}",
        *_rows([(latex_expression(left), right, "", None)]),
        r"\end{align*}",
    ]
    if doc.rewrites:
        lines += [
            r"\noindent\emph{Used:}",
            *(rf"\par {{\small\texttt{{{escaped(r)}}}}}" for r in doc.rewrites),
        ]
        lines += [r"\medskip", ""]
    for title, part in (("Forward", doc.forward), ("Backward", doc.backward)):
        if part:
            lines += [
                rf"\noindent\textbf{{{title}}}",
                r"\begin{align*}",
                *_steps(part),
                r"\end{align*}",
            ]
            lines += _why(part)
    lines += [r"\noindent\textbf{Result}", r"\begin{align*}", *_results(doc), r"\end{align*}"]
    lines += [rf"\emph{{{escaped(doc.layout)}}} \emph{{Checked:}} {escaped(doc.checked)}."]
    return lines


def _steps(lines: tuple[Line, ...]) -> list[str]:
    rows: list[Row] = []
    for line in lines:
        step = line.step
        right = latex_expression(step.right)
        if step.simplified is not None:
            right += f" = {latex_expression(step.simplified)}"
        note = f"{step.rule}{from_steps(step.uses)}"
        rows.append(
            (
                latex_left(latex_expression(step.left), step.right),
                step.right if width(right) > LONG else right,
                note,
                step.number,
            )
        )
    return _rows(rows)


def _results(doc: Document) -> list[str]:
    rows: list[Row] = []
    for answer in doc.results:
        outcome, vectorized = answer.outcome, answer.vectorized
        rows += [(latex_expression(name), value, "", None) for name, value in outcome.definitions]
        shape = r" \times ".join(latex_dimension(d) for d in outcome.shape)
        rows.append(
            (
                latex_left(result_name(outcome), outcome.expression),
                outcome.expression,
                f"${shape}$" if shape else "scalar",
                None,
            )
        )
        if vectorized is not None:
            shape = r" \times ".join(latex_dimension(d) for d in vectorized.expression.shape)
            rows.append((vectorized.left[1], vectorized.expression, f"${shape}$", None))
    return _rows(rows)


def _rows(rows: list[Row]) -> list[str]:
    """left = right, note, number: the rows of an align*, long sums on several lines."""
    result = []
    for left, right, note, number in rows:
        first, *rest = [right] if isinstance(right, str) else broken(right)
        row = f"{left} &= {first}"
        for more in rest:
            row += f" \\\\\n&\\qquad {more}"
        row += rf" && \text{{{note}}}" if note else ""
        row += rf" \tag{{{number}}}" if number is not None else ""
        result.append(row)
    return [f"{row} \\\\" for row in result[:-1]] + result[-1:]


def width(latex: str) -> int:
    """About how many characters of a formula are seen."""
    shown = re.sub(r"\\(?:left|right|quad|,| )|[{}^_ ]", "", latex)
    return len(re.sub(r"\\[A-Za-z]+", "x", shown))


def broken(root: Expression) -> list[str]:
    """An expression on one line, or a long sum on several."""
    formula = typeset(root)
    whole = tex(formula)
    if width(whole) <= LONG or not isinstance(formula, fm.Infix) or formula.binds != fm.SUM:
        return [whole]
    lines = [tex(formula.parts[0])]
    for sign, part in zip(formula.signs, formula.parts[1:], strict=True):
        bare = not fm.bracketed(fm.levels(part, False)[0], fm.KRONECKER)
        piece = f"{sign} {tex(part if bare else fm.Fence((part,)))}"
        if width(lines[-1] + piece) <= LONG:
            lines[-1] += f" {piece}"
        else:
            lines.append(piece)
    return lines


def _why(lines: tuple[Line, ...]) -> list[str]:
    result = []
    for line in lines:
        if line.proof is not None:
            number, sentence = line.step.number, escaped(line.step.sentence)
            result.append(rf"\noindent {{\small ({number}) {sentence}")
            result += [*aligned_latex(line.proof, latex_expression).splitlines(), "}"]
    return result
