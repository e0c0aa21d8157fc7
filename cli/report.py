"""What a training ends with, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .programs import ProgramFile

if TYPE_CHECKING:
    from symgrad.language.problem import Problem
    from symgrad.training.fit import FitResult


def outcome(
    program: ProgramFile, problem: Problem, result: FitResult, data: Mapping[str, Any]
) -> str:
    """The fall of the loss, and the accuracy where the program is an example that has one."""
    import symgrad as sg

    inputs = {**data, **result.parameters}
    first, last = (f"{loss:.4g}" for loss in (result.history.losses[0], result.history.losses[-1]))
    lines = [f"Trained   {result.epochs} epochs; mean loss of a step {first} -> {last}"]
    if result.stopped:
        lines.append(f"          stopped {result.stopped}")
    lines.append(f"          loss of all data: {float(sg.evaluate(problem, inputs)):.6g}")
    accuracy = program.example.accuracy if program.example else None
    if accuracy:
        predictions = sg.evaluate(accuracy.predicting(problem), inputs)
        share = accuracy(predictions, data)
        unseen = " on what was not used for training" if accuracy.given else ""
        lines.append(f"          accuracy{unseen}: {share:.1%}")
    return "\n".join(lines)


def parameters(result: FitResult) -> str:
    """Every parameter with its shape and, shortened where they are many, its numbers."""
    import numpy as np

    lines = []
    for name, value in result.parameters.items():
        array = np.asarray(value)
        shape = " x ".join(map(str, array.shape))
        lines.append(f"{name} ({shape}) =" if shape else f"{name} =")
        lines.append(np.array2string(array, precision=4, threshold=50, suppress_small=True))
    return "\n".join(lines)
