"""Python's syntax tree of a program, and clear messages for what is none; nothing is executed."""

from __future__ import annotations

import ast
import bisect
import re
import unicodedata
import warnings
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import NoReturn, TypeAlias

from symgrad.errors import ProgramError, SymgradError, UnknownNameError
from symgrad.language.expressions import Expression
from symgrad.language.handwriting.reading import in_signs_of_the_language
from symgrad.language.handwriting.tokens import READ, is_formula, plain_signs
from symgrad.language.handwriting.writing import Note, Writing, place
from symgrad.language.literals import keep_digits
from symgrad.language.mistyped import check_lines, syntax_message
from symgrad.language.operations.unspecified import Functions, Unspecified
from symgrad.language.scope import also_called

Read: TypeAlias = Callable[[ast.expr], Expression]  # a part of a line, among its names

LONGEST_TEXT = 64 * 1024  # characters
SIGN, TYPED, NOTES = "sign", "typed", "notes"  # attributes that nodes of a tree have here
REFUSED = {
    ast.Import: "import is not part of the language; leave it out, functions have their names",
    ast.ImportFrom: "from ... import is not part of the language; leave it out",
    ast.FunctionDef: "def and decorators (@) are not part of the language",
    ast.Delete: "del is not part of the language",
    ast.AugAssign: "+= and its kin are not part of the language; assign a new name",
    ast.IfExp: "if ... else (a condition) is not part of the language",
    ast.NamedExpr: ":= (an assignment inside an expression) is not part of the language",
    ast.JoinedStr: "f-strings are not part of the language",
    ast.BoolOp: "and, or are not part of the language; multiply conditions, (x > 0) * (x < 1)",
    ast.UnaryOp: "not and ~ are not part of the language; the opposite of (x > 0) is (x <= 0)",
    ast.ListComp: "no list stands in a sum; write it without [ ]: sum(... for i in range(n))",
    ast.SetComp: "comprehensions are not part of the language",
    ast.DictComp: "comprehensions are not part of the language",
    ast.GeneratorExp: "a generator (for ... in) stands only inside sum(...) or mean(...)",
    ast.Starred: "* before an argument is not part of the language",
    ast.Slice: "a slice stands alone in brackets: x[1:], X[1:, :]",
    ast.List: "lists are not part of the language; declare a Vector or Matrix",
    ast.Tuple: "tuples are not part of the language; a decimal point is ., an entry is W[i, j]",
    ast.Set: "braces { } are not part of the language; write ( )",
    ast.Dict: "dictionaries are not part of the language",
}


def syntax_tree(text: str, known: Collection[str] | None = None) -> ast.Module:
    """Python's syntax tree of a text in which `known` names may be used as people write them; its
    columns count characters of the text. Or a ProgramError with the place."""
    if len(text) > LONGEST_TEXT:
        raise ProgramError(
            f"the program is too long: {len(text)} characters (limit {LONGEST_TEXT})"
        )
    check_lines(text)
    _check_characters(text, known is not None)
    writing = in_signs_of_the_language(text, known)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)  # of 2if, which the reading refuses
            tree = ast.parse(writing.text)
        return _placed(tree, writing)
    except SyntaxError as error:
        line = error.lineno or 1
        column = _column(writing, line, error.offset)
        raise ProgramError(syntax_message(error, text), line=line, column=column) from None
    except (RecursionError, MemoryError):
        raise ProgramError(
            "nested too deeply; give intermediate results names", line=_longest_line(text)
        ) from None
    except ValueError as error:
        raise ProgramError(f"no program: {error}", line=_longest_line(text)) from None


def program_tree(text: str) -> ast.Module:
    """The syntax tree of a program, whose names are those that it gives itself."""
    given = r"^[ \t]*([^\W\d]\w*)[ \t]*(?:\[[^\]\n]*\][ \t]*)?(?:=(?!=)|:)"
    names = re.findall(given, text, re.MULTILINE)
    names += re.findall(r"\w+", " ".join(re.findall(r":[ \t]*[A-Z]\w*\(([^)\n]*)\)", text)))
    names += [
        n for pair in re.findall(r"\[[ \t]*(\w+)[ \t]*:[ \t]*(\w+)[ \t]*\]", text) for n in pair
    ]
    functions = re.findall(r"^[ \t]*([^\W\d]\w*)[ \t]*:[ \t]*Function\b", text, re.MULTILINE)
    with also_called(Functions({name: Unspecified(name) for name in functions})):
        return syntax_tree(text, {*names} - {*functions})


def _starts(text: str) -> list[int]:
    """Where each line begins."""
    return [0, *(match.end() for match in re.finditer(r"\r\n?|\n", text))]


def _column(writing: Writing, line: int, offset: int | None) -> int | None:
    """The column in the original text of one in what Python was given, both counted from 1."""
    if not offset:
        return None
    written, original = _starts(writing.text), _starts(writing.original)
    place = writing.place(written[line - 1] + offset - 1)
    return max(place - original[min(line, len(original)) - 1], 0) + 1


def _placed(tree: ast.Module, writing: Writing) -> ast.Module:
    """The tree with the places of what was typed, and with the signs of its operators."""
    text, original = writing.text, _starts(writing.original)
    starts = _starts(text)
    lines = None if text.isascii() else [line.encode() for line in re.split(r"\r\n?|\n", text)]

    def offset(line: int, column: int) -> int:
        if lines is not None:
            column = len(lines[line - 1][:column].decode())
        return starts[line - 1] + column

    nodes = [n for n in ast.walk(tree) if isinstance(n, ast.expr | ast.stmt | ast.keyword)]
    spans: dict[ast.AST, tuple[int, int]] = {}
    for node in nodes:
        last = offset(node.end_lineno or node.lineno, node.end_col_offset or 0)
        spans[node] = offset(node.lineno, node.col_offset), last
    for node in nodes:
        first, last = spans[node]
        keep_digits(node, text[first:last])
        if isinstance(node, ast.Call):
            _check_once(node)
        if isinstance(node, ast.BinOp):
            sign = writing.sign(spans[node.left][1], spans[node.right][0])
            if sign:
                node.op = type(node.op)()  # Python has one for all
                setattr(node.op, SIGN, sign)
        if isinstance(node, ast.Compare):
            sides = spans[node.left][1], spans[node.comparators[-1]][0]
            setattr(node, SIGN, writing.sign(*sides))
        start, end = writing.place(first), writing.place(last, end=True)
        line = bisect.bisect_right(original, start)
        node.lineno, node.col_offset = line, start - original[line - 1]
        setattr(node, TYPED, (writing.original, start, end))
    starts_of_lines = [span(statement)[1] for statement in tree.body]
    stops = [*starts_of_lines[1:], len(writing.original) + 1]
    for statement, start, stop in zip(tree.body, starts_of_lines, stops, strict=False):
        notes = [note for note in writing.notes if start <= note.start < stop]
        setattr(statement, NOTES, notes)
    return tree


def _check_once(node: ast.Call) -> None:
    """Raises: ProgramError for an option that is given twice."""
    names = [keyword.arg for keyword in node.keywords]
    for keyword in node.keywords:
        if names.count(keyword.arg) > 1:
            raise ProgramError(
                f"{keyword.arg}= is given twice", line=node.lineno, column=node.col_offset + 1
            )


def text_of(statements: Sequence[ast.stmt]) -> str:
    """The text of which these are lines."""
    return span(statements[0])[0] if statements else ""


def typed(node: ast.AST) -> str:
    """What was typed for a part of a text, on one line."""
    original, start, end = span(node)
    return " ".join(original[start:end].split())


def with_name(node: ast.expr, name: str, other: str) -> str:
    """What was typed for a part of a text, with another name in the place of one."""
    original, last, end = span(node)
    uses = (n for n in ast.walk(node) if isinstance(n, ast.Name) and n.id == name)
    pieces = []
    for start, stop in sorted(span(use)[1:] for use in uses):
        pieces += [original[last:start], other]
        last = stop
    return " ".join("".join((*pieces, original[last:end])).split())


def in_place_of(new: ast.expr, node: ast.expr) -> ast.expr:
    """A part that stands for another one, typed as that was."""
    setattr(new, TYPED, span(node))
    return ast.copy_location(new, node)


def span(node: ast.AST) -> tuple[str, int, int]:
    """A text, and from where to where in it a part of it stands."""
    found: tuple[str, int, int] = getattr(node, TYPED, ("", 0, 0))
    return found


def place_of(node: ast.AST, start: int) -> tuple[int, int]:
    """Line and column of a place in the text of which this is a part."""
    return place(span(node)[0], start)


def start_of(node: ast.AST) -> int:
    """Where a part of a text begins in it."""
    return span(node)[1]


def end_of(node: ast.AST) -> int:
    """Where a part of a text ends in it."""
    return span(node)[2]


def sign_of(operator: ast.operator | ast.Compare) -> str:
    """The sign of an operator that Python has another one for."""
    return str(getattr(operator, SIGN, ""))


def notes_of(statement: ast.AST) -> list[Note]:
    """What is to be said of the signs in a statement."""
    return list(getattr(statement, NOTES, ()))


def with_notes(node: ast.expr, statement: ast.stmt) -> ast.expr:
    """What a statement says, with what is to be said of its signs."""
    setattr(node, NOTES, notes_of(statement))
    return node


@contextmanager
def errors_at(node: ast.expr | ast.stmt) -> Iterator[None]:
    """Errors on the way have the place of this node, unless they have one already."""
    try:
        yield
    except SymgradError as error:
        width = end_of(node) - start_of(node)
        raise error.at(node.lineno, node.col_offset + 1, None, width) from None


def refuse(node: ast.AST, message: str) -> NoReturn:
    """Refuse what is no part of the language: for the reason that its kind has, or this one."""
    first = next(iter(getattr(node, "decorator_list", [])), node)
    error = ProgramError(REFUSED.get(type(node), message))
    column = getattr(first, "col_offset", None)
    width = max(end_of(first) - start_of(first), 1)
    line = getattr(first, "lineno", None)
    raise error.at(line, None if column is None else column + 1, None, width)


def _check_characters(text: str, declared: bool) -> None:
    """Raises: ProgramError for what is not seen, UnknownNameError for what looks like another
    letter, as 𝐱 does where names are declared, or where there is an x, too."""
    for number, line in enumerate(text.splitlines(), 1):
        code = line.split("#")[0]
        for position, character in enumerate(code, 1):
            if unicodedata.category(character) in ("Cf", "Cc") and character != "\t":
                raise ProgramError(
                    f"an invisible character (U+{ord(character):04X}) is not part of the language",
                    line=number,
                    column=position,
                )
        plain = plain_signs(code)
        alike = [a for a, b in zip(code, plain, strict=True) if a > "𝏿" and a.isalpha()]
        alike = [a for a in alike if declared or plain_signs(a) in code]
        names = "" if is_formula(code) else READ.sub(" ", plain)
        for word in alike + re.findall(r"[^\W\d]\w*", names):
            if unicodedata.normalize("NFKC", word) != word:
                raise UnknownNameError(
                    f"the name {word!r} has characters that look like others; use ASCII",
                    line=number,
                )


def _longest_line(text: str) -> int:
    lines = text.splitlines()
    return max(range(len(lines)), key=lambda k: len(lines[k])) + 1


def words_in(tree: ast.AST) -> set[str]:
    """The names in a syntax tree."""
    return {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}


def source_of(node: ast.AST) -> str:
    """The text of a part of a program, shortened, for a message."""
    try:
        return ast.unparse(node)[:60]
    except RecursionError:
        return "this"
