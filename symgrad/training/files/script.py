"""A training as one NumPy script: gradient, optimizer and loop, which run without symgrad."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from textwrap import indent
from typing import Any

import sympy

from symgrad.calculus import as_problem
from symgrad.calculus.nodes import Axis
from symgrad.errors import DataError, OptionError, check_known, names_wanted, whole_number
from symgrad.language.problem import Problem
from symgrad.numerics.function import Function
from symgrad.numerics.gradients import gradient_function
from symgrad.numerics.sizes import axes_of
from symgrad.training.files.script_update import quoted, rate_text, start_values, update_lines
from symgrad.training.hyperparameters import checked_count
from symgrad.training.multipliers import check_trained
from symgrad.training.optimizers import optimizer_of
from symgrad.training.optimizers.base import Optimizer, UpdateRule
from symgrad.training.optimizers.updates import factors_of
from symgrad.training.rates.plateau import plateau_of
from symgrad.training.steps.totals import weighted

SCRIPT = '''"""Train a model with NumPy alone:

    python train.py data.npz parameters.npz

data.npz has an array for each of {data}; the parameters are written to parameters.npz.
The program:

{program}
"""

import sys

{gradient}

{names}


def initial(sizes, rng):
    """The parameters before the first step: matrices by Glorot's uniform scheme, others 0."""

    def glorot(out, inward):
        limit = np.sqrt(6 / (out + inward))
        return rng.uniform(-limit, limit, (out, inward))

    return {initial}


def sizes_of(data):
    """The size of each dimension."""
    return {sizes}


{rate}


def update(theta, g, t, eta, states):
    """{sentence}

    {source}
    """
{update}


def loss_and_gradient(parameters, data, rows, sizes):
    """Of some of the examples; the gradient as one vector, in the order of the parameters."""
{call}


{accumulated}def train(data, epochs={epochs}, batch_size={batch_size}, seed={seed}):
    """The parameters after so many epochs, and the mean loss of each."""
    data = {{name: np.asarray(data[name], kind) for name, kind in DATA.items()}}
    sizes = sizes_of(data)
    parameters = initial(sizes, np.random.default_rng(seed))
    theta = np.concatenate([np.ravel(parameters[name]) for name in PARAMETERS])
    states = [{start}]
    t, losses = 0, []
    count = {count}
    rng = np.random.default_rng(seed)
{factors}    for epoch in range(epochs):
        order, losses_of_steps = rng.permutation(count), []
        for k in range(0, max(count, 1), {step} or max(count, 1)):
            rows = order[k : k + {step}] if batch_size else order
            parameters = views(theta, parameters)
            value, g = {call_of_step}
            t += 1
            eta = learning_rate(epoch, t - 1)
            theta, states = update({moved}, states)
            losses_of_steps.append((float(value), max(len(rows), 1)))
        losses.append(sum(v * n for v, n in losses_of_steps) / sum(n for _, n in losses_of_steps))
    return views(theta, parameters), losses


def views(theta, parameters):
    """The parameters as parts of one vector, in the shapes of these."""
    found, start = {{}}, 0
    for name in PARAMETERS:
        stop = start + parameters[name].size
        found[name] = theta[start:stop].reshape(parameters[name].shape)
        start = stop
    return found


if __name__ == "__main__":
    with np.load(sys.argv[1]) as archive:
        parameters, losses = train(archive)
    print(f"{{len(losses)}} epochs, mean loss of a step {{losses[0]:.6g}} -> {{losses[-1]:.6g}}")
    np.savez(sys.argv[2], **parameters)
'''
ACCUMULATED = '''def accumulated(parameters, data, rows, sizes, size):
    """The mean over minibatches of so many of the examples, each counted by those in it."""
    parts = [rows[k : k + size] for k in range(0, len(rows), size)] if size else [rows]
    means, shares = [], [len(part) / max(len(rows), 1) if size else 1.0 for part in parts]
    for part, share in zip(parts, shares):
        value, g = loss_and_gradient(parameters, data, part, sizes)
        means.append((share * value, share * g))
    return sum(value for value, _ in means), sum(g for _, g in means)


'''
FACTORS = """    of = {factors!r}  # what the learning rate of single parameters is multiplied by
    factors = np.concatenate([np.full(parameters[n].size, of.get(n, 1.0)) for n in PARAMETERS])
"""


def training_source(
    problem: Any,
    *,
    optimizer: Optimizer | type[Optimizer] | str = "adam",
    epochs: int = 100,
    batch_size: int | None = 32,
    seed: int = 0,
    sizes: Mapping[str, int] | None = None,
) -> str:
    """A NumPy script that trains the problem's parameters on the arrays of an npz file.

    It has the gradient as `lambdify` writes it, the optimizer's equations and the loop, takes the
    same initial values (Glorot's) and the same minibatches as `fit` with that seed, and imports
    NumPy alone. `sizes` are those of dimensions that no array shows, {"h": 16}.

    Raises: OptionError where the problem has time steps or open functions, several batches, or a
    loss that minibatches do not sum to; and where the optimizer is not one of equations.

    >>> text = "x: Scalar\\nt: Scalar\\nw: Scalar\\nloss = mean((w * x - t)**2 for x, t in batch)"
    >>> "theta_t = -eta*g + theta" in training_source(text, optimizer="sgd")
    True
    """
    problem, rule = as_problem(problem), optimizer_of(optimizer)
    _check(problem)
    if not isinstance(rule, UpdateRule):
        raise OptionError(f"{type(rule).__name__} is no update equation; a script has one, as adam")
    if rule.lazy:
        raise OptionError("a script moves whole tables: leave lazy out")
    if plateau_of(rule.learning_rate) is not None:
        raise OptionError("a script looks at no score, as Plateau wants; another schedule does")
    check_trained(problem, problem.parameters, problem.parameters)
    factors_of(rule.rate_factors or {}, dict.fromkeys(problem.parameters, slice(0)))  # are theirs
    epochs, seed = checked_count("epochs", epochs), whole_number("seed", seed)
    whole = batch_size is None or rule.whole_data or not problem.batch
    size = None if whole else checked_count("batch_size", batch_size)
    stepped, weight = (problem, "") if size is None else weighted(problem)
    function = gradient_function(stepped, problem.parameters, "float64", "numpy")
    assert isinstance(function, Function)
    script = _Script(problem, function, weight, names_wanted("sizes", sizes or {}))
    return SCRIPT.format(
        data=", ".join(script.data),
        program=indent(quoted(problem.text), "    "),
        gradient=function.source.strip(),
        names=f"PARAMETERS = {problem.parameters!r}\nDATA = {script.kinds()}",
        initial=script.initial(),
        sizes=script.sizes(),
        rate=rate_text(rule.learning_rate),
        sentence=quoted(rule.sentence),
        source=quoted(rule.source),
        update=indent("\n".join(update_lines(rule)), "    "),
        call=indent("\n".join(script.call()), "    "),
        epochs=epochs,
        batch_size=size,
        seed=seed,
        start=", ".join(start_values(rule)),
        count=f"len(data[{script.first!r}])" if script.first else "0",
        **_steps(rule),
    )


def _steps(rule: UpdateRule) -> dict[str, str]:
    """The parts of the loop that accumulation and the parameters' own rates change."""
    parts = {"accumulated": "", "factors": "", "step": "batch_size", "moved": "theta, g, t, eta"}
    parts["call_of_step"] = "loss_and_gradient(parameters, data, rows, sizes)"
    if rule.accumulate > 1:
        parts["accumulated"] = ACCUMULATED
        parts["step"] = f"(batch_size or 0) * {rule.accumulate}"
        parts["call_of_step"] = "accumulated(parameters, data, rows, sizes, batch_size)"
    if rule.rate_factors:
        parts["factors"] = FACTORS.format(factors=dict(rule.rate_factors))
        parts["moved"] = "theta, g * (factors != 0), t, eta * factors"
    return parts


def _check(problem: Problem) -> None:
    """Raise OptionError for what the script has no words for."""
    if problem.loop is not None or problem.functions or problem.counts:
        raise OptionError(
            "a script trains no program with time steps, open functions or dimensions that no "
            "variable has; `fit` does"
        )
    if len(set(problem.batch.values())) > 1:
        raise OptionError("a script trains no program with several batches")
    if not problem.parameters:
        raise DataError("the problem has no parameters to train")
    for name in problem.parameters:
        facts = problem.variables[name].facts & {"orthogonal", "symmetric", "positive", "simplex"}
        if facts:
            raise OptionError(f"a script has no initial value for {name}, which is {min(facts)}")


@dataclass(frozen=True)
class _Script:
    """What the parts of a script say. Names of the problem stand in it as texts alone."""

    problem: Problem
    function: Function
    weight: str
    given: Mapping[str, int]

    @property
    def data(self) -> list[str]:
        """The names of the data."""
        return [n for n in self.problem.variables if n not in self.problem.parameters]

    @property
    def first(self) -> str:
        """The first of the data with a row for each example."""
        return next(iter(self.problem.batch), "")

    def kinds(self) -> str:
        """The type of each of the data."""
        kinds = (f"{n!r}: {'int' if self._is_label(n) else 'float'}" for n in self.data)
        return f"{{{', '.join(kinds)}}}"

    def _is_label(self, name: str) -> bool:
        return self.problem.variables[name].kind == "Index"

    def sizes(self) -> str:
        """Where the size of each dimension is from."""
        variables = self.problem.variables
        wanted = {s for n in variables for d in variables[n].dims for s in d.free_symbols}
        known = [*map(str, wanted)]
        check_known("sizes: {} is no dimension of the problem", self.given, known)
        found = {n: str(whole_number(f"sizes: {n}", s, 1)) for n, s in self.given.items()}
        for name in self.data:
            for place, axis in enumerate(axes_of(variables[name])):
                if isinstance(axis, sympy.Symbol):
                    found.setdefault(str(axis), f"data[{name!r}].shape[{place}]")
        for name in filter(self._is_label, self.data):
            for axis in variables[name].dims:
                found.setdefault(str(axis), f"int(data[{name!r}].max()) + 1")
        missing = sorted({str(s) for s in wanted} - found.keys())
        if missing:
            raise DataError(
                f"the data do not show the size of {', '.join(missing)}: give it, as in "
                f'sizes={{"{missing[0]}": 16}} (--size {missing[0]}=16)'
            )
        return f"{{{', '.join(f'{axis!r}: {text}' for axis, text in sorted(found.items()))}}}"

    def _size(self, axis: Axis) -> str:
        if isinstance(axis, str):
            return "len(rows)"
        names = {s: sympy.Symbol(f"sizes[{str(s)!r}]") for s in axis.free_symbols}
        return str(axis.xreplace(names))

    def initial(self) -> str:
        """The initial value of each parameter, as `initial_values` draws them."""
        lines = []
        for name in self.problem.parameters:
            sizes = [self._size(axis) for axis in axes_of(self.problem.variables[name])]
            shape = f"({', '.join(sizes)}{',' * (len(sizes) == 1)})"
            value = f"glorot{shape}" if len(sizes) == 2 else f"np.zeros({shape})"
            lines.append(f"        {name!r}: {value},\n")
        return f"{{\n{''.join(lines)}    }}"

    def call(self) -> Iterator[str]:
        """The call of the gradient."""
        yield "value, *slopes = function("
        for name in self.function.inputs:
            if name in self.problem.parameters:
                yield f"    parameters[{name!r}],"
            elif name == self.weight:
                yield f"    len(data[{self.first!r}]) / len(rows),"
            else:
                rows = "[rows]" if name in self.problem.batch else ""
                yield f"    data[{name!r}]{rows},"
        for axis in self.function.plan.program.used:
            yield f"    {self._size(axis)},"
        yield ")"
        yield "return value, np.concatenate([np.ravel(slope) for slope in slopes])"
