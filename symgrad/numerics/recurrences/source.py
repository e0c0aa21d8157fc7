"""Code of a program with steps: a loop forward that keeps what the way back needs, and one back.

The operations are those of the parts' own programs. To recompute, the way back does the forward
operations of its step again, from the state before it, and keeps the states alone.
"""

from __future__ import annotations

from collections.abc import Iterable

from symgrad.calculus.nodes import Axis
from symgrad.calculus.recurrences.joined import Joined
from symgrad.language.names import entry_of, entry_parts
from symgrad.numerics.given import Needed
from symgrad.numerics.recurrences.in_code import INDENT, StepParts, steps_first
from symgrad.numerics.recurrences.split import Part, Split
from symgrad.numerics.recurrences.way_back import WayBack
from symgrad.numerics.source.numpy import TYPED


class StepLoop:
    """One function of the program's variables and of the sizes of `axes`: value, gradients."""

    def __init__(self, joined: Joined, recompute: bool = False) -> None:
        self.of, self.recompute = StepParts(joined), recompute
        self.joined, self.parts = joined, joined.parts
        self.before, self.step, self.after = self.of.before, self.of.step, self.of.after
        self.split = Split.of(self.step, self.of.at_steps, joined.given)
        if not recompute:
            self.step.kept = self.split.kept
        self.late = self.before.depending(joined.given) if self.before else set()

    @property
    def axes(self) -> tuple[Axis, ...]:
        """The axes whose sizes it takes."""
        return self.of.axes

    @property
    def functions(self) -> Needed:
        """The functions of the caller's that it calls, in its order."""
        return [each for part in self._each for each in part.program.functions]

    @property
    def _each(self) -> list[Part]:
        return [part for part in (self.before, self.step, self.after) if part is not None]

    @property
    def source(self) -> str:
        """All of it."""
        parts = self._each
        imports = dict.fromkeys(line for part in parts for line in part.text.imports)
        arguments = [f"p{k}" for k in self.of.place.values()] + [
            f"n{k}" for k in range(len(self.axes))
        ]
        arguments += [name for part in parts for name in part.program.callables]
        body = [*self._head(parts), *self._forward(), *self._back()]
        lines = [f"{INDENT}{line}" for line in body]
        return "\n".join([*imports, "", "", f"def function({', '.join(arguments)}):", *lines, ""])

    def _head(self, parts: Iterable[Part]) -> list[str]:
        lines = [f"n = {self.of.length}"]
        floats = ((n, v) for n, v in self.of.problem.variables.items() if v.kind != "Index")
        arrays = (f"p{self.of.place[n]}{'[0]' if v.ragged else ''}" for n, v in floats)
        first = next((f"{array}.dtype" for array in arrays), "np.float64")
        if any(op.kind in TYPED or part.text.head for part in parts for op in part.program.ops):
            lines.append(f"dtype = {first}")
        for name, variable in self.of.problem.variables.items():
            if variable.steps is not None:
                k = self.of.place[name]
                lines.append(f"q{k} = {steps_first(variable, f'p{k}')}")
        return lines

    def _entries(self) -> list[str]:
        """The entries of the series that a step takes."""
        wanted = {*self.step.program.inputs}
        named = ((n, self.of.place[n]) for n, v in self.of.problem.variables.items() if v.steps)
        return [f"x{k} = q{k}[t - 1]" for n, k in named if entry_of(n, self.of.t) in wanted]

    def _forward(self) -> list[str]:
        lines = [f"h{k} = [None] * (n + 1)" for k in self.of.states.values()]
        if self.before is not None:
            waiting = self.late | self.of.skipped(self.before)
            lines += self.before.lines(op for op in self.before.program.ops if op not in waiting)
            for k, name in enumerate(self.parts.before):
                base, index = entry_parts(name)
                value = self.before.result(name)
                left = f"h{self.of.states[base]}[0]" if index == "0" else f"u{k}"
                lines.append(f"{left} = {self._spread(base, value) if index == '0' else value}")
        split, step = self.split, self.step
        kept = [step.text.named(op).removesuffix("[t]") for op in split.forward if op in step.kept]
        lines += [f"{name} = [None] * (n + 1)" for name in kept]
        lines += step.lines(op for op in split.once if op not in self.of.skipped(step))
        lines += [f"s{k} = 0.0" for k in range(len(self.parts.totals))]
        inside = [*self._entries(), *step.lines(split.forward)]
        inside += [
            f"h{k}[t] = {step.result(entry_of(h, self.of.t))}" for h, k in self.of.states.items()
        ]
        for k, total in enumerate(self.parts.totals.values()):
            inside.append(f"s{k} = s{k} + {step.result(total.body.name)}")
        inside += [f"e{k} = {step.result(name)}" for k, name in enumerate(self.of.beside)]
        lines += ["for t in range(1, n + 1):", *(f"{INDENT}{line}" for line in inside)]
        skipped = self.of.skipped(self.after)
        lines += self.after.lines(op for op in self.after.program.ops if op not in skipped)
        return [*lines, f"value = {self.after.result(self.joined.valued)}"]

    def _spread(self, state: str, value: str) -> str:
        """A state at 0, for each example where it has a batch only later."""
        name = self.parts.states[state]
        if name.batch is None or self.parts.before[entry_of(state, "0")].batch is not None:
            return value
        dims = (name.batch, *(d for d in name.shape if d != 1))
        return f"np.broadcast_to({value}, {self.step.text.shape(dims)})"

    def _back(self) -> list[str]:
        """The way back: a step begins with what it is given, or all of its way forward."""
        begins = self._entries()
        if self.recompute:
            begins += self.step.lines(self.split.forward)
        return WayBack(self.of, begins, self.split.backward, self.late).lines()
