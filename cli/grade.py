"""symgrad grade."""

from __future__ import annotations

import dataclasses
import json
import sys
from typing import IO

import click

from .failures import FAILED
from .options import wrt_option
from .output import write
from .programs import ProgramFile, file_argument, text_of


@click.command()
@file_argument
@wrt_option
@click.option("--answer", help="The claimed gradient, in the names of the program.")
@click.option("--answer-file", type=click.File(encoding="utf-8"), help="A file with the answer.")
@click.option(
    "--derivation",
    type=click.File(encoding="utf-8"),
    help="A file with a derivation, graded line by line: dL/dx = ... or name = ...",
)
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)
def grade(
    program: ProgramFile,
    wrt: list[str] | None,
    answer: str | None,
    answer_file: IO[str] | None,
    derivation: IO[str] | None,
    form: str,
) -> None:
    """Grade a claimed gradient, or a whole derivation, and say what is wrong.

    Exit status: 0 right, 1 wrong.

    \b
    Examples:
      symgrad grade two_layer_linear --wrt W2 --answer "sum(2 * (f - y) @ h.T for x, y in batch)"
      echo "dl/df = 2 * (f - y)" | symgrad grade two_layer_linear --derivation -
    """
    import symgrad.grading as grading

    if sum(given is not None for given in (answer, answer_file, derivation)) != 1:
        raise click.UsageError("give one of --answer, --answer-file and --derivation")
    if derivation is not None:
        verdict = grading.grade_derivation(program.problem(), wrt, text_of(derivation))
    else:
        if wrt is None or len(wrt) != 1:
            raise click.UsageError("--wrt names the one variable that the answer differentiates by")
        text = text_of(answer_file) if answer_file is not None else answer or ""
        verdict = grading.grade(program.problem(), wrt[0], text)
    if form == "json":
        write(json.dumps(dataclasses.asdict(verdict), indent=2, ensure_ascii=False))
    else:
        write(str(verdict))
    sys.exit(0 if verdict.correct else FAILED)
