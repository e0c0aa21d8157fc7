"""Statements written in index notation, as text and as LaTeX."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import chain, count

from symgrad.calculus.nodes import (
    Alias,
    Apply,
    Constant,
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
from symgrad.calculus.polynomials import magnitude, opened
from symgrad.language import formula as fm
from symgrad.language.composing import decimal, derivative
from symgrad.language.dimensions import ONE, SCALAR, Shape
from symgrad.language.expressions import Call, Expression, Name, Value
from symgrad.language.names import latex_batch, latex_name
from symgrad.language.tex import latex as tex
from symgrad.language.typeset import sign, typeset
from symgrad.language.unparse import unparse

Both = tuple[str, str]  # as text and as LaTeX
LETTERS = "ijklpqrstuvabcd"
ALL = ":"  # the index of all entries


def batch_name(label: Hashable) -> str | None:
    """The batch that a label runs along, if any."""
    axis = getattr(label, "axis", None)
    return axis if isinstance(axis, str) else None


@dataclass
class Letters:
    """An index letter for each label, given out in order. A batch's index is not written at an
    entry (everything is said of one example); a sum over it is written with the batch's name."""

    known: dict[Hashable, str] = field(default_factory=dict)

    def of(self, label: Hashable) -> str:
        """The letter of a label."""
        if label not in self.known:
            if (batch := batch_name(label)) is not None:
                self.known[label] = batch
            else:
                taken = set(self.known.values())
                letters = chain(LETTERS, (f"i{k}" for k in count(1)))
                self.known[label] = next(x for x in letters if x not in taken)
        return self.known[label]


@dataclass
class IndexNotation:
    """Writes nodes; `name(node)` gives what a node is called, None where it is written out.
    `whole(node)` is a vector or matrix in matrix notation, for functions of all of it."""

    name: Callable[[Node], Both | None]
    whole: Callable[[Node], Expression | None] = lambda node: None

    def entry(self, node: Node, labels: Sequence[Hashable], letters: Letters) -> Both:
        """node[labels], as W_ij."""
        own = [letters.of(x) for x in labels if batch_name(x) is None]
        if isinstance(node, Identity):
            return f"[{own[0]} = {own[1]}]", rf"[{own[0]} = {own[1]}]"
        if isinstance(node, OneHot):
            v = node.label.name
            return f"[{own[-1]} = {v}]", rf"[{own[-1]} = {latex_name(v)}]"
        if isinstance(node, Length):
            size = str(node.axis)
            return (
                (f"|{size}|", rf"|{latex_batch(size)}|")
                if isinstance(node.axis, str)
                else (size, latex_name(size))
            )
        if isinstance(node, Constant):
            return _number(node.value)
        named = self.name(node)
        if named is None and isinstance(node, Alias):
            return self.entry(node.inner, labels, letters)
        if named is None:
            text, latex = self.right(node, labels, letters)
            if not isinstance(node, Polynomial) or len(node.terms) == 1:
                return text, latex
            return f"({text})", rf"\left({latex}\right)"
        text, latex = named
        if not own:
            return text, latex
        short = all(len(x) == 1 for x in own) and ALL not in own
        index = ("" if short else ",").join(own)
        text = text if text.isidentifier() else f"({text})"
        latex = latex if latex.isalnum() else rf"\left({latex}\right)"
        return f"{text}_{index}", f"{latex}_{{{index}}}"

    def right(self, node: Node, labels: Sequence[Hashable], letters: Letters) -> Both:
        """The definition of node[labels]."""
        match node:
            case Alias():
                return self.right(node.inner, labels, letters)
            case Polynomial():
                return self.terms(opened(node, labels), letters)  # type: ignore[arg-type]
            case Map() | Apply():
                return self._call(node, labels, letters)
            case Input():
                return self.entry(node, labels, letters)
        return self.entry(node, labels, letters)

    def terms(self, terms: Sequence[Term], letters: Letters) -> Both:
        """A sum of terms."""
        if not terms:
            return "0", "0"
        texts, latexes = [], []
        for k, term in enumerate(terms):
            negative = term.coefficient < 0
            text, latex = self.term(term._replace(coefficient=magnitude(term.coefficient)), letters)
            sign = (" - " if negative else " + ") if k else ("-" if negative else "")
            texts.append(sign + text)
            latexes.append(sign + latex)
        return "".join(texts), "".join(latexes)

    def term(self, term: Term, letters: Letters) -> Both:
        """sum_j 2 W_ij x_j"""
        factors = [self._factor(f, letters) for f in term.factors]
        if term.coefficient != 1 or not factors:
            factors.insert(0, _number(term.coefficient))
        text = " ".join(t for t, _ in factors)
        latex = r" \, ".join(x for _, x in factors)
        front = summation([letters.of(x) for x in term.summed])
        return front[0] + text, front[1] + latex

    def _factor(self, factor: Factor, letters: Letters) -> Both:
        text, latex = self.entry(factor.node, factor.labels, letters)
        if factor.power == 1:
            return text, latex
        if self.name(factor.node) is None and isinstance(factor.node, (Polynomial, Map)):
            text, latex = f"({text})", rf"\left({latex}\right)"
        exponent, latex_exponent = _number(factor.power)
        exponent = exponent if exponent.isdigit() else f"({exponent})"
        return f"{text}^{exponent}", rf"{{{latex}}}^{{{latex_exponent}}}"

    def _call(self, node: Map | Apply, labels: Sequence[Hashable], letters: Letters) -> Both:
        name = node.operation.name
        inside: list[Both] = []
        for argument, at in node.arguments:
            inside.append(
                self._slice(argument, [None if k is None else labels[k] for k in at], letters)
            )
        text = f"{name}({', '.join(t for t, _ in inside)})"
        roman = tex(sign(node.operation))
        latex = rf"{roman}\left({', '.join(x for _, x in inside)}\right)"
        if isinstance(node, Apply):
            index = "".join(letters.of(x) for x in node.split(labels)[1] if batch_name(x) is None)
            if index:
                return f"{text}_{index}", f"{latex}_{{{index}}}"
        return text, latex

    def _slice(self, node: Node, labels: Sequence[Hashable], letters: Letters) -> Both:
        """All of a node along the axes that have no label: of A its row A_i,:, or A alone."""
        own = [Label(axis) if x is None else x for x, axis in zip(labels, node.axes, strict=True)]
        free = [new for x, new in zip(labels, own, strict=True) if x is None]
        if free and all(x in free or batch_name(x) for x in own):
            if (named := self.name(node)) is not None:
                return named
            if (whole := self.whole(node)) is not None:
                return unparse(whole), tex(typeset(whole))
        inner = Letters({**letters.known, **dict.fromkeys(free, ALL)})
        written = self.entry(node, own, inner)
        letters.known |= {x: letter for x, letter in inner.known.items() if x not in free}
        return written


def summation(letters: Sequence[str]) -> Both:
    """The sign of a sum over these indices, or nothing."""
    if not letters:
        return "", ""
    return f"sum_{','.join(letters)} ", rf"\sum_{{{','.join(map(_latex_letter, letters))}}} "


def _latex_letter(letter: str) -> str:
    return letter if len(letter) == 1 or letter[1:].isdigit() else latex_batch(letter)


def _number(value: Value) -> Both:
    if isinstance(value, Fraction) and value.denominator != 1:
        text = decimal(value) or f"({value.numerator}/{value.denominator})"
        sign = "-" if value < 0 else ""
        if value.denominator > 16 and decimal(value):
            return text, text
        return text, rf"{sign}\tfrac{{{abs(value.numerator)}}}{{{value.denominator}}}"
    return str(value), str(value)


@dataclass(frozen=True, eq=False)
class Derivative(Name):
    """The name of a cotangent: the derivative of `top` by `bottom`, as in dL/dW."""

    top: Expression = field(default_factory=lambda: Name("L", SCALAR))
    bottom: Expression = field(default_factory=lambda: Name("x", SCALAR))

    @property
    def formula(self) -> fm.Formula:
        """The fraction of partial derivatives."""
        return derivative(typeset(self.top), typeset(self.bottom), self.name)


@dataclass(frozen=True, eq=False)
class IndexForm(Expression):
    """A tensor that matrix notation cannot say, written in index notation."""

    shape: Shape
    text: str
    latex: str
    indices: str  # of the left side: "ijk"
    batch: str | None = None

    @property
    def formula(self) -> fm.Formula:
        """What it says."""
        return fm.Symbol(latex=self.latex, text=self.text)


def index_form(
    node: Node,
    name: Callable[[Node], Both | None],
    whole: Callable[[Node], Expression | None] = lambda node: None,
) -> IndexForm:
    """A node by its definition, in index notation; its own indices are the first letters."""
    letters = Letters()
    labels = tuple(Label(axis) for axis in node.axes)
    for label in labels:
        letters.of(label)
    text, latex = IndexNotation(name, whole).right(node, labels, letters)
    own = tuple(axis for axis in node.axes if not isinstance(axis, str))
    batch = next((axis for axis in node.axes if isinstance(axis, str)), None)
    indices = "".join(letters.of(x) for x in labels if batch_name(x) is None)
    return IndexForm(own, text, latex, indices, batch)


def both(named: Expression) -> Both:
    """A name as text and as LaTeX; in index notation a transposed vector is the vector."""
    while isinstance(named, Call) and ONE in named.shape:
        named = named.arguments[0]
    if isinstance(named, Derivative):
        top, bottom = both(named.top), both(named.bottom)
        return f"d{top[0]}/d{bottom[0]}", rf"\frac{{\partial {top[1]}}}{{\partial {bottom[1]}}}"
    if isinstance(named, Name):
        return named.name, latex_name(named.name) if named.name.isidentifier() else named.name
    return unparse(named), tex(typeset(named))
