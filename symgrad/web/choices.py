"""What can be chosen on the page, in one table: a choice that is added here, or a field that
`Style` gets, appears there by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from symgrad.calculus.conventions import CONVENTIONS
from symgrad.calculus.layouts import LAYOUTS
from symgrad.calculus.proofs.lines import KINDS as REASONS
from symgrad.derivations import METHODS
from symgrad.errors import one_of
from symgrad.language.expanding import has_definition
from symgrad.language.expressions import OPERATIONS
from symgrad.rendering.document import LEVELS
from symgrad.rendering.style import Style

SWITCH = ("no", "yes")


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One of several words. `group` says what it is a choice of: the "kind" of derivative, its
    "convention", the "way" that it is derived, the "page", the "style". `of` are the derivatives
    that it is for, all of them where it is empty. It is shown where it matters: `needs` is a word
    that another choice has then, or that a variable is declared with. Few need what is `folded`
    away."""

    name: str
    label: str
    values: tuple[str, ...]
    default: str
    help: str
    group: str = "way"
    of: tuple[str, ...] = ()
    needs: str = ""
    folded: bool = False


DERIVATIVES = {  # and the public function that derives it
    "gradient": "derive",
    "jacobian": "jacobian",
    "hessian": "hessian",
    "hvp": "hvp",
    "directional": "directional",
    "pullback": "pullback",
    "stationary": "stationary",
}
OF_SCALARS = ("gradient", "hessian", "hvp", "stationary")


def _of_style(name: str, metadata: Mapping[str, Any]) -> Choice:
    """A field of a style as a choice: one of its words, the first by default, or a switch."""
    words = metadata.get("choices", SWITCH)
    return Choice(
        name=name,
        label=name.capitalize(),
        values=words,
        default=words[0],
        help=metadata["help"],
        group="style",
        folded=True,
    )


CHOICES: tuple[Choice, ...] = (
    Choice(
        name="of",
        label="Derive",
        values=("", *DERIVATIVES),
        default="",
        help="What is derived; of a number the gradient, of anything else the Jacobian.",
        group="kind",
    ),
    Choice(
        name="method",
        label="Method",
        values=METHODS,
        default=METHODS[0],
        help="Step by step backward, by the chain rule as it is taught, or by differentials.",
        of=("gradient",),
    ),
    Choice(
        name="stable",
        label="As computed",
        values=SWITCH,
        default=SWITCH[0],
        help="Derive the form that code computes, which keeps numbers in range.",
        of=("gradient",),
        folded=True,
    ),
    Choice(
        name="expand",
        label="Write out",
        values=(SWITCH[0], *filter(has_definition, OPERATIONS)),
        default=SWITCH[0],
        help="An operation that is derived by its definition.",
        of=("gradient",),
        folded=True,
    ),
    Choice(
        name="layout",
        group="convention",
        label="Layout",
        values=LAYOUTS,
        default=LAYOUTS[0],
        help="Which indices come first.",
        of=("gradient", "jacobian"),
    ),
    Choice(
        name="symmetric",
        group="convention",
        label="Symmetric entries",
        values=CONVENTIONS,
        default=CONVENTIONS[0],
        help="How the entries of a symmetric matrix count.",
        of=("gradient",),
        needs="symmetric",
    ),
    Choice(
        name="level",
        label="Level",
        values=LEVELS,
        default="steps",
        help="The results alone, every step, or every step with its proof.",
        group="page",
    ),
    Choice(
        name="why",
        label="Reasons by",
        values=REASONS,
        default=REASONS[0],
        help="How steps are proved at level full.",
        group="page",
        needs="full",
    ),
    Choice(
        name="numbers",
        label="Numbers",
        values=(SWITCH[0], "1", "2", "3"),
        default=SWITCH[0],
        help="Random numbers beside each line, by their seed.",
        group="numbers",
        folded=True,
    ),
    *(_of_style(own.name, own.metadata) for own in fields(Style)),
)


def chosen(request: Mapping[str, Any], group: str, of: str) -> dict[str, Any]:
    """The choices of a group that a request makes otherwise than by default, where they are for
    this derivative; a switch is True. Raises: OptionError for a word that there is not."""
    found = {}
    for choice in CHOICES:
        value = request.get(choice.name, choice.default)
        one_of(choice.name, value, choice.values)
        if choice.group == group and (not choice.of or of in choice.of) and value != choice.default:
            found[choice.name] = value == SWITCH[1] or value
    return found
