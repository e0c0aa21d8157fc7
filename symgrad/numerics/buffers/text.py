"""Operands by what they stand in: buffers, views of them, arrays that are made once."""

from __future__ import annotations

from collections.abc import Sequence

from symgrad.numerics.arrays.listing import VIEWS, Dims, Op
from symgrad.numerics.arrays.program import Program
from symgrad.numerics.source.numpy import Text

EACH = """

def each(function, name):  # of an array into another: SciPy's of that name, or our own
    try:
        from scipy import special

        return getattr(special, name)
    except ImportError:
        return lambda x, out: np.copyto(out, function(np, x), casting="same_kind")"""


class BufferText(Text):
    """Writes operands. A view of a buffer is made once, like those of inputs that it is `bound` to;
    a view of a `known` input with the input."""

    prefix = ""
    each = (EACH,)

    def __init__(self, program: Program, bound: bool, known: frozenset[str]) -> None:
        super().__init__(program)
        self.bound, self.known = bound, known
        self.places: dict[Op, str] = {}  # what is in a buffer
        self.views: dict[str, str] = {}  # view -> its name
        self.seen: dict[str, dict[str, str]] = {}  # input that is known -> its views
        self.constants: dict[str, str] = {}  # an array that is made once -> its name
        self.functions: set[str] = set()  # of NumPy that are called

    def call(self, name: str, arguments: str) -> str:
        """A call of a function of NumPy, by a local name."""
        self.functions.add(name)
        return super().call(name, arguments)

    def named(self, op: Op) -> str:
        """The buffer that an operation is in, or its name."""
        return self.places.get(op) or super().named(op)

    def of(self, op: Op) -> str:
        """An operand; a view of a buffer is made once."""
        if not self._is_fixed(op):
            return super().of(op)
        text = super().of(op) if op.inline else super().line(op)
        if op.base.name in self.known:
            own = self.seen.setdefault(op.base.name, {})
            return own.setdefault(text, f"t{op.base.name[1:]}_{len(own)}")
        return self.view(text)

    def view(self, text: str) -> str:
        """A view of a buffer, made once."""
        return self.views.setdefault(text, f"t{len(self.views)}")

    def _is_fixed(self, op: Op) -> bool:
        """Whether it is a view of a buffer or of an input that is known: no line of the body."""
        if op.kind not in VIEWS:
            return False
        of = op.operands[0]
        if op.kind == "reshape" and (of.kind in VIEWS or of.kind == "input"):
            return False  # may be a copy
        bound = self.bound and of.kind == "input" and not of.sparse  # whose diagonal is a copy
        return bound or of.name in self.known or of in self.places or self._is_fixed(of)

    def once(self, text: str) -> str:
        """An array that is made once."""
        return self.constants.setdefault(text, f"c{len(self.constants)}")

    def flat(self, op: Op) -> str:
        """Its entries one after another."""
        place = self.places.get(op)
        return self.view(f"{place}.reshape(-1)") if place else f"{self.of(op)}.ravel()"

    def shaped(self, op: Op, axes: Sequence[Dims], turned: bool = False) -> str:
        """An array with so many axes, each for some of its own; transposed where it is turned."""
        text = self.of(op)
        if len(axes) < len(op.dims):
            text += f".reshape(({', '.join(map(self.product_of, axes))},))"
        text += ".T" * (turned and len(axes) > 1)
        return self.view(text) if op in self.places and text != self.places[op] else text

    def ones(self, dims: Dims) -> str:
        """So many ones."""
        return self.once(f"np.ones({self.product_of(dims)}, dtype)")

    def product_of(self, dims: Dims) -> str:
        """How many entries these axes have."""
        return " * ".join(map(self.program.size, dims))
