"""What is said beside the formulas is said in every language: a missing word is found here."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import symgrad as sg
from symgrad import examples
from symgrad.calculus.conventions import SENTENCES
from symgrad.calculus.layouts import ONLY, OTHER, SCALAR
from symgrad.calculus.passes import PRODUCTS
from symgrad.calculus.proofs.chains import chain
from symgrad.calculus.proofs.proof import proof_of
from symgrad.calculus.proofs.ways import chains_by_rule
from symgrad.calculus.recorded import Applied
from symgrad.language.expressions import OPERATIONS
from symgrad.language.operations.meanings import REWRITES
from symgrad.language.operations.unspecified import FACTS as OF_FUNCTIONS
from symgrad.language.phrases import Phrase
from symgrad.numerics.checks.reports import REMAINDERS
from symgrad.rendering import document, latex, step_document
from symgrad.rendering.document import TITLES
from symgrad.rendering.given import FACTS
from symgrad.rendering.graph.svg import LEGEND
from symgrad.rendering.html.page import ADDED
from symgrad.rendering.outline import ROWS
from symgrad.rendering.words import LANGUAGES, Words, words_of
from tests.derived import of_case, of_example
from tests.test_cases import CASES
from tests.typesetting.read_back import UNCHECKED

OTHERS = [language for language in LANGUAGES if language != "en"]
SOURCES = Path(sg.__file__).parent
PLACES = re.compile(r"\{\d\}")
NAMES = {*OPERATIONS, "is", "not", "here"}


def says_nothing(template: str) -> bool:
    """Whether it has no word: places and signs alone, or an equation between functions."""
    words = {w for w in re.findall(r"[A-Za-z]\w+", PLACES.sub("", template)) if not w[-1].isdigit()}
    equation = " = " in template and words <= OPERATIONS.keys()
    return not words or equation


def templates(text: str) -> Iterator[str]:
    """The templates of a text."""
    if not isinstance(text, Phrase):
        yield text
        return
    yield text.template
    for part in text.parts:
        if isinstance(part, Phrase):
            yield from templates(part)


def literals(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    if isinstance(node, ast.IfExp):
        yield from (*literals(node.body), *literals(node.orelse))


def in_sources() -> Iterator[str]:
    """What is literally written where something is said."""
    for path in SOURCES.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args:
                function = node.func
                name = getattr(function, "id", getattr(function, "attr", ""))
                if name in ("phrase", "words", "as_phrase", "ProofLine"):
                    yield from (t for a in node.args[:3] for t in literals(a))


def in_records() -> Iterator[str]:
    """What records of operations and rules say."""
    for operation in OPERATIONS.values():
        if operation.meaning.__class__.__name__ != "OverSteps":
            identity = getattr(operation.meaning, "identity", "")
            for said in (operation.rule, operation.sentence, identity):
                yield from templates(said)
    for rule in REWRITES:
        yield from templates(Applied("", rule.identity, "").told)


def in_tables() -> Iterator[str]:
    """What the tables of the code say."""
    for table in (TITLES, FACTS, SENTENCES, PRODUCTS, ONLY, OTHER, REMAINDERS, ADDED):
        yield from (t for t in table.values() if t)
    yield from (t.format(what=what) for t in SCALAR.values() for what in ("gradient", "Jacobian"))
    yield from (words for _, words in LEGEND)
    yield from ({*OF_FUNCTIONS} - {"scalar"})
    yield ROWS


@pytest.fixture(scope="module")
def said() -> list[str]:
    every = (*in_sources(), *in_records(), *in_tables())
    return sorted({t for t in every if not says_nothing(t)})


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_of_the_code_has_its_words(language: str, said: list[str]) -> None:
    table = words_of(language).table
    assert [t for t in said if t not in table] == []


@pytest.mark.parametrize("language", OTHERS)
def test_a_template_keeps_its_parts(language: str) -> None:
    for english, said in words_of(language).table.items():
        assert {*PLACES.findall(english)} == {*PLACES.findall(said)}, english
        assert english.count("`") == said.count("`"), english


def test_the_languages_say_the_same_texts() -> None:
    tables = [{*words_of(language).table} for language in OTHERS]
    assert all(table == tables[0] for table in tables)


@pytest.fixture
def missing(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The templates without words that are printed from here on."""
    found: set[str] = set()
    known = [words_of(language).table for language in OTHERS]

    def word(self: Words, template: str) -> str:
        if not says_nothing(template) and not all(template in table for table in known):
            found.add(template)
        return template

    monkeypatch.setattr(Words, "word", word)
    return found


def printed(derivation: sg.Derivation, level: str = "steps", **more: Any) -> None:
    data = derivation.data
    stepwise = derivation.problem.loop is not None
    page = step_document if stepwise else document
    doc: Any = page(data, UNCHECKED, level, **more)  # type: ignore[operator]
    latex(doc)


EXPECTED = {UNCHECKED.sentence, "rows", "columns", *(f"axis {k}" for k in range(4))}


def test_every_page_of_the_cases_is_in_words(missing: set[str]) -> None:
    for case in CASES[2::3]:
        printed(of_case(case))
    for name in examples.names():
        printed(of_example(name))
    assert missing - EXPECTED == set()


@pytest.mark.parametrize("case", CASES[5::25], ids=lambda case: str(case["id"]))
def test_every_proof_is_in_words(case: dict[str, Any], missing: set[str]) -> None:
    derivation = of_case(case)
    for kind in ("index", "differential"):
        found = {s.number: proof_of(derivation.data, s, kind) for s in derivation.steps}
        printed(derivation, "full", proofs={n: p for n, p in found.items() if p is not None})
    if derivation.data.kind == "gradient":
        chains = {n: (chain(derivation.data, n),) for n in derivation.wrt}
        printed(derivation, "full", chains=chains)
        printed(derivation, "full", chains=chains_by_rule(derivation.data))
    assert missing - EXPECTED == set()
