r"""Bases that mean something with a script alone: e^x, the e of a label, \mathbf{1} of entries,
(x)_+."""

from __future__ import annotations

from dataclasses import replace

from symgrad.errors import ProgramError, SymgradError
from symgrad.language import expressions as ex
from symgrad.language.dimensions import ZERO, Dimension, core
from symgrad.language.latex_input import tree as lt
from symgrad.language.latex_input.context import Context
from symgrad.language.latex_input.entries import Value
from symgrad.language.latex_input.letters import letters_of
from symgrad.language.latex_input.names import label_of
from symgrad.language.operations import signs
from symgrad.language.operations.constants import eye, filled, ones, zeros
from symgrad.language.operations.contractions import onehot
from symgrad.language.operations.places import as_place


def base_with_scripts(reader: Context, node: lt.Script, base: lt.Node) -> Value | None:
    """What one of them is with its scripts; None where the base is another."""
    if isinstance(base, lt.Sym) and base.text == "e" and _is_e(reader, base):
        return _e(reader, node)
    match node:
        case lt.Script(base=lt.Fence(left="(" | "[" | r"\{"), below=lt.Sym(text="+")):
            positive = reader.entries.entrywise(signs.POSITIVE, reader.value(base))
            return reader.scripted(positive, replace(node, below=None))
        case lt.Script(below=lt.Sym(text="+" | "-" as sign)):
            raise ProgramError(
                rf"x_{sign} may be a part of x or a name of its own: the positive part is "
                "written (x)_+, the negative one -(-x)_+ or (-x)_+",
                column=node.at + 1,
            )
        case lt.Script(base=lt.Fence(left="⟨"), below=lt.Sym(text="F")):
            return reader.scripted(reader.value(base), replace(node, below=None))
    if node.below is None:
        if lt.is_one(base) and lt.is_transpose(node.above):  # 1^T x
            return reader.scripted(reader.filled(base), node)
        return None
    number = isinstance(base, lt.Num) and base.digits in ("0", "1")
    sized = number or (isinstance(base, lt.Sym) and base.text == "I")
    dims = _dims(reader, node.below) if sized and reader.names.find(base) is None else None
    if dims is not None:
        dims = dims[:1] if not number and len({*dims}) == 1 else dims  # I_{n \times n}
        constant = Value(filled(_constant(base), dims))
        return reader.scripted(constant, replace(node, below=None))
    below = node.below.inner if isinstance(node.below, lt.Fence) else node.below
    if lt.is_one(base) and isinstance(below, lt.Chain):  # 1_{z > 0}
        return reader.scripted(reader.value(below), replace(node, below=None))
    return _filled_at(reader, base, node) if isinstance(base, lt.Num) and base.font else None


def _dims(reader: Context, below: lt.Node) -> tuple[Dimension, ...] | None:
    """The sizes that are lowered beside a constant; None where they are none."""
    parts = lt.parts_of(below)
    if isinstance(below, lt.Row) and below.crossed:
        parts = below.factors
    dims = tuple(_dim(reader, part) for part in parts)
    return None if None in dims else dims


def _dim(reader: Context, node: lt.Node) -> Dimension | None:
    """The size that a number is; None where it is none."""
    try:
        where = as_place(reader.expression(node))
    except SymgradError:
        return None
    return None if where is None or where.letters or where.offset == ZERO else where.offset


def _e(reader: Context, node: lt.Script) -> Value:
    """e^x, or the vector with a 1 at a label."""
    if node.below is not None:
        label = onehot(reader.expression(node.below))
        return reader.scripted(Value(label), replace(node, below=None))
    if node.above is None:
        raise reader.unknown(node.base)
    value = reader.value(node.above)
    if not value.letters and len(core(value.expression.shape)) == 2:
        raise ProgramError(
            r"this has two readings: \exp(A) is of each entry, \operatorname{expm}(A) the "
            "exponential of a matrix",
            column=node.at + 1,
        )
    return reader.entries.entrywise(signs.EXPONENTIAL, value)


def _is_e(reader: Context, base: lt.Sym) -> bool:
    r"""Whether it is no name; \mathbf{e} is one only where it is printed so."""
    bold = base.font == "mathbf" and base not in reader.names.exact
    return bold or reader.names.find(base) is None


def _is_counted(reader: Context, node: lt.Node) -> bool:
    return isinstance(node, lt.Sym) and reader.entries.numbers(node.text)


def _filled_at(reader: Context, base: lt.Num, node: lt.Script) -> Value:
    """The entries, or a row, of equal numbers."""
    first, rest = lt.parts_of(node.below)[0], replace(node, below=None)
    label = label_of(reader.scope, reader.names, first) is not None
    named = reader.names.find(first) is not None and not _is_counted(reader, first)
    if not label and (named or letters_of(node.below) is None):
        raise ProgramError("what is lowered here cannot be read", column=first.at + 1)
    number = Value(ex.Number(ex.exact(int(base.digits))))  # each entry
    return reader.scripted(reader.filled(base) if label else number, rest)


def _constant(base: lt.Node) -> ex.Operation:
    if isinstance(base, lt.Num):
        return ones if base.digits == "1" else zeros
    return eye
