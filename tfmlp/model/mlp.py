"""`MLP`: a multilayer perceptron from raw pixels to logits.

model = MLP(hidden_units=(128, 64), activation="relu", num_classes=10)
model.build((None, 28, 28, 1))
logits = model(images)                      # uint8 [b, 28, 28, 1] -> float32 [b, 10]
"""

import math
from collections.abc import Iterator, Sequence

import keras
import numpy as np
import tensorflow as tf

from tfmlp.config import ACTIVATIONS, DROPOUT_FORMS, INITIALIZERS, PREPROCESSING
from tfmlp.errors import ConfigError, nearest
from tfmlp.model.dense import Dense
from tfmlp.model.layers import Dropout, Preprocessing, SeededInitializer, TargetScale


@keras.saving.register_keras_serializable("tfmlp")
class MLP(keras.Model):
    """A multilayer perceptron as a subclassed Keras model.

    Each hidden layer is dense, then (if asked) batch normalization, then the activation, then (if
    asked) dropout; the last layer is dense and linear, and is computed in float32 at least. Works
    with tfmlp's steps, with one's own loop, and with Keras' `compile` and `fit`.

    Args:
      hidden_units: Units of each hidden layer; empty for a linear model.
      activation: "relu", "leaky_relu", "tanh", "sigmoid", "linear", "elu", "gelu", "selu" or
        "swish".
      num_classes: Number of outputs; 1 for regression.
      dropout: Probability that a hidden unit is dropped in training, in [0, 1).
      dropout_form: "inverted" or "course", as in `tfmlp.reference.layers.Dropout`.
      batch_norm: Whether to normalize over the batch before each activation.
      negative_slope: Slope of "leaky_relu" below zero.
      initializer: Initial weights, as in `tfmlp.reference.initializers`.
      initializer_scale: Factor on the initial weights.
      bias_initializer: "zeros", "fan_in_uniform" or "normal".
      l2: `l2 * sum(w ** 2)` over the dense layers' kernels is added to the loss.
      output_activation: Activation of the last layer; leave it "linear" for losses that take
        logits.
      preprocessing: "none", "scale" (x / 255), "standardize" (call `adapt` with the training
        features before training) or "per_image".
      standardize_target: For regression: the last layer's outputs are multiplied by the target's
        standard deviation and moved by its mean, as `adapt` measured them.
      seed: Decides initial weights and dropout masks; int in [0, 2**32).
      dtype: A Keras dtype policy: "float32", "float64" or "mixed_bfloat16".

    Raises:
      ConfigError: for an unknown name.

    Attributes:
      feature_shape: The shape of one row's raw inputs, once built.
    """

    def __init__(
        self,
        hidden_units: Sequence[int] = (128, 64),
        activation: str = "relu",
        num_classes: int = 10,
        dropout: float = 0.0,
        dropout_form: str = "inverted",
        batch_norm: bool = False,
        negative_slope: float = 0.01,
        initializer: str = "glorot_uniform",
        initializer_scale: float = 1.0,
        bias_initializer: str = "zeros",
        l2: float = 0.0,
        output_activation: str = "linear",
        preprocessing: str = "scale",
        standardize_target: bool = False,
        seed: int = 0,
        **kwargs,
    ):
        super().__init__(
            autocast=False, **kwargs
        )  # raw inputs must not be rounded before they are preprocessed
        for what, name, known in (
            ("activation", activation, ACTIVATIONS),
            ("dropout_form", dropout_form, DROPOUT_FORMS),
            ("output_activation", output_activation, ACTIVATIONS),
            ("initializer", initializer, INITIALIZERS),
            ("preprocessing", preprocessing, PREPROCESSING),
        ):
            if name not in known:
                raise ConfigError(f"MLP has no {what} {name!r}: {nearest(str(name), known)}.")
        self.hyperparameters = {
            "hidden_units": [int(units) for units in hidden_units],
            "activation": activation,
            "num_classes": num_classes,
            "dropout": dropout,
            "dropout_form": dropout_form,
            "batch_norm": batch_norm,
            "negative_slope": negative_slope,
            "initializer": initializer,
            "initializer_scale": initializer_scale,
            "bias_initializer": bias_initializer,
            "l2": l2,
            "output_activation": output_activation,
            "preprocessing": preprocessing,
            "standardize_target": standardize_target,
            "seed": seed,
        }
        self.num_classes = num_classes
        self.feature_shape: tuple[int, ...] | None = None
        policy = self.dtype_policy
        self.preprocess = Preprocessing(preprocessing, name="preprocessing", dtype=policy)
        self.denses, self.norms, self.activations, self.dropouts = [], [], [], []
        for index, units in enumerate(self.hyperparameters["hidden_units"]):
            # Batch normalization subtracts the mean, and any bias with it; its beta takes the bias'
            # place.
            self.denses.append(
                self._dense(units, index, f"dense_{index + 1}", policy, use_bias=not batch_norm)
            )
            self.norms.append(
                keras.layers.BatchNormalization(name=f"norm_{index + 1}", dtype=policy)
                if batch_norm
                else None
            )
            self.activations.append(
                keras.layers.Activation(
                    _activation(activation, negative_slope),
                    name=f"{activation}_{index + 1}",
                    dtype=policy,
                )
            )
            self.dropouts.append(
                Dropout(
                    dropout, seed, index, dropout_form, name=f"dropout_{index + 1}", dtype=policy
                )
                if dropout
                else None
            )
        # Logits in bfloat16 would lose what the loss is about.
        self.head = self._dense(num_classes, len(self.denses), "logits", policy.variable_dtype)
        self.output_function = _activation(output_activation, negative_slope)
        self.target_scale = (
            TargetScale(name="target_scale", dtype=policy.variable_dtype)
            if standardize_target
            else None
        )

    def _dense(self, units: int, index: int, name: str, dtype, use_bias: bool = True) -> Dense:
        settings = self.hyperparameters
        penalty = keras.regularizers.L2(settings["l2"]) if settings["l2"] else None
        if penalty:
            penalty.l2 = np.float64(
                settings["l2"]
            )  # a plain float would pass through float32, even into float64
        return Dense(
            units,
            kernel_initializer=SeededInitializer(
                settings["initializer"],
                settings["seed"],
                2 * index,
                scale=settings["initializer_scale"],
            ),
            kernel_regularizer=penalty,
            use_bias=use_bias,
            name=name,
            dtype=dtype,
        )

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Makes the weights, for inputs [n, height, width, channels] or [n, columns]."""
        if self.built:
            return
        self.feature_shape = tuple(input_shape[1:])
        self.preprocess.build(input_shape)
        shape = self.preprocess.compute_output_shape(input_shape)
        for dense, norm, activation, dropout in self._hidden():
            self._build_dense(dense, shape)
            shape = (shape[0], dense.units)
            for layer in filter(None, (norm, activation, dropout)):
                layer.build(shape)
        self._build_dense(self.head, shape)
        if self.target_scale is not None:
            self.target_scale.build((shape[0], self.num_classes))
        self.built = True

    def _build_dense(self, dense: Dense, shape: tuple[int | None, int]) -> None:
        settings = self.hyperparameters
        # Only now is the number of inputs known, which a bias cannot tell from its own shape.
        dense.bias_initializer = SeededInitializer(
            settings["bias_initializer"],
            settings["seed"],
            dense.kernel_initializer.index + 1,
            fan_in=shape[-1],
        )
        dense.build(shape)

    def _hidden(self):
        return zip(self.denses, self.norms, self.activations, self.dropouts, strict=True)

    def adapt(self, features: np.ndarray, targets: np.ndarray | None = None) -> None:
        """Builds the model and measures what it needs to know of the training features [n, ...]
        and, to standardize them, of the targets [n].
        """
        self.build((None, *features.shape[1:]))
        self.preprocess.adapt(features)
        if self.target_scale is not None and targets is not None:
            self.target_scale.adapt(targets)

    def call(
        self, inputs: tf.Tensor, training: bool = False, preprocessed: bool = False
    ) -> tf.Tensor:
        """Returns the outputs (logits, if `output_activation` is linear), float32 [b, num_classes],
        of raw inputs [b, ...], or of what `preprocess` made of them, [b, d].
        """
        *_, (_, outputs) = self.layer_outputs(inputs, training, preprocessed)
        return outputs

    def layer_outputs(
        self, inputs: tf.Tensor, training: bool = False, preprocessed: bool = False
    ) -> Iterator[tuple[str, tf.Tensor]]:
        """Yields each layer's name and outputs, in order; the last are the model's outputs.

        Args: as for a call.
        """
        rows = inputs if preprocessed else self.preprocess(inputs)
        yield self.preprocess.name, rows
        for dense, norm, activation, dropout in self._hidden():
            rows = dense(rows)
            yield dense.name, rows
            if norm is not None:
                rows = norm(rows, training=training)
                yield norm.name, rows
            rows = activation(rows)
            yield activation.name, rows
            if dropout is not None:
                rows = dropout(rows, training=training)
                yield dropout.name, rows
        outputs = self.output_function(self.head(rows))
        yield self.head.name, outputs
        if self.target_scale is not None:
            yield self.target_scale.name, self.target_scale(outputs)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, int]:
        return (input_shape[0], self.num_classes)

    def get_config(self) -> dict:
        base = super().get_config()
        return self.hyperparameters | {
            name: base[name] for name in ("name", "trainable", "dtype") if name in base
        }


def _activation(name: str, negative_slope: float):
    if name == "leaky_relu":
        return lambda rows: _leaky_relu(rows, negative_slope)
    if name == "gelu":
        # Keras' own takes sqrt(2) in float32 even where the rest is float64.
        return lambda rows: 0.5 * rows * (1 + tf.math.erf(rows * math.sqrt(0.5)))
    return getattr(keras.activations, "silu" if name == "swish" else name)


def _leaky_relu(rows: tf.Tensor, negative_slope: float) -> tf.Tensor:
    if (
        rows.dtype == tf.float64
    ):  # the slope of TensorFlow's own operation is float32, whatever the rows are
        return tf.where(rows > 0, rows, negative_slope * rows)
    return tf.nn.leaky_relu(rows, negative_slope)
