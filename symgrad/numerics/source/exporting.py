"""A gradient as text for PyTorch or JAX: a loss whose derivative is the derived one."""

from __future__ import annotations

from textwrap import indent
from typing import Any

import sympy

from symgrad.calculus import as_problem
from symgrad.calculus.derive import gradient
from symgrad.calculus.nodes import Axis
from symgrad.errors import OptionError, one_of
from symgrad.language.problem import Problem, Wrt
from symgrad.numerics.function import compile_derivation
from symgrad.numerics.sizes import axes_of

TORCH = '''"""A loss with its derived gradient for PyTorch (with the package array-api-compat):

    value = loss({{{parameters}}}, {{{data}}})
    value.backward()

The program:

{program}
"""

import torch
{function}


PARAMETERS = {names}


class Loss(torch.autograd.Function):
    """The loss; backward is the gradient as it was derived, times what comes from above."""

    @staticmethod
    def forward(ctx, data, *parameters):
        """The value; the gradient is worked out with it."""
        inputs = {{**data, **dict(zip(PARAMETERS, parameters))}}
        value, *slopes = {call}
        ctx.save_for_backward(*slopes)
        return value

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, upstream):
        """The cotangent of each parameter."""
        return None, *(upstream * slope for slope in ctx.saved_tensors)


def loss(parameters, data):
    """The loss, a tensor without axes, of tensors by their names."""
    for name, tensor in data.items():
        if getattr(tensor, "requires_grad", False):
            raise ValueError(name + " requires a gradient, and none was derived by it")
    return Loss.apply(data, *(parameters[name] for name in PARAMETERS))
'''
JAX = '''"""A loss with its derived gradient for JAX (with the package array-api-compat):

    value, slopes = jax.value_and_grad(loss)({{{parameters}}}, {{{data}}})

The program:

{program}
"""

import jax
import numpy
{function}


PARAMETERS = {names}


@jax.custom_vjp
def loss(parameters, data):
    """The loss, a number, of arrays by their names."""
    return forward(parameters, data)[0]


def forward(parameters, data):
    """The loss and, for the way back, the gradient."""
    inputs = {{**data, **parameters}}
    value, *slopes = {call}
    return value, (dict(zip(PARAMETERS, slopes)), data)


def backward(kept, upstream):
    """The cotangent of each parameter: the gradient as it was derived, times what comes from above;
    by the data none was derived: nan."""
    slopes, data = kept
    return {{name: upstream * slope for name, slope in slopes.items()}}, jax.tree.map(unknown, data)


def unknown(array):
    """The cotangent of what no gradient was derived by."""
    if jax.numpy.issubdtype(array.dtype, jax.numpy.floating):
        return jax.numpy.full_like(array, jax.numpy.nan)
    return numpy.zeros(array.shape, jax.dtypes.float0)  # of whole numbers there is none


loss.defvjp(forward, backward)
'''
LIBRARIES = {"torch": TORCH, "jax": JAX}


def export_gradient(problem: Any, library: str, wrt: Wrt = None) -> str:
    """The text of a module for "torch" (a `torch.autograd.Function`) or "jax" (a
    `jax.custom_vjp`): `loss(parameters, data)`, whose gradient by wrt is the derived one.

    It computes in the type and on the device of the arrays, and cannot be differentiated twice.
    Shapes: as `lambdify` takes them, scalars without axes and vectors with one.
    Raises: OptionError for another library, or a program with time steps or open functions.

    >>> text = export_gradient("x: Vector(n)\\nw: Vector(n)\\nloss = (w.T @ x)**2", "torch", "w")
    >>> "class Loss(torch.autograd.Function):" in text
    True
    """
    one_of("library", library, LIBRARIES)
    problem = as_problem(problem)
    if problem.loop is not None or problem.functions or problem.counts:
        raise OptionError(
            "a program with time steps, open functions or dimensions that no variable has is not "
            "written for other libraries; its NumPy code is"
        )
    function = compile_derivation(gradient(problem, wrt), modules="array_api")
    names = tuple(map(str, function.signature.keys))
    others = [name for name in problem.variables if name not in names]
    lines = [f"inputs[{name!r}]," for name in function.inputs]
    lines += [f"{_size(problem, axis)}," for axis in function.plan.program.used]
    call = "function(\n" + indent("\n".join(lines), "    ") + "\n)"
    margin = " " * (8 if library == "torch" else 4)
    return LIBRARIES[library].format(
        parameters=", ".join(f"{n!r}: {n}" for n in names),
        data=", ".join(f"{n!r}: {n}" for n in others),
        program=indent(problem.text.replace("\\", "\\\\").replace('"', "'"), "    "),
        function=function.source.strip(),
        names=names,
        call=indent(call, margin).strip(),
    )


def _size(problem: Problem, axis: Axis) -> str:
    """Where the size of an axis is read."""
    if isinstance(axis, sympy.Expr) and not axis.is_Symbol:
        sizes = {s: sympy.Symbol(_size(problem, s)) for s in axis.free_symbols}
        return str(axis.xreplace(sizes))
    for name, variable in problem.variables.items():
        for place, own in enumerate(axes_of(variable)):
            if own == axis:
                return f"inputs[{name!r}].shape[{place}]"
    raise OptionError(f"no array shows the size of {axis}")
