"""The repetition of an experiment over seeds."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Repetition:
    """How experiments are repeated over seeds.

    Attributes:
      folder: Where the run folders go.
      count: How many seeds: 0, 1, 2, ...
      quick: Whether to run a tenth of the epochs with one seed, which judges nothing but that
        everything runs.
      on_progress: Called with a line for each run that starts.
    """

    folder: Path
    count: int
    quick: bool
    on_progress: Callable[[str], None]

    @property
    def seeds(self) -> range:
        """The seeds to run."""
        return range(1 if self.quick else self.count)

    def run_folder(self, name: str, seed: int) -> Path:
        """Returns the folder of an experiment's run with one seed."""
        return self.folder / f"{name}-seed{seed}"

    def announce(self, name: str, seed: int) -> None:
        """Says that a run starts."""
        self.on_progress(f"{name}, seed {seed}")
