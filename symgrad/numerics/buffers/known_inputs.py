"""How a function with buffers reads its inputs: what was there in the last call is known.

A vector or matrix that is the same object has its type and its class. The shape of an array may be
set in place: a matrix with as many rows has the shape that it had. Known with it are its views. It
is held until the next call, so only a small array is that owns its memory.
"""

from __future__ import annotations

from collections.abc import Mapping

from symgrad.numerics.arrays.program import Program

HELD = 1 << 13  # entries of an array that is held, at most


def knowable(program: Program) -> frozenset[str]:
    """The inputs that may be known again."""
    read = program.read.values()
    return frozenset(op.name for op in read if not op.sparse and len(op.dims) <= 2)


def reading(
    program: Program, views: Mapping[str, Mapping[str, str]]
) -> tuple[list[str], list[str]]:
    """What is made before the calls, and the lines of a call that look the inputs up, and return
    None where one has another shape or type. `views` are those of each input: text and name."""
    if not program.inputs:
        return [], []
    known, made = knowable(program), ["new = object()"]
    held: list[str] = []
    lines: list[str] = []
    for k in range(len(program.inputs)):
        kinds = "kept" if k in program.sparse else "plain"
        other = f"p{k}.shape != s{k} or p{k}.dtype is not d{k} or p{k}.__class__ not in {kinds}"
        checks = [f"if {other}:", "    return None"]
        lines.append(f"p{k} = inputs[k{k}]")
        if f"p{k}" in known:
            own = {t: text for text, t in views.get(f"p{k}", {}).items()}
            last = {f"p{k}": f"a{k}"} | {t: f"u{t[1:]}" for t in own}
            held += last.values()
            entries = " * ".join(map(program.size, program.read[k].dims)) or "1"
            made += [f"{' = '.join(last.values())} = new", f"h{k} = {entries} <= {HELD}"]
            checks = _unless_known(program, k, checks, own, last)
        lines += checks
    lines = ["try:", *(f"    {line}" for line in lines)]
    lines += ["except (KeyError, AttributeError, TypeError):", "    return None"]
    return made, [f"nonlocal {', '.join(held)}"] * bool(held) + lines


def _unless_known(
    program: Program, k: int, checks: list[str], own: Mapping[str, str], last: Mapping[str, str]
) -> list[str]:
    """The lines that take its `own` views with an input that is the last one; else they check it
    and make them. `last` says where the input and its views are held."""
    dims = program.read[k].dims
    rows = f" and len(p{k}) == {program.size(dims[0])}" if len(dims) == 2 else ""
    return [
        f"if p{k} is a{k}{rows}:",
        *([f"    {t} = {last[t]}" for t in own] or ["    pass"]),
        "else:",
        *(f"    {line}" for line in checks),
        *(f"    {t} = {text}" for t, text in own.items()),
        f"    if h{k} and p{k}.base is None:",
        *(f"        {place} = {name}" for name, place in last.items()),
        "    else:",
        f"        {' = '.join(last.values())} = new",
    ]
