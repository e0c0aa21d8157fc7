"""Calls of every operation, one for each kind of arguments that it takes."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import symgrad as sg
from symgrad.calculus.derive import value as lowered
from symgrad.errors import SymgradError
from symgrad.language.dimensions import ONE, SCALAR, dims, kind
from symgrad.language.expressions import (
    ATOM,
    Call,
    Expression,
    Name,
    Number,
    Operation,
    expression,
    leaves,
)
from symgrad.language.operations.batches import over_batch
from symgrad.language.operations.constants import filled
from symgrad.language.operations.meanings import Filled, Identity, Total
from symgrad.language.unparse import unparse

m, n, p = dims("m n p")
KINDS = {
    **dict.fromkeys("ab", "Scalar"),
    **dict.fromkeys("vw", "Vector(n)"),
    "q": "Vector(p)",
    **dict.fromkeys("AB", "Matrix(m, n)"),
    "C": "Matrix(n, p)",
    "S": "Matrix(n, n)",
    "T": "Tensor(m, n, p)",
    "k": "Index(n)",
}
SHAPES = {
    **dict.fromkeys("ab", SCALAR),
    **dict.fromkeys("vw", (n, ONE)),
    "q": (p, ONE),
    **dict.fromkeys("AB", (m, n)),
    "C": (n, p),
    "S": (n, n),
    "T": (m, n, p),
}
PARSED = {  # what needs more than arguments of the right kind
    "einsum": [
        'einsum("ij,jk->ik", A, C)',
        'einsum("ijk,k->ij", T, q)',
        'einsum("ijk,j,ij->ki", T, v, A)',
        'einsum("ii->i", S)',
    ],
    "entry": ["S[k, k]", "(S + S.T)[k, k]", "v[0]", "T[0, k, -1]"],
    "place": [],
    "slice_of": ["v[1:]", "S[:-1, 2:]", "v.T[:-1]"],
    "number_of": [],
    "same_label": ["(k == k)"],
    "index_sum": [
        "sum(v[i] * w[i]**2 for i in range(n))",
        "sum(exp(v[i + 1] - v[i]) for i in range(n - 1))",
        "sum(cos(i) * v[j] for i in range(1, n) for j in range(i))",
        "sum(A[i, j] * T[i, j, l] for i in range(m) for j in range(n) for l in range(p))",
    ],
    "index_mean": ["mean(v[i] * w[i]**2 for i in range(n))"],
    "vector": [
        "vector(exp(v[i]) * S[i, i] for i in range(n))",
        "vector(v[n - 1 - i] * S[i, 0] for i in range(n))",
    ],
    "matrix": ["matrix(A[j, i] * v[i] for i in range(n) for j in range(m))"],
    "tensor": ["tensor(A[i, j] * q[l] for i in range(m) for l in range(p) for j in range(n))"],
    "where": [
        "where(v > w, v**2, a)",
        "where(A <= 0.4, A * B, exp(A))",
        "where(0.3 < a < 0.6, b, sin(a))",
        "where(a > b, v, w)",
    ],
    "matrix_power": ["matrix_power(S, 3)", "matrix_power(S, -2)", "matrix_power(S, n)"],
    "expm": ["expm(0.2 * S)"],
    "expm_frechet": ["expm_frechet(eye(n), S)"],
    "sylvester": ["sylvester(S, S, S)"],
    "polygamma": ["polygamma(v)", "polygamma(v, order=2)", "polygamma(A, order=3)"],
    "huber": ["huber(a)", "huber(v)", "huber(a, 0.4)", "huber(v, 0.4)", "huber(A, 1.0)"],
    "kron_left": ["kron_left(kron(A, C), C)"],
    "kron_right": ["kron_right(kron(A, C), A)"],
}


@cache
def calls(operation: Operation) -> tuple[Call, ...]:
    """The calls that the operation's shape rule allows, one for each kind of arguments."""
    return tuple(_calls(operation))


def _calls(operation: Operation) -> Iterator[Call]:
    if isinstance(operation.meaning, Total):
        yield over_batch(operation, Name("v", (n, ONE), "batch"), ("v",), "batch")  # type: ignore[misc]
        return
    if isinstance(operation.meaning, (Filled, Identity)):
        yield filled(operation, (n,))  # type: ignore[misc]
        return
    for text in PARSED.get(operation.name, ()):
        names = "\n".join(f"{name}: {KINDS[name]}" for name in KINDS if name in text)
        yield sg.parse(f"{names}\nf = {text}").output  # type: ignore[misc]
    pool: list[Expression] = [Name(name, s) for name, s in SHAPES.items() if name != "T"]
    pool += [Name("k", SCALAR, None, n), *([expression(3)] * (operation.precedence < ATOM))]
    axes: list[Mapping[str, Any]] = (
        [{}, {"axis": 0}, {"axis": 1}] if "axis" in operation.options else [{}]
    )
    seen = set()
    for arity in {*operation.arity} if operation.name not in PARSED else ():
        for arguments in itertools.product(pool, repeat=arity):
            kinds = tuple(kind_of(x) for x in arguments)
            alike = len(set(arguments)), len({x.shape for x in arguments})
            for options in axes:
                key = (kinds, alike, *options.values())
                call = None if key in seen else attempt(operation, arguments, options)
                if call is not None:
                    seen.add(key)
                    yield call


def kind_of(argument: Expression) -> tuple[object, ...]:
    return type(argument), is_label(argument), kind(argument.shape)


def is_label(argument: Expression) -> bool:
    return isinstance(argument, Name) and argument.index_of is not None


def attempt(operation: Operation, arguments: Any, options: Mapping[str, Any]) -> Call | None:
    """The call, unless symgrad refuses it; of numbers alone there is no call."""
    if all(isinstance(x, Number) for x in arguments):
        return None
    if is_label(arguments[0]) and len(arguments) == 2 and arguments[1].shape[1] != ONE:
        return None
    if operation.name == "kron" and not all(kind(x.shape) == "Matrix" for x in arguments):
        return None
    try:
        call = operation(*arguments, **options)
        if not (isinstance(call, Call) and call.operation is operation):
            return None
        lowered(sg.parse(program(call)))
    except SymgradError:
        return None
    return call


def names_in(call: Expression) -> list[str]:
    return list(dict.fromkeys(leaf.name for leaf in leaves(call) if isinstance(leaf, Name)))


def parameters(call: Call) -> list[str]:
    return [name for name in names_in(call) if name != "k"]


def declarations(call: Call) -> str:
    """Declarations of the call's names, and of two matrices that give every dimension a size."""
    return "\n".join(f"{name}: {KINDS[name]}" for name in dict.fromkeys([*names_in(call), *"AC"]))


def program(call: Call) -> str:
    return f"{declarations(call)}\nf = {unparse(call)}"
