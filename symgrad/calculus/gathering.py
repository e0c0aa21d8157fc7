"""Sums with a factor in common as one sum:

    sum_b a_b x_b - sum_b a_b y_b = sum_b a_b (x_b - y_b)        A x + A^T x = (A + A^T) x

Only what is printed is written so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from fractions import Fraction

from symgrad.calculus.nodes import Entry, Factor, Label, Length, OneHot, Term, core_axes, is_batch
from symgrad.calculus.polynomials import contract
from symgrad.calculus.terms import connected, identity, opened_product


def gathered(terms: Sequence[Term], labels: Sequence[Label]) -> list[Term]:
    """The terms, those with a factor in common joined where matrix notation can say it."""
    kept = list(terms)
    for key in _common_factors(kept) if len(kept) > 1 else ():
        having = [(t, [f for f in t.factors if _key(f, t) == key]) for t in kept]
        chosen = [(t, found[0]) for t, found in having if len(found) == 1]  # none twice in a term
        own = [t for t, _ in chosen]
        if len(own) < 2 or any(sum(map(is_batch, t.summed)) > 1 for t in own):
            continue  # a product of two sums over a batch: none is to stand in the other
        short = all(not f.labels or _in_sum(f, t, long=False) for t, f in chosen)
        one = _joined(chosen, labels)
        if one is not None and (short or len(own) == len(kept) or len(one.factors) > 2):
            kept = [one if t is own[0] else t for t in kept if t is own[0] or not _in(t, own)]
    return kept


def between(terms: Sequence[Term], labels: Sequence[Label]) -> list[Term]:
    """The terms, those with the same matrix on the left and on the right joined where these meet in
    one of them and in another do not: A^T diag(p) A - A^T p p^T A = A^T (diag(p) - p p^T) A."""
    kept = list(terms)
    alike: dict[Hashable, list[tuple[Term, Factor, Factor]]] = {}
    for term in terms if len(labels) == 2 else ():
        if (matrices := _ends(term, labels)) is not None:
            key = tuple(_key(f, term) for f in matrices)
            alike.setdefault(key, []).append((term, *matrices))
    for chosen in alike.values():
        apart = [(f, g) for t, f, g in chosen if _bound(f, t) != _bound(g, t)]
        if not 0 < len(apart) < len(chosen):
            continue
        left, right = apart[0]
        inside: list[Term] = []
        own = tuple(x for f in (left, right) for x in f.labels if x not in labels)
        for term, one, other in chosen:
            ends = (*_bound(one, term), *_bound(other, term))
            rest = [
                f.renamed({ends[1]: own[1]}).renamed({ends[0]: own[0]})
                for f in term.beside(one, other)
            ]
            tied = (identity(*own),) if ends[0] is ends[1] else ()
            summed = tuple(x for x in term.summed if x not in ends)
            inside.append(Term(term.coefficient, (*rest, *tied), summed))
        middle = Factor(*contract(inside, own, factored=True))
        whole = Term(Fraction(1), (left, middle, right), own)
        first, *others = [t for t, _, _ in chosen]
        kept = [whole if t is first else t for t in kept if not _in(t, others)]
    return kept


def _ends(term: Term, labels: Sequence[Label]) -> tuple[Factor, Factor] | None:
    """The matrices that alone have the first and the second index of the term's result, each
    beside one that is summed."""
    found = []
    for label in labels:
        having = [f for f in term.factors if label in f.labels]
        if len(having) != 1 or having[0].power != 1 or len(_bound(having[0], term)) != 1:
            return None
        found += having
    return (found[0], found[1]) if found[0] is not found[1] else None


def _bound(matrix: Factor, term: Term) -> list[Label]:
    """The indices of a matrix that are summed; none of what is no matrix."""
    summed = [x for x in matrix.labels if x in term.summed and not is_batch(x)]
    return summed if len(matrix.labels) == 2 else []


def _in(term: Term, terms: Sequence[Term]) -> bool:
    return any(term is t for t in terms)


def _common_factors(terms: Sequence[Term]) -> list[Hashable]:
    """What several terms have, the most frequent first: what is in a sum, or a scalar; but no
    number of entries, which makes each sum over them a mean."""
    keys = [(f, t, _key(f, t)) for t in terms for f in t.factors]
    shared = {key for key, n in Counter(key for _, _, key in keys).items() if n > 1}
    count = Counter(
        key
        for f, t, key in keys
        if key in shared and (_in_sum(f, t) or not (f.labels or isinstance(f.node, Length)))
    )
    return [key for key, n in count.most_common() if n > 1]


def _in_sum(factor: Factor, term: Term, long: bool = True) -> bool:
    """Whether it is of each example of a sum over a batch, or stands in a product beside a matrix
    or vector that is left without it: A^T in A^T x, and x, too, or a `long` product, A^T in A^T B
    C; but Z in no look-up, x in no slice."""
    bound = [x for x in factor.labels if x in term.summed]
    if any(map(is_batch, bound)):
        return True
    rest = term.beside(factor)
    beside = [f for f in rest if bound and bound[0] in f.labels]
    if len(bound) != 1 or not beside or any(_looks_up(f, bound[0]) for f in beside):
        return False
    (own,) = (g for g in connected(rest, term.summed) if any(bound[0] in f.labels for f in g))
    free = {x for f in own for x in f.labels if x not in term.summed}
    matrix_free = {x for x in free if not is_batch(x)}
    short = all(matrix_free <= {*f.labels} for f in beside)
    if short or not long:
        return short
    met = Counter(x for f in term.factors for x in f.labels)
    return len(matrix_free) < 2 and all(met[x] == 2 for f in own for x in {*f.labels} - free)


def _looks_up(factor: Factor, label: Label) -> bool:
    """Whether it takes rows, at this index, of what stands beside it: Z in a look-up, x[1:]."""
    return isinstance(factor.node, OneHot) and factor.labels[-1] is label


def _key(factor: Factor, term: Term) -> Hashable:
    """The factor, whatever its summed indices are called."""
    places = tuple(None if x in term.summed else x for x in factor.labels)
    return factor.node, places, factor.power


def _joined(chosen: Sequence[tuple[Term, Factor]], labels: Sequence[Label]) -> Term | None:
    """The sum of terms as one term, each with its common factor."""
    first, common = chosen[0]
    bound = tuple(dict.fromkeys(x for x in common.labels if x in first.summed))
    inside: list[Term] = []
    for term, factor in chosen:
        names = dict(zip(factor.labels, common.labels, strict=True))
        rest = tuple(f.renamed(names) for f in term.beside(factor))
        summed = tuple(x for x in term.summed if x not in names)
        inside.append(Term(term.coefficient, rest, summed))
    inner = (*labels, *bound)
    node, own = contract(gathered(inside, inner), inner, factored=True)
    parts = opened_product(node, own) or Entry(node, own).term
    if any(map(_is_tensor, parts.factors)):
        return None
    return parts._replace(factors=(common, *parts.factors), summed=(*bound, *parts.summed))


def _is_tensor(factor: Factor) -> bool:
    """Whether no matrix, or one for each example of a batch, has these axes."""
    axes = factor.node.axes
    return len(core_axes(axes)) > 2 or len(axes) - len(core_axes(axes)) > 1
