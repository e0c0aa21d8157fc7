"""One expression without declarations as a problem.

Kinds are read off the names, dimensions are unified: every name starts with dimensions of its own,
and each shape error that names two dimensions which would have to agree makes them one.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from symgrad.errors import ProgramError, ShapeError, SymgradError, UnknownNameError
from symgrad.language.expressions import is_scalar
from symgrad.language.names import SMALL_GREEK
from symgrad.language.operations import OPERATIONS
from symgrad.language.parser import ALIASES, CONSTANTS, parse
from symgrad.language.problem import KINDS, Problem
from symgrad.language.syntax import syntax_tree

LETTERS = ("n", "m", "k", "p", "q", "r", "s", "d", "h", "l")
SCALARS = {*SMALL_GREEK, "lam", "eps"}
HOLDER = "dimension_"  # begins the name of a variable that declares what only ones(n) names


def parse_expression(text: str) -> Problem:
    """The problem of one expression whose variables are not declared.

    A name in lower case is a vector, in upper case a matrix, a small Greek letter a scalar (`lam`,
    `eps`, `alpha`, `alpha_1`); `v` in `Z[v]` is an integer label. The dimensions are the most
    general ones with which all shapes fit. A scalar is the `loss`, anything else `f`.

    Raises: SymgradError as for a program, with line and column in the text.

    >>> problem = parse_expression("norm2(W @ x - y)**2 + lam * norm2(W)**2")
    >>> [f"{v.name}: {v.kind}{v.dims}" for v in problem.variables.values()]
    ['W: Matrix(m, n)', 'x: Vector(n,)', 'y: Vector(m,)', 'lam: Scalar()']
    """
    tree = _tree(text)
    used = _used_dimensions(tree)
    inference = _Inference(text.strip(), _kinds(tree, used), used)
    if "f" in inference.kinds:
        return inference.problem("loss")
    problem = inference.problem("f")
    if is_scalar(problem.output) and "loss" not in inference.kinds:
        return inference.problem("loss")
    return problem


def _tree(text: str) -> ast.expr:
    """The syntax tree of the text, which is one expression and nothing else."""
    match syntax_tree(text.strip()).body:
        case [ast.Expr(value=value)]:
            return value
    raise ProgramError("one expression is wanted, without declarations or assignments")


def _kinds(tree: ast.expr, used: list[str]) -> dict[str, str]:
    """Each name that the text leaves undeclared -> its kind, in order of appearance."""
    labels: set[str] = set()
    batches: set[int] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Subscript(slice=ast.Name(id=name)):
                labels.add(name)
            case ast.comprehension(iter=ast.Name() as batch):
                batches.add(id(batch))
    names = [n for n in ast.walk(tree) if isinstance(n, ast.Name) and id(n) not in batches]
    names.sort(key=lambda n: (n.lineno, n.col_offset))
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    declared = {*OPERATIONS, *ALIASES, *used}
    return {
        n.id: kind_of(n.id, n.id in labels)
        for n in names
        if n.id not in declared and id(n) not in called
    }


def kind_of(name: str, label: bool = False) -> str:
    """The kind that a name has by convention.

    >>> [kind_of(name) for name in ("W1", "hidden", "alpha_1", "Sigma", "lam")]
    ['Matrix', 'Vector', 'Scalar', 'Matrix', 'Scalar']
    """
    if label:
        return "Index"
    stem = re.sub(r"_?[0-9]*$", "", name)
    if stem in SCALARS or (len(stem) == 1 and "\u03b1" <= stem <= "\u03c9"):
        return "Scalar"
    return "Matrix" if name[0].isupper() else "Vector"


def _used_dimensions(tree: ast.expr) -> list[str]:
    """The dimensions that the text names itself, in ones(n), zeros(m, n) and eye(n)."""
    used = [
        argument.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        if node.func.id in CONSTANTS
        for argument in node.args
        if isinstance(argument, ast.Name)
    ]
    return list(dict.fromkeys(used))


@dataclass
class _Inference:
    """The names of a text, and which of their dimensions are the same.

    A dimension is called `W 0` (the first of W) until it has a letter. `same` leads from one to
    another that it equals, in the end to a number, a name that the text uses, or a free one.
    """

    text: str
    kinds: dict[str, str]
    used: list[str]
    same: dict[str, str] = field(default_factory=dict)

    def problem(self, output: str) -> Problem:
        """The problem `output = text`, after as many merges as it takes."""
        while True:
            letters = self._letters()
            lines = self._declarations(letters)
            prefix = f"{output} = "
            try:
                return self._checked(parse("\n".join([*lines, prefix + self.text])))
            except ShapeError as error:
                if not self._merged(error, letters):
                    raise _placed(error, len(lines), len(prefix)) from None
            except SymgradError as error:
                raise _placed(error, len(lines), len(prefix)) from None

    def _root(self, dimension: str) -> str:
        while dimension in self.same:
            dimension = self.same[dimension]
        return dimension

    def _dims(self, name: str) -> list[str]:
        return [self._root(f"{name} {k}") for k in range(KINDS[self.kinds[name]] or 0)]

    def _letters(self) -> dict[str, str]:
        """Each free dimension -> a letter that no name of the text has; matrices first."""
        taken = {*self.kinds, *self.used}
        numbered = (f"n{k}" for k in itertools.count(1))
        free: Iterator[str] = (x for x in itertools.chain(LETTERS, numbered) if x not in taken)
        matrices = [name for name, kind in self.kinds.items() if kind == "Matrix"]
        names = dict.fromkeys([*matrices, *self.kinds])
        dims = [d for name in names for d in reversed(self._dims(name)) if " " in d]
        return {d: next(free) for d in dict.fromkeys(dims)}

    def _declarations(self, letters: dict[str, str]) -> list[str]:
        lines = [f"{HOLDER}{n}: Vector({n})" for n in self.used]
        for name, kind in self.kinds.items():
            dims = [letters.get(d, d) for d in self._dims(name)]
            lines.append(f"{name}: {kind}({', '.join(dims)})" if dims else f"{name}: {kind}")
        return lines

    def _merged(self, error: ShapeError, letters: dict[str, str]) -> bool:
        """Make the two dimensions of the error one, if one of them is free and neither is 1."""
        named = {letter: d for d, letter in letters.items()}
        one, two = (named.get(str(d), str(d)) for d in error.dimensions or ("1", "1"))
        if " " in two:
            one, two = two, one
        known = two in letters or two in self.used or (two.isdigit() and two != "1")
        if " " not in one or not known:
            return False
        self.same[one] = two
        return True

    def _checked(self, problem: Problem) -> Problem:
        """The problem without the variables that only declare a dimension."""
        variables = {n: v for n, v in problem.variables.items() if not n.startswith(HOLDER)}
        for n in self.used:
            if not any(n == str(d) for v in variables.values() for d in v.dims):
                raise UnknownNameError(
                    f"no name here has the dimension {n}; declare it in a program"
                )
        return replace(problem, variables=variables)


def _placed(error: SymgradError, lines: int, columns: int) -> SymgradError:
    """The error with its place in the text, not in the program around it."""
    line = (error.line or 0) - lines
    column = error.column if line > 1 else (error.column or 0) - columns
    within = line > 0 and (column is None or column > 0)
    error.line, error.column = (line, column) if within else (None, None)
    return error
