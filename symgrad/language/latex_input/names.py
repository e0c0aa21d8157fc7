"""What a name looks like in LaTeX, turned round: the name of what stands there.

First as the table of symbols has it, then as people write it: without its font, with its digits
lowered or beside it, with one word for its scripts.
"""

from __future__ import annotations

from collections.abc import Iterable

from symgrad.errors import UnknownNameError
from symgrad.language import names as spelling
from symgrad.language.expressions import Name
from symgrad.language.latex_input import tree as lt
from symgrad.language.latex_input.grammar import tree
from symgrad.language.scope import Scope
from symgrad.language.table import Table
from symgrad.language.tex import latex
from symgrad.language.typeset import batch

GREEK = {
    "lam": "lambda",
    "eps": "epsilon",
    "varepsilon": "epsilon",
    "varphi": "phi",
    "vartheta": "theta",
    "varrho": "rho",
    "varsigma": "sigma",
}
OURS = {
    lt.Sym(0, "I", "mathbf"),
    lt.Sym(0, "e", "mathbf"),
    lt.Sym(0, "B", "mathcal"),
    lt.Sym(0, "d", "mathrm"),
}  # not the user's


class Names:
    """The names that a formula may have, by what they look like."""

    def __init__(self, names: Iterable[str], table: Table) -> None:
        self.exact: dict[lt.Node, str] = {}
        self.loose: dict[str, list[str]] = {}
        self.table = table
        for name in names:
            look = tree(latex(table.symbol(name), table))
            self.exact.setdefault(look, name)
            for key in dict.fromkeys((loose(look), loose(spelled(name)), "".join(_parts(name)))):
                if key is not None:
                    self.loose.setdefault(key, []).append(name)

    def __contains__(self, word: str) -> bool:
        return word in self.loose

    @property
    def known(self) -> frozenset[str]:
        """The names themselves."""
        return frozenset(self.exact.values())

    def batch_looks(self, name: str) -> tuple[lt.Node, ...]:
        """How a batch is written: as it is printed, and by its name."""
        return tree(latex(batch(name), self.table)), lt.Sym(0, name), lt.Sym(0, name, "text")

    def find(self, node: lt.Node) -> str | None:
        """The name that a part of a formula is; None where it is none.

        Raises: UnknownNameError where it may be two."""
        if node in self.exact:
            return self.exact[node]
        key = None if node in OURS else loose(node)
        found = [] if key is None else list(dict.fromkeys(self.loose.get(key, ())))
        if len(found) > 1:
            raise UnknownNameError(
                f"this may be {' or '.join(found)}; write it as it is printed", column=node.at + 1
            )
        return found[0] if found else None


def label_of(scope: Scope, names: Names, node: lt.Node) -> Name | None:
    """The integer label of the problem that stands there; None where it is none."""
    meaning = scope.meanings.get(names.find(node) or "")
    return meaning if isinstance(meaning, Name) and meaning.index_of is not None else None


def spelled(name: str) -> lt.Node:
    """A name as one word."""
    return lt.Sym(0, name)


def _parts(name: str) -> list[str]:
    stem, accents, below = spelling.parts_of(name)
    return [GREEK.get(stem, stem), *below, *accents]


def loose(node: lt.Node) -> str | None:
    """A name in letters: its stem, what is lowered, its accents; None of what looks like none.

    >>> from symgrad.language.latex_input.grammar import tree
    >>> loose(tree(r"\\hat{\\mathbf{W}}_{in}^{(2)}")), loose(tree(r"\\lambda_1"))
    ('Win2hat', 'lambda1')
    """
    apart = _taken_apart(node)
    stem = None if apart is None else _word(apart[0])
    if apart is None or stem is None or stem.isdigit():
        return None
    return "".join((stem, *apart[1], *apart[2]))


def _taken_apart(node: lt.Node) -> tuple[lt.Node, list[str], list[str]] | None:
    """A stem, the words beside it and its accents, the inner ones first; None where something
    beside it is no word."""
    accents: list[str] = []
    scripts: list[str] = []
    while True:
        match node:
            case lt.Accent(accent=accent, inner=inner):
                accents, node = [accent.removeprefix("\\"), *accents], inner
            case lt.Script(base=base, below=below, above=above, primes=0):
                words = [_index(part) for part in (*lt.parts_of(below), *_layer(above))]
                if (above is not None and not _layer(above)) or None in words:
                    return None
                scripts, node = [*filter(None, words), *scripts], base
            case _:
                return node, scripts, accents


def _layer(above: lt.Node | None) -> list[lt.Node]:
    """What is meant by the raised (2) or [2] of a layer."""
    if lt.is_fence(above, "(", "["):
        return list(lt.parts_of(above.inner))
    return []


def _word(node: lt.Node) -> str | None:
    match node:
        case lt.Sym(text=text, font=font):  # sans serif are indices
            return None if font == "mathsf" else _letters(text)
        case lt.Num(digits=digits):
            return digits
        case lt.Row(factors=factors):
            return _joined(map(_word, factors))
    return None


def _index(node: lt.Node) -> str | None:
    """The word of what is lowered, which may have something lowered itself."""
    if isinstance(node, lt.Script) and node.above is None and not node.primes:
        return _joined(map(_index, (node.base, *lt.parts_of(node.below))))
    return _word(node)


def _joined(words: Iterable[str | None]) -> str | None:
    found = list(words)
    return None if None in found else "".join(filter(None, found))


def _letters(text: str) -> str | None:
    """The letters of a symbol: lambda for the command and for the letter."""
    if text.startswith("\\"):
        word = text[1:]
        known = word in spelling.GREEK or word in GREEK or word == "ell"
        return GREEK.get(word, word) if known else None
    if len(text) == 1 and not text.isascii():
        text = spelling.greek(text) or text
    text = GREEK.get(text, text)
    return text.replace("_", "") if text.replace("_", "a").isalnum() else None


def look(node: lt.Node) -> str:
    """What stands there, for a message."""
    match node:
        case lt.Sym(text=text):
            return text
        case lt.Num(digits=digits):
            return digits
        case lt.Accent(accent=accent, inner=inner):
            return f"{accent}{{{look(inner)}}}"
        case lt.Script(base=base, below=below) if below is not None:
            return f"{look(base)}_{','.join(map(look, lt.parts_of(below)))}"
        case lt.Script(base=base):
            return look(base)
        case lt.Row(factors=factors):
            return "".join(map(look, factors))
    return "this"


def new_name(node: lt.Node) -> str | None:
    r"""What a name is called that the problem does not have: \hat{y}_1 is y_1_hat.

    >>> new_name(tree(r"\hat{y}_1")), new_name(tree(r"\delta^{(2)}")), new_name(tree("2 x"))
    ('y_1_hat', 'delta_2', None)
    """
    apart = _taken_apart(node)
    if apart is None or not isinstance(apart[0], lt.Sym):
        return None
    stem = _letters(apart[0].text)
    if stem is None or not stem[:1].isalpha():
        return None
    return "_".join(("lam" if stem == "lambda" else stem, *apart[1], *apart[2]))
