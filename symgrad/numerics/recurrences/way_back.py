"""The way back of a program with steps: the loop that takes the cotangents from the last step to
the first, and what is before the steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from symgrad.language.dimensions import core
from symgrad.language.expressions import Name
from symgrad.language.layered import depends_on, shape_at
from symgrad.language.names import entry_of, entry_parts
from symgrad.numerics.arrays.listing import Op
from symgrad.numerics.recurrences.in_code import INDENT, StepParts, steps_first


@dataclass
class WayBack:
    """`begins` are the lines that a step begins with, `backward` its operations, `late` those of
    the part before the steps that need a cotangent."""

    of: StepParts
    begins: Sequence[str]
    backward: Sequence[Op]
    late: set[Op]

    def __post_init__(self) -> None:
        self.before, self.step, self.after = self.of.before, self.of.step, self.of.after
        self.parts = self.of.parts

    def lines(self) -> list[str]:
        """The cotangents at the last step, the loop, what is before it, and what is returned."""
        if not self.of.joined.wrt:
            return ["return value,"]
        states, inputs, sums = self.of.states, self.step.program.inputs, self._sums()
        carried = {f"c{states[h]}": h for h in states if self._carries(h)}
        received = {f"c{states[h]}": h for h in states if self._cotangent(h) in inputs}
        beside = {
            f"ce{k}": name
            for k, name in enumerate(self.of.beside)
            if self.of.given.get(name) in inputs
        }
        lines = []
        for name, h in (carried | received).items():
            sent = self.after.derivative(entry_of(h, self.parts.last))
            lines.append(f"{name} = {sent or f'np.zeros_like(h{states[h]}[n])'}")
        for k, total in enumerate(self.parts.totals):
            if self.of.given.get(total) in inputs:
                lines.append(f"ds{k} = {self.after.derivative(total)}")
        for name, other in beside.items():
            sent = self.after.derivative(entry_of(entry_parts(other)[0], self.parts.last))
            lines.append(f"{name} = {sent}")
        lines += [f"{target} = {start}" for target, start, _ in sums]
        skipped = self.of.skipped(self.step)
        inside = [*self.begins, *self.step.lines(op for op in self.backward if op not in skipped)]
        inside += [line for _, _, each in sums for line in each]
        if carried:
            before = [entry_of(h, f"{self.of.t} - 1") for h in carried.values()]
            right = ", ".join(str(self.step.derivative(h)) for h in before)
            inside.append(f"{', '.join(carried)} = {right}")
        step = self.parts.step
        alone = {n: Name(x, step[x].shape, step[x].batch) for n, x in beside.items()}
        alone |= {n: self.parts.states[h] for n, h in received.items() if n not in carried}
        inside += [f"{name} = {self._nothing(name, of)}" for name, of in alone.items()]
        lines += ["for t in range(n, 0, -1):", *(f"{INDENT}{line}" for line in inside or ["pass"])]
        return [*lines, *self._back([*carried.values()]), *self._rows(), self._return()]

    def _rows(self) -> list[str]:
        """The rows that are added to sums before and after the steps."""
        return [
            line
            for name, parts in self.of.summed.items()
            for part in parts
            if part is not self.step
            for line in part.added(name, self.of.target(name)[0])
        ]

    def _carries(self, h: str) -> bool:
        return self.step.derivative(entry_of(h, f"{self.of.t} - 1")) is not None

    def _cotangent(self, h: str) -> str:
        return self.of.given.get(entry_of(h, self.of.t), "")

    def _sums(self) -> list[tuple[str, str, list[str]]]:
        """What is added up, or has an entry at each step: its name, how it begins, and the lines of
        a step."""
        found = []
        for name in self.step.derivatives:
            base, index = entry_parts(name)
            value = self.step.derivative(name)
            if index == self.of.t and base in self.of.place:
                k, variable = self.of.place[base], self.of.problem.variables[base]
                start = "[None] * n" if variable.ragged else f"np.zeros_like(p{k})"
                entry = f"{steps_first(variable, f'g{k}')}[t - 1] = {value}"
                found.append((f"g{k}", start, [entry]))
            elif not index:
                target, of = self.of.target(name)
                number = not self.step.results[f"d {name}"].dims
                start = "0.0" if number else f"np.zeros_like({of})"
                lines = [f"{target} += {value}"]
                if name in self.of.summed:  # rows are added at flat indices
                    start = f"np.zeros_like({of}, order='C')"
                    if self.step.scatter(name) is not None:
                        lines = self.step.added(name, target)
                found.append((target, start, lines))
        return found

    def _back(self, carried: list[str]) -> list[str]:
        """What is before the steps: the cotangents that it receives, and its operations."""
        if self.before is None:
            return []
        lines = []
        for k, name in enumerate(self.parts.before):
            base, index = entry_parts(name)
            sent = self.after.derivative(name)
            if index == "0":
                own = self._joined_cotangent(base, carried)
                lines.append(f"dh{self.of.states[base]} = {own}{f' + {sent}' if sent else ''}")
            elif sent:
                before = f"du{k} + " if name in self.step.derivatives else ""
                lines.append(f"du{k} = {before}{sent}")
        wanted = {
            self.before.inputs[n] for n in self.before.program.inputs if n in self.of.joined.given
        }
        lines = [line for line in lines if line.partition(" = ")[0] in wanted]
        late = self.late - self.of.skipped(self.before)
        return [*lines, *self.before.lines(op for op in self.before.program.ops if op in late)]

    def _joined_cotangent(self, h: str, carried: list[str]) -> str:
        name, first, k = (
            self.parts.states[h],
            self.parts.before[entry_of(h, "0")],
            self.of.states[h],
        )
        over = name.batch is not None and first.batch is None
        if h not in carried:
            return f"np.zeros_like(h{k}[0]{'[0]' if over else ''})"
        return f"c{k}.sum(axis=0)" if over else f"c{k}"

    def _return(self) -> str:
        """The value, and the gradients, each an array of the caller's own."""
        returned = ["value"]
        for name in self.of.joined.wrt:
            k, terms = self.of.place[name], []
            entry = entry_of(name, self.of.t)
            if name in self.step.derivatives or entry in self.step.derivatives:
                terms.append(f"g{k}")
            added = self.of.summed.get(name, ())
            parts = [p for p in (self.after, self.before) if not any(p is part for part in added)]
            terms += [d for p in parts if p is not None and (d := p.derivative(name)) is not None]
            if self.of.problem.variables[name].ragged and not terms:
                returned.append(f"[np.zeros_like(x) for x in p{k}]")
            elif self.of.problem.variables[name].ragged:
                shared = self.step.shared(f"d {entry}")
                returned.append(f"[np.array(x) for x in g{k}]" if shared else f"g{k}")
            elif added and len(terms) == 1:
                returned.append(terms[0])
            else:
                returned.append(f"np.array({' + '.join(terms) or f'np.zeros_like(p{k})'})")
        return f"return {', '.join(returned)}"

    def _nothing(self, name: str, of: Name) -> str:
        """Zeros in the place of a cotangent, as it is one step before."""
        t = self.of.t
        if not depends_on(of.shape, t):
            return f"np.zeros_like({name})"
        batch = () if of.batch is None else (of.batch,)
        dims = (*batch, *core(shape_at(of.shape, {t: f"{t} - 1"})))
        return f"np.zeros({self.step.text.shape(dims)}, {name}.dtype)"
