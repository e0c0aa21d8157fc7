"""Derivations of each kind: gradient, Jacobian, Hessian, Hessian-vector product, directional,
pull-back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import symgrad.calculus.orthogonality  # noqa: F401  its rules
from symgrad.calculus import rewriting
from symgrad.calculus.chain_rule import Reverse, forward, reverse
from symgrad.calculus.derivation import Derivation, Derivative, Key
from symgrad.calculus.layouts import arranged, check_layout, layout_sentence
from symgrad.calculus.lowering import Lowered, Tensor, input_tensor, lower_problem
from symgrad.calculus.nodes import ONE, Entry, Factor, Input, Label, Node, Term, intern
from symgrad.calculus.polynomials import identity
from symgrad.calculus.rebuilding import at, rebuilt
from symgrad.calculus.statements import Writer
from symgrad.errors import ShapeError
from symgrad.language.dimensions import SCALAR, describe
from symgrad.language.expressions import Expression, Name
from symgrad.language.operations.meanings import Rewrite
from symgrad.language.problem import TIES, Problem, Wrt

PRODUCTS = {  # what has a matrix form where the derivative itself has none
    "jacobian": "its product with a cotangent (pullback)",
    "hessian": "its product with a direction (hvp)",
}


@dataclass
class _Work:
    """A problem in index notation, with the writer of its steps."""

    problem: Problem
    wrt: tuple[str, ...]
    lowered: Lowered
    value: Entry
    writer: Writer
    rewrites: tuple[Rewrite, ...]
    layout: str = "variable"

    @property
    def output(self) -> Tensor:
        return self.lowered.output

    def node(self, name: str) -> Node:
        return self.lowered.inputs[name].closed().node

    def labels(self, name: str) -> tuple[Label, ...]:
        return self.lowered.inputs[name].closed().labels

    def _layout(self, kind: str, order: int) -> str:
        """The layout in a sentence, what is no matrix, what symmetric means."""
        scalar = self.problem.output.shape == SCALAR
        sentences = [layout_sentence(kind, self.layout, scalar)]
        if order > 2 and kind in PRODUCTS:
            sentences.append(
                f"More than two indices have no matrix form; {PRODUCTS[kind]} has one."
            )
        variables = self.problem.variables
        if tied := [n for n in self.wrt if variables[n].facts & TIES]:
            sentences.append(f"The entries of {' and '.join(tied)} count as independent.")
        if any("symmetric" in variables[n].facts for n in tied):
            sentences.append("Along symmetric directions a gradient G acts as (G + G^T) / 2.")
        return " ".join(sentences)

    def _last(self, kind: str, key: Key) -> Node | None:
        """The node whose cotangent the result is, where the result is a cotangent."""
        first_order = kind in ("gradient", "jacobian", "pullback")
        return self.node(key) if first_order and isinstance(key, str) else None

    def finished(
        self,
        kind: str,
        results: dict[Key, tuple[Entry, tuple[Label, ...], Expression]],
        seeds: dict[str, str] | None = None,
        passes: Sequence[Reverse] = (),
    ) -> Derivation:
        """The derivation with these results: key -> entry, labels (in a Jacobian those of f first),
        the name on its left side."""
        roots = [self.value.node, *(entry.node for entry, _, _ in results.values())]
        plain = rebuilt(roots, instead=self.writer.declared)
        of = len(self.output.labels) if kind == "jacobian" else 0
        outcomes = {
            key: self.writer.outcome(
                key,
                name,
                at(plain[entry.node], entry.labels),
                arranged(labels, of, self.layout, str(key)),
                self._last(kind, key),
            )
            for key, (entry, labels, name) in results.items()
        }
        value = at(plain[self.value.node], self.value.labels)
        return Derivation(
            self.problem,
            self.writer.naming,
            kind,
            self.wrt,
            value,
            self.output.labels,
            tuple(self.writer.steps),
            outcomes,
            self.rewrites,
            seeds or {},
            self._layout(kind, max((len(o.shape) for o in outcomes.values()), default=0)),
            tuple(passes),
            {**self.lowered.names, **self.writer.names},
            {name: self.node(name) for name in self.wrt},
            self.value,
        )


def _begin(problem: Problem, wrt: Wrt, check: bool = True, layout: str = "variable") -> _Work:
    names = problem.wrt(wrt) if check else ()
    free = problem.free(names)
    with rewriting.recorded() as fired:
        lowered = lower_problem(free)
        value = lowered.output.closed()
    tied = [n for n in names if free.variables[n] is not problem.variables[n]]
    declared = {
        lowered.inputs[n].closed().node: input_tensor(problem.variables[n]).closed().node
        for n in tied
    }
    writer = Writer(problem, lowered, value, declared)
    writer.forward()
    return _Work(problem, names, lowered, value, writer, tuple(fired.values()), layout)


def _scalar(problem: Problem, what: str) -> None:
    if problem.output.shape != SCALAR:
        raise ShapeError(
            f"the {what} is of a scalar; {problem.output_name} is {describe(problem.output.shape)} "
            "(use jacobian or pullback)"
        )


def value(problem: Problem) -> Derivation:
    """The value alone, with its forward steps."""
    return _begin(problem, problem.variables, check=False).finished("value", {})


def gradient(problem: Problem, wrt: Wrt = None, layout: str = "variable") -> Derivation:
    """The gradient of a scalar by each of wrt, in the variable's shape; in numerator layout its
    transpose."""
    _scalar(problem, "gradient")
    work = _begin(problem, wrt, layout=layout)
    found = reverse(work.value.node, (), [Term(ONE, ())], (), map(work.node, work.wrt))
    names = work.writer.backward(found, [work.node(n) for n in work.wrt], work.writer.scalar_top())
    results = _cotangents(work, found, names)
    return work.finished("gradient", results, passes=[found])


def jacobian(problem: Problem, wrt: Wrt = None, layout: str = "variable") -> Derivation:
    """The Jacobian of f: shape(f) + shape(variable), where a vector counts as one axis, a scalar as
    none; in denominator layout the variable's first."""
    work = _begin(problem, wrt, layout=layout)
    found = _jacobian(work.value, work.output.labels, [work.node(n) for n in work.wrt])
    names = work.writer.backward(found, [work.node(n) for n in work.wrt], work.writer.top())
    results = _cotangents(work, found, names)
    return work.finished("jacobian", results, passes=[found])


def pullback(problem: Problem, wrt: Wrt = None) -> Derivation:
    """The cotangent of f, given by the caller, pulled back to each of wrt."""
    work = _begin(problem, wrt)
    labels = work.output.labels
    name = work.writer.new_name("cotangent", "c")
    given = intern(Input, tuple(x.axis for x in labels), name=name, facts=frozenset())
    work.writer.naming.declare(name, problem.output.shape)
    found = reverse(
        *_rooted(work.value, labels, [Term(ONE, (Factor(given, labels),))]),
        (),
        map(work.node, work.wrt),
    )
    top = Name(f"<{name},{problem.output_name}>", SCALAR)
    names = work.writer.backward(found, [work.node(n) for n in work.wrt], top)
    results = _cotangents(work, found, names)
    return work.finished("pullback", results, {name: "cotangent"}, [found])


def directional(problem: Problem, wrt: Wrt = None) -> Derivation:
    """The derivative of the result along a direction of all of wrt together."""
    work = _begin(problem, wrt)
    directions = _directions(work)
    entry, labels = forward([work.value.node], directions)[work.value.node]
    names = dict(zip(labels, work.value.labels, strict=True))
    result = Entry(entry.node, tuple(names[x] for x in entry.labels))
    top = Name(f"d{problem.output_name}", problem.output.shape)
    return work.finished(
        "directional", {"*": (result, work.output.labels, top)}, _seed_names(directions, work)
    )


def hvp(problem: Problem, wrt: Wrt = None) -> Derivation:
    """The Hessian times a direction over all of wrt, block by block: the gradient's derivative
    along it."""
    _scalar(problem, "Hessian-vector product")
    work = _begin(problem, wrt)
    found = reverse(work.value.node, (), [Term(ONE, ())], (), map(work.node, work.wrt))
    names = work.writer.backward(found, [work.node(n) for n in work.wrt], work.writer.scalar_top())
    directions = _directions(work)
    gradients = {n: _plain(*_over(work, found, n)) for n in work.wrt}
    tangents = forward([entry.node for entry, _ in gradients.values()], directions)
    results: dict[Key, tuple[Entry, tuple[Label, ...], Expression]] = {}
    for n, (entry, labels) in gradients.items():
        tangent, over = tangents[entry.node]
        to = dict(zip(over, entry.labels, strict=True))
        result = Entry(tangent.node, tuple(to[x] for x in tangent.labels))
        top = names[work.node(n)]
        results[n] = (
            result,
            labels,
            Name(f"d({top.name})", top.shape) if isinstance(top, Name) else top,
        )
    return work.finished("hvp", results, _seed_names(directions, work), passes=[found])


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
    nodes = [work.node(n) for n in work.wrt]
    found = reverse(work.value.node, (), [Term(ONE, ())], (), nodes)
    names = work.writer.backward(found, nodes, work.writer.scalar_top())
    results: dict[Key, tuple[Entry, tuple[Label, ...], Expression]] = {}
    for k, a in enumerate(work.wrt):
        entry, labels = _plain(*_over(work, found, a))
        second = _jacobian(entry, labels, nodes[k:])
        for b, node in zip(work.wrt[k:], nodes[k:], strict=True):
            left = Derivative(f"d2L/d{a}d{b}", SCALAR, top=names[node], bottom=Name(a, SCALAR))
            results[a, b] = (*second.of(node), left)
    return work.finished("hessian", results, passes=[found])


def _cotangents(
    work: _Work, found: Reverse, names: Mapping[Node, Derivative]
) -> dict[Key, tuple[Entry, tuple[Label, ...], Expression]]:
    return {n: (*_over(work, found, n), names[work.node(n)]) for n in work.wrt}


def _over(work: _Work, found: Reverse, name: str) -> tuple[Entry, tuple[Label, ...]]:
    return found.of(work.node(name))


def _plain(entry: Entry, labels: tuple[Label, ...]) -> tuple[Entry, tuple[Label, ...]]:
    return at(rebuilt([entry.node])[entry.node], entry.labels), labels


def _rooted(
    value: Entry, labels: Sequence[Label], seed: list[Term]
) -> tuple[Node, tuple[Label, ...], list[Term]]:
    """A root with its seed; labels that the value does not depend on are summed out of the seed."""
    missing = tuple(x for x in labels if x not in value.labels)
    return value.node, value.labels, [t._replace(summed=(*t.summed, *missing)) for t in seed]


def _jacobian(value: Entry, labels: Sequence[Label], wrt: list[Node]) -> Reverse:
    """Reverse accumulation with one more index for each axis of the value."""
    extra = tuple(Label(x.axis) for x in labels)
    seed = Term(ONE, tuple(identity(a, b) for a, b in zip(extra, labels, strict=True)))
    root, own, seeds = _rooted(value, labels, [seed])
    return reverse(root, own, seeds, extra, wrt)


def _directions(work: _Work) -> dict[Node, Entry]:
    result = {}
    for n in work.wrt:
        node = work.node(n)
        name = work.writer.new_name(f"d{n}", f"d_{n}")
        variable = work.problem.variables[n]
        work.writer.naming.declare(name, variable.shape, variable.batch)
        moved = intern(Input, node.axes, name=name, facts=frozenset())
        result[node] = Entry(moved, tuple(Label(axis) for axis in node.axes))
    return result


def _seed_names(directions: dict[Node, Entry], work: _Work) -> dict[str, str]:
    return {
        directions[work.node(n)].node.name: n  # type: ignore[attr-defined]
        for n in work.wrt
    }


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
    with rewriting.recorded() as fired:
        if layout == "variable":
            derivation = KINDS[kind](problem, wrt)
        else:
            derivation = LAID_OUT[kind](problem, wrt, layout)
        if any(rewriting.FACTS & v.facts for v in problem.variables.values()):
            _write(derivation)
    known = {rule.identity for rule in derivation.rewrites}
    facts = [rule for rule in fired.values() if rule.fact and rule.identity not in known]
    return replace(derivation, rewrites=(*derivation.rewrites, *facts))


def _write(derivation: Derivation) -> None:
    """Write the closed forms already now: a rule of a declared fact may be used there alone, and is
    reported like the others."""
    for step in derivation.steps:
        step.simplified  # noqa: B018
    for outcome in derivation.outcomes.values():
        outcome.closed  # noqa: B018
