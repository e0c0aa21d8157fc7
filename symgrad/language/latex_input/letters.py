"""Index letters in LaTeX."""

from __future__ import annotations

from collections.abc import Iterable

from symgrad.errors import ProgramError, SymgradError
from symgrad.language.expressions import Name
from symgrad.language.latex_input import tree as lt
from symgrad.language.latex_input.names import Names, label_of
from symgrad.language.scope import Scope

ORDER = "ijkl"  # of the axes of what is told entry by entry


def index_letter(node: lt.Node) -> str:
    """The letter of an index."""
    match node:
        case lt.Sym(text=text, font=font) if (len(text) == 1 or not font) and text not in "+-'":
            return text
        case lt.Script(base=lt.Sym(text=text), below=lt.Num(digits=digits), above=None):
            return text + digits
    said = f", not {node.text}" if isinstance(node, lt.Sym) else ""
    raise ProgramError(f"an index is a letter{said}", column=node.at + 1)


def index_or_label(scope: Scope, names: Names, node: lt.Node) -> str | Name:
    """An index letter, or an integer label of the problem."""
    label = label_of(scope, names, node)
    return index_letter(node) if label is None else label


def with_deltas(root: lt.Node, names: Names) -> lt.Node:
    r"""[i = j] for \delta_{ij}, Kronecker's, where \delta is no name."""

    def rule(node: lt.Node) -> lt.Node:
        match node:
            case lt.Script(base=lt.Sym(text=r"\delta" | "δ") as base, below=below, above=None):
                letters = letters_of(below) or ()
                if len(letters) == 2 and not (names.find(base) or names.find(node)):
                    one, other = (lt.Sym(node.at, letter) for letter in letters)
                    return lt.Fence(node.at, "[", lt.Chain(node.at, (one, other), ("=",)))
        return node

    return lt.rewritten(root, rule)


def letters_of(below: lt.Node | None) -> tuple[str, ...] | None:
    """The index letters that are lowered beside something; None where other things are."""
    parts = lt.parts_of(below)
    if len(parts) == 1:
        parts = lt.factors_of(parts[0])
    try:
        return tuple(map(index_letter, parts))
    except SymgradError:
        return None


def in_order(letters: Iterable[str]) -> tuple[str, ...]:
    """The order of axes by their letters: i, j, k is one, others stand as they are met."""
    met = tuple(letters)
    usual = ORDER[: len(met)]
    return tuple(usual) if {*met} == {*usual} else met
