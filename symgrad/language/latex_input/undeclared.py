"""The names of a formula that nothing declares."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from symgrad.errors import UnknownNameError
from symgrad.language.latex_input import tree as lt
from symgrad.language.latex_input.equations import formulas
from symgrad.language.latex_input.functions import is_function, operation_of
from symgrad.language.latex_input.grammar import tree
from symgrad.language.latex_input.names import new_name
from symgrad.language.names import SCALARS, kind_of

BOLD = ("mathbf", "boldsymbol", "bm")
NO_NAMES = ("I", r"\pi", r"\top", r"\infty", "", "'")


def undeclared(text: str) -> tuple[list[str], list[str], set[str]]:
    r"""The variables of a formula, in order; the dimensions that it names: what stands above a
    sum, and below a 1 or an I; and which names stand where only a vector can.

    >>> undeclared(r"\frac{1}{n} \sum_{i=1}^n (w^\top x_i - \hat{y}_i)^2 + \lambda \|W_1\|")[:2]
    (['w', 'x', 'y_hat', 'lam', 'W_1'], ['n'])
    >>> undeclared(r"L(\beta) = (y - X \beta)^2")[::2]
    (['y', 'X', 'beta'], {'beta'})

    Raises: UnknownNameError for a function that the language does not have.
    """
    found = formulas(text)
    root = tree(found[0].text if found else text, called=is_function)
    if isinstance(root, lt.Chain) and "=" in root.signs:  # what is on the left is no variable
        k = root.signs.index("=") + 1
        root = lt.Chain(root.at, root.operands[k:], root.signs[k:])
    _check_calls(root)
    letters: set[str] = set()
    dims: dict[str, None] = {}
    for node in lt.walk(root):
        match node:
            case lt.Big(below=below, above=above):
                letters |= {x for part in lt.parts_of(below) for x in _names(_first(part), set())}
                dims |= dict.fromkeys(() if above is None else _names(above, set()))
            case lt.Script(base=lt.Num() | lt.Sym(text="I"), below=below) if below is not None:
                dims |= dict.fromkeys(x for p in lt.parts_of(below) for x in _names(p, set()))
    names = [name for name in _names(root, letters) if name not in dims and name not in letters]
    return list(dict.fromkeys(names)), list(dims), {*_vectors(root)} - letters


def _first(part: lt.Node) -> lt.Node:
    """i of i = 1."""
    return part.operands[0] if isinstance(part, lt.Chain) else part


def _names(node: lt.Node, letters: set[str]) -> Iterator[str]:
    """The names in a formula whose sums run over these letters."""
    match node:
        case lt.Row(factors=factors):
            for factor, after in zip(factors, (*factors[1:], None), strict=True):
                called = isinstance(after, lt.Fence) and after.left == "("
                if not (called and operation_of(_head(factor))):
                    yield from _names(factor, letters)
        case lt.Script(base=base, above=above):
            if isinstance(base, lt.Sym | lt.Accent):
                yield from _scripted(node, letters)
            elif not isinstance(base, lt.Num):
                yield from _names(base, letters)
            transposed = isinstance(above, lt.Sym) and above.text == "T"
            layer = isinstance(above, lt.Fence)
            if above is not None and not transposed and not layer:
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
    """Raises: UnknownNameError for f(x), which is no product."""
    for node in lt.walk(root):
        factors = node.factors if isinstance(node, lt.Row) else ()
        for head, after in pairwise(factors):
            if isinstance(after, lt.Fence) and after.left == "(" and operation_of(head) is None:
                name, argument = new_name(head), new_name(after.inner)
                if (
                    name
                    and kind_of(name) == "Vector"
                    and (argument or lt.parts_of(after.inner)[1:])
                ):
                    raise UnknownNameError(
                        f"{name} is no function of the language; in a program it is left open, as "
                        f"{name}: Function",
                        column=head.at + 1,
                    )


def _vectors(root: lt.Node) -> Iterator[str]:
    """The names of what is transposed, bold or in a norm, and of what ends a product after a
    matrix."""
    for node in lt.walk(root):
        match node:
            case lt.Script(base=base, above=lt.Sym(text="T" | r"\top")):
                yield from _terms(base)
            case lt.Fence(left="‖", inner=inner):
                yield from _terms(inner)
            case lt.Sym(font=font) if font in BOLD:
                yield from _terms(node)
            case lt.Row(factors=(*_, before, last)) if _is_matrix(before):
                yield from _terms(last)


def _terms(node: lt.Node) -> Iterator[str]:
    """The names that are terms of a sum, or the sum."""
    match node:
        case lt.Sym() | lt.Script(base=lt.Sym() | lt.Accent(), above=None) | lt.Accent():
            name = new_name(node)
            yield from [name] if name else []
        case lt.Chain(operands=parts, signs=signs) if {*signs} <= {"+", "-"}:
            for part in parts:
                yield from _terms(part)
        case lt.Fence(left="(", inner=inner) | lt.Negative(inner=inner):
            yield from _terms(inner)


def _is_matrix(factor: lt.Node) -> bool:
    """X, and also its transpose or inverse."""
    name = new_name(_head(factor))
    return name is not None and kind_of(name) == "Matrix"


def _head(factor: lt.Node) -> lt.Node:
    """The function of \\log^2."""
    return factor.base if isinstance(factor, lt.Script) else factor


def _scripted(node: lt.Script, letters: set[str]) -> Iterator[str]:
    """W_1 is a name, x_i an entry of x where i is one of the letters, e^x no name."""
    below = [x for part in lt.parts_of(node.below) for x in _names(part, set())]
    e = isinstance(node.base, lt.Sym) and node.base.text == "e" and node.above is not None
    if e and not below:
        return
    if below and letters.issuperset(below):
        yield from _names(node.base, letters)
        return
    layer = node.above if isinstance(node.above, lt.Fence) else None
    whole = lt.Script(node.at, node.base, node.below, layer)
    if operation_of(node.base) is None or new_name(node.base) in SCALARS:
        name = new_name(whole) if node.below is not None or layer is not None else None
        yield from [name] if name else _names(node.base, letters)
