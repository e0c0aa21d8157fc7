"""How far the results of a derivation move where every value on the way is changed as rounding may
change it: what two right computations may differ by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

import symgrad as sg
from symgrad.numerics.inputs import Signature
from symgrad.numerics.interpreter import evaluate_nodes, over_labels
from symgrad.numerics.libraries import NumPy

DRAWN = 5
DOUBLE = NumPy(np.dtype(float))


def rounded(
    derivation: sg.Derivation, inputs: Mapping[str, Any], given: Mapping[str, Any], unit: float
) -> list[tuple[Any, float]]:
    """The value and each derivative, and how far it moves with relative changes of `unit`; `given`
    are directions by their variables, or the cotangent."""
    signature, data = Signature.of(derivation.data), derivation.data
    arrays, sizes = signature.arrays([*inputs], inputs, DOUBLE)
    for seed, of in data.seeds.items():
        value = given["cotangent"] if signature.kind == "pullback" else given[of]
        arrays[seed] = signature.seed(seed, value, sizes, DOUBLE)
    wanted = [(data.value, data.value_labels)]
    wanted += [(o.entry, o.labels) for o in data.outcomes.values()]
    rng = np.random.default_rng(4)

    def blurred(value: Any) -> Any:
        if np.issubdtype(np.asarray(value).dtype, np.integer):
            return value
        return value * (1 + unit * rng.uniform(-1, 1, np.shape(value)))

    def values(blur: Callable[[Any], Any] | None) -> list[Any]:
        own = {n: a if blur is None else blur(a) for n, a in arrays.items()}
        nodes = evaluate_nodes([e.node for e, _ in wanted], own, sizes, blur=blur)
        return [over_labels(nodes[e.node], e.labels, labels, sizes) for e, labels in wanted]

    exact, moved = values(None), [values(blurred) for _ in range(DRAWN)]
    with np.errstate(all="ignore"):
        off = [max(np.abs(m[k] - x).max(initial=0) for m in moved) for k, x in enumerate(exact)]
    return list(zip(exact, off, strict=True))
