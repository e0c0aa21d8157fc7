"""The program of a part, split: what is done forward, and what needs a cotangent and waits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import sympy

from symgrad.calculus.derivation import Derivation
from symgrad.calculus.lowering import lower_problem
from symgrad.calculus.nodes import Axis, Entry, Label
from symgrad.language.dimensions import dimension
from symgrad.language.layered import depends_on, index_at
from symgrad.language.names import entry_parts
from symgrad.numerics.arrays.emitter import program
from symgrad.numerics.arrays.listing import VIEWS, Op, below
from symgrad.numerics.arrays.program import Program
from symgrad.numerics.source.numpy import Text
from symgrad.numerics.source.scatters import scatter_lines


@dataclass(frozen=True)
class PartProgram(Program):
    """The program of a part in a longer function, which takes the sizes of `whole` as n0, n1, ...;
    `indices` are what those of a step are called in it."""

    whole: tuple[Axis, ...] = ()
    indices: Mapping[str, str] = field(default_factory=dict)
    prefix: str = ""

    def size(self, axis: Axis) -> str:
        """An axis's size in code: a number, or n2[t - 1] where it depends on the step."""
        if axis in self.whole:
            return f"n{self.whole.index(axis)}"
        if isinstance(axis, str) or axis.is_Symbol:
            name, index = entry_parts(str(axis))
            return f"n{self.whole.index(dimension(name))}[{index_at(index, self.indices)}]"
        if axis.is_Integer:
            return str(int(axis))
        named = {symbol: sympy.Symbol(self.size(symbol)) for symbol in axis.free_symbols}
        return f"({axis.xreplace(named)})"

    def moves(self, op: Op) -> bool:
        """Whether an operation has a size that differs from step to step."""
        axes = (*op.dims, *(op.axes if op.kind == "size" else ()))
        sizes = tuple(axis for axis in axes if not isinstance(axis, str))
        return any(depends_on(sizes, t) for t, index in self.indices.items() if index == "t")

    @property
    def callables(self) -> tuple[str, ...]:
        """What the caller's functions are called in the whole function."""
        return tuple(f"{self.prefix}f{k}" for k in range(len(self.functions)))


@dataclass
class Part:
    """A part as operations. `results` are what it returns, by name; `inputs` says what each input
    is in code, `prefix` what its operations are called. Those that are `kept` are lists there."""

    prefix: str
    program: PartProgram
    results: Mapping[str, Op]
    inputs: Mapping[str, str]
    kept: frozenset[Op] = frozenset()

    @classmethod
    def of(
        cls,
        prefix: str,
        derivation: Derivation,
        names: Sequence[str],
        axes: tuple[Axis, ...],
        indices: Mapping[str, str],
        inputs: Mapping[str, str],
    ) -> Part:
        """Those of its names that are wanted, then its derivatives, as "d x"."""
        problem = derivation.problem
        lowered = lower_problem(problem)
        results: dict[str, tuple[Entry, tuple[Label, ...]]] = {}
        for name in names:
            own = lowered.output if name == problem.output_name else lowered.values[name]
            results[name] = own.closed(), own.labels
        results |= {f"d {k}": (o.entry, o.labels) for k, o in derivation.outcomes.items()}
        plain = program([*results.values()])
        of_plain = (plain.inputs, plain.ops, plain.results, plain.floats)
        made = PartProgram(*of_plain, whole=axes, indices=indices, prefix=prefix)
        ops = (op for op, _ in made.results)
        return cls(prefix, made, dict(zip(results, ops, strict=True)), inputs)

    @cached_property
    def text(self) -> PartText:
        """The operations as text."""
        return PartText(self)

    def lines(self, ops: Iterable[Op]) -> list[str]:
        """The lines of operations."""
        return [line for op in ops for line in self.text.steps(op)]

    def result(self, name: str) -> str:
        """A result as text."""
        op = self.results[name]
        return self.text.arithmetic(op) if op.kind == "scalar" else self.text.of(op)

    def derivative(self, name: str) -> str | None:
        """A derivative as text, where there is one."""
        return self.result(f"d {name}") if f"d {name}" in self.results else None

    def scatter(self, name: str) -> Op | None:
        """A derivative that is rows added to zeros, where nothing else reads it: they can be added
        to a sum as well."""
        op = self.results.get(f"d {name}")
        if op is None or op.kind != "scatter" or self.shared(f"d {name}"):
            return None
        return None if any(op in other.operands for other in self.program.ops) else op

    def added(self, name: str, table: str) -> list[str]:
        """The lines that add such a derivative to a table."""
        op = self.scatter(name)
        return [] if op is None else scatter_lines(op, table, self.text.of)

    def shared(self, name: str) -> bool:
        """Whether a result is an input, a view, or another result too."""
        op = self.results[name]
        others = (other for key, other in self.results.items() if key != name)
        return op.inline or op.kind in VIEWS or op in others

    @property
    def derivatives(self) -> list[str]:
        """The names that it has derivatives by."""
        return [name[2:] for name in self.results if name.startswith("d ")]

    def depending(self, on: Iterable[str]) -> set[Op]:
        """The operations that need one of these inputs, or sizes of one step."""
        own = self.program.inputs
        places = {f"p{own.index(name)}" for name in on if name in own}
        found: set[Op] = set()
        for op in below([*self.program.ops, *self.results.values()]):
            given = op.kind == "input" and op.name in places
            if given or self.program.moves(op) or not found.isdisjoint(op.operands):
                found.add(op)
        return found


class PartText(Text):
    """The operations of a part as NumPy has them."""

    def __init__(self, part: Part) -> None:
        super().__init__(part.program)
        self.part = part
        self.places = {f"p{k}": name for k, name in enumerate(part.program.inputs)}

    def named(self, op: Op) -> str:
        """What an operation with a line is called."""
        name = f"{self.part.prefix}{self.program.names[op][1:]}"
        return f"{name}[t]" if op in self.part.kept else name

    def of(self, op: Op) -> str:
        """An operand."""
        return self.part.inputs[self.places[op.name]] if op.kind == "input" else super().of(op)


@dataclass(frozen=True)
class Split:
    """The operations of one step: once before all steps, in each step forward, and on the way
    back. `kept` are those of the way forward that the way back reads."""

    once: tuple[Op, ...]
    forward: tuple[Op, ...]
    backward: tuple[Op, ...]
    kept: frozenset[Op]

    @classmethod
    def of(cls, part: Part, at_steps: Iterable[str], cotangents: Iterable[str]) -> Split:
        """By what they need, an input with an entry at each step or a cotangent, and by what needs
        them: what the values do not, waits."""
        moving = part.depending(at_steps) | part.depending(cotangents)
        values = [op for name, op in part.results.items() if not name.startswith("d ")]
        needed = {*below(values)}
        ops = [op for op in part.program.ops if op in moving]
        backward = tuple(op for op in ops if op not in needed)
        forward = tuple(op for op in ops if op in needed)
        once = tuple(op for op in part.program.ops if op not in moving)
        roots = [op for name, op in part.results.items() if name.startswith("d ")]
        read = {x for op in backward for x in op.reads()}
        read |= {x for op in roots for x in (op.reads() if op.inline else [op])}
        return cls(once, forward, backward, frozenset(x for x in read if x in {*forward}))
