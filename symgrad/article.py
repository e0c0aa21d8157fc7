"""One thing of the catalog in full: its formula, derivative, shapes, kinks, source, an example."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from textwrap import wrap

from symgrad import models
from symgrad.catalog_entries import call_of, entry_of, own_operations, paired
from symgrad.contents import rows_of_metric, rows_of_optimizer, rows_of_schedule
from symgrad.errors import OptionError, did_you_mean
from symgrad.examples import names, text
from symgrad.language.expressions import Operation
from symgrad.language.parser import parse
from symgrad.language.problem import Problem
from symgrad.language.unparse import unparse
from symgrad.training.metrics.records import METRICS
from symgrad.training.optimizers import OPTIMIZERS
from symgrad.training.rates.schedules import SCHEDULES

BUILDERS: dict[str, Callable[[], Problem]] = {
    f"models.{name}": getattr(models, name) for name in models.__all__
}
TITLES, WIDTH = 12, 80
LONG = 40  # characters of a kink that is said in words


def listed() -> list[str]:
    """The names that have an article: operations, examples, optimizers, schedules, metrics."""
    operations = [o.name for o in own_operations().values() if o.called]
    return [*operations, *names(), *BUILDERS, *OPTIMIZERS, *SCHEDULES, *METRICS]


def program_of(name: str) -> Problem | None:
    """A program that shows it: an example itself, of a builder what it makes by default, of an
    operation its inner product with a given cotangent; None of optimizers, schedules and metrics.

    Raises: OptionError for another name."""
    if name in {*OPTIMIZERS, *SCHEDULES, *METRICS}:
        return None
    if name in names():
        return parse(text(name))
    if name in BUILDERS:
        return BUILDERS[name]()
    variables, call = call_of(_operation(name))
    return paired(variables, call)


def latex_of(name: str) -> str:
    """The equations of an optimizer, or the formula of a schedule or a metric."""
    if name in METRICS:
        return METRICS[name].formula + "\n"
    return (SCHEDULES[name].shown() if name in SCHEDULES else OPTIMIZERS[name]()).latex()


def article(name: str) -> str:
    """What is known of an operation, an example, an optimizer, a schedule or a metric, as text.

    >>> print(article("relu"))
    relu(x)     x if x > 0 else 0
    Derivative  by x  step(x)
    Shapes      x: Scalar
    Kink        where x = 0
    Rule        ReLU passes the gradient on where its argument is positive, and
                stops it elsewhere.
    <BLANKLINE>
    """
    if name in OPTIMIZERS:
        return "\n".join(rows_of_optimizer(name)) + "\n"
    if name in SCHEDULES:
        return "\n".join(rows_of_schedule(name)) + "\n"
    if name in METRICS:
        return "\n".join(rows_of_metric(name)) + "\n"
    if name in BUILDERS:
        return BUILDERS[name]().source
    if name in names():
        return text(name).rstrip("\n") + "\n"
    rows = (row for title, said in _facts(_operation(name)) for row in _row(title, said))
    return "\n".join(rows) + "\n"


def _operation(name: str) -> Operation:
    found = next((o for o in own_operations().values() if name in (o.name, *o.aliases)), None)
    if found is None:
        raise OptionError(f"the catalog has no {name}{did_you_mean(name, listed())}")
    return found


def _facts(operation: Operation) -> Iterator[tuple[str, str]]:
    """What is known of it, each with a title."""
    entry = entry_of(operation)
    assert entry is not None
    variables, call = call_of(operation)
    yield entry.written, entry.formula
    for name, derivative in entry.derivatives:
        yield "Derivative", f"by {name}  {derivative}"
    if variables:
        yield "Shapes", ", ".join(map(str, variables))
    kink = getattr(operation.meaning, "kink", None)
    if kink is not None:
        zero = unparse(kink(*call.arguments))
        yield "Kink", f"where {zero} = 0" if len(zero) < LONG else "where extreme entries are equal"
    yield "Rule", operation.sentence
    if operation.aliases:
        yield "Also", ", ".join(operation.aliases)
    if operation.source:
        yield "Source", operation.source


def _row(title: str, said: str) -> Iterable[str]:
    """A title and what is said, set in beside it; a long title stands alone."""
    lines = wrap(said, WIDTH - TITLES, break_long_words=False, break_on_hyphens=False) or [""]
    if len(title) >= TITLES:
        yield title
    else:
        yield f"{title:<{TITLES}}{lines.pop(0)}".rstrip()
    yield from (" " * TITLES + line for line in lines)
