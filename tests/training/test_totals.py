"""A loss divided at its sums over the batch: the pieces together are the whole."""

from __future__ import annotations

import pytest

from symgrad.errors import ProgramError
from symgrad.language.parser import parse
from symgrad.language.unparse import unparse
from symgrad.training.steps.totals import divided

HEAD = "x: Scalar\nt: Scalar\nw: Scalar\nc: Scalar\n"


@pytest.mark.parametrize(
    ("program", "outer", "sums", "means"),
    [
        ("loss = sum(w * x for x in batch)", "total1", ["w * x"], (False,)),
        ("loss = 2 * mean(w * x for x in batch) + w**2", "2 * total1 + w**2", ["w * x"], (True,)),
        ("u = w * x\nfit = mean(u for x in batch)\nloss = fit + c", "fit + c", ["u"], (True,)),
        (
            "loss = sqrt(mean((w * x)**2 for x in batch)) * sum(t * w for t in batch)",
            "sqrt(total1) * total2",
            ["(w * x)**2", "t * w"],
            (True, False),
        ),
    ],
)
def test_the_sums_get_names(
    program: str, outer: str, sums: list[str], means: tuple[bool, ...]
) -> None:
    totals = divided(parse(HEAD + program))
    assert unparse(totals.outer.output) == outer
    assert [unparse(p.output).removeprefix("sum(").split(" for ")[0] for p in totals.sums] == sums
    assert totals.means == means
    assert not totals.outer.batch


def test_a_name_that_is_taken_is_left_alone() -> None:
    text = "x: Scalar\ntotal1: Scalar\nloss = mean(total1 * x for x in batch)"
    assert divided(parse(text)).names == ("total2",)


@pytest.mark.parametrize(
    "program",
    [
        "m = mean(w * x for x in batch)\nloss = mean((w * x - m)**2 for x in batch)",
        "m = mean(w * x for x in batch)\nr = x - m\nloss = mean(r**2 for x in batch)",
        "loss = mean((w * x - mean(x for x in batch))**2 for x in batch)",
    ],
)
def test_a_sum_in_each_example_is_refused(program: str) -> None:
    with pytest.raises(ProgramError, match="for each example"):
        divided(parse(HEAD + program))
