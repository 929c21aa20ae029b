"""What TensorBoard shows of a training: metrics, histograms of weights, the confusion matrix.

    train/        loss, accuracy or errors, learning rate, examples a second; histograms of weights;
                  the configuration as text
    validation/   the validation metrics, under the same names
    test/         the test metrics and the confusion matrix, at the end

Steps are epochs. What is one name in several of these folders, TensorBoard draws into one chart.
"""

import io
import math
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfmlp.config import Config
from tfmlp.errors import CheckpointError, TfmlpWarning
from tfmlp.events import EVENT_FILES, EventFile
from tfmlp.training.loop import Training
from tfmlp.training.observer import Observer
from tfmlp.training.result import EpochResult

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MOST_HISTOGRAMS = 50  # epochs of a run
_CONSTANT = "preprocessing/"  # weights that no training changes


class TensorBoard(Observer):
    """Writes a training's events.

    Histograms are written of every epoch of a run of at most 50 epochs; of a longer one, of every
    second, third, ... epoch, and of the last.

    Args:
      training: The training.
      folder: Where to write.
      resumed: Whether the folder may hold events of this run already: it goes on with them.

    Where nothing can be written any more, a warning says so, and the training goes on.

    Raises:
      CheckpointError: when it holds those of another run.
    """

    def __init__(self, training: Training, folder: Path, resumed: bool = False):
        if not resumed and any(folder.rglob(EVENT_FILES)):
            raise CheckpointError(
                f"{folder} already holds files for TensorBoard: choose another --tensorboard,"
                " or remove them."
            )
        self._training, self._folder = training, folder
        self._every = math.ceil(training.config.optimization.epochs / _MOST_HISTOGRAMS)
        self._files: dict[str, EventFile] = {}
        self._has_failed = False

    def on_epoch(self, epoch: EpochResult) -> None:
        self._try(lambda: self._add_epoch(epoch))

    def end(self, test: dict[str, Any], confusion: "Figure | None" = None) -> None:
        """Writes the test metrics, as a record has them, the confusion matrix, and what is left."""
        self._try(lambda: self._add_end(test, confusion))

    def _try(self, write: Callable[[], None]) -> None:
        """Writes something; turns the error into a warning, after which nothing is written."""
        if self._has_failed:
            return
        try:
            write()
        except CheckpointError as error:
            self._has_failed = True
            warnings.warn(f"{error} The training goes on without.", TfmlpWarning, stacklevel=3)

    def _add_epoch(self, epoch: EpochResult) -> None:
        is_new = "train" not in self._files
        train = self._file("train", epoch.epoch)
        if is_new:
            train.add_text("configuration", as_table(self._training.config), epoch.epoch)
        self._add_metrics("train", epoch.train.to_dict(), epoch.epoch)
        train.add_scalar("learning rate", epoch.learning_rate, epoch.epoch)
        train.add_scalar("examples a second", epoch.train.count / epoch.seconds, epoch.epoch)
        is_last = epoch.epoch == self._training.config.optimization.epochs
        if epoch.epoch % self._every == 0 or is_last or self._training.stopped_early:
            for name, array in self._training.backend.get_weights().items():
                if not name.startswith(_CONSTANT):
                    train.add_histogram(name, array, epoch.epoch)
        if epoch.validation is not None:
            self._add_metrics("validation", epoch.validation.to_dict(), epoch.epoch)
        for file in self._files.values():
            file.flush()

    def _add_end(self, test: dict[str, Any], confusion: "Figure | None") -> None:
        step = len(self._training.history)
        self._add_metrics("test", test, step)
        if confusion is not None:
            png, size = as_png(confusion)
            self._file("test", step).add_image("confusion matrix", png, size, step)
        for file in self._files.values():
            file.close()

    def _add_metrics(self, split: str, metrics: dict[str, Any], step: int) -> None:
        for name, value in metrics.items():
            if name != "count":
                self._file(split, step).add_scalar(name, value, step)

    def _file(self, split: str, first: int) -> EventFile:
        if split not in self._files:
            self._files[split] = EventFile(self._folder / split, first)
        return self._files[split]


def as_table(config: Config) -> str:
    """Returns a configuration as a Markdown table."""
    lines = ["| option | value |", "|---|---|"]
    for group in config.to_dict().values():
        lines += [f"| {name} | {value} |" for name, value in group.items()]
    return "\n".join(lines)


def as_png(figure: "Figure") -> tuple[bytes, tuple[int, int]]:
    """Returns a figure as a PNG, and its height and width."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=100, facecolor="white")
    width, height = figure.get_size_inches() * 100
    return buffer.getvalue(), (int(height), int(width))
