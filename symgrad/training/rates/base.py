r"""What a learning rate is: a number, or a schedule, which is a formula in a count.

A learning rate has the unit of parameter squared per loss, as in any gradient step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields, replace
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias

import sympy

from symgrad.errors import OptionError
from symgrad.training.equations import RATE, latex_of, number_function, scalar
from symgrad.training.hyperparameters import check_hyperparameters, symbols_of
from symgrad.training.lines import Described, Given, Line, line_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from symgrad.training.plots.style import Picture

COUNT = scalar("n")
COUNTS = ("epoch", "iteration", "plateau")  # what n may count
INITIAL = scalar(r"\eta_0")


@dataclass(frozen=True, kw_only=True)
class Schedule(Described):
    """A learning rate that changes; `per` says what n counts, epochs or iterations."""

    learning_rate: Rate
    per: Literal["epoch", "iteration", "plateau"] = "epoch"

    counting: ClassVar[tuple[str, ...]] = ("epoch", "iteration")
    formula: ClassVar[Callable[[], sympy.Expr]]  # in n and the symbols of the hyperparameters
    example: ClassVar[Mapping[str, Any]] = {}  # of its hyperparameters, over a hundred epochs

    def __post_init__(self) -> None:
        check_hyperparameters(self)
        if self.per not in self.counting:
            wanted = " or ".join(map(repr, self.counting))
            raise OptionError(f"per is {self.per!r}; {wanted} is wanted")

    def __call__(self, n: int) -> float:
        """The learning rate after n epochs (or iterations)."""
        return self.at(dict.fromkeys(COUNTS, n))

    def at(self, counts: Mapping[str, int]) -> float:
        """The learning rate after so many epochs, iterations and plateaus; each schedule, one in
        the place of its learning rate too, takes what it counts."""
        values = (getattr(self, name) for name in symbols_of(type(self)))
        first = self.learning_rate
        initial = first.at(counts) if isinstance(first, Schedule) else first
        return float(_function(type(self))(counts[self.per], initial, *values)[0])

    @property
    def words(self) -> str:
        """What the formula is, in words."""
        return f"the learning rate after n {self.per}s"

    def lines(self) -> tuple[Line, ...]:
        """The formula, before it that of a learning rate which is a schedule itself."""
        own = line_of(RATE, self.written(), self.words)
        if not isinstance(self.learning_rate, Schedule):
            return (own,)
        *before, inner = self.learning_rate.lines()
        return (*before, replace(inner, left=latex_of(INITIAL), words="of this"), own)

    def plot(self, count: int = 100) -> Picture:
        """The learning rate of the first `count` epochs (or iterations), drawn (extra `plot`).

        Raises: OptionError where matplotlib is not installed.
        """
        from symgrad.training.plots.style import finish, line, picture

        def panel(ax: Axes) -> None:
            ax.step(range(count), [self(n) for n in range(count)], where="post", **line(0))
            ax.set_ylim(bottom=0)
            finish(ax, f"{self.per} n", "learning rate")

        return picture([panel])

    def given(self) -> Given:
        """The hyperparameters: name, symbol and value; first those of the learning rate."""
        first = self.learning_rate
        before: Given = (
            first.given() if isinstance(first, Schedule) else [("learning_rate", INITIAL, first)]
        )
        own = symbols_of(type(self)).items()
        return before + [(name, symbol, getattr(self, name)) for name, symbol in own]

    @classmethod
    def shown(cls) -> Schedule:
        """One of its kind that a hundred epochs (or iterations) show.

        >>> from symgrad.training.rates.schedules import StepDecay
        >>> StepDecay.shown().factor
        0.5
        """
        return cls(learning_rate=0.1, **cls.example)

    @classmethod
    def keys(cls) -> list[str]:
        """The names of what it is given beside its learning rate, those without a default first."""
        own = [f for f in fields(cls) if f.name != "learning_rate"]
        return [f.name for f in sorted(own, key=lambda f: f.default is not MISSING)]

    @classmethod
    def written(cls) -> sympy.Expr:
        """The formula with its terms as they were written."""
        with sympy.evaluate(False):
            return cls.formula()


@cache
def _function(kind: type[Schedule]) -> Callable[..., list[float]]:
    symbols = (COUNT, INITIAL, *symbols_of(kind).values())
    return number_function(symbols, (kind.formula(),))


Rate: TypeAlias = float | Schedule
