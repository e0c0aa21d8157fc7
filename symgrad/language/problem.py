"""A problem: declared variables, named definitions, and the loss (or f) that they lead to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from textwrap import shorten
from typing import Any, TypeAlias

import sympy

from symgrad.errors import ProgramError, ShapeError, UnknownNameError, did_you_mean
from symgrad.language.dimensions import ONE, SCALAR, Dimension, Shape, dimension, kind
from symgrad.language.expressions import Call, Expression, Name, Size, parts
from symgrad.language.layered import depends_on, shape_at
from symgrad.language.markup import block
from symgrad.language.names import check_name, entry_of, entry_parts, name_of
from symgrad.language.operations.entries import positive_sizes
from symgrad.language.operations.unspecified import calls_of
from symgrad.language.unparse import unparse

KINDS = {"Scalar": 0, "Vector": 1, "Matrix": 2, "Index": 1, "Tensor": None}  # how many dimensions
FACTS = {
    "positive": ("Scalar", "Vector", "Matrix", "Tensor"),
    "simplex": ("Vector", "Matrix"),  # each row of a matrix
    "one_hot": ("Vector", "Matrix"),
    "symmetric": ("Matrix",),
    "orthogonal": ("Matrix",),
    "data": ("Scalar", "Vector", "Matrix", "Tensor"),
}
TIES = frozenset({"simplex", "one_hot", "symmetric", "orthogonal"})  # what ties entries
# What to differentiate by: one name or symbol, or several; None stands for all parameters.
Wrt: TypeAlias = str | sympy.Basic | Iterable[str | sympy.Basic] | None


@dataclass(frozen=True)
class Steps:
    """Time steps, or layers: `index` runs from 1 to `length`."""

    index: str
    length: Dimension


@dataclass(frozen=True)
class Loop:
    """What is done at each step. `initial` are the states at 0, by their names; `step` is what one
    step defines, by the names of the entries (h[t]), in order. `before` are the definitions that
    stand above; `equations` stand below: what g[T] is, and what g[t] is at every other step."""

    steps: Steps
    initial: Mapping[str, Expression]
    step: Mapping[str, Expression]
    before: tuple[str, ...]
    equations: Mapping[str, Expression] = field(default_factory=dict)


@dataclass(frozen=True)
class Variable:
    """A declared variable.

    `dims` are its dimensions as declared: none for a Scalar, one for a Vector; for an Index the
    number that its labels stay below. `facts` are of FACTS. `batch` names the batch whose examples
    each have a value of their own; `steps` are those of a series, which has a value at each of
    them. `origin` tells it from a variable of the same name in another
    problem: nodes are shared within a problem only, so that each is written in the order of its own
    text.
    """

    name: str
    kind: str
    dims: tuple[Dimension, ...] = ()
    facts: frozenset[str] = frozenset()
    batch: str | None = None
    steps: Steps | None = None
    origin: object = field(default_factory=object, compare=False, repr=False)

    def __str__(self) -> str:
        """Its declaration, as in x: Vector(n)."""
        dims = f"({', '.join(map(str, self.dims))})" * bool(self.dims)
        steps = "" if self.steps is None else f"[{self.steps.index}:{self.steps.length}]"
        return f"{self.name}: {self.kind}{dims}{steps}"

    def __post_init__(self) -> None:
        check_name(self.name)
        if self.kind not in KINDS:
            kinds = (
                "Scalar, Vector(n), Matrix(m, n), Tensor(a, b, c), Index(n), Function, Dimension"
            )
            near = did_you_mean(self.kind, (*KINDS, "Function"))
            told = near or f"; use {kinds}"
            raise ProgramError(f"unknown kind {self.kind} of {self.name}{told}")
        self._check_dimensions()
        for fact in self.facts:
            if fact not in FACTS:
                raise ProgramError(f"{self.name}: unknown fact {fact}{did_you_mean(fact, FACTS)}")
            if self.kind not in FACTS[fact]:
                raise ProgramError(f"{self.name}: no {self.kind} can be declared {fact}")
        for fact, words in (("symmetric", "a symmetric"), ("orthogonal", "an orthogonal")):
            if fact in self.facts and self.dims[0] != self.dims[1]:
                raise ShapeError(
                    f"{self.name}: {words} matrix is square", (self.dims[0], self.dims[1])
                )
        if "orthogonal" in self.facts and self.facts - {"orthogonal", "data"}:
            (other, *_) = sorted(self.facts - {"orthogonal", "data"})
            raise ProgramError(
                f"{self.name}: it is declared {other} and orthogonal; declare one of them"
            )

    def _check_dimensions(self) -> None:
        wanted, rank = KINDS[self.kind], len(self.dims)
        if wanted is None and rank < 3:
            raise ShapeError(f"{self.name}: Tensor takes three dimensions or more, {rank} given")
        if wanted is None and ONE in self.dims:
            raise ShapeError(f"{self.name}: a dimension of 1 is none of a Tensor; leave it out")
        if wanted is not None and rank != wanted:
            count = ("no dimension", "one dimension", "two dimensions")[wanted]
            meant = ("Scalar", "Vector", "Matrix", "Tensor")[min(rank, 3)]
            dims = f"({', '.join(map(str, self.dims))})" * bool(rank)
            told = f"; write {self.name}: {meant}{dims}" * (self.kind != "Index" and rank > 0)
            raise ShapeError(f"{self.name}: {self.kind} takes {count}, {rank} given{told}")

    @property
    def shape(self) -> Shape:
        """Rows and columns of one value; the dimensions of a tensor."""
        if self.kind in ("Scalar", "Index"):
            return SCALAR
        return (self.dims[0], ONE) if self.kind == "Vector" else self.dims

    @property
    def differentiable(self) -> bool:
        """Whether a derivative with respect to it makes sense: an integer label has none."""
        return self.kind != "Index"

    def at(self, index: str) -> Variable:
        """An entry of a series."""
        assert self.steps is not None
        entry = replace(self, name=entry_of(self.name, index), steps=None)
        return entry.sized({self.steps.index: index})

    def sized(self, indices: Mapping[str, str]) -> Variable:
        """The same with its sizes at other steps."""
        dims = shape_at(self.dims, indices)
        return self if dims == self.dims else replace(self, dims=dims)

    @property
    def ragged(self) -> bool:
        """Whether the entries of a series differ in their shapes."""
        return self.steps is not None and depends_on(self.dims, self.steps.index)

    def expression(self) -> Name:
        """The variable as an expression."""
        index_of = self.dims[0] if self.kind == "Index" else None
        return Name(self.name, self.shape, self.batch, index_of, "symmetric" in self.facts)


@dataclass(frozen=True)
class Problem:
    """Declarations, named definitions in order, and the output: `loss` (a scalar) or `f`.

    `remarks` say what was read otherwise than it was typed, such as `A * x` as `A @ x`.
    """

    variables: Mapping[str, Variable]
    definitions: Mapping[str, Expression]
    output: Expression
    output_name: str = "loss"
    filename: str | None = None
    remarks: tuple[str, ...] = ()
    chains: tuple[tuple[str, Expression], ...] = ()  # what else is said to equal a name
    loop: Loop | None = None  # of a program with time steps or layers
    within: Problem | None = None  # the program of which this is a part: names are told apart there
    index: str = ""  # of what is one step: what new names are at
    taken: frozenset[str] = frozenset()  # of a part: what new names are called in the others
    symbols: Mapping[str, sympy.Basic] = field(default_factory=dict)  # of SymPy, as they were given
    source: str = field(default="", compare=False)  # the text that it was read from, if any

    def __repr__(self) -> str:
        """What is computed of what."""
        output = shorten(unparse(self.output), 80, placeholder="...")
        names = shorten(", ".join(self.variables), 80, placeholder="...")
        return f"<Problem of {names}: {self.output_name} = {output}>"

    @property
    def text(self) -> str:
        """The program: the text that it was read from, or where there is none its declarations and
        definitions."""
        lines = [*map(str, self.variables.values())]
        lines += [f"{name} = {unparse(value)}" for name, value in self.definitions.items()]
        lines.append(f"{self.output_name} = {unparse(self.output)}")
        return self.source.strip("\n") or "\n".join(lines)

    def _repr_markdown_(self) -> str:
        """The program."""
        return block(self.text)

    @cached_property
    def kept(self) -> dict[object, Any]:
        """What was made of it, by what made it, so that it is made once."""
        return {}

    @cached_property
    def batch(self) -> dict[str, str]:
        """Each variable of which every example has its own -> the name of its batch."""
        return {v.name: v.batch for v in self.variables.values() if v.batch is not None}

    def examples(self, batch: str) -> tuple[str, ...]:
        """The variables of which every example of this batch has its own."""
        return tuple(name for name, own in self.batch.items() if own == batch)

    @property
    def dims(self) -> tuple[Dimension, ...]:
        """The dimensions of its variables, each once."""
        return tuple(dict.fromkeys(d for v in self.variables.values() for d in v.dims))

    @cached_property
    def positive_sizes(self) -> dict[Dimension, str]:
        """What must be at least 1 for all its entries and indices to be there, and where."""
        return positive_sizes(self.formulas)

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        """What is differentiated by default: all but examples, labels and what is declared data."""
        return tuple(
            v.name
            for v in self.variables.values()
            if v.differentiable and v.batch is None and not v.facts & {"data", "one_hot"}
        )

    @cached_property
    def functions(self) -> dict[str, Call]:
        """The functions that it leaves open: of each, by its name, the first call."""
        return calls_of((*self.formulas, *(side for _, side in self.chains)))

    @cached_property
    def counts(self) -> tuple[Dimension, ...]:
        """The dimensions that no variable has: whoever calls gives their numbers. Those of programs
        with steps are told by the steps."""
        if self.loop is not None or self.within is not None:
            return ()
        known = {s for d in self.dims for s in d.free_symbols}
        met = (s for root in self.formulas for d in dimensions_in(root) for s in d.free_symbols)
        return tuple(s for s in dict.fromkeys(met) if s not in known)

    @property
    def names(self) -> frozenset[str]:
        """Every name that the program gives, and those of its dimensions and steps."""
        sizes = {*self.dims, *self.counts}
        own = {*self.variables, *self.functions, *self.definitions, self.output_name}
        if self.loop is not None:
            loop = self.loop
            entries = (*loop.step, *loop.initial, *loop.equations)
            own |= {entry_parts(name)[0] for name in entries}
            own.add(self.loop.steps.index)
            sizes.add(self.loop.steps.length)
        symbols = {str(symbol) for d in sizes for symbol in d.free_symbols}
        return frozenset(own | {entry_parts(symbol)[0] for symbol in symbols})

    @property
    def formulas(self) -> tuple[Expression, ...]:
        """What the definitions say, those of a step among them, and the output."""
        loop = self.loop
        steps: tuple[Expression, ...] = ()
        if loop is not None:
            steps = (*loop.initial.values(), *loop.step.values(), *loop.equations.values())
        return (*self.definitions.values(), *steps, self.output)

    def free(self, names: Iterable[str]) -> Problem:
        """The problem in which no entries of these variables are tied to each other."""
        tied = (v for n in names if (v := self.variables[n]).facts & TIES)
        changed = {v.name: replace(v, facts=v.facts - TIES) for v in tied}
        return replace(self, variables={**self.variables, **changed}) if changed else self

    def wrt(self, chosen: Wrt) -> tuple[str, ...]:
        """The names of what to differentiate by, checked, each once.

        >>> from symgrad.language.parser import parse
        >>> problem = parse("x: Vector(n)\\ny: Vector(n)\\nloss = norm2(y - x)**2")
        >>> problem.wrt(None), problem.wrt("x"), problem.wrt([sympy.Symbol("y")])
        (('x', 'y'), ('x',), ('y',))
        """
        if chosen is None:
            chosen = self.parameters
        elif isinstance(chosen, sympy.Tuple | sympy.NDimArray):
            chosen = tuple(sympy.flatten(chosen))
        elif isinstance(chosen, sympy.MatrixBase):
            symbols = _symbols_in(chosen)
            met = tuple(x for x in symbols if name_of(x) in self.variables)
            chosen = met or symbols
        elif isinstance(chosen, str | sympy.Basic):
            chosen = (chosen,)
        try:
            names = tuple(dict.fromkeys(map(name_of, chosen)))
        except TypeError:
            kind = type(chosen).__name__
            raise UnknownNameError(f"wrt: a name or several are wanted, not a {kind}") from None
        if not names:
            if not self.variables:
                raise UnknownNameError("the program declares no variable to differentiate by")
            told = f"; all there are belong to examples, or are data: {self._inputs}"
            raise UnknownNameError(
                "wrt is empty: name at least one variable to differentiate by"
                + told * (not self.parameters)
            )
        for name in names:
            if name not in self.variables:
                raise UnknownNameError(f"wrt: {name} is {self._no_input(name)}")
            if not self.variables[name].differentiable:
                raise UnknownNameError(f"wrt: {name} is an integer label and has no derivative")
        return names

    def _no_input(self, name: str) -> str:
        """What a name is that is none of an input, and which there are."""
        inputs = f"inputs are {self._inputs}"
        if name in self.functions:
            return f"a function that is left open; {inputs}"
        if name in self.definitions or name == self.output_name:
            return f"computed, not an input; {inputs}"
        return f"not declared; {inputs}{did_you_mean(name, self.variables)}"

    @property
    def _inputs(self) -> str:
        return ", ".join(self.variables) or "none"


def _symbols_in(matrix: sympy.MatrixBase) -> tuple[sympy.Basic, ...]:
    """The symbols that an explicit matrix is made of; of all entries of a MatrixSymbol that one.

    Raises: UnknownNameError for single entries of one."""
    for entry in matrix:
        whole = getattr(entry, "parent", None)
        if whole is not None:
            if sympy.ImmutableMatrix(matrix) == whole.as_explicit():
                return (whole,)
            raise UnknownNameError(
                f"wrt: {entry} is an entry; differentiate by {whole}, and take the entry of that"
            )
    return tuple(matrix)


def variable_like(name: str, shape: Shape, batch: str | None = None) -> Variable:
    """A variable of this shape, of each example of a batch where one is given.

    >>> variable_like("c", SCALAR).kind, variable_like("C", (dimension("m"), dimension("n"))).kind
    ('Scalar', 'Matrix')
    """
    of = kind(shape).replace("Row", "Matrix")
    dims = {"Scalar": (), "Vector": shape[:1]}.get(of, shape)
    return Variable(name, of, dims, batch=batch)


def dimensions_in(root: Expression) -> Iterator[Dimension]:
    """The dimensions that an expression names: as numbers, as shapes, by how far letters run."""
    for part in parts(root):
        if isinstance(part, Size) and not isinstance(part.dimension, str):
            yield part.dimension
        elif isinstance(part, Call):
            yield from (letter.index_of for letter in part.options.get("ranges", ()))


def number_or_name(text: str | int) -> Dimension:
    """A dimension as declared in a program."""
    return dimension(check_name(text) if isinstance(text, str) else text)
