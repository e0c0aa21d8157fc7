"""Losses and gradients of papers and homework in LaTeX, in their environments, beside NumPy."""

from __future__ import annotations

import numpy as np
import pytest

import symgrad as sg

PROGRAM = """
X: Matrix(N, d)
W_1: Matrix(h, d)
W_2: Matrix(k, h)
b_1: Vector(h)
b_2: Vector(k)
y: Vector(N)
theta: Vector(d)
w: Vector(d)
u: Vector(d)
lam: Scalar
eta: Scalar
mu: Scalar
sigma: Scalar
epsilon: Scalar
theta_0: Scalar
gamma: Scalar
tau: Scalar
Sigma: Matrix(d, d, symmetric=True)
P: Matrix(d, d)
Q: Matrix(d, d)
c: Index(k)
"""
rng = np.random.default_rng(3)
N, d, h, k = 4, 3, 2, 5
r = rng.standard_normal
X, W_1, W_2, P, Q = r((N, d)), r((h, d)), r((k, h)), r((d, d)), r((d, d))
b_1, b_2, y, theta, w, u = r(h), r(k), r(N), r(d), r(d), r(d)
Sigma = P @ P.T + np.eye(d)
lam, eta, mu, sigma, eps, theta_0, gam, tau, c = 0.7, 0.3, 0.2, 0.9, 0.4, 0.15, 1.6, 0.8, 2
res = X @ w - y
g = 2 * X.T @ res
z = W_2 @ np.maximum(0, W_1 @ w + b_1) + b_2
th = theta


def sp(z: np.ndarray) -> np.ndarray:
    return np.log1p(np.exp(z))


def sig(z: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-z))


def sm(z: np.ndarray) -> np.ndarray:
    return np.exp(z) / np.sum(np.exp(z))


INPUTS = {
    "X": X,
    "W_1": W_1,
    "W_2": W_2,
    "b_1": b_1,
    "b_2": b_2,
    "y": y,
    "theta": theta,
    "w": w,
    "u": u,
    "lam": lam,
    "eta": eta,
    "mu": mu,
    "sigma": sigma,
    "epsilon": eps,
    "gamma": gam,
    "theta_0": theta_0,
    "tau": tau,
    "Sigma": Sigma,
    "P": P,
    "Q": Q,
    "c": c,
}

VALUES = [
    (r"\frac{1}{N} \sum_{i=1}^{N} (y_i - w^\top x_i)^2", np.mean(res**2)),
    (r"\frac{1}{N} \sum_{i=1}^{N} (y^{(i)} - \mathbf{w}^\top \mathbf{x}^{(i)})^2", np.mean(res**2)),
    (r"\frac{1}{2N}\sum_{i=1}^{N}\left(y_i-\langle w, x^{(i)}\rangle\right)^2", np.sum(res**2)/8),
    (r"\frac{1}{N} \sum_{n=1}^{N} (y_n - w^\top x_n)^2", np.mean(res**2)),
    (r"\frac{1}{N} \sum_{i \in [N]} (y_i - w^\top x_i)^2", np.mean(res**2)),
    (r"\frac{1}{N} \sum_{i=1}^{N} \ln\left(1+e^{-y_i \mathbf{w}^T\mathbf{x}_i}\right)",
     np.mean(sp(-y*(X@w)))),
    (r"\sum_{n} \left\{ y_n - \mathbf{w}^{\mathrm T} \mathbf{x}_n \right\}^2", np.sum(res**2)),
    (r"\frac{1}{N}\sum_{i=1}^N \max\{0, 1-y_i w^\top x_i\} + \frac{\lambda}{2} \|w\|_2^2",
     np.maximum(0,1-y*(X@w)).mean()+lam/2*w@w),
    (r"\frac{1}{N}\|Xw-y\|^2 + \lambda \|w\|_1", np.mean(res**2)+lam*abs(w).sum()),
    (r"(y-Xw)^\top (y-Xw) + \lambda w^\top w", np.sum(res**2)+lam*w@w),
    (r"(y-Xw)'(y-Xw)", np.sum(res**2)),
    (r"\sum_{i=1}^N \left( y_i - \sum_{j=1}^d X_{ij} w_j \right)^2 + \lambda \sum_{j=1}^d |w_j|",
     np.sum(res**2)+lam*abs(w).sum()),
    (r"\sum_{i=1}^N \left( y_i - \theta_0 - \sum_{j=1}^d x_{ij} w_j \right)^2",
     np.sum((res+theta_0)**2)),
    (r"\sum_{i=1}^N \left( y_i - \theta_0 - \sum_{j=1}^d x_j^{(i)} w_j \right)^2",
     np.sum((res+theta_0)**2)),
    (r"W_2\, \mathrm{ReLU}(W_1 w + b_1) + b_2", z),
    (r"\mathbf{W}_2\, \max(\mathbf{0}, \mathbf{W}_1 \mathbf{w} + \mathbf{b}_1) + \mathbf{b}_2", z),
    (r"W^{(2)}\, \mathrm{ReLU}(W^{(1)} w + b^{(1)}) + b^{(2)}", z),
    (r"W^{[2]} \tanh\left(W^{[1]} w + b^{[1]}\right) + b^{[2]}", W_2@np.tanh(W_1@w+b_1)+b_2),
    (r"-\log \operatorname{softmax}(W_2 \tanh(W_1 w + b_1) + b_2)_c",
     -np.log(sm(W_2@np.tanh(W_1@w+b_1)+b_2))[c]),
    (r"-\log \left[\operatorname{softmax}(b_2)\right]_c", -np.log(sm(b_2))[c]),
    (r"\frac{1}{\sqrt{2\pi\sigma^2}} \exp\left( -\frac{(\lambda-\mu)^2}{2\sigma^2} \right)",
     np.exp(-(lam-mu)**2/2/sigma**2)/np.sqrt(2*np.pi*sigma**2)),
    (r"\frac{1}{\sigma\sqrt{2\pi}} e^{-\frac{1}{2}\left(\frac{\lambda-\mu}{\sigma}\right)^2}",
     np.exp(-(lam-mu)**2/2/sigma**2)/np.sqrt(2*np.pi*sigma**2)),
    (r"\frac{1}{(2\pi)^{d/2}|\Sigma|^{1/2}} \exp\left(-\frac12 (w-u)^\top\Sigma^{-1}(w-u)\right)",
     np.exp(-.5*(w-u)@np.linalg.solve(Sigma,w-u))/(2*np.pi)**1.5/np.sqrt(np.linalg.det(Sigma))),
    (r"\frac{1}{2}\left[\operatorname{tr}(\Sigma) + u^\top u - d - \log\det\Sigma\right]",
     .5*(np.trace(Sigma)+u@u-d-np.linalg.slogdet(Sigma)[1])),
    (r"\frac{1}{2} \sum_{j=1}^{d} \left( u_j^2 + w_j^2 - \log w_j^2 - 1 \right)",
     .5*np.sum(u**2+w**2-np.log(w**2)-1)),
    (r"\sum_i w_i^2 \log \frac{w_i^2}{u_i^2}", np.sum(w**2*np.log(w**2/u**2))),
    (r"H(w) = -\sum_i w_i^2 \log w_i^2", -np.sum(w**2*np.log(w**2))),
    (r"\mathcal{L}(w) = \frac{1}{N} \|Xw - y\|_2^2", np.mean(res**2)),
    (r"J(\theta) := \frac{1}{2N} \sum_{i=1}^{N} \left( \theta^\top x^{(i)} - y^{(i)} \right)^2",
     np.sum((X@th-y)**2)/8),
    (r"\overbrace{w^\top u}^{\text{similarity}}", w@u),
    (r"\begin{cases} \lambda^2, & \lambda > 0 \\ 0, & \text{otherwise.} \end{cases}", lam**2),
    (r"\left\{ \begin{array}{ll} \lambda & \lambda > 0 \\ 0 & \lambda \le 0 \end{array} \right.",
     lam),
    (r"\begin{dcases} \lambda & \lambda > 0 \\ 0 & \lambda \le 0 \end{dcases}", lam),
    (r"\lambda\,\mathrm{sign}(\lambda)", abs(lam)),
    (r"\|w - u\|_{\Sigma^{-1}}^2", (w-u)@np.linalg.solve(Sigma,w-u)),
    (r"\|w - u\|^2_P", (w-u)@P@(w-u)),
    (r"P^T Q P", P.T@Q@P),
    (r"(PQ)^{-1}", np.linalg.inv(P@Q)),
    (r"P^{-T} w", np.linalg.solve(P.T,w)),
    (r"PQ - QP", P@Q-Q@P),
    (r"\operatorname{tr}(P^\top Q) - \lambda \log\det \Sigma",
     np.sum(P*Q)-lam*np.linalg.slogdet(Sigma)[1]),
    (r"\nabla f(w) = 2 X^\top (Xw-y)", 2*X.T@res),
    (r"\nabla_w L(w) = 2 X^\top (Xw-y)", 2*X.T@res),
    (r"\frac{\partial L}{\partial w} = 2 X^\top (Xw-y)", 2*X.T@res),
    (r"\frac{\partial L(w)}{\partial w} = 2 X^\top (Xw-y)", 2*X.T@res),
    (r"\frac{\partial}{\partial w} L(w) = 2 X^\top (Xw-y)", 2*X.T@res),
    (r"\frac{\partial}{\partial \mathbf{w}} \mathcal{L} = 2 X^\top (Xw-y)", 2*X.T@res),
    (r"\partial L/\partial w = 2 X^\top (Xw-y)", 2*X.T@res),
    (r"\partial_w L = 2 X^\top (Xw-y)", 2*X.T@res),
    (r"\frac{\mathrm{d}L}{\mathrm{d}w} = 2 X^\top (Xw-y)", 2*X.T@res),
    (r"\frac{\partial L}{\partial w_j} = 2 \sum_{i=1}^N (X_{i,:} w - y_i) X_{ij}", 2*X.T@res),
    (r"\frac{\partial L}{\partial w_j} = 2 \sum_{i=1}^N (w^\top x_i - y_i) x_{ij}", 2*X.T@res),
    (r"\nabla_w^2 L = 2 X^\top X", 2*X.T@X),
    (r"\nabla^2_w L = 2 X^\top X", 2*X.T@X),
    (r"\nabla^2_{ww} L = 2 X^\top X", 2*X.T@X),
    (r"\nabla^2 L(w) = 2 X^\top X", 2*X.T@X),
    (r"\frac{\partial^2 L}{\partial w \partial w^\top} = 2 X^\top X", 2*X.T@X),
    (r"\frac{\partial^2 L}{\partial w^2} = 2 X^\top X", 2*X.T@X),
    (r"H = 2 X^\top X", 2*X.T@X),
    (r"\mathbf{H} = 2 \mathbf{X}^\top \mathbf{X}", 2*X.T@X),
    (r"\mathbf{g} = 2X^\top(Xw-y)", 2*X.T@res),
    (r"\delta = W_2^\top b_2 \odot (1 - \tanh^2(b_1))", W_2.T@b_2*(1-np.tanh(b_1)**2)),
    (r"\delta = W_2^\top b_2 \odot \tanh'(b_1)", W_2.T@b_2*(1-np.tanh(b_1)**2)),
    (r"2\times 3", 6),
    (r"2 \cdot 3", 6),
    (r"\lambda \times \gamma", lam*gam),
    (r"3\,\lambda^2 - 2.5\,\gamma", 3*lam**2-2.5*gam),
    (r"10^{-3} \lambda", 1e-3*lam),
    (r"\lambda\cdot 10^{2}", 100*lam),
    (r"\frac{\lambda}{\gamma} / \tau", lam/gam/tau),
    (r"\lambda/(\gamma \tau)", lam/gam/tau),
    (r"{\lambda}^{2}", lam**2),
    (r"\lambda^{2^{2}}", lam**4),
    (r"{\lambda^2}^2", lam**4),
    (r"-\lambda^2", -lam**2),
    (r"(-\lambda)^2", lam**2),
    (r"\lambda^{-1}", 1/lam),
    (r"2^{\lambda}", 2**lam),
    (r"\lambda^\gamma", lam**gam),
    (r"\sin\lambda\cos\gamma", np.sin(lam)*np.cos(gam)),
    (r"\sin(\lambda)\cos(\gamma)", np.sin(lam)*np.cos(gam)),
    (r"\sin 2\lambda", np.sin(2*lam)),
    (r"\sin \lambda + \gamma", np.sin(lam)+gam),
    (r"\sin \frac{\lambda}{2}", np.sin(lam/2)),
    (r"\log \lambda^2", np.log(lam**2)),
    (r"\log(\lambda)^2", np.log(lam)**2),
    (r"\log^2 \lambda", np.log(lam)**2),
    (r"\log (\lambda\gamma)", np.log(lam*gam)),
    (r"\log(\lambda) \gamma", np.log(lam)*gam),
    (r"\log\log(1+\gamma)", np.log(np.log(1+gam))),
    (r"\log \frac{1}{\lambda}", -np.log(lam)),
    (r"\tanh \left( \lambda \right)", np.tanh(lam)),
    (r"\cosh\lambda - \sinh\lambda", np.exp(-lam)),
    (r"\arcsin\lambda", np.arcsin(lam)),
    (r"\operatorname{erf}(\lambda)", 0.6778011938374184),
    (r"\operatorname{softplus}(\lambda)", sp(lam)),
    (r"\max(w)", w.max()),
    (r"\max w", w.max()),
    (r"\mathrm{mean}(y)", y.mean()),
    (r"\frac{1}{N} \mathbf{1}^\top y", y.mean()),
    (r"\frac{1}{N} \mathbf{1}_N^T y", y.mean()),
    (r"\|\mathrm{diag}(w) u\|^2", np.sum((w*u)**2)),
    (r"w^{\odot 2}", w**2),
    (r"w^{\circ 2}", w**2),
    (r"w^2", w**2),
    (r"\frac{w}{u}", w/u),
    (r"w \cdot u", w@u),
    (r"w^\top u w", (w@u)*w),
    (r"w w^\top u", w*(w@u)),
    (r"w^\top P^\top P w", np.sum((P@w)**2)),
    (r"\lVert P w\rVert_2^{2}+\lVert Q u\rVert_2^{2}", np.sum((P@w)**2)+np.sum((Q@u)**2)),
    (r"\begin{equation*} \|Xw-y\|^2, \end{equation*}", np.sum(res**2)),
    (r"\begin{align*} r &:= Xw-y, \\ L &:= r^\top r. \end{align*}", np.sum(res**2)),
    (r"\begin{aligned} r &= Xw-y \\ r^\top r \end{aligned}", np.sum(res**2)),
    (r"\begin{multline} L(w) = \|Xw-y\|_2^2 \\ + \lambda\|w\|_2^2 \end{multline}",
     np.sum(res**2)+lam*w@w),
    (r"\begin{eqnarray*} L &=& \|Xw-y\|^2 \\ &&+ \lambda\|w\|^2 \end{eqnarray*}",
     np.sum(res**2)+lam*w@w),
    (r"\[ L(w) = \|Xw-y\|^2, \qquad w\in\mathbb{R}^d \]", np.sum(res**2)),
    (r"\[ L(w) = \|r\|^2, \qquad r = Xw-y \]", np.sum(res**2)),
    (r"\[ L(w) = \|r\|^2, \quad\text{where}\quad r = Xw-y. \]", np.sum(res**2)),
    (r"\[ L(w) = \|r\|^2 \] where $r = Xw-y$.", np.sum(res**2)),
    (r"$L(w) = \|r\|^2$ with $r = Xw-y$ and $\lambda > 0$", np.sum(res**2)),
    (r"L(w) = \|r\|^2 \quad \text{with } r = Xw - y", np.sum(res**2)),
    (r"\|r\|^2 \quad \text{with } r = Xw - y", np.sum(res**2)),
    (r"L = r^\top r \text{ where } r = Xw-y \text{ and } \lambda > 0", np.sum(res**2)),
    (r"L(w) = \frac{1}{2}\|Xw-y\|^2 \tag{3.1}", np.sum(res**2)/2),
    (r"L(w) = \frac{1}{2}\|Xw-y\|^2 \tag{$\ast$}", np.sum(res**2)/2),
    (r"L(w) = \frac{1}{2}\|Xw-y\|^2 \qquad (12)", np.sum(res**2)/2),
    (r"L(w) = \frac{1}{2}\|Xw-y\|^2 \hspace{1em} \text{(least squares)}", np.sum(res**2)/2),
    (r"\text{Loss} = \|Xw-y\|^2", np.sum(res**2)),
    (r"\mathrm{loss}(w) = \|Xw-y\|^2", np.sum(res**2)),
    (r"\mathcal{L}_{\mathrm{MSE}} = \frac1N\|Xw-y\|^2", np.mean(res**2)),
    (r"\mathcal{L}(w; X, y) = \frac1N\|Xw-y\|^2", np.mean(res**2)),
    (r"\mathcal{L}(w \mid X, y) = \frac1N\|Xw-y\|^2", np.mean(res**2)),
    (r"f(w) \triangleq \|Xw-y\|^2", np.sum(res**2)),
    (r"f(w) \equiv \|Xw-y\|^2", np.sum(res**2)),
    (r"f(w) \stackrel{\text{def}}{=} \|Xw-y\|^2", np.sum(res**2)),
    (r"f(w) \overset{\mathrm{def}}{=} \|Xw-y\|^2", np.sum(res**2)),
    (r"f \colon \mathbb{R}^d \to \mathbb{R}, \quad f(w) = \|Xw-y\|^2", np.sum(res**2)),
    (r"\|Xw-y\|^2 \;\;\forall w", np.sum(res**2)),
    (r"\nabla_w L = 2X^\top(Xw-y) = 2X^\top X w - 2X^\top y", g),
    (r"\nabla_w L = 2X^\top r,\ r = Xw-y", g),
    (r"\nabla_w L = 2X^\top r \quad (r = Xw-y)", g),
    (r"\nabla_w L = 2X^\top r \quad (r := Xw-y)", g),
    (r"\text{grad} = 2 X^\top(Xw-y)", g),
    (r"\boxed{\nabla_w L = 2 X^\top(Xw-y)}", g),
    (r"\boxed{ 2 X^\top(Xw-y) }", g),
    (r"\therefore \nabla_w L = 2 X^\top(Xw-y)", g),
    (r"\Rightarrow \nabla_w L = 2 X^\top(Xw-y)", g),
    (r"\implies\quad \nabla_w L = 2 X^\top(Xw-y)", g),
    (r"\nabla_w L &= 2 X^\top(Xw-y) \\", g),
    (r"\nabla_w L &= 2 X^\top(Xw-y) \\[4pt]", g),
    (r"&= 2 X^\top(Xw-y)", g),
    (r"= 2 X^\top(Xw-y)", g),
    (r"2 X^\top(Xw-y);", g),
    (r"2 X^\top(Xw-y).", g),
    (r"\left( 2 X^\top(Xw-y) \right)", g),
    (r"\{ 2 X^\top(Xw-y) \}", g),
    (r"2 X^\top(Xw-y)\,", g),
    (r"2 X^{\top}\left(X w\right. - \left. y\right)", g),
    (r"\mathopen{}\left(2 X^\top(Xw-y)\right)\mathclose{}", g),
    (r"2\mathbf{X}^{\scriptscriptstyle\top}(\mathbf{X}\mathbf{w}-\mathbf{y})", g),
    (r"2\,\mathbf{X}^{\!\top}(\mathbf{X}\mathbf{w}-\mathbf{y})", g),
    (r"2\,\mathbf{X}^{\mkern-1.5mu\mathsf{T}}(\mathbf{X}\mathbf{w}-\mathbf{y})", g),
    (r"2X^{\text{T}}(Xw-y)", g),
    (r"2X^{\rm T}(Xw-y)", g),
    (r"2X^{\bf T}(Xw-y)", g),
    (r"2{X}^{T}({X}{w}-{y})", g),
    (r"2\times X^{T}(Xw-y)", g),
    (r"2*X^T*(X*w-y)", g),
    (r"\frac{2}{N} X^{T}(Xw-y)", g/N),
    (r"{2 \over N} X^{T}(Xw-y)", g/N),
    (r"\nicefrac{1}{2} X^T y", .5*X.T@y),
    (r"0.5\,X^T y", .5*X.T@y),
    (r".5 X^T y", .5*X.T@y),
    (r"\frac{1}{N}\sum_{i}(w^\top x_i-y_i)x_i", g/2/N),
    (r"\frac{1}{N}\sum_{i=1}^N(w^\top x_i-y_i)\,x_i + \lambda w", g/2/N+lam*w),
    (r"\frac{1}{N}\sum_{i=1}^N \big[ (w^\top x_i-y_i)\,x_i + \lambda w\big]", g/2/N+lam*w),
    (r"\sum_{i=1}^N x_i x_i^\top", X.T@X),
    (r"\left(\sum_{i=1}^N x_i x_i^\top\right)^{-1}\sum_{i=1}^N x_i y_i",
     np.linalg.solve(X.T@X,X.T@y)),
    (r"\sum_{i=1}^N \sum_{j=1}^N \exp\left(-\frac{\|x_i-x_j\|^2}{2\sigma^2}\right)",
     np.exp(-((X[:,None]-X)**2).sum(2)/2/sigma**2).sum()),
    (r"\sum_{i=1}^{N}\sum_{j=1}^{N} y_i y_j x_i^\top x_j", (X.T@y)@(X.T@y)),
    (r"\frac12\sum_{i,j=1}^{N} y_i y_j \langle x_i, x_j\rangle", .5*(X.T@y)@(X.T@y)),
    (r"\sum_{i=1}^N \|x_i - u\|_2^2", np.sum((X-u)**2)),
    (r"\sum_{i=1}^N (x_i - u)^\top \Sigma^{-1} (x_i - u)",
     np.sum((X-u)*np.linalg.solve(Sigma,(X-u).T).T)),
    (r"\sum_{i=1}^N \log(1+e^{-y_i x_i^\top w}) + \frac{\lambda}{2}\|w\|^2",
     sp(-y*(X@w)).sum()+lam/2*w@w),
    (r"\| \Sigma - w w^\top \|_F^2", np.sum((Sigma-np.outer(w,w))**2)),
    (r"\| \Sigma - w w^\top \|_F", np.sqrt(np.sum((Sigma-np.outer(w,w))**2))),
    (r"\operatorname{tr}\left(\Sigma^{-1}(w-u)(w-u)^\top\right)", (w-u)@np.linalg.solve(Sigma,w-u)),
    (r"\frac{w^\top \Sigma w}{w^\top w}", w@Sigma@w/(w@w)),
    (r"\frac{(w^\top u)^2}{(w^\top \Sigma w)(u^\top u)}", (w@u)**2/(w@Sigma@w)/(u@u)),
    (r"w - \eta \left( X^\top (Xw-y) + \lambda w\right)", w-eta*(g/2+lam*w)),
    (r"\frac{w}{\|w\|}", w/np.linalg.norm(w)),
    (r"\frac{w}{\sqrt{\sum_i w_i^2 + \epsilon}}", w/np.sqrt(w@w+eps)),
    (r"\max_j w_j - \min_j w_j", w.max()-w.min()),
    (r"\log\sum_j e^{w_j/\tau}", np.log(np.exp(w/tau).sum())),
    (r"\tau\log\sum_{j=1}^d \exp\left(\frac{w_j}{\tau}\right)", tau*np.log(np.exp(w/tau).sum())),
    (r"\sum_j \frac{e^{w_j}}{\sum_{k} e^{w_k}} u_j", np.exp(w)@u/np.exp(w).sum()),
    (r"\frac{\sum_j e^{w_j} u_j}{\sum_{j} e^{w_j}}", np.exp(w)@u/np.exp(w).sum()),
    (r"\frac{\exp(w_j)}{\sum_{k=1}^{d} \exp(w_k)}", np.exp(w)/np.exp(w).sum()),
    (r"p_j = \frac{\exp(w_j)}{\sum_{k=1}^{d} \exp(w_k)}", np.exp(w)/np.exp(w).sum()),
    (r"w_i(1[i=j] - u_j)", np.diag(w)-np.outer(w,u)),
    (r"w_i(\mathbb{1}_{i=j} - u_j)", np.diag(w)-np.outer(w,u)),
    (r"w_i(\mathbb{1}\{i=j\} - u_j)", np.diag(w)-np.outer(w,u)),
    (r"\operatorname{diag}(w) - w u^\top", np.diag(w)-np.outer(w,u)),
    (r"(P \otimes Q) ", np.kron(P,Q)),
    (r"P \odot Q", P*Q),
    (r"\langle P, Q\rangle", np.sum(P*Q)),
    (r"\langle P, Q\rangle_F", np.sum(P*Q)),
    (r"\sum_{i,j} P_{ij} Q_{ij}", np.sum(P*Q)),
    (r"\sum_{i,j} P_{ij} Q_{ji}", np.sum(P*Q.T)),
    (r"\sum_k P_{ik} Q_{kj}", P@Q),
    (r"(PQ)_{ij}", P@Q),
    (r"[P Q]_{ij}", P@Q),
    (r"\sum_i P_{ii}", np.trace(P)),
    (r"\log(\lambda)/\gamma", np.log(lam)/gam),
    (r"\log|\lambda|/\gamma", np.log(lam)/gam),
    (r"\|w\|/\log \gamma", np.linalg.norm(w)/np.log(gam)),
    (r"1/2 \sigma^2", .5*sigma**2),
    (r"1/2\|w\|^2", .5*w@w),
    (r"1/N \sum_{i=1}^N (y_i - w^\top x_i)^2", np.mean(res**2)),
    (r"1/N \sum_i y_i", y.mean()),
    (r"e^{P w}", np.exp(P@w)),
    (r"\log\det(\Sigma)/2", np.linalg.slogdet(Sigma)[1]/2),
    (r"\lambda^2/(2\sigma^2)", lam**2/2/sigma**2),
    (r"\operatorname{tr}(P)/2", np.trace(P)/2),
    (r"w'P w", w@P@w),
    (r"\nabla L(w) = 2 X^\top (Xw-y)", g),
    (r"\nabla_{w} L = 2 X^\top (Xw-y)", g),
    (r"\partial_{w} L = 2 X^\top (Xw-y)", g),
    (r"\nabla_{wu}^2 L = 2 X^\top X", 2*X.T@X),
    (r"\frac{\partial^2 L}{\partial w^\top\partial w} = 2 X^\top X", 2*X.T@X),
    (r"\nabla_w = w", w),
]  # fmt: skip


@pytest.mark.parametrize(("formula", "wanted"), VALUES)
def test_what_a_formula_means(formula: str, wanted: object) -> None:
    *lines, last = sg.parse_latex(formula, sg.parse(PROGRAM + "f = w\n")).split("\n")
    program = "\n".join([PROGRAM, *lines, "f = " + last.rpartition(" = ")[2]])
    found = np.asarray(sg.evaluate(program, INPUTS))
    np.testing.assert_allclose(found.reshape(np.shape(wanted)), wanted, rtol=1e-9, atol=1e-10)
