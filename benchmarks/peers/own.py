"""tfmlp itself, and its NumPy reference."""

import numpy as np

from benchmarks.cells import Task


class Own:
    """tfmlp, with a pinned or chosen engine."""

    def __init__(self, task: Task, engine: str, precision: str):
        from tfmlp.training.numpy_backend import NumpyBackend
        from tfmlp.training.tensorflow_backend import TensorFlowBackend

        if engine == "numpy":
            self._backend = NumpyBackend(task.cell.config(backend="numpy"), task.dataset())
        else:
            self._backend = TensorFlowBackend(
                task.cell.config(engine=engine, precision=precision), task.dataset()
            )
        self._epoch = 0

    @property
    def chosen(self) -> str:
        """The engine that runs."""
        return self._backend.engine

    def epoch(self, order: np.ndarray) -> None:
        # tfmlp draws the same order itself, and its time counts.
        self._epoch += 1
        self._backend.train_epoch(self._epoch)

    def evaluate(self) -> tuple[float, float]:
        figures = self._backend.evaluate("validation")
        return figures.loss, figures.accuracy

    def layers(self) -> list[dict[str, np.ndarray]]:
        model = self._backend.model
        layers = []
        for index, dense in enumerate([*model.denses, model.head]):
            kernel = np.asarray(dense.kernel)
            layers.append(
                {
                    "kernel": kernel,
                    "bias": np.asarray(dense.bias) if dense.use_bias else np.zeros(kernel.shape[1]),
                }
            )
            norm = model.norms[index] if index < len(model.norms) else None
            if norm is not None:
                names = {
                    "gamma": norm.gamma,
                    "beta": norm.beta,
                    "mean": norm.moving_mean,
                    "variance": norm.moving_variance,
                }
                layers[-1] |= {name: np.asarray(value) for name, value in names.items()}
        return layers


def make(task: Task, variant: str) -> Own:
    return Own(task, *variant.split("/"))
