"""The steps of a derivation: forward statements with their names, then cotangents."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from symgrad.calculus.algebra import is_call, transposed
from symgrad.calculus.chain_rule import Reverse
from symgrad.calculus.closed_form import LONGEST, leaf_count, matrix_shape
from symgrad.calculus.derivation import Key, Outcome, Step
from symgrad.calculus.functions import aligned
from symgrad.calculus.index_notation import Derivative, IndexForm, entry_name, index_form
from symgrad.calculus.layouts import Arranged
from symgrad.calculus.lowering import Lowered
from symgrad.calculus.naming import fresh, naming
from symgrad.calculus.nodes import (
    Alias,
    Apply,
    Entry,
    Input,
    Label,
    Length,
    Map,
    Node,
    Polynomial,
    topological,
)
from symgrad.calculus.notation import Notation, batch_of, core_axes, full
from symgrad.calculus.rebuilding import rebuilt
from symgrad.calculus.term_graph import NoMatrixForm
from symgrad.language.dimensions import ONE, SCALAR
from symgrad.language.expressions import Call, Expression, Name, leaves
from symgrad.language.formula import Formula
from symgrad.language.operations.arithmetic import add, subtract, transpose
from symgrad.language.operations.batches import batch_sum
from symgrad.language.operations.contractions import einsum
from symgrad.language.problem import Problem
from symgrad.language.unparse import unparse

CHAIN_RULE = ("chain rule", "The chain rule passes the gradient on.")
SHORT = 9  # names and functions in what a step adds after a second equals sign


def is_statement(node: Node) -> bool:
    """Whether a node is a line of its own, rather than written out where it is used."""
    if isinstance(node, (Map, Apply)):
        return True
    if (
        not isinstance(node, Polynomial)
        or not node.axes
        and all(isinstance(operand, Length) for operand in node.operands)
    ):
        return False
    if len(node.terms) != 1:
        return bool(node.terms)
    (term,) = node.terms
    spread = len(term.factors) == 1 and term.coefficient == 1 and term.factors[0].power == 1
    return not spread or bool(term.summed)


def _over_all(entry: Entry, labels: tuple[Label, ...]) -> Node:
    """A gradient over all entries of its variable, though it be the same in several."""
    own = [x for x in labels if x in entry.labels or not isinstance(x.axis, str)]
    return entry.node if len(own) == len(entry.labels) else aligned(entry, own)


@dataclass
class Writer:
    """Names every statement and writes the steps, in order. `declared` are the inputs with what is
    declared of them, by those that are differentiated by."""

    problem: Problem
    lowered: Lowered
    value: Entry
    declared: Mapping[Node, Node] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    names: dict[Node, Expression] = field(default_factory=dict)
    numbers: dict[Node, int] = field(default_factory=dict)
    calls: dict[Node, Call | None] = field(default_factory=dict)
    rights: dict[Node, Expression] = field(default_factory=dict)
    terms: dict[int, dict[int, Call]] = field(default_factory=dict)  # of sums, see _terms_by_leaf

    def __post_init__(self) -> None:
        self.naming = naming(self.problem, {**self.lowered.names, **self._simplified_names()})
        self.notation = Notation(self.reference, self.naming.bound)
        self.lengths: dict[Node, int] = {}

    def _simplified_names(self) -> dict[Node, Expression]:
        """The names of definitions once more, for them simplified by what is declared."""
        if not self.declared:
            return {}
        plain = rebuilt(self.lowered.names, instead=self.declared)
        return {
            plain[n].node: name
            for n, name in self.lowered.names.items()
            if [*plain[n].labels] == [*range(len(n.axes))]
        }

    def new_name(self, wanted: str, otherwise: str) -> str:
        """A name that nothing else has."""
        return fresh(wanted if wanted not in self.naming.taken else otherwise, self.naming.taken)

    def reference(self, node: Node) -> Expression | None:
        """What a node is called in the steps."""
        return self.naming.given(node) if isinstance(node, Input) else self.names.get(node)

    # forward

    def forward(self) -> None:
        """One step for each statement that the value needs."""
        root = self.value.node
        for node in topological([root]):
            if is_statement(node):
                self._statement(node)
        if root not in self.numbers:
            right = self.notation.of(root)
            self._forward_step(root, Name(self.problem.output_name, right.shape), right)

    def _statement(self, node: Node) -> None:
        right = self.definition(node)
        of = right
        if isinstance(node, Apply) and is_call(right, transpose):
            of = right.arguments[0]
        self.calls[node] = call = of if isinstance(of, Call) else None
        self.names[node] = self._statement_name(node, call)
        self._forward_step(node, self.names[node], right)

    def definition(self, node: Node) -> Expression:
        """A node by its definition, in matrix notation where there is one."""
        try:
            return full(self.notation.definition(node), node)
        except NoMatrixForm:
            return self.index_form(node)

    def index_form(self, node: Node) -> IndexForm:
        """A node by its definition, in index notation."""
        return index_form(node, self.entry_name, self.notation.whole, self.naming.symbols)

    def entry_name(self, node: Node) -> Formula | None:
        """What a node is called in index notation."""
        named = self.reference(node)
        return None if named is None else entry_name(named)

    def _statement_name(self, node: Node, call: Call | None) -> Expression:
        if node in self.lowered.names:
            return self.lowered.names[node]
        batch = batch_of(node)
        shape = matrix_shape(node.axes)
        if node is self.value.node:
            symbol = "L" if self.problem.output_name == "loss" else self.problem.output_name
            name = symbol if symbol == "f" else fresh(symbol, self.naming.taken)
            return Name(name, shape, batch)
        symbol = call.operation.symbol if call is not None else "u"
        if shape == SCALAR and batch is not None and self._is_example_loss(node):
            symbol = "l"
        return Name(fresh(symbol, self.naming.taken), shape, batch)

    def _is_example_loss(self, node: Node) -> bool:
        root = self.value.node
        return isinstance(root, Polynomial) and any(
            any(f.node is node for f in t.factors) for t in root.terms
        )

    def _forward_step(self, node: Node, name: Expression, right: Expression) -> None:
        if is_call(name, transpose):
            name, right = name.arguments[0], transposed(right)
        self._step("forward", name, right, self._rule_of(node)[0], (), node)

    # backward

    def top(self) -> Expression:
        """What is differentiated, by its name."""
        return self.names.get(self.value.node) or Name(self.problem.output_name, SCALAR)

    def scalar_top(self) -> Expression:
        """The loss of one example where the loss is a plain sum of these, else the loss."""
        call = self.calls.get(self.value.node)
        if call is not None and call.operation is batch_sum and isinstance(call.arguments[0], Name):
            return call.arguments[0]
        return self.top()

    def backward(
        self, found: Reverse, wrt: Iterable[Node], top: Expression
    ) -> Mapping[Node, Derivative]:
        """One step for each cotangent; what the derivative by each node is called."""
        wrt = list(wrt)
        whole = self.top()
        cotangents = {
            n: e for n, e in found.cotangents.items() if isinstance(e.node, Alias) or n in wrt
        }
        for node in topological(e.node for e in cotangents.values()):
            if node in self.lowered.names and node not in self.numbers:
                self._statement(node)
        plain = rebuilt((e.node for e in cotangents.values()), instead=self.declared)
        called: dict[Node, Derivative] = {}
        for node, entry in cotangents.items():
            if node is self.value.node:
                continue
            numerator = top if batch_of(node) is not None else whole
            inner = entry.node.inner if isinstance(entry.node, Alias) else entry.node
            spread = _over_all(Entry(inner, entry.labels), found.of(node)[1])
            alike = spread is not inner  # a number that is the same in several entries
            shown = spread if alike else inner
            left = self._derivative(node, shown, numerator)
            called[node] = left
            right = self.names.get(shown) or self.definition(shown)
            short = None if alike else self._short(plain[entry.node], right)
            users = found.users.get(node, [])
            rule, sentence = self._rule(users, node)
            uses = tuple(sorted({self.numbers[u] for u in users if u in self.numbers}))
            self._step(
                "backward",
                left,
                right,
                rule,
                uses,
                spread if alike else entry.node,
                node,
                sentence,
                short,
            )
            self.rights[node] = right
            if isinstance(entry.node, Alias):
                self.names[entry.node] = left
        for node in wrt:
            if node not in called:
                called[node] = self._derivative(node, node, whole)
        return called

    def _derivative(self, node: Node, derivative: Node, top: Expression) -> Derivative:
        bottom = self.reference(node)
        if bottom is None:
            bottom = full(self.notation.of(node), node)
        elif is_call(bottom, transpose):  # a row by its own name
            bottom = bottom.arguments[0]
        shape = matrix_shape(derivative.axes)
        text = unparse(bottom)
        name = f"d{unparse(top)}/d{text if text.isidentifier() else f'({text})'}"
        return Derivative(name, shape, batch_of(derivative), top=top, bottom=bottom)

    def _short(self, plain: Entry, right: Expression) -> Entry | None:
        """What a step has without cotangents, where that may be short."""
        long = isinstance(right, IndexForm) or self._leaf_count(plain.node) > SHORT
        return None if long else plain

    def _leaf_count(self, node: Node) -> int:
        return leaf_count(node, self.naming.reference, self.lengths)

    def _rule(self, users: list[Node], node: Node) -> tuple[str, str]:
        if len(users) > 1:
            return (
                "sum over its uses",
                "It is used in several places: the gradients of all uses add up.",
            )
        return self._rule_of(users[0], self.reference(node)) if users else CHAIN_RULE

    def _rule_of(self, node: Node, operand: Expression | None = None) -> tuple[str, str]:
        """The name of a statement's rule, and its sentence: those of its outermost operation, or in
        a sum those of the term in which the operand stands."""
        call = self.calls.get(node)
        if call is not None and operand is not None and call.operation in (add, subtract):
            if id(call) not in self.terms:
                self.terms[id(call)] = _terms_by_leaf(call)
            call = self.terms[id(call)].get(id(operand), call)
        if call is not None:
            return call.operation.rule, call.operation.sentence
        if isinstance(node, (Map, Apply)):
            return node.operation.rule, node.operation.sentence
        if isinstance(node, Polynomial) and node.terms:
            operation = (
                add if len(node.terms) > 1 else transpose if _is_transposed(node) else einsum
            )
            return operation.rule, operation.sentence
        return CHAIN_RULE

    def _step(
        self,
        kind: str,
        left: Expression,
        right: Expression,
        rule: str,
        uses: tuple[int, ...],
        node: Node,
        of: Node | None = None,
        sentence: str = "By definition.",
        plain: Entry | None = None,
    ) -> None:
        number = len(self.steps) + 1
        given = (number, kind, left, right, rule, uses, sentence, left.shape, self.naming)
        self.steps.append(Step(*given, node, of, plain))
        if kind == "forward":
            self.numbers[node] = number

    # results

    def outcome(
        self, key: Key, name: Expression, entry: Entry, arranged: Arranged, last: Node | None
    ) -> Outcome:
        """A result, with what the last step (of the node `last`) has for it."""
        return Outcome(
            key,
            name,
            core_axes(x.axis for x in arranged.labels),
            entry,
            arranged.labels,
            self.naming,
            self._last_line(last, entry, arranged),
            self._leaf_count(entry.node) > LONGEST,
            arranged.transposed,
        )

    def _last_line(self, last: Node | None, entry: Entry, arranged: Arranged) -> Expression | None:
        """What the last step has, in the result's layout; None where it says less than the result,
        or has its indices in another order."""
        right = None if last is None else self.rights.get(last)
        if right is None or any(x not in entry.labels for x in arranged.labels if x.axis != ONE):
            return None
        if not arranged.moved:
            return right
        return None if isinstance(right, IndexForm) else transposed(right)


def _terms_by_leaf(root: Call) -> dict[int, Call]:
    """The id of each name in a sum -> the term in which it stands, or the least sum of all the
    terms in which it does."""
    sums: dict[int, Call] = {}  # what is added -> the sum that it stands in
    terms: dict[int, Call] = {}
    pending: list[Expression] = [root]
    while pending:
        part = pending.pop()
        if is_call(part, add, subtract):
            sums |= {id(argument): part for argument in part.arguments}
            pending.extend(part.arguments)
            continue
        term = part if isinstance(part, Call) else sums[id(part)]
        for leaf in leaves(part):
            other = terms.setdefault(id(leaf), term)
            if other is not term:
                terms[id(leaf)] = _least_sum(term, other, sums)
    return terms


def _least_sum(one: Call, other: Call, sums: Mapping[int, Call]) -> Call:
    """The innermost sum that both stand in."""
    above = {id(one)}
    while id(one) in sums:
        one = sums[id(one)]
        above.add(id(one))
    while id(other) not in above:
        other = sums[id(other)]
    return other


def _is_transposed(node: Polynomial) -> bool:
    """Whether a statement of one term is another one with its axes in another order."""
    (term,) = node.terms
    plain = term.coefficient == 1 and not term.summed
    return plain and [f.power for f in term.factors] == [1]
