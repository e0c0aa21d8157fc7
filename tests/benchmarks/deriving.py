"""How long a sigmoid perceptron of width 16 takes to derive and to compile, by its depth."""

from __future__ import annotations

from importlib.util import find_spec

from tests.benchmarks.children import medians, printed
from tests.benchmarks.one_batch import Say
from tests.benchmarks.tables import table

DEPTHS = (2, 4, 8, 16, 32, 64, 128)
START = """
import sys, time
import tests.benchmarks.pinning
from tests.benchmarks.models import Draw, Model, layered, layered_numbers
depth = int(sys.argv[1])

def model(depth):
    wrt = tuple(f"{letter}{k}" for k in range(1, depth + 2) for letter in "Wb")
    return Model("sigmoid", layered(depth, "sigmoid"), wrt, None)

def numbers(depth):
    return layered_numbers(Draw(0), 32, [16] * (depth + 1) + [10])
"""
SYMGRAD = (
    START
    + """
import symgrad as sg

def derived(model):
    return sg.derive(model.program, model.wrt).lambdify()

derived(model(1))
start = time.process_time()
function = derived(model(depth))
print(time.process_time() - start)
"""
)
SYMGRAD_CALLED = (
    START
    + """
import symgrad as sg

def called(depth):
    chosen = model(depth)
    function = sg.derive(chosen.program, chosen.wrt).lambdify(reuse_buffers=True)
    function(numbers(depth))

called(1)
start = time.process_time()
called(depth)
print(time.process_time() - start)
"""
)
JAX = (
    START
    + """
from tests.benchmarks.peers.with_jax import LIBRARY, jax, loss

def compiled(depth):
    arrays = {name: jax.numpy.asarray(array) for name, array in numbers(depth).items()}
    data = {name: arrays.pop(name) for name in "xy"}
    function = jax.jit(jax.value_and_grad(loss("sigmoid", LIBRARY)))
    return lambda: function.lower(arrays, data).compile()

compiled(1)()
compiling = compiled(depth)
start = time.process_time()
compiling()
print(time.process_time() - start)
"""
)


def run(rounds: int, say: Say) -> None:
    """Print the medians in seconds, each measurement in a new process after a net of depth 1."""
    programs = {
        "derive and lambdify": SYMGRAD,
        "and the first call, in buffers": SYMGRAD_CALLED,
    }
    if find_spec("jax") is not None:
        programs["JAX, trace and compile"] = JAX
    rows: list[list[object]] = []
    for depth in DEPTHS:
        measured = [[printed(p, str(depth)) for p in programs.values()] for _ in range(rounds)]
        rows.append([str(depth), *(f"{seconds:.3f}" for seconds in medians(measured))])
    say("\n" + table(["depth", *programs], rows))
