"""Going on with a run: what may differ from it, and putting its last checkpoint back."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfmlp.cli.progress import say, tell
from tfmlp.config import Config
from tfmlp.data.dataset import Dataset
from tfmlp.data.matching import match
from tfmlp.data.schema import Schema
from tfmlp.errors import ConfigError, DataError
from tfmlp.runs.checkpoints import Checkpoints
from tfmlp.runs.folder import RunFolder
from tfmlp.runs.record import RunRecord

if TYPE_CHECKING:
    from tfmlp.training.loop import Training

# What may differ from the run that is resumed: how long it goes on, and on what.
_RESUMABLE = (
    *("epochs", "threads", "device", "data_dir", "tfds_dir", "on_divergence", "max_restores"),
    *("checkpoint_steps", "checkpoint_minutes", "keep_checkpoints"),
)


def warn_of_model(record: RunRecord, path: Path) -> None:
    """Warns of a run whose model is not that of its last epochs."""
    if record.goes_on:
        say(
            "warning: this run was resumed and has not ended since: the model is that of before."
            f" To end it: tfmlp train --resume {path}"
        )


def resumed_config(record: RunRecord, given: dict[str, Any], folder: RunFolder) -> Config:
    """Returns the configuration of a run that is to go on.

    Engine and precision are pinned to what it had.

    Raises:
      ConfigError: when options are given that would make it another run.
    """
    config = Config.from_dict(record.config, source=f"{folder.path}/run.json")
    changed = [
        name
        for name, value in given.items()
        if name not in _RESUMABLE and value != config.option(name)
    ]
    if changed:
        raise ConfigError(
            f"a resumed run cannot change {', '.join(changed)}: only {', '.join(_RESUMABLE)} may"
            " differ. Start a new run instead."
        )
    planned = config.optimization.epochs
    epochs = given.get("epochs", planned)
    if epochs < planned:
        raise ConfigError(
            f"--epochs {epochs} is less than the run's {planned}: a resumed run can only be made"
            " longer."
        )
    if epochs > planned and config.optimization.schedule != "constant":
        tell(
            f"note: the learning rate goes on as in a run of {epochs} epochs, not as it was planned"
            f" for {planned}."
        )
    pinned = {}
    if record.engine and config.runtime.backend == "tensorflow":
        pinned = {"engine": record.engine.name, "precision": record.engine.precision}
    return config.replace(**pinned | {n: v for n, v in given.items() if n in _RESUMABLE})


def resume_run(
    data: Dataset, record: RunRecord, folder: RunFolder
) -> tuple[Dataset, "Callable[[Training], None]"]:
    """Matches data to those that a run was trained on.

    Returns:
      The data, and a function that puts the run's last whole checkpoint into a training.

    Raises:
      DataError: when they are other data; it names the difference.
    """
    if record.schema is not None:
        data = match(data, Schema.from_dict(record.schema))
    if data.provenance.sha256 != record.dataset.sha256:
        raise DataError(
            f"the data are not those that {folder.path} was trained on (their sha256 differ): a run"
            " cannot go on with other data."
        )
    return data, lambda training: _restore(training, folder)


def _restore(training: "Training", folder: RunFolder) -> None:
    """Puts the last whole checkpoint into a training, and says from where it goes on."""
    checkpoint = Checkpoints(folder.path).load()
    if checkpoint is None:
        tell(f"{folder.path} has no whole checkpoint: starting from the first epoch")
        return
    training.set_state(checkpoint.arrays, checkpoint.values)
    epochs, steps = training.config.optimization.epochs, training.backend.timetable.steps_per_epoch
    after = f"after epoch {checkpoint.epoch}"
    if training.stopped_early:
        tell(
            f"{folder.path} was stopped {after}, when its patience ended: nothing is left to train"
        )
    elif checkpoint.epoch >= epochs:
        tell(f"{folder.path} ended {after}: nothing is left to train; --epochs N goes on to N")
    else:
        step = f" and step {checkpoint.step:,} of {steps:,} of the next" if checkpoint.step else ""
        tell(f"going on {after} of {epochs}{step}")
