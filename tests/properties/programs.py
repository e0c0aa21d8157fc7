"""Random programs of the language, of every shape, with numbers for their variables."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from random import Random

import numpy as np

from .templates import BY_RANK, ELEMENTWISE

Shape = tuple[str, ...]
Part = Callable[[Shape], str]  # a random expression of a shape
KINDS = ("Scalar", "Vector", "Matrix", "Tensor")
DIMENSIONS = ("m", "n", "p")
VARIABLES: dict[str, Shape] = {
    "a": (),
    "b": (),
    "x": ("n",),
    "y": ("n",),
    "z": ("m",),
    "A": ("m", "n"),
    "B": ("n", "n"),
    "C": ("n", "p"),
    "D": ("m", "n"),
    "T": ("m", "n", "p"),
    # with a fact that numbers have to keep
    "g": ("n",),
    "q": ("n",),
    "e": ("n",),
    "S": ("n", "n"),
    "O": ("n", "n"),
    "R": ("m", "n"),
}
FACTS = {
    "g": "positive",
    "q": "simplex",
    "e": "one_hot",
    "S": "symmetric",
    "O": "orthogonal",
    "R": "simplex",
}
LABELS = {"i": "m", "k": "n", "l": "n"}
OF_EXAMPLES = ("b", "y", "z", "D", "e", "R", "i", "k", "l")  # what each example may have its own of
CONSTANTS = ("2", "0.5", "1e-3", "(-1)", "0", "1", "n")


@dataclass(frozen=True)
class Program:
    """A program, what to differentiate it by, and numbers for its variables."""

    text: str
    wrt: tuple[str, ...]
    inputs: Mapping[str, np.ndarray]
    sizes: Mapping[str, int]  # of every dimension that has a name, and of every batch
    seed: int = 0

    @property
    def free(self) -> str:
        """The program with nothing declared of its variables, for numbers beside those."""
        return re.sub(r", \w+=True", "", self.text)

    @property
    def has_tensor(self) -> bool:
        """Whether a tensor takes part, so that a result may have no matrix notation."""
        return re.search(r'[ (]T\b|->\w{3}"', self.text) is not None

    @property
    def strong(self) -> Program:
        """The same program, differentiated by each variable that stands in it."""
        used = words("\n".join(re.findall(r" = (.*)", self.text))) & VARIABLES.keys()
        return replace(self, wrt=tuple(sorted(used)) or self.wrt)

    def resized(self, sizes: Mapping[str, int], seed: int) -> Program:
        """The same program with numbers of other sizes."""
        return replace(self, inputs=numbers(self.text, sizes, seed), sizes=sizes, seed=seed)


@dataclass(frozen=True)
class Writer:
    """Writes expressions of a program that has these variables; `batches` says which of them are of
    each example, `dims` what stands for m, n and p."""

    random: Random
    dims: Mapping[str, str]
    variables: dict[str, Shape]
    batches: dict[str, str]
    touched: set[str] = field(default_factory=set)  # the batch whose examples were used

    def expression(self, shape: Shape, depth: int, batch: str | None = None) -> str:
        """A random expression; inside a sum over a batch it may use that batch's examples."""
        random = self.random

        def part(own: Shape) -> str:
            return self.expression(own, depth - 1, batch)

        if depth <= 0 or random.random() < 0.1:
            return self.leaf(shape, batch)
        form = random.random()
        if form < 0.2:
            return f"({part(shape)} {random.choice('+-')} {part(shape)})"
        if form < 0.35:
            return f"({part(shape)} * {part(random.choice([shape, ()]))})"
        if form < 0.45:
            return filled(random.choice(ELEMENTWISE), {"": shape}, part)
        if form < 0.48:
            return f"({part(shape)} / (1 + {part(shape)}**2))"
        if form < 0.51:
            return f"(({part(shape)})**{random.choice([2, 3])})"
        if form < 0.56 and self.batches:
            return self.over_batch(shape, depth)
        return self.of_shape(shape, batch, part)

    def over_batch(self, shape: Shape, depth: int) -> str:
        """A sum or mean over the examples of a batch."""
        batch = self.random.choice(sorted(set(self.batches.values())))
        total = self.random.choice(("sum", "mean"))
        own = [n for n in OF_EXAMPLES if self.batches.get(n) == batch]
        outside = set(self.touched)
        for _ in range(5):
            self.touched.clear()
            body = self.expression(shape, depth - 1, batch)
            used = batch in self.touched
            self.touched.clear()
            self.touched.update(outside)
            if used:
                return f"{total}({body} for {', '.join(own)} in {batch})"
        return self.leaf(shape, None)

    def of_shape(self, shape: Shape, batch: str | None, part: Part) -> str:
        """An operation whose result has another shape than its arguments."""
        named = {x: self.random.choice(list(self.dims.values())) for x in "kl"}
        named = {**named, **self.dims, **dict(zip("rcq", shape, strict=False))}
        template = self.random.choice(BY_RANK[len(shape)])
        labels = words(re.sub(r'"[^"]*"|{\w*}|:\w', "", template)) & set(OF_EXAMPLES)
        if not all(self.available(name, batch) for name in labels):
            return self.leaf(shape, batch)
        self.touched.update(self.batches.get(name, "") for name in labels)
        own = {key: tuple(named[d] for d in key) for key in re.findall(r"{(\w*)}", template)}
        used = re.sub(r":(\w)", lambda found: named[found[1]], template)
        return filled(used, own, part)

    def available(self, name: str, batch: str | None) -> bool:
        """Whether a name may stand inside a sum over this batch."""
        return self.batches.get(name) in (None, batch)

    def leaf(self, shape: Shape, batch: str | None) -> str:
        """A variable, or a constant."""
        names = [
            name
            for name, own in self.variables.items()
            if own == shape and self.available(name, batch)
        ]
        if names and self.random.random() < (0.8 if shape else 0.7):
            name = self.random.choice(names)
            self.touched.add(self.batches.get(name, ""))
            return name
        return constant(self.random, shape, self.dims["n"])


def program(random: Random, shape: Shape = (), depth: int = 3) -> Program:
    """A random program whose output has this shape; it may define intermediate u, V and s.

    One in two has a batch; dimensions may be equal, or numbers; any size may be 1.
    """
    dims = dimensions(random)
    variables = {name: tuple(dims[d] for d in own) for name, own in VARIABLES.items()}
    if "1" in dims.values():
        del variables["T"]  # a tensor's dimensions are none of 1
    batches = examples(random)
    writer = Writer(random, dims, variables, batches)
    lines = declarations(dims, variables)
    for name, own in (("u", ("n",)), ("V", ("m", "n")), ("s", ())):
        if random.random() < 0.3:
            batch = random.choice([None, *sorted(set(batches.values()))])
            own = tuple(dims[d] for d in own)
            writer.touched.clear()
            lines.append(f"{name} = {writer.expression(own, 2, batch)}")
            if batch in writer.touched:
                batches[name] = batch
            variables[name] = own
    output = writer.expression(tuple(dims[d] for d in shape), depth)
    lines.append(f"{'f' if shape else 'loss'} = {output}")
    text = "\n".join(lines)
    sizes = {d: random.choice((1, 2, 2, 3, 3, 4)) for d in (*DIMENSIONS, "one", "two")}
    seed = random.randrange(2**30)
    named = sorted(variables.keys() & VARIABLES)
    said = words("\n".join(line for line in lines if " = " in line))
    used = [name for name in named if name in said]
    names = used if used and random.random() < 0.9 else named
    wrt = random.sample(names, min(len(names), random.choice([1, 2, 3])))
    return Program(text, tuple(wrt), numbers(text, sizes, seed), sizes, seed)


def dimensions(random: Random) -> dict[str, str]:
    """What stands for m, n and p: mostly themselves, else one for another, or a number."""
    dims = {d: d for d in DIMENSIONS}
    if random.random() < 0.15:
        dims[random.choice("mnp")] = random.choice("mnp")
    if random.random() < 0.1:
        dims[random.choice("mnp")] = random.choice("1234")
    return dims


def examples(random: Random) -> dict[str, str]:
    """The variables of which each example of a batch has its own -> the batch."""
    if random.random() < 0.5:
        return {}
    batch = "one" if random.random() < 0.7 else ""
    return {
        name: batch or random.choice(("one", "two"))
        for name in OF_EXAMPLES
        if random.random() < 0.5
    }


def declarations(dims: Mapping[str, str], variables: Mapping[str, Shape]) -> list[str]:
    """A line for each variable and label."""
    lines = [f"{name}: Index({dims[d]})" for name, d in LABELS.items()]
    for name, own in variables.items():
        given = [*own, *(f"{FACTS[n]}=True" for n in [name] if n in FACTS)]
        lines.append(f"{name}: {KINDS[len(own)]}" + f"({', '.join(given)})" * bool(given))
    return lines


def numbers(text: str, sizes: Mapping[str, int], seed: int) -> dict[str, np.ndarray]:
    """Numbers for every variable of a program's text."""
    rng = np.random.default_rng(seed)
    of = {
        name: batch
        for found in re.findall(r" for ([\w, ]+) in (\w+)", text)
        for name in found[0].split(", ")
        for batch in [found[1]]
    }
    inputs = {}
    for name, kind, given in re.findall(r"^(\w+): (\w+)(?:\((.*)\))?$", text, re.MULTILINE):
        parts = given.split(", ") if given else []
        dims = [sizes.get(d) or int(d) for d in parts if "=" not in d]
        lead = [sizes[of[name]]] if name in of else []
        if kind == "Index":
            inputs[name] = rng.integers(dims[0], size=lead)
        else:
            inputs[name] = draw(rng, (*lead, *dims), FACTS.get(name, ""))
    return inputs


def draw(rng: np.random.Generator, shape: tuple[int, ...], fact: str) -> np.ndarray:
    """Numbers of which this is true."""
    array = 0.7 * rng.standard_normal(shape)
    match fact:
        case "positive":
            return np.abs(array) + 0.1
        case "simplex":
            return np.exp(array) / np.exp(array).sum(-1, keepdims=True)
        case "one_hot":
            return np.eye(shape[-1])[rng.integers(shape[-1], size=shape[:-1])]
        case "symmetric":
            return (array + np.swapaxes(array, -1, -2)) / 2
        case "orthogonal":
            return np.linalg.qr(array)[0]
    return array


def constant(random: Random, shape: Shape, n: str) -> str:
    """A constant of a shape."""
    if not shape:
        return random.choice(CONSTANTS).replace("n", n)
    if len(shape) > 2:
        ones = ", ".join(f"ones({d})" for d in shape)
        return f'einsum("i,j,k->ijk", {ones})'
    if len(set(shape)) == 1 and len(shape) == 2 and random.random() < 0.5:
        return f"eye({shape[0]})"
    return f"{random.choice(('ones', 'ones', 'zeros'))}({', '.join(shape)})"


def filled(template: str, shapes: Mapping[str, Shape], part: Part) -> str:
    """The template with an expression in each place."""
    return re.sub(r"{(\w*)}", lambda found: part(shapes[found[1]]), template)


def words(text: str) -> set[str]:
    """The names in a text, without the T of a transpose."""
    return set(re.findall(r"(?<![.\w])[a-zA-Z]\w*", text))
