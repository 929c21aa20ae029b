"""An MNIST epoch on the NumPy reference, against its matrix products run alone.

    python -m benchmarks.reference

784-128-64-10, ReLU, SGD, batch 128, float32, 60,000 examples. Both are timed in turn; the ratio of
the medians says what everything else costs: gathering batches, activations, the loss, the update,
the metrics.
"""

import os

# One thread for BLAS, for both: at this size a second one makes the products faster and everything
# around them slower (their results lie in the other core's cache), and the epoch takes the same
# time. Read when NumPy is imported.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import itertools
import json
import statistics
import time

import numpy as np

from tfmlp import Config, load_dataset
from tfmlp.training.numpy_backend import NumpyBackend

ROUNDS = 7
WIDTHS = (784, 128, 64, 10)
BATCH = 128


class Products:
    """The matrix products of an epoch, on arrays of random numbers."""

    def __init__(self) -> None:
        stream = np.random.default_rng(0)

        def draw(*shape: int) -> np.ndarray:
            return stream.standard_normal(shape, dtype=np.float32)

        self._inputs = [draw(BATCH, width) for width in WIDTHS[:3]]
        self._kernels = [draw(*shape) for shape in itertools.pairwise(WIDTHS)]
        self._gradients = [draw(BATCH, width) for width in WIDTHS[1:]]

    def epoch(self, count: int) -> None:
        """Forward, the gradient of each kernel, and that of each hidden layer's outputs."""
        for start in range(0, count, BATCH):
            size = min(BATCH, count - start)
            for layer in range(3):
                self._inputs[layer][:size] @ self._kernels[layer]
            for layer in (2, 1, 0):
                gradient = self._gradients[layer][:size]
                self._inputs[layer][:size].T @ gradient
                if layer:
                    gradient @ self._kernels[layer].T


def main() -> None:
    """Prints the median seconds and their ratio, as JSON."""
    config = Config.from_options(
        hidden_units=WIDTHS[1:3],
        optimizer="sgd",
        learning_rate=0.1,
        batch_size=BATCH,
        epochs=ROUNDS + 1,
        validation=0,
        backend="numpy",
    )
    data = load_dataset("mnist", validation=0)
    backend, products = NumpyBackend(config, data), Products()
    steps = backend.timetable.steps_per_epoch
    seconds: dict[str, list[float]] = {"epoch": [], "products": []}
    for number in range(ROUNDS + 1):
        started = time.perf_counter()
        backend.train_steps(number + 1, 0, steps)
        between = time.perf_counter()
        products.epoch(len(data.train))
        if number:  # the first one warms up
            seconds["epoch"].append(between - started)
            seconds["products"].append(time.perf_counter() - between)
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    ratio = medians["epoch"] / medians["products"]
    print(json.dumps({"median_seconds": medians, "ratio": ratio}, indent=2))


if __name__ == "__main__":
    main()
