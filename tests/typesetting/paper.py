"""`python -m tests.typesetting.paper`: how many derivations do not fit their page.

Those of the cases and examples are set by pdflatex in an article of 10 pt, one of 11 pt on A4, and
on slides, at each level; a derivation with a box that is more than 5 pt too wide is counted. Exits
with 1 where that are more than two of a hundred, or where TeX reports an error.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import warnings
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from symgrad.rendering import latex
from symgrad.rendering.document import LEVELS
from tests.typesetting.derivations import cases
from tests.typesetting.pages import documents

CLASSES = {
    "article, 10 pt": r"\documentclass{article}",
    "A4, 11 pt": r"\documentclass[a4paper,11pt]{article}",
    "slides": r"\documentclass{beamer}",
}
PACKAGES = r"\usepackage{amsmath,amssymb}\begin{document}"
ON_PAGES = "{}\n\\clearpage\n"
ON_SLIDES = "\\begin{{frame}}[allowframebreaks]\n{}\n\\end{{frame}}\n"
WIDER = 5.0  # points
ALLOWED = 0.02
FACTS = re.compile(r"^DERIVATION (\d+)|^Overfull \\hbox \((\d+\.\d+)pt|^(! .*)", re.MULTILINE)


def too_wide(fragments: Iterable[str], head: str, folder: Path) -> tuple[dict[int, float], int]:
    """How much too wide the widest box of a fragment is, by its number, and how many errors TeX
    reports."""
    around = ON_SLIDES if "beamer" in head else ON_PAGES
    pages = (
        around.format(rf"\typeout{{DERIVATION {k}}}" + f"\n{fragment}")
        for k, fragment in enumerate(fragments)
    )
    text = f"{head}{PACKAGES}\n{''.join(pages)}\\end{{document}}\n"
    Path(folder, "all.tex").write_text(text, encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-no-shell-escape", "all.tex"]
    subprocess.run(command, cwd=folder, capture_output=True, check=False)
    log = Path(folder, "all.log").read_text(encoding="utf-8", errors="replace")
    found: dict[int, float] = {}
    number, errors = 0, 0
    for begins, points, error in FACTS.findall(log):
        number = int(begins) if begins else number
        errors += bool(error)
        if points and float(points) > WIDER:
            found[number] = max(found.get(number, 0.0), float(points))
    return found, errors


def main() -> int:
    """The exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.typesetting.paper", description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="each how many-th derivation")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    names: dict[str, list[str]] = {level: [] for level in LEVELS}
    fragments: dict[str, list[str]] = {level: [] for level in LEVELS}
    for name, derivation in islice(cases(), 0, None, options.every):
        for level, page in zip(LEVELS, documents(derivation), strict=False):
            names[level].append(name)
            fragments[level].append(latex(page))
    wrong = 0
    with TemporaryDirectory() as folder:
        for level in LEVELS:
            for kind, head in CLASSES.items():
                found, errors = too_wide(fragments[level], head, Path(folder))
                count = len(fragments[level])
                wrong += errors or len(found) > ALLOWED * count
                widest = sorted(found, key=lambda k: -found[k])[:5]
                told = ", ".join(f"{names[level][k]} {found[k]:.0f} pt" for k in widest)
                print(f"{kind}, {level}: {len(found)} of {count}, {errors} errors {told}")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
