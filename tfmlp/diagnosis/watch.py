"""`Watch`: warns after each epoch, at no cost, of what `diagnose` would look into."""

import math
from collections.abc import Sequence
from typing import Any

from tfmlp.metrics import show_metrics

_RISING = 5  # epochs
_IMBALANCED = 0.7  # a share of the commonest class
_FAR = 2.0  # a factor on the loss of a constant prediction: no accident of a few examples
_NEAR = 0.02  # relative, of a metric to what one class for every example gets


class Watch:
    """Looks at each epoch's metrics and says each thing once.

    Args:
      shares: Each class's share of the training examples; empty for regression.
      validation_shares: The same of the validation examples; empty where there are none.
      constant_loss: The training loss of predicting the same for every example.
    """

    def __init__(
        self,
        shares: Sequence[float],
        validation_shares: Sequence[float] = (),
        constant_loss: float = math.inf,
    ):
        self._loss_of_constant = constant_loss
        self._majority = max(shares, default=None)
        # What always predicting the commonest class gets in validation.
        occurring = sum(share > 0 for share in validation_shares)
        self._balanced_then = 1 / occurring if occurring > 1 else None
        self._accuracy_then = 0.0
        if shares and len(validation_shares):
            self._accuracy_then = validation_shares[list(shares).index(max(shares))]
        self._history: list[dict[str, Any]] = []
        self._looks = [self._stuck_at_majority, self._constant_loss, self._overfitting]

    def __call__(self, epoch: dict[str, Any]) -> list[str]:
        """Returns warnings for an epoch as `epochs.jsonl` holds it."""
        self._history.append(epoch)
        warnings = [(look, look()) for look in self._looks]
        self._looks = [look for look, warning in warnings if warning is None]
        return [warning for _, warning in warnings if warning is not None]

    def at_end(self, test_loss: float) -> list[str]:
        """Returns warnings for the end of a training, whose weights have this test loss."""
        train = self._history[-1]["train"]["loss"] if self._history else 0.0
        constant = self._loss_of_constant
        if min(train, test_loss) <= _FAR * constant:
            return []
        return [
            f"the training loss, {train:.4g}, is far above {constant:.4g}, the loss of predicting"
            " the same for every example: a lower --learning-rate may help; tfmlp diagnose with the"
            " same options looks for the cause"
        ]

    def _stuck_at_majority(self) -> str | None:
        if self._balanced_then is not None and "balanced_accuracy" in self._validation(-1):
            return self._one_class_in_validation(self._balanced_then)
        train, majority = self._history[-1]["train"], self._majority
        if majority is None or "accuracy" not in train or len(self._history) < 2:
            return None
        if majority > _IMBALANCED:  # the loss falls though the net learns nothing but the share
            accuracies = [epoch["train"]["accuracy"] for epoch in self._history[-2:]]
            stuck = all(abs(one - majority) < 0.05 * (1 - majority) for one in accuracies)
        else:
            learning = train["loss"] < 0.9 * self._history[0]["train"]["loss"]
            stuck = abs(train["accuracy"] - majority) <= 0.01 and not learning
        if not stuck:
            return None
        return (
            f"the accuracy is the share of the commonest class, {100 * majority:.1f} %: the"
            " net may predict that class for every example; tfmlp diagnose with the same options"
            " looks for the cause"
        )

    def _one_class_in_validation(self, expected: float) -> str | None:
        assert self._majority is not None
        if len(self._history) < 2 or not all(self._is_stuck(epoch, expected) for epoch in (-1, -2)):
            return None
        now = self._validation(-1)
        shown = show_metrics({name: now[name] for name in ("accuracy", "balanced_accuracy", "f1")})
        advice = "--class-weights balanced may help; " if self._majority > _IMBALANCED else ""
        return (
            f"the net predicts the commonest class, {100 * self._majority:.1f} %, for nearly every"
            f" example (validation {shown}): {advice}tfmlp diagnose with the same options looks for"
            " the cause"
        )

    def _is_stuck(self, epoch: int, expected: float) -> bool:
        metrics = self._validation(epoch)
        near = abs(metrics["accuracy"] - self._accuracy_then) <= _NEAR * self._accuracy_then
        return near and metrics["balanced_accuracy"] <= (1 + _NEAR) * expected

    def _validation(self, epoch: int) -> dict[str, Any]:
        metrics: dict[str, Any] = self._history[epoch].get("validation", {})
        return metrics

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
