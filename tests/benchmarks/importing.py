"""CPU time of imports and of the command's help, each in a new process."""

from __future__ import annotations

from tests.benchmarks.children import cpu_seconds, medians
from tests.benchmarks.one_batch import Say
from tests.benchmarks.tables import table

CLICK = "import click; click.command()(lambda: None)(['--help'])"
COMMANDS = {
    "python -c pass": ("-c", "pass"),
    "import numpy": ("-c", "import numpy"),
    "import sympy": ("-c", "import sympy"),
    "import numpy, sympy": ("-c", "import numpy, sympy"),
    "import symgrad": ("-c", "import symgrad"),
    "click's --help": ("-c", CLICK),
    "symgrad --help": ("-c", "import symgrad_cli; symgrad_cli.main(['--help'])"),
}


def run(rounds: int, say: Say) -> None:
    """Print the medians in milliseconds."""
    for command in COMMANDS.values():  # the first run writes the compiled files
        cpu_seconds(*command)
    seconds = medians([[cpu_seconds(*c) for c in COMMANDS.values()] for _ in range(rounds)])
    rows = [[name, f"{1000 * s:.0f}"] for name, s in zip(COMMANDS, seconds, strict=True)]
    say("\n" + table(["", "CPU time, ms"], rows))
