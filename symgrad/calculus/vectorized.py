r"""The vectorised form of a Jacobian or Hessian with more than two indices: d vec(Y) / d vec(X)^T.

vec stacks the columns of a matrix, so the indices i, j of Y become the row and k, l of X the column
of one matrix. A term of the index notation has such a form where it falls into factors of two
indices each:

    a_ik b_jl             kron(b, a)                Y = A X B gives kron(B.T, A)
    a_ij b_kl             vec(a) @ vec(b).T         Y = trace(X) A
    a_il b_jk             kron(b, a) @ K            Y = A X.T B; K vec(X) = vec(X.T)
    a_ij [i = k] [j = l]  diag(vec(a))              Y = exp(X)
    c_ij a_ik b_jl d_kl   diag(vec(c)) @ kron(b, a) @ diag(vec(d))

A vector has one index, and takes the place of either of the two. Where one term has no such form,
or all of it is long, nothing is offered. The texts are notation, not programs: the language has no
vec, no K, and no kron of a vector.

Source: Magnus and Neudecker, Matrix Differential Calculus, ch. 2, 3 and 9.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from textwrap import shorten

from symgrad.calculus.closed_form import LONGEST, leaf_count
from symgrad.calculus.derivation import Derivation, Outcome
from symgrad.calculus.naming import fresh
from symgrad.calculus.nodes import Entry, Factor, Label, Polynomial, Term, is_batch
from symgrad.calculus.notation import Notation
from symgrad.calculus.polynomials import contract
from symgrad.calculus.stacking import Stacking, stacked, vec
from symgrad.calculus.sums import signed_sum
from symgrad.calculus.term_graph import NoMatrixForm
from symgrad.calculus.terms import multiplied_out, opened
from symgrad.language import dimensions
from symgrad.language import formula as fm
from symgrad.language.composing import derivative, listed, partial, second, spelled
from symgrad.language.dimensions import core
from symgrad.language.expressions import Expression, Name, leaves
from symgrad.language.formula import Formula
from symgrad.language.operations.constants import filled, zeros
from symgrad.language.phrases import phrase
from symgrad.language.table import Table
from symgrad.language.tex import latex
from symgrad.language.typeset import typeset
from symgrad.language.unparse import unparse

Compound = Callable[[Polynomial], bool]  # what is to be multiplied out
MOST_TERMS = 16
LONGEST_FORM = 200  # characters


@dataclass(frozen=True)
class Vectorized:
    """d vec(Y) / d vec(X)^T, and the matrix that it is.

    `commutation` is what K is called, where it stands there; `by` is the variable."""

    left: Formula
    expression: Expression
    commutation: Name | None
    by: str
    table: Table = field(repr=False)

    @property
    def text(self) -> str:
        """The right-hand side as text."""
        return unparse(self.expression)

    @property
    def latex(self) -> str:
        """The right-hand side in LaTeX."""
        return latex(typeset(self.expression), self.table)

    @property
    def sentences(self) -> tuple[str, ...]:
        """What the signs mean."""
        if self.commutation is None:
            return (vec.sentence,)
        k = self.commutation.name
        return (
            vec.sentence,
            phrase("{0} is the commutation matrix, {0} vec({1}) = vec({1}^T).", k, self.by),
        )

    def __repr__(self) -> str:
        """The matrix."""
        return f"<Vectorized {shorten(self.text, 160, placeholder='...')}>"

    def _repr_latex_(self) -> str:
        """The matrix."""
        return f"$${self.latex}$$"

    def __str__(self) -> str:
        return self.text


def vectorized(derivation: Derivation, outcome: Outcome) -> Vectorized | None:
    """The vectorised form of a result with three or four indices, the variable's last; None where
    it has none."""
    if derivation.kind not in ("jacobian", "hessian") or len(outcome.labels) < 3:
        return None
    if any(map(is_batch, outcome.labels)):
        return None  # one for each example
    by = outcome.key if isinstance(outcome.key, str) else outcome.key[1]
    variable = derivation.problem.variables[by]
    split = len(outcome.labels) - len(core(variable.shape))
    rows, columns = outcome.labels[:split], outcome.labels[split:]
    if derivation.kind == "jacobian" and rows != derivation.passes[0].extra:
        return None  # in denominator layout its rows would be those of the variable
    length = leaf_count(outcome.entry.node, derivation.naming.reference, {})
    if not (1 <= len(rows) <= 2 and 1 <= len(columns) <= 2) or length > LONGEST:
        return None
    n, m = (dimensions.product([x.axis for x in stack]) for stack in (columns, rows))
    commutation = Name(fresh("K", set(derivation.naming.taken)), (n, n))
    notation = Notation(
        derivation.naming.reference, derivation.naming.bound, derivation.naming.taken
    )
    stacking = Stacking(rows, columns, commutation, notation)
    # Tensors are always multiplied out; products of matrices only where it does not go without.
    parts = _matrices(stacking, outcome, _is_tensor) or _matrices(stacking, outcome, _is_product)
    if parts is None:
        return None
    expression = signed_sum(parts) if parts else filled(zeros, (m, n))
    if len(unparse(expression)) > LONGEST_FORM:
        return None
    used = commutation if commutation in leaves(expression) else None
    return Vectorized(_left(derivation, outcome, by), expression, used, by, derivation.table)


def _matrices(stacking: Stacking, outcome: Outcome, compound: Compound) -> list[Expression] | None:
    """The terms as matrices; None where one has no such form."""
    try:
        terms = _terms(outcome.entry, outcome.labels, compound)
        return [stacking.term(term) for term in terms]
    except NoMatrixForm:
        return None


def _left(derivation: Derivation, outcome: Outcome, by: str) -> Formula:
    """The derivative's name, a matrix in it as vec of it."""
    variables = derivation.problem.variables
    x = stacked(Name(by, variables[by].shape))
    if isinstance(outcome.key, tuple):
        name = outcome.key[0]
        loss = derivation.output_called
        y, above = stacked(Name(name, variables[name].shape)), second(fm.Named(name=loss))
        bottom = listed((partial(typeset(y)), partial(typeset(x.T))), r" \, ")
        return spelled(fm.Fraction((above, bottom)), f"d2{loss} / d {unparse(y)} d {unparse(x.T)}")
    y = stacked(Name(derivation.problem.output_name, derivation.problem.output.shape))
    slope = derivative((typeset(y), typeset(x.T)))
    return spelled(slope, f"d {unparse(y)} / d {unparse(x.T)}")


# the terms, multiplied out


def _terms(entry: Entry, labels: Sequence[Label], compound: Compound) -> list[Term]:
    """The result as a sum of products of vectors and matrices."""

    def parts(factor: Factor) -> Sequence[Term] | None:
        node = factor.node
        if factor.power != 1 or not isinstance(node, Polynomial) or not compound(node):
            return None
        return opened(node, factor.labels)

    expanded = multiplied_out(entry.term, parts)
    whole = contract(expanded, labels)
    node = whole.node
    terms = opened(node, whole.labels) if isinstance(node, Polynomial) else [whole.term]
    if len(terms) > MOST_TERMS:
        raise NoMatrixForm(node)
    return terms


def _is_tensor(node: Polynomial) -> bool:
    return len(node.axes) > 2


def _is_product(node: Polynomial) -> bool:
    return _is_tensor(node) or (len(node.axes) == 2 and len(node.terms) == 1)
