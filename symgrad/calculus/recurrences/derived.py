"""The parts of a program with steps, each differentiated as a problem of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from symgrad.calculus.derivation import Derivation, Outcome, Step
from symgrad.calculus.derive import cotangents
from symgrad.calculus.index_notation import Derivative, in_language
from symgrad.calculus.naming import fresh
from symgrad.calculus.recurrences.parts import Parts, StepSum
from symgrad.calculus.recurrences.substitution import at_steps, name_at, substituted
from symgrad.errors import ProgramError
from symgrad.language.dimensions import SCALAR
from symgrad.language.expressions import Expression, Name, names_in
from symgrad.language.names import entry_of, entry_parts
from symgrad.language.problem import Problem
from symgrad.language.unparse import unparse


@dataclass
class DerivedParts:
    """`before`, `step` and `after` with the gradients of their scalars; `start` is one step too,
    as it is at the last step, where nothing comes back from a step after it; `whole` is one step
    with all that it may be given. `given` says by what name each part is given the cotangent of
    what it hands on; `states` and `totals` are those that the value depends on."""

    problem: Problem
    wrt: tuple[str, ...]
    given: dict[str, Name] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.parts = Parts(self.problem)
        self.active = active_names(self.parts, self.wrt)
        used, states = names_of_value(self.parts), self.parts.states
        self.totals = [total for name, total in self.parts.totals.items() if name in used]
        found = {n: h for n, h in states.items() if h.name in used}
        self.states = found if found or self.totals else states
        self.after = self._derived(self.parts.part(self.parts.after, self.parts.output))
        self.step = self._derived(self._one_step(self.states.values()))
        late = [h for h in self.states.values() if self.last(h).name in self.after_wrt]
        late += self.beside
        self.start = self._derived(self._one_step(late)) if late or self.totals else None
        every = [*self.states.values(), *self.beside]
        self.whole = self._derived(self._one_step(every)) if self.beside else self.step
        outputs = [Name(n, e.shape, e.batch) for n, e in self.parts.before.items()]
        later = [name for name in outputs if name.name in used]
        pairs = [(self.cotangent(name), name) for name in later or outputs]
        self.before = None
        if pairs:
            scalar = self.parts.scalar(pairs)
            part = self.parts.part(self.parts.before, scalar)
            self.before = self._derived(part) if later else cotangents(part, [])

    def last(self, h: Name) -> Name:
        """An entry at the last step."""
        return name_at(h, {self.parts.index: self.parts.last})

    def _derived(self, part: Problem) -> Derivation:
        wrt = [name for name in part.variables if name in self.active]
        derived = cotangents(part, [n for n in wrt if part.variables[n].differentiable])
        self.parts.taken |= {
            entry_parts(n.name)[0] for n in derived.names.values() if isinstance(n, Name)
        }
        lines = {unparse(step.left): step.right for step in derived.steps}
        outcomes = {
            key: replace(o, last=lines.get(unparse(o.name))) if o.last is None else o
            for key, o in derived.outcomes.items()
        }
        return replace(derived, outcomes=outcomes)

    @property
    def after_wrt(self) -> Mapping[str, Outcome]:
        """What comes after the steps, differentiated by what it is given."""
        return {str(key): outcome for key, outcome in self.after.outcomes.items()}

    @cached_property
    def beside(self) -> list[Name]:
        """What a step defines beside the states and what comes after reads of the last one."""
        return [
            Name(name, e.shape, e.batch)
            for name, e in self.parts.step.items()
            if name not in {h.name for h in self.parts.states.values()}
            and entry_of(entry_parts(name)[0], self.parts.last) in self.after_wrt
        ]

    # the parts as scalars

    def cotangent(self, of: Name) -> Name:
        """A name for a cotangent that a part is given."""
        if of.name not in self.given:
            base, index = entry_parts(of.name)
            name = entry_of(fresh(f"c_{base}", self.parts.taken), index)
            self.given[of.name] = Name(name, of.shape, of.batch)
        return self.given[of.name]

    def _one_step(self, states: Iterable[Name]) -> Problem:
        """<weight, l_t> + <cotangent, h_t> as a problem."""
        pairs = [(self._weight(total), total.body) for total in self.totals]
        pairs += [(self.cotangent(h), h) for h in states]
        if not pairs:
            raise ProgramError("nothing after the steps uses them; leave them out")
        scalar = self.parts.scalar(pairs)
        return self.parts.part(self.parts.step, scalar, self.parts.index)

    def _weight(self, total: StepSum) -> Expression:
        """The derivative of the loss by a sum over the steps, where that is a number itself."""
        outcome = self.after_wrt.get(total.name.name)
        if outcome is not None and not names_in(right := result_of(outcome)):
            return right
        return self.cotangent(total.name)

    # lines

    @cached_property
    def loss(self) -> Name:
        """What the loss is called."""
        return Name(self.step.naming.loss, SCALAR)

    def derivative(self, by: Name) -> Derivative:
        """The name of a cotangent."""
        return Derivative.of(self.loss, by, by.shape, by.batch)

    @cached_property
    def sent(self) -> dict[str, Outcome]:
        """What one step sends to each state before it, by the name of the state's cotangent."""
        before = f"{self.parts.index} - 1"
        outcomes = {str(key): outcome for key, outcome in self.step.outcomes.items()}
        states = self.states.items()
        found = {self.cotangent(h).name: outcomes.get(entry_of(n, before)) for n, h in states}
        return {name: outcome for name, outcome in found.items() if outcome is not None}

    @cached_property
    def carried(self) -> dict[str, Expression]:
        """The same that the next step sends."""
        following = next_step(self.parts.index)
        return {name: self.named(result_of(o), following) for name, o in self.sent.items()}

    @cached_property
    def passed(self) -> dict[str, Name]:
        """The states that are only handed on, so that no line says their cotangent: what stands
        for it, by the name that one step is given it by. It is dL/dh where the next step alone uses
        h, and else a name of its own, of what the next step sends."""
        lines = {step.left.name for step in self.step.steps if isinstance(step.left, Name)}
        found = {}
        for base, h in self.states.items():
            own = self.derivative(h)
            sent = entry_of(base, f"{self.parts.index} - 1") in self.step.outcomes
            if h.name not in self.active or (own.name in lines and sent):
                continue
            direct = any(h.name in names_in(e) for e in self.parts.step.values())
            direct = direct or any(total.body.name == h.name for total in self.totals)
            direct = direct or own.name in lines
            if direct:
                name = entry_of(fresh("m", self.parts.taken), self.parts.index)
                found[self.cotangent(h).name] = Name(name, h.shape, h.batch)
            else:
                found[self.cotangent(h).name] = own
        return found

    def named(self, e: Expression, indices: Mapping[str, str] | None = None) -> Expression:
        """The expression with the cotangents of sums by their names, perhaps at another step."""
        names = {
            self.given[s.name.name].name: self.derivative(s.name)
            for s in self.totals
            if s.name.name in self.given
        }
        e = substituted(e, {**names, **self.passed})
        return e if indices is None else at_steps(e, indices)

    @property
    def states_given(self) -> dict[str, Name]:
        """The states whose cotangents one step is given, by the names of these."""
        return {self.cotangent(h).name: h for h in self.states.values()}

    def shown(self, step: Step) -> Step:
        """A step, without the side that has cotangents which a part is given."""
        own = dict.fromkeys(given.name for given in self.given.values())
        also = step.simplified
        return (
            replace(step, plain=None, named=None) if also is not None and uses(also, own) else step
        )


def active_names(parts: Parts, wrt: Iterable[str]) -> set[str]:
    """Every name whose value depends on one of wrt, and that the problem's value depends on."""
    t, wrt = parts.index, {*wrt}
    series = {n for n in wrt if parts.problem.variables[n].steps is not None}
    active = wrt - series
    active |= {entry_of(n, index) for n in series for index in (t, parts.last)}
    definitions = [*parts.before.items(), *parts.step.items(), *parts.after.items()]
    while True:
        count = len(active)
        for name, e in definitions:
            if not active.isdisjoint(names_in(e)):
                active.add(name)
        for h in parts.states:
            if {entry_of(h, "0"), entry_of(h, t)} & active:
                active.add(entry_of(h, f"{t} - 1"))
        for name in parts.step:
            if name in active:
                active.add(entry_of(entry_parts(name)[0], parts.last))
        active |= {s for s, total in parts.totals.items() if total.body.name in active}
        if len(active) == count:
            return active & names_of_value(parts)


def names_of_value(parts: Parts) -> set[str]:
    """Every name that the problem's value depends on."""
    definitions = {**parts.before, **parts.step, **parts.after}
    found, pending = set[str](), [*names_in(parts.output)]
    while pending:
        name = pending.pop()
        base, index = entry_parts(name)
        if name not in found:
            found.add(name)
            pending += names_in(definitions[name]) if name in definitions else ()
            pending += [parts.totals[name].body.name] if name in parts.totals else ()
            if index in (parts.last, f"{parts.index} - 1"):
                pending.append(entry_of(base, parts.index))
            if index == f"{parts.index} - 1":
                pending.append(entry_of(base, "0"))
    return found


def next_step(t: str) -> dict[str, str]:
    """Every index one step later."""
    return {t: f"{t} + 1", f"{t} - 1": t}


def result_of(outcome: Outcome) -> Expression:
    """A result by the names of the steps."""
    if outcome.last is not None:
        return in_language(outcome.last)
    values: dict[str, Expression] = {}
    for name, value in outcome.definitions:
        values[name.name] = substituted(value, values)
    return substituted(in_language(outcome.expression), values)


def uses(e: Expression, names: Mapping[str, object]) -> bool:
    """Whether one of these names stands in an expression."""
    return not names_in(e).keys().isdisjoint(names)
