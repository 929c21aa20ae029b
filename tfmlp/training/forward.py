"""The forward pass of a train step, in which dropout knows the step and the examples' positions."""

from collections.abc import Callable

import keras
import tensorflow as tf

from tfmlp.model.counters import counters


def training_pass(model: keras.Model, step: tf.Variable) -> Callable[[tf.Tensor], tf.Tensor]:
    """Returns the model as a function of features alone, as in training.

    Args:
      model: A Keras model.
      step: The number of steps done before, by which dropout draws its masks.
    """

    def forward(features: tf.Tensor) -> tf.Tensor:
        with counters(step, tf.range(tf.shape(features)[0])):
            return model(features, training=True)

    return forward
