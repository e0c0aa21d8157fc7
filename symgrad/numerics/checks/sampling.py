"""Random numbers to check a problem at: small sizes, inputs with the facts that were declared."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from symgrad.calculus.nodes import Axis
from symgrad.language.problem import Problem, Variable, dimensions_in
from symgrad.numerics.interpreter import size_of
from symgrad.numerics.sizes import axes_of, enlarged, whole_shape

BATCH = 4
LEAST = 3  # of two numbers without their mean nothing is left but a sign
SPREADS = (
    (0.0, 1.0),
    (1.5, 0.5),
    (0.0, 0.1),
    (3.0, 1.0),
    (0.5, 0.2),
    (-0.5, 0.3),
)  # mean, deviation
ALIKE = 2 * len(SPREADS)  # draws of which all variables are alike
DRAWS = 10 * len(SPREADS)


def draws(problem: Problem, seed: int) -> Iterator[tuple[dict[str, np.ndarray], dict[Axis, int]]]:
    """Inputs of several kinds and sizes: around 0, positive, small; wide and tall; at last of
    each variable another kind, and sizes in any order. Problems differ in where they are
    defined."""
    rng = np.random.default_rng(seed)
    symbols: dict[Axis, None] = {}
    for variable in problem.variables.values():
        for axis in (*axes_of(variable), *variable.dims):
            own = (axis,) if isinstance(axis, str) or axis.is_Symbol else axis.free_symbols
            symbols |= dict.fromkeys(a for a in own if a not in symbols)
    for d in (d for e in problem.formulas for d in dimensions_in(e)):
        symbols |= dict.fromkeys(d.free_symbols - symbols.keys())
    for k in range(DRAWS):
        sizes: dict[Axis, int] = {}
        forward = [*range(len(symbols))]
        places = forward if k // len(SPREADS) % 2 == 0 else [len(symbols) - p for p in forward]
        if k >= ALIKE:
            places = rng.permutation(places).tolist()
        for place, axis in zip(places, symbols, strict=True):
            sizes[axis] = BATCH if isinstance(axis, str) else LEAST + place % 4
        enlarged(problem, sizes)
        spread = SPREADS[k % len(SPREADS)]
        inputs = {}
        for v in problem.variables.values():
            own = SPREADS[rng.integers(len(SPREADS))] if k >= ALIKE else spread
            inputs[v.name] = random_array(v, sizes, rng, *own)
        inputs |= {str(d): np.array(sizes[d]) for d in problem.counts}
        yield inputs, sizes


def random_array(
    variable: Variable,
    sizes: dict[Axis, int],
    rng: np.random.Generator,
    centre: float,
    scale: float,
) -> np.ndarray:
    """An array of a variable, with what is declared of it."""
    drawn = tuple(size_of(axis, sizes) for axis in axes_of(variable))
    if variable.kind == "Index":
        return rng.integers(0, size_of(variable.dims[0], sizes), drawn)
    shape = whole_shape(variable, drawn)
    return _with_facts(variable, shape, rng, centre, scale).reshape(drawn)


def _with_facts(
    variable: Variable,
    shape: tuple[int, ...],
    rng: np.random.Generator,
    centre: float,
    scale: float,
) -> np.ndarray:
    array = centre + scale * rng.standard_normal(shape)
    if "one_hot" in variable.facts:
        return np.eye(shape[-1])[rng.integers(0, shape[-1], shape[:-1])]
    if "simplex" in variable.facts:
        return rng.dirichlet(np.ones(shape[-1]), shape[:-1])
    if "positive" in variable.facts:
        array = np.abs(array) + 0.1
    if variable.kind == "Matrix" and shape[-1] == shape[-2]:
        array = array + (2.0 + abs(centre)) * np.eye(shape[-1])  # away from singular
    if "orthogonal" in variable.facts:  # of either determinant
        array = np.linalg.qr(array)[0] * rng.choice([-1.0, 1.0], (*shape[:-2], 1, shape[-1]))
    if "symmetric" in variable.facts:
        array = (array + np.swapaxes(array, -1, -2)) / 2
    return np.asarray(array)
