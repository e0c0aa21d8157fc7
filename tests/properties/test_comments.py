"""Each comment of generated source is true of its line, on every public case and at random."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import symgrad as sg
from symgrad import examples
from symgrad.numerics.checks.sampling import random_array
from symgrad.numerics.sizes import axes_of
from symgrad.numerics.source import comments
from tests.derived import of_case

from .comments import BATCH, Reader
from .programs import program

FILE = Path(__file__).parent.parent / "cases" / "cases.json"
CASES = json.loads(FILE.read_text(encoding="utf-8"))["cases"]
LABELLED = re.compile(r"for [^()]*\b[ikl]\b[^()]* in (one|two)")
quiet = pytest.mark.filterwarnings("ignore::RuntimeWarning")


def inputs_of(case: Mapping[str, Any]) -> dict[str, np.ndarray]:
    return {n: np.vectorize(float, otypes=[float])(v) for n, v in case["inputs"].items()}


@pytest.fixture
def whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comments, "LONGEST", 10_000)


@pytest.mark.parametrize("case", CASES, ids=[c["id"] for c in CASES])
@pytest.mark.usefixtures("whole")
@quiet
def test_comments_are_true(case: Mapping[str, Any]) -> None:
    reader = Reader(of_case(case), inputs_of(case))
    list(reader.checked())


def numbers(problem: sg.Problem) -> dict[str, np.ndarray]:
    """Random inputs, with a batch that is not as long as any other dimension."""
    rng = np.random.default_rng(0)
    axes = {axis: None for v in problem.variables.values() for axis in (*v.dims, *axes_of(v))}
    sizes = {a: BATCH if isinstance(a, str) else 2 + k % 4 for k, a in enumerate(axes)}
    return {n: random_array(v, sizes, rng, 0.0, 1.0) for n, v in problem.variables.items()}


@pytest.mark.parametrize("name", examples.names())
@pytest.mark.parametrize("kind", ["derive", "hvp"])
@pytest.mark.usefixtures("whole")
def test_comments_of_the_examples_are_true(name: str, kind: str) -> None:
    problem = sg.parse(examples.text(name))
    reader = Reader(getattr(sg, kind)(problem), numbers(problem))
    assert len(list(reader.checked())) == len(reader.lines) > 5


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.randoms(use_true_random=False))
@pytest.mark.usefixtures("whole")
@quiet
def test_comments_of_random_programs_are_true(random: Random) -> None:
    p = program(random)
    assume(": Tensor(m, n, p)" in p.text)  # no dimension is a number, or another one
    assume(not p.has_tensor)  # a view of a tensor has a name and no line
    assume(not LABELLED.search(p.text))  # the reader looks nothing up
    p = p.resized({"m": 2, "n": 3, "p": 4, "one": BATCH, "two": BATCH}, seed=0)
    for kind in (sg.derive, sg.hvp):
        list(Reader(kind(p.text, p.wrt), p.inputs).checked())
