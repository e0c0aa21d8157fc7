"""The outline of a derivation with time steps or layers: what is done once, at each step forward,
and at each step back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from symgrad.calculus.index_notation import written
from symgrad.calculus.recurrences.joined import Joined
from symgrad.calculus.recurrences.joined import Line as StepLine
from symgrad.errors import one_of
from symgrad.language import composing
from symgrad.language import formula as fm
from symgrad.language.expressions import Expression, Name
from symgrad.language.formula import Formula
from symgrad.language.names import entry_of
from symgrad.language.phrases import Phrase, as_phrase, phrase
from symgrad.language.phrases import joined as separated
from symgrad.language.plain import plain_text
from symgrad.language.problem import Steps, Variable
from symgrad.language.typeset import dimension_formula, typeset
from symgrad.language.unparse import unparse
from symgrad.rendering.document import LEVELS, Answer, Document, Line, Verified
from symgrad.rendering.equations import Equation, step_equation
from symgrad.rendering.given import given_function, given_variable
from symgrad.rendering.notes import noted, told_once
from symgrad.rendering.style import PLAIN, Style
from symgrad.rendering.words import Words


def step_document(
    joined: Joined,
    verification: Verified,
    level: str = "steps",
    style: Style = PLAIN,
) -> Document:
    """The outline at level "result", "steps" or "full"; `style` is how it is printed.

    Raises: OptionError for another level."""
    one_of("level", level, LEVELS)
    words = style.words
    shown = () if level == "result" else joined.lines
    shapes, facts = style.shown(joined), told_once([line.step for line in shown])
    lines = [(line.when, _line(line, facts[line.step.number], joined, words)) for line in shown]
    lines = [(when, replace(x, equation=shapes.told(x.equation))) for when, x in lines]
    return Document(
        joined,  # type: ignore[arg-type]  # what printers ask of a derivation it has
        variables=tuple((space, words(facts)) for space, facts in _variables(joined)),
        program=tuple(map(shapes.told, _program(joined))),
        sections=tuple(
            (title, tuple(line for when, line in lines if when in whens))
            for title, whens in _titles(joined.parts.loop.steps).items()
        ),
        results=tuple(
            replace(answer, equations=tuple(map(shapes.told, answer.equations)))
            for answer in _answers(joined, level == "result", words)
        ),
        layout=words(joined.layout),
        verification=verification,
        style=style,
    )


def _titles(steps: Steps) -> dict[str, tuple[str, ...]]:
    t, last = steps.index, steps.length
    return {
        "Before": ("before",),
        phrase("Forward, {0} = 1, ..., {1}", t, str(last)): ("step",),
        "After": ("after",),
        phrase("Backward, from {0}", str(last)): ("late",),
        phrase("Backward, {0} = {1}, ..., 1", t, str(last)): ("last", "next", "down"),
        "Backward, at 0": ("late 0",),
    }


def _line(line: StepLine, facts: tuple[Phrase, ...], joined: Joined, words: Words) -> Line:
    step, steps = line.step, joined.parts.loop.steps
    numbers = tuple(n for k in step.uses if (n := _numbered(joined, line.part, k)))
    note: str = separated("; ", (noted(step.rule, numbers), *facts))
    if line.when == "next":
        t = steps.index
        if f"[{t} + 1]" in unparse(step.right):
            template = "{0} and {1}" if numbers else "{0}, from {1}"
            note = phrase(template, as_phrase(note), f"{t} + 1")
        note = phrase("{0}, for {1}", as_phrase(note), f"{t} < {steps.length}")
    return Line(step, step_equation(step, words(note)))


def _numbered(joined: Joined, part: str, of: int) -> int:
    """The number of the line that a part's step is; 0 where it is none. The last step has the
    lines of one step, by what they compute."""
    if part == "start":
        node = joined.derivations["start"].steps[of - 1].node
        steps = joined.derivations["step"].steps
        part, of = "step", next((s.number for s in steps if s.node is node), 0)
    return next((x.step.number for x in joined.lines if x.part == part and x.of == of), 0)


def _steps(steps: Steps) -> Formula:
    """t = 1, ..., T"""
    first = (fm.Named(name=steps.index), fm.Number(digits="1"))
    begins = fm.Infix(first, signs=("=",), binds=fm.RELATION)
    counted = composing.listed((begins, composing.DOTS, dimension_formula(steps.length)))
    runs = fm.Fence((counted,))
    return composing.spelled(runs, f"for {steps.index} in range(1, {steps.length} + 1)", fm.LIST)


def _variables(joined: Joined) -> Iterator[tuple[Formula, str]]:
    """Where each variable is, and what is declared of it; then the functions left open."""
    yield from (_variable(variable, joined) for variable in joined.problem.variables.values())
    yield from map(given_function, joined.problem.functions.values())


def _variable(variable: Variable, joined: Joined) -> tuple[Formula, str]:
    index = joined.parts.index
    space, facts = given_variable(variable if variable.steps is None else variable.at(index))
    if variable.name in joined.seeds:
        facts = phrase("direction of {0}", joined.seeds[variable.name])
    if variable.steps is None:
        return space, facts
    each = f"{joined.parts.index} = 1, ..., {joined.parts.last}"
    return space, phrase("{0}, {1}", as_phrase(facts), each) if facts else phrase("{0}", each)


def _program(joined: Joined) -> Iterator[Equation]:
    """The program in the user's order: one step has its index beside it."""
    problem, loop = joined.problem, joined.parts.loop
    above = [n for n in problem.definitions if n in loop.before]
    for name in above:
        yield _defined(name, problem.definitions[name])
    for state, value in loop.initial.items():
        yield _defined(entry_of(state, "0"), value)
    for name, value in loop.step.items():
        each = fm.Listed((written(value), _steps(loop.steps)), separator=r",\quad ")
        text = f"{plain_text(written(value))}  {plain_text(_steps(loop.steps))}"
        sides = (composing.spelled(each, text, fm.LIST),)
        yield Equation(_name(name, value), sides, shape=value.shape)
    for name, value in problem.definitions.items():
        if name not in above:
            yield _defined(name, value)
    output = _name(problem.output_name, problem.output)
    if joined.output_called != problem.output_name:
        output = composing.spelled(output, f"{joined.output_called} = {problem.output_name}")
    yield Equation(output, (written(problem.output),), shape=problem.output.shape)


def _defined(name: str, value: Expression) -> Equation:
    return Equation(_name(name, value), (written(value),), shape=value.shape)


def _name(name: str, value: Expression) -> Formula:
    return written(Name(name, value.shape, value.batch))


def _answers(joined: Joined, alone: bool, words: Words) -> tuple[Answer, ...]:
    """The results; what they use of the lines stands before them where they are `alone`."""
    told: set[int] = set()
    answers = []
    for name in joined.wrt:
        result = joined.results[name]
        lines = joined.used_by(result.expression) if alone else []
        equations = [_told(line, joined, words) for line in lines if line.step.number not in told]
        told |= {line.step.number for line in lines}
        equations.append(_result(joined, name))
        answers.append(Answer(result, tuple(equations), None))  # type: ignore[arg-type]
    return tuple(answers)


def _told(line: StepLine, joined: Joined, words: Words) -> Equation:
    steps = joined.parts.loop.steps
    when = words(phrase("for {0}", f"{steps.index} < {steps.length}"))
    note = when if line.when == "next" else ""
    sides = (written(line.step.right),)
    left, shape = written(line.step.left), line.step.shape
    return Equation(left, sides, note, shape=shape, kind="definition")


def _result(joined: Joined, name: str) -> Equation:
    result = joined.results[name]
    derivative = result.name
    slope = fm.Slope((typeset(derivative.top), typeset(derivative.bottom)), result=True)
    left = composing.spelled(slope, f"grad_{unparse(derivative.bottom)} {unparse(derivative.top)}")
    return Equation(left, (written(result.expression),), shape=result.shape, kind="result")
