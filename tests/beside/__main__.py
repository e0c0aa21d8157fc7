"""Random programs, each derived once and compared with JAX: value and derivative.

    python -m tests.beside --count 5000 --first 0

Prints each program that differs or fails, and a count at the end; exit status 1 where one did.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random
from typing import Any

import jax
import numpy as np

import symgrad as sg
from tests.beside.reference import Reference, reference
from tests.derived import KINDS
from tests.properties.programs import Program, program
from tests.properties.rounding import rounded

jax.config.update("jax_enable_x64", True)
SHAPES = ((), ("n",), ("m",), ("m", "n"), ("m", "n", "p"))
OF_SCALARS = ("gradient", "hessian", "hvp")
TOLERANCE = 1e-9
EPS = 2.0**-53  # of what rounding changes a value by, on our way or on JAX's
ALLOWED = 1e3
Arrays = Mapping[str, Any]


class Differs(Exception):
    """Two results that are not the same."""


def compared(seed: int, strong: bool = False) -> str:
    """How the program of this seed fared: right, refused, or not finite; else an exception."""
    random = Random(seed)
    kind = random.choices(list(KINDS), (5, 2, 1, 1, 1, 1))[0]
    shape = () if kind in OF_SCALARS else random.choice(SHAPES)
    p = program(random, shape, depth=2 if kind in ("jacobian", "hessian") else 3)
    p = p.strong if strong else p
    text = p.text if kind in OF_SCALARS else p.text.replace("loss =", "f =")
    try:
        problem = sg.parse(text)
    except (sg.ShapeError, sg.ProgramError):  # a dimension that is 1 is no dimension
        if not re.search(r": \w+\((.*, )?1\b", text):
            raise
        return "refused"
    if kind == "hessian" and problem.batch.keys() & p.wrt:  # it would have two batches
        return "refused"
    rng = np.random.default_rng(seed)
    along = {n: rng.standard_normal(np.shape(p.inputs[n])) for n in p.wrt}
    derivation = KINDS[kind](text, p.wrt)
    function = derivation.lambdify()
    ours: dict[str, Any] = {}
    if kind in ("hvp", "directional"):
        ours["value"], derivatives = function(p.inputs, direction=along)
    elif kind == "pullback":
        value = np.asarray(sg.evaluate(text, p.inputs))
        along["cotangent"] = rng.standard_normal(value.shape)
        ours["value"], derivatives = function(p.inputs, cotangent=along["cotangent"])
    else:
        ours["value"], derivatives = function(p.inputs)
    ours |= {str(key): array for key, array in derivatives.items()}
    run = reference(text, p.sizes)
    theirs = derived(kind, run, p, along, p.inputs)
    if not all(np.isfinite(array).all() for array in theirs.values()):
        return "not finite"
    errors = {name: difference(ours[name], array) for name, array in theirs.items()}
    if max(errors.values()) > TOLERANCE:
        may = dict(zip(ours, rounded(derivation, p.inputs, along, EPS), strict=True))
        blurred = replace(run, blur=lambda x: x * (1 + 2 * EPS * rng.uniform(-1, 1, x.shape)))
        moved = [derived(kind, blurred, p, along, p.inputs) for _ in range(3)]
        for name, error in errors.items():
            exact, off = may[name]
            off = max(off, *(float(np.abs(m[name] - theirs[name]).max(initial=0)) for m in moved))
            if error > TOLERANCE and not error <= ALLOWED * off / scale(exact):
                told = f"{ours[name]}\nJAX has\n{theirs[name]}"
                raise Differs(f"{kind} {name}: {error:.1e}\n{told}")
    return "right"


def derived(kind: str, run: Reference, p: Program, along: Arrays, inputs: Arrays) -> dict[str, Any]:
    """JAX's value and derivatives by the keys of ours."""

    def compiled(inputs: Arrays, along: Arrays) -> dict[str, Any]:
        at = {n: inputs[n] for n in p.wrt}

        def f(free: Arrays) -> Any:
            return run({**inputs, **free})

        return {"value": f(at), **derivatives(kind, f, at, along)}

    found = jax.jit(compiled)(dict(inputs), dict(along))  # at once: else each operation by itself
    return {name: np.asarray(array) for name, array in found.items()}


def derivatives(kind: str, f: Callable[[Arrays], Any], at: Arrays, along: Arrays) -> dict[str, Any]:
    """Those of f at some of its inputs."""
    directions = {name: along[name] for name in at}

    def scalar(free: Arrays) -> Any:
        return f(free)[0, 0]

    match kind:
        case "gradient":
            return dict(jax.grad(scalar)(at))
        case "jacobian":
            return dict(jax.jacrev(f)(at))
        case "hessian":
            blocks, names = jax.hessian(scalar)(at), list(at)
            keys = [(a, b) for k, a in enumerate(names) for b in names[k:]]
            return {str((a, b)): blocks[a][b] for a, b in keys}
        case "hvp":
            return dict(jax.jvp(jax.grad(scalar), (at,), (directions,))[1])
        case "directional":
            return {"*": jax.jvp(f, (at,), (directions,))[1]}
    value, back = jax.vjp(f, at)
    return dict(back(along["cotangent"].reshape(value.shape))[0])


def difference(ours: Any, theirs: Any) -> float:
    """The largest difference, relative to the largest entry; entries in one order, any shape."""
    ours, theirs = np.ravel(ours), np.ravel(theirs)
    if ours.size != theirs.size:
        raise Differs(f"{ours.size} entries where JAX has {theirs.size}")
    with np.errstate(all="ignore"):
        error = float(np.abs(ours - theirs).max(initial=0) / scale(theirs))
    return error if error == error else np.inf


def scale(array: Any) -> float:
    """What an error of an array is relative to."""
    return max(1e-3, float(np.abs(array).max(initial=0)))


def main(arguments: list[str]) -> int:
    """Compare them, and say how they fared."""
    parser = argparse.ArgumentParser(prog="python -m tests.beside")
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--first", type=int, default=0, help="seed of the first program")
    parser.add_argument("--strong", action="store_true", help="by every variable that is used")
    chosen = parser.parse_args(arguments)
    warnings.simplefilter("error")
    counts: Counter[str] = Counter()
    start = time.monotonic()
    for seed in range(chosen.first, chosen.first + chosen.count):
        try:
            counts[compared(seed, chosen.strong)] += 1
        except Exception as error:
            counts[type(error).__name__] += 1
            print(f"--- {seed}: {type(error).__name__}: {error}", flush=True)
            if not isinstance(error, Differs | sg.SymgradError):
                print("".join(traceback.format_exc(limit=-4)), flush=True)
        if sum(counts.values()) % 100 == 0:
            jax.clear_caches()  # of what it compiled, gigabytes
            print(f"{time.monotonic() - start:.0f} s: {dict(counts)}", file=sys.stderr, flush=True)
    print(dict(counts))
    return int(counts.keys() - {"right", "refused", "not finite"} != set())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
