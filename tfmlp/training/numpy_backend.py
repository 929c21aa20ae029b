"""The NumPy reference behind the same verbs as TensorFlow: same initial weights, same batches, same
masks, same record.
"""

import math
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from tfmlp import seeds
from tfmlp.config import Config
from tfmlp.data.dataset import Dataset
from tfmlp.errors import ConfigError
from tfmlp.reference.numeric import differences
from tfmlp.reference.optimizers import clip_by_global_norm
from tfmlp.reference.preprocessing import preprocess, training_moments
from tfmlp.training.backend import make_model, standardizes_target
from tfmlp.training.engine import count_steps, epoch_order
from tfmlp.training.evaluation import Metrics
from tfmlp.training.numpy_network import make_network, make_reference_optimizer
from tfmlp.training.optimizers import learning_rates

_EVALUATION_ROWS = 2048
_PREPARED_LIMIT = (
    2**31
)  # bytes of preprocessed rows that are kept; above, each batch is preprocessed when it is used


class NumpyBackend:
    """Trains the reference as a configuration says.

    Args:
      config: The configuration; precision float32 or float64.
      data: What to train on.
      rate_factor: Factor on the learning rate of every step.

    Attributes:
      network: The `Network`.
      optimizer: Its update rule.
      engine: "numpy".
      precision: "float32" or "float64".
      device: "/CPU:0".
      steps_per_epoch: Steps in an epoch.
      grain: How many steps a part of an epoch should have at least: 1.
      compile_seconds: 0.
      notes: What a user should know before training starts.
    """

    engine, device, compile_seconds = "numpy", "/CPU:0", 0.0

    grain = 1

    def __init__(self, config: Config, data: Dataset, rate_factor: float = 1.0):
        self._config, self._data = config, data
        self.notes: list[str] = []
        if config.runtime.precision == "bfloat16":
            raise ConfigError(
                f"backend {config.runtime.backend} computes in float32 or float64; received"
                " precision bfloat16."
            )
        self.precision = self._precision()
        self._dtype = np.dtype(self.precision)
        self.steps_per_epoch = count_steps(len(data.train), config)
        self._rates = learning_rates(config.optimization, self.steps_per_epoch, rate_factor)
        self._moments = training_moments(data.train.features)
        # The network learns (label - mean) / deviation.
        self._target_moments = (0.0, 1.0)
        if standardizes_target(config, data):
            self._target_moments = tuple(
                self._dtype.type(moment[0])
                for moment in training_moments(data.train.labels[:, np.newaxis])
            )
        self.network = make_network(config, data, self._dtype, self._draw)
        self.optimizer = make_reference_optimizer(config)
        self._augment = self._make_augmentation()
        self._sums = _Sums(data.task, self._target_moments[1])
        size = len(data.train) * math.prod(data.feature_shape) * self._dtype.itemsize
        self._prepared = (
            self._rows(data.train.features)
            if self._augment is None and size <= _PREPARED_LIMIT
            else None
        )
        if self._prepared is not None:
            self._batch = np.empty(
                (min(config.optimization.batch_size, len(data.train)), self._prepared.shape[1]),
                self._dtype,
            )

    def _precision(self) -> str:
        return (
            "float32"
            if self._config.runtime.precision == "auto"
            else self._config.runtime.precision
        )

    def _make_augmentation(self):
        config = self._config
        if not config.data.shift and not config.data.invert:
            return None
        import tensorflow as tf

        from tfmlp.data.augment import make_augmentation

        augment = make_augmentation(config.runtime.seed, config.data.shift, config.data.invert)
        return lambda images: augment(
            tf.constant(images), tf.constant(self.optimizer.steps)
        ).numpy()

    def _rows(self, features: np.ndarray) -> np.ndarray:
        return preprocess(self._config.model.preprocessing, features, self._dtype, *self._moments)

    def _labels(self, labels: np.ndarray) -> np.ndarray:
        mean, deviation = self._target_moments
        return (
            labels if labels.dtype.kind in "iu" else (labels.astype(self._dtype) - mean) / deviation
        )

    def _draw(self, layer: int, keep: float, shape: tuple[int, int]) -> np.ndarray:
        """Returns which units of a dropout layer are kept at the present step, bool [b, units]."""
        rows, units = shape
        key = seeds.stream_key(self._config.runtime.seed, seeds.Stream.DROPOUT, layer)
        with np.errstate(over="ignore"):  # words wrap around, as a hash means them to
            positions = np.arange(rows, dtype=np.uint32)
            bits = seeds.counter_bits(
                key,
                seeds.column_words(key, units),
                np.uint32(self.optimizer.steps),
                positions,
                np.right_shift,
            )
        return bits < seeds.keep_threshold(keep)

    @property
    def parameters(self) -> int:
        """The number of trainable weights."""
        return sum(parameter.size for parameter in self.network.parameters().values())

    def batch(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Returns the preprocessed (and augmented) features [b, d] and the (standardized) labels
        [b] of some training rows; good until the next call.
        """
        labels = self._labels(self._data.train.labels[rows])
        if self._prepared is not None:
            # Into the same memory every time; "clip" because with NumPy's default mode it would go
            # through a copy.
            return (
                self._prepared.take(rows, axis=0, out=self._batch[: len(rows)], mode="clip"),
                labels,
            )
        features = self._data.train.features[rows]
        return self._rows(features if self._augment is None else self._augment(features)), labels

    def compute_gradients(
        self, features: np.ndarray, labels: np.ndarray
    ) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
        """Returns the gradients by parameter, the outputs [b, k] and the per-example losses [b], of
        a batch as `batch` gives it.
        """
        outputs = self.network.forward(features, training=True)
        losses = self.network.backward(outputs, labels)
        return self.network.gradients(), outputs, losses

    def update(self, gradients: dict[str, np.ndarray]) -> None:
        """Changes the weights by one step."""
        if self._config.optimization.clip_norm is not None:
            gradients = clip_by_global_norm(gradients, self._config.optimization.clip_norm)
        self.optimizer.update(self.network.parameters(), gradients, self.step_rate())

    def train_epoch(self, epoch: int) -> Metrics:
        """Trains on every training row once, in the order of (seed, epoch)."""
        self.train_steps(epoch, 0, self.steps_per_epoch)
        return self.train_metrics(self.steps_per_epoch)

    def train_steps(self, epoch: int, first: int, last: int) -> None:
        """Runs the steps of an epoch from `first` (0, 1, ...) up to, but not with, `last`; its
        figures start anew at 0.
        """
        if first == 0:
            self._sums.totals[:] = 0
        order, size = (
            epoch_order(len(self._data.train), epoch, self._config),
            self._config.optimization.batch_size,
        )
        for step in range(first, last):
            features, labels = self.batch(order[step * size : (step + 1) * size])
            gradients, outputs, losses = self.compute_gradients(features, labels)
            self.update(gradients)
            self._sums.add(losses, outputs, labels)

    def train_metrics(self, steps: int) -> Metrics:
        """Returns the figures over the first `steps` steps of the present epoch, taken while the
        weights changed.
        """
        return self._sums.metrics()

    @property
    def steps(self) -> int:
        """The number of steps done, over the whole run."""
        return self.optimizer.steps

    def trace(self, epoch: int, step: int) -> Iterator[tuple[str, np.ndarray]]:
        """Runs one step of an epoch by hand, and yields what it computes, in order: a description
        and the array.
        """
        size = self._config.optimization.batch_size
        features, labels = self.batch(
            epoch_order(len(self._data.train), epoch, self._config)[step * size : (step + 1) * size]
        )
        yield "the features", features
        outputs = features
        for name, layer in self.network.layers:
            outputs = layer.forward(outputs, True)
            yield f"the output of {name}", outputs
        gradients, _, losses = self.compute_gradients(features, labels)
        yield "the loss", losses
        yield from (
            (f"the gradient of {name}", gradient) for name, gradient in reversed(gradients.items())
        )
        self.train_steps(epoch, step, step + 1)
        yield from ((f"{name} after the update", array) for name, array in self.get_state().items())

    def evaluate(self, split: str) -> Metrics:
        """Returns the network's figures on "train", "validation" or "test"."""
        rows, sums = self._data.splits[split], _Sums(self._data.task, self._target_moments[1])
        for start in range(0, len(rows), _EVALUATION_ROWS):
            part = slice(start, start + _EVALUATION_ROWS)
            outputs, labels = (
                self.network.forward(self._rows(rows.features[part])),
                self._labels(rows.labels[part]),
            )
            sums.add(self.network.loss(outputs, labels)[0], outputs, labels)
        return sums.metrics()

    def learning_rate(self, epoch: int) -> float:
        """Returns the learning rate of the last step of an epoch (1, 2, ...)."""
        return float(self._rates[min(epoch * self.steps_per_epoch, len(self._rates)) - 1])

    def step_rate(self) -> float:
        """Returns the learning rate of the next step."""
        return float(self._rates[min(self.steps, len(self._rates) - 1)])

    def _arrays(self) -> dict[str, np.ndarray]:
        return self.network.parameters() | self.network.state()

    def get_weights(self) -> dict[str, np.ndarray]:
        """Returns a copy of the network's weights."""
        return {name: array.copy() for name, array in self._arrays().items()}

    def set_weights(self, weights: dict[str, np.ndarray]) -> None:
        """Puts back what `get_weights` returned."""
        for name, array in self._arrays().items():
            array[...] = weights[name]

    def get_state(self) -> dict[str, Any]:
        """Returns a copy of everything that training changes: weights, the update rule's slots and
        its step, the figures of the present epoch.
        """
        slots = {
            f"{slot}/{name}": array.copy()
            for slot, arrays in self.optimizer.slots.items()
            for name, array in arrays.items()
        }
        return {
            "steps": np.array(self.optimizer.steps),
            "totals": self._sums.totals.copy(),
            **self.get_weights(),
            **slots,
        }

    def set_state(self, state: dict[str, Any]) -> None:
        """Puts back what `get_state` returned."""
        self.set_weights(state)
        self.optimizer.steps = int(state["steps"])
        self._sums.totals[:] = state["totals"]
        for slot in self.optimizer.slots:
            self.optimizer.slots[slot] = {
                name: state[f"{slot}/{name}"].copy()
                for name in self.network.parameters()
                if f"{slot}/{name}" in state
            }

    @property
    def model(self):
        """A Keras `MLP` with the network's weights."""
        model = make_model(self._config, self._data)
        arrays = self._arrays()
        for variable in model.weights:
            name = variable.path.removeprefix(f"{model.name}/")
            if name in arrays:
                variable.assign(arrays[name])
        return model


class NumericBackend(NumpyBackend):
    """The reference, whose gradients are found by changing every weight a little: for nets small
    enough, and always in float64.

    The slopes are central differences, so a step costs two forward passes for each weight.
    """

    engine = "numeric"

    def __init__(self, config: Config, data: Dataset, rate_factor: float = 1.0):
        if config.model.batch_norm:
            raise ConfigError(
                "backend numeric cannot train batch_norm: every trial would change its running"
                " means. Use --backend numpy."
            )
        super().__init__(config, data, rate_factor)
        passes = 2 * self.parameters * self.steps_per_epoch * config.optimization.epochs
        features, labels = self.batch(
            np.arange(min(config.optimization.batch_size, len(data.train)))
        )
        started = time.perf_counter()
        self.network.mean_loss(self.network.forward(features, training=True), labels)
        seconds = passes * (time.perf_counter() - started)
        self.notes = [
            f"numeric differentiation: 2 x {self.parameters:,} weights x"
            f" {passes // (2 * self.parameters):,} steps = {passes:,} forward passes, about"
            f" {_duration(seconds)}"
        ]

    def _precision(self) -> str:
        return "float64"

    def compute_gradients(
        self, features: np.ndarray, labels: np.ndarray
    ) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
        def loss() -> float:
            return self.network.mean_loss(self.network.forward(features, training=True), labels)

        gradients = {
            name: differences(loss, parameter)
            for name, parameter in self.network.parameters().items()
        }
        outputs = self.network.forward(features, training=True)
        return gradients, outputs, self.network.loss(outputs, labels)[0]


class _Sums:
    """Figures over batches, each example counted once; `unit` is the target's standard deviation,
    if the network sees standardized ones.

    Attributes:
      totals: float64 [4]: examples, their losses, and then right classes, or absolute and squared
        errors.
    """

    def __init__(self, task: str, unit: float):
        self._task, self._unit = task, float(unit)
        self.totals = np.zeros(4)

    def add(self, losses: np.ndarray, outputs: np.ndarray, labels: np.ndarray) -> None:
        self.totals[:2] += len(labels), losses.sum(dtype=np.float64)
        if self._task == "classification":
            self.totals[2] += np.count_nonzero(outputs.argmax(axis=1) == labels)
        else:
            errors = (outputs - labels.reshape(outputs.shape)).astype(np.float64)
            self.totals[2:] += (
                np.abs(errors).sum() / outputs.shape[1],
                np.square(errors).sum() / outputs.shape[1],
            )

    def metrics(self) -> Metrics:
        count = int(self.totals[0])
        loss, *figures = (float(total) / count for total in self.totals[1:])
        if self._task == "classification":
            return Metrics(loss, count, accuracy=figures[0])
        return Metrics(
            loss, count, mae=self._unit * figures[0], rmse=self._unit * math.sqrt(figures[1])
        )


def _duration(seconds: float) -> str:
    return (
        f"{seconds:.1f} s"
        if seconds < 120
        else f"{seconds / 60:.0f} min"
        if seconds < 7200
        else f"{seconds / 3600:,.0f} h"
    )
