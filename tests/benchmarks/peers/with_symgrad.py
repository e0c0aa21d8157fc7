"""symgrad's generated function and its training loop."""

from __future__ import annotations

import symgrad as sg
from tests.benchmarks.models import Array, Arrays, Model
from tests.benchmarks.peers import Gradient
from tests.benchmarks.training_case import ADAM, SGD, Case, Epochs


def gradient(model: Model, inputs: Arrays, modules: str = "numpy") -> Gradient:
    """The loss and all gradients on these inputs, in buffers of their own."""
    function = sg.derive(model.program, model.wrt).lambdify(
        dtype=str(next(iter(inputs.values())).dtype), reuse_buffers=True, modules=modules
    )
    return lambda: function(inputs)


def training(case: Case, modules: str = "numpy") -> Epochs:
    """Epochs of a Trainer."""
    if case.optimizer == "Adam":
        optimizer: sg.Adam | sg.SGD = sg.Adam(learning_rate=ADAM.rate)
    else:
        optimizer = sg.SGD(learning_rate=SGD.rate)
    trainer = sg.Trainer(
        case.program,
        {"x": case.X, "y": case.Y},
        parameters=case.parameters,
        optimizer=optimizer,
        batch_size=case.batch,
        dtype=str(case.X.dtype),
        drop_last=True,
        modules=modules,
    )

    def epoch(order: Array) -> None:
        trainer.epoch(order)

    return Epochs(epoch, lambda: trainer.parameters)
