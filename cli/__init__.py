"""The command `symgrad`: each command parses, calls one public function, and prints.

Nothing heavy is imported before a command runs, so that `symgrad --help` answers at once.
"""

import click

from .catalog import catalog
from .check import check
from .code import code
from .compare import compare
from .derive import derive
from .failures import Group
from .grade import grade
from .predict import predict
from .run import run
from .serve import serve
from .solve import solve
from .train import train

__all__ = ["main"]


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="symgrad", prog_name="symgrad")
def main() -> None:
    """From a loss, written once as mathematics: derivation, LaTeX, NumPy code, trained model.

    \b
    symgrad run                                       all of it, on a built-in example
    symgrad derive -e "norm2(W @ x - y)**2" --wrt W   a derivation, every step explained

    FILE is a program in the text language, - for standard input, or the name of a built-in example.

    Exit status: 0 done, 1 the mathematics or a check failed, 2 wrong usage, 3 inconclusive,
    4 not finite, 130 interrupted.
    """


for command in (derive, solve, check, grade, code, train, compare, predict, run, catalog, serve):
    main.add_command(command)
