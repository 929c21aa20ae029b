"""`RangeTest`: training while the learning rate rises from step to step, to see which rates work.

Smith, "Cyclical learning rates for training neural networks", arXiv 1506.01186.
"""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tfmlp import files
from tfmlp.diagnosis.layers import Array
from tfmlp.diagnosis.probe import Probe
from tfmlp.diagnosis.short_training import train_briefly
from tfmlp.errors import DataError

_RATES = np.geomspace(1e-6, 10, 57)  # eight a decade
_FEWEST_STEPS = 10  # fewer say nothing


@dataclass(frozen=True)
class RangeTest:
    """What came of a range test; empty where there was none.

    Attributes:
      rates: The learning rate of each step.
      losses: The smoothed training loss after each step.
      suggested: The learning rate to take; None where no rate helps.
      breaks: The learning rate at which training breaks down; None where it does not.
    """

    rates: list[float] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    suggested: float | None = None
    breaks: float | None = None


def run_range_test(probe: Probe, seconds: float) -> RangeTest:
    """Trains from the weights as they are, while the learning rate rises from 1e-6 to 10.

    Args:
      probe: The model, its optimizer and its data.
      seconds: When to end early.
    """
    training = train_briefly(probe, len(_RATES), seconds, rate=lambda number: float(_RATES[number]))
    if len(training.losses) < _FEWEST_STEPS:
        return RangeTest()
    first, losses = training.losses[0], _smoothed(training.losses)
    lowest = int(np.nanargmin(losses))
    if losses[lowest] > 0.98 * first:
        return RangeTest(training.rates, losses.tolist())
    bound = 2 * losses[lowest] + 0.5 * abs(first - losses[lowest])
    broken = np.flatnonzero(~(losses[lowest:] <= bound))
    return RangeTest(
        training.rates,
        losses.tolist(),
        suggested=float(_RATES[max(lowest - 4, 0)]),  # half a decade below the lowest loss
        breaks=float(_RATES[lowest + broken[0]]) if len(broken) else None,
    )


def _smoothed(losses: list[float]) -> Array:
    smooth, average = [], losses[0]
    for loss in losses:
        average = 0.7 * average + 0.3 * loss if np.isfinite(loss) else np.inf
        smooth.append(average)
    return np.array(smooth)


def draw_range_test(test: RangeTest, path: Path) -> None:
    """Draws a range test into a picture file.

    Raises:
      DataError: when there was none, or the file cannot be written.
    """
    if not test.rates:
        raise DataError("there is no range test to draw: the investigation ended before it.")
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    axes.semilogx(test.rates, np.minimum(test.losses, 3 * test.losses[0]))
    if test.suggested:
        label = f"suggested: {test.suggested:.2g}"
        axes.axvline(test.suggested, color="gray", linestyle="--", label=label)
        axes.legend()
    axes.set_xlabel("learning rate")
    axes.set_ylabel("smoothed training loss")
    try:
        with files.written_atomically(path) as temporary:
            figure.savefig(temporary, dpi=100, format="png")
    except OSError as error:
        raise DataError(f"cannot write {path}: {error.strerror}. Choose another --plot.") from None
