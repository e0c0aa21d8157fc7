"""symgrad derive and symgrad code."""

from __future__ import annotations

import json

import numpy as np
import pytest

LEVELS = ["result", "steps", "full"]
LECTURE = "two_layer_linear"


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("form", ["latex", "markdown", "html", "text"])
def test_every_form_and_level(form: str, level: str, symgrad) -> None:
    result = symgrad("derive", LECTURE, "--format", form, "--level", level)
    assert result.exit_code == 0 and result.stderr == ""
    assert "W" in result.stdout and result.stdout.endswith("\n")


@pytest.mark.parametrize(
    ("form", "first"), [("svg", "<svg "), ("dot", "digraph "), ("tikz", r"\begin{tikzpicture}")]
)
def test_the_graph_of_the_computation(form: str, first: str, symgrad) -> None:
    result = symgrad("derive", LECTURE, "--format", form)
    assert result.exit_code == 0 and result.stdout.startswith(first)


def test_the_derivation_of_what_is_computed(symgrad) -> None:
    written = symgrad("derive", "softmax_regression").stdout
    shown = symgrad("derive", "softmax_regression", "--stable")
    assert shown.exit_code == 0 and "Forward" in shown.stdout
    assert ("log_softmax(z)" in shown.stdout, "q = log_softmax(z)" in written) == (True, False)
    assert symgrad("derive", LECTURE, "--stable", "--of", "hvp").exit_code == 2


def test_levels_tell_more_and_more(symgrad) -> None:
    lengths = [len(symgrad("derive", LECTURE, "--level", level).stdout) for level in LEVELS]
    assert lengths == sorted(set(lengths))


def test_a_gradient_by_differentials(symgrad) -> None:
    command = ("derive", "-e", "norm2(W @ x)**2", "--wrt", "W", "--method", "differentials")
    shown = symgrad(*command)
    assert shown.exit_code == 0 and "= <2 * z @ x.T, dW> " in shown.stdout
    assert symgrad(*command, "--level", "result").stdout.count("dW") == 0
    (chain,) = json.loads(symgrad(*command, "--format", "json").stdout)["chains"].values()
    assert chain[0]["left"] == "dL"
    refused = symgrad(*command, "--of", "hessian")
    assert refused.exit_code == 2 and "derives a gradient, not --of hessian" in refused.stderr


@pytest.mark.parametrize(
    ("why", "line"),
    [
        ("index", "dz_i/dW_pq = x_q [i = p] "),
        ("differential", "= <dL/dz, dW @ x> "),
    ],
)
def test_why_shows_the_proofs(why: str, line: str, symgrad) -> None:
    command = ("derive", "-e", "norm2(W @ x)**2", "--wrt", "W")
    shown = symgrad(*command, "--why", why)
    assert shown.exit_code == 0 and line in shown.stdout
    assert shown.stdout == symgrad(*command, "--why", why, "--level", "full").stdout
    assert line not in symgrad(*command).stdout
    read = json.loads(symgrad(*command, "--why", why, "--format", "json").stdout)
    proofs = [step["proof"] for step in read["steps"] if step["kind"] == "backward"]
    assert {proof["kind"] for proof in proofs} == {why}
    for form in ("latex", "markdown", "html"):
        assert symgrad(*command, "--why", why, "--format", form).exit_code == 0


def test_json_can_be_read(symgrad) -> None:
    result = symgrad("derive", LECTURE, "--format", "json")
    assert isinstance(json.loads(result.stdout), dict)


@pytest.mark.parametrize(
    "of", ["gradient", "jacobian", "hessian", "hvp", "directional", "pullback"]
)
def test_every_kind_of_derivative(of: str, symgrad) -> None:
    result = symgrad("derive", "-e", "x.T @ A @ x", "--wrt", "x", "--of", of)
    assert result.exit_code == 0
    assert "A" in result.stdout


def test_the_layout_can_be_chosen(symgrad) -> None:
    result = symgrad("derive", "-e", "norm2(W @ x)**2", "--wrt", "x", "--layout", "numerator")
    assert "(grad_x L).T = 2 * x.T @ W.T @ W" in result.stdout
    assert "Layout    Numerator layout: each gradient is transposed" in result.stdout


def test_a_hessian_has_one_layout(symgrad) -> None:
    result = symgrad("derive", LECTURE, "--of", "hessian", "--layout", "denominator")
    assert result.exit_code == 1
    assert "hessian has one layout" in result.stderr


def test_names_may_have_spaces_between(symgrad) -> None:
    both = symgrad("derive", LECTURE, "--wrt", "W1, W2").stdout
    assert both == symgrad("derive", LECTURE, "--wrt", "W1,W2").stdout
    assert both == symgrad("derive", LECTURE).stdout


def test_standard_input_is_a_file_too(symgrad, program: str, tmp_path) -> None:
    text = (tmp_path / program).read_text(encoding="utf-8")
    from_stdin = symgrad("derive", "-", input=text)
    assert from_stdin.exit_code == 0
    assert from_stdin.stdout == symgrad("derive", program).stdout


def test_output_is_written_whole(symgrad, program: str, tmp_path) -> None:
    shown = symgrad("derive", program).stdout
    result = symgrad("derive", program, "-o", "derivation.txt")
    assert (result.exit_code, result.stdout) == (0, "")
    assert (tmp_path / "derivation.txt").read_text(encoding="utf-8") == shown


def test_output_is_kept_where_the_command_fails(symgrad, tmp_path) -> None:
    (tmp_path / "notes.tex").write_text("mine", encoding="utf-8")
    result = symgrad("derive", "-", "-o", "notes.tex", input="loss = (")
    assert result.exit_code == 1
    assert (tmp_path / "notes.tex").read_text(encoding="utf-8") == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["notes.tex"]


def test_output_into_no_folder(symgrad, program: str) -> None:
    result = symgrad("derive", program, "-o", "absent/notes.tex")
    assert result.exit_code == 1
    assert "absent/notes.tex" in result.stderr and "Traceback" not in result.stderr


def test_code_runs_without_symgrad(symgrad, program: str, tmp_path) -> None:
    result = symgrad("code", program, "-o", "model.py")
    assert result.exit_code == 0
    source = (tmp_path / "model.py").read_text(encoding="utf-8")
    assert source == symgrad("code", program).stdout
    assert "symgrad" not in source.replace("# ", "") or "import symgrad" not in source
    namespace: dict[str, object] = {}
    exec(compile(source, "model.py", "exec"), namespace)
    functions = [v for v in namespace.values() if callable(v) and hasattr(v, "__code__")]
    assert functions


def test_code_in_single_precision(symgrad, program: str) -> None:
    assert symgrad("code", program, "--dtype", "float32").exit_code == 0
    assert np.float32  # the option is only passed on


def test_an_expression_that_is_no_scalar_says_how_its_names_were_read(symgrad) -> None:
    result = symgrad("derive", "-e", "softmax(t * x)")
    assert result.exit_code == 1
    assert "for its Jacobian: --of jacobian, or sg.jacobian in Python" in result.stderr
    assert "; the names were read as t: Vector(n), x: Vector(n)" in result.stderr


def test_a_gradient_reads_scalars_where_it_needs_one_and_a_jacobian_does_not(symgrad) -> None:
    command = ("derive", "-e", "(y - w.T @ x)**2", "--wrt", "y", "--level", "result")
    gradient, jacobian = symgrad(*command), symgrad(*command, "--of", "jacobian")
    assert (gradient.exit_code, gradient.stderr) == (0, "note: read y as a scalar\n")
    assert "2 * (y - w.T @ x)" in gradient.stdout
    assert (jacobian.exit_code, jacobian.stderr) == (0, "")
    assert "diag(" in jacobian.stdout


def test_the_results_entry_by_entry(symgrad) -> None:
    call = ("derive", "-e", "z.T @ A @ x", "--wrt", "x", "--form", "components")
    assert symgrad(*call).stdout == "x[i]: sum(z[j] * A[j, i] for j in range(m))\n"
    assert symgrad(*call, "--format", "latex").stdout == "\\sum_{j} z_{j} A_{ji}\n"
    assert symgrad(*call, "--format", "html").exit_code == 2
