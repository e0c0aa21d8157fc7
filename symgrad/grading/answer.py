"""An answer as text, read among the names of its problem."""

from __future__ import annotations

import ast
import re
import textwrap
from dataclasses import dataclass
from itertools import count

from symgrad.errors import ProgramError, SymgradError
from symgrad.language.expressions import Call, Expression, Name, fold
from symgrad.language.parser import parse
from symgrad.language.problem import Problem, Variable
from symgrad.language.syntax import syntax_tree
from symgrad.language.unparse import unparse

DERIVATIVE = re.compile(r"\bd(L|l|loss)/d([^\W\d]\w*)")
READABLE = re.compile(r"\bd(L|l|loss)_d(?=[^\W\d])")
LOSS = "LOSS"  # what `loss` is called while an answer is read, of the same length


@dataclass(frozen=True)
class Claim:
    """What an answer says: `expression`, in the names of `problem`, which is the problem asked
    about with the answer's own definitions among its own."""

    problem: Problem
    expression: Expression
    own: tuple[str, ...]

    @property
    def written_out(self) -> Expression:
        """The expression with the answer's own definitions put in."""
        meanings = {name: self.problem.definitions[name] for name in self.own}
        return substituted(self.expression, meanings)


def read(problem: Problem, text: str, filename: str | None = None) -> Claim:
    """The claim that an answer makes: definitions, one a line; last an expression or `grad = ...`.

    `L` and `loss` stand for the loss itself. Raises: SymgradError with line and column, counted in
    the answer, for unknown names, wrong syntax, or shapes that do not fit each other.

    >>> problem = parse("x: Vector(n)\\nloss = x.T @ x")
    >>> unparse(read(problem, "two = 2\\ngrad = two * x").written_out)
    '2 * x'
    """
    text = plain_names(textwrap.dedent(text))
    try:
        return _read(problem, text)
    except SymgradError as error:
        raise as_written(error, filename) from None


def as_written(error: SymgradError, filename: str | None) -> SymgradError:
    """The error in the names that were written, with a place in this file."""
    error.message = written_names(error.message)
    return error.at(None, None, filename)


def written_names(text: str) -> str:
    """The text with the names of `plain_names` as they were written."""
    return READABLE.sub(r"d\1/d", text).replace(LOSS, "loss")


def plain_names(text: str) -> str:
    """The text with each derivative dL/dx as one name, dL_dx, and the loss under another name;
    every column stays where it is."""
    return re.sub(r"\bloss\b", LOSS, DERIVATIVE.sub(r"d\1_d\2", text))


def substituted(root: Expression, meanings: dict[str, Expression]) -> Expression:
    """The expression with these names replaced by what they mean, inside each other too."""
    known: dict[str, Expression] = {}

    def visit(node: Expression, arguments: tuple[Expression, ...]) -> Expression:
        if isinstance(node, Name) and node.name in meanings:
            return known.get(node.name, node)
        return with_arguments(node, arguments)

    for name, meaning in meanings.items():
        known[name] = fold(meaning, visit)
    return fold(root, visit)


def with_arguments(node: Expression, arguments: tuple[Expression, ...]) -> Expression:
    """A call with other arguments of the same shapes; the node itself where none is another."""
    same = all(a is b for a, b in zip(getattr(node, "arguments", ()), arguments, strict=True))
    if same or not isinstance(node, Call):
        return node
    return Call(node.operation, arguments, node.shape, node.options, node.batch)


def _read(problem: Problem, text: str) -> Claim:
    statements = syntax_tree(text).body
    if not statements:
        raise ProgramError("the answer is empty; it is an expression, such as 2 * x")
    for statement in statements:
        _check(statement, problem)
    before = [*_program_lines(problem), *_loss_names(problem, text)]
    name, prefix, lines = _named(problem, text, statements[-1])
    output = f"{problem.output_name} = {unparse(problem.output)}"
    try:
        whole = parse("\n".join([*before, *lines, output]))
    except SymgradError as error:
        raise _moved(error, len(before), len(lines), statements[-1], len(prefix)) from None
    if whole.batch != problem.batch:
        raise ProgramError("the answer sums over a batch that is not the problem's")
    own = tuple(n for n in whole.definitions if n not in problem.definitions and n != name)
    return Claim(whole, whole.definitions[name], own)


def _check(statement: ast.stmt, problem: Problem) -> None:
    message = ""
    if isinstance(statement, ast.AnnAssign):
        message = "an answer declares no variables; it uses those of the problem"
    elif isinstance(statement, ast.Assign):
        targets = {node.id for node in statement.targets if isinstance(node, ast.Name)}
        if targets & {problem.output_name, LOSS}:
            message = f"{problem.output_name} is the problem's; write the gradient as grad = ..."
    if message:
        raise ProgramError(message, line=statement.lineno, column=statement.col_offset + 1)


def _named(problem: Problem, text: str, last: ast.stmt) -> tuple[str, str, list[str]]:
    """The name of the last statement, what was written before it, and the lines."""
    lines = text.splitlines()
    match last:
        case ast.Assign(targets=[ast.Name(id=name)]):
            return name, "", lines
        case ast.Expr():
            name = unused("claim", {*problem.variables, *problem.definitions, *_words(text)})
            line = lines[last.lineno - 1].encode()
            prefix = f"{name} = "
            cut = last.col_offset
            lines[last.lineno - 1] = f"{line[:cut].decode()}{prefix}{line[cut:].decode()}"
            return name, prefix, lines
    raise ProgramError("the last line is an expression or `grad = ...`", line=last.lineno)


def unused(wanted: str, taken: set[str]) -> str:
    """The name, numbered where it is taken."""
    return next(n for k in count() if (n := f"{wanted}{k or ''}") not in taken)


def _words(text: str) -> set[str]:
    return set(re.findall(r"[^\W\d]\w*", text))


def _moved(error: SymgradError, above: int, length: int, last: ast.stmt, prefix: int) -> Exception:
    """The error with its place counted in the answer."""
    if error.line is not None:
        error.line -= above
        if error.line == last.lineno and error.column and error.column > last.col_offset + prefix:
            error.column -= prefix
        if not 1 <= error.line <= length:
            error.line = error.column = None
    return error


def _program_lines(problem: Problem) -> list[str]:
    declarations = [_declaration(v) for v in problem.variables.values()]
    return [*declarations, *(f"{n} = {unparse(d)}" for n, d in problem.definitions.items())]


def _declaration(variable: Variable) -> str:
    inside = [*map(str, variable.dims), *(f"{fact}=True" for fact in sorted(variable.facts))]
    return f"{variable.name}: {variable.kind}" + (f"({', '.join(inside)})" if inside else "")


def _loss_names(problem: Problem, text: str) -> list[str]:
    """The loss as a definition, where the answer uses it and the name means nothing else."""
    known = {*problem.variables, *problem.definitions}
    known |= {str(d) for v in problem.variables.values() for d in v.dims}
    names = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)]
    known |= {node.id for node in names if isinstance(node.ctx, ast.Store)}
    used = {node.id for node in names} & {"L", LOSS} - known
    return [f"{name} = {unparse(problem.output)}" for name in sorted(used)]
