"""Derivations of each kind: gradient, Jacobian, Hessian, Hessian-vector product, directional,
pull-back."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import symgrad.calculus.diagonals  # noqa: F401  its rules
import symgrad.calculus.logarithms  # noqa: F401  its rules
import symgrad.calculus.orthogonality  # noqa: F401  its rules
import symgrad.calculus.parity  # noqa: F401  its rules
import symgrad.calculus.powers  # noqa: F401  its rule
import symgrad.calculus.triangles  # noqa: F401  its rules
from symgrad.calculus.chain_rule import Reverse, forward, reverse
from symgrad.calculus.conventions import ties_told
from symgrad.calculus.derivation import Derivation, Derivative, Key
from symgrad.calculus.functions import aligned
from symgrad.calculus.layouts import arranged, check_layout, layout_sentence
from symgrad.calculus.lowering import Lowered, lower_problem
from symgrad.calculus.naming import fresh
from symgrad.calculus.nodes import ONE, Entry, Factor, Input, Label, Node, Term, intern, new_labels
from symgrad.calculus.proofs.lines import Differential
from symgrad.calculus.rebuilding import Counterpart, without_aliases
from symgrad.calculus.recorded import Applied, recorded
from symgrad.calculus.rules import as_written
from symgrad.calculus.stated import Examples, examples, stated
from symgrad.calculus.statements import Writer, outcome
from symgrad.calculus.step_names import StepNames
from symgrad.calculus.tensors import input_tensor
from symgrad.calculus.terms import identity
from symgrad.calculus.typed import Typed
from symgrad.errors import ShapeError
from symgrad.language.dimensions import SCALAR, describe
from symgrad.language.expressions import Expression, Name
from symgrad.language.phrases import joined, phrase
from symgrad.language.problem import Problem, Wrt
from symgrad.language.unparse import unparse

SEED = Term(ONE, ())  # dL/dL = 1
PRODUCTS = {  # what has a matrix form where the derivative itself has none
    "jacobian": "More than two indices have no matrix form; "
    "its product with a cotangent (pullback) has one.",
    "hessian": "More than two indices have no matrix form; "
    "its product with a direction (hvp) has one.",
}


class _Found(NamedTuple):
    """A result: its entry, all labels that it is over (in a Jacobian those of f first), the
    name on its left side, and the same as the chain rule gives it for what is written, where that
    may be short."""

    entry: Entry
    labels: tuple[Label, ...]
    name: Name
    written: Entry | None = None


Run = Callable[[Entry, Collection[Node] | None], Reverse]


class _Passes(NamedTuple):
    """A problem differentiated as it is written, and as it is computed."""

    written: Reverse
    computed: Reverse

    def of(self, node: Node) -> tuple[Entry, tuple[Label, ...]]:
        """The cotangent of an input as it is computed, and all labels that it is over."""
        entry, labels = self.computed.of(node)
        _, own = self.written.of(node)
        return Counterpart.of(entry, labels).at(own), own


@dataclass
class _Work:
    """A problem in index notation, with the writer of its steps."""

    problem: Problem
    wrt: tuple[str, ...]
    lowered: Lowered
    value: Entry
    written: Entry
    named: dict[Node, Node]
    writer: Writer
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

    def passed(self, run: Run) -> _Passes:
        """The reverse pass over the problem as it is written, and over what is computed."""
        with _written(self.named, self.stable):
            written = run(self.written, self.writer.numbers)
        return _Passes(written, run(self.value, None))

    def backward(self) -> _Passes:
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

    def jacobian(self) -> _Passes:
        """The passes with one more index for each axis of the value."""
        wrt = self.nodes.values()
        return self.passed(lambda value, lines: _jacobian(value, self.labels, wrt, lines))

    def example(self) -> tuple[Expression, Expression]:
        """What a gradient is of: the loss, where there are examples that of one."""
        found = examples(self.written.node)
        if found is None or (found.mean and self.each is None):
            return self.writer.top(), self.writer.top()
        return self.writer.top(), self.called.names[found.loss]

    def derivatives(
        self, passes: _Passes, top: Expression, example: Expression | None = None
    ) -> dict[str, _Found]:
        """The derivatives of `top`, the steps to them written."""
        names = self.writer.backward(passes.written, [*self.nodes.values()], top, example)
        written = {n: passes.written.of(node)[0] for n, node in self.nodes.items()}
        short = {n: entry for n, entry in written.items() if self.called.may_be_short(entry.node)}
        return {
            n: _Found(*passes.of(node), names[node], short.get(n)) for n, node in self.nodes.items()
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
        if order > 2 and kind in PRODUCTS:
            sentences.append(phrase(PRODUCTS[kind]))
        return joined(" ", [*sentences, *ties_told(self.problem, self.wrt)])

    def finished(
        self,
        kind: str,
        results: Mapping[Any, _Found],
        seeds: Mapping[str, str] | None = None,
        passes: _Passes | None = None,
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
                arranged(labels, of, self.layout, str(key)),
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


def _begin(
    problem: Problem,
    wrt: Wrt,
    check: bool = True,
    layout: str = "variable",
    stable: bool = False,
) -> _Work:
    names = problem.wrt(wrt) if check else ()
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
    writer = Writer(called, lines, typed)
    writer.forward()
    rules = tuple(applied.rules.values())
    return _Work(problem, names, lowered, value, written, named, writer, rules, layout, stable)


def _scalar(problem: Problem, what: str) -> None:
    if problem.output.shape != SCALAR:
        raise ShapeError(
            f"the {what} is of a scalar; {problem.output_name} is {describe(problem.output.shape)} "
            "(for its Jacobian: --of jacobian, or sg.jacobian in Python)"
        )


def value(problem: Problem) -> Derivation:
    """The value alone, with its forward steps."""
    return _begin(problem, problem.variables, check=False).finished("value", {})


def gradient(
    problem: Problem, wrt: Wrt = None, layout: str = "variable", stable: bool = False
) -> Derivation:
    """The gradient of a scalar by each of wrt, in the variable's shape; in numerator layout its
    transpose. `stable` shows it of the program as it is computed."""
    _scalar(problem, "gradient")
    work = _begin(problem, wrt, layout=layout, stable=stable)
    passes = work.backward()
    results = work.derivatives(passes, *work.example())
    return work.finished("gradient", results, passes=passes)


def cotangents(problem: Problem, wrt: Sequence[str]) -> Derivation:
    """The gradient of a part of a program, as a part: every derivative is one of the whole loss, by
    the name that it has in all of the program."""
    if not wrt:
        return value(problem)
    work = _begin(problem, wrt)
    passes = work.backward()
    results = work.derivatives(passes, Name(work.called.naming.loss, SCALAR))
    return work.finished("gradient", results, passes=passes)


def jacobian(problem: Problem, wrt: Wrt = None, layout: str = "variable") -> Derivation:
    """The Jacobian of f: shape(f) + shape(variable), where a vector counts as one axis, a scalar as
    none; in denominator layout the variable's first."""
    work = _begin(problem, wrt, layout=layout)
    passes = work.jacobian()
    results = work.derivatives(passes, work.writer.top())
    return work.finished("jacobian", results, passes=passes)


def pullback(problem: Problem, wrt: Wrt = None) -> Derivation:
    """The cotangent of f, given by the caller, pulled back to each of wrt."""
    work = _begin(problem, wrt)
    name = work.called.new_name("G", f"G_{problem.output_name}")
    work.called.naming.declare(name, problem.output.shape)
    axes, owner = tuple(x.axis for x in work.labels), work.value.node
    upstream = intern(Input, axes, name=name, facts=frozenset(), owner=owner)
    cotangent = Factor(upstream, work.labels)
    seed, wrt = Term(ONE, (cotangent,)), work.nodes.values()
    passes = work.passed(
        lambda value, lines: reverse(*_rooted(value, work.labels, seed), (), wrt, lines)
    )
    top = Name(fresh("L", work.called.naming.taken), SCALAR)
    results = work.derivatives(passes, top)
    pulled = work.finished("pullback", results, {name: "cotangent"}, passes)
    of, given = work.writer.top(), Name(name, problem.output.shape)
    return replace(pulled, upstream=(Derivative.of(top, of, given.shape), given))


def directional(problem: Problem, wrt: Wrt = None) -> Derivation:
    """The derivative of the result along a direction of all of wrt together."""
    work = _begin(problem, wrt)
    directions, seeds = work.directions()
    (entry,) = forward([work.value], directions)
    output = problem.output_name
    top = Name(work.called.new_name(f"d{output}", f"d_{output}"), problem.output.shape)
    results: dict[Key, _Found] = {"*": _Found(entry, work.labels, top)}
    return work.finished("directional", results, seeds)


def hvp(problem: Problem, wrt: Wrt = None) -> Derivation:
    """The Hessian times a direction over all of wrt, block by block: the gradient's derivative
    along it."""
    _scalar(problem, "Hessian-vector product")
    work = _begin(problem, wrt)
    passes = work.backward()
    first = work.derivatives(passes, *work.example())
    directions, seeds = work.directions()
    gradients = without_aliases([found.entry for found in first.values()])
    results: dict[Key, _Found] = {}
    for entry, (n, found) in zip(forward(gradients, directions), first.items(), strict=True):
        top = Differential(f"d({found.name.name})", found.name.shape, of=found.name)
        results[n] = found._replace(entry=entry, name=top)
    return work.finished("hvp", results, seeds, passes)


def hessian(problem: Problem, wrt: Wrt = None) -> Derivation:
    """The Hessian's blocks, by differentiating the backward list again; for wrt a, b: aa, ab,
    bb."""
    _scalar(problem, "Hessian")
    work = _begin(problem, wrt)
    if examples := [n for n in work.wrt if n in problem.batch]:
        raise ShapeError(
            f"the Hessian by {examples[0]}, of which each example of {problem.batch[examples[0]]} "
            "has its own, has two indices of examples; take hvp, or the Hessian of one example's "
            "loss"
        )
    passes = work.backward()
    first = work.derivatives(passes, *work.example())
    loss = unparse(work.writer.top())
    results: dict[Key, _Found] = {}
    entries = without_aliases([found.entry for found in first.values()])
    for k, ((a, found), entry) in enumerate(zip(first.items(), entries, strict=True)):
        later = [*work.nodes.items()][k:]
        second = _jacobian(entry, found.labels, [other for _, other in later])
        for b, other in later:
            bottom = Name(a, SCALAR)
            name = Derivative(f"d2{loss}/d{a}d{b}", SCALAR, top=first[b].name, bottom=bottom)
            results[a, b] = _Found(*second.of(other), name)
    return work.finished("hessian", results, passes=passes)


def _rooted(
    value: Entry, labels: Sequence[Label], seed: Term
) -> tuple[Node, tuple[Label, ...], list[Term]]:
    """A root with its seed; labels that the value does not depend on are summed out of the seed."""
    missing = tuple(x for x in labels if x not in value.labels)
    return value.node, value.labels, [seed._replace(summed=missing)]


def _jacobian(
    value: Entry,
    labels: Sequence[Label],
    wrt: Iterable[Node],
    lines: Collection[Node] | None = None,
) -> Reverse:
    """Reverse accumulation with one more index for each axis of the value."""
    extra = new_labels(x.axis for x in labels)
    seed = Term(ONE, tuple(identity(a, b) for a, b in zip(extra, labels, strict=True)))
    return reverse(*_rooted(value, labels, seed), extra, wrt, lines)


LAID_OUT = {"gradient": gradient, "jacobian": jacobian}  # what has layouts to choose from
KINDS = {
    **LAID_OUT,
    "hessian": hessian,
    "hvp": hvp,
    "directional": directional,
    "pullback": pullback,
}


def derived(
    kind: str, problem: Problem, wrt: Wrt, layout: str = "variable", stable: bool = False
) -> Derivation:
    """The derivation of this kind in a layout; of a gradient as it is written, or `stable`.

    Raises: OptionError for a layout that there is not."""
    check_layout(kind, layout)
    with recorded() as applied:
        if stable:
            derivation = gradient(problem, wrt, layout, stable)
        elif layout == "variable":
            derivation = KINDS[kind](problem, wrt)
        else:
            derivation = LAID_OUT[kind](problem, wrt, layout)
    told = {rule.identity for rule in derivation.applied}
    facts = [rule for rule in applied.rules.values() if rule.fact and rule.identity not in told]
    rules = [rule._replace(for_code=False) if stable else rule for rule in derivation.applied]
    return replace(derivation, applied=(*rules, *facts))
