"""A part of the search: all compositions up to depth two, and some of depth three, of a
vector, of the rows of a matrix, and in a batch."""

from __future__ import annotations

import pytest

from tests.stability.search import compositions, failures

TREES = [*compositions(2), *list(compositions(3))[::61]]
FORMS = {"vector": 1, "rows": 7, "batch": 8}


@pytest.mark.parametrize("form", FORMS)
def test_what_is_finite_in_120_digits_is_finite_here(form: str) -> None:
    found = [failure for tree in TREES[:: FORMS[form]] for failure in failures(tree, form)]
    assert not found, "\n".join(found)
