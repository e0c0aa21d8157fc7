"""Gradients derived symbolically: in matrix notation, step by step, verified, as NumPy code."""

from functools import cache
from importlib import import_module
from inspect import isfunction
from pathlib import Path
from typing import Any

from symgrad.errors import checked_call

import_module("symgrad.api")  # what derives is loaded at once: with it, all rules are there


def _stub() -> dict[str, str]:
    """Which module has each public name, as `__init__.pyi` says it to type checkers, too."""
    lines = Path(__file__).with_suffix(".pyi").read_text(encoding="utf-8").splitlines()
    words = (line.split() for line in lines if line.startswith("from symgrad."))
    return {name: module for _, module, _, name, *_ in words}


_MODULES = _stub()  # loaded when a name is first asked for
_PACKAGES = ("data", "models")

__version__ = "0.1.0"
__all__ = sorted(_MODULES)


def __getattr__(name: str) -> Any:
    """A public name on its first use, or a function of the language on SymPy expressions."""
    if name in _MODULES:
        return _public(name)
    if name in _PACKAGES:
        return import_module(f"symgrad.{name}")
    function = import_module("symgrad.language.sympy_functions").sympy_function(name)
    if function is None:
        raise AttributeError(f"module 'symgrad' has no attribute {name!r}")
    return function


@cache
def _public(name: str) -> Any:
    """What its module has; a wrong call of a function says how it is called."""
    value = getattr(import_module(_MODULES[name]), name)
    return checked_call(value) if isfunction(value) else value


def load_ipython_extension(shell: Any) -> None:
    """`%load_ext symgrad`: the cell magic %%symgrad, a command like those of a terminal."""
    import_module("symgrad_cli.notebook").load(shell)


def __dir__() -> list[str]:
    names = import_module("symgrad.language.scope").function_names()
    known = import_module("symgrad.language.sympy_functions").sympy_function
    return sorted({*globals(), *__all__, *_PACKAGES, *filter(known, names)})
