"""The steps of a derivation: forward statements with their names, then cotangents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from symgrad.calculus import nodes as ix
from symgrad.calculus.algebra import is_call, transposed
from symgrad.calculus.chain_rule import Reverse
from symgrad.calculus.closed_form import LONGEST, leaf_count
from symgrad.calculus.derivation import Key, Outcome, Step
from symgrad.calculus.functions import aligned
from symgrad.calculus.index_notation import Derivative, IndexForm, in_language
from symgrad.calculus.layouts import Arranged
from symgrad.calculus.nodes import Entry, Node, batch_of, core_axes, matrix_shape
from symgrad.calculus.rebuilding import Counterpart
from symgrad.calculus.step_names import StepNames
from symgrad.calculus.step_rules import CHAIN_RULE, SEVERAL, StepRule, statement_rule, terms_by_leaf
from symgrad.calculus.term_graph import NoMatrixForm
from symgrad.language.dimensions import ONE
from symgrad.language.expressions import Call, Expression, Name
from symgrad.language.literals import retyped
from symgrad.language.operations.arithmetic import transpose
from symgrad.language.operations.batches import batch_sum

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
    """Writes the steps, in order, with the names that statements and cotangents are called by."""

    called: StepNames
    steps: list[Step] = field(default_factory=list)
    numbers: dict[Node, int] = field(default_factory=dict)
    calls: dict[Node, Call | None] = field(default_factory=dict)
    rights: dict[Node, Expression] = field(default_factory=dict)  # of each node's cotangent
    terms: dict[int, dict[int, Call]] = field(default_factory=dict)  # of sums, see terms_by_leaf
    lengths: dict[Node, int] = field(default_factory=dict)

    # forward

    def forward(self) -> None:
        """One step for each statement that the value needs."""
        for node in filter(is_statement, ix.topological([self.called.root])):
            self._statement(node)
        whole = self.called.whole
        if whole not in self.numbers:
            right = self.called.definition(whole)
            self.calls[whole] = right if isinstance(right, Call) else None
            self._forward_step(whole, Name(self.called.problem.output_name, right.shape), right)

    def _statement(self, node: Node) -> None:
        right = self.called.definition(node)
        call = right
        if isinstance(node, ix.Apply) and is_call(right, transpose):
            call = right.arguments[0]
        self.calls[node] = call if isinstance(call, Call) else None
        self.called.names[node] = self.called.statement(node, self.calls[node])
        self._forward_step(node, self.called.names[node], right)

    def _forward_step(self, node: Node, name: Expression, right: Expression) -> None:
        if is_call(name, transpose):
            name, right = name.arguments[0], transposed(right)
        rule = self._rule_of(node)._replace(sentence="By definition.")
        self._step("forward", name, right, rule, node=node)
        self.numbers[node] = len(self.steps)

    # backward

    def top(self) -> Expression:
        """What is differentiated, by its name."""
        name = self.called.names.get(self.called.root)
        if name is None or self.called.moved:
            output = self.called.problem.output
            return Name(self.called.problem.output_name, output.shape)
        return name.arguments[0] if is_call(name, transpose) else name

    def scalar_top(self) -> Expression:
        """The loss of one example where the loss is a plain sum of these, else the loss."""
        call = self.calls.get(self.called.root)
        if call is not None and call.operation is batch_sum and isinstance(call.arguments[0], Name):
            return call.arguments[0]
        return self.top()

    def backward(
        self,
        backward: Reverse,
        wrt: Sequence[Node],
        top: Expression,
        example: Expression | None = None,
    ) -> Mapping[Node, Derivative]:
        """One step for each cotangent that those of wrt use; what the derivative by each node is
        called: of `top`, or where there is one of each example of `example`."""
        asked = [backward.cotangents[node].node for node in wrt if node in backward.cotangents]
        needed = {*ix.topological(asked)}
        cotangents = {
            node: entry
            for node, entry in backward.cotangents.items()
            if node in wrt or (isinstance(entry.node, ix.Alias) and entry.node in needed)
        }
        roots = [entry.node for entry in cotangents.values()]
        for node in ix.topological(roots):
            if node in self.called.lowered.names and node not in self.numbers:
                self._statement(node)
        plain = self.called.simplified(roots)
        lefts: dict[Node, Derivative] = {}
        for node, entry in cotangents.items():
            if node is not self.called.root:
                numerator = top if example is None or batch_of(node) is None else example
                lefts[node] = self._cotangent(backward, node, numerator, plain[entry.node])
        return {n: self._derivative(n, n, top) for n in wrt} | lefts

    def _cotangent(
        self, backward: Reverse, node: Node, top: Expression, plain: Counterpart
    ) -> Derivative:
        """The step of a node's cotangent; its left side."""
        entry, labels = backward.of(node)
        alias = entry.node
        inner = alias.inner if isinstance(alias, ix.Alias) else alias
        over = [x for x in labels if x in entry.labels or not isinstance(x.axis, str)]
        alike = len(over) > len(entry.labels)  # a number that is the same in several entries
        shown = aligned(Entry(inner, entry.labels), over) if alike else inner
        left = self._derivative(node, shown, top)
        right = self.called.names.get(shown) or self.called.definition(shown)
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
        self.rights[node] = retyped(right, self.called.naming.spelled)
        if isinstance(alias, ix.Alias):
            self.called.names[alias] = left
        return left

    def _derivative(self, node: Node, derivative: Node, top: Expression) -> Derivative:
        bottom = self.called.reference(node)
        if bottom is None:
            whole = self.called.notation.whole(node) or in_language(self.called.definition(node))
            if whole is None:
                raise NoMatrixForm(node)
            bottom = whole
        elif is_call(bottom, transpose):  # a row by its own name
            bottom = bottom.arguments[0]
        return Derivative.of(top, bottom, matrix_shape(derivative.axes), batch_of(derivative))

    def _leaf_count(self, node: Node) -> int:
        return leaf_count(node, self.called.naming.reference, self.lengths)

    def _rule(self, users: Sequence[Node], node: Node) -> StepRule:
        if len(users) > 1:
            return SEVERAL
        return self._rule_of(users[0], self.called.reference(node)) if users else CHAIN_RULE

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
        plain: Counterpart | None = None,
    ) -> None:
        step = Step(
            number=len(self.steps) + 1,
            kind=kind,
            left=left,
            right=retyped(right, self.called.naming.spelled),
            rule=rule.name,
            uses=uses,
            sentence=rule.sentence,
            shape=left.shape,
            naming=self.called.naming,
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
            naming=self.called.naming,
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
