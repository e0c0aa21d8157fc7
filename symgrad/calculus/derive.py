"""Derivations of each kind: gradient, Jacobian, Hessian, Hessian-vector product, directional,
pull-back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import symgrad.calculus.logarithms  # noqa: F401  its rules
import symgrad.calculus.orthogonality  # noqa: F401  its rules
import symgrad.calculus.parity  # noqa: F401  its rules
import symgrad.calculus.powers  # noqa: F401  its rule
from symgrad.calculus.algebra import paired
from symgrad.calculus.chain_rule import Reverse, forward, reverse
from symgrad.calculus.conventions import ties_told
from symgrad.calculus.derivation import Derivation, Derivative, Key
from symgrad.calculus.layouts import arranged, check_layout, layout_sentence
from symgrad.calculus.lowering import Lowered, input_tensor, lower_problem
from symgrad.calculus.naming import fresh
from symgrad.calculus.nodes import ONE, Entry, Factor, Input, Label, Node, Term, intern, new_labels
from symgrad.calculus.proofs.lines import Differential
from symgrad.calculus.rebuilding import without_aliases
from symgrad.calculus.rules import Applied, recorded
from symgrad.calculus.statements import Writer
from symgrad.calculus.step_names import StepNames
from symgrad.calculus.terms import identity
from symgrad.errors import ShapeError
from symgrad.language.dimensions import SCALAR, describe
from symgrad.language.expressions import Expression, Name
from symgrad.language.operations.meanings import REWRITES
from symgrad.language.problem import Problem, Wrt

SEED = Term(ONE, ())  # dL/dL = 1
PRODUCTS = {  # what has a matrix form where the derivative itself has none
    "jacobian": "its product with a cotangent (pullback)",
    "hessian": "its product with a direction (hvp)",
}


class _Found(NamedTuple):
    """A result: its entry, all labels that it is over (in a Jacobian those of f first), and the
    name on its left side."""

    entry: Entry
    labels: tuple[Label, ...]
    name: Expression


@dataclass
class _Work:
    """A problem in index notation, with the writer of its steps."""

    problem: Problem
    wrt: tuple[str, ...]
    lowered: Lowered
    value: Entry
    writer: Writer
    rewrites: tuple[Applied, ...]
    layout: str = "variable"

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

    def backward(self) -> tuple[Reverse, Mapping[Node, Derivative]]:
        """The reverse pass of a scalar, its steps written; what each derivative is called."""
        backward = reverse(self.value.node, (), [SEED], (), self.nodes.values())
        writer = self.writer
        return backward, self.named(backward, writer.top(), writer.scalar_top())

    def named(
        self, backward: Reverse, top: Expression, example: Expression | None = None
    ) -> Mapping[Node, Derivative]:
        """The steps of a reverse pass, written; what the derivative by each input is called."""
        return self.writer.backward(backward, [*self.nodes.values()], top, example)

    def directions(self) -> tuple[dict[Node, Node], dict[str, str]]:
        """An input for the direction of each variable, and whose direction each name is."""
        directions: dict[Node, Node] = {}
        seeds: dict[str, str] = {}
        for name, node in self.nodes.items():
            called = self.called.new_name(f"d{name}", f"d_{name}")
            variable = self.problem.variables[name]
            self.called.naming.declare(called, variable.shape, variable.batch)
            directions[node] = intern(Input, node.axes, name=called, facts=frozenset())
            seeds[called] = name
        return directions, seeds

    def _layout(self, kind: str, order: int) -> str:
        """The layout in a sentence, what is no matrix, what symmetric means."""
        scalar = self.problem.output.shape == SCALAR
        sentences = [layout_sentence(kind, self.layout, scalar)]
        if order > 2 and kind in PRODUCTS:
            sentences.append(
                f"More than two indices have no matrix form; {PRODUCTS[kind]} has one."
            )
        return " ".join([*sentences, *ties_told(self.problem, self.wrt)])

    def finished(
        self,
        kind: str,
        results: Mapping[Key, _Found],
        seeds: Mapping[str, str] | None = None,
        passes: Sequence[Reverse] = (),
    ) -> Derivation:
        """The derivation with these results."""
        roots = [self.value.node, *(result.entry.node for result in results.values())]
        plain = self.called.simplified(roots)
        of = len(self.labels) if kind == "jacobian" else 0
        first_order = kind in ("gradient", "jacobian", "pullback")
        outcomes = {
            key: self.writer.outcome(
                key,
                name,
                plain[entry.node].at(entry.labels),
                arranged(labels, of, self.layout, str(key)),
                self.nodes[str(key)] if first_order else None,
            )
            for key, (entry, labels, name) in results.items()
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
            rewrites=self.rewrites,
            seeds=seeds or {},
            layout=self._layout(kind, order),
            passes=tuple(passes),
            names={**self.lowered.names, **self.called.names},
            inputs=self.nodes,
            free=self.value,
        )


def _begin(problem: Problem, wrt: Wrt, check: bool = True, layout: str = "variable") -> _Work:
    names = problem.wrt(wrt) if check else ()
    free = problem.free(names)
    with recorded() as applied:
        lowered = lower_problem(free)
        value = lowered.output.closed()
    tied = [n for n in names if free.variables[n] is not problem.variables[n]]
    declared = {
        lowered.inputs[n].closed().node: input_tensor(problem.variables[n]).closed().node
        for n in tied
    }
    writer = Writer(StepNames(problem, lowered, value.node, declared))
    writer.forward()
    return _Work(problem, names, lowered, value, writer, tuple(applied.values()), layout)


def _scalar(problem: Problem, what: str) -> None:
    if problem.output.shape != SCALAR:
        raise ShapeError(
            f"the {what} is of a scalar; {problem.output_name} is {describe(problem.output.shape)} "
            "(for its Jacobian: --of jacobian, or sg.jacobian in Python)"
        )


def value(problem: Problem) -> Derivation:
    """The value alone, with its forward steps."""
    return _begin(problem, problem.variables, check=False).finished("value", {})


def gradient(problem: Problem, wrt: Wrt = None, layout: str = "variable") -> Derivation:
    """The gradient of a scalar by each of wrt, in the variable's shape; in numerator layout its
    transpose."""
    _scalar(problem, "gradient")
    work = _begin(problem, wrt, layout=layout)
    backward, names = work.backward()
    return work.finished("gradient", _cotangents(work, backward, names), passes=[backward])


def cotangents(problem: Problem, wrt: Sequence[str]) -> Derivation:
    """The gradient of a part of a program, as a part: every derivative is one of the whole loss, by
    the name that it has in all of the program."""
    if not wrt:
        return value(problem)
    work = _begin(problem, wrt)
    backward = reverse(work.value.node, (), [SEED], (), work.nodes.values())
    names = work.named(backward, Name(work.called.naming.loss, SCALAR))
    return work.finished("gradient", _cotangents(work, backward, names), passes=[backward])


def jacobian(problem: Problem, wrt: Wrt = None, layout: str = "variable") -> Derivation:
    """The Jacobian of f: shape(f) + shape(variable), where a vector counts as one axis, a scalar as
    none; in denominator layout the variable's first."""
    work = _begin(problem, wrt, layout=layout)
    backward = _jacobian(work.value, work.labels, work.nodes.values())
    names = work.named(backward, work.writer.top())
    return work.finished("jacobian", _cotangents(work, backward, names), passes=[backward])


def pullback(problem: Problem, wrt: Wrt = None) -> Derivation:
    """The cotangent of f, given by the caller, pulled back to each of wrt."""
    work = _begin(problem, wrt)
    name = work.called.new_name("cotangent", "c")
    work.called.naming.declare(name, problem.output.shape)
    axes = tuple(x.axis for x in work.labels)
    cotangent = Factor(intern(Input, axes, name=name, facts=frozenset()), work.labels)
    rooted = _rooted(work.value, work.labels, Term(ONE, (cotangent,)))
    backward = reverse(*rooted, (), work.nodes.values())
    top = Name(fresh("L", work.called.naming.taken), SCALAR)
    results = _cotangents(work, backward, work.named(backward, top))
    pulled = work.finished("pullback", results, {name: "cotangent"}, [backward])
    f = Name(problem.output_name, problem.output.shape)
    return replace(pulled, total=(top, paired(Name(name, f.shape), f)))


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
    backward, names = work.backward()
    directions, seeds = work.directions()
    gradients = [without_aliases(backward.of(node)[0]) for node in work.nodes.values()]
    results: dict[Key, _Found] = {}
    for (n, node), entry in zip(work.nodes.items(), forward(gradients, directions), strict=True):
        top = Differential(f"d({names[node].name})", names[node].shape, of=names[node])
        results[n] = _Found(entry, backward.of(node)[1], top)
    return work.finished("hvp", results, seeds, [backward])


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
    backward, names = work.backward()
    loss = work.called.naming.loss
    results: dict[Key, _Found] = {}
    for k, (a, node) in enumerate(work.nodes.items()):
        entry, labels = backward.of(node)
        later = [*work.nodes.items()][k:]
        second = _jacobian(without_aliases(entry), labels, [other for _, other in later])
        for b, other in later:
            bottom = Name(a, SCALAR)
            name = Derivative(f"d2{loss}/d{a}d{b}", SCALAR, top=names[other], bottom=bottom)
            results[a, b] = _Found(*second.of(other), name)
    return work.finished("hessian", results, passes=[backward])


def _cotangents(
    work: _Work, backward: Reverse, names: Mapping[Node, Derivative]
) -> dict[Key, _Found]:
    return {n: _Found(*backward.of(node), names[node]) for n, node in work.nodes.items()}


def _rooted(
    value: Entry, labels: Sequence[Label], seed: Term
) -> tuple[Node, tuple[Label, ...], list[Term]]:
    """A root with its seed; labels that the value does not depend on are summed out of the seed."""
    missing = tuple(x for x in labels if x not in value.labels)
    return value.node, value.labels, [seed._replace(summed=missing)]


def _jacobian(value: Entry, labels: Sequence[Label], wrt: Iterable[Node]) -> Reverse:
    """Reverse accumulation with one more index for each axis of the value."""
    extra = new_labels(x.axis for x in labels)
    seed = Term(ONE, tuple(identity(a, b) for a, b in zip(extra, labels, strict=True)))
    return reverse(*_rooted(value, labels, seed), extra, wrt)


LAID_OUT = {"gradient": gradient, "jacobian": jacobian}  # what has layouts to choose from
KINDS = {
    **LAID_OUT,
    "hessian": hessian,
    "hvp": hvp,
    "directional": directional,
    "pullback": pullback,
}


def derived(kind: str, problem: Problem, wrt: Wrt, layout: str = "variable") -> Derivation:
    """The derivation of this kind in a layout.

    Raises: OptionError for a layout that there is not."""
    check_layout(kind, layout)
    with recorded() as applied:
        if layout == "variable":
            derivation = KINDS[kind](problem, wrt)
        else:
            derivation = LAID_OUT[kind](problem, wrt, layout)
    used = {**applied, **_in_closed_forms(derivation)}
    told = {rule.identity for rule in derivation.rewrites}
    facts = [rule for rule in used.values() if rule.fact and rule.identity not in told]
    return replace(derivation, rewrites=(*derivation.rewrites, *facts))


def _in_closed_forms(derivation: Derivation) -> dict[str, Applied]:
    """The rules that the closed forms use, where some are of declared facts: such a rule may be
    used there alone, and is reported like the others."""
    facts = {rule.fact for rule in REWRITES if rule.fact}
    if not any(facts & v.facts for v in derivation.problem.variables.values()):
        return {}
    forms = [step.closed for step in derivation.steps]
    forms += [outcome.closed for outcome in derivation.outcomes.values()]
    return {rule.identity: rule for form in forms if form for rule in form.applied}
