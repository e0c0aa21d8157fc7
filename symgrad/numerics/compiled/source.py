"""A program as the source that Numba compiles: loops one after another, or called by a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import sympy

from symgrad.calculus.nodes import Axis
from symgrad.numerics.arrays.listing import Dims, Op
from symgrad.numerics.arrays.program import Program
from symgrad.numerics.compiled.loops import Writer, grouped
from symgrad.numerics.compiled.steps import Steps
from symgrad.numerics.compiled.tables import Table

LINE = 16  # entries: pieces of the working vector start at a cache line
LONGEST = 30


class Written(NamedTuple):
    """The source of `core`, which Numba compiles, and of `room`, which says what it needs."""

    core: str
    room: str


def written(program: Program, inputs: Sequence[Sequence[Axis]], kinds: Sequence[str]) -> Written:
    """The source of a program; `kinds` are the types of inputs that are labels, else ""."""
    steps = Steps(program)
    value, *arrays = program.results
    if value[1]:
        arrays.append(value)
    places = _placed(steps, arrays)
    if not value[1]:
        steps.number(value[0], "value")
    groups = grouped(steps.steps)
    shapes = [steps.sizes(dims) for _, dims in arrays]
    starts = ["0", *(f"e{k}" for k in range(len(shapes)))]
    ends = [
        f"{end} = {start} + {' * '.join(dims) or '1'}"
        for end, start, dims in zip(starts[1:], starts, shapes, strict=False)
    ]
    sizes = [f"n{k}" for k in range(len(program.axes))]
    head: list[str] = []
    result = "value"
    if len(groups) > LONGEST:
        shaped = [*map(steps.sizes, inputs)]
        table = Table(groups, places, steps.entries.rows, shaped, shapes, kinds, sizes)
        head, result, pieces = table.head(), table.value, _pieces(table)
        body = table.body(LINE)
    else:
        numbers = {f"g{k}": f"flat[{starts[k]}]" for k, dims in enumerate(shapes) if not dims}
        given = {n: numbers.get(place, place) for n, place in places.items()}
        writer = Writer(groups, given, steps.entries.rows)
        lines = writer.lines()
        pieces = _pieces(writer)
        views = [f"b{k} = {_view('work', f'o{k}', dims)}" for k, dims in enumerate(writer.pieces)]
        views += [
            f"g{k} = {_view('flat', starts[k], dims)}" for k, dims in enumerate(shapes) if dims
        ]
        body = [*ends, *pieces, *views, *lines]
    arguments = [*(f"p{k}" for k in range(len(inputs))), *sizes, "flat", "work"]
    core = [
        *head,
        f"def core({', '.join(arguments)}):",
        *(f"    {line}" for line in [*_checks(program, inputs), *steps.entries.labels, *body]),
        f"    return real({'0.0' if value[1] else result})",
    ]
    room = [
        f"def room({', '.join(sizes)}):",
        *(f"    {line}" for line in [*ends, *pieces]),
        f"    return {''.join(f'{e}, ' for e in starts[1:]) or '0, '}o{len(pieces) - 1}",
    ]
    return Written("\n".join([*core, ""]), "\n".join([*room, ""]))


def _pieces(writer: Writer) -> list[str]:
    """Where the pieces of the working vector begin."""
    return [
        "o0 = 0",
        *(
            f"o{k + 1} = o{k} + ({' * '.join(dims) or '1'} + {LINE - 1}) // {LINE} * {LINE}"
            for k, dims in enumerate(writer.pieces)
        ),
    ]


def _view(vector: str, start: str, dims: Sequence[str]) -> str:
    piece = f"{vector}[{start}:{start} + {' * '.join(dims)}]"
    return piece if len(dims) == 1 else f"{piece}.reshape(({', '.join(dims)}))"


def _checks(program: Program, inputs: Sequence[Sequence[Axis]]) -> list[str]:
    wrong = [
        f"(p{k}.shape[{j}] ^ {program.size(axis)})"
        for k, axes in enumerate(inputs)
        for j, axis in enumerate(axes)
        if isinstance(axis, sympy.Integer) or axis in program.axes
    ]
    return [f"if {' | '.join(wrong)}:", "    raise KeyError('shape')"] if wrong else []


def _placed(steps: Steps, results: Sequence[tuple[Op, Dims]]) -> dict[str, str]:
    """Where the results are put: an array that is one is made right there, others are copied."""
    places: dict[str, str] = {}
    for k, (op, dims) in enumerate(results):
        name = steps.own(op, dims)
        if not dims:
            steps.number(op, f"r{k}")
            places[f"r{k}"] = f"g{k}"
        elif name and op.kind != "input" and name not in places:
            places[name] = f"g{k}"
        else:
            places[f"g{k}"] = steps.let(op, dims, f"g{k}")
    return places
