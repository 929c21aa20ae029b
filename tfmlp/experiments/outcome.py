"""The outcome of an experiment."""

from dataclasses import dataclass
from typing import Any

from tfmlp.experiments.comparison import Comparison

_WORST_FIRST = ("not reached", "within spread", "reached", "exact", "shown")


@dataclass(frozen=True)
class Outcome:
    """The outcome of an experiment.

    Attributes:
      name: The experiment's name.
      comparisons: Its metrics, published against measured.
      seconds: The time it took, over all seeds.
      note: What else there is to say, such as why it was skipped.
      tables: Tables for a reader, in Markdown.
    """

    name: str
    comparisons: tuple[Comparison, ...]
    seconds: float
    note: str = ""
    tables: tuple[str, ...] = ()

    @property
    def verdict(self) -> str:
        """The worst verdict of its comparisons; "skipped" without any."""
        verdicts = {comparison.verdict for comparison in self.comparisons}
        return next((verdict for verdict in _WORST_FIRST if verdict in verdicts), "skipped")

    def to_dict(self) -> dict[str, Any]:
        """Returns the outcome as `tfmlp reproduce --json` prints it."""
        return {
            "name": self.name,
            "verdict": self.verdict,
            "seconds": self.seconds,
            "note": self.note,
            "figures": [comparison.to_dict() for comparison in self.comparisons],
        }
