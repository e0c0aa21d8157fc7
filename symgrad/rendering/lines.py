"""Text on lines of a terminal: a formula is broken before its loosest signs, words are filled in.

A formula breaks at spaces alone, first where the fewest brackets are open and before the signs that
bind least; a part that is still too long stands on lines of its own, and is broken likewise.
"""

from __future__ import annotations

from collections.abc import Iterator

from symgrad.language.unicode import columns

OPENING, CLOSING = "([{⟨<", ")]}⟩>"
SIGNS = ("for if else", "= < > ≤ ≥ ≠ == <= >= != -> →", "+ - −", "@ * / ⊙ ⊘ ⊗ ⋅ ×")
BINDS = {sign: k for k, signs in enumerate(SIGNS) for sign in signs.split()}
TERM, SPACE, NAMES = 2, 4, 5  # how tightly a sum, a product without a sign, x, y in a batch bind
NEVER = (100, NAMES)  # where a line breaks only if it must
STEP, NARROW = 2, 12  # columns by which what goes on with a part is set in, where there is room
HANG = 6  # of right sides below a left side that is long


def broken(formula: str, room: int, inside: bool = False) -> list[str]:
    """The lines of a formula, none wider than the room but for a single word; those of a part
    `inside` of another one are set in.

    >>> broken("W.T @ (W @ x - y) + lam * x", 20)
    ['W.T @ (W @ x - y)', '+ lam * x']
    >>> broken("softmax(W @ x + b)", 14)
    ['softmax(W @ x', '  + b)']
    """
    if columns(formula) <= room or " " not in formula:
        return _word(formula, room)
    pieces, depth, binds = _pieces(formula)
    lines: list[str] = []
    joins = False
    for piece in pieces:
        front = " " * (STEP if lines and (inside or depth) and room > NARROW else 0)
        first, *more = broken(piece, room - len(front), inside=True)
        if joins and not more and columns(lines[-1]) + 1 + columns(first) <= room:
            lines[-1] += f" {first}"
        else:
            lines.append(front + first)
        lines += [front + line for line in more]
        joins = not more or binds != TERM
    return lines


def _word(word: str, room: int) -> list[str]:
    """A word, broken behind its brackets where it is longer than a line: f(f(f(x)))."""
    lines = [word]
    while columns(lines[-1]) > room:
        end = lines[-1].rfind("(", 0, max(room, 1)) + 1
        if not 0 < end < len(lines[-1]):
            break
        lines[-1:] = lines[-1][:end], lines[-1][end:]
    return lines


def _pieces(formula: str) -> tuple[list[str], int, int]:
    """A formula taken apart where it is loosest: how many brackets are open there, and how tightly
    the signs bind."""
    words = formula.split(" ")
    levels = [*_levels(words)]
    loosest = min(levels)
    starts = [0, *(k for k, level in enumerate(levels, 1) if level == loosest)]
    ends = [*starts[1:], len(words)]
    return [" ".join(words[a:b]) for a, b in zip(starts, ends, strict=True)], *loosest


def _levels(words: list[str]) -> Iterator[tuple[int, int]]:
    """Before each word but the first: how many brackets are open, how tightly it binds."""
    depth, naming = 0, False
    for before, word in zip(words, words[1:], strict=False):
        if before not in BINDS:  # else < is no bracket
            depth += sum(c in OPENING for c in before) - sum(c in CLOSING for c in before)
        naming = before == "for" or (naming and before != "in")  # for x, y in batch
        if before in BINDS or before.startswith(("∑", "sum_")) or word == "in":
            yield NEVER
        elif before.endswith((",", ";")):
            yield depth, NAMES if naming else 0
        else:
            yield depth, BINDS.get(word, SPACE)


def filled(words: str, room: int) -> list[str]:
    """The lines of a sentence.

    >>> filled("as many words as there is room for", 12)
    ['as many', 'words as', 'there is', 'room for']
    """
    lines: list[str] = []
    for word in words.split(" "):
        if lines and columns(lines[-1]) + 1 + columns(word) <= room:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def chain(left: str, sides: list[str], room: int, front: str = "") -> list[str]:
    """left = side = side behind what stands in `front`: each further side below the one before
    where there is no room beside it, what is broken under the same side.

    >>> print(*chain("dL/dz", ["p * (g - g.T @ p)", "p - y"], 30), sep="\\n")
    dL/dz = p * (g - g.T @ p)
          = p - y
    """
    hang = columns(front + left) + 1
    if hang > room / 2:  # a long left side stands on lines of its own
        first, *more = broken(left, room - columns(front))
        lines = [front + first, *(" " * columns(front) + line for line in more)]
        hang, new = HANG, False
    else:
        lines, new = [front + left], True
    for side in sides:
        first, *more = broken(side, room - hang - 2)
        alone = len(lines) == 1 and not more
        if new or (alone and columns(lines[-1]) + 3 + columns(first) <= room):
            lines[-1] += f" = {first}"
        else:
            lines.append(" " * hang + f"= {first}")
        lines += [" " * (hang + 2) + line for line in more]
        new = False
    return lines


def beside(lines: list[str], note: str, width: int) -> list[str]:
    """Lines with a note at the right margin: beside the last one, or below where it is long."""
    *above, last = lines
    if not note:
        return lines
    gap = width - columns(last) - columns(note)
    if gap >= 2:
        return [*above, f"{last}{' ' * gap}{note}"]
    rows = filled(note, width)
    front = " " * max(0, width - max(map(columns, rows)))
    return [*lines, *(front + row for row in rows)]
