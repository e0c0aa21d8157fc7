"""Arguments of a wrong kind: each is told in words, by an error of ours."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad import data as tables

PROGRAM = "x: Vector(d)\nt: Scalar\nw: Vector(d)\nloss = mean((w.T @ x - t)**2 for x, t in batch)"
DATA = {"x": [[1.0, 2.0], [3.0, 4.0]], "t": [1.0, 2.0]}
TABLE = {"a": [1.0, 2.0], "x": [1.0, 2.0], "t": [1.0, 2.0]}
START = {"w": np.ones(2)}
ARRAY = np.ones(2)


def fit(**options: Any) -> Any:
    return sg.fit(PROGRAM, DATA, **{"epochs": 1, **options})


def trainer(data: Any = DATA, **options: Any) -> Any:
    return sg.Trainer(PROGRAM, data, **{"parameters": START, "optimizer": sg.Adam(), **options})


PRODUCT = "x: Vector(m * n)\nloss = n * sum(x)"
WRONG: list[tuple[Callable[[Any], Any], list[Any], str]] = [
    (sg.parse, [None, 3, b"x", ["x"]], "a program is a text, not a"),
    (sg.load, [None, 3, "\0", "\ud800", "/no/such/file"], "cannot be read"),
    (sg.parse_expression, [None, b"x"], "an expression is a text, not a"),
    (sg.derive, [None, 3, ARRAY, {}, {"w": [1]}], "a problem is a text, a Problem or a SymPy"),
    (lambda v: sg.derive(PROGRAM, v), [True, 3, np.array("w"), object()], "wrt: a name or several"),
    (lambda v: sg.derive(PROGRAM, layout=v), [None, ARRAY, 3], "layout is one of"),
    (lambda v: sg.derive(PROGRAM, stable=v), ["no", 1, None], "stable is .* True or False is"),
    (lambda v: sg.derive(PROGRAM, expand=v), [3, None], "expand is .* names of operations are"),
    (lambda v: sg.derive(PROGRAM).lambdify(reuse_buffers=v), ["no", 1], "reuse_buffers is"),
    (lambda v: sg.derive(PROGRAM).text(level=v), [None, ARRAY], "level is one of"),
    (lambda v: sg.derive(PROGRAM).latex(why=v), [None, ARRAY], "the reason is one of"),
    (lambda v: sg.derive(PROGRAM).proof(v), [None, [], "1", 1.5], "the number of a step is"),
    (lambda v: sg.derive(PROGRAM).proof(6, form=v), [None, "html"], "form is one of"),
    (lambda v: sg.derive(PROGRAM).verify(seed=v), [-1, 1.5, "a", None], "seed is"),
    (lambda v: sg.derive(PROGRAM).lambdify(modules=v), [None, ARRAY, "numpi"], "modules is one of"),
    (lambda v: sg.derive(PROGRAM).lambdify(modules=v), ["torch", "jax"], "modules='array_api'"),
    (lambda v: sg.derive(PROGRAM).lambdify(v), [3, "\ud800", [1], {"w": [1, 2]}], "dtype is"),
    (lambda v: sg.derive(PRODUCT).lambdify()(x=v), [ARRAY], "write its number in the place of n"),
    (lambda v: sg.check_gradient(PROGRAM, seed=v), [-1, None, "a"], "seed is"),
    (lambda v: sg.check_gradient(PROGRAM, entries=v), [-1, None, 1.5, ARRAY], "entries is"),
    (lambda v: sg.check_gradient(PROGRAM, gradients=v), [3, "w", ARRAY], "gradients: a mapping"),
    (lambda v: sg.grade(PROGRAM, "w", v), [None, 3, ARRAY, b"w"], "an answer is a text, not a"),
    (lambda v: sg.grade(PROGRAM, "w", "w").hint(v), [0, 4, "1", ARRAY, None], "level of a hint"),
    (lambda v: sg.grade_derivation(PROGRAM, "w", v), [None, 3], "a derivation is a text, not a"),
    (lambda v: sg.parse_latex(v, sg.parse(PROGRAM)), [None, 3], "LaTeX is a text, not a"),
    (lambda v: sg.parse_latex("w", v), [None, PROGRAM], "parse_latex needs a Problem"),
    (lambda v: fit(seed=v), [-1, 1.5, None, "a"], "seed is"),
    (lambda v: fit(parameters=v), [3, "w", ARRAY], "parameters: a mapping"),
    (lambda v: fit(parameters={"w": v}), [[[1], [1, 2]], None, "ab"], "w is no array of numbers"),
    (lambda v: fit(sizes=v), [3, "d", ARRAY], "sizes: a mapping"),
    (lambda v: fit(sizes=v), [{1: 2}], "sizes: 1 is no dimension"),
    (lambda v: fit(tolerance=v), [None, -1, "a", ARRAY], "tolerance is"),
    (lambda v: fit(progress=v), [3, "a"], "progress is"),
    (lambda v: fit(epochs=v), [0, -1, "x", np.array("x"), np.ma.masked], "epochs is"),
    (lambda v: fit(validation=0.5, metric=lambda *_: v), [None, "a", ARRAY, 1j], "metric gave"),
    (lambda v: fit(checkpoint=v), [3, ARRAY, b"run.npz", ["a"]], "checkpoint is"),
    (lambda v: fit(checkpoint=v), ["\0", "/no/such/folder/run.npz"], "cannot be written"),
    (lambda v: fit(checkpoint="/no/run.npz", checkpoint_every=v), [-1, "a"], "checkpoint_every is"),
    (sg.load_model, [None, 3, b"a"], "model is"),
    (sg.load_model, ["\0", "/no/such/file"], "model|cannot be read"),
    (lambda v: fit().predict(DATA, of=v), [3, ["w"], ARRAY, "", " "], "of is"),
    (lambda v: fit(validation=0.5, metric=v), [""], "metric: .*of is"),
    (lambda v: fit().predict(v), [3, "x", ARRAY], "a mapping from name to array|data is"),
    (lambda v: fit().save(v), [3, None, b"a"], "model is"),
    (lambda v: sg.training_source(PROGRAM, sizes=v), [3, "d", {"q": 2}], "sizes: "),
    (lambda v: sg.training_source(PROGRAM, sizes={"d": v}), ["2", 0, 1.5, "f()"], "sizes: d is"),
    (lambda v: sg.training_source(PROGRAM, optimizer=v), [None, 3], "optimizer is"),
    (lambda v: sg.export_gradient(PROGRAM, v), [None, 3, "numpy"], "library is one of"),
    (lambda v: trainer(optimizer=v), [None, "adm", int, 3], "optimizer is"),
    (lambda v: trainer(optimizer=v), ["adm"], "; did you mean adam"),
    (lambda v: trainer(data=v), [None, 3, [1]], "data is a"),
    (lambda v: trainer(data={**DATA, v: 1}), [1, None], "is not declared in the problem"),
    (lambda v: trainer().epoch(v), [[[1], [1, 2]], "a", [0, 0]], "permutation"),
    (lambda v: sg.Adam(learning_rate=v), [lambda: 1, None, "a", 1j, -1], "learning_rate is"),
    (lambda v: sg.prepare(PROGRAM, v), [None, "x", [1], 3], "the table is a"),
    (lambda v: sg.prepare(PROGRAM, DATA, columns=v), ["x", 3, [1]], "columns: a mapping"),
    (lambda v: sg.prepare(PROGRAM, DATA, missing=v), [None, "men", 3], "missing is one of"),
    (lambda v: sg.prepare(PROGRAM, TABLE, one_hot=v), ["v", ["x", "v"]], "no column v is used"),
    (tables.read_csv, [None, 3, "\0", "/no/such/file"], "cannot be read"),
    (tables.read_table, [None, 3, "a,b", [1]], "the lines are a list of texts"),
    (lambda v: tables.read_table(["a;b", "1;2"], v, v), [","], "say by which"),
    (tables.one_hot, ["a", 3, [["a"]]], r"\(n,\) is wanted"),
    (tables.standardized, ["a", None, 3, [[1], [1, 2]]], "X has shape"),
    (tables.normalized_adjacency, ["a", 3, np.ones((2, 3))], r"\(n, n\) are wanted"),
    (tables.mean_adjacency, ["a", ARRAY, np.ones((2, 3))], r"\(n, n\) are wanted"),
    (tables.walks, ["a", ARRAY, np.ones((2, 3))], r"\(n, n\) are wanted"),
    (lambda v: tables.walks(np.ones((2, 2)), length=v), [0, 1, "a"], "length is"),
    (tables.skip_grams, [3, "ab", None], "a list of sequences"),
    (tables.skip_grams, [[["a"]], [[0.5, 1]], [[-1, 0]], [[[1]]]], "a sequence has"),
    (lambda v: tables.skip_grams([[0, 1]], window=v), [0, -1, 0.5], "window is"),
    (tables.corrupted, ["a", [[0, 0]], [[0.5, 0, 1]], [[-1, 0, 1]]], "facts has"),
    (lambda v: tables.corrupted([[0, 0, 5]], entities=v), [2, "a"], "entities is"),
    (tables.numbered, ["the cat", ["the cat"], 3, [1]], "a list of sequences"),
    (
        lambda v: fit(**v),
        [{"learning_rate": 3}, {"lr": 3}],
        r"optimizer=Adam\(learning_rate=\.\.\.\)",
    ),
    (lambda v: sg.derive(PROGRAM, **v), [{"layouts": 3}], "did you mean layout"),
    (lambda v: sg.evaluate(*v), [(), (PROGRAM,)], "missing .* evaluate.problem, inputs"),
    (lambda v: sg.Adam(*v), [(0.1,)], r"as Adam\(learning_rate=\.\.\., .*beta1"),
    (lambda v: sg.Adam(**v), [{"lr": 1}, {"eps": 1}, {"betas": 1}], "mean (learning|eps|beta)"),
    (lambda v: sg.Matrix("W", *v), [(3,), (3, 4, 5)], "a Matrix has two dimensions"),
    (lambda v: sg.Vector("x", *v), [(3, 4)], "a Vector has one dimension"),
    (lambda v: sg.derive(PROGRAM).results[v], ["y", 0, ("w", "w")], "there are 'w'"),
    (sg.dims, [3, "1a", "n 3"], "is a text|is no name of a dimension"),
]
CASES = [
    pytest.param(call, value, message, id=f"{k}-{type(value).__name__}")
    for k, (call, values, message) in enumerate(WRONG)
    for value in values
]


@pytest.mark.parametrize(("call", "value", "message"), CASES)
def test_a_wrong_kind_of_argument(call: Callable[[Any], Any], value: Any, message: str) -> None:
    with pytest.raises(sg.SymgradError, match=message):
        call(value)


def test_a_number_divided_by_zero_ends_a_training_in_words() -> None:
    """Once a ZeroDivisionError: n - 1 is 0."""
    text = "x: Vector(n)\nw: Scalar\nloss = norm2(w * x - mean(x))**2 / (n - 1)"
    with pytest.raises(sg.NotFiniteError, match="step 1|not finite"):
        sg.Trainer(text, {"x": [1.0]}, parameters={"w": 1.0}, optimizer=sg.Adam()).epoch()


def test_a_wrong_call_and_a_wrong_key_are_what_python_calls_them() -> None:
    with pytest.raises(TypeError):
        sg.SGD(0.1)
    with pytest.raises(KeyError):
        sg.derive(PROGRAM).results["y"]
    assert pickle.loads(pickle.dumps([sg.derive, sg.SGD()])) == [sg.derive, sg.SGD()]
