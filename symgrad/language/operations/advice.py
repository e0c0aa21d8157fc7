"""Functions that people call and that are written otherwise: what to write, with {0} and {1} for
the arguments; or why there is nothing to write. And what is declared elsewhere."""

FACTS = """\
complex: all numbers are real here
hermitian: all numbers are real here: a Hermitian matrix is symmetric=True
unitary: all numbers are real here: a unitary matrix is orthogonal=True
H: all numbers are real here, so that the conjugate transpose is .T
positive_definite posdef spd psd pd: of a positive definite matrix symmetric=True alone is declared
trainable requires_grad: what is trained is named; what is not has data=True
"""
TABLE = """\
conj conjugate real Re: all numbers are real here: leave it out
imag Im: all numbers are real here: it is 0
adjoint hermitian ctranspose: all numbers are real here: write {0}.T
log2 log_2: write log({0}) / log(2)
tg: write tan({0})
log: write log({0}) / log({1})
norm1: write norm1({0} - {1})
norm2: write norm2({0} - {1})
log10: write log({0}) / log(10)
cbrt: write {0}**(1/3)
rsqrt: write 1 / sqrt({0})
erfc: write 1 - erf({0})
gamma: the gamma function of a positive number is exp(gammaln({0}))
factorial: write exp(gammaln({0} + 1))
logit: write log({0} / (1 - {0}))
logsigmoid log_sigmoid: write log(sigmoid({0}))
softsign: write {0} / (1 + abs({0}))
mish: write {0} * tanh(softplus({0}))
hypot: write sqrt({0}**2 + {1}**2)
exp2: write 2**{0}
sinc: write sin({0}) / {0}
logaddexp: write softplus({0} - {1}) + {1}
hardtanh: write minimum(maximum({0}, -1), 1)
hardsigmoid: write minimum(maximum({0} / 6 + 0.5, 0), 1)
relu6: write minimum(relu({0}), 6)
prelu leaky_relu: write where({0} > 0, {0}, {1} * {0})
selu: write where({0} > 0, 1.0507009873554805 * {0}, 1.7580993408473766 * expm1({0}))
softmin: write softmax(-{0})
normcdf norm_cdf normal_cdf: write (1 + erf({0} / sqrt(2))) / 2
normpdf norm_pdf normal_pdf: write exp(-({0}**2) / 2) / sqrt(2 * pi)
pdf logpdf normal gaussian bernoulli poisson: distributions are no functions here: write the formula
    of the density
expectation E: an expectation is a mean(... for x in batch)
betaln lbeta logbeta: write gammaln({0}) + gammaln({1}) - gammaln({0} + {1})
binom binomial comb choose nchoosek: write exp(gammaln({0} + 1) - gammaln({1} + 1) - gammaln({0} -
    {1} + 1))
mse mse_loss mean_squared_error: write mean(({0} - {1})**2)
mseloss: it is mean((x - y)**2)
smooth_l1 smooth_l1_loss smoothl1 smoothl1loss huber_loss: it is huber of a difference: sum(huber(x
    - y))
average: write mean({0})
rmse: write sqrt(mean(({0} - {1})**2))
mae: write mean(abs({0} - {1}))
sse ssr: write norm2({0} - {1})**2
bceloss binary_cross_entropy: the label is first: write binary_cross_entropy({1}, {0})
crossentropyloss cross_entropy: the label is first: write cross_entropy({1}, softmax({0}))
nll_loss nllloss: of log-probabilities q and a label k it is -q[k]
bce: write binary_cross_entropy({0}, {1})
bce_with_logits binary_cross_entropy_with_logits: write binary_cross_entropy({1}, sigmoid({0}))
ce nll: write cross_entropy({0}, {1})
entropy: write -sum({0} * log({0}))
kl kldiv kl_div kl_divergence: write sum({0} * log({0} / {1}))
cosine_similarity cosine cos_sim cosine_sim: write dot({0}, {1}) / (norm2({0}) * norm2({1}))
distance dist: write norm2({0} - {1})
l1 l1_norm: write norm1({0})
l2 l2_norm: write norm2({0}), or norm2({0})**2
fro frob frobenius normf norm_f: write norm2({0})
linf norminf norm_inf max_norm: write max(abs({0}))
spectral_norm opnorm: write sqrt(max(eigvalsh({0}.T @ {0})))
normalize: write {0} / norm2({0})
standardize layernorm layer_norm: write ({0} - mean({0})) / std({0})
cov covariance: write mean(({0} - mean({0})) * ({1} - mean({1})))
corr corrcoef pearson pearsonr: write mean(({0} - mean({0})) * ({1} - mean({1}))) / (std({0}) *
    std({1}))
sumsq sum_sq sum_of_squares: write norm2({0})**2
quad quadform quad_form: write {0}.T @ {1} @ {0}
bilinear: write {0}.T @ {1} @ {2}
commutator: write {0} @ {1} - {1} @ {0}
sym symmetrize: write ({0} + {0}.T) / 2
skew antisymmetrize: write ({0} - {0}.T) / 2
adj adjugate: write det({0}) * inv({0})
cofactor cofactors: write det({0}) * inv({0}).T
ddot: write sum({0} * {1})
slogdet: write logdet({0})
lstsq ols: write pinv({0}) @ {1}
eig eigh eigvals eigenvalues: of a symmetric matrix the eigenvalues are eigvalsh({0}), the vectors
    eigenvectors({0})
svd svdvals singular_values: the singular values are sqrt(eigvalsh({0}.T @ {0}))
attention: write softmax({0} @ {1}.T, axis=1) @ {2}
embedding: a row of a table is Z[v], with v: Index(n)
conv conv1d convolve correlate: a convolution is a sum, as in vector(sum(w[j] * x[i + j] for j in
    range(m)) for i in range(n - m + 1))
cumprod: of positive numbers it is exp(cumsum(log({0})))
grad gradient nabla jacobian hessian divergence curl derivative: a program has no derivatives in it:
    give what is to be derived, and by which names
diff: differences of neighbours are x[1:] - x[:-1], derivatives stand in no program
stop_gradient stopgrad stop_grad no_grad: what is not differentiated is a variable of its own,
    declared with data=True
argmax: it has no derivative; hardmax(x) is 1 at the largest entry
argmin: it has no derivative; hardmax(-x) is 1 at the smallest entry
round floor ceil rank: it has no derivative
l0 norm0 nnz count count_nonzero any all: it is constant between its steps and has no derivative
sort median quantile percentile cond mod fft cross: it is not part of the language
repeat tile broadcast_to: what is repeated is multiplied by ones: x @ ones(n).T
arange linspace: counted it is vector(i for i in range(n))
range: a sum over examples is sum(... for x in batch)
print: leave the line out: the command line prints what it derives
input: leave the line out: numbers are given when it is evaluated
open: a program reads no files: data are given when it is trained
reshape flatten view squeeze unsqueeze: leave it out: a vector is a column, its transpose x.T a row
vec ravel: leave it out: inner products and norms are of matrices, too: sum(A * B)
concat concatenate vstack hstack cat stack: multiply each part by a matrix of its own and add: W1 @
    x + W2 @ y
Linear Dense: write W @ {0} + b
dropout: it is random: leave it out
randn rand: declare what is random, as in eps: Vector(n, data=True)
"""


def _by_name(table: str) -> dict[str, str]:
    """The rows of a table, `names: what is told`, by each of the names."""
    rows = (row.split(": ", 1) for row in table.replace("\n    ", " ").splitlines())
    return {name: told for names, told in rows for name in names.split()}


FACTS_MEANT, ADVICE = _by_name(FACTS), _by_name(TABLE)
DERIVED = ADVICE["derivative"]


def advice(name: str, arguments: list[str]) -> str:
    """What to write for a call of a function that is not known; nothing where that is unknown.

    >>> advice("log2", ["x"]), advice("mse", ["r"])
    ('; write log(x) / log(2)', '; write mean((r - y)**2)')
    """
    text = ADVICE.get(name) or ADVICE.get(name.lower(), "")
    simple = [a if a.replace(".", "").isalnum() else f"({a})" for a in arguments]
    return f"; {text.format(*simple, *'xyz'[len(simple) :])}" if text else ""
