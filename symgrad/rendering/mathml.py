r"""Formulas in presentation MathML: a fold of their structure."""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from symgrad.language import formula as fm
from symgrad.language.glyphs import GLYPHS, lettered, plain
from symgrad.language.table import PLAIN, BySymbols, Table
from symgrad.language.tex import DOT, latex, separator

Child = Element | str
TALL = ("mfrac", "msqrt", "munder", "mtable")
STRETCHED = "\u2015"  # the bar that fonts draw over a word
NORMAL = {"mathvariant": "normal"}  # upright, where a single letter would be italic


@dataclass(frozen=True)
class MathML(BySymbols):
    """Writes each node as an element, by a table of symbols; that of a name tells the name."""

    names: dict[int, str] = field(default_factory=dict)  # of the symbols, by their id

    def shown(self, formula: fm.Formula) -> fm.Formula:
        """The symbol of a name."""
        symbol = super().shown(formula)
        if isinstance(formula, fm.Named):
            self.names[id(symbol)] = formula.name
        return symbol

    def fenced(self, written: Element) -> Element:
        """In round brackets."""
        return fence("(", [written], ")")

    def write(self, node: fm.Formula, parts: fm.Parts, written: list[Element]) -> Element:
        """A node."""
        element = self._element(node, parts, written)
        if id(node) in self.names:
            element.set("data-name", self.names[id(node)])
        return element

    def _element(self, node: fm.Formula, parts: fm.Parts, written: list[Element]) -> Element:
        match node:
            case fm.Symbol():
                return symbol(node.latex.strip())
            case fm.Number():
                return made("mn", node.digits)
            case fm.Words():
                return made("mtext", node.text)
            case fm.Listed():
                return made("mrow", *separated(written, node.separator))
            case fm.Row():
                return made("mrow", *_row(node, parts, written))
            case fm.Infix():
                return made("mrow", *_infix(node.signs, written))
            case fm.Negative():
                return made("mrow", operator("-", "prefix"), *written)
            case fm.Fraction():
                whole = made("mfrac", *written)
                return made("mstyle", whole, displaystyle="false") if node.small else whole
            case fm.Script():
                return _script(node.at, *written)
            case fm.Fence():
                return fence(node.left, written, node.right)
            case fm.Applied():
                inside = separated(written[1:], ", ")
                return made("mrow", written[0], fence(node.left, inside, node.right))
            case fm.Big():
                sign = made("munder", operator(node.sign), written[0])
                return made("mrow", sign, written[1])
            case fm.Root():
                return made("msqrt", *written)
            case fm.Accent():
                wide = node.accent == r"\overline"
                bar = STRETCHED if wide else GLYPHS[node.accent]
                accent = made("mo", bar, stretchy=str(wide).lower())
                return made("mover", *written, accent, accent="true")
            case fm.Under():
                return _under(written[0], written[1], node.brace)
            case fm.Cases():
                return _cases(written)
            case fm.Grid():
                rows = [made("mtr", *(made("mtd", x) for x in row)) for row in node.rows(written)]
                return fence("(", [made("mtable", *rows)], ")")
        raise TypeError(f"no MathML of {node!r}")


def mathml(formula: fm.Formula, table: Table = PLAIN) -> Element:
    r"""A formula as one <math> element, in display style; its LaTeX is the annotation.

    >>> from xml.etree.ElementTree import tostring
    >>> (semantics,) = mathml(fm.Number(digits="2"))
    >>> [tostring(element, encoding="unicode") for element in semantics]
    ['<mn>2</mn>', '<annotation encoding="application/x-tex">2</annotation>']
    """
    return annotated(element_of(formula, table), latex(formula, table))


def element_of(formula: fm.Formula, table: Table = PLAIN) -> Element:
    """What stands in it."""
    return fm.printed(formula, MathML(table))


def annotated(element: Element, tex: str) -> Element:
    """An element with its LaTeX."""
    annotation = made("annotation", tex, encoding="application/x-tex")
    return made("math", made("semantics", element, annotation), displaystyle="true")


def made(tag: str, *children: Child, **attributes: str) -> Element:
    """An element with text and elements in it, in their order."""
    element = Element(tag, attributes)
    last: Element | None = None
    for child in children:
        if isinstance(child, Element):
            element.append(child)
            last = child
        elif last is None:
            element.text = (element.text or "") + child
        else:
            last.tail = (last.tail or "") + child
    return element


def operator(sign: str, form: str = "") -> Element:
    """A sign, before what it is of (prefix) or between two (infix)."""
    return made("mo", GLYPHS.get(sign, sign), **({"form": form} if form else {}))


def symbol(latex: str) -> Element:
    r"""A sign by its LaTeX, whatever stands there: a letter, a command, a word with a script."""
    for place, tag in (("_", "msub"), ("^", "msup")):
        base, found, script = latex.partition(place)
        if found and not base.endswith("\\") and base.count("{") == base.count("}"):
            return made(tag, symbol(base), symbol(script.removeprefix("{").removesuffix("}")))
    font, _, word = latex.partition("{")
    if letters := lettered(font, plain(word)):
        return made("mi", letters, **NORMAL)
    text = plain(latex)
    upright = font != latex or text in "⊤∇…" or (text.isupper() and not text.isascii())
    upright = upright and len(text) == 1
    return made("mi", text, **(NORMAL if upright else {}))


def fence(left: str, inside: list[Element], right: str) -> Element:
    """Elements between delimiters, which are large around what is tall."""
    tall = any(part.tag in TALL for element in inside for part in element.iter())
    sides = [
        made("mo", GLYPHS.get(side, side.strip("\\")), form=form, stretchy=str(tall).lower())
        for side, form in ((left, "prefix"), (right, "postfix"))
    ]
    return made("mrow", sides[0], *inside, sides[1])


def separated(elements: list[Element], separator: str) -> list[Element]:
    """Elements with a comma or a space between each two, or one after the other."""
    if not separator.strip():
        return elements
    comma = made("mo", ",") if "\\" not in separator else made("mspace", width="0.167em")
    pairs = [[comma, element] for element in elements]
    return [element for pair in pairs for element in pair][1:]


def _row(row: fm.Row, parts: fm.Parts, written: list[Element]) -> Iterable[Element]:
    """Factors with a dot between numbers, and space around words."""
    yield written[0]
    for left, right, element in zip(parts, parts[1:], written[1:], strict=False):
        between = separator(row, left, right)
        if between == DOT:
            yield operator(r"\cdot", "infix")
        elif between.strip() or isinstance(right, fm.Applied) or _is_function(left):
            yield made("mspace", width="0.167em")
        yield element


def _is_function(formula: fm.Formula) -> bool:
    return isinstance(formula, fm.Symbol) and len(plain(formula.latex)) > 1


def _infix(signs: tuple[str, ...], written: list[Element]) -> Iterable[Element]:
    yield written[0]
    for sign, element in zip(signs, written[1:], strict=True):
        yield operator(sign, "infix")
        yield element


def _script(at: str, base: Element, *scripts: Element) -> Element:
    """The base with its scripts, set tight; what is raised stands above what is lowered."""
    tight = [deepcopy(script) for script in scripts]
    for sign in (sign for script in tight for sign in script.iter("mo") if sign.text != ","):
        sign.attrib |= {"lspace": "0", "rspace": "0"}
    if at == "^" and base.tag == "msub":
        return made("msubsup", *base, *tight, **base.attrib)
    return made({"_": "msub", "^": "msup"}.get(at, "msubsup"), base, *tight)


def _under(base: Element, shape: Element, brace: bool) -> Element:
    """What a formula is below it."""
    braced = made("munder", base, made("mo", "\u23df", stretchy="true")) if brace else base
    return made("munder", braced, shape)


def _cases(written: list[Element]) -> Element:
    cells = [*written, made("mtext", "else")][: len(written) + len(written) % 2]
    pairs = [cells[k : k + 2] for k in range(0, len(cells), 2)]
    rows = [made("mtr", *(made("mtd", cell) for cell in pair)) for pair in pairs]
    return made("mrow", made("mo", "{", form="prefix"), made("mtable", *rows, columnalign="left"))
