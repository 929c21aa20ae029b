"""What is kept while a training goes on: a line for each epoch, and checkpoints."""

import contextlib

from tfmlp.errors import CheckpointError, Interruption
from tfmlp.runs.checkpoint import Checkpoint
from tfmlp.runs.checkpoints import Checkpoints
from tfmlp.runs.folder import RunFolder
from tfmlp.runs.record import Position
from tfmlp.training.loop import Training
from tfmlp.training.observer import Observer
from tfmlp.training.result import EpochResult


def position(training: Training) -> Position:
    """Returns where in a run a training stands."""
    return Position(len(training.history), training.step)


class EpochWriter(Observer):
    """Writes each epoch's line as it ends."""

    def __init__(self, folder: RunFolder):
        self._folder = folder

    def on_epoch(self, epoch: EpochResult) -> None:
        self._folder.add_epoch(epoch.to_dict())


class Saver(Observer):
    """Saves checkpoints: when one is due or asked for, and before a signal ends the run.

    Args:
      training: The training.
      folder: Its run folder.
      noted: Gets the number of a signal that asks the run to end.

    Attributes:
      saved: Where the last checkpoint stands, or None.
    """

    def __init__(self, training: Training, folder: RunFolder, noted: list[int]):
        self._training, self._noted = training, noted
        runtime = training.config.runtime
        self._every, self._minutes = runtime.checkpoint_steps, runtime.checkpoint_minutes
        self._checkpoints = Checkpoints(folder.path, runtime.keep_checkpoints)
        has_begun = bool(training.history or training.step)
        self.saved = position(training) if has_begun else None

    def on_epoch(self, epoch: EpochResult) -> None:
        epochs = self._training.config.optimization.epochs
        is_last = epoch.epoch == epochs or self._training.stopped_early
        if is_last or self._noted or self._checkpoints.is_due or self._is_asked_for():
            self.save(self._training.score(epoch))
        if self._noted and not is_last:
            raise Interruption(self._noted[0])

    def on_pause(self) -> None:
        if self._noted or self._is_asked_for():
            self._training.require_finite()
            self.save()
        if self._noted:
            raise Interruption(self._noted[0])

    def save(self, score: float | None = None) -> None:
        """Saves a checkpoint of the training as it stands."""
        training = self._training
        arrays, values = training.get_state()
        checkpoint = Checkpoint(len(training.history), arrays, values, training.step, score)
        self._checkpoints.save(checkpoint)
        self.saved = position(training)

    def save_after_divergence(self) -> None:
        """Saves what was rolled back to, if the last checkpoint is another, and if it can."""
        training = self._training
        if training.history and self.saved != position(training):
            with contextlib.suppress(CheckpointError):  # the divergence is what is reported
                self.save(None if training.step else training.score(training.history[-1]))

    def _is_asked_for(self) -> bool:
        steps = self._training.backend.steps
        is_step = self._every is not None and steps % self._every == 0
        is_old = self._minutes is not None and self._checkpoints.age >= 60 * self._minutes
        return is_step or is_old
