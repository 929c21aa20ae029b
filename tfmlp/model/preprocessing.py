"""From raw inputs to what the dense layers take, as a layer of the model."""

import math
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfmlp.reference.preprocessing import Examples, training_moments

Shape = tuple[int | None, ...]


@keras.saving.register_keras_serializable("tfmlp")
class Preprocessing(keras.layers.Layer):
    """Turns raw inputs into what the dense layers take: flat, in floating point, scaled.

    Args:
      kind: "none"; "scale": divided by 255; "standardize": (x - mean) / standard deviation, as
        `adapt` measured them; "per_image": each image by its own mean and standard deviation over
        all pixels and channels.
    """

    def __init__(self, kind: str = "scale", **kwargs: Any):
        super().__init__(autocast=False, **kwargs)
        self.kind = kind

    def build(self, input_shape: Shape) -> None:
        if self.kind == "standardize":
            # As reference.preprocessing.training_moments.
            shape = (input_shape[-1],) if len(input_shape) == 2 else ()
            # Never rounded to the compute type, not even where the layer is called by itself, where
            # Keras forgets its `autocast`.
            options = {"shape": shape, "trainable": False, "autocast": False}
            self.mean = self.add_weight(name="mean", initializer="zeros", **options)
            self.deviation = self.add_weight(name="deviation", initializer="ones", **options)
        self.built = True

    def adapt(self, features: Examples) -> None:
        """Measures mean and (population) standard deviation of training features [n, ...].

        Needed for "standardize", harmless otherwise.
        """
        if not self.built:
            self.build(features.shape)
        if self.kind == "standardize":
            mean, standard_deviation = training_moments(features)
            self.mean.assign(mean)
            self.deviation.assign(standard_deviation)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        # Statistics are taken in the weights' type; only the result is in the (perhaps shorter)
        # compute type.
        rows = tf.cast(inputs, self.variable_dtype)
        if self.kind == "scale":
            rows = rows / 255
        elif self.kind == "standardize":
            mean, standard_deviation = (
                tf.cast(moment, rows.dtype) for moment in (self.mean, self.deviation)
            )
            rows = (rows - mean) / standard_deviation
        elif self.kind == "per_image":
            rows = _standardize_each(rows)
        width = math.prod(inputs.shape[1:])
        return tf.cast(tf.reshape(rows, [-1, width]), self.compute_dtype)

    def compute_output_shape(self, input_shape: Shape) -> tuple[int | None, int]:
        return (input_shape[0], math.prod(int(length or 0) for length in input_shape[1:]))

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"kind": self.kind}


def _standardize_each(images: tf.Tensor) -> tf.Tensor:
    mean, variance = tf.nn.moments(images, list(range(1, len(images.shape))), keepdims=True)
    # An image of one color has no standard deviation; 1/sqrt(count) is the least that
    # tf.image.per_image_standardization allows, too.
    least = 1.0 / np.sqrt(np.prod(images.shape[1:]))
    return (images - mean) / tf.maximum(tf.sqrt(variance), tf.cast(least, images.dtype))


@keras.saving.register_keras_serializable("tfmlp")
class TargetScale(keras.layers.Layer):
    """Turns standardized outputs into the target's unit: outputs * standard deviation + mean."""

    def build(self, input_shape: Shape) -> None:
        self.mean = self.add_weight(name="mean", shape=(), initializer="zeros", trainable=False)
        self.deviation = self.add_weight(
            name="deviation", shape=(), initializer="ones", trainable=False
        )
        self.built = True

    def adapt(self, targets: np.ndarray) -> None:
        """Measures mean and (population) standard deviation of training targets [n]."""
        mean, standard_deviation = training_moments(targets[:, np.newaxis])
        self.mean.assign(mean[0])
        self.deviation.assign(standard_deviation[0])

    def standardize(self, values: tf.Tensor) -> tf.Tensor:
        """Returns values in the target's unit as the last layer computes them."""
        return (tf.cast(values, self.mean.dtype) - self.mean) / self.deviation

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        return inputs * self.deviation + self.mean

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape
