"""Code of a program with steps: a loop forward that keeps what the way back needs, and one back.

The operations are those of the parts' own programs. To recompute, the way back does the forward
operations of its step again, from the state before it, and keeps the states alone.
"""

from __future__ import annotations

from collections.abc import Iterable

from symgrad.calculus.nodes import Axis
from symgrad.calculus.recurrences.joined import Joined
from symgrad.language.dimensions import core
from symgrad.language.expressions import Name
from symgrad.language.layered import depends_on, shape_at
from symgrad.language.names import entry_of, entry_parts
from symgrad.language.problem import Variable
from symgrad.numerics.recurrences.in_code import StepParts
from symgrad.numerics.recurrences.split import Part, Split
from symgrad.numerics.source import TYPED

INDENT = " " * 4


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
    def source(self) -> str:
        """All of it."""
        parts = [part for part in (self.before, self.step, self.after) if part is not None]
        imports = dict.fromkeys(line for part in parts for line in part.text.imports)
        arguments = [f"p{k}" for k in self.of.place.values()] + [
            f"n{k}" for k in range(len(self.axes))
        ]
        body = [*self._head(parts), *self._forward(), *self._backward()]
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
                lines.append(f"q{k} = {_steps_first(variable, f'p{k}')}")
        return lines

    def _entries(self) -> list[str]:
        """The entries of the series that a step takes."""
        wanted = {*self.step.program.inputs}
        named = ((n, self.of.place[n]) for n, v in self.of.problem.variables.items() if v.steps)
        return [f"x{k} = q{k}[t - 1]" for n, k in named if entry_of(n, self.of.t) in wanted]

    def _forward(self) -> list[str]:
        lines = [f"h{k} = [None] * (n + 1)" for k in self.of.states.values()]
        if self.before is not None:
            lines += self.before.lines(op for op in self.before.program.ops if op not in self.late)
            for k, name in enumerate(self.parts.before):
                base, index = entry_parts(name)
                value = self.before.result(name)
                left = f"h{self.of.states[base]}[0]" if index == "0" else f"u{k}"
                lines.append(f"{left} = {self._spread(base, value) if index == '0' else value}")
        split, step = self.split, self.step
        kept = [step.text.named(op).removesuffix("[t]") for op in split.forward if op in step.kept]
        lines += [f"{name} = [None] * (n + 1)" for name in kept]
        lines += step.lines(split.once)
        lines += [f"s{k} = 0.0" for k in range(len(self.parts.totals))]
        inside = [*self._entries(), *step.lines(split.forward)]
        inside += [
            f"h{k}[t] = {step.result(entry_of(h, self.of.t))}" for h, k in self.of.states.items()
        ]
        for k, total in enumerate(self.parts.totals.values()):
            inside.append(f"s{k} = s{k} + {step.result(total.body.name)}")
        inside += [f"e{k} = {step.result(name)}" for k, name in enumerate(self.of.beside)]
        lines += ["for t in range(1, n + 1):", *(f"{INDENT}{line}" for line in inside)]
        lines += self.after.lines(self.after.program.ops)
        return [*lines, f"value = {self.after.result(self.of.problem.output_name)}"]

    def _spread(self, state: str, value: str) -> str:
        """A state at 0, for each example where it has a batch only later."""
        name = self.parts.states[state]
        if name.batch is None or self.parts.before[entry_of(state, "0")].batch is not None:
            return value
        dims = (name.batch, *(d for d in name.shape if d != 1))
        return f"np.broadcast_to({value}, {self.step.text.shape(dims)})"

    def _backward(self) -> list[str]:
        if not self.joined.wrt:
            return ["return value,"]
        lines: list[str] = []
        carried = [h for h in self.of.states if self._carries(h)]
        received = [h for h in self.of.states if self._cotangent(h) in self.step.program.inputs]
        for h in dict.fromkeys([*carried, *received]):
            k = self.of.states[h]
            sent = self.after.derivative(entry_of(h, self.parts.last))
            lines.append(f"c{k} = {sent or f'np.zeros_like(h{k}[n])'}")
        for k, name in enumerate(self.parts.totals):
            if self.of.given.get(name) in self.step.program.inputs:
                lines.append(f"ds{k} = {self.after.derivative(name)}")
        step = self.parts.step
        alone = {  # what the last step alone receives, and what each is of
            f"ce{k}": Name(name, step[name].shape, step[name].batch)
            for k, name in enumerate(self.of.beside)
            if self.of.given.get(name) in self.step.program.inputs
        }
        for name, of in alone.items():
            sent = self.after.derivative(entry_of(entry_parts(of.name)[0], self.parts.last))
            lines.append(f"{name} = {sent}")
        sums = self._sums()
        lines += [f"{target} = {start}" for target, start, _ in sums]
        inside = self._entries()
        if self.recompute:
            inside += self.step.lines(self.split.forward)
        inside += self.step.lines(self.split.backward)
        inside += [line for _, _, line in sums if line]
        if carried:
            left = ", ".join(f"c{self.of.states[h]}" for h in carried)
            right = ", ".join(
                str(self.step.derivative(entry_of(h, f"{self.of.t} - 1"))) for h in carried
            )
            inside.append(f"{left} = {right}")
        alone |= {
            f"c{self.of.states[h]}": self.parts.states[h] for h in received if h not in carried
        }
        inside += [
            f"{name} = {_nothing(name, of, self.of.t, self.step)}" for name, of in alone.items()
        ]
        lines += ["for t in range(n, 0, -1):", *(f"{INDENT}{line}" for line in inside or ["pass"])]
        return [*lines, *self._back(carried), self._return()]

    def _carries(self, h: str) -> bool:
        return self.step.derivative(entry_of(h, f"{self.of.t} - 1")) is not None

    def _cotangent(self, h: str) -> str:
        return self.of.given.get(entry_of(h, self.of.t), "")

    def _sums(self) -> list[tuple[str, str, str]]:
        """What is added up, or has an entry at each step: its name, how it begins, and the line of
        a step."""
        found = []
        for name in self.step.derivatives:
            base, index = entry_parts(name)
            value = self.step.derivative(name)
            if index == self.of.t and base in self.of.place:
                k, variable = self.of.place[base], self.of.problem.variables[base]
                start = "[None] * n" if variable.ragged else f"np.zeros_like(p{k})"
                found.append(
                    (f"g{k}", start, f"{_steps_first(variable, f'g{k}')}[t - 1] = {value}")
                )
            elif not index:
                target, of = self.of.target(name)
                number = not self.step.results[f"d {name}"].dims
                start = "0.0" if number else f"np.zeros_like({of})"
                found.append((target, start, f"{target} += {value}"))
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
            self.before.inputs[n] for n in self.before.program.inputs if n in self.joined.given
        }
        lines = [line for line in lines if line.partition(" = ")[0] in wanted]
        return [*lines, *self.before.lines(op for op in self.before.program.ops if op in self.late)]

    def _joined_cotangent(self, h: str, carried: list[str]) -> str:
        if h not in carried:
            return "0.0"
        name, first = self.parts.states[h], self.parts.before[entry_of(h, "0")]
        over = name.batch is not None and first.batch is None
        return f"c{self.of.states[h]}.sum(axis=0)" if over else f"c{self.of.states[h]}"

    def _return(self) -> str:
        """The value, and the gradients, each an array of the caller's own."""
        returned = ["value"]
        for name in self.joined.wrt:
            k, terms = self.of.place[name], []
            entry = entry_of(name, self.of.t)
            if name in self.step.derivatives or entry in self.step.derivatives:
                terms.append(f"g{k}")
            parts = (self.after, self.before)
            terms += [d for p in parts if p is not None and (d := p.derivative(name)) is not None]
            if self.of.problem.variables[name].ragged:
                each = "np.array(x)" if terms else "np.zeros_like(x)"
                returned.append(f"[{each} for x in {'g' if terms else 'p'}{k}]")
            else:
                returned.append(f"np.array({' + '.join(terms) or f'np.zeros_like(p{k})'})")
        return f"return {', '.join(returned)}"


def _nothing(name: str, of: Name, t: str, step: Part) -> str:
    """Zeros in the place of a cotangent, as it is one step before."""
    if not depends_on(of.shape, t):
        return f"np.zeros_like({name})"
    batch = () if of.batch is None else (of.batch,)
    dims = (*batch, *core(shape_at(of.shape, {t: f"{t} - 1"})))
    return f"np.zeros({step.text.shape(dims)}, {name}.dtype)"


def _steps_first(variable: Variable, text: str) -> str:
    """A series with its steps before the axis of the batch, as a list has them."""
    first = variable.batch is None or variable.ragged
    return text if first else f"np.moveaxis({text}, 1, 0)"
