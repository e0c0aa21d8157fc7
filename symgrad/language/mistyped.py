"""What was probably meant by a line that is no line of a program: the reason, and the line.

A message that ends in `; write LINE` names a line that can be typed instead.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Collection, Iterator

from symgrad.errors import ProgramError, SymgradError
from symgrad.language.names import check_name
from symgrad.language.operations.advice import ADVICE, DERIVED

KINDS = {  # how a kind may be spelled
    "Scalar": ("scalar", "float", "double", "real", "number", "num", "int", "float32", "float64"),
    "Vector": ("vector", "vec", "array", "arr", "ndarray", "list", "column", "colvec"),
    "Matrix": ("matrix", "mat", "matrices", "array2d"),
    "Index": ("index", "label", "integer", "category"),
    "Tensor": ("tensor",),
}
CLOSED_BY = {"(": ")", "[": "]", "{": "}"}
BLOCKS = {
    "if": "if is not part of the language; a condition is a factor, such as (x > 0) * x",
    "for": "for is of examples, sum(... for x in batch), or of steps, for t in range(1, T + 1):",
    "while": "while is not part of the language; steps are for t in range(1, T + 1):",
    "def": "def is not part of the language; write what it returns where it is called",
    "class": "class is not part of the language",
    "try": "try is not part of the language",
    "with": "with is not part of the language",
}
NAME = r"[^\W\d]\w*"
VALUE = r"[^<>=,|]+"
MEANT = (  # what people write that Python does not read
    (rf"(?<![\w\])])\s*<({VALUE}),({VALUE})>", "an inner product is dot({0}, {1})"),
    (r"\bif\b(.+)\bthen\b(.+)\belse\b(.+)", "cases are where({0}, {1}, {2})"),
    (
        rf"\bfor\s+({NAME})\s+in\s+\d+\s*(?::|\.\.+)\s*({NAME})",
        "letters run from 0, for {0} in range({1})",
    ),
)
INDENTED = "syntax: the lines of a loop begin with the same spaces, and no tabs beside them"
SAID = {  # what Python says of a line -> what is wrong with it
    "Exceeds the limit": "the number is too large",
    "expected 'else'": "syntax: cases have both values: where(x > 0, a, b)",
    "leading zeros": "syntax: a number begins without zeros",
    "follows keyword": "syntax: = gives an option; a condition compares: where(x > 0, a, b)",
    "unindent": INDENTED,
    "inconsistent use": INDENTED,
}
AIMS = "arg ?min|min|minimi[sz]e|arg ?max|max|maximi[sz]e"
SET = {"in": "∈", "mathbb{R}": "ℝ", "R": "ℝ", "times": "×"}  # x \\in \\mathbb{R}^{m \\times n}
_SET = re.compile(r"\\(?:in|mathbb\{R\}|R|times)(?![A-Za-z])")


def kind_meant(word: str) -> str | None:
    """The kind that a word stands for.

    >>> kind_meant("vec"), kind_meant("foo")
    ('Vector', None)
    """
    return next((kind for kind, words in KINDS.items() if word.lower() in words), None)


def space_meant(text: str) -> str:
    """The kind and dimensions that R^n, R^{n x d}, Vector[n], Matrix n x d or (n, d) stand for.

    >>> space_meant("R^(n x d)"), space_meant("Vector[n]"), space_meant("2 * x")
    ('Matrix(n, d)', 'Vector(n)', '')
    """
    match = re.fullmatch(
        rf"(ℝ|R|{NAME})\s*(?:\^|\*\*)?\s*[\[({{]?([\w\s,*×x]+?)[\])}}]?", text.strip()
    )
    if match is None:
        return ""
    word, inside = match[1], match[2]
    dims = [d for d in re.split(r"\s*[,*×]\s*|\s+x\s+|\s+", inside.strip()) if d and d != "x"]
    if not dims or not all(re.fullmatch(r"[A-Za-z]\w*|\d+", d) for d in dims):
        return ""
    by_count = {1: "Vector", 2: "Matrix"}.get(len(dims), "Tensor")
    kind = by_count if word in ("R", "ℝ") else kind_meant(word)
    if kind in (None, "Scalar") or (kind in ("Vector", "Matrix") and kind != by_count):
        return ""
    return f"{kind}({', '.join(dims)})"


def entry_meant(name: str, vectors: Collection[str]) -> str:
    """What an index outside of a sum is, or x_1 beside a vector x; nothing of other names.

    >>> entry_meant("x_1", ["x"]), entry_meant("y_i", ["y"])
    ('; an entry of x is x[0], the first one', '; an entry of y is y[i], bound by a sum')
    """
    if name in ("i", "j", "k", "l"):
        return f"; an index is bound by a sum, as in sum(... for {name} in range(n))"
    entry = re.fullmatch(r"(.*?)_?(\d+|[ijkn])", name)
    if entry is None or entry[1] not in vectors:
        return ""
    place = f"{entry[2]}], bound by a sum" if entry[2].isalpha() else "0], the first one"
    return f"; an entry of {entry[1]} is {entry[1]}[{place}"


def sign_meant(name: str, known: Collection[str]) -> str:
    """What a name is that stands for no number of a program: E, inf, dx, sum_i.

    >>> sign_meant("inf", []), sign_meant("dx", ["x"])[:37]
    ('; numbers are finite', '; a program has no derivatives in it:')
    """
    if name.lower() in ("nan", "inf", "infinity", "oo"):
        return "; numbers are finite"
    if name.startswith(("sum_", "Σ_", "Sigma_")):
        return "; a sum over an index is sum(x[i] for i in range(n)), dot(x, y) or A @ x"
    if name == "E":
        return f"; {ADVICE[name]}"
    if name in ("loss", "f"):
        return f"; it is given, in the last line: {name} = ..."
    of = {name.removeprefix("grad_"), name.removeprefix("d")} - {name}
    return f"; {DERIVED}" if of & {*known} else ""


def check_lines(text: str) -> None:
    """Raises: ProgramError for lines that Python reads, or half reads, as something else."""
    depth = 0
    for number, line in enumerate(re.split(r"\r\n?|\n", text), 1):
        code = _SET.sub(lambda found: SET[found[0][1:]], line.split("#")[0])
        if depth == 0:
            for message in _slips(code):
                column = len(code) - len(code.lstrip()) + 1
                error = ProgramError(message).at(number, column, None, len(code.strip()))
                raise error
        depth += sum(c in "([{" for c in code) - sum(c in ")]}" for c in code)


def _slips(code: str) -> Iterator[str]:
    """What is wrong with a line, where that is known by its look."""
    if re.match(r"\s*@\s*\w", code):
        yield "def and decorators (@) are not part of the language"
    block = re.match(r"\s*(if|for|while|def|class|try|with)\b.*:\s*\S?.*$", code)
    steps = re.match(r"\s*for\s+\w+\s+in\s+(?:reversed\s*\(\s*)?range\s*\(", code)
    if block and not steps and not re.match(rf"\s*{block[1]}\s*:\s*\S", code):
        yield BLOCKS[block[1]]
    declared = re.match(r"\s*(\w+)\s*:(?!=)", code)
    if declared and keyword.iskeyword(declared[1]):
        yield _name_message(declared[1])
    word = re.match(rf"\s*(let|set|var|const|define)\s+({NAME}\s*[:=].*)", code)
    if word:
        yield f"{word[1]} is left out; write {word[2].rstrip()}"
    comment = re.match(r"\s*(//|%|/\*|;|\"{3}|'{3})\s*(.*)", code)
    if comment:
        yield f"{comment[1]} begins no comment; write # {comment[2]}".rstrip()
    given = re.match(rf"\s*({NAME})\s*(<-|←)\s*(.+)", code)
    if given:
        yield f"{given[2]} is no assignment; write {given[1]} = {given[3].rstrip()}"
    aim = re.fullmatch(rf"\s*({AIMS})(?:_\S+)?\s+(?![=:*+/@-])(.+)", code)
    if aim and not (len(aim[1]) < 6 and aim[2].startswith("(")):
        loss = aim[2].strip()
        yield (
            f"what is to be made small is called loss; write loss = "
            f"{f'-({loss})' if 'max' in aim[1] else loss}"
        )
    space = re.fullmatch(rf"\s*({NAME})\s*(in|∈|is in|is an?|=)\s*((?:ℝ|R|[A-Z]\w+)\W.*)", code)
    if space and not (space[2] == "=" and space[3][0] in "Rℝ") and (meant := space_meant(space[3])):
        yield f"a variable is declared by its kind; write {space[1]}: {meant}"
    several = re.fullmatch(rf"\s*({NAME})((?:\s*,\s*{NAME})+)\s*:\s*(\w+(?:\([^()]*\))?)\s*", code)
    if several:
        names = [several[1], *re.findall(NAME, several[2])]
        each = "; ".join(f"{name}: {several[3]}" for name in names)
        yield f"each name has a declaration of its own; write {each}"
    turned = re.fullmatch(rf"\s*([A-Z]\w+(?:\([^()]*\))?)\s*:?\s+({NAME})(\([^()]*\))?\s*", code)
    if turned and turned[1] in KINDS and turned[2] in KINDS:
        yield f"{turned[1]} is the name of a kind; use another name"
    elif turned and kind_meant(turned[1].split("(")[0]):
        yield f"the name comes first; write {turned[2]}: {turned[1]}{turned[3] or ''}"


def _name_message(name: str) -> str:
    try:
        check_name(name)
    except SymgradError as error:
        return error.message
    return f"syntax: {name}"


def syntax_message(error: SyntaxError, text: str) -> str:
    """What is wrong with a line that Python does not read, and the line where one can be told."""
    lines = text.splitlines()
    line = lines[error.lineno - 1] if error.lineno and error.lineno <= len(lines) else ""
    code = line.split("#")[0].strip()
    declared = re.match(r"([^:=]*?)\s*:(?!=)", code)
    if declared and not re.fullmatch(NAME, declared[1]):
        return f"syntax: {declared[1]!r} is no valid name: a letter, then letters, digits or _"
    if re.search(r'\b[fF]".*"', code):  # from Python 3.12 on, what is wrong inside would be told
        return "f-strings are not part of the language"
    for words, message in SAID.items():
        if words in error.msg:
            return message
    if "was never closed" in error.msg:
        whole = _closed(code)
        return f"syntax: {error.msg}" + (f"; write {whole}" if whole else "")
    if "expected an indented block" in error.msg:
        return f"syntax: what is done at each step stands below the for, indented; write     {code}"
    if "indent" in error.msg:
        return _indented(code, lines[: (error.lineno or 1) - 1])
    if "cannot assign to" in error.msg:
        return _assigned(code)
    if error.msg == "expected ':'":
        return f"syntax: a colon ends this line; write {code}:"
    for pattern, message in MEANT:
        if found := re.search(pattern, code):
            return message.format(*map(str.strip, found.groups()))
    plain = re.sub(r",\s*for\b", " for", code)
    if plain != code:
        return f"no comma stands before for; write {plain}"
    outside = re.fullmatch(r"(.*)\)\s+(for\s.+\sin\s+\w+)", code)
    if outside:
        return f"for ... in stands inside the brackets; write {outside[1]} {outside[2]})"
    if re.search(r"(?:[-+*/@=,^]|\*\*)$", code):
        goes_on = "; a formula over several lines stands in brackets ( )"
        return f"syntax: a value is missing after {code[-1]}" + goes_on * any(
            map(str.strip, lines[error.lineno or 0 :])
        )
    if code.endswith("."):
        return f"syntax: nothing stands after the point; write {code[:-1]}"
    at = (error.offset or 1) - 1
    found = (
        re.compile(r"\w+|\S").search(line, max(at, 0)) if error.msg == "invalid syntax" else None
    )
    if found:
        return f"syntax: {found[0]} is not expected here"
    return f"syntax: {error.msg}"


def _indented(code: str, before: list[str]) -> str:
    """What is wrong with a line that begins with spaces, after these."""
    last = next(filter(None, (line.split("#")[0].strip() for line in reversed(before))), "")
    begun = re.fullmatch(rf"({NAME})\s*=\s*(.+)", last)
    if begun and re.match(r"[-+*/@.]", code):
        whole = f"{begun[1]} = ({begun[2]} {code})"
        return f"syntax: what goes on in the next line stands in brackets: {whole}"
    return f"syntax: a line begins without spaces; write {code}"


def _assigned(code: str) -> str:
    """What is wrong with the left side of a line."""
    if words := re.match(rf"{NAME}\s+({NAME}\s*=(?!=).*)", code):
        return f"syntax: one name stands before =; write {words[1]}"
    if re.match(rf"{NAME}\s*\(.*\)\s*=(?!=)", code):
        return (
            "syntax: a function is not defined here; write what it returns where it is called, or "
            "declare it open, as in phi: Function"
        )
    return "syntax: one name stands before =; == compares"


def _closed(code: str) -> str:
    """The line with the brackets closed that it leaves open; nothing where others do not fit."""
    open_: list[str] = []
    for character in code:
        if character in CLOSED_BY:
            open_.append(CLOSED_BY[character])
        elif character in CLOSED_BY.values() and (not open_ or open_.pop() != character):
            return ""
    return code + "".join(reversed(open_)) if code[-1:] not in "+-*/@=,([{" else ""
