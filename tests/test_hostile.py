"""Names, comments and options that mean something elsewhere: in every output they are text.

Each output is read back by a parser of its format, and has in it what a harmless program's has:
the same elements and attributes, the same commands of TeX, no HTML in Markdown.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest
import sympy

import symgrad as sg
from symgrad.language.tex import escaped

REFUSED = """\
<script>alert(1)</script>| </script><script>alert(1)</script>| </style><img src=x onerror=alert(1)>
"><svg onload=alert(1)>| ' onmouseover='alert(1)| javascript:alert(1)| &lt;b&gt;| &#x3c;b&#x3e;
]]>| <!--| --></pre></code><b>| <![CDATA[| <?php| \\input{/etc/passwd}| \\write18{id}| \\end{align*}
$$| $x$| %| \\| {| }{| #1| ~| ^^41| \\csname end\\endcsname| `id`| [x](javascript:alert(1))
![x](http://e.x/y)| <http://e.x>| **x**| "; v9 [label=b]; "| \\N| a -> b| ${x}| {{7*7}}| %s%n
../../etc/passwd| x;y| x/y| =cmd()| 0x| -x| x\u202ey| \u2066x\u2069| \u200bx| x\x1b[31my| \ufeffx
__proto__| def| \ufb01"""
HOSTILE = [name for line in REFUSED.splitlines() for name in line.split("| ")]
ODD = ["constructor", "end", "input", "node", "graph", "strict", "NaN", "null", "script", "onload"]
LONG = ["x" * 500, "W_" + "1" * 400, "a_" * 200 + "b", "\u03a9"]
PLAIN = "x: Vector(n)\nphi: Function\nloss = norm2(phi(x))**2 + sum(x * x)"


@cache
def derivations() -> list[sg.Derivation]:
    """Of programs with hostile comments, and with names that are valid and odd."""
    comments = "".join(f"# {text}\n" for text in HOSTILE)
    odd = [*ODD, *LONG]
    declared = "".join(f"{name}: Vector(n{k})\n" for k, name in enumerate(odd))
    loss = "loss = " + " + ".join(f"norm2({name})**2 + sum(relu({name}))" for name in odd)
    steps = (
        "eval[0] = zeros(n)\nfor t in range(1, T + 1):\n    eval[t] = tanh(eval[t - 1] + node)\n"
    )
    return [
        sg.derive(comments + PLAIN, ["x"]),
        sg.derive(declared + loss),
        sg.derive("node: Vector(n)\n" + steps + "loss = norm2(eval[T])**2"),
        sg.derive("html: Function\nbody: Vector(n)\nloss = sum(html(body))"),
        sg.derive(
            "src: Vector(d)\nonerror: Vector(d)\nloss = mean(dot(src, onerror) for src in img)"
        ),
    ]


@cache
def harmless() -> list[sg.Derivation]:
    """Programs of the same kinds."""
    steps = "h[0] = zeros(n)\nfor t in range(1, T + 1):\n    h[t] = tanh(h[t - 1] + A_1)\n"
    named = (
        "alpha: Scalar\nword: Vector(n)\nOmega: Vector(d)\nA_hat: Vector(n)\nW_in_1: Vector(n)\n"
    )
    loss = "loss = alpha + sum(relu(word)) + norm2(word)**2 + norm2(Omega)**2 + sum(A_hat * W_in_1)"
    return [
        sg.derive("# a comment\n" + PLAIN, ["x"]),
        sg.derive(named + loss),
        sg.derive("A_1: Vector(n)\n" + steps + "loss = norm2(h[T])**2"),
        sg.derive("word: Function\nb: Vector(n)\nloss = sum(word(b))"),
        sg.derive("x: Vector(d)\nw: Vector(d)\nloss = mean(dot(x, w) for x in word)"),
    ]


@cache
def outputs(form: str) -> list[str]:
    return [_output(derived, form) for derived in derivations()]


@cache
def known(form: str) -> list[str]:
    return [_output(derived, form) for derived in harmless()]


def _output(derived: sg.Derivation, form: str) -> str:
    if form in ("svg", "dot", "tikz"):
        return derived.graph(form)
    if form == "json":
        return derived.json()
    text: str = getattr(derived, form)("full" if len(derived.steps) < 9 else "steps")
    return text


# what is refused

PLACES: dict[str, Callable[[str], object]] = {
    "name": lambda x: sg.parse(f"{x}: Vector(n)\nloss = norm2({x})**2"),
    "dimension": lambda x: sg.parse(f"x: Vector({x})\nloss = norm2(x)**2"),
    "function": lambda x: sg.parse(f"{x}: Function\nz: Vector(n)\nloss = sum({x}(z))"),
    "batch": lambda x: sg.parse(f"z: Vector(n)\nloss = sum(sum(z) for z in {x})"),
    "definition": lambda x: sg.parse(f"z: Scalar\n{x} = z\nloss = {x}**2"),
    "spec": lambda x: sg.parse(f"A: Matrix(n, n)\nloss = sum(einsum({x!r}, A))"),
    "symbol": lambda x: sg.derive(sympy.Symbol(x) ** 2, [sympy.Symbol(x)]),
    "matrix": lambda x: sg.derive(sympy.trace(sympy.MatrixSymbol(x, 3, 3)), [x]),
    "wrt": lambda x: sg.derive(PLAIN, [x]),
    "level": lambda x: harmless()[0].text(x),
    "reason": lambda x: harmless()[0].text("full", why=x),
    "format": lambda x: harmless()[3].graph(x),
    "style": lambda x: sg.Style(notation=x),
    "language": lambda x: sg.Style(language=x),
    "layout": lambda x: sg.derive(PLAIN, ["x"], layout=x),
    "method": lambda x: sg.derive(PLAIN, ["x"], method=x),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_hostile_name_or_option_is_refused_and_its_message_is_text(place: str) -> None:
    for text in HOSTILE:
        if place == "batch" and text.isidentifier():
            continue  # any word names a batch
        with pytest.raises(sg.SymgradError) as caught:
            PLACES[place](text)
        said = f"{caught.value}\n{caught.value.excerpt}"
        assert not commands(said), (place, text, said)


def commands(text: str) -> list[str]:
    """Characters that command a terminal, or turn the direction of what is written."""
    return [c for c in text if c not in "\n\t" and unicodedata.category(c) in ("Cc", "Cf")]


# what is printed


class Tags(HTMLParser):
    """The elements and attributes of a page as a browser reads it."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: set[tuple[str, str]] = set()
        self.texts: dict[str, list[str]] = {"script": [], "style": [], "code": []}
        self.inside = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found |= {(tag, name) for name, _ in attrs} | {(tag, "")}
        self.inside = tag
        if tag in self.texts:
            self.texts[tag].append("")

    def handle_endtag(self, tag: str) -> None:
        self.inside = ""

    def handle_data(self, data: str) -> None:
        if self.inside in self.texts:
            self.texts[self.inside][-1] += data

    def handle_comment(self, data: str) -> None:
        self.found.add(("comment", data))

    def handle_pi(self, data: str) -> None:
        self.found.add(("instruction", data))


def test_html_has_the_elements_of_a_harmless_page() -> None:
    allowed = set().union(*(Tags(page).found for page in known("html")))
    (one,) = {tuple(Tags(page).texts["script"]) for page in known("html")}
    for page in outputs("html"):
        tags = Tags(page)
        assert tags.found <= allowed, tags.found - allowed
        assert tuple(tags.texts["script"]) == one
        assert not commands(page)
        fromstring(page)
    typed = Tags(outputs("html")[0]).texts["code"][0]
    assert all(f"# {text}" in typed for text in HOSTILE if not commands(text))


def test_svg_has_the_elements_of_a_harmless_picture() -> None:
    def inside(text: str) -> set[tuple[str, str]]:
        return {(e.tag, key) for e in fromstring(text).iter() for key in (*e.attrib, "")}

    allowed = set().union(*map(inside, known("svg")))
    for text in outputs("svg"):
        assert inside(text) <= allowed
        assert not commands(text)


def test_dot_has_no_word_of_a_user_outside_of_its_strings() -> None:
    string = re.compile(r'"(?:[^"\\]|\\.)*"')
    allowed = set(re.findall(r"[a-z]\w+", " ".join(string.sub("", text) for text in known("dot"))))
    for text in outputs("dot"):
        outside = string.sub("", text)
        assert '"' not in outside and "\\" not in outside and not commands(text)
        words = set(re.findall(r"[A-Za-z]\w+", outside))
        assert {word for word in words - allowed if not re.fullmatch(r"v\d+", word)} == set()


@pytest.mark.parametrize("form", ["latex", "tikz"])
def test_tex_has_the_commands_of_a_harmless_derivation(form: str) -> None:
    def used(text: str) -> set[str]:
        return set(re.findall(r"\\(?:[A-Za-z]+\*?|.)", text))

    allowed = set().union(*map(used, known(form))) | {r"\ ", r"\\", r"\Bigl", r"\Bigr", r"\notag"}
    for text in outputs(form):
        assert used(text) <= allowed | {r"\Omega"}, used(text) - allowed
        assert "^^" not in text and not commands(text)
        plain = re.sub(r"\\[{}]", "", text)
        assert plain.count("{") == plain.count("}")


def test_tex_of_a_name_that_is_none() -> None:
    for text in HOSTILE:
        inside = re.sub(r"\\text[a-z]+\{\}", "", escaped(text))
        assert not re.search(r"(?<!\\)[&%$#_{}]|\\[^&%$#_{}]|\^|~", inside), text


def test_all_of_it_compiles(tmp_path: Path) -> None:
    program = shutil.which("pdflatex") or pytest.skip("pdflatex is not installed")
    head = r"\documentclass{article}\usepackage{amsmath,amssymb,tikz}\begin{document}"
    names = "\n\n".join(
        rf"\texttt{{{escaped(x)}}}" for x in HOSTILE if x.isascii() and "\x1b" not in x
    )
    text = "\n\n".join([head, names, *outputs("latex"), r"\end{document}"])
    (tmp_path / "all.tex").write_text(text, encoding="utf-8")
    command = [program, "-no-shell-escape", "-interaction=nonstopmode", "-halt-on-error", "all.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace")
    assert done.returncode == 0, done.stdout[-2000:]


def test_markdown_has_no_html_and_no_links() -> None:
    reader = pytest.importorskip("markdown_it").MarkdownIt("commonmark")
    for text in outputs("markdown"):
        tokens = [t for token in reader.parse(text) for t in (token, *(token.children or ()))]
        kinds = {token.type for token in tokens}
        assert not kinds & {"html_block", "html_inline", "link_open", "image"}
        assert not commands(text)


def test_json_reads_back() -> None:
    for derived, text in zip(derivations(), outputs("json"), strict=True):
        content = json.loads(text)
        assert [v["name"] for v in content["variables"]] == [*derived.problem.variables]


def test_text_commands_no_terminal() -> None:
    for text in outputs("text"):
        assert not commands(text)


def test_an_output_name_from_elsewhere_is_text_too() -> None:
    derived = derivations()[0]
    allowed = Tags(harmless()[0].html("result")).found | {("mtext", "")}
    for name in HOSTILE[::2]:
        data = replace(derived.data, problem=replace(derived.data.problem, output_name=name))
        page = Tags(replace(derived, data=data).html("result")).found
        assert page <= allowed
