"""The proofs of a derivation's backward step: for each statement that the node stands in, what it
sends to the node's cotangent."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from symgrad.calculus.algebra import transposed
from symgrad.calculus.chain_rule import Reverse
from symgrad.calculus.closed_form import matrix_shape
from symgrad.calculus.derivation import Derivation, Step
from symgrad.calculus.functions import aligned, map_entry
from symgrad.calculus.index_notation import Derivative, IndexForm, batch_name
from symgrad.calculus.lowering import Tensor
from symgrad.calculus.naming import fresh
from symgrad.calculus.nodes import (
    ONE,
    Alias,
    Apply,
    Constant,
    Entry,
    Factor,
    Identity,
    Input,
    Label,
    Length,
    Map,
    Node,
    OneHot,
    Polynomial,
    Term,
)
from symgrad.calculus.notation import Notation, batch_of, full
from symgrad.calculus.polynomials import opened, symmetric
from symgrad.calculus.proofs.builder import both_proofs
from symgrad.calculus.proofs.flattening import new_label
from symgrad.calculus.proofs.lines import Proof
from symgrad.calculus.proofs.subject import Subject, subject_of
from symgrad.calculus.proofs.unfolding import Statement
from symgrad.calculus.proofs.vocabulary import Vocabulary, names_in
from symgrad.calculus.term_graph import NoMatrixForm
from symgrad.language.dimensions import SCALAR
from symgrad.language.expressions import Call, Expression, Name, is_scalar
from symgrad.language.operations.arithmetic import transpose
from symgrad.language.operations.contractions import einsum
from symgrad.language.unparse import unparse


def proofs(derivation: Derivation, step: Step) -> tuple[Proof, ...]:
    """The proofs of a backward step, one of each kind for each use of the node; none for a forward
    step, which is a definition.

    >>> from symgrad.calculus.derive import gradient
    >>> from symgrad.language.parser import parse
    >>> derivation = gradient(parse("A: Matrix(m, n)\\nx: Vector(n)\\nloss = sum(A @ x)"))
    >>> [proof.kind for proof in proofs(derivation, derivation.steps[-1])]
    ['index', 'differential']
    """
    found = next((p for p in derivation.passes if step.of in p.cotangents), None)
    if step.of is None or found is None:
        return ()
    users = found.users.get(step.of, [])
    return tuple(
        proof
        for user in users
        for proof in both_proofs(_subject(derivation, step, found, user, len(users) == 1))
    )


def _subject(derivation: Derivation, step: Step, found: Reverse, user: Node, only: bool) -> Subject:
    """What a use of the node sends to it: the statement of the user, in which the node moves."""
    assert step.of is not None
    called = _Called(derivation, step.of, _top(step))
    variable, name = called.name(step.of, "v"), called.name(user, "z")
    top = called.top
    cotangent = called.cotangent(found, user)
    try:
        expression = called.definition(user)
    except NoMatrixForm:
        return _in_indices(called, user, variable, cotangent)
    rule = (step.rule if only else called.rule(user, expression)) + called.meaning()
    bound = derivation.naming.bound
    subject = subject_of(name, expression, variable, cotangent, top, rule, bound, called.taken)
    if only and not found.extra:
        subject.closing = _as_in_step(step, subject)
    return subject


def _top(step: Step) -> Expression:
    """What is differentiated by its name; L, which depends on it, where it is no scalar."""
    top = step.left.top if isinstance(step.left, Derivative) else None
    return top if top is not None and is_scalar(top) else Name("L", SCALAR)


def _as_in_step(step: Step, subject: Subject) -> tuple[Expression, str] | None:
    """The right side of the step, where it speaks of nothing else."""
    known = {name: subject.vocabulary.naming.inputs[name].shape for name in subject.given}
    if isinstance(step.right, IndexForm):
        return None
    wanted = {n.name for n in names_in(subject.cotangent)}
    if not wanted <= {n.name for n in names_in(step.right)}:
        return None  # what the cotangent is was put in its place
    if any(known.get(leaf.name) != leaf.shape for leaf in names_in(step.right)):
        return None
    row = subject.variable.shape == step.right.shape[::-1] != step.right.shape
    right = transposed(step.right) if row else step.right
    return right, f"as in step ({step.number})"


@dataclass
class _Called:
    """What nodes are called in a derivation; the node `of` has a name in any case."""

    derivation: Derivation
    of: Node
    top: Expression
    new: dict[Node, Expression] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.taken = set(self.derivation.naming.taken)
        self.taken |= {n.name for e in self.derivation.names.values() for n in names_in(e)}
        self.name(self.of, "v")

    def reference(self, node: Node) -> Expression | None:
        """A name, or its transpose where a node is the transpose of what has the name."""
        if isinstance(node, Input):
            return self.derivation.naming.given(node)
        named = self.derivation.names.get(node) or self.new.get(node)
        return replace(named, symmetric=symmetric(node)) if isinstance(named, Name) else named

    def name(self, node: Node, symbol: str) -> Name:
        """The name of a node; a new one where it has none."""
        known = self.reference(node)
        if known is None:
            shape = matrix_shape(node.axes)
            known = Name(fresh(symbol, self.taken), shape, batch_of(node))
            self.new[node] = known
        while isinstance(known, Call):
            (known,) = known.arguments
        assert isinstance(known, Name)
        return known

    def is_turned(self, node: Node) -> bool:
        """Whether the node is the transpose of what has its name."""
        known = self.reference(node)
        return isinstance(known, Call) and known.operation is transpose

    def rule(self, user: Node, expression: Expression | None = None) -> str:
        """The name of the rule of a statement."""
        if isinstance(user, (Map, Apply)):
            return user.operation.rule
        return expression.operation.rule if isinstance(expression, Call) else einsum.rule

    def meaning(self) -> str:
        """What the name of the node that moves stands for, where it has none in the derivation."""
        if self.of not in self.new:
            return ""
        written = Notation(
            lambda node: None if node is self.of else self.reference(node),
            self.derivation.naming.bound,
        )
        try:
            return f", where {self.name(self.of, 'v').name} is {unparse(written.of(self.of))}"
        except NoMatrixForm:
            return ""

    @property
    def notation(self) -> Notation:
        """Writes nodes by their names."""
        return Notation(self.reference, self.derivation.naming.bound)

    def definition(self, user: Node) -> Expression:
        """A statement's right side, in the shape of its name. Raises: NoMatrixForm."""
        try:
            right = full(self.notation.definition(user), user)
        except NoMatrixForm:
            return self._along_last_axis(user)
        return transposed(right) if self.is_turned(user) else right

    def _along_last_axis(self, user: Node) -> Expression:
        """A function of each row of a tensor."""
        if not isinstance(user, Apply) or len(user.arguments) > 1 or self.is_turned(user):
            raise NoMatrixForm(user)
        argument = self.name(user.arguments[0][0], "u")
        return user.operation(argument, axis=len(argument.shape) - 1)

    def cotangent(self, found: Reverse, user: Node) -> Expression:
        """The cotangent of a statement by its name, or the number that it is; any one where it has
        the indices of a seed."""
        entry, labels = found.of(user)
        name = self.name(user, "z")
        if found.extra or len(labels) > len(user.axes):
            return Name(fresh("G", self.taken), name.shape, name.batch)
        node = entry.node.inner if isinstance(entry.node, Alias) else entry.node
        named = self.reference(entry.node) or self.reference(node)
        if isinstance(named, Name) and entry.labels == labels and named.shape == name.shape:
            return named
        try:
            known = full(self.notation.of(aligned(entry, labels)), user)
        except NoMatrixForm:
            return Name(fresh("G", self.taken), name.shape, name.batch)
        return transposed(known) if self.is_turned(user) else known

    def entry(self, node: Node, labels: tuple[Label, ...], vocabulary: Vocabulary) -> Entry:
        """node[labels] by the node that stands for its name; what needs no name stays."""
        if isinstance(node, (Identity, Length, Constant, OneHot)):
            return Entry(node, labels)
        name = vocabulary.declare(self.name(node, "u"))
        core = [x for x in labels if batch_name(x) is None]
        examples = [x for x in labels if batch_name(x) is not None]
        symbol = vocabulary.tensors[name.name].closed().node
        turned = reversed(core) if self.is_turned(node) else core
        return Entry(symbol, (*examples, *turned))


def _in_indices(called: _Called, user: Node, variable: Name, cotangent: Expression) -> Subject:
    """The subject of a statement that matrix notation cannot say: its operands have names."""
    vocabulary = Vocabulary(called.taken, called.derivation.naming.bound)
    name = vocabulary.declare(called.name(user, "z"))
    for each in names_in(cotangent):
        vocabulary.declare(each)
    labels = tuple(map(new_label, user.axes))
    terms = _named_terms(called, user, labels, vocabulary)
    core = tuple(x for x in labels if batch_name(x) is None)
    others = tuple(x for x in labels if batch_name(x) is not None)
    axes = core[::-1] if called.is_turned(user) else core
    whole = Statement(name, None, Tensor(terms, (*axes, *(None,) * (2 - len(axes))), others))
    return Subject(called.rule(user), whole, [whole], variable, cotangent, called.top, vocabulary)


def _named_terms(
    called: _Called, user: Node, labels: tuple[Label, ...], vocabulary: Vocabulary
) -> tuple[Term, ...]:
    """A statement's terms, its operands by the nodes that stand for their names."""
    if isinstance(user, Polynomial):
        return tuple(
            t._replace(
                factors=tuple(
                    Factor(*called.entry(f.node, f.labels, vocabulary), f.power) for f in t.factors
                )
            )
            for t in opened(user, labels)
        )
    if isinstance(user, Map):
        entries = [
            called.entry(n, tuple(labels[k] for k in at), vocabulary) for n, at in user.arguments
        ]
        return (Term(ONE, (Factor(*map_entry(user.operation, entries, labels)),)),)
    raise NoMatrixForm(user)
