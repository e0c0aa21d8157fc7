"""The files of the example programs."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent
STEPS = FOLDER / "steps"


def names() -> tuple[str, ...]:
    """The examples in alphabetical order.

    >>> names()[:2]
    ('deepwalk', 'graph_convolution')
    """
    return tuple(sorted(file.stem for file in FOLDER.glob("*.sg")))


def with_steps() -> tuple[str, ...]:
    """The examples with time steps or layers of any number, in alphabetical order.

    >>> with_steps()[:2]
    ('gradient_descent', 'gru')
    """
    return tuple(sorted(file.stem for file in STEPS.glob("*.sg")))


def path(name: str) -> Path:
    """The file of an example.

    Raises: KeyError where there is none of that name.

    >>> path("max_margin").name
    'max_margin.sg'
    """
    if name in with_steps():
        return STEPS / f"{name}.sg"
    if name not in names():
        raise KeyError(name)
    return FOLDER / f"{name}.sg"


def text(name: str) -> str:
    """The program of an example.

    >>> print(text("max_margin").splitlines()[-1])
    loss = mean(hinge(t * s) for x, t in batch) + 0.01 * norm2(w)**2
    """
    return path(name).read_text(encoding="utf-8")
