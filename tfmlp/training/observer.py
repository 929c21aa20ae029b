"""Whatever watches a training: progress, records, checkpoints, warnings."""

from tfmlp.training.result import EpochResult


class Observer:
    """Is called while a training goes on; does nothing by itself.

    What it raises ends the training.
    """

    def on_epoch(self, epoch: EpochResult) -> None:
        """Is called after each epoch, before the training yields it."""

    def on_pause(self) -> None:
        """Is called within epochs, about once a second, between two steps."""
