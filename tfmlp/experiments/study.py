"""The result of a study: an experiment that is more than one training run."""

from typing import NamedTuple

from tfmlp.experiments.comparison import Comparison


class Study(NamedTuple):
    """The result of a study with one seed.

    Attributes:
      comparisons: Its metrics, one measured value each.
      tables: Tables for a reader, in Markdown.
    """

    comparisons: tuple[Comparison, ...]
    tables: tuple[str, ...] = ()
