"""Long programs: each loop is a function of its own, and a table says which is called with what.

    def k3(slots, row, n0, n1):
        a0 = pointer(slots[row[2]])
        a1 = pointer(slots[row[3]])
        for i0 in range(n0):
            for i1 in range(n1):
                here = i0 * n1 + i1
                x0 = exp(a0[here]); a1[here] = x0

What repeats, as the steps of a recurrent network or the layers of a perceptron do, does the same to
other arrays: with these named in the order in which it meets them it is one text, compiled once.
`slots` has the address of every array: inputs, results, pieces of the working vector, of which it
is the first; a row of the table has its length, the function's number and the places of its arrays
in `slots`. Loops and products take what stands at an address: arrays take several times as long to
compile.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set

from symgrad.numerics.compiled.entries import indices
from symgrad.numerics.compiled.loops import Dims, Step, Writer, suffix


class Table(Writer):
    """Writes groups as functions; `inputs` and `results` are the shapes of what p0, p1, ... and g0,
    g1, ... are, `kinds` the types of inputs that are labels, else ""."""

    stored = True

    def __init__(
        self,
        groups: Sequence[Sequence[Step]],
        places: Mapping[str, str],
        rows: Set[str],
        inputs: Sequence[Dims],
        results: Sequence[Dims],
        kinds: Sequence[str],
        sizes: Sequence[str],
    ) -> None:
        super().__init__(groups, places, rows)
        self.inputs, self.results, self.kinds, self.sizes = inputs, results, kinds, sizes
        self.functions: dict[tuple[str, ...], int] = {}
        self.table: list[list[int]] = []
        self.used: list[str] = []  # the arrays of a group
        self.looping, self.here = False, ""  # whether the group is a loop, and at which entry
        numbers = [f"p{k}" for k, dims in enumerate(inputs) if not (dims or kinds[k])]
        self.pieces.append(())  # `slots`
        for k, name in enumerate(["value", *numbers], 1):
            self.places[name], self.last[name] = f"b{k}", len(groups)
            self.pieces.append(())
        self.numbers = numbers
        self.lines()
        self.pieces[0] = (str(2 * (len(inputs) + len(self.made))),)  # each has 4 bytes or 8

    def see(self, name: str, at: Sequence[str] | None) -> str:
        """An entry of an array by the name that it has in a function."""
        place = self.places.get(name, name)
        if place not in self.used:
            self.used.append(place)
        array, dims = f"a{self.used.index(place)}", self._dims(place)
        if not dims:
            return array if self._kind(place) else f"{array}[0]"
        if not (self.looping and at):
            return array + suffix(at or ())
        entry = _flat(dims, at)
        return f"{array}[{'here' if entry == self.here else entry}]"

    def own(self, step: Step) -> str:
        """A number's name in a function."""
        return f"x{self.within[step.target]}"

    def total(self, step: Step) -> str:
        """A sum that is a number is gathered in one, and stored behind the loop."""
        return super().total(step) if step.shape else self.own(step)

    def filled(self, step: Step, number: str) -> list[str]:
        """A loop over all entries."""
        return [
            f"for at in range({_length(step.shape)}): {self.see(step.target, ())}[at] = {number}"
        ]

    def loop(self, group: Sequence[Step]) -> list[str]:
        """A loop, and behind it the sums that are numbers."""
        ends = [s for s in group if s.kind and not s.shape]
        return [*super().loop(group), *(f"{self.see(s.target, ())} = {self.own(s)}" for s in ends)]

    def inside(self, group: Sequence[Step]) -> list[str]:
        """Which entry of arrays of its own dimensions the loop is at."""
        return [f"here = {self.here}"] if self.here else []

    def written(self, group: Sequence[Step]) -> list[str]:
        """None: the function is noted, and its row."""
        self.used, self.within = [], {s.target: k for k, s in enumerate(group)}
        self.looping, dims = group[0].kind != "call", group[0].dims
        self.here = _flat(dims, indices(dims)) if len(dims) > 1 else ""
        lines = super().written(group)
        views = [
            f"a{k} = {self._view(place, f'slots[row[{k + 2}]]')}"
            for k, place in enumerate(self.used)
        ]
        number = self.functions.setdefault((*views, *lines), len(self.functions))
        self.table.append([number, *map(self._slot, self.used)])
        return []

    def head(self) -> list[str]:
        """The functions, the table, row after row, and how long arrays are."""
        rows = [each for row in self.table for each in (len(row) + 1, *row)]
        which = {length: k for k, length in enumerate(self.lengths)}
        lengths = [which[_length(dims)] for dims in self.made]
        lines = [f"ROWS = np.array({rows}, np.int32)", f"LENGTHS = np.array({lengths}, np.int32)"]
        for body, number in self.functions.items():
            lines += ["@compiled", f"def k{number}({self._arguments}):"]
            lines += [f"    {line}" for line in body]
        return lines

    def body(self, line: int) -> list[str]:
        """The lines that fill `slots`, and call what the table says; pieces of the working vector
        begin at so many entries."""
        first, results = len(self.inputs), len(self.results)
        given = [
            f"slots[{k}] = p{k}{'.ctypes.data' if dims else ''}"
            for k, dims in enumerate(self.inputs)
            if dims or self.kinds[k]
        ]
        calls = [
            text
            for number in self.functions.values()
            for text in (f"    if which == {number}:", f"        k{number}({self._arguments})")
        ]
        return [
            "slots = pointer_int64(np.int64(work.ctypes.data))",
            *given,
            f"lengths = np.empty({len(self.lengths)}, np.int64)",
            *(f"lengths[{k}] = {length}" for k, length in enumerate(self.lengths)),
            "at = np.int64(flat.ctypes.data)",
            f"for k in range({len(self.made)}):",
            f"    if k == {results}:",
            "        at = np.int64(work.ctypes.data)",
            f"    slots[{first} + k] = at",
            "    length = lengths[LENGTHS[k]]",
            f"    length = length if k < {results} else (length + {line - 1}) // {line} * {line}",
            "    at += length * work.itemsize",
            *(f"view(slots[{self._slot(self.places[p])}], (1,))[0] = {p}" for p in self.numbers),
            "at = np.int64(ROWS.ctypes.data)",
            f"for k in range({len(self.table)}):",
            "    row = pointer_int32(at)",
            "    at += 4 * row[0]",
            "    which = row[1]",
            *calls,
        ]

    @property
    def made(self) -> list[Dims]:
        """The shapes of the results and of the pieces of the working vector."""
        return [*self.results, *self.pieces]

    @property
    def lengths(self) -> list[str]:
        """How many entries these have, each number once."""
        return list(dict.fromkeys(map(_length, self.made)))

    @property
    def value(self) -> str:
        """The number that is returned."""
        return f"view(slots[{self._slot(self.places['value'])}], (1,))[0]"

    @property
    def _arguments(self) -> str:
        return ", ".join(["slots", "row", *self.sizes])

    def _view(self, place: str, address: str) -> str:
        dims, kind = self._dims(place), self._kind(place)
        if kind and not dims:
            return address
        typed = kind and f"_{kind}"
        if self.looping:
            return f"pointer{typed}({address})"
        return f"view{typed}({address}, ({', '.join(dims) or '1'},))"

    def _dims(self, place: str) -> Dims:
        shapes = {"p": self.inputs, "g": self.results, "b": self.pieces}[place[0]]
        return shapes[int(place[1:])]

    def _kind(self, place: str) -> str:
        return self.kinds[int(place[1:])] if place[0] == "p" else ""

    def _slot(self, place: str) -> int:
        before = {"p": 0, "g": len(self.inputs), "b": len(self.inputs) + len(self.results)}
        return before[place[0]] + int(place[1:])


def _flat(dims: Dims, at: Sequence[str]) -> str:
    """Which entry it is, one row after another.

    >>> _flat(("n0", "n1", "n2"), ("i0", "i1", "i2"))
    '(i0 * n1 + i1) * n2 + i2'
    """
    place, *rest = at
    for k, i in enumerate(rest):
        place = f"{f'({place})' if k else place} * {dims[k + 1]} + {i}"
    return place


def _length(dims: Dims) -> str:
    """How many entries, as text."""
    return " * ".join(dims) or "1"
