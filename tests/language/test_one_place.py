"""An operation stands in one file: no other file of the library quotes its name or imports its
record."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import symgrad
from symgrad.language.expressions import OPERATIONS

ROOT = Path(symgrad.__file__).parent


def docstrings(tree: ast.Module) -> set[ast.AST]:
    """The constants that are docstrings."""
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return {
        node.body[0].value
        for node in ast.walk(tree)
        if isinstance(node, kinds) and node.body and isinstance(node.body[0], ast.Expr)
    }


def records() -> dict[str, tuple[str, str]]:
    """{name of an operation: its file, its name there}."""
    found = {}
    for path in sorted((ROOT / "language" / "operations").glob("[a-z]*.py")):
        module = __import__(f"symgrad.language.operations.{path.stem}", fromlist=["*"])
        for name, value in vars(module).items():
            if OPERATIONS.get(getattr(value, "name", None)) is value:  # type: ignore[arg-type]
                text = path.read_text(encoding="utf-8")
                if re.search(rf"^{name}(: (ex\.)?Operation)? = ", text, re.MULTILINE):
                    found[value.name] = (str(path.relative_to(ROOT)), name)
    return found


def named(path: Path) -> Iterator[tuple[str, str]]:
    """What a file quotes, and the records that it imports: (module, name)."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    silent = docstrings(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in silent:
            yield "", node.value
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                yield node.module, alias.name


@cache
def every_name() -> dict[Path, set[tuple[str, str]]]:
    """What each file quotes and imports."""
    return {path.relative_to(ROOT): set(named(path)) for path in sorted(ROOT.rglob("*.py"))}


RECORDS = records()


def places(name: str) -> list[str]:
    """The files that name the operation."""
    file, record = RECORDS[name]
    module = "symgrad." + file.removesuffix(".py").replace("/", ".")
    own = {("", name), (module, record)}
    return sorted({file, *(str(path) for path, texts in every_name().items() if texts & own)})


STRUCTURE = {  # what the algebra, the operators or the arrays are made of, and other words alike
    **dict.fromkeys(
        ("add", "subtract", "negative", "multiply", "divide", "power", "matmul", "transpose"),
        "an operator of Python: the parser and the algebra say it; NumPy's word for its ufunc",
    ),
    **dict.fromkeys(
        ("sum", "max", "min", "maximum", "minimum"),
        "a reduction of arrays, by NumPy's name",
    ),
    **dict.fromkeys(
        ("ones", "zeros", "eye"), "a constant: sums without a factor, deltas; SymPy has it, too"
    ),
    **dict.fromkeys(
        ("trace", "dot", "diag", "lookup", "onehot", "einsum", "squared_norm", "slice_of"),
        "matrix notation is made of it: what a graph of indices reduces to",
    ),
    **dict.fromkeys(
        ("batch_sum", "batch_mean", "mean"), "the batch: a sum with a range of its own"
    ),
    **dict.fromkeys(
        ("entry", "same_label", "index_sum", "index_mean"),
        "index notation: what has no matrix form is made of it",
    ),
    **dict.fromkeys(("vector", "matrix", "tensor"), "also the kinds of variables"),
    "sqrt": "the power one half, a power of the normal form",
    "kron": "the vectorised form of a result is made of it",
    "inv": "linear equations for an unknown are solved by it",
    "eigenvectors": "systems of shifted Kronecker products are diagonal in them",
    "norm2": "what an orthogonal matrix keeps: a rule of the algebra",
    **dict.fromkeys(
        ("exp", "log", "log1p", "variable_power", "xlogy"),
        "the laws of logarithms: rules of the algebra",
    ),
    "prod": "a reduction of arrays, by NumPy's name; SymPy's Product; of a number for each index",
    "where": "NumPy's word for it, by which code has it; SymPy's Piecewise is made of it",
    "step": "also a line of a derivation, and a schedule",
    "sign": "also the name of a mistake",
    "csc": "also SciPy's word for a sparse matrix by columns",
    "var": "also a part of LaTeX's \\varepsilon",
}


@pytest.mark.parametrize("name", sorted(OPERATIONS.keys() - STRUCTURE.keys()))
def test_one_file_names_an_operation(name: str) -> None:
    """Records may be made of each other: gelu of erf. Programs call them: models/ writes such."""
    file, _ = RECORDS[name]
    allowed = ("language/operations/", "models/")
    assert [path for path in places(name) if not path.startswith(allowed)] == []
    assert file.startswith("language/operations/")


def test_what_is_structure_is_named_elsewhere() -> None:
    assert not [name for name in STRUCTURE.keys() & RECORDS.keys() if len(places(name)) == 1]
