r"""Sums over a part of their indices: \sum_{j \neq i}, \sum_{i < j}, \sum_{j = 1}^{i - 1} and
\sum_{i : y_i > 0} go over all of them, what is left out being 0, in a product 1."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field, replace

from symgrad.errors import ProgramError
from symgrad.language.latex_input import tree as lt
from symgrad.language.latex_input.extent import EXTREMES, LETTERS, Known, free
from symgrad.language.latex_input.names import look

ORDERED = ("<", r"\leq")
RELATIONS = (*ORDERED, ">", r"\geq", r"\neq")
DOTS = (r"\dots", r"\ldots", r"\cdots")
NEVER_SIZES = ("i", "j")  # what stands above a sum as one of these is an index


def in_full(root: lt.Node, known: Known, by_entries: bool = False) -> lt.Node:
    r"""The tree with each such sum over all of its indices, of cases. `by_entries` says that what
    is told may have indices without a left side that names them.

    Raises: ProgramError where it is not said what a sum goes over."""
    root = _with_letters(root, known)
    outer = lt.rewritten(root, lambda n: lt.Num(n.at, "1") if isinstance(n, lt.Big) else n)
    beside = (x for n in lt.walk(root) if isinstance(n, lt.Script) for x in lt.indices_of(n.below))
    lowered = frozenset(x.text for x in beside if isinstance(x, lt.Sym))
    return _Ranges(known, by_entries, lowered).within(root, dict.fromkeys(free(outer, known)))


def _with_letters(root: lt.Node, known: Known) -> lt.Node:
    """The tree with each letter i_1 that a sum goes over as one sign."""
    below = [node.below for node in lt.walk(root) if isinstance(node, lt.Big) and node.below]
    places = [x for node in below for x in lt.walk(node) if isinstance(x, lt.Script)]

    def letter(node: lt.Node) -> lt.Node:
        match node:
            case lt.Script(base=lt.Sym(text=text), below=lt.Num(digits=digits), above=None) if (
                node in places and known(node) is None
            ):
                return lt.Sym(node.at, text + digits)
        return node

    return lt.rewritten(root, letter) if places else root


@dataclass
class _Over:
    """What a sum goes over: parts that say it, their letters, what has to hold, and the number
    where it begins."""

    parts: list[lt.Node] = field(default_factory=list)
    letters: list[str] = field(default_factory=list)
    conditions: list[lt.Node] = field(default_factory=list)
    start: str | None = None


@dataclass
class _Ranges:
    known: Known
    by_entries: bool
    lowered: frozenset[str]  # what is lowered beside names

    def within(self, node: lt.Node, outside: Mapping[str, str | None]) -> lt.Node:
        """The node, letters being bound `outside` of it, each with the number where it begins."""
        if isinstance(node, lt.Big) and node.below is not None:
            node, over = _counted(replace(node, below=_listed(node.below))), _Over()
            for part in lt.parts_of(node.below):
                self._take(part, over, outside)
            node = self._whole(node, over, outside)
            outside = {**outside, **dict.fromkeys(over.letters, over.start)}
        elif isinstance(node, lt.Script) and node.base in EXTREMES and node.below is not None:
            node = self._extreme(node, outside)
        return lt.mapped(node, lambda part: self.within(part, outside))

    def _extreme(self, node: lt.Script, outside: Mapping[str, str | None]) -> lt.Script:
        r"""\max_{i \in [n]}, each index with its range, and with the conditions of its own."""
        over = _Over()
        for part in lt.parts_of(_listed(node.below)):
            self._take(part, over, outside)
        parts = over.parts
        if over.conditions:
            if len(parts) != 1:
                raise ProgramError(
                    rf"it is not clear what this goes over: write {look(node.base)}_{{j : ...}}",
                    column=node.at + 1,
                )
            for condition in over.conditions:
                self._check(condition, over)
            parts = [lt.Chain(node.at, (*parts, *over.conditions), (":",) * len(over.conditions))]
        return replace(node, below=lt.Listed(node.at, tuple(parts)))

    def _take(self, part: lt.Node, over: _Over, outside: Mapping[str, str | None]) -> None:
        """Take down what a part of what is lowered says."""
        match part:
            case lt.Chain(operands=(letter, *conditions), signs=(":", *_)):
                self._take(letter, over, outside)
                over.conditions += conditions
            case lt.Chain(operands=(lt.Sym() as letter, members), signs=(r"\in",)) if ends := _ends(
                members
            ):
                bare = [x for x in over.parts if isinstance(x, lt.Sym)]  # i, j \in [n]
                over.parts = [x for x in over.parts if x not in bare]
                over.parts += [_between(x, ends[0], _after(ends[1])) for x in (*bare, letter)]
                over.letters.append(letter.text)
            case lt.Chain(signs=signs) if {*signs} <= {*RELATIONS}:
                self._related(part, over, outside)
            case _:
                over.parts.append(part)
                found = lt.factors_of(lt.letter_of(part))
                over.letters += [x.text for x in found if isinstance(x, lt.Sym)]

    def _related(self, part: lt.Chain, over: _Over, outside: Mapping[str, str | None]) -> None:
        r"""i \neq j, i < j, 1 \leq i < j \leq n"""
        sides, signs = part.operands, part.signs
        bound = {*over.letters, *outside}
        between = sides[1:-1] if {*signs} <= {*ORDERED} else ()
        new = [x for x in between if isinstance(x, lt.Sym) and x.text not in over.letters]
        if len(new) < len(between) or not new:
            between = ()
            new = [x for x in self._letters(sides, bound) if x.text not in bound]
        pairs = lt.compared(part)
        if between:
            first = sides[0] if signs[0] == r"\leq" else _after(sides[0])
            stop = sides[-1] if signs[-1] == "<" else _after(sides[-1])
            over.parts += [_between(x, first, stop) for x in new]
            pairs = pairs[1:-1]
        elif len(new) == 2 and self.by_entries:
            one, other = (x.text for x in new)
            said = f"{one} {signs[0]} {other}"
            raise ProgramError(
                "this sum may go over both letters, or over one of them: write "
                rf"\sum_{{{one},{other} : {said}}} or \sum_{{{other} : {said}}}",
                column=part.at + 1,
            )
        else:
            over.parts += new
        over.letters += [x.text for x in new]
        over.conditions += pairs

    def _whole(self, node: lt.Big, over: _Over, outside: Mapping[str, str | None]) -> lt.Big:
        """The sum over all of its indices."""
        above = node.above
        match over.parts:
            case [lt.Chain(operands=(letter, start), signs=("=",)) as part]:
                over.start = start.digits if isinstance(start, lt.Num) else None
                if at_letter := self._is_at_letter(start, outside):
                    begin = [outside.get(x.text) for x in self._letters(lt.walk(start))]
                    over.start = "0" if "0" in begin else "1"
                if above is not None and self._is_at_letter(above, outside):
                    self._check_start(above, over, outside)
                    over.conditions.append(lt.Chain(part.at, (letter, above), (r"\leq",)))
                    above = None
                if at_letter or (above is None and over.start not in (None, "0", "1")):
                    first = lt.Num(start.at, "0" if over.start == "0" else "1")
                    over.conditions.append(lt.Chain(part.at, (start, letter), (r"\leq",)))
                    over.parts = [replace(part, operands=(letter, first))]
        for condition in over.conditions:
            self._check(condition, over)
        below = over.parts[0] if len(over.parts) == 1 else lt.Listed(node.at, (*over.parts,))
        if not over.conditions:
            return replace(node, below=below)
        holds: lt.Node = over.conditions[0]
        if over.conditions[1:]:
            holds = lt.Listed(node.at, (*over.conditions,))
        rest = lt.Num(node.at, "0" if node.sign == r"\sum" else "1")
        body = lt.Cases(node.at, ((node.body, holds), (rest, None)))
        return replace(node, below=below, above=above, body=body)

    def _check(self, condition: lt.Node, over: _Over) -> None:
        """Raises: ProgramError where a letter is compared with a number, and it is not said where
        it begins; or where there is none to sum over."""
        bare = [x.text for x in over.parts if isinstance(x, lt.Sym)]
        sides = [*lt.inside(condition)]
        numbered = any(isinstance(x, lt.Num) for x in sides)
        letter = next((x.text for x in sides if isinstance(x, lt.Sym)), None)
        if numbered and letter in bare:
            raise ProgramError(
                rf"it is not said where {letter} begins: write \sum_{{{letter}=1}}^n",
                column=condition.at + 1,
            )
        if not over.parts:
            raise ProgramError("it is not said what this sum goes over", column=condition.at + 1)

    def _check_start(self, end: lt.Node, over: _Over, outside: Mapping[str, str | None]) -> None:
        """Raises: ProgramError where the letters of two sums are counted from different numbers."""
        for x in self._letters(lt.walk(end)):
            begins = outside.get(x.text)
            if None not in (begins, over.start) and (begins == "0") != (over.start == "0"):
                raise ProgramError(
                    f"{x.text} begins at {begins} and {over.letters[-1]} at {over.start}; "
                    "let both begin at the same number",
                    column=end.at + 1,
                )

    def _is_at_letter(self, end: lt.Node, outside: Mapping[str, str | None]) -> bool:
        """Whether a sum begins or ends at the letter of another one."""
        letters = {x.text for x in self._letters(lt.walk(end))}
        return bool(letters & {*outside, *NEVER_SIZES})

    def _letters(self, nodes: Iterable[lt.Node], bound: Container[str] = ()) -> list[lt.Sym]:
        """Those that are index letters: of the usual ones, or, where none of these is left, of what
        is lowered beside a name."""
        signs = [x for x in nodes if isinstance(x, lt.Sym) and self.known(x) is None]
        usual = [x for x in signs if x.text in LETTERS and x.text not in bound]
        return usual or [x for x in signs if x.text in self.lowered]


def _between(letter: lt.Sym, first: lt.Node, stop: lt.Node) -> lt.Chain:
    r"""first \leq letter < stop"""
    return lt.Chain(letter.at, (first, letter, stop), (r"\leq", "<"))


def _counted(node: lt.Big) -> lt.Big:
    r"""\sum_{i \in [n]} as \sum_{i=1}^n"""
    match node:
        case lt.Big(
            below=lt.Chain(operands=(lt.Sym() as letter, members), signs=(r"\in",)), above=None
        ) if ends := _ends(members):
            first, last = ends
            return replace(node, below=lt.Chain(letter.at, (letter, first), ("=",)), above=last)
    return node


def _listed(below: lt.Node | None) -> lt.Node | None:
    r"""i \in \{1, \dots, n\} for i = 1, \dots, n"""
    match below:
        case lt.Listed(
            at=at,
            parts=(
                lt.Chain(operands=(letter, first), signs=("=",)),
                *_,
                lt.Sym(text=dots) as between,
                last,
            ),
        ) if dots in DOTS:
            members = lt.Fence(at, r"\{", lt.Listed(at, (first, between, last)))
            return lt.Chain(at, (letter, members), (r"\in",))
    return below


def _ends(members: lt.Node) -> tuple[lt.Node, lt.Node] | None:
    r"""The first and the last of [n], or of \{1, \dots, n\}."""
    match members:
        case lt.Fence(left="[", inner=(lt.Sym() | lt.Num()) as last):
            return lt.Num(last.at, "1"), last
        case lt.Fence(left=r"\{", inner=lt.Listed(parts=(first, *_, dots, last))):
            return (first, last) if isinstance(dots, lt.Sym) and dots.text in DOTS else None
    return None


def _after(node: lt.Node) -> lt.Node:
    """n + 1"""
    return lt.Chain(node.at, (node, lt.Num(node.at, "1")), ("+",))
