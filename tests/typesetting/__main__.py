"""`python -m tests.typesetting`: all that is printed of cases, examples, operations and random
programs is read back, compiled by pdflatex, and parsed by KaTeX (strict).

KaTeX is used where a folder is given in whose node_modules it is (`npm install katex`), pdflatex
where it is installed. Exits with 1 where anything is wrong.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import warnings
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

import symgrad as sg
from symgrad.derivations import StepDerivation
from symgrad.errors import SymgradError, VerificationError
from symgrad.rendering.document import Document
from tests.recurrences import PROGRAMS
from tests.typesetting import pages
from tests.typesetting.derivations import cases, randoms, surrounded
from tests.typesetting.proofs import misread_proofs
from tests.typesetting.read_back import misread
from tests.typesetting.steps import misread_steps

PARTS = ("cases", "surrounded", "random", "steps")


def main() -> int:
    """The exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.typesetting", description=__doc__)
    parser.add_argument("--random", type=int, default=500, help="how many random programs")
    parser.add_argument("--only", choices=PARTS, help="one part of what is printed")
    parser.add_argument("--katex", type=Path, help="the folder with node_modules/katex")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    wrong = 0
    every: list[Document] = []
    formulas: list[list[str]] = []
    parts = {
        "cases": cases(),
        "surrounded": surrounded(),
        "random": randoms(range(options.random)),
        "steps": ((name, sg.derive(text)) for name, text in PROGRAMS.items()),
    }
    chosen = parts if options.only is None else {options.only: parts[options.only]}
    for name, derivation in chain.from_iterable(chosen.values()):
        try:
            found = [*_misread(derivation)]
        except VerificationError:  # defined at no random numbers
            continue
        except (SymgradError, ValueError) as error:
            print(f"not derived: {name}: {error}", flush=True)
            wrong += 1
            continue
        for line in found:
            print(f"not read back: {name}: {line}", flush=True)
        wrong += len(found)
        own = [*pages.documents(derivation)]
        every += own
        formulas += pages.formulas(name, derivation, own)
    if shutil.which("pdflatex"):
        with TemporaryDirectory() as folder:
            said = pages.compiled(every, Path(folder))
        print(said or f"pdflatex: {len(every)} pages compile")
        wrong += bool(said)
    if options.katex is not None:
        refused = pages.katex(formulas, options.katex)
        print(*refused, sep="\n")
        print(f"KaTeX: {len(formulas) - len(refused)} of {len(formulas)} formulas")
        wrong += len(refused)
    return 1 if wrong else 0


def _misread(derivation: sg.Derivation) -> Iterator[str]:
    if isinstance(derivation, StepDerivation):
        yield from misread_steps(derivation.data)
        return
    yield from misread(derivation)
    yield from () if derivation.data.seeds else misread_proofs(derivation)


if __name__ == "__main__":
    sys.exit(main())
