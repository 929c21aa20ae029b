"""The reproduction of experiments: each is run, and judged by what was published.

    Reproduction(Path("runs/reproduce")).run("toy-online").verdict

Each seed of a recipe has a run folder of its own below one folder; a run that is complete there is
not run again.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tfmlp.errors import ConfigError, nearest
from tfmlp.experiments.catalog import EXACT, PENDING, STUDIES, list_experiments
from tfmlp.experiments.outcome import Outcome
from tfmlp.experiments.recipe_runs import RecipeRuns
from tfmlp.experiments.repetition import Repetition
from tfmlp.experiments.study_runs import run_study
from tfmlp.recipes.recipe import load_recipe


@dataclass
class Reproduction:
    """Runs experiments by their names.

    Attributes:
      folder: Where the run folders go.
      seeds: How many seeds: 0, 1, 2, ...
      quick: Whether to run a tenth of the epochs with one seed, which judges nothing but that
        everything runs.
      data_dir: Where SVHN's files are, or None for where they are always looked for.
      on_progress: Called with a line for each run that starts.
    """

    folder: Path
    seeds: int = 5
    quick: bool = False
    data_dir: str | None = None
    on_progress: Callable[[str], None] = lambda line: None
    _repetition: Repetition = field(init=False, repr=False)
    _recipe_runs: RecipeRuns = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._repetition = Repetition(self.folder, self.seeds, self.quick, self.on_progress)
        self._recipe_runs = RecipeRuns(self._repetition, self.data_dir)

    def run(self, name: str) -> Outcome:
        """Runs an experiment.

        Raises:
          ConfigError: for an unknown name.
        """
        if name in PENDING:
            return Outcome(name, (), 0.0, PENDING[name])
        if name in EXACT:
            self.on_progress(name)
            started = time.perf_counter()
            return Outcome(name, EXACT[name](), time.perf_counter() - started)
        if name in STUDIES:
            return run_study(name, STUDIES[name], self._repetition)
        known = list_experiments()
        if name not in known:
            raise ConfigError(f"unknown experiment {name!r}: {nearest(name, [*known, *PENDING])}.")
        return self._recipe_runs.run(load_recipe(name))
