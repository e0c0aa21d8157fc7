r"""The formulas of a LaTeX text: rows of align, displays, formulas between dollar signs, or lines.

What is beside them (words, numbers of equations, notes) is blanked, so that every place in a
formula is its place in the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

ENVIRONMENTS = r"(?:align|equation|gather|multline|eqnarray|flalign|displaymath|math)\*?"
DISPLAY = re.compile(
    rf"\\begin\{{(?P<name>{ENVIRONMENTS})\}}(?P<rows>.*?)\\end\{{(?P=name)\}}"
    r"|\\\[(?P<display>.*?)\\\]|\$\$(?P<double>.*?)\$\$"
    r"|\\\((?P<round>.*?)\\\)|(?<!\\)\$(?P<dollar>[^$]*?)(?<!\\)\$",
    re.DOTALL,
)
BESIDE = re.compile(
    r"\\(?:tag\*?|label|intertext|shortintertext|begin|hspace\*?|vspace\*?)"
    r"\{(?!cases|\w*matrix|array)(?:[^{}]|\{[^{}]*\})*\}"
    r"|\\end\{(?!cases|\w*matrix|array)[^{}]*\}|(?<=\})\[[\d.]+(?:em|ex|pt|mm)\]"
)
EACH = re.compile(  # (t = 1, \dots, T)
    r",\s*\\quad\s*\([^()]*\\l?dots[^()]*\)\s*$"
    r"|,?\s*(?:\\q?quad\b\s*)?(?:\\q?quad\b|\\text\{\s*for[^{}]*\})\s*\w\s*=\s*[01]\s*,"
    r"[^()=]*\\l?dots[^()=]*$"
)
TEXT = r"\\(?:text|mbox)\{[^{}]*\}"
WORDS = r"(?:where|with|and|then|thus|hence|so|wobei|mit|und)"  # between equations
ARROWS = r"\\(?:Rightarrow|Longrightarrow|implies|therefore|iff)\b"
ENDS = re.compile(
    r"\\(?:begin|end)\{(?:cases|\w*matrix|array)\}|\\\\(?:\*|\[[^\]]*\])?"
    rf"|[,;.]?\s*(?:\\q?quad\s*)?\\(?:text|mbox)\{{\s*{WORDS}\b[^{{}}]*\}}\s*(?:\\q?quad\b)?"
    rf"|[,;]\s*\\q?quad\b|{ARROWS}"
)
BESIDE_ONE = re.compile(  # for which x it holds, its number, a full stop
    rf"(?:\\q?quad\b|{TEXT})\s*(?:\\q?quad\b|{TEXT}|\\forall\b|\\[,;: ]|\s)*"
    r"[^=<>]*?\\in\s*\\mathbb\b[^=<>]*$"
    r"|(?:\\q?quad\s*)?\\forall\b[^=<>]*$"
    r"|\\(?:q?quad|hfill)\s*\(\d+[a-z]?\)\s*$"
    r"|[.,;](?:\s|\\,)*$"
)
STACKED = re.compile(r"\\substack\{((?:[^{}]|\{[^{}]*\})*)\}")
SPACE = re.compile(r"(?:\s|&|~|\\[,;:! ]|\\q?quad\b|\{\})*")
GOES_ON = re.compile(
    r"=|\+|-|\*|/|\\(?:odot|oslash|cdot|times|circ|otimes|leq?|geq?)\b|\)|\\right|\\[bB]igr"
)


@dataclass(frozen=True)
class Formula:
    """A formula, and where it begins in the text."""

    text: str
    begin: int


def formulas(text: str) -> list[Formula]:
    r"""The formulas of a text, in order; a row that begins with a sign goes on.

    >>> rows = r"\begin{align*} z &= W x \\ y &= z \odot z \\ &= z^2 && \text{so} \end{align*}"
    >>> [" ".join(f.text.split()) for f in formulas(rows)]
    ['z &= W x', 'y &= z \\odot z &= z^2']
    """
    text = STACKED.sub(_in_line, text)
    shown = [
        Formula(match[group], match.start(group))
        for match in DISPLAY.finditer(text)
        if (group := match.lastgroup) not in (None, "name")
    ]
    if not shown:
        return list(_joined(_lines(Formula(text, 0))))
    rows = [row for part in shown for row in _joined(_rows(_blanked(part)))]
    equations = [row for row in rows if "=" in row.text]
    return equations or rows  # beside equations, $x$ alone only speaks of x


def _in_line(found: re.Match[str]) -> str:
    """What is written below each other, with commas."""
    return " " * 9 + "{" + found[1].replace(r"\\", ", ") + "}"


def _blank(found: re.Match[str]) -> str:
    return " " * len(found[0])


def _blanked(formula: Formula) -> Formula:
    """Without numbers and labels of equations, and without the environments within."""
    return Formula(BESIDE.sub(_blank, formula.text), formula.begin)


def _lines(formula: Formula) -> Iterator[Formula]:
    """The lines of what is all one formula each."""
    text = _blanked(formula).text
    begin = 0
    for line in [text] if r"\begin" in text else text.splitlines(keepends=True):
        yield from _rows(Formula(line, begin))
        begin += len(line)


def _rows(formula: Formula) -> Iterator[Formula]:
    """What \\\\ ends, or a comma and a space before another equation, outside of cases, without the
    notes after &&."""
    text, begin, depth = formula.text, 0, 0
    for match in ENDS.finditer(text):
        own, rest = text[begin : match.start()], text[match.end() :]
        if match[0].startswith((r"\begin", r"\end")):
            depth += 1 if match[0].startswith(r"\begin") else -1
        elif depth == 0 and (match[0].startswith(r"\\") or _are_two(own, rest)):
            yield _without_note(Formula(text[begin : match.start()], formula.begin + begin))
            begin = match.end()
    yield _without_note(Formula(text[begin:], formula.begin + begin))


def _are_two(own: str, rest: str) -> bool:
    """Whether what a word or a comma separates are two equations."""
    return own.count("{") == own.count("}") and "=" in rest and "dots" not in rest


def _without_note(row: Formula) -> Formula:
    front, note, rest = row.text.partition("&&")
    front = EACH.sub(_blank, front)
    while (found := BESIDE_ONE.search(front)) is not None:
        front = front[: found.start()] + _blank(found)
    return Formula(front + " " * len(note + rest), row.begin)


def _joined(rows: Iterator[Formula]) -> Iterator[Formula]:
    """Rows, each with those that go on with it; empty ones left out."""
    before: Formula | None = None
    for row in rows:
        if not SPACE.sub("", row.text):
            continue
        start = SPACE.match(row.text)
        front = row.text[start.end() if start else 0 :]
        if before is not None and GOES_ON.match(front):
            gap = " " * (row.begin - before.begin - len(before.text))
            before = Formula(before.text + gap + row.text, before.begin)
            continue
        if before is not None:
            yield before
        before = row
    if before is not None:
        yield before
