"""Prints, as pins, the lowest versions that pyproject.toml declares of what a user may install."""

import tomllib
from pathlib import Path

PROJECT = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = [names for extra, names in PROJECT["optional-dependencies"].items() if extra != "dev"]

for requirement in [*PROJECT["dependencies"], *sum(EXTRAS, [])]:
    assert requirement.count(">=") == 1, f"{requirement}: no lowest version"
    print(requirement.replace(">=", "=="))
