"""What computes: a model, its optimizer, its steps and its engine behind a few verbs."""

import itertools
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import tensorflow as tf

from tfmlp import files
from tfmlp.config import Config
from tfmlp.data.augment import make_augmentation
from tfmlp.data.dataset import Dataset
from tfmlp.data.rowfile import RowFile
from tfmlp.errors import ConfigError
from tfmlp.model.layers import counters
from tfmlp.model.mlp import MLP
from tfmlp.training.choice import choose_engine, choose_precision
from tfmlp.training.device import choose_device
from tfmlp.training.engine import count_steps, epoch_order, make_engine, program_of
from tfmlp.training.evaluation import Evaluation, Metrics, read_metrics
from tfmlp.training.losses import find_loss_name, make_metrics, model_loss
from tfmlp.training.optimizers import learning_rates, make_optimizer
from tfmlp.training.step import compute_gradients, make_train_step

# A weight, its gradient, two slots of the optimizer, and as much again while they are made, in
# float32.
_BYTES_PER_PARAMETER = 20
_KEPT_BYTES = 128 << 20  # of validation rows in float32
# Keras' names for our precisions, where they differ.
_POLICIES = {"auto": "float32", "bfloat16": "mixed_bfloat16"}


class TensorFlowBackend:
    """Trains an `MLP` as a configuration says.

    Args:
      config: The configuration.
      data: What to train on.
      rate_factor: Factor on the learning rate of every step.

    Attributes:
      model: The `MLP`.
      optimizer: Its Keras optimizer.
      engine: The name of the engine, as in `tfmlp.training.engine`.
      precision: "float32", "float64" or "bfloat16".
      device: "/CPU:0" or "/GPU:0".
      steps_per_epoch: Steps in an epoch.
      grain: How many steps a part of an epoch should have at least.
      compile_seconds: What tracing and compiling took; not that of the update alone ("hybrid"),
        which the first step compiles.
      notes: What a user should know before training starts: nothing.
    """

    notes: tuple[str, ...] = ()

    def __init__(self, config: Config, data: Dataset, rate_factor: float = 1.0):
        self.device = choose_device(config.runtime)
        self.precision = choose_precision(config, data, self.device)
        self.engine = choose_engine(config, data, self.precision, self.device)
        self._config, self._data = config, data
        self.steps_per_epoch = count_steps(len(data.train), config)
        if not self.steps_per_epoch:
            raise ConfigError(
                f"batch_size {config.optimization.batch_size} with drop_remainder leaves no step in"
                f" {len(data.train):,} rows: lower one or drop the other."
            )
        self._rates = learning_rates(config.optimization, self.steps_per_epoch, rate_factor)
        started = time.perf_counter()
        with tf.device(self.device):
            self.model = make_model(config.replace(precision=self.precision), data)
            self.optimizer = make_optimizer(config.optimization, self._rates)
            loss = find_loss_name(config, data.task)
            self._per_example_loss = model_loss(self.model, loss)
            self._train_metrics = make_metrics(data.task)
            metrics = list(self._train_metrics.values())
            step = make_train_step(
                self.model,
                self.optimizer,
                self._per_example_loss,
                metrics,
                compile_update=program_of(self.engine) == "hybrid",
            )
            self._validation: tuple[tf.Tensor, tf.Tensor] | None = None
            self._augmentation = make_augmentation(
                config.runtime.seed, config.data.shift, config.data.invert
            )
            if self._augmentation and len(data.feature_shape) != 3:
                raise ConfigError(
                    f"shift and invert are for images; {config.data.dataset} has tables."
                )
            self._engine = make_engine(
                self.engine, step, data.train, self.optimizer.iterations, config, self._augmentation
            )
            self.grain = self._engine.grain
            with ThreadPoolExecutor(
                initializer=lambda: tf.device(self.device).__enter__()
            ) as executor:
                compiling = self._engine.compile(executor)
                self._evaluation = Evaluation(self.model, data, loss)  # traced meanwhile
            for program in compiling:
                program.result()
        self.compile_seconds = time.perf_counter() - started

    @property
    def parameters(self) -> int:
        """The number of trainable weights."""
        return sum(int(np.prod(variable.shape)) for variable in self.model.trainable_variables)

    def train_epoch(self, epoch: int) -> Metrics:
        """Trains on every training row once, in the order of (seed, epoch)."""
        self.train_steps(epoch, 0, self.steps_per_epoch)
        return self.train_metrics(self.steps_per_epoch)

    def train_steps(self, epoch: int, first: int, last: int) -> None:
        """Runs the steps of an epoch from `first` (0, 1, ...) up to, but not with, `last`; its
        figures start anew at 0.
        """
        if first == 0:
            for metric in self._train_metrics.values():
                metric.reset_state()
        with tf.device(self.device):
            self._engine.run(epoch_order(len(self._data.train), epoch, self._config), first, last)

    def train_metrics(self, steps: int) -> Metrics:
        """Returns the figures over the first `steps` steps of the present epoch, taken while the
        weights changed.
        """
        return read_metrics(
            self._train_metrics,
            min(steps * self._config.optimization.batch_size, len(self._data.train)),
        )

    @property
    def steps(self) -> int:
        """The number of steps done, over the whole run."""
        return int(self.optimizer.iterations.numpy())

    def trace(self, epoch: int, step: int) -> Iterator[tuple[str, np.ndarray]]:
        """Runs one step of an epoch by hand, and yields what it computes, in order: a description
        and the array.
        """
        rows = epoch_order(len(self._data.train), epoch, self._config)[
            step * self._config.optimization.batch_size :
        ]
        rows = rows[: self._config.optimization.batch_size]
        features, labels = (
            tf.constant(self._data.train.features[rows]),
            tf.constant(self._data.train.labels[rows]),
        )
        if self._augmentation is not None:
            features = self._augmentation(features, self.optimizer.iterations)
        yield "the features", features.numpy()
        with counters(self.optimizer.iterations, tf.range(len(rows))):
            for name, outputs in self.model.layer_outputs(features, training=True):
                yield (
                    f"the output of {name}",
                    outputs.numpy().astype(self.model.dtype),
                )  # from bfloat16, if need be
        yield "the loss", self._per_example_loss(labels, outputs).numpy()
        gradients = compute_gradients(
            self.model, self.optimizer.iterations, self._per_example_loss, features, labels
        )[1]
        for variable, gradient in reversed(
            list(zip(self.model.trainable_variables, gradients, strict=True))
        ):
            yield (
                f"the gradient of {variable.path.removeprefix(self.model.name + '/')}",
                gradient.numpy(),
            )
        self.train_steps(epoch, step, step + 1)
        yield from ((f"{name} after the update", array) for name, array in self.get_state().items())

    def evaluate(self, split: str) -> Metrics:
        """Returns the model's figures on "train", "validation" or "test"."""
        rows = self._data.splits[split]
        with tf.device(self.device):
            if (
                split != "validation"
                or isinstance(rows.features, RowFile)
                or rows.features.size * 4 > _KEPT_BYTES
            ):
                return self._evaluation(rows.features, rows.labels)
            # The rows that are looked at every epoch stay in the device's memory, preprocessed.
            if self._validation is None:
                self._validation = self._evaluation.prepare(rows.features), tf.constant(rows.labels)
            return self._evaluation.of_prepared(*self._validation)

    def learning_rate(self, epoch: int) -> float:
        """Returns the learning rate of the last step of an epoch (1, 2, ...)."""
        return float(self._rates[min(epoch * self.steps_per_epoch, len(self._rates)) - 1])

    def step_rate(self) -> float:
        """Returns the learning rate of the next step."""
        return float(self._rates[min(self.steps, len(self._rates) - 1)])

    def get_weights(self) -> list[np.ndarray]:
        """Returns a copy of the model's weights."""
        return self.model.get_weights()

    def set_weights(self, weights: list[np.ndarray]) -> None:
        """Puts back what `get_weights` returned."""
        self._validation = None  # weights have the preprocessing's moments among them
        self.model.set_weights(weights)

    def get_state(self) -> dict[str, np.ndarray]:
        """Returns a copy of everything that training changes: the model's weights, the optimizer's
        slots and its step, the figures of the present epoch.
        """
        return {name: variable.numpy() for name, variable in self._variables().items()}

    def set_state(self, state: dict[str, np.ndarray]) -> None:
        """Puts back what `get_state` returned.

        Raises:
          ConfigError: when the state is of another model or optimizer.
        """
        variables = self._variables()
        if variables.keys() != state.keys() or any(
            variables[name].shape != value.shape for name, value in state.items()
        ):
            raise ConfigError(
                "expected the state of this model and optimizer; received one with other names or"
                " shapes: use the configuration it was made with."
            )
        self._validation = None
        for name, value in state.items():
            variables[name].assign(value)

    def _variables(self) -> dict[str, Any]:
        # Numbered, because Keras tells a second optimizer of a kind from the first by its
        # variables' paths.
        model = {f"model/{i}/{v.name}": v for i, v in enumerate(self.model.weights)}
        # The learning rate is no state: it follows from the configuration and the step.
        optimizer = {
            f"optimizer/{i}/{v.name}": v
            for i, v in enumerate(self.optimizer.variables)
            if v.name != "learning_rate"
        }
        return (
            model
            | optimizer
            | {
                f"metrics/{name}/{v.name}": v
                for name, metric in self._train_metrics.items()
                for v in metric.variables
            }
        )


def make_model(config: Config, data: Dataset) -> MLP:
    """Makes the model of a configuration, built, and adapted to the training rows.

    Raises:
      ConfigError: when it would have more weights than this machine's memory holds.
    """
    settings = config.model
    widths = [int(np.prod(data.feature_shape)), *settings.hidden_units, data.num_classes]
    parameters = sum(rows * columns for rows, columns in itertools.pairwise(widths))
    memory = files.machine_memory()
    if parameters * _BYTES_PER_PARAMETER > memory:
        raise ConfigError(
            f"hidden_units {','.join(map(str, settings.hidden_units))} make {parameters:,} weights,"
            f" which take about {parameters * _BYTES_PER_PARAMETER / 1e9:,.0f} GB to train; this"
            f" machine has {memory / 1e9:,.0f} GB."
        )
    model = MLP(
        hidden_units=settings.hidden_units,
        activation=settings.activation,
        num_classes=data.num_classes,
        dropout=settings.dropout,
        dropout_form=settings.dropout_form,
        batch_norm=settings.batch_norm,
        negative_slope=settings.negative_slope,
        initializer=settings.initializer,
        initializer_scale=settings.initializer_scale,
        bias_initializer=settings.bias_initializer,
        l2=settings.l2,
        output_activation=settings.output_activation,
        preprocessing=settings.preprocessing,
        standardize_target=standardizes_target(config, data),
        seed=config.runtime.seed,
        dtype=_POLICIES.get(config.runtime.precision, config.runtime.precision),
        name="mlp",
    )
    model.adapt(data.train.features, data.train.labels if data.task == "regression" else None)
    return model


def standardizes_target(config: Config, data: Dataset) -> bool:
    """Returns whether a model learns standardized targets: if asked to, for values, where the
    output is not bounded by an activation.
    """
    return (
        data.task == "regression"
        and config.model.standardize_target
        and config.model.output_activation == "linear"
    )
