"""What is found, as a derivation: the gradients, the lines that solve for the unknowns, what these
are, and what is needed for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from symgrad.calculus import nodes as ix
from symgrad.calculus.algebra import transposed
from symgrad.calculus.closed_form import ClosedForm, closed_result
from symgrad.calculus.derivation import SOLVING, Derivation, Outcome, Step
from symgrad.calculus.naming import fresh
from symgrad.calculus.nodes import Entry, Node
from symgrad.calculus.stationary.convexity import nature
from symgrad.calculus.stationary.page import Line
from symgrad.calculus.stationary.system import System, Unknown, put
from symgrad.language.expressions import Expression, Name
from symgrad.language.phrases import enumerated, joined, phrase


@dataclass(frozen=True)
class Solution(Outcome):
    """What an unknown is. `before` are those unknowns in it that were found before it: in the
    closed form they have definitions of their own."""

    before: tuple[tuple[ix.Alias, Outcome], ...] = ()

    @cached_property
    def closed(self) -> ClosedForm:
        """The unknown by what is given alone."""
        naming = replace(self.naming, taken=set(self.naming.taken))
        names: dict[Node, Expression] = {}
        definitions: list[tuple[Name, Expression]] = []
        for alias, outcome in self.before:
            name = Name(fresh(f"{outcome.key}_hat", naming.taken), outcome.name.shape)
            names |= {alias: name, alias.inner: name}
            definitions.append((name, outcome.closed.expression))
        naming = replace(naming, definitions={**naming.definitions, **names})
        form = closed_result(self.entry, self.labels, naming)
        shaped = in_shape(form.expression, self.name)
        return replace(form, definitions=(*definitions, *form.definitions), expression=shaped)


def in_shape(found: Expression, unknown: Expression) -> Expression:
    """What was found, a column in index notation, as a row where the unknown is one."""
    turned = found.shape != unknown.shape and found.shape == unknown.shape[::-1]
    return transposed(found) if turned else found


def derivation_of(system: System) -> Derivation:
    """The gradients' derivation with the lines that solve, and with the solutions as results."""
    gradients = system.derivation
    outcomes: dict[str, Outcome] = {}
    while pending := [u for u in system.order if u.name not in outcomes]:
        unknown = next(u for u in pending if system.named_in(u) <= outcomes.keys())
        outcomes[unknown.name] = _solution(system, unknown, outcomes)
    finals = {u.node: outcomes[u.name].entry.node for u in system.order}
    value = Entry(put(gradients.value.node, finals), gradients.value.labels)
    return replace(
        gradients,
        kind="stationary",
        steps=(*gradients.steps, *_steps(system, outcomes, len(gradients.steps) + 1)),
        outcomes={u.name: outcomes[u.name] for u in system.unknowns},
        value=value,
        free=gradients.free or gradients.value,
        layout=joined(" ", _sentences(system)),
    )


def _solution(system: System, unknown: Unknown, found: Mapping[str, Outcome]) -> Solution:
    node = system.final(unknown)
    by_node = {u.node: found[u.name] for u in system.order if u.name in found}
    aliases = [n for n in ix.topological([node]) if isinstance(n, ix.Alias) and n.of in by_node]
    naming = system.derivation.naming
    labels = unknown.outcome.labels
    assert unknown.solution is not None
    return Solution(
        key=unknown.name,
        name=system.derivation.problem.variables[unknown.name].expression(),
        shape=unknown.outcome.shape,
        entry=Entry(node, labels),
        labels=labels,
        naming=naming,
        last=_by_names(system, unknown) if aliases else None,
        long=False,
        before=tuple((alias, by_node[alias.of]) for alias in aliases),
    )


def _by_names(system: System, unknown: Unknown) -> Expression:
    """What an unknown is, where those found before it have their names."""
    assert unknown.solution is not None
    later = {u.node: system.final(u) for u in system.put_in(unknown)}
    labels = unknown.outcome.labels
    found = system.writing.write(Entry(put(unknown.solution, later), labels), labels)
    return in_shape(found, system.derivation.problem.variables[unknown.name].expression())


def _steps(system: System, outcomes: Mapping[str, Outcome], number: int) -> Iterator[Step]:
    """The lines as steps; at the end those in which what was found later is put in."""
    naming = system.derivation.naming
    lines = [(u, line) for u in system.order for line in u.page.lines]
    for unknown in system.order:
        if later := system.put_in(unknown):
            names = enumerated([u.name for u in later])
            outcome, rule = outcomes[unknown.name], phrase("{0} put in", names)
            line = Line(outcome.name, outcome.expression, rule, phrase("As found: {0}.", names))
            lines.append((unknown, line))
    for k, (unknown, line) in enumerate(lines):
        yield Step(
            number=number + k,
            kind=SOLVING,
            left=line.left,
            right=line.right,
            rule=line.rule,
            uses=(),
            sentence=line.sentence,
            shape=unknown.outcome.name.shape,
            naming=naming,
            node=unknown.node,
        )


def _sentences(system: System) -> Iterator[str]:
    """What is needed for the solution."""
    needs = list(dict.fromkeys(c for u in system.order for c in u.page.conditions))
    if needs:
        yield phrase("That holds where {0}.", enumerated(needs))
    yield from (u.page.remark for u in system.order if u.page.remark)
    yield nature(system)
