"""What a page shows, and what stands in it unseen."""

from __future__ import annotations

from xml.etree.ElementTree import Element


def shown(element: Element) -> str:
    """The text that is seen: without the LaTeX that annotates formulas."""
    texts: list[str] = []
    pending: list[Element | str] = [element]
    while pending:
        part = pending.pop()
        if isinstance(part, str):
            texts.append(part)
        elif part.tag != "annotation":
            inside = [piece for child in part for piece in (child, child.tail or "")]
            pending += reversed([part.text or "", *inside])
    return "".join(texts)


def annotations(element: Element) -> list[str]:
    """The LaTeX of each formula."""
    return [found.text or "" for found in element.iter("annotation")]
