"""In data/ and training/: update equations, schedules, initial values, stopping, tables."""

from __future__ import annotations

from .planting import Mutant, planted_in

MUTANTS: list[Mutant] = [
    *planted_in(
        "symgrad/training/optimizers/moments.py",
        "tests/training/test_optimizers.py",
        ("Adam keeps the bias of its mean", "m.new / (1 - beta1**t)", "m.new"),
        ("Adam's second bias is the first", "square / (1 - beta2**t)", "square / (1 - beta1**t)"),
        (
            "epsilon stands under Adam's root",
            "eta * m_hat / (sqrt(v_hat) + epsilon)",
            "eta * m_hat / sqrt(v_hat + epsilon)",
        ),
        ("Lion steps by the size", "eta * sympy.sign(c)", "eta * c"),
    ),
    *planted_in(
        "symgrad/training/optimizers/descent.py",
        "tests/training/test_optimizers.py",
        ("Nesterov looks back", "gradient + mu * b.new", "gradient + mu * b.old"),
    ),
    *planted_in(
        "symgrad/training/optimizers/adaptive.py",
        "tests/training/test_optimizers.py",
        (
            "Adagrad forgets what was",
            "Equation(v.new, v.old + gradient**2, ",
            "Equation(v.new, v.old / 2 + gradient**2, ",
        ),
        (
            "Adadelta scales by steps to come",
            "sqrt(u.old + epsilon) / sqrt(v.new",
            "sqrt(u.old) / sqrt(v.new",
        ),
        ("RMSprop centred takes no square", "v.new - m.new**2", "v.new - m.new"),
    ),
    *planted_in(
        "symgrad/training/optimizers/letters.py",
        "tests/training/test_optimizers.py",
        ("weight decay pushes outward", "g + lam * theta.old", "g - lam * theta.old"),
    ),
    *planted_in(
        "symgrad/training/optimizers/line_search.py",
        "tests/training/test_lbfgs.py",
        ("any step is long enough", "here.slope < FLATTER * start.slope", "here.slope < -math.inf"),
    ),
    *planted_in(
        "symgrad/training/optimizers/searches.py",
        "tests/training/test_lbfgs.py",
        ("a kink has converged", "True if is_low else None", "True"),
    ),
    *planted_in(
        "symgrad/training/steps/searches.py",
        "tests/training/test_lbfgs.py",
        (
            "what was looked at stays known",
            "if not np.array_equal(self._here, self._theta)",
            "if 0",
        ),
    ),
    *planted_in(
        "symgrad/training/optimizers/quasi_newton.py",
        "tests/training/test_lbfgs.py",
        ("the second loop adds a whole share", "(share - rho * y.dot(q)) * s", "share * s"),
    ),
    *planted_in(
        "symgrad/training/optimizers/newton.py",
        "tests/training/test_newton.py",
        ("a residual grows", "residual += step * bent", "residual -= step * bent"),
    ),
    *planted_in(
        "symgrad/training/rates/schedules.py",
        "tests/training/test_schedules.py symgrad/training/rates/schedules.py",
        ("a step comes late", "sympy.floor(COUNT / PERIOD)", "sympy.floor((COUNT - 1) / PERIOD)"),
        ("a cosine goes on after its end", "cos(pi * sympy.Min(COUNT, TOTAL)", "cos(pi * COUNT"),
        ("a cosine ends at zero", "LOWEST + (INITIAL - LOWEST)", "(INITIAL - LOWEST)"),
    ),
    *planted_in(
        "symgrad/training/steps/epoch.py",
        "tests/training/test_accumulation.py",
        (
            "minibatches count alike",
            "share = self._examples[j] / total",
            "share = 1 / len(self._steps[step])",
        ),
        ("what stays counts in the norm", "flat[piece] = 0", "pass"),
    ),
    *planted_in(
        "symgrad/training/optimizers/base.py",
        "tests/training/test_optimizers.py",
        ("a short gradient is made longer", "sympy.Min(1, CLIP_NORM", "sympy.Max(1, CLIP_NORM"),
        ("values are clipped above alone", "sympy.Max(-CLIP_VALUE, sympy", "sympy.Max(-99, sympy"),
    ),
    *planted_in(
        "symgrad/training/rates/plateau.py",
        "tests/training/test_plateau.py",
        ("patience is one shorter", "self.waited > self.plateau", "self.waited >= self.plateau"),
        ("a share of a score below zero", "abs(self.best) if", "self.best if"),
        ("a score of which more is better", "1 if maximize else -1", "-1"),
        ("no epoch cools down", "self.cooling - 1, 0", "0, 0"),
    ),
    *planted_in(
        "symgrad/training/files/script_update.py",
        "tests/training/test_script.py",
        ("a script clips by the square", "norm = np.sqrt(np.sum(g**2))", "norm = np.sum(g**2)"),
        ("an inner schedule counts epochs", "COUNT: rate.per", 'COUNT: "epoch"'),
    ),
    *planted_in(
        "symgrad/training/rates/base.py",
        "tests/training/test_schedules.py",
        ("a rate per iteration counts epochs", "counts[self.per]", 'counts["epoch"]'),
    ),
    *planted_in(
        "symgrad/training/initial.py",
        "tests/training/test_initial.py",
        ("he takes the fan out", "return fans[1]", "return fans[0]"),
        ("a bias is drawn too", "whole and name in axes)", "whole)"),
        ("a normal is too narrow", "math.sqrt(2 / spread(fans))", "1 / spread(fans) ** 0.5"),
        ("a simplex starts outside", "np.full(shape, 1 / shape[0])", "np.full(shape, 1.0)"),
        ("symmetric is not", "(matrix + matrix.T) / 2", "(matrix + matrix) / 2"),
        ("a positive scalar starts at zero", '1.0 if "positive"', '0.0 if "positive"'),
    ),
    *planted_in(
        "symgrad/training/stopping.py",
        "tests/training/test_stopping.py tests/training/test_fit.py",
        (
            "the best is the last of equals",
            "scores.index(best(scores)) + 1",
            "len(scores) - scores[::-1].index(best(scores))",
        ),
        ("patience waits an epoch more", ">= self.patience:", "> self.patience:"),
        ("a score that is hardly better counts", "> self.min_delta:\n", "> 0:\n"),
        ("the best parameters go on moving", "= parameters.copy()", "= parameters"),
        ("a gradient may not vanish", "gradient <= self.tolerance", "gradient < self.tolerance"),
        ("a larger score is worse", "max if self.larger_is_better else min", "min"),
    ),
    *planted_in(
        "symgrad/training/metrics/records.py",
        "tests/training/test_metrics.py",
        (
            "given and predicted classes change places",
            "np.asarray(given, int) * classes + np.asarray(found, int)",
            "np.asarray(found, int) * classes + np.asarray(given, int)",
        ),
        ("parts with other means are added", " + self.count * share * np.square(apart)", ""),
        ("an example counts once", "np.bincount(places, weights, ", "np.bincount(places, None, "),
    ),
    *planted_in(
        "symgrad/training/metrics/compared.py",
        "tests/training/test_metrics.py",
        ("shares are classes", "if codes is not None and own <= {*codes}", "if codes is not None"),
    ),
    *planted_in(
        "symgrad/training/validation.py",
        "tests/training/test_metrics.py",
        ("what is trained on is measured", "data=validating,", "data=training,"),
    ),
    *planted_in(
        "symgrad/training/chunks/gradients.py",
        "tests/training/test_chunks.py",
        ("what is left of a chunk is lost", "if self._from == len(self._within):", "if True:"),
        ("every epoch has one order within chunks", "self._epochs.epoch, chunk]", "0, chunk]"),
        ("a minibatch that is resumed starts its chunk", "row - int(ends[self._at - 1])", "0"),
    ),
    *planted_in(
        "symgrad/training/chunks/sources.py",
        "tests/training/test_chunks.py",
        (
            "what was loaded is kept",
            "arrays = ahead.result()",
            "arrays = ahead.result()\n        self.__dict__.setdefault('kept', []).append(arrays)",
        ),
        (
            "a dask constant is loaded",
            "filter(lambda name: is_dask(constants[name]), constants)",
            "()",
        ),
    ),
    *planted_in(
        "symgrad/data/graphs.py",
        "tests/data/test_sets.py symgrad/data/graphs.py",
        ("no node is its own neighbour", "A + identity(A.shape[0], is_sparse(A))", "A"),
        (
            "a mean counts the node itself",
            "_scaled(A, 1 / np.where(degrees == 0, 1, degrees))",
            "A",
        ),
        ("a corrupted fact may be one", "not in known", "!= ()"),
    ),
    *planted_in(
        "symgrad/data/pairs.py",
        "tests/data/test_sets.py symgrad/data/pairs.py",
        ("a walk's pairs lie too near", "i + window + 1]", "i + window]"),
        ("negatives are drawn alike", "np.asarray(counts) ** FREQUENT", "np.asarray(counts) ** 0"),
        ("p and q are exchanged", "back, away = chances", "away, back = chances"),
    ),
    *planted_in(
        "symgrad/models/mixtures.py",
        "tests/models/test_models.py",
        (
            "a deviation counts half",
            'exp(2 * S) + 2 * S + log(2 * pi)) / 2"),',
            'exp(2 * S) + S + log(2 * pi)) / 2"),',
        ),
    ),
    *planted_in(
        "symgrad/models/writing.py",
        "tests/models/test_models.py symgrad/models/writing.py",
        ("any text is an activation", "if given not in known:", "if False:"),
        ("a size may be 0", "or given < 1:", "or given < 0:"),
    ),
    *planted_in(
        "symgrad/training/data/meanings.py",
        "tests/training/data/test_labels.py",
        ("a sign may be 0", "np.abs(np.abs(values) - 1)", "np.abs(values) - 1"),
        ("any score is as good as its negative", "return same and signed and", "return signed and"),
        (
            "a loss that falls does not",
            "if further - far < 1.5",
            "if False and further - far < 1.5",
        ),
        ("a factor is a label", "if self._is_weight() or self", "if self"),
    ),
    *planted_in(
        "symgrad/training/data/scores.py",
        "tests/training/data/test_labels.py",
        ("a score is no part of a product", "return apart or (", "return ("),
    ),
    *planted_in(
        "symgrad/training/initial.py",
        "tests/training/test_initial.py",
        (
            "a look-up is a product",
            "if any(isinstance(g.node, OneHot)",
            "if False and any(isinstance(g.node, OneHot)",
        ),
    ),
    *planted_in(
        "symgrad/training/multipliers.py",
        "tests/training/test_multipliers.py",
        ("what is left need be no loss", "if alone and times", "if times"),
        ("any part may be multiplied", "if len(factors) != 1:", "if not factors:"),
    ),
    *planted_in(
        "symgrad/training/data/learning.py",
        "tests/training/data/test_frames.py",
        ("a mean is of all rows", "if options.trained is None else", "if True else"),
    ),
    *planted_in(
        "symgrad/training/data/preparing.py",
        "tests/training/data/test_frames.py",
        ("rows held out may be in a mean", "if names and known !=", "if False and known !="),
    ),
    *planted_in(
        "symgrad/training/data/preparation.py",
        "tests/training/data/test_csv_files.py",
        (
            "a class is the next one",
            "return np.array([places[text] for",
            "return 1 - np.array([places[text] for",
        ),
        ("what is infinite is a number", "if np.isinf(values).any():", "if False:"),
    ),
    *planted_in(
        "symgrad/data/tables.py",
        "tests/data/test_tables.py symgrad/data/tables.py",
        ("columns are scaled together", "X.std(axis=0)", "X.std()"),
        (
            "two columns may have one name",
            "if len(set(header)) != len(header):",
            "if False:",
        ),
    ),
    *planted_in(
        "symgrad/training/steps/data_totals.py",
        "tests/training/test_minibatches.py",
        ("what is trained is data", "names_in(node).keys() <= known", "True"),
        ("the size is that of a minibatch", "np.asarray(data.total)", "np.asarray(1)"),
    ),
    *planted_in(
        "symgrad/training/steps/minibatches.py",
        "tests/training/test_minibatches.py tests/training/test_trainer.py",
        (
            "a sum over the batch is not weighed",
            "self.data.total / count, self",
            "1.0, self",
        ),
        ("the last examples are always dropped", "if self.drop_last else 0)", "if True else 0)"),
        (
            "the order is not that of the epoch",
            "source.take(order,",
            "source.take(np.sort(order),",
        ),
    ),
    *planted_in(
        "symgrad/training/convergence.py",
        "tests/training/test_convergence.py",
        ("a saddle is a minimum", "if near.min() < lower:", "if False:"),
        ("a flat loss has converged", "if (near == here).all():", "if False:"),
        ("noise is a trend", "SURE * error)", "0.0)"),
        ("what still falls is not told", "if fall > FLAT * size and", "if False and"),
    ),
    *planted_in(
        "symgrad/training/steps/weights.py",
        "tests/training/test_weights.py",
        ("a weighted mean is divided by the count", "counted / mean.expression()", "counted"),
        ("the size counts examples", "return total.expression()", "return total_of"),
    ),
    *planted_in(
        "symgrad/training/chunks/products.py",
        "tests/training/test_chunks.py",
        (
            "a product forgets how the sums turn",
            "(gradients @ row).astype",
            "(0 * gradients @ row).astype",
        ),
        ("means are products of sums", "here.weights[:, None] * here.gradients", "here.gradients"),
    ),
    *planted_in(
        "symgrad/training/chunks/validation.py",
        "tests/training/test_chunks.py",
        ("a share is trained on too", "[side]).examples", "[1]).examples"),
        ("weights are those of other rows", "[side]]", "[0]]"),
    ),
    *planted_in(
        "symgrad/training/steps/loop.py",
        "tests/training/test_trainer.py tests/training/test_fit.py",
        ("a step that is not finite is made", "if step != accepted and not", "if False and not"),
        ("the loss of an epoch is its last", "total += value", "total = value"),
    ),
    *planted_in(
        "symgrad/training/trainer.py",
        "tests/training/test_unbroken.py tests/training/test_trainer.py",
        (
            "random numbers begin anew",
            'self._rng.bit_generator.state = state["random"]',
            "pass",
        ),
        ("an order is drawn for nothing", "elif self._size >= self._data.total:", "elif False:"),
        (
            "a step that was not finite is kept",
            "np.copyto(self.flat, self._before)\n        self._at",
            "self._at",
        ),
    ),
    *planted_in(
        "symgrad/training/files/checkpoints.py",
        "tests/training/test_checkpoints.py",
        ("another training is gone on with", "if run.get(name) != told", "if False"),
        ("a signal is not heard", "self._heard = number", "pass"),
        ("a state that is not finite is saved", '["flat"]).all():', '["flat"]).any() and False:'),
        ("an early end is forgotten", 'self.stopped = tree["stopped"]', "pass"),
    ),
    *planted_in(
        "symgrad/files.py",
        "tests/training/test_checkpoints.py",
        ("what is written is not on the disk", "os.fsync(file.fileno())", "pass"),
        ("what dead writers left stays", "stale.unlink()", "pass"),
    ),
    *planted_in(
        "symgrad/training/steps/rows.py",
        "tests/training/test_rows.py",
        (
            "a row that is met twice counts twice in the norm",
            "np.flatnonzero(found != count)",
            "np.flatnonzero(count < 0)",
        ),
        (
            "all optimizers step by rows",
            "state.accumulate == 1 and state.program.local)",
            "state.accumulate == 1)",
        ),
        (
            "lazy steps are whole where there are few rows",
            '"all" if state.lazy',
            '"few" if state.lazy',
        ),
        ("states are not put back", "self._put(self._vectors[name], vector)", "pass"),
    ),
    *planted_in(
        "symgrad/numerics/buffers/planned.py",
        "tests/training/test_rows.py",
        ("rows that are subtracted are added", 'if name == "add"', "if True"),
    ),
    *planted_in(
        "symgrad/training/optimizers/updates.py",
        "tests/training/test_unbroken.py",
        (
            "numbers that are carried begin anew",
            '"epoch", "_carried", "vectors")',
            '"epoch", "vectors")',
        ),
    ),
    *planted_in(
        "symgrad/training/optimizers/updates.py",
        "tests/training/test_optimizers.py",
        ("the numbers are the first step's", "numbers = work_out(step,", "numbers = work_out(1,"),
    ),
    *planted_in(
        "symgrad/training/checked.py",
        "tests/training/test_fit.py",
        ("the check looks at every entry", "ENTRIES = 32", "ENTRIES = 1000"),
    ),
    *planted_in(
        "symgrad/training/checked.py",
        "tests/training/test_checked.py",
        ("rows are left out where places are counted", "isinstance(node, Place)", "False"),
        ("rows are left out of what sums to 1", "variable.facts - ROWWISE or", ""),
    ),
    *planted_in(
        "symgrad/training/plots/models.py",
        "tests/training/plots/test_models.py",
        (
            "a plane is drawn for any two inputs",
            "shown.width != 2 or not shown.are_classes",
            "shown.width != 2",
        ),
        (
            "counts of given and predicted are exchanged",
            "Confusion.of(given, found",
            "Confusion.of(found, given",
        ),
        ("a line is drawn in the numbers of the training", "across.undone(x[some])", "x[some]"),
    ),
    *planted_in(
        "symgrad/training/plots/vectors.py",
        "tests/training/plots/test_models.py",
        (
            "names lie on each other",
            "if not any(_overlap(box, other) for other in taken):",
            "if True:",
        ),
    ),
    *planted_in(
        "symgrad/training/plots/described.py",
        "tests/training/plots/test_described.py",
        ("a path leaves the picture", "if _is_seen(path)] or whole", "] or whole"),
        (
            "the path that ends highest is drawn",
            "return min(seen,",
            "return max(seen,",
        ),
    ),
    *planted_in(
        "symgrad/training/optimizers/base.py",
        "tests/training/plots/test_described.py",
        (
            "what no line uses is told",
            " and (symbol := known.symbol) in used",
            " and (symbol := known.symbol)",
        ),
        ("a schedule's numbers are not told", "return scheduled + [", "return ["),
    ),
    *planted_in(
        "symgrad/training/lines.py",
        "tests/training/plots/test_described.py",
        (
            "lines are told without words",
            "{words_in_formula(e.words)}",
            "{words_in_formula(str())}",
        ),
    ),
    *planted_in(
        "symgrad/training/curve.py",
        "tests/training/test_curve.py",
        (
            "the last series is on top",
            "in reversed(list(zip(series.items(), _marks(series), strict=True)))",
            "in zip(series.items(), _marks(series), strict=True)",
        ),
    ),
    *planted_in(
        "symgrad/training/compare.py",
        "tests/training/test_compare.py",
        (
            "the largest loss is first",
            "sorted(self.results, key=self._loss)",
            "sorted(self.results, key=self._loss)[::-1]",
        ),
    ),
]
