"""`fit`: the loop over epochs. It prints nothing and opens no file: it yields.

training = fit(config, data)
for epoch in training:
    print(epoch.epoch, epoch.train.loss, epoch.validation.accuracy)
print(training.evaluate("test"), training.model)
"""

import math
import time
from collections.abc import Iterator
from typing import Any

from tfmlp.config import Config
from tfmlp.data.dataset import Dataset
from tfmlp.data.sources import load_configured, load_given
from tfmlp.errors import DivergenceError
from tfmlp.training.backend import Arrays, Backend
from tfmlp.training.backends import make_backend
from tfmlp.training.observer import Observer
from tfmlp.training.pace import Pace
from tfmlp.training.recovery import (
    Divergence,
    Rollbacks,
    all_finite,
    divergence_error,
    find_divergence,
)
from tfmlp.training.result import EpochResult
from tfmlp.training.stopping import make_stopping
from tfmlp.training.trained import TrainedModel


class Training(TrainedModel):
    """A training run: iterate over it to train, one `EpochResult` an epoch.

    Attributes:
      config: The configuration.
      data: The dataset.
      backend: What computes.
      history: The results so far.
      stopped_early: Whether patience ran out before the last epoch.
      observers: Called after each epoch, and within epochs about once a second, between two steps.
      pause_every: Also pause whenever this many steps of the run are done; None for no such number.

    >>> training = tfmlp.fit(tfmlp.Config.from_options(dataset="mnist-small", epochs=2))
    >>> [epoch.validation.accuracy > 0.7 for epoch in training]
    [True, True]
    """

    def __init__(self, config: Config, data: Dataset):
        super().__init__(config, data, make_backend(config, data))
        self.history: list[EpochResult] = []
        self.stopped_early = False
        self.observers: list[Observer] = []
        self.pause_every: int | None = None
        self._stopping = make_stopping(config.optimization, data)
        self._rollbacks = Rollbacks(config.optimization)
        self._pace = Pace(self.backend.grain)
        self._good: Arrays = {}  # the state at the beginning of the present epoch

    @property
    def step(self) -> int:
        """How many steps of the present epoch are done; 0 between two epochs."""
        return self.backend.steps - len(self.history) * self.backend.timetable.steps_per_epoch

    @property
    def restores(self) -> list[Divergence]:
        """Each `Divergence` that the run was rolled back before."""
        return self._rollbacks.done

    @property
    def best(self) -> EpochResult | None:
        """The epoch with the best monitored validation metric so far; None without validation."""
        epoch = self._stopping.best_epoch
        return None if epoch is None else self.history[epoch - 1]

    def score(self, epoch: EpochResult) -> float | None:
        """Returns the validation metric that names the best epoch; higher is better.

        None without validation examples.
        """
        return None if epoch.validation is None else self._stopping.score(epoch.validation)

    def get_state(self) -> tuple[Arrays, dict[str, Any]]:
        """Returns everything that changes during training: arrays by name, and values for JSON.

        Restored into a new `Training`, it goes on as if never stopped.
        """
        parts = {"state": self.backend.get_state()}
        if self._stopping.best_weights is not None:
            parts["best"] = self._stopping.best_weights
        if self.step:  # what a divergence later in this epoch rolls back to
            parts["good"] = self._good
        values = {
            "history": [epoch.to_dict() for epoch in self.history],
            "stopped_early": self.stopped_early,
            "restores": [divergence.to_dict() for divergence in self.restores],
            "stopping": self._stopping.to_dict(),
        }
        arrays = {
            f"{part}/{name}": array
            for part, named in parts.items()
            for name, array in named.items()
        }
        return arrays, values

    def set_state(self, arrays: Arrays, values: dict[str, Any]) -> None:
        """Puts back what `get_state` returned.

        Raises:
          ConfigError: when it is of another model or optimizer.
        """
        parts: dict[str, Arrays] = {"state": {}, "best": {}, "good": {}}
        for name, array in arrays.items():
            part, _, rest = name.partition("/")
            parts[part][rest] = array
        self._rollbacks.done[:] = [Divergence(**divergence) for divergence in values["restores"]]
        if self.restores:
            self.backend = self._make_backend()
        self.backend.set_state(parts["state"])
        self._good = parts["good"]
        self._stopping.restore(values["stopping"], parts["best"] or None)
        self.history = [EpochResult.from_dict(epoch) for epoch in values["history"]]
        self.stopped_early = values["stopped_early"]

    def _make_backend(self) -> Backend:
        return make_backend(self.config, self.data, self._rollbacks.rate_factor)

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
                self._rollbacks.take(error, len(self.history))
                self.backend = self._make_backend()
                self.backend.set_state(self._good)
                continue
            self.history.append(result)
            if result.validation is not None:
                self._stopping.update(result.epoch, result.validation, self.backend.get_weights)
            self.stopped_early = self._stopping.should_stop
            for observer in self.observers:
                observer.on_epoch(result)
            yield result
        self.restore_best()

    def restore_best(self) -> None:
        """Puts back the best epoch's weights, if there is a `patience`.

        Done by itself when training ends, and needed only when it is broken off.
        """
        if self._stopping.best_weights is not None:
            self.backend.set_weights(self._stopping.best_weights)

    def _run_epoch(self, epoch: int) -> EpochResult:
        started, backend = time.perf_counter(), self.backend
        steps = backend.timetable.steps_per_epoch
        if not self.step:
            self._good = backend.get_state()
        while (step := self.step) < steps:
            last = min(self._pace.next_pause(backend.steps, self.pause_every) + step, steps)
            began = time.perf_counter()
            backend.train_steps(epoch, step, last)
            if not math.isfinite(backend.train_metrics(last).loss):
                raise self._diverged(last)
            if last < steps:
                self._pace.learn(last - step, time.perf_counter() - began)
                for observer in self.observers:
                    observer.on_pause()
        self.require_finite()
        rate = backend.timetable.rate_of_epoch(epoch)
        validation = backend.evaluate("validation") if self.data.validation is not None else None
        # While the weights are finite, and only too large.
        if validation is not None and not math.isfinite(validation.loss):
            value = "nan" if math.isnan(validation.loss) else "inf"
            found = Divergence(epoch, backend.steps, "the validation loss", value, rate)
            raise self._rolled_back(found)
        seconds = time.perf_counter() - started
        return EpochResult(epoch, rate, backend.train_metrics(steps), validation, seconds)

    def require_finite(self) -> None:
        """Looks at every weight and slot of the optimizer.

        Raises:
          DivergenceError: when one is not finite. The training is then where the epoch began.
        """
        if not all_finite(self.backend.get_state().values()):
            raise self._diverged(self.step)

    def _diverged(self, last: int) -> DivergenceError:
        """Finds out at which step before `last`, rolls back, and returns the error."""
        epoch = len(self.history) + 1
        return self._rolled_back(find_divergence(self.backend, self._good, epoch, last))

    def _rolled_back(self, divergence: Divergence | None) -> DivergenceError:
        self.backend.set_state(self._good)
        return divergence_error(divergence, len(self.history) + 1)

    def stop(self, weights: Arrays | None = None) -> None:
        """Makes the present epoch the last one.

        Args:
          weights: As `backend.get_weights` gave them: what training ends with, if given.
        """
        self.stopped_early = True
        if weights is not None:
            self._stopping.best_weights = weights


def fit(config: Config, data: Dataset | tuple[Any, Any] | None = None) -> Training:
    """Makes a model as a configuration says, ready to be trained by iterating over the result.

    Args:
      config: Every option of the run.
      data: What to train on: a dataset; arrays (x, y), or ((x, y), (x_test, y_test)), which are
        split as the configuration says; or None: loaded as the configuration says.

    Returns:
      A `Training`, which yields one `EpochResult` per epoch.

    Raises:
      ConfigError, DataError: when the configuration and the data do not fit.

    >>> config = tfmlp.Config.from_options(hidden_units=(32,), epochs=2)
    >>> for epoch in tfmlp.fit(config, tfmlp.load_dataset("mnist-small")):
    ...     print(epoch.epoch, epoch.train.loss < 1.5, epoch.validation.accuracy > 0.7)
    1 True True
    2 True True
    """
    if data is None:
        data = load_configured(config.data, config.runtime.seed)
    elif not isinstance(data, Dataset):
        data = load_given(data, config.data, config.runtime.seed)
    return Training(config, data.checked())
