"""A problem in index notation, differentiated twice: as it is written, for its lines, and as it is
computed, for its results; and what becomes of these, a derivation."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import symgrad.calculus.logarithms  # noqa: F401  its rules
import symgrad.calculus.orthogonality  # noqa: F401  its rules
import symgrad.calculus.parity  # noqa: F401  its rules
import symgrad.calculus.powers  # noqa: F401  its rule
import symgrad.calculus.triangles  # noqa: F401  its rules
from symgrad.calculus.chain_rule import Reverse, reverse
from symgrad.calculus.conventions import ties_told
from symgrad.calculus.derivation import Derivation
from symgrad.calculus.functions import aligned
from symgrad.calculus.layouts import OF_VARIABLE, ROW, arranged, layout_sentence
from symgrad.calculus.lowering import Lowered, lower_problem
from symgrad.calculus.nodes import ONE, Entry, Input, Label, Node, Term, intern, new_labels
from symgrad.calculus.rebuilding import Counterpart
from symgrad.calculus.recorded import Applied, recorded
from symgrad.calculus.rules import as_written
from symgrad.calculus.stated import Examples, examples, stated
from symgrad.calculus.statements import StepWriter, outcome
from symgrad.calculus.step_names import StepNames
from symgrad.calculus.tensors import input_tensor
from symgrad.calculus.terms import identity
from symgrad.calculus.typed import Typed
from symgrad.language.dimensions import SCALAR
from symgrad.language.expressions import Expression, Name
from symgrad.language.phrases import joined, phrase
from symgrad.language.problem import Problem

SEED = Term(ONE, ())  # dL/dL = 1


PRODUCTS = {  # what has a matrix form where the derivative itself has none
    "jacobian": "More than two indices have no matrix form; "
    "its product with a cotangent (pullback) has one.",
    "hessian": "More than two indices have no matrix form; "
    "its product with a direction (hvp) has one.",
}


class Found(NamedTuple):
    """A result: its entry, all labels that it is over (in a Jacobian those of f first), the
    name on its left side, and the same as the chain rule gives it for what is written, where that
    may be short."""

    entry: Entry
    labels: tuple[Label, ...]
    name: Name
    written: Entry | None = None


Run = Callable[[Entry, Collection[Node] | None], Reverse]


class Passes(NamedTuple):
    """A problem differentiated as it is written, and as it is computed."""

    written: Reverse
    computed: Reverse

    def of(self, node: Node) -> tuple[Entry, tuple[Label, ...]]:
        """The cotangent of an input as it is computed, and all labels that it is over."""
        entry, labels = self.computed.of(node)
        _, own = self.written.of(node)
        return Counterpart.of(entry, labels).at(own), own


@dataclass
class Work:
    """A problem in index notation, with the writer of its steps."""

    problem: Problem
    wrt: tuple[str, ...]
    lowered: Lowered
    value: Entry
    written: Entry
    named: dict[Node, Node]
    writer: StepWriter
    applied: tuple[Applied, ...]
    layout: str = "variable"
    stable: bool = False

    @property
    def called(self) -> StepNames:
        """What the steps call each node."""
        return self.writer.called

    @property
    def labels(self) -> tuple[Label, ...]:
        """The indices of the output."""
        return self.lowered.output.labels

    @cached_property
    def nodes(self) -> dict[str, Node]:
        """The inputs that are differentiated by."""
        return {name: self.lowered.inputs[name].closed().node for name in self.wrt}

    def passed(self, run: Run) -> Passes:
        """The reverse pass over the problem as it is written, and over what is computed."""
        with _written(self.named, self.stable):
            written = run(self.written, self.writer.numbers)
        return Passes(written, run(self.value, None))

    def backward(self) -> Passes:
        """The passes of a scalar."""
        wrt, each = self.nodes.values(), self.each
        return self.passed(
            lambda value, lines: reverse(
                value.node, (), [SEED], (), wrt, lines, each.batch if each and lines else None
            )
        )

    @cached_property
    def each(self) -> Examples | None:
        """What the loss is the mean of, where only that of all examples is differentiated."""
        found = examples(self.written.node)
        own = any(name in self.problem.batch for name in self.wrt)
        return found if found and found.mean and not own else None

    def jacobian(self) -> Passes:
        """The passes with one more index for each axis of the value."""
        wrt = self.nodes.values()
        return self.passed(lambda value, lines: by_entries(value, self.labels, wrt, lines))

    def example(self) -> tuple[Expression, Expression]:
        """What a gradient is of: the loss, where there are examples that of one."""
        found = examples(self.written.node)
        if found is None or (found.mean and self.each is None):
            return self.writer.top(), self.writer.top()
        return self.writer.top(), self.called.names[found.loss]

    def derivatives(
        self, passes: Passes, top: Expression, example: Expression | None = None
    ) -> dict[str, Found]:
        """The derivatives of `top`, the steps to them written."""
        names = self.writer.backward(passes.written, [*self.nodes.values()], top, example)
        written = {n: passes.written.of(node)[0] for n, node in self.nodes.items()}
        short = {n: entry for n, entry in written.items() if self.called.may_be_short(entry.node)}
        return {
            n: Found(*passes.of(node), names[node], short.get(n)) for n, node in self.nodes.items()
        }

    def directions(self) -> tuple[dict[Node, Node], dict[str, str]]:
        """An input for the direction of each variable, and whose direction each name is."""
        directions: dict[Node, Node] = {}
        seeds: dict[str, str] = {}
        for name, node in self.nodes.items():
            called = self.called.new_name(f"d{name}", f"d_{name}")
            variable = self.problem.variables[name]
            self.called.naming.declare(called, variable.shape, variable.batch, direction=True)
            directions[node] = intern(Input, node.axes, name=called, facts=frozenset(), owner=node)
            seeds[called] = name
        return directions, seeds

    def _layout(self, kind: str, order: int) -> str:
        """The layout in a sentence, what is no matrix, what symmetric means."""
        scalar = self.problem.output.shape == SCALAR
        sentences = [layout_sentence(kind, self.layout, scalar)]
        if kind in OF_VARIABLE and any(map(self._is_row, self.wrt)):
            sentences.append(phrase(ROW))
        if order > 2 and kind in PRODUCTS:
            sentences.append(phrase(PRODUCTS[kind]))
        return joined(" ", [*sentences, *ties_told(self.problem, self.wrt)])

    def _is_row(self, name: str) -> bool:
        """Whether the variable is 1 x n."""
        shape = self.problem.variables[name].shape
        return shape[:-1] == SCALAR[:1] and shape != SCALAR

    def finished(
        self,
        kind: str,
        results: Mapping[Any, Found],
        seeds: Mapping[str, str] | None = None,
        passes: Passes | None = None,
    ) -> Derivation:
        """The derivation with these results."""
        roots = [self.value.node, *(result.entry.node for result in results.values())]
        plain = self.called.simplified(roots)
        by_names = self.called.in_definitions(f.written.node for f in results.values() if f.written)
        of = len(self.labels) if kind == "jacobian" else 0
        first_order = kind in ("gradient", "jacobian", "pullback")
        outcomes = {
            key: outcome(
                self.writer,
                key,
                name,
                plain[entry.node].at(entry.labels),
                arranged(
                    labels, of, self.layout, str(key), kind in OF_VARIABLE and self._is_row(key)
                ),
                self.nodes[str(key)] if first_order else None,
                by_names[written.node].at(written.labels) if first_order and written else None,
            )
            for key, (entry, labels, name, written) in results.items()
        }
        order = max((len(outcome.shape) for outcome in outcomes.values()), default=0)
        return Derivation(
            problem=self.problem,
            naming=self.called.naming,
            kind=kind,
            wrt=self.wrt,
            value=plain[self.value.node].at(self.value.labels),
            value_labels=self.labels,
            steps=tuple(self.writer.steps),
            outcomes=outcomes,
            applied=self.applied,
            seeds=seeds or {},
            layout=self._layout(kind, order),
            passes=(passes.written,) if passes else (),
            names={**self.called.lowered.names, **self.called.names},
            inputs=self.nodes,
            free=self.written,
        )


def _written(named: dict[Node, Node], stable: bool) -> AbstractContextManager[None]:
    """Where what is shown is made: as it is written, or, `stable`, as it is computed."""
    return nullcontext() if stable else as_written(named)


def begin(
    problem: Problem, names: tuple[str, ...], layout: str = "variable", stable: bool = False
) -> Work:
    """The problem in index notation with its steps forward, to be differentiated by these
    variables."""
    free = problem.free(names)
    with recorded() as applied:
        lowered = lower_problem(free)
        value = lowered.output.closed()
    named: dict[Node, Node] = {}
    with _written(named, stable):
        as_it_is = lower_problem(free)
        root, labels = as_it_is.output.closed(), as_it_is.output.labels
        whole = aligned(root, labels)
    written = Counterpart.of(root, labels).at(lowered.output.labels)
    tied = [n for n in names if free.variables[n] is not problem.variables[n]]
    declared = {
        lowered.inputs[n].closed().node: input_tensor(problem.variables[n]).closed().node
        for n in tied
    }
    called = StepNames(problem, as_it_is, lowered, written.node, whole, declared)
    lines = stated(written.node)
    with _written(named, stable):
        program = {} if stable else {**free.definitions, "": free.output}
        typed = Typed(program, as_it_is.made, lines)
    writer = StepWriter(called, lines, typed)
    writer.forward()
    rules = tuple(applied.rules.values())
    return Work(problem, names, lowered, value, written, named, writer, rules, layout, stable)


def rooted(
    value: Entry, labels: Sequence[Label], seed: Term
) -> tuple[Node, tuple[Label, ...], list[Term]]:
    """A root with its seed; labels that the value does not depend on are summed out of the seed."""
    missing = tuple(x for x in labels if x not in value.labels)
    return value.node, value.labels, [seed._replace(summed=missing)]


def by_entries(
    value: Entry,
    labels: Sequence[Label],
    wrt: Iterable[Node],
    lines: Collection[Node] | None = None,
) -> Reverse:
    """Reverse accumulation with one more index for each axis of the value."""
    extra = new_labels(x.axis for x in labels)
    seed = Term(ONE, tuple(identity(a, b) for a, b in zip(extra, labels, strict=True)))
    return reverse(*rooted(value, labels, seed), extra, wrt, lines)
