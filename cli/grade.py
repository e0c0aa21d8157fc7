"""symgrad grade."""

from __future__ import annotations

import dataclasses
import json
import sys
from typing import IO, TYPE_CHECKING

import click

from .failures import FAILED, INCONCLUSIVE, fail
from .options import KINDS, LAYOUTS, symmetric_option, wrt_option
from .output import write
from .programs import ProgramFile, TextFile, file_argument, text_of

if TYPE_CHECKING:
    from symgrad.errors import SymgradError
    from symgrad.grading import Verdict
    from symgrad.language.problem import Problem

UNREADABLE = 2  # as wrong usage is
STATUS = {True: 0, False: FAILED, None: INCONCLUSIVE}


@click.command()
@file_argument
@wrt_option
@click.option("--answer", help="The claimed gradient, in the names of the program.")
@click.option("--answer-file", type=TextFile(), help="A file with the answer.")
@click.option(
    "--derivation",
    type=TextFile(),
    help="A file with a derivation, text or LaTeX, graded line by line: dL/dx = ...",
)
@click.option(
    "--of",
    type=click.Choice([kind for kind in KINDS if kind != "pullback"]),
    help="What the answer or derivation is to come to; hvp and directional are for a --derivation."
    "  [default: gradient; of an f, jacobian]",
)
@click.option(
    "--layout",
    type=click.Choice(LAYOUTS),
    default="variable",
    show_default=True,
    help="The layout that the answer is to be in.",
)
@symmetric_option
@click.option(
    "--hint",
    type=click.IntRange(1, 3),
    help="Say only: 1 where the mistake is, 2 which rule it is against, 3 the corrected part.",
)
@click.option("--show-answer", is_flag=True, help="Say the right answer, too.")
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)
def grade(
    program: ProgramFile,
    wrt: list[str] | None,
    answer: str | None,
    answer_file: IO[str] | None,
    derivation: IO[str] | None,
    of: str | None,
    layout: str,
    symmetric: str,
    hint: int | None,
    show_answer: bool,
    form: str,
) -> None:
    """Grade a claimed gradient, or a whole derivation, and say what is wrong.

    Exit status: 0 right, 1 wrong, 2 not readable, 3 nothing could be judged.

    \b
    Examples:
      symgrad grade two_layer_linear --wrt W2 --answer "sum(2 * (f - y) @ h.T for x, y in batch)"
      echo "grad_b = mean(p - t for x, t in batch)" | \\
        symgrad grade logistic_regression --wrt b --derivation -
      symgrad derive linear_regression --of hessian | \\
        symgrad grade linear_regression --of hessian --derivation -
    """
    if sum(given is not None for given in (answer, answer_file, derivation)) != 1:
        raise click.UsageError("give one of --answer, --answer-file and --derivation")
    if derivation is not None and symmetric != "independent":
        raise click.UsageError("--symmetric is for an --answer")
    if derivation is None and of in ("hvp", "directional"):
        raise click.UsageError(f"--of {of} is for a --derivation")
    most = 2 if of == "hessian" else 1
    if derivation is None and (wrt is None or len(wrt) > most):
        raise click.UsageError("--wrt names the one variable that the answer differentiates by")
    import symgrad as sg
    from symgrad.errors import SymgradError, VerificationError

    try:
        problem, file = program.problem(), answer_file or derivation
        text = text_of(file) if file is not None else str(answer)
        if derivation is not None:
            verdict = sg.grade_derivation(problem, wrt, text, kind=of, layout=layout)
        else:
            verdict = _graded(problem, wrt or [], text, of, layout, symmetric)
    except SymgradError as error:
        judged = not isinstance(error, VerificationError)
        _fail(error, "unreadable" if judged else "not_judged", form)
        sys.exit(UNREADABLE if judged else INCONCLUSIVE)
    said = verdict.diagnosis if hint is None else verdict.hint(hint) or verdict.diagnosis
    if form == "json":
        write(_json(verdict, said, show_answer))
    else:
        text = str(verdict) if hint is None or verdict.correct else said
        answer = verdict.answer if show_answer else ""
        write("\n".join(filter(None, (*map(str, verdict.lines), text, answer))))
    sys.exit(STATUS[verdict.correct])


def _graded(
    problem: Problem, wrt: list[str], answer: str, of: str | None, layout: str, symmetric: str
) -> Verdict:
    """The verdict on an answer."""
    import symgrad as sg
    from symgrad.language.dimensions import SCALAR

    kind = of or ("gradient" if problem.output.shape == SCALAR else "jacobian")
    by = wrt if kind == "hessian" else wrt[0]
    return sg.grade(problem, by, answer, kind=kind, layout=layout, symmetric=symmetric)


def _json(verdict: Verdict, said: str, show_answer: bool) -> str:
    """The verdict; what was not asked for, the answer and more than the hint, is null."""
    lines = [dataclasses.asdict(line) for line in verdict.lines]
    if verdict.line is not None and lines:
        lines[-1]["remark"] = said
    expected = verdict.expected if show_answer else None
    return _written(
        verdict.correct, verdict.kind, said, verdict.line, expected, verdict.remarks, lines
    )


def _fail(error: SymgradError, kind: str, form: str) -> None:
    """Say what cannot be read or judged."""
    fail(error)
    if form == "json":
        write(_written(None, kind, str(error), error.line, None, (), ()))


FIELDS = ("correct", "kind", "diagnosis", "line", "expected", "remarks", "lines")


def _written(*values: object) -> str:
    return json.dumps(dict(zip(FIELDS, values, strict=True)), indent=2, ensure_ascii=False)
