r"""A program with steps in three problems without any: what is before the steps, one step, and what
comes after.

    before    u = u(\theta),  h_0 = h_0(\theta)
    step      h_t = f(h_{t-1}, x_t, u, \theta),  l_t = l(h_t, x_t, u, \theta)     t = 1, ..., T
    after     L = g(h_T, s, u, \theta),  s = \sum_t l_t

No chain rule of its own is needed. Each part is differentiated as if what it is given were
variables, and the cotangents of what it hands on were known: as <cotangents, outputs>.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, reduce
from operator import add

from symgrad.calculus.algebra import paired
from symgrad.calculus.naming import fresh
from symgrad.errors import ProgramError
from symgrad.language.dimensions import SCALAR
from symgrad.language.expressions import Call, Expression, Name, fold, is_call, names_in, names_used
from symgrad.language.names import entry_of, entry_parts
from symgrad.language.operations.batches import batch_sum, over_batch
from symgrad.language.operations.steps import sum_of_steps
from symgrad.language.problem import Loop, Problem, Variable, variable_like


@dataclass(frozen=True)
class StepSum:
    """A sum over the steps: its name, what is summed, by the name of its entry, and how the program
    writes it."""

    name: Name
    body: Name
    written: Call


@dataclass
class Parts:
    """The three parts of a program, each as its definitions."""

    problem: Problem
    before: dict[str, Expression] = field(default_factory=dict)
    step: dict[str, Expression] = field(default_factory=dict)
    after: dict[str, Expression] = field(default_factory=dict)
    totals: dict[str, StepSum] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.taken = names_taken(self.problem)
        self._variables: dict[str, Variable] = {}
        self.step |= self.loop.step
        outside = {**self.problem.definitions, self.problem.output_name: self.problem.output}
        summed = {name: self._summed(name, e) for name, e in outside.items()}
        self.output = summed.pop(self.problem.output_name)
        inside = [*self.step.values(), *self.loop.initial.values()]
        needed = names_used(inside, summed)
        self._check(needed)
        self.before |= {n: e for n, e in summed.items() if n in needed}
        self.before |= {entry_of(h, "0"): e for h, e in self.loop.initial.items()}
        after = (n for n in summed if n not in needed and n not in self.totals)
        self.after |= {n: summed[n] for n in after}

    @property
    def loop(self) -> Loop:
        """The steps as they were written."""
        assert self.problem.loop is not None
        return self.problem.loop

    @property
    def index(self) -> str:
        """What counts the steps."""
        return self.loop.steps.index

    @property
    def last(self) -> str:
        """The last step."""
        return str(self.loop.steps.length)

    @property
    def own_names(self) -> set[str]:
        """What the program itself defines, at a step where it has an index."""
        loop = self.loop
        return {*self.problem.definitions, *loop.step, *(entry_of(h, "0") for h in loop.initial)}

    @cached_property
    def states(self) -> dict[str, Name]:
        """Each state -> its entry at a step."""
        return {
            h: Name(entry_of(h, self.index), e.shape, e.batch)
            for h in self.loop.initial
            if (e := self.step[entry_of(h, self.index)]) is not None
        }

    def _summed(self, name: str, e: Expression) -> Expression:
        """A definition with names in the place of its sums over the steps."""

        def visit(node: Expression, arguments: tuple[Expression, ...]) -> Expression:
            if not isinstance(node, Call):
                return node
            new = node if arguments == node.arguments else replace(node, arguments=arguments)
            if not is_call(node, sum_of_steps):
                return new
            own = name if node is e and name != self.problem.output_name else ""
            return self._total(own, node).name

        return fold(e, visit)

    def _total(self, name: str, call: Call) -> StepSum:
        (body,) = call.arguments
        if not isinstance(body, Name) or body.name not in self.step:
            symbol = "l" if body.shape == SCALAR else "s"
            entry = entry_of(fresh(symbol, self.taken), self.index)
            self.step[entry] = body
            body = Name(entry, body.shape, body.batch)
        name = name or fresh("s", self.taken)
        total = StepSum(Name(name, call.shape, call.batch), body, call)
        self.totals[name] = total
        return total

    def summed(self, total: StepSum) -> Expression:
        """A sum over the steps, of what the steps call what is summed."""
        return replace(total.written, arguments=(total.body,))

    def _check(self, needed: set[str]) -> None:
        """What a step uses is known before it."""
        late = {entry_of(entry_parts(h)[0], self.last) for h in self.step}
        for name in needed:
            if name in self.totals or name in late:
                raise ProgramError(
                    f"{name} is known after the last step, and a step or what it uses needs it"
                )

    # the parts as problems

    def variables(self, definitions: Mapping[str, Expression], *more: Expression) -> Iterator[Name]:
        """What these definitions, and more, are given, each once, in the program's order."""
        given = {
            name: leaf
            for e in (*definitions.values(), *more)
            for name, leaf in names_in(e).items()
            if name not in definitions
        }
        order = list(self.problem.variables)
        bases = {name: entry_parts(name)[0] for name in given}
        yield from sorted(
            given.values(),
            key=lambda n: order.index(bases[n.name]) if bases[n.name] in order else len(order),
        )

    def variable(self, name: Name) -> Variable:
        """A variable of a part: the program's, its entry, or what another part hands on. It is
        one object in all parts: nodes are shared then."""
        if name.name not in self._variables:
            self._variables[name.name] = self._variable(name)
        return self._variables[name.name]

    def _variable(self, name: Name) -> Variable:
        base, index = entry_parts(name.name)
        of = self.problem.variables.get(base)
        if of is not None and (of.steps is not None) == bool(index):
            return of.at(index) if index else of
        return variable_like(name.name, name.shape, name.batch)

    def part(
        self, definitions: Mapping[str, Expression], output: Expression, index: str = ""
    ) -> Problem:
        """A part as a problem of its own."""
        given = map(self.variable, self.variables(definitions, output))
        variables = {variable.name: variable for variable in given}
        name = self.problem.output_name
        whole = self.problem
        taken = frozenset(self.taken)
        return Problem(variables, definitions, output, name, index=index, within=whole, taken=taken)

    def scalar(self, pairs: Iterable[tuple[Expression, Expression]]) -> Expression:
        """The sum of the inner products <cotangent, output>, over the examples where they have a
        batch."""
        each: dict[str | None, list[Expression]] = {}
        for cotangent, output in pairs:
            term = paired(cotangent, output)
            each.setdefault(term.batch, []).append(term)
        parts = []
        for batch, terms in each.items():
            total = reduce(add, terms)
            if batch is not None:
                examples = self.problem.examples(batch)
                total = over_batch(batch_sum, total, examples, batch)
            parts.append(total)
        return reduce(add, parts)


def names_taken(problem: Problem) -> set[str]:
    """Every name of a program."""
    loop = problem.loop
    assert loop is not None
    bases = {entry_parts(name)[0] for name in (*loop.step, *loop.initial)}
    own = {*problem.variables, *problem.definitions, *bases, problem.output_name}
    return own | {loop.steps.index, str(loop.steps.length)}
