"""Sizes that depend on the step: n[l] is how many units layer l has, and W[l] is n[l] x n[l - 1].

Such a size is a dimension whose name is an entry, so that everything that compares shapes compares
these too. What they are at another step is said here.
"""

from __future__ import annotations

from collections.abc import Mapping

from symgrad.language.dimensions import Dimension, Shape, dimension
from symgrad.language.names import entry_of, entry_parts


def index_at(index: str, indices: Mapping[str, str]) -> str:
    """An index at another step: that of its letter, moved.

    >>> index_at("l - 1", {"l": "L"}), index_at("L - 1", {"L": "3"}), index_at("l", {"l": "l + 1"})
    ('L - 1', '2', 'l + 1')
    """
    if index in indices:
        return indices[index]
    letter, *shift = index.split() or [""]
    return _moved(indices[letter], int("".join(shift))) if shift and letter in indices else index


def _moved(index: str, by: int) -> str:
    """An index so many steps later."""
    letter, *shift = index.split()
    if letter.isdigit():
        return str(int(letter) + by)
    by += int("".join(shift) or 0)
    return f"{letter} {'-' if by < 0 else '+'} {abs(by)}" if by else letter


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
