"""`fit`: the loop over epochs. Prints nothing and opens no file: it yields, and whoever consumes
decides.

training = fit(config, data)
for epoch in training:
    print(epoch.epoch, epoch.train.loss, epoch.validation.accuracy)
print(training.evaluate("test"), training.model)
"""

import math
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfmlp.config import Config
from tfmlp.data.dataset import Dataset
from tfmlp.data.sources import load_configured
from tfmlp.errors import ConfigError, DivergenceError, TfmlpWarning
from tfmlp.training.backend import TensorFlowBackend
from tfmlp.training.divergence import Divergence, all_finite, find_divergence
from tfmlp.training.evaluation import Metrics
from tfmlp.training.numpy_backend import NumericBackend, NumpyBackend
from tfmlp.training.stopping import EarlyStopping

_BACKENDS = {"tensorflow": TensorFlowBackend, "numpy": NumpyBackend, "numeric": NumericBackend}
_PAUSE_SECONDS = 1.0
_RESTORE_DIVISOR = 10
_ADVICE = "lower --learning-rate, set --clip-norm, or check --preprocessing."


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
        return cls(
            **values
            | {
                "train": Metrics(**values["train"]),
                "validation": validation and Metrics(**validation),
            }
        )


class Training:
    """A training run: iterate over it to train, one `EpochResult` an epoch.

    Attributes:
      config: The configuration.
      data: The dataset.
      backend: What computes.
      history: The results so far.
      stopped_early: Whether patience ran out before the last epoch.
      restores: Each `Divergence` that the run went back before, with on_divergence "restore".
      on_pause: Called within epochs, about once a second, between two steps: may look at the state,
        save it, or raise. None for nothing.
      pause_every: Also pause whenever this many steps of the run are done; None for no such number.
    """

    def __init__(self, config: Config, data: Dataset):
        self.config, self.data = config, data
        self.history: list[EpochResult] = []
        self.stopped_early = False
        self.restores: list[Divergence] = []
        self.on_pause: Callable[[], None] | None = None
        self.pause_every: int | None = None
        optimization = config.optimization
        figures = ("loss", "accuracy") if data.task == "classification" else ("loss", "mae", "rmse")
        if optimization.monitor not in figures:
            raise ConfigError(
                f"monitor {optimization.monitor} is not a figure of {data.task}; use one of"
                f" {', '.join(figures)}."
            )
        if optimization.patience and data.validation is None:
            raise ConfigError(
                "patience needs validation rows to watch: set validation, for example to 0.1."
            )
        self._stopping = EarlyStopping(
            optimization.monitor, optimization.patience, optimization.min_delta
        )
        self.backend = self._make_backend()
        self._part = self.backend.grain  # steps until the next pause: found out while training
        self._good: dict[str, np.ndarray] = {}  # the state at the beginning of the present epoch

    def _make_backend(self):
        factor = _RESTORE_DIVISOR ** -len(self.restores)
        return _BACKENDS[self.config.runtime.backend](self.config, self.data, factor)

    @property
    def step(self) -> int:
        """How many steps of the present epoch are done; 0 between two epochs."""
        return self.backend.steps - len(self.history) * self.backend.steps_per_epoch

    def get_state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Returns everything that changes during training: arrays by name, and values for JSON.
        Restored into a new `Training`, it goes on as if never stopped.
        """
        arrays = {f"state/{name}": array for name, array in self.backend.get_state().items()}
        best = self._stopping.best_weights
        if best is not None:
            items = best.items() if isinstance(best, dict) else enumerate(best)
            arrays |= {f"best/{name}": array for name, array in items}
        if self.step:  # whence a divergence later in this epoch goes back
            arrays |= {f"good/{name}": array for name, array in self._good.items()}
        values = {
            "history": [epoch.to_dict() for epoch in self.history],
            "stopped_early": self.stopped_early,
            "restores": [divergence.to_dict() for divergence in self.restores],
            "stopping": {
                "best_epoch": self._stopping.best_epoch,
                "best": self._stopping.best,
                "waited": self._stopping.waited,
            },
            "best_is_named": isinstance(best, dict),
        }
        return arrays, values

    def set_state(self, arrays: dict[str, np.ndarray], values: dict[str, Any]) -> None:
        """Puts back what `get_state` returned.

        Raises:
          ConfigError: when it is of another model or optimizer.
        """
        parts = {
            part: {
                name.removeprefix(f"{part}/"): array
                for name, array in arrays.items()
                if name.startswith(f"{part}/")
            }
            for part in ("state", "best", "good")
        }
        self.restores = [Divergence(**divergence) for divergence in values["restores"]]
        if self.restores:
            self.backend = self._make_backend()
        self.backend.set_state(parts["state"])
        self._good = parts["good"]
        if parts["best"]:
            best = parts["best"]
            self._stopping.best_weights = (
                best
                if values["best_is_named"]
                else [best[str(index)] for index in range(len(best))]
            )
        self.history = [EpochResult.from_dict(epoch) for epoch in values["history"]]
        self.stopped_early = values["stopped_early"]
        for name, value in values["stopping"].items():
            setattr(self._stopping, name, value)

    @property
    def model(self):
        """The Keras model. After training with `patience`, it has the weights of the best epoch;
        otherwise those of the last.
        """
        return self.backend.model

    @property
    def best(self) -> EpochResult | None:
        """The epoch with the best monitored validation metric; None without validation examples."""
        epoch = self._stopping.best_epoch
        return None if epoch is None else self.history[epoch - 1]

    def __iter__(self) -> Iterator[EpochResult]:
        """Trains epoch after epoch, going on where an earlier iteration ended.

        Raises:
          DivergenceError: when a loss, a gradient or a weight is no longer finite, and with
            on_divergence "restore", when it happens once too often. The model is then that of the
            beginning of the epoch.
        """
        while len(self.history) < self.config.optimization.epochs and not self.stopped_early:
            try:
                result = self._run_epoch(len(self.history) + 1)
            except DivergenceError as error:
                self._restore(error)
                continue
            self.history.append(result)
            if result.validation is not None:
                figure = getattr(result.validation, self._stopping.monitor)
                self._stopping.update(result.epoch, figure, self.backend.get_weights)
            self.stopped_early = self._stopping.should_stop
            yield result
        self.restore_best()

    def figure(self, epoch: EpochResult) -> float | None:
        """Returns the validation figure that names the best epoch, with the sign that makes higher
        better; None without validation rows.
        """
        return (
            None
            if epoch.validation is None
            else self._stopping.signed(getattr(epoch.validation, self._stopping.monitor))
        )

    def restore_best(self) -> None:
        """Goes back to the best epoch's weights, if there is a `patience`; done by itself when
        training ends, and needed only when it is broken off.
        """
        if self._stopping.best_weights is not None:
            self.backend.set_weights(self._stopping.best_weights)

    def _run_epoch(self, epoch: int) -> EpochResult:
        started, steps = time.perf_counter(), self.backend.steps_per_epoch
        if not self.step:
            self._good = self.backend.get_state()
        while (step := self.step) < steps:
            last = self._next_pause(step)
            began = time.perf_counter()
            self.backend.train_steps(epoch, step, last)
            if not math.isfinite(self.backend.train_metrics(last).loss):
                raise self._diverged(last)
            if last < steps:
                self._part = min(
                    8 * self._part,
                    math.ceil((last - step) * _PAUSE_SECONDS / (time.perf_counter() - began)),
                )
                if self.on_pause is not None:
                    self.on_pause()
        self.require_finite()
        validation = (
            self.backend.evaluate("validation") if self.data.validation is not None else None
        )
        if validation is not None and not math.isfinite(
            validation.loss
        ):  # while the weights are finite, and only too large
            value = "nan" if math.isnan(validation.loss) else "inf"
            raise self._went_back(
                Divergence(
                    epoch,
                    self.backend.steps,
                    "the validation loss",
                    value,
                    self.backend.learning_rate(epoch),
                )
            )
        return EpochResult(
            epoch,
            self.backend.learning_rate(epoch),
            self.backend.train_metrics(steps),
            validation,
            time.perf_counter() - started,
        )

    def _next_pause(self, step: int) -> int:
        """Returns the step of the present epoch at which to stop next."""
        last = step + self._part
        if self.pause_every is not None:
            last = min(last, step + self.pause_every - self.backend.steps % self.pause_every)
        return min(last, self.backend.steps_per_epoch)

    def require_finite(self) -> None:
        """Looks at every weight and slot of the optimizer.

        Raises:
          DivergenceError: when one is not finite. The training is then where the epoch began.
        """
        if not all_finite(self.backend.get_state().values()):
            raise self._diverged(self.step)

    def _diverged(self, last: int) -> DivergenceError:
        """Finds out at which step before `last`, goes back to where the epoch began, and returns
        the error.
        """
        return self._went_back(
            find_divergence(self.backend, self._good, len(self.history) + 1, last)
        )

    def _went_back(self, divergence: Divergence | None) -> DivergenceError:
        self.backend.set_state(self._good)
        what = (
            divergence
            or f"the loss or the weights became infinite in epoch {len(self.history) + 1}, and not"
            " again when its steps were repeated"
        )
        return DivergenceError(f"training diverged: {what}: {_ADVICE}", divergence)

    def _restore(self, error: DivergenceError) -> None:
        """Goes on from the beginning of the epoch with a lower rate, or raises the error."""
        optimization = self.config.optimization
        if optimization.on_divergence != "restore" or error.divergence is None:
            raise error
        if len(self.restores) >= optimization.max_restores:
            raise DivergenceError(
                f"{error} It was gone back {len(self.restores)} times already (max_restores).",
                error.divergence,
            )
        self.restores.append(error.divergence)
        warnings.warn(
            f"{error.divergence}: going back to the end of epoch {len(self.history)}, with the"
            f" learning rate divided by {_RESTORE_DIVISOR} (time {len(self.restores)} of at most"
            f" {optimization.max_restores}).",
            TfmlpWarning,
            stacklevel=2,
        )
        self.backend = self._make_backend()
        self.backend.set_state(self._good)

    def stop(self, weights: Any = None) -> None:
        """Makes the present epoch the last one; with `weights`, as `backend.get_weights` gave them,
        training ends by going back to those.
        """
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
    return Training(
        config, load_configured(config.data, config.runtime.seed) if data is None else data
    )
