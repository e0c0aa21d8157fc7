"""What the user calls things: variables, definitions, and which names are taken."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import NamedTuple

from symgrad.calculus.algebra import transposed
from symgrad.calculus.centred import Centred
from symgrad.calculus.entries import symmetric
from symgrad.calculus.folding import Products
from symgrad.calculus.nodes import Input, Named, Node, core_axes
from symgrad.calculus.rebuilding import Counterpart
from symgrad.calculus.recorded import Recorded
from symgrad.language.dimensions import ONE, Shape
from symgrad.language.expressions import OPERATIONS, Call, Expression, Name, parts
from symgrad.language.literals import Digits, spelling
from symgrad.language.names import entry_of, entry_parts
from symgrad.language.problem import Problem

LETTERS = "zuvqrtgabc"  # of values without a name: none that counts layers or entries


class Known(NamedTuple):
    """What nodes below certain names became, how long they are, and how roots were written, with
    what was used for it."""

    nodes: dict[Node, Counterpart]
    lengths: dict[Node, int]
    written: dict[Hashable, tuple[Expression, Recorded]]


@dataclass(frozen=True)
class Naming:
    """Names for inputs and for the nodes of the user's definitions; `bound` are each batch's
    variables."""

    inputs: dict[str, Expression]
    definitions: Mapping[Node, Expression]
    bound: dict[str, tuple[str, ...]]
    taken: set[str] = field(default_factory=set)
    symbols: frozenset[str] = frozenset()  # the user's own names
    loss: str = "L"  # what the output of a scalar problem is called; another where the user has L
    spelled: Digits | None = None  # how numbers are, where that is not as anywhere
    index: str = ""  # what new names are at, where they have a value at each step
    bases: set[str] = field(default_factory=set)  # s where there is s_q: no names themselves

    def new(self, symbol: str, shape: Shape, within: str = "") -> str:
        """A name that nothing else has for what has this shape: the symbol, of the definition that
        it stands `within`, or another letter; a capital one of a matrix."""
        symbol = cased(symbol, shape)
        within = entry_parts(within)[0]
        free = within.isalnum() and (symbol in self.bases or symbol not in self.taken)
        free = free and symbol != "e"  # e_B is typeset like the one-hot vector of B
        of_definition = [f"{symbol}_{within}"] if free else []
        wanted = (*of_definition, symbol, *cased(LETTERS, shape))
        name = next((name for name in wanted if name not in self.taken), symbol)
        if name in of_definition:
            self.bases.add(symbol)
            self.taken.add(symbol)
        name = fresh(name, self.taken)
        return entry_of(name, self.index)

    @cached_property
    def products(self) -> Products:
        """The user's definitions that are products, as they are computed."""
        return Products.among(n for n in self.definitions if not isinstance(n, Named))

    @cached_property
    def stated_products(self) -> Products:
        """The same as they are stated."""
        return Products.among(n for n in self.definitions if isinstance(n, Named))

    @cached_property
    def simplified(self) -> dict[Hashable, Known]:
        """What was made short for a result, to be used by others."""
        return {}

    @cached_property
    def of_parts(self) -> dict[tuple[Node, str], Name]:
        """The names that results have for parts of their own, the same in all of them."""
        return {}

    @cached_property
    def centred(self) -> Centred:
        """The same of sums that are 0."""
        return Centred({}, set())

    def __getstate__(self) -> dict[str, object]:
        """What was found on request is not pickled."""
        return {f.name: getattr(self, f.name) for f in fields(self)}

    def reference(self, node: Node) -> Expression | None:
        """What the user calls a node, as a column where it is a vector; None where it has no
        name."""
        if isinstance(node, Input):
            return self.given(node)
        return self.definitions.get(node)

    def given(self, node: Input) -> Expression | None:
        """What an input is called; a declared row vector is a column in index notation."""
        declared = self.inputs.get(node.name)
        if declared is None:
            return None
        row = declared.shape[0] == ONE and len(core_axes(node.axes)) == 1
        if isinstance(declared, Name) and declared.symmetric and not symmetric(node):
            return replace(declared, symmetric=False)
        return transposed(declared) if row else declared

    def declare(
        self, name: str, shape: Shape, batch: str | None = None, direction: bool = False
    ) -> None:
        """An input beside the problem's: a direction or a cotangent."""
        self.inputs[name] = Name(name, shape, batch, direction=direction)
        if batch is not None:
            self.bound[batch] = (*self.bound[batch], name)


def naming(problem: Problem, definitions: Mapping[Node, Expression]) -> Naming:
    """The names of a problem."""
    variables, whole = problem.variables, problem.within or problem
    symbols = whole.names
    own = {entry_parts(name)[0] for name in (*variables, *problem.definitions)}
    taken = {*symbols, *own, *problem.taken, *OPERATIONS, "T", "pi"}
    bound: dict[str, tuple[str, ...]] = {}
    options = (e.options for f in problem.formulas for e in parts(f) if isinstance(e, Call))
    # a batch has its examples in the order of the first sum over it
    first = next((str(o["variables"]).split(", ") for o in options if "variables" in o), [])
    for name in sorted(whole.batch, key=[*first, *whole.batch].index):
        bound[whole.batch[name]] = (*bound.get(whole.batch[name], ()), name)
    inputs: dict[str, Expression] = {name: v.expression() for name, v in variables.items()}
    loss = problem.output_name if "L" in symbols else "L"
    if problem.output_name == "loss":
        taken.add(loss)
    spelled = spelling(problem.formulas, symbols)
    definitions = {node: told_symmetric(name, node) for node, name in definitions.items()}
    return Naming(inputs, definitions, bound, taken, symbols, loss, spelled, problem.index)


def told_symmetric(name: Expression, node: Node) -> Expression:
    """The name of a node, which says that this is symmetric where that is known."""
    return replace(name, symmetric=True) if type(name) is Name and symmetric(node) else name


def cased(letters: str, shape: Shape) -> str:
    """The letters as capital ones, where the shape is that of a matrix; L is a loss."""
    return letters if ONE in shape or letters == "l" else letters.upper()


def fresh(symbol: str, taken: set[str]) -> str:
    """The symbol, numbered where it is taken; taken from then on."""
    name, k = symbol, 1
    while name in taken:
        k += 1
        name = f"{symbol}{k}"
    taken.add(name)
    return name
