"""The steps of a derivation: forward statements with their names, then cotangents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from symgrad.calculus import nodes as ix
from symgrad.calculus.algebra import is_call, transposed
from symgrad.calculus.chain_rule import Reverse
from symgrad.calculus.closed_form import LONGEST, leaf_count, matrix_shape
from symgrad.calculus.derivation import Key, Outcome, Step
from symgrad.calculus.functions import aligned
from symgrad.calculus.index_notation import Derivative, IndexForm, entry_name, index_form
from symgrad.calculus.layouts import Arranged
from symgrad.calculus.lowering import Lowered
from symgrad.calculus.naming import fresh, naming
from symgrad.calculus.nodes import Entry, Node
from symgrad.calculus.notation import Notation, batch_of, core_axes, full
from symgrad.calculus.rebuilding import Rebuilt, rebuilt
from symgrad.calculus.step_rules import CHAIN_RULE, SEVERAL, StepRule, statement_rule, terms_by_leaf
from symgrad.calculus.term_graph import NoMatrixForm
from symgrad.language.dimensions import ONE, SCALAR
from symgrad.language.expressions import Call, Expression, Name
from symgrad.language.formula import Formula
from symgrad.language.operations.arithmetic import transpose
from symgrad.language.operations.batches import batch_sum
from symgrad.language.problem import Problem
from symgrad.language.unparse import unparse

SHORT = 9  # names and functions in what a step adds after a second equals sign


def is_statement(node: Node) -> bool:
    """Whether a node is a line of its own, rather than written out where it is used."""
    if isinstance(node, (ix.Map, ix.Apply)):
        return True
    if not isinstance(node, ix.Polynomial):
        return False
    if not node.axes and all(isinstance(operand, ix.Length) for operand in node.operands):
        return False
    if len(node.terms) != 1:
        return bool(node.terms)
    (term,) = node.terms
    spread = len(term.factors) == 1 and term.coefficient == 1 and term.factors[0].power == 1
    return not spread or bool(term.summed)


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
    rights: dict[Node, Expression] = field(default_factory=dict)  # of each node's cotangent
    terms: dict[int, dict[int, Call]] = field(default_factory=dict)  # of sums, see terms_by_leaf

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
            if [*plain[n].places] == [*range(len(n.axes))]
        }

    def new_name(self, wanted: str, otherwise: str) -> str:
        """A name that nothing else has."""
        return fresh(wanted if wanted not in self.naming.taken else otherwise, self.naming.taken)

    def reference(self, node: Node) -> Expression | None:
        """What a node is called in the steps."""
        return self.naming.given(node) if isinstance(node, ix.Input) else self.names.get(node)

    # forward

    def forward(self) -> None:
        """One step for each statement that the value needs."""
        root = self.value.node
        for node in ix.topological([root]):
            if is_statement(node):
                self._statement(node)
        if root not in self.numbers:
            right = self.notation.of(root)
            self._forward_step(root, Name(self.problem.output_name, right.shape), right)

    def _statement(self, node: Node) -> None:
        right = self.definition(node)
        untransposed = right
        if isinstance(node, ix.Apply) and is_call(right, transpose):
            untransposed = right.arguments[0]
        call = untransposed if isinstance(untransposed, Call) else None
        self.calls[node] = call
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
        return index_form(node, self._entry_name, self.notation.whole, self.naming.symbols)

    def _entry_name(self, node: Node) -> Formula | None:
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
        return isinstance(root, ix.Polynomial) and any(
            any(f.node is node for f in t.factors) for t in root.terms
        )

    def _forward_step(self, node: Node, name: Expression, right: Expression) -> None:
        if is_call(name, transpose):
            name, right = name.arguments[0], transposed(right)
        rule = self._rule_of(node)._replace(sentence="By definition.")
        self._step("forward", name, right, rule, node=node)
        self.numbers[node] = len(self.steps)

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
        self, backward: Reverse, wrt: Sequence[Node], top: Expression
    ) -> Mapping[Node, Derivative]:
        """One step for each cotangent; what the derivative by each node is called."""
        cotangents = {
            node: entry
            for node, entry in backward.cotangents.items()
            if isinstance(entry.node, ix.Alias) or node in wrt
        }
        roots = [entry.node for entry in cotangents.values()]
        for node in ix.topological(roots):
            if node in self.lowered.names and node not in self.numbers:
                self._statement(node)
        plain = rebuilt(roots, instead=self.declared)
        called: dict[Node, Derivative] = {}
        for node, entry in cotangents.items():
            if node is not self.value.node:
                numerator = top if batch_of(node) is not None else self.top()
                called[node] = self._cotangent(backward, node, numerator, plain[entry.node])
        return {n: self._derivative(n, n, self.top()) for n in wrt} | called

    def _cotangent(
        self, backward: Reverse, node: Node, top: Expression, plain: Rebuilt
    ) -> Derivative:
        """The step of a node's cotangent; its left side."""
        entry, labels = backward.of(node)
        alias = entry.node
        inner = alias.inner if isinstance(alias, ix.Alias) else alias
        over = [x for x in labels if x in entry.labels or not isinstance(x.axis, str)]
        alike = len(over) > len(entry.labels)  # a number that is the same in several entries
        shown = aligned(Entry(inner, entry.labels), over) if alike else inner
        left = self._derivative(node, shown, top)
        right = self.names.get(shown) or self.definition(shown)
        long = isinstance(right, IndexForm) or self._leaf_count(plain.node) > SHORT
        users = backward.users.get(node, [])
        self._step(
            "backward",
            left,
            right,
            self._rule(users, node),
            uses=tuple(sorted({self.numbers[u] for u in users if u in self.numbers})),
            node=shown if alike else alias,
            of=node,
            plain=None if alike or long else plain,
        )
        self.rights[node] = right
        if isinstance(alias, ix.Alias):
            self.names[alias] = left
        return left

    def _derivative(self, node: Node, derivative: Node, top: Expression) -> Derivative:
        bottom = self.reference(node)
        if bottom is None:
            bottom = full(self.notation.of(node), node)
        elif is_call(bottom, transpose):  # a row by its own name
            bottom = bottom.arguments[0]
        text = unparse(bottom)
        name = f"d{unparse(top)}/d{text if text.isidentifier() else f'({text})'}"
        shape = matrix_shape(derivative.axes)
        return Derivative(name, shape, batch_of(derivative), top=top, bottom=bottom)

    def _leaf_count(self, node: Node) -> int:
        return leaf_count(node, self.naming.reference, self.lengths)

    def _rule(self, users: Sequence[Node], node: Node) -> StepRule:
        if len(users) > 1:
            return SEVERAL
        return self._rule_of(users[0], self.reference(node)) if users else CHAIN_RULE

    def _rule_of(self, node: Node, operand: Expression | None = None) -> StepRule:
        """A statement's rule, in a sum that of the term in which the operand stands."""
        call = self.calls.get(node)
        if call is not None and operand is not None:
            if id(call) not in self.terms:
                self.terms[id(call)] = terms_by_leaf(call)
            call = self.terms[id(call)].get(id(operand), call)
        return statement_rule(node, call)

    def _step(
        self,
        kind: str,
        left: Expression,
        right: Expression,
        rule: StepRule,
        *,
        node: Node,
        of: Node | None = None,
        uses: tuple[int, ...] = (),
        plain: Rebuilt | None = None,
    ) -> None:
        step = Step(
            number=len(self.steps) + 1,
            kind=kind,
            left=left,
            right=right,
            rule=rule.name,
            uses=uses,
            sentence=rule.sentence,
            shape=left.shape,
            naming=self.naming,
            node=node,
            of=of,
            plain=plain,
        )
        self.steps.append(step)

    # results

    def outcome(
        self, key: Key, name: Expression, entry: Entry, arranged: Arranged, last: Node | None
    ) -> Outcome:
        """A result, with what the last step (of the node `last`) has for it."""
        return Outcome(
            key=key,
            name=name,
            shape=core_axes(x.axis for x in arranged.labels),
            entry=entry,
            labels=arranged.labels,
            naming=self.naming,
            last=self._last_line(last, entry, arranged),
            long=self._leaf_count(entry.node) > LONGEST,
            transposed=arranged.transposed,
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
