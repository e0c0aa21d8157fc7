"""Powers that share a logarithm, in what is compiled: of any sign, as each is a few lines more.

|x|^k = exp(k log|x|)        log(x) = log|x|, nan where x < 0
"""

from __future__ import annotations

from symgrad.numerics.arrays.listing import Op
from symgrad.numerics.arrays.program import Program
from symgrad.numerics.buffers.powers import ByLogarithms, shared


def with_shared_logarithms(program: Program) -> Program:
    """The program with exponentials and powers by others; its axes stay in their order."""
    made = shared(program, [op for op in program.ops if op.dims], _ByMagnitudes)
    return made if made.axes == program.axes else program


class _ByMagnitudes(ByLogarithms):
    def shared_logarithm(self, x: Op) -> Op:
        return self.ufunc(x, "log", self.ufunc(x, abs.__name__, self.of(x)))

    def logarithm_of(self, op: Op, logs: Op, x: Op, weight: Op | None) -> Op:
        if weight is None:
            return self.ufunc(op, "logarithm", logs, x)
        return self.ufunc(op, "weighed_logarithm", logs, x, weight)
