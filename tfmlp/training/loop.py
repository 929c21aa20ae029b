"""`fit`: the loop over epochs. Prints nothing and opens no file: it yields, and whoever consumes decides.

training = fit(config, data)
for epoch in training:
    print(epoch.epoch, epoch.train.loss, epoch.validation.accuracy)
print(training.evaluate("test"), training.model)
"""

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfmlp.config import Config
from tfmlp.data.dataset import Dataset
from tfmlp.data.sources import load_configured
from tfmlp.errors import ConfigError, DivergenceError
from tfmlp.training.backend import TensorFlowBackend
from tfmlp.training.evaluation import Metrics
from tfmlp.training.numpy_backend import NumericBackend, NumpyBackend
from tfmlp.training.stopping import EarlyStopping

_BACKENDS = {"tensorflow": TensorFlowBackend, "numpy": NumpyBackend, "numeric": NumericBackend}


@dataclass(frozen=True)
class EpochResult:
    """What came of one epoch.

    Attributes:
      epoch: Its number, from 1.
      learning_rate: The learning rate of its last step.
      train: Figures over the training rows, taken while the weights changed.
      validation: Figures over the validation rows afterwards, or None where there are none.
      seconds: Time for training and validation.
    """

    epoch: int
    learning_rate: float
    train: Metrics
    validation: Metrics | None
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """Returns the result as `epochs.jsonl` holds it."""
        values = vars(self) | {"train": self.train.to_dict()}
        if self.validation is None:
            del values["validation"]
        else:
            values["validation"] = self.validation.to_dict()
        return values

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "EpochResult":
        """Makes a result from what `to_dict` returned."""
        validation = values.get("validation")
        return cls(**values | {"train": Metrics(**values["train"]), "validation": validation and Metrics(**validation)})


class Training:
    """A training run: iterate over it to train, one `EpochResult` an epoch.

    Attributes:
      config: The configuration.
      data: The dataset.
      backend: What computes.
      history: The results so far.
      stopped_early: Whether patience ran out before the last epoch.
    """

    def __init__(self, config: Config, data: Dataset):
        self.config, self.data = config, data
        self.history: list[EpochResult] = []
        self.stopped_early = False
        optimization = config.optimization
        figures = ("loss", "accuracy") if data.task == "classification" else ("loss", "mae", "rmse")
        if optimization.monitor not in figures:
            raise ConfigError(f"monitor {optimization.monitor} is not a figure of {data.task}; use one of {', '.join(figures)}.")
        if optimization.patience and data.validation is None:
            raise ConfigError("patience needs validation rows to watch: set validation, for example to 0.1.")
        self._stopping = EarlyStopping(optimization.monitor, optimization.patience, optimization.min_delta)
        self.backend = _BACKENDS[config.runtime.backend](config, data)

    def get_state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Returns everything that changes during training: arrays by name, and values for JSON. Restored into a new `Training`, it goes on as if never stopped."""
        arrays = {f"state/{name}": array for name, array in self.backend.get_state().items()}
        best = self._stopping.best_weights
        if best is not None:
            items = best.items() if isinstance(best, dict) else enumerate(best)
            arrays |= {f"best/{name}": array for name, array in items}
        values = {
            "history": [epoch.to_dict() for epoch in self.history],
            "stopped_early": self.stopped_early,
            "stopping": {"best_epoch": self._stopping.best_epoch, "best": self._stopping.best, "waited": self._stopping.waited},
            "best_is_named": isinstance(best, dict),
        }
        return arrays, values

    def set_state(self, arrays: dict[str, np.ndarray], values: dict[str, Any]) -> None:
        """Puts back what `get_state` returned.

        Raises:
          ConfigError: when it is of another model or optimizer.
        """
        parts = {
            part: {name.removeprefix(f"{part}/"): array for name, array in arrays.items() if name.startswith(f"{part}/")}
            for part in ("state", "best")
        }
        self.backend.set_state(parts["state"])
        if parts["best"]:
            best = parts["best"]
            self._stopping.best_weights = best if values["best_is_named"] else [best[str(index)] for index in range(len(best))]
        self.history = [EpochResult.from_dict(epoch) for epoch in values["history"]]
        self.stopped_early = values["stopped_early"]
        for name, value in values["stopping"].items():
            setattr(self._stopping, name, value)

    @property
    def model(self):
        """The Keras model. After training with `patience`, it has the weights of the best epoch; otherwise those of the last."""
        return self.backend.model

    @property
    def best(self) -> EpochResult | None:
        """The epoch with the best monitored validation figure so far; None without validation rows."""
        epoch = self._stopping.best_epoch
        return None if epoch is None else self.history[epoch - 1]

    def __iter__(self) -> Iterator[EpochResult]:
        """Trains epoch after epoch, going on where an earlier iteration ended.

        Raises:
          DivergenceError: when a loss is no longer finite.
        """
        while len(self.history) < self.config.optimization.epochs and not self.stopped_early:
            result = self._run_epoch(len(self.history) + 1)
            self.history.append(result)
            if result.validation is not None:
                figure = getattr(result.validation, self._stopping.monitor)
                self._stopping.update(result.epoch, figure, self.backend.get_weights)
            self.stopped_early = self._stopping.should_stop
            yield result
        self.restore_best()

    def restore_best(self) -> None:
        """Goes back to the best epoch's weights, if there is a `patience`; done by itself when training ends, and needed only when it is broken off."""
        if self._stopping.best_weights is not None:
            self.backend.set_weights(self._stopping.best_weights)

    def _run_epoch(self, epoch: int) -> EpochResult:
        started = time.perf_counter()
        train = self.backend.train_epoch(epoch)
        validation = self.backend.evaluate("validation") if self.data.validation is not None else None
        rate = self.backend.learning_rate(epoch)
        for name, metrics in (("training", train), ("validation", validation)):
            if metrics is not None and not math.isfinite(metrics.loss):
                raise DivergenceError(
                    f"the {name} loss is {metrics.loss} after epoch {epoch} with learning rate {rate:g}: lower --learning-rate, set --clip-norm, or check --preprocessing."
                )
        return EpochResult(epoch, rate, train, validation, time.perf_counter() - started)

    def stop(self, weights: Any = None) -> None:
        """Makes the present epoch the last one; with `weights`, as `backend.get_weights` gave them, training ends by going back to those."""
        self.stopped_early = True
        if weights is not None:
            self._stopping.best_weights = weights

    def evaluate(self, split: str = "test") -> Metrics:
        """Returns the present model's figures on "train", "validation" or "test"."""
        return self.backend.evaluate(split)


def fit(config: Config, data: Dataset | None = None) -> Training:
    """Makes a model as a configuration says, ready to be trained by iterating over the result.

    Args:
      config: Every knob of the run.
      data: What to train on; loaded as the configuration says if None.

    Returns:
      A `Training`, which yields one `EpochResult` per epoch.

    Raises:
      ConfigError, DataError: when the configuration and the data do not fit.
    """
    return Training(config, load_configured(config.data, config.runtime.seed) if data is None else data)
