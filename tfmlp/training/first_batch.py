"""What a step does at its first batch, before it is traced: build, and look at the batch."""

import warnings
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfmlp.errors import ConfigError, TfmlpWarning
from tfmlp.model.preprocessing import Preprocessing
from tfmlp.training.losses import PerExampleLoss
from tfmlp.training.user_loss import UserLoss, takes_logits

_LOOKED_AT = 64  # examples
_SPREAD, _LARGE = 0.05, 0.5  # a standard deviation, and a value that is large beside it
_NEAR = 1e-3  # how far sums of probabilities may be from 1


class FirstBatch:
    """Builds what is not built, and says what does not fit, in words of the batch.

    Run eagerly: what it raises is not wrapped into a trace's error.

    Args:
      model: The model, built or not.
      loss: The loss, as the user gave it.
      per_example_loss: The same as a function of (labels, outputs).
      optimizer: Built for the model's weights; None for a step that only looks.
      call_options: Passed on to the model.
    """

    def __init__(
        self,
        model: keras.Model,
        loss: UserLoss,
        per_example_loss: PerExampleLoss,
        optimizer: keras.optimizers.Optimizer | None = None,
        call_options: Mapping[str, Any] | None = None,
    ):
        self._model, self._loss, self._per_example = model, loss, per_example_loss
        self._optimizer, self._options = optimizer, dict(call_options or {})

    def look(self, features: tf.Tensor, labels: tf.Tensor) -> None:
        """Takes the first batch.

        Raises:
          ConfigError: when features, labels, model and loss do not fit.
        """
        if not features.shape.rank or not labels.shape.rank:
            raise ConfigError(
                "a step takes features [b, ...] and labels [b]; received the shapes"
                f" {features.shape} and {labels.shape}."
            )
        if len(features) != len(labels):
            raise ConfigError(
                "features and labels must be equally many; received"
                f" {len(features):,} and {len(labels):,}."
            )
        if not len(features):
            raise ConfigError("a step needs at least one example; received an empty batch.")
        outputs = self._model(features[:_LOOKED_AT], training=False, **self._options)
        if self._optimizer is not None:
            self._build(self._optimizer)
            self._look_at_inputs(features[:_LOOKED_AT])
        labels = labels[:_LOOKED_AT]
        self._look_at_classes(labels, outputs)
        self._look_at_outputs(outputs)
        losses = tf.convert_to_tensor(self._per_example(labels, outputs))
        if losses.shape != (len(labels),):
            name = getattr(self._loss, "__name__", None) or type(self._loss).__name__
            raise ConfigError(
                f"the loss must return one value per example, shape [b]; {name} returned the shape"
                f" {losses.shape} for {len(labels)} examples: leave the mean over examples to the"
                " step."
            )

    def _build(self, optimizer: keras.optimizers.Optimizer) -> None:
        variables = self._model.trainable_variables
        if not variables:
            raise ConfigError(f"{self._model.name} has no weights to train: give it layers.")
        if not optimizer.built:
            optimizer.build(variables)

    def _look_at_inputs(self, features: tf.Tensor) -> None:
        """Warns of inputs that an `MLP` divides by 255 though they are no pixels."""
        preprocess = getattr(self._model, "preprocess", None)
        if not isinstance(preprocess, Preprocessing) or preprocess.kind != "scale":
            return
        rows = np.asarray(preprocess(features), np.float32)
        if are_too_small(rows):
            _warn(
                'the inputs are too small after preprocessing "scale" (x / 255), which is for'
                f" pixels: their standard deviation is {rows.std():.2g}; use"
                ' preprocessing="standardize" and model.adapt(features), or "none"'
            )

    def _look_at_classes(self, labels: tf.Tensor, outputs: tf.Tensor) -> None:
        """Labels that are classes must have an output each."""
        is_classes = takes_logits(self._loss) is not None and outputs.shape[-1] > 1
        if not is_classes or labels.shape == outputs.shape:
            return
        least, most = float(np.min(labels)), float(np.max(labels))
        count = outputs.shape[-1]
        if least < 0 or most >= count:
            hint = ": subtract 1 from the labels" if (least, most) == (1, count) else ""
            raise ConfigError(
                f"labels must be classes 0 to {count - 1}, one for each of the model's {count}"
                f" outputs; received {least:g} to {most:g}{hint}."
            )

    def _look_at_outputs(self, outputs: tf.Tensor) -> None:
        """Warns of logits where the loss takes probabilities, and the reverse."""
        wants_logits = takes_logits(self._loss)
        if wants_logits is None:
            return
        values = np.asarray(outputs, np.float32)
        is_bounded = values.min() >= 0 and values.max() <= 1
        sums = values.sum(axis=-1)
        is_probabilities = is_bounded and (
            values.shape[-1] == 1 or bool(np.allclose(sums, 1, atol=_NEAR))
        )
        if wants_logits and is_probabilities and values.shape[-1] > 1:
            _warn(
                "the loss takes logits, and the model's outputs are probabilities (every example's"
                " sum to 1): leave the softmax out of the model, or use from_logits=False"
            )
        elif not wants_logits and not is_bounded:
            _warn(
                f"the loss takes probabilities, and the model's outputs run from {values.min():.3g}"
                f" to {values.max():.3g}: end the model with a softmax, or use from_logits=True"
            )


def are_too_small(inputs: np.ndarray) -> bool:
    """Returns whether what a first dense layer takes is far smaller than it should be.

    Initial weights are made for inputs with a standard deviation of about 1 (Y. LeCun et al.,
    "Efficient BackProp", 1998, section 4.3). Those of images in [0, 1] have about 0.3. With a
    twentieth, a gradient step changes the outputs by a 400th. Rows of few ones, as one-hot columns
    have them, are spread little, too, and are as large as they should be.

    Args:
      inputs: Of some examples, [b, units].
    """
    return bool(0 < np.abs(inputs).max() < _LARGE and inputs.std() < _SPREAD)


def _warn(sentence: str) -> None:
    warnings.warn(f"{sentence}.", TfmlpWarning, stacklevel=5)
