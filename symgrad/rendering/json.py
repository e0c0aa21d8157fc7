"""JSON: the whole derivation for a program to read."""

from __future__ import annotations

import json as _json
from collections.abc import Iterable, Mapping
from math import isfinite
from pathlib import Path
from typing import Any, Protocol

from symgrad.calculus.derivation import Key
from symgrad.language.dimensions import Dimension, core
from symgrad.language.expressions import Call
from symgrad.language.formula import Formula
from symgrad.language.operations.unspecified import function_of
from symgrad.language.plain import plain_text
from symgrad.language.problem import Variable
from symgrad.language.table import Table
from symgrad.language.tex import latex
from symgrad.language.unparse import unparse
from symgrad.rendering.document import Answer, Document, Line
from symgrad.rendering.equations import Equation
from symgrad.rendering.latex import chained
from symgrad.rendering.numbers import Numbered
from symgrad.rendering.words import plain

SCHEMA = 1  # the version of derivation.schema.json, counted up where something changes its meaning


class Closed(Protocol):
    """A result in closed form."""

    @property
    def expression(self) -> str:
        """As text."""

    @property
    def notation(self) -> str:
        """ "matrix" or "index"."""


def schema() -> str:
    """The JSON Schema (2020-12) of what `json` writes."""
    return (Path(__file__).parent / "derivation.schema.json").read_text(encoding="utf-8")


def json(doc: Document, closed: Mapping[Key, Closed]) -> str:
    """A derivation as JSON, by the schema: texts in the language, LaTeX, rules, shapes, proofs; the
    results as the lines end, and in closed form."""
    derivation = doc.derivation
    count = len(doc.program) - 1 - (derivation.kind == "pullback")  # that of upstream is last
    definitions, (output, *upstream) = doc.program[:count], doc.program[count:]
    content = {
        "schema": SCHEMA,
        "kind": derivation.kind,
        "wrt": list(derivation.wrt),
        "program": derivation.problem.source,
        "variables": [_variable(v) for v in derivation.problem.variables.values()],
        "dimensions": [str(d) for d in derivation.problem.counts],
        "functions": [_function(call) for call in derivation.problem.functions.values()],
        "seeds": [_variable(v) for v in derivation.seed_variables],
        "definitions": [_defined(e, doc.table) for e in definitions],
        "output": {
            "name": derivation.problem.output_name,
            "called": derivation.output_called,
            **_both(output.sides[0], doc.table),
        },
        "upstream": next((_defined(e, doc.table) for e in upstream), None),
        "rewrites": list(doc.rewrites),
        "computed": list(doc.computed),
        "steps": [_step(line, doc.table) for _, lines in doc.parts for line in lines],
        "chains": {c.name: _lines(c.equations, doc.table) for c in doc.chains},
        "results": [
            _result(answer, doc.table, closed[answer.outcome.key]) for answer in doc.results
        ],
        "numbers": None if doc.numbers is None else _numbers(doc, doc.numbers),
        "layout": plain(doc.layout),
        "max_relative_error": _finite(doc.verification.max_relative_error),
        "checks": _finite(doc.verification.checks),
        "checked": doc.verification.sentence,
        "verdict": doc.verification.verdict,
    }
    return _json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _finite(value: Any) -> Any:
    """The value with null for numbers that JSON has not."""
    if isinstance(value, Mapping):
        return {key: _finite(each) for key, each in value.items()}
    return None if isinstance(value, float) and not isfinite(value) else value


def _variable(variable: Variable) -> dict[str, Any]:
    return {
        "name": variable.name,
        "kind": variable.kind,
        "dims": _sizes(variable.dims),
        "facts": sorted(variable.facts),
        "batch": variable.batch,
        "steps": _steps(variable),
    }


def _function(call: Call) -> dict[str, Any]:
    """A function that the program leaves open: its arguments' dimensions, none of a number."""
    function = function_of(call)
    shapes = [[] if function.entrywise else _sizes(core(a.shape)) for a in call.arguments]
    return {"name": function.name, "arguments": shapes, "facts": sorted(function.facts)}


def _steps(variable: Variable) -> dict[str, str] | None:
    """What counts the steps of a series, and how many there are."""
    steps = variable.steps
    return None if steps is None else {"index": steps.index, "length": str(steps.length)}


def _sizes(dims: tuple[Dimension, ...]) -> list[str]:
    return [str(d) for d in dims]


def _both(formula: Formula, table: Table) -> dict[str, str]:
    return {"expression": plain_text(formula), "latex": latex(formula, table)}


def _defined(equation: Equation, table: Table) -> dict[str, str]:
    return {"name": plain_text(equation.formulas[0]), **_both(equation.sides[0], table)}


def _step(line: Line, table: Table) -> dict[str, Any]:
    step, (right, *simplified) = line.step, line.equation.sides
    return {
        "number": step.number,
        "kind": step.kind,
        "left": unparse(step.left),
        "right": plain_text(right),
        "simplified": plain_text(simplified[0]) if simplified else None,
        "latex": chained(Equation(line.equation.left, (right,)), table),
        "rule": step.rule,
        "uses": list(step.uses),
        "sentence": step.sentence,
        "shape": _sizes(step.shape),
        "proof": line.proof and {"kind": line.proof.kind, "lines": _lines(line.why, table)},
    }


def _lines(equations: Iterable[Equation], table: Table) -> list[dict[str, str]]:
    """The lines, each as text and in LaTeX, with the shapes where it is about these; a left side
    is left out where it is the one before."""
    return [
        {
            "left": "" if row.left is None else plain_text(row.left),
            "right": plain_text(row.sides[0]),
            "latex": chained(row, table),
            "move": plain(row.note),
            **({} if row.fits is None else {"shapes": plain_text(row.fits)}),
        }
        for row in equations
    ]


def _numbers(doc: Document, numbers: Numbered) -> dict[str, Any]:
    """Where the numbers are from, and all of them: of variables, steps and results."""
    steps = (line.step for _, lines in doc.parts for line in lines)
    results = ((str(a.outcome.key), numbers.of_result(a.outcome)) for a in doc.results)
    return {
        "said": numbers.said,
        "inputs": {name: array.tolist() for name, array in numbers.inputs.items()},
        "steps": {step.number: numbers.of_step(step).tolist() for step in steps},
        "results": {key: array.tolist() for key, array in results},
    }


def _result(answer: Answer, table: Table, closed: Closed) -> dict[str, Any]:
    outcome = answer.outcome
    (result,) = (e for e in answer.equations if e.kind == "result")
    stacked = next((e for e in answer.equations if e.kind == "vectorized"), None)
    return {
        "key": outcome.key if isinstance(outcome.key, str) else list(outcome.key),
        "definitions": [
            [plain_text(formula) for formula in e.formulas]
            for e in answer.equations
            if e.kind in ("definition", "output")
        ],
        **_both(result.sides[0], table),
        "closed": closed.expression,
        "notation": closed.notation,
        "shape": _sizes(outcome.shape),
        "vectorized": None
        if stacked is None
        else {
            "left": plain_text(stacked.formulas[0]),
            **_both(stacked.sides[0], table),
            "shape": _sizes(stacked.shape or ()),
        },
    }
