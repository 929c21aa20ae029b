"""A model's outputs on many examples."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfmlp.data.dataset import Split

_EXAMPLES_AT_A_TIME = 2000


def compute_outputs(model: Any, split: Split) -> NDArray[np.floating]:
    """Returns the outputs [n, k] of a Keras model on the n examples of a split."""
    starts = range(0, len(split), _EXAMPLES_AT_A_TIME)
    parts = [split.features[start : start + _EXAMPLES_AT_A_TIME] for start in starts]
    return np.concatenate([np.asarray(model(part)) for part in parts])
