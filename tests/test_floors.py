"""Imports run downwards only, never in a circle, and nothing runs text as code.

Every file of symgrad/ and cli/ is read with ast, so that imports inside functions count too.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FLOORS = {
    "symgrad.errors": 0,
    "symgrad.files": 0,
    "symgrad.data": 1,
    "symgrad.language": 1,
    "symgrad.examples": 2,
    "symgrad.models": 2,
    "symgrad.calculus": 2,
    "symgrad.rendering": 3,
    "symgrad.numerics": 3,
    "symgrad.grading": 4,
    "symgrad.training": 4,
    "symgrad.estimators": 5,
    "symgrad": 5,
    "symgrad.web": 6,
    "symgrad_cli": 7,
}
UNSAFE = {"eval", "exec", "sympify", "parse_expr", "S"}
UNPICKLE = {"pickle.load", "pickle.loads", "pickle.Unpickler"}
Sources = dict[str, str]


def read_sources(root: Path) -> Sources:
    """{module: text} of everything that is installed."""
    sources = {}
    for folder, package in (("symgrad", "symgrad"), ("cli", "symgrad_cli")):
        for path in sorted((root / folder).rglob("*.py")):
            parts = [package, *path.relative_to(root / folder).with_suffix("").parts]
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            sources[name] = path.read_text(encoding="utf-8")
    return sources


def part(module: str) -> str:
    """The part of the house in which a module lies; symgrad.api lies with symgrad itself."""
    head = ".".join(module.split(".")[:2])
    return head if head in FLOORS else module.split(".")[0]


def imports(module: str, sources: Sources) -> list[tuple[int, str]]:
    """(line, module of ours) of every import in the module, wherever it stands."""
    package = (
        module if any(m.startswith(module + ".") for m in sources) else module.rpartition(".")[0]
    )
    found = []
    for node in ast.walk(ast.parse(sources[module])):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join(above + ([node.module] if node.module else []))
            for alias in node.names:
                inner = f"{base}.{alias.name}"
                found.append((node.lineno, inner if inner in sources else base))
    return [
        (line, name) for line, name in found if name.split(".")[0] in ("symgrad", "symgrad_cli")
    ]


def upward(sources: Sources) -> list[str]:
    """What imports from its own floor or from above, other than from its own part."""
    return [
        f"{module}, line {line}: imports {target}, which is not below it"
        for module in sources
        for line, target in imports(module, sources)
        if part(module) != part(target) and FLOORS[part(target)] >= FLOORS[part(module)]
    ]


def run_by(module: str, sources: Sources) -> set[str]:
    """What the module's imports run: what they name, and the packages that it lies in, but for
    those of the module itself, which run already."""
    found = set()
    for _, name in imports(module, sources):
        parts = name.split(".")
        packages = {".".join(parts[:k]) for k in range(1, len(parts))}
        found |= {name, *(p for p in packages if not f"{module}.".startswith(f"{p}."))}
    return found


def cycles(sources: Sources) -> list[str]:
    """The modules that can be reached from themselves."""
    direct = {module: run_by(module, sources) for module in sources}
    reached = {module: set(names) for module, names in direct.items()}
    for middle in sources:  # Warshall's closure
        for names in reached.values():
            if middle in names:
                names |= reached[middle]
    return [
        f"{module} imports itself in a circle" for module in sources if module in reached[module]
    ]


def unsafe(sources: Sources) -> list[str]:
    """Calls that run text as code, or load what may run code; only numerics runs what it wrote."""
    found = []
    for module, text in sources.items():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call):
                name = ast.unparse(node.func)
                generated = name == "exec" and part(module) == "symgrad.numerics"
                if (name.split(".")[-1] in UNSAFE and not generated) or name in UNPICKLE:
                    found.append(f"{module}, line {node.lineno}: calls {name}")
            elif isinstance(node, ast.ImportFrom) and node.module == "pickle":
                found.append(f"{module}, line {node.lineno}: import pickle, not its names")
    return found


@pytest.fixture(scope="module")
def sources() -> Sources:
    return read_sources(ROOT)


def test_no_import_runs_upwards(sources: Sources) -> None:
    assert upward(sources) == []


def test_no_import_runs_in_a_circle(sources: Sources) -> None:
    assert cycles(sources) == []


def test_nothing_runs_text_as_code(sources: Sources) -> None:
    assert unsafe(sources) == []


def test_every_file_is_read(sources: Sources) -> None:
    assert {"symgrad.errors", "symgrad.language", "symgrad_cli"} <= set(sources)


PLANTED_IMPORTS = [
    ("symgrad.errors", "import symgrad.language.shapes"),
    ("symgrad.language.shapes", "from symgrad.calculus import chain"),
    ("symgrad.language.shapes", "from symgrad import parse"),
    ("symgrad.language.shapes", "from ..calculus import chain"),
    ("symgrad.language.shapes", "def late():\n    from symgrad.training import fit"),
    ("symgrad.rendering.text", "from symgrad.numerics.source.numpy import code"),
    ("symgrad.numerics.source.numpy", "import symgrad.rendering"),
    ("symgrad.training.fit", "import symgrad_cli"),
    ("symgrad.api", "from symgrad_cli import main"),
]


@pytest.mark.parametrize(("module", "text"), PLANTED_IMPORTS)
def test_a_planted_upward_import_is_found(module: str, text: str) -> None:
    assert len(upward({module: text})) == 1


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("symgrad.language.shapes", "from symgrad.errors import ShapeError"),
        ("symgrad.training.fit", "from symgrad.numerics import code"),
        ("symgrad.language.shapes", "from .names import check"),
        ("symgrad", "from symgrad.api import parse"),
        ("symgrad_cli.derive", "import symgrad as sg"),
        ("symgrad.errors", "import ast, numpy"),
    ],
)
def test_a_downward_import_is_none(module: str, text: str) -> None:
    assert upward({module: text}) == []


def test_a_circle_through_a_package_is_found() -> None:
    planted = {
        "symgrad.language": "",
        "symgrad.language.a": "from symgrad.language.within.b import name",
        "symgrad.language.within": "from symgrad.language.within.c import other",
        "symgrad.language.within.b": "",
        "symgrad.language.within.c": "from symgrad.language.a import name",
    }
    assert [line.split()[0] for line in cycles(planted)] == [
        "symgrad.language.a",
        "symgrad.language.within",
        "symgrad.language.within.c",
    ]


def test_a_planted_circle_is_found() -> None:
    planted = {
        "symgrad.language": "",
        "symgrad.language.a": "from symgrad.language import b",
        "symgrad.language.b": "def late():\n    from . import c",
        "symgrad.language.c": "from symgrad.language.a import name",
        "symgrad.language.d": "from symgrad.language.a import name",
    }
    assert [line.split()[0] for line in cycles(planted)] == [
        "symgrad.language.a",
        "symgrad.language.b",
        "symgrad.language.c",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "eval('1')",
        "exec('1')",
        "sympy.sympify('x')",
        "from sympy import S\nS('x')",
        "parse_expr('x')",
        "pickle.load(file)",
        "from pickle import load",
    ],
)
def test_a_planted_unsafe_call_is_found(text: str) -> None:
    assert len(unsafe({"symgrad.language.text": text})) == 1
