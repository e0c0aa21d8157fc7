"""symgrad run and symgrad catalog."""

from __future__ import annotations

import re

import pytest

import symgrad as sg
from symgrad import examples


def test_without_a_file_it_runs_the_lectures_net(symgrad) -> None:
    result = symgrad("run")
    assert (result.exit_code, result.stderr) == (0, "")
    derivation = sg.derive(sg.load(examples.path("two_layer_linear"))).text().rstrip()
    assert result.stdout.startswith(f"{derivation}\n\ngradient check: passed")
    before, after = map(float, re.search(r"a step (\S+) -> (\S+)\n", result.stdout).groups())
    assert after < before / 2
    assert "\x1b" not in result.stdout  # no color, whatever NO_COLOR says


def test_an_example_that_classifies_says_its_accuracy(symgrad) -> None:
    result = symgrad("run", "softmax_regression", "--epochs", "30")
    assert result.exit_code == 0
    assert float(re.search(r"accuracy of all data, .*: (\S+)", result.stdout)[1]) >= 0.95


def test_a_file_with_data(symgrad, program: str, tmp_path) -> None:
    (tmp_path / "line.csv").write_text("x,t\n1,2\n2,4\n3,6\n", encoding="utf-8")
    result = symgrad("run", program, "--data", "line.csv", "--epochs", "5")
    assert result.exit_code == 0
    assert "Trained   3 epochs" in result.stdout and "by LBFGS on 3 examples" in result.stdout


def test_a_failed_check_ends_the_run(symgrad, monkeypatch) -> None:
    class Report:
        verdict = "failed"

    monkeypatch.setattr(sg, "check_gradient", lambda *_, **__: Report())
    result = symgrad("run")
    assert result.exit_code == 1
    assert "epochs" not in result.stdout


def test_catalog_names_every_optimizer_and_function(symgrad) -> None:
    result = symgrad("catalog")
    assert (result.exit_code, result.stderr) == (0, "")
    for name in ("softmax", "logsumexp", "cross_entropy", "huber", *sg.OPTIMIZERS):
        assert name in result.stdout


def test_catalog_draws_the_path_of_an_optimizer(symgrad, tmp_path) -> None:
    pytest.importorskip("matplotlib")
    file = tmp_path / "sgd.svg"
    result = symgrad("catalog", "sgd", "--plot", str(file))
    assert result.exit_code == 0 and "Source: torch.optim.SGD" in result.stdout
    assert file.read_text(encoding="utf-8").lstrip().startswith("<?xml")
    for arguments in (["relu", "--plot", str(file)], ["sgd", "--plot", "-"]):
        result = symgrad("catalog", *arguments)
        assert result.exit_code == 2 and "or the rate of a schedule, to a file" in result.stderr
    assert symgrad("catalog", "cosine", "--plot", str(file)).exit_code == 0
    assert 'd="M' in file.read_text(encoding="utf-8")
