"""Initial values of parameters: the usual schemes for what is multiplied; else mostly 0.

Values are drawn in float64 from a seeded generator, so that equal seeds give equal parameters.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from symgrad.calculus.lowering import lower_problem
from symgrad.calculus.nodes import ClosedTerm, Input, OneHot, Polynomial, topological
from symgrad.errors import OptionError, check_known, did_you_mean
from symgrad.language.problem import Problem, Variable
from symgrad.training.data.arrays import Array, Data
from symgrad.training.data.sizes import dimension_sizes, shapes_wanted
from symgrad.training.hyperparameters import POSITIVE
from symgrad.training.trainer import given_value

Shape: TypeAlias = tuple[int, ...]
Fans: TypeAlias = tuple[int, int]
Scheme: TypeAlias = Callable[[Shape, "np.random.Generator"], Array]
Drawn: TypeAlias = Callable[[Shape, Fans, "np.random.Generator"], Array]
Choice: TypeAlias = str | Scheme


def uniform(spread: Callable[[Fans], int]) -> Drawn:
    """Uniform within +-sqrt(6 / n): the variance is 2 / n, where n = spread(fans)."""

    def scheme(shape: Shape, fans: Fans, rng: np.random.Generator) -> Array:
        limit = math.sqrt(6 / spread(fans))
        return rng.uniform(-limit, limit, shape)

    return scheme


def gaussian(spread: Callable[[Fans], int]) -> Drawn:
    """Normal with mean 0 and variance 2 / n, where n = spread(fans)."""
    return lambda shape, fans, rng: rng.normal(0.0, math.sqrt(2 / spread(fans)), shape)


def normal(scale: float) -> Scheme:
    """The scheme of normal entries with mean 0 and this standard deviation.

    Raises: OptionError where scale is not positive.

    >>> normal(0.01)((2,), np.random.default_rng(0)).round(4)
    array([ 0.0013, -0.0013])
    """
    POSITIVE.check("normal: the scale", scale)
    return lambda shape, rng: rng.normal(0.0, scale, shape)


def fans_of(shape: Shape, axis: int | None) -> Fans:
    """(fan out, fan in): how many values a parameter gives, and how many it takes, where its
    products are sums over this axis; None is that of W @ x.

    >>> fans_of((3, 5), 1), fans_of((3, 5), 0), fans_of((4,), 0), fans_of((), None)
    ((3, 5), (5, 3), (1, 4), (1, 1))
    """
    if axis is None:
        out, inward = (*shape, 1, 1)[:2]
        return out, inward
    return math.prod(shape) // shape[axis], shape[axis]


def glorot(fans: Fans) -> int:
    """Fan in + fan out: signals keep their variance both ways.

    Source: Glorot and Bengio, Understanding the difficulty of training deep feedforward neural
    networks, 2010, equations 12 (normal) and 16 (uniform).
    """
    return sum(fans)


def he(fans: Fans) -> int:
    """Fan in: for layers that end in a ReLU.

    Source: He, Zhang, Ren and Sun, Delving deep into rectifiers, 2015, section 2.2.
    """
    return fans[1]


SCHEMES: dict[str, Drawn] = {
    "glorot": uniform(glorot),
    "glorot_uniform": uniform(glorot),
    "glorot_normal": gaussian(glorot),
    "he": gaussian(he),
    "he_normal": gaussian(he),
    "he_uniform": uniform(he),
    "normal": lambda shape, fans, rng: rng.normal(size=shape),
    "zeros": lambda shape, fans, rng: np.zeros(shape),
}


def scheme_of(choice: Choice) -> Drawn:
    """A scheme by its name, or the scheme itself.

    Raises: OptionError where no scheme has the name.
    """
    if callable(choice):
        return lambda shape, fans, rng: choice(shape, rng)
    if not isinstance(choice, str):
        raise OptionError(
            f"initial: a scheme is wanted, not {choice!r}; values are given with parameters="
        )
    if choice not in SCHEMES:
        raise OptionError(
            f"initial={choice!r} is not one of {', '.join(SCHEMES)}{did_you_mean(choice, SCHEMES)}"
        )
    return SCHEMES[choice]


def start_values(
    problem: Problem,
    data: Data,
    trained: tuple[str, ...],
    given: Mapping[str, Any],
    initial: Choice | Mapping[str, Choice] | None,
    sizes: Mapping[str, int | Sequence[int]],
    seed: int,
) -> dict[str, Any]:
    """The initial value of every parameter."""
    arrays = {n: given_value(problem.variables[n], v) for n, v in given.items()}
    dimensions = dimension_sizes(problem, {**data.arrays, **arrays}, sizes)
    missing = {
        name: (problem.variables[name], shapes_wanted(problem, name, dimensions))
        for name in trained
        if name not in given
    }
    axes = {} if initial is None else summed_axes(problem)
    return {**arrays, **initial_values(missing, initial, seed, axes)}


def initial_values(
    variables: Mapping[str, tuple[Variable, Shape | list[Shape]]],
    choice: Choice | Mapping[str, Choice] | None,
    seed: int,
    axes: Mapping[str, int | None] | None = None,
) -> dict[str, Any]:
    """Initial values of these variables, each with its shape, or with those of its layers.

    Without a choice matrices take Glorot's scheme, and vectors and scalars start at 0. A scheme is
    for the matrices and all else that is multiplied, which `axes` has by its name with the axis of
    the sum; what is only added, as a bias, starts at 0. Given by name, {"Z": "normal"}, it is for
    that variable whatever it is, and the others are as without. A vector or scalar that is declared
    positive starts at 1, a simplex at 1/n; matrices declared positive, symmetric or orthogonal
    start so.
    Raises: OptionError where a scheme or a name is unknown.
    """
    chosen = choice if isinstance(choice, Mapping) else {}
    usual, whole = SCHEMES["glorot"], False
    if choice is not None and not isinstance(choice, Mapping):
        usual, whole = scheme_of(choice), True
    check_known("initial: {} is no parameter", chosen, variables, OptionError)
    rng, axes = np.random.default_rng(seed), axes or {}
    values: dict[str, Any] = {}
    for name, (variable, shape) in variables.items():
        axis = axes.get(name)
        if name in chosen:
            start = partial(_drawn, scheme_of(chosen[name]), axis, rng)
        else:
            start = partial(_initial, variable, usual, axis, rng, whole and name in axes)
        values[name] = _of_each(variable, shape, start)
    return values


def _of_each(
    variable: Variable, shape: Shape | list[Shape], start: Callable[[Shape], Array]
) -> Any:
    """The value of one variable, of each layer its own."""
    if isinstance(shape, list):
        return [start(own) for own in shape]
    if variable.steps is None:
        return start(shape)
    return np.stack([start(shape[1:]) for _ in range(shape[0])])


def _drawn(scheme: Drawn, axis: int | None, rng: np.random.Generator, shape: Shape) -> Array:
    return scheme(shape, fans_of(shape, axis), rng)


def _initial(
    variable: Variable,
    scheme: Drawn,
    axis: int | None,
    rng: np.random.Generator,
    multiplied: bool,
    shape: Shape,
) -> Array:
    """The value of one variable, by the scheme where that is for it."""
    if len(shape) == 2:
        return _as_declared(variable, _drawn(scheme, axis, rng, shape))
    if "simplex" in variable.facts:
        return np.full(shape, 1 / shape[0])
    if multiplied and "positive" not in variable.facts:
        return _drawn(scheme, axis, rng, shape)
    return np.full(shape, 1.0 if "positive" in variable.facts else 0.0)


def _as_declared(variable: Variable, matrix: Array) -> Array:
    if "orthogonal" in variable.facts:
        return np.linalg.qr(matrix)[0]
    if "symmetric" in variable.facts:
        matrix = (matrix + matrix.T) / 2
    return np.abs(matrix) if "positive" in variable.facts else matrix


def summed_axes(problem: Problem) -> dict[str, int | None]:
    """Of each parameter that stands in a product with other arrays the axis that is summed over,
    1 of W in W @ x and 0 in X @ W, in the first such product; None where there is none, as in u v',
    or several.

    Nothing is known of programs with time steps or layers.

    >>> from symgrad.language.parser import parse
    >>> text = "x: Vector(d)\\nW: Matrix(d, h)\\nb: Vector(h)\\nv: Vector(h)\\n"
    >>> summed_axes(parse(text + "loss = mean(v.T @ tanh(W.T @ x + b) for x in batch)"))
    {'W': 0, 'v': 0}
    """
    if problem.loop is not None:
        return {}
    found: dict[str, int | None] = {}
    for node in topological([lower_problem(problem).output.closed().node]):
        if isinstance(node, Polynomial):
            for term in node.terms:
                for name, axis in _axes(term):
                    if name in problem.parameters:
                        found.setdefault(name, axis)
    return found


def _axes(term: ClosedTerm) -> list[tuple[str, int | None]]:
    """Each input of a product, with the axis that it shares with the others in their sum."""
    axes = []
    for f in term.factors:
        others = [g for g in term.factors if g.node is not f.node]
        if not isinstance(f.node, Input) or not any(g.node.axes for g in others):
            continue
        if any(isinstance(g.node, OneHot) for g in others):  # an entry is looked up
            continue
        of_data = [g for g in others if any(isinstance(axis, str) for axis in g.node.axes)]
        for each in (others, of_data):  # v' W x is v' (W x)
            shared = {x for g in each for x in g.labels if x in term.summed}
            at = [k for k, x in enumerate(f.labels) if x in shared]
            if len(at) < 2:
                break
        axes.append((f.node.name, at[0] if len(at) == 1 else None))
    return axes
