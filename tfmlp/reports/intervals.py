"""Intervals: how sure a share, a mean or a root mean square is, at 95 %."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri, stdtrit

CONFIDENCE = 0.95
_UPPER = (1 + CONFIDENCE) / 2


@dataclass(frozen=True)
class Interval:
    """An interval that covers the true value in 95 of 100 cases."""

    low: float
    high: float


@dataclass(frozen=True)
class Mean:
    """A mean over some values.

    Attributes:
      value: The mean.
      count: How many values.
      standard_deviation: Of the values, with n - 1; None for one value.
      interval: Of the mean, by Student's t; None for one value.
    """

    value: float
    count: int
    standard_deviation: float | None = None
    interval: Interval | None = None


def interval_of_share(share: float, count: int) -> Interval:
    """Returns Wilson's score interval of a share of some examples.

    Args:
      share: 0 to 1.
      count: The number of examples, at least 1.

    Source: E. B. Wilson, Probable inference, the law of succession, and statistical inference,
    Journal of the American Statistical Association 22 (1927).

    >>> interval = interval_of_share(0.9, 100)
    >>> round(interval.low, 4), round(interval.high, 4)
    (0.8256, 0.9448)
    """
    z = float(ndtri(_UPPER))
    scale = 1 + z**2 / count
    center = (share + z**2 / (2 * count)) / scale
    half = z / scale * math.sqrt(share * (1 - share) / count + z**2 / (4 * count**2))
    return Interval(max(0.0, center - half), min(1.0, center + half))


def mean_of(values: Sequence[float]) -> Mean:
    """Returns the mean of at least one value, with its interval by Student's t.

    >>> mean = mean_of([0.90, 0.92, 0.94])
    >>> round(mean.value, 2), round(mean.standard_deviation, 2), round(mean.interval.low, 4)
    (0.92, 0.02, 0.8703)
    """
    count = len(values)
    value = float(np.mean(values))
    if count < 2:
        return Mean(value, count)
    deviation = float(np.std(values, ddof=1))
    half = float(stdtrit(count - 1, _UPPER)) * deviation / math.sqrt(count)
    return Mean(value, count, deviation, Interval(value - half, value + half))


def interval_of_root(squares: Sequence[float]) -> Interval | None:
    """Returns the interval of a root mean square: the roots of the ends of that of the mean square.

    Args:
      squares: Some examples' squared errors.

    Returns:
      The interval, or None for one example.
    """
    interval = mean_of(squares).interval
    return interval and Interval(math.sqrt(max(0.0, interval.low)), math.sqrt(interval.high))
