"""What the names mean at a line of a program."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from contextlib import AbstractContextManager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache

from symgrad.errors import ProgramError, ShapeError, UnknownNameError, did_you_mean
from symgrad.language.constants import CONSTANTS
from symgrad.language.dimensions import Dimension, describe, dimension
from symgrad.language.expressions import Expression, Name, Number, Operation, Size, is_scalar
from symgrad.language.mistyped import entry_meant, sign_meant
from symgrad.language.names import check_name, entry_parts, kind_of
from symgrad.language.operations import OPERATIONS
from symgrad.language.operations.unspecified import Functions, Unspecified, function_of
from symgrad.language.problem import Problem, Variable
from symgrad.language.series import Series
from symgrad.language.setting import setting
from symgrad.language.unparse import unparse

LONGEST = 60  # letters of a name that a message shows
LATER = ("it is given by a line below; move that up", "it is given by this line itself")
SIZE = "size"  # size(batch) is the number of examples
_also: ContextVar[tuple[Mapping[str, Operation], ...]] = ContextVar("also", default=())


def _last() -> Operation:
    return next(reversed(OPERATIONS.values()))


@cache
def _called(last: Operation) -> tuple[dict[str, Operation], dict[str, Operation]]:
    """What programs call each operation, and what other places do; `last` was declared last."""
    here, elsewhere = dict[str, Operation](), dict[str, Operation]()
    for name, operation in OPERATIONS.items():
        own = (name, *operation.aliases) if operation.called else operation.aliases
        here |= dict.fromkeys(own, operation)
        for other in (*operation.elsewhere, *(n.replace("_", "") for n in own)):
            elsewhere.setdefault(other, operation)
    return here, elsewhere


def function_named(name: str) -> Operation | None:
    """The operation that a program calls by this name, if there is one."""
    also = next((signs[name] for signs in _also.get() if name in signs), None)
    return also or _called(_last())[0].get(name)


def also_called(signs: Mapping[str, Operation]) -> AbstractContextManager[None]:
    """Formulas may use these signs too, which not every program has."""
    return setting(_also, (signs, *_also.get()))


def open_functions() -> list[str]:
    """The names of the functions that the program being read leaves open."""
    return [name for signs in _also.get() if isinstance(signs, Functions) for name in signs]


def function_elsewhere(name: str) -> Operation | None:
    """The operation that is called so in other places: ln is log, ReLU is relu.

    >>> [getattr(function_elsewhere(name), "name", None) for name in ("ln", "ReLU", "foo")]
    ['log', 'relu', None]
    """
    elsewhere = _called(_last())[1]
    spelled = name.lower().replace("_", "")
    return elsewhere.get(name) or elsewhere.get(spelled)


def function_names() -> list[str]:
    """Every name that a program calls an operation by."""
    called = [SIZE, *(name for name, operation in OPERATIONS.items() if operation.called)]
    return called + [alias for operation in OPERATIONS.values() for alias in operation.aliases]


def functions_beside(problem: Problem) -> Functions:
    """The functions that a problem leaves open, as they are called beside it."""
    functions = {name: function_of(call) for name, call in problem.functions.items()}
    return Functions(functions, beside=True)


@dataclass
class Scope:
    """The names of a program: `meanings` is what an expression may refer to."""

    variables: dict[str, Variable] = field(default_factory=dict)
    functions: Functions = field(default_factory=Functions)  # that are left open
    definitions: dict[str, Expression] = field(default_factory=dict)
    meanings: dict[str, Expression] = field(default_factory=dict)
    dimensions: set[str] = field(default_factory=set)
    counts: set[str] = field(default_factory=set)  # dimensions that are declared
    batches: Mapping[str, str] = field(default_factory=dict)  # what `for x in batch` binds -> batch
    own: AbstractSet[str] = frozenset()  # what some line gives a meaning: no constant there
    chains: list[tuple[str, Expression]] = field(default_factory=list)  # name = a = b: of b
    declares: bool = False  # whether lines may declare more variables
    inferred: bool = False  # whether dimensions may still become equal
    star: str = ""  # which product * is
    narrow: bool = False  # whether the letter of range(i) has the numbers below i alone
    giving: list[str] = field(default_factory=list)  # what the line that is read gives a value
    notes: list[tuple[int, str, str]] = field(default_factory=list)  # place, reason, remark
    series: Series | None = None  # what has an entry at each step
    pending: dict[str, Expression] = field(default_factory=dict)  # states at 0, above the loop

    @property
    def remarks(self) -> tuple[str, ...]:
        """What was read otherwise than it was typed."""
        told = {start: remark for start, _, remark in self.notes if remark}  # of a chain its end
        return tuple(dict.fromkeys(told.values()))

    @classmethod
    def of(cls, problem: Problem) -> Scope:
        """The names that an expression beside this problem may use."""
        scope = cls(batches=problem.batch, functions=functions_beside(problem))
        if problem.loop is not None:
            scope.series = Series.of(problem.loop, problem.variables.values())
            scope.dimensions |= {str(d) for d in {problem.loop.steps.length} if d.is_Symbol}
        for variable in problem.variables.values():
            scope.declare(variable)
        scope.dimensions |= {str(d) for d in problem.counts}
        for name, value in problem.definitions.items():
            scope.define(name, value)
        return scope

    def has(self, name: str) -> bool:
        """Whether a variable, a definition or a dimension has this name."""
        return name in self.meanings or name in self.dimensions or self.is_series(name)

    def is_series(self, name: str) -> bool:
        """Whether it has entries at steps, and no meaning without an index."""
        if self.series is None:
            return False
        return name in self.series.names or name == self.series.index or name in self.layered

    @property
    def layered(self) -> set[str]:
        """The names of sizes that depend on the step: n of n[l]."""
        return {name for name, index in map(entry_parts, self.dimensions) if index}

    def declare(self, variable: Variable) -> None:
        """Add a variable, and its dimensions."""
        self.variables[variable.name] = variable
        if variable.steps is None:
            self.meanings[variable.name] = variable.expression()
        dims = {str(s) for d in variable.dims for s in d.free_symbols}
        self.dimensions |= dims
        for name in self.layered & {*self.dimensions, *self.variables}:
            raise UnknownNameError(
                f"{name} is the size of a layer, as in {name}[0]; rename the other"
            )
        for name in (variable.name, *sorted(dims)):
            other = self.variables.get(name)
            if other is not None and other.kind == "Scalar" and name in self.dimensions:
                raise UnknownNameError(
                    f"{name} is both a Scalar and a dimension; rename one of them"
                )

    def leave_open(self, function: Unspecified) -> None:
        """Add a function without a formula. Raises: UnknownNameError for a name that is taken."""
        name = function.name
        if name in _called(_last())[0]:  # what is not reserved, such as silu
            raise UnknownNameError(f"{name} is a function of the language; use another name")
        whole = name.rpartition("_")[0]
        if name in self.functions or f"{name}_1" in self.functions.declared:
            both = (whole, name) if whole in self.functions.declared else (name, f"{name}_1")
            raise UnknownNameError(
                f"{both[1]} is the derivative of {both[0]}; use another name for one of them"
            )
        self.functions.declared[name] = function

    def define(self, name: str, value: Expression) -> None:
        """Add a definition."""
        self.definitions[name] = value
        self.meanings[name] = Name(name, value.shape, value.batch)

    def check_equal(self, name: str, value: Expression, side: Expression) -> None:
        """Note that name = value = side. Raises: ShapeError where their shapes differ."""
        if (value.shape, value.batch) != (side.shape, side.batch):
            raise ShapeError(
                f"{unparse(value)} = {unparse(side)}: the first is {describe(value.shape)}, the "
                f"second {describe(side.shape)}"
            )
        self.chains.append((name, side))

    def check_new(self, name: str) -> None:
        """Raises: UnknownNameError where nothing can be called so."""
        operation = function_named(check_name(name))
        if operation is not None and (operation.reserved or name in operation.aliases):
            raise UnknownNameError(f"{name} is the name of a function; use another name")
        if name in self.meanings or self.is_series(name) or name in self.pending:
            raise UnknownNameError(
                f"{name} is given twice; each name has one meaning, use another name"
            )

    def meaning(self, name: str, counts: Dimension | None = None) -> Expression:
        """What a name stands for in an expression; `counts` where it is to number so many rows."""
        if name in self.meanings:
            return self.meanings[name]
        if name in self.dimensions:
            return Size(dimension(name))
        if name in CONSTANTS and name not in self.own:
            return Number(CONSTANTS[name])
        if function_named(name) is not None:
            raise UnknownNameError(f"{name} is a function; write {name}(...)")
        if self.series is not None and self.is_series(name):
            raise UnknownNameError(self.series.bare(name))
        if name.startswith("_ones"):
            raise UnknownNameError("how many ones are meant is not known; write ones(n)")
        if self.declares and name in self.own:
            raise UnknownNameError(f"{name} has no value yet: {LATER[name in self.giving]}")
        known = [*self.meanings, *self.dimensions]
        hint = self._hint(name) or did_you_mean(name, known) or _declaration(self, name, counts)
        shown = f"{name:.{LONGEST}}{'...' * (len(name) > LONGEST)}"
        raise UnknownNameError(f"{shown} is not declared{hint}")

    def _hint(self, name: str) -> str:
        """What a name means elsewhere."""
        if name in ("I", "Id", "eye"):
            n = next(
                (d for v in self.variables.values() for d in v.dims[:1] if d in v.dims[1:]), "n"
            )
            return f"; the identity matrix is eye({n})"
        batches = {*self.batches.values()}
        if name in ("N", "B", "M", "batch_size", "num_examples", *batches) and batches:
            return f"; the number of examples is {SIZE}({min(batches)})"
        vectors = [n for n, v in self.variables.items() if v.kind == "Vector"]
        return sign_meant(name, self.meanings) or entry_meant(name, vectors)

    def check_batch(self, name: str, batch: str) -> None:
        """Raises: SymgradError where the examples of this batch have no such name."""
        if name not in self.variables:
            raise UnknownNameError(f"for {name} in {batch}: {name} is not declared")
        other = self.batches.get(name)
        if other != batch:
            what = "is one for all examples" if other is None else f"belongs to {other}"
            raise ProgramError(f"for {name} in {batch}: in the problem, {name} {what}")

    def problem(self, output: str, value: Expression, filename: str | None = None) -> Problem:
        """The problem whose loss (or f) this value is."""
        if self.pending and (self.series is None or not self.series.initial):
            name = next(iter(self.pending))
            raise ProgramError(f"{name}[0] is given, but there is no loop that goes on from it")
        if self.series is not None:
            self.series.check_sizes(self.variables.values())
        elif self.layered:
            name = min(self.layered)
            raise ProgramError(f"{name} is the size of a layer, and nothing here has layers")
        if self.counts and self.series is not None:
            raise ProgramError(
                f"{min(self.counts)}: Dimension is not read beside time steps or layers; there the "
                "dimensions are those of arrays"
            )
        if output == "loss" and not is_scalar(value):
            text = unparse(value)
            over = f" for {_examples(self.batches, value)}" if value.batch else ""
            raise ShapeError(
                f"the loss must be a scalar; its shape is {describe(value.shape)}; "
                f"write loss = sum({text}{over}), or f = {text} for its Jacobian"
            )
        if value.batch is not None:
            raise ProgramError(
                f"{output} belongs to one example of {value.batch}; "
                f"write {output} = sum({unparse(value)} for {_examples(self.batches, value)})"
            )
        return Problem(
            self.variables,
            self.definitions,
            value,
            output,
            filename,
            remarks=self.remarks,
            chains=tuple(self.chains),
            loop=None if self.series is None else self.series.loop,
        )


def _examples(batches: Mapping[str, str], value: Expression) -> str:
    """`x, y in batch`, with the names of the examples."""
    names = ", ".join(n for n, b in batches.items() if b == value.batch)
    return f"{names} in {value.batch}"


def _declaration(scope: Scope, name: str, counts: Dimension | None) -> str:
    """A line that would declare it."""
    if not scope.declares or name.startswith("_") or len(name) > LONGEST:
        return ""
    check_name(name)
    n = counts or next((d for v in scope.variables.values() for d in v.dims), "n")
    dims = {"Vector": f"({n})", "Matrix": f"({n}, {n})", "Index": f"({n})"}
    kind = kind_of(name, label=counts is not None)
    return f"; declare it above, as in {name}: {kind}{dims.get(kind, '')}"
