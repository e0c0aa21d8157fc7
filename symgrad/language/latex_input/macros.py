r"""What a text defines for itself, written out: \newcommand, \def, \DeclareMathOperator."""

from __future__ import annotations

import re
from dataclasses import dataclass

from symgrad.errors import ProgramError

MOST = 64 * 1024  # characters of what is written out
MOST_USES = 5000
DEFINES = re.compile(
    r"\\(?P<how>(?:re|provide)?newcommand|providecommand|DeclareMathOperator|def)\b\*?\s*"
    r"(?:\{\s*\\(?P<braced>[A-Za-z]+)\s*\}|\\(?P<bare>[A-Za-z]+))\s*"
    r"(?:\[(?P<count>\d)\]|(?P<signs>(?:#\d)+))?\s*(?=\{)"
)
COMMAND = re.compile(r"\\([A-Za-z]+)")


@dataclass(frozen=True)
class Macro:
    """What stands for a command, with #1 and so on for its arguments."""

    body: str
    count: int

    def with_arguments(self, arguments: list[str]) -> str:
        """The body with these arguments, each behind a space where letters of a command end."""

        def argument(found: re.Match[str]) -> str:
            command = f"{found[1]} " if found[1] else ""
            return command + arguments[int(found[2]) - 1]

        return re.sub(r"(\\[A-Za-z]+)?#(\d)", argument, self.body)


def written_out(text: str) -> str:
    r"""A text with what its macros stand for, and spaces for their definitions.

    >>> written_out(r"\newcommand{\sq}[1]{\|#1\|^2} \DeclareMathOperator{\Tr}{Tr} \sq x").strip()
    '\\|x\\|^2'

    Raises: ProgramError for a macro that stands for itself, or without its arguments."""
    macros: dict[str, Macro] = {}
    while (found := DEFINES.search(text)) is not None:
        body, end = group(text, found.end())
        if found["how"] == "DeclareMathOperator":
            body = rf"\operatorname{{{body}}}"
        count = int(found["count"] or len(found["signs"] or "") // 2)
        if any(int(k) not in range(1, count + 1) for k in re.findall(r"#(\d)", body)):
            raise ProgramError("a macro has no such argument", column=found.start() + 1)
        macros[found["braced"] or found["bare"]] = Macro(body, count)
        text = text[: found.start()] + " " * (end - found.start()) + text[end:]
    at = uses = 0
    while macros and (use := COMMAND.search(text, at)) is not None:
        macro, at = macros.get(use[1]), use.end()
        if macro is None:
            continue
        arguments = []
        for _ in range(macro.count):
            argument, at = group(text, at)
            arguments.append(argument)
        body, rest = macro.with_arguments(arguments), text[at:]
        if rest[:1].isalpha() and re.search(r"\\[A-Za-z]+$", body):
            body += " "
        text, at, uses = text[: use.start()] + body + rest, use.start(), uses + 1
        if uses > MOST_USES or len(text) > MOST:
            raise ProgramError(rf"\{use[1]} stands for itself", column=use.start() + 1)
    return text


def group(text: str, at: int) -> tuple[str, int]:
    """What stands in braces (or the one character there) from a place on, and where it ends."""
    while at < len(text) and text[at].isspace():
        at += 1
    if at < len(text) and text[at] != "{":
        return text[at], at + 1
    depth, begin = 0, at + 1
    for k in range(at, len(text)):
        depth += {"{": 1, "}": -1}.get(text[k], 0) if text[k - 1] != "\\" else 0
        if depth == 0:
            return text[begin:k], k + 1
    raise ProgramError("a brace { is not closed", column=at + 1)
