"""symgrad code: a function, a training script, and a gradient for PyTorch and JAX."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import symgrad as sg


def test_a_script_trains_as_the_command_does(symgrad, program: str, tmp_path) -> None:
    data = {"x": np.arange(12.0).reshape(6, 2) / 10, "t": np.arange(6.0)}
    np.savez(tmp_path / "line.npz", **data)
    options = ["--optimizer", "momentum", "--learning-rate", "0.05", "--epochs", "7"]
    options += ["--batch-size", "4", "--seed", "2"]
    script = symgrad("code", program, "--with-training", *options)
    assert script.exit_code == 0
    names: dict[str, Any] = {}
    exec(compile(script.stdout, "script", "exec"), names)
    result = symgrad("train", program, "--data", "line.npz", *options, "-o", "w.npz")
    assert result.exit_code == 0
    with np.load(tmp_path / "w.npz") as trained:
        np.testing.assert_allclose(names["train"](data)[0]["w"], trained["w"], rtol=1e-12)


def test_an_example_has_its_own_options(symgrad) -> None:
    script = symgrad("code", "mlp_relu", "--with-training").stdout
    assert "'h': 16" in script and "def train(data, epochs=100, batch_size=16, seed=0)" in script


def test_other_libraries(symgrad, program: str) -> None:
    pytest.importorskip("array_api_compat")
    for library in ("torch", "jax"):
        result = symgrad("code", program, "--for", library)
        with open(program, encoding="utf-8") as file:
            assert result.stdout == sg.export_gradient(file.read(), library)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--epochs", "3"], "--epochs is for --with-training"),
        (["--size", "h=3"], "--size is for --with-training"),
        (["--with-training", "--wrt", "w"], "--wrt is not for --with-training"),
        (["--with-training", "--for", "jax"], "--for is not for --with-training"),
        (["--for", "torch", "--of", "hessian"], "--of is not for --for torch"),
    ],
)
def test_options_that_do_not_fit_are_wrong_usage(
    options: list[str], told: str, symgrad, program: str
) -> None:
    result = symgrad("code", program, *options)
    assert result.exit_code == 2 and told in result.stderr
