"""Which known name a word means: λ for lam, W₁ for W_1, Ax for A and x."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache, cached_property

from symgrad.language.names import GREEK, greek
from symgrad.language.scope import function_elsewhere, function_named, open_functions

SAME = {**dict.fromkeys(("lam", "lambd", "lmbda", "lamda"), "lambda"), "eps": "epsilon"}
MODULES = frozenset(  # of array code
    ("np", "numpy", "torch", "tf", "tensorflow", "jnp", "jax", "math", "scipy", "sp", "cp", "nn")
    + ("functional", "F", "K", "special", "linalg")
)
LONGEST = 8  # letters of names that were written together
_CODE = re.compile(r"@|(?<![\d\s.])[ \t]*\*|\w\.[A-Za-z]")  # products and calls as Python has them
_TOGETHER = re.compile(r"[A-Za-zα-ω]|[a-zα-ω]?[A-ZΑ-Ω]+[a-zα-ω]?")  # x, Ax, aXb, ABx


@dataclass(frozen=True)
class Vocabulary:
    """The names that a text may use; None where every name means itself, but for letters beside
    each other where nothing in the `text` is Python's."""

    known: Collection[str] | None
    text: str = ""

    def has(self, name: str) -> bool:
        """Whether this is a known name."""
        return self.known is not None and name in self.known

    def resolved(self, word: str) -> str:
        """The known name that is meant; else the word itself.

        >>> words = Vocabulary({"lam", "W_1", "Sigma"})
        >>> words.resolved("λ"), words.resolved("W1"), words.resolved("Σ"), words.resolved("x")
        ('lam', 'W_1', 'Sigma', 'x')
        """
        if word == "π" and not self.has(word):
            return "pi"
        if self.known is None or word in self.known:
            return word
        return self._spelled.get(_letters(word), word)

    @cached_property
    def _spelled(self) -> dict[str, str]:
        """What each known name is in letters -> the name."""
        names = (*open_functions(), *sorted(self.known or (), reverse=True))
        return {_letters(name): name for name in names}

    def function(self, word: str) -> str:
        """The function that a word before a bracket means where it is no known name: σ(z)."""
        if function_named(word) or self.has(self.resolved(word)):
            return ""
        operation = function_elsewhere(word)
        return operation.name if operation else ""

    def is_function(self, word: str, called: bool) -> bool:
        """Whether a word means a function of the language: every one before a bracket does."""
        return function_named(word) is not None and (called or not self.has(word))

    def is_factor(self, word: str) -> bool:
        """Whether an unknown word before a bracket is a factor, A(x - y), and no function."""
        return self.known is None and bool(re.fullmatch(r"[A-Z][0-9]*|[^\W\dA-Za-z_]", word))

    def apart(self, word: str) -> list[str]:
        """The known names that were written together; none where it is no such word, or there are
        two ways to read it.

        >>> Vocabulary({"A", "x"}).apart("Ax"), Vocabulary({"a", "aa"}).apart("aaa")
        (['A', 'x'], [])
        >>> Vocabulary(None, "x'Ax").apart("Ax"), Vocabulary(None, "Ax @ y").apart("Ax")
        (['A', 'x'], [])
        >>> Vocabulary(None, "x + y + sin(xy)").apart("xy")
        ['x', 'y']
        """
        if self.known is None:
            alone = {*word} <= {*re.findall(r"\b[A-Za-z]\b", self.text)}
            on_paper = (is_product(word) or alone) and not _CODE.search(self.text)
            return list(word) if on_paper else []
        if len(word) > LONGEST or not word.isalnum():
            return []
        ways: list[list[list[str]]] = [[[]]]
        for end in range(1, len(word) + 1):
            ways.append(
                [
                    [*way, word[start:end]]
                    for start in range(end)
                    for way in ways[start]
                    if word[start:end] in self.known
                ]
            )
        return ways[-1][0] if len(ways[-1]) == 1 else []


def is_product(word: str) -> bool:
    """Whether letters beside each other, with matrices among them, are names each: Ax, aXb.

    >>> is_product("Ax"), is_product("xy"), is_product("Wxh"), is_product("Tr")
    (True, False, False, False)
    """
    own = word in GREEK or function_named(word.lower()) is not None  # Xi, Tr
    return _TOGETHER.fullmatch(word) is not None and not own


@cache
def _letters(name: str) -> str:
    """A name in letters and digits, which all its spellings share: lambda1 for λ_1."""
    match = re.fullmatch(r"(.*?)_?(\d*)", name)
    stem, digits = match.groups() if match else (name, "")
    stem = greek(stem) if len(stem) == 1 and greek(stem) else stem
    return SAME.get(stem, stem).replace("_", "") + digits
