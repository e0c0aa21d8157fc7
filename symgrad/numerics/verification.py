"""Every step of a derivation as a numerical identity at random numbers of random small sizes.

Three things are compared: what is printed with what the node computes; a cotangent with the sum of
its uses' pull-backs, as <Tbar, v> = sum over the uses s of <sbar, Ds v>, each statement s
differentiated by complex step on its own; and each result's closed form with the last step. So the
text, the chain rule and the simplification are checked apart from each other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from symgrad.calculus.algebra import is_call
from symgrad.calculus.chain_rule import Reverse
from symgrad.calculus.derivation import Derivation, IndexForm, Outcome, Step
from symgrad.calculus.lowering import Tensor, given, input_tensor, lower
from symgrad.calculus.nodes import Apply, Axis, Entry, Label, Node, batch_label
from symgrad.calculus.notation import core_axes
from symgrad.calculus.vectorized import vectorized
from symgrad.errors import VerificationError
from symgrad.language.dimensions import ONE
from symgrad.language.expressions import Call, Expression, Name, fold, leaves
from symgrad.language.operations.arithmetic import transpose
from symgrad.numerics.interpreter import evaluate_nodes, size_of
from symgrad.numerics.sampling import draws
from symgrad.numerics.sizes import axes_of
from symgrad.numerics.vectorized import commutation, stacking

TOLERANCE = 1e-8
STEP = 1e-30  # of the complex step: no cancellation, so as small as one likes
DIFFERENCE = 6e-6  # of central differences, where a function has no complex twin
ROUGH = 1e-5
WORST_CONDITION = 1e4


@dataclass(frozen=True)
class StepCheck:
    """The relative error of one step's identities (0 is exact)."""

    number: int
    error: float
    tolerance: float = TOLERANCE

    @property
    def passed(self) -> bool:
        """Whether the step is true."""
        return self.error <= self.tolerance


@dataclass(frozen=True)
class Verification:
    """All steps and results; `number` 0 stands for the results."""

    steps: tuple[StepCheck, ...]

    @property
    def passed(self) -> bool:
        """Whether everything is true."""
        return all(step.passed for step in self.steps)

    @property
    def max_relative_error(self) -> float:
        """The largest error of all."""
        return max((step.error for step in self.steps), default=0.0)

    @property
    def failed(self) -> tuple[int, ...]:
        """The numbers of the steps that are not true."""
        return tuple(step.number for step in self.steps if not step.passed)


def verify(derivation: Derivation, seed: int = 0) -> Verification:
    """Check every step and result at random numbers."""
    return _Check(derivation, seed).run()


class _Check:
    def __init__(self, derivation: Derivation, seed: int) -> None:
        self.derivation = derivation
        self.rng = np.random.default_rng(seed)
        self.roots = [s.node for s in derivation.steps]
        self.roots += [e.node for p in derivation.passes for e in p.cotangents.values()]
        self.roots += [o.entry.node for o in derivation.outcomes.values()] + [derivation.value.node]
        self.free = derivation.free or derivation.value
        self.sizes: dict[Axis, int] = {}
        self.inputs, self.values = self._good_draw(seed)
        self.rough = False

    def _good_draw(self, seed: int) -> tuple[dict[str, np.ndarray], dict[Node, Any]]:
        """The first draw at which everything is finite and no matrix nearly singular, else the
        best."""
        best: tuple[int, dict[str, np.ndarray], dict[Node, Any], dict[Axis, int]] | None = None
        for inputs, sizes in draws(self.derivation.problem, seed):
            self.sizes = sizes
            inputs |= {name: self._seed(name) for name in self.derivation.seeds}
            try:
                values = evaluate_nodes(self.roots, inputs, sizes)
            except np.linalg.LinAlgError:
                continue  # a singular matrix
            bad = sum(_is_bad(node, value, values) for node, value in values.items())
            if best is None or bad < best[0]:
                best = bad, inputs, values, sizes
            if not bad:
                break
        if best is None:
            raise VerificationError("no random numbers were found at which the problem is defined")
        self.sizes = best[3]
        return best[1], best[2]

    def _seed(self, name: str) -> np.ndarray:
        of = self.derivation.seeds[name]
        variables = self.derivation.problem.variables
        axes: Sequence[Axis] = (
            axes_of(variables[of])
            if of in variables
            else core_axes(self.derivation.problem.output.shape)
        )
        axes = [a for a in axes if a != 1]
        return self.rng.standard_normal([size_of(a, self.sizes) for a in axes])

    def run(self) -> Verification:
        checks = [StepCheck(s.number, *self._step(s)) for s in self.derivation.steps]
        for outcome in self.derivation.outcomes.values():
            self.rough = False
            error = max(self._printed(outcome), self._vectorized(outcome), self._outcome(outcome))
            checks.append(StepCheck(0, error, ROUGH if self.rough else TOLERANCE))
        return Verification(tuple(checks))

    # printed text against nodes

    def _step(self, step: Step) -> tuple[float, float]:
        self.rough = False
        value = _batch_first(self.values[step.node], step.node.axes)
        error = 0.0
        for printed in (step.right, step.simplified):
            if printed is not None and not isinstance(printed, IndexForm):
                error = max(error, difference(self._evaluated(printed), value))
        if step.of is not None:
            for found in self.derivation.passes:
                if step.of in found.cotangents:
                    error = max(error, self._adjoint(found, step.of))
        return error, ROUGH if self.rough else TOLERANCE

    def _printed(self, outcome: Outcome) -> float:
        if isinstance(outcome.expression, IndexForm):
            return 0.0
        for name, definition in outcome.definitions:
            self._by_name[name.name] = self._evaluated(definition)
        value = over_labels(
            self.values[outcome.entry.node], outcome.entry.labels, outcome.labels, self.sizes
        )
        value = _batch_first(value, [x.axis for x in outcome.labels])
        return difference(self._evaluated(outcome.expression), value)

    def _vectorized(self, outcome: Outcome) -> float:
        """The vectorised form against the result, whose indices it stacks, the first fastest."""
        form = vectorized(self.derivation, outcome)
        if form is None:
            return 0.0
        if form.commutation is not None:
            rows, columns = (size_of(x.axis, self.sizes) for x in outcome.labels[-2:])
            self._by_name[form.commutation.name] = commutation(rows, columns)

        def sizes(e: Expression) -> list[int]:
            return [size_of(d, self.sizes) for d in e.shape]

        def visit(e: Expression, arguments: tuple[Expression, ...]) -> Expression:
            compute = stacking(e)
            if compute is None:
                return replace(e, arguments=arguments) if isinstance(e, Call) else e
            matrices = [np.reshape(self._evaluated(a), sizes(a)) for a in arguments]
            name = Name(f"?{len(self._by_name)}", e.shape)
            self._by_name[name.name] = compute(*matrices)
            return name

        got = self._evaluated(fold(form.expression, visit))
        value = self.values[outcome.entry.node]
        value = over_labels(value, outcome.entry.labels, outcome.labels, self.sizes)
        return difference(got, value.reshape(sizes(form.expression), order="F"))

    def _evaluated(self, printed: Expression) -> Any:
        """The value of an expression whose names are those of the derivation."""
        arrays = self._by_name
        tensors: dict[str, Tensor] = {}
        for leaf in leaves(printed):
            if isinstance(leaf, Name) and leaf.name not in tensors:
                tensors[leaf.name] = self._leaf(leaf, arrays)
        tensor = lower(printed, tensors)
        entry = tensor.closed()
        value = evaluate_nodes([entry.node], arrays, self.sizes)[entry.node]
        return over_labels(value, entry.labels, tensor.labels, self.sizes)

    def _leaf(self, leaf: Name, arrays: dict[str, Any]) -> Tensor:
        variable = self.derivation.problem.variables.get(leaf.name)
        if variable is not None and variable.kind == "Index":
            return input_tensor(variable)
        others = () if leaf.batch is None else (batch_label(leaf.batch),)
        tensor = given(leaf.name, leaf.shape, frozenset(), others)
        shape = [size_of(x.axis, self.sizes) for x in tensor.labels]
        arrays[leaf.name] = np.reshape(arrays[leaf.name], shape)
        return tensor

    @cached_property
    def _by_name(self) -> dict[str, Any]:
        """The numbers that the names in printed expressions stand for."""
        named: dict[str, Any] = dict(self.inputs)
        for node, name in self.derivation.names.items():
            value = _batch_first(self._value(node), node.axes)
            if is_call(name, transpose):
                (name,) = name.arguments
                value = value if ONE in name.shape else np.swapaxes(value, -1, -2)
            assert isinstance(name, Name)
            named[name.name] = value
        return named

    # the chain rule, statement by statement

    def _adjoint(self, found: Reverse, node: Node) -> float:
        """<Tbar, v> against the sum over the uses s of <sbar, Ds v>."""
        v = self.rng.standard_normal(np.shape(self.values[node]))
        left = self._paired(found, node, v)
        users = found.users.get(node, [])
        if not users:
            return 0.0  # the root
        right: Any = 0.0
        for user in users:
            right = right + self._paired(found, user, self._moved(user, node, v))
        return difference(left, right)

    def _paired(self, found: Reverse, node: Node, v: Any) -> Any:
        entry, labels = found.of(node)
        value = over_labels(self._value(entry.node), entry.labels, labels, self.sizes)
        own = len(np.shape(v))
        return np.tensordot(value, v, own) if own else value * v

    def _value(self, node: Node) -> Any:
        if node not in self.values:
            self.values.update(evaluate_nodes([node], self.inputs, self.sizes, self.values))
        return self.values[node]

    def _moved(self, user: Node, node: Node, v: Any) -> Any:
        """How a statement moves when one of its operands moves along v."""
        operands = {n: self.values[n] for n in user.operands}

        def at(value: Any) -> Any:
            return evaluate_nodes([user], self.inputs, self.sizes, {**operands, node: value})[user]

        return self._derivative(at, operands[node], v)

    def _derivative(self, function: Callable[[Any], Any], at: Any, v: Any) -> Any:
        try:
            return np.imag(function(at + 1j * STEP * v)) / STEP
        except TypeError:
            self.rough = True
            return (function(at + DIFFERENCE * v) - function(at - DIFFERENCE * v)) / (
                2 * DIFFERENCE
            )

    # results of the second order and along directions

    def _outcome(self, outcome: Outcome) -> float:
        kind = self.derivation.kind
        value = over_labels(
            self._value(outcome.entry.node), outcome.entry.labels, outcome.labels, self.sizes
        )
        if kind == "directional":
            moved = self._along(
                {of: self.inputs[seed] for seed, of in self.derivation.seeds.items()}
            )
            return difference(value, moved(self.free, self.derivation.value_labels))
        if kind == "hvp":
            moved = self._along(
                {of: self.inputs[seed] for seed, of in self.derivation.seeds.items()}
            )
            return difference(value, moved(*self._gradient(str(outcome.key))))
        if kind == "hessian":
            a, b = str(outcome.key[0]), str(outcome.key[1])
            v = self.rng.standard_normal(np.shape(self.inputs[b]))
            along = np.tensordot(value, v, np.ndim(v)) if np.ndim(v) else value * v
            return difference(along, self._along({b: v})(*self._gradient(a)))
        entry, _ = self._gradient(str(outcome.key))
        own = self._value(entry.node)
        return difference(value, over_labels(own, entry.labels, outcome.labels, self.sizes))

    def _gradient(self, name: str) -> tuple[Entry, tuple[Label, ...]]:
        return self.derivation.passes[0].of(self.derivation.inputs[name])

    def _along(self, directions: Mapping[str, Any]) -> Callable[[Entry, tuple[Label, ...]], Any]:
        """The derivative of an entry when the inputs move along these directions."""

        def moved(entry: Entry, labels: tuple[Label, ...]) -> Any:
            def at(t: Any) -> Any:
                inputs = {
                    **self.inputs,
                    **{n: self.inputs[n] + t * d for n, d in directions.items()},
                }
                value = evaluate_nodes([entry.node], inputs, self.sizes)[entry.node]
                return over_labels(value, entry.labels, labels, self.sizes)

            return self._derivative(at, 0.0, 1.0)

        return moved


def _is_bad(node: Node, value: Any, values: Mapping[Node, Any]) -> bool:
    if not np.all(np.isfinite(value)):
        return True
    if isinstance(node, Apply) and node.operation.meaning.over == "matrix":
        matrix = values[node.arguments[0][0]]
        return bool(np.any(np.linalg.cond(matrix) > WORST_CONDITION))
    return False


def _batch_first(value: Any, axes: Sequence[Axis]) -> Any:
    """What is printed is of one example: its batch comes before its rows and columns."""
    batch = [k for k, axis in enumerate(axes) if isinstance(axis, str)]
    return np.moveaxis(value, batch, range(len(batch))) if batch else value


def over_labels(
    value: Any, own: Sequence[Label], labels: Sequence[Label], sizes: Mapping[Axis, int]
) -> Any:
    """A value over all these labels, in order; spread over those that it lacks."""
    value = np.asarray(value)
    order = [own.index(x) for x in labels if x in own]
    value = value.transpose(order) if value.ndim else value
    shape = [size_of(x.axis, sizes) if x in own else 1 for x in labels]
    full = [size_of(x.axis, sizes) for x in labels]
    return np.broadcast_to(value.reshape(shape), full)


def difference(got: Any, want: Any) -> float:
    """The largest difference relative to the largest entry (or to 1, where all are small)."""
    got, want = np.asarray(got), np.asarray(want)
    if got.size != want.size:
        got = np.broadcast_to(got, want.shape) if got.size < want.size else got
    if got.shape != want.shape:
        got = got.reshape(want.shape)
    finite = np.isfinite(want) & np.isfinite(got)
    if not finite.any():
        return 0.0
    return float(np.abs(got - want)[finite].max() / max(1.0, np.abs(want)[finite].max()))
