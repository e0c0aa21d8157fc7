"""Lays a derivation out at a level: what its document has, and the numbers beside it."""

from __future__ import annotations

from dataclasses import replace

from symgrad.calculus.derivation import SOLVING, Derivation, Key, Outcome, Step
from symgrad.calculus.proofs.uses import Proof
from symgrad.errors import one_of
from symgrad.language.phrases import Phrase, joined
from symgrad.rendering.answers import answers
from symgrad.rendering.document import (
    LEVELS,
    NO_PROOFS,
    Answer,
    Chain,
    Chains,
    Document,
    Line,
    Proofs,
    Verified,
)
from symgrad.rendering.equations import step_equation
from symgrad.rendering.given import given_variables, program
from symgrad.rendering.notes import noted, told_once
from symgrad.rendering.numbers import Numbered, array_formula
from symgrad.rendering.style import PLAIN, Style
from symgrad.rendering.words import Words

PARTS = {"forward": "Forward", "backward": "Backward", SOLVING: "Solve"}
ROWS = (
    "In a chain `dz/dx` has a row for each entry of `z`, a column for each of `x`; gradients are "
    "columns, so the factors come from behind, transposed."
)


def document(
    derivation: Derivation,
    verification: Verified,
    level: str = "steps",
    proofs: Proofs = NO_PROOFS,
    chains: Chains | None = None,
    style: Style = PLAIN,
) -> Document:
    """The outline of a derivation at level "result", "steps" or "full"; `proofs` are those of its
    steps, by their numbers. `chains` are the derivation by another method, by the names of the
    variables, which then stand in the place of the steps backward. `style` is how it is printed.

    Raises: OptionError for another level.
    """
    one_of("level", level, LEVELS)
    steps = () if level == "result" else derivation.steps
    if chains:
        steps = tuple(step for step in steps if step.kind == "forward")
        derivation = _by_chains(derivation, chains)
    words, shapes, facts = style.words, style.shown(derivation), told_once(steps)
    lines = [
        _line(step, facts[step.number], proofs.get(step.number), level == "full", words)
        for step in steps
    ]
    lines = [replace(line, equation=shapes.told(line.equation)) for line in lines]
    results = answers(derivation, level != "result", style)
    by_rule = any(p.kind == "chain-rule" for proved in (chains or {}).values() for p in proved)
    signs = dict.fromkeys(s for r in results if r.vectorized for s in r.vectorized.sentences)
    return Document(
        derivation,
        variables=given_variables(derivation, words),
        program=tuple(map(shapes.told, program(derivation))),
        sections=tuple(
            (title, tuple(line for line in lines if line.step.kind == kind))
            for kind, title in PARTS.items()
        ),
        chains=tuple(Chain(name, proved, words) for name, proved in (chains or {}).items()),
        results=results,
        layout=words(joined(" ", (derivation.layout, *signs, *([ROWS] if by_rule else [])))),
        verification=verification,
        style=style,
    )


def _by_chains(derivation: Derivation, chains: Chains) -> Derivation:
    """The derivation with its results as the chains end."""
    ends: dict[Key, Outcome] = {
        name: Chain(name, proved).ends(derivation.outcomes[name]) for name, proved in chains.items()
    }
    return replace(derivation, outcomes=ends)


def _line(
    step: Step, facts: tuple[Phrase, ...], proof: Proof | None, full: bool, words: Words
) -> Line:
    note = words(joined("; ", (noted(step.rule, step.uses), *facts)))
    proved = proof is not None or (full and step.kind == SOLVING)
    sentence = words(step.sentence) if proved else ""
    return Line(step, step_equation(step, note), proof, sentence, words)


def with_numbers(doc: Document, numbers: Numbered) -> Document:
    """The outline with the numbers of each line beside it."""

    def line(own: Line) -> Line:
        value = array_formula(numbers.of_step(own.step))
        return replace(own, equation=replace(own.equation, value=value))

    def answer(own: Answer) -> Answer:
        value = array_formula(numbers.of_result(own.outcome))
        told = (replace(e, value=value) if e.kind == "result" else e for e in own.equations)
        return replace(own, equations=tuple(told))

    return replace(
        doc,
        sections=tuple((title, tuple(map(line, lines))) for title, lines in doc.sections),
        chains=tuple(replace(chain, numbers=numbers) for chain in doc.chains),
        results=tuple(map(answer, doc.results)),
        numbers=numbers,
    )
