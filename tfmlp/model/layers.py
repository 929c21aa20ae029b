"""The layers that Keras has not, or has in a form that is slow or not reproducible here."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from tfmlp import seeds
from tfmlp.reference.initializers import initial_weights
from tfmlp.reference.preprocessing import training_moments

_PACKAGE = "tfmlp"


class Counters(NamedTuple):
    """Where in a run a forward pass stands.

    Attributes:
      step: integer scalar, the training step, from 0 over the whole run.
      positions: integer [b], the rows' positions in the global batch.
    """

    step: tf.Tensor
    positions: tf.Tensor


_counters: ContextVar[Counters | None] = ContextVar("tfmlp_counters", default=None)


@contextmanager
def counters(step: tf.Tensor, positions: tf.Tensor) -> Iterator[None]:
    """While open, `Dropout` layers that are called derive their masks from these counters."""
    token = _counters.set(Counters(step, positions))
    try:
        yield
    finally:
        _counters.reset(token)


@keras.saving.register_keras_serializable(_PACKAGE)
class Dropout(keras.layers.Dropout):
    """Dropout whose mask is a function of (seed, layer, step, position, unit) inside a tfmlp step.

    No state to save, the same mask in every engine, and cheap random bits under XLA. In a forward
    pass outside tfmlp's steps, such as Keras' `fit`, it is Keras' own dropout. Source: Srivastava
    et al., "Dropout", 2014.

    Args:
      rate: Probability that a unit is dropped, in [0, 1).
      seed: int in [0, 2**32).
      index: The layer's number, so that layers of one seed have different masks.
      form: "inverted": kept units are divided by the keep probability while training; "course":
        they are not, and all are multiplied by it at inference.
    """

    def __init__(
        self, rate: float, seed: int = 0, index: int = 0, form: str = "inverted", **kwargs
    ):
        super().__init__(rate, seed=seed, **kwargs)
        self.index, self.form = index, form

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        at, keep = _counters.get(), tf.constant(1.0 - self.rate, inputs.dtype)
        if not training or not self.rate or at is None:
            outputs = super().call(inputs, training=training)
            return outputs if self.form == "inverted" else outputs * keep
        key = seeds.stream_key(self.seed, seeds.Stream.DROPOUT, self.index)
        with (
            tf.init_scope()
        ):  # arguments of the compiled program, not parts of it: one program is good for all seeds
            words = tf.constant(key), tf.constant(seeds.column_words(key, inputs.shape[-1]))
        bits = seeds.counter_bits(
            *words,
            tf.cast(at.step, tf.uint32),
            tf.cast(at.positions, tf.uint32),
            tf.bitwise.right_shift,
        )
        factor = 1.0 / (1.0 - self.rate) if self.form == "inverted" else 1.0
        return tf.where(
            bits < seeds.keep_threshold(1.0 - self.rate),
            inputs * tf.constant(factor, inputs.dtype),
            tf.zeros((), inputs.dtype),
        )

    def get_config(self) -> dict:
        return super().get_config() | {"index": self.index, "form": self.form}


@keras.saving.register_keras_serializable(_PACKAGE)
class Preprocessing(keras.layers.Layer):
    """Turns raw inputs into what the dense layers see, as a part of the model: flattened, in
    floating point, scaled.

    Args:
      kind: "none"; "scale": divided by 255; "standardize": (x - mean) / standard deviation, as
        `adapt` measured them; "per_image": each image by its own mean and standard deviation over
        all pixels and channels.
    """

    def __init__(self, kind: str = "scale", **kwargs):
        super().__init__(autocast=False, **kwargs)
        self.kind = kind

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        if self.kind == "standardize":
            shape = (
                (input_shape[-1],) if len(input_shape) == 2 else ()
            )  # as reference.preprocessing.training_moments
            # Never rounded to the compute type, not even where the layer is called by itself, where
            # Keras forgets its `autocast`.
            self.mean = self.add_weight(
                name="mean", shape=shape, initializer="zeros", trainable=False, autocast=False
            )
            self.deviation = self.add_weight(
                name="deviation", shape=shape, initializer="ones", trainable=False, autocast=False
            )
        self.built = True

    def adapt(self, features: np.ndarray) -> None:
        """Measures mean and (population) standard deviation of training features [n, ...]; needed
        for "standardize", harmless otherwise.
        """
        if not self.built:
            self.build(features.shape)
        if self.kind != "standardize":
            return
        mean, deviation = training_moments(features)
        self.mean.assign(mean)
        self.deviation.assign(deviation)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        # Statistics are taken in the weights' type; only the result is in the (perhaps shorter)
        # compute type.
        rows = tf.cast(inputs, self.variable_dtype)
        if self.kind == "scale":
            rows = rows / 255
        elif self.kind == "standardize":
            rows = (rows - tf.cast(self.mean, rows.dtype)) / tf.cast(self.deviation, rows.dtype)
        elif self.kind == "per_image":
            axes = list(range(1, len(rows.shape)))
            mean, variance = tf.nn.moments(rows, axes, keepdims=True)
            # An image of one color has no deviation; 1/sqrt(count) is the least that
            # tf.image.per_image_standardization allows, too.
            least = 1.0 / np.sqrt(np.prod(rows.shape[1:]))
            rows = (rows - mean) / tf.maximum(tf.sqrt(variance), tf.cast(least, rows.dtype))
        return tf.cast(tf.reshape(rows, [-1, int(np.prod(inputs.shape[1:]))]), self.compute_dtype)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, int]:
        return (input_shape[0], int(np.prod(input_shape[1:])))

    def get_config(self) -> dict:
        return super().get_config() | {"kind": self.kind}


@keras.saving.register_keras_serializable(_PACKAGE)
class TargetScale(keras.layers.Layer):
    """Turns outputs around zero into the target's unit: outputs * deviation + mean, as `adapt`
    measured them on the training targets.
    """

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        self.mean = self.add_weight(name="mean", shape=(), initializer="zeros", trainable=False)
        self.deviation = self.add_weight(
            name="deviation", shape=(), initializer="ones", trainable=False
        )
        self.built = True

    def adapt(self, targets: np.ndarray) -> None:
        """Measures the mean and the (population) standard deviation of training targets [n]."""
        mean, deviation = training_moments(targets[:, np.newaxis])
        self.mean.assign(mean[0])
        self.deviation.assign(deviation[0])

    def standardize(self, values: tf.Tensor) -> tf.Tensor:
        """Returns values in the target's unit as the last layer sees them."""
        return (tf.cast(values, self.mean.dtype) - self.mean) / self.deviation

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        return inputs * self.deviation + self.mean

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape


@keras.saving.register_keras_serializable(_PACKAGE)
class SeededInitializer(keras.initializers.Initializer):
    """Initial weights by `reference.initializers`, as a function of (seed, layer): the NumPy
    reference draws the same.

    Args:
      name: As in `reference.initializers.initial_weights`.
      seed: int in [0, 2**32).
      index: The layer's number: even for kernels, odd for biases.
      fan_in: The layer's inputs, for a bias; a kernel's shape tells its own.
      scale: Factor on the weights.
    """

    def __init__(
        self,
        name: str,
        seed: int = 0,
        index: int = 0,
        fan_in: int | None = None,
        scale: float = 1.0,
    ):
        self.name, self.seed, self.index, self.fan_in, self.scale = name, seed, index, fan_in, scale

    def __call__(self, shape: tuple[int, ...], dtype: str | None = None) -> tf.Tensor:
        generator = seeds.generator(self.seed, seeds.Stream.WEIGHTS, self.index)
        fan_in, rows = (shape[0], None) if len(shape) == 2 else (self.fan_in, 1)
        values = initial_weights(self.name, generator, fan_in, shape[-1], self.scale, rows)
        return tf.cast(values.reshape(shape), dtype or keras.config.floatx())

    def get_config(self) -> dict:
        return {
            "name": self.name,
            "seed": self.seed,
            "index": self.index,
            "fan_in": self.fan_in,
            "scale": self.scale,
        }
