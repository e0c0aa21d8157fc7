"""The command `symgrad`: each command parses, calls one public function, and prints.

The module of a command is imported when it is called, and nothing heavy before it runs, so that
`symgrad --help` answers at once.
"""

from importlib import import_module
from typing import Any

import click

from .failures import Group

__all__ = ["main"]

COMMANDS = {  # each in the module of its name, and what the help says of it
    "catalog": "List functions, losses, models and optimizers with their formulas.",
    "check": "Check a gradient against numerical differentiation.",
    "code": "Write a NumPy function for the value and all gradients.",
    "compare": "Train a program with several optimizers, side by side.",
    "derive": "Derive the gradient of a loss, step by step.",
    "grade": "Grade a claimed gradient or derivation, and say what is wrong.",
    "predict": "Print what a trained model says of new data, as CSV.",
    "run": "Derive, check and train, all in one.",
    "serve": "Serve a page on which a model is typed and derived.",
    "solve": "Set the gradient to zero and solve, step by step.",
    "train": "Train the parameters of a program on data.",
}


class Imported(click.Command):
    """A command that is imported when it is called."""

    def make_context(self, info_name: str | None, *arguments: Any, **options: Any) -> click.Context:
        """The context of the command itself."""
        command: click.Command = getattr(import_module(f".{self.name}", __name__), str(self.name))
        return command.make_context(info_name, *arguments, **options)


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


for name, sentence in COMMANDS.items():
    main.add_command(Imported(name, short_help=sentence))
