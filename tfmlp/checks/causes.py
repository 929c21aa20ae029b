"""Causes: what can be wrong with a derivative or a gradient.

cause(CauseName.SHAPE, given=(3, 2), expected=(2, 3))
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from tfmlp.checks import texts


class CauseName(StrEnum):
    """The short name of a cause; compares equal to its string."""

    # Shapes and values
    MISSING = "missing"
    NOT_FINITE = "not_finite"
    ZERO = "zero"
    SHAPE = "shape"
    UNREDUCED_BIAS = "unreduced_bias"
    TRANSPOSED = "transposed"
    WRONG_AXIS = "wrong_axis"
    PENALTY = "penalty"
    CLIPPED = "clipped"
    ENTRIES = "entries"
    # Factors
    SIGN = "sign"
    BATCH_SIZE = "batch_size"
    FACTOR_2 = "factor_2"
    OUTPUTS = "outputs"
    LEARNING_RATE = "learning_rate"
    SCALED = "scaled"
    CONVENTION = "convention"
    # Derivatives of activations
    MASK = "mask"
    MASK_INVERTED = "mask_inverted"
    NEGATIVE_SLOPE = "slope"
    NO_DERIVATIVE = "no_derivative"
    DERIVATIVE_OF_OUTPUT = "derivative_of_output"
    DERIVATIVE_OF_INPUT = "derivative_of_input"
    WRONG_DERIVATIVE = "wrong_derivative"
    FUNCTION_FOR_DERIVATIVE = "function_for_derivative"
    DERIVATIVE_TWICE = "derivative_twice"
    WRONG_LAYER = "wrong_layer"
    WRONG = "wrong"
    # Output and loss
    SOFTMAX_TWICE = "softmax_twice"
    SOFTMAX_LEFT_OUT = "softmax_left_out"
    SOFTMAX_DIAGONAL = "softmax_diagonal"
    OUTPUT_DERIVATIVE_MISSING = "output_derivative_missing"
    OUTPUT_DERIVATIVE_TWICE = "output_derivative_twice"
    LOSS_MISMATCH = "loss_mismatch"
    LOSS_GRADIENT = "loss_gradient"
    # The way back through the layers
    PREACTIVATION = "preactivation"
    STALE_ACTIVATIONS = "stale_activations"
    STALE_CACHE = "stale_cache"
    WRONG_INPUT = "wrong_input"
    WRONG_DELTA = "wrong_delta"
    BEFORE_DERIVATIVE = "before_derivative"
    PRODUCT_OF_MEANS = "product_of_means"
    RESHAPED = "reshaped"
    BIAS = "bias"
    UNTRANSPOSED = "untransposed"
    WRONG_KERNEL = "wrong_kernel"
    DETACHED = "detached"
    ONE_EXAMPLE = "one_example"
    UPDATED_WEIGHTS = "updated_weights"
    SMALL = "small"
    LAYER = "layer"
    OUTPUT = "output"
    ONE_KERNEL = "one_kernel"
    # Softmax and dropout
    NOT_NORMALIZED = "not_normalized"
    OVERFLOW = "overflow"
    NO_DROPOUT = "no_dropout"
    TRAIN_FLAG = "train_flag"
    MEAN = "mean"


@dataclass(frozen=True)
class Cause:
    """A likely cause.

    Attributes:
      name: A short name, such as "batch_size".
      text: A sentence for the person who wrote the gradient.
      reproduced: Whether the same wrong gradients come out of a net with this one mistake.
    """

    name: CauseName
    text: str
    reproduced: bool = False

    def to_dict(self) -> dict[str, str]:
        """Returns the cause as plain values."""
        return {"name": self.name.value, "text": self.text}


def cause(name: CauseName, variant: str = "", /, **values: Any) -> Cause:
    """Returns a cause with its text from the table in `texts`.

    Args:
      name: What is wrong.
      variant: Which of its texts; "" where it has one.
      **values: What the text's fields stand for.
    """
    key = f"{name}/{variant}" if variant else str(name)
    return Cause(name, texts.TEXTS[key].format(**values))
