"""A derivation as it is handed in: which formulas stand in a text, between which words.

A row is an equation, `left = side = side`, each part with the place of every character. Labels,
words, comments and what is only said (a rule beside a line, the shape of a result) are left out;
a line that begins with = or another operator goes on with the row before it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import replace
from functools import partial

from symgrad.errors import ProgramError, SymgradError
from symgrad.grading.rows import SINGLE, Piece, Row, is_closed
from symgrad.language.dimensions import SCALAR
from symgrad.language.expressions import OPERATIONS, Expression
from symgrad.language.handwriting.tokens import ACCENTED, SUBSCRIPTS, accented
from symgrad.language.names import GREEK, greek
from symgrad.language.scope import function_elsewhere, function_named

REASON = "a reason for the step above: not graded"
TO_BE_TAKEN = "a derivative that is still to be taken: not graded"
ANYWHERE = "said of other arguments: not graded"
WELL_KNOWN = "what a function is that is known: not graded"
CHANGED = "what a later line changes: not graded"
CONDITIONAL = "said under a condition: not graded"
REASONS = re.compile(  # below a step of a printed derivation: a sentence, and a proof in entries
    r"^(?P<gap> *)(?:\w+ +| {10})\(\d+\) .*\n(?:(?P=gap) {16,}.*\n)*"
    r"(?P<lines>(?P=gap) {14}\S.*\n(?:(?P=gap) {14,}.*\n?)*)",
    re.MULTILINE,
)
PARTIAL = "all else fixed"  # what is said beside a derivative that is no whole one
GROUP = r"\((?:[^()]|\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\))*\)"
VECTORISED = re.compile(r"(?P<left>[d∂]2? ?[\w()]* ?/ ?[d∂] ?[^=]*?)\s*=")  # d vec(f) / d vec(X).T
NAME = r"[^\W\d_](?:(?!ᵀ)\w)*(?:\^[({\[]\w+[)}\]])?"
OF = rf"(?:{NAME}|\({NAME}\))"
TWICE = r"(?:2|²|\^2|\^\{2\}|\*\*2)"
SECOND = (  # d2L/dxdy, d²L/dx², ∇²L
    rf"(?:[d∂]{TWICE}\s?{OF}\s*/\s*(?:[d∂]\s?{OF}\s*[d∂]\s?{OF}|[d∂]\s?{OF}{TWICE})"
    rf"|(?:∇|grad|nabla){TWICE}\s?(?:L|loss|f|J)\b(?:\(\w+\))?)"
)
FRACTION = rf"(?<![^\W\d])[d∂]\s?{OF}\s*/\s*[d∂]\s?{OF}"
NABLA = (
    rf"(?:(?:grad|nabla)_|∇_?)(?:{NAME}|\{{\w+\}})(?:[ ](?:(?:L|l|loss)\b|{NAME}(?=\)|\s*=|$)))?"
)
DIFFERENTIAL = rf"d\({FRACTION}\)"
FUNCTIONS = r"(?:(?:tr|trace|log|ln|det|logdet|exp|sum)(?!\w)\s?)"
FORMULA = (  # without a name, behind a d: tr(A X), log det X, X^-1, |x|^2
    rf"(?!\([^()]*,)(?P<of>(?:{FUNCTIONS}*(?:{GROUP}|\|\|[^|]+\|\||‖[^‖]+‖|\|[^|]+\|)"
    rf"|{FUNCTIONS}+{NAME}|{NAME}(?=\^\{{?-1|\*\*-1|⁻¹))"
    r"(?:_\w|\^\{?-?\w+\}?|\*\*-?\d|\.T|[²³⁻¹ᵀ])*)"
)
MOVED = rf"(?<!\w)[d∂]\s?{FORMULA}(?!\s*/\s*[d∂])"
WORD = r"[^\W_]+(?!\w|'*\()"  # but no function that is called, or its derivative
BARE = (  # by what is not said: grad L, L'(x)
    r"(?:(?:∇|(?<!\w)(?:grad|nabla)\s)\s?(?:L|l|loss|f|J)\b(?:\(\w+\))?"
    r"|(?<!\w)(?:L|loss|J)'(?:\(\w+\))?)"
)
DERIVATIVE = rf"(?:{SECOND}|{DIFFERENTIAL}|{FRACTION}|{BARE}|{NABLA}|{NAME}\.grad\b)"
TURNED = r"(?:\.T|\^T|ᵀ|\^⊤|')"
VEC = re.compile(rf"vec\((\w+)\)|{TURNED}| ")
SLOPE = re.compile(rf"{DERIVATIVE}|grad|gradient|Gradient|∇")
LEFT = rf"\({DERIVATIVE}\){TURNED}|{DERIVATIVE}{TURNED}?|{MOVED}|{NAME}"
OF_WHAT = rf"(?:\((?P<at>{NAME}(?:, ?{NAME})*|(?<=[LJf]\()[^()=]+)\))?"  # L(x, y)
VALUE = r"(?:\\left\s*)?\((?P<at>[^()]*?)(?:\\right\s*)?\)"  # (x) of f(x)
EXPONENTIAL = re.compile(r"(?<![A-Za-z])(?:\\?exp|e)(?![A-Za-z])")
ELSEWHERE = re.compile(rf"(?<!\w)(?:L|J|loss)\((?!{NAME}(?:, ?{NAME})*\))")  # L(x + h)
SUPPOSED = re.compile(  # if x = 0, at x = 0
    r"(?:\b(?:if|when|whenever|at|for|suppose|assume|assuming|unless|example|case)|e\.g\.)[\s,:$]*$",
    re.IGNORECASE,
)
CONDITION = re.compile(  # ... if x > 0, for i != j
    r"(?:(?!\n\s*\n)[\s,;$\\)\]])*(?:(?:if|when|whenever|unless|otherwise|else)\b"
    r"|(?:for|where)\b[^=]*?(?:!=|[<>≤≥≠]|\\neq?\b))"
)
CASE = re.compile(
    r"\b(?:for|if|when|where|case)\b[^=.]*(?:!=|[<>≤≥≠]|\\neq?\b)[^=.]*[,:][\s$\\(\[]*$",
    re.IGNORECASE,
)
OPERATOR = re.compile(  # d/dw of it
    rf"[d∂]\s?/\s?[d∂](?P<by>{NAME})\s+(?P<of>[^=\s][^=]*?)\s*=(?!=)"
)
QUOTIENT = re.compile(  # d tr(it)/dw
    rf"(?<!\w)[d∂]\s?{FORMULA}\s?/\s?[d∂]\s?(?P<by>{NAME})\s*=(?!=)"
)
GRADIENT = re.compile(  # ∇_w of a formula, which is no name
    rf"(?:∇(?!{TWICE})|(?<!\w)(?:grad|nabla)(?![^\W_]))(?:_\{{?(?P<by>{NAME})\}}?(?!\w))?\s*"
    rf"(?P<of>(?!(?:L|l|loss|J|f)\b|\(?{NAME}(?:\([\w ,]*\))?\)?{TURNED}?\s*=)[^=\s_][^=]*?)"
    r"\s*=(?!=)"
)
TAKEN = re.compile(  # such a gradient, or d/dw of a formula, within a side
    rf"∇(?:_{NAME})?\s?[(|‖]|(?<!\w)(?:grad|nabla)_{NAME}\s?\(|(?<!\w)[d∂]\s?/\s?[d∂]{NAME}"
)
PRIMED = re.compile(rf"(?:\\left\s*)?(?P<of>{GROUP})\s*'(?![\w(])")  # (x^T A x)'
EQUATION = re.compile(rf"(?<!\w)(?P<left>{LEFT}){OF_WHAT}\s*(?P<is>:?=(?!=)|:(?=\s))")
ARROWS = re.compile(r"<?=+>|<?-+>|[⇔→∴⟶⟹⟺]|\biff\b")
BRACKETS = re.compile(r"(?<![\w)\]])\[([^\[\]<>=,:]*)\]")  # that are no index and no condition
THEN = re.compile(r"(?:[\s,;:.⇒]+|i\.e\.|[^\W\d_]{2,}\b[,:]?(?=\s))")
EQUALS = re.compile(r"(?<![=<>!:])(?::?=:?)(?!=)")
LABEL = re.compile(r"\s*(?:\(\w{1,4}\)|\d+[.)]|[-*•–](?=\s)|⇒)\s*")
SECTION = re.compile(r"(Given|Used|Forward|Backward|By \w+|Solve|Result|Remark|Layout|Checked)\b")
REMARKS = (
    "Used",
    "Remark",
    "Layout",
    "Checked",
)  # sections of a printed derivation that claim nothing of it
RULE = re.compile(r"^Chain rule\n +d\S+ = .*\n(?= +over the lines)", re.MULTILINE)  # as printed
LOWERED = str.maketrans(SUBSCRIPTS)
LOWER = re.compile(r"(?<=[^\W\d_])(?<!\bsum)_[i-t]{1,4}\b")  # of an entry
CALLED = re.compile(r"sum_[a-t]|(?P<name>[^\W\d]\w*) ?\((?P<inside>[^()]*)")  # a sum, a function
SIGNS = re.compile(  # w* = ..., ŷ, y^ = ...
    rf"[∑Σδᵢⱼₖ]|(?<=\w)(?:\^ ?)?\*(?=\s*=)|{ACCENTED}"
    r"|(?<=[^\W\d_])\^(?=\s*[=)/*,]|\s+(?:[-+] |(?!T\b)[^\W\d])|$)"
)
ARGUMENT = re.compile(r"[\\{}\w^]*[^\W\d][\\{}\w^]*")  # a name, in LaTeX too
AT_ZERO = re.compile(  # setting both to zero
    r"\b(?:set|setting|equat\w+|put|putting)\b[^=.]*?\b(?:to|equals?|be)\s*\$?(?:0|zero)\b",
    re.IGNORECASE,
)
ALL = re.compile(
    r"\b(?:both|all|these|them|each|\w*derivatives|gradients|partials)\b", re.IGNORECASE
)
UPDATE = re.compile(rf"(?P<name>{NAME})\s*(?:(?P<by>[-+/@])|\[(?P<where>[^\]]*[<>][^\]]*)\]\s*)=")
STOP = re.compile(r"[.;]\$?\s")
OPERATORS = "=+-*/@⊙·×−∘,(["
GOING_ON = re.compile(r"\s*[+*/@⊙·×∘)\]]")
WORDS = frozenset(  # that stand between formulas
    re.findall(
        r"\w+",
        "a according all and apply are as at because but by chain check definition derivative "
        "each element elementwise entry every finally first for from gradient have hence here if "
        "in is it its let matrix next note now of on or otherwise product quotient recall rule "
        "same scalar second shape since so step sum that the then there therefore these this thus "
        "to unless using vector we when where which with yields",
    )
)


def rows_of(text: str, known: AbstractSet[str]) -> list[Row]:
    """The equations of a text in the language; `known` are the names that are no words.

    >>> rows = rows_of("Let r = W x - y, so dL/dr = 2 r\\n  = 2 (W x - y)  (chain rule)", {"r"})
    >>> [(row.left.text, *(side.text for side in row.sides)) for row in rows]
    [('r', 'W x - y'), ('dL/dr', '2 r', '2 (W x - y)')]
    """
    lefts = re.findall(rf"({NAME})(?:\([\w, ]*\))?\s*=(?!=)", text)
    known = frozenset({*known, *{*lefts} - {"δ"}} - WORDS)
    reasons = {
        text.count("\n", 0, match.start("lines")) + k
        for match in REASONS.finditer(text)
        for k, _ in enumerate(match["lines"].splitlines(), 1)
    }
    reasons |= {text.count("\n", 0, match.end()) for match in RULE.finditer(text)}
    rows: list[Row] = []
    before = False  # whether the line before belongs to the last row
    for line in (part for whole in _lines(text) for part in _at_zero(whole)):
        piece = line.replaced(SIGNS, partial(_spelled, known))
        if piece.text and piece.line in reasons:
            rows += _reason(piece, rows[-1].left if rows else Piece("", []))
        elif not piece.text:
            before = False
        elif AT_ZERO.match(piece.text):
            slopes = [row.left for row in rows if SLOPE.fullmatch(row.left.text)]
            zero = [piece.saying("0")]
            rows += [Row(x, zero, supposed=True) for x in set_to_zero(piece.text, slopes)]
            before = False
        elif (changed := _changed(piece, rows)) is not None:
            rows.append(changed)
            before = True
        elif rows and piece.text.startswith("=") and not piece.text.startswith("=="):
            rows[-1].sides += _sides(piece.part(1), known)
            before = True
        elif before and _goes_on(rows[-1], piece):
            whole = rows[-1].sides.pop() + piece if rows[-1].sides else piece
            rows[-1].sides += _sides(whole, known)
        else:
            found = list(_equations(piece, known))
            if not found and _is_formula(piece.text, known):
                error = ProgramError("a line of a derivation is dL/dx = ... or name = ...")
                raise piece.located(error)
            rows += found
            before = bool(found)
    return _of_one_function(rows, known)


def _at_zero(line: Piece) -> Iterator[Piece]:
    """What a line says before and after it sets derivatives to zero, and that by itself."""
    if (match := AT_ZERO.search(line.text)) is None:
        yield line
        return
    for span in ((0, match.start()), match.span(), (match.end(), None)):
        if (part := line.part(*span)).text:
            yield part


def set_to_zero(words: str, lefts: list[Piece]) -> list[Piece]:
    """The left sides, of derivatives, that words set to zero: those that they name, all, the last,
    or none."""
    if AT_ZERO.search(words) is None:
        return []
    of = {left.text: left for left in lefts}
    named = [left for text, left in of.items() if text in words]
    return named or ([*of.values()] if ALL.search(words) else lefts[-1:])


def _changed(piece: Piece, rows: list[Row]) -> Row | None:
    """A name that a line changes, dW += lam * W or dz[z <= 0] = 0, with what it is from there on;
    None where no line gave it."""
    update = UPDATE.match(piece.text)
    row = next((r for r in reversed(rows) if update and r.left.text == update["name"]), None)
    if update is None or row is None or not row.sides:
        return None
    before, by = row.sides[-1], piece.part(update.end())
    if update["by"]:
        texts = f"({before.text}) {update['by']} ({by.text})"
    else:
        texts = f"where({update['where']}, {by.text}, {before.text})"
    row.unread = row.unread or CHANGED
    return Row(row.left, [replace(piece.saying(texts), source=by.shown)])


def _of_one_function(rows: list[Row], known: AbstractSet[str]) -> list[Row]:
    """The rows; those of a function's values at other arguments than its first row's are not
    graded."""
    called = Called()
    for row in rows:
        if any(ELSEWHERE.search(piece.text) for piece in (row.left, *row.sides)):
            row.unread = row.unread or ANYWHERE
        called.read(row, row.left.text, row.at, known.__contains__)
        if row.unread:
            row.left = row.left.called(row.at)
    return rows


def _spelled(known: AbstractSet[str], sign: re.Match[str]) -> str:
    """A letter below as x_i; δ, and the sign of a sum unless it is a `known` name, as its word; w*,
    y^ and ŷ as w_hat and y_hat."""
    if sign[0].endswith(("*", "^")):
        return "_hat"
    if (name := accented(sign[0])) is not None:
        return name
    if letter := dict(zip("ᵢⱼₖ", "ijk", strict=True)).get(sign[0]):
        return f"_{letter}"
    if sign[0] == "δ":
        return sign[0] if sign[0] in known else "delta"
    return sign[0] if greek(sign[0]) in known else "sum"


def _reason(piece: Piece, before: Piece) -> Iterator[Row]:
    """A line of a proof, or what goes on with the one `before`."""
    said = piece.part(0, len(re.split(r"\s{2,}", piece.text)[0]))
    left, *sides = said.split(EQUALS)
    if sides:
        yield Row(left if left.text else before, sides, REASON)


def _is_formula(text: str, known: AbstractSet[str]) -> bool:
    """Whether a line is a formula, no words."""
    words = {word for word in re.findall(WORD, text) if not word[0].isdigit()}
    return bool(words) and not words - known and re.search(r"\w\s*[*@/+]", text) is not None


def _lines(text: str) -> Iterator[Piece]:
    """The lines without comments and remarks, a blank one being empty."""
    section = ""
    for number, line in enumerate(text.splitlines(), 1):
        code = line.split("#")[0]
        if not code.strip(" \t=-_*"):
            code = section = ""
        if (title := SECTION.match(code)) and (code[title.end() :][:1] in ("", " ", ":")):
            section = title[1]
            code = " " * title.end() + code[title.end() :]
        code = _without_marks(code)
        places = [(number, column) for column in range(1, len(code) + 1)]
        yield Piece("", []) if section in REMARKS else Piece(code, places).part(0)


def _without_marks(line: str) -> str:
    """A line without the marks of tables and bold words, with one = for two, one arrow for all and
    round brackets, as long as before."""
    line = re.sub(r"^\s*\*\*[\w .:]+\*\*", lambda m: " " * len(m[0]), line)
    line = ARROWS.sub(lambda m: "⇒".ljust(len(m[0])), line)
    line = BRACKETS.sub(r"(\1)", line)
    if re.fullmatch(r"\s*\|.*\|\s*", line):
        line = re.sub(r"^\s*\||\|\s*$", lambda m: " " * len(m[0]), line).replace(" | ", " ; ")
    for match in re.finditer("==", line):
        if is_closed(line[: match.start()]):
            line = f"{line[: match.start()]}= {line[match.end() :]}"
    return line


def _goes_on(row: Row, piece: Piece) -> bool:
    """Whether a line goes on with the row before it."""
    last = row.sides[-1].text if row.sides else "="
    if last.endswith(tuple(OPERATORS)) or GOING_ON.match(piece.text):
        return True
    if piece.text.startswith(("-", "−")) and len(piece.split(EQUALS)) == 1:  # no item of a list
        return True
    return _goes_on_inside(last) and not EQUATION.match(piece.text)


def _goes_on_inside(text: str) -> bool:
    """Whether a bracket is open at its end."""
    return sum(text.count(x) for x in "([<") > sum(text.count(x) for x in ")]>")


def _equations(piece: Piece, known: AbstractSet[str]) -> Iterator[Row]:
    """The equations of a line."""
    if (stacked := VECTORISED.match(piece.text)) and "vec(" in stacked["left"]:
        left = piece.part(0, stacked.end("left"))
        sides = _sides(piece.part(stacked.end()), known)
        yield Row(left, sides, stacked=VEC.sub(r"\1", left.text))
        return
    if (starts := _starts(piece.text, known)) == []:
        yield from _identity(piece, known)
        return
    ends = [m.start() for m in starts[1:]]
    for match, end in zip(starts, [*ends, None], strict=True):
        parts = piece.part(match.end(), end).split(EQUALS)
        sides = _said(parts, known)
        if match.re is EQUATION:
            left, at = piece.part(*match.span("left")), match["at"] or ""
            front = piece.text[: match.start()]
            supposed = CASE.search(front) or ("/" not in left.text and SUPPOSED.search(front))
            fixed = f"{PARTIAL}: not graded" if PARTIAL in piece.text else ""
            yield Row(left, sides, fixed, at=at, supposed=bool(supposed))
        else:
            left, of = piece.part(match.start(), match.end() - 1), piece.part(*match.span("of"))
            yield Row(left, sides, of=of, by=match["by"] or SINGLE)
        yield from _after(parts, sides, known)


def _starts(text: str, known: AbstractSet[str]) -> list[re.Match[str]]:
    """Where the equations of a line begin: what their left sides say."""
    found = dict[int, re.Match[str]]()
    for pattern in (EQUATION, GRADIENT, OPERATOR, QUOTIENT):
        for match in pattern.finditer(text):
            if _begins(text, match, known):
                found[match.start()] = match
    starts = list[re.Match[str]]()
    for _, match in sorted(found.items()):
        if not starts or match.start() >= starts[-1].end():
            starts.append(match)
    return starts


def _of_two_terms(formula: str) -> bool:
    """Whether there is a + or - outside brackets."""
    terms = (m.start() for m in re.finditer(r"(?<=[\w)\]|‖ᵀ']) ?[-+−]", formula))
    return any(is_closed(formula[:k]) for k in terms)


def _begins(text: str, match: re.Match[str], known: AbstractSet[str]) -> bool:
    """Whether an equation begins at a left side: after nothing, a label, words or a stop, where no
    bracket is open."""
    front = text[: match.start()]
    if any(front.count(a) > front.count(b) for a, b in ("()", "[]", "{}")):
        return False
    if match.re is GRADIENT and _of_two_terms(match["of"]):
        return False
    if match.re is EQUATION:
        name = match["left"]
        if match["at"] and name in OPERATIONS:
            return False
        if match["is"] == ":" and "/" not in name and not name.startswith("grad"):
            return False
    while (label := LABEL.match(front)) and label.end():
        front = front[label.end() :]
    blank = front[-1:].isspace()
    front = front.rstrip()
    if not front or (blank and front.endswith((",", ";", ":", ".", "⇒"))):
        return True
    word = re.search(r"(?<![\w.])[^\W\d_]{2,}$", front)
    return word is not None and word[0] not in known and _is_prose(front, known)


def _is_prose(text: str, known: AbstractSet[str]) -> bool:
    """Whether what stands before a formula are words: the last one is, and no operator before
    it."""
    last = text.split()[-1].lower().rstrip(",:;.")
    return last in WORDS or all(
        word.strip(",.:;()").lower().isalpha() and word not in known for word in text.split()
    )


def _identity(piece: Piece, known: AbstractSet[str]) -> Iterator[Row]:
    """An equation of two formulas, where the left one is neither a name nor a derivative."""
    left, *sides = piece.split(EQUALS)
    if not sides:
        return
    while (label := LABEL.match(left.text)) and label.end() < len(left.text):
        left = left.part(label.end())
    words = [w for w in re.findall(WORD, left.text) if len(w) > 1 and w not in known]
    if words and not re.search(r"[()@*/^+]|'(?!\w)", left.text):
        return  # n of them = 3: words
    said = _said(sides, known)
    yield Row(left, said)
    yield from _after(sides, said, known)


def _after(parts: list[Piece], sides: list[Piece], known: AbstractSet[str]) -> Iterator[Row]:
    """What follows in the same line: C w = a w, of dL/dw = 0, so C w = a w."""
    last = len(sides) - 1
    if last < 0 or last == len(parts) - 1:
        return
    rest = parts[last].part(len(sides[last].text))
    for part in parts[last + 1 :]:
        rest = rest + part.saying("=") + part
    while (word := THEN.match(rest.text)) and word.end() and word[0].strip(" ,:") not in known:
        rest = rest.part(word.end())
    yield from _identity(rest, known)


def _sides(piece: Piece, known: AbstractSet[str]) -> list[Piece]:
    """The formulas between the =, up to the first words."""
    return _said(piece.split(EQUALS), known)


def _said(parts: list[Piece], known: AbstractSet[str]) -> list[Piece]:
    """The formulas that parts are, up to the first words."""
    sides: list[Piece] = []
    for part in parts:
        side = _until(part, known)
        if CONDITION.match(part.text[len(side.text) :]):
            side = replace(side, unread=CONDITIONAL)
        sides.append(replace(side, unread=TO_BE_TAKEN) if TAKEN.search(side.text) else side)
        if len(side.text) < len(part.text):
            break
    return sides


def _until(piece: Piece, known: AbstractSet[str]) -> Piece:
    """A formula without the words after it."""
    text = piece.text
    cuts = [len(text)]
    for match in re.finditer(
        r"\s{2,}|\t|[,;:]\s|(?<!\d)\.\s|\s(?=[(\[])|\s(?=[^\W\d_]{1,})|\s*⇒", text
    ):
        front = text[: match.start()]
        if not is_closed(front) or not front or front.count("<") > front.count(">"):
            continue
        if _is_cut(text, match, known):
            cuts.append(match.start())
            break
    formula = piece.part(0, min(cuts))
    if _goes_on_inside(formula.text):
        return formula
    stripped = formula.text.rstrip(".,;")
    return formula.part(0, len(stripped)) if not re.search(r"\d\.$", formula.text) else formula


def _is_made_of(word: str, known: AbstractSet[str]) -> bool:
    """Whether a word is a number, a known name or its differential, or short names without a sign
    between them."""
    word = word.translate(LOWERED).rstrip("ᵀ")
    if re.fullmatch(rf"[d∂]{NAME}", word) and word[1:] in known:
        return True
    short = "".join(re.escape(name) for name in known if len(name) == 1)
    letters = rf"[{short}]" if short else r"(?!)"
    return word in known or re.fullmatch(rf"\d+|(?:\d*{letters}\d*[ᵀT]?)+", word) is not None


def _is_formula_of(called: re.Match[str], known: AbstractSet[str]) -> bool:
    """Whether what follows a gap is a sum or function of what is known, `sum (x - mu)`."""
    if called["name"] not in OPERATIONS:
        return called["name"] is None
    return any(_is_made_of(word, known) for word in re.findall(r"[^\W\d_]\w*", called["inside"]))


def _is_cut(text: str, match: re.Match[str], known: AbstractSet[str]) -> bool:
    """Whether words begin at a gap."""
    after = LOWER.sub("", re.split(r"[;,]\s", text[match.end() :].lstrip())[0])
    if match[0].strip() in (",", ";", ":", ".", "⇒"):
        return True
    if text[: match.start()].rstrip().endswith(tuple(OPERATORS)) or not after:
        return False
    if len(match[0].expandtabs()) > 1:
        return after[0] not in "=+-*/@⊙·×−∘.)]^"
    inside = re.match(r"[(\[]([^()\[\]]*)[)\]]\s*\.?$", after)
    if (called := CALLED.match(after)) and _is_formula_of(called, known):
        return False
    words = re.findall(WORD, inside[1] if inside else after)
    unknown = [w for w in words if not _is_made_of(w, known)]
    if inside:
        shape = re.fullmatch(r"\w+ (?:x|×|by) \w+|\d+", inside[1])
        prose = [w for w in unknown if len(w) > 1]
        said = prose and (len(unknown) == len(words) or unknown[0].lower() in WORDS)
        return bool(shape or said) and not re.search(r"[+*/@]| [-−] ", inside[1])
    prose = [w for w in unknown if len(w) > 1]
    return words[:1] == prose[:1] != [] and (words[0].lower() in WORDS or len(prose) > 1)


def primed(row: Row, read: Callable[[Piece], Expression]) -> Row:
    """A row in which (x^T A x)' is the derivative of a number, not its transpose."""

    def slope(piece: Piece) -> re.Match[str] | None:
        for match in PRIMED.finditer(piece.text):
            with suppress(SymgradError):
                if read(piece.part(*match.span("of"))).shape == SCALAR:
                    return match
        return None

    if row.unread or row.by:
        return row
    sides = [replace(s, unread=TO_BE_TAKEN) if slope(s) else s for s in row.sides]
    if (match := slope(row.left)) is None:
        return replace(row, sides=sides)
    if match[0] == row.left.text:
        return replace(row, sides=sides, of=row.left.part(*match.span("of")), by=SINGLE)
    return replace(row, sides=sides, unread=TO_BE_TAKEN)


class Called(dict[str, set[str]]):
    """Which functions have been given, each with its arguments: f(x) = ..."""

    def read(self, row: Row, name: str, at: str, known: Callable[[str], bool]) -> None:
        """A row of `name`, with commas between its arguments. It is not graded where they are
        others than in the first one, f(0) or f(b), or are not `known`; on its sides f stands for
        f(x)."""
        row.sides = [self._side(side) for side in row.sides]
        arguments = _arguments(at) if at else set[str]()
        if not all(map(ARGUMENT.fullmatch, arguments)):
            row.unread = row.unread or ANYWHERE
            return
        here = all(map(known, arguments))
        if _is_operation(name) and any(EXPONENTIAL.search(side.text) for side in row.sides):
            row.unread = row.unread or WELL_KNOWN
            return
        first = self.setdefault(name, arguments) if arguments else arguments
        if not here or not (first <= arguments or arguments <= first):
            row.unread = row.unread or ANYWHERE

    def _side(self, side: Piece) -> Piece:
        for name, first in self.items():
            value = re.compile(rf"(?<![\w\\]){re.escape(name)}(?P<gap>\s*){VALUE}")
            for match in value.finditer(side.text):
                product = match["gap"] or name in match["at"]  # a (1 - a)
                own = name.lstrip("\\") in GREEK or not _is_operation(name)
                if _arguments(match["at"]) != first and not product and own:
                    return replace(side, unread=ANYWHERE)
            here = partial(_without_arguments, name, first)
            side = replace(side.replaced(value, here), source=side.shown)
        return side


def _arguments(at: str) -> set[str]:
    """What stands between the commas."""
    return set(re.split(r"\s*,\s*", at.strip()))


def _without_arguments(name: str, first: AbstractSet[str], value: re.Match[str]) -> str:
    return name if _arguments(value["at"]) == first else value[0]


def _is_operation(name: str) -> bool:
    """Whether a function has this name, sigma or \\sigma, if the sheet does not say another."""
    word = name.lstrip("\\")
    return (function_named(word) or function_elsewhere(word)) is not None


def sentence(text: str, row: Row) -> tuple[int, int]:
    """Where a row stands: its line, and how many stops are before it there."""
    line, column = row.left.places[0]
    front = text.splitlines()[line - 1][: column - 1]
    return line, len(STOP.findall(front))
