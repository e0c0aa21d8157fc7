"""What compiled code calls by its name: our own functions, routines, views, products, LAPACK."""

from __future__ import annotations

import importlib
import inspect
import math
from functools import cache
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from symgrad.errors import OptionError
from symgrad.language.operations.namespace import ROUTINES, Routine
from symgrad.numerics.compiled import kernels, lapack, products
from symgrad.numerics.compiled.files import kept
from symgrad.numerics.compiled.lapack import symbol
from symgrad.numerics.source import defined

MATHEMATICS = {"fastmath": {"contract", "reassoc"}, "error_model": "numpy"}
OWN = {"np": np, "__name__": __name__}  # code from a file is given this module's name again
LABELS = [f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)]


def numba() -> Any:
    """The module; an OptionError that says how to install it."""
    try:
        importlib.import_module("scipy.linalg")  # its BLAS multiplies matrices
        return importlib.import_module("numba")
    except ImportError as error:
        raise OptionError(
            f"modules='numba' needs Numba and SciPy ({error}): pip install symgrad[numba]"
        ) from None


@cache
def fingerprint(dtype: str) -> str:
    """All that compiled code is made of beside its own source."""
    modules = (kernels, lapack, products, importlib.import_module(__name__))
    texts = [*map(inspect.getsource, modules), *map(for_numba, ROUTINES.values())]
    return "\0".join([dtype, numba().__version__, np.__version__, *texts])


def names(dtype: str) -> dict[str, Any]:
    """What the source of a program refers to."""
    nb = numba()
    return {
        **OWN,
        "math": math,
        "real": np.dtype(dtype).type,
        "compiled": nb.njit(no_cpython_wrapper=True, **MATHEMATICS),
        **_helpers(dtype),
        **_views(dtype),
        **_products(dtype),
    }


@cache
def _helpers(dtype: str) -> dict[str, Any]:
    """Our own functions, compiled where they are called."""
    njit, double = numba().njit, dtype == "float64"
    made: dict[str, Any] = {}

    def own(module: ModuleType, name: str, called: dict[str, Any]) -> FunctionType:
        return FunctionType(getattr(module, name).__code__, vars(module) | called)

    helpers = [name for name, each in vars(kernels).items() if inspect.isfunction(each)]
    for name in helpers:
        function = own(kernels, name, made)  # they call each other
        made[name] = njit(function, fastmath={"contract"}, error_model="numpy")
    if not double:
        made |= {name: made[f"{name}_single"] for name in helpers if f"{name}_single" in made}
    routines = lapack.lapack(double)
    for name in lapack.FUNCTIONS:
        made[name] = njit(own(lapack, name, routines), error_model="numpy")
    for name, routine in ROUTINES.items():
        function = defined(for_numba(routine), OWN | made)[name]
        made.setdefault(name, njit(function, error_model="numpy"))
    return made


def for_numba(routine: Routine) -> str:
    """The text of a routine in what Numba compiles."""
    return routine.loops or routine.source.replace("xp, ", "").replace("xp.", "np.")


@cache
def _products(dtype: str) -> dict[str, Any]:
    """Loops for products of matrices, compiled once for all that call them; they raise nothing."""
    nb, types = numba(), importlib.import_module("numba.types")
    loops = {
        name: nb.njit(getattr(products, name), **MATHEMATICS) for name in ("by_rows", "by_entries")
    }
    text = products.AT_ADDRESSES
    file = kept(text, fingerprint(dtype))
    made = defined(text, {**OWN, "carray": nb.carray, "farray": nb.farray, **loops}, file)
    entries = types.CPointer(nb.from_dtype(np.dtype(dtype)))
    signature = types.void(*[entries] * 3, *[types.intp] * 3)
    called = {}
    for name in ("rows_at", "columns_at", "entries_at"):
        function = nb.cfunc(signature, cache=bool(file), **MATHEMATICS)(made[name])
        called[name] = symbol(f"{name}_{dtype}", function.address, signature)
        _ALIVE.append(function)
    made = defined(products.CALLS, OWN | called)
    return {name: nb.njit(made[name]) for name in ("by_rows", "by_columns", "by_entries")}


_ALIVE: list[Any] = []  # functions that are called at their address


@cache
def _views(dtype: str) -> dict[str, Any]:
    """view(address, shape): the array of numbers that stand there, or of labels."""
    nb = numba()
    extending = importlib.import_module("numba.extending")

    def view(kind: str) -> Any:
        entry = nb.types.CPointer(nb.from_dtype(np.dtype(kind)))

        @extending.intrinsic  # type: ignore[untyped-decorator]
        def pointer(context: Any, address: Any) -> Any:
            def made(target: Any, builder: Any, signature: Any, arguments: Any) -> Any:
                return builder.inttoptr(arguments[0], target.get_value_type(entry))

            return entry(nb.types.int64), made

        return nb.njit(lambda address, shape: nb.carray(pointer(address), shape))

    return {"view": view(dtype)} | {f"view_{kind}": view(kind) for kind in LABELS}
