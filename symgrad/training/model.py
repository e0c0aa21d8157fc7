"""A trained model: a program with its parameters, used on new data and kept in a file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from symgrad.errors import DataError, SymgradError, check_known
from symgrad.language.parser import parse
from symgrad.language.problem import Problem
from symgrad.language.unparse import unparse
from symgrad.numerics.function import Function
from symgrad.numerics.gradients import value_function
from symgrad.numerics.layers import flattened
from symgrad.numerics.recurrences.function import StepFunction
from symgrad.training.data.arrays import Array, Arrays, read_data, variable_arrays
from symgrad.training.data.labels import classes_wanted
from symgrad.training.data.preparation import Preparation, Prepared
from symgrad.training.data.sizes import dimension_sizes
from symgrad.training.files.archives import load_archive, packed, save_archive
from symgrad.training.metrics.measures import Chosen, Measured, measure_of, measured
from symgrad.training.metrics.quantities import Prediction, predicted, quantity

KIND = "model"


@dataclass(frozen=True, kw_only=True)
class Model:
    """A program and its parameters. `constants` are the data without a batch that it was trained
    with, `preparation` is what made arrays of a table, None where arrays were given.

    >>> line = "x: Scalar\\nt: Scalar\\nw: Scalar\\nloss = mean((w * x - t)**2 for x, t in batch)"
    >>> model = Model(problem=parse(line), parameters={"w": np.array(2.0)})
    >>> model.predict(x=[1.0, 3.0]), model.predict({"x": [1.0, 3.0]}, of="w * x + 1")
    (array([2., 6.]), array([3., 7.]))
    """

    problem: Problem
    parameters: Arrays
    constants: Arrays = field(default_factory=dict)
    preparation: Preparation | None = None
    _functions: dict[str, tuple[Problem, Function | StepFunction]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def __repr__(self) -> str:
        """What it is a model of."""
        return f"<Model of {', '.join(self.parameters)}: {self.problem!r}>"

    def predict(self, data: Any = None, /, of: str | None = None, **named: Any) -> Array:
        """A quantity of the program at new data, for every example.

        `of` is a name of the program, or an expression in its names; without one it is what the
        loss compares with the labels (see `predicted`). The data are arrays by the names of the
        variables, as they were trained on, and where the model was trained on a table, a table
        with its columns in whatever order; labels are not needed.

        Shapes: data of an example have one leading axis, the batch, and so has the result.
        Raises: DataError where the program has no such quantity, where data are missing or do not
        fit; SymgradError where `of` is no expression.
        """
        problem, function = self._function(self.prediction().written if of is None else of)
        wanted = [n for n in function.inputs if n in problem.variables and n not in self.parameters]
        inputs = {**self.constants, **self._arrays(data, named, wanted)}
        missing = [n for n in wanted if n not in inputs]
        if missing:
            raise DataError(f"data: missing is {', '.join(missing)}, which it is made of")
        with np.errstate(all="ignore"):
            value = function({**inputs, **self.parameters})[0]
        return np.asarray(value)

    def prediction(self) -> Prediction:
        """What the loss compares with the labels.

        Raises: DataError where the program does not show it.
        """
        return predicted(self.problem, tuple(self.constants))

    def classify(self, data: Any = None, /, **named: Any) -> Array:
        """The class of each example: its name where the model was trained on names, else its
        number.

        Raises: DataError as `predict` does, and where the labels are of no classes.
        """
        found = self.prediction()
        return self.decided(found, self.predict(data, of=found.written, **named))

    def decided(self, found: Prediction, values: Array) -> Array:
        """The classes that predictions decide for: of several numbers the largest one's, of one
        that of the label it is nearer to, of a margin or a logit by its sign.

        Raises: DataError where the labels are of no classes.
        """
        kept = self.preparation
        names = None if kept is None else kept.classes.get(found.label)
        codes = None if kept is None else kept.codes.get(found.label)
        rows = values.reshape(len(values), -1)
        if rows.shape[1] > 1:
            if self.problem.variables[found.label].kind == "Scalar":
                raise DataError(f"{found.label} is no label of classes: use predict")
            places = found.decided(rows, ())
            return places if names is None else np.asarray(np.array(names)[places])
        codes = codes or classes_wanted(self.problem, found.label)
        if codes is None or len(codes) != 2:
            raise DataError(f"{found.label} is no label of two classes: use predict")
        ends = np.array(codes if names is None else names)
        return np.asarray(ends[found.decided(rows, codes)])

    def measure(self, data: Any, metric: Chosen | None = None) -> Measured:
        """The loss of new data with labels, and a metric of them: one by its name ("accuracy",
        "r2", ..., see `METRICS`), an expression of the program, a function of parameters and data,
        or that which fits the loss. The data are as `predict` takes them, with the labels.

        Raises: DataError for data that do not fit, OptionError for a metric that does not.
        """
        dtype, drop = self._dtype, self.preparation is not None and self.preparation.drop
        arrays = self._arrays(data, {}, list(self.problem.batch), drop)
        given = {**self.constants, **arrays}
        whole = read_data(self.problem, given, dtype, tuple(self.parameters))
        measure = measure_of(self.problem, whole, metric, dtype=dtype)
        loss = value_function(self.problem, dtype)
        with np.errstate(all="ignore"):
            value = float(loss({**whole.inputs, **self.parameters})[0])
        parameters = dict(self.parameters)
        score = None if measure is None else measure.of(whole, parameters)
        names = {} if self.preparation is None else self.preparation.classes
        return measured(value, score, whole, parameters, measure, names)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model to an npz file: an array for each parameter, and the program, the
        constants and the preparation. It holds no code that is run when it is read.

        Raises: DataError where it cannot be written.
        """
        save_archive(path, KIND, self._tree())

    def packed(self) -> bytes:
        """What `save` writes."""
        return packed(KIND, self._tree())

    def _tree(self) -> dict[str, Any]:
        return {
            "parameters": self.parameters,
            "constants": self.constants,
            "program": program_text(self.problem),
            "preparation": None if self.preparation is None else self.preparation.to_json(),
        }

    def _function(self, of: str) -> tuple[Problem, Function | StepFunction]:
        """The quantity as a problem, and compiled; once."""
        if not isinstance(of, str):
            raise DataError(f"of is {of!r}; the name of a quantity, or an expression, is wanted")
        if of not in self._functions:
            problem = quantity(self.problem, of)
            self._functions[of] = problem, value_function(problem, self._dtype)
        return self._functions[of]

    @property
    def _dtype(self) -> str:
        return str(flattened(self.parameters.values())[0].dtype)

    def _arrays(
        self, data: Any, named: Mapping[str, Any], wanted: list[str], drop: bool = False
    ) -> dict[str, Any]:
        """The data that are wanted, as the program takes them; `drop` leaves out rows of a table
        with missing entries."""
        given = named if data is None else data
        if self.preparation is not None and not isinstance(data, Prepared):
            whole = {**data, **named} if isinstance(data, Mapping) and named else given
            given = self._prepared(whole, wanted, drop)
        elif isinstance(given, Mapping):
            given = {**given, **named}
        else:
            raise DataError(
                f"data is a {type(data).__name__}; the model was trained on arrays: a mapping "
                "from name to array is wanted"
            )
        return self._checked(given)

    def _prepared(self, table: Any, wanted: list[str], drop: bool) -> dict[str, Any]:
        """Arrays of a table, and those that are given as arrays."""
        assert self.preparation is not None
        parts, columns = self.preparation.parts, self.preparation.columns
        whole = [n for n in wanted if isinstance(table, Mapping) and n in table]
        names = [n for n in wanted if n in parts and (n not in whole or n in columns)]
        preparation = replace(self.preparation, drop=drop)  # else a prediction for each row
        return preparation.apply(table, names)

    def _checked(self, given: Mapping[str, Any]) -> dict[str, Any]:
        problem, dtype = self.problem, self._dtype
        open_ = [*problem.functions, *map(str, problem.counts)]
        known = [*problem.variables, *open_]
        check_known("data: {} is not declared in the problem", given, known)
        return {
            name: value if name in open_ else variable_arrays(problem.variables[name], value, dtype)
            for name, value in given.items()
        }


def load_model(path: str | os.PathLike[str]) -> Model:
    """The model in a file that `save` or `symgrad train -o` wrote. Nothing in the file is run.

    Raises: DataError where the file cannot be read, is damaged, or is something else.
    """
    tree = load_archive(path, KIND)
    try:
        problem = parse(tree["program"])
        parameters, constants = dict(tree["parameters"]), dict(tree["constants"])
        for name in (*parameters, *constants):
            if name not in problem.variables:
                raise DataError(f"{name} is not declared in its program")
        dimension_sizes(problem, {**constants, **parameters}, {})
        kept = tree["preparation"]
        preparation = None if kept is None else Preparation.from_json(kept)
        return Model(
            problem=problem, parameters=parameters, constants=constants, preparation=preparation
        )
    except SymgradError as error:
        told = error.message
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        told = repr(error)
    raise DataError(f"this model is damaged: {told}", filename=os.fspath(path))


def program_text(problem: Problem) -> str:
    """The text of a program that reads back as it.

    Raises: DataError where there is none.
    """
    for text in dict.fromkeys((problem.text, replace(problem, source="").text)):
        try:
            if _said(parse(text)) == _said(problem):
                return text
        except SymgradError:
            continue
    raise DataError("the problem has no text that reads back as it, so that it cannot be kept")


def _said(problem: Problem) -> tuple[Any, ...]:
    """What a program says, to be compared."""
    formulas = [unparse(formula) for formula in problem.formulas]
    return dict(problem.variables), [*problem.definitions], problem.output_name, formulas
