"""symgrad check, of a derived gradient or of a function of the user's own, out of a Python file."""

from __future__ import annotations

import importlib.util
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from .failures import FAILED, INCONCLUSIVE, NOT_FINITE
from .options import wrt_option
from .output import write
from .programs import ProgramFile, file_argument

STATUS = {
    "passed": 0,
    "failed": FAILED,
    "inconclusive": INCONCLUSIVE,
    "not checked": INCONCLUSIVE,
    "not finite": NOT_FINITE,
}


def find_function(
    context: click.Context, parameter: click.Parameter, value: str | None
) -> Callable[..., Any] | None:
    """The function that FILE.py:NAME names, its file imported; wrong usage where there is none."""
    if value is None:
        return None
    file, colon, name = value.rpartition(":")
    path = Path(file)
    if not colon or not name.isidentifier():
        raise click.BadParameter(f"{value}: a file and a function are wanted, model.py:grad")
    if not path.is_file():
        raise click.BadParameter(f"no file {file}")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise click.BadParameter(f"{file} is no Python file (.py)")
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(path.resolve().parent))  # what lies beside it can be imported
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise click.BadParameter(f"{file} cannot be imported: {_told(error, path)}") from None
    finally:
        sys.path.pop(0)
    function = getattr(module, name, None)
    if not callable(function):
        raise click.BadParameter(f"{file} has no function {name}{_near(name, module)}")
    return _telling(function, name, path)


def _near(name: str, module: Any) -> str:
    from symgrad.errors import did_you_mean

    return did_you_mean(name, [n for n, value in vars(module).items() if callable(value)])


def _telling(function: Callable[..., Any], name: str, path: Path) -> Callable[..., Any]:
    """The function, whose errors are those of the user's file."""
    from functools import wraps

    from symgrad.errors import DataError

    @wraps(function)
    def called(*arguments: Any, **named: Any) -> Any:
        try:
            return function(*arguments, **named)
        except Exception as error:
            raise DataError(f"{name} of {path} fails: {_told(error, path)}") from None

    return called


def _told(error: Exception, path: Path) -> str:
    """An error in a line, with the last line of the file that it came by."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [f.lineno for f in frames if Path(f.filename).resolve() == path.resolve()]
    line = getattr(error, "lineno", None) or (lines[-1] if lines else None)
    where = f" (line {line})" if line else ""
    return f"{type(error).__name__}: {error}{where}"


@click.command()
@file_argument
@wrt_option
@click.option(
    "--against",
    metavar="FILE.py:NAME",
    callback=find_function,
    help="Check the gradient that this function of yours gives, not the derived one. Its file is "
    "imported, which runs it.",
)
def check(program: ProgramFile, wrt: list[str] | None, against: Callable[..., Any] | None) -> None:
    """Check a gradient against numerical differentiation at random numbers.

    With --against model.py:grad it is your own. The function is called as grad(W=..., x=...), with
    those of the program's inputs that its parameters are named after, or with one dictionary of all
    inputs. They are NumPy arrays: a Vector(n) has the shape (n,), a Matrix(m, n) the shape (m, n);
    what is of an example has the batch as a first axis more. It returns a dictionary with an array
    for each name of --wrt (an array alone where there is one name), or value and dictionary. It is
    called at several random points.

    Exit status: 0 passed, 1 failed, 3 inconclusive (at a kink, or rounding hides the gradient),
    4 not finite.

    \b
    Examples:
      symgrad check two_layer_linear
    """
    import symgrad as sg

    given: dict[str, Any] = {} if against is None else {"gradients": against}
    report = sg.check_gradient(program.problem(), wrt, **given)
    write(str(report))
    sys.exit(STATUS[report.verdict])
