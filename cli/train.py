"""symgrad train."""

from __future__ import annotations

import click

from .output import writable, write
from .programs import ProgramFile, file_argument
from .report import parameters
from .training import Training, train_program, training_options


@click.command()
@file_argument
@training_options
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    callback=writable,
    help="Write the model to this npz file, for `symgrad predict` and `load_model`: an array for "
    "each parameter, of layers W[1], W[2], ..., the program, and what was done to the columns.",
)
def train(program: ProgramFile, training: Training, output: str | None) -> None:
    """Train the parameters of a program on data.

    An npz file holds an array for each name. In a CSV file one line is one example: the vector x
    is the column x, or x1, x2, ..., or what --columns says. A column of text holds labels: they
    become one-hot rows for a vector declared with one_hot=True, numbers for an index, and 0 and 1
    for a scalar. A built-in example has data and defaults of its own.

    \b
    Examples:
      symgrad train softmax_regression --validation 0.2 --plot -
      printf 'x,t\\n1,2.1\\n2,3.9\\n3,6.2\\n' > line.csv
      symgrad train linear_regression --data line.csv --output line.npz
    """
    training.data.check(program)
    problem = program.problem()
    result = train_program(program, problem, training)
    if output is None:
        write(parameters(result))
        return
    write(result.model.packed(), output)
