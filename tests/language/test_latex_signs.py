"""Norms, traces, sums, functions and cases in LaTeX as people write them, beside NumPy."""

from __future__ import annotations

import numpy as np
import pytest

import symgrad as sg

PROGRAM = """
A: Matrix(n, n)
B: Matrix(n, n)
S: Matrix(n, n, symmetric=True)
X: Matrix(N, n)
W: Matrix(m, n)
x: Vector(n)
y: Vector(n)
w: Vector(n)
mu: Vector(n)
b: Vector(m)
t: Vector(N)
lam: Scalar
alpha: Scalar
sigma: Scalar
beta: Vector(n)
c: Index(n)
"""
rng = np.random.default_rng(3)
n, N, m, k = 3, 4, 2, 5
r = rng.standard_normal
A, B, X, W = r((n, n)), r((n, n)), r((N, n)), r((m, n))
S = A @ A.T + np.eye(n)
x, y, w, mu, beta, b, t = r(n), r(n), r(n), r(n), r(n), r(m), r(N)
lam, alpha, sigma, c = 0.7, 1.3, 0.9, 1


def sp(z: np.ndarray) -> np.ndarray:
    return np.log1p(np.exp(z))


def sig(z: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-z))


def sm(z: np.ndarray) -> np.ndarray:
    return np.exp(z) / np.sum(np.exp(z))


INPUTS = {
    "A": A,
    "B": B,
    "S": S,
    "X": X,
    "W": W,
    "x": x,
    "y": y,
    "w": w,
    "mu": mu,
    "beta": beta,
    "b": b,
    "t": t,
    "lam": lam,
    "alpha": alpha,
    "sigma": sigma,
    "c": c,
}

VALUES = [
    (r"\frac{1}{2}\Vert \mathbf{W}\mathbf{x}-\mathbf{b}\Vert_2^2", .5*np.sum((W@x-b)**2)),
    (r"\left\lVert Wx-b \right\rVert^2_2 + \lambda\left\lVert x \right\rVert_1",
     np.sum((W@x-b)**2)+lam*abs(x).sum()),
    (r"\|X w - t\|_2^2/(2N)", np.sum((X@w-t)**2)/8),
    (r"\langle x, y \rangle", x@y),
    (r"\left\langle \mathbf{x}, \mathbf{y} \right\rangle^2", (x@y)**2),
    (r"\|x - y\|_{S}^2", (x-y)@S@(x-y)),
    (r"\|x\|_{S^{-1}}^2", x@np.linalg.solve(S,x)),
    (r"\lVert x \rVert_S", np.sqrt(x@S@x)),
    (r"(x-\mu)^\top S^{-1} (x-\mu)", (x-mu)@np.linalg.solve(S,x-mu)),
    (r"\Vert W \Vert_{\mathrm{F}}^2", np.sum(W**2)),
    (r"\|W\|_{\text{F}}^2", np.sum(W**2)),
    (r"\Vert W\Vert_{\mathcal{F}}^2", np.sum(W**2)),
    (r"\|x\|_{\infty}", abs(x).max()),
    (r"\|x\|_{2}", np.linalg.norm(x)),
    (r"\lvert x^\top y \rvert", abs(x@y)),
    (r"\big\| x \big\|_2^2 \bigl( 1 + \lambda \bigr)", x@x*(1+lam)),
    (r"\Big( \sum_{i} x_i^2 \Big)^{1/2}", np.linalg.norm(x)),
    (r"{\left\| W x \right\|}_2^2", np.sum((W@x)**2)),
    (r"\mathrm{tr}(A B)", np.trace(A@B)),
    (r"\mathrm{Tr}\left(A^{T} B\right)", np.sum(A*B)),
    (r"\operatorname{Tr}[A B^{\mathsf{T}}]", np.trace(A@B.T)),
    (r"\mathrm{trace}(A)", np.trace(A)),
    (r"\text{tr}(A^\top A)", np.sum(A*A)),
    (r"\tr(AB)", np.trace(A@B)),
    (r"\tr A B", np.trace(A@B)),
    (r"\operatorname{tr} A", np.trace(A)),
    (r"tr(A B)", np.trace(A@B)),
    (r"\mathrm{tr}\{AB\}", np.trace(A@B)),
    (r"\operatorname{tr}\!\left(A B\right)", np.trace(A@B)),
    (r"\mathrm{Tr}\, A^2", np.trace(A@A)),
    (r"\log\det(S)", np.linalg.slogdet(S)[1]),
    (r"\log |S|", np.linalg.slogdet(S)[1]),
    (r"\ln\det S", np.linalg.slogdet(S)[1]),
    (r"\det(A)", np.linalg.det(A)),
    (r"\log \left| S + \lambda I \right|", np.linalg.slogdet(S+lam*np.eye(3))[1]),
    (r"\frac{1}{2} \log \lvert S \rvert + \frac{1}{2} (x - \mu)^\top S^{-1} (x - \mu)",
     .5*np.linalg.slogdet(S)[1]+.5*(x-mu)@np.linalg.solve(S,x-mu)),
    (r"\operatorname{logdet} S", np.linalg.slogdet(S)[1]),
    (r"\mathrm{logdet}(S)", np.linalg.slogdet(S)[1]),
    (r"x^T A y", x@A@y),
    (r"x^{\mathrm{T}} A y", x@A@y),
    (r"x^{\mathsf{T}} A y", x@A@y),
    (r"\mathbf{x}^{\intercal}\mathbf{A}\mathbf{y}", x@A@y),
    (r"x^\prime A y", x@A@y),
    (r"x' A y", x@A@y),
    (r"{}^t x A y", x@A@y),
    (r"{}^{t}\! x A y", x@A@y),
    (r"{}^\top x A y", x@A@y),
    (r"x^{t} A y", x@A@y),
    (r"x^H A y", x@A@y),
    (r"\vec{x}\cdot\vec{y}", x@y),
    (r"\vec x^{\,T} \vec y", x@y),
    (r"\boldsymbol{\beta}^\top \mathbf{x}", beta@x),
    (r"\bm{\mu}^\top\bm{x}", mu@x),
    (r"\pmb{\mu}^\top\pmb{x}", mu@x),
    (r"\sum_{i=1}^n x_i y_i", x@y),
    (r"\sum_{i=1}^{n}\sum_{j=1}^{n} A_{ij} x_i x_j", x@A@x),
    (r"\sum_{i,j=1}^n A_{i,j} x_i y_j", x@A@y),
    (r"\sum_{ij} A_{ij}^2", np.sum(A**2)),
    (r"\sum_{i, j} \left(A_{ij}-B_{ij}\right)^2", np.sum((A-B)**2)),
    (r"\sum\limits_{i=1}^{n} x_i^2", x@x),
    (r"\sum\nolimits_{i=1}^{n} x_i^2", x@x),
    (r"\displaystyle\sum_{i=1}^{n} x_i^2", x@x),
    (r"\sum_{i} x_i \log \frac{x_i^2}{y_i^2}", np.sum(x*np.log(x**2/y**2))),
    (r"-\sum_i y_i^2\log x_i^2", -np.sum(y**2*np.log(x**2))),
    (r"\frac1N\sum_{i=1}^N \log(1+e^{-t_i})", sp(-t).mean()),
    (r"\sum_{i=1}^{N-1} (t_{i+1}-t_i)^2", np.sum(np.diff(t)**2)),
    (r"\sum_{i\ne j} A_{ij}", A.sum()-np.trace(A)),
    (r"\prod_{i=1}^{n} x_i", np.prod(x)),
    (r"\prod_i (1+x_i^2)", np.prod(1+x**2)),
    (r"\log\prod_{i=1}^{n} (1+x_i^2)", np.log(np.prod(1+x**2))),
    (r"\log \sum_{i=1}^n e^{x_i}", np.log(np.exp(x).sum())),
    (r"\log \sum_{j} \exp(x_j)", np.log(np.exp(x).sum())),
    (r"\log\left(\sum_{j} \exp(x_j)\right) - x_c", np.log(np.exp(x).sum())-x[c]),
    (r"-\log\frac{e^{x_c}}{\sum_j e^{x_j}}", np.log(np.exp(x).sum())-x[c]),
    (r"-\log \frac{\exp(x_c)}{\sum_{j=1}^n \exp(x_j)}", np.log(np.exp(x).sum())-x[c]),
    (r"\sum_{i=1}^n |x_i|", abs(x).sum()),
    (r"\sum_{i=1}^n |x_i|^{3}", (abs(x)**3).sum()),
    (r"\sum_{i=1}^n \lvert x_i - y_i\rvert", abs(x-y).sum()),
    (r"\sum_{k=1}^{n} x_k^2", x@x),
    (r"\sum_{i=0}^{n-1} x_i y_i", x@y),
    (r"\exp(-\lambda \|x-y\|^2)", np.exp(-lam*np.sum((x-y)**2))),
    (r"\exp\left\{-\frac{1}{2}(x-\mu)^\top S^{-1}(x-\mu)\right\}",
     np.exp(-.5*(x-mu)@np.linalg.solve(S,x-mu))),
    (r"e^{-\frac{\|x-y\|^2}{2\sigma^2}}", np.exp(-np.sum((x-y)**2)/2/sigma**2)),
    (r"\exp\!\left(-\frac{\lVert x-y\rVert^2}{2\sigma^2}\right)",
     np.exp(-np.sum((x-y)**2)/2/sigma**2)),
    (r"\tanh(Wx+b)", np.tanh(W@x+b)),
    (r"\tanh^2(x)", np.tanh(x)**2),
    (r"\operatorname{softmax}(x)", sm(x)),
    (r"\mathrm{softmax}(Wx)_i", sm(W@x)),
    (r"\mathrm{ReLU}(Wx+b)", np.maximum(0,W@x+b)),
    (r"\text{ReLU}(Wx+b)", np.maximum(0,W@x+b)),
    (r"\operatorname{relu}(x)", np.maximum(0,x)),
    (r"\max(0, Wx+b)", np.maximum(0,W@x+b)),
    (r"\max\{0, x\}", np.maximum(0,x)),
    (r"\min(\lambda, \alpha)", min(lam,alpha)),
    (r"\min\left\{\lambda, \alpha\right\}", min(lam,alpha)),
    (r"\max_{i} x_i", x.max()),
    (r"\max_{i \in [n]} x_i", x.max()),
    (r"\max_{1 \le i \le n} x_i", x.max()),
    (r"\max_{i=1,\dots,n} x_i", x.max()),
    (r"\min_i x_i", x.min()),
    (r"\max_{i} |x_i|", abs(x).max()),
    (r"\max_{i,j} A_{ij}", A.max()),
    (r"\sqrt{x^\top S x}", np.sqrt(x@S@x)),
    (r"\sqrt[3]{\alpha}", alpha**(1/3)),
    (r"\sqrt[2]{\alpha}", alpha**.5),
    (r"\sqrt{\frac{\lambda}{\alpha}}", np.sqrt(lam/alpha)),
    (r"x \odot y", x*y),
    (r"x \circ y", x*y),
    (r"x \ast y", x*y),
    (r"A \otimes B", np.kron(A,B)),
    (r"x \oslash y", x/y),
    (r"\mathrm{diag}(x) y", x*y),
    (r"\operatorname{diag}(A)", np.diag(A)),
    (r"\mathrm{Diag}(x)", np.diag(x)),
    (r"\operatorname{sign}(x)", np.sign(x)),
    (r"\operatorname{sgn}(x)", np.sign(x)),
    (r"\arctan(\lambda)", np.arctan(lam)),
    (r"\log_2 \alpha", np.log2(alpha)),
    (r"\log_{10} \alpha", np.log10(alpha)),
    (r"\log\Gamma(\alpha)", np.log(0.897470696306277)),
    (r"\operatorname{sigmoid}(x)", sig(x)),
    (r"\frac{1}{1+e^{-w^\top x}}", sig(w@x)),
    (r"\frac{1}{1+\exp(-w^\top x)}", sig(w@x)),
    (r"{x^\top A x \over x^\top x}", x@A@x/(x@x)),
    (r"\frac{x^\top A x}{x^\top x}", x@A@x/(x@x)),
    (r"\frac{x\cdot y}{\|x\|\|y\|}", x@y/np.linalg.norm(x)/np.linalg.norm(y)),
    (r"\frac{x^\top y}{\|x\|_2 \, \|y\|_2}", x@y/np.linalg.norm(x)/np.linalg.norm(y)),
    (r"\mathbf{1}^\top x", x.sum()),
    (r"\mathbb{1}^\top x", x.sum()),
    (r"\mathbf{1}_n^\top A \mathbf{1}_n", A.sum()),
    (r"\left(I - \frac{1}{n}\mathbf{1}\mathbf{1}^\top\right) x", x-x.mean()),
    (r"(S + \lambda \mathbf{I})^{-1} x", np.linalg.solve(S+lam*np.eye(3),x)),
    (r"(S + \lambda \mathbb{I})^{-1} x", np.linalg.solve(S+lam*np.eye(3),x)),
    (r"(S + \lambda I_n)^{-1} x", np.linalg.solve(S+lam*np.eye(3),x)),
    (r"(S + \lambda I_{n\times n})^{-1} x", np.linalg.solve(S+lam*np.eye(3),x)),
    (r"(X^\top X + \lambda I)^{-1} X^\top t", np.linalg.solve(X.T@X+lam*np.eye(3),X.T@t)),
    (r"\left(\mathbf{X}^{\top}\mathbf{X}\right)^{-1}\mathbf{X}^{\top}\mathbf{t}",
     np.linalg.solve(X.T@X,X.T@t)),
    (r"\mathbb{1}_{\{\lambda > 0\}}", 1.0),
    (r"\mathbb{1}\{\lambda>0\}", 1.0),
    (r"\mathbf 1_{\lambda > 0}", 1.0),
    (r"\mathbbm{1}[\lambda > 0]", 1.0),
    (r"\mathds{1}(\lambda > 0)", 1.0),
    (r"\mathbb{I}(\lambda > 0)", 1.0),
    (r"\mathbb{I}[\lambda > 0]", 1.0),
    (r"[\![\lambda > 0]\!]", 1.0),
    (r"\llbracket \lambda > 0 \rrbracket", 1.0),
    (r"\sum_{i} 1_{i=c} x_i", x[c]),
    (r"\sum_{i=1}^n \mathbb{1}_{\{i=c\}} x_i", x[c]),
    (r"\sum_{i,j} 1_{i=j} A_{ij}", np.trace(A)),
    (r"\sum_{i,j} \mathbb{1}_{i\ne j} A_{ij}", A.sum()-np.trace(A)),
    (r"\sum_{i=1}^n \mathbb{1}(x_i > 0) x_i", np.maximum(0,x).sum()),
    (r"\sum_{i=1}^n \delta_{ic} x_i", x[c]),
    (r"\max_i x_i - \max_{i} b_i", x.max()-b.max()),
    (r"\max_{i\in[n]} x_i - \max_{i\in[m]} b_i", x.max()-b.max()),
    (r"\max_{1\le i < n} x_i", x[:-1].max()),
    (r"\sum_i \max_j A_{ij}", A.max(1).sum()),
    (r"\sum_{i=1}^n \max_{j\in[n]} A_{ij}", A.max(1).sum()),
    (r"\sum_{i=1,\dots,n} x_i", x.sum()),
    (r"\max_{i=2,\dots,n} x_i", x[1:].max()),
    (r"\sum_{i,j} X_{ij}^2", np.sum(X**2)),
    (r"\log_2(\alpha + 1)", np.log2(alpha+1)),
    (r"\log_{10} \|x\|", np.log10(np.linalg.norm(x))),
    (r"\sum_i 1_{x_i > 0}", (x>0).sum()),
    (r"\sum_i \mathbb{1}_{(x_i > 0)} x_i", x[x>0].sum()),
    (r"\sum_i \mathbf{1}_i x_i", x.sum()),
    (r"\begin{cases} \lambda & \lambda > 0 \\ 0 & \text{else} \end{cases}", lam),
    (r"\begin{dcases} \lambda & \lambda > 0 \\ 0 & \lambda \le 0 \end{dcases}", lam),
    (r"\begin{cases*} \lambda & \lambda > 0 \\ 0 & \lambda \le 0 \end{cases*}", lam),
    (r"\begin{rcases} \lambda & \lambda > 0 \\ 0 & \lambda \le 0 \end{rcases}", lam),
    (r"\left\{ \begin{array}{ll} \lambda & \lambda > 0 \\ 0 & \lambda \le 0 \end{array} \right.",
     lam),
    (r"\{\lambda\}", lam),
    (r"\begin{cases} \lambda & \text{if $\lambda > 0$} \\ 0 & \text{otherwise} \end{cases}", lam),
    (r"\[ \begin{cases} \lambda & \mbox{if $\lambda > 0$} \\ 0 & \mbox{otherwise} \end{cases} \]",
     lam),
    (r"\begin{cases} \lambda & \mathrm{if}\ \lambda > 0 \\ 0 & \mathrm{otherwise} \end{cases}",
     lam),
    (r"\begin{cases} \lambda & \text{if}\; \lambda > 0, \\ 0 & \text{else}. \end{cases}", lam),
    (r"\begin{cases} \lambda, \quad & \lambda > 0, \\ 0, \quad & \text{else}. \end{cases}", lam),
    (r"\begin{cases} \lambda & \lambda > 0 \text{ and } \alpha > 0 \\ 0 & \text{else} \end{cases}",
     lam),
    (r"\begin{cases} \lambda & 0 < \lambda \leq 1 \\ 0 & \text{else} \end{cases}", lam),
    (r"\begin{cases} \lambda & 0 < \lambda < .5 \\ 2 & \text{else} \end{cases}", 2),
    (r"\begin{cases} 1 & \text{if } -1 \leq \lambda \leq 1 \\ 0 & \text{else} \end{cases}", 1),
    (r"\begin{cases} 1 & \lambda > 0 \\ 0 & \lambda = 0 \\ -1 & \lambda < 0 \end{cases}", 1),
    (r"\begin{cases} \lambda & \text{if } x_c > 0 \\ 0 & \text{else} \end{cases}", lam*(x[c]>0)),
    (r"\begin{cases} \lambda & \text{if } \lambda = 1 \\ 3 & \text{if } \lambda \ne 1 \end{cases}",
     3),
    (r"\sum_i \begin{cases} x_i & \text{if } x_i = y_i \\ 3 & \text{otherwise} \end{cases}", 9),
    (r"\sum_i \mathbf{1}[0 < x_i < 1]", ((x>0)&(x<1)).sum()),
    (r"\sum_i \mathbf{1}[x_i = y_i]", 0),
    (r"\sum_i \mathbf{1}[x_i \ne y_i]", 3),
    (r"\begin{cases} \lambda & \lambda > 0 \land \alpha > 0 \\ 0 & \text{else} \end{cases}", lam),
    (r"{}^t(Ax) y", (A@x)@y),
    (r"{}^t\!A B", A.T@B),
    (r"{}x^{\top}{}y{}", x@y),
    (r"{x^\top y \over \lambda}", x@y/lam),
    (r"x^{\top}_{}y", x@y),
    (r"= x^\top y", x@y),
    (r"x^\top \mathopen{}\left(y\right)\mathclose{}", x@y),
    (r"q \stackrel{\text{def}}{=} x^\top y", x@y),
    (r"f(x \mid A) := x^\top y", x@y),
    (r"{}^T x\, {}^t\!A\, y", x@A.T@y),
    (r"{}^{\mathrm{t}}x y", x@y),
    (r"x^{\mkern-1.5mu T}y", x@y),
]  # fmt: skip


@pytest.mark.parametrize(("formula", "wanted"), VALUES)
def test_what_a_formula_means(formula: str, wanted: object) -> None:
    *lines, last = sg.parse_latex(formula, sg.parse(PROGRAM + "f = x\n")).split("\n")
    program = "\n".join([PROGRAM, *lines, "f = " + last.rpartition(" = ")[2]])
    found = np.asarray(sg.evaluate(program, INPUTS))
    np.testing.assert_allclose(found.reshape(np.shape(wanted)), wanted, rtol=1e-9, atol=1e-10)
