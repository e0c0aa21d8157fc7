"""71 programs that are wrong (tests/cases/bad.json): each is refused with a message that names the
line and the cause, in time, and nothing of it is run."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import symgrad as sg

FILE = Path(__file__).parent / "cases" / "bad.json"
CASES = json.loads(FILE.read_text(encoding="utf-8"))["cases"]


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_bad_program(
    case: Mapping[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    begin = time.monotonic()
    try:
        sg.derive(case["program"], case["wrt"]).lambdify()
    except sg.SymgradError as error:
        message = str(error).lower()
        unsaid = [
            words
            for words in case["must_mention"]
            if not any(word.lower() in message for word in words)
        ]
        assert unsaid == [], message
        assert case["line"] in (None, error.line), message
    else:
        assert case["expect"] == "error-or-ok"
        if case.get("ok_gradient"):
            assert sg.check_gradient(case["program"], case["wrt"]).passed
    assert time.monotonic() - begin < case["time_limit_s"]
    assert list(tmp_path.iterdir()) == []  # a program that ran would have left a file
