"""The laws of index notation that `contract` applies, one test each. Equal nodes are one object,
so that `is` says that a law was applied."""

from __future__ import annotations

from fractions import Fraction

import pytest

from symgrad.calculus.entries import symmetric
from symgrad.calculus.nodes import (
    ONE,
    Entry,
    Factor,
    Identity,
    Input,
    Label,
    Length,
    Node,
    Polynomial,
    Term,
    intern,
)
from symgrad.calculus.polynomials import contract
from symgrad.calculus.terms import identity
from symgrad.errors import ProgramError
from symgrad.language.dimensions import dimension, dims
from symgrad.language.expressions import Value

m, n = dims("m n")
i, j, k = Label(n), Label(n), Label(m)
h, o, q = Label(n), Label(n), Label(m)
HALF = Fraction(1, 2)


def tensor(name: str, *axes: object, facts: str = "") -> Node:
    return intern(Input, axes, name=name, facts=frozenset(facts.split()))  # type: ignore[arg-type]


x, y = tensor("x", n), tensor("y", n)
a, b = tensor("a"), tensor("b")
P = tensor("P", m, m, facts="symmetric")
A, B, W = tensor("A", n, n), tensor("B", n, n), tensor("W", m, n)


def term(*factors: Factor, c: Value = ONE, over: tuple[Label, ...] = ()) -> Term:
    return Term(c, factors, over)


def f(node: Node, *labels: Label, power: Value = ONE) -> Factor:
    return Factor(node, labels, Fraction(power) if isinstance(power, int) else power)


def only(entry: Entry) -> Term:
    """The single term of a sum."""
    assert isinstance(entry.node, Polynomial)
    (single,) = entry.node.terms
    return single


def test_an_identity_under_a_sum_renames_an_index() -> None:
    """sum_j [i = j] x_j = x_i"""
    assert contract([term(identity(i, j), f(x, j), over=(j,))], [i]) == Entry(x, (i,))


def test_an_identity_of_free_indices_stays() -> None:
    entry = contract([term(identity(i, j), f(x, j))], [i, j])
    assert entry.labels == (i, j)
    assert any(isinstance(factor.node, Identity) for factor in only(entry).factors)


def test_two_identities_make_a_chain() -> None:
    """sum_jk [i = j] [j = k] x_k = x_i"""
    L = Label(n)
    factors = (identity(i, j), identity(j, L), f(x, L))
    assert contract([term(*factors, over=(j, L))], [i]) == Entry(x, (i,))


def test_an_index_that_nothing_carries_counts() -> None:
    """sum_k x_i = m x_i; sum over an axis of 3 is 3"""
    counted = only(contract([term(f(x, i), over=(k,))], [i]))
    assert {type(factor.node) for factor in counted.factors} == {Input, Length}
    assert counted.summed == ()
    three = only(contract([term(f(x, i), over=(Label(dimension(3)),))], [i]))
    assert three.coefficient == 3


def test_the_trace_of_an_identity_is_the_dimension() -> None:
    assert contract([term(identity(i, j), identity(j, i), over=(i, j))], []).node is (
        contract([term(over=(i,))], []).node
    )


def test_equal_entries_join() -> None:
    """x_i^2 x_i^(-1/2) = x_i^(3/2); x_i x_i^-1 = 1"""
    joined = only(contract([term(f(x, i, power=2), f(x, i, power=-HALF))], [i]))
    assert joined.factors == (Factor(x, (0,), Fraction(3, 2)),)
    assert only(contract([term(f(x, i), f(x, i, power=-1))], [i])).factors == ()


def test_entries_at_other_indices_do_not_join() -> None:
    assert len(only(contract([term(f(x, i), f(x, j))], [i, j])).factors) == 2


def test_equal_terms_join() -> None:
    """2 x_i y_i + 3 y_i x_i = 5 x_i y_i, and 2 x - 2 x = 0"""
    pair, swapped = (f(x, i), f(y, i)), (f(y, i), f(x, i))
    assert only(contract([term(*pair, c=2), term(*swapped, c=3)], [i])).coefficient == 5
    assert contract([term(*pair, c=2), term(*swapped, c=-2)], [i]).node.terms == ()  # type: ignore[attr-defined]


def test_terms_that_differ_in_a_bound_index_alone_are_equal() -> None:
    """sum_j A_ij x_j + sum_k A_ik x_k = 2 sum_j A_ij x_j"""
    L = Label(n)
    terms = [term(f(A, i, t), f(x, t), over=(t,)) for t in (j, L)]
    assert only(contract(terms, [i])).coefficient == 2


def test_the_order_of_factors_and_terms_makes_no_other_node() -> None:
    one = contract([term(f(x, i), f(y, i)), term(f(x, i))], [i])
    assert contract([term(f(x, i)), term(f(y, i), f(x, i))], [i]).node is one.node


def test_the_transpose_is_another_node_unless_the_matrix_is_symmetric() -> None:
    S = tensor("S", n, n, facts="symmetric")
    for matrix, same in ((A, False), (S, True)):
        straight, crossed = (
            contract([term(f(matrix, *labels), c=2)], [i, j]).node for labels in ((i, j), (j, i))
        )
        assert (straight is crossed) == same


@pytest.mark.parametrize(
    ("terms", "known"),
    [
        ([term(f(x, i), f(x, j))], True),  # x x^T
        ([term(f(x, i), f(y, j))], False),  # x y^T
        ([term(f(A, i, j)), term(f(A, j, i))], True),  # A + A^T
        ([term(f(A, i, j)), term(f(A, j, i), c=-1)], False),  # A - A^T
        ([term(f(W, k, i), f(W, k, j), over=(k,))], True),  # W^T W
        ([term(identity(i, j)), term(f(x, i), f(x, j))], True),  # eye + x x^T
        ([term(f(W, k, i), f(P, k, q), f(W, q, j), over=(k, q))], True),  # W^T P W
        (  # A W^T P W A^T
            [
                term(
                    *(f(A, i, h), f(W, k, h), f(P, k, q), f(W, q, o), f(A, j, o)),
                    over=(h, k, q, o),
                )
            ],
            True,
        ),
        ([term(f(A, i, h), f(W, k, h), f(W, k, o), f(B, j, o), over=(h, k, o))], False),
        ([term(f(A, i, K_ := Label(n)), f(B, K_, j), over=(K_,))], False),  # A B
    ],
)
def test_symmetry_of_sums_of_products_is_seen(terms: list[Term], known: bool) -> None:
    assert symmetric(contract(terms, [i, j]).node) is known


def test_entries_of_a_simplex_sum_to_one() -> None:
    p = tensor("p", n, facts="simplex")
    assert contract([term(f(p, j), f(x, i), over=(j,))], [i]) == Entry(x, (i,))
    weighted = only(contract([term(f(p, j), f(x, j), over=(j,))], []))
    assert len(weighted.factors) == 2  # sum_j p_j x_j stays
    squared = only(contract([term(f(p, j, power=2), over=(j,))], []))
    assert squared.factors == (Factor(p, (0,), Fraction(2)),)  # so does sum_j p_j^2


def test_a_power_of_a_one_hot_entry_is_the_entry() -> None:
    y = tensor("y", n, facts="one_hot")
    assert contract([term(f(y, i, power=2))], [i]) == Entry(y, (i,))


def test_a_view_is_seen_through() -> None:
    """(2 A^T)_ij B_ji becomes 2 A_ji B_ji; a sum stays a node of its own."""
    view = contract([term(f(A, j, i), c=2)], [i, j]).node
    through = only(contract([term(f(view, i, j), f(B, j, i))], [i, j]))
    assert through.coefficient == 2
    assert {factor.node for factor in through.factors} == {A, B}
    total = contract([term(f(x, i)), term(f(y, i))], [i]).node
    kept = only(contract([term(f(total, i), f(x, i))], [i]))
    assert total in {factor.node for factor in kept.factors}


def test_a_root_of_a_square_is_not_taken() -> None:
    """(x^2)^(1/2) is |x|, not x; but (x^2)^2 is x^4."""
    square = contract([term(f(x, i, power=2))], [i]).node
    assert contract([term(f(square, i, power=HALF))], [i]) != Entry(x, (i,))
    fourth = only(contract([term(f(square, i, power=2))], [i]))
    assert fourth.factors == (Factor(x, (0,), Fraction(4)),)


def test_numbers_are_exact_and_zero_vanishes() -> None:
    third, sixth = Fraction(1, 3), Fraction(1, 6)
    assert only(contract([term(f(a), c=third), term(f(a), c=sixth)], [])).coefficient == HALF
    assert contract([term(f(a), c=Fraction(0))], []).node.terms == ()  # type: ignore[attr-defined]


def test_a_zero_factor_makes_zero_and_a_zero_denominator_is_an_error() -> None:
    zero = contract([], []).node
    assert contract([term(f(zero), f(a))], []).node is zero
    with pytest.raises(ProgramError, match="division by zero"):
        contract([term(f(zero, power=-1), f(a))], [])


def test_common_scalar_factors_come_first_when_asked() -> None:
    """a b x_i + a b^2 y_i = a b (x_i + b y_i)"""
    terms = [term(f(a), f(b), f(x, i)), term(f(a), f(b, power=2), f(y, i))]
    front = only(contract(terms, [i], factored=True))
    scalars = {factor.node: factor.power for factor in front.factors if not factor.labels}
    assert scalars == {a: 1, b: 1}


def test_labels_are_those_that_the_result_depends_on() -> None:
    assert contract([term(f(x, j))], [i, j, k]).labels == (j,)
