"""`Probe`: a model under observation, with its optimizer, loss and data.

A probe may change the model's weights; `restore` undoes that.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from tfmlp.diagnosis.layers import Array, LayerView, watched
from tfmlp.reference.metrics import ClassCounts
from tfmlp.training.gradients import compute_gradients
from tfmlp.training.losses import PerExampleLoss

_EXAMPLES = 512  # in the batch that layers and gradients are looked at with


class Probe:
    """A model, its optimizer and its data.

    Args:
      model: A built Keras model.
      optimizer: A Keras optimizer.
      loss: The per-example loss.
      features: Training features [n, ...].
      labels: Training labels [n].
      batch_size: The number of examples in a training batch.
      shuffle: Whether training visits the examples in a new order each epoch.

    Attributes:
      learning_rate: The optimizer's.
      chosen: The indices of the examples that layers and gradients are looked at with, int [b].
    """

    def __init__(
        self,
        model: Any,
        optimizer: Any,
        loss: PerExampleLoss,
        features: Array,
        labels: Array,
        batch_size: int,
        shuffle: bool,
    ):
        self.model, self.loss, self.shuffle = model, loss, shuffle
        self.features, self.labels = features, labels
        self.batch_size = min(batch_size, len(labels))
        self.learning_rate = float(tf.convert_to_tensor(optimizer.learning_rate))
        self._optimizer = optimizer
        self._initial: list[Array] = model.get_weights()
        self._stream = np.random.default_rng(0)
        self.chosen: Array = np.sort(self._stream.permutation(len(labels))[:_EXAMPLES])

    @property
    def batch(self) -> tuple[Array, Array]:
        """The chosen examples: features [b, ...] and labels [b]."""
        return self.features[self.chosen], self.labels[self.chosen]

    def restore(self) -> None:
        """Restores the weights that the model came with."""
        self.model.set_weights(self._initial)

    def new_optimizer(self) -> Any:
        """Returns a new optimizer like the given one, with its learning rate held constant."""
        settings = self._optimizer.get_config() | {"learning_rate": self.learning_rate}
        return type(self._optimizer).from_config(settings)

    def batches(self, examples: Array | None = None) -> Iterator[Array]:
        """Yields the indices of the examples of one training batch after another, without end.

        Args:
          examples: Indices of the examples of which every batch consists; None for full batches of
            all examples.
        """
        while examples is not None:
            yield examples
        count = len(self.labels)
        while True:
            order = self._stream.permutation(count) if self.shuffle else np.arange(count)
            for start in range(0, count - self.batch_size + 1, self.batch_size):
                yield order[start : start + self.batch_size]

    def views(self) -> list[LayerView]:
        """Returns what each layer did with the batch at inference, in the order of the calls."""
        with watched(self.model) as views:
            self.outputs()
        return views

    def outputs(self, training: bool = False) -> Array:
        """Returns the model's outputs for the batch, float32 [b, k]."""
        return np.asarray(self.model(tf.constant(self.batch[0]), training=training), np.float32)

    def losses(self) -> Array:
        """Returns the batch's per-example losses at inference, float32 [b]."""
        labels, outputs = tf.constant(self.batch[1]), tf.constant(self.outputs())
        return np.asarray(self.loss(labels, outputs), np.float32)

    def accuracy(self) -> float:
        """Returns the share of the batch's labels that the model predicts at inference."""
        return float(np.mean(self.outputs().argmax(axis=1) == self.batch[1]))

    def class_counts(self, classes: int) -> ClassCounts:
        """Returns the batch's counts by class, of what the model predicts at inference."""
        return ClassCounts.of(self.outputs().argmax(axis=1), self.batch[1], classes)

    def gradients(self) -> list[Array]:
        """Returns the gradients of the batch's loss, one for each trainable variable."""
        _, gradients = self._differentiate()
        variables = self.model.trainable_variables
        return [
            np.zeros(variable.shape) if gradient is None else _dense(gradient)
            for gradient, variable in zip(gradients, variables, strict=True)
        ]

    def derivative_along(self, index: int, direction: Array, size: float) -> float:
        """Returns the central difference of the batch's training loss when one trainable variable
        moves along a direction.

        Args:
          index: The variable's place among the trainable ones.
          direction: Of the variable's shape.
          size: How far to move to either side, as a factor on the direction.
        """
        variable = self.model.trainable_variables[index]
        initial = np.asarray(variable)
        losses = []
        for sign in (1, -1):
            variable.assign(initial + sign * size * direction)
            losses.append(float(self._differentiate()[0]))
        variable.assign(initial)
        return (losses[0] - losses[1]) / (2 * size)

    def relative_changes(self) -> list[float]:
        """Returns, for each kernel, the norm of its change since the start over its norm then."""
        pairs = zip(self.model.weights, self._initial, strict=True)
        return [_relative_change(now, start) for now, start in pairs if start.ndim == 2]

    def _differentiate(self) -> tuple[Any, list[Any]]:
        # The loss that a train step differentiates, penalties included, and its gradients.
        features, labels = map(tf.constant, self.batch)
        value, gradients, *_ = compute_gradients(
            self.model, tf.Variable(0), self.loss, features, labels
        )
        return value, gradients


def _dense(gradient: Any) -> Array:
    return np.asarray(tf.convert_to_tensor(gradient))


def _relative_change(now: Any, start: Array) -> float:
    change = np.linalg.norm(np.asarray(now) - start)
    return float(change / np.maximum(np.linalg.norm(start), 1e-12))
