"""What a training ends with, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .programs import Program
from .training import Trained

if TYPE_CHECKING:
    import symgrad as sg


def outcome(program: Program, problem: sg.Problem, trained: Trained) -> str:
    """The loss before and after, and the accuracy where the program is an example that has one."""
    import symgrad as sg

    result = trained.result
    losses = result.history.losses
    lines = [f"loss       {losses[0]:.4g} -> {losses[-1]:.4g} in {len(losses)} epochs"]
    if result.stopped:
        lines.append(f"stopped    {result.stopped}")
    accuracy = program.example.accuracy if program.example else None
    if accuracy:
        inputs = {**trained.data, **result.parameters}
        predictions = sg.evaluate(problem, inputs, of=accuracy.prediction)
        lines.append(f"accuracy   {accuracy(predictions, trained.data):.1%}")
    return "\n".join(lines)


def parameters(trained: Trained) -> str:
    """Every parameter with its shape and, shortened where they are many, its numbers."""
    import numpy as np

    lines = []
    for name, value in trained.result.parameters.items():
        array = np.asarray(value)
        shape = " x ".join(map(str, array.shape))
        lines.append(f"{name} ({shape}) =" if shape else f"{name} =")
        lines.append(np.array2string(array, precision=4, threshold=50, suppress_small=True))
    return "\n".join(lines)
