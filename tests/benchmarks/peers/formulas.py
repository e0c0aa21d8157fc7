"""The losses in the notation that JAX and PyTorch share; a library gives what differs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Loss = Callable[[Mapping[str, Any], Mapping[str, Any]], Any]


@dataclass(frozen=True)
class Library:
    """How a library calls these. `affine(X, W, b)` is X W.T + b; `cross_entropy(Z, batch)` is the
    mean over rows, from logits."""

    affine: Callable[..., Any]
    sigmoid: Callable[[Any], Any]
    relu: Callable[[Any], Any]
    softplus: Callable[[Any], Any]
    softmax: Callable[[Any], Any]
    cross_entropy: Callable[[Any, Mapping[str, Any]], Any]


def loss(name: str, library: Library) -> Loss:
    """The loss of a model as a function of parameters and data."""
    written = WRITTEN.get(name, _perceptron)
    return lambda parameters, data: written(library, parameters, data, name)


def _linear(_: Library, p: Mapping[str, Any], d: Mapping[str, Any], name: str) -> Any:
    return ((d["x"] @ p["w"] + p["b"] - d["t"]) ** 2).mean()


def _logistic(library: Library, p: Mapping[str, Any], d: Mapping[str, Any], name: str) -> Any:
    z = d["x"] @ p["w"] + p["b"]
    return (library.softplus(z) - d["t"] * z).mean()


def _two_layers(library: Library, p: Mapping[str, Any], d: Mapping[str, Any], name: str) -> Any:
    R = library.affine(library.affine(d["x"], p["U"]), p["V"]) - d["t"]
    return (R * R).sum() / len(R)


def _perceptron(library: Library, p: Mapping[str, Any], d: Mapping[str, Any], name: str) -> Any:
    active = library.relu if name.startswith("relu") else library.sigmoid
    H, last = d["x"], len(p) // 2
    for k in range(1, last):
        H = active(library.affine(H, p[f"W{k}"], p[f"b{k}"]))
    return library.cross_entropy(library.affine(H, p[f"W{last}"], p[f"b{last}"]), d)


def _attention(library: Library, p: Mapping[str, Any], d: Mapping[str, Any], name: str) -> Any:
    X, affine = d["X"], library.affine
    P = library.softmax(affine(X, p["Q"]) @ affine(X, p["K"]).T / X.shape[1] ** 0.5)
    R = X + affine(P @ affine(X, p["V"]), p["O"]) - d["T"]
    return (R * R).sum() / len(R)


def _factors(_: Library, p: Mapping[str, Any], d: Mapping[str, Any], name: str) -> Any:
    U, V = p["U"], p["V"]
    E = d["M"] * (U @ V.T - d["R"])
    return (E * E).sum() / 2 + 0.005 * ((U * U).sum() + (V * V).sum())


def _graph(library: Library, p: Mapping[str, Any], d: Mapping[str, Any], name: str) -> Any:
    H = library.relu(d["A"] @ library.affine(d["X"], p["W1"]))
    return library.cross_entropy(d["A"] @ library.affine(H, p["W2"]), d)


WRITTEN = {
    "linear": _linear,
    "logistic": _logistic,
    "two-layer": _two_layers,
    "attention": _attention,
    "factors": _factors,
    "graph": _graph,
}
