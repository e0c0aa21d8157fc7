"""The names of a formula that nothing declares."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from symgrad.errors import ProgramError, SymgradError, UnknownNameError
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
    of_examples,
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
from symgrad.language.operations.meanings import Function

LEFT_OPEN = ("phi", "psi", "rho", "kappa")  # Greek letters that functions have, before brackets
DERIVATIVE = "a derivative stands here; what is given is differentiated itself"
EXPECTATION = (
    r"this is no variable; an expectation is written as a mean, \frac{1}{N} \sum_{i=1}^N, or says "
    r"what is drawn, as in \mathbb{E}_{x}[...]"
)
NO_NAMES = ("I", r"\pi", r"\top", r"\infty", "", "'")


@dataclass(frozen=True)
class Undeclared:
    """The names of a formula, in order, with their `kinds`; the dimensions that it names: what
    stands above a sum, and below a 1 or an I; which names stand where only a vector can; which ones
    are `examples` of a batch, and what its number of examples is called; what only divides, which
    is a number."""

    kinds: dict[str, str]
    dimensions: list[str]
    vectors: set[str]
    examples: list[str]
    counts: set[str]
    divisors: set[str]


def undeclared(text: str) -> Undeclared:
    r"""What a formula says of names that nothing declares.

    >>> found = undeclared(r"\frac{1}{n} \sum_{i=1}^n (p_i - \hat{y}_i)^2 + \lambda \|W_1\|")
    >>> [*found.kinds.items()], found.dimensions
    ([('p', 'Vector'), ('y_hat', 'Vector'), ('lam', 'Scalar'), ('W_1', 'Matrix')], ['n'])
    >>> undeclared(r"L(\beta) = (y - X \beta)^2").vectors
    {'beta'}
    >>> found = undeclared(r"\frac{1}{n} \sum_{i=1}^n (y_i - w^\top x_i)^2")
    >>> found.kinds, found.dimensions, found.counts, found.examples
    ({'y': 'Scalar', 'w': 'Vector', 'x': 'Vector'}, [], {'n'}, ['x', 'y'])

    Raises: UnknownNameError for a function that the language does not have.
    """
    root, defined = _right_sides(text)
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
    letters -= {*examples}
    shown = list(_indexed(root))
    matrices = {name for name, below in shown if len(below) == 2 and letters >= {*below}}
    numbers = (x for letter in letters for x in numbered(root, letter))
    rows = {new_name(base) or "" for base, vector in numbers if vector} - {*examples}
    entries = {x for x, below in shown if len(below) == 1 and letters >= {*below}} - rows
    labels = _labels(root, letters, examples)
    letters |= labels
    skipped = {*dims, *letters, *number, *defined}
    names = [*(name for name in _names(root, letters) if name not in skipped), *sorted(labels)]
    vectors = {*_vectors(root)} - letters | {name for name, vector in examples.items() if vector}
    vectors |= entries - matrices - {name for name, vector in examples.items() if vector is False}
    dimensions = [name for name in dims if name not in number]
    divide = [new_name(node) for node in divisors(root)]
    only = {name for name in names if names.count(name) == divide.count(name)} - vectors
    times = Counter(name for name, _ in shown)
    entries &= vectors - {name for name in entries if names.count(name) > times[name]}
    kinds = {name: kind_of(name, name in labels) for name in names}
    scalars = only | {name for name, vector in examples.items() if vector is False}
    for those, kind in ((matrices | rows, "Matrix"), (entries, "Vector"), (scalars, "Scalar")):
        kinds |= dict.fromkeys(those & {*names}, kind)
    return Undeclared(kinds, dimensions, vectors, sorted(examples), number, only)


def _indexed(root: lt.Node) -> Iterator[tuple[str, list[str]]]:
    """Each name with the letters lowered beside it."""
    for node in lt.walk(root):
        match node:
            case lt.Script(base=lt.Sym() | lt.Accent() as base, below=lt.Node() as below):
                name, letters = new_name(base), letters_of(below)
                if name is not None and letters is not None:
                    yield name, [new_name(lt.Sym(0, x)) or x for x in letters]


def _labels(root: lt.Node, letters: set[str], examples: Mapping[str, object]) -> set[str]:
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


def _right_sides(text: str) -> tuple[lt.Node, set[str]]:
    """The formulas without what is on the left, which is no variable; and what is defined there."""
    parts, defined = list[lt.Node](), set[str]()
    for each in [found.text for found in formulas(text)] or [text]:
        root = in_full(tree(each, called=is_function), lambda node: None)
        root = indexed(lowered(of_examples(root)), lambda node: None)
        if isinstance(root, lt.Chain) and "=" in root.signs:
            k = root.signs.index("=") + 1
            defined |= {new_name(root.operands[0]) or ""}
            root = lt.Chain(root.at, root.operands[k:], root.signs[k:])
        parts.append(root)
    return (lt.Listed(0, tuple(parts)), defined) if parts[1:] else (parts[0], set())


def _examples(root: lt.Node) -> tuple[dict[str, bool | None], set[str]]:
    """The names that are examples of the one batch, whether they are vectors (None where nothing
    says it), and what the number of examples is called."""
    drawn, sets = dict[str, bool | None](), set[str]()
    for node in lt.walk(root):
        match node:
            case lt.Big(below=lt.Chain(operands=(each, of), signs=(r"\in",)), body=body):
                parts = lt.parts_of(each.inner if isinstance(each, lt.Fence) else each)
                names = [name for name in map(new_name, parts) if name]
                if not any({*names} & {*below} for _, below in _indexed(body)):
                    drawn |= dict.fromkeys(names)
                    sets |= {new_name(of) or ""}
    if drawn:
        return drawn, sets
    found = {letter: own for letter, own in groups(root).items() if any(own.values())}
    if len(found) != 1:
        return {}, set()
    above = [node.above for node in lt.walk(root) if isinstance(node, lt.Big)]
    numbers = (node for node in (*above, *counts(divisors(root))) if node is not None)
    return {**next(iter(found.values()))}, {name for node in numbers if (name := new_name(node))}


def examples_in(text: str, kinds: Mapping[str, str]) -> set[str]:
    """The declared names that a formula uses as examples of a batch: scalars with an index, and
    what has the same one.

    >>> sorted(examples_in(r"\\sum_i (y_i - w^\\top x_i)^2", {"x": "Vector", "y": "Scalar"}))
    ['x', 'y']
    """
    try:
        found = groups(_right_sides(text)[0])
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
            for factor, after in zip(factors, (*factors[1:], None), strict=False):
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
                raise UnknownNameError(EXPECTATION, column=node.at + 1)
            case lt.Script(below=lt.Script(base=label, below=lt.Sym(text=letter))):
                if letter in LETTERS:
                    raise ProgramError(
                        f"an index with an index is not read; of one example, without the {letter} "
                        f"and its sum, write z_{look(label)} for an entry of its scores z",
                        column=node.at + 1,
                    )
            case lt.Fraction(top=top, bottom=lt.Row(factors=(first, *_))):
                if lt.factors_of(top)[0] == first and look(first) in ("d", r"\partial"):
                    raise UnknownNameError(DERIVATIVE, column=node.at + 1)
            case lt.Row(factors=(head, *_)) if look(lt.base_of(head)) == r"\nabla":
                raise UnknownNameError(DERIVATIVE, column=node.at + 1)
        factors = node.factors if isinstance(node, lt.Row) else ()
        for head, after in pairwise(factors):
            _check_function(head, after)
            if lt.is_fence(after, "[") and new_name(lt.base_of(head)) == "E":
                raise UnknownNameError(EXPECTATION, column=head.at + 1)
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
            case lt.Row(factors=(*_, head, lt.Fence(left="(", inner=inner))):
                if isinstance(getattr(operation_of(head), "meaning", None), Function):
                    yield from _terms(inner)


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
