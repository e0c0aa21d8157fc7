"""Derivations of each kind: gradient, Jacobian, Hessian, Hessian-vector product, directional,
pull-back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from symgrad.calculus.chain_rule import forward, reverse
from symgrad.calculus.derivation import Derivation, Derivative, Key
from symgrad.calculus.layouts import check_layout
from symgrad.calculus.naming import fresh
from symgrad.calculus.nodes import ONE, Factor, Input, Term, intern
from symgrad.calculus.passes import Found, begin, by_entries, rooted
from symgrad.calculus.proofs.lines import Differential
from symgrad.calculus.rebuilding import without_aliases
from symgrad.calculus.recorded import recorded
from symgrad.errors import ShapeError
from symgrad.language.dimensions import SCALAR, describe
from symgrad.language.expressions import Name
from symgrad.language.problem import Problem, Wrt
from symgrad.language.unparse import unparse


def _scalar(problem: Problem, what: str) -> None:
    if problem.output.shape != SCALAR:
        raise ShapeError(
            f"the {what} is of a scalar; {problem.output_name} is {describe(problem.output.shape)} "
            "(for its Jacobian: --of jacobian, or sg.jacobian in Python)"
        )


def value(problem: Problem) -> Derivation:
    """The value alone, with its forward steps."""
    return begin(problem, ()).finished("value", {})


def gradient(
    problem: Problem, wrt: Wrt = None, layout: str = "variable", stable: bool = False
) -> Derivation:
    """The gradient of a scalar by each of wrt, in the variable's shape; in numerator layout its
    transpose. `stable` shows it of the program as it is computed."""
    _scalar(problem, "gradient")
    work = begin(problem, problem.wrt(wrt), layout=layout, stable=stable)
    passes = work.backward()
    results = work.derivatives(passes, *work.example())
    return work.finished("gradient", results, passes=passes)


def cotangents(problem: Problem, wrt: Sequence[str]) -> Derivation:
    """The gradient of a part of a program, as a part: every derivative is one of the whole loss, by
    the name that it has in all of the program."""
    if not wrt:
        return value(problem)
    work = begin(problem, problem.wrt(wrt))
    passes = work.backward()
    results = work.derivatives(passes, Name(work.called.naming.loss, SCALAR))
    return work.finished("gradient", results, passes=passes)


def jacobian(problem: Problem, wrt: Wrt = None, layout: str = "variable") -> Derivation:
    """The Jacobian of f: shape(f) + shape(variable), where a vector counts as one axis, a scalar as
    none; in denominator layout the variable's first."""
    work = begin(problem, problem.wrt(wrt), layout=layout)
    passes = work.jacobian()
    results = work.derivatives(passes, work.writer.top())
    return work.finished("jacobian", results, passes=passes)


def pullback(problem: Problem, wrt: Wrt = None) -> Derivation:
    """The cotangent of f, given by the caller, pulled back to each of wrt."""
    work = begin(problem, problem.wrt(wrt))
    name = work.called.new_name("G", f"G_{problem.output_name}")
    work.called.naming.declare(name, problem.output.shape)
    axes, owner = tuple(x.axis for x in work.labels), work.value.node
    upstream = intern(Input, axes, name=name, facts=frozenset(), owner=owner)
    cotangent = Factor(upstream, work.labels)
    seed, wrt = Term(ONE, (cotangent,)), work.nodes.values()
    passes = work.passed(
        lambda value, lines: reverse(*rooted(value, work.labels, seed), (), wrt, lines)
    )
    top = Name(fresh("L", work.called.naming.taken), SCALAR)
    results = work.derivatives(passes, top)
    pulled = work.finished("pullback", results, {name: "cotangent"}, passes)
    of, given = work.writer.top(), Name(name, problem.output.shape)
    return replace(pulled, upstream=(Derivative.of(top, of, given.shape), given))


def directional(problem: Problem, wrt: Wrt = None) -> Derivation:
    """The derivative of the result along a direction of all of wrt together."""
    work = begin(problem, problem.wrt(wrt))
    directions, seeds = work.directions()
    (entry,) = forward([work.value], directions)
    output = problem.output_name
    top = Name(work.called.new_name(f"d{output}", f"d_{output}"), problem.output.shape)
    results: dict[Key, Found] = {"*": Found(entry, work.labels, top)}
    return work.finished("directional", results, seeds)


def hvp(problem: Problem, wrt: Wrt = None) -> Derivation:
    """The Hessian times a direction over all of wrt, block by block: the gradient's derivative
    along it."""
    _scalar(problem, "Hessian-vector product")
    work = begin(problem, problem.wrt(wrt))
    passes = work.backward()
    first = work.derivatives(passes, *work.example())
    directions, seeds = work.directions()
    gradients = without_aliases([found.entry for found in first.values()])
    results: dict[Key, Found] = {}
    for entry, (n, found) in zip(forward(gradients, directions), first.items(), strict=True):
        top = Differential(f"d({found.name.name})", found.name.shape, of=found.name)
        results[n] = found._replace(entry=entry, name=top)
    return work.finished("hvp", results, seeds, passes)


def hessian(problem: Problem, wrt: Wrt = None) -> Derivation:
    """The Hessian's blocks, by differentiating the backward list again; for wrt a, b: aa, ab,
    bb."""
    _scalar(problem, "Hessian")
    work = begin(problem, problem.wrt(wrt))
    if examples := [n for n in work.wrt if n in problem.batch]:
        raise ShapeError(
            f"the Hessian by {examples[0]}, of which each example of {problem.batch[examples[0]]} "
            "has its own, has two indices of examples; take hvp, or the Hessian of one example's "
            "loss"
        )
    passes = work.backward()
    first = work.derivatives(passes, *work.example())
    loss = unparse(work.writer.top())
    results: dict[Key, Found] = {}
    entries = without_aliases([found.entry for found in first.values()])
    for k, ((a, found), entry) in enumerate(zip(first.items(), entries, strict=True)):
        later = [*work.nodes.items()][k:]
        second = by_entries(entry, found.labels, [other for _, other in later])
        for b, other in later:
            bottom = Name(a, SCALAR)
            name = Derivative(f"d2{loss}/d{a}d{b}", SCALAR, top=first[b].name, bottom=bottom)
            results[a, b] = Found(*second.of(other), name)
    return work.finished("hessian", results, passes=passes)


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
