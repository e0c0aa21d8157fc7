"""Formulas: what is printed, as a structure. LaTeX, MathML and text are folds of it.

Each formula binds with some precedence, and each place in a formula wants one; `bracketed` compares
the two numbers, and nothing else decides on brackets. How formulas are put together (which factor
comes first, where a minus goes) is said in `symgrad.language.composing`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

# How tightly a formula binds: a, b is loose; then a = b, a + b, -a, the Kronecker and the Hadamard
# product, a sum sign with its body, a product without a sign, what has a raised script or is a
# fraction, what has a lowered one, and what stands for itself.
LIST, RELATION, SUM, SIGN, KRONECKER, HADAMARD, BIG, PRODUCT, SCRIPT, INDEXED, ATOM = range(11)
OUTSIDE, WITHIN, RAISED = range(3)  # of fractions and exponents, in a fraction, in an exponent
Parts = tuple["Formula", ...]
Levels = tuple[int, tuple[int, ...]]
Out = TypeVar("Out")


@dataclass(frozen=True)
class Formula:
    """Base of the nodes. `parts` are the formulas in it."""

    parts: Parts = ()


@dataclass(frozen=True, kw_only=True)
class Symbol(Formula):
    r"""A sign of ours, by its LaTeX: "i", r"\alpha", r"\operatorname{tr}". `text` is what it is in
    text, `instead` what stands for it where a name of the user's looks the same."""

    latex: str
    text: str = ""
    instead: str = ""


@dataclass(frozen=True, kw_only=True)
class Named(Formula):
    """A name of the user's or of a step: in text it is itself, else the table of symbols has it; a
    `thin` one is a dimension, or has an index: it is not bold."""

    name: str
    binds: int = ATOM
    thin: bool = False


@dataclass(frozen=True, kw_only=True)
class Number(Formula):
    """Digits, without a sign."""

    digits: str


@dataclass(frozen=True, kw_only=True)
class Words(Formula):
    """Words between formulas."""

    text: str


@dataclass(frozen=True, kw_only=True)
class Either(Formula):
    """Two forms of one thing: the first is printed, the second is for what is all on one line."""


@dataclass(frozen=True, kw_only=True)
class Listed(Formula):
    """Formulas one after the other: arguments with commas, or index letters with nothing; how it
    binds, where the separator does not say it."""

    separator: str = ", "
    binds: int | None = None


@dataclass(frozen=True, kw_only=True)
class Row(Formula):
    """A product without a sign: first its `scalars`, then vectors and matrices."""

    scalars: int = 0
    apart: bool = False  # entries, which are set wider


@dataclass(frozen=True, kw_only=True)
class Infix(Formula):
    """Parts with a sign between each two: a + b - c, all of one precedence."""

    signs: tuple[str, ...]
    binds: int = SUM


@dataclass(frozen=True, kw_only=True)
class Negative(Formula):
    """A minus before a formula."""


@dataclass(frozen=True, kw_only=True)
class Fraction(Formula):
    """A fraction; a small one is of numbers; one `by_entry` has a vector or matrix below. On one
    line it is a / b."""

    small: bool = False
    by_entry: bool = False

    @property
    def of_numbers(self) -> bool:
        """Whether digits stand above and below."""
        return all(isinstance(part, Number) for part in self.parts)


@dataclass(frozen=True, kw_only=True)
class Slope(Formula):
    """The derivative of the first part by the second, in the notation of the table of symbols; one
    that is a `result` is a gradient."""

    result: bool = False


@dataclass(frozen=True, kw_only=True)
class Script(Formula):
    """A base with what is lowered ("_"), raised ("^") or both ("_^") beside it, in this order."""

    at: str


@dataclass(frozen=True, kw_only=True)
class Fence(Formula):
    """A formula between delimiters."""

    left: str = "("
    right: str = ")"


@dataclass(frozen=True, kw_only=True)
class Applied(Formula):
    """A function before its arguments in parentheses, or between other delimiters."""

    left: str = "("
    right: str = ")"


@dataclass(frozen=True, kw_only=True)
class Big(Formula):
    """A sum sign with what it goes over, its body, and what stands above it, if anything."""

    sign: str = r"\sum"


@dataclass(frozen=True, kw_only=True)
class Root(Formula):
    """A square root."""


@dataclass(frozen=True, kw_only=True)
class Accent(Formula):
    r"""A letter under a hat: `accent` is r"\hat", r"\bar" or r"\tilde"."""

    accent: str


@dataclass(frozen=True, kw_only=True)
class Under(Formula):
    """A formula and its shape below it; under a brace where it is no single sign."""

    brace: bool = False


@dataclass(frozen=True, kw_only=True)
class Cases(Formula):
    """Values, each before its condition; the last part may be a value without one."""


@dataclass(frozen=True, kw_only=True)
class Grid(Formula):
    """A matrix, entry by entry, row after row."""

    columns: int

    def rows(self, entries: Sequence[Out]) -> list[list[Out]]:
        """The entries, as they are written, by rows."""
        return [[*entries[k : k + self.columns]] for k in range(0, len(entries), self.columns)]


def levels(node: Formula, flat: bool) -> Levels:
    """How tightly a formula binds, and what each of its parts must bind like; `flat` is all on one
    line."""
    count = len(node.parts)
    match node:
        case Named():
            return node.binds, ()
        case Either():
            return levels(node.parts[flat], flat)[0], (LIST, LIST)
        case Listed():
            own = {"": INDEXED, " ": SCRIPT}.get(node.separator, LIST)
            own = own if node.binds is None else node.binds
            return own, (RELATION if node.separator else INDEXED,) * count
        case Row():
            own, last = (BIG, BIG) if levels(node.parts[-1], flat)[0] == BIG else (PRODUCT, SCRIPT)
            return own, (*(SCRIPT,) * (count - 1), last)
        case Infix() if node.binds <= SUM:
            last = SUM if node.binds == RELATION else KRONECKER
            return node.binds, (SUM, *(last,) * (count - 1))
        case Infix():  # a / b c, A x B C: of b alone, or of b c?
            last = SCRIPT if node.binds == KRONECKER or "/" in node.signs else BIG
            first = PRODUCT if "/" in node.signs else max(last, PRODUCT)
            return node.binds, (*(first,) * (count - 1), last)
        case Negative():
            return SIGN, (KRONECKER,)
        case Slope():
            return SCRIPT, (LIST, LIST)
        case Fraction():
            return (HADAMARD, (PRODUCT, SCRIPT)) if flat else (SCRIPT, (LIST, LIST))
        case Script():
            own, base = SCRIPT if "^" in node.at else INDEXED, INDEXED if node.at == "^" else ATOM
            return own, (base, *(ATOM if flat and place == "^" else LIST for place in node.at))
        case Applied():
            own = SCRIPT if node.left == "|" else ATOM  # log|det A|^2: of the log or of the square?
            return own, (INDEXED, *(RELATION,) * (count - 1))
        case Big():
            return BIG, (LIST, KRONECKER, LIST)[:count]
        case Cases():
            return RELATION, (LIST,) * count
    return ATOM, (LIST,) * count


def nodes(root: Formula) -> Iterator[Formula]:
    """All that is in a formula and not for text alone, from the left."""
    pending = [root]
    while pending:
        node = pending.pop()
        yield node
        pending += reversed(node.parts[:1] if isinstance(node, Either) else node.parts)


def fitted(formula: Formula) -> Parts:
    """The parts as they stand in a formula, each with the brackets that it needs."""
    places = levels(formula, flat=False)[1]
    return tuple(
        Fence((part,)) if bracketed(levels(part, flat=False)[0], wanted) else part
        for part, wanted in zip(formula.parts, places, strict=True)
    )


def bracketed(precedence: float, wanted: float) -> bool:
    """Whether what binds like this needs brackets in a place that wants that."""
    return precedence < wanted


class Writer(Protocol[Out]):
    """One format: how it writes each node, and brackets."""

    flat: bool

    def shown(self, formula: Formula) -> Formula:
        """What the format writes in place of a node: the symbol that a name has."""

    def write(self, node: Formula, parts: Parts, written: list[Out]) -> Out:
        """A node, given its parts as they are shown, and these as they are written."""

    def fenced(self, written: Out) -> Out:
        """In brackets."""


def printed(root: Formula, writer: Writer[Out]) -> Out:
    """A formula in one format, from the leaves up, without recursion. A fraction inside a fraction,
    but one of numbers, or in an exponent, is written a / b."""
    done: dict[tuple[int, int], tuple[Out, float]] = {}  # and how tightly it binds
    shown: dict[tuple[int, int], Formula] = {}

    def show(formula: Formula, inside: int) -> Formula:
        key = (id(formula), inside)
        if key not in shown:
            node = writer.shown(formula)
            sloped = isinstance(node, Fraction) and inside > node.of_numbers
            shown[key] = Infix(node.parts, signs=("/",), binds=HADAMARD) if sloped else node
        return shown[key]

    first = show(root, OUTSIDE)
    stack: list[tuple[Formula, int, list[tuple[Formula, int]] | None]] = [(first, OUTSIDE, None)]
    while stack:
        node, inside, parts = stack.pop()
        if (id(node), inside) in done:
            continue
        if parts is None:
            places = zip(node.parts, _inside(node, inside), strict=True)
            parts = [(show(part, x), x) for part, x in places]
            stack.append((node, inside, parts))
            stack += [(part, x, None) for part, x in reversed(parts)]
            continue
        own, wanted = levels(node, writer.flat)
        written = [
            writer.fenced(out) if bracketed(binds, want) else out
            for (out, binds), want in zip((done[id(n), x] for n, x in parts), wanted, strict=True)
        ]
        done[id(node), inside] = writer.write(node, tuple(n for n, _ in parts), written), own
    return done[id(first), OUTSIDE][0]


def _inside(node: Formula, inside: int) -> Iterable[int]:
    """What each part is inside of."""
    if isinstance(node, Script):
        return (inside, *(RAISED if place == "^" else inside for place in node.at))
    return (max(inside, WITHIN) if isinstance(node, Fraction) else inside,) * len(node.parts)
