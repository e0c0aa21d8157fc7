r"""Numbers of examples: i of \sum_i (y_i - w^\top x_i)^2, where x_i is an example of a batch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import pairwise

from symgrad.language.expressions import is_scalar
from symgrad.language.latex_input import tree as lt
from symgrad.language.latex_input.context import Context
from symgrad.language.latex_input.extent import LETTERS
from symgrad.language.latex_input.names import look, new_name
from symgrad.language.names import kind_of

BOLD = ("mathbf", "boldsymbol", "bm")
EXPECTATIONS = (lt.Sym(0, "E", "mathbb"), lt.Sym(0, "E"))
COUNTS = ("N", "M", "n", "m")  # of examples


# in a tree


def numbered(root: lt.Node, letter: str) -> Iterator[tuple[lt.Node, bool]]:
    """What has this index alone, and whether it stands where only a vector can."""
    vectors = {node.at for node in _vectors(root)}
    for node in lt.walk(root):
        match node:
            case lt.Script(base=lt.Sym() | lt.Accent() as base, below=lt.Sym(text=text)):
                if text == letter:
                    yield base, base.at in vectors


def lowered(root: lt.Node) -> lt.Node:
    """x_i for x^{(i)} where i is the letter of a sum, and x_{i,j} for x_j^{(i)}."""
    return lt.rewritten(root, _lowered_in)


def of_examples(root: lt.Node) -> lt.Node:
    r"""Where nothing is declared: the mean that \mathbb{E}_{x \sim D}[f(x)] is, and z_y for z_{y_i}
    where i is the letter of no sum."""
    sums = [node.below for node in lt.walk(root) if isinstance(node, lt.Big)]
    letters = {lt.letter_of(part) for below in sums for part in lt.parts_of(below)}
    own = {lt.Sym(0, text) for text in LETTERS} - letters
    scripts = [node.below for node in lt.walk(root) if isinstance(node, lt.Script)]
    labels = [x for x in scripts if isinstance(x, lt.Script) and x.below in own]
    root = lt.rewritten(root, lambda node: lt.base_of(node) if node in labels else node)
    return lt.rewritten(root, _averaged)


def _averaged(node: lt.Node) -> lt.Node:
    match node:
        case lt.Row(factors=(*before, lt.Script(base=head, below=lt.Node() as below), of)) if (
            head in EXPECTATIONS and isinstance(lt.base_of(of), lt.Fence)
        ):
            data = lt.Sym(below.at, "data")
            share = lt.Fraction(head.at, lt.Num(head.at, "1"), lt.Fence(head.at, "|", data))
            over = lt.Chain(below.at, (lt.factors_of(below)[0], data), (r"\in",))
            total = lt.Big(head.at, over, None, of, r"\sum")
            return replace(node, factors=(*before, share, total))
    return node


def _lowered_in(node: lt.Node) -> lt.Node:
    if not isinstance(node, lt.Big):
        return node
    letters = set(map(lt.letter_of, lt.indices_of(node.below)))

    def rule(inner: lt.Node) -> lt.Node:
        match inner:
            case lt.Script(above=lt.Fence(left="(" | "[", inner=index)) if index in letters:
                below = (index, *lt.parts_of(inner.below))
                where = below[0] if len(below) == 1 else lt.Listed(index.at, below)
                return replace(inner, below=where, above=None)
        return inner

    return replace(node, body=lt.rewritten(node.body, rule))


def groups(root: lt.Node) -> dict[str, dict[str, bool]]:
    """Each letter that a sum goes over alone -> the names that have this index alone, and whether
    they stand somewhere where only a vector can."""
    found: dict[str, dict[str, bool]] = {}
    for node in lt.walk(root):
        match node:
            case lt.Big(below=lt.Node() as below, sign=r"\sum") if not lt.parts_of(below)[1:]:
                letter = look(lt.letter_of(below))
            case _:
                continue
        for base, vector in numbered(node.body, letter):
            own = found.setdefault(letter, {})
            if name := new_name(base):
                own[name] = own.get(name, False) or vector
    return found


def _vectors(root: lt.Node) -> Iterator[lt.Node]:
    """What is transposed or in a norm, what stands behind a matrix or what is transposed, and
    bold factors with a dot between them."""
    for node in lt.walk(root):
        match node:
            case lt.Script(base=base, above=above) if lt.is_transpose(above):
                yield from terms(base)
            case lt.Fence(left="‖", inner=inner):
                yield from terms(inner)
            case lt.Row(factors=factors, dotted=dotted):
                for k, (before, after) in enumerate(pairwise(factors), start=1):
                    if is_row(before) or (is_matrix(before) and k not in dotted):
                        yield from terms(after)
                    elif k in dotted and is_bold(before) and is_bold(after):
                        yield from (before, after)


def counts(nodes: Iterable[lt.Node]) -> Iterator[lt.Sym]:
    """Those that are called as a number of examples is."""
    return (node for node in nodes if isinstance(node, lt.Sym) and node.text in COUNTS)


def factors(root: lt.Node) -> Iterator[lt.Node]:
    """What stands in a product, or above a fraction."""
    for node in lt.walk(root):
        match node:
            case lt.Row(factors=found):
                yield from map(_without_number, found)
            case lt.Fraction(top=top) | lt.Chain(operands=(top, *_), signs=("/", *_)):
                yield _without_number(top)


def divisors(root: lt.Node) -> Iterator[lt.Node]:
    """What divides, factor by factor."""
    for node in lt.walk(root):
        bottom: lt.Node | None = None
        match node:
            case lt.Fraction(bottom=bottom):
                pass
            case lt.Chain(operands=(_, bottom, *_), signs=("/", *_)):
                pass
        pending = [] if bottom is None else [bottom]
        while pending:  # \sqrt{d}, (2 n)
            factor = _without_number(pending.pop())
            match factor:
                case lt.Root(inner=inner) | lt.Fence(left="(" | "|", inner=inner):
                    pending.append(inner)
                case lt.Row(factors=found):  # of x^\\top A x none is a number
                    pending += () if any(map(is_row, found)) else found[::-1]
                case _:
                    yield factor


def _without_number(node: lt.Node) -> lt.Node:
    """The n of n - 1 and (n + 2)."""
    match node.inner if isinstance(node, lt.Fence) else node:
        case lt.Chain(operands=(first, lt.Num()), signs=("-" | "+",)):
            return first
    return node


def counted_to(part: lt.Node, above: lt.Node | None) -> lt.Node | None:
    r"""The N of i = 1 with N above it, of i = 0 with N - 1, and of 0 \leq i < N; None where nothing
    says it, 0 where a letter begins elsewhere."""
    match part, above:
        case lt.Chain(operands=(_, lt.Num(digits="1")), signs=("=",)), _:
            return above
        case lt.Chain(operands=(lt.Num(digits="0"), _, last)), _:
            return last
        case (
            lt.Chain(operands=(_, lt.Num(digits="0"))),
            lt.Chain(operands=(last, lt.Num(digits="1")), signs=("-",)),
        ):
            return last
        case lt.Chain(), _:
            return lt.Num(part.at, "0")
    return above


def terms(node: lt.Node) -> Iterator[lt.Node]:
    """The terms of a sum, or the sum: names, perhaps with something lowered."""
    match node:
        case lt.Sym() | lt.Accent() | lt.Script(base=lt.Sym() | lt.Accent(), above=None):
            yield node
        case lt.Chain(operands=parts, signs=signs) if {*signs} <= {"+", "-"}:
            for part in parts:
                yield from terms(part)
        case lt.Fence(left="(", inner=inner) | lt.Negative(inner=inner):
            yield from terms(inner)


def is_row(node: lt.Node) -> bool:
    """What is transposed."""
    return isinstance(node, lt.Script) and lt.is_transpose(node.above)


def is_matrix(node: lt.Node) -> bool:
    """W, W^{-1} and W_1, but no entry W_{ij}."""
    below = node.below if isinstance(node, lt.Script) else None
    name = new_name(lt.base_of(node))
    whole = below is None or isinstance(below, lt.Num)
    return whole and name is not None and kind_of(name) == "Matrix"


def is_bold(node: lt.Node) -> bool:
    """Whether it is a name in bold, perhaps with scripts."""
    base = lt.base_of(node)
    return isinstance(base, lt.Sym) and base.font in BOLD


# among the names of a problem


def find_examples(reader: Context, body: lt.Node, letters: list[str]) -> None:
    """Take down which letters number examples: those of what a batch has, where it is a scalar
    or stands where only a vector can; `over_examples` also where all that has the letter is of one
    batch."""
    for letter in letters:
        meanings = [
            (reader.scope.meanings.get(reader.names.find(base) or ""), vector)
            for base, vector in numbered(body, letter)
        ]
        batches = {None if meaning is None else meaning.batch for meaning, _ in meanings}
        every = reader.over_examples and len(batches) == 1
        for meaning, vector in meanings:
            batch = None if meaning is None else meaning.batch
            if meaning is not None and batch and (every or vector or is_scalar(meaning)):
                reader.examples.setdefault(letter, batch)
