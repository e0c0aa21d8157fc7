r"""What a sum goes over, and how far, where its sign does not say it: \sum x_i y_i, and
\sum_i x_i + y_i."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from symgrad.errors import ProgramError
from symgrad.language.latex_input import tree as lt
from symgrad.language.latex_input.names import look, new_name

LETTERS = frozenset("ijklmnrst")  # that people number by
PLACES = frozenset("ijkl")  # that nobody calls a variable
EXTREMES = (lt.Sym(0, r"\max"), lt.Sym(0, r"\min"))
Known = Callable[[lt.Node], object]  # what a name is; None where it is none


def indexed(node: lt.Node, known: Known, outside: frozenset[str] = frozenset()) -> lt.Node:
    r"""\sum_i x_i y_i for \sum x_i y_i: a sum without an index goes over the one letter that stands
    in it and is bound nowhere `outside`.

    Raises: ProgramError where there are several."""
    match node:
        case lt.Chain(operands=(left, *_), signs=signs) if "=" in signs:
            outside |= {*free(left, known)}
        case lt.Big():
            outside |= _over(node)
    whole = lt.mapped(node, lambda part: indexed(part, known, outside))
    if not isinstance(whole, lt.Big) or whole.below is not None or whole.above is not None:
        return whole
    found = [x for x in free(whole.body, known) if x not in outside]
    if len(found) > 1:
        raise ProgramError(
            f"this sum has no index, and {' and '.join(found)} stand in it: write "
            rf"{whole.sign}_{{{','.join(found)}}}, or {whole.sign}_{found[-1]}",
            column=whole.at + 1,
        )
    return replace(whole, below=lt.Sym(whole.at, found[0])) if found else whole


def check_extent(chain: lt.Chain) -> None:
    r"""Raises: ProgramError for \sum_i x_i + y_i, in which a sum ends before what its index, or all
    that stands in it, goes on in."""
    for k, (operand, sign) in enumerate(zip(chain.operands, chain.signs, strict=False)):
        big = _last(operand)
        if big is None:
            continue
        for after in chain.operands[k + 1 :]:
            letters = [x for x in free(after, lambda node: None) if x in _over(big)]
            if letters or (big.below is None and _goes_on(big.body, after)):
                names = letters[:1] or sorted({*_names(after)})
                what = f"{' and '.join(names)} stand{'s' * (len(names) == 1)}"
                below = "" if big.below is None else f"_{letters[0]}"
                raise ProgramError(
                    f"the sum ends before this {sign}, but {what} behind it: write "
                    rf"{big.sign}{below} \left( ... \right) around all that is summed, or "
                    rf"\left( {big.sign}{below} ... \right) {sign} ... where it ends there",
                    column=after.at + 1,
                )


def _last(node: lt.Node) -> lt.Big | None:
    """The sum that a product ends with."""
    match node:
        case lt.Negative(inner=inner):
            return _last(inner)
        case lt.Row(factors=(*_, last)):
            return _last(last)
        case lt.Big(sign=r"\sum"):
            return _last(node.body) or node
    return None


def _goes_on(body: lt.Node, after: lt.Node) -> bool:
    """Whether all names of a term stand in the sum before it, entry by entry."""
    whole = (lt.Big, lt.Accent)
    for node in lt.walk(after):
        norm = lt.is_fence(node, "|", "‖", "⟨")
        turned = isinstance(node, lt.Script) and isinstance(node.above, lt.Sym)
        if norm or turned or isinstance(node, whole):
            return False
    names = {*_names(after)}
    return bool(names) and names <= {*_names(body)}


def _names(node: lt.Node) -> Iterator[str]:
    for part in lt.walk(node):
        if isinstance(part, lt.Sym) and len(part.text) == 1 and (name := new_name(part)):
            yield name


def _over(big: lt.Big) -> frozenset[str]:
    """The letters that a sum goes over."""
    parts = [f for part in lt.parts_of(big.below) for f in lt.factors_of(lt.letter_of(part))]
    return frozenset(map(look, parts))


def free(node: lt.Node, known: Known) -> dict[str, bool]:
    """The letters by which entries are numbered there, and no sum in it goes over, in order; and
    whether one stands somewhere for itself, as in x_i, not in x_{i + 1} and [i = j] alone."""
    found: dict[str, bool] = {}
    for letter, alone in _indices(node, known):
        found[letter] = found.get(letter, False) or alone
    return found


def _indices(node: lt.Node, known: Known) -> Iterator[tuple[str, bool]]:
    inner: frozenset[str] = frozenset()
    places: list[lt.Node] = []
    letters = LETTERS
    match node:
        case lt.Big():
            inner = _over(node)
        case lt.Script(below=lt.Node() as below) if known(replace(node, above=None)) is None:
            places = lt.indices_of(below)
        case lt.Fence(left="[", inner=lt.Chain(operands=sides, signs=(relation,))):
            places = [lt.Negative(side.at, side) for side in sides]
            letters = LETTERS if relation == "=" else PLACES
    for place in places:
        for sign in lt.walk(place):
            alone = sign is place
            if isinstance(sign, lt.Sym) and sign.text in letters and (alone or not known(sign)):
                yield sign.text, alone
    for part in lt.inside(node):
        if isinstance(node, lt.Row) and isinstance(part, lt.Script) and part.base in EXTREMES:
            inner |= {x.text for x in lt.walk(part) if isinstance(x, lt.Sym)}  # and behind it
        yield from (found for found in _indices(part, known) if found[0] not in inner)
