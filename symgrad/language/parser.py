"""The text form of a program, parsed from Python's syntax tree by a whitelist; nothing is
executed."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path

from symgrad.errors import ProgramError, SymgradError, text_wanted, unread
from symgrad.language.comprehensions import batches
from symgrad.language.declarations import (
    DIMENSION,
    check_tensors,
    declaration,
    function_declaration,
)
from symgrad.language.elaboration import formula, read_expression
from symgrad.language.equations import entry_at, in_order, is_equation, read_equation, runs_down
from symgrad.language.expressions import Expression, is_scalar
from symgrad.language.handwriting.marks import EQUALS, FORMULA
from symgrad.language.problem import Problem
from symgrad.language.recurrences import declare_series, declared_steps, read_initial, read_loop
from symgrad.language.scope import Scope, also_called
from symgrad.language.syntax import (
    errors_at,
    notes_of,
    place_of,
    program_tree,
    refuse,
    sign_of,
    source_of,
    text_of,
    typed,
)
from symgrad.language.unparse import unparse


def parse(text: str, filename: str | None = None) -> Problem:
    """The problem that a program says.

    Raises: SymgradError with line and column for anything that is not a program of the language.

    >>> problem = parse("x: Vector(n)\\nloss = x.T @ x")
    >>> problem.parameters
    ('x',)
    """
    text = text_wanted("a program", text).removeprefix("\ufeff")  # a byte order mark
    with _readable(filename, text):
        return replace(_problem(program_tree(text), filename), source=text)


def load(path: str | Path) -> Problem:
    """The problem in a file (UTF-8 text)."""
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, TypeError, ValueError) as error:  # ValueError: no text, no path
        raise ProgramError(unread(error), filename=str(path)) from None
    return parse(text, filename=str(path))


def parse_within(problem: Problem, statements: Sequence[ast.stmt]) -> tuple[Problem, Expression]:
    """What lines say among the names of a problem: definitions, then an expression or `name = ...`.

    The problem has these definitions after its own. Raises: SymgradError with line and column of
    the lines themselves.

    >>> from symgrad.language.syntax import syntax_tree
    >>> problem = parse("x: Vector(n)\\nloss = x.T @ x")
    >>> _, gradient = parse_within(problem, program_tree("two = 2\\ntwo * x").body)
    >>> gradient.shape
    (n, 1)
    """
    scope = Scope.of(problem)
    if scope.series is not None:
        statements = in_order(statements, scope.series)
    scope.own = given_names(statements)
    with _readable(None, text_of(statements)), also_called(scope.functions):
        for statement in statements:
            with errors_at(statement):
                if isinstance(statement, ast.AnnAssign):
                    raise ProgramError(
                        "an answer declares no variables, it uses those of the problem; "
                        f"write grad = {typed(statement.annotation)}"
                    )
                if statement is not statements[-1]:
                    _read(statement, scope)
        with nullcontext() if scope.series is None else scope.series.any_step():
            expression = _last(statements[-1], scope)
        remarks = [n.remark for s in statements for n in notes_of(s) if n.remark]
        told = tuple(dict.fromkeys((*remarks, *scope.remarks)))
        chains = (*problem.chains, *scope.chains)
        loop = None if scope.series is None else scope.series.loop
        changed = replace(
            problem, definitions=scope.definitions, remarks=told, chains=chains, loop=loop
        )
        return changed, expression


def _last(statement: ast.stmt, scope: Scope) -> Expression:
    """What the last line says: the first side of `grad = ...`, to which its others are equal."""
    match statement:
        case ast.Assign(targets=targets, value=value) if all(
            isinstance(target, ast.Name) for target in targets
        ):
            names = [target.id for target in targets if isinstance(target, ast.Name)]
            with errors_at(statement):
                return scope.definitions.pop(_equated(names, value, scope))
        case ast.Expr(value=value):
            return _sides(value, scope)
        case ast.Assign(targets=[ast.Subscript()], value=value) if scope.series is not None:
            return _sides(value, scope)
    raise ProgramError("the last line is an expression or `grad = ...`", line=statement.lineno)


def _sides(value: ast.expr, scope: Scope) -> Expression:
    """The first of sides that are equal."""
    first, *others = sides_of(value)
    expression = read_expression(first, scope)
    for other in others:
        scope.check_equal("", expression, read_expression(other, scope))
    return expression


@contextmanager
def _readable(filename: str | None, text: str) -> Iterator[None]:
    """Errors on the way say the file's name, and what is nested too deeply is one of them."""
    try:
        yield
    except SymgradError as error:
        raise error.at(None, None, filename).within(text) from None
    except RecursionError:
        raise ProgramError(
            "nested too deeply; give intermediate results names", filename=filename
        ) from None


def _problem(tree: ast.Module, filename: str | None) -> Problem:
    scope = Scope(batches=batches(tree), own=given_names(tree.body), declares=True)
    check_tensors(tree)
    problem = None
    for statement in _lines(tree.body, scope):
        noted = len(scope.notes)
        if problem is not None:
            refuse(statement, _after(statement, problem.output_name))
        with errors_at(statement), also_called(scope.functions):
            name = _read(statement, scope)
            _refuse_notes(statement, scope, noted)
        if name == "loss" or (name == "f" and statement is tree.body[-1]):
            with errors_at(getattr(statement, "value", statement)):
                problem = scope.problem(name, scope.definitions.pop(name), filename)
    if problem is None:
        raise _without_loss(tree.body, scope)
    return problem


def _lines(statements: Sequence[ast.stmt], scope: Scope) -> Iterator[ast.stmt]:
    """The lines of a program; those below its steps in the order in which they can be read."""
    for k, statement in enumerate(statements):
        is_below = is_equation(statement) or runs_down(statement)
        series = scope.series if is_below else None
        if series is not None and series.is_read(entry_at(statement)):
            yield from in_order(statements[k:], series)
            return
        yield statement


def _after(statement: ast.stmt, output: str) -> str:
    """What is said of a line after the last one."""
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)]) if name == output:
            return f"{name} is given twice; give what is added names, and add them: {name} = a + b"
        case ast.Expr(value=ast.Call(func=ast.Name(id="print"))):
            return "print is not part of the language; leave the line out"
    return f"a line after `{output} = ...`, which must be the last"


def _without_loss(statements: Sequence[ast.stmt], scope: Scope) -> ProgramError:
    """The error of a program whose last line says no loss, with that line as one."""
    if not statements:
        return ProgramError("the program is empty; a program ends in `loss = ...`")
    message = "the program has no line `loss = ...`"
    last = statements[-1]
    match last:
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            output = "loss" if is_scalar(scope.meanings[name]) else "f"
            error = ProgramError(f"{message}; write {output} = {typed(value)}")
            error.at(last.lineno, last.col_offset + 1, None, len(typed(last)))
            return error
    return ProgramError(message)


def given_names(statements: Sequence[ast.stmt]) -> set[str]:
    """The names that some line declares or assigns to."""
    targets = [t for s in statements for t in getattr(s, "targets", [getattr(s, "target", None)])]
    nodes = (node for target in targets if target is not None for node in ast.walk(target))
    names = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    loops = [s for s in statements if isinstance(s, ast.For)]
    return names | {name for loop in loops for name in given_names(loop.body)}


def _refuse_notes(statement: ast.stmt, scope: Scope, noted: int) -> None:
    """Refuse what a program does not write so, with the line that says it.

    A program is read again by others, so that it has one way to say a thing; signs of mathematics
    that Python has none for are welcome."""
    notes = [(n.start, n.reason, n.remark) for n in notes_of(statement)]
    scope.notes += [note for note in notes if not note[1]]
    refused = sorted(note for note in (*notes, *scope.notes[noted:]) if note[1])
    if refused:
        start, reason, _ = refused[0]
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)]):
                reason += f"; write {name} = {unparse(scope.definitions[name])}"
        raise ProgramError(reason).at(*place_of(statement, start), None)


def _equated(names: Sequence[str], value: ast.expr, scope: Scope) -> str:
    """name = a, or name = other = a = b, whose sides are equal: each new name is given the first
    side. The last of the names that are new."""
    scope.giving = [n for n in names if n not in scope.meanings]
    first, *others = (read_expression(side, scope) for side in sides_of(value))
    new = sorted((n for n in names if n not in scope.meanings), key=lambda n: n in ("loss", "f"))
    equal = [scope.meaning(name) for name in names if name not in new]
    return _given(new or names[:1], [first, *equal, *others], scope)


def _given(names: Sequence[str], sides: Sequence[Expression], scope: Scope) -> str:
    """Give each of these names the first side, to which the others are equal; the last name."""
    for name in names:
        scope.check_new(name)
        scope.define(name, sides[0])
    for side in sides[1:]:
        scope.check_equal(names[-1], sides[0], side)
    return names[-1]


def sides_of(value: ast.expr) -> list[ast.expr]:
    """The sides of a = b = c, which Python has as a == b == c.

    >>> line = program_tree("r = 2 * x = y = z").body[0]
    >>> [ast.unparse(side) for side in sides_of(line.value)]
    ['2 * x', 'y', 'z']
    """
    if isinstance(value, ast.Compare) and sign_of(value) == EQUALS:
        return [value.left, *value.comparators]
    return [value]


def _formula(node: ast.Name, scope: Scope) -> str:
    """Add what an equation in LaTeX says: a name, and what it is equal to."""
    equation = formula(node, scope)
    if equation.left is None or not equation.left.text.isidentifier():
        raise ProgramError(f"write a name before =; write loss = {typed(node)}")
    name = "loss" if equation.left.text == "L" else equation.left.text
    return _given([name], equation.sides, scope)


def _read_entry(target: ast.Subscript, value: ast.expr, scope: Scope, index: str) -> None:
    """h[0] = ... above the loop, g[T] = ... or g[t] = ... below it."""
    series = scope.series
    if series is not None and series.is_read(index):
        read_equation(target, value, series, lambda part: read_expression(part, scope))
    else:
        read_initial(target, value, scope, lambda part: read_expression(part, scope))


def _declare(name: str, annotation: ast.expr, scope: Scope) -> None:
    """Add what a declaration says: a function, a dimension, a variable, one at each step."""
    scope.check_new(name)
    if function := function_declaration(name, annotation):
        scope.leave_open(function)
        return
    if getattr(annotation, "id", "") == DIMENSION:
        scope.counts.add(name)
        scope.dimensions.add(name)
        return
    kind, steps = declared_steps(annotation)
    variable = declaration(name, kind, scope.batches.get(name))
    if steps is None:
        scope.declare(variable)
    else:
        declare_series(variable, steps, scope)


def _read(statement: ast.stmt, scope: Scope) -> str | None:
    """Add what a line says to the names; the name that it assigns to, if it does."""
    match statement:
        case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation, value=None):
            _declare(name, annotation, scope)
            return None
        case ast.Assign(targets=[ast.Subscript() as target], value=value):
            _read_entry(target, value, scope, entry_at(statement))
            return None
        case ast.For():
            read_loop(statement, scope, lambda part: read_expression(part, scope))
            return None
        case ast.Assign(targets=targets, value=value) if all(
            isinstance(target, ast.Name) for target in targets
        ):
            return _equated([t.id for t in targets if isinstance(t, ast.Name)], value, scope)
        case ast.Assign(targets=[ast.Attribute() | ast.BinOp() | ast.Call() as target]):
            raise ProgramError(
                f"{source_of(target)} is no name; write a name before =, such as loss = ..."
            )
        case ast.Assign():
            raise ProgramError("only a name can be assigned to, without an index [ ] or a tuple")
        case ast.AnnAssign(target=target, value=None) if not isinstance(target, ast.Name):
            raise ProgramError(
                f"{typed(target)} is no valid name: a letter, then letters, digits or _"
            )
        case ast.AnnAssign():
            raise ProgramError("a declaration is `name: Kind(dimensions)`, with nothing assigned")
        case ast.Expr(
            value=ast.Compare(left=ast.Name(id=name), ops=[ast.Eq()], comparators=[value])
        ):
            raise ProgramError(f"== compares, = assigns; write {name} = {typed(value)}")
        case ast.Expr(value=ast.Name(id=name) as latex) if name == FORMULA:
            return _formula(latex, scope)
        case ast.Expr(value=value):
            expression = read_expression(value, scope)
            output = "loss" if is_scalar(expression) else "f"
            raise ProgramError(
                "a line is a declaration `x: Vector(n)` or an assignment `loss = ...`; "
                f"write {output} = {unparse(expression)}"
            )
        case ast.Return(value=ast.expr() as value):
            raise ProgramError(f"return is not part of the language; write loss = {typed(value)}")
    refuse(statement, f"{type(statement).__name__.lower()} is not part of the language")
