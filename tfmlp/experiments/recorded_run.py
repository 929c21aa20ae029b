"""A recorded run: a recipe trained with one seed, in a run folder of its own.

The only module of this room that trains a recipe and touches its run folder.
"""

import dataclasses
import gc
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from tfmlp.config import Config
from tfmlp.data.dataset import Dataset
from tfmlp.experiments.first_rise import FirstRise
from tfmlp.experiments.measurements import Measurements
from tfmlp.recipes.recipe import Recipe
from tfmlp.runs.folder import RECORD, RunFolder
from tfmlp.runs.lock import locked
from tfmlp.runs.record import RunRecord
from tfmlp.training.observer import Observer

if TYPE_CHECKING:
    from tfmlp.training.loop import Training


def read_complete(path: Path, config: Config) -> RunRecord | None:
    """Returns the record of a complete run of this configuration, or None.

    Removes a run that broke off or has another configuration.

    Raises:
      CheckpointError: when the record cannot be read, or another process is at it.
    """
    if not (path / RECORD).exists():
        return None
    record = RunFolder(path).read()
    if record.measured is not None and Config.from_dict(record.config) == config:
        return record
    with locked(path):
        shutil.rmtree(path)
    return None


def run_recorded(
    recipe: Recipe, config: Config, path: Path, load: Callable[[Config], Dataset]
) -> RunRecord:
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


def _train(training: "Training", recipe: Recipe, path: Path, started: float) -> RunRecord:
    from tfmlp.runner import run_training

    measurements = Measurements(training, recipe.checks)
    observers: list[Observer] = [measurements]
    if recipe.look_every:
        observers.append(FirstRise(training, recipe.look_every))
    folder = RunFolder(path)
    outcome = run_training(
        training, folder, recipe=recipe.name, started=started, observers=observers
    )
    if outcome.error is not None:
        raise outcome.error
    record = dataclasses.replace(outcome.record, measured=measurements.finish())
    folder.write(record)
    return record
