"""Programs with time steps or layers that tests share."""

from __future__ import annotations

RNN = """\
x: Vector(d, data=True)[t:T]
y: Vector(m, data=True)[t:T]
W: Matrix(n, n)
U: Matrix(n, d)
b: Vector(n)
V: Matrix(m, n)
h[0] = zeros(n)
for t in range(1, T + 1):
    h[t] = tanh(W @ h[t - 1] + U @ x[t] + b)
loss = sum(norm2(y[t] - V @ h[t])**2 for t in range(1, T + 1))
"""
MLP = """\
W: Matrix(n, n)[l:L]
b: Vector(n)[l:L]
x: Vector(n, data=True)
y: Vector(n, data=True)
a[0] = x
for l in range(1, L + 1):
    z[l] = W[l] @ a[l - 1] + b[l]
    a[l] = sigmoid(z[l])
loss = 1/2 * norm2(y - a[L])**2
"""
LSTM = """\
x: Vector(d)[t:T]
y: Vector(m)[t:T]
W_i: Matrix(n, d)
U_i: Matrix(n, n)
W_f: Matrix(n, d)
U_f: Matrix(n, n)
W_o: Matrix(n, d)
U_o: Matrix(n, n)
W_g: Matrix(n, d)
U_g: Matrix(n, n)
b_g: Vector(n)
V: Matrix(m, n)
h[0] = zeros(n)
c[0] = zeros(n)
for t in range(1, T + 1):
    i[t] = sigmoid(W_i @ x[t] + U_i @ h[t - 1])
    f[t] = sigmoid(W_f @ x[t] + U_f @ h[t - 1])
    o[t] = sigmoid(W_o @ x[t] + U_o @ h[t - 1])
    g[t] = tanh(W_g @ x[t] + U_g @ h[t - 1] + b_g)
    c[t] = f[t] * c[t - 1] + i[t] * g[t]
    h[t] = o[t] * tanh(c[t])
loss = mean(sum(norm2(y[t] - V @ h[t])**2 for t in range(1, T + 1)) for x, y in batch)
"""
GRU = """\
x: Vector(d, data=True)[t:T]
y: Scalar(data=True)
W_r: Matrix(n, d)
U_r: Matrix(n, n)
W_u: Matrix(n, d)
U_u: Matrix(n, n)
W_h: Matrix(n, d)
U_h: Matrix(n, n)
w: Vector(n)
h[0] = zeros(n)
for t in range(1, T + 1):
    r[t] = sigmoid(W_r @ x[t] + U_r @ h[t - 1])
    u[t] = sigmoid(W_u @ x[t] + U_u @ h[t - 1])
    q[t] = tanh(W_h @ x[t] + U_h @ (r[t] * h[t - 1]))
    h[t] = (1 - u[t]) * h[t - 1] + u[t] * q[t]
loss = (y - w.T @ h[T])**2
"""
RESIDUAL = """\
x: Vector(n, data=True)
y: Vector(m, data=True)
W: Matrix(k, n)[l:L]
V: Matrix(n, k)[l:L]
C: Matrix(m, n)
h[0] = x
for l in range(1, L + 1):
    h[l] = h[l - 1] + V[l] @ relu(W[l] @ h[l - 1])
p = softmax(C @ h[L])
loss = mean(-y.T @ log(p) for x, y in batch)
"""
POWER = """\
A: Matrix(n, n)
v0: Vector(n)
v[0] = v0 / norm2(v0)
for t in range(1, T + 1):
    u[t] = A @ v[t - 1]
    v[t] = u[t] / norm2(u[t])
loss = v[T].T @ A @ v[T]
"""
HMM = """\
A: Matrix(k, k, positive=True)
B: Matrix(n, k, positive=True)
p: Vector(k, positive=True)
o: Index(n)[t:T]
alpha[0] = p
for t in range(1, T + 1):
    q[t] = B[o[t]] * (A.T @ alpha[t - 1])
    c[t] = sum(q[t])
    alpha[t] = q[t] / c[t]
loss = -sum(log(c[t]) for t in range(1, T + 1))
"""
DESCENT = """\
X: Matrix(m, n, data=True)
y: Vector(m, data=True)
w0: Vector(n)
eta: Scalar
K = X.T @ X / m
w[0] = w0
for t in range(1, T + 1):
    w[t] = w[t - 1] - eta * (K @ w[t - 1] - X.T @ y / m)
loss = norm2(X @ w[T] - y)**2 / m
"""
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
PROGRAMS = {
    name.lower(): text for name, text in globals().items() if name.isupper() and "loss = " in text
}
