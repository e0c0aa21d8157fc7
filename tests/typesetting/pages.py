"""Pages and formulas given to the programs that typeset them: pdflatex, and KaTeX in Node."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

from symgrad.calculus.proofs.lines import KINDS
from symgrad.derivations import Derivation, StepDerivation
from symgrad.errors import SymgradError
from symgrad.language.table import Table
from symgrad.language.tex import latex as tex
from symgrad.numerics.checks.proofs import proofs
from symgrad.rendering import document, latex, step_document
from symgrad.rendering.document import Document
from symgrad.rendering.equations import shape_formula
from symgrad.rendering.latex import aligned, chained, latex_display
from tests.typesetting.read_back import UNCHECKED

HEAD = r"\documentclass{article}\usepackage{amsmath,amssymb}\begin{document}\raggedright"
SCRIPT = """
const katex = require("katex");
let text = "";
process.stdin.on("data", (part) => { text += part; });
process.stdin.on("end", () => {
  for (const [name, formula] of JSON.parse(text)) {
    try {
      katex.renderToString(formula, { displayMode: true, strict: "error", throwOnError: true });
    } catch (error) {
      console.log(name + ": " + error.message + ": " + formula);
    }
  }
});
"""


def documents(derivation: Derivation, full: bool = True) -> Iterator[Document]:
    """What is printed of a derivation, with its proofs of each kind if `full`."""
    if isinstance(derivation, StepDerivation):
        yield from (step_document(derivation.data, UNCHECKED, x) for x in ("result", "steps"))
        return
    yield document(derivation.data, UNCHECKED, "result")
    yield document(derivation.data, UNCHECKED, "steps")
    for kind in KINDS if full else ():
        try:
            found = proofs(derivation.data, kind)
        except SymgradError:
            continue
        yield document(derivation.data, UNCHECKED, "full", found)


def compiled(pages: Iterable[Document], folder: Path) -> str:
    """What pdflatex says of these pages where it fails; nothing where it does not."""
    text = "\n\n\\newpage\n".join(map(latex, pages))
    Path(folder, "all.tex").write_text(f"{HEAD}\n{text}\n\\end{{document}}\n", encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "all.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace")
    return "" if done.returncode == 0 else done.stdout[-1500:]


def formulas(name: str, derivation: Derivation, pages: Iterable[Document]) -> Iterator[list[str]]:
    """Every formula that a browser would show with KaTeX, with where it comes from."""
    for page in pages:
        yield [name, latex_display(page)]
        table: Table = page.table
        for space, _ in page.variables:
            yield [name, tex(space, table)]
        lines = [line for _, part in page.parts for line in part]
        equations = [*page.program, *(line.equation for line in lines), *page.equations]
        for equation in equations:
            yield [name, chained(equation, table)]
            if equation.shape is not None:
                yield [name, tex(shape_formula(equation.shape), table)]
        for line in lines:
            for row in line.why:
                yield [name, chained(row, table)]
        yield [name, "\n".join(aligned(equations, table))]


def katex(found: list[list[str]], folder: Path) -> list[str]:
    """What KaTeX, strict, says of these formulas; it is looked for in a folder's node_modules."""
    command = ["node", "-e", SCRIPT]
    done = subprocess.run(
        command, cwd=folder, input=json.dumps(found), capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()
