"""tfmlp itself, and its NumPy reference."""

import numpy as np

from benchmarks.cells import Layers, Task

# What the benchmark calls the weights of batch normalization.
_NORM = {"gamma": "gamma", "beta": "beta", "mean": "moving_mean", "variance": "moving_variance"}


class Own:
    """tfmlp, with a pinned or chosen engine."""

    def __init__(self, task: Task, engine: str, precision: str):
        from tfmlp.training.backends import make_backend

        uses_numpy = engine == "numpy"
        options = {"backend": "numpy"} if uses_numpy else {"engine": engine, "precision": precision}
        self._backend = make_backend(task.cell.config(**options), task.dataset())
        self._epoch = 0

    @property
    def chosen(self) -> str:
        """The engine that runs."""
        return self._backend.engine

    def epoch(self, order: np.ndarray) -> None:
        # tfmlp draws the same order itself, and its time counts.
        self._epoch += 1
        steps = self._backend.timetable.steps_per_epoch
        self._backend.train_steps(self._epoch, 0, steps)
        self._backend.train_metrics(steps)

    def evaluate(self) -> tuple[float, float]:
        metrics = self._backend.evaluate("validation")
        return metrics.loss, metrics["accuracy"]

    def layers(self) -> Layers:
        weights = self._backend.get_weights()
        layers = []
        for name in (name for name in weights if name.endswith("/kernel")):
            dense = name.removesuffix("/kernel")
            kernel = weights[name]
            bias = weights.get(f"{dense}/bias", np.zeros(kernel.shape[1]))
            layer = {"kernel": kernel, "bias": bias}
            norm = dense.replace("dense", "norm")
            if f"{norm}/gamma" in weights:
                layer |= {key: weights[f"{norm}/{own}"] for key, own in _NORM.items()}
            layers.append(layer)
        return layers


def make(task: Task, variant: str) -> Own:
    return Own(task, *variant.split("/"))
