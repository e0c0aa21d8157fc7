"""Statements written in index notation, as formulas."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from itertools import chain, count

from symgrad.calculus import nodes as ix
from symgrad.calculus.algebra import is_call
from symgrad.calculus.terms import opened
from symgrad.language import composing, unparse
from symgrad.language import formula as fm
from symgrad.language.dimensions import ONE, SCALAR, Shape
from symgrad.language.expressions import Call, Expression, Name, Operation
from symgrad.language.formula import Formula
from symgrad.language.operations.arithmetic import transpose
from symgrad.language.plain import plain_text
from symgrad.language.typeset import batch, dimension_formula, length, sign, typeset

BINDS = dict(enumerate((fm.SUM, fm.KRONECKER, fm.SIGN, fm.SCRIPT, fm.ATOM), start=1))
LETTERS = "ijklpqrstuvabcd"
Named = Callable[[ix.Node], Formula | None]


def batch_name(label: Hashable) -> str | None:
    """The batch that a label runs along, if any."""
    axis = getattr(label, "axis", None)
    return axis if isinstance(axis, str) else None


@dataclass
class Letters:
    """An index letter for each label, given out in order; those `taken` by the user are left out. A
    batch's index is not written at an entry (everything is said of one example); a sum over it is
    written with the batch's name."""

    known: dict[Hashable, str] = field(default_factory=dict)
    taken: AbstractSet[str] = frozenset()

    def of(self, label: Hashable) -> str:
        """The letter of a label."""
        if label not in self.known:
            if (name := batch_name(label)) is not None:
                self.known[label] = name
            else:
                taken = {*self.known.values(), *self.taken}
                letters = chain(LETTERS, (f"i{k}" for k in count(1)))
                self.known[label] = next(x for x in letters if x not in taken)
        return self.known[label]

    def indices(self, labels: Sequence[Hashable]) -> Formula | None:
        """The letters of labels, those of a batch left out: ij, or i,: with commas."""
        letters = [self.of(x) for x in labels if batch_name(x) is None]
        short = all(len(x) == 1 for x in letters) and ":" not in letters
        return composing.listed(map(letter, letters), "" if short else ",") if letters else None

    def over(self, labels: Sequence[Hashable]) -> Formula | None:
        """What a sum over labels goes over; None where there are none."""
        names = [batch(name) if (name := batch_name(x)) else letter(self.of(x)) for x in labels]
        return composing.listed(names, ",") if names else None


def letter(text: str) -> Formula:
    """An index letter, or the sign of all entries."""
    if text == ":":
        return composing.ALL
    return fm.Symbol(latex=text if len(text) == 1 else f"{text[0]}_{{{text[1:]}}}", text=text)


@dataclass
class IndexNotation:
    """Writes nodes; `name(node)` gives what a node is called, None where it is written out.
    `whole(node)` is a vector or matrix in matrix notation, for functions of all of it."""

    name: Named
    whole: Callable[[ix.Node], Expression | None] = lambda node: None

    def entry(self, node: ix.Node, labels: Sequence[Hashable], letters: Letters) -> Formula:
        """node[labels], as W_ij."""
        match node:
            case ix.Identity():
                one, other = (letter(letters.of(x)) for x in labels if batch_name(x) is None)
                return composing.indicator(one, "=", other)
            case ix.OneHot():
                return composing.indicator(
                    letter(letters.of(labels[-1])), "=", fm.Named(name=node.label.name)
                )
            case ix.Length():
                of = node.axis
                return length(of) if isinstance(of, str) else dimension_formula(of)
            case ix.Constant():
                return composing.number(node.value)
        named = self.name(node)
        if named is not None:
            return indexed(named, letters.indices(labels))
        if isinstance(node, ix.Alias):
            return self.entry(node.inner, labels, letters)
        return self.right(node, labels, letters)

    def right(self, node: ix.Node, labels: Sequence[Hashable], letters: Letters) -> Formula:
        """The definition of node[labels]."""
        match node:
            case ix.Alias():
                return self.right(node.inner, labels, letters)
            case ix.Polynomial():
                return self.terms(opened(node, labels), letters)  # type: ignore[arg-type]
            case ix.Map() | ix.Apply():
                return self._call(node, labels, letters)
        return self.entry(node, labels, letters)

    def terms(self, terms: Sequence[ix.Term], letters: Letters) -> Formula:
        """A sum of terms."""
        return (
            composing.total(self.term(t, letters) for t in terms)
            if terms
            else fm.Number(digits="0")
        )

    def term(self, term: ix.Term, letters: Letters) -> Formula:
        """sum_j 2 W_ij x_j"""
        if term.coefficient < 0:
            return composing.negative(
                self.term(term._replace(coefficient=-term.coefficient), letters)
            )
        factors = [self._factor(f, letters) for f in term.factors]
        if term.coefficient != 1:
            factors.insert(0, composing.number(term.coefficient))
        body, over = composing.product(factors, apart=True), letters.over(term.summed)
        return body if over is None else composing.summed(over, body)

    def _factor(self, factor: ix.Factor, letters: Letters) -> Formula:
        base = self.entry(factor.node, factor.labels, letters)
        return base if factor.power == 1 else composing.raised(base, composing.number(factor.power))

    def _call(
        self, node: ix.Map | ix.Apply, labels: Sequence[Hashable], letters: Letters
    ) -> Formula:
        inside = [
            self._slice(argument, [None if k is None else labels[k] for k in at], letters)
            for argument, at in node.arguments
        ]
        plain = composing.applied(sign(node.operation), *inside)
        if isinstance(node, ix.Apply):
            indices = letters.indices(node.split(labels)[1])
            return indexed(_in_notation(node.operation, inside, plain), indices)
        return _in_notation(node.operation, inside, plain)

    def _slice(self, node: ix.Node, labels: Sequence[Hashable], letters: Letters) -> Formula:
        """All of a node along the axes that have no label: of A its row A_i,:, or A alone; [...]_k
        where a : would not tell which axis is meant."""
        own = [
            ix.Label(axis) if x is None else x for x, axis in zip(labels, node.axes, strict=True)
        ]
        free = [new for x, new in zip(labels, own, strict=True) if x is None]
        if free and all(x in free or batch_name(x) for x in own):
            if (named := self.name(node)) is not None:
                return named
            if (whole := self.whole(node)) is not None:
                return written(whole, shown=False)
        places = [[*self._places(node, own, x)] for x in own]
        plain = self.name(node) is not None or (
            len(free) == 1
            and bool(at := places[own.index(free[0])])
            and not any(isinstance(n, ix.Apply) for n in at)
        )
        inner = Letters(
            {**letters.known, **dict.fromkeys(free if plain else (), ":")}, letters.taken
        )
        over = inner.indices(free)
        formula = self.entry(node, own, inner)
        letters.known |= {x: text for x, text in inner.known.items() if x not in free}
        if plain or over is None:
            return formula
        ones = [
            indexed(composing.lowered(composing.ONES, dimension_formula(axis)), letter(inner.of(x)))
            for x, axis, found in zip(own, node.axes, places, strict=True)
            if x in free and not found
        ]
        body = composing.product([formula, *ones], apart=True)
        return composing.lowered(fm.Fence((body,), left="[", right="]"), over)

    def _places(
        self, node: ix.Node, labels: Sequence[Hashable], label: Hashable
    ) -> Iterator[ix.Node]:
        """What an index is written at: entries by a name, and functions."""
        inside: list[tuple[ix.Node, Sequence[Hashable]]] = []
        match None if self.name(node) is not None else node:
            case ix.Alias(inner=inner):
                inside = [(inner, labels)]
            case ix.Polynomial():
                terms = opened(node, labels)  # type: ignore[arg-type]
                inside = [(f.node, f.labels) for term in terms for f in term.factors]
            case ix.Map(arguments=arguments):
                inside = [(argument, [labels[k] for k in at]) for argument, at in arguments]
            case _ if label in labels:
                yield node
        for own, at in inside:
            yield from self._places(own, at, label)


def _in_notation(operation: Operation, inside: Sequence[Formula], plain: Formula) -> Formula:
    """A function in its own notation; in text as it is called."""
    if operation.notation is None:
        return plain
    arguments = tuple(Name("x", SCALAR) for _ in inside)
    return fm.Either((operation.notation(Call(operation, arguments, SCALAR), *inside), plain))


def indexed(named: Formula, indices: Formula | None) -> Formula:
    """A name with its indices."""
    return named if indices is None else composing.lowered(named, indices)


@dataclass(frozen=True, eq=False)
class Derivative(Name):
    """The name of a cotangent: the derivative of `top` by `bottom`, as in dL/dW."""

    top: Expression = field(default_factory=lambda: Name("L", SCALAR))
    bottom: Expression = field(default_factory=lambda: Name("x", SCALAR))

    @property
    def formula(self) -> Formula:
        """The fraction of partial derivatives."""
        return composing.derivative(typeset(self.top), typeset(self.bottom, shown=False), self.name)


@dataclass(frozen=True, eq=False)
class IndexForm(Expression):
    """A tensor that matrix notation cannot say, written in index notation; `indices` are those of
    the left side. `expression` says it in the language, where that can."""

    shape: Shape
    written: Formula
    indices: Formula | None
    batch: str | None = None
    named: tuple[Expression, ...] = ()  # what it calls by a name
    expression: Expression | None = None

    @property
    def formula(self) -> Formula:
        """What it says."""
        return self.written

    @property
    def text(self) -> str:
        """What it says as text, in the language where that can."""
        return plain_text(written(self))


def index_form(
    node: ix.Node,
    name: Named,
    whole: Callable[[ix.Node], Expression | None] = lambda node: None,
    taken: AbstractSet[str] = frozenset(),
) -> IndexForm:
    """A node by its definition, in index notation; its own indices are the first letters."""
    letters = Letters(taken=taken)
    labels = ix.new_labels(node.axes)
    indices = letters.indices(labels)
    formula = IndexNotation(name, whole).right(node, labels, letters)
    return IndexForm(ix.core_axes(node.axes), formula, indices, ix.batch_of(node))


def written(e: Expression, shown: bool = True) -> Formula:
    """An expression as it is printed; in text in the language, or else in index notation. `shown`
    says that its shape is."""
    formula = typeset(e, shown)
    if isinstance(e, IndexForm):
        if e.expression is None:
            return formula
        e = e.expression
    text, binds = unparse.written(e)
    return composing.spelled(formula, text, BINDS[binds])


def in_language(e: Expression) -> Expression | None:
    """The expression in the language, None where that cannot say it."""
    return e.expression if isinstance(e, IndexForm) else e


def slope(top: Formula, bottom: Formula) -> Formula:
    """The derivative of one by the other: dL/dx, dL/d(A.T)."""
    by = plain_text(bottom)
    text = f"d{plain_text(top)}/d{by if by.replace(',', '').isidentifier() else f'({by})'}"
    return composing.derivative(top, bottom, text)


def entry_name(named: Expression) -> Formula:
    """A name in index notation, where a transposed vector is the vector."""
    while is_call(named, transpose) and ONE in named.shape:
        named = named.arguments[0]
    if isinstance(named, Derivative):
        return slope(entry_name(named.top), entry_name(named.bottom))
    return written(named, shown=False)
