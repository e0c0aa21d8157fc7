"""The steps of an epoch: which gradients, in which minibatches, and what moves the parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from symgrad.errors import OptionError
from symgrad.language.problem import Problem
from symgrad.numerics.function import Function
from symgrad.numerics.gradients import gradient_function
from symgrad.numerics.layers import places_of
from symgrad.numerics.remembered import remembered
from symgrad.training.data.arrays import Array, Arrays, Data, as_observed
from symgrad.training.optimizers.searches import SearchState
from symgrad.training.optimizers.updates import OptimizerState
from symgrad.training.steps.data_totals import with_data_totals
from symgrad.training.steps.features import euclidean, metric_of
from symgrad.training.steps.loop import Gradients, PlainSteps
from symgrad.training.steps.minibatches import ArrayGradients, Minibatches
from symgrad.training.steps.products import HessianProducts
from symgrad.training.steps.rows import row_steps
from symgrad.training.steps.searches import SearchSteps, steps_of
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
    products, weight = HessianProducts(problem, data, parameters, dtype), ""
    if data.chunks or size < data.total:
        problem, data = with_data_totals(problem, data, wrt, dtype)
    if size < data.total:
        problem, weight = remembered(weighted, problem)
    drop_minibatch = drop_last and size == of_step
    batches = Minibatches(data, parameters, size, drop_minibatch, weight, seed)
    accumulate = of_step // size
    if data.chunks:
        from symgrad.training.chunks.products import ChunkProducts, chunk_gradients

        found = chunk_gradients(problem, batches, state)
        of_steps = _of_steps(found, batches, accumulate, drop_last, state.frozen)
        return steps_of(of_steps, state, theta, ChunkProducts(found), metric)
    function = gradient_function(problem, wrt, dtype, modules, threads)
    if modules == "numba" and isinstance(function, Function):
        if not isinstance(state, OptimizerState) or not state.is_plain:
            raise OptionError(
                "modules='numba' compiles steps of one minibatch each, with numbers that are known "
                "before them: a line search, clip_norm, accumulate, rate_factors and lazy need "
                "modules='numpy'"
            )
        from symgrad.training.steps.compiled import CompiledSteps

        return CompiledSteps(function, batches, state, theta)
    if (steps := row_steps(function, batches, state, theta, places_of(parameters))) is not None:
        return steps
    of_minibatches = ArrayGradients(function, batches)
    gradients = _of_steps(of_minibatches, batches, accumulate, drop_last, state.frozen)
    return steps_of(gradients, state, theta, products, metric)


def _check_chunked(state: OptimizerState | SearchState, modules: str) -> None:
    """Raises: OptionError for what data in chunks do not have."""
    if modules != "numpy":
        raise OptionError(f"data in chunks need modules='numpy', not {modules!r}")
    if isinstance(state, OptimizerState) and state.lazy:
        raise OptionError("lazy: data in chunks have gradients of whole tables: leave lazy out")


def _of_steps(
    gradients: Gradients,
    batches: Minibatches,
    accumulate: int,
    drop_last: bool,
    frozen: tuple[slice, ...],
) -> Gradients:
    """The gradients of the optimizer's steps, each of so many minibatches."""
    if accumulate == 1 and not frozen:
        return gradients
    from symgrad.training.steps.accumulation import StepGradients

    total, size, examples = batches.data.total, batches.size, [1] * gradients.count
    if accumulate > 1:
        examples = [min(size, total - k) for k in range(0, total, size)] or examples
    return StepGradients(gradients, examples, accumulate, drop_last, frozen)
