"""Programs that every back end computes as NumPy does."""

COMMON = {
    "vectors": "x: Vector(3)\ny: Vector(3)\nloss = norm2(x - y)**2 + exp(x).T @ y",
    "matrices": "A: Matrix(2, 3)\nB: Matrix(3, 2)\nloss = sum(sigmoid(A @ B) * (B.T @ A.T).T)",
    "softmax": "W: Matrix(4, 3)\nx: Vector(3)\nt: Vector(4)\n"
    "loss = cross_entropy(t, softmax(W @ x))",
    "batch": "x: Vector(3)\nt: Scalar\nw: Vector(3)\nb: Scalar\n"
    "loss = mean((tanh(w.T @ x + b) - t)**2 for x, t in batch)",
    "labels": "v: Index(4)\nE: Matrix(4, 3)\nx: Vector(3)\n"
    "loss = mean(softplus(E[v].T @ x) for v, x in batch)",
    "norms": "x: Vector(3)\nA: Matrix(3, 3)\nloss = norm2(A @ x) + norm1(x) + relu(x).T @ x",
    "determinant": "A: Matrix(3, 3)\nloss = logdet(A.T @ A + eye(3)) + tr(inv(A.T @ A + eye(3)))",
}
