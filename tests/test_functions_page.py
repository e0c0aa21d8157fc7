"""The page of functions says what the records say, and each has its picture."""

from __future__ import annotations

import runpy
from pathlib import Path
from xml.etree.ElementTree import fromstring

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="the extra plot is not installed")
FOLDER = Path(__file__).parent.parent / "docs" / "functions"
MADE = runpy.run_path(str(FOLDER / "make_functions.py"))
NAMES = [operation.name for operation, _ in MADE["functions"]()]


def test_the_page_is_that_of_the_records() -> None:
    assert FOLDER.with_suffix(".md").read_text(encoding="utf-8") == MADE["page"]()


def test_each_has_its_picture() -> None:
    assert {path.stem for path in FOLDER.glob("*.svg")} == set(NAMES)
    for path in FOLDER.glob("*.svg"):
        text = path.read_text(encoding="utf-8")
        called = [t.text for t in fromstring(text).iter("{http://www.w3.org/2000/svg}text")]
        assert any(str(label).startswith(f"{path.stem}(x") for label in called)
        assert "derivative" in called and 'href="http' not in text


@pytest.mark.parametrize(
    ("name", "kinks"), [("relu", [0]), ("hinge", [1]), ("sign", [0]), ("huber", []), ("tanh", [])]
)
def test_kinks_are_found(name: str, kinks: list[float]) -> None:
    assert list(MADE["breaks"](name)) == kinks


def test_what_is_drawn_is_the_derivative() -> None:
    x = np.linspace(-3.9, 3.9, 40)
    for name in NAMES:
        f, slope = MADE["values"](name, x)
        above, below = (MADE["values"](name, x + step)[0] for step in (1e-6, -1e-6))
        known = np.isfinite(f + above + below + slope) & (np.abs(slope) < 100)
        assert np.allclose(slope[known], ((above - below) / 2e-6)[known], rtol=1e-3, atol=1e-4)
