"""The optimizer of a script: its learning rate and its equations as lines of NumPy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import sympy
from sympy.printing.numpy import NumPyPrinter

from symgrad.training.equations import GRADIENT, ITERATION, NORM, RATE, THETA, UNCLIPPED
from symgrad.training.hyperparameters import symbols_of
from symgrad.training.optimizers.base import UpdateRule
from symgrad.training.rates.base import COUNT, INITIAL, Rate, Schedule

EXTREMES = {sympy.Max: sympy.Function("np.maximum"), sympy.Min: sympy.Function("np.minimum")}


def start_values(optimizer: UpdateRule) -> Iterator[str]:
    """What each state starts with."""
    for state, value in optimizer.initial().items():
        yield repr(value) if state.is_scalar else f"np.full_like(theta, {value!r})"


def update_lines(optimizer: UpdateRule) -> Iterator[str]:
    """The optimizer's equations, a line each."""
    letters = symbols_of(type(optimizer))
    letters = {n: s for n, s in letters.items() if getattr(optimizer, n) is not None}
    states, clipping = list(optimizer.initial()), optimizer.clipping()
    names = {symbol: name for name, symbol in letters.items()}
    names |= {THETA.old: "theta", THETA.new: "theta_t", ITERATION: "t", RATE: "eta"}
    names |= {UNCLIPPED: "g", GRADIENT: "clipped", NORM: "norm"} if clipping else {GRADIENT: "g"}
    for state in states:
        names |= {state.old: state.name, state.new: f"{state.name}_t"}
    for name in letters:
        yield f"{name} = {getattr(optimizer, name)!r}"
    if states:
        yield f"[{', '.join(state.name for state in states)}] = states"
    if optimizer.clip_norm is not None:
        yield "norm = np.sqrt(np.sum(g**2))"
    for equation in (*clipping, *optimizer.equations()):
        names.setdefault(equation.symbol, _identifier(equation.symbol, names.values()))
        yield f"{names[equation.symbol]} = {_python(equation.expression, names)}"
    yield f"return theta_t, [{', '.join(f'{state.name}_t' for state in states)}]"


def rate_text(rate: Rate) -> str:
    """The learning rate as a function."""
    told = "The learning rate."
    if isinstance(rate, Schedule):
        told = (
            f"The learning rate after so many epochs and iterations.\n\n    {rate.sentence}\n    "
        )
    return (
        f'def learning_rate(epoch, iteration):\n    """{quoted(told)}"""\n    return {_rate(rate)}'
    )


def _rate(rate: Rate) -> str:
    """The formula of a schedule in its counter; one in the place of its rate is in its own."""
    if not isinstance(rate, Schedule):
        return repr(rate)
    values = {symbol: getattr(rate, name) for name, symbol in symbols_of(type(rate)).items()}
    names = {symbol: repr(value) for symbol, value in values.items()}
    names |= {COUNT: rate.per, INITIAL: f"({_rate(rate.learning_rate)})"}
    return _python(type(rate).formula(), names)


def quoted(text: str) -> str:
    """The text as part of a docstring."""
    return text.replace("\\", "\\\\").replace('"', "'").strip("\n")


def _python(expression: sympy.Expr, names: Mapping[sympy.Symbol, str]) -> str:
    """An expression in NumPy, its symbols by these names."""
    renamed = expression.xreplace({symbol: sympy.Symbol(name) for symbol, name in names.items()})
    for kind, function in EXTREMES.items():
        renamed = renamed.replace(kind, function)
    printer = NumPyPrinter({"allow_unknown_functions": True, "fully_qualified_modules": True})
    return str(printer.doprint(renamed)).replace("numpy.", "np.")


def _identifier(symbol: sympy.Symbol, taken: Iterable[str]) -> str:
    """A name for what an equation defines: hat_m for its LaTeX."""
    letters = "".join(c if c.isalnum() else "_" for c in symbol.name)
    name = "_".join(filter(None, letters.split("_")))
    return name if name.isidentifier() and name not in taken else f"{name}_"
