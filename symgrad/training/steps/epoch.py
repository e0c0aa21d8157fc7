"""The steps of an epoch: which gradients, in which minibatches, and what moves the parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

from symgrad.errors import OptionError
from symgrad.language.problem import Problem
from symgrad.numerics.function import Function
from symgrad.numerics.gradients import gradient_function
from symgrad.numerics.layers import places_of
from symgrad.numerics.remembered import remembered
from symgrad.training.data.arrays import Array, Arrays, Data, as_observed
from symgrad.training.optimizers.searches import Product, SearchState
from symgrad.training.optimizers.updates import OptimizerState
from symgrad.training.steps.data_totals import with_data_totals
from symgrad.training.steps.features import euclidean, metric_of
from symgrad.training.steps.loop import Gradients, PlainSteps
from symgrad.training.steps.minibatches import ArrayGradients, Minibatches
from symgrad.training.steps.rows import row_steps
from symgrad.training.steps.searches import SearchSteps, hessian_products
from symgrad.training.steps.totals import weighted
from symgrad.training.steps.weights import with_weights

if TYPE_CHECKING:
    from symgrad.training.steps.compiled import CompiledSteps


Steps: TypeAlias = "PlainSteps | SearchSteps | CompiledSteps"


def prepared_steps(
    problem: Problem,
    data: Data,
    parameters: Arrays,
    theta: Array,
    state: OptimizerState | SearchState,
    *,
    size: int,
    drop_last: bool,
    modules: str,
    threads: int,
    seed: int,
) -> Steps:
    """The steps of an epoch on these data, with buffers of their own.

    `parameters` are views of `theta`, which the steps move as `state` says; `size` examples are in
    a minibatch. Raises: OptionError where the options do not go together.
    """
    dtype, wrt, of_step = str(theta.dtype), tuple(parameters), size * state.accumulate
    if data.chunks and data.chunks_in(size):  # sums of whole chunks are of any number of them
        size = of_step
    if data.chunks:
        _check_chunked(state, modules)
    problem = problem if data.chunks else as_observed(problem, data)
    metric = metric_of(problem, data, parameters) if isinstance(state, SearchState) else euclidean
    problem, data = with_weights(problem, data)
    products: Product | None = hessian_products(problem, data, parameters, dtype)
    if data.chunks or size < data.total:
        problem, data = with_data_totals(problem, data, wrt, dtype)
    problem, weight = remembered(weighted, problem) if size < data.total else (problem, "")
    drop_minibatch = drop_last and size == of_step
    batches = Minibatches(data, parameters, size, drop_minibatch, weight, seed)
    gradients: Gradients
    if data.chunks:
        gradients, products = _of_chunks(problem, batches, state)
    else:
        function = gradient_function(problem, wrt, dtype, modules, threads)
        if modules == "numba" and isinstance(function, Function):
            return _compiled(function, batches, state, theta)
        if steps := row_steps(function, batches, state, theta, places_of(parameters)):
            return steps
        gradients = ArrayGradients(function, batches)
    accumulate = of_step // size
    if accumulate > 1 or state.frozen:
        gradients = StepGradients(gradients, batches, accumulate, drop_last, state.frozen)
    if isinstance(state, SearchState):
        return SearchSteps(gradients, state, theta, products, metric)
    return PlainSteps(gradients, state, theta)


def _of_chunks(
    problem: Problem, batches: Minibatches, state: OptimizerState | SearchState
) -> tuple[Gradients, Product | None]:
    """The gradients of whole chunks where they lie, with the Hessian's products; those of smaller
    minibatches here."""
    from symgrad.training.chunks.gradients import ChunkGradients, ChunkMinibatches
    from symgrad.training.chunks.products import chunk_products

    if not batches.data.chunks_in(batches.size):
        return ChunkMinibatches(problem, batches, state), None
    gradients = ChunkGradients(problem, batches)
    return gradients, chunk_products(gradients)


def _compiled(
    function: Function, batches: Minibatches, state: OptimizerState | SearchState, theta: Array
) -> CompiledSteps:
    if not isinstance(state, OptimizerState) or not state.is_plain:
        raise OptionError(
            "modules='numba' compiles steps of one minibatch each, with numbers that are known "
            "before them: a line search, clip_norm, accumulate, rate_factors and lazy need "
            "modules='numpy'"
        )
    from symgrad.training.steps.compiled import CompiledSteps

    return CompiledSteps(function, batches, state, theta)


def _check_chunked(state: OptimizerState | SearchState, modules: str) -> None:
    """Raises: OptionError for what data in chunks do not have."""
    if modules != "numpy":
        raise OptionError(f"data in chunks need modules='numpy', not {modules!r}")
    if isinstance(state, OptimizerState) and state.lazy:
        raise OptionError("lazy: data in chunks have gradients of whole tables: leave lazy out")


# more than one minibatch in a step


class StepGradients:
    r"""Gradients of `accumulate` minibatches at once, the last of which in an epoch may be fewer;
    `frozen` are stretches of the flat gradient that are 0, of parameters that stay as they are. Of
    minibatches of m_j examples each, m together,

        \nabla L = \sum_j m_j / m \nabla L_j,

    for a sum over the batch, which counts n / m_j times in L_j, and for a mean.

    With `drop_last` a step of fewer examples than the others is left out, unless it is the only
    one.
    """

    def __init__(
        self,
        gradients: Gradients,
        batches: Minibatches,
        accumulate: int,
        drop_last: bool,
        frozen: Sequence[slice],
    ) -> None:
        self._gradients, self._frozen = gradients, frozen
        total, size, examples = batches.data.total, batches.size, [1] * gradients.count
        if accumulate > 1:
            examples = [min(size, total - k) for k in range(0, total, size)] or examples
        starts = range(0, len(examples), accumulate)
        self._steps = [range(k, min(k + accumulate, len(examples))) for k in starts]
        self._examples = examples
        sizes = [sum(examples[j] for j in step) for step in self._steps]
        if drop_last and len(sizes) > 1 and sizes[-1] < sizes[0]:
            del self._steps[-1]
        self.count = len(self._steps)

    def begin(self, order: Array) -> None:
        """Take the examples in this order."""
        self._gradients.begin(order)

    def of(self, step: int) -> tuple[float, Array]:
        """The loss and the flat gradient of a step's minibatches."""
        first, *others = self._steps[step]
        value, flat = self._gradients.of(first)
        if others:
            total = sum(self._examples[j] for j in self._steps[step])
            share = self._examples[first] / total
            value, flat = share * value, flat * flat.dtype.type(share)
            for j in others:
                share = self._examples[j] / total
                one, slope = self._gradients.of(j)
                value += share * one
                flat += flat.dtype.type(share) * slope
        for piece in self._frozen:
            flat[piece] = 0
        return value, flat
