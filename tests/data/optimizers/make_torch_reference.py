"""Write torch_reference.json: 200 steps of every optimizer by PyTorch, in float64.

    pip install torch==2.13.0 numpy
    python make_torch_reference.py

All three problems have four parameters. Each case holds our hyperparameters and the parameters
after some of the steps, none of them so near a minimum that a gradient of rounding decides on the
step; the schedules hold the learning rate of each of 30 epochs, the plateaus that after each score.
Of the rate factors, those of "a" are for the first two parameters, those of "b" for the others.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch
from torch.optim import lr_scheduler

torch.set_default_dtype(torch.float64)  # NAdam keeps a number in it
STEPS = (1, 2, 10, 50, 200)
START = {
    "least_squares": [0.5, -1.0, 2.0, 0.25],
    "rosenbrock": [-0.4, 0.6, 0.3, 0.8],
    "logistic": [1.0, -3.0, 2.0, -4.0],
}
MATRIX = [
    [1.0, 0.5, -0.3, 0.2],
    [0.4, -1.2, 0.7, 0.1],
    [-0.6, 0.3, 0.9, -0.5],
    [0.2, 0.8, 0.1, 1.1],
    [0.7, -0.4, 0.6, 0.3],
    [-0.1, 0.9, -0.2, 0.4],
]
TARGET = [1.0, -2.0, 0.5, 0.3, -0.7, 1.5]

# Our name, PyTorch's class, and hyperparameters by our names.
CASES = [
    ("gradient_descent", "SGD", {"learning_rate": 0.003}),
    ("sgd", "SGD", {}),
    ("sgd", "SGD", {"learning_rate": 0.003, "weight_decay": 0.05}),
    ("momentum", "SGD", {"momentum": 0.9}),
    ("momentum", "SGD", {"learning_rate": 0.0005, "momentum": 0.7, "weight_decay": 0.05}),
    ("nesterov", "SGD", {"momentum": 0.9, "nesterov": True}),
    (
        "nesterov",
        "SGD",
        {"learning_rate": 0.0005, "momentum": 0.8, "nesterov": True, "weight_decay": 0.05},
    ),
    (
        "momentum",
        "SGD",
        {"learning_rate": 0.005, "momentum": 0.8, "dampening": 0.3, "weight_decay": 0.01},
    ),
    ("adagrad", "Adagrad", {}),
    (
        "adagrad",
        "Adagrad",
        {
            "learning_rate": 0.05,
            "initial_accumulator": 0.1,
            "epsilon": 0.001,
            "weight_decay": 0.05,
        },
    ),
    ("adadelta", "Adadelta", {}),
    (
        "adadelta",
        "Adadelta",
        {"learning_rate": 0.5, "rho": 0.95, "epsilon": 0.0001, "weight_decay": 0.05},
    ),
    ("rmsprop", "RMSprop", {}),
    ("rmsprop", "RMSprop", {"weight_decay": 1e-7}),
    (
        "rmsprop",
        "RMSprop",
        {"learning_rate": 0.002, "weight_decay": 1e-7, "momentum": 0.8, "centered": True},
    ),
    ("rmsprop", "RMSprop", {"learning_rate": 0.0005, "alpha": 0.9, "weight_decay": 0.05}),
    (
        "rmsprop",
        "RMSprop",
        {"learning_rate": 0.001, "epsilon": 0.001, "momentum": 0.9, "centered": True},
    ),
    ("adam", "Adam", {}),
    (
        "adam",
        "Adam",
        {
            "learning_rate": 0.02,
            "beta1": 0.8,
            "beta2": 0.95,
            "epsilon": 0.001,
            "weight_decay": 0.05,
        },
    ),
    ("adamw", "AdamW", {}),
    ("adamw", "AdamW", {"learning_rate": 0.02, "beta1": 0.8, "weight_decay": 0.1}),
    ("amsgrad", "Adam", {}),
    (
        "amsgrad",
        "Adam",
        {"learning_rate": 0.05, "beta1": 0.7, "beta2": 0.9, "epsilon": 1e-3, "weight_decay": 0.2},
    ),
    ("nadam", "NAdam", {}),
    (
        "nadam",
        "NAdam",
        {
            "learning_rate": 0.001,
            "beta1": 0.8,
            "beta2": 0.99,
            "weight_decay": 0.1,
            "momentum_decay": 0.1,
        },
    ),
    ("sgd", "SGD", {"learning_rate": 0.01, "clip_norm": 0.5}),
    ("momentum", "SGD", {"learning_rate": 0.003, "momentum": 0.7, "clip_value": 0.3}),
    ("adam", "Adam", {"learning_rate": 0.02, "clip_norm": 0.2, "weight_decay": 0.05}),
    ("rmsprop", "RMSprop", {"learning_rate": 0.001, "clip_value": 0.1}),
    ("sgd", "SGD", {"learning_rate": 0.003, "rate_factors": {"a": 0.25}}),
    ("adamw", "AdamW", {"learning_rate": 0.02, "clip_norm": 0.4, "rate_factors": {"b": 2.0}}),
    ("adam", "Adam", {"learning_rate": 0.01, "rate_factors": {"a": 0.0}}),
]
RENAMED = {
    "learning_rate": "lr",
    "epsilon": "eps",
    "initial_accumulator": "initial_accumulator_value",
}

SCHEDULES = [
    (
        "inverse_time",
        {"learning_rate": 0.1, "decay": 0.25},
        lambda o: lr_scheduler.LambdaLR(o, lambda n: 1 / (1 + 0.25 * n)),
    ),
    (
        "step_decay",
        {"learning_rate": 0.1, "factor": 0.3, "period": 7},
        lambda o: lr_scheduler.StepLR(o, step_size=7, gamma=0.3),
    ),
    (
        "exponential",
        {"learning_rate": 0.1, "factor": 0.9},
        lambda o: lr_scheduler.ExponentialLR(o, gamma=0.9),
    ),
    (
        "cosine",
        {"learning_rate": 0.1, "total": 30, "lowest": 0.01},
        lambda o: lr_scheduler.CosineAnnealingLR(o, T_max=30, eta_min=0.01),
    ),
    (
        "polynomial",
        {"learning_rate": 0.1, "total": 20, "power": 2.0},
        lambda o: lr_scheduler.PolynomialLR(o, total_iters=20, power=2.0),
    ),
    (
        "warmup",
        {"learning_rate": 0.1, "total": 8, "start": 0.25},
        lambda o: lr_scheduler.LinearLR(o, start_factor=0.25, total_iters=8),
    ),
    (
        "one_cycle",
        {"learning_rate": 0.1, "total": 30, "rising": 0.4, "rise": 10.0, "fall": 100.0},
        lambda o: lr_scheduler.OneCycleLR(
            o, 0.1, 30, pct_start=0.4, div_factor=10.0, final_div_factor=100.0, cycle_momentum=False
        ),
    ),
    (
        "constant",
        {"learning_rate": 0.1},
        lambda o: lr_scheduler.ConstantLR(o, factor=1.0),
    ),
]

# Our options of Plateau, and PyTorch's.
PLATEAUS = [
    ({"factor": 0.5, "patience": 2}, {"factor": 0.5, "patience": 2}),
    ({}, {}),
    (
        {"factor": 0.3, "patience": 1, "threshold": 0.05, "cooldown": 3, "lowest": 0.002},
        {"factor": 0.3, "patience": 1, "threshold": 0.05, "cooldown": 3, "min_lr": 0.002},
    ),
    (
        {"factor": 0.2, "patience": 0, "threshold": 0.1, "relative": False},
        {"factor": 0.2, "patience": 0, "threshold": 0.1, "threshold_mode": "abs"},
    ),
    (
        {"factor": 0.5, "patience": 2, "cooldown": 1, "maximize": True},
        {"factor": 0.5, "patience": 2, "cooldown": 1, "mode": "max"},
    ),
    (
        {"factor": 0.5, "patience": 1, "threshold": 0.1, "relative": False, "maximize": True},
        {"factor": 0.5, "patience": 1, "threshold": 0.1, "threshold_mode": "abs", "mode": "max"},
    ),
]
SCORES = [round(2 / (1 + n) + 0.3 * ((7 * n) % 5) / 5 + (n > 25) * 0.5, 6) for n in range(40)]


def plateau_rates(options: dict[str, object]) -> list[float]:
    """The learning rate after each of the scores, from 0.1 on."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
    scheduler = lr_scheduler.ReduceLROnPlateau(optimizer, eps=0.0, **options)
    found = []
    for score in SCORES:
        scheduler.step(score)
        found.append(optimizer.param_groups[0]["lr"])
    return found


def loss(problem: str, theta: torch.Tensor) -> torch.Tensor:
    """Half the squared distance of A theta to a target, Rosenbrock's function / 100, or the
    cross-entropy of logistic regression on the target's signs."""
    if problem == "logistic":
        signs = torch.tensor(TARGET, dtype=torch.float64).sign()
        margins = signs * (torch.tensor(MATRIX, dtype=torch.float64) @ theta)
        return torch.log1p(torch.exp(-margins)).sum()
    if problem == "least_squares":
        matrix = torch.tensor(MATRIX, dtype=torch.float64)
        return 0.5 * ((matrix @ theta - torch.tensor(TARGET, dtype=torch.float64)) ** 2).sum()
    left, right = theta[:-1], theta[1:]
    return ((right - left**2) ** 2 + 0.01 * (1 - left) ** 2).sum()


def path(
    problem: str, ours: str, name: str, hyperparameters: dict[str, object]
) -> dict[str, list[float]]:
    """The parameters after each of STEPS."""
    options = {RENAMED.get(k, k): v for k, v in hyperparameters.items()}
    if "beta1" in options or "beta2" in options:
        options["betas"] = (options.pop("beta1", 0.9), options.pop("beta2", 0.999))
    clip_norm, clip_value = options.pop("clip_norm", None), options.pop("clip_value", None)
    factors = {"a": 1.0, "b": 1.0} | options.pop("rate_factors", {})
    start = torch.tensor(START[problem], dtype=torch.float64)
    parts = [part.clone() for part in (start[:2], start[2:])]
    groups = []
    for part, factor in zip(parts, factors.values(), strict=True):
        part.requires_grad = factor != 0
        own = {} if factor == 1 else {"lr": factor * options["lr"]}
        groups += [{"params": [part], **own}] if factor else []
    if ours == "amsgrad":
        options["amsgrad"] = True
    optimizer = getattr(torch.optim, name)(groups, **options)
    found = {}
    for step in range(1, max(STEPS) + 1):
        optimizer.zero_grad()
        loss(problem, torch.cat(parts)).backward()
        if clip_norm is not None:
            torch.nn.utils.clip_grad_norm_(parts, clip_norm)
        if clip_value is not None:
            torch.nn.utils.clip_grad_value_(parts, clip_value)
        optimizer.step()
        if step in STEPS:
            found[str(step)] = torch.cat(parts).tolist()
    return found


def rates(start: float, make: object) -> list[float]:
    """The learning rate of each of 30 epochs."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=start)
    scheduler = make(optimizer)
    found = []
    for _ in range(30):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if len(found) < 30:
            scheduler.step()
    return found


def main() -> None:
    """Write the file beside this one."""
    cases = [
        {
            "optimizer": ours,
            "problem": problem,
            "hyperparameters": hyperparameters,
            "path": path(problem, ours, theirs, hyperparameters),
        }
        for ours, theirs, hyperparameters in CASES
        for problem in START
    ]
    schedules = [
        {
            "schedule": name,
            "hyperparameters": options,
            "rates": rates(options["learning_rate"], make),
        }
        for name, options, make in SCHEDULES
    ]
    reference = {
        "made_by": f"PyTorch {torch.__version__}",
        "start": START,
        "matrix": MATRIX,
        "target": TARGET,
        "cases": cases,
        "schedules": schedules,
        "scores": SCORES,
        "plateaus": [
            {"hyperparameters": ours, "rates": plateau_rates(theirs)} for ours, theirs in PLATEAUS
        ],
    }
    file = Path(__file__).with_name("torch_reference.json")
    file.write_text(json.dumps(reference, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
