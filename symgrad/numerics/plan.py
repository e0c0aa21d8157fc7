"""The programs of a derivation, and the comments of its source."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from symgrad.calculus.derivation import Derivation
from symgrad.calculus.nodes import Axis
from symgrad.errors import DataError
from symgrad.numerics.arrays.emitter import Record, moderate_program, program
from symgrad.numerics.arrays.program import Program
from symgrad.numerics.buffers.moderate import logistic, looking, time
from symgrad.numerics.source.annotations import annotated
from symgrad.numerics.source.comments import NONE, Comments

# Of any sizes: plain, with buffers, and as it is verified, a derivation has one program.
_programs: WeakKeyDictionary[Derivation, Program] = WeakKeyDictionary()
# Of some sizes: the last ones, for what is trained again.
_of_sizes: WeakKeyDictionary[Derivation, dict[Hashable, Program]] = WeakKeyDictionary()
_moderate: WeakKeyDictionary[Derivation, dict[Hashable, Program | None]] = WeakKeyDictionary()
KEPT = 8  # of them, of each derivation


class Plan:
    """`program` is that for any sizes. What is pickled is that program and its comments."""

    def __init__(self, derivation: Derivation, axes: Mapping[str, Sequence[Axis]]) -> None:
        results = [(derivation.value, derivation.value_labels)]
        self.results = results + [(o.entry, o.labels) for o in derivation.outcomes.values()]
        self.derivation: Derivation | None = derivation
        self.axes = axes
        if derivation not in _programs:
            _programs[derivation] = program(self.results)
        self.program: Program = _programs[derivation]
        self.noted: Comments | None = None

    def of_sizes(
        self,
        sizes: Mapping[Axis, int],
        sparse: frozenset[str] = frozenset(),
        by_calls: bool = False,
        rows: bool = False,
    ) -> Program:
        """The program whose products are made in the best order for these sizes; `sparse` are the
        inputs that are sparse matrices. It is for calls of NumPy or for loops, and where `rows` of
        tables are asked for these are the results.

        Raises: DataError where one of these would be filled."""
        if self.derivation is None:
            if sparse:
                told = "was made for dense matrices; make it again for sparse ones"
                raise DataError(f"a function that was pickled {told}: {', '.join(sorted(sparse))}")
            return self.program
        for key in self.derivation.outcomes:
            for name in key if isinstance(key, tuple) else (key,):
                if name in sparse:
                    raise DataError(
                        f"{name} is sparse, and a derivative with respect to it has all of its "
                        f"entries: leave it out of wrt, or give a dense matrix: {name}.toarray()"
                    )
        known = _of_sizes.setdefault(self.derivation, {})
        asked = frozenset(sizes.items()), sparse, by_calls, rows
        if asked not in known:
            if len(known) == KEPT:
                del known[next(iter(known))]
            known[asked] = program(self.results, sizes, None, sparse, by_calls, rows)
        return known[asked]

    def moderate(self, sizes: Mapping[Axis, int], by_calls: bool = False) -> Program | None:
        """The program for exponents that are not far from 0, whose value is not finite where they
        are; None where it would not take less time."""
        always = self.of_sizes(sizes, by_calls=by_calls)
        if self.derivation is None:
            return None
        known = _moderate.setdefault(self.derivation, {})
        asked = frozenset(sizes.items()), by_calls
        if asked not in known:
            if len(known) == KEPT:
                del known[next(iter(known))]
            different = always.shifted or _has_powers(always)
            found = moderate_program(self.results, sizes, by_calls) if different else None
            made = looking(*found) if found else None
            pays = made is not None and _pays(made, always, sizes)
            known[asked] = made if pays else logistic(always, sizes) if by_calls else None
        return known[asked]

    @property
    def comments(self) -> Comments:
        """What the lines of `program` compute; made when they are asked for."""
        if self.noted is None and self.derivation is not None:
            record = Record()
            again = program(self.results, record=record)
            self.noted = annotated(self.derivation, again, record, self.axes)
        return self.noted or NONE

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"results": [], "derivation": None, "noted": self.comments}


def _pays(made: Program, always: Program, sizes: Mapping[Axis, int]) -> bool:
    """Whether it takes the same inputs, and less time."""
    return {*made.inputs} == {*always.inputs} and time(made, sizes) < time(always, sizes)


def _has_powers(program: Program) -> bool:
    """Whether it has powers whose exponents are no numbers."""
    return any(op.name == "power" and not op.operands[1].constant for op in program.ops)
