"""The public functions: where the floors meet.

What computes with numbers is imported by the functions that do, so that deriving loads no NumPy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, overload

import sympy

from symgrad.calculus import as_problem
from symgrad.calculus import derive as calculus
from symgrad.calculus.conventions import in_convention
from symgrad.calculus.recurrences.derive import gradient as step_gradient
from symgrad.calculus.recurrences.derive import hvp as step_hvp
from symgrad.calculus.recurrences.derive import value as step_value
from symgrad.derivations import METHODS, Derivation, StepDerivation
from symgrad.errors import OptionError, checked_flag, one_of
from symgrad.language.expanding import expanded
from symgrad.language.problem import Problem, Wrt

if TYPE_CHECKING:
    from symgrad.explicit import ExplicitJacobian
    from symgrad.numerics.checks.reports import GradientReport

Source: TypeAlias = Problem | str | sympy.Basic

INSTEAD = {
    "hessian": "its products with a direction are: sg.hvp, --of hvp",
    "jacobian": "the gradient of one entry, or of <c, f> for a vector c, has its rows",
    "pullback": "declare a vector c, data=True, and derive loss = c.T @ f",
    "directional": "it is the inner product of the gradient and the direction",
}


def _derived(
    kind: str, problem: Source, wrt: Wrt, layout: str = "variable", stable: bool = False
) -> Derivation:
    problem, stable = as_problem(problem), checked_flag("stable", stable)
    if problem.loop is not None:
        if kind == "hvp":
            return StepDerivation(step_hvp(problem, wrt))
        if kind != "gradient":
            raise OptionError(f"of a program with time steps no {kind} is derived; {INSTEAD[kind]}")
        if layout != "variable":
            raise OptionError(
                f"the gradient of a program with time steps is in layout 'variable', not {layout!r}"
            )
        if stable:
            raise OptionError("a program with time steps is derived as it is written, not stable")
        return StepDerivation(step_gradient(problem, wrt))
    return Derivation(calculus.derived(kind, as_problem(problem), wrt, layout, stable))


def derive(
    problem: Source,
    wrt: Wrt = None,
    layout: str = "variable",
    symmetric: str = "independent",
    method: str = METHODS[0],
    stable: bool = False,
    expand: str | Iterable[str] = (),
) -> Derivation:
    """The gradient of a scalar by each of wrt, in the variable's shape.

    `problem` is a Problem, a program text, or a SymPy expression; `wrt` are names or symbols
    (default: all parameters). `layout` is "variable" or "denominator", both with the variable's
    shape, or "numerator", its transpose: of an n-vector a row, 1 x n. `symmetric` says how the
    entries of a matrix that is declared symmetric count: "independent" (all of them, the gradient
    is G), "part" (the symmetric part, (G + G.T) / 2), "entries" (those on both sides of the
    diagonal as one, G + G.T - diag(diag(G))). `method` is how it is shown: "backpropagation", step
    by step backward; "differentials", one chain for each of wrt from dL to <G, dX>, every move
    named; "chain-rule", the product of derivatives for each of wrt, its factors one by one, and
    how their shapes fit. The loss is derived as it is written, and a remark says what code computes
    in another form; `stable` derives that form. `expand` names operations that are written out by
    their definitions: with "softmax" p = softmax(z) is derived as p = exp(z) / sum(exp(z)).
    Raises: SymgradError where the problem is not scalar or a name is not its input.

    >>> program = "W: Matrix(m, n)\\nx: Vector(n)\\ny: Vector(m)\\nloss = norm2(W @ x - y)**2"
    >>> derive(program, ["W"]).results["W"].expression
    '2 * (W @ x - y) @ x.T'
    >>> derive(program, ["x"], layout="numerator").results["x"].expression
    '2 * (W @ x - y).T @ W'
    >>> program = "S: Matrix(n, n, symmetric=True)\\nB: Matrix(n, n)\\nloss = trace(B @ S)"
    >>> derive(program, "S", symmetric="entries").results["S"].expression
    'B.T + B - diag(diag(B))'

    By differentials (Petersen and Pedersen, The Matrix Cookbook, section 2; Magnus and Neudecker):

    >>> program = "X: Matrix(n, n)\\nloss = trace(inv(X))"
    >>> text = derive(program, ["X"], method="differentials").text()
    >>> print(text[text.index("By X") : text.index("Result")].rstrip())
    By X      dL = trace(dY)                                         trace, from (2)
                 = <eye(n), dY>                               trace as inner product
                 = -<eye(n), Y @ dX @ Y>                           inverse, from (1)
                 = -<Y.T @ Y.T, dX>                       factors across, transposed
              dL/dX = -Y.T @ Y.T                               what stands beside dX
                    = -inv(X).T @ inv(X).T                    by the program's names

    By the chain rule, as lectures write it:

    >>> program = "W: Matrix(m, n)\\nx: Vector(n)\\nz = W @ x\\nloss = norm2(z)**2"
    >>> text = derive(program, ["x"], method="chain-rule").text()
    >>> for row in text[text.index("By x") : text.index("Result")].splitlines()[:3]:
    ...     print(" ".join(row.split()))
    By x dL/dx = dL/dz . dz/dx chain rule
    dL/dz = 2 * z m: squared norm, from (2)
    dz/dx = W m x n: matrix product, from (1)
    """
    one_of("method", method, METHODS)
    derived = _derived("gradient", expanded(as_problem(problem), expand), wrt, layout, stable)
    if isinstance(derived, StepDerivation):
        if method != METHODS[0] or symmetric != "independent":
            raise OptionError(
                "a program with time steps is derived by backpropagation, its entries independent; "
                "derive one step alone by differentials or by the chain rule"
            )
        return derived
    by = None
    if isinstance(wrt, sympy.MatrixBase) and all(isinstance(x, sympy.Symbol) for x in wrt):
        by = sympy.ImmutableMatrix(wrt)
    return Derivation(in_convention(derived.data, symmetric, layout), method, by)


@overload
def jacobian(problem: Problem | str, wrt: Wrt = None, layout: str = "variable") -> Derivation: ...
@overload
def jacobian(
    problem: sympy.Basic | Sequence[sympy.Expr], wrt: Wrt = None, layout: str = "variable"
) -> Derivation | ExplicitJacobian: ...
def jacobian(
    problem: Source | Sequence[sympy.Expr], wrt: Wrt = None, layout: str = "variable"
) -> Derivation | ExplicitJacobian:
    """The Jacobian of f: shape(f) + shape(variable), a vector counting as one axis, a scalar as
    none. Of `sympy.Matrix([f1, f2])`, or of a list of expressions, it is an ExplicitJacobian, with
    a row for each.

    That is `layout` "variable"; "numerator" differs from it for a scalar f alone, whose Jacobian
    by an n-vector then is a row, 1 x n. "denominator" is shape(variable) + shape(f): up to two
    indices the transpose.

    >>> jacobian("x: Vector(n)\\nf = softmax(x)").results["x"].expression
    'diag(softmax(x)) - softmax(x) @ softmax(x).T'
    >>> linear = "A: Matrix(m, n)\\nx: Vector(n)\\nf = A @ x"
    >>> jacobian(linear, ["x"], layout="denominator").results["x"].expression
    'A.T'
    """
    if isinstance(problem, sympy.MatrixBase | sympy.NDimArray | sympy.Tuple | list | tuple):
        from symgrad.explicit import explicit_jacobian

        one_of("layout of an explicit matrix", layout, ("variable", "numerator"))
        return explicit_jacobian(problem, wrt)
    return _derived("jacobian", problem, wrt, layout)


def hessian(problem: Source, wrt: Wrt = None) -> Derivation:
    """The Hessian's blocks: for wrt a, b the keys ("a", "a"), ("a", "b"), ("b", "b").

    First come the indices of a, then those of b.

    >>> program = "x: Vector(n)\\nA: Matrix(n, n)\\nloss = norm2(A @ x)**2"
    >>> hessian(program, ["x"]).results["x", "x"].expression
    '2 * A.T @ A'
    """
    return _derived("hessian", problem, wrt)


def hvp(problem: Source, wrt: Wrt = None) -> Derivation:
    """The Hessian times a direction over all of wrt together: f(inputs, direction={...}).

    Each product has the shape of its variable.
    """
    return _derived("hvp", problem, wrt)


def directional(problem: Source, wrt: Wrt = None) -> Derivation:
    """The derivative along a direction of all of wrt together, under the key "*".

    It has the shape of what is differentiated.
    """
    return _derived("directional", problem, wrt)


def pullback(problem: Source, wrt: Wrt = None) -> Derivation:
    """The cotangent of f (of any shape) pulled back to each of wrt: f(inputs, cotangent=array).

    Each pull-back has the shape of its variable.
    """
    return _derived("pullback", problem, wrt)


def stationary(
    problem: Source, wrt: Wrt = None, subject_to: str | Iterable[str] = ()
) -> Derivation:
    """Where the gradient is zero: the equations solved for wrt, in this order, line by line.

    That is done where they are linear in the unknown, or in its inverse, once they are multiplied
    out and without denominators. The results are the solutions; `layout` says what must be
    invertible for them. `subject_to` are equations that wrt obey, `"A @ w = b"`: the loss gets a
    multiplier times each of them added, which is found, too. `lambdify()` gives the loss there, and
    the solutions by their names.
    Raises: SymgradError with the reason where there is no solution in closed form.

    >>> program = "X: Matrix(m, n)\\nw: Vector(n)\\ny: Vector(m)\\nloss = norm2(X @ w - y)**2"
    >>> stationary(program, ["w"]).results["w"].expression
    'inv(X.T @ X) @ X.T @ y'
    >>> program = "S: Matrix(n, n, symmetric=True)\\nw: Vector(n)\\nloss = w.T @ S @ w / 2"
    >>> stationary(program, ["w"], subject_to="sum(w) = 1").results["w"].expression
    'inv(S) @ ones(n) / sum(inv(S))'
    """
    from symgrad.calculus.stationary import stationary as solved
    from symgrad.numerics.checks.solutions import check_regular

    derivation = solved(as_problem(problem), wrt, subject_to)
    check_regular(derivation)
    return Derivation(derivation)


def evaluate(problem: Source, inputs: Mapping[str, Any]) -> Any:
    """The loss or f at numbers; a Problem is compiled once, at its first ones.

    >>> float(evaluate("x: Vector(n)\\nloss = x.T @ x", {"x": [3.0, 4.0]}))
    25.0
    """
    from symgrad.numerics.function import compile_derivation
    from symgrad.numerics.recurrences.checks import value_unrolled
    from symgrad.numerics.recurrences.function import compile_joined

    problem = as_problem(problem)
    if problem.loop is not None and problem.loop.equations:
        return value_unrolled(problem, inputs)
    compiled = problem.kept.get(evaluate)
    if compiled is None:
        if problem.loop is None:
            compiled = compile_derivation(calculus.value(problem))
        else:
            compiled = compile_joined(step_value(problem))
        problem.kept[evaluate] = compiled
    value, _ = compiled(inputs)
    return value


def check_gradient(
    problem: Source | Callable[..., Any],
    wrt: Wrt = None,
    inputs: Mapping[str, Any] | None = None,
    *,
    at: Any = None,
    gradient: Any = None,
    **options: Any,
) -> GradientReport:
    """Compare a gradient with numerical differentiation: a program's, or that of any function.

    Of a program: the derived gradient, or the arrays that `gradients` claims, a dictionary by the
    names of wrt, at the inputs; without any, at random ones (see
    `symgrad.numerics.checks.differences`).

    >>> program, inputs = "x: Vector(n)\\nloss = norm2(x)**2", {"x": [1.0, 2.0]}
    >>> check_gradient(program, ["x"], inputs).verdict
    'passed'
    >>> check_gradient(program, ["x"], inputs, gradients={"x": [1.0, 2.0]}).verdict
    'failed'

    Of a Python function of an array, or of arrays by their names: `at` is where, and `gradient` is
    what gives the gradient there, in the shape of `at` (see `symgrad.numerics.checks.callables`).

    >>> import numpy as np
    >>> def loss(W, b):
    ...     return np.sum(np.tanh(W @ [1.0, 2.0] + b))
    >>> def slope(W, b):
    ...     s = 1 - np.tanh(W @ [1.0, 2.0] + b) ** 2
    ...     return {"W": np.outer(s, [1.0, 2.0]), "b": s}
    >>> where = {"W": np.array([[0.1, 0.2], [0.3, -0.4]]), "b": np.zeros(2)}
    >>> check_gradient(loss, at=where, gradient=slope).verdict
    'passed'

    Options: `seed`; `entries`, the most that are checked one by one.
    Raises: DataError where shapes or names do not fit, OptionError where options do not.
    """
    from symgrad.numerics import gradients
    from symgrad.numerics.checks import callables

    if isinstance(problem, Problem | str | sympy.Basic):
        if at is not None or gradient is not None:
            raise OptionError(
                "at and gradient are for a Python function; of a program: inputs "
                "and gradients={name: array}"
            )
        return gradients.check_gradient(as_problem(problem), wrt, inputs, **options)
    if not callable(problem):
        raise OptionError(f"a program or a function is wanted, not a {type(problem).__name__}")
    if at is None or gradient is None or wrt is not None or inputs is not None:
        raise OptionError("of a Python function: check_gradient(function, at=..., gradient=...)")
    return callables.check_function(problem, at, gradient, **options)
