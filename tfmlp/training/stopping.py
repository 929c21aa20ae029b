"""Which epoch was the best, and when to give up waiting for a better one."""

from typing import Any

_HIGHER_IS_BETTER = {"accuracy"}


class EarlyStopping:
    """Watches one validation figure, and keeps the weights of its best epoch.

    Args:
      monitor: "loss", "accuracy", "mae" or "rmse".
      patience: Epochs without a better figure after which to stop; None to watch only, keeping no
        weights.
      min_delta: The least change that counts as better.

    Attributes:
      best_epoch: The number of the best epoch so far, or None.
      best_weights: What `update` was given in that epoch, if there is a patience.
      waited: Epochs since then.
      best: The figure then, with the sign that makes higher better.
    """

    def __init__(self, monitor: str, patience: int | None, min_delta: float = 0.0):
        self._sign = 1.0 if monitor in _HIGHER_IS_BETTER else -1.0
        self.monitor, self.patience, self.min_delta = monitor, patience, min_delta
        self.best_epoch: int | None = None
        self.best_weights: Any = None
        self.waited = 0
        self.best: float | None = None

    def signed(self, figure: float) -> float:
        """Returns a figure with the sign that makes higher better."""
        return self._sign * figure

    def update(self, epoch: int, figure: float, get_weights) -> None:
        """Takes an epoch's validation figure; `get_weights()` is called only if they are to be
        kept.
        """
        if self.best is None or self.signed(figure) > self.best + self.min_delta:
            self.best, self.best_epoch, self.waited = self.signed(figure), epoch, 0
            self.best_weights = get_weights() if self.patience else None
        else:
            self.waited += 1

    @property
    def should_stop(self) -> bool:
        """Whether the patience is used up."""
        return self.patience is not None and self.waited >= self.patience
