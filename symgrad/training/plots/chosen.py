"""Which pictures a trained model has: told by the structure of its problem."""

from __future__ import annotations

from typing import TYPE_CHECKING

from symgrad.training.plots.models import against_given, boundary, confusion, fitted_line
from symgrad.training.plots.vectors import embedding, path

if TYPE_CHECKING:
    from symgrad.training.plots.shown import Shown
    from symgrad.training.plots.style import Panel

VIEWS = (fitted_line, boundary, against_given, confusion, embedding, path)


def model_panels(shown: Shown) -> list[Panel]:
    """The panels of all views, those that do not fit the problem having none."""
    return [panel for view in VIEWS for panel in view(shown)]
