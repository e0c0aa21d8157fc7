"""The option --against: a function of the user's own, out of a Python file."""

from __future__ import annotations

import importlib.util
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click


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
