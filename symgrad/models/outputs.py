"""What a model says of an example, and what that costs: the last lines of many programs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from symgrad.errors import OptionError, one_of
from symgrad.models.writing import Size


@dataclass(frozen=True, kw_only=True)
class Output:
    """A prediction `name` of the scores z, and the loss of an example with the target y.

    `scalar` is the loss where there is one score, `vector` where there are several; the links, if
    any, make of the scores a prediction p. An empty loss says that there is none.
    """

    name: str = "p"
    scalar_link: str = ""
    vector_link: str = ""
    scalar: str
    vector: str = ""
    one_hot: bool = False

    def target(self, width: Size) -> str:
        """The kind of a target."""
        fact = ", one_hot=True" if self.one_hot else ""
        return "Scalar" if width == 1 else f"Vector({width}{fact})"

    def lines(self, width: Size, scores: str, at: str = "") -> list[str]:
        """The definitions of the prediction; `at` is the index of a step, [t]."""
        link = self.scalar_link if width == 1 else self.vector_link
        if not link:
            return [f"{self.name}{at} = {scores}"]
        return [f"z{at} = {scores}", f"{self.name}{at} = {link.format(z=f'z{at}')}"]

    def loss(self, width: Size, y: str, at: str = "") -> str:
        """The loss of an example with the target y."""
        form = self.scalar if width == 1 else self.vector
        return form.format(z=f"z{at}", p=f"{self.name}{at}", y=y)


OUTPUTS = {
    "squared": Output(scalar="({p} - {y})**2", vector="norm2({y} - {p})**2"),
    "huber": Output(scalar="huber({p} - {y})", vector="sum(huber({p} - {y}))"),
    "cross_entropy": Output(
        scalar_link="sigmoid({z})",
        vector_link="softmax({z})",
        scalar="-{y} * log({p}) - (1 - {y}) * log(1 - {p})",
        vector="cross_entropy({y}, {p})",
        one_hot=True,
    ),
    "poisson": Output(
        scalar_link="exp({z})",
        vector_link="exp({z})",
        scalar="{p} - {y} * {z}",
        vector="sum({p} - {y} * {z})",
    ),
    "hinge": Output(name="s", scalar="hinge({y} * {p})"),
}


def output(loss: Any, width: Size) -> Output:
    """The output with a loss of this name.

    Raises: OptionError where there is none, or none for several scores.
    """
    one_of("loss", loss, OUTPUTS)
    found = OUTPUTS[loss]
    if width != 1 and not found.vector:
        raise OptionError(f"loss={loss!r} is one of a single score, and the last size is {width}")
    return found
