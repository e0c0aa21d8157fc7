"""Prints, as pins, the lowest versions that pyproject.toml declares of what a user may install."""

import tomllib
from pathlib import Path

PROJECT = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
# With what symgrad is checked, the pictures of its pages are drawn, and what compiles for minutes.
OURS = ("dev", "numba", "plot")
OPTIONAL = PROJECT["optional-dependencies"].items()
EXTRAS = [names for extra, names in OPTIONAL if extra not in OURS]

for requirement in [*PROJECT["dependencies"], *sum(EXTRAS, [])]:
    assert requirement.count(">=") == 1, f"{requirement}: no lowest version"
    print(requirement.replace(">=", "=="))
