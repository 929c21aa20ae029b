"""Epochs as they are shown: a line each, and the warnings that a look at them gives."""

from collections.abc import Callable
from typing import Any

from tfmlp.cli.progress import say
from tfmlp.metrics import METRICS, Metrics
from tfmlp.training.observer import Observer
from tfmlp.training.result import EpochResult

# One metric beside the loss, so that a line has at most 80 columns.
_SHOWN = ("loss", "accuracy", "rmse")


def describe_metrics(train: Metrics, validation: Metrics | None = None) -> list[str]:
    """Returns the loss and one more metric, each of training and of validation ("val")."""
    ours, theirs = train.to_dict(), {} if validation is None else validation.to_dict()
    parts = []
    for name in _SHOWN:
        if name in ours:
            shown = f"{name} {METRICS[name].show_briefly(ours[name])}"
            if name in theirs:
                shown += f" val {METRICS[name].show_briefly(theirs[name])}"
            parts.append(shown)
    return parts


def describe_epoch(epoch: EpochResult, epochs: int) -> str:
    """Returns an epoch's metrics as one line of at most 80 columns."""
    first = f"epoch {epoch.epoch:>{len(str(epochs))}}/{epochs}"
    digits = 1 if epoch.seconds < 99.9 else 0
    metrics = describe_metrics(epoch.train, epoch.validation)
    return " | ".join([first, *metrics, f"{epoch.seconds:.{digits}f} s"])


class EpochLines(Observer):
    """Shows each epoch as a line."""

    def __init__(self, epochs: int):
        self._epochs = epochs

    def on_epoch(self, epoch: EpochResult) -> None:
        say(describe_epoch(epoch, self._epochs))


class Warnings(Observer):
    """Shows what a look at each epoch warns of."""

    def __init__(
        self,
        look: Callable[[dict[str, Any]], list[str]],
        show: Callable[[str], None] = say,
    ):
        self._look, self._show = look, show

    def on_epoch(self, epoch: EpochResult) -> None:
        for warning in self._look(epoch.to_dict()):
            self._show(f"warning: {warning}.")
