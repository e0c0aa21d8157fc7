"""What a name without an index receives: from each step, from what comes after and before them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from symgrad.calculus.algebra import is_negative, negated
from symgrad.calculus.index_notation import in_language
from symgrad.calculus.naming import fresh
from symgrad.calculus.recurrences.derived import DerivedParts, result_of
from symgrad.calculus.recurrences.joined import Sum
from symgrad.calculus.recurrences.parts import Parts
from symgrad.calculus.recurrences.substitution import at_steps, nothing, substituted
from symgrad.calculus.sums import signed_sum
from symgrad.errors import ProgramError
from symgrad.language.expressions import Expression, Name, names_in
from symgrad.language.names import entry_of, entry_parts
from symgrad.language.operations.batches import batch_sum, over_batch
from symgrad.language.operations.steps import step_sum


@dataclass
class Received:
    """The cotangents of what is before the steps, and the results."""

    of: DerivedParts

    @property
    def parts(self) -> Parts:
        """The parts of the program."""
        return self.of.parts

    def sent(self, e: Expression) -> Expression:
        """An expression of the first part, with the cotangents of its outputs by their names."""
        return substituted(in_language(e), {**self.inline, **self.named})

    @property
    def _outputs(self) -> list[Name]:
        return [
            Name(name, e.shape, e.batch)
            for name, e in self.parts.before.items()
            if name in self.of.active and name in self.of.given
        ]

    @cached_property
    def _lines(self) -> set[str]:
        """The cotangents that have lines in the first part."""
        steps = () if self.of.before is None else self.of.before.steps
        return {step.left.name for step in steps if isinstance(step.left, Name)}

    @cached_property
    def inline(self) -> dict[str, Expression]:
        """What the first part is given where it has a line for it, whose sum it joins."""
        return {
            self.of.given[of.name].name: self.cotangent(of)
            for of in self._outputs
            if self.of.derivative(of).name in self._lines
        }

    @cached_property
    def named(self) -> dict[str, Name]:
        """What else the first part is given, by a name: dL/du where nothing else there uses u."""
        found = {}
        for of in self._outputs:
            own = self.of.given[of.name].name
            if own in self.inline:
                continue
            others = {name for e in self.parts.before.values() for name in names_in(e)}
            name = Name(fresh("m", self.parts.taken), of.shape, of.batch)
            found[own] = name if of.name in others else self.of.derivative(of)
        return found

    def handed_on(self) -> list[tuple[Name, Expression]]:
        """The lines of these names."""
        return [
            (self.named[own], self.cotangent(of))
            for of in self._outputs
            if (own := self.of.given[of.name].name) in self.named
        ]

    def cotangent(self, of: Name) -> Expression:
        """The cotangent of what the first part gives: from the first step or from each, and from
        what comes after."""
        base, index = entry_parts(of.name)
        terms = []
        if index == "0":
            own = self.of.cotangent(self.parts.states[base]).name
            if own in self.of.carried:
                first = {self.parts.index: "0", f"{self.parts.index} + 1": "1"}
                sent = at_steps(self.of.carried[own], first)
                terms.append(self._over_examples(sent, of))
        terms += self._terms(of.name)
        return signed_sum(terms) if terms else nothing(of.shape)

    def _over_examples(self, e: Expression, of: Name) -> Expression:
        """The sum over the examples, where each has a cotangent of what is the same for all."""
        if e.batch is None or of.batch is not None:
            return e
        examples = self.of.problem.examples(e.batch)
        return over_batch(batch_sum, e, examples, e.batch)

    def _terms(self, name: str) -> list[Expression]:
        """What the steps together, and what comes after, send to a name without an index."""
        terms = []
        step = {str(key): outcome for key, outcome in self.of.step.outcomes.items()}
        if name in step:
            each = self.of.named(result_of(step[name]))
            minus = is_negative(each)
            total = step_sum(negated(each) if minus else each, False, self.parts.loop.steps)
            terms.append(negated(total) if minus else total)
        if name in self.of.after_wrt:
            terms.append(result_of(self.of.after_wrt[name]))
        return terms

    def result(self, name: str) -> Sum:
        """The gradient by a variable, as the sum of what the parts send."""
        variable = self.of.problem.variables[name]
        if entry_of(name, self.parts.last) in self.of.after_wrt:
            raise ProgramError(
                f"{name}[{self.parts.last}] is used after the steps: the gradient by {name} has "
                "another form there; declare it data, or derive by other names"
            )
        if variable.steps is None:
            terms = self._terms(name)
            before = {} if self.of.before is None else self.of.before.outcomes
            if name in before:
                terms.append(self.sent(result_of(before[name])))
            own = variable.expression()
            right = signed_sum(terms) if terms else nothing(own.shape)
            return Sum(name, self.of.derivative(own), right)
        entry = variable.at(self.parts.index).expression()
        step = {str(key): outcome for key, outcome in self.of.step.outcomes.items()}
        if entry.name not in step:
            return Sum(name, self.of.derivative(entry), nothing(entry.shape))
        return Sum(name, self.of.derivative(entry), self.of.named(result_of(step[entry.name])))
