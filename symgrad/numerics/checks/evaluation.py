"""A derivation at random numbers: its nodes, what it prints, and derivatives by complex step."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np

from symgrad.calculus.chain_rule import Reverse
from symgrad.calculus.derivation import Derivation
from symgrad.calculus.lowering import lower
from symgrad.calculus.nodes import (
    Alias,
    Apply,
    Axis,
    ClosedTerm,
    Entry,
    Label,
    Node,
    Polynomial,
    batch_of,
    intern,
    unnamed,
)
from symgrad.calculus.tensors import Tensor, input_tensor, named
from symgrad.data.sparse import entries_changed, is_sparse
from symgrad.errors import VerificationError
from symgrad.language.dimensions import ONE
from symgrad.language.expressions import Call, Expression, Name, is_call, leaves, mapped
from symgrad.language.operations.arithmetic import transpose
from symgrad.numerics.checks.sampling import draws
from symgrad.numerics.checks.vectorized import stacking
from symgrad.numerics.interpreter import (
    add_values,
    evaluate_nodes,
    evaluate_tensor,
    left_out,
    over_labels,
    size_of,
    terms_value,
)
from symgrad.numerics.sizes import axes_of

# Of the complex step: no cancellation, so as small as one likes. Its square is 0, since of x**3 at
# 0 it would be all that is left, and wrong. A power of two: in \sum_n sign(x_n) h all partial sums
# are exact, so that one whose terms cancel is 0.
STEP = 2.0**-565
WORST_CONDITION = 1e4
BLURS = 3  # one alone may happen to cancel
BLUR = 1e-13  # a relative change of every value, some hundred times that of rounding


def blurring() -> Callable[[Any], Any]:
    """A function that changes every number by a relative `BLUR` at most."""
    rng = np.random.default_rng(0)

    def blur(value: Any) -> Any:
        if is_sparse(value):
            return entries_changed(blur, value)
        whole = np.issubdtype(np.asarray(value).dtype, np.integer)
        return value if whole else value * (1 + BLUR * rng.uniform(-1, 1, np.shape(value)))

    return blur


@dataclass(eq=False)
class Sample:
    """A derivation at numbers; `blur` changes every value on the way a little, so that one sees
    what rounding could do."""

    derivation: Derivation
    inputs: dict[str, np.ndarray]
    sizes: dict[Axis, int]
    values: dict[Node, Any]
    blur: Callable[[Any], Any] | None = None

    @cached_property
    def blurred(self) -> list[Sample]:
        """The same, several times, with every number changed by a relative `BLUR` at most."""
        blur, samples = blurring(), []
        for _ in range(BLURS):
            inputs = {name: blur(array) for name, array in self.inputs.items()}
            values = evaluate_nodes(self.values, inputs, self.sizes, blur=blur)
            samples.append(Sample(self.derivation, inputs, self.sizes, values, blur))
        return samples

    @cached_property
    def solved(self) -> Sample:
        """The same where the unknowns of a stationary point are what they were found to be."""
        found = {
            str(key): np.reshape(
                self.over(outcome.entry, outcome.labels), np.shape(self.inputs[str(key)])
            )
            for key, outcome in self.derivation.outcomes.items()
        }
        return Sample(self.derivation, {**self.inputs, **found}, self.sizes, {}, self.blur)

    def value(self, node: Node) -> Any:
        """The value of a node."""
        if node not in self.values:
            add_values(self.values, [node], self.inputs, self.sizes, self.blur)
        return self.values[node]

    def over(self, entry: Entry, labels: Sequence[Label]) -> Any:
        """The value of an entry over all these labels."""
        return over_labels(self.value(entry.node), entry.labels, labels, self.sizes)

    def shape(self, e: Expression) -> list[int]:
        """The shape of an expression."""
        return [size_of(d, self.sizes) for d in e.shape]

    # what is printed

    def evaluated(self, printed: Expression, **matrices: Any) -> Any:
        """The value of an expression whose names are those of the derivation, or of `matrices`."""
        arrays = {**self.by_name, **matrices}
        value = self._lowered(printed, arrays)
        return value if np.isfinite(value).all() else self._lowered(printed, arrays, self.partial)

    def stacked(self, printed: Expression, **matrices: Any) -> Any:
        """The same where vec, or kron of a vector, may stand in it: the language has neither."""
        arrays = {**self.by_name, **matrices}

        def change(e: Expression) -> Expression:
            compute = stacking(e)
            if compute is None or not isinstance(e, Call):
                return e
            blocks = [np.reshape(self._lowered(a, arrays), self.shape(a)) for a in e.arguments]
            name = Name(f"?{len(arrays)}", e.shape)
            arrays[name.name] = compute(*blocks)
            return name

        return self._lowered(mapped(printed, change), arrays)

    @cached_property
    def partial(self) -> dict[str, Node]:
        """The nodes, by their names, that leave entries out, for i = j of a sum for j < i."""
        names = {n: x.name for n, x in self.derivation.names.items() if isinstance(x, Name)}
        dense = [node for node in names if not is_sparse(self.value(node))]
        return {names[n]: n for n, out in left_out(dense, self.sizes).items() if out.any()}

    def _lowered(
        self,
        printed: Expression,
        arrays: dict[str, Any],
        nodes: Mapping[str, Node] = MappingProxyType({}),
    ) -> Any:
        """Its value; a name that is one of these nodes stands for that, with what it leaves out."""
        names = [leaf for leaf in leaves(printed) if isinstance(leaf, Name)]
        tensors = {name.name: self._named(name, arrays) for name in names}
        for name in tensors.keys() & nodes.keys():
            node, labels = nodes[name], tensors[name].labels
            if node.axes == tuple(x.axis for x in labels):
                alias = intern(Alias, node.axes, of=node, inner=node)
                tensors[name] = replace(tensors[name], terms=(Entry(alias, labels).term,))
        known = self.values if nodes else None
        return evaluate_tensor(lower(printed, tensors), arrays, self.sizes, self.blur, known)

    def _named(self, name: Name, arrays: dict[str, Any]) -> Tensor:
        variable = self.derivation.problem.variables.get(name.name)
        if variable is not None and variable.kind == "Index":
            return input_tensor(variable)
        tensor = named(name)
        shape = [size_of(x.axis, self.sizes) for x in tensor.labels]
        arrays[name.name] = np.reshape(arrays[name.name], shape)
        return tensor

    @cached_property
    def by_name(self) -> dict[str, Any]:
        """The numbers that the names in printed expressions stand for."""
        named: dict[str, Any] = dict(self.inputs)
        for node, name in self.derivation.names.items():
            value = batch_first(self.value(node), node.axes)
            if is_call(name, transpose):
                (name,) = name.arguments
                value = value if ONE in name.shape else np.swapaxes(value, -1, -2)
            assert isinstance(name, Name)
            named[name.name] = value
        for other, definition in self.derivation.problem.definitions.items():
            if other not in named:  # another form of an input, or the same in all rows
                named[other] = self._lowered(definition, named)
        return named

    # derivatives

    def paired(self, backward: Reverse, node: Node, direction: Any) -> Any:
        """<Tbar, v>; what does not move counts nothing, whatever its cotangent, nor does what no
        sum takes, as an entry for i = j of one for j < i, though it has no value."""
        entry, labels = backward.of(node)
        cotangent = self.over(entry, labels)
        if backward.mean is not None and batch_of(node) == backward.mean:
            cotangent = cotangent / self.sizes[backward.mean]
        rank = np.ndim(direction)
        if np.isnan(direction).any():
            out = over_labels(
                left_out([entry.node], self.sizes)[entry.node], entry.labels, labels, self.sizes
            )
            out = out.all(axis=tuple(range(out.ndim - rank)))
            direction = np.where(out & np.isnan(direction), 0.0, direction)
        cotangent = np.where(direction == 0, 0.0, cotangent)
        return np.tensordot(cotangent, direction, rank) if rank else cotangent * direction

    def moved(self, user: Node, node: Node, direction: Any) -> Any:
        """How a statement moves when one of its operands moves; nan where nobody knows, since it
        has no value there. A pole that stays where it is, as of 1 / diag(x), does not move."""
        whole, value = self._with(user, node), self.value(user)
        part, at = self._terms_with(user, node) or whole, self.value(node)
        move = self.derivative(part, at, direction)
        if np.isfinite(value).all() and np.isfinite(move).all():
            return move
        stays = np.isinf(value) & (whole(at + 1e-3 * direction) == value)
        move = np.where(stays & ~np.isfinite(move), 0.0, move)
        return np.where(np.isnan(value), np.nan, move)

    def _with(self, user: Node, node: Node) -> Callable[[Any], Any]:
        """A statement as a function of one of its operands, the others as they are."""

        def at(value: Any) -> Any:
            known = {n: self.value(n) for n in user.operands} | {node: value}
            return evaluate_nodes([user], self.inputs, self.sizes, known)[user]

        return at

    def _terms_with(self, user: Node, node: Node) -> Callable[[Any], Any] | None:
        """The same of the terms that the operand stands in, where a statement is a sum."""
        own = unnamed(user)
        if not isinstance(own, Polynomial):
            return None
        if own not in self._terms:
            found = self._terms.setdefault(own, {})
            for term in own.terms:
                for operand in {f.node for f in term.factors}:
                    found.setdefault(operand, []).append(term)
        terms = self._terms[own][node]
        beside = {f.node: self.value(f.node) for term in terms for f in term.factors}
        return lambda value: terms_value(own, terms, {**beside, node: value}, self.sizes)

    @cached_property
    def _terms(self) -> dict[Node, dict[Node, list[ClosedTerm]]]:
        """The terms of sums by the operands that stand in them."""
        return {}

    def along(self, directions: Mapping[str, Any], entry: Entry, labels: Sequence[Label]) -> Any:
        """The derivative of an entry when the inputs move along these directions."""

        def at(t: Any) -> Any:
            moved = {n: self.inputs[n] + t * v for n, v in directions.items()}
            inputs = {**self.inputs, **moved}
            value = evaluate_nodes([entry.node], inputs, self.sizes, blur=self.blur)[entry.node]
            return over_labels(value, entry.labels, labels, self.sizes)

        return self.derivative(at, 0.0, 1.0)

    def derivative(self, function: Callable[[Any], Any], at: Any, direction: Any) -> Any:
        """How a function moves when its argument moves along a direction."""
        return np.imag(function(at + 1j * STEP * direction)) / STEP


def drawn(derivation: Derivation, seed: int, rng: np.random.Generator) -> Sample:
    """The first draw at which everything is finite and no matrix nearly singular, else the best.

    Raises: VerificationError where the problem is defined at none."""
    roots = [s.node for s in derivation.steps]
    roots += [e.node for p in derivation.passes for e in p.cotangents.values()]
    roots += [o.entry.node for o in derivation.outcomes.values()] + [derivation.value.node]
    best: tuple[float, Sample] | None = None
    for inputs, sizes in draws(derivation.problem, seed):
        for v in derivation.seed_variables:
            inputs[v.name] = rng.standard_normal([size_of(axis, sizes) for axis in axes_of(v)])
        try:
            values = evaluate_nodes(roots, inputs, sizes)
            bad = sum(_badness(node, value, values) for node, value in values.items())
        except np.linalg.LinAlgError:
            continue  # a singular matrix
        if best is None or bad < best[0]:
            best = bad, Sample(derivation, inputs, sizes, values)
        if not bad:
            break
    if best is None:
        raise VerificationError("no random numbers were found at which the problem is defined")
    return best[1]


def batch_first(value: Any, axes: Sequence[Axis]) -> Any:
    """What is printed is of one example: its batch comes before its rows and columns."""
    batch = [k for k, axis in enumerate(axes) if isinstance(axis, str)]
    return np.moveaxis(value, batch, range(len(batch))) if batch else value


def _badness(node: Node, value: Any, values: Mapping[Node, Any]) -> float:
    """How much of a value is not finite, what is no number twice; 1 for a matrix that is nearly
    singular."""
    if not np.isfinite(value).all():
        return float(np.mean(~np.isfinite(value)) + np.mean(np.isnan(value)))
    if isinstance(node, Apply) and node.operation.meaning.over == "matrix":
        matrix = values[node.arguments[0][0]]
        return float(np.any(np.linalg.cond(matrix) > WORST_CONDITION))
    return 0.0
