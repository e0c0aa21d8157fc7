"""Everything that can be written, with its formula and its derivative, read off the records.

No formula stands here: those of operations are their entries', an optimizer's comes from its update
equations.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from itertools import takewhile
from textwrap import wrap

from symgrad import models
from symgrad.api import derive
from symgrad.catalog_entries import Entry, entry_of, is_elementwise
from symgrad.examples import names, text
from symgrad.language.expressions import OPERATIONS, Operation
from symgrad.language.parser import parse
from symgrad.training.equations import RATE
from symgrad.training.hyperparameters import HYPERPARAMETERS, symbols_of
from symgrad.training.lines import plain
from symgrad.training.metrics.records import METRICS, Metric
from symgrad.training.optimizers import OPTIMIZERS
from symgrad.training.optimizers.base import Optimizer
from symgrad.training.rates.base import Schedule
from symgrad.training.rates.schedules import SCHEDULES

WIDTH = 100
FORMULA = 40  # a longer formula has its derivative below it


def catalog() -> str:
    """Operators, functions, losses, models, optimizers, schedules and metrics, for a terminal.

    >>> print(next(line for line in catalog().splitlines() if "sigmoid(x)" in line))
      sigmoid(x)         1/(1 + exp(-x))                     by x  sigmoid(x) * (1 - sigmoid(x))
    """
    return "\n\n".join(_sections()) + "\n"


def _sections() -> Iterator[str]:
    functions = [o for o in OPERATIONS.values() if o.category == "function"]
    operators = [o for o in functions if not o.called]
    entrywise = [o for o in functions if o not in operators and is_elementwise(o)]
    others = [o for o in functions if o not in operators and o not in entrywise]
    sent = "for a result with cotangent g or G, the cotangent that it sends back"
    yield _table("Operators", f"the derivative; {sent}", operators)
    yield _table("Functions of each entry", "the derivative", entrywise)
    yield _table("Functions of vectors and matrices", f"the gradient; {sent}", others)
    for title, about, category in (
        ("Losses", "the gradient", "loss"),
        ("Batches", "the derivative by each example's l", "batch"),
        ("Constants", "no derivative", "constant"),
    ):
        yield _table(title, about, [o for o in OPERATIONS.values() if o.category == category])
    yield _section("Models", "the built-in examples, with their gradients", map(_model, names()))
    yield _section(
        "Builders of models",
        "sg.models.mlp(...) is a problem; `symgrad catalog models.mlp` shows its program",
        map(_builder, models.__all__),
        between="\n",
    )
    yield _section(
        "Optimizers",
        "g[t] is the gradient at theta[t-1], for t = 1, 2, ...",
        (_optimizer(name, make()) for name, make in OPTIMIZERS.items()),
    )
    yield _section(
        "Learning-rate schedules",
        "n epochs (or iterations) have been done; eta0 is the first learning rate",
        (_schedule(name, kind) for name, kind in SCHEDULES.items()),
    )
    yield _section(
        "Metrics",
        'of predictions beside labels, as in metric="accuracy" and --metric accuracy',
        (_metric(metric) for metric in METRICS.values()),
        between="\n",
    )


# models, optimizers, schedules


def _model(name: str) -> Iterator[str]:
    program = text(name)
    comments = [line[2:] for line in program.splitlines() if line.startswith("# ")]
    about = takewhile(lambda line: not line.startswith("Source: "), comments)
    yield from _folded(f"{name}: {' '.join(about)}")
    lines = program.splitlines()
    yield from (f"    {line}" for line in lines if line.partition(" = ")[0].isidentifier())
    for key, result in derive(parse(program)).results.items():
        *definitions, last = result.expression.splitlines()
        for line in (*definitions, f"grad_{key} = {last}"):
            yield from _folded(line, "    ")


def _builder(name: str) -> Iterator[str]:
    builder = getattr(models, name)
    given = ", ".join(
        str(parameter.replace(annotation=parameter.empty))
        for parameter in inspect.signature(builder).parameters.values()
    )
    about = (inspect.getdoc(builder) or "").partition("\n\n")[0]
    return iter(_folded(f"{name}({given}): {' '.join(about.split())}"))


def rows_of_optimizer(name: str) -> Iterator[str]:
    """An optimizer, what it is given, its lines with what they do, where it is from."""
    optimizer = OPTIMIZERS[name]()
    yield from _optimizer(name, optimizer, told=True)
    yield from _folded(f"Source: {optimizer.source}")
    yield from _folded(f"Defaults: {optimizer.defaults}")


def _optimizer(name: str, optimizer: Optimizer, told: bool = False) -> Iterator[str]:
    yield from _folded(f"{name}: {optimizer.sentence}")
    given = (f"{_keyword(name)} = {value:g}" for name, _, value in optimizer.given())
    yield from _folded(", ".join(given), "    ")
    for line in optimizer.lines():
        yield from _folded(line.text, "    ")
        if told:
            yield from _folded(line.words, "        ")


def rows_of_schedule(name: str) -> Iterator[str]:
    """A schedule, what it is given and in which range, its formula, an example, its source."""
    kind = SCHEDULES[name]
    yield from _schedule(name, kind)
    yield f"        n {kind.per}s have been done (see per); eta0 is learning_rate"
    for given in symbols_of(kind):
        yield f"        {_keyword(given)}: {HYPERPARAMETERS[given].range.words}"
    yield from _folded(f"Example: sg.{kind.shown()!r}")
    yield from _folded(f"Source: {kind.source}")


def _schedule(name: str, kind: type[Schedule]) -> Iterator[str]:
    yield from _folded(f"{name}: {kind.sentence}")
    if symbols_of(kind):
        yield f"    {', '.join(map(_keyword, symbols_of(kind)))}"
    yield from _folded(f"{plain(RATE)} = {plain(kind.formula())}", "    ")


def rows_of_metric(name: str) -> Iterator[str]:
    """A metric, which of its values is better, where it is from."""
    yield from _metric(METRICS[name])
    yield f"{'Larger' if METRICS[name].maximize else 'Smaller'} is better."
    yield from _folded(f"Source: {METRICS[name].source}")


def _metric(metric: Metric) -> Iterator[str]:
    yield from _folded(f"{metric.name}: {metric.words}")


def _keyword(name: str) -> str:
    """A hyperparameter as it is given, and its symbol where that is another word."""
    symbol = plain(HYPERPARAMETERS[name].symbol)
    return name if symbol == name else f"{name} {symbol}"


# layout


def _table(title: str, about: str, operations: Iterable[Operation]) -> str:
    entries = [entry for o in operations if (entry := entry_of(o)) is not None]
    left = max(len(e.written) for e in entries) + 2
    middle = max(len(e.formula) for e in entries if len(e.formula) <= FORMULA) + 2
    return _section(title, about, (_rows(e, left, middle) for e in entries), between="\n")


def _rows(entry: Entry, left: int, middle: int) -> Iterator[str]:
    first = f"{entry.written:<{left}}{entry.formula:<{middle}}"
    for name, derivative in entry.derivatives:
        line = f"by {name}  {derivative}"
        if len(first) > left + middle or len(first) + len(line) > WIDTH - 2:
            yield from _folded(first) if first.strip() else ()
            yield from _folded(line, " " * left)
        else:
            yield first + line
        first = " " * (left + middle)
    if not entry.derivatives:
        yield first


def _section(title: str, about: str, blocks: Iterable[Iterable[str]], between: str = "\n\n") -> str:
    body = between.join("\n".join(f"  {line}".rstrip() for line in block) for block in blocks)
    head = "\n".join(_folded(f"{title}: {about}"))
    return f"{head}\n\n{body}"


def _folded(line: str, indent: str = "") -> list[str]:
    """The line in pieces that fit, all but the first set in."""
    return wrap(
        line.rstrip(),
        WIDTH - 2,
        initial_indent=indent,
        subsequent_indent=indent + "    ",
        break_long_words=False,
        break_on_hyphens=False,
    )
