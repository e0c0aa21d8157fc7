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


CALLED_SO = ("jacobian", "hessian", "hvp", "directional", "pullback", "stationary")
DERIVATIVES = {"gradient": "derive", **{k: k for k in CALLED_SO}}  # the public function of each
OF_SCALARS = ("gradient", "hessian", "hvp", "stationary")


def _choice(
    name: str,
    values: tuple[str, ...],
    help: str,
    label: str = "",
    default: str | None = None,
    **more: Any,
) -> Choice:
    """A choice with its name as its label and the first word by default, unless others are said."""
    usual = values[0] if default is None else default
    label = label or name.capitalize()
    return Choice(name=name, label=label, values=values, default=usual, help=help, **more)


CHOICES: tuple[Choice, ...] = (
    _choice(
        name="of",
        label="Derive",
        values=("", *DERIVATIVES),
        help="What is derived; of a number the gradient, of anything else the Jacobian.",
        group="kind",
    ),
    _choice(
        name="method",
        values=METHODS,
        help="Step by step backward, by the chain rule as it is taught, or by differentials.",
        of=("gradient",),
    ),
    _choice(
        name="stable",
        label="As computed",
        values=SWITCH,
        help="Derive the form that code computes, which keeps numbers in range.",
        of=("gradient",),
        folded=True,
    ),
    _choice(
        name="expand",
        label="Write out",
        values=(SWITCH[0], *filter(has_definition, OPERATIONS)),
        help="An operation that is derived by its definition.",
        of=("gradient",),
        folded=True,
    ),
    _choice(
        name="layout",
        group="convention",
        values=LAYOUTS,
        help="Which indices come first.",
        of=("gradient", "jacobian"),
    ),
    _choice(
        name="symmetric",
        group="convention",
        label="Symmetric entries",
        values=CONVENTIONS,
        help="How the entries of a symmetric matrix count.",
        of=("gradient",),
        needs="symmetric",
    ),
    _choice(
        name="level",
        values=LEVELS,
        default="steps",
        help="The results alone, every step, or every step with its proof.",
        group="page",
    ),
    _choice(
        name="why",
        label="Reasons by",
        values=REASONS,
        help="How steps are proved at level full.",
        group="page",
        needs="full",
    ),
    _choice(
        name="numbers",
        values=(SWITCH[0], "1", "2", "3"),
        help="Random numbers beside each line, by their seed.",
        group="numbers",
        folded=True,
    ),
    *(
        _choice(
            own.name,
            own.metadata.get("choices", SWITCH),
            own.metadata["help"],
            group="style",
            folded=True,
        )
        for own in fields(Style)
    ),
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
