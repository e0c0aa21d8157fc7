"""What a problem predicts: which of its quantities, of which data, and what that is compared with.

A loss does not say so in words, but by its form: where something of the data alone (a label) meets
something that parameters and other data are in (the prediction): a difference, a loss with two
arguments, a product with a logarithm, a margin.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from symgrad.data.tables import Array
from symgrad.errors import DataError, SymgradError, did_you_mean
from symgrad.language.expressions import (
    OPERATIONS,
    Call,
    Expression,
    Name,
    Number,
    leaves,
    names_in,
    parts,
)
from symgrad.language.parser import parse_within
from symgrad.language.problem import Problem
from symgrad.language.syntax import program_tree
from symgrad.language.unparse import unparse

LOOK_UP = "entry"  # of a label: p[y]
PRODUCTS = ("multiply", "matmul", "dot")
PROBABILITIES, LOGARITHMS = "probabilities", "logarithms"  # what operations give of classes
SURE, LIKELY, MARGIN = 0, 1, 2  # how surely a call compares


@dataclass(frozen=True)
class Prediction:
    """What a problem predicts.

    `problem` is the one whose f it is, for every example, `written` how it is written: a name, or
    an expression. `label` is the variable that it is compared with, `inputs` are the data that it
    is made of. `compared` is whether label and prediction are the same kind of number, as in a
    difference; a margin t * s and a likelihood rate - t * eta do not say so. `probabilities` is
    whether its numbers are those of classes: it is a softmax or a sigmoid, or the loss takes its
    logarithm.
    """

    problem: Problem
    written: str
    label: str
    inputs: tuple[str, ...]
    compared: bool
    probabilities: bool

    def decided(self, rows: Array, codes: tuple[float, ...]) -> Array:
        """The number of the class that each row of predictions decides for: the largest one's; of
        one number, beside labels of two `codes`, whether it is above the threshold. Shapes:
        (n, k), the result (n,)."""
        if not codes:
            return np.asarray(rows.argmax(axis=1))
        return np.asarray(rows[:, 0] > self.threshold(codes), int)

    def threshold(self, codes: tuple[float, ...]) -> float:
        """Above what one number decides for the second of two `codes`: halfway between them, of a
        margin or a logit 0."""
        return sum(codes) / 2 if self.compared or self.probabilities else 0.0


def quantity(problem: Problem, of: str | Expression) -> Problem:
    """The problem whose f is `of`: a definition's name, or an expression in the problem's names.

    Raises: DataError where the name is none of the problem's, SymgradError where the text is no
    expression.

    >>> from symgrad.language.parser import parse
    >>> line = parse("x: Scalar\\nw: Scalar\\np = w * x\\nloss = mean((p - 1)**2 for x in batch)")
    >>> quantity(line, "p"), quantity(line, "p**2").output_name
    (<Problem of x, w: f = p>, 'f')
    """
    if isinstance(of, Expression):
        return replace(problem, output=of, output_name="f", source="")
    if not isinstance(of, str) or not of.strip():
        raise DataError(f"of is {of!r}; the name of a quantity, or an expression, is wanted")
    if of == problem.output_name:
        return problem
    if of in problem.definitions:
        value = problem.definitions[of]
        return quantity(problem, Name(of, value.shape, value.batch))
    if of.isidentifier() and of not in problem.variables:
        near = did_you_mean(of, problem.definitions)
        known = ", ".join(problem.definitions) or "none"
        raise DataError(f"{of} is no quantity of the problem; its definitions are {known}{near}")
    try:
        changed, value = parse_within(problem, program_tree(of).body)
    except SymgradError as error:
        raise DataError(f"{of!r} is no expression of the problem: {error.message}") from None
    return quantity(changed, value)


def predicted(
    problem: Problem, data: Collection[str] = (), label: str | None = None, of: str | None = None
) -> Prediction:
    """What a problem predicts, of what, and what that is compared with.

    `data` are names that are data beside those that the problem says to be so; `label` is what is
    compared with, `of` the quantity that is predicted, where they are known. The prediction is the
    last definition that is made of parameters and data without the label, and is as large as what
    the label is compared with; without such a definition it is that itself. Raises: DataError
    where the problem does not show a label, or several.

    >>> from symgrad.language.parser import parse
    >>> text = "x: Vector(d)\\nt: Scalar\\nw: Vector(d)\\nz = w.T @ x\\np = sigmoid(z)\\n"
    >>> loss = "loss = mean(-t * log(p) - (1 - t) * log(1 - p) for x, t in batch)"
    >>> found = predicted(parse(text + loss))
    >>> found.written, found.label, found.inputs, found.probabilities
    ('p', 't', ('x',), True)
    """
    if problem.loop is not None and (label is None or of is None):
        raise DataError("of a program with time steps or layers it is not known what it predicts")
    own = () if label is None else (label,)
    origins = _Origins(problem, frozenset([*data, *own]))
    meetings = [m for m in origins.meetings() if label is None or label in m.labels]
    labels = {n for m in meetings for n in m.labels} if label is None else {label}
    if len(labels) != 1 or not (meetings or of):
        told = " and ".join(sorted(labels - {label})) or "none of the data"
        raise DataError(
            f"the loss does not show what is predicted: {told} meets what the parameters give. "
            "Name it, as in p = w.T @ x; loss = mean((p - t)**2 for x, t in batch)"
        )
    (target,) = labels
    value = _prediction(origins, meetings[0], target) if meetings else problem.output
    met = bool(meetings)
    if of is not None:
        given = quantity(problem, of)
        met, problem, value = met and unparse(value) == of, given, given.output
    logarithm = met and meetings[0].logarithm
    gives = origins.gives(value)
    if of is None and logarithm and gives == LOGARITHMS:
        value = OPERATIONS["exp"](value)
    output = quantity(problem, value)
    return Prediction(
        problem=output,
        written=unparse(value),
        label=target,
        inputs=data_of(output, origins.data),
        compared=met and meetings[0].sure < MARGIN,
        probabilities=logarithm or gives == PROBABILITIES,
    )


def data_of(problem: Problem, data: Collection[str] = ()) -> tuple[str, ...]:
    """The data that a problem's output is made of; `data` are names that are so, too.

    >>> from symgrad.language.parser import parse
    >>> line = parse("x: Scalar\\nw: Scalar\\nc: Scalar\\nloss = mean(c * w * x for x in batch)")
    >>> data_of(line), data_of(line, ["c"])
    (('x',), ('x', 'c'))
    """
    origins = _Origins(problem, frozenset(data))
    made_of = origins.of(problem.output) & origins.data
    return tuple(name for name in problem.variables if name in made_of)


@dataclass(frozen=True)
class _Meeting:
    """A call in which `labels`, of the data alone, meet a value that parameters are in; whether
    that is a logarithm, or one is taken of it."""

    labels: frozenset[str]
    value: Expression
    sure: int
    logarithm: bool


@dataclass
class _Origins:
    """Which variables the parts of a problem are made of; `given` are data, too."""

    problem: Problem
    given: frozenset[str]
    made_of: dict[str, frozenset[str]] = field(init=False)
    data: frozenset[str] = field(init=False)
    hot: frozenset[str] = field(init=False)  # the one-hot data: (t * w.T) @ x compares nothing to x

    def __post_init__(self) -> None:
        problem = self.problem
        self.hot = frozenset(n for n, v in problem.variables.items() if "one_hot" in v.facts)
        self.data = self.given | (problem.variables.keys() - set(problem.parameters))
        self.made_of = {name: frozenset({name}) for name in problem.variables}
        for name, definition in problem.definitions.items():
            self.made_of[name] = self.of(definition)

    def of(self, root: Expression) -> frozenset[str]:
        """The variables that an expression is made of."""
        return frozenset().union(*(self.made_of.get(n, frozenset()) for n in names_in(root)))

    def trained(self, names: frozenset[str]) -> bool:
        """Whether parameters and data are among the names."""
        return bool(names & self.data) and not names <= self.data

    def gives(self, value: Expression) -> str:
        """What the operation is known to give that a value is made by, by its definition too."""
        while isinstance(value, Name) and value.name in self.problem.definitions:
            value = self.problem.definitions[value.name]
        if not isinstance(value, Call):
            return ""
        return LOGARITHMS if value.operation.name == "log" else value.operation.gives

    def meetings(self) -> list[_Meeting]:
        """Those that compare most surely: the outer ones; of margins the inner ones, since what
        weighs an example stands around them."""
        formulas = [*self.problem.definitions.values(), self.problem.output]
        found = [meeting for root in formulas for meeting in self._in(root)]
        found = [m for m in found if m.sure == min(other.sure for other in found)]
        within = {id(m): [n for n in found if n is not m and self._has(m, n)] for m in found}
        if found and found[0].sure == MARGIN:
            return [m for m in found if not within[id(m)]]
        inner = {id(n) for others in within.values() for n in others}
        return [m for m in found if id(m) not in inner]

    def _has(self, outer: _Meeting, inner: _Meeting) -> bool:
        """Whether a meeting's value is made with the other one's."""
        seen: set[str] = set()
        roots = [outer.value]
        while roots:
            for part in parts(roots.pop()):
                if part is inner.value:
                    return True
                if isinstance(part, Name) and part.name not in seen:
                    seen.add(part.name)
                    roots += [d for n, d in self.problem.definitions.items() if n == part.name]
        return False

    def _in(self, root: Expression) -> Iterator[_Meeting]:
        """The meetings in one formula."""
        for node in parts(root):
            if not isinstance(node, Call) or len(node.arguments) != 2:
                continue
            name = node.operation.name
            for one, value in (node.arguments, node.arguments[::-1]):
                labels, made_of = self.of(one), self.of(value)
                own = labels and labels <= self.data and labels.isdisjoint(made_of)
                if not own or not self.trained(made_of):
                    continue
                logarithm = self.gives(_stripped(value)) == LOGARITHMS
                if node.operation.category == "loss" or name in ("subtract", LOOK_UP):
                    logarithm |= node.operation.takes == PROBABILITIES
                    yield _Meeting(labels, value, SURE, logarithm)
                elif name in PRODUCTS and (logarithm or name == "multiply" or labels <= self.hot):
                    yield _Meeting(labels, value, LIKELY if logarithm else MARGIN, logarithm)


def _prediction(origins: _Origins, meeting: _Meeting, label: str) -> Expression:
    """The last definition without the label that is as large as what the label meets, or that
    itself, as where it is made of that definition: not its logarithm, not 1 - p."""
    value = _stripped(meeting.value)
    if isinstance(value, Call) and value.operation.name == "log":
        value = _stripped(value.arguments[0])
    match value:
        case Call(operation=operation, arguments=(Number(value=1), p)) if (
            operation.name == "subtract"
        ):
            value = p
    for name, definition in reversed([*origins.problem.definitions.items()]):
        made_of = origins.made_of[name]
        alike = (definition.shape, definition.batch) == (value.shape, value.batch)
        if alike and label not in made_of and origins.trained(made_of):
            inside = any(isinstance(x, Name) and x.name == name for x in leaves(value))
            return value if inside else Name(name, definition.shape, definition.batch)
    return value


def _stripped(value: Expression) -> Expression:
    """The value without signs and transposes around it."""
    while isinstance(value, Call) and value.operation.name in ("transpose", "negative"):
        value = value.arguments[0]
    return value
