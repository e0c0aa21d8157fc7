"""Python's syntax tree of a program, and clear messages for what is none; nothing is executed."""

from __future__ import annotations

import ast
import keyword
import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from symgrad.errors import ProgramError, SymgradError, UnknownNameError
from symgrad.language.names import check_name

LONGEST_TEXT = 64 * 1024  # characters
REFUSED = {
    ast.BitXor: "^ is no power; write **",
    ast.Mod: "% is not part of the language",
    ast.FloorDiv: "// is not part of the language; write /",
    ast.Import: "import is not part of the language",
    ast.ImportFrom: "from ... import is not part of the language",
    ast.FunctionDef: "def and decorators (@) are not part of the language",
    ast.AugAssign: "+= and its kin are not part of the language; assign a new name",
    ast.Lambda: "lambda is not part of the language",
    ast.IfExp: "if ... else (a condition) is not part of the language",
    ast.If: "if is not part of the language",
    ast.NamedExpr: ":= (an assignment inside an expression) is not part of the language",
    ast.Yield: "yield is not part of the language",
    ast.Await: "await is not part of the language",
    ast.JoinedStr: "f-strings are not part of the language",
    ast.Compare: "comparisons (==, <) are not part of the language; to assign write =",
    ast.BoolOp: "and, or are not part of the language",
    ast.UnaryOp: "not and ~ are not part of the language",
    ast.ListComp: "comprehensions are not part of the language",
    ast.SetComp: "comprehensions are not part of the language",
    ast.DictComp: "comprehensions are not part of the language",
    ast.GeneratorExp: "a generator (for ... in) stands only inside sum(...) or mean(...)",
    ast.Starred: "* before an argument is not part of the language",
    ast.Slice: "slices are not part of the language",
    ast.List: "lists are not part of the language; declare a Vector or Matrix",
    ast.Tuple: "tuples are not part of the language",
    ast.Dict: "dictionaries are not part of the language",
}


def syntax_tree(text: str) -> ast.Module:
    """Python's syntax tree of the text, its columns in characters; or a ProgramError with the
    place."""
    if len(text) > LONGEST_TEXT:
        raise ProgramError(
            f"the program is too long: {len(text)} characters (limit {LONGEST_TEXT})"
        )
    _check_characters(text)
    try:
        return _in_characters(ast.parse(text), text)
    except SyntaxError as error:
        line = error.lineno or 1
        raise ProgramError(_syntax_message(error, text), line=line, column=error.offset) from None
    except (RecursionError, MemoryError):
        raise ProgramError(
            "nested too deeply; give intermediate results names", line=_longest_line(text)
        ) from None
    except ValueError as error:
        raise ProgramError(f"no program: {error}", line=_longest_line(text)) from None


def _in_characters(tree: ast.Module, text: str) -> ast.Module:
    """The tree with its columns counted in characters, where Python counts bytes."""
    if not text.isascii():
        lines = [line.encode() for line in re.split(r"\r\n?|\n", text)]
        for node in ast.walk(tree):
            if isinstance(node, ast.expr | ast.stmt):
                node.col_offset = len(lines[node.lineno - 1][: node.col_offset].decode())
    return tree


@contextmanager
def errors_at(node: ast.expr | ast.stmt, columns: bool = True) -> Iterator[None]:
    """Errors on the way have the place of this node, unless they have one already."""
    try:
        yield
    except SymgradError as error:
        raise error.at(node.lineno, node.col_offset + 1 if columns else None, None) from None


def refuse(node: ast.AST, message: str) -> NoReturn:
    """Refuse what is no part of the language: for the reason that its kind has, or this one."""
    first = next(iter(getattr(node, "decorator_list", [])), node)
    error = ProgramError(REFUSED.get(type(node), message))
    raise error.at(getattr(first, "lineno", None), None, None)


def _check_characters(text: str) -> None:
    for number, line in enumerate(text.splitlines(), 1):
        code = line.split("#")[0]
        declared = re.match(r"\s*(\w+)\s*:", code)
        if declared and keyword.iskeyword(declared[1]):
            raise _name_error(declared[1]).at(number, None, None)
        for position, character in enumerate(code, 1):
            if unicodedata.category(character) in ("Cf", "Cc") and character != "\t":
                raise ProgramError(
                    f"an invisible character (U+{ord(character):04X}) is not part of the language",
                    line=number,
                    column=position,
                )
        for word in re.findall(r"[^\W\d]\w*", code):
            if unicodedata.normalize("NFKC", word) != word:
                raise UnknownNameError(
                    f"the name {word!r} has characters that look like others; use ASCII",
                    line=number,
                )


def _syntax_message(error: SyntaxError, text: str) -> str:
    lines = text.splitlines()
    line = lines[error.lineno - 1] if error.lineno and error.lineno <= len(lines) else ""
    declared = re.match(r"\s*([^:=]*?)\s*:(?!=)", line)
    if declared and not re.fullmatch(r"[^\W\d]\w*", declared[1]):
        return f"syntax: {declared[1]!r} is no valid name: a letter, then letters, digits or _"
    if re.search(r"\w'", line):
        return "syntax: ' is no transpose; write .T"
    if re.search(r"\.[*/^]", line):
        return "syntax: .* and its kin are MATLAB's; write * (elementwise)"
    if re.search(r"(?<![\w.])\d+\.?\d*\s+[A-Za-z(]|(?<![\w.])\d+[A-Za-z]", line):
        return f"syntax: an operator is missing after a number, such as * in: {line.strip()}"
    return f"syntax: {error.msg}: {line.strip()[:80]}"


def _name_error(name: str) -> SymgradError:
    try:
        check_name(name)
    except SymgradError as error:
        return error
    return ProgramError(f"syntax: {name}")


def _longest_line(text: str) -> int:
    lines = text.splitlines()
    return max(range(len(lines)), key=lambda k: len(lines[k])) + 1


def source_of(node: ast.AST) -> str:
    """The text of a part of a program, shortened, for a message."""
    try:
        return ast.unparse(node)[:60]
    except RecursionError:
        return "this"
