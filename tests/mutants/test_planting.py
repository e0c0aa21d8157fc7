"""A mutant is planted where its text stands once, noticed by a test that fails, and taken out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from .planting import Mutant, passes
from .table import MUTANTS

CODE = "def double(x):\n    return 2 * x\n\n\ndef one():\n    return 1\n"
TEST = "from code_of_ours import double\n\n\ndef test_double():\n    assert double(3) == 6\n"
CONFTEST = "from hypothesis import settings\n\nsettings.register_profile('as-found')\n"
BUG = Mutant("double triples", "code_of_ours.py", "2 * x", "3 * x", "test_ours.py")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "code_of_ours.py").write_text(CODE)
    (tmp_path / "test_ours.py").write_text(TEST)
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "pyproject.toml").write_text('[tool.pytest.ini_options]\npythonpath = ["."]\n')
    return tmp_path


@pytest.mark.parametrize(("old", "new", "survives"), [("2 * x", "3 * x", False), ("1", "2", True)])
def test_a_bug_is_noticed_or_survives(tree: Path, old: str, new: str, survives: bool) -> None:
    mutant = replace(BUG, old=old, new=new)
    assert mutant.fault(tree) == ""
    assert mutant.survives(tree) == survives
    assert (tree / BUG.file).read_text() == CODE


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"file": "absent.py"}, "there is no absent.py"),
        ({"old": "4 * x"}, "'4 * x' stands 0 times in code_of_ours.py, not once"),
        ({"old": "return"}, "'return' stands 2 times in code_of_ours.py, not once"),
        ({"new": "2 * x"}, "nothing is changed"),
        ({"new": "2 *"}, "'2 *' is no Python in its place"),
        ({"tests": "test_ours.py tests/absent.py::test"}, "there are no tests tests/absent.py"),
    ],
)
def test_a_row_that_does_not_fit_is_told(tree: Path, changed: dict[str, str], message: str) -> None:
    assert message in replace(BUG, **changed).fault(tree)


def test_where_no_test_runs_nothing_is_said(tree: Path) -> None:
    with pytest.raises(RuntimeError, match="ran no test"):
        passes(tree, ["test_ours.py", "-k", "nothing"])


def test_every_mutant_has_a_name_of_its_own() -> None:
    assert len({m.name for m in MUTANTS}) == len(MUTANTS)


def test_every_row_fits_the_code() -> None:
    root = Path(__file__).parents[2]
    assert [fault for m in MUTANTS if (fault := m.fault(root))] == []
