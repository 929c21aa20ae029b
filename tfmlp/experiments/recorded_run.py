"""A recorded run: a recipe trained with one seed, in a run folder of its own.

The only module of this room that trains a recipe and touches its run folder.
"""

import gc
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfmlp.config import Config
from tfmlp.data.dataset import Dataset
from tfmlp.experiments.first_rise import FirstRise
from tfmlp.experiments.measurements import Measurements
from tfmlp.recipes.recipe import Recipe
from tfmlp.runs.lock import locked
from tfmlp.runs.record import RunFolder

if TYPE_CHECKING:
    from tfmlp.training.loop import Training

# The key of run.json that holds the measured metrics: a run without it is not complete.
_METRICS = "figures"

Record = dict[str, Any]


def read_complete(path: Path, config: Config) -> Record | None:
    """Returns the record of a complete run of this configuration, or None. Removes a run that
    broke off or has another configuration.

    Raises:
      CheckpointError: when the record cannot be read, or another process is at it.
    """
    if not (path / "run.json").exists():
        return None
    record = RunFolder(path).read()
    if _METRICS in record and record["config"] == config.to_dict():
        return record
    with locked(path):
        shutil.rmtree(path)
    return None


def run_recorded(
    recipe: Recipe, config: Config, path: Path, load: Callable[[Config], Dataset]
) -> Record:
    """Trains, measures what the recipe's checks ask for, and returns the record.

    Args:
      recipe: The recipe.
      config: Its configuration, with the seed of this run.
      path: The run folder.
      load: Returns the dataset of a configuration.

    Raises:
      TfmlpError: when training diverges, or its results cannot be written.
      KeyboardInterrupt: when it is interrupted.
    """
    from tfmlp.training.loop import fit

    started = time.perf_counter()
    training = fit(config, load(config))
    record = _train(training, recipe, path, started)
    del training
    gc.collect()  # TensorFlow's functions and their data hang in cycles, one set for every run
    return record


def _train(training: "Training", recipe: Recipe, path: Path, started: float) -> Record:
    from tfmlp.runs.recording import record_training

    measurements = Measurements(training, recipe.checks)
    observers: list[Measurements | FirstRise] = [measurements]
    if recipe.look_every:
        observers.append(FirstRise(training, recipe.look_every))

    def on_epoch(epoch: dict[str, Any]) -> None:
        for observer in observers:
            observer.on_epoch(training.history[-1])

    folder = RunFolder(path)
    record, error = record_training(training, folder, recipe.name, started, on_epoch)
    if error is not None:
        raise error
    record[_METRICS] = measurements.finish()
    folder.write(record)
    return record


def read_metrics(record: Record) -> dict[str, float]:
    """Returns the measured metrics of a record, by their checks' labels."""
    metrics: dict[str, float] = record[_METRICS]
    return metrics
