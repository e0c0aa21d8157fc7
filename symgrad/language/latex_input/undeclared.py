"""The names of a formula that nothing declares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from symgrad.errors import SymgradError, UnknownNameError
from symgrad.language.latex_input import tree as lt
from symgrad.language.latex_input.calls import is_entrywise
from symgrad.language.latex_input.equations import formulas
from symgrad.language.latex_input.examples import (
    BOLD,
    counts,
    divisors,
    groups,
    is_matrix,
    is_row,
    lowered,
    numbered,
    terms,
)
from symgrad.language.latex_input.extent import EXTREMES, LETTERS, indexed
from symgrad.language.latex_input.functions import is_function, operation_of
from symgrad.language.latex_input.grammar import tree
from symgrad.language.latex_input.letters import letters_of
from symgrad.language.latex_input.names import look, new_name
from symgrad.language.latex_input.ranges import in_full
from symgrad.language.names import SCALARS, kind_of
from symgrad.language.operations.advice import advice

LEFT_OPEN = ("phi", "psi", "rho", "kappa")  # Greek letters that functions have, before brackets
NO_NAMES = ("I", r"\pi", r"\top", r"\infty", "", "'")


@dataclass(frozen=True)
class Undeclared:
    """The `names` of a formula, in order; the dimensions that it names: what stands above a sum,
    and below a 1 or an I; which names stand where only a vector can, which have two indices, and
    which are `labels`, y of z_y beside z_j; which ones are `examples` of
    a batch, vectors or not, and what its number of examples is called; what only divides, which
    is a number; and of which nothing but entries stands there."""

    names: list[str]
    dimensions: list[str]
    vectors: set[str]
    matrices: set[str]
    labels: set[str]
    examples: dict[str, bool]
    counts: set[str]
    divisors: set[str]
    entries: set[str]


def undeclared(text: str) -> Undeclared:
    r"""What a formula says of names that nothing declares.

    >>> found = undeclared(r"\frac{1}{n} \sum_{i=1}^n (p_i - \hat{y}_i)^2 + \lambda \|W_1\|")
    >>> found.names, found.dimensions, sorted(found.vectors)
    (['p', 'y_hat', 'lam', 'W_1'], ['n'], ['W_1', 'p', 'y_hat'])
    >>> undeclared(r"L(\beta) = (y - X \beta)^2").vectors
    {'beta'}
    >>> found = undeclared(r"\frac{1}{n} \sum_{i=1}^n (y_i - w^\top x_i)^2")
    >>> found.names, found.dimensions, found.counts, sorted(found.examples.items())
    (['y', 'w', 'x'], [], {'n'}, [('x', True), ('y', False)])

    Raises: UnknownNameError for a function that the language does not have.
    """
    root = _right_side(text)
    _check_calls(root)
    examples, number = _examples(root)
    letters: set[str] = set()
    dims: dict[str, None] = {}
    for node in lt.walk(root):
        match node:
            case lt.Big(below=below, above=above):
                letters |= {
                    x for part in lt.parts_of(below) for x in _names(lt.letter_of(part), set())
                }
                dims |= dict.fromkeys(() if above is None else _names(above, set()))
            case lt.Script(base=base, below=lt.Node() as below) if base in EXTREMES:
                found = (lt.letter_of(part) for part in lt.parts_of(below))
                letters |= {x.text for x in found if isinstance(x, lt.Sym)}
            case lt.Script(base=lt.Num() | lt.Sym(text="I"), below=below) if below is not None:
                dims |= dict.fromkeys(x for p in lt.parts_of(below) for x in _names(p, set()))
    shown = list(_indexed(root))
    matrices = {name for name, below in shown if len(below) == 2 and letters >= {*below}}
    numbers = (x for letter in letters for x in numbered(root, letter))
    rows = {new_name(base) for base, vector in numbers if vector} - {*examples}
    entries = {x for x, below in shown if len(below) == 1 and letters >= {*below}} - rows
    labels = _labels(root, letters, examples)
    letters |= labels
    skipped = {*dims, *letters, *number}
    names = [*(name for name in _names(root, letters) if name not in skipped), *sorted(labels)]
    vectors = {*_vectors(root)} - letters | {name for name, vector in examples.items() if vector}
    vectors |= entries - matrices - {name for name, vector in examples.items() if not vector}
    dimensions = [name for name in dims if name not in number]
    divide = [new_name(node) for node in divisors(root)]
    only = {name for name in names if names.count(name) == divide.count(name)} - vectors
    entries &= vectors - {name for name in entries if names.count(name) > _times(shown, name)}
    return Undeclared(
        list(dict.fromkeys(names)),
        dimensions,
        vectors,
        matrices | {*filter(None, rows)},
        labels,
        examples,
        number,
        only,
        entries,
    )


def _indexed(root: lt.Node) -> Iterator[tuple[str, list[str]]]:
    """Each name with the letters lowered beside it."""
    for node in lt.walk(root):
        match node:
            case lt.Script(base=lt.Sym() | lt.Accent() as base, below=lt.Node() as below):
                name, letters = new_name(base), letters_of(below)
                if name is not None and letters is not None:
                    yield name, [new_name(lt.Sym(0, x)) or x for x in letters]


def _times(shown: list[tuple[str, list[str]]], name: str) -> int:
    """How often a name has an index."""
    return sum(x == name for x, _ in shown)


def _labels(root: lt.Node, letters: set[str], examples: Mapping[str, bool]) -> set[str]:
    """What is lowered beside names whose entries are also numbered by the letter of a sum, but for
    examples; and beside parentheses, softmax(z)_y."""
    found = [(name, below[0]) for name, below in _indexed(root) if len(below) == 1]
    numbered = {name for name, letter in found if letter in letters} - {*examples}
    labels = {letter for name, letter in found if name in numbered}
    for node in lt.walk(root):
        match node:
            case lt.Script(base=lt.Fence(left="(" | "["), below=lt.Sym(text=text)):
                labels |= {text} if text.isalpha() and text not in LETTERS else set()
    return {x for x in labels if x.isalpha()} - letters


def _right_side(text: str) -> lt.Node:
    """The formula without what is on the left, which is no variable."""
    found = formulas(text)
    root = in_full(tree(found[0].text if found else text, called=is_function), lambda node: None)
    root = lowered(root)
    root = indexed(root, lambda node: None)
    if isinstance(root, lt.Chain) and "=" in root.signs:
        k = root.signs.index("=") + 1
        return lt.Chain(root.at, root.operands[k:], root.signs[k:])
    return root


def _examples(root: lt.Node) -> tuple[dict[str, bool], set[str]]:
    """The names that are examples of the one batch, whether they are vectors, and what the number
    of examples is called."""
    found = {letter: own for letter, own in groups(root).items() if any(own.values())}
    if len(found) != 1:
        return {}, set()
    above = [node.above for node in lt.walk(root) if isinstance(node, lt.Big)]
    numbers = (node for node in (*above, *counts(divisors(root))) if node is not None)
    return next(iter(found.values())), {name for node in numbers if (name := new_name(node))}


def examples_in(text: str, kinds: Mapping[str, str]) -> set[str]:
    """The declared names that a formula uses as examples of a batch: scalars with an index, and
    what has the same one.

    >>> sorted(examples_in(r"\\sum_i (y_i - w^\\top x_i)^2", {"x": "Vector", "y": "Scalar"}))
    ['x', 'y']
    """
    try:
        found = groups(_right_side(text))
    except SymgradError:  # which its reading will say
        return set()
    examples: set[str] = set()
    for own in found.values():
        scalars = [name for name in own if kinds.get(name) == "Scalar"]
        vectors = [name for name, vector in own.items() if vector and kinds.get(name) == "Vector"]
        if scalars or len(vectors) == len(own):
            examples |= {name for name in own if name in kinds}
    return examples


def _names(node: lt.Node, letters: set[str]) -> Iterator[str]:
    """The names in a formula whose sums run over these letters."""
    match node:
        case lt.Row(factors=factors):
            for factor, after in zip(factors, (*factors[1:], None), strict=True):
                called = lt.is_fence(after, "(")
                if not (called and _is_function(lt.base_of(factor))):
                    yield from _names(factor, letters)
        case lt.Script(base=base, above=above):
            if isinstance(base, lt.Sym | lt.Accent):
                yield from _scripted(node, letters)
            elif not isinstance(base, lt.Num):
                yield from _names(base, letters)
            layer = isinstance(above, lt.Fence)
            if above is not None and not lt.is_transpose(above) and not layer:
                yield from _names(above, letters)
        case lt.Sym() | lt.Accent():
            name = new_name(node)
            function = operation_of(node) is not None and name not in SCALARS
            sign = isinstance(node, lt.Sym) and node.text in NO_NAMES
            if name and not function and not sign:
                yield name
        case lt.Big(body=body):
            yield from _names(body, letters)
        case _:
            for part in lt.inside(node):
                yield from _names(part, letters)


def _check_calls(root: lt.Node) -> None:
    """Raises: UnknownNameError for f(x), which is no product, for E[x] and for d/dx."""
    for node in lt.walk(root):
        match node:
            case lt.Sym(text=text, font="mathbb") if text not in NO_NAMES:
                raise _expectation(node)
            case lt.Fraction(top=top, bottom=lt.Row(factors=(first, *_))):
                if lt.factors_of(top)[0] == first and look(first) in ("d", r"\partial"):
                    raise _derivative(node)
            case lt.Row(factors=(head, *_)) if look(lt.base_of(head)) == r"\nabla":
                raise _derivative(node)
        factors = node.factors if isinstance(node, lt.Row) else ()
        for head, after in pairwise(factors):
            _check_function(head, after)
            if (
                new_name(lt.base_of(head)) == "E"
                and isinstance(after, lt.Fence)
                and after.left == "["
            ):
                raise _expectation(head)
            fence = lt.base_of(after)
            if lt.is_fence(fence, "(") and operation_of(head) is None:
                name, argument = new_name(head), new_name(fence.inner)
                of_names = kind_of(name or "x") == "Vector" and (
                    argument or lt.parts_of(fence.inner)[1:]
                )
                if name and (of_names or _is_left_open(root, name)):
                    raise UnknownNameError(
                        f"{name} is no function of the language; in a program it is left open, as "
                        f"{name}: Function",
                        column=head.at + 1,
                    )


def _is_left_open(root: lt.Node, name: str) -> bool:
    r"""Whether it is the \phi of \phi(W x), which stands nowhere but before brackets."""
    rows = [node.factors for node in lt.walk(root) if isinstance(node, lt.Row)]
    called = [
        new_name(x) for row in rows for x, y in pairwise(row) if lt.is_fence(lt.base_of(y), "(")
    ]
    everywhere = called.count(name) == list(_names(root, set())).count(name)
    return name.split("_")[0] in LEFT_OPEN and everywhere


def _check_function(head: lt.Node, after: lt.Node) -> None:
    r"""Raises: UnknownNameError for \operatorname{vec}(A) and \Gamma(x), which are no products."""
    fence = lt.base_of(after)
    word = look(head).removeprefix("\\")
    called = lt.is_fence(fence, "(", "[") and len(word) > 1
    if not (called and isinstance(head, lt.Sym)) or operation_of(head) is not None:
        return
    told = advice(word, []) if head.font or word == "Gamma" else ""
    if told or head.font == "operatorname":
        raise UnknownNameError(f"{word} is no function of the language{told}", column=head.at + 1)


def _derivative(node: lt.Node) -> UnknownNameError:
    return UnknownNameError(
        "a derivative stands here; what is given is differentiated itself", column=node.at + 1
    )


def _expectation(node: lt.Node) -> UnknownNameError:
    return UnknownNameError(
        r"this is no variable; an expectation is written as a mean, \frac{1}{N} \sum_{i=1}^N",
        column=node.at + 1,
    )


def _vectors(root: lt.Node) -> Iterator[str]:
    """The names of what is transposed, bold or in a norm, and of what ends a product after a
    matrix."""
    for node in lt.walk(root):
        match node:
            case lt.Script(base=base, above=above) if lt.is_transpose(above):
                yield from _terms(base)
            case lt.Fence(left="‖", inner=inner):
                yield from _terms(inner)
            case lt.Sym(font=font) if font in BOLD:
                yield from _terms(node)
            case lt.Row(factors=(*_, before, last)) if is_matrix(before) or is_row(before):
                yield from _terms(last)


def _is_function(head: lt.Node) -> bool:
    r"""Whether it is one before parentheses: \sigma, but no \lambda, is."""
    operation = operation_of(head)
    if operation is None:
        return False
    return new_name(head) not in SCALARS or is_entrywise(operation)


def _terms(node: lt.Node) -> Iterator[str]:
    """The names of the terms of a sum, or of the sum."""
    return (name for name in map(new_name, terms(node)) if name)


def _scripted(node: lt.Script, letters: set[str]) -> Iterator[str]:
    """W_1 is a name, x_i an entry of x where i is one of the letters, e^x no name."""
    below = [x for part in lt.parts_of(node.below) for x in _names(part, set())]
    e = isinstance(node.base, lt.Sym) and node.base.text == "e" and node.above is not None
    if e and not below:
        return
    if below and letters.issuperset(below):
        pi = isinstance(node.base, lt.Sym) and node.base.text == r"\pi"  # \pi_k is no constant
        yield from ["pi"] if pi else _names(node.base, letters)
        return
    layer = node.above if isinstance(node.above, lt.Fence) else None
    whole = lt.Script(node.at, node.base, node.below, layer)
    if operation_of(node.base) is None or new_name(node.base) in SCALARS:
        name = new_name(whole) if node.below is not None or layer is not None else None
        yield from [name] if name else _names(node.base, letters)
