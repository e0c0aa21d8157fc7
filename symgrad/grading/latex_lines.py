"""The lines of a derivation in LaTeX before they are read: where they stand, and with one way of
writing for each sign."""

from __future__ import annotations

import re
from functools import partial

from symgrad.grading.notation import ONE, WHOLE
from symgrad.grading.paper import Paper
from symgrad.grading.rows import Piece
from symgrad.language.dimensions import SCALAR
from symgrad.language.latex_input.equations import Formula

BRACED = r"\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}"
D = r"(?:\\partial|d|\\mathrm\s*(?:\{d\}|d))"
NOTHING = re.compile(  # comments, x in R^n, definiteness
    r"(?<!\\)%.*|\\in\s*\\mathbb\s*\{?[A-Z]\}?(?:\^(?:\{[^{}]*\}|\w))?|\\(?:succ|prec)\w*\s*0"
)
SIGNS = re.compile(  # that mean =, perhaps with a word above
    rf"\\(?:overset|stackrel|underset)\s*{BRACED}\s*\{{\s*=\s*\}}|\\(?:coloneqq|triangleq|equiv)\b"
)
EQUALS = re.compile(r"(?<![<>!\\]):?=:?(?:\s*&\s*=)?")
GAP = r"(?:\\q?quad\b|\\[ ,;]|&|\\text\{[^{}]*\}|\s)"
IMPLIES = r"\\(?:Rightarrow|Longrightarrow|implies|Leftrightarrow|Longleftrightarrow|iff)\b"
NEXT = re.compile(rf"(?:(?<!\\)[,;:]\s*{GAP}+|{GAP}*{IMPLIES}{GAP}*)(?=[^,;]*=)")
NUMBERED = re.compile(  # \ell_i = , \frac{\partial p_i}{\partial s_i} = , \nabla_w \ell_i =
    rf"[\s&]*(?P<slope>\\[dt]?frac\s*\{{\s*{D}\s*|\\nabla\s*_\s*(?:\w|{BRACED})\s*)?"
    r"(?P<top>\\?[A-Za-z]+\s*)_\s*(?:\{\s*)?(?P<i>[i-n])(?![A-Za-z])"
)
UPRIGHT = re.compile(r"\\math(?:rm|sf)(?:\s*\{\s*d\s*\}|\s+d)")
BEST = re.compile(r"(\\?[A-Za-z]+)\s*\^\s*(?:\*|\\star|\\ast|\{\s*(?:\*|\\star|\\ast)\s*\})")  # w^*
BY = re.compile(r"\\nabla(?!\s*[_^])")
FUNCTION = re.compile(  # \nabla f(x) = , \nabla^2 L = , L'(x) =
    r"\\nabla\s*\^\s*\{?2\}?\s*(?P<second>[LJf])(?![A-Za-z])\s*(?:\(\s*\w+\s*\))?(?=[\s&]*=)"
    r"|(?P<nabla>\\nabla\s*(?:_\s*(?:\w|\{\w+\})\s*)?)f(?![A-Za-z])\s*(?:\(\s*\w+\s*\))?(?=[\s&]*=)"
    r"|(?<![A-Za-z\\])(?P<name>[LJf])\s*'\s*(?:\(\s*\w+\s*\))?(?=[\s&]*=)"
)
ARROWS = r"\\(?:Rightarrow|Longrightarrow|implies|therefore|iff|to)\b"
END = r"\\(?:blacksquare|square|qed|Box)\b"
BESIDE = rf"(?:{END}|\s|&|\\q?quad\b|\\[,;: ]|\\(?:text|mbox){BRACED}|{ARROWS})"
BEFORE = re.compile(rf"{BESIDE}+")
AFTER = re.compile(rf"(?:{BESIDE}|[.,;:])+$")
QUOTIENT = re.compile(  # \frac{dL}{dW}
    r"(?<=frac)(\s*\{\s*)d(?=\s*[A-Za-z\\{])([^{}]*(?:\{[^{}]*\}[^{}]*)*\}\s*\{\s*)d"
)
SINGLE = re.compile(
    r"(?<![\\A-Za-z{])d(?=\s*(?:[A-Za-z](?![A-Za-z])|\\[A-Za-z]|\\\||\||\((?![^()]*,)|\\[,;:!]\s*[A-Za-z\\]))"
)


def without_asides(text: str) -> str:
    """A text of the same length without what is only said, and with = for what means it."""
    blanked = NOTHING.sub(lambda m: " " * len(m[0]), text)
    return SIGNS.sub(lambda m: "=".ljust(len(m[0])), blanked)


def placed(formula: Formula, text: str) -> Piece:
    """A formula with its places in a text, without the words around it."""
    places, line = [], 1 + text.count("\n", 0, formula.begin)
    column = formula.begin - text.rfind("\n", 0, formula.begin)
    for character in formula.text:
        places.append((line, column))
        line, column = (line + 1, 1) if character == "\n" else (line, column + 1)
    front, back = BEFORE.match(formula.text), AFTER.search(formula.text)
    start, end = front.end() if front else 0, back.start() if back else len(places)
    return Piece(formula.text, places).part(start, end)


def written_on(piece: Piece, paper: Paper, moving: bool) -> Piece:
    r"""A formula with \nabla_w for \nabla, \hat{w} for w^*, and its derivatives' d as \partial; a
    single d is a differential's where it is `moving`."""
    if (single := paper.names.single) is not None:
        piece = piece.replaced(FUNCTION, partial(_of_loss, paper))
        piece = piece.replaced(BY, lambda m: rf"\nabla_{{{single}}}")
    piece = piece.replaced(BEST, lambda m: rf"\hat{{{m[1]}}}")
    piece = piece.replaced(QUOTIENT, lambda m: rf"{m[1]}\partial {m[2]}\partial ")
    piece = piece.replaced(UPRIGHT, lambda m: r"\mathrm{d}")
    return piece.replaced(SINGLE, lambda m: r"\mathrm{d}") if moving else piece


def _of_loss(paper: Paper, found: re.Match[str]) -> str:
    """The gradient of what is called f, L or J, where that is no other name."""
    single, second = paper.names.single, found["second"]
    if (found["name"] or second or "f") in paper.names.known - {paper.asked.output_name}:
        return found[0]
    if second:
        return rf"\frac{{\partial^2 L}}{{\partial {single} \partial {single}}}"
    return (found["nabla"] or r"\nabla ") + "L"


def of_one_example(whole: Piece, paper: Paper) -> Piece:
    r"""A line about an example with its number, as \frac{\partial \ell_i}{\partial w} = x_i,
    without that."""
    found = NUMBERED.match(whole.text) if r"\sum" not in whole.text else None
    if found is None or not paper.asked.batch:
        return whole
    problem = paper.problem()
    named = {**problem.definitions, **{n: v.expression() for n, v in problem.variables.items()}}
    top = found["top"].strip()
    known = paper.names.of(top.lstrip("\\")) or ""
    loss = not known and top in (*WHOLE, *ONE)
    scalar = known in named and named[known].shape == SCALAR and named[known].batch is not None
    new = not known and not loss and not found["slope"]
    if not (loss or new or (found["slope"] and scalar)):
        return whole
    number = re.compile(
        rf"(?P<base>\\?[A-Za-z]+\s*|\}})_\s*(?:{found['i']}(?![A-Za-z])|\{{\s*{found['i']}\s*\}})"
    )
    bases = [match["base"].strip() for match in number.finditer(whole.text)]
    numbered = [name for base in bases if (name := paper.names.of(base.lstrip("\\"))) in named]
    if any(named[name].batch is None for name in numbered) or (new and not numbered):
        return whole  # its entry
    return whole.replaced(number, lambda m: "l" if loss and m["base"].strip() == top else m["base"])
