"""Every line of a proof at the random numbers at which its derivation was verified."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from symgrad.calculus.derivation import Derivation
from symgrad.calculus.proofs.chains import chain
from symgrad.calculus.proofs.factors import ChainFactor
from symgrad.calculus.proofs.lines import Kind, ProofLine
from symgrad.calculus.proofs.proof import proof_of
from symgrad.calculus.proofs.uses import Proof
from symgrad.calculus.proofs.ways import chains_by_rule
from symgrad.calculus.term_graph import NoMatrixForm
from symgrad.errors import OptionError, VerificationError
from symgrad.numerics.checks.evaluation import Sample
from symgrad.numerics.checks.steps import TOLERANCE
from symgrad.numerics.checks.truth import Sides, Truth
from symgrad.numerics.checks.verification import Judge


def proofs(derivation: Derivation, kind: Kind, seed: int = 0) -> dict[int, Proof]:
    """The proofs of a derivation's steps, by their numbers, each line of them checked.

    Raises: VerificationError for a line that is not true."""
    judge = Judge(derivation, seed)
    found = {step.number: proof_of(derivation, step, kind) for step in derivation.steps}
    proved = {number: proof for number, proof in found.items() if proof is not None}
    for number, proof in proved.items():
        _check(proof, judge, f"the proof of step {number}")
    return proved


def chains(
    derivation: Derivation, method: str, full: bool = False, seed: int = 0
) -> dict[str, tuple[Proof, ...]]:
    """The derivation of a gradient by differentials or by the chain rule, for each variable, each
    line checked.

    Raises: VerificationError for a line that is not true, OptionError where matrix notation has no
    form for one."""
    judge = Judge(derivation, seed)
    found = chains_by_rule(derivation) if method == "chain-rule" else {}
    for name in derivation.wrt:
        if name not in found:  # by differentials, or the loss does not depend on it
            found[name] = (_by_differentials(derivation, name, full),)
    for name, proved in found.items():
        for proof in proved:
            _check(proof, judge, f"the derivation by {name}")
    return found


def _by_differentials(derivation: Derivation, name: str, full: bool) -> Proof:
    try:
        return chain(derivation, name, full)
    except NoMatrixForm:
        raise OptionError(
            f"by differentials: between {name} and {derivation.problem.output_name} stands "
            "what matrix notation has no form for; the method backpropagation has it in index "
            "notation"
        ) from None


def _check(proof: Proof, judge: Judge, what: str) -> None:
    for line, error in untrue(proof, judge):
        raise VerificationError(
            f"a line of {what} ({line.move}) is not true at random numbers "
            f"(relative error {error:.1e}); please report this program"
        )


def untrue(proof: Proof, judge: Judge) -> Iterator[tuple[ProofLine, float]]:
    """The lines of a proof that are not true, each with its error."""
    direction = judge.rng.standard_normal(np.shape(judge.sample.value(proof.uses.variable)))
    truths: dict[int, Truth] = {}

    def sides(line: ProofLine, sample: Sample) -> Sides:
        if id(sample) not in truths:
            truths[id(sample)] = Truth(proof, sample, direction)
        return truths[id(sample)].sides(line)

    for line in proof.lines:
        with np.errstate(all="ignore"):
            error = judge.error(partial(sides, line))
        if error > TOLERANCE and truths[id(judge.sample)].finite:
            yield line, error


def values_of(proof: Proof, sample: Sample) -> list[Any]:
    """What the lines of a proof are at a sample; None where they are of differentials, of any
    array, or in index notation."""
    uses = proof.uses
    truth = Truth(proof, sample, np.zeros_like(sample.value(uses.variable)))
    open_names = {uses.upstream.name} if isinstance(uses, ChainFactor) and uses.given else set()
    return [truth.value(line.right, open_names) for line in proof.lines]
