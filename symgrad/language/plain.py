"""Formulas on one line of text: a fold of their structure."""

from __future__ import annotations

from symgrad.language import formula as fm
from symgrad.language.glyphs import GLYPHS, plain
from symgrad.language.table import PLAIN, BySymbols, Table

ASCII = {"-": "-", r"\in": "in", r"\times": "x", r"\langle": "<", r"\rangle": ">", r"\to": "->"}


class PlainText(BySymbols):
    """Writes each node as text, in the words of the language; a name is itself."""

    flat = True

    def shown(self, formula: fm.Formula) -> fm.Formula:
        """The node itself, of two forms the one for text."""
        if isinstance(formula, fm.Slope):
            return self.table.slope(formula)
        if not isinstance(formula, fm.Either):
            return formula
        return self.shown(formula.parts[1])

    def fenced(self, written: str) -> str:
        """In round brackets."""
        return f"({written})"

    def sign(self, sign: str) -> str:
        """An operator or a delimiter."""
        return ASCII.get(sign) or GLYPHS.get(sign, sign.strip("\\"))

    def write(self, node: fm.Formula, parts: fm.Parts, written: list[str]) -> str:
        """A node."""
        match node:
            case fm.Words():
                return node.text
            case fm.Symbol():
                return node.text or plain(node.latex)
            case fm.Named():
                return node.name
            case fm.Number():
                return node.digits
            case fm.Listed():
                return node.separator.join(written)
            case fm.Row():
                return " ".join(written)
            case fm.Infix():
                pairs = zip(node.signs, written[1:], strict=True)
                return written[0] + "".join(f" {self.sign(sign)} {part}" for sign, part in pairs)
            case fm.Negative():
                return f"-{written[0]}"
            case fm.Fraction():
                return f"{written[0]}/{written[1]}" if node.small else " / ".join(written)
            case fm.Script():
                scripts = zip(node.at, parts[1:], written[1:], strict=True)
                return written[0] + "".join(
                    f"{at}{self._one(part, script) if at == '_' else script}"
                    for at, part, script in scripts
                )
            case fm.Fence() | fm.Applied():
                left, right = (self.sign(x) for x in (node.left, node.right))
                function, inside = (
                    ("", written) if isinstance(node, fm.Fence) else (written[0], written[1:])
                )
                return f"{function}{left}{', '.join(inside)}{right}"
            case fm.Big():
                return f"sum_{self._one(parts[0], written[0])} {written[1]}"
            case fm.Root():
                return f"sqrt{self.fenced(written[0])}"
            case fm.Accent():
                return f"{written[0]}{GLYPHS.get(node.accent, '')}"
            case fm.Under():
                return written[0]
            case fm.Cases():
                cases = (" if ".join(written[k : k + 2]) for k in range(0, len(written), 2))
                return " else ".join(cases)
            case fm.Grid():
                rows = (f"[{', '.join(row)}]" for row in node.rows(written))
                return f"[{', '.join(rows)}]" if len(written) > node.columns else "".join(rows)
        raise TypeError(f"no text of {node!r}")

    def _one(self, script: fm.Formula, written: str) -> str:
        """A script as one word: x_(i + 1)."""
        several = isinstance(script, fm.Infix) and r"\in" not in script.signs
        return self.fenced(written) if several else written


def plain_text(formula: fm.Formula, table: Table = PLAIN) -> str:
    """A formula on one line of text.

    >>> from symgrad.language.composing import lowered
    >>> plain_text(lowered(fm.Named(name="W"), fm.Symbol(latex="i")))
    'W_i'
    """
    return fm.printed(formula, PlainText(table))
