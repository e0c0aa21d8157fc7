"""What compiled code calls by its name: our own functions, routines, views, products, LAPACK."""

from __future__ import annotations

import importlib
import inspect
import math
from functools import cache, partial
from types import FunctionType
from typing import Any

import numpy as np

from symgrad.errors import OptionError
from symgrad.language.operations.namespace import ROUTINES, Routine
from symgrad.numerics import openblas
from symgrad.numerics.compiled import blas, kernels, lapack, memory, products
from symgrad.numerics.compiled.files import kept
from symgrad.numerics.compiled.lapack import symbol
from symgrad.numerics.source.numpy import defined

MATHEMATICS = {"fastmath": {"contract", "reassoc"}, "error_model": "numpy"}
INSIDE = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}  # called by compiled code alone
# code from a file is given this module's name again
OWN = {"np": np, "math": math, "__name__": __name__}
LABELS = [f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)]


def numba() -> Any:
    """The module; an OptionError that says how to install it."""
    try:
        importlib.import_module("scipy.linalg")  # its LAPACK solves systems
        return importlib.import_module("numba")
    except ImportError as error:
        raise OptionError(
            f"modules='numba' needs Numba and SciPy ({error}): pip install symgrad[numba]"
        ) from None


@cache
def fingerprint(dtype: str) -> str:
    """All that compiled code is made of beside its own source."""
    modules = (
        blas,
        kernels,
        lapack,
        memory,
        openblas,
        products,
        importlib.import_module(__name__),
    )
    texts = [*map(inspect.getsource, modules), *map(for_numba, ROUTINES.values())]
    return "\0".join([dtype, numba().__version__, np.__version__, openblas.kernels(), *texts])


def names(dtype: str) -> dict[str, Any]:
    """What the source of a program refers to."""
    nb = numba()
    return {
        **OWN,
        "real": np.dtype(dtype).type,
        "compiled": nb.njit(**MATHEMATICS, **INSIDE),
        **_helpers(dtype),
        **_views(dtype),
        **_products(dtype),
    }


@cache
def _helpers(dtype: str) -> dict[str, Any]:
    """Our own functions, compiled where they are called."""
    njit, double = numba().njit, dtype == "float64"
    inside = partial(njit, error_model="numpy", **INSIDE)

    def own(kernel: FunctionType) -> Any:
        told = {"forceinline": True} if kernel.__name__ in kernels.LONG else {}  # False forbids it
        return inside(kernel, fastmath={"contract"}, **told)

    made = kernels.typed(dtype, own)
    routines = lapack.lapack(double)
    for name in lapack.FUNCTIONS:
        made[name] = inside(FunctionType(getattr(lapack, name).__code__, vars(lapack) | routines))
    made |= _extremes()
    for name, routine in ROUTINES.items():
        if name in made:  # erf, as a function of a number
            continue
        function = defined(for_numba(routine), OWN | made)[name]
        made[name] = inside(function)
    return made


def _extremes() -> dict[str, Any]:
    """maximum and minimum as LLVM's own, of which it makes loops on vectors, from its version 18;
    of the plain functions it makes none where nan has to stay."""
    if importlib.import_module("llvmlite.binding").llvm_version_info < (18,):
        return {}
    return {name: _extreme(name) for name in ("maximum", "minimum")}


def _extreme(name: str) -> Any:
    extending, ir = map(importlib.import_module, ("numba.extending", "llvmlite.ir"))

    @extending.intrinsic  # type: ignore[untyped-decorator]
    def extreme(context: Any, a: Any, b: Any) -> Any:
        def made(target: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            entry = target.get_value_type(a)
            kind = ir.FunctionType(entry, [entry, entry])
            called = builder.module.declare_intrinsic(f"llvm.{name}", [entry], kind)
            return builder.call(called, arguments)

        return (a(a, a), made) if a == b else None

    return extreme


def for_numba(routine: Routine) -> str:
    """The text of a routine in what Numba compiles."""
    return routine.loops or routine.source.replace("xp, ", "").replace("xp.", "np.")


@cache
def _products(dtype: str) -> dict[str, Any]:
    """The product of matrices, compiled once for all that call it; it raises nothing."""
    nb, types = numba(), importlib.import_module("numba.types")
    double = dtype == "float64"
    multiplied, called = blas.blas(double)
    called |= products.limits(double)
    for function in (products.by_rows, products.by_entries, multiplied):
        own = FunctionType(function.__code__, vars(inspect.getmodule(function)) | called)
        called[function.__name__] = nb.njit(own, inline="always", **MATHEMATICS)
    called["multiplied"] = called[multiplied.__name__]
    text = inspect.getsource(products.product)
    file = kept(text, fingerprint(dtype))
    made = defined(text, {**OWN, **vars(products), **called}, file)["product"]
    entry = types.CPointer(nb.from_dtype(np.dtype(dtype)))
    signature = types.void(*[entry] * 3, *[types.intp] * 6)
    compiled = nb.cfunc(signature, cache=bool(file), **MATHEMATICS)(made)
    _ALIVE.append(compiled)
    return {"product": symbol(f"product_{dtype}", compiled.address, signature)}


_ALIVE: list[Any] = []  # functions that are called at their address


@cache
def _views(dtype: str) -> dict[str, Any]:
    """pointer(address), what stands there: numbers, or labels; view(address, shape), an array."""
    nb = numba()
    extending = importlib.import_module("numba.extending")
    made = {}
    for suffix, kind in [("", dtype), *((f"_{kind}", kind) for kind in LABELS)]:
        made[f"pointer{suffix}"] = pointer = _pointer(nb, extending, kind)
        made[f"view{suffix}"] = nb.njit(_viewing(nb.carray, pointer), **INSIDE)
    return made


def _pointer(nb: Any, extending: Any, kind: str) -> Any:
    entry = nb.types.CPointer(nb.from_dtype(np.dtype(kind)))

    @extending.intrinsic  # type: ignore[untyped-decorator]
    def pointer(context: Any, address: Any) -> Any:
        def made(target: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return builder.inttoptr(arguments[0], target.get_value_type(entry))

        return entry(nb.types.int64), made

    return pointer


def _viewing(carray: Any, pointer: Any) -> Any:
    return lambda address, shape: carray(pointer(address), shape)
