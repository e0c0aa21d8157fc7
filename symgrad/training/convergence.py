"""Whether a training has converged, as far as its end shows, and what speaks against it.

The losses and gradients of its epochs tell whether the loss rose, falls still, or goes up and down.
A gradient of zero is a minimum only where no loss near is lower, so some near are looked at, in
random directions. Parameters that never moved are told, where others of them lower the loss.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from symgrad.errors import NotFiniteError
from symgrad.numerics.layers import flattened, places_of
from symgrad.training.data.arrays import Array, Data
from symgrad.training.history import History
from symgrad.training.optimizers.searches import SearchState
from symgrad.training.result import FitResult
from symgrad.training.steps.searches import SearchSteps
from symgrad.training.stopping import Stopping
from symgrad.training.trainer import Trainer
from symgrad.training.validation import loss_of

FLAT = 1e-4  # a change of the loss, beside its size, that is none
FLOOR = 1e-6  # a loss this small beside its first fall is 0
SURE = 3.0  # standard errors
FEW = 8  # epochs show a trend
FAR_FROM_ZERO = 1e-3  # a gradient, beside the longest one
NEAR_ZERO = 1e-7
SIZES = (1e-2, 1e-4, 1e-6)  # of the looks around, beside the parameters
FEWEST, MOST = 3, 8  # looks of each size
WORK = 10_000_000  # numbers of the data that are looked at for one size, where that is not too few
FAR = (1.0, 0.3, 0.1, 0.03)  # values drawn anew
ROUNDING = 1e3  # units in the last place that a lower loss has to be lower by


@dataclass(frozen=True)
class Verdict:
    """`converged` is None where it is not known; `remarks` say what is wrong."""

    converged: bool | None
    remarks: tuple[str, ...] = ()


def judged(
    result: FitResult, trainer: Trainer, data: Data, start: Mapping[str, Any], stopping: Stopping
) -> FitResult:
    """The result with whether it has converged, and remarks on what is wrong.

    `data` are those that were trained on, `start` the values at the beginning. Nothing is known
    where training was to end with the best validation score.
    """
    state = trainer.state
    if stopping.parameters is not None:
        return replace(result, converged=None)
    if state.stopped:
        verdict = Verdict(state.converged)
    elif trainer.largest_gradient <= stopping.tolerance:
        verdict = Verdict(True)
    else:
        whole = not data.chunks and result.batch_size >= data.count
        verdict = from_history(result.history, whole)
        if isinstance(state, SearchState):
            verdict = Verdict(False, verdict.remarks or ("its search had not ended: more epochs",))
    if not data.chunks and not (state.stopped and verdict.converged is False):
        around = _looked_around(trainer, data, start, verdict.converged)
        verdict = Verdict(around.converged, (*verdict.remarks, *around.remarks))
    return replace(result, converged=verdict.converged, remarks=verdict.remarks)


def from_history(history: History, whole: bool) -> Verdict:
    """What the losses and gradients of the epochs show; `whole` is whether a step takes all data.

    >>> from_history(History(losses=[4.0, 5.0, 6.0], gradient_norms=[1.0, 2.0, 3.0]), True).remarks
    ('the loss rose from 4 to 6: a smaller learning rate may help',)
    """
    losses, norms = np.asarray(history.losses), np.asarray(history.gradient_norms)
    if len(losses) < 3:
        return Verdict(None)
    first, last, least = losses[0], losses[-1], losses.min()
    size = max(abs(last), FLOOR * (first - least))
    window = losses[-max(FEW, len(losses) // 10) :]
    slope, error = _trend(window)
    noise = 0.0 if whole else SURE * float(np.abs(np.diff(window)).mean())
    if last - first > FLAT * size + noise:
        return _not(f"the loss rose from {first:.4g} to {last:.4g}: {SMALLER}")
    if last - least > 0.1 * (first - least) + FLAT * size + noise:
        at = int(losses.argmin()) + 1
        told = f"the loss rose from {least:.4g} in epoch {at} to {last:.4g}: {SMALLER}"
        return _not(told)
    turns = int((np.diff(np.sign(np.diff(window))) != 0).sum())
    low, high = window.min(), window.max()
    if whole and turns >= len(window) // 2 and high - low > FLAT * size:
        between = f"between {low:.4g} and {high:.4g} in the last {len(window)} epochs"
        return _not(f"the loss goes up and down, {between}: {SMALLER}")
    fall = -slope * (len(window) - 1)
    if fall > FLAT * size and -slope > (0.0 if whole else SURE * error):
        told = f"by {fall:.2g} in the last {len(window)} epochs"
        return _not(f"the loss was still falling, {told}: more epochs, or a larger learning rate")
    if whole and norms[-1] > FAR_FROM_ZERO * norms.max():
        share = norms[-1] / norms.max()
        told = f"{share:.2g} of the longest one"
        return _not(
            f"the gradient is far from zero, {told}: more epochs, or a larger learning rate"
        )
    return Verdict(True if whole and norms[-1] <= NEAR_ZERO * norms.max() else None)


SMALLER = "a smaller learning rate may help"


def _not(remark: str) -> Verdict:
    return Verdict(False, (remark,))


def _trend(losses: Array) -> tuple[float, float]:
    """The slope of the line through the losses, and its standard error."""
    steps = np.arange(len(losses)) - (len(losses) - 1) / 2
    square = float(steps @ steps)
    slope = float(steps @ losses) / square
    rest = losses - losses.mean() - slope * steps
    return slope, float(np.sqrt(rest @ rest / (len(losses) - 2) / square))


def _looked_around(
    trainer: Trainer, data: Data, start: Mapping[str, Any], converged: bool | None
) -> Verdict:
    """What losses near the last parameters say, where these have converged or some never moved.

    Raises: NotFiniteError where the loss is not finite there.
    """
    flat, pieces = trainer.flat, places_of(trainer.parameters)
    before = np.concatenate(flattened(start[name] for name in trainer.wrt)).astype(flat.dtype)
    moved, rest = np.ones(len(flat), bool), np.zeros(len(flat), bool)
    for piece in trainer.state.frozen:
        moved[piece] = False
    still = [name for name, at in pieces.items() if np.array_equal(flat[at], before[at])]
    unmoved = [name for name in still if moved[pieces[name]].any()]
    if not unmoved and not converged:
        return Verdict(converged)
    for name in unmoved:
        rest[pieces[name]] = True
    steps = trainer._steps
    loss = steps.loss if isinstance(steps, SearchSteps) else loss_of(trainer, data)
    looks = min(MOST, max(FEWEST, WORK // max(1, data.size)))
    with np.errstate(all="ignore"):
        here = loss()
        if not np.isfinite(here):
            raise NotFiniteError(f"the loss is {here}")
        names = ", ".join(unmoved)
        lower = here - ROUNDING * float(np.finfo(flat.dtype).eps) * abs(here)
        for chosen in [rest] * bool(unmoved) + [moved] * bool(converged):
            near = _around(flat, chosen, loss, looks, SIZES)
            if near.min() < lower:
                told = f"no minimum: near it the loss is {near.min():.6g}, here {here:.6g}"
                began = f". {names} never moved: {START}" if chosen is rest else ""
                return _not(f"{told}{began}")
            if (near == here).all():
                told = f"the loss does not depend on {names or 'the parameters'} here"
                if _around(flat, chosen, loss, looks, FAR, 0.0).min() < lower:
                    return _not(f"{told}, elsewhere it is lower: dead units: {START}")
                return Verdict(None, (told,))
    return Verdict(converged)


START = 'other initial values, as initial="he", or another seed may help'


def _around(
    flat: Array,
    chosen: Array,
    loss: Callable[[], float],
    looks: int,
    sizes: Sequence[float],
    kept: float = 1.0,
) -> Array:
    """Finite losses at so many random distances of each size from the parameters, or with nothing
    of these kept from 0; infinity where there is none."""
    here, rng = flat.copy(), np.random.default_rng(0)
    scale = max(1.0, kept * float(np.sqrt(np.mean(np.square(here[chosen])))))
    found = [np.inf]
    try:
        for size in (size for size in sizes for _ in range(looks)):
            flat[:] = here
            flat[chosen] *= kept
            flat[chosen] += size * scale * rng.standard_normal(int(chosen.sum()))
            with suppress(NotFiniteError):
                found.append(loss())
    finally:
        flat[:] = here
    losses = np.array(found)
    finite = losses[np.isfinite(losses)]
    return finite if finite.size else losses[:1]
