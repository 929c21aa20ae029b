"""Which epoch was the best, and when to give up waiting for a better one."""

from collections.abc import Callable
from typing import Any

from tfmlp.data.dataset import Dataset
from tfmlp.errors import ConfigError
from tfmlp.metrics import METRICS, Metrics, metrics_of
from tfmlp.settings.optimization import OptimizationConfig
from tfmlp.training.backend import Arrays


class EarlyStopping:
    """Watches one validation metric, and keeps the weights of its best epoch.

    Args:
      monitor: The metric's name.
      patience: Epochs without a better value after which to stop; None to watch only, keeping no
        weights.
      min_delta: The least change that counts as better.

    Attributes:
      best_epoch: The number of the best epoch so far, or None.
      best_weights: What `update` was given in that epoch, if there is a patience.
      waited: Epochs since then.
      best: The metric then, with the sign that makes higher better.
    """

    def __init__(self, monitor: str, patience: int | None, min_delta: float = 0.0):
        self.monitor, self.patience, self.min_delta = monitor, patience, min_delta
        self.best_epoch: int | None = None
        self.best_weights: Arrays | None = None
        self.waited = 0
        self.best: float | None = None

    def score(self, metrics: Metrics) -> float:
        """Returns the watched metric with the sign that makes higher better."""
        return METRICS[self.monitor].signed(metrics[self.monitor])

    def update(self, epoch: int, metrics: Metrics, get_weights: Callable[[], Arrays]) -> None:
        """Takes an epoch's validation metrics.

        `get_weights` is called only if they are to be kept.
        """
        score = self.score(metrics)
        if self.best is None or score > self.best + self.min_delta:
            self.best, self.best_epoch, self.waited = score, epoch, 0
            self.best_weights = get_weights() if self.patience else None
        else:
            self.waited += 1

    @property
    def should_stop(self) -> bool:
        """Whether the patience is used up."""
        return self.patience is not None and self.waited >= self.patience

    def to_dict(self) -> dict[str, Any]:
        """Returns what changes, but for the weights."""
        return {"best_epoch": self.best_epoch, "best": self.best, "waited": self.waited}

    def restore(self, values: dict[str, Any], best_weights: Arrays | None) -> None:
        """Puts back what `to_dict` returned, and the weights."""
        self.best_epoch, self.best = values["best_epoch"], values["best"]
        self.waited, self.best_weights = values["waited"], best_weights


def make_stopping(config: OptimizationConfig, data: Dataset) -> EarlyStopping:
    """Makes what watches the validation metric of a configuration.

    Raises:
      ConfigError: when the data do not have what is to be watched.
    """
    names = metrics_of(data.task, data.num_classes)
    if config.monitor not in names:
        raise ConfigError(
            f"monitor {config.monitor} is no metric of {data.task}; use one of {', '.join(names)}."
        )
    if config.patience and data.validation is None:
        raise ConfigError(
            "patience needs validation examples to watch: set validation, for example to 0.1."
        )
    return EarlyStopping(config.monitor, config.patience, config.min_delta)
