"""The programs that answers are graded for."""

PROGRAMS = {
    "least_squares": """\
W: Matrix(m, n)
x: Vector(n)
y: Vector(m)
loss = norm2(W @ x - y)**2
""",
    "two_layers": """\
x: Vector(d)
y: Vector(k)
W1: Matrix(h, d)
W2: Matrix(k, h)
h = W1 @ x
f = W2 @ h
loss = sum(norm2(y - f)**2 for x, y in batch)
""",
    "quadratic_form": """\
A: Matrix(n, n)
x: Vector(n)
loss = x.T @ A @ x
""",
    "half_form": """\
A: Matrix(n, n)
x: Vector(n)
b: Vector(n)
loss = x.T @ A @ x / 2 - b.T @ x
""",
    "softmax_regression": """\
x: Vector(d)
y: Vector(k, one_hot=True)
W: Matrix(k, d)
b: Vector(k)
lam: Scalar
z = W @ x + b
p = softmax(z)
loss = mean(cross_entropy(y, p) for x, y in batch) + lam * norm2(W)**2
""",
    "cross_entropy": """\
y: Vector(k)
z: Vector(k)
p = softmax(z)
loss = cross_entropy(y, p)
""",
    "tanh_net": """\
x: Vector(d)
y: Vector(k)
W1: Matrix(h, d)
b1: Vector(h)
W2: Matrix(k, h)
z = W1 @ x + b1
a = tanh(z)
r = W2 @ a - y
loss = r.T @ r / 2
""",
    "trace": """\
A: Matrix(n, n)
B: Matrix(n, n)
C: Matrix(n, n)
loss = trace(C.T @ (A @ B))
""",
    "hadamard": """\
X: Matrix(n, n)
Y: Matrix(n, n)
loss = sum(X * X * Y)
""",
    "normal": """\
x: Scalar
mu: Scalar
sigma: Scalar(positive=True)
loss = sum((x - mu)**2 / (2 * sigma**2) + log(sigma) for x in batch)
""",
    "ridge": """\
X: Matrix(n, d)
w: Vector(d)
y: Vector(n)
lam: Scalar
loss = norm2(X @ w - y)**2 + lam * norm2(w)**2
""",
    "logistic_regression": """\
x: Vector(d)
t: Scalar
w: Vector(d)
b: Scalar
s = w.T @ x + b
p = sigmoid(s)
loss = mean(-t * log(p) - (1 - t) * log(1 - p) for x, t in batch)
""",
    "sine": """\
x: Vector(n)
c: Vector(n)
loss = c.T @ sin(x)
""",
    "total": """\
x: Vector(n)
loss = sum(x)
""",
    "constant": """\
x: Vector(n)
y: Vector(n)
loss = y.T @ y
""",
    "square": """\
x: Vector(n)
loss = mean(x**2)
""",
    "exponential": """\
x: Vector(n)
loss = exp(norm2(x))
""",
    "logarithm": """\
A: Matrix(n, n)
x: Vector(n)
loss = logdet(A) + sum(log(x))
""",
    "residual_net": """\
x: Vector(n)
W: Matrix(n, n)
y: Vector(n)
h = x + tanh(W @ x)
loss = norm2(h - y)**2
""",
    "lookup": """\
Z: Matrix(n, d)
u: Index(n)
v: Index(n)
loss = sum(softplus(-Z[u].T @ Z[v]) for u, v in batch)
""",
    "robust": """\
x: Vector(d)
t: Scalar
w: Vector(d)
loss = mean(huber(w.T @ x - t, 100) for x, t in batch)
""",
    "distance": """\
W: Matrix(m, n)
x: Vector(n)
y: Vector(m)
loss = norm2(W @ x - y)
""",
    "relu_net": """\
x: Vector(n)
y: Vector(k)
W: Matrix(n, n)
V: Matrix(k, n)
z = W @ x
a = relu(z)
r = V @ a - y
loss = r.T @ r / 2
""",
    "symmetric": """\
A: Matrix(n, n, symmetric=True)
B: Matrix(n, n, symmetric=True)
x: Vector(n)
y: Vector(n)
loss = x.T @ A @ x + logdet(A) + x.T @ B @ y
""",
    "row_labels": """\
X: Matrix(n, d)
W: Matrix(d, k)
Y: Matrix(n, k)
P = softmax(X @ W, axis=1)
loss = -sum(Y * log(P)) / n
""",
    "recurrence": """\
x1: Vector(d)
x2: Vector(d)
h0: Vector(n)
y: Vector(n)
W: Matrix(n, n)
U: Matrix(n, d)
h1 = tanh(W @ h0 + U @ x1)
h2 = tanh(W @ h1 + U @ x2)
loss = norm2(h2 - y)**2
""",
    "table": """\
X: Matrix(n, n)
loss = sum(sum(X, axis=0)**2)
""",
    "far_relu": """\
x: Vector(n)
loss = sum(relu(x - 10))
""",
    "tiny": """\
x: Vector(n)
loss = 1e-7 * norm2(x)**2 + sum(x)
""",
    "saturated": """\
x: Vector(n)
loss = sum(tanh(x - 100))
""",
    "eps": """\
x: Vector(n)
c: Vector(n)
loss = c.T @ x / (norm2(x) + 1e-12)
""",
    "layer_norm": """\
x: Vector(n)
g: Vector(n)
loss = dot(g, (x - mean(x)) / std(x))
""",
    "ball": """\
x: Vector(n)
loss = minimum(sum(x**2), 1000)
""",
    "gelu": """\
x: Vector(n)
loss = sum(gelu(x))
""",
    "poisson": """\
x: Vector(d)
t: Scalar
w: Vector(d)
b: Scalar
eta = w.T @ x + b
loss = mean(exp(eta) - t * eta for x, t in batch)
""",
    "factorization": """\
R: Matrix(m, n)
U: Matrix(m, k)
V: Matrix(n, k)
lam: Scalar
loss = norm2(R - U @ V.T)**2 / 2 + lam / 2 * (norm2(U)**2 + norm2(V)**2)
""",
    "cubic": """\
A: Matrix(n, n)
X: Matrix(n, n)
loss = trace(X.T @ A @ X @ X)
""",
    "row": """\
X: Matrix(m, n)
loss = sum(softmax(X, axis=1)**2)
""",
    "far_product": """\
A: Matrix(n, n)
B: Matrix(n, n)
x: Vector(n)
loss = x.T @ A @ B @ x
""",
}
