"""What pyproject.toml lists by hand is what there is."""

from __future__ import annotations

import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SETUPTOOLS = PYPROJECT["tool"]["setuptools"]


def test_every_package_is_installed() -> None:
    folders = [path.parent for path in (ROOT / "symgrad").rglob("__init__.py")]
    packages = {".".join(folder.relative_to(ROOT).parts) for folder in folders}
    assert packages | {"symgrad_cli"} == set(SETUPTOOLS["packages"])


def test_every_file_is_installed() -> None:
    listed = {
        path
        for package, patterns in SETUPTOOLS["package-data"].items()
        for pattern in patterns
        for path in ROOT.joinpath(*package.split(".")).glob(pattern)
    }
    files = {path for path in (ROOT / "symgrad").rglob("*") if path.is_file()}
    assert {path for path in files - listed if path.suffix not in (".py", ".pyc")} == set()
