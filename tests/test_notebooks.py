"""The notebooks run from top to bottom, and show what is committed in them.

Outputs are committed, so that a notebook can be read where it is not run. Texts and formulas are
compared, but for the digits of errors; pictures are not. --rewrite-golden writes them anew.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from symgrad.training.optimizers import OPTIMIZERS
from symgrad.training.rates.schedules import SCHEDULES

PATHS = sorted((Path(__file__).parent.parent / "docs").glob("*.ipynb"))
NUMBER = re.compile(r"\d(\.\d+)?e[+-]\d+")
COMPARED = ("text/latex", "text/markdown", "text/plain")
Outputs = list[list[str]]


def output(shown: dict[str, Any]) -> str:
    """What is compared of an output of a cell."""
    if shown["output_type"] == "error":
        return f"{shown['ename']}: {shown['evalue']}"
    data = shown.get("data", {})
    text = next((data[kind] for kind in COMPARED if kind in data), shown.get("text", ""))
    return NUMBER.sub("0", "" if "image/png" in data else text)


def outputs(notebook: Any) -> Outputs:
    """What is compared of each cell."""
    return [[output(each) for each in cell.get("outputs", ())] for cell in notebook.cells]


@pytest.fixture(scope="module")
def ran(request: pytest.FixtureRequest) -> dict[Path, tuple[Outputs, Outputs]]:
    """What each notebook shows, and what it shows when it is run. All are run in one kernel, one
    after the other, since to start it takes most of the time."""
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    pytest.importorskip("ipykernel")
    notebooks = {path: nbformat.read(path, as_version=4) for path in PATHS}
    shown = {path: outputs(notebook) for path, notebook in notebooks.items()}
    first, *others = notebooks.values()
    whole = nbformat.v4.new_notebook(metadata=first.metadata)
    whole.cells = [cell for notebook in (first, *others) for cell in notebook.cells]
    nbclient.NotebookClient(whole, timeout=120, record_timing=False).execute()
    if request.config.getoption("--rewrite-golden"):
        for path, notebook in notebooks.items():
            nbformat.write(without_counts(notebook), path)
    return {path: (shown[path], outputs(notebook)) for path, notebook in notebooks.items()}


def without_counts(notebook: Any) -> Any:
    """The notebook as it is committed: how often a cell was run is not."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.execution_count = None
            for each in cell.outputs:
                if each.output_type == "execute_result":
                    each.execution_count = None
    return notebook


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_a_notebook_shows_what_it_does(
    path: Path, ran: dict[Path, tuple[Outputs, Outputs]], request: pytest.FixtureRequest
) -> None:
    shown, now = ran[path]
    assert request.config.getoption("--rewrite-golden") or now == shown


def test_each_optimizer_and_each_schedule_has_its_place() -> None:
    shown = next(path for path in PATHS if path.name == "optimizers.ipynb").read_text("utf-8")
    kinds = [type(make()).__name__ for make in OPTIMIZERS.values()]
    kinds += [kind.__name__ for kind in SCHEDULES.values()]
    assert [name for name in kinds if f" = sg.{name}(" not in shown] == []
