"""A derivation with steps done as it is printed: each line at each of its steps, in order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from symgrad.calculus.algebra import transposed
from symgrad.calculus.lowering import lower
from symgrad.calculus.nodes import Axis
from symgrad.calculus.recurrences.joined import Joined, Line
from symgrad.calculus.recurrences.substitution import at_steps
from symgrad.calculus.recurrences.unrolled import indices
from symgrad.calculus.tensors import Tensor, input_tensor, named
from symgrad.errors import VerificationError
from symgrad.language.expressions import Expression, Name, is_call, mapped, names_in
from symgrad.language.names import entry_of, entry_parts
from symgrad.language.operations.arithmetic import transpose
from symgrad.language.operations.steps import sum_of_steps
from symgrad.language.unparse import unparse
from symgrad.numerics.interpreter import evaluate_tensor, size_of
from symgrad.numerics.layers import stacked


@dataclass
class Run:
    """The values of all names so far: h[0], h[1], dL/dh[1]; `sides` are the lines with two right
    sides, which have to be equal."""

    joined: Joined
    length: int
    values: dict[str, Any]  # of the unrolled program's variables
    sizes: dict[Axis, int]
    sides: list[tuple[int, Any, Any]] = field(default_factory=list)
    lines: dict[str, int] = field(default_factory=dict)  # each name -> the line that says it

    def __post_init__(self) -> None:
        self.steps = self.joined.parts.loop.steps
        self._definitions()
        for k, line in self._order():
            self._done(line, self.indices(k))

    def result(self, name: str) -> Any:
        """A result, over its steps where it has an entry at each."""
        expression = self.joined.results[name].expression
        variable = self.joined.problem.variables[name]
        if variable.steps is None:
            return self.value(expression, self.indices(self.length))
        return stacked(variable, [self.value(expression, self.indices(k)) for k in self._counts])

    @property
    def _counts(self) -> range:
        return range(1, self.length + 1)

    def indices(self, k: int) -> dict[str, str]:
        """The numbers that indices are at step k, and the last one."""
        return {**indices(self.steps.index, k), str(self.steps.length): str(self.length)}

    def _definitions(self) -> None:
        """What the program itself defines."""
        parts = self.joined.parts
        last = self.indices(self.length)
        for name, e in parts.before.items():
            self.values[name] = self.value(e, last)
        for k in self._counts:
            for name, e in parts.step.items():
                at = self.indices(k)
                self.values[entry_of(entry_parts(name)[0], str(k))] = self.value(e, at)
        for name, total in parts.totals.items():
            body = self.joined.parts.summed(total)
            self.values[name] = self.value(body, last)
        for name, e in parts.after.items():
            self.values[name] = self.value(e, last)
        self.values[self.joined.problem.output_name] = self.value(parts.output, last)
        self.values[self.joined.loss.name] = self.values[self.joined.problem.output_name]

    def _order(self) -> Iterator[tuple[int, Line]]:
        """The lines in the order in which they are done, each with its step."""
        by: dict[str, list[Line]] = {}
        for line in self.joined.lines:
            group = "back" if line.when in ("last", "next", "down") else line.when
            by.setdefault(group, []).append(line)
        yield from ((0, line) for line in by.get("before", ()))
        yield from ((k, line) for k in self._counts for line in by.get("step", ()))
        for group in ("after", "late"):
            yield from ((self.length, line) for line in by.get(group, ()))
        for k in reversed(self._counts):
            skipped = "next" if k == self.length else "last"
            yield from ((k, line) for line in by.get("back", ()) if line.when != skipped)
        yield from ((0, line) for line in by.get("late 0", ()))

    def _done(self, line: Line, at: Mapping[str, str]) -> None:
        left, right = line.step.left, line.step.right
        value = self.value(right, at)
        if line.step.simplified is not None:
            self.sides.append((line.step.number, self.value(line.step.simplified, at), value))
        if is_call(left, transpose):
            left, value = transposed(left), np.swapaxes(value, -1, -2)
        name = unparse(at_steps(left, at))
        if np.isfinite(self.values.get(name, np.nan)).all():  # as typed it may overflow
            self.sides.append((line.step.number, value, self.values[name]))
        self.values[name] = value
        self.lines[name] = line.step.number

    def value(self, e: Expression, at: Mapping[str, str]) -> Any:
        """The value of what is printed, at these indices: its batch first."""
        sums: dict[str, Any] = {}

        def change(node: Expression) -> Expression:
            if not is_call(node, sum_of_steps):
                return node
            name = Name(f"?{len(sums)}", node.shape, node.batch)
            (body,) = node.arguments
            sums[name.name] = sum(self.value(body, {**at, **self.indices(k)}) for k in self._counts)
            return name

        return self._evaluated(at_steps(mapped(e, change), at), sums)

    def _evaluated(self, e: Expression, sums: Mapping[str, Any]) -> Any:
        arrays = {**self.values, **sums}
        known: dict[str, Any] = {}
        tensors = {name: self._tensor(leaf, arrays, known) for name, leaf in names_in(e).items()}
        return evaluate_tensor(lower(e, tensors), known, self.sizes)

    def _tensor(self, name: Name, arrays: Mapping[str, Any], known: dict[str, Any]) -> Tensor:
        if name.name not in arrays:
            raise VerificationError(f"{name.name} is used before it is known")
        value = arrays[name.name]
        variable = self.joined.problem.variables.get(entry_parts(name.name)[0])
        if variable is not None and variable.kind == "Index":
            known[name.name] = value
            sized = variable.sized(self.indices(self.length))
            return input_tensor(sized.at(entry_parts(name.name)[1]) if variable.steps else sized)
        tensor = named(name)
        shape = [size_of(x.axis, self.sizes) for x in tensor.labels]
        value = np.asarray(value)
        if value.size != np.prod(shape, dtype=int):  # a state at 0 is the same for all examples
            value = np.broadcast_to(value, shape)
        known[name.name] = np.reshape(value, shape)
        return tensor
