"""`Watch`: warns after each epoch, at no cost, of what `diagnose` would look into."""

from collections.abc import Sequence
from typing import Any

_RISING = 5  # epochs


class Watch:
    """Looks at each epoch's metrics and says each thing once.

    Args:
      shares: Each class's share of the training examples; empty for regression.
    """

    def __init__(self, shares: Sequence[float]):
        self._majority = max(shares, default=None)
        self._history: list[dict[str, Any]] = []
        self._looks = [self._stuck_at_majority, self._constant_loss, self._overfitting]

    def __call__(self, epoch: dict[str, Any]) -> list[str]:
        """Returns warnings for an epoch as `epochs.jsonl` holds it."""
        self._history.append(epoch)
        warnings = [(look, look()) for look in self._looks]
        self._looks = [look for look, warning in warnings if warning is None]
        return [warning for _, warning in warnings if warning is not None]

    def _stuck_at_majority(self) -> str | None:
        train = self._history[-1]["train"]  # has more examples than validation
        if self._majority is None or self._majority > 0.9 or "accuracy" not in train:
            return None
        learning = train["loss"] < 0.9 * self._history[0]["train"]["loss"]
        if abs(train["accuracy"] - self._majority) > 0.01 or learning or len(self._history) < 2:
            return None
        return (
            f"the accuracy is the share of the commonest class, {100 * self._majority:.1f} %: the"
            " net may predict that class for every example; tfmlp diagnose with the same options"
            " looks for the cause"
        )

    def _constant_loss(self) -> str | None:
        if len(self._history) < 3:
            return None
        losses = [epoch["train"]["loss"] for epoch in self._history[:3]]
        if max(losses) - min(losses) > 1e-4 * max(abs(losses[0]), 1e-12) or losses[0] < 1e-3:
            return None
        return (
            f"the training loss stays at {losses[-1]:.4g}: tfmlp diagnose with the same options"
            " looks for the cause"
        )

    def _overfitting(self) -> str | None:
        losses = [epoch["validation"]["loss"] for epoch in self._history if "validation" in epoch]
        if len(losses) <= _RISING:
            return None
        best = min(range(len(losses)), key=losses.__getitem__)
        lowest, now, train = losses[best], losses[-1], self._history[-1]["train"]["loss"]
        if len(losses) - 1 - best < _RISING or now < 1.15 * lowest or train > 0.6 * now:
            return None
        return (
            f"the validation loss has not fallen since epoch {best + 1} ({lowest:.4g} then,"
            f" {now:.4g} now): the net overfits; --patience 3 would stop, dropout or more examples"
            " would help"
        )
