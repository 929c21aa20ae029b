"""A model under observation: what goes into and comes out of its layers, and what a few steps of
training do to it.

Everything a probe does to the model is undone when it is closed.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfmlp.training.losses import PerExampleLoss
from tfmlp.training.step import compute_gradients, make_train_step

_ROWS = 512  # of the batch that layers and gradients are looked at with


@dataclass
class LayerView:
    """What one layer did with a batch.

    Attributes:
      name: Its name.
      kind: Its class' name.
      inputs, outputs: float32 [b, units].
    """

    name: str
    kind: str
    inputs: np.ndarray
    outputs: np.ndarray


@dataclass
class ShortTraining:
    """What came of a few steps.

    Attributes:
      losses: The loss of each step's batch.
      rates: The learning rate of each step.
      seconds: How long they took.
      non_finite: The first step (from 1) with a loss that is not finite, or None.
    """

    losses: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    seconds: float = 0.0
    non_finite: int | None = None


class Probe:
    """A model, its optimizer and its data.

    Args:
      model: A built Keras model.
      optimizer: A Keras optimizer.
      loss: Per-example loss.
      features: Training features [n, ...].
      labels: Training labels [n].
      batch_size: Rows in a training batch.
      shuffle: Whether training visits the rows in a new order.
    """

    def __init__(
        self,
        model: keras.Model,
        optimizer: Any,
        loss: PerExampleLoss,
        features: np.ndarray,
        labels: np.ndarray,
        batch_size: int,
        shuffle: bool,
    ):
        self.model, self.loss, self.batch_size, self.shuffle = (
            model,
            loss,
            min(batch_size, len(labels)),
            shuffle,
        )
        self.features, self.labels = features, labels
        self._settings = optimizer.get_config()
        self._kind = type(optimizer)
        self.learning_rate = float(tf.convert_to_tensor(optimizer.learning_rate))
        self._kept = model.get_weights()
        self._stream = np.random.default_rng(0)
        self.rows = np.sort(self._stream.permutation(len(labels))[:_ROWS])

    @property
    def batch(self) -> tuple[np.ndarray, np.ndarray]:
        """The rows that are looked at: features [b, ...] and labels [b]."""
        return self.features[self.rows], self.labels[self.rows]

    def restore(self) -> None:
        """Goes back to the weights that the model came with."""
        self.model.set_weights(self._kept)

    def views(self) -> list[LayerView]:
        """Returns what each layer that has units did with the batch at inference, in the order they
        were called.
        """
        seen: list[LayerView] = []
        with _watched(self.model, seen):
            self.model(tf.constant(self.batch[0]), training=False)
        return seen

    def outputs(self, training: bool = False) -> np.ndarray:
        """Returns the model's outputs for the batch, float32 [b, k]."""
        return np.asarray(self.model(tf.constant(self.batch[0]), training=training), np.float32)

    def losses(self) -> np.ndarray:
        """Returns the batch's per-example losses at inference, float32 [b]."""
        return np.asarray(
            self.loss(tf.constant(self.batch[1]), tf.constant(self.outputs())), np.float32
        )

    def gradients(self) -> list[np.ndarray]:
        """Returns the gradients of the batch's loss by the trainable variables."""
        _, gradients, _, _ = compute_gradients(
            self.model, tf.Variable(0), self.loss, *map(tf.constant, self.batch)
        )
        return [
            np.zeros(v.shape) if g is None else np.asarray(tf.convert_to_tensor(g))
            for g, v in zip(gradients, self.model.trainable_variables, strict=True)
        ]

    def slope_along(self, index: int, direction: np.ndarray, size: float) -> float:
        """Returns the central difference of the batch's training loss when one trainable variable
        moves along a direction.
        """
        variable, values = self.model.trainable_variables[index], []
        kept = np.asarray(variable)
        for sign in (1, -1):
            variable.assign(kept + sign * size * direction)
            values.append(float(compute_loss(self.model, self.loss, *map(tf.constant, self.batch))))
        variable.assign(kept)
        return (values[0] - values[1]) / (2 * size)

    def train(
        self,
        steps: int,
        rate: float | Callable[[int], float] | None = None,
        rows: np.ndarray | None = None,
        seconds: float = 10.0,
    ) -> ShortTraining:
        """Trains from the weights as they are, with a new optimizer of the same kind.

        Args:
          steps: How many steps at most.
          rate: The learning rate, or a function of the step; the optimizer's own if None.
          rows: Which rows, all in each step; batches of all rows if None.
          seconds: When to end early.
        """
        settings = self._settings | {"learning_rate": self.learning_rate}
        optimizer = self._kind.from_config(settings)
        step = make_train_step(self.model, optimizer, self.loss)
        result, started = ShortTraining(), time.perf_counter()
        for number, chosen in zip(range(steps), self._batches(rows), strict=False):
            value = rate(number) if callable(rate) else rate
            if value is not None:
                optimizer.learning_rate.assign(value)
            loss = float(step(self.features[chosen], self.labels[chosen]))
            result.losses.append(loss)
            result.rates.append(self.learning_rate if value is None else value)
            if not np.isfinite(loss):
                result.non_finite = number + 1
                break
            if time.perf_counter() - started > seconds:
                break
        result.seconds = time.perf_counter() - started
        return result

    def _batches(self, rows: np.ndarray | None) -> Iterator[np.ndarray]:
        while rows is not None:
            yield rows
        while True:
            order = (
                self._stream.permutation(len(self.labels))
                if self.shuffle
                else np.arange(len(self.labels))
            )
            for start in range(0, len(order) - self.batch_size + 1, self.batch_size):
                yield order[start : start + self.batch_size]


def compute_loss(
    model: keras.Model, loss: PerExampleLoss, features: tf.Tensor, labels: tf.Tensor
) -> tf.Tensor:
    """Returns the loss that a train step differentiates, penalties included."""
    return compute_gradients(model, tf.Variable(0), loss, features, labels)[0]


@contextmanager
def _watched(model: keras.Model, seen: list[LayerView]) -> Iterator[None]:
    """While open, layers that are called add to `seen`."""
    layers = [
        layer
        for layer in model._flatten_layers(include_self=False)
        if not list(layer._flatten_layers(include_self=False))
    ]
    originals = [(layer, layer.call) for layer in layers]

    def watch(layer, call):
        def run(inputs, *args, **kwargs):
            outputs = call(inputs, *args, **kwargs)
            if hasattr(outputs, "shape") and hasattr(inputs, "shape"):

                def flat(values):
                    return np.asarray(tf.cast(values, tf.float32)).reshape(len(values), -1)

                seen.append(
                    LayerView(layer.name, type(layer).__name__, flat(inputs), flat(outputs))
                )
            return outputs

        return run

    for layer, call in originals:
        object.__setattr__(layer, "call", watch(layer, call))
    try:
        yield
    finally:
        for layer, _ in originals:
            object.__delattr__(layer, "call")
