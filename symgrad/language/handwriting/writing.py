"""A text in the language's signs, piece by piece, and where each of them stood in what was
typed."""

from __future__ import annotations

import bisect
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice, takewhile
from typing import NoReturn

from symgrad.errors import ProgramError
from symgrad.language.handwriting.marks import AFTER_DIVISION, JUXTAPOSED
from symgrad.language.handwriting.tokens import Token, tokens
from symgrad.language.handwriting.vocabulary import Vocabulary

BOUND = re.compile(r"\bfor\b([^\n]*?)\bin[ \t]+(\w+)|\bsize\((\w+)\)")


def place(text: str, start: int) -> tuple[int, int]:
    """Line and column of a place in a text."""
    before = re.split(r"\r\n?|\n", text[:start])
    return len(before), len(before[-1]) + 1


@dataclass(frozen=True)
class Note:
    """A sign that is not the language's: why programs refuse it (nothing where they do not), and
    how it was read where that is worth telling."""

    start: int
    reason: str = ""
    remark: str = ""


@dataclass(frozen=True)
class Piece:
    """A part of the text as it is read on; `sign` tells operators apart that Python has one for."""

    text: str
    start: int
    end: int
    sign: str = ""
    begins: bool = False  # whether a value begins here
    ends: bool = False  # whether a value ends here


@dataclass(frozen=True)
class Writing:
    """The pieces of a text, and what is to be said of them."""

    original: str
    pieces: tuple[Piece, ...]
    notes: tuple[Note, ...]
    offsets: tuple[int, ...]  # of each piece in `text`

    @classmethod
    def of(cls, original: str, pieces: list[Piece], notes: list[Note]) -> Writing:
        """The pieces with their offsets."""
        offsets, at = [], 0
        for piece in pieces:
            offsets.append(at)
            at += len(piece.text)
        return cls(original, tuple(pieces), tuple(notes), tuple(offsets))

    @cached_property
    def text(self) -> str:
        """The text as it is read on."""
        return "".join(piece.text for piece in self.pieces)

    @cached_property
    def unchanged(self) -> bool:
        """Whether it was typed so."""
        return self.text == self.original

    def place(self, offset: int, end: bool = False) -> int:
        """Where in the original stood what is at this offset of the text (or ends there)."""
        if self.unchanged:
            return offset
        k = max(bisect.bisect_right(self.offsets, offset - end) - 1, 0)
        piece, inside = self.pieces[k], offset - self.offsets[k]
        if len(piece.text) == piece.end - piece.start:
            return min(piece.start + inside, piece.end)
        return piece.end if end else piece.start

    def sign(self, first: int, last: int) -> str:
        """The sign of the operator between two offsets of the text."""
        k = bisect.bisect_left(self.offsets, first)
        while k < len(self.pieces) and self.offsets[k] < last:
            if self.pieces[k].sign:
                return self.pieces[k].sign
            k += 1
        return ""


@dataclass
class Bracket:
    """One that is open: its sign, what closes it, which piece opened it, and the last operator in
    it."""

    sign: str = ""
    closing: str = ""
    piece: int = 0
    operator: str = ""


@dataclass
class Writer:
    """The tokens that are still to be read, and the pieces that were made of the others; `kinds`
    has the rule for each kind of token, `bound` are letters, examples and batches."""

    text: str
    vocabulary: Vocabulary
    kinds: Mapping[str, Callable[[Writer, Token], None]]
    pieces: list[Piece] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    at: int = 0
    open: list[Bracket] = field(default_factory=lambda: [Bracket()])  # the first one is the text
    last: Piece | None = None  # the last piece on this line that is no space

    def __post_init__(self) -> None:
        self.tokens = list(tokens(self.text))
        self.bound = set(re.findall(r"\w+", " ".join(map(" ".join, BOUND.findall(self.text)))))

    def next(self) -> Token | None:
        """The next token, which is passed over; None after the last one."""
        if self.at == len(self.tokens):
            return None
        self.at += 1
        return self.tokens[self.at - 1]

    def read(self, token: Token) -> None:
        """Read a token on: as its kind is, else as it stands."""
        if token.kind in self.kinds:
            self.kinds[token.kind](self, token)
        else:
            value = token.kind in ("string", "fraction")
            self.add(token.text, token, begins=token.kind == "fraction", ends=value)

    def add(
        self,
        text: str,
        token: Token,
        end: int | None = None,
        *,
        sign: str = "",
        begins: bool = False,
        ends: bool = False,
    ) -> None:
        """Add a piece, up to the end of the token; between two values that meet, a product."""
        if begins and self.after_value:
            self._juxtapose(token)
        before = self.pieces[-1].text[-1:] if self.pieces else ""
        if before.isidentifier() and (text[:1] == "_" or self.pieces[-1].text[:1] == "_"):
            self.pieces.append(Piece(" ", token.start, token.start))
        piece = Piece(text, token.start, token.end if end is None else end, sign, begins, ends)
        self.pieces.append(piece)
        if text.strip():
            self.last = piece

    def _juxtapose(self, token: Token) -> None:
        sign = AFTER_DIVISION if self.open[-1].operator == "/" else JUXTAPOSED
        self.pieces.append(Piece("*", token.start, token.start, sign))
        assert self.last is not None
        left = self.text[self.last.start : self.last.end].strip()
        self.note(token, f"an operator is missing after {left}")
        self.operate("*")

    @property
    def after_value(self) -> bool:
        """Whether a value ends with the last piece."""
        return self.last is not None and self.last.ends

    @cached_property
    def is_octave(self) -> bool:
        """Whether the text, whose names nothing declares, has x', so that * is no sign of NumPy."""
        pairs = zip(self.tokens, [*self.tokens[1:], None], strict=True)
        turned = (
            x.kind == "transpose" and x.text[-1] == "'" for x, y in pairs if not y or y.text != "("
        )
        return self.vocabulary.known is None and any(turned)

    @property
    def raising(self) -> bool:
        """Whether the last operator raises to what follows."""
        return self.open[-1].operator == "**"

    def operate(self, text: str) -> None:
        """Note the operator that was added last."""
        self.open[-1].operator = text

    def push(self, sign: str, closing: str) -> None:
        """Note what closes the piece that was added last."""
        self.open.append(Bracket(sign, closing, len(self.pieces) - 1))

    def note(self, token: Token, reason: str = "", remark: str = "") -> None:
        """Note what is not the language's."""
        self.notes.append(Note(token.start, reason, remark))

    def refuse(self, start: int, message: str, end: int = 0) -> NoReturn:
        """Refuse the text at this place, up to `end`."""
        raise ProgramError(message).at(*place(self.text, start), None, max(end - start, 1))

    def ahead(self) -> Iterator[Token]:
        """The tokens that follow on this line, without spaces."""
        rest = (self.tokens[k] for k in range(self.at, len(self.tokens)))
        return (t for t in takewhile(lambda t: t.kind != "newline", rest) if t.kind != "space")

    def following(self, count: int) -> list[Token]:
        """The next tokens on this line, as many as there are up to this number."""
        return list(islice(self.ahead(), count))

    def texts(self, count: int) -> list[str]:
        """Their texts."""
        return [token.text for token in self.following(count)]

    def skip(self, count: int) -> int:
        """Pass over so many tokens that are no spaces; where the last one ends."""
        while count:
            count -= self.tokens[self.at].kind != "space"
            self.at += 1
        return self.tokens[self.at - 1].end

    def raise_apart(self, power: Token) -> None:
        """Make the raised digits that come next a sign and a number."""
        k = self.tokens.index(power, self.at)
        sign = Token("power", "^", power.start, power.start)
        self.tokens[k : k + 1] = [sign, Token("number", power.text, power.start, power.end)]

    def split(self, word: str, start: int) -> None:
        """Take the first letter off a word, which is the next token that is no space."""
        end = self.skip(1)
        self.at -= 1
        self.tokens[self.at] = Token("name", word[1:], start, end)
