"""What `import symgrad` offers: every public name, and nothing loaded before it is needed."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import symgrad
from symgrad.language.scope import function_names
from symgrad.language.sympy_functions import sympy_function

STUB = Path(symgrad.__file__).with_suffix(".pyi")


def python(program: str) -> str:
    """What the program prints in a new interpreter."""
    command = [sys.executable, "-c", program]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize("name", symgrad.__all__)
def test_a_public_name_is_there(name: str) -> None:
    assert getattr(symgrad, name) is not None
    assert name in dir(symgrad)


def test_type_checkers_know_every_public_name() -> None:
    tree = ast.parse(STUB.read_text(encoding="utf-8"))
    imports = [n for n in tree.body if isinstance(n, ast.ImportFrom)]
    declared = {
        alias.asname: (f"{node.module}", alias.name)
        for node in imports
        for alias in node.names
        if not f"{alias.asname}".startswith("_")
    }
    assert declared.pop("Any") == ("typing", "Any")
    packages = dict.fromkeys(symgrad._PACKAGES, "symgrad")
    modules = {**symgrad._MODULES, **packages}
    assert declared == {name: (module, name) for name, module in modules.items()}


def test_type_checkers_know_every_function_and_no_other_name() -> None:
    tree = ast.parse(STUB.read_text(encoding="utf-8"))
    annotated = {ast.unparse(n.target) for n in tree.body if isinstance(n, ast.AnnAssign)}
    assert annotated - {"__version__"} == {n for n in function_names() if sympy_function(n)}
    defined = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    assert defined == ["load_ipython_extension"]  # no __getattr__, which would hide a misspelling


def test_every_name_that_is_listed_is_there() -> None:
    assert [name for name in dir(symgrad) if not hasattr(symgrad, name)] == []


def test_a_star_import_has_every_public_name() -> None:
    assert python("from symgrad import *; print(Adam, fit, grade, catalog, derive)")


def test_an_unknown_name_is_none() -> None:
    with pytest.raises(AttributeError, match="'symgrad' has no attribute 'nothing'"):
        symgrad.nothing  # noqa: B018


def test_the_import_loads_nothing_that_deriving_does_not_need() -> None:
    before = "import numpy, sympy, sys; known = set(sys.modules); import symgrad"
    loaded = {*python(f"{before}; print(*set(sys.modules) - known)").split()}
    assert "symgrad" in loaded
    unneeded = ("symgrad.training", "symgrad.grading", "symgrad.examples", "symgrad.models")
    assert loaded.isdisjoint((*unneeded, "numpy.random", "numpy.ma", "sympy.tensor.tensor"))


DERIVED = """
import sys, symgrad as sg
problem = sg.parse("W: Matrix(m, n)\\nx: Vector(n)\\nloss = sum(log(1 + exp(W @ x)))")
derivation = sg.derive(problem, "W", layout="numerator")
sg.hessian(sg.parse_expression("norm2(A @ x)**2"), "x").results["x", "x"].expression
sg.parse_latex(r"\\nabla_W L = \\sigma(Wx) x^T", problem)
result = derivation.results["W"]
print(result.expression, result.latex, result.component(), result.sympy(), derivation.steps)
assert "symgrad.training" not in sys.modules
print(*(m for m in sys.modules if m.split(".")[0] == "numpy" or m.startswith("symgrad.numerics")))
"""


def test_deriving_loads_no_numpy() -> None:
    assert python(DERIVED).splitlines()[-1] == ""


def test_a_text_is_checked_without_making_code() -> None:
    program = 'import symgrad, sys; symgrad.derive("x: Vector(n)\\nloss = norm2(x)**2").text()'
    assert python(f"{program}; print('symgrad.numerics.plan' in sys.modules)") == "False\n"


def test_fitting_and_grading_are_loaded_when_they_are_asked_for() -> None:
    program = "import symgrad, sys; symgrad.fit; print('symgrad.training.fit' in sys.modules)"
    assert python(program) == "True\n"


def test_packages_are_loaded_when_they_are_asked_for() -> None:
    assert python("import symgrad; print(symgrad.models.linear().parameters)") == "('w', 'b')\n"
