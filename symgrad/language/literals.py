"""Numbers as they are typed: 1e-4 stays 1e-4, and 0.50 stays 0.50."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from symgrad.language.constants import CONSTANTS, in_constants
from symgrad.language.expressions import Expression, Number, Value, leaves, mapped

DIGITS = "digits"  # the attribute of a constant in a syntax tree that says how it was typed
LITERAL = re.compile(r"(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
QUOTIENT = " / "  # between the digits of an exponent that was typed as a quotient
SMALL = Fraction(1, 1000)  # below it a number is written with a power of ten, where others are


def keep_digits(node: ast.AST, typed: str) -> None:
    """Note how a number of a syntax tree was typed."""
    if isinstance(node, ast.Constant) and LITERAL.fullmatch(typed):
        setattr(node, DIGITS, typed)


def digits_of(node: ast.Constant) -> str:
    """How a number was typed; nothing where that is not known."""
    return str(getattr(node, DIGITS, ""))


@dataclass(frozen=True)
class Digits:
    """How the numbers beside some formulas are spelled: as they are `typed` there; small ones with
    a power of ten where others are (`powers`); without pi or e where that is the user's."""

    typed: Mapping[Value, str]
    powers: bool
    own: bool

    def __call__(self, value: Value) -> str:
        """The digits of a positive number; nothing where it is spelled as anywhere."""
        if value in self.typed:
            return self.typed[value]
        if self.own and in_constants(value):
            return repr(float(value))
        return scientific(value) if self.powers and value < SMALL else ""


def spelling(formulas: Iterable[Expression], taken: Collection[str] = ()) -> Digits | None:
    """How numbers are spelled beside these formulas, where names are `taken`; None where that is
    as anywhere."""
    numbers = [e for f in formulas for e in leaves(f) if isinstance(e, Number) and e.digits]
    typed: dict[Value, str] = {}
    for e in numbers:
        exact = e.digits.isdigit() and isinstance(e.value, Fraction)
        if not exact and QUOTIENT not in e.digits:
            typed.setdefault(magnitude(e.value), e.digits)
    powers = any("e" in digits.lower() for digits in typed.values())
    own = not CONSTANTS.keys().isdisjoint(taken)
    return Digits(typed, powers, own) if typed or own else None


def magnitude(value: Value) -> Value:
    """Without its sign."""
    return -value if value < 0 else value


def scientific(value: Value) -> str:
    """A number with a power of ten: 2e-4; nothing where its digits are many.

    >>> scientific(Fraction(1, 5000)), scientific(Fraction(1, 3000))
    ('2e-4', '')
    """
    front, _, exponent = f"{float(value):.7e}".partition("e")
    text = f"{front.rstrip('0').rstrip('.')}e{int(exponent)}"
    return text if Fraction(text) == value else ""


def retyped(root: Expression, spell: Digits | None) -> Expression:
    """The expression with its numbers spelled so."""
    return root if spell is None else mapped(root, lambda e: _other(e, spell) or e)


def _other(leaf: Expression, spell: Digits) -> Number | None:
    """A number that is to be spelled in another way than it is."""
    if not isinstance(leaf, Number) or leaf.digits:
        return None
    digits = spell(magnitude(leaf.value))
    return replace(leaf, digits=digits) if digits else None
