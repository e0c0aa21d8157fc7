"""What is to be proved: the cotangent of X where Z = F(..., X, ...) and L depends on Z."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from symgrad.calculus.index_notation import Derivative
from symgrad.calculus.lowering import Tensor
from symgrad.calculus.nodes import Node, topological
from symgrad.calculus.proofs.lines import Differential, Setting
from symgrad.calculus.proofs.unfolding import Statement, unfolded
from symgrad.calculus.proofs.vocabulary import Vocabulary, names_in
from symgrad.language.expressions import Expression, Name
from symgrad.language.unparse import unparse


@dataclass
class Subject:
    """The statement `whole`, in which `variable` moves, and the statements that it unfolds to;
    `cotangent` is that of the result, `top` is what is differentiated. `closing` is how the
    cotangent of the variable is written elsewhere, and by what move."""

    rule: str
    whole: Statement
    statements: list[Statement]
    variable: Name
    cotangent: Expression
    top: Expression
    vocabulary: Vocabulary
    closing: tuple[Expression, str] | None = None
    differentials: dict[str, Differential] = field(init=False)  # of each name that moves
    result: Derivative = field(init=False)

    def __post_init__(self) -> None:
        self.given = tuple(self.vocabulary.tensors)
        self.differentials = {self.variable.name: self._differential(self.variable)}
        moving = {self.node(self.variable)}
        for s in self.statements:
            if moving & set(topological(f.node for t in s.tensor.terms for f in t.factors)):
                self.differentials[s.name.name] = self._differential(s.name)
                moving.add(self.node(s.name))
        top, variable = unparse(self.top), self.variable
        name = f"d{top}/d{variable.name}"
        self.result = Derivative(
            name, variable.shape, variable.batch, top=self.top, bottom=variable
        )

    def _differential(self, name: Name) -> Differential:
        new = self.vocabulary.new(f"d{name.name}", name)
        moved = Differential(new.name, name.shape, name.batch, of=name)
        self.vocabulary.naming.inputs[new.name] = moved
        return moved

    @property
    def name(self) -> Name:
        """The result's name."""
        return self.whole.name

    @property
    def is_unfolded(self) -> bool:
        """Whether the statement was taken apart."""
        if len(self.statements) > 1:
            return True
        one, other = self.whole.expression, self.statements[0].expression
        return one is not None and other is not None and unparse(one) != unparse(other)

    @property
    def example(self) -> bool:
        """Whether all is said of one example of a batch."""
        return self.variable.batch is not None and self.variable.batch == self.name.batch

    def symbol(self, name: Name) -> Tensor:
        """A name in index notation."""
        return self.vocabulary.tensors[name.name]

    def node(self, name: Name) -> Node:
        """The node that stands for a name."""
        return self.symbol(name).closed().node

    def setting(
        self, slopes: Mapping[Node, Node], moved: Mapping[Node, Node] | None = None
    ) -> Setting:
        """What a check of the lines needs: `slopes` and `moved` are those of single nodes, where
        there are any beside the names'."""
        defined = {s.name.name for s in self.statements}
        leaves = [self.vocabulary.tensors[n].closed().node for n in self.given if n not in defined]
        own = {
            self.vocabulary.tensors[n].closed().node: self.node(d)
            for n, d in self.differentials.items()
        }
        return Setting(
            leaves=tuple(dict.fromkeys(leaves)),
            variable=self.symbol(self.variable),
            cotangent=self.vocabulary.lower(self.cotangent),
            statements=tuple((self.symbol(s.name), s.tensor) for s in self.statements),
            whole=self.whole.tensor,
            moved={**own, **(moved or {})},
            slopes=slopes,
            names=dict(self.vocabulary.tensors),
            example=self.example,
            symmetric=self.variable.symmetric,
        )


def subject_of(
    name: Name,
    expression: Expression,
    variable: Name,
    cotangent: Expression,
    top: Expression,
    rule: str,
    bound: Mapping[str, tuple[str, ...]],
    taken: Iterable[str] = (),
) -> Subject:
    """The subject of name = expression; the names in `taken` mean something else."""
    names = [*names_in(expression), *names_in(cotangent), name]
    others = [*(n.name for n in names), *(n.name for n in names_in(top)), *taken]
    vocabulary = Vocabulary(others, bound)
    for each in names:
        known = each.symmetric and each.name != variable.name
        vocabulary.declare(each, frozenset({"symmetric"} if known else ()))
    statements = unfolded(name, expression, vocabulary)
    whole = Statement(name, expression, vocabulary.lower(expression))
    return Subject(rule, whole, statements, variable, cotangent, top, vocabulary)
