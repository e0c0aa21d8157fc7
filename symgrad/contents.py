"""Everything that can be written, with its formula and its derivative, read off the records.

No formula stands here: a function's comes from its definition, a derivative from symgrad itself, an
optimizer's from its update equations.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import takewhile
from textwrap import wrap
from typing import Any

import sympy

from symgrad import models
from symgrad.api import derive
from symgrad.calculus.index_notation import index_form
from symgrad.calculus.lowering import lower_problem
from symgrad.calculus.nodes import Input, Node, batch_of, matrix_shape
from symgrad.errors import SymgradError
from symgrad.examples import names, text
from symgrad.language.dimensions import ONE, SCALAR, core, dimension, dims
from symgrad.language.expressions import OPERATIONS, Call, Expression, Letter, Name, Operation
from symgrad.language.operations import meanings
from symgrad.language.operations.batches import over_batch
from symgrad.language.operations.constants import filled
from symgrad.language.operations.contractions import dot, total
from symgrad.language.operations.entries import Ranges, at
from symgrad.language.operations.places import Affine
from symgrad.language.operations.slices import slice_bounds, sliced
from symgrad.language.parser import parse
from symgrad.language.plain import plain_text
from symgrad.language.problem import Problem, Variable
from symgrad.language.unparse import unparse
from symgrad.training.base import Optimizer
from symgrad.training.equations import RATE
from symgrad.training.hyperparameters import HYPERPARAMETERS, symbols_of
from symgrad.training.lines import plain, sympy_text
from symgrad.training.metrics import METRICS, Metric
from symgrad.training.optimizers import OPTIMIZERS
from symgrad.training.rates import Schedule
from symgrad.training.schedules import SCHEDULES

M, N, K = dims("m n k")
BLOCKS, BLOCK = (dimension(6), dimension(4)), (dimension(3), dimension(2))
COTANGENT = "g"
WIDTH = 100
FORMULA = 40  # a longer formula has its derivative below it
LOSS = Variable("l", "Scalar", batch="batch")

SECOND = Affine({}, ONE)

Variables = tuple[Variable, ...]


@dataclass(frozen=True)
class Entry:
    """One operation: how it is written, its formula, and its derivative by each argument."""

    written: str
    formula: str
    derivatives: tuple[tuple[str, str], ...]


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


# operations


def own_operations() -> dict[str, Operation]:
    """Those with an entry of their own: no other form of an operation, no index, by name."""
    return {name: operation for name, operation in OPERATIONS.items() if _has_entry(operation)}


def _has_entry(operation: Operation) -> bool:
    if isinstance(operation.meaning, meanings.Placed | meanings.Numbered):
        return False  # an index, no value
    return call_of(operation)[1].operation is operation


@cache
def entry_of(operation: Operation) -> Entry | None:
    """The operation with its derivative; None where it has none of its own.

    >>> from symgrad.language.operations.contractions import trace
    >>> entry_of(trace)
    Entry(written='trace(X)', formula='sum_i X_ii', derivatives=(('X', 'eye(n)'),))
    """
    if not _has_entry(operation):
        return None
    variables, call = call_of(operation)
    problem = paired(variables, call)
    derivatives = tuple((name, _derivative(problem, name)) for name in derived_by(variables))
    return Entry(_written(call), formula_of(call, variables), derivatives)


def derived_by(variables: Variables) -> list[str]:
    """The names of those that have derivatives."""
    return [v.name for v in variables if v.differentiable]


def _derivative(problem: Problem, name: str) -> str:
    """The gradient by a variable, or that it is not known."""
    try:
        return derive(problem, [name]).results[name].expression
    except SymgradError as error:
        return error.message


def is_elementwise(operation: Operation) -> bool:
    """Whether it is a function of numbers, applied to each entry.

    >>> is_elementwise(OPERATIONS["gelu"]), is_elementwise(OPERATIONS["softmax"])
    (True, False)
    """
    if isinstance(operation.meaning, meanings.Function):
        return False
    try:
        scalar, vector = (
            operation(*(v.expression() for v in _variables(operation, kind, dims)))
            for kind, dims in (("Scalar", ()), ("Vector", (N,)))
        )
    except SymgradError:
        return False
    return scalar.shape == SCALAR and vector.shape == (N, ONE)


def call_of(operation: Operation) -> tuple[Variables, Call]:
    """The operation called with the first kind of arguments that it takes."""
    if operation.category == "constant":
        return (), _as_call(filled(operation, (N,)))
    if operation.category == "batch":
        return (LOSS,), _as_call(over_batch(operation, LOSS.expression(), (LOSS.name,), "batch"))
    for variables in _signatures(operation):
        try:
            return variables, _as_call(_called(operation, variables))
        except SymgradError:
            continue
    raise TypeError(f"{operation.name} takes no arguments that the catalog knows")


def _as_call(e: Expression) -> Call:
    """The expression as the call that it is."""
    assert isinstance(e, Call)
    return e


def _called(operation: Operation, variables: Variables) -> Expression:
    if isinstance(operation.meaning, meanings.Gathered):
        (whole,) = (v.expression() for v in variables)
        ranges = Ranges(map(Letter, "ijk", core(whole.shape)))
        return operation(at(whole, *ranges), ranges=ranges)
    if isinstance(operation.meaning, meanings.Sliced):
        (whole,) = (v.expression() for v in variables)
        return sliced(
            whole, [slice_bounds(None if d == ONE else SECOND, None, d) for d in whole.shape]
        )
    spec = {"spec": "ij,jk->ik"} if "spec" in operation.options else {}
    return operation(*(v.expression() for v in variables), **spec)


def _signatures(operation: Operation) -> Iterator[Variables]:
    """Kinds of arguments, those first that show the most."""
    if isinstance(operation.meaning, meanings.Gathered | meanings.Sliced):
        yield (Variable("x", "Vector", (N,)),)
        yield (Variable("X", "Matrix", (M, N)),)
        yield (Variable("T", "Tensor", (M, N, K)),)
    if is_elementwise(operation):
        yield _variables(operation, "Scalar", ())
    if operation.called and getattr(operation.meaning, "over", "") != "matrix":
        yield _variables(operation, "Vector", (N,))
    yield (Variable("X", "Matrix", (M, N)), Variable("Y", "Matrix", (N, K)))[: operation.arity[1]]
    yield Variable("X", "Matrix", BLOCKS), Variable("Y", "Matrix", BLOCK)
    yield _variables(operation, "Matrix", (N, N))
    yield (Variable("v", "Index", (N,)),)
    yield Variable("Z", "Matrix", (M, N)), Variable("v", "Index", (M,))
    rows, columns = Variable("v", "Index", (M,)), Variable("w", "Index", (N,))
    yield Variable("Z", "Matrix", (M, N)), rows, columns
    yield rows, Variable("w", "Index", (M,))


def _variables(operation: Operation, kind: str, dimensions: tuple[Any, ...]) -> Variables:
    """As many variables as it takes arguments, with the names that its definition has."""
    definition = getattr(operation.meaning, "definition", None)
    if definition is None or isinstance(definition, type):
        chosen = ["x", "y", "z"]
    else:
        every = inspect.signature(definition).parameters.values()
        chosen = [p.name for p in every if p.kind is not p.KEYWORD_ONLY]
    chosen = chosen[: operation.arity[1]]
    chosen = [name.upper() for name in chosen] if kind == "Matrix" else chosen
    return tuple(Variable(name, kind, dimensions) for name in chosen)


def paired(variables: Sequence[Variable], result: Expression) -> Problem:
    """The result, or where it is no scalar its inner product with a given cotangent, as a loss."""
    known = {v.name: v for v in variables}
    if result.shape != SCALAR:
        is_vector = result.shape[1:] == (ONE,)
        kind = "Vector" if is_vector else "Matrix" if len(result.shape) == 2 else "Tensor"
        dimensions = result.shape[:1] if is_vector else result.shape
        name = COTANGENT if is_vector else COTANGENT.upper()
        known[name] = Variable(name, kind, dimensions, frozenset({"data"}))
        g = known[name].expression()
        result = total(g * result) if kind == "Tensor" else dot(g, result)
    return Problem(known, {}, result)


def _written(call: Call) -> str:
    operation = call.operation
    if not operation.called or operation.category != "function" or not operation.text:
        return unparse(call)
    return f"{operation.name}({', '.join(map(unparse, call.arguments))})"


def formula_of(call: Call, variables: Variables) -> str:
    """Its definition, in the language where that can say it."""
    meaning = call.operation.meaning
    match meaning:
        case meanings.Elementwise() if meaning.definition is not None and not isinstance(
            meaning.definition, type
        ):
            symbols = [sympy.Symbol(v.name, real=True) for v in variables]
            return sympy_text(meaning.definition(*symbols))
        case meanings.Composite() | meanings.Function() if meaning.definition is not None:
            return unparse(meaning.definition(*call.arguments))
        case meanings.Contraction() | meanings.Filled() | meanings.Identity() | meanings.Total():
            problem = Problem({v.name: v for v in variables}, {}, call, "f")
            node = lower_problem(problem).output.closed().node
            bound = {"batch": (LOSS.name,)}
            return plain_text(index_form(node, _input_name, bound=bound).formula)
    return ""


def _input_name(node: Node) -> Expression | None:
    if not isinstance(node, Input):
        return None
    return Name(node.name, matrix_shape(node.axes), batch_of(node))


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
