"""Examples as an estimator is given them, as a `Dataset`."""

from typing import Any

import numpy as np
from sklearn.utils.validation import check_array

from tfmlp.config import Config
from tfmlp.data.dataset import Dataset
from tfmlp.data.heldout import hold_out
from tfmlp.data.rowfile import Array
from tfmlp.data.split import Provenance, Split
from tfmlp.errors import ConfigError, DataError


def weigh(sample_weight: Any, count: int) -> Array | None:
    """Returns what each example counts, float64 [count], of a mean of 1; None: all the same.

    Only their ratios count, as in scikit-learn: where they sum to 1, as `AdaBoostClassifier` gives
    them, the loss is not n times smaller. Those of 0 stay 0.

    Raises:
      DataError, ValueError: when they are no such weights.
    """
    if sample_weight is None:
        return None
    options = {"dtype": np.float64, "ensure_2d": False, "ensure_non_negative": True}
    weights: Array = check_array(sample_weight, input_name="sample_weight", **options)
    if weights.shape != (count,):
        raise DataError(
            f"sample_weight must be one for each of {count:,} examples; received the shape"
            f" {weights.shape}."
        )
    if not weights.any():
        raise DataError("sample_weight must not be all 0; received zeros: weigh an example.")
    if weights.min() == weights.max():
        return None
    return weights / weights[weights > 0].mean()


def make_dataset(
    features: Array,
    labels: Array,
    weights: Array | None,
    class_names: tuple[str, ...],
    columns: tuple[str, ...],
    config: Config,
) -> Dataset:
    """Makes a dataset of checked examples, with the share for validation held out.

    It has no test examples: those an estimator is scored on come later.

    Args:
      features: uint8 or float32 [n, columns].
      labels: Numbers of classes or values, [n].
      weights: As `weigh` returns them, without zeros, or None.
      class_names: A name for each class; empty for regression.
      columns: The names of the columns; empty where they have none.
      config: For the task, and for what is held out.

    Raises:
      ConfigError, DataError: when that cannot be held out.
    """
    task, share = str(config.data.task), config.data.validation
    labels = labels.astype(np.float32 if task == "regression" else np.int32)
    weights = None if weights is None else weights.astype(np.float32)
    train, validation = Split.trusted(features, labels, weights), None
    nothing = Split.trusted(features[:0], labels[:0])
    if config.data.stratify and task == "regression":
        raise ConfigError("stratify is for classes, and the task is regression: leave it out.")
    if share:
        choose = hold_out(config.runtime.seed, config.data.stratify)
        kept, held = choose(labels, share, 0, "the examples: validation")
        train, validation = train.take(kept), train.take(held)
    source = Provenance("arrays", "arrays in memory")
    return Dataset(train, validation, nothing, task, class_names, source, columns)
