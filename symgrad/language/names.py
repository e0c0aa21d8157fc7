"""Names: which ones a user may give, and how they are written in LaTeX."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Container, Iterator
from itertools import chain, count

from symgrad.errors import UnknownNameError


def greek(letter: str) -> str:
    """What a Greek letter is called, Sigma or sigma; nothing where it is none."""
    kind, *words = (unicodedata.name(letter, "") if letter else "").split() or [""]
    name = words[-1].replace("LAMDA", "LAMBDA") if kind == "GREEK" else ""
    return name.capitalize() if letter.isupper() else name.lower()


SMALL_GREEK = tuple(map(greek, "αβγδεζηθικλμνξπρστυφχψω"))
SCALARS = {*SMALL_GREEK, "lam", "eps"}  # by convention
CAPITAL_GREEK = tuple(map(greek, "ΓΔΘΛΞΠΣΥΦΨΩ"))
GREEK = SMALL_GREEK + CAPITAL_GREEK  # the letters that LaTeX has a command for
LATEX = {name: rf"\{name}" for name in GREEK}
LATEX |= {"lam": r"\lambda", "eps": r"\varepsilon", "ell": r"\ell", "loss": "L"}
ACCENTS = {"hat": r"\hat", "bar": r"\bar", "tilde": r"\tilde"}
INDICES = "ijklpqrstuvabcd"
_VALID = re.compile(r"[A-Za-z][A-Za-z0-9_]*|[\u0391-\u03a9\u03b1-\u03c9][0-9]*")
_NUMBERED = re.compile(r"(.*[^0-9])([0-9]+)")
_ENTRY = re.compile(r"([^\[\]]+)\[([\w +-]+)\]")
_OF_SYMBOL = re.compile(r"\\?([^\W_]+)_\{(\w+)\}|\\([^\W_]+)")  # x_{1}, \theta_{1}, \theta
_PARTS = re.compile(r"(?P<stem>.*?[^0-9_])_?(?P<sub>[0-9]*)_?")


def check_name(name: str) -> str:
    """The name itself where a user may give it to a variable; else UnknownNameError. Of h[t] that
    is asked of h."""
    whole, (name, _) = name, entry_parts(name)
    if unicodedata.normalize("NFKC", name) != name:
        raise UnknownNameError(f"the name {name!r} has characters that look like others; use ASCII")
    if keyword.iskeyword(name):
        hint = " (for lambda write lam)" if name == "lambda" else ""
        raise UnknownNameError(f"{name} is a reserved word of Python; use another name{hint}")
    if not _VALID.fullmatch(name):
        foreign = next((c for c in name if not (c.isascii() or "\u0391" <= c <= "\u03c9")), "")
        told = f" (it has the letter U+{ord(foreign):04X})" if foreign else ""
        raise UnknownNameError(
            f"{name!r} is no valid name{told}: a letter, then letters, digits or _; or one Greek "
            "letter"
        )
    return whole


def name_of(symbol: object) -> str:
    r"""What a symbol of SymPy is called in the language, where LaTeX and lambda are no names.

    >>> [name_of(x) for x in ("lambda", r"\theta", "x_{1}", r"\lambda_{12}", "w_0")]
    ['lam', 'theta', 'x_1', 'lam_12', 'w_0']
    """
    name = str(getattr(symbol, "name", symbol))
    match = _OF_SYMBOL.fullmatch(name)
    stem, *below = [part for part in match.groups() if part] if match else [name]
    if name.startswith("\\") and rf"\{stem}" not in LATEX.values():
        return name  # no letter that LaTeX has a command for
    return "_".join(("lam" if stem == "lambda" else stem, *below))


def unused(wanted: str, taken: Container[str]) -> str:
    """The name, numbered where it is taken."""
    return next(n for k in count() if (n := f"{wanted}{k or ''}") not in taken)


def index_letters(taken: Container[str]) -> Iterator[str]:
    """Index letters that nothing else is called by: i, j, k, ..., i1, i2, ..."""
    return (x for x in chain(INDICES, (f"i{k}" for k in count(1))) if x not in taken)


def entry_of(series: str, index: str) -> str:
    """The name of a series' entry; without an index its own.

    >>> entry_of("h", "t - 1"), entry_of("h", "")
    ('h[t - 1]', 'h')
    """
    return f"{series}[{index}]" if index else series


def entry_parts(name: str) -> tuple[str, str]:
    """The series and the index of an entry; of another name itself, and nothing.

    >>> entry_parts("h[t - 1]"), entry_parts("h")
    (('h', 't - 1'), ('h', ''))
    """
    match = _ENTRY.fullmatch(name)
    return (match[1], match[2]) if match else (name, "")


def parts_of(name: str) -> tuple[str, list[str], list[str]]:
    """A name taken apart: its stem, its accents from the innermost out, its subscripts.

    >>> parts_of("W_in_2"), parts_of("A2_hat")
    (('W', [], ['in', '2']), ('A', ['hat'], ['2']))
    """
    match = _PARTS.fullmatch(name)
    stem, digits = (match["stem"], match["sub"]) if match else (name, "")
    stem, *rest = stem.split("_")
    if numbered := _NUMBERED.fullmatch(stem) if rest else None:  # W2_hat
        stem, rest = numbered[1], [numbered[2], *rest]
    accents = [part for part in reversed(rest) if part in ACCENTS]
    subscripts = [part for part in rest if part and part not in ACCENTS]
    return stem, accents, [*subscripts, *([digits] if digits else [])]


def word(text: str) -> str:
    r"""A part of a name in LaTeX: a letter, a Greek letter, or a word set upright."""
    if text in LATEX:
        return LATEX[text]
    if len(text) == 1:
        letter = greek(text)
        return LATEX.get(letter, rf"\mathrm{{{letter[0]}}}") if letter else text
    return text if text.isdigit() else rf"\mathrm{{{text}}}"


def kind_of(name: str, label: bool = False) -> str:
    """The kind that a name has by convention.

    >>> [kind_of(name) for name in ("W1", "hidden", "alpha_1", "Sigma", "lam")]
    ['Matrix', 'Vector', 'Scalar', 'Matrix', 'Scalar']
    """
    if label:
        return "Index"
    stem = re.sub(r"_?[0-9]*$", "", name)
    if stem in SCALARS or (len(stem) == 1 and "\u03b1" <= stem <= "\u03c9"):
        return "Scalar"
    return "Matrix" if name[0].isupper() else "Vector"
