"""The runs of a recipe, one per seed."""

from dataclasses import dataclass, field

from tfmlp.config import Config
from tfmlp.data.dataset import Dataset
from tfmlp.data.sources import load_configured
from tfmlp.data.svhn import find
from tfmlp.experiments.comparison import Comparison
from tfmlp.experiments.outcome import Outcome
from tfmlp.experiments.recorded_run import read_complete, run_recorded
from tfmlp.experiments.repetition import Repetition
from tfmlp.recipes.recipe import Recipe
from tfmlp.runs.record import RunRecord
from tfmlp.settings.data import DataConfig

_QUICK_DIVISOR = 10  # of epochs
_NO_SVHN = "needs SVHN: tfmlp data download svhn, or --data-dir"


@dataclass
class RecipeRuns:
    """Runs recipes with every seed, unless their run folder is complete.

    Attributes:
      repetition: How they are repeated.
      data_dir: Where SVHN's files are, or None for where they are always looked for.
    """

    repetition: Repetition
    data_dir: str | None
    _loaded: tuple[DataConfig, int | None, Dataset] | None = field(default=None, repr=False)

    def run(self, recipe: Recipe) -> Outcome:
        """Runs a recipe, and compares what it reaches with what its checks expect."""
        config = recipe.config
        if config.data.dataset == "svhn":
            if find("train_32x32.mat", self.data_dir) is None:
                return Outcome(recipe.name, (), 0.0, _NO_SVHN)
            config = config.replace(data_dir=self.data_dir)
        if self.repetition.quick:
            epochs = max(1, config.optimization.epochs // _QUICK_DIVISOR)
            config = config.replace(epochs=epochs)
        records = [
            self._run_seed(recipe, config.replace(seed=seed)) for seed in self.repetition.seeds
        ]
        seconds = sum(record.timing.total_seconds for record in records if record.timing)
        return Outcome(recipe.name, _compare(recipe, records), seconds, _note(records[-1]))

    def _run_seed(self, recipe: Recipe, config: Config) -> RunRecord:
        seed = config.runtime.seed
        path = self.repetition.run_folder(recipe.name, seed)
        record = read_complete(path, config)
        if record is None:
            self.repetition.announce(recipe.name, seed)
            record = run_recorded(recipe, config, path, self._load)
        return record

    def _load(self, config: Config) -> Dataset:
        """Returns the dataset of a configuration, read once for all runs that share it."""
        split_seed = config.runtime.seed if config.data.validation else None
        if self._loaded is None or self._loaded[:2] != (config.data, split_seed):
            dataset = load_configured(config.data, config.runtime.seed)
            self._loaded = config.data, split_seed, dataset
        return self._loaded[2]


def _compare(recipe: Recipe, records: list[RunRecord]) -> tuple[Comparison, ...]:
    """Compares by every check that all runs came to: a quick run may end before its epoch."""
    measured = [record.measured or {} for record in records]
    comparisons = []
    for check in recipe.checks:
        if all(check.label in metrics for metrics in measured):
            values = tuple(metrics[check.label] for metrics in measured)
            comparisons.append(
                Comparison(check.label, check.published, values, check.judged_by, check.digits)
            )
    return tuple(comparisons)


def _note(record: RunRecord) -> str:
    if record.dataset.official is not False:
        return ""
    sizes = record.dataset.sizes
    return f"on {sizes['train']:,}/{sizes['test']:,} images that are not the published set"
