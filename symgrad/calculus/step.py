"""One line of a derivation as plain data, and what it says in short."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from textwrap import shorten

from symgrad.calculus.closed_form import ClosedForm, closed_form, fact_told, named_form
from symgrad.calculus.index_notation import Derivative, IndexForm, in_language
from symgrad.calculus.naming import Naming
from symgrad.calculus.nodes import Node, new_labels
from symgrad.calculus.rebuilding import Counterpart
from symgrad.calculus.recorded import Fact
from symgrad.calculus.term_graph import NoMatrixForm
from symgrad.language.dimensions import Shape
from symgrad.language.expressions import Expression, Name, is_call, leaves, parts
from symgrad.language.operations.arithmetic import transpose
from symgrad.language.phrases import Phrase, phrase, quoted
from symgrad.language.unparse import unparse

SHORT = 24  # characters of what a line says beside the chain rule
SOLVING = "solving"  # the kind of a step that holds where a gradient is zero


@dataclass(frozen=True)
class Step:
    """One line of a derivation.

    `left = right = simplified` (the last only where it says more). `uses` are the numbers of the
    steps that the rule refers to. `node` is what the line computes, `of` the forward node whose
    cotangent it is, `plain` the same without cotangents where that may be short, simplified
    through the program's definitions, `named` in terms of these, `shorter` the same by cotangents
    where facts make it so.
    """

    number: int
    kind: str  # "forward", "backward", or SOLVING
    left: Expression
    right: Expression
    rule: str
    uses: tuple[int, ...]
    sentence: str
    shape: Shape
    naming: Naming = field(repr=False)
    node: Node
    by_lines: Naming | None = field(default=None, repr=False)
    of: Node | None = None
    plain: Counterpart | None = None
    named: Counterpart | None = None
    shorter: tuple[Expression, tuple[Fact, ...]] | None = None

    def __repr__(self) -> str:
        """The line."""
        right = unparse(in_language(self.right))
        line = shorten(f"{unparse(self.left)} = {right}", 160, placeholder="...")
        return f"<Step {self.number}: {line}>"

    @cached_property
    def closed(self) -> ClosedForm | None:
        """The right-hand side without cotangents, where that may be short; None where it passes a
        tensor."""
        labels = new_labels(self.node.axes)
        try:
            forms = [
                form(counterpart.at(labels), labels, naming).by(tuple(counterpart.used.facts))
                for form, counterpart in ((named_form, self.named), (closed_form, self.plain))
                for naming in (self.by_lines, self.naming)
                if counterpart is not None and naming is not None
            ]
        except NoMatrixForm:
            return None
        return min(forms, key=lambda form: (len(form.definitions), len(form.text)), default=None)

    @cached_property
    def _shown(self) -> tuple[Expression, tuple[Fact, ...]] | None:
        form, right = self.closed, self.right
        said = unparse(in_language(right))
        by_entries = isinstance(right, IndexForm)
        shorter = self.shorter if self.shorter and unparse(self.shorter[0]) != said else None
        if form is None or form.definitions or (shorter and shorter[1]):
            return shorter
        own = unparse(form.expression)
        passed_on = by_entries or any(isinstance(leaf, Derivative) for leaf in leaves(right))
        short = len(own) <= max(len(said), SHORT) if passed_on else 3 * len(own) < 2 * len(said)
        return (form.expression, form.facts) if own != said and short else shorter

    @property
    def simplified(self) -> Expression | None:
        """The right-hand side without cotangents, where that is short and says something else."""
        return None if self._shown is None else self._shown[0]

    @property
    def facts(self) -> tuple[Phrase, ...]:
        """What holds so that it is simplified: y sums to 1, A is symmetric."""
        if self._shown is None:
            return ()
        simplified, facts = self._shown
        told = [fact_told(fact, self.naming) for fact in dict.fromkeys(facts)]
        right = in_language(self.right)
        turned = {unparse(p.arguments[0]) for p in parts(right) if is_call(p, transpose)}
        symmetric = (x for x in leaves(simplified) if isinstance(x, Name) and x.symmetric)
        told += [phrase("{0} is symmetric", quoted(x)) for x in symmetric if x.name in turned]
        return tuple(dict.fromkeys(each for each in told if each is not None))
