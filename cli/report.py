"""What a training ends with, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from .programs import ProgramFile
from .terminal import screen

if TYPE_CHECKING:
    from symgrad.training.metrics.measures import Measured
    from symgrad.training.result import FitResult

TRAINED = "Trained   "


def outcome(program: ProgramFile, result: FitResult, data: Mapping[str, Any]) -> str:
    """The fall of the loss, and what was measured: of what was held out, where there is such."""
    whole = result.measure(data)
    losses = result.history.losses
    lines = [
        f"{result.epochs} epochs; mean loss of a step {losses[0]:.4g} -> {losses[-1]:.4g}",
        f"by {result.how}",
        f"stopped {result.stopped}",
    ]
    if result.converged is False:
        lines.append("not converged")
    lines += result.remarks
    lines.append(f"loss of all data: {whole.loss:.6g}")
    hidden = program.example.hidden if program.example else None
    if hidden is not None:
        share = hidden(result.predict(data), data)
        lines.append(f"accuracy on what was not used for training: {share:.4g}")
    elif whole.score is not None and result.validation is None:
        lines.append(f"{whole.metric} of all data, which it was trained on: {whole.score:.4g}")
    first, *others = (line for text in lines for line in wrap(text, screen().width - len(TRAINED)))
    told = [TRAINED + first, *(" " * len(TRAINED) + line for line in others)]
    if result.validation is not None:
        told.append(held_out("validation", result.validation))
    return "\n".join(told)


def held_out(name: str, measured: Measured) -> str:
    """The loss and the metric of what was not trained on, and which classes are taken for which."""
    of = f", {measured.count} examples" if measured.count else ""
    lines = [f"{name}{of}: {measured}", *measured.table().splitlines()]
    return "\n".join(" " * len(TRAINED) + line for line in lines)


def named_arrays(values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Each array by its name, those of layers that differ in shape as W[1], W[2], ..."""
    import numpy as np

    for name, value in values.items():
        if isinstance(value, list):
            yield from ((f"{name}[{k}]", layer) for k, layer in enumerate(value, start=1))
        else:
            yield name, np.asarray(value)


def parameters(result: FitResult) -> str:
    """Every parameter with its shape and, shortened where they are many, its numbers."""
    import numpy as np

    lines = []
    for name, array in named_arrays(result.parameters):
        shape = " x ".join(map(str, array.shape))
        lines.append(f"{name} ({shape}) =" if shape else f"{name} =")
        lines.append(np.array2string(array, precision=4, threshold=50, suppress_small=True))
    return "\n".join(lines)
