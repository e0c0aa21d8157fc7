"""Wrong usage is exit status 2 with a hint on standard error, before any work is done."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["derrive"], "No such command"),
        (["derive"], "give either a FILE or -e EXPRESSION"),
        (["derive", "line.sg", "-e", "x.T @ x"], "give either a FILE or -e EXPRESSION"),
        (
            ["derive", "absent.sg"],
            "no file absent.sg, and no example of that name; there are deepwalk",
        ),
        (["derrive"], "did you mean derive"),
        (["help"], "; write main --help"),
        (["train", "max_margin", "--epochs", "ten"], "'ten' is not a whole number"),
        (["train", "max_margin", "--learning-rate", "fast"], "'fast' is not a number"),
        (["derive", "two_layer_liner"], "no example of that name; did you mean two_layer_linear?"),
        (["derive", "lin.sg"], "did you mean line.sg?"),
        (["derive", "."], ". is a folder; a file with a program is wanted"),
        (["derive", "x.T @ x"], "an expression is given with derive -e"),
        (["derive", "line.sg", "--format", "htm"], "did you mean html?"),
        (["derive", "line.sg", "--frmat", "html"], "--format"),
        (["derive", "line.sg", "--format", "pdf"], "'pdf' is not one of 'latex'"),
        (["derive", "line.sg", "--of", "gradent"], "'gradent' is not one of 'gradient'"),
        (["check"], "Missing argument 'FILE'"),
        (["code", "line.sg", "--dtype", "int"], "'int' is not one of 'float64'"),
        (["train", "line.sg"], "line.sg is no built-in example: give its data with --data"),
        (["train", "line.sg", "--data", "absent.csv"], "'absent.csv' does not exist"),
        (["train", "max_margin", "--epochs", "0"], "0 is not in the range x>=1"),
        (["train", "max_margin", "--learning-rate", "0"], "0.0 is not in the range x>0"),
        (["train", "max_margin", "--size", "h"], "NAME=NUMBER is wanted, as in h=16"),
        (
            ["train", "max_margin", "--columns", "x"],
            "NAME=COLUMN or NAME=COLUMN,COLUMN,... is wanted",
        ),
        (["train", "max_margin", "--columns", "x=a"], "--columns names the columns of --data"),
        (["train", "max_margin", "--optimizer", "adm"], "'adm' is not one of "),
        (["train", "max_margin", "--optimizer", "adm"], "(did you mean adam, "),
        (["train", "graph_convolution", "--batch-size", "4"], "the problem has no batch"),
        (["run", "line.sg"], "line.sg is no built-in example: give its data with --data"),
    ],
)
def test_wrong_usage(arguments: list[str], message: str, symgrad, program: str) -> None:
    result = symgrad(*arguments)
    assert result.exit_code == 2
    assert message in " ".join(result.stderr.split())
    assert result.stderr.startswith("error: ")
    assert result.stdout == ""
