"""CSV files as people have them: read right, or refused with line and column."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import symgrad as sg
from symgrad.data import read_csv

LINE = "x: Vector(d)\nt: Scalar\nw: Vector(d)\nloss = mean((w.T @ x - t)**2 for x, t in batch)"
SOFTMAX = """
x: Vector(d)
y: Vector(k, one_hot=True)
W: Matrix(k, d)
loss = mean(cross_entropy(y, softmax(W @ x)) for x, y in batch)
"""
LABEL = SOFTMAX.replace("Vector(k, one_hot=True)", "Index(k)")
EYE = [[1.0, 0.0], [0.0, 1.0]]
XT = {"x": [[1.0, 2.0], [3.0, 4.0]], "t": [5.0, 6.0]}
SPECIES = {"x": [[1.0], [2.0], [3.0]], "y": [[1, 0], [0, 1], [1, 0]]}
THREE = "x1,x2,t\n1,2,5\n"
HOT = {"x": "*", "t": "t"}

# what the file holds, how it is read, the program, and its arrays or what is said of it
RIGHT: dict[str, tuple[str | bytes, dict[str, object], str, dict[str, object]]] = {
    "plain": (THREE + "3,4,6\n", {}, LINE, XT),
    "no new line at the end": (THREE + "3,4,6", {}, LINE, XT),
    "blank lines": ("\n" + THREE + "\n  \n3,4,6\n\n", {}, LINE, XT),
    "blanks around entries": ("x1, x2 , t\n 1 ,2, 5\n3, 4,6 \n", {}, LINE, XT),
    "quoted": ('"x1","x2","t"\n"1","2","5"\n"3","4","6"\n', {}, LINE, XT),
    "Windows lines": (THREE.replace("\n", "\r\n") + "3,4,6\r\n", {}, LINE, XT),
    "Macintosh lines": (THREE.replace("\n", "\r") + "3,4,6\r", {}, LINE, XT),
    "semicolons": ("x1;x2;t\n1;2;5\n3;4;6\n", {}, LINE, XT),
    "tabs": ("x1\tx2\tt\n1\t2\t5\n3\t4\t6\n", {}, LINE, XT),
    "bars": ("x1|x2|t\n1|2|5\n3|4|6\n", {}, LINE, XT),
    "colons, as told": ("x1:x2:t\n1:2:5\n3:4:6\n", {"separator": ":"}, LINE, XT),
    "a comma in a quoted name": ('"x, cm";t\n1;5\n', {"columns": {"x": "x, cm"}}, LINE,
                                 {"x": [[1.0]], "t": [5.0]}),
    "decimal commas": ("x1;x2;t\n1,0;2,0;5\n3,0;4;6,0\n", {"decimal": ","}, LINE, XT),
    "a byte order mark": (b"\xef\xbb\xbf" + THREE.encode() + b"3,4,6\n", {}, LINE, XT),
    "UTF-16, as of Excel": ((THREE + "3,4,6\n").encode("utf-16"), {}, LINE, XT),
    "Latin-1": ("größe,t\n1,5\n".encode("latin-1"), {"columns": {"x": "größe"}}, LINE,
                {"x": [[1.0]], "t": [5.0]}),
    "cp1250, as told": ("ř,t\n1,5\n".encode("cp1250"),
                        {"columns": {"x": "ř"}, "encoding": "cp1250"}, LINE,
                        {"x": [[1.0]], "t": [5.0]}),
    "other columns": ("id,x1,x2,t,note\n7,1,2,5,a\n8,3,4,6,b\n", {}, LINE, XT),
    "columns by number": ("x10,x2,x_1,t\n10,2,1,0\n", {}, LINE, {"x": [[1, 2, 10]], "t": [0]}),
    "all the others": ("a,b,t\n1,2,5\n3,4,6\n", {"columns": {"x": "*"}}, LINE, XT),
    "exponents and signs": ("x1,x2,t\n+1e0,2.,.5e1\n3,4,6\n", {}, LINE, XT),
    "class names": ("x,y\n1,a\n2,b\n3,a\n", {}, SOFTMAX, SPECIES),
    "classes in an order": ("x,y\n1,b\n2,a\n3,b\n", {"classes": {"y": ["b", "a"]}}, SOFTMAX,
                            SPECIES),
    "class numbers": ("x,y\n1,1\n2,2\n3,1\n", {}, SOFTMAX, SPECIES),
    "class names of an index": ("x,y\n1,a\n2,b\n3,a\n", {}, LABEL,
                                {"x": [[1.0], [2.0], [3.0]], "y": [0, 1, 0]}),
    "one-hot columns": ("x,y1,y2\n1,1,0\n2,0,1\n3,1,0\n", {}, SOFTMAX, SPECIES),
    "missing, left out": ("x1,x2,t\n1,2,5\nNA,2,1\n1,?,1\n1,2,\n3,4,6\n", {"missing": "drop"}, LINE,
                          XT),
    "missing elsewhere": ("x1,x2,t,u\n1,2,5,\n3,4,6,NaN\n", {"missing": "drop"}, LINE, XT),
    "missing, filled in": ("x1,x2,t\n1,2,5\n3,n/a,6\n5,4,7\n", {"missing": "mean"}, LINE,
                           {"x": [[1, 2], [3, 3], [5, 4]], "t": [5, 6, 7]}),
    "scaled, one constant": ("x1,x2,t\n1,7,5\n3,7,6\n", {"scale": "x"}, LINE,
                             {"x": [[-1, 0], [1, 0]], "t": [5, 6]}),
    "categories": ("a,b,t\nred,1,5\nblue,2,6\n", {"one_hot": "a", "columns": HOT}, LINE,
                   {"x": [[0, 1, 1], [1, 0, 2]], "t": [5, 6]}),
    "all categories": ("a,b,t\nred,1,5\nblue,2,6\n", {"one_hot": "*", "columns": HOT}, LINE,
                       {"x": [[0, 1, 1], [1, 0, 2]], "t": [5, 6]}),
    "categories of numbers": ("a,t\n10,5\n9,6\n", {"one_hot": "a", "columns": HOT}, LINE,
                              {"x": [[0, 1], [1, 0]], "t": [5, 6]}),
}  # fmt: skip

WRONG: dict[str, tuple[str | bytes, dict[str, object], str, str]] = {
    "empty": ("", {}, LINE, "data.csv: no table"),
    "a header alone": ("x,t\n", {}, LINE, "data.csv: no table"),
    "no header": ("1,2\n3,4\n", {}, LINE, "the first line holds numbers"),
    "other names": ("a,t\n1,2\n", {}, LINE, "no column x, and no x1, x2, ...; the columns"),
    "a name twice": ("x,x\n1,2\n", {}, LINE, "two columns have one name: x, x"),
    "a short line": ("x,t\n1,2\n\n3\n", {}, LINE, "line 4: 1 entry, but the header names 2"),
    "a long line": ("x,t\n1,2,\n", {}, LINE, "line 2: 3 entries, but the header names 2"),
    "missing": ("x,t\n1,2\n\n,4\n,5\n", {}, LINE,
                "data.csv, line 4: column x: a missing entry, one of 2"),
    "NA": ("x,t\n1,2\n3,NA\n", {}, LINE, "line 3: column t: a missing entry"),
    "all missing": ("x,t\n,2\n,3\n", {"missing": "mean"}, LINE,
                    "x: column x has no entry that is not missing"),
    "none left": ("x,t\n,2\n", {"missing": "drop"}, LINE, "every row has a missing entry"),
    "a label that is missing": ("x,y\n1,a\n2,\n", {"missing": "mean"}, SOFTMAX,
                                "line 3: column y: a missing entry"),
    "text among numbers": ("x,t\n1,2\n3,four\n", {}, LINE,
                           "line 3: column t: 'four' is no number"),
    "text after a text of two lines": ('n,x,t\n"a\nb",1,2\nc,d,4\n', {}, LINE,
                                       "line 4: column x: 'd' is no number"),
    "text in a vector": ("x1,x2,t\n1,red,5\n", {}, LINE,
                         "line 2: column x2: 'red' is no number; categories become numbers"),
    "a decimal comma": ("x;t\n1,5;2\n", {}, LINE, "line 2: column x: '1,5' is no number; where a"),
    "a thousand": ('x,t\n"1,000",2\n', {}, LINE, "line 2: column x: '1,000' is no number"),
    "a price": ("x,t\n$5,2\n", {}, LINE, "line 2: column x: '$5' is no number"),
    "Python's 1_000": ("x,t\n1_000,2\n", {}, LINE, "line 2: column x: '1_000' is no number"),
    "infinite": ("x,t\n1,2\n3,-inf\n", {}, LINE, "line 3: column t: -inf is not finite"),
    "no index": ("x,y\n1,0\n2,-1\n", {}, LABEL, "line 3: column y: -1 is no index"),
    "an index with decimals": ("x,y\n1,0\n2,0.5\n", {}, LABEL, "line 3: column y: 0.5 is no index"),
    "a large index": ("x,y\n1,0\n2,1e300\n", {}, LABEL, "line 3: column y: 1e+300 is no index"),
    "classes with decimals": ("x,y\n1,0\n2,0.5\n", {}, SOFTMAX,
                              "line 3: column y: 0.5 is the name of no class"),
    "three classes of a scalar": ("x,t\n1,a\n2,b\n3,c\n", {}, LINE,
                                  "line 4: column t: 'c' is a third class, after a and b"),
    "one class": ("x,y\n1,a\n2,a\n", {}, SOFTMAX, "y: column y has one class alone, a"),
    "another class": ("x,y\n1,a\n2,c\n", {"classes": {"y": ["a", "b"]}}, SOFTMAX,
                      "line 3: column y: 'c' is none of the classes a, b"),
    "two columns for a scalar": ("x,a,b\n1,2,3\n", {"columns": {"t": ["a", "b"]}}, LINE,
                                 "t: one column is wanted, 2 are given"),
    "no such column": ("x,target\n1,2\n", {"columns": {"t": "tagret"}}, LINE,
                       "t: no column tagret; did you mean target?"),
    "no such variable": (THREE, {"columns": {"u": "t"}}, LINE, "columns of u: no variable"),
    "all the others twice": (THREE, {"columns": {"x": "*", "t": "*"}}, LINE, "x and t cannot both"),
    "scaled labels": ("x,y\n1,a\n2,b\n", {"scale": "y"}, SOFTMAX, "scale: y is one_hot"),
    "two signs": ("x;u,t;v\n1;2,3;4\n", {}, LINE, "line 1: entries may be separated by"),
    "a zero byte": (b"x,t\n1\0,2\n", {}, LINE, "line 2: an entry has a zero byte"),
    "an open quote": ('x,t\n"1,2\n', {}, LINE, "line 2: no table: unexpected end of data"),
    "no such encoding": (THREE, {"encoding": "utf-9"}, LINE, "there is no encoding 'utf-9'"),
    "not that encoding": (b"x,t\n\xff,2\n", {"encoding": "utf-8"}, LINE,
                          "data.csv: cannot be read: it is no text in utf-8; save it as UTF-8"),
    "a separator of two signs": (THREE, {"separator": "::"}, LINE, "separator is '::'"),
    "a matrix for each example": ("x,t\n1,2\n", {}, LINE.replace("x: Vector(d)", "x: Matrix(d, 1)"),
                                  "x: a Matrix for every example needs an array"),
}  # fmt: skip


def prepared(
    path: Path, content: str | bytes, options: dict[str, object], text: str
) -> sg.Prepared:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    form = {name: options[name] for name in ("separator", "encoding", "decimal") if name in options}
    table = read_csv(path, **form)  # type: ignore[arg-type]
    others = {name: value for name, value in options.items() if name not in form}
    return sg.prepare(text, table, **others)  # type: ignore[arg-type]


@pytest.mark.parametrize("case", RIGHT)
def test_a_file_is_read(case: str, tmp_path: Path) -> None:
    content, options, text, wanted = RIGHT[case]
    data = prepared(tmp_path / "data.csv", content, options, text)
    assert {name: np.asarray(data[name]).tolist() for name in data} == wanted


@pytest.mark.parametrize("case", WRONG)
def test_a_file_is_refused(case: str, tmp_path: Path) -> None:
    content, options, text, message = WRONG[case]
    with pytest.raises(sg.SymgradError) as error:
        prepared(tmp_path / "data.csv", content, options, text)
    assert message in str(error.value)


def test_what_is_no_utf_8_is_said(tmp_path: Path) -> None:
    content, options, text, _ = RIGHT["Latin-1"]
    data = prepared(tmp_path / "data.csv", content, options, text)
    assert data.preparation.described() == ["read as Latin-1, since it is not UTF-8"]


@pytest.mark.parametrize(
    ("case", "told"),
    [
        ("class names", "y: a = 0, b = 1"),
        ("missing, left out", "3 of 5 rows left out: they have missing entries"),
        ("missing, filled in", "x: column x2 3 where missing"),
        ("scaled, one constant", "x: column x2 less 7, divided by 1"),
        ("categories", "x: column a one-hot: blue, red"),
    ],
)
def test_what_is_done_is_said(case: str, told: str, tmp_path: Path) -> None:
    content, options, text, _ = RIGHT[case]
    assert told in prepared(tmp_path / "data.csv", content, options, text).preparation.described()
