r"""Functions that a program leaves open, `phi: Function`: any activation, any loss.

    phi(z)        of one argument: a number of a number, entry by entry
    ell(y, f)     of several, or declared scalar=True: one number of whole vectors

Such a function is an operation like all others, and so are its derivatives, which are called by the
numbers of the arguments that they are by: phi_1 is phi', phi_11 is phi'', ell_2 the gradient by f,
ell_12 the matrix of second derivatives by y and f. In LaTeX \phi'(z), \nabla_{2} \ell(y, f).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from symgrad.errors import ProgramError, ShapeError
from symgrad.language import composing
from symgrad.language import formula as fm
from symgrad.language.dimensions import ONE, SCALAR, Dimension, Shape
from symgrad.language.expressions import Call, Expression, Operation, parts
from symgrad.language.formula import Formula
from symgrad.language.operations.contractions import einsum
from symgrad.language.operations.elementwise import ENTRYWISE
from symgrad.language.operations.meanings import Composite, Elementwise, Function
from symgrad.language.phrases import phrase
from symgrad.language.shapes import elementwise, given

FACTS = ("convex", "even", "increasing", "positive", "scalar")
POSITIVE = ("positive", "increasing", "convex")  # phi, phi', phi'' has no value below 0
MOST = 9  # arguments: each is a digit in the name of a derivative
LETTERS = "abcdefghijklmnop"  # of the axes of a derivative
NABLA = fm.Symbol(latex=r"\nabla")
PRIME = fm.Symbol(latex="'")
BY_ONE, BY_EACH = "{0}, by its argument", "{0}, by each argument"
By = tuple[int, ...]  # the numbers of the arguments that a derivative is by, in order


@dataclass(frozen=True)
class Unspecified:
    """A function without a formula. `ranks` says of each argument whether it is a number, 0, or a
    vector, 1; before the first call there are none."""

    name: str
    facts: frozenset[str] = frozenset()
    ranks: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.facts >= {"even", "increasing"}:
            raise ProgramError(f"{self.name}: a function that is even and increasing is constant")

    @property
    def entrywise(self) -> bool:
        """Whether it is of one number, and so of each entry of an array."""
        return len(self.ranks) == 1 and "scalar" not in self.facts

    def first_called(self, arguments: tuple[Expression, ...]) -> Unspecified:
        """The function of such arguments.

        Raises: SymgradError where it cannot be."""
        if self.ranks:
            return self
        if len(arguments) == 1 and "scalar" not in self.facts:
            return replace(self, ranks=(0,))
        for fact in sorted(self.facts & {"even", "increasing", "convex"}):
            raise ProgramError(
                f"{self.name} is declared {fact}, which is said of a function of one number"
            )
        return replace(self, ranks=tuple(_rank(self.name, a) for a in arguments))


def _rank(name: str, argument: Expression) -> int:
    """0 of a number, 1 of a vector."""
    if argument.shape == SCALAR:
        return 0
    if argument.shape[1:] == (ONE,):
        return 1
    hint = "; turn it with .T" if argument.shape[0] == ONE else ""
    raise ShapeError(
        f"{name}: a function of several arguments, or with scalar=True, is of numbers and vectors; "
        f"{given(argument)}{hint}"
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class Derivative(Operation):
    """The function itself, or its derivative by some arguments."""

    function: Unspecified
    by: By

    def __reduce__(self) -> tuple[Callable[..., Operation], tuple[Any, ...]]:
        """Pickled by its function."""
        return derivative, (self.function, self.by)


@cache
def derivative(function: Unspecified, by: By = ()) -> Derivative:
    """The one operation that is this derivative; that of none is the function."""
    suffix = f"_{''.join(map(str, by))}" if by else ""
    name = f"{function.name}{suffix}"
    made = _of_entries if function.entrywise else _of_vectors
    count = len(function.ranks)
    return Derivative(
        name=name,
        function=function,
        by=by,
        arity=(count, count),
        reserved=not by,
        notation=lambda call, *arguments: notation(function, by, arguments),
        **made(function, by, name),
    )


def _numbers(function: Unspecified, by: By) -> dict[str, Any]:
    """What the meanings of both kinds have."""
    order = len(by)
    return {
        "kernel": lambda xp, *x: xp.unspecified(function, by, *x),
        "positive": order < len(POSITIVE) and POSITIVE[order] in function.facts,
    }


def _of_entries(function: Unspecified, by: By, name: str) -> dict[str, Any]:
    """The record of a function of each entry."""
    return {
        "meaning": Elementwise(
            derivative=lambda x: (derivative(function, (*by, 1))(x),),
            parity=(-1) ** len(by) if "even" in function.facts else 0,
            **_numbers(function, by),
        ),
        "shape": elementwise(name),
        "rule": phrase("{0}, elementwise", name),
        "sentence": phrase(ENTRYWISE, name),
        "symbol": "h",
    }


def _of_vectors(function: Unspecified, by: By, name: str) -> dict[str, Any]:
    """The record of a function of whole vectors."""

    def pullback(g: Expression, y: Expression, *x: Expression) -> tuple[Expression, ...]:
        return tuple(_sent(function, by, k, g, x) for k in range(1, len(x) + 1))

    axes = [k for k in by if function.ranks[k - 1]]
    return {
        "meaning": Function(
            over="arguments",
            pullback=pullback,
            symmetric=len(axes) == 2 and len({*axes}) == 1,
            **_numbers(function, by),
        ),
        "shape": lambda arguments, options: _shape(function, by, arguments),
        "rule": phrase(BY_ONE if len(function.ranks) == 1 else BY_EACH, name),
        "sentence": phrase(
            "An argument of {0} receives the derivative by it, times the incoming gradient.",
            function.name,
        ),
        "symbol": "l",
    }


def _shape(function: Unspecified, by: By, arguments: tuple[Expression, ...]) -> Shape:
    """An axis for each vector that it is a derivative by."""
    for k, (rank, argument) in enumerate(zip(function.ranks, arguments, strict=True)):
        if _rank(function.name, argument) != rank:
            kind = ("a number", "a vector")[rank]
            raise ShapeError(
                f"{function.name}: argument {k + 1} is {kind} where it is called first; "
                f"{given(argument)}"
            )
    axes: list[Dimension] = [arguments[k - 1].shape[0] for k in by if function.ranks[k - 1]]
    return (*axes, *(ONE,) * (2 - len(axes)))


def _sent(
    function: Unspecified, by: By, k: int, g: Expression, x: tuple[Expression, ...]
) -> Expression:
    """The cotangent of the k-th argument: the derivative by it too, times g along g's axes."""
    place = bisect_left(by, k)
    more = derivative(function, (*by[:place], k, *by[place:]))(*x)
    letters = {j: LETTERS[j + 1] for j in range(len(by)) if function.ranks[by[j] - 1]}
    along = "".join(letters.values())
    own = LETTERS[0] * function.ranks[k - 1]
    if not along:
        return g * more
    before = sum(j < place for j in letters)
    if len(along) == 1:
        return (more.T if before or not own else more) @ g
    axes = f"{along[:before]}{own}{along[before:]}"
    return einsum(more, g, spec=f"{axes},{along}->{own}")


# how it is written


def notation(function: Unspecified, by: By, arguments: tuple[Formula, ...]) -> Formula:
    r"""\phi''(z), \nabla_{12} \ell(y, f), \partial_{1} \ell(a, b), \nabla^{2} g(x)."""
    name: Formula = fm.Named(name=function.name)
    if not by:
        return composing.applied(name, *arguments)
    parts = (name, *(PRIME,) * len(by)) if function.entrywise else (_sign(function, by), name)
    digits = "".join(map(str, by))
    head = composing.spelled(fm.Listed(parts, separator=""), f"{function.name}_{digits}", fm.ATOM)
    return composing.applied(head, *arguments)


def _sign(function: Unspecified, by: By) -> Formula:
    """The sign before the function: of its one argument without a number."""
    if len(function.ranks) == 1:
        return fm.Symbol(latex=rf"\nabla^{{{len(by)}}}" if len(by) > 1 else r"\nabla ")
    sign = NABLA if any(function.ranks[k - 1] for k in by) else composing.PARTIAL
    return composing.lowered(sign, fm.Number(digits="".join(map(str, by))))


# how programs call it


@dataclass
class Functions(Mapping[str, Operation]):
    """The functions that lines declare, and their derivatives, by the names that programs call them
    by; `beside` a program phi' is called dphi, too."""

    declared: dict[str, Unspecified] = field(default_factory=dict)
    beside: bool = False

    def __getitem__(self, name: str) -> Operation:
        whole, by = self._apart(name)
        function = self.declared[whole]
        if function.ranks and _is_derivative(function, by):
            return derivative(function, by)
        return self._first(function, name, by)

    def _apart(self, name: str) -> tuple[str, By]:
        """The function that a name is of, and what the derivative is by."""
        if name in self.declared:
            return name, ()
        whole, _, digits = name.rpartition("_")
        if whole in self.declared and digits and {*digits} <= {*"123456789"}:
            return whole, tuple(map(int, digits))
        if self.beside and name[:1] == "d" and name[1:] in self.declared:
            return name[1:], (1,)
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.declared)

    def __len__(self) -> int:
        return len(self.declared)

    def _first(self, function: Unspecified, name: str, by: By) -> Operation:
        """What a function is whose arguments are not known yet: the first call tells."""

        whole = "scalar" in function.facts

        def called(*arguments: Expression) -> Expression:
            known = self.declared[function.name] = function.first_called(arguments)
            _check_derivative(known, by)
            return derivative(known, by)(*arguments)

        return Operation(
            name=name,
            meaning=Composite(called),
            shape=lambda arguments, options: SCALAR if whole else arguments[0].shape,
            arity=(1, MOST),
            rule="",
            sentence="",
            prepare=called,
            reserved=not by,
        )


def _is_derivative(function: Unspecified, by: By) -> bool:
    return list(by) == sorted(by) and all(k <= len(function.ranks) for k in by)


def _check_derivative(function: Unspecified, by: By) -> None:
    """Raises: ProgramError for what is no derivative of it, with the one that is meant."""
    name, count = function.name, len(function.ranks)
    digits = "".join(map(str, by))
    if not all(k <= count for k in by):
        if count == 1:
            meant = f"{name}_1 is {name}', {name}_11 is {name}''"
        else:
            meant = f"{name}_1 is its derivative by the first, {name}_12 by the first and second"
        raise ProgramError(
            f"{name}_{digits}: {name} has {count} argument{'s' * (count > 1)}; {meant}"
        )
    if list(by) != sorted(by):
        right = "".join(sorted(digits))
        raise ProgramError(
            f"{name}_{digits} is the transpose of {name}_{right}; write {name}_{right}"
        )


def calls_of(formulas: Iterable[Expression]) -> dict[str, Call]:
    """The functions that formulas leave open: of each, by its name, the first call.

    Raises: ProgramError where two of a name differ in their arguments."""
    calls: dict[str, Call] = {}
    for formula in formulas:
        for node in parts(formula):
            if isinstance(node, Call) and isinstance(node.operation, Derivative):
                function = node.operation.function
                first = function_of(calls.setdefault(function.name, node))
                if first != function:
                    raise ProgramError(
                        f"{function.name} is called as a function of {_arguments(first)}, and of "
                        f"{_arguments(function)}; give one of them another name"
                    )
    return calls


def _arguments(function: Unspecified) -> str:
    """a number and a vector"""
    return " and ".join(("a number", "a vector")[rank] for rank in function.ranks)


def function_of(call: Call) -> Unspecified:
    """The function of a call of it, or of its derivative."""
    assert isinstance(call.operation, Derivative)
    return call.operation.function
