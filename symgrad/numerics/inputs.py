"""What a derivation's function takes and gives back: names, shapes, real numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from symgrad.calculus.derivation import Derivation, Key
from symgrad.calculus.nodes import Axis
from symgrad.errors import DataError, did_you_mean
from symgrad.language.problem import Problem, Variable
from symgrad.numerics.arrays.program import Program
from symgrad.numerics.facts import check_facts
from symgrad.numerics.given import Given, given_functions
from symgrad.numerics.interpreter import size_of
from symgrad.numerics.libraries import Library, plain_array
from symgrad.numerics.sizes import axes_of, check_labels, infer_sizes, normal_shape

# what a caller gives beside the inputs
TAKEN = {"pullback": "cotangent", "hvp": "direction", "directional": "direction"}


@dataclass(frozen=True)
class Signature:
    """The inputs of a problem, the `seeds` that a caller gives beside them (cotangents and
    directions, each of a variable, and `given` as one), and the derivatives by their keys."""

    problem: Problem
    kind: str
    keys: tuple[Key, ...]
    seeds: Mapping[str, str]
    given: Mapping[str, Variable]
    transposed: frozenset[Key]

    @classmethod
    def of(cls, derivation: Derivation) -> Signature:
        """That of a derivation's function."""
        outcomes = derivation.outcomes
        transposed = frozenset(key for key, o in outcomes.items() if o.transposed)
        given = {seed.name: seed for seed in derivation.seed_variables}
        seeds, problem = dict(derivation.seeds), derivation.problem
        return cls(problem, derivation.kind, tuple(outcomes), seeds, given, transposed)

    @property
    def axes(self) -> dict[str, tuple[Axis, ...]]:
        """The axes of each input's array, and of each direction's or cotangent's."""
        return {name: axes_of(v) for name, v in {**self.problem.variables, **self.given}.items()}

    def apart(self, inputs: Mapping[str, Any]) -> tuple[Mapping[str, Any], dict[str, Given]]:
        """The arrays among the inputs, and the functions for those that the problem leaves open."""
        if not self.problem.functions or not isinstance(inputs, Mapping):
            return inputs, {}
        given = given_functions(self.problem, inputs)
        return {name: value for name, value in inputs.items() if name not in given}, given

    def needed(self, names: Sequence[str], inputs: Mapping[str, Any]) -> list[str]:
        """Those of the names that are inputs of the problem.

        Raises: DataError where one is not given."""
        check_mapping(inputs)
        needed = [n for n in names if n in self.problem.variables]
        missing = [n for n in (*needed, *map(str, self.problem.counts)) if n not in inputs]
        if missing:
            near = did_you_mean(missing[0], map(str, inputs))
            raise DataError(f"no value is given for {', '.join(missing)}{near}")
        return needed

    def arrays(
        self, names: Sequence[str], inputs: Mapping[str, Any], library: Library
    ) -> tuple[dict[str, Any], dict[Axis, int]]:
        """The inputs of these names as arrays of their axes, and all sizes.

        Raises: DataError where one is missing or has another shape, where a label is out of range
        or something is not what it is declared to be, as far as there are numbers to look at."""
        needed = self.needed(names, inputs)
        shaped = {
            name: value if hasattr(value, "shape") else plain_array(str(name), value)
            for name, value in inputs.items()
        }
        sizes = infer_sizes(self.problem, shaped)
        arrays = {}
        for name in needed:
            variable = self.problem.variables[name]
            array = library.array(name, inputs[name], variable.kind == "Index")
            arrays[name] = library.reshaped(array, normal_shape(variable, tuple(array.shape)))
        check_labels(self.problem, self._numbers(arrays, library), sizes)
        check_facts(self.problem, self._numbers(shaped, library))
        return arrays, sizes

    def read(
        self,
        program: Program,
        inputs: Mapping[str, Any],
        seeds: Mapping[str, Any],
        library: Library,
    ) -> tuple[dict[str, Any], dict[Axis, int]]:
        """What a program takes, inputs and seeds, as arrays of their axes, and all sizes.

        Raises: DataError as `arrays` and `seed`, and where a mean is over no example."""
        arrays, sizes = self.arrays(program.inputs, inputs, library)
        program.check_counts(sizes)
        for seed, value in seeds.items():
            arrays[seed] = self.seed(seed, value, sizes, library)
        return arrays, sizes

    def _numbers(self, arrays: Mapping[str, Any], library: Library) -> dict[str, Any]:
        """What is declared to have facts, or to be labels, as far as its numbers are known."""
        declared = {n: v for n, v in self.problem.variables.items() if v.facts or v.kind == "Index"}
        read = {n: library.numbers(a) for n, a in arrays.items() if n in declared}
        return {n: numbers for n, numbers in read.items() if numbers is not None}

    def seeded(self, direction: Mapping[str, Any] | None, cotangent: Any) -> dict[str, Any]:
        """The cotangent of f, or the directions of variables, as they were given.

        Raises: DataError where one is missing, or given to what takes none."""
        if cotangent is None and type(direction) is dict and direction.keys() == self._directed:
            return {seed: direction[of] for seed, of in self.seeds.items()}
        for option, value in (("direction", direction), ("cotangent", cotangent)):
            if value is not None and option != TAKEN.get(self.kind):
                raise DataError(f"a {self.kind} takes no {option}")
        if self.kind == "pullback" and cotangent is None:
            raise DataError("a pull-back needs cotangent=..., in the shape of f")
        if self.kind == "pullback":
            return dict.fromkeys(self.seeds, cotangent)
        for of in self.seeds.values():
            if not isinstance(direction, Mapping) or of not in direction:
                raise DataError(f"direction={{...}} must give a direction for {of}")
        for name in direction or ():
            if name not in self.seeds.values():
                near = did_you_mean(str(name), self.seeds.values())
                raise DataError(f"direction: {name} is not what is differentiated by{near}")
        return {seed: (direction or {})[of] for seed, of in self.seeds.items()}

    @cached_property
    def _directed(self) -> frozenset[str] | None:
        """What each has a direction, None where it takes none."""
        return frozenset(self.seeds.values()) if TAKEN.get(self.kind) == "direction" else None

    def seed(self, seed: str, value: Any, sizes: Mapping[Axis, int], library: Library) -> Any:
        """A seed in the shape that it is computed with; it may be given with the axes of length 1
        that its variable, or f, is declared or given with."""
        of = self.seeds[seed]
        name = "the cotangent" if self.kind == "pullback" else f"the direction of {of}"
        array = library.array(name, value, False)
        shape, wanted = tuple(array.shape), tuple(size_of(axis, sizes) for axis in self.axes[seed])
        try:
            own = normal_shape(self.given[seed], shape)
        except DataError:
            own = shape
        if own != wanted:
            raise DataError(f"{name} has shape {shape}; {wanted} is wanted")
        return library.reshaped(array, wanted)

    def shape(self, key: Key, inputs: Mapping[str, Any]) -> tuple[int, ...] | None:
        """The shape in which a derivative's variable was given, None where it has its own."""
        of_variable = self.kind in ("gradient", "hvp", "pullback") and key not in self.transposed
        return np.shape(inputs[str(key)]) if of_variable and key in inputs else None


def check_mapping(inputs: Any) -> None:
    """Raises: DataError where the inputs have no names."""
    if not isinstance(inputs, Mapping):
        given = type(inputs).__name__
        raise DataError(f"the inputs are a {given}; a mapping from name to array is wanted")
