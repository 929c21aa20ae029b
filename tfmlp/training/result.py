"""What came of one epoch."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tfmlp.errors import CheckpointError
from tfmlp.metrics import Metrics


@dataclass(frozen=True)
class EpochResult:
    """What came of one epoch.

    Attributes:
      epoch: Its number, from 1.
      learning_rate: The learning rate of its last step.
      train: Metrics over the training examples, taken while the weights changed.
      validation: Metrics over the validation examples afterwards, or None where there are none.
      seconds: Time for training and validation.

    >>> (epoch,) = tfmlp.fit(tfmlp.Config.from_options(dataset="mnist-small", epochs=1))
    >>> epoch.epoch, epoch.train.count, epoch.validation.count
    (1, 5400, 600)
    """

    epoch: int
    learning_rate: float
    train: Metrics
    validation: Metrics | None
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """Returns the result as `epochs.jsonl` holds it."""
        values: dict[str, Any] = {
            "epoch": self.epoch,
            "learning_rate": self.learning_rate,
            "train": self.train.to_dict(),
        }
        if self.validation is not None:
            values["validation"] = self.validation.to_dict()
        return values | {"seconds": self.seconds}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "EpochResult":
        """Makes a result from what `to_dict` returned."""
        validation = values.get("validation")
        return cls(
            values["epoch"],
            values["learning_rate"],
            Metrics(**values["train"]),
            Metrics(**validation) if validation else None,
            values["seconds"],
        )


def read_epoch(values: Any, folder: Path) -> EpochResult:
    """Makes a result from a line of a run folder's `epochs.jsonl`.

    Raises:
      CheckpointError: when it is something else.
    """
    try:
        return EpochResult.from_dict(values)
    except (KeyError, TypeError, AttributeError):
        raise CheckpointError(
            f"{folder}/epochs.jsonl: expected the results of an epoch a line; received"
            f" {values!r:.60}: it was changed since."
        ) from None
