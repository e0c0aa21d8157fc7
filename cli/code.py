"""symgrad code."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import click

from .data_options import SIZES
from .epoch_options import PASSES
from .gathered import with_options
from .optimizer_options import OptimizerOptions
from .options import KINDS, of_option, output_option, wrt_option
from .output import write
from .programs import ProgramFile, file_argument

OF_TRAINING = [*OptimizerOptions.options, *PASSES, SIZES]


@click.command()
@file_argument
@wrt_option
@of_option
@click.option(
    "--dtype", type=click.Choice(["float64", "float32"]), default="float64", show_default=True
)
@click.option(
    "--for",
    "library",
    type=click.Choice(["numpy", "torch", "jax"]),
    default="numpy",
    show_default=True,
    help="A NumPy function, or a loss whose gradient is the derived one: a "
    "torch.autograd.Function or a jax.custom_vjp.",
)
@click.option(
    "--with-training",
    is_flag=True,
    help="A script that trains on an npz file: gradient, optimizer and loop. The options below "
    "are for it.",
)
@with_options(OF_TRAINING)
@output_option
def code(
    program: ProgramFile,
    wrt: list[str] | None,
    of: str,
    dtype: str,
    library: str,
    with_training: bool,
    output: str,
    **training: Any,
) -> None:
    """Write a NumPy function for the value and all gradients; it runs without symgrad.

    \b
    Examples:
      symgrad code two_layer_linear
      symgrad code softmax_regression -o model.py
      symgrad code softmax_regression --for torch -o model.py
      symgrad code mlp_relu --with-training --size h=16 --epochs 50 -o train.py
    """
    import symgrad as sg

    chosen = _chosen(click.get_current_context())
    if with_training:
        _refuse(chosen & {"wrt", "of", "dtype", "library"}, "is not for --with-training")
        write(_script(program, **training), output)
        return
    _refuse(chosen & training.keys(), "is for --with-training")
    if library != "numpy":
        _refuse(chosen & {"of", "dtype"}, f"is not for --for {library}")
        write(sg.export_gradient(program.problem(), library, wrt), output)
        return
    derivation = getattr(sg, KINDS[of])(program.problem(), wrt=wrt)
    write(derivation.lambdify(dtype=dtype).source, output)


def _chosen(context: click.Context) -> set[str]:
    """The names of the options that were given."""
    given = click.core.ParameterSource.COMMANDLINE
    return {name for name in context.params if context.get_parameter_source(name) == given}


def _refuse(names: set[str], told: str) -> None:
    words = {"library": "for", "sizes": "size", "rate_factors": "rate-factor"}
    for name in sorted(names):
        raise click.UsageError(f"--{words.get(name, name).replace('_', '-')} {told}")


def _script(program: ProgramFile, **told: Any) -> str:
    """The script of a training."""
    import symgrad as sg

    example = program.example
    rule = OptimizerOptions(
        **{field.name: told.pop(field.name) for field in fields(OptimizerOptions)}
    )
    return sg.training_source(
        program.problem(),
        optimizer=rule.arguments(program)["optimizer"] or "adam",
        epochs=told["epochs"] or (example.epochs if example else 100),
        batch_size=told["batch_size"] or (example.batch_size if example else 32),
        seed=told["seed"],
        sizes={**(example.sizes if example else {}), **told["sizes"]},
    )
