"""Programs with time steps or layers that tests share."""

from __future__ import annotations

from symgrad.examples import text

RNN = text("rnn")
MLP = text("lecture_mlp")
LSTM = text("lstm")
GRU = text("gru")
RESIDUAL = text("residual_net")
POWER = text("power_iteration")
HMM = text("hmm")
DESCENT = text("gradient_descent")
LOGISTIC = """\
r: Scalar
x0: Scalar
x[0] = x0
for t in range(1, T + 1):
    x[t] = r * x[t - 1] * (1 - x[t - 1])
loss = mean((x[t] - 1/2)**2 for t in range(1, T + 1))
"""
DELAY = """\
A: Matrix(n, n)
B: Matrix(n, n)
x0: Vector(n)
x[0] = x0
d[0] = zeros(n)
for t in range(1, T + 1):
    d[t] = x[t - 1]
    x[t] = tanh(A @ x[t - 1] + B @ d[t - 1])
loss = norm2(x[T])**2
"""
SHARED = """\
A: Matrix(n, n)
x: Vector(n)[t:T]
x0: Vector(n)
K = A.T @ A
k = sum(K)
h[0] = tanh(K @ x0)
for t in range(1, T + 1):
    h[t] = tanh(K @ h[t - 1] + k * x[t])
J = sum(norm2(h[t] - x[t])**2 for t in range(1, T + 1))
loss = log(1 + J) + sum(K * K) / T + h[0].T @ h[T]
"""
STATELESS = """\
x: Vector(d, data=True)[t:T]
y: Scalar(data=True)[t:T]
w: Vector(d)
loss = sqrt(sum((y[t] - w.T @ x[t])**2 for t in range(1, T + 1))) + norm2(w)**2
"""
LAST = """\
x: Vector(d)[t:T]
y: Vector(n)[t:T]
h0: Vector(n)
W: Matrix(n, n)
U: Matrix(n, d)
h[0] = h0
for t in range(1, T + 1):
    h[t] = tanh(W @ h[t - 1] + U @ x[t])
loss = sum(norm2(y[T] - h[T])**2 for x, y in batch)
"""
SMOOTH = """\
y: Vector(n, data=True)[t:T]
x: Vector(n)[t:T]
x0: Vector(n)
lam: Scalar
A: Matrix(n, n)
s[0] = x0
for t in range(1, T + 1):
    s[t] = x[t]
loss = sum(norm2(y[t] - x[t])**2 for t in range(1, T + 1)) + lam * sum(
    norm2(s[t] - A @ s[t - 1])**2 for t in range(1, T + 1))
"""
FIVE = """\
W: Matrix(n, n)[l:5]
x: Vector(n)
a[0] = x
for l in range(1, 6):
    a[l] = tanh(W[l] @ a[l - 1])
loss = sum(a[5])
"""
KALMAN = """\
y: Vector(m, data=True)[t:T]
F: Matrix(n, n)
H: Matrix(m, n)
Q: Matrix(n, n)
R: Matrix(m, m)
mu[0] = zeros(n)
P[0] = eye(n)
for t in range(1, T + 1):
    M[t] = F @ P[t - 1] @ F.T + Q @ Q.T
    S[t] = H @ M[t] @ H.T + R @ R.T
    e[t] = y[t] - H @ F @ mu[t - 1]
    K[t] = M[t] @ H.T @ inv(S[t])
    mu[t] = F @ mu[t - 1] + K[t] @ e[t]
    P[t] = M[t] - K[t] @ H @ M[t]
loss = sum(logdet(S[t]) + e[t].T @ inv(S[t]) @ e[t] for t in range(1, T + 1))
"""
TWINS = """\
a: Vector(n)
h[0] = a
g[0] = a
for t in range(1, T + 1):
    h[t] = sin(g[t - 1])
    g[t] = sin(g[t - 1])
loss = sum(h[T] * g[T])
"""
BESIDE = """\
W: Matrix(n, n)[l:L]
x: Vector(n)
h[0] = x
for l in range(1, L + 1):
    z[l] = W[l] @ h[l - 1]
    h[l] = relu(z[l])
loss = norm2(z[L])**2 + sum(norm2(W[l])**2 for l in range(1, L + 1))
"""
EMBEDDED = """\
E: Matrix(v, d)
o: Index(v)[t:T]
U: Matrix(n, d)
W: Matrix(n, n)
C: Matrix(v, n)
h[0] = zeros(n)
for t in range(1, T + 1):
    h[t] = tanh(W @ h[t - 1] + U @ E[o[t]])
loss = -mean(sum(log_softmax(C @ h[t])[o[t]] for t in range(1, T + 1)) for o in batch)
"""
COVARIANCE = """\
x: Vector(n)[t:T]
S = sum(x[t] @ x[t].T for t in range(1, T + 1))
loss = logdet(S + eye(n))
"""
OPEN = """\
phi: Function
ell: Function
W: Matrix(n[l], n[l - 1])[l:L]
x: Vector(n[0], data=True)
y: Vector(n[L], data=True)
a[0] = x
for l in range(1, L + 1):
    a[l] = phi(W[l] @ a[l - 1])
loss = ell(a[L], y)
"""
WIDTHS = """\
W: Matrix(n[l], n[l - 1])[l:L]
b: Vector(n[l])[l:L]
E: Matrix(n[0], d)
x: Vector(d)
y: Index(n[L])
a[0] = tanh(E @ x)
for l in range(1, L + 1):
    z[l] = W[l] @ a[l - 1] + b[l]
    a[l] = relu(z[l])
loss = -mean(log_softmax(z[L])[y] for x, y in batch) + sum(
    norm2(W[l])**2 / n[l - 1] for l in range(1, L + 1))
"""
SIZES = """\
W: Matrix(n[k], n[k - 1])[k:3]
g: Vector(n[k - 1])[k:3]
c: Scalar(data=True)[k:3]
x: Vector(n[0])
y: Vector(n[3])
h[0] = x
for l in range(1, 4):
    m[l] = mean(h[l - 1]) + sum(h[l - 1][i]**3 for i in range(n[l - 1]))
    h[l] = softmax(W[l] @ (g[l] * h[l - 1])) * m[l] + ones(n[l]) / n[l]
loss = norm2(h[3] - y)**2 / n[3] + sum(c[l] for l in range(1, 4))
"""
SPARE = """\
B: Matrix(n, n)
g0: Vector(n)
k0: Vector(n)
x: Vector(n, data=True)[t:T]
h[0] = g0
g[0] = g0
k[0] = k0
s[0] = 0
c[0] = zeros(n)
for t in range(1, T + 1):
    h[t] = s[t - 1] * (B @ x[t]) + tanh(c[t - 1])
    g[t] = B @ tanh(g[t - 1])
    k[t] = h[t] * x[t]
    s[t] = sum(B @ x[t])
    c[t] = sin(k0) * x[t]
loss = mean(sum(norm2(h[t] - h[t - 1])**2 for t in range(1, T + 1)) + sum(k[T]) + s[T]**2
            for x in batch)
"""
UNSTARTED = """\
U: Matrix(n, n)
u: Vector(n)
x: Vector(n, data=True)[t:T]
h[0] = tanh(u)
for t in range(1, T + 1):
    h[t] = u * (U @ x[t])
loss = sum(norm2(h[t])**2 for t in range(1, T + 1))
"""
PROGRAMS = {
    name.lower(): text for name, text in globals().items() if name.isupper() and "loss = " in text
}
