"""Lines that are differentials: dL = 2 r.T @ dr, dr = W @ dx, d(dL/dx) = 2 A.T @ A @ dx.

The line is true where it is the derivative of the left side along all variables that move, what is
not mentioned standing still; the differential of a name follows from theirs. A formula without a
name, as in d tr(A X B) = tr(A dX B), dL = 2 r^T d(A x - b), gets one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from symgrad.calculus import derive
from symgrad.calculus.recurrences.substitution import substituted
from symgrad.errors import ProgramError, SymgradError, UnknownNameError
from symgrad.grading.answer import Claim
from symgrad.grading.claims import FormulaTree, Reader
from symgrad.grading.exam import Exam
from symgrad.grading.notation import OPEN, WHOLE, Names, Symbol, symbol_of
from symgrad.grading.opening import is_loss, with_pairing
from symgrad.grading.paper import Paper
from symgrad.grading.rows import Piece, Row
from symgrad.grading.sheet import MOVED
from symgrad.language.expressions import OPERATIONS, Expression, Name, names_in, names_used
from symgrad.language.names import unused
from symgrad.language.problem import Problem, Variable, variable_like
from symgrad.language.unparse import unparse

UNREAD = "not graded, since it cannot be read"
OF_DERIVATIVE = re.compile(r"\\partial|\\nabla|∇|[d∂]\s?\w+\s?/\s?[d∂]")
PLAIN = re.compile(r"d_?(?P<of>[^\W_]\w*)")


@dataclass(frozen=True)
class Moved:
    """Names the formulas of what `pattern` finds, which has the formula in its group "of".

    `read` gives the meaning of a formula, `fresh` a new name for it, `spelled` what the
    differential of a name is called."""

    paper: Paper
    pattern: re.Pattern[str]
    read: Callable[[Piece], Expression]
    fresh: Callable[[], str]
    spelled: Callable[[str], str]

    def named(self, row: Row) -> Row:
        """A row with a name in the place of each formula; one that is not graded, where its left
        side is not read. Raises: SymgradError for another side that is not read."""
        left, whole = row.left, self.pattern.match(row.left.text)
        if whole is not None and not left.text[whole.end() :].strip("& "):
            try:
                left = self._named(left, whole, left=True)
            except UnknownNameError:
                raise
            except SymgradError as error:
                return replace(row, unread=f"{UNREAD}: {error.message}")
        else:
            left = self._side(left)
        return replace(row, left=left, sides=[self._side(side) for side in row.sides])

    def _side(self, side: Piece) -> Piece:
        for match in reversed(list(self.pattern.finditer(side.text))):
            side = self._named(side, match)
        return side

    def _named(self, piece: Piece, match: re.Match[str], left: bool = False) -> Piece:
        """The piece with a name in the place of a formula."""
        if OF_DERIVATIVE.search(match[0]):
            return piece
        formula = piece.part(match.start("of"), match.end("of"))
        try:
            name = self._name(self.read(formula), formula.shown, left)
        except SymgradError as error:
            raise formula.located(error) from None
        text = f"{piece.text[: match.start()]}{self.spelled(name)}{piece.text[match.end() :]}"
        front, back = piece.places[: match.start()], piece.places[match.end() :]
        here = [piece.places[match.start()]] * len(self.spelled(name))
        return replace(piece, text=text, places=[*front, *here, *back], source=piece.shown)

    def _name(self, meaning: Expression, text: str, left: bool) -> str:
        """The name of a formula, which may be the loss itself, or have one."""
        paper = self.paper
        if isinstance(meaning, Name) and len(meaning.name) == 1:
            return meaning.name
        if left and is_loss(paper.asked, Claim(paper.problem(), meaning, {}), 0):
            return next(n for n in WHOLE if n not in paper.names.known)
        for name in paper.unnamed:
            if unparse(paper.given[name]) == unparse(meaning):
                return name
        name = self.fresh()
        paper.given[name] = meaning
        paper.unnamed[name] = text
        return name


@dataclass
class Differentials:
    """The differentials of a derivation; `moving` are the variables whose differentials stand in
    the lines that lead to the next gradient."""

    paper: Paper
    reader: Reader
    seed: int
    moving: dict[str, None] = field(default_factory=dict)
    of_loss: bool = False  # whether the loss's own differential was given

    @cached_property
    def moved(self) -> Moved:
        """What names the formulas that stand behind a d in text."""
        return Moved(
            self.paper,
            re.compile(MOVED),
            lambda formula: self.reader.claim(self.reader.formula(formula)).expression,
            lambda: unused("formula", {*self.paper.problem().definitions, *self.paper.said}),
            lambda name: f"d{name}",
        )

    def named(self, row: Row) -> Row:
        """A row in which each formula that stands behind a d has a name."""
        moving = row.left.text.startswith(("d", "∂")) and "/" not in row.left.text
        if not moving or row.unread or row.by or row.stacked or "d" in self.paper.names.known:
            return row
        return self.moved.named(row)

    def left(self, row: Row) -> Symbol | str | None:
        """What a line is the differential of, if it may be one: a name, or a derivative."""
        names = self.paper.names
        symbol = symbol_of(row.left.text, names)
        if symbol is not None and symbol.differential:
            return symbol
        name = self._of(row.left.text, names)
        if name is None or name in self.paper.asked.variables:
            return None
        if name not in names.known:
            return name
        return name if any(map(self._moves, row.sides)) else None

    def _moves(self, side: Piece) -> bool:
        try:
            return bool(self.inside(self.reader.formula(side)))
        except SymgradError:
            return False

    @staticmethod
    def _of(text: str, names: Names) -> str | None:
        match = PLAIN.fullmatch(text)
        return None if match is None or text in names.known else names.top(match["of"])

    def inside(self, formula: FormulaTree) -> dict[str, str]:
        """The differentials in a formula, and what each is of: those that are no cotangents."""
        names = self.paper.names
        return {
            word: symbol.of
            for word, symbol in formula.symbols.items()
            if symbol.top == OPEN
            and symbol.layer is None
            and self._of(word, names) == symbol.of
            and symbol.name not in self.paper.symbols
        }

    def exam(self, of: Symbol | str, formula: FormulaTree) -> Exam:
        """The exam of a line."""
        inside = self.inside(formula)
        self._note(inside)
        names, claim = self.followed(self.claim(formula), inside)
        problem = self._function(of)
        if not names_in(problem.output).keys() <= {*problem.variables, *problem.definitions}:
            raise ProgramError(f"d{of} cannot be judged: it uses derivatives", column=1)
        if isinstance(of, Symbol):
            key, part, title = of.of, claim, f"d(dL/d{of.of})"
        else:
            problem, key = with_pairing(problem, problem.output, claim.problem)
            variables = {**claim.problem.variables, key: problem.variables[key]}
            part = replace(claim, problem=replace(claim.problem, variables=variables))
            title = f"d{of}"
        exam = Exam(problem, key, "hvp", part, self.seed, numbered=False, title=title)
        return replace(exam, along={name: self._move(name).name for name in names})

    def both(self, left: FormulaTree, right: FormulaTree) -> tuple[Claim, Claim]:
        """What the sides of an equation say in which differentials stand on the left one, as in
        dX @ inv(X) + X @ dY = 0."""
        inside = {**self.inside(left), **self.inside(right)}
        self._note(inside)
        first, second = (self.followed(self.claim(f), inside)[1] for f in (left, right))
        return first, second

    def claim(self, formula: FormulaTree) -> Claim:
        """What a formula says in which the differentials are variables."""
        inside = self.inside(formula)
        moves = {word: self._move(name) for word, name in inside.items()}
        still = {f"?{name}": self._move(name) for name in self.moving}
        return self.reader.claim(formula, more={**moves, **still})

    def followed(self, claim: Claim, inside: Mapping[str, str]) -> tuple[list[str], Claim]:
        """The variables that move, and a claim in which the differentials of names follow from
        theirs."""
        whole, asked = self.paper.problem(), self.paper.asked.variables
        follow = {n: whole.definitions[n] for n in inside.values() if n not in asked}
        used = [v for v in asked if v in names_used(follow.values(), whole.definitions)]
        choices = ([v for v in used if v in m] for m in (self.moving, self.paper.wanted))
        moving = next(filter(None, choices), used)
        directions = {v: self._move(v) for v in dict.fromkeys([*self.moving, *moving])}
        variables = {**claim.problem.variables, **{d.name: d for d in directions.values()}}
        definitions = dict(claim.problem.definitions)
        for name, meaning in follow.items():
            variables.pop(self._move(name).name, None)
            definitions[self._move(name).name] = self._differential(meaning, moving)
        problem = replace(claim.problem, variables=variables, definitions=definitions)
        return [*directions], replace(claim, problem=problem)

    def _differential(self, meaning: Expression, moving: Sequence[str]) -> Expression:
        """The differential of a formula, by those of the variables that move it."""
        problem = replace(self.paper.named(self.paper.asked), output=meaning, output_name="f")
        moving = [n for n in moving if n in names_used([meaning], problem.definitions)]
        derivation = derive.directional(problem, moving)
        moves = {seed: self._move(n) for seed, n in derivation.seeds.items()}
        variables = {**problem.variables, **{n: replace(v, name=n) for n, v in moves.items()}}
        closed = derivation.outcomes["*"].closed
        claim = self.reader.meanings.said(closed, replace(problem, variables=variables))
        return substituted(claim.expression, {n: v.expression() for n, v in moves.items()})

    def _move(self, name: str) -> Variable:
        """The differential of a name as a variable."""
        variable = self.paper.asked.variables.get(name)
        like = variable.expression() if variable else self.paper.problem().definitions[name]
        taken = {*self.paper.asked.variables, *self.paper.problem().definitions, *OPERATIONS}
        return variable_like(unused(f"d{name}", taken), like.shape, like.batch)

    def _note(self, inside: Mapping[str, str]) -> None:
        self.moving |= dict.fromkeys(n for n in inside.values() if n in self.paper.asked.variables)

    def _function(self, of: Symbol | str) -> Problem:
        """The problem of what moves."""
        if isinstance(of, Symbol) or of not in self.paper.names.known:
            return self.paper.asked
        output = self.paper.problem().definitions[of]
        return replace(self.paper.named(self.paper.asked), output=output, output_name="f")
