"""What a model predicts: outputs in batches, and probabilities of them."""

from typing import Any

import numpy as np
import tensorflow as tf

from tfmlp.data.checks import require_inputs
from tfmlp.data.frames import is_frame, read_columns, require_collected
from tfmlp.data.schema import Schema
from tfmlp.errors import DataError
from tfmlp.model.arguments import require_examples
from tfmlp.model.mlp import MLP
from tfmlp.plan import Activation
from tfmlp.reference.probabilities import probabilities

_FLOATS_AT_A_TIME = 8 << 20


def predict(model: MLP, features: Any, loss: str = "cross_entropy") -> np.ndarray:
    """Returns what a model predicts of any number of examples.

    Args:
      model: A built model.
      features: Raw inputs [n, ...], numbers of any type: an array, a `RowFile`, nested lists, or a
        DataFrame, whose columns are found by their names.
      loss: The name of the loss that it was trained on.

    Returns:
      Probabilities [n, classes], or values [n] for regression.

    Raises:
      DataError: when the inputs are not what the model takes, or not finite.
    """
    assert model.feature_shape is not None
    features = _numbers(features, model.schema)
    require_examples(features, model.feature_shape)
    width = int(np.prod(model.feature_shape))
    size = max(1, _FLOATS_AT_A_TIME // width)
    parts = [np.zeros((0, model.num_classes), np.float32)]
    for start in range(0, len(features), size):
        part = np.asarray(features[start : start + size])
        require_inputs(part, model.schema, "the model's inputs", start)
        inputs = part.reshape(len(part), *model.feature_shape)
        parts.append(model(tf.convert_to_tensor(inputs)).numpy())
    outputs = np.concatenate(parts[1:] or parts)
    if is_regression(model):
        return outputs[:, 0]
    if model.plan is not None and isinstance(model.plan.layers[-1], Activation):
        loss = "squared_error"  # the only kind that takes such outputs
    return probabilities(outputs, loss)


def is_regression(model: MLP) -> bool:
    """Returns whether a model predicts values and not classes."""
    return model.num_classes == 1 if model.schema is None else model.schema.task == "regression"


def class_names(model: MLP) -> tuple[str, ...]:
    """Returns the names of a model's classes; their numbers where it has no schema.

    Raises:
      DataError: when it has no classes.
    """
    if is_regression(model):
        raise DataError("the model predicts values, and has no classes: use predict.")
    if model.schema is not None:
        return model.schema.class_names
    return tuple(map(str, range(model.num_classes)))


def _numbers(features: Any, schema: Schema | None) -> Any:
    """Returns inputs as an array of a type that a model computes with."""
    require_collected(features)
    if is_frame(features) and schema is not None and schema.columns:
        return read_columns(features, schema.columns, "the frame", droppable=False)
    if not hasattr(features, "dtype") or not hasattr(features, "shape"):
        try:
            features = np.asarray(features)
        except ValueError:
            raise DataError("expected examples of one shape; received rows of several.") from None
    if features.dtype in (np.uint8, np.float32):
        return features
    try:
        return np.asarray(features).astype(np.float32)
    except (TypeError, ValueError):
        kind = features.dtype
        raise DataError(f"expected numbers as the model's inputs; received {kind}.") from None
