"""What is answered: what a model says, its derivation in each form, and whether an answer is
right."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import symgrad as sg
from symgrad.errors import OptionError, SymgradError, one_of, text_wanted
from symgrad.grading import grade as graded
from symgrad.grading.verdict import HINTS
from symgrad.language.dimensions import SCALAR, Dimension, core, dimension_text
from symgrad.language.handwriting.writing import place
from symgrad.language.latex_input.equations import Formula, formulas
from symgrad.language.problem import Problem, Variable
from symgrad.web.choices import DERIVATIVES, OF_SCALARS, chosen

Request: TypeAlias = Mapping[str, Any]
Answer: TypeAlias = dict[str, Any]
GRADED = ("gradient", "jacobian", "hessian")
TOLD = ("right or wrong", "hint 1", "hint 2", "hint 3", "answer")  # how much is said of an answer


@dataclass(frozen=True)
class Form:
    """A form of a derivation: the name of its tab, the suffix of its file, and whether it is shown
    as text, as a page or as a picture."""

    name: str
    label: str
    suffix: str
    written: Callable[..., str] = field(repr=False)
    shown: str = "text"


FORMS = (
    Form("derivation", "Derivation", "html", lambda derived, **page: derived.html(**page), "page"),
    Form("latex", "LaTeX", "tex", lambda derived, **page: derived.latex(**page)),
    Form("markdown", "Markdown", "md", lambda derived, **page: derived.markdown(**page)),
    Form("numpy", "NumPy", "py", lambda derived, **page: derived.lambdify().source),
    Form("json", "JSON", "json", lambda derived, level="", **page: derived.json(**page)),
    Form("graph", "Graph", "svg", lambda derived, **page: derived.graph("svg"), "picture"),
)
WRITTEN = {form.name: form.written for form in FORMS}


def read(request: Request) -> Answer:
    """What a model says: its names with their shapes, and what was read otherwise than typed."""
    problem = _problem(request)
    defined = {**problem.definitions, problem.output_name: problem.output}
    if problem.loop is not None:
        defined = {**problem.loop.step, **defined}
    return {
        "variables": [_variable(v, problem) for v in problem.variables.values()],
        "defined": [{"name": n, "dims": _dims(core(e.shape))} for n, e in defined.items()],
        "remarks": list(problem.remarks),
        "of": _usual(problem),
    }


def derive(request: Request) -> Answer:
    """A derivation in the form that is wanted, and what the checks say."""
    one_of("form", request.get("form"), WRITTEN)
    problem = _problem(request)
    of = request.get("of") or _usual(problem)
    options = chosen(request, "convention", of) | chosen(request, "way", of)
    derived = getattr(sg, DERIVATIVES[of])(problem, wrt=_wrt(request), **options)
    derived = derived.styled(sg.Style(**chosen(request, "style", of)))
    if seed := chosen(request, "numbers", of):
        derived = derived.numbered(int(seed["numbers"]))
    page = chosen(request, "page", of)
    return {"text": WRITTEN[request["form"]](derived, **page), "checked": derived.checked.verdict}


def grade(request: Request) -> Answer:
    """Whether an answer is right; of a wrong one no more than what is asked to be told."""
    one_of("tell", request.get("tell"), TOLD)
    problem = _problem(request)
    of = request.get("of") or _usual(problem)
    one_of("what is graded", of, GRADED)
    wrt = _wrt(request)
    if wrt is None or len(wrt) > (2 if of == "hessian" else 1):
        raise OptionError("an answer differentiates by one variable: choose it")
    answer = text_wanted("an answer", request.get("answer"))
    options = chosen(request, "convention", of)
    verdict = graded(problem, wrt if of == "hessian" else wrt[0], answer, kind=of, **options)
    told = len(TOLD) - 1 if verdict.correct else TOLD.index(request["tell"])
    said = ("", *map(verdict.hint, HINTS), verdict.diagnosis)[told]
    return {
        "correct": verdict.correct,
        "said": said,
        "expected": verdict.expected if TOLD[told] == "answer" else None,
        "remarks": list(verdict.remarks),
    }


ANSWERS: dict[str, Callable[[Request], Answer]] = {"read": read, "derive": derive, "grade": grade}


def _problem(request: Request) -> Problem:
    """The model, a scalar where what is asked for is of one."""
    return read_model(text_wanted("a model", request.get("model")), request.get("of") in OF_SCALARS)


def _wrt(request: Request) -> list[str] | None:
    """The names to differentiate by; None of all parameters."""
    names = request.get("wrt") or None
    if names is not None and not (
        isinstance(names, list) and all(isinstance(n, str) for n in names)
    ):
        raise OptionError("wrt is a list of names")
    return names


def _usual(problem: Problem) -> str:
    return "gradient" if problem.output.shape == SCALAR else "jacobian"


def _variable(variable: Variable, problem: Problem) -> Answer:
    return {
        "name": variable.name,
        "dims": _dims(variable.dims),
        "label": variable.kind == "Index",
        "facts": sorted(variable.facts),
        "parameter": variable.name in problem.parameters,
    }


def _dims(dims: Iterable[Dimension]) -> str:
    return " × ".join(map(dimension_text, dims))


# what is typed


OPEN, CLOSE = "([{", ")]}"


def read_model(text: str, scalar: bool = False) -> Problem:
    r"""The problem of a program; of one expression, whose shapes are then inferred, with or without
    a name before it; it may have to be a `scalar`.

    Raises: SymgradError with line and column in the text.

    >>> read_model("loss = norm2(W @ x - y)**2").parameters
    ('W', 'x', 'y')
    >>> read_model(r"\[ L(W) = \|W x - y\|^2 \]").remarks
    ('read \\|W x - y\\|^2 as norm2(W @ x - y)**2',)
    """
    formula = _alone(text)
    if formula is None:
        return sg.parse(text)
    try:
        return sg.parse_expression(formula.text, scalar)
    except SymgradError as error:
        if error.line is not None:
            above = formula.text.split("\n")[: error.line - 1]
            inside = sum(len(line) + 1 for line in above) + (error.column or 1) - 1
            error.line, error.column = place(text, formula.begin + inside)
        raise


def _alone(text: str) -> Formula | None:
    """The only expression of a text, without the name that it is given; None of a program."""
    front, latex, _ = text.partition("\\")
    if ":" in front:  # a declaration
        return None
    lines = [line for line in text.splitlines() if line.split("#")[0].strip()]
    found = formulas(text) if latex else [Formula(line, text.index(line)) for line in lines]
    return _unnamed(found[0]) if len(found) == 1 else None


def _unnamed(formula: Formula) -> Formula:
    """What stands after the first = that is in no brackets."""
    text, depth, begin = formula.text, 0, 0
    for k, sign in enumerate(text):
        depth += (sign in OPEN) - (sign in CLOSE)
        if sign == "=" and depth == 0:
            begin = k + 1 if text[k + 1 : k + 2] != "=" else 0
            break
    begin += len(text[begin:]) - len(text[begin:].lstrip(" \t\n&"))
    return Formula(text[begin:].rstrip(), formula.begin + begin)
