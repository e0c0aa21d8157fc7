"""%%symgrad, in a shell of IPython."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

NET = """W: Matrix(k, d)
x: Vector(d)
y: Vector(k)
f = W @ x
loss = norm2(f - y)**2
"""
Run = Callable[[str], tuple[Any, Any]]


@pytest.fixture(scope="module")
def shell() -> Iterator[Any]:
    pytest.importorskip("IPython")
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    config = Config({"HistoryManager": {"enabled": False}})
    shell = InteractiveShell.instance(config=config, colors="nocolor")
    shell.run_line_magic("load_ext", "symgrad")
    yield shell
    InteractiveShell.clear_instance()


@pytest.fixture
def run(shell: Any) -> Run:
    """What a cell prints and shows, and its error."""
    from IPython.utils.capture import capture_output

    def run(cell: str) -> tuple[Any, Any]:
        with capture_output() as captured:
            result = shell.run_cell(cell)
        return captured, result.error_in_exec

    return run


def shown(captured: Any) -> str:
    (output,) = captured.outputs
    return str(output.data["text/markdown"])


def test_a_cell_is_derived(run: Run) -> None:
    captured, error = run(f"%%symgrad --wrt W\n{NET}")
    assert error is None
    assert r"\nabla_{W} L = 2 (f - y) x^{\top}" in shown(captured)
    assert "Forward" in shown(captured)


def test_its_options_are_those_of_the_command(run: Run) -> None:
    captured, _ = run(f"%%symgrad --wrt x --of hessian --level result\n{NET}")
    assert r"2 W^{\top} W" in shown(captured) and "Forward" not in shown(captured)
    captured, _ = run(f"%%symgrad --format text --level result\n{NET}")
    assert "grad_W L = 2 * (f - y) @ x.T" in captured.stdout and not captured.outputs


def test_a_page_and_a_graph_are_shown(run: Run) -> None:
    captured, _ = run(f"%%symgrad --format svg\n{NET}")
    assert captured.outputs[0].data["image/svg+xml"].startswith("<svg")
    captured, _ = run(f"%%symgrad --format html\n{NET}")
    frame = captured.outputs[0].data["text/html"]
    assert frame.startswith('<iframe srcdoc="&lt;!DOCTYPE html&gt;') and frame.count("<") == 2


def test_components_are_text(run: Run) -> None:
    captured, error = run(f"%%symgrad --form components --wrt x\n{NET}")
    assert error is None and captured.stdout.startswith("x[i]: ")


def test_its_program_has_a_name(run: Run, shell: Any) -> None:
    run(f"%%symgrad --name net --wrt W\n{NET}")
    captured, _ = run("import symgrad as sg\nprint(sg.derive(net, 'x').results['x'])")
    assert captured.stdout == "2 * W.T @ (f - y)\n"


def test_a_line_derives_an_expression(run: Run) -> None:
    captured, _ = run('%symgrad -e "x.T @ A @ x" --wrt x')
    assert r"A x + A^{\top} x" in shown(captured)


def test_it_writes_a_file(run: Run, tmp_path: Path) -> None:
    captured, error = run(f"%%symgrad --format latex -o {tmp_path}/net.tex\n{NET}")
    assert error is None and not captured.outputs and not captured.stdout
    assert "align*" in (tmp_path / "net.tex").read_text("utf-8")


WRONG = {
    f"%%symgrad --wrt W\n{NET.replace('W @ x', 'x @ W')}": "ShapeError: cell, line 4, column 5: ",
    f"%%symgrad --wrt V\n{NET}": "UnknownNameError: ",
    f"%%symgrad --level stepz\n{NET}": "OptionError: Invalid value for '--level': 'stepz'",
    f"%%symgrad two_layer_linear\n{NET}": "OptionError: the cell has the program; leave FILE out",
    '%%symgrad --wrt "W\nx: Scalar': 'OptionError: --wrt "W: No closing quotation',
    "%symgrad --wrt W": "OptionError: give either a FILE or -e EXPRESSION",
    "%%symgrad --name 2x\nx: Scalar\nloss = x": "OptionError: --name 2x: a name is wanted",
    "%%symgrad --name class\nx: Scalar\nloss = x": "OptionError: --name class: a name is wanted",
}


@pytest.mark.parametrize("cell", WRONG, ids=WRONG.values())
def test_an_error_is_a_message(run: Run, cell: str) -> None:
    captured, error = run(cell)
    assert error is not None
    said = captured.stdout + captured.stderr
    assert WRONG[cell] in said and "Traceback" not in said and len(said) < 600


def test_help_is_no_error(run: Run) -> None:
    captured, error = run("%symgrad --help")
    assert error is None and "--name NAME" in captured.stdout
