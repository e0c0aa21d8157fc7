r"""The formulas of a LaTeX text: rows of align, displays, formulas between dollar signs, or lines.

What is beside them (words, numbers of equations, notes) is blanked, so that every place in a
formula is its place in the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from symgrad.language.latex_input.macros import written_out
from symgrad.language.latex_input.tokens import seen

ENVIRONMENTS = r"(?:align|equation|gather|multline|eqnarray|flalign|displaymath|math)\*?"
DISPLAY = re.compile(
    rf"\\begin\{{(?P<name>{ENVIRONMENTS})\}}(?P<rows>.*?)\\end\{{(?P=name)\}}"
    r"|\\\[(?P<display>.*?)\\\]|\$\$(?P<double>.*?)\$\$"
    r"|\\\((?P<round>.*?)\\\)|(?<!\\)\$(?P<dollar>[^$]*?)(?<!\\)\$",
    re.DOTALL,
)
BESIDE = re.compile(
    r"\\(?:label|intertext|shortintertext|begin|hspace\*?|vspace\*?)"
    r"\{(?!\w*cases|\w*matrix|array)(?:[^{}]|\{[^{}]*\})*\}"
    r"|\\end\{(?!\w*cases|\w*matrix|array)[^{}]*\}|(?<=\})\[[\d.]+(?:em|ex|pt|mm)\]"
)
EACH = re.compile(  # (t = 1, \dots, T)
    r",\s*\\quad\s*\([^()]*\\l?dots[^()]*\)\s*$"
    r"|,?\s*(?:\\q?quad\b\s*)?(?:\\q?quad\b|\\text\{\s*for[^{}]*\})\s*\w\s*=\s*[01]\s*,"
    r"[^()=]*\\l?dots[^()=]*$"
)
TEXT = r"(?<![{_^])\\(?:text|mbox)\{(?!\s*(?:subject to|s\.t\.))[^{}]*\}"
WORDS = r"(?:where|with|and|then|thus|hence|so|wobei|mit|und)"  # between equations
ARROWS = r"\\(?:Rightarrow|Longrightarrow|implies|therefore|iff)\b"
ENDS = re.compile(
    r"\\(?:begin|end)\{(?:\w*cases|\w*matrix|array)\*?\}|\\\\(?:\*|\[[^\]]*\])?"
    rf"|[,;.]?\s*(?:\\q?quad\s*)?\\(?:text|mbox)\{{\s*{WORDS}\b[^{{}}]*\}}\s*(?:\\q?quad\b)?"
    rf"|[,;]\s*(?:\\q?quad\b|\\[ ;:])|\\q?quad\s*(?=\([^()]*=[^()]*\)\s*$)|{ARROWS}"
)
BESIDE_ONE = re.compile(  # for which x it holds, its number, a full stop
    rf"(?:\\q?quad\b|{TEXT})\s*(?:\\q?quad\b|{TEXT}|\\forall\b|\\[,;: ]|\s)*"
    r"[^=<>]*?\\in\s*\\mathbb\b[^=<>]*$"
    rf"|{TEXT}\s*(?!.*\\end\b)[^=<>]*?(?:[<>]|\\(?:[lg]eq?|neq?|[lg]t|succ\w*)\b)[^=]*$"
    r"|(?:\\q?quad\s*)?\\forall\b[^=<>]*$"
    r"|\\(?:q?quad|hfill)\s*\(\d+[a-z]?\)\s*$"
    r"|[.,;](?:\s|\\,)*$"
)
CASES = re.compile(r"\\(begin|end)\{(?:\w*cases|array)\*?\}")
IN_WORDS = re.compile(r"\\(?:text|mbox)\{([^{}$]*)((?:\$[^$]*\$[^{}$]*)+)\}")  # \text{if $x > 0$}
TYPED = re.compile(r"\\(?:in|to|mapsto)\b")  # x \in X
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
    text = IN_WORDS.sub(_beside_words, STACKED.sub(_in_line, seen(written_out(text))))
    rows: list[tuple[Formula, bool]] = []  # and whether it only speaks of something
    for match in DISPLAY.finditer(text):
        group = match.lastgroup
        if group not in (None, "name") and not _in_cases(text[: match.start()]):
            own = _joined(_rows(_blanked(Formula(match[group], match.start(group)))))
            rows += [(row, group in ("round", "dollar")) for row in own]
    rows = rows or [(row, False) for row in _joined(_lines(Formula(text, 0)))]
    said = [row for row, only in rows if "=" in row.text or not (only or TYPED.search(row.text))]
    return said or [row for row, _ in rows]


def _in_line(found: re.Match[str]) -> str:
    """What is written below each other, with commas."""
    return " " * 9 + "{" + found[1].replace(r"\\", ", ") + "}"


def _beside_words(found: re.Match[str]) -> str:
    """The words, and behind them what stands between dollar signs, with commas for an "and"."""
    _, *parts = found[2].split("$")
    for k, words in enumerate(parts[1::2]):
        said = "," if words.strip() in ("and", ",", ", and", "und") else ""
        if words.strip(" ,.") and not said:
            return found[0]
        parts[2 * k + 1] = said.ljust(len(words))
    front = found[0][: found.start(1) - found.start()]
    return f"{front}{found[1]}}}{' '.join(parts)} "


def _in_cases(before: str) -> bool:
    """Whether cases begin there and do not end."""
    found = [match[1] for match in CASES.finditer(before)]
    return found.count("begin") > found.count("end")


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
    if not front.strip():  # of eqnarray
        front, note, rest = row.text.replace("&&", "  ", 1), "", ""
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
