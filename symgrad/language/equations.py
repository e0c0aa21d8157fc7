"""Equations at steps, below the loop: g[T] = ..., and g[t] = ... g[t + 1] at every other step.

They may be written in a loop that runs down, `for t in range(T - 1, 0, -1):`, or by themselves.
What they say does not depend on their order.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Sequence

from symgrad.errors import ProgramError, ShapeError, UnknownNameError
from symgrad.language.dimensions import describe
from symgrad.language.names import check_name, entry_of
from symgrad.language.series import Series
from symgrad.language.syntax import NOTES, Read, errors_at, notes_of, source_of


class StartError(ProgramError):
    """A recursion that begins nowhere."""


def in_order(statements: Sequence[ast.stmt], series: Series) -> list[ast.stmt]:
    """The lines below the loop, those of loops by themselves, each after lines that say of what
    kind the names are that it uses: after all of them, where it can be, as zeros are of no example.

    Raises: ProgramError where a loop begins at another step than what is given at the end."""
    lines: list[ast.stmt] = []
    for statement in statements:
        lines += _lines(statement, series) if isinstance(statement, ast.For) else [statement]
    _check_ends(statements, series)
    given = {name for line in lines for name in _given(line)} - {*series.names}
    done: list[ast.stmt] = []
    known: set[str] = set()
    while lines:
        ready = [line for line in lines[:-1] if _used(line) & given <= known]
        left = Counter(name for line in lines for name in _given(line))
        whole = (r for r in ready if all(left[n] == _given(r).count(n) for n in _used(r)))
        line = next(whole, (ready or lines)[0])
        for name in _used(line) & given - known if _entries(line) else ():
            raise StartError(f"{name}[{series.last}] is not given, from which {name} begins")
        lines.remove(line)
        done.append(line)
        known |= {*_given(line)}
    return done


def runs_down(node: ast.stmt) -> bool:
    """Whether this is a loop that runs from the last step down."""
    match node:
        case ast.For(iter=ast.Call(func=ast.Name(id="reversed"))):
            return True
        case ast.For(iter=ast.Call(func=ast.Name(id="range"), args=[_, _, step])):
            return source_of(step) == "-1"
    return False


def _begin(node: ast.For, series: Series) -> str:
    """The step at which a loop that runs down begins."""
    last = series.last
    match node.iter:
        case ast.Call(func=ast.Name(id="reversed"), args=[inner]):
            begins = {f"range(1, {last} + 1)": last, f"range(1, {last})": f"{last} - 1"}
            begin = begins.get(source_of(inner))
        case ast.Call(args=[first, end, _]) if source_of(end) in ("0", "-1"):
            begin = source_of(first)
        case _:
            begin = None
    if begin not in (last, f"{last} - 1") or not isinstance(node.target, ast.Name) or node.orelse:
        t = series.index
        raise ProgramError(
            f"for {source_of(node.target)} in {source_of(node.iter)}: below the steps a loop runs "
            f"down, `for {t} in range({last}, 0, -1)`, or from {last} - 1 where {last} is given"
        )
    return begin


def _lines(node: ast.For, series: Series) -> Iterator[ast.stmt]:
    """The lines of a loop, with the index of the program as their letter."""
    assert isinstance(node.target, ast.Name)
    letter = node.target.id
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and part.id == letter:
            part.id = series.index
    for line in node.body:
        setattr(line, NOTES, [*notes_of(line), *(notes_of(node) if line is node.body[0] else ())])
        yield line


def _check_ends(statements: Sequence[ast.stmt], series: Series) -> None:
    """A loop from T says what is at T, and one from T - 1 does not."""
    ends = {
        name
        for statement in statements
        for name, index in _entries(statement)
        if index == series.last
    }
    for loop in statements:
        if not isinstance(loop, ast.For):
            continue
        with errors_at(loop):
            begin = _begin(loop, series)
            for name, index in (entry for line in loop.body for entry in _entries(line)):
                if index != series.index:
                    continue
                if begin == series.last and name in ends:
                    raise ProgramError(
                        f"{name}[{begin}] is given twice; the loop goes on from {begin} - 1, as in "
                        f"`for {index} in range({begin} - 1, 0, -1)`"
                    )
                if begin != series.last and name not in ends:
                    raise StartError(
                        f"{name}[{series.last}] is not given; write it above the loop, or let the "
                        f"loop begin at {series.last}"
                    )


def _entries(statement: ast.stmt) -> Iterator[tuple[str, str]]:
    """The entries that a line gives."""
    for target in getattr(statement, "targets", ()):
        if isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name):
            yield target.value.id, source_of(target.slice)


def _given(statement: ast.stmt) -> list[str]:
    plain = [t.id for t in getattr(statement, "targets", ()) if isinstance(t, ast.Name)]
    return plain + [name for name, _ in _entries(statement)]


def _used(statement: ast.stmt) -> set[str]:
    value = getattr(statement, "value", None)
    nodes = () if value is None else ast.walk(value)
    return {node.id for node in nodes if isinstance(node, ast.Name)}


def entry_at(statement: ast.stmt) -> str:
    """The index of the entry that a line gives, if it does."""
    return next((index for _, index in _entries(statement)), "")


def is_equation(statement: ast.stmt) -> bool:
    """Whether this gives an entry of a name."""
    return len([*_entries(statement)]) == len(getattr(statement, "targets", ())) == 1


def read_equation(target: ast.Subscript, value: ast.expr, series: Series, read: Read) -> None:
    """g[T] = ..., g[t] = ..., or g[t - 1] = ....

    Raises: ProgramError for an entry that is given already, ShapeError where g has two shapes."""
    name = target.value.id if isinstance(target.value, ast.Name) else ""
    index = source_of(target.slice)
    if entry_of(name, series.index) in series.step or series.names.get(name) is not None:
        raise UnknownNameError(f"{name}[{index}] = ...: {name} is given above; use another name")
    check_name(name)
    with errors_at(value), series.any_step():
        e = read(value)
        known = series.entry(name, index)
        if known is not None and known.shape != e.shape:
            raise ShapeError(
                f"{name}[{index}] is {describe(e.shape)}, but {name} is {describe(known.shape)} "
                "at another step"
            )
    if entry_of(name, index) in series.equations:
        raise UnknownNameError(f"{name}[{index}] is given twice; each has one meaning")
    series.equate(entry_of(name, index), e)
    series.below = True
