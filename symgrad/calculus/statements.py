"""The steps of a derivation: forward statements with their names, then cotangents."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from symgrad.calculus import nodes as ix
from symgrad.calculus.algebra import transposed
from symgrad.calculus.centred import without_centred
from symgrad.calculus.chain_rule import Reverse
from symgrad.calculus.closed_form import LONGEST, leaf_count
from symgrad.calculus.derivation import Key, Outcome, Step
from symgrad.calculus.expansion import multiplied
from symgrad.calculus.functions import aligned
from symgrad.calculus.index_notation import Derivative, IndexForm
from symgrad.calculus.layouts import Arranged
from symgrad.calculus.nodes import Entry, Node, batch_of, core_axes, matrix_shape
from symgrad.calculus.rebuilding import Counterpart
from symgrad.calculus.recorded import Fact, Recorded, recorded
from symgrad.calculus.step_names import StepNames
from symgrad.calculus.step_rules import (
    CHAIN_RULE,
    SEVERAL,
    StepRule,
    Terms,
    definition_rule,
    statement_rule,
)
from symgrad.calculus.typed import Typed
from symgrad.language.dimensions import ONE
from symgrad.language.expressions import Call, Expression, Name, is_call, names_in
from symgrad.language.literals import retyped
from symgrad.language.operations.arithmetic import transpose

SHORT = 12  # names and functions in what a step adds after a second equals sign


@dataclass
class StepWriter:
    """Writes the steps, in order, with the names that statements and cotangents are called by."""

    called: StepNames
    lines: AbstractSet[Node]
    typed: Typed
    steps: list[Step] = field(default_factory=list)
    numbers: dict[Node, int] = field(default_factory=dict)
    calls: dict[Node, Call | None] = field(default_factory=dict)
    terms: dict[int, Terms] = field(default_factory=dict)  # of calls
    rights: dict[Node, Expression] = field(default_factory=dict)  # of each node's cotangent
    lengths: dict[Node, int] = field(default_factory=dict)

    # forward

    def forward(self) -> None:
        """One step for each statement that the value needs."""
        below = {*ix.topological([self.called.root])}
        in_order = [node for node in self.called.lowered.names if node in below]
        for node in ix.topological([*in_order, self.called.root]):
            if node in self.lines:
                self._statement(node)
        whole = self.called.whole
        if whole not in self.numbers:
            right = self.called.definition(whole)
            self.calls[whole] = right if isinstance(right, Call) else None
            self._forward_step(whole, Name(self.called.problem.output_name, right.shape), right)

    def _statement(self, node: Node) -> None:
        right, call = self._said(node)
        self.calls[node] = call if isinstance(call, Call) else None
        alone = self.called.naming.index and self.typed.alike(node, self.called.lowered.names) < 2
        within = "" if alone else self.typed.within.get(node, "")
        name = self.called.statement(node, self.calls[node], within)
        self.called.names[node] = name
        self.called.name_line(node, name)
        self._forward_step(node, self.called.names[node], right)

    def _said(self, node: Node) -> tuple[Expression, Expression]:
        """A line as the program says it, if that names the lines that it uses, else by its
        definition; what that is without being turned, where a row is a column as a node."""
        said = self.typed.of(node, self.called.names)
        if said is not None and self._names_used(node) <= names_in(said).keys():
            row = len(core_axes(node.axes)) == 1 and said.shape[0] == ONE
            return transposed(said) if row else said, said
        right = self.called.definition(node)
        if isinstance(ix.unnamed(node), ix.Apply) and is_call(right, transpose):
            return right, right.arguments[0]
        return right, right

    def _names_used(self, node: Node) -> set[str]:
        """The names of the lines that a line uses."""
        return {name for n in self.typed.used(node) for name in names_in(self.called.names[n])}

    def _forward_step(self, node: Node, name: Expression, right: Expression) -> None:
        if is_call(name, transpose):
            name, right = name.arguments[0], transposed(right)
        rule = definition_rule(node, self.calls[node])
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
        aliases = {n for n in ix.topological(asked) if isinstance(n, ix.Alias)}
        cotangents = {
            node: entry
            for node, entry in backward.cotangents.items()
            if node in wrt or (node in self.lines and entry.node in aliases)
        }
        roots = [entry.node for entry in cotangents.values()]
        for node in ix.topological(roots):
            if node in self.called.lowered.names and node not in self.numbers:
                self._statement(node)
        short = [*filter(self.called.may_be_short, roots)]
        plain, named = self.called.simplified(short), self.called.in_definitions(short)
        lefts: dict[Node, Derivative] = {}
        for node in _layer_by_layer(backward, wrt, cotangents):
            entry = cotangents[node]
            if node is not self.called.root:
                numerator = top if example is None or batch_of(node) is None else example
                lefts[node] = self._cotangent(
                    backward, node, numerator, plain.get(entry.node), named.get(entry.node)
                )
        return {n: self._derivative(n, n, top) for n in wrt} | lefts

    def _cotangent(
        self,
        backward: Reverse,
        node: Node,
        top: Expression,
        plain: Counterpart | None,
        named: Counterpart | None,
    ) -> Derivative:
        """The step of a node's cotangent; its left side."""
        entry, labels = backward.of(node)
        alias = entry.node
        inner = ix.unaliased(alias)
        over = entry.along(labels)
        alike = len(over) > len(entry.labels)  # a number that is the same in several entries
        shown = aligned(Entry(inner, entry.labels), over) if alike else inner
        left = self._derivative(node, shown, top)
        right = self.called.names.get(shown) or self.called.definition(shown)
        shorter = _multiplied_out
        if not isinstance(right, IndexForm):  # that is longer than any matrix notation
            shorter = _by_facts
            plain, named = (_if_short(each, self.called) for each in (plain, named))
        users = backward.lines_with(node, self.lines)
        self._step(
            "backward",
            left,
            right,
            self._rule(users, node),
            uses=tuple(sorted({self.numbers[u] for u in users if u in self.numbers})),
            node=shown if alike else alias,
            of=node,
            plain=None if alike else _with_facts(plain, inner, self.called.plain),
            named=None if alike else _with_facts(named, inner, self.called.kept),
            shorter=None if alike else shorter(shown, self.called),
        )
        self.rights[node] = retyped(right, self.called.naming.spelled)
        if isinstance(alias, ix.Alias):
            self.called.names[alias] = left
        return left

    def _derivative(self, node: Node, derivative: Node, top: Expression) -> Derivative:
        bottom = self.called.reference(node)
        assert bottom is not None
        if is_call(bottom, transpose):  # a row by its own name
            bottom = bottom.arguments[0]
        return Derivative.of(top, bottom, matrix_shape(derivative.axes), batch_of(derivative))

    def size(self, node: Node) -> int:
        """How many names and functions a node shows."""
        return leaf_count(node, self.called.naming.reference, self.lengths)

    def _rule(self, users: Sequence[Node], node: Node) -> StepRule:
        if len(users) > 1:
            return SEVERAL
        return self._rule_of(users[0], self.called.reference(node)) if users else CHAIN_RULE

    def _rule_of(self, node: Node, operand: Expression | None) -> StepRule:
        """A statement's rule, in a sum that of the term in which the operand stands."""
        call = self.calls.get(node)
        if call is None or operand is None:
            return statement_rule(node, call)
        if id(call) not in self.terms:
            self.terms[id(call)] = Terms.of(call)
        (name,) = names_in(operand)
        return self.terms[id(call)].rule(node, name)

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
        named: Counterpart | None = None,
        shorter: tuple[Expression, tuple[Fact, ...]] | None = None,
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
            by_lines=self.called.with_lines,
            node=node,
            of=of,
            plain=plain,
            named=named,
            shorter=shorter,
        )
        self.steps.append(step)


def _if_short(counterpart: Counterpart | None, called: StepNames) -> Counterpart | None:
    """What became of a node, where that is short by the names of the lines."""
    short = counterpart and called.length_by_lines(counterpart.node) <= SHORT
    return counterpart if short else None


def _with_facts(
    counterpart: Counterpart | None, of: Node, known: Mapping[Node, Counterpart]
) -> Counterpart | None:
    """What became of a node, with all facts that made it so between the node and the cotangents
    that it uses."""
    if counterpart is None:
        return None
    own = ix.topological([of], lambda n: not isinstance(n, (ix.Alias, ix.Named)))
    made = (known[n] for n in own if n in known)
    facts = [fact for each in made for fact in each.used.facts]
    return counterpart._replace(used=Recorded(facts=facts))


def _by_facts(node: Node, called: StepNames) -> tuple[Expression, tuple[Fact, ...]] | None:
    """A cotangent by the names of the lines without the sums that are 0 in it."""
    with recorded() as used:
        left = without_centred(
            node, lambda n: isinstance(n, ix.Alias) or called.reference(n) is not None
        )
    if left is node:
        return None
    return retyped(called.definition(left), called.naming.spelled), tuple(used.facts)


def _multiplied_out(node: Node, called: StepNames) -> tuple[Expression, tuple[Fact, ...]] | None:
    """A cotangent that is written by entries, with sums multiplied out, in matrix notation by the
    names of the lines where it has one."""
    out = multiplied(node, lambda n: called.reference(n) is not None)
    right = called.definition(out)
    return None if isinstance(right, IndexForm) else (retyped(right, called.naming.spelled), ())


def outcome(
    writer: StepWriter,
    key: Key,
    name: Expression,
    entry: Entry,
    arranged: Arranged,
    last: Node | None,
    written: Entry | None,
) -> Outcome:
    """A result, with what the last step (of the node `last`) has for it, and what is `written`
    by the program's definitions."""
    return Outcome(
        key=key,
        name=name,
        shape=core_axes(x.axis for x in arranged.labels),
        entry=entry,
        labels=arranged.labels,
        naming=writer.called.naming,
        last=_last_line(writer, last, entry, arranged),
        written=written if written and writer.size(written.node) <= LONGEST else None,
        long=writer.size(entry.node) > LONGEST,
        transposed=arranged.transposed,
    )


def _last_line(
    writer: StepWriter, last: Node | None, entry: Entry, arranged: Arranged
) -> Expression | None:
    """What the last step has, in the result's layout; None where it says less than the result,
    or has its indices in another order."""
    right = None if last is None else writer.rights.get(last)
    if right is None or any(x not in entry.labels for x in arranged.labels if x.axis != ONE):
        return None
    if not arranged.moved:
        return right
    return None if isinstance(right, IndexForm) else transposed(right)


def _layer_by_layer(
    backward: Reverse, wrt: Sequence[Node], nodes: Container[Node]
) -> Iterator[Node]:
    """The nodes in the order of the pass, but each input directly after the last line that sends
    something to it."""
    left = {node: len({*backward.users.get(node, [])}) for node in wrt if node in nodes}
    early = {node for node, users in left.items() if not users}
    fed: dict[Node, list[Node]] = {}
    for node in left:
        for user in dict.fromkeys(backward.users.get(node, [])):
            fed.setdefault(user, []).append(node)
    for node in backward.cotangents:
        if node in nodes and (node not in left or node in early):
            yield node
        for each in fed.get(node, ()):
            left[each] -= 1
            if not left[each]:
                yield each
