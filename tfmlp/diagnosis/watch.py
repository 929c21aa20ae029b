"""What a training run shows of itself after each epoch, at no cost: the signs that `diagnose` would
look into.
"""

from collections.abc import Sequence
from typing import Any

_RISING = 5  # epochs


class Watch:
    """Looks at each epoch's figures and says each thing once.

    Args:
      shares: Each class' share of the training rows; empty for regression.
    """

    def __init__(self, shares: Sequence[float]):
        self._majority = max(shares, default=None)
        self._history: list[dict[str, Any]] = []
        self._said: set[str] = set()

    def __call__(self, epoch: dict[str, Any]) -> list[str]:
        """Returns warnings for an epoch as `epochs.jsonl` holds it."""
        self._history.append(epoch)
        found = {
            name: text
            for name, text in (
                ("majority", self._stuck_at_majority()),
                ("constant", self._standing_still()),
                ("overfitting", self._overfitting()),
            )
            if text
        }
        new = [text for name, text in found.items() if name not in self._said]
        self._said |= set(found)
        return new

    def _stuck_at_majority(self) -> str | None:
        figures = self._history[-1]["train"]  # there are more of these rows than of validation rows
        if self._majority is None or self._majority > 0.9 or "accuracy" not in figures:
            return None
        learning = self._history[-1]["train"]["loss"] < 0.9 * self._history[0]["train"]["loss"]
        if abs(figures["accuracy"] - self._majority) > 0.01 or learning or len(self._history) < 2:
            return None
        return (
            f"the accuracy is the share of the commonest class, {100 * self._majority:.1f} %: the"
            " net may tell that class of every row; tfmlp diagnose with the same options looks for"
            " the cause"
        )

    def _standing_still(self) -> str | None:
        if len(self._history) < 3:
            return None
        losses = [epoch["train"]["loss"] for epoch in self._history[:3]]
        if max(losses) - min(losses) > 1e-4 * max(abs(losses[0]), 1e-12) or losses[0] < 1e-3:
            return None
        return (
            f"the training loss stands still at {losses[-1]:.4g}: tfmlp diagnose with the same"
            " options looks for the cause"
        )

    def _overfitting(self) -> str | None:
        losses = [epoch["validation"]["loss"] for epoch in self._history if "validation" in epoch]
        if len(losses) <= _RISING:
            return None
        best = min(range(len(losses)), key=losses.__getitem__)
        if (
            len(losses) - 1 - best < _RISING
            or losses[-1] < 1.15 * losses[best]
            or self._history[-1]["train"]["loss"] > 0.6 * losses[-1]
        ):
            return None
        return (
            f"the validation loss has not fallen since epoch {best + 1} ({losses[best]:.4g} then,"
            f" {losses[-1]:.4g} now): over-fitting; --patience 3 would stop, dropout or more rows"
            " would help"
        )
