"""TensorFlow behind the verbs of a backend."""

import time
from collections.abc import Hashable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import tensorflow as tf

from tfmlp.config import Config
from tfmlp.data.dataset import Dataset
from tfmlp.data.rowfile import RowFile
from tfmlp.errors import ConfigError
from tfmlp.metrics import Metrics
from tfmlp.model.counters import counters
from tfmlp.training.assembly import assemble, choose_class_weights, make_timetable, plan_for
from tfmlp.training.auto import choose_engine, choose_precision
from tfmlp.training.backend import Arrays
from tfmlp.training.device import choose_device
from tfmlp.training.engine import make_engine, program_of
from tfmlp.training.evaluation import Evaluation
from tfmlp.training.gradients import compute_gradients
from tfmlp.training.keras_metrics import KerasMetrics
from tfmlp.training.mixed_step import make_mixed_step
from tfmlp.training.shared_traces import Traces
from tfmlp.training.step import make_train_step
from tfmlp.training.variables import Variables

_KEPT_BYTES = 128 << 20  # of validation examples in float32


class TensorFlowBackend:
    """Trains an `MLP` as a configuration says. Attributes and verbs are those of `Backend`.

    Args:
      config: The configuration.
      data: What to train on.
      rate_factor: Factor on the learning rate of every step.

    Attributes:
      model: The `MLP`.
      optimizer: Its Keras optimizer.
      engine: The name of the engine, as in `tfmlp.training.engine`.
      compile_seconds: Not that of the update alone ("hybrid"), which the first step compiles.
    """

    notes: Sequence[str] = ()

    def __init__(self, config: Config, data: Dataset, rate_factor: float = 1.0):
        self.device = choose_device(config.runtime)
        plan = plan_for(config, data)
        self.timetable = make_timetable(config, data, rate_factor)
        self.precision = choose_precision(config, data, plan, self.device)
        self.engine = choose_engine(
            config, data, plan, self.precision, self.device, self.timetable.steps_per_epoch
        )
        self._data = data
        started = time.perf_counter()
        with tf.device(self.device):
            parts = assemble(config.replace(precision=self.precision), data, self.timetable.rates)
            self.model, self.optimizer = parts.model, parts.optimizer
            self._loss, self._augmentation = parts.loss, parts.augmentation
            is_weighted = parts.loss is not parts.recorded_loss
            recorded = parts.recorded_loss if is_weighted else None
            self._train_metrics = KerasMetrics(data.task, recorded)
            self._name_variables()
            is_hybrid = program_of(self.engine) == "hybrid"
            make_step = make_mixed_step if is_hybrid else make_train_step
            objects = list(self._train_metrics.objects.values())
            step = make_step(self.model, self.optimizer, self._loss, objects)
            self._validation: tuple[tf.Tensor, tf.Tensor] | None = None
            key = self._trace_key(config, data)
            variables = *self.model.weights, *self.optimizer.variables, *parts.random_words
            traces = Traces(key, [*variables, *self._train_metrics.variables().values()])
            self._train_metrics.trace(traces)
            self._engine = make_engine(
                self.engine,
                step,
                data.train,
                self.optimizer.iterations,
                config,
                parts.augmentation,
                traces,
            )
            self.grain = self._engine.grain
            with ThreadPoolExecutor(initializer=self._enter_device) as executor:
                compiling = self._engine.compile(executor)
                # Traced meanwhile.
                self._evaluation = Evaluation(self.model, data, parts.recorded_loss, key)
            for program in compiling:
                program.result()
        self.compile_seconds = time.perf_counter() - started

    def _trace_key(self, config: Config, data: Dataset) -> Hashable:
        """Returns what the traces depend on: all but the state and the shapes of arguments."""
        rates, weights = self.timetable.rates, choose_class_weights(config, data)
        split = data.train
        return (
            # A constant learning rate is a variable; those of a schedule are a constant.
            config.replace(seed=0, epochs=1, learning_rate=1.0),
            rates.tobytes() if len(rates) > 1 else None,
            None if weights is None else weights.tobytes(),
            (self.engine, self.precision, self.device),
            (data.task, data.num_classes, data.feature_shape),
            tuple(str(one.dtype) for one in split.arrays),
        )

    def _enter_device(self) -> None:
        tf.device(self.device).__enter__()

    @property
    def parameters(self) -> int:
        """The number of trainable weights."""
        return sum(int(np.prod(variable.shape)) for variable in self.model.trainable_variables)

    def train_steps(self, epoch: int, first: int, last: int) -> None:
        """Runs steps of an epoch, as `Backend.train_steps`."""
        if first == 0:
            self._train_metrics.reset()
        with tf.device(self.device):
            self._engine.run(self.timetable.order(epoch), first, last)

    def train_metrics(self, steps: int) -> Metrics:
        """Returns the metrics over the first steps of the present epoch."""
        return self._train_metrics.read(self.timetable.seen(steps))

    @property
    def steps(self) -> int:
        """The number of steps done, over the whole run."""
        return int(self._counter.read()["steps"])

    def trace(self, epoch: int, step: int) -> Iterator[tuple[str, np.ndarray]]:
        """Runs one step of an epoch by hand, as `Backend.trace`."""
        chosen, counter = self.timetable.batch(epoch, step), self.optimizer.iterations
        features, *labels = (tf.constant(one[chosen]) for one in self._data.train.arrays)
        if self._augmentation is not None:
            features = self._augmentation(features, counter)
        yield "the features", features.numpy()
        with counters(counter, tf.range(len(chosen))):
            for name, outputs in self.model.layer_outputs(features, training=True):
                yield f"the output of {name}", outputs.numpy().astype(self.model.dtype)
        found = compute_gradients(self.model, counter, self._loss, features, *labels)
        yield "the loss", found.losses.numpy()
        variables = self.model.trainable_variables
        for variable, gradient in reversed(list(zip(variables, found.gradients))):
            yield f"the gradient of {self._name(variable)}", gradient.numpy()
        self.train_steps(epoch, step, step + 1)
        yield from ((f"{name} after the update", array) for name, array in self.get_state().items())

    def evaluate(self, split: str) -> Metrics:
        """Returns the model's metrics on "train", "validation" or "test"."""
        examples = self._data.splits[split]
        features = examples.features
        with tf.device(self.device):
            stays = isinstance(features, RowFile) or features.size * 4 > _KEPT_BYTES
            if split != "validation" or stays:
                return self._evaluation(features, examples.labels)
            # What is looked at every epoch stays in the device's memory, preprocessed.
            if self._validation is None:
                prepared = self._evaluation.prepare(features)
                self._validation = prepared, tf.constant(examples.labels)
            return self._evaluation.of_prepared(*self._validation)

    def get_weights(self) -> Arrays:
        """Returns a copy of the model's weights, by name."""
        return self._weights.read()

    def set_weights(self, weights: Arrays) -> None:
        """Puts back what `get_weights` returned."""
        self._validation = None  # weights have the preprocessing's moments among them
        self._weights.write({name: weights[name] for name in self._weights.shapes})

    def get_state(self) -> Arrays:
        """Returns a copy of everything that training changes, by name."""
        return self._state.read()

    def set_state(self, state: Arrays) -> None:
        """Puts back what `get_state` returned.

        Raises:
          ConfigError: when the state is of another model or optimizer.
        """
        if self._state.shapes != {name: value.shape for name, value in state.items()}:
            raise ConfigError(
                "expected the state of this model and optimizer; received one with other names or"
                " shapes: use the configuration it was made with."
            )
        self._validation = None
        self._state.write(state)

    def _name(self, variable: keras.Variable) -> str:
        """Returns a weight's name, "layer/weight", as the reference has it."""
        return str(variable.path).removeprefix(f"{self.model.name}/")

    def _name_variables(self) -> None:
        """Names what training changes."""
        weights = {self._name(variable): variable for variable in self.model.weights}
        model = {f"model/{name}": variable for name, variable in weights.items()}
        # Below the optimizer's own name, of which Keras numbers the second in a process. The
        # learning rate is no state: it follows from the configuration and the step.
        optimizer = {
            f"optimizer/{variable.path.partition('/')[2]}": variable
            for variable in self.optimizer.variables
            if variable.name != "learning_rate"
        }
        metrics = {f"metrics/{name}": v for name, v in self._train_metrics.variables().items()}
        self._weights, self._state = Variables(weights), Variables(model | optimizer | metrics)
        self._counter = Variables({"steps": self.optimizer.iterations})
