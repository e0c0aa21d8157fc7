"""symgrad train: data from npz and CSV files, parameters to an npz file."""

from __future__ import annotations

import io
import re
import struct
import zipfile

import numpy as np
import pytest

import symgrad as sg
from tests.recurrences import MLP

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 2))
T = X @ [2.0, -1.0] + RNG.normal(scale=0.01, size=60)
OPTIONS = ["--epochs", "200", "--learning-rate", "0.05", "--batch-size", "20"]


def table(header: str, columns: list[np.ndarray]) -> str:
    lines = io.StringIO()
    np.savetxt(lines, np.column_stack(columns), delimiter=",", fmt="%s")
    return f"{header}\n{lines.getvalue()}"


@pytest.fixture
def csv(tmp_path) -> str:
    (tmp_path / "line.csv").write_text(table("x1,x2,t", [X, T]), encoding="utf-8")
    return "line.csv"


def trained(tmp_path, name: str = "w.npz") -> dict[str, np.ndarray]:
    with np.load(tmp_path / name) as arrays:
        return {name: array for name, array in arrays.items() if name != "symgrad.json"}


def test_csv_in_and_npz_out(symgrad, program: str, csv: str, tmp_path) -> None:
    result = symgrad("train", program, "--data", csv, *OPTIONS, "-o", "w.npz")
    assert result.exit_code == 0
    assert re.match(r"Trained +200 epochs; mean loss of a step \S+ -> \S+\n", result.stdout)
    np.testing.assert_allclose(trained(tmp_path)["w"].ravel(), [2, -1], atol=0.01)


def test_without_output_the_parameters_are_shown(symgrad, program: str, csv: str) -> None:
    result = symgrad("train", program, "--data", csv, *OPTIONS)
    assert re.search(r"^w \(2.*\) =\n\[", result.stdout, re.MULTILINE)


def test_npz_by_names(symgrad, program: str, csv: str, tmp_path) -> None:
    np.savez(tmp_path / "line.npz", x=X, t=T)
    for data, output in ((csv, "a.npz"), ("line.npz", "b.npz")):
        assert symgrad("train", program, "--data", data, "-o", output).exit_code == 0
    np.testing.assert_allclose(trained(tmp_path, "a.npz")["w"], trained(tmp_path, "b.npz")["w"])


def test_a_problem_without_a_batch_is_trained(symgrad, tmp_path) -> None:
    text = "X: Matrix(n, d, data=True)\nt: Vector(n, data=True)\nw: Vector(d)\n"
    (tmp_path / "whole.sg").write_text(text + "loss = norm2(X @ w - t)**2 / n")
    np.savez(tmp_path / "line.npz", X=X, t=T)
    result = symgrad("train", "whole.sg", "--data", "line.npz", "--epochs", "2")
    assert result.exit_code == 0, result.output


def test_what_is_not_said_is_left_to_fit(symgrad, program: str, csv: str, monkeypatch) -> None:
    told: dict[str, object] = {}
    fit = sg.fit

    def spied(*arguments, **options):
        told.update(options)
        return fit(*arguments, **options)

    monkeypatch.setattr("symgrad.fit", spied)
    assert symgrad("train", program, "--data", csv).exit_code == 0
    assert (told["optimizer"], told["batch_size"], told["epochs"]) == (None, "auto", None)


def test_the_seed_repeats_a_training(symgrad, program: str, csv: str) -> None:
    batches = ["--data", csv, "--epochs", "3", "--batch-size", "20"]
    run = [symgrad("train", program, *batches, "--seed", s) for s in "112"]
    assert run[0].stdout == run[1].stdout != run[2].stdout


def test_columns_by_name_and_labels_as_text(symgrad, tmp_path) -> None:
    species = np.array(["setosa", "virginica"])[(T > 0).astype(int)]
    (tmp_path / "flowers.csv").write_text(
        table("width,length,species", [X.astype(str), species]), encoding="utf-8"
    )
    result = symgrad(
        "train", "logistic_regression", "--data", "flowers.csv",
        "--columns", "x=width,length", "--columns", "t=species",
    )  # fmt: skip
    assert result.exit_code == 0
    accuracy = re.search(r"accuracy of all data, which it was trained on: (\S+)", result.stdout)
    assert accuracy and float(accuracy[1]) > 0.95


def test_a_metric_is_of_what_was_held_out(symgrad, tmp_path) -> None:
    """A label that is noise is learnt by heart: only the score of held-out rows tells."""
    rng = np.random.default_rng(0)
    columns = [f"x{k}" for k in range(1, 31)]
    rows = [rng.standard_normal(40).astype(str) for _ in columns]
    t = rng.integers(0, 2, 40).astype(str)
    (tmp_path / "noise.csv").write_text(table(",".join([*columns, "t"]), [*rows, t]))
    told = ["train", "logistic_regression", "--data", "noise.csv", "--metric", "accuracy"]
    result = symgrad(*told, "--validation", "0.25", "--test", "0.25", "--progress", "lines")
    assert result.exit_code == 0, result.stderr
    assert re.search(r"validation \S+  accuracy 0\.\d+", result.stderr)
    assert "trained on" not in result.stdout  # which would be 1
    for name, count in (("validation", 8), ("test", 10)):
        score = re.search(rf"{name}, {count} examples: loss \S+, accuracy (\S+)", result.stdout)
        assert score and float(score[1]) < 0.9


def test_the_direction_of_a_metric(symgrad) -> None:
    told = [
        "train",
        "linear_regression",
        "--epochs",
        "3",
        "--validation",
        "0.2",
        "--metric",
        "w[1]",
    ]
    result = symgrad(*told, "--maximize", "--min-delta", "0.1", "--patience", "1")
    assert result.exit_code == 0, result.stderr
    assert re.search(r"validation, \d+ examples: loss \S+, w\[1\] \S+", result.stdout)
    assert "needs a validation score" in symgrad(*told[:4], "--minimize").stderr


def test_validation_and_patience(symgrad, program: str, csv: str) -> None:
    result = symgrad(
        "train",
        program,
        "--data",
        csv,
        "--validation",
        "0.2",
        "--patience",
        "3",
        "--epochs",
        "5000",
    )
    assert result.exit_code == 0
    assert "stopped" in result.stdout


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line.csv: no table"),
        ("a,b\n1,2\n", "line.csv: no column x, and no x1, x2, ...; the columns are a, b"),
        ("x,t\n1,2\n3\n", "line.csv, line 3: 1 entry, but the header names 2"),
        ("x,t\n1,2\n?,4\n", "line.csv, line 3: column x: a missing entry"),
        ("x,t\n1,2\na,4\n", "line.csv, line 3: column x: 'a' is no number"),
        (
            "1,2\n3,4\n",
            "line.csv: no column x, and no x1, x2, ...; the columns are 1, 2; the first",
        ),
        (
            "a,b\n1,2\n",
            "line.csv: no column x, and no x1, x2, ...; the columns are a, b; say which",
        ),
    ],
)
def test_a_csv_that_does_not_fit(text: str, message: str, symgrad, program: str, tmp_path) -> None:
    (tmp_path / "line.csv").write_text(text, encoding="utf-8")
    result = symgrad("train", program, "--data", "line.csv")
    assert result.exit_code == 1
    assert result.stderr.startswith(f"error: {message}") and result.stderr.count("\n") == 1


PETS = "age,color,weight,kind\n" + "".join(
    f"{k % 7},{'red' if k % 3 else 'blue'},1.5,{'cat' if k % 7 > 3 else 'dog'}\n" for k in range(40)
)
TO_NUMBERS = ["--columns", "x=*", "--columns", "t=kind", "--one-hot", "color", "--scale", "x"]


def test_a_table_of_a_person_is_prepared_as_it_is_told(symgrad, tmp_path) -> None:
    text = PETS.replace("3,red", ",red", 1).replace(",", ";").replace("1.5", "1,5")
    (tmp_path / "pets.csv").write_bytes(text.encode("utf-16"))
    options = [*TO_NUMBERS, "--decimal", ",", "--missing", "mean", "--test", "0.25"]
    result = symgrad("train", "logistic_regression", "--data", "pets.csv", *options)
    assert result.exit_code == 0, result.stderr
    assert "pets.csv: t: cat = 0, dog = 1\n" in result.stderr
    assert "pets.csv: x: column color one-hot: blue, red\n" in result.stderr
    assert re.search(r" test, 10 examples: loss [0-9.e-]+, accuracy 1\n", result.stdout)
    assert re.search(r" given +as cat +as dog\n +cat +5 +0\n +dog +0 +5\n", result.stdout)
    assert "trained on" in result.stdout
    other = symgrad(
        "train", "logistic_regression", "--data", "pets.csv", *options, "--classes", "t=dog,cat"
    )
    assert "pets.csv: t: dog = 0, cat = 1\n" in other.stderr


@pytest.mark.parametrize("option", ["--validation", "--test"])
def test_rows_that_are_held_out_scale_nothing(option: str, symgrad, program, tmp_path) -> None:
    """Each row in turn is far off: where it is held out, what is done is the same."""
    rows, said = [f"{k},{2 * k}\n" for k in range(6)], []
    for row in range(6):
        lines = ["x,t\n", *rows[:row], f"1e9,{2 * row}\n", *rows[row + 1 :]]
        (tmp_path / "line.csv").write_text("".join(lines), encoding="utf-8")
        options = ["--scale", "x", option, "0.34", "--epochs", "1"]
        result = symgrad("train", program, "--data", "line.csv", *options)
        assert result.exit_code == 0, result.stderr
        said.append("e+08" in result.stderr)
    assert sum(said) == 4


def test_data_that_are_constants_are_set(symgrad, csv: str, tmp_path) -> None:
    text = "x: Vector(d)\nt: Scalar\nlam: Scalar(data=True)\nw: Vector(d)\n"
    text += "loss = mean((w.T @ x - t)**2 for x, t in batch) + lam * norm2(w)**2"
    (tmp_path / "ridge.sg").write_text(text, encoding="utf-8")
    ridge = ["train", "ridge.sg", "--data", csv]
    assert symgrad(*ridge, "--set", "lam=0.1").exit_code == 0
    assert "missing is lam" in symgrad(*ridge).stderr
    assert "numbers are wanted" in symgrad(*ridge, "--set", "lam=a").stderr
    assert "NAME=NUMBER" in symgrad(*ridge, "--set", "lam").stderr


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 broken"])
def test_a_file_that_is_no_npz(content: bytes, symgrad, program: str, tmp_path) -> None:
    (tmp_path / "line.npz").write_bytes(content)
    result = symgrad("train", program, "--data", "line.npz")
    assert result.exit_code == 1
    assert result.stderr.startswith("error: line.npz: cannot be read")


def test_pickled_arrays_are_refused(symgrad, program: str, tmp_path) -> None:
    np.savez(tmp_path / "line.npz", x=np.array([{}], dtype=object), t=T)
    result = symgrad("train", program, "--data", "line.npz")
    assert result.exit_code == 1
    assert result.stderr.startswith("error: line.npz: cannot be read")


def test_an_array_that_is_missing(symgrad, program: str, tmp_path) -> None:
    np.savez(tmp_path / "line.npz", x=X)
    result = symgrad("train", program, "--data", "line.npz")
    assert result.exit_code == 1
    assert "t" in result.stderr and "Traceback" not in result.stderr


def test_a_training_that_diverges_is_status_4(symgrad, program: str, csv: str) -> None:
    result = symgrad(
        "train", program, "--data", csv, "--optimizer", "sgd", "--learning-rate", "1e200"
    )
    assert result.exit_code == 4
    assert result.stderr.count("\n") == 1


def test_an_interrupted_training_leaves_no_file(
    symgrad, program: str, csv: str, tmp_path, monkeypatch
) -> None:
    import symgrad as sg

    def fit(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(sg, "fit", fit)
    result = symgrad("train", program, "--data", csv, "-o", "w.npz")
    assert result.exit_code == 130
    assert not (tmp_path / "w.npz").exists()


def archive(member: bytes) -> bytes:
    """An npz file with this for x."""
    file, good = io.BytesIO(), io.BytesIO()
    np.save(good, T)
    with zipfile.ZipFile(file, "w") as out:
        out.writestr("x.npy", member)
        out.writestr("t.npy", good.getvalue())
    return file.getvalue()


def header(text: bytes) -> bytes:
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text) + 1) + text + b"\n"


def encrypted() -> bytes:
    data = bytearray(archive(header(b"")))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


MEMBERS = {
    "a truncated header": archive(b"\x93NUMPY\x01\x00\x76\x00{'descr'"),
    "an open bracket": archive(header(b"{'descr': '<f8', 'fortran_order': False, 'shape': (3,")),
    "a deep header": archive(header(b"(" * 5000)),
    "a long header": archive(header(b"{'descr': '<f8'}" + b" " * 60_000)),
    "a call": archive(header(b"__import__('os')")),
    "a huge shape": archive(
        header(b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,), }")
    ),
    "encrypted": encrypted(),
}


@pytest.mark.parametrize("content", MEMBERS.values(), ids=MEMBERS)
def test_a_broken_array_in_an_npz_file(content: bytes, symgrad, program: str, tmp_path) -> None:
    """Once a traceback of tokenize, zipfile or NumPy."""
    (tmp_path / "line.npz").write_bytes(content)
    result = symgrad("train", program, "--data", "line.npz")
    assert result.exit_code == 1
    assert "line.npz: cannot be read: " in result.stderr


def test_columns_are_those_of_a_table(symgrad, program: str, tmp_path) -> None:
    np.savez(tmp_path / "line.npz", x=X, t=T)
    result = symgrad("train", program, "--data", "line.npz", "--columns", "x=a")
    assert result.exit_code == 1
    assert "line.npz: an npz file has no columns" in result.stderr


def test_a_size_that_no_memory_holds(symgrad, tmp_path) -> None:
    """Once a traceback of NumPy."""
    text = "x: Vector(d)\nW: Matrix(h, d)\nt: Scalar\n"
    text += "loss = mean(norm2(W @ x)**2 - t for x, t in batch)"
    (tmp_path / "wide.sg").write_text(text, encoding="utf-8")
    np.savez(tmp_path / "line.npz", x=X, t=T)
    for size in ("1000000000000", "9" * 30):
        result = symgrad("train", "wide.sg", "--data", "line.npz", "--size", f"h={size}")
        assert result.exit_code == 1
        assert "W would have" in result.stderr and "more than memory holds" in result.stderr


def test_layers_are_written_and_read_by_their_numbers(symgrad, tmp_path) -> None:
    text = MLP.replace("1/2 * norm2(y - a[L])**2", "mean(norm2(y - a[L])**2 for x, y in batch)")
    (tmp_path / "net.sg").write_text(text, encoding="utf-8")
    np.savez(tmp_path / "data.npz", x=X, y=X[:, :1])
    size = ["--size", "n=2,4,1", "--epochs", "2"]
    first = symgrad("train", "net.sg", "--data", "data.npz", *size)
    assert "W[1] (4 x 2) =" in first.stdout
    assert symgrad("train", "net.sg", "--data", "data.npz", *size, "-o", "net.npz").exit_code == 0
    layers = trained(tmp_path, "net.npz")
    assert {name: a.shape for name, a in layers.items()} == {
        "W[1]": (4, 2),
        "W[2]": (1, 4),
        "b[1]": (4,),
        "b[2]": (1,),
    }
    given = {name: layers[name] for name in ("W[1]", "W[2]")}
    np.savez(tmp_path / "more.npz", x=X, y=X[:, :1], **given)
    again = symgrad("train", "net.sg", "--data", "more.npz", "--epochs", "2")
    assert again.exit_code == 0
    assert "W[1]" not in again.stdout
    refused = symgrad("train", "net.sg", "--data", "data.npz", "--size", "n=2,a")
    assert refused.exit_code != 0
    assert "n=2,16,1" in refused.stderr


def test_an_example_chooses_for_its_own_data_only(symgrad, tmp_path) -> None:
    (tmp_path / "three.csv").write_text("x,t\n1,2.1\n2,3.9\n3,6.2\n", encoding="utf-8")
    result = symgrad("train", "linear_regression", "--data", "three.csv")
    assert result.exit_code == 0 and "by LBFGS on 3 examples a step" in result.stdout
    assert "w (1) =\n[2.05]" in result.stdout
