"""What the steps of a derivation call each node, and how each is defined by these names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from symgrad.calculus import nodes as ix
from symgrad.calculus.algebra import transposed
from symgrad.calculus.closed_form import LONGEST, leaf_count
from symgrad.calculus.lowering import Lowered
from symgrad.calculus.naming import fresh, naming, told_symmetric
from symgrad.calculus.nodes import Node, batch_of, matrix_shape
from symgrad.calculus.notation import Notation
from symgrad.calculus.rebuilding import Counterpart, rebuilt
from symgrad.calculus.rules import as_a_formula
from symgrad.language.dimensions import SCALAR, Shape
from symgrad.language.expressions import Call, Expression, Name
from symgrad.language.problem import Problem


def is_named(node: Node) -> bool:
    """Whether a node is a definition of the program."""
    return isinstance(node, ix.Named)


@dataclass
class StepNames:
    """Names for the statements of a problem as it is written, `lowered`, whose value is the node
    `root`; `whole` is f with its axes in order: what `root` is, transposed, or repeated along an
    axis. `computed` is the problem with its rules applied. `declared` are the inputs with what is
    declared of them, by those that are differentiated by."""

    problem: Problem
    lowered: Lowered
    computed: Lowered
    root: Node
    whole: Node
    declared: Mapping[Node, Node]
    names: dict[Node, Expression] = field(default_factory=dict)
    plain: dict[Node, Counterpart] = field(default_factory=dict)
    kept: dict[Node, Counterpart] = field(default_factory=dict)
    lengths: dict[Node, int] = field(default_factory=dict)
    by_lines: dict[Node, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = {**self.computed.names, **self.lowered.names, **self._simplified_names()}
        self.naming = naming(self.problem, names)
        self.lines = {**names}  # and those of lines, as they come
        self.with_lines = replace(self.naming, definitions=self.lines)
        self.notation = Notation(self.reference, self.naming.bound, self.naming.taken)

    def _simplified_names(self) -> dict[Node, Expression]:
        """The names of definitions once more, for them simplified by what is declared."""
        if not self.declared:
            return {}
        plain = self.simplified(self.computed.names)
        return {
            plain[n].node: name
            for n, name in self.computed.names.items()
            if [*plain[n].places] == [*range(len(n.axes))]
        }

    def name_line(self, node: Node, name: Expression) -> None:
        """Call a line so, and what it is by what is declared."""
        self.lines.setdefault(node, name)
        if self.declared:
            plain, places = self.simplified([node])[node][:2]
            if [*places] == [*range(len(node.axes))]:
                self.lines.setdefault(plain, told_symmetric(name, plain))

    def simplified(self, roots: Iterable[Node]) -> Mapping[Node, Counterpart]:
        """What the roots, and all below them, are without the names of cotangents, by what is
        declared."""
        return rebuilt(roots, instead=self.declared, known=self.plain)

    def in_definitions(self, roots: Iterable[Node]) -> Mapping[Node, Counterpart]:
        """The same, but that the definitions of the program stay by their names."""
        with as_a_formula():
            return rebuilt(roots, is_named, instead=self.declared, known=self.kept)

    def may_be_short(self, node: Node) -> bool:
        """Whether a node may have a short form; none that is very long as it is written has."""
        return leaf_count(node, self._as_given, self.lengths) <= 2 * LONGEST

    def length_by_lines(self, node: Node) -> int:
        """How many names and functions a node shows by the names of the lines."""
        return leaf_count(node, self.with_lines.reference, self.by_lines)

    def _as_given(self, node: Node) -> Expression | None:
        return (
            self.naming.given(node) if isinstance(node, ix.Input) else self.lowered.names.get(node)
        )

    def new_name(self, wanted: str, otherwise: str) -> str:
        """A name that nothing else has."""
        return fresh(wanted if wanted not in self.naming.taken else otherwise, self.naming.taken)

    def reference(self, node: Node) -> Expression | None:
        """What a node is called in the steps."""
        return self.naming.given(node) if isinstance(node, ix.Input) else self.names.get(node)

    def definition(self, node: Node) -> Expression:
        """A node by its definition, in matrix notation where there is one."""
        return self.notation.defined(node)

    def statement(self, node: Node, call: Call | None, within: str) -> Expression:
        """A name for a statement that is written as this call: the user's, or a new one."""
        if node in self.lowered.names:
            return self.lowered.names[node]
        batch = batch_of(node)
        shape = matrix_shape(node.axes)
        if node is self.root and not self.moved:
            name = "f" if self.problem.output_name == "f" else self.naming.loss
            return self._output(name, shape, batch)
        symbol = call.operation.symbol if call is not None else "u"
        if shape == SCALAR and batch is not None and node in ix.unnamed(self.root).operands:
            symbol = "l"  # the loss of an example
        return Name(self.naming.new(symbol, shape, within), shape, batch)

    @property
    def moved(self) -> bool:
        """Whether f is another array than `root`: then f is no name of that."""
        return self.whole is not self.root

    def _output(self, name: str, shape: Shape, batch: str | None) -> Expression:
        """The name of f: transposed where f is a row, which is a column as a node."""
        value = self.lowered.output
        row = len(value.core) == 1 and value.axes[0] is None
        given = Name(name, self.problem.output.shape if row else shape, batch)
        return transposed(given) if row else given
