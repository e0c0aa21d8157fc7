"""Time steps and layers: h[0] = ..., for t in range(1, T + 1): h[t] = ..., sums over t."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import permutations

from sympy import Expr

from symgrad.errors import ProgramError, ShapeError, UnknownNameError
from symgrad.language.declarations import declared_dimension
from symgrad.language.dimensions import Dimension, Shape, describe, dimension
from symgrad.language.expressions import Expression, Size
from symgrad.language.layered import depends_on, dimension_at, index_parts, layered, shape_at
from symgrad.language.names import check_name, entry_of
from symgrad.language.operations.steps import step_sum
from symgrad.language.problem import Steps, Variable
from symgrad.language.scope import Scope
from symgrad.language.series import Series
from symgrad.language.syntax import Read, errors_at, source_of, typed, with_name, words_in

RUNS = "steps run as in `for t in range(1, T + 1)`, from 1 to a dimension"
SUMMED = "; over an index there are sums, as in sum(x[i] for i in range(n))"


def steps_of(node: ast.expr) -> Dimension | None:
    """T of range(1, T + 1); None for another range."""
    match node:
        case ast.Call(
            func=ast.Name(id="range"),
            args=[
                ast.Constant(value=1),
                ast.BinOp(left=length, op=ast.Add(), right=ast.Constant(value=1)),
            ],
            keywords=[],
        ):
            return declared_dimension(length)
        case ast.Call(
            func=ast.Name(id="range"),
            args=[ast.Constant(value=1), ast.Constant(value=int(end))],
            keywords=[],
        ) if end > 1:
            return dimension(end - 1)
    return None


def declared_steps(node: ast.expr) -> tuple[ast.expr, Steps | None]:
    """Vector(d)[t:T] taken apart: the kind, and the steps of a series."""
    match node:
        case ast.Subscript(
            value=ast.Call() | ast.Name() as kind,
            slice=ast.Slice(lower=ast.Name(id=index), upper=ast.expr() as length, step=None),
        ):
            return kind, Steps(index, declared_dimension(length))
    return node, None


def declare_series(variable: Variable, steps: Steps, scope: Scope) -> None:
    """Add a variable with an entry at each step; the letter is the program's."""
    series = series_of(scope, steps)
    variable = replace(variable.sized({steps.index: series.index}), steps=series.steps)
    scope.declare(variable)
    series.declare(variable)


def series_of(scope: Scope, steps: Steps) -> Series:
    """The series of a program, whose steps are these.

    Raises: ProgramError where others have another number of steps."""
    if scope.series is None:
        check_name(steps.index)
        scope.series = Series(steps)
        if steps.length.is_Symbol:
            scope.dimensions.add(str(steps.length))
    elif scope.series.steps.length != steps.length:
        one, other = scope.series.steps.length, steps.length
        raise ProgramError(f"one loop is read: its steps run to {one}, these to {other}")
    return scope.series


def read_entry(node: ast.Subscript, scope: Scope) -> Expression:
    """h[t], h[t - 1], h[T], h[0] of a series or state."""
    series, name = scope.series, getattr(node.value, "id", "")
    assert series is not None
    index = _index(node.slice, series)
    if name in scope.layered:
        return Size(size_at(name, index, series))
    known = series.inside if series.letter else series.after
    entry = entry_of(name, index)
    if entry in known:
        return known[entry]
    found = series.entry(name, index) if series.below else None
    if found is not None:
        base = index_parts(index)[0]
        if base in (series.last, "") or (base == series.index and series.letter in words_in(node)):
            return found
    if entry in series.after and not index.isdigit():
        return series.after[entry]
    raise UnknownNameError(f"{source_of(node)}: {_missing(name, index, series)}")


def size_at(name: str, index: str, series: Series) -> Dimension:
    """n[l], the size of a layer."""
    t = series.index
    known = {"0", series.last, *((t, f"{t} - 1") if series.letter else ())}
    if index not in known and not (series.below and index_parts(index)[0] in (*known, "")):
        raise UnknownNameError(
            f"{name}[{index}]: a size is known at {', '.join(sorted(known))} here"
        )
    return dimension(entry_of(name, index))


def _index(node: ast.expr, series: Series) -> str:
    """An index by its name in all of the program."""
    match node:
        case ast.Name(id=letter) if letter == series.letter:
            return series.index
        case ast.BinOp(
            left=ast.Name(id=letter), op=ast.Sub() | ast.Add() as operator, right=right
        ) if letter == series.letter and isinstance(right, ast.Constant):
            sign = "-" if isinstance(operator, ast.Sub) else "+"
            return f"{series.index} {sign} {right.value!r}"
    return source_of(node)


def _missing(name: str, index: str, series: Series) -> str:
    """Why a series has no such entry here."""
    t = series.index
    if series.below and series.letter:
        return f"{name} is given at no step; give {name}[{series.last}] and {name}[{t}]"
    if not series.letter:
        if index == t or index.startswith(f"{t} "):
            return f"{t} is known inside of `for {t} in range(1, {series.last} + 1)` only"
        return f"outside of the steps {name} is known at {series.last}, and a state at 0"
    if index == f"{t} - 1":
        if series.names.get(name) is not None:
            return f"{name} is given at each step and taken there; write {name}[{series.letter}]"
        return f"{name}[0] is not given; write {name}[0] = ... above the loop"
    if index == t:
        return f"{name}[{series.letter}] is not known yet; it is defined further down"
    return f"a step knows {name}[{series.letter}] and what was one step before"


def read_initial(target: ast.Subscript, value: ast.expr, scope: Scope, read: Read) -> None:
    """h[0] = ...: the value of a state before the first step."""
    match target:
        case ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=0)):
            pass
        case _:
            raise ProgramError(
                f"{source_of(target)} = ...: a state is given at 0 above the loop, as in h[0] = "
                "zeros(n), and h[t] in it"
            )
    scope.check_new(name)
    with errors_at(value):
        scope.pending[name] = read(value)


def read_loop(node: ast.For, scope: Scope, read: Read) -> None:
    """for t in range(1, T + 1): the definitions of one step."""
    length = steps_of(node.iter)
    if length is None or not isinstance(node.target, ast.Name) or node.orelse:
        told = f"for {typed(node.target)} in {typed(node.iter)}: {RUNS}"
        match node.iter:
            case ast.Call(args=[ast.Name(id=last)] | [ast.Constant(), ast.Name(id=last)]):
                t = typed(node.target)
                raise ProgramError(f"{told}; write for {t} in range(1, {last} + 1):")
        raise ProgramError(f"{told}{SUMMED}")
    letter = _new_letter(node.target, scope)
    series = series_of(scope, Steps(letter, length))
    if series.step:
        raise ProgramError("a second loop: a program has one; write what it does in the first")
    if series.equations:
        raise ProgramError(f"{next(iter(series.equations))} = ... stands below the loop")
    series.before = tuple(scope.definitions)
    for name, value in scope.pending.items():
        series.start(name, value)
    for name in _defined(node):
        if name not in series.names:
            if name in scope.definitions:
                raise UnknownNameError(
                    f"{name} has a value without an index above; write {name}[0] = ... there"
                )
            scope.check_new(name)
            series.names[name] = None
    with series.at(letter):
        for _ in range(len(series.initial) + 1):  # until it is known which states have a batch
            batches = _batches(series)
            series.again()
            for statement in node.body:
                with errors_at(statement):
                    _read_step(statement, series, read)
            if _batches(series) == batches:
                break
    for name in series.initial:
        if entry_of(name, series.index) not in series.step:
            raise ProgramError(f"{name}[0] is given, but no step defines {name}[{letter}]")


def _defined(node: ast.For) -> list[str]:
    """The names that a loop defines entries of."""
    targets = (s.targets[0] for s in node.body if isinstance(s, ast.Assign))
    entries = (t.value for t in targets if isinstance(t, ast.Subscript))
    return list(dict.fromkeys(e.id for e in entries if isinstance(e, ast.Name)))


def _batches(series: Series) -> list[str | None]:
    """The batches of the states one step before."""
    return [series.inside[entry_of(n, f"{series.index} - 1")].batch for n in series.initial]


def _read_step(statement: ast.stmt, series: Series, read: Read) -> None:
    """h[t] = ... inside of the loop."""
    match statement:
        case ast.Assign(
            targets=[ast.Subscript(value=ast.Name(id=name), slice=ast.Name(id=letter))], value=value
        ) if letter == series.letter:
            pass
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            before = with_name(value, name, f"{name}[{series.letter} - 1]")
            raise ProgramError(
                f"inside of a step each name has its index; write {name}[{series.letter}] = "
                f"{before}"
            )
        case ast.AugAssign(target=ast.Subscript(value=ast.Name(id=name)), op=op, value=value) if (
            sign := {ast.Add: "+", ast.Sub: "-", ast.Mult: "*"}.get(type(op))
        ):
            t = series.letter
            whole = f"{name}[{t}] = {name}[{t} - 1] {sign} {typed(value)}"
            raise ProgramError(f"a line gives what is new; write {whole}")
        case ast.For():
            raise ProgramError(
                "a loop in a loop is not read; a sum over an index is sum(... for i in range(n))"
            )
        case _:
            raise ProgramError(
                f"a step has lines such as h[{series.letter}] = ..., of h[{series.letter} - 1]"
            )
    entry = entry_of(name, series.index)
    if entry in series.step or series.names.get(name) is not None:
        raise UnknownNameError(f"{name}[{letter}] is given twice; use another name")
    with errors_at(value):
        with _sizes_at_first(series):
            e = read(value)
        initial = series.initial.get(name)
        wanted = None if initial is None else shape_at(initial.shape, {"0": series.index})
        if initial is not None and wanted != e.shape:
            raise ShapeError(
                f"{name}[{letter}] is {describe(e.shape)}, but {name}[0] is "
                f"{describe(initial.shape)}; {_one_shape(e.shape, series.index)}"
            )
    series.define(name, e)


@contextmanager
def _sizes_at_first(series: Series) -> Iterator[None]:
    """Where the size of a layer meets another one, say what it is at 0: what a state begins with
    tells what it has in a step."""
    try:
        yield
    except ShapeError as error:
        for one, other in permutations(d for d in error.dimensions or () if isinstance(d, Expr)):
            first = dimension_at(one, {f"{series.index} - 1": "0"})
            if first != one and not layered(other):
                told = f"{error.args[0]} Where the steps begin, write {first} for {other}."
                wider = ShapeError(told, error.dimensions)
                raise wider.at(error.line, error.column, None, error.width) from None
        raise


def _one_shape(later: Shape, t: str) -> str:
    """What is wanted of a state that has another shape at 0."""
    first = shape_at(later, {t: "0"})
    if depends_on(later, t) and not depends_on(later, f"{t} - 1"):
        return f"at 0 it is {describe(first)} then"
    return "a state has one shape"


def _new_letter(target: ast.Name, scope: Scope) -> str:
    """The index of a loop or a sum, where no other meaning is in its way."""
    taken = {*scope.meanings, *scope.dimensions, *scope.pending}
    if scope.series is not None:
        taken |= {*scope.series.names}
    if target.id in taken:
        raise UnknownNameError(f"{target.id} has a meaning already; use another index")
    return target.id


def sum_over_steps(name: str, node: ast.GeneratorExp, scope: Scope, read: Read) -> Expression:
    """sum(... for t in range(1, T + 1)), or the mean."""
    (part,), series = node.generators, scope.series
    assert series is not None
    if name not in ("sum", "mean") or part.ifs or not isinstance(part.target, ast.Name):
        raise ProgramError(f"over steps there is sum(...) or mean(...); {RUNS}")
    with series.at(_new_letter(part.target, scope)):
        body = read(node.elt)
    if depends_on(body.shape, series.index):
        raise ShapeError(
            f"{source_of(node.elt)} is {describe(body.shape)}, of another shape at each "
            f"{part.target.id}, so that there is no {name}"
        )
    return step_sum(body, name == "mean", series.steps)


def over_steps(node: ast.GeneratorExp, scope: Scope) -> bool:
    """Whether this goes over the steps of the program, from 1 to the last."""
    return (
        scope.series is not None
        and len(node.generators) == 1
        and steps_of(node.generators[0].iter) == scope.series.steps.length
    )


def is_series(node: ast.expr, scope: Scope) -> bool:
    """Whether this names what has an entry at each step."""
    if not isinstance(node, ast.Name) or scope.series is None:
        return False
    return node.id in scope.series.names or node.id in scope.layered
