r"""The gradients of an optimizer's steps, where a step is more than the gradient of a minibatch.

Of minibatches of m_j examples each, m together,

    \nabla L = \sum_j m_j / m \nabla L_j,

for a sum over the batch, which counts n / m_j times in L_j, and for a mean. Entries of parameters
that stay as they are become 0.
"""

from __future__ import annotations

from collections.abc import Sequence

from symgrad.training.data.arrays import Array
from symgrad.training.steps.loop import Gradients
from symgrad.training.steps.minibatches import Minibatches


class StepGradients:
    """Gradients of `accumulate` minibatches at once, the last of which in an epoch may be fewer;
    `frozen` are stretches of the flat gradient that are 0.

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
