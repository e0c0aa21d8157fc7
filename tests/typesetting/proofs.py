"""The lines of proofs read back."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from symgrad.calculus.nodes import batch_of, matrix_shape
from symgrad.calculus.proofs.chains import chain
from symgrad.calculus.proofs.lines import KINDS, Pairings, ProofLine, ScalarRule
from symgrad.calculus.proofs.proof import proof_of
from symgrad.calculus.proofs.uses import Proof
from symgrad.derivations import Derivation
from symgrad.errors import SymgradError
from symgrad.language.expressions import Expression, Name, leaves
from symgrad.language.formula import Formula
from symgrad.language.latex_input import Known, read_formula
from symgrad.numerics.checks.evaluation import Sample
from symgrad.numerics.checks.steps import TOLERANCE
from symgrad.numerics.checks.truth import Truth
from symgrad.numerics.checks.verification import Judge
from symgrad.rendering.equations import Equation, proof_equations
from symgrad.rendering.latex import chained
from tests.typesetting.read_back import known_of


def misread_proofs(derivation: Derivation, seed: int = 0) -> Iterator[str]:
    """The lines of proofs that cannot be read, or are read as something else."""
    data = derivation.data
    for kind in KINDS:
        for step in data.steps:
            proof = proof_of(data, step, kind)
            if proof is not None:
                yield from _misread(derivation, proof, Judge(data, seed))
    for name in data.wrt if data.kind == "gradient" else ():
        yield from _misread(derivation, chain(data, name), Judge(data, seed))


def _misread(derivation: Derivation, proof: Proof, judge: Judge) -> Iterator[str]:
    data = derivation.data
    direction = judge.rng.standard_normal(np.shape(judge.sample.value(proof.uses.variable)))
    truths: dict[int, Truth] = {}

    def sides(line: ProofLine, side: Expression, sample: Sample) -> tuple[Any, Any] | None:
        if id(sample) not in truths:
            truths[id(sample)] = Truth(proof, sample, direction)
        return _sides(line, side, truths[id(sample)])

    known = _known(known_of(data), proof)
    left: Formula | None = None
    for line, equation in zip(proof.lines, proof_equations(proof), strict=True):
        left = equation.left or left
        latex = chained(Equation(left, equation.sides), data.table)
        try:
            found = read_formula(latex, data.problem, known)
        except (SymgradError, RecursionError) as error:
            yield f"{latex}: {error}"
            continue
        compared = partial(sides, line, found.sides[-1])
        with np.errstate(all="ignore"):
            if compared(judge.sample) is None or not truths[id(judge.sample)].finite:
                continue
            if judge.error(compared) > TOLERANCE:
                yield f"{latex}: {found.text}"


def _sides(line: ProofLine, side: Expression, truth: Truth) -> tuple[Any, Any] | None:
    """What is read and what a line says, where that is a value by itself."""
    right = line.right
    if isinstance(line.truth, ScalarRule) or line.by_entry:
        return None
    if isinstance(right, Expression):
        return truth._expression(side), truth._expression(right)
    if isinstance(right, Pairings) and all(
        p.batch is None and p.right.batch is None for p in right.parts
    ):
        return truth._expression(side), truth._claim(right, False)
    return None


def _known(known: Known, proof: Proof) -> Known:
    """With the names of a proof: differentials, and the numbers that scalar functions are of."""
    names, slopes = dict(known.names), dict(known.slopes)
    for name, node in proof.uses.called.items():
        own = Name(name, matrix_shape(node.axes), batch_of(node))
        (names if name.isidentifier() else slopes).setdefault(name, own)
    for line in proof.lines:
        if isinstance(line.truth, ScalarRule):
            names |= {x.name: x for x in line.truth.point}
        forms = [line.left, line.right]
        if isinstance(line.right, Pairings):
            forms += [form for p in line.right.parts for form in (p.left, p.right)]
        for e in forms:
            for leaf in leaves(e) if isinstance(e, Expression) else ():
                if isinstance(leaf, Name):
                    (names if leaf.name.isidentifier() else slopes).setdefault(leaf.name, leaf)
    if proof.kind == "index":  # where both sides of an equation of entries are differentiated
        moved = (
            Name(f"d{e.name}", e.shape, e.batch) for e in names.values() if isinstance(e, Name)
        )
        names = {e.name: e for e in moved} | names
    return Known(names, slopes, known.table)
