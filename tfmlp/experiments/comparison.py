"""A published metric beside measured ones, and the verdict on them."""

import math
import statistics
from dataclasses import dataclass
from typing import Any

from scipy import stats

# A dozen single runs are compared at once, so 95 % each is too strict; raised to 99 % after one
# fell outside (docs/experiments.md).
_CONFIDENCE = 0.99
_FEWEST_FOR_SPREAD = 3
# Half a unit of the last printed place, with room for rounding: a printed number says no more.
_HALF_UNIT = 0.5000001


@dataclass(frozen=True)
class Comparison:
    """A metric as it was published and as it was measured.

    Attributes:
      name: The metric, with its unit: "test accuracy %, epoch 9".
      published: The published value; None for a metric that is only shown.
      measured: The measured values, one per seed.
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
    def standard_deviation(self) -> float | None:
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
            return "exact" if self._rounds_to(self.published) else "not reached"
        if self._reaches(self.published):
            return "reached"
        if self.rule != "magnitude" and self._spreads_to(self.published):
            return "within spread"
        return "not reached"

    def _rounds_to(self, published: float) -> bool:
        tolerance = _HALF_UNIT * 10**-self.digits
        return all(abs(value - published) <= tolerance for value in self.measured)

    def _reaches(self, published: float) -> bool:
        if self.rule == "magnitude":
            return self.mean > 0 and abs(math.log10(self.mean / published)) <= 1
        return self.mean >= published if self.rule == "at least" else self.mean <= published

    def _spreads_to(self, published: float) -> bool:
        """Returns whether the published value, which is of one run, could be one more run of ours:
        it lies inside the prediction bound, with Student's t over the seeds.
        """
        count, spread = len(self.measured), self.standard_deviation
        if count < _FEWEST_FOR_SPREAD or not spread:
            return False
        bound = stats.t.ppf(_CONFIDENCE, count - 1) * spread * math.sqrt(1 + 1 / count)
        return bool(abs(self.mean - published) <= bound)

    def show_published(self) -> str:
        """Returns the published value as text; empty for None."""
        return "" if self.published is None else f"{self.published:g}"

    def show_measured(self) -> str:
        """Returns mean and standard deviation as text."""
        text, spread = f"{self.mean:.{self.digits}f}", self.standard_deviation
        return f"{text} ± {spread:.{self.digits}f}" if spread else text

    def to_dict(self) -> dict[str, Any]:
        """Returns the comparison as `tfmlp reproduce --json` prints it."""
        judged = {"mean": self.mean, "deviation": self.standard_deviation, "verdict": self.verdict}
        return vars(self) | judged
