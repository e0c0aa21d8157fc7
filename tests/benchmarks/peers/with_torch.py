"""PyTorch, eager, on one thread."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import numpy as np

from tests.benchmarks.models import Array, Arrays, Model
from tests.benchmarks.peers import Gradient
from tests.benchmarks.peers.formulas import Library, loss
from tests.benchmarks.training_case import ADAM, SGD, Case, Epochs

torch: Any = import_module("torch")
F: Any = torch.nn.functional
torch.set_num_threads(1)


def _cross_entropy(Z: Any, data: Mapping[str, Any]) -> Any:
    return F.cross_entropy(Z, data["labels"])


LIBRARY = Library(
    affine=F.linear,
    sigmoid=torch.sigmoid,
    relu=torch.relu,
    softplus=F.softplus,
    softmax=lambda Z: torch.softmax(Z, 1),
    cross_entropy=_cross_entropy,
)


def _tensors(arrays: Arrays, targets: Array | None) -> dict[str, Any]:
    found = {name: torch.from_numpy(array) for name, array in arrays.items()}
    if targets is not None:
        found["labels"] = torch.from_numpy(np.argmax(targets, axis=1))
    return found


def gradient(model: Model, inputs: Arrays) -> Gradient:
    """The loss and all gradients by torch.autograd.grad."""
    data = _tensors(
        {name: array for name, array in inputs.items() if name not in model.wrt},
        inputs.get("y", inputs.get("Y")),
    )
    weights = {name: torch.tensor(inputs[name], requires_grad=True) for name in model.wrt}
    function = loss(model.name, LIBRARY)

    def call() -> tuple[Any, dict[str, Any]]:
        value = function(weights, data)
        slopes = torch.autograd.grad(value, tuple(weights.values()))
        return value.detach(), dict(zip(weights, slopes, strict=True))

    return call


def training(case: Case) -> Epochs:
    """torch.optim's fused optimizer, one permuted copy of the data an epoch."""
    weights = {n: torch.tensor(a, requires_grad=True) for n, a in case.parameters.items()}
    tensors = list(weights.values())
    if case.optimizer == "Adam":
        optimizer = torch.optim.Adam(tensors, lr=ADAM.rate, fused=True)
    else:
        optimizer = torch.optim.SGD(tensors, lr=SGD.rate, fused=True)
    function = loss("relu" if case.relu else "sigmoid", LIBRARY)
    data = _tensors({"x": case.X}, case.Y)

    def epoch(order: Array) -> None:
        index = torch.from_numpy(order)
        permuted = {name: tensor[index] for name, tensor in data.items()}
        for k in range(case.steps):
            rows = slice(k * case.batch, (k + 1) * case.batch)
            optimizer.zero_grad(set_to_none=True)
            function(weights, {name: t[rows] for name, t in permuted.items()}).backward()
            optimizer.step()

    return Epochs(epoch, lambda: {n: t.detach().numpy() for n, t in weights.items()})
