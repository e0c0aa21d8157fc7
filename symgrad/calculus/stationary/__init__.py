"""Where a gradient is zero: set to zero, and solved for the unknowns line by line."""

from __future__ import annotations

from collections.abc import Iterable

from symgrad.calculus.derivation import Derivation
from symgrad.calculus.derive import gradient
from symgrad.calculus.stationary.equation import NoClosedForm
from symgrad.calculus.stationary.results import derivation_of
from symgrad.calculus.stationary.system import System
from symgrad.language.constraints import lagrangian
from symgrad.language.problem import Problem, Wrt

TIED = ("simplex", "one_hot", "orthogonal")


def stationary(
    problem: Problem, wrt: Wrt = None, subject_to: str | Iterable[str] = ()
) -> Derivation:
    """The values of wrt, found in this order, at which the gradient by them is zero; under
    constraints those of the Lagrangian, whose multipliers are found, too.

    Raises: NoClosedForm, a SymgradError, with the reason where there are none in closed form.

    >>> from symgrad.language.parser import parse
    >>> program = "X: Matrix(m, n)\\nw: Vector(n)\\ny: Vector(m)\\nloss = norm2(X @ w - y)**2"
    >>> stationary(parse(program), "w").outcomes["w"].closed.text
    'inv(X.T @ X) @ X.T @ y'
    """
    names = problem.wrt(wrt)
    problem, multipliers = lagrangian(problem, subject_to)
    derivation = gradient(problem, (*names, *multipliers))
    for name in derivation.wrt:
        for fact in TIED:
            if fact in problem.variables[name].facts:
                raise NoClosedForm(
                    f"{name} is declared {fact}: where its gradient is 0 is no minimum among such "
                    f"{name}; leave out {fact}=True and state what ties its entries as a constraint"
                )
    system = System(derivation)
    system.solve()
    return derivation_of(system)


__all__ = ["NoClosedForm", "stationary"]
