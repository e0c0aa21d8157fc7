"""An answer as text, read among the names of its problem."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from symgrad.errors import ProgramError, ShapeError, SymgradError, text_wanted
from symgrad.language.dimensions import Dimension
from symgrad.language.expressions import Expression
from symgrad.language.handwriting.tokens import is_drawn, is_latex
from symgrad.language.latex_input import Known, read_latex
from symgrad.language.names import LATEX
from symgrad.language.parser import parse_within
from symgrad.language.problem import Problem
from symgrad.language.syntax import errors_at, syntax_tree
from symgrad.language.unparse import unparse

ONE_WORD = re.compile(r"\bd(L|l|loss)_d(?=[^\W\d])")
ENTRY = re.compile(  # x_i, x_{ij}, x_ij, ∑ x, A + I, (z)_+
    r"[^\W\d]_(?:[^\W\d_]\b|\{|[i-n]{2,4}\b)|[∑Σ⟨]|\bI\b|\b1_\w|[)\]]_\+"
)
SUM = re.compile(r"[∑Σ](?=[ᵢⱼₖ _])|\bsum(?=[ _])")
ACCENTED = re.compile(r"\b([^\W_]+)_(hat|bar|tilde)\b")
BESIDE = re.compile(r"(/ *(?:[^\W_][\w^{}]*|\([^()]*\))) +(?=\\sum)")  # 1/n sum_i x_i
FRACTION = re.compile(  # 1/n, which ends there
    r"(?<![\w.)}])(\d+)/(\d+|[^\W\d]\w*|\([^()]*\))(?=[ ])(?! *(?:\*\*|\^))"
)
POWER = re.compile(r"(?:\^|\*\*)\s*(-\w+|\d+)")
SLOPE = re.compile(r"(?<!\w)[d∂](\w+) ?/ ?[d∂](\w+)")  # dL/dx_k
GRAD = re.compile(r"^\s*(?:grad|gradient)(?=_(?:[i-n]{1,4}\b|\{))")  # grad_j = ...
JOINED = re.compile(r"_([i-n]{2,4})\b")
LOSS_NAMES = ("L", "loss")  # what stands for the loss, where it means nothing else


@dataclass(frozen=True)
class Claim:
    """What an answer says: `expression`, in the names of `problem`, which is the problem asked
    about with the answer's `definitions` after its own."""

    problem: Problem
    expression: Expression
    definitions: Mapping[str, Expression]
    others: tuple[Expression, ...] = ()  # of `grad = a = b` the sides that follow


def statements_of(text: str, problem: Problem | None = None) -> list[ast.stmt]:
    """The lines of an answer to a problem, each derivative dL/dx being one name, dL_dx; every
    column stays where it is."""
    derivative = re.compile(rf"(?<!\w)[d∂]({'|'.join(_outputs(problem))}) ?/ ?[d∂]([^\W\d]\w*)")
    text = derivative.sub(
        lambda found: f"d{found[1]}_d{found[2]}".ljust(len(found[0])), textwrap.dedent(text)
    )
    known = {*re.findall(r"^[ \t]*([^\W\d]\w*)[ \t]*=(?!=)", text, re.MULTILINE), *LOSS_NAMES}
    if problem is not None:
        known |= problem.names if problem.loop is not None else set()
        known |= {*problem.variables, *problem.definitions, problem.output_name}
        known |= {*map(str, problem.dims)}
    return syntax_tree(text, known | {*re.findall(r"\bd(?:L|l|loss)_d\w+", text)}).body


def _outputs(problem: Problem | None) -> list[str]:
    """What derivatives are of: the loss, as it is called; of a problem what it defines, too."""
    if problem is None or problem.loop is not None:
        return ["L", "l", "loss"]
    names = {problem.output_name, *problem.definitions}
    taken = {*problem.variables, *problem.definitions}
    return ["L", "l", "loss", *(x for x in sorted(names, reverse=True) if f"d{x}" not in taken)]


def as_written(text: str) -> str:
    """A message with each derivative as it was written."""
    return ONE_WORD.sub(r"d\1/d", text)


def read_answer(
    problem: Problem,
    text: str,
    *,
    axes: tuple[Dimension, ...] = (),
    over_examples: bool = False,
) -> Claim:
    """The claim that an answer makes: definitions, one a line; last an expression or `grad = ...`.

    It is text as people write it, or LaTeX, in which a sum goes `over_examples` where it can, or
    over entries where it can; entries, x_i y_j, are LaTeX without a command, and those of an array
    with these `axes`. `L` and `loss` stand for the loss itself. Raises: SymgradError with line and
    column, counted in the answer, for unknown names, wrong syntax, or shapes that do not fit each
    other.

    >>> from symgrad.language.parser import parse
    >>> problem = parse("x: Vector(n)\\nloss = x.T @ x")
    >>> list(read_answer(problem, "two = 2\\ngrad = two x").definitions)
    ['two']
    """
    text = text_wanted("an answer", text)
    try:
        known = Known(axes=axes, over_examples=over_examples)
        if is_latex(text):
            return _of_latex(problem, text, known)
        if is_drawn(text) and (found := _of_entries(problem, text, known)) is not None:
            return found
        try:
            return claimed(problem, statements_of(text, problem))
        except SymgradError as error:
            found = None if isinstance(error, ShapeError) else _of_entries(problem, text, known)
            if found is None:
                raise
            return found
    except SymgradError as error:
        error.message = as_written(error.message)
        raise error.at(None, None, "answer").within(textwrap.dedent(text)) from None


def _of_latex(problem: Problem, text: str, known: Known) -> Claim:
    lines = "\n".join(equation.text for equation in read_latex(text, problem, known))
    return claimed(problem, statements_of(lines, problem))


def _of_entries(problem: Problem, text: str, known: Known) -> Claim | None:
    """What a text with x_i in it says as LaTeX; None where it cannot be read so either."""
    if ENTRY.search(text) is None:
        return None
    try:
        claim = _of_latex(problem, as_latex(problem, text), known)
    except SymgradError:
        return None
    remark = f"read {text.strip()} as {unparse(claim.expression)}"
    whole = replace(claim.problem, remarks=(*claim.problem.remarks, remark))
    return replace(claim, problem=whole)


def as_latex(problem: Problem, text: str) -> str:
    """A text with entries in signs of LaTeX: indices in braces, sums as signs, derivatives as
    fractions."""
    text = GRAD.sub(next(x for x in "gGqQ" if x not in problem.names), text)
    text = SLOPE.sub(r"\\frac{\\partial \1}{\\partial \2}", text)
    kept = "Σ" if "Sigma" in problem.names else " "
    text = SUM.sub(lambda found: kept if found[0] == kept else r"\sum", text)
    text = ACCENTED.sub(lambda found: rf"\{found[2]}{{{LATEX.get(found[1], found[1])}}}", text)
    for name in {"lam", "eps"} & problem.names:
        text = re.sub(rf"\b{name}\b", lambda found: LATEX[found[0]], text)
    text = POWER.sub(r"^{\1}", text)
    text = BESIDE.sub(r"\1 * ", FRACTION.sub(r"\\frac{\1}{\2}", text))
    return JOINED.sub(r"_{\1}", text)


def claimed(problem: Problem, statements: Sequence[ast.stmt]) -> Claim:
    """The claim that these lines make."""
    if not statements:
        raise ProgramError("the answer is empty; it is an expression, such as 2 * x")
    names = [n for s in statements for n in ast.walk(s) if isinstance(n, ast.Name)]
    assigned = {name.id: name for name in reversed(names) if isinstance(name.ctx, ast.Store)}
    for loss in {problem.output_name, "loss"} & assigned.keys():
        with errors_at(assigned[loss]):
            raise ProgramError(f"{loss} is the problem's; write the gradient as grad = ...")
    dimensions = {*map(str, problem.dims)}
    if problem.loop is not None:
        dimensions |= problem.names - {problem.output_name}
    taken = {*problem.variables, *problem.definitions, *dimensions, *assigned}
    outputs = {*LOSS_NAMES, problem.output_name}
    used = {name.id for name in names} & outputs - taken  # as names of the loss
    meanings = dict.fromkeys(sorted(used), problem.output)
    asked = replace(problem, definitions={**problem.definitions, **meanings})
    whole, expression = parse_within(asked, statements)
    defined = {n: e for n, e in whole.definitions.items() if n not in asked.definitions}
    new = whole.chains[len(asked.chains) :]
    others = tuple(side for name, side in new if name not in whole.definitions)
    return Claim(whole, expression, defined, others)
