"""A listing with its results written into buffers that are there already.

The source made here defines `allocate(sizes, dtype, names, shapes, dtypes)`, which makes every
array once and returns a function that uses them at each call: `function(inputs)`, which looks the
arrays up by name and checks them, or without checks `function(p0, p1, ...)`. A buffer is used again
as soon as the value in it is no longer needed, by an elementwise line in place. The derivatives are
views of one flat vector.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np

from symgrad.numerics.listing import Line
from symgrad.numerics.source import Program

VALUE = re.compile(r"\bv\d+\b")
VIEW = re.compile(r"\b(v\d+)((?:\.T|\.transpose\([\d, ]+\)|\[(?:[:, ]|None|\.\.\.)+\])+)")
FUNCTION = re.compile(r"(?<![\w.])([a-z]\w*)(?:\.reduce)?\(")


def buffered_source(program: Program, checked: bool = True) -> str:
    """The source of `allocate`."""
    return _Planner(program).source(checked)


class _Planner:
    def __init__(self, program: Program) -> None:
        self.program = program
        self.lines = program.lines
        self.buffer: dict[str, str] = {}  # value -> the buffer that it is in
        self.made: list[str] = []  # lines that make buffers
        self.views: dict[str, str] = {}  # view of a buffer -> its name
        self.last = self._last_uses()

    def source(self, checked: bool) -> str:
        sizes = [f"n{k}" for k in range(len(self.program.axes))]
        arguments = ", ".join([*sizes, "dtype", "names", "shapes", "dtypes"])
        views = self._gradients()
        body = self._body()
        returned = self._returned()
        named = sorted(set(FUNCTION.findall("\n".join(body))))
        made = [f"{name} = np.{name}" for name in named if hasattr(np, name)]
        made += [f"{name} = {text}" for name, text in self.program.constants.items()]
        count = range(len(self.program.inputs))
        for letter, known in (("k", "names"), ("s", "shapes"), ("d", "dtypes")):
            made += [f"{letter}{k} = {known}[{k}]" for k in count]
        made += [*views, *self.made, *(f"{name} = {text}" for text, name in self.views.items())]
        lines = ["import numpy as np", "", "", self.program.kernels, f"def allocate({arguments}):"]
        lines += [f"    {line}" for line in made]
        given = "inputs" if checked else ", ".join(f"p{k}" for k in count)
        checks = self._checks() if checked else []
        lines += [
            f"    def function({given}):",
            *(f"        {line}" for line in [*checks, *body]),
        ]
        gradients = "".join(f"g{k}, " for k in range(len(self.program.results) - 1))
        lines += [f"        return {returned}", f"    return function, flat, ({gradients})", ""]
        return "\n".join(lines)

    def _checks(self) -> list[str]:
        """Lines that read the inputs, and return None where one has another shape or type."""
        count = len(self.program.inputs)
        if not count:
            return []
        reads = [f"    p{k} = inputs[k{k}]" for k in range(count)]
        tests = [f"p{k}.shape != s{k} or p{k}.dtype is not d{k}" for k in range(count)]
        return [
            "try:",
            *reads,
            f"    if {' or '.join(tests)}:",
            "        return None",
            "except (KeyError, AttributeError):",
            "    return None",
        ]

    # the life of values

    def _last_uses(self) -> dict[str, int]:
        """The last line that needs each value; a line without its own buffer may be a view, and
        keeps what it was made from."""
        last: dict[str, int] = {}
        for k, line in enumerate(self.lines):
            for name in _used(line):
                last[name] = k
        for text, _ in self.program.results:
            for name in VALUE.findall(text):
                last[name] = len(self.lines)
        for line in reversed(self.lines):
            if not line.into or not line.sizes:
                for name in _used(line):
                    last[name] = max(last[name], last.get(line.target, 0))
        return last

    # results

    def _gradients(self) -> list[str]:
        """The flat vector, and one view of it for each derivative; a value that is a derivative is
        computed right there."""
        made, start = [], "0"
        for k, (text, shape) in enumerate(self.program.results[1:]):
            size = " * ".join(shape) or "1"
            made.append(f"e{k} = {start} + {size}")
            view = f"flat[{start}:e{k}].reshape({', '.join(shape)}{',' * (len(shape) == 1)})"
            made.append(f"g{k} = {view if shape else f'flat[{start}:e{k}].reshape(())'}")
            start = f"e{k}"
            line = next((x for x in self.lines if x.target == text), None)
            if line is not None and line.into and text not in self.buffer and line.sizes:
                self.buffer[text] = f"g{k}"
        sizes = [line for line in made if line.startswith("e")]
        return [*sizes, f"flat = np.empty({start}, dtype)", *(x for x in made if x.startswith("g"))]

    def _returned(self) -> str:
        return self._placed(self.program.results[0][0])

    # lines

    def _body(self) -> list[str]:
        free: dict[tuple[str, ...], list[str]] = {}
        body: list[str] = []
        for k, line in enumerate(self.lines):
            dying = [name for name in dict.fromkeys(_used(line)) if self.last[name] == k]
            if line.into and line.sizes:
                body += self._into(line, dying, free)
            else:
                body.append(f"{line.target} = {self._placed(line.into or line.text)}")
            for name in dying:
                self._release(name, line, free)
        for k, (text, shape) in enumerate(self.program.results[1:]):
            if self.buffer.get(text) != f"g{k}":
                body.append(f"g{k}[{'...' if shape else '()'}] = {self._placed(text)}")
        return body

    def _into(
        self, line: Line, dying: list[str], free: dict[tuple[str, ...], list[str]]
    ) -> list[str]:
        if line.target not in self.buffer:
            self.buffer[line.target] = self._chosen(line, dying, free)
        out = self.buffer[line.target]
        text = line.into
        first = self._placed(text.replace("{out}", "\0")).replace("\0", out)
        then = (
            [self._placed(line.then.replace("{out}", "\0")).replace("\0", out)] if line.then else []
        )
        return [first, *then]

    def _chosen(self, line: Line, dying: list[str], free: dict[tuple[str, ...], list[str]]) -> str:
        """The buffer of a dying operand of the same shape, a free one, or a new one."""
        if line.inplace:
            for name in dying:
                owner = next((x for x in self.lines if x.target == name), None)
                own = self.buffer.get(name, "")
                bare = not any(
                    view.startswith(name) for view, _ in VIEW.findall(line.into) if view == name
                )
                if own.startswith("b") and owner is not None and owner.sizes == line.sizes and bare:
                    return own
        if free.get(line.sizes):
            return free[line.sizes].pop()
        name = f"b{sum(x.startswith('b') for x in self.made)}"
        shape = ", ".join(line.sizes) + "," * (len(line.sizes) == 1)
        self.made.append(f"{name} = np.zeros(({shape}), dtype)")
        return name

    def _release(self, name: str, line: Line, free: dict[tuple[str, ...], list[str]]) -> None:
        own = self.buffer.get(name, "")
        if own.startswith("b") and self.buffer.get(line.target) != own:
            owner = next(x for x in self.lines if x.target == name)
            free.setdefault(owner.sizes, []).append(own)

    def _placed(self, text: str) -> str:
        """The text with values replaced by their buffers, and views of these by their own names."""

        def view(match: re.Match[str]) -> str:
            own = self.buffer.get(match[1])
            if own is None:
                return match[0]
            return self.views.setdefault(f"{own}{match[2]}", f"t{len(self.views)}")

        return VALUE.sub(lambda m: self.buffer.get(m[0], m[0]), VIEW.sub(view, text))


def _used(line: Line) -> Iterable[str]:
    return VALUE.findall(f"{line.text if not line.into else line.into} {line.then}")
