"""The numbers beside a derivation: what its lines are at given arrays, or at random ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from symgrad.calculus.derivation import Derivation, Outcome, Step
from symgrad.calculus.index_notation import in_language
from symgrad.calculus.nodes import Axis
from symgrad.calculus.proofs.uses import Proof
from symgrad.errors import whole_number
from symgrad.language.dimensions import Shape
from symgrad.language.phrases import Phrase, joined, phrase
from symgrad.language.problem import Variable
from symgrad.numerics.checks.evaluation import Sample, batch_first, drawn
from symgrad.numerics.checks.proofs import values_of
from symgrad.numerics.checks.sampling import random_array
from symgrad.numerics.inputs import Signature
from symgrad.numerics.interpreter import size_of
from symgrad.numerics.libraries import NumPy
from symgrad.numerics.sizes import axes_of, enlarged, infer_sizes, names_of

SIZES = (3, 2)  # of dimensions and batches, one after the other
Given = int | Mapping[str, Any]  # a seed, or arrays by their names


@dataclass(frozen=True)
class Numbers:
    """A derivation at numbers; what is said of one example of a batch is shown of the first."""

    sample: Sample
    said: Phrase

    @property
    def inputs(self) -> dict[str, Any]:
        """The arrays of the variables, those of a batch with a row for each example."""
        variables = self.sample.derivation.problem.variables
        given = {name: self.sample.inputs[name] for name in variables}
        return {name: a if np.ndim(a) != 1 else a[:, None] for name, a in given.items()}

    def of_step(self, step: Step) -> Any:
        """What a step's line is."""
        node = step.node
        value = batch_first(self.sample.value(node), node.axes)
        each = any(isinstance(axis, str) for axis in node.axes)
        return self._shown(value, step.left.shape, each)

    def of_result(self, outcome: Outcome) -> Any:
        """What a result is, as it is printed."""
        named: dict[str, Any] = {}
        for name, definition in outcome.definitions:
            named[name.name] = self.sample.evaluated(definition, **named)
        said = outcome.expression
        value = self.sample.evaluated(in_language(said), **named)
        return self._shown(value, said.shape, said.batch is not None)

    def of_proof(self, proof: Proof) -> list[Any]:
        """What the lines of a chain are; None for one that is of no numbers."""
        found = []
        for line, value in zip(proof.lines, values_of(proof, self.sample), strict=True):
            right: Any = line.right
            known = value is not None
            found.append(
                self._shown(value, right.shape, right.batch is not None) if known else None
            )
        return found

    def _shown(self, value: Any, shape: Shape, each: bool) -> Any:
        """The first example's, in the shape of what is printed."""
        own = value[0] if each and np.ndim(value) else value
        wanted = [size_of(d, self.sample.sizes) for d in shape]
        if np.size(own) == np.prod(wanted):
            return np.reshape(own, wanted)
        return np.broadcast_to(own, wanted) if np.size(own) == 1 else np.asarray(own)


def numbers_of(derivation: Derivation, given: Given) -> Numbers:
    """The numbers of a derivation: random ones of a seed, or at arrays, where what is not among
    these is random.

    Raises: OptionError where it is neither, DataError where an array does not fit."""
    if isinstance(given, Mapping):
        sample, said = _completed(derivation, given, 0), phrase("as given")
        missing = ", ".join(name for name in derivation.problem.variables if name not in given)
        said = joined("; ", (said, phrase("{0} random", missing))) if missing else said
    else:
        seed = whole_number("numbers (a seed, or arrays by their names)", given)
        sample, said = _random(derivation, seed), phrase("random, seed {0}", str(seed))
    return Numbers(sample, joined("; ", (said, *_examples(sample))))


def _examples(sample: Sample) -> Iterator[Phrase]:
    """What is said of the examples of each batch."""
    batches: dict[str, list[str]] = {}
    for v in sample.derivation.problem.variables.values():
        if v.batch is not None:
            batches.setdefault(v.batch, []).append(v.name)
    for batch, names in batches.items():
        template = "{0}: a row for each of {1} examples, and lines of one example are of the first"
        yield phrase(template, ", ".join(names), str(sample.sizes[batch]))


def _random(derivation: Derivation, seed: int) -> Sample:
    """Random numbers of small sizes; if the loss is not finite there, as verification has them."""
    with np.errstate(all="ignore"):
        sample = _completed(derivation, {}, seed)
        steps = (sample.value(step.node) for step in derivation.steps)
        if all(np.isfinite(value).all() for value in steps):
            return sample
    return drawn(derivation, seed, np.random.default_rng(seed))


def _completed(derivation: Derivation, given: Mapping[str, Any], seed: int) -> Sample:
    """The arrays, and random ones of the sizes that these tell for what is missing."""
    problem, rng = derivation.problem, np.random.default_rng(seed)
    sizes = infer_sizes(problem, given)
    axes = (axis for v in problem.variables.values() for axis in (*axes_of(v), *v.dims))
    names = (s for a in axes for s in ((a,) if isinstance(a, str) else names_of(a)))
    for k, name in enumerate(dict.fromkeys(names)):
        sizes.setdefault(name, SIZES[k % len(SIZES)])
    enlarged(problem, sizes)
    missing = (v for name, v in problem.variables.items() if name not in given)
    inputs = {v.name: _readable(v, random_array(v, sizes, rng, 0.0, 1.0)) for v in missing}
    counts = {str(d): np.array(sizes.setdefault(d, SIZES[0])) for d in problem.counts}
    signature, double = Signature.of(derivation), NumPy(np.dtype("float64"), sparse=True)
    whole = {**counts, **inputs, **given}
    arrays, known = signature.arrays([*problem.variables], whole, double)
    all_sizes: dict[Axis, int] = {**sizes, **known}
    for v in derivation.seed_variables:
        shape = [size_of(axis, all_sizes) for axis in axes_of(v)]
        arrays[v.name] = np.round(rng.standard_normal(shape), 1)
    return Sample(derivation, {**counts, **arrays}, all_sizes, {})


def _readable(variable: Variable, array: Any) -> Any:
    """The numbers with one decimal, where they stay what is declared."""
    return np.round(array, 1) if variable.facts <= {"one_hot", "symmetric"} else array
