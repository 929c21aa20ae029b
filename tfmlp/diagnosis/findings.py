"""`Finding`: one thing that is wrong with a training, and the names of all there are."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Name(StrEnum):
    """What can be found; `tfmlp.diagnosis.catalog` says what each means."""

    NAN_INPUTS = "nan_inputs"
    SVHN_LABELS = "svhn_labels"
    LABELS_OFF_BY_ONE = "labels_off_by_one"
    LABELS_OUT_OF_RANGE = "labels_out_of_range"
    CONSTANT_LABELS = "constant_labels"
    SOFTMAX_TWICE = "softmax_twice"
    LOGITS_AS_PROBABILITIES = "logits_as_probabilities"
    NAN_FORWARD = "nan_forward"
    UNSCALED_INPUTS = "unscaled_inputs"
    WRONG_GRADIENT = "wrong_gradient"
    UNCENTERED_INPUTS = "uncentered_inputs"
    SMALL_INPUTS = "small_inputs"
    SYMMETRIC_WEIGHTS = "symmetric_weights"
    NOT_SHUFFLED = "not_shuffled"
    LEARNING_RATE_TOO_LARGE = "learning_rate_too_large"
    LEARNING_RATE_TOO_SMALL = "learning_rate_too_small"
    UNRELATED_LABELS = "unrelated_labels"
    PENALTY_TOO_STRONG = "penalty_too_strong"
    TRAIN_FLAG = "train_flag"
    LEAKAGE = "leakage"
    DIVERGES = "diverges"
    DROPOUT_TOO_STRONG = "dropout_too_strong"
    VANISHING_GRADIENTS = "vanishing_gradients"
    EXPLODING_GRADIENTS = "exploding_gradients"
    IMBALANCE = "imbalance"
    MAJORITY_CLASS = "majority_class"
    SATURATED_UNITS = "saturated_units"
    DEAD_UNITS = "dead_units"
    OVERFITTING = "overfitting"
    INITIAL_LOSS = "initial_loss"
    CANNOT_OVERFIT = "cannot_overfit"
    RETRACING = "retracing"
    NOT_LEARNING = "not_learning"


@dataclass(frozen=True)
class Finding:
    """Something that is wrong, or may be.

    Attributes:
      name: A short name; equal to a string such as "unscaled_inputs".
      severity: 0 to 100; causes stand above their consequences.
      text: What is wrong.
      evidence: The numbers that show it.
      cure: What to do.
      change: Options of `tfmlp train` that do it.
    """

    name: Name
    severity: int
    text: str
    evidence: str
    cure: str
    change: dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Returns the finding as plain values."""
        return vars(self) | {"name": str(self.name)}
