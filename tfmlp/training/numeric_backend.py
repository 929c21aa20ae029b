"""The reference with numerical differentiation behind the verbs of a backend."""

import time

import numpy as np

from tfmlp.config import Config
from tfmlp.data.dataset import Dataset
from tfmlp.errors import ConfigError
from tfmlp.reference.numeric import differences
from tfmlp.training.backend import Arrays
from tfmlp.training.numpy_backend import NumpyBackend


class NumericBackend(NumpyBackend):
    """The reference, whose gradients are found by changing every weight a little.

    For nets small enough, and always in float64. The derivatives are central differences, so a step
    costs two forward passes for each weight.
    """

    engine = "numeric"

    def __init__(self, config: Config, data: Dataset, rate_factor: float = 1.0):
        if config.model.batch_norm:
            raise ConfigError(
                "backend numeric cannot train batch_norm: every trial would change its running"
                " means. Use --backend numpy."
            )
        super().__init__(config, data, rate_factor)
        steps = self.timetable.steps_per_epoch * config.optimization.epochs
        passes = 2 * self.parameters * steps
        most = min(config.optimization.batch_size, len(data.train))
        batch = self.batch(np.arange(most))
        started = time.perf_counter()
        self._loss(*batch)
        seconds = passes * (time.perf_counter() - started)
        self.notes = [
            f"numeric differentiation: 2 x {self.parameters:,} weights x {steps:,} steps ="
            f" {passes:,} forward passes, about {_duration(seconds)}"
        ]

    def _precision(self) -> str:
        return "float64"

    def _loss(
        self, features: np.ndarray, labels: np.ndarray, weights: np.ndarray | None = None
    ) -> float:
        outputs = self.network.forward(features, training=True)
        return self.network.mean_loss(outputs, labels, weights)

    def compute_gradients(
        self, features: np.ndarray, labels: np.ndarray, weights: np.ndarray | None = None
    ) -> tuple[Arrays, np.ndarray, np.ndarray]:
        """Measures the gradients, as `NumpyBackend.compute_gradients` computes them."""
        gradients = {
            name: differences(lambda: self._loss(features, labels, weights), parameter)
            for name, parameter in self.network.parameters().items()
        }
        outputs = self.network.forward(features, training=True)
        return gradients, outputs, self.network.losses(outputs, labels, weights)[0]


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:,.0f} h"
