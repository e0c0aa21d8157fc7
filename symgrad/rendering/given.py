"""What a page says is given: where each variable is, and the equations of the program."""

from __future__ import annotations

from symgrad.calculus.derivation import Derivation
from symgrad.calculus.index_notation import written
from symgrad.language import composing
from symgrad.language import formula as fm
from symgrad.language.dimensions import Dimension, core
from symgrad.language.expressions import Call, Expression, Name
from symgrad.language.formula import Formula
from symgrad.language.operations.unspecified import function_of
from symgrad.language.phrases import joined, phrase
from symgrad.language.problem import Problem, Variable
from symgrad.language.typeset import dimension_formula
from symgrad.rendering.equations import Equation, shape_formula
from symgrad.rendering.words import ENGLISH, Words

FACTS = {
    "positive": "positive",
    "simplex": "entries sum to 1",
    "one_hot": "one-hot",
    "symmetric": "symmetric",
    "orthogonal": "orthogonal",
}
NUMBERS = fm.Symbol(latex=r"\mathbb{N}", text="N")
REALS = fm.Symbol(latex=r"\mathbb{R}", text="R")


def given_variables(
    derivation: Derivation, words: Words = ENGLISH
) -> tuple[tuple[Formula, str], ...]:
    """Where each variable is, and what is declared of it; those that a caller gives beside the
    problem's among them: a direction or a cotangent."""
    given = [given_variable(variable) for variable in derivation.problem.variables.values()]
    given += map(_count, derivation.problem.counts)
    given += map(given_function, derivation.problem.functions.values())
    for variable in derivation.seed_variables:
        of = derivation.seeds[variable.name]
        pulled_back = derivation.kind == "pullback"
        role = "upstream gradient" if pulled_back else phrase("direction of {0}", of)
        given.append((given_variable(variable)[0], role))
    return tuple((space, words(facts)) for space, facts in given)


def given_variable(variable: Variable) -> tuple[Formula, str]:
    """Where a variable is, and what is declared of it."""
    is_label = variable.kind == "Index"
    space = labels_below(variable.dims[0]) if is_label else space_of(variable.dims)
    facts = joined(", ", (FACTS[f] for f in sorted(variable.facts) if f in FACTS))
    name = fm.Named(name=variable.name)
    return fm.Infix((name, space), signs=(r"\in",), binds=fm.RELATION), facts


def labels_below(d: Dimension) -> Formula:
    """{0, ..., n - 1}"""
    last = composing.chain("-", dimension_formula(d), composing.ONE)
    labels = composing.listed((fm.Number(digits="0"), composing.DOTS, last))
    return fm.Fence((labels,), left=r"\{", right=r"\}")


def _count(d: Dimension) -> tuple[Formula, str]:
    """A dimension that no variable has."""
    return fm.Infix((dimension_formula(d), NUMBERS), signs=(r"\in",), binds=fm.RELATION), "from 1"


def given_function(call: Call) -> tuple[Formula, str]:
    """Of what a function is that the program leaves open, and what is declared of it."""
    function = function_of(call)
    spaces = [space_of(() if function.entrywise else core(a.shape)) for a in call.arguments]
    name, crosses = fm.Named(name=function.name), (r"\times",) * (len(spaces) - 1)
    maps = (name, *spaces, REALS)
    facts = joined(", ", sorted(function.facts - {"scalar"}))
    return fm.Infix(maps, signs=(":", *crosses, r"\to"), binds=fm.RELATION), facts


def space_of(dims: tuple[Dimension, ...]) -> Formula:
    """Where arrays of these dimensions are."""
    return composing.raised(REALS, shape_formula(dims)) if dims else REALS


def program(derivation: Derivation) -> tuple[Equation, ...]:
    """The definitions, and the loss with the name that the steps have for it."""
    problem = derivation.problem
    lines = [
        Equation(written(Name(name, value.shape)), _sides(problem, name, value), shape=value.shape)
        for name, value in problem.definitions.items()
    ]
    output = written(Name(problem.output_name, problem.output.shape))
    if derivation.output_called != problem.output_name:
        both = f"{derivation.output_called} = {problem.output_name}"
        output = composing.spelled(output, both)
    sides, shape = _sides(problem, problem.output_name, problem.output), problem.output.shape
    lines.append(Equation(output, sides, shape=shape))
    if derivation.upstream is not None:
        derivative, name = derivation.upstream
        lines.append(Equation(written(derivative), (written(name),)))
    return tuple(lines)


def _sides(problem: Problem, name: str, value: Expression) -> tuple[Formula, ...]:
    """What a name is, and what else the program says that it equals."""
    others = [side for of, side in problem.chains if of == name]
    return tuple(map(written, (value, *others)))
