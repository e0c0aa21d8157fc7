"""Lines that are differentials: dL = 2 r.T @ dr, dr = W @ dx, d(dL/dx) = 2 A.T @ A @ dx.

Each differential on a right side moves by itself: the line is true where it is the derivative of
the left side along all of them at once, what is not mentioned standing still.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property

from symgrad.errors import ProgramError, SymgradError
from symgrad.grading.answer import Claim
from symgrad.grading.claims import FormulaTree, Reader
from symgrad.grading.exam import Exam
from symgrad.grading.moved import Moved
from symgrad.grading.notation import OPEN, Names, Symbol, symbol_of
from symgrad.grading.opening import with_pairing
from symgrad.grading.paper import Paper
from symgrad.grading.rows import Piece, Row
from symgrad.grading.sheet import MOVED
from symgrad.language.expressions import OPERATIONS, names_in
from symgrad.language.names import unused
from symgrad.language.problem import Problem, Variable, variable_like

PLAIN = re.compile(r"d_?(?P<of>[^\W_]\w*)")


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

    def exams(self, of: Symbol | str, formula: FormulaTree) -> Iterator[Exam]:
        """The exam of each meaning of a line that it may have."""
        inside = self.inside(formula).values()
        self.moving |= dict.fromkeys(n for n in inside if n in self.paper.asked.variables)
        names = list(dict.fromkeys([*inside, *self.moving]))
        claim = self.claim(formula)
        called = {name: self._move(name).name for name in names}
        for base in (self.paper.asked, self.paper.current):
            problem = self._opened(base, of, names)
            if problem is None:
                continue
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
            yield replace(exam, along=called)

    def claim(self, formula: FormulaTree) -> Claim:
        """What a formula says in which the differentials are variables."""
        inside = self.inside(formula)
        moves = {word: self._move(name) for word, name in inside.items()}
        still = {f"?{name}": self._move(name) for name in self.moving}
        return self.reader.claim(formula, more={**moves, **still})

    def _move(self, name: str) -> Variable:
        """The differential of a name as a variable."""
        variable = self.paper.asked.variables.get(name)
        like = variable.expression() if variable else self.paper.problem().definitions[name]
        taken = {*self.paper.asked.variables, *self.paper.problem().definitions, *OPERATIONS}
        return variable_like(unused(f"d{name}", taken), like.shape, like.batch)

    def _opened(self, base: Problem, of: Symbol | str, names: list[str]) -> Problem | None:
        """The problem of what moves, as a function of everything that moves it; None where a
        formula does not stand in it as such, so that it is not known how it moves it."""
        if isinstance(of, str) and of in self.paper.names.known:
            named = self.paper.named(base)
            problem = replace(named, output=self.paper.problem().definitions[of], output_name="f")
        else:
            problem = base
        for name in names:
            seen = next(self.reader.meanings.views(problem, name), None)
            if seen is None and name in self.paper.unnamed:
                return None
            like = self._move(name)
            variables = {**problem.variables, name: replace(like, name=name)}
            problem = seen or replace(problem, variables=variables)
        return problem
