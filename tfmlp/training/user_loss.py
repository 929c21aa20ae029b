"""A loss as people have it: a name, a Keras loss object or function, a function of their own."""

import functools
from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfmlp.errors import ConfigError, nearest
from tfmlp.training.losses import LOSSES, PerExampleLoss, weighted_loss

# A name, a `keras.losses.Loss` or a function of (labels, outputs).
UserLoss = str | Callable[..., Any]


def per_example(loss: UserLoss) -> PerExampleLoss:
    """Returns a loss as a function of (labels, outputs) that gives one value per example, [b].

    Args:
      loss: One of tfmlp's names; a name that Keras' `compile` takes; a Keras loss object, whatever
        its reduction; a Keras loss function; or a function of (labels, outputs).

    Raises:
      ConfigError: for an unknown name or something else.
    """
    if isinstance(loss, str):
        return LOSSES[loss] if loss in LOSSES else _from_keras(loss)
    if isinstance(loss, keras.losses.Loss):
        return functools.partial(_call_object, loss)
    if callable(loss):
        return loss
    raise ConfigError(
        "the loss must be a name, a Keras loss or a function of (labels, outputs); received"
        f" {type(loss).__name__}."
    )


def _from_keras(name: str) -> PerExampleLoss:
    try:
        found = keras.losses.get(name)
    except ValueError:
        known = nearest(name, LOSSES)
        raise ConfigError(
            f"unknown loss {name!r}: {known}; or a name of Keras, or a function of (labels,"
            " outputs) that returns one loss per example."
        ) from None
    return per_example(found)


def _call_object(loss: keras.losses.Loss, labels: tf.Tensor, outputs: tf.Tensor) -> tf.Tensor:
    """Returns a Keras loss object's values before they are reduced, one per example."""
    labels = tf.convert_to_tensor(labels)
    if not labels.dtype.is_integer:
        labels = tf.cast(labels, outputs.dtype)
    losses = loss.call(labels, outputs)
    return tf.reduce_mean(tf.reshape(losses, [tf.shape(losses)[0], -1]), axis=1)


def with_class_weights(loss: PerExampleLoss, weights: Mapping[int, float] | None) -> PerExampleLoss:
    """Returns a loss times a factor for the class of each example, if there are any.

    Args:
      loss: The per-example loss.
      weights: Class -> factor; 1 for a class that is not there.
    """
    if not weights:
        return loss
    table = [float(weights.get(label, 1.0)) for label in range(max(weights) + 1)]
    return weighted_loss(loss, np.array([*table, 1.0]))


def takes_logits(loss: UserLoss) -> bool | None:
    """Returns whether a loss of classes takes logits (True) or probabilities (False).

    None where it is no loss of classes, or cannot be known.
    """
    if isinstance(loss, str):
        if loss in LOSSES:
            return True if loss.endswith("cross_entropy") else None
        loss = keras.losses.get(loss)
    if isinstance(loss, keras.losses.Loss):
        return loss.get_config().get("from_logits")
    name = getattr(loss, "__name__", "")
    is_keras = getattr(loss, "__module__", "").startswith("keras.")
    return False if is_keras and name.endswith("crossentropy") else None
