"""The comments of generated source, evaluated at the values of the lines."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import numpy as np

import symgrad as sg
from symgrad.calculus.lowering import lower_problem
from symgrad.calculus.tensors import Tensor
from symgrad.numerics.interpreter import evaluate_tensor, size_of
from symgrad.numerics.sizes import infer_sizes, normal_shape
from symgrad.numerics.source.numpy import numpy_source

LINE = re.compile(r"    (?:(?P<target>v\d+) = |np\.add\.at\((?P<added>v\d+),).*?  # (?P<text>.+)")
NAMED = re.compile(r"(?:\((?P<inner>.+)\)|(?P<plain>.+?))(?:\.T|_[i-n]+)?")
INDEXED = re.compile(r"\w_[i-n:]|\)_[i-n]|sum_|\[i = ")  # in index notation
BATCH = 7  # no other dimension has this size


def noted(source: str) -> list[tuple[str, str]]:
    """Each value's name and comment."""
    found = filter(None, map(LINE.fullmatch, source.splitlines()))
    return [(m["target"] or m["added"], m["text"]) for m in found]


@lru_cache(maxsize=2000)
def lowered(text: str) -> tuple[sg.Problem, Tensor]:
    """A program in index notation, once for all examples, and for comments that say the same."""
    problem = sg.parse(text)
    return problem, lower_problem(problem).output


def evaluated(text: str, given: Mapping[str, np.ndarray]) -> Any:
    """The value of a program."""
    problem, output = lowered(text)
    shapes = {n: normal_shape(problem.variables[n], a.shape) for n, a in given.items()}
    arrays = {n: np.reshape(a, shapes[n]) for n, a in given.items()}
    return evaluate_tensor(output, arrays, infer_sizes(problem, given))


class Reader:
    """Evaluates comments with the language, at the values that the lines have."""

    def __init__(self, derivation: sg.Derivation, inputs: Mapping[str, np.ndarray]) -> None:
        function = derivation.lambdify()
        source = function.source
        assert ast.dump(ast.parse(source)) == ast.dump(
            ast.parse(numpy_source(function.plan.program))
        )
        variables = derivation.problem.variables
        self.lines = noted(source)
        self.sizes = infer_sizes(derivation.problem, inputs)
        self.batch = {str(axis) for axis in self.sizes if isinstance(axis, str)}
        rng = np.random.default_rng(0)
        self.known: dict[str, np.ndarray] = {}
        arguments = []
        for name in function.inputs:
            of = variables[function.signature.seeds.get(name, name)]
            array = inputs.get(name, rng.normal(size=np.shape(inputs[of.name])))
            arguments.append(array.reshape(normal_shape(of, array.shape)))
            self.known[name] = arguments[-1]
        self.labels = {n: v.dims[0] for n, v in variables.items() if v.kind == "Index"}
        arguments += [size_of(axis, self.sizes) for axis in function.plan.program.used]
        *body, _ = source.rstrip().splitlines()
        namespace: dict[str, Any] = {}
        exec("\n".join([*body, "    return locals()"]), namespace)
        self.arrays = {n: np.asarray(a) for n, a in namespace["function"](*arguments).items()}
        own = {f"<{n}>" if n in variables else n: a for n, a in self.arrays.items() if n[0] == "v"}
        self.known = own | self.known

    def checked(self) -> Iterator[tuple[str, str]]:
        """Each comment that the language can say, once it is found to be true."""
        for target, text in self.lines:
            *lefts, right = text.split(" = ")
            array = self.arrays[target]
            for left in lefts:
                own = array.T if left.endswith(".T") and array.ndim == 2 else array
                name = NAMED.fullmatch(left)
                assert name is not None
                self.known[name["inner"] or name["plain"]] = own
            if INDEXED.search(text):
                continue
            got = self.value(right, array)
            if np.size(got) != array.size:  # the same for each example
                got = np.broadcast_to(got, array.shape)
            scale = np.abs(array[np.isfinite(array)]).max(initial=1.0)
            np.testing.assert_allclose(
                np.ravel(got), np.ravel(array), rtol=0, atol=1e-9 * scale, err_msg=text
            )
            yield target, text

    def value(self, text: str, like: np.ndarray) -> Any:
        """The value of a text; of one example, at each of them."""
        names = {name: f"known{k}_" for k, name in enumerate(self.known)}
        pattern = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
        text = re.sub(rf"(?<![\w/.])(?:{pattern})(?!\w)", lambda m: names[m[0]], text)
        for axis, size in self.sizes.items():
            text = re.sub(
                rf"size\({axis}\)" if str(axis) in self.batch else rf"(?<![\w.]){axis}\b",
                str(size),
                text,
            )
        used = {new: name for name, new in names.items() if new in text}
        rows = [new for new, name in used.items() if self.batch and BATCH in self.known[name].shape]
        given = {new: self.known[name] for new, name in used.items()}
        given |= {new: np.moveaxis(given[new], given[new].shape.index(BATCH), 0) for new in rows}
        declared = [
            self.declared(new, used[new], given[new][0] if new in rows else given[new])
            for new in used
        ]
        in_batch = " in batch" in text
        if in_batch:
            text = re.sub(r"for [\w, ]+ in", f"for {', '.join(rows)} in", text)
        program = "\n".join([*declared, f"f = {text}"])
        if in_batch or not rows:
            return evaluated(program, given)
        each = [
            evaluated(program, {n: a[k] if n in rows else a for n, a in given.items()})
            for k in range(BATCH)
        ]
        return np.moveaxis(np.squeeze(np.array(each)), 0, like.shape.index(BATCH))

    def declared(self, new: str, name: str, array: np.ndarray) -> str:
        if name in self.labels:
            return f"{new}: Index({self.sizes[self.labels[name]]})"
        kind = ("Scalar", "Vector", "Matrix", "Tensor")[np.ndim(array)]
        return f"{new}: {kind}" + (
            f"({', '.join(map(str, np.shape(array)))})" if np.ndim(array) else ""
        )
