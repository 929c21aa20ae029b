"""The NumPy reference behind the verbs of a backend: same batches, masks and initial weights."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from tfmlp import seeds
from tfmlp.config import Config
from tfmlp.data.dataset import Dataset
from tfmlp.errors import ConfigError
from tfmlp.metrics import Metrics
from tfmlp.reference.losses import make_loss
from tfmlp.reference.optimizers import clip_by_global_norm
from tfmlp.training.assembly import (
    assemble_reference,
    choose_loss,
    make_model,
    make_timetable,
)
from tfmlp.training.backend import Arrays
from tfmlp.training.numpy_examples import Batch, NumpyExamples
from tfmlp.training.numpy_sums import EvaluationSums, MetricSums

if TYPE_CHECKING:
    from tfmlp.model.mlp import MLP

_EVALUATED_AT_A_TIME = 2048


class NumpyBackend:
    """Trains the reference as a configuration says. Verbs are those of `Backend`.

    Args:
      config: The configuration; precision float32 or float64.
      data: What to train on.
      rate_factor: Factor on the learning rate of every step.

    Attributes:
      network: The `Network`.
      optimizer: Its update rule.
    """

    engine, device, compile_seconds, grain = "numpy", "/CPU:0", 0.0, 1
    notes: Sequence[str] = ()

    def __init__(self, config: Config, data: Dataset, rate_factor: float = 1.0):
        self._config, self._data = config, data
        if config.runtime.precision == "bfloat16":
            raise ConfigError(
                f"backend {config.runtime.backend} computes in float32 or float64; received"
                " precision bfloat16."
            )
        self.precision = self._precision()
        dtype = np.dtype(self.precision)
        self.timetable = make_timetable(config, data, rate_factor)
        self.network, self.optimizer = assemble_reference(config, data, dtype, self._draw)
        choice = choose_loss(config, data.task)
        self._recorded_loss = make_loss(choice.name, **choice.options)
        self._is_weighted = config.optimization.class_weights != "none"
        self._examples = NumpyExamples(config, data, dtype)
        self._sums = MetricSums(data.task, self._examples.unit)

    def _precision(self) -> str:
        precision = self._config.runtime.precision
        return "float32" if precision == "auto" else precision

    def _draw(self, layer: int, keep: float, shape: tuple[int, ...]) -> np.ndarray:
        """Returns which units of a dropout layer are kept at the present step, bool [b, units]."""
        count, units = shape
        key = seeds.stream_key(self._config.runtime.seed, seeds.Stream.DROPOUT, layer)
        with np.errstate(over="ignore"):  # words wrap around, as a hash means them to
            bits: np.ndarray = seeds.counter_bits(
                key,
                seeds.column_words(key, units),
                np.uint32(self.optimizer.steps),
                np.arange(count, dtype=np.uint32),
                np.right_shift,
            )
        return bits < seeds.keep_threshold(keep)

    @property
    def parameters(self) -> int:
        """The number of trainable weights."""
        return sum(parameter.size for parameter in self.network.parameters().values())

    def batch(self, chosen: np.ndarray) -> Batch:
        """Returns some training examples as the network takes them; good until the next call.

        Args:
          chosen: Their numbers, int [b].

        Returns:
          Features [b, d], labels [b], and weights [b] where the examples have some.
        """
        return self._examples.batch(chosen, self.steps)

    def compute_gradients(
        self, features: np.ndarray, labels: np.ndarray, weights: np.ndarray | None = None
    ) -> tuple[Arrays, np.ndarray, np.ndarray]:
        """Runs the network forward and back on a batch as `batch` gives it.

        Returns:
          The gradients by parameter, the outputs [b, k], the per-example losses [b].
        """
        outputs = self.network.forward(features, training=True)
        losses = self.network.backward(outputs, labels, weights)
        return self.network.gradients(), outputs, losses

    def update(self, gradients: Arrays) -> None:
        """Changes the weights by one step."""
        if self._config.optimization.clip_norm is not None:
            gradients = clip_by_global_norm(gradients, self._config.optimization.clip_norm)
        rate = self.timetable.rate_of_step(self.steps)
        self.optimizer.update(self.network.parameters(), gradients, rate)

    def train_steps(self, epoch: int, first: int, last: int) -> None:
        """Runs steps of an epoch, as `Backend.train_steps`."""
        if first == 0:
            self._sums.totals[:] = 0
        order = self.timetable.order(epoch)
        for step in range(first, last):
            features, labels, weights = self.batch(self.timetable.batches(order, step))
            gradients, outputs, losses = self.compute_gradients(features, labels, weights)
            self.update(gradients)
            if self._is_weighted:
                losses = self._recorded_losses(outputs, labels)
            self._sums.add(losses, outputs, labels)

    def train_metrics(self, steps: int) -> Metrics:
        """Returns the metrics over the first steps of the present epoch."""
        return self._sums.read()

    @property
    def steps(self) -> int:
        """The number of steps done, over the whole run."""
        return self.optimizer.steps

    def trace(self, epoch: int, step: int) -> Iterator[tuple[str, np.ndarray]]:
        """Runs one step of an epoch by hand, as `Backend.trace`."""
        features, labels, weights = self.batch(self.timetable.batch(epoch, step))
        yield "the features", features
        outputs = features
        for name, layer in self.network.layers:
            outputs = layer.forward(outputs, True)
            yield f"the output of {name}", outputs
        gradients, _, losses = self.compute_gradients(features, labels, weights)
        yield "the loss", losses
        for name, gradient in reversed(gradients.items()):
            yield f"the gradient of {name}", gradient
        self.train_steps(epoch, step, step + 1)
        yield from ((f"{name} after the update", array) for name, array in self.get_state().items())

    def _recorded_losses(self, outputs: np.ndarray, labels: np.ndarray) -> np.ndarray:
        # Without class weights.
        losses, _ = self._recorded_loss(outputs, labels)
        return losses

    def evaluate(self, split: str) -> Metrics:
        """Returns the network's metrics on "train", "validation" or "test"."""
        sums = EvaluationSums(self._data.task, self._examples.unit, self._data.num_classes)
        for start in range(0, len(self._data.splits[split]), _EVALUATED_AT_A_TIME):
            part = slice(start, start + _EVALUATED_AT_A_TIME)
            features, labels = self._examples.part(split, part)
            outputs = self.network.forward(features)
            sums.add(self._recorded_losses(outputs, labels), outputs, labels)
        return sums.read_all(self._data.splits[split].labels)

    def _arrays(self) -> Arrays:
        return self.network.parameters() | self.network.state()

    def get_weights(self) -> Arrays:
        """Returns a copy of the network's weights, by name."""
        return {name: array.copy() for name, array in self._arrays().items()}

    def set_weights(self, weights: Arrays) -> None:
        """Puts back what `get_weights` returned."""
        for name, array in self._arrays().items():
            array[...] = weights[name]

    def get_state(self) -> Arrays:
        """Returns a copy of everything that training changes, by name."""
        slots = {
            f"{slot}/{name}": array.copy()
            for slot, arrays in self.optimizer.slots.items()
            for name, array in arrays.items()
        }
        counts = {"steps": np.array(self.optimizer.steps), "totals": self._sums.totals.copy()}
        return counts | self.get_weights() | slots

    def set_state(self, state: Arrays) -> None:
        """Puts back what `get_state` returned.

        Raises:
          ConfigError: when the state is of another network or update rule.
        """
        missing = [name for name in ("steps", "totals", *self._arrays()) if name not in state]
        if missing or state["totals"].shape != self._sums.totals.shape:
            raise ConfigError(
                f"expected the state of this network; {missing[0] if missing else 'totals'} is not"
                " as it should be: use the configuration it was made with."
            )
        self.set_weights(state)
        self.optimizer.steps = int(state["steps"])
        self._sums.totals[:] = state["totals"]
        names = list(self.network.parameters())
        for slot in self.optimizer.slots:
            kept = {name: f"{slot}/{name}" for name in names if f"{slot}/{name}" in state}
            self.optimizer.slots[slot] = {name: state[key].copy() for name, key in kept.items()}

    @property
    def model(self) -> "MLP":
        """A Keras `MLP` with the network's weights."""
        model, arrays = make_model(self._config, self._data), self._arrays()
        for variable in model.weights:
            name = variable.path.removeprefix(f"{model.name}/")
            if name in arrays:
                variable.assign(arrays[name])
        return model
