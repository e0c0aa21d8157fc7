"""Sizes that depend on the step: n[l] is how many units layer l has, and W[l] is n[l] x n[l - 1].

Such a size is a dimension whose name is an entry, so that everything that compares shapes compares
these too. What they are at another step is said here.
"""

from __future__ import annotations

from collections.abc import Mapping

from symgrad.errors import ProgramError
from symgrad.language.dimensions import Dimension, Shape, dimension
from symgrad.language.names import entry_of, entry_parts

FAR = 3  # the most steps between two entries of one line


def index_parts(index: str) -> tuple[str, int]:
    """What an index counts from, and how far.

    >>> index_parts("t + 1"), index_parts("T"), index_parts("T - 1"), index_parts("0")
    (('t', 1), ('T', 0), ('T', -1), ('', 0))
    """
    base, *rest = index.split()
    if not (base.isidentifier() or base.isdigit()) or len(rest) not in (0, 2):
        raise ProgramError(f"[{index}] is no step, such as [t + 1]")
    by = int("".join(rest)) if rest and rest[1].isdigit() else 0
    if abs(by) > FAR or (rest and not by):
        raise ProgramError(f"[{index}] is no step; at most {FAR} steps lie between two entries")
    return ("", int(base) + by) if base.isdigit() else (base, by)


def index_of(base: str, by: int) -> str:
    """The index that is so far from a base.

    >>> index_of("t", -1), index_of("", 0)
    ('t - 1', '0')
    """
    if not base:
        return str(by)
    return f"{base} {'-' if by < 0 else '+'} {abs(by)}" if by else base


def index_at(index: str, indices: Mapping[str, str]) -> str:
    """An index at another step: that of its letter, moved.

    >>> index_at("l - 1", {"l": "L"}), index_at("L - 1", {"L": "3"}), index_at("l", {"l": "l + 1"})
    ('L - 1', '2', 'l + 1')
    """
    if index in indices:
        return indices[index]
    letter, *shift = index.split() or [""]
    if not shift or letter not in indices:
        return index
    base, by = index_parts(indices[letter])
    return index_of(base, by + int("".join(shift)))


def layered(d: Dimension) -> dict[Dimension, tuple[str, str]]:
    """The sizes in a dimension that depend on the step, each with its name and its index.

    >>> layered(dimension("n[l]") + dimension("m"))
    {n[l]: ('n', 'l')}
    """
    found = {symbol: entry_parts(str(symbol)) for symbol in d.free_symbols}
    return {symbol: parts for symbol, parts in found.items() if parts[1]}


def dimension_at(d: Dimension, indices: Mapping[str, str]) -> Dimension:
    """A dimension at another step.

    >>> dimension_at(dimension("n[l - 1]"), {"l": "3"})
    n[2]
    """
    moved = {
        symbol: dimension(entry_of(name, index_at(index, indices)))
        for symbol, (name, index) in layered(d).items()
    }
    return d.xreplace(moved) if moved else d


def shape_at(shape: Shape, indices: Mapping[str, str]) -> Shape:
    """A shape at another step."""
    return tuple(dimension_at(d, indices) for d in shape)


def depends_on(shape: Shape, letter: str) -> bool:
    """Whether a size in a shape is one at this letter."""
    return any(index.split()[0] == letter for d in shape for _, index in layered(d).values())
