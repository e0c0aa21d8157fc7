"""Conventions of the gradient by a symmetric matrix: which of its entries count by themselves.

independent    G                          every entry by itself; what the chain rule gives
part           (G + G^T) / 2              the symmetric part
entries        G + G^T - diag(diag(G))    S_ij and S_ji as one entry, written in both places
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction

from symgrad.calculus.derivation import Derivation, Outcome
from symgrad.calculus.layouts import layout_sentence
from symgrad.calculus.nodes import ONE, Entry, Factor, Label, Term, core_axes
from symgrad.calculus.polynomials import contract
from symgrad.calculus.terms import identity
from symgrad.errors import OptionError, one_of
from symgrad.language.dimensions import dims
from symgrad.language.expressions import Name
from symgrad.language.operations.contractions import diag
from symgrad.language.phrases import Phrase, enumerated, joined, phrase, quoted
from symgrad.language.problem import TIES, Problem

CONVENTIONS = ("independent", "part", "entries")
SENTENCES = {
    "part": "Of the gradient G by {0}, the entries being independent, this is the symmetric "
    "part, {1}.",
    "entries": "The entries ij and ji of {0} count as one: with G, in which they are "
    "independent, this is {1}.",
}
G = Name("G", dims("n n"))
PART = quoted((G + G.T) / 2)
FORMULAS = {"part": PART, "entries": quoted(G + G.T - diag(diag(G)))}


def ties_told(problem: Problem, names: Iterable[str]) -> list[Phrase]:
    """What is said of variables whose declared entries depend on each other."""
    tied = [n for n in names if problem.variables[n].facts & TIES]
    called = [quoted(problem.variables[n].expression()) for n in tied]
    told = [phrase("The entries of {0} count as independent.", enumerated(called))] if tied else []
    if any("symmetric" in problem.variables[n].facts for n in tied):
        told.append(phrase("Along symmetric directions a gradient G acts as {0}.", PART))
    return told


def in_convention(derivation: Derivation, symmetric: str, layout: str = "variable") -> Derivation:
    """A gradient by another convention, for those of its variables that are symmetric.

    Raises: OptionError for one that there is not, and where nothing symmetric is there.
    """
    one_of("symmetric", symmetric, CONVENTIONS)
    if symmetric == "independent":
        return derivation
    problem = derivation.problem
    names = [n for n in derivation.wrt if "symmetric" in problem.variables[n].facts]
    if derivation.kind != "gradient" or not names:
        raise OptionError(
            f"symmetric={symmetric!r} is for the gradient by a matrix that is declared "
            "symmetric=True; leave it out"
        )
    others = ties_told(problem, [n for n in derivation.wrt if n not in names])
    called = [quoted(problem.variables[n].expression()) for n in names]
    told = phrase(SENTENCES[symmetric], enumerated(called), FORMULAS[symmetric])
    outcomes = {
        key: by_convention(outcome, symmetric) if key in names else outcome
        for key, outcome in derivation.outcomes.items()
    }
    sentences = [layout_sentence("gradient", layout, scalar=True), told, *others]
    return replace(derivation, outcomes=outcomes, layout=joined(" ", sentences))


def by_convention(outcome: Outcome, symmetric: str) -> Outcome:
    """A result in another convention: no step has it."""
    core = [x for x in outcome.labels if core_axes([x.axis])]
    if len(core) != 2:
        return outcome
    entry = contract(_terms(outcome.entry, core, symmetric), outcome.labels)
    return replace(outcome, entry=entry, last=None, written=None, convention=symmetric)


def _terms(entry: Entry, core: Sequence[Label], symmetric: str) -> list[Term]:
    one, other = core
    factor = Factor(*entry)
    both = [factor, factor.renamed({one: other, other: one})]
    if symmetric == "part":
        return [Term(Fraction(1, 2), (f,)) for f in both]
    diagonal = (identity(one, other), factor.renamed({other: one}))
    return [*(Term(ONE, (f,)) for f in both), Term(-ONE, diagonal)]
