"""symgrad run."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from .check import STATUS
from .failures import INCONCLUSIVE
from .output import write
from .printing import text_for
from .programs import ProgramFile, find_program, offered
from .style import style_options
from .terminal import screen
from .training import Training, train_program, training_options

if TYPE_CHECKING:
    from symgrad import Style


@click.command()
@click.argument(
    "program",
    metavar="[FILE]",
    callback=find_program,
    default="two_layer_linear",
    shell_complete=offered,
)
@style_options
@training_options
def run(program: ProgramFile, training: Training, style: Style) -> None:
    """Derive, check and train, all in one.

    Without a FILE: the two-layer linear net of the lecture, on built-in data. A file of your own
    needs --data, as `symgrad train` describes it. The built-in examples:
    deepwalk, graph_convolution, huber_regression, linear_regression, logistic_regression,
    max_margin, mlp_relu, mlp_sigmoid, softmax_regression, two_layer_linear.

    \b
    Examples:
      symgrad run
      symgrad run graph_convolution
    """
    training.data.check(program)
    import symgrad as sg

    problem = program.problem()
    write(text_for(screen(), sg.derive(problem).styled(style)))
    write("")
    report = sg.check_gradient(problem)
    write(str(report))
    write("")
    status = STATUS[report.verdict]
    if status in (0, INCONCLUSIVE):
        train_program(program, problem, training)
    sys.exit(status)
