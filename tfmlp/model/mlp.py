"""`MLP`: a multilayer perceptron from raw pixels to logits.

model = MLP(hidden_units=(128, 64), activation="relu", num_classes=10)
model.build((None, 28, 28, 1))
logits = model(images)                      # uint8 [b, 28, 28, 1] -> float32 [b, 10]
"""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfmlp.data.schema import Schema
from tfmlp.errors import ConfigError
from tfmlp.model.arguments import check_arguments, require_examples, units_of_layers
from tfmlp.model.interpreter import make_layer, run_layer
from tfmlp.model.preprocessing import Preprocessing, Shape, TargetScale
from tfmlp.plan import Plan, make_plan
from tfmlp.reference.preprocessing import Examples
from tfmlp.settings.model import ModelConfig


@keras.saving.register_keras_serializable("tfmlp")
class MLP(keras.Model):
    """A multilayer perceptron as a subclassed Keras model.

    Each hidden layer is dense, then (if asked) normalization, then the activation, then (if asked)
    dropout; the last layer is dense and linear, and is computed in float32 at least. Works with
    tfmlp's steps, with one's own loop, and with Keras' `compile` and `fit`.

    Args:
      hidden_units: Units of each hidden layer, or of the only one; empty for a linear model.
      activation: "relu", "leaky_relu", "tanh", "sigmoid", "linear", "elu", "gelu", "selu" or
        "swish" ("silu" is another name of it).
      num_classes: Number of outputs; 1 for regression.
      dropout: Probability that a hidden unit is dropped in training, in [0, 1).
      dropout_form: "inverted" or "course", as in `tfmlp.reference.layers.Dropout`.
      batch_norm: Whether to normalize over the batch before each activation.
      layer_norm: Whether to normalize over each layer's units before each activation.
      negative_slope: Slope of "leaky_relu" below zero.
      initializer: Initial weights, as in `tfmlp.reference.initializers`.
      initializer_scale: Factor on the initial weights.
      bias_initializer: "zeros", "fan_in_uniform" or "normal".
      l2: `l2 * sum(w ** 2)` over the dense layers' kernels is added to the loss.
      output_activation: Activation of the last layer; leave it "linear" for losses of logits.
      preprocessing: "none", "scale" (x / 255), "standardize" (call `adapt` with the training
        features before training) or "per_image".
      standardize_target: For regression: the last layer's outputs are multiplied by the target's
        standard deviation and moved by its mean, as `adapt` measured them.
      seed: Decides initial weights and dropout masks; int in [0, 2**32).
      schema: What its inputs and outputs are: a `Schema`, or what its `to_dict` returns; it is
        saved with the model.
      dtype: A Keras dtype policy: "float32", "float64" or "mixed_bfloat16".
      name, trainable: As of any Keras model.

    Raises:
      ConfigError: for a value that is not allowed.

    Attributes:
      schema: The `Schema`, or None.
      plan: The `Plan` of its layers, once built.
      feature_shape: The shape of one example's raw inputs, once built.
      stack: Its layers from the first dense one to the outputs, in order, once built.

    >>> model = tfmlp.MLP(hidden_units=(128, 64), activation="relu", num_classes=10)
    >>> model(np.zeros((5, 28, 28, 1), np.uint8)).shape
    TensorShape([5, 10])
    """

    def __init__(
        self,
        hidden_units: int | Sequence[int] = (128, 64),
        activation: str = "relu",
        num_classes: int = 10,
        dropout: float = 0.0,
        dropout_form: str = "inverted",
        batch_norm: bool = False,
        layer_norm: bool = False,
        negative_slope: float = 0.01,
        initializer: str = "glorot_uniform",
        initializer_scale: float = 1.0,
        bias_initializer: str = "zeros",
        l2: float = 0.0,
        output_activation: str = "linear",
        preprocessing: str = "scale",
        standardize_target: bool = False,
        seed: int = 0,
        *,
        schema: Schema | Mapping[str, Any] | None = None,
        dtype: Any = None,
        name: str | None = None,
        trainable: bool = True,
    ):
        check_arguments(num_classes, seed, dtype)
        # Raw inputs must not be rounded before they are preprocessed.
        super().__init__(autocast=False, dtype=dtype, name=name, trainable=trainable)
        try:
            self._settings = ModelConfig(
                hidden_units=units_of_layers(hidden_units),
                activation=activation,
                negative_slope=negative_slope,
                dropout=dropout,
                dropout_form=dropout_form,
                batch_norm=batch_norm,
                layer_norm=layer_norm,
                initializer=initializer,
                initializer_scale=initializer_scale,
                bias_initializer=bias_initializer,
                standardize_target=standardize_target,
                l2=l2,
                output_activation=output_activation,
                preprocessing=preprocessing,
            )
        except ConfigError as error:
            raise ConfigError(f"MLP: {error}") from None
        self.num_classes, self.seed = int(num_classes), int(seed)
        self.schema = Schema.from_dict(schema) if isinstance(schema, Mapping) else schema
        self.plan: Plan | None = None
        self.feature_shape: tuple[int, ...] | None = None
        policy = self.dtype_policy
        self.preprocess = Preprocessing(preprocessing, name="preprocessing", dtype=policy)
        self.stack: list[keras.layers.Layer] = []
        self.target_scale: TargetScale | None = None
        if standardize_target:
            self.target_scale = TargetScale(name="target_scale", dtype=policy.variable_dtype)

    def build(self, input_shape: Shape) -> None:
        """Makes the weights, for inputs [n, height, width, channels] or [n, columns]."""
        if self.plan is not None:
            return
        self.feature_shape = tuple(int(length or 0) for length in input_shape[1:])
        self.plan = make_plan(self._settings, self.feature_shape, self.num_classes)
        self.preprocess.build(input_shape)
        shape = self.preprocess.compute_output_shape(input_shape)
        for spec in self.plan.layers:
            layer = make_layer(spec, self.seed, self.dtype_policy)
            layer.build(shape)
            shape = layer.compute_output_shape(shape)
            self.stack.append(layer)
        if self.target_scale is not None:
            self.target_scale.build(shape)
        self.built = True

    def adapt(self, features: Examples, targets: np.ndarray | None = None) -> None:
        """Builds the model, and measures what preprocessing needs to know.

        Args:
          features: Training features [n, ...].
          targets: Training targets [n], for a model that standardizes them.

        >>> model = tfmlp.MLP(hidden_units=(8,), num_classes=2, preprocessing="standardize")
        >>> model.adapt(np.array([[1.0, 10.0], [3.0, 30.0]], np.float32))
        >>> model.preprocess(np.array([[2.0, 30.0]], np.float32)).numpy().round(3).tolist()
        [[0.0, 1.0]]
        """
        self.build((None, *features.shape[1:]))
        self.preprocess.adapt(features)
        if self.target_scale is not None and targets is not None:
            self.target_scale.adapt(targets)

    def __call__(self, inputs: Any, *args: Any, **options: Any) -> Any:
        """Returns what `call` does; inputs of another shape than the model's are said.

        Raises:
          DataError: for them; [n, height, width] will do for images of one channel.
        """
        if self.feature_shape is not None and not options.get("preprocessed"):
            require_examples(inputs, self.feature_shape)
        return super().__call__(inputs, *args, **options)

    def predict(self, x: Any, *args: Any, **options: Any) -> Any:
        """Returns the outputs, as Keras' `predict`; `model.prediction.predict` has probabilities.

        Raises:
          DataError: for an array of another shape than the model's inputs.

        >>> model = tfmlp.MLP(num_classes=3)
        >>> model.predict(np.zeros((5, 4), np.float32), verbose=0).shape
        (5, 3)
        """
        if self.feature_shape is not None and hasattr(x, "shape"):
            require_examples(x, self.feature_shape)
            # Keras would trace for one shape after the other, and at last for none at all.
            x = np.asarray(x).reshape(-1, *self.feature_shape)
        return super().predict(x, *args, **options)

    def export(self, filepath: str | Path, *args: Any, **options: Any) -> None:
        """Exports as Keras' `export`, for inputs as the schema has them; it need not be called."""
        if self.feature_shape is not None:
            dtype = "float32" if self.schema is None else self.schema.feature_dtype
            shape = (None, *self.feature_shape)
            # Keras asks whether a model was called, and for which type.
            self(np.zeros((1, *self.feature_shape), dtype))
            options.setdefault("input_signature", [keras.InputSpec(dtype=dtype, shape=shape)])
        super().export(str(filepath), *args, **options)

    def call(
        self, inputs: tf.Tensor, training: bool = False, preprocessed: bool = False
    ) -> tf.Tensor:
        """Returns the outputs (logits, if `output_activation` is linear), float32 [b, classes].

        Args:
          inputs: Raw inputs [b, ...], or what `preprocess` made of them, [b, d].
          training: Whether dropout and batch normalization act as in training.
          preprocessed: Which of the two the inputs are.
        """
        *_, (_, outputs) = self.layer_outputs(inputs, training, preprocessed)
        return outputs

    def layer_outputs(
        self, inputs: tf.Tensor, training: bool = False, preprocessed: bool = False
    ) -> Iterator[tuple[str, tf.Tensor]]:
        """Yields each layer's name and outputs, in order; the last are the model's outputs.

        Args: as for a call.

        >>> model = tfmlp.MLP(hidden_units=(8,))
        >>> model.build((None, 4))
        >>> [name for name, outputs in model.layer_outputs(np.zeros((5, 4), np.float32))]
        ['preprocessing', 'dense_1', 'relu_1', 'logits']
        """
        rows = inputs if preprocessed else self.preprocess(inputs)
        yield self.preprocess.name, rows
        for layer in self.stack:
            rows = run_layer(layer, rows, training)
            yield layer.name, rows
        if self.target_scale is not None:
            yield self.target_scale.name, self.target_scale(rows)

    def compute_output_shape(self, input_shape: Shape) -> tuple[int | None, int]:
        return (input_shape[0], self.num_classes)

    def get_config(self) -> dict[str, Any]:
        base = super().get_config()
        own = dataclasses.asdict(self._settings) | {"num_classes": self.num_classes}
        own |= {"hidden_units": list(self._settings.hidden_units), "seed": self.seed}
        own["schema"] = self.schema and self.schema.to_dict()
        return own | {name: base[name] for name in ("name", "trainable", "dtype") if name in base}
