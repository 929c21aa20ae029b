"""An MNIST epoch on the NumPy reference, against its matrix products run alone.

    python -m benchmarks.reference

784-128-64-10, ReLU, SGD, batch 128, float32, 60,000 rows. Both are timed in turn; the ratio of the
medians says what everything else costs: gathering rows, activations, the loss, the update, the
metrics.
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


def products_epoch(rows: int, arrays: dict) -> None:
    """Runs the products of one epoch: forward, gradients of the kernels, and slopes of the hidden
    layers.
    """
    inputs, kernels, slopes = arrays["inputs"], arrays["kernels"], arrays["slopes"]
    for start in range(0, rows, BATCH):
        size = min(BATCH, rows - start)
        for layer in range(3):
            inputs[layer][:size] @ kernels[layer]
        for layer in (2, 1, 0):
            inputs[layer][:size].T @ slopes[layer][:size]
            if layer:
                slopes[layer][:size] @ kernels[layer].T


def main() -> None:
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
    backend = NumpyBackend(config, data)
    stream = np.random.default_rng(0)
    arrays = {
        "inputs": [
            stream.standard_normal((BATCH, width), dtype=np.float32) for width in WIDTHS[:3]
        ],
        "kernels": [
            stream.standard_normal(shape, dtype=np.float32) for shape in itertools.pairwise(WIDTHS)
        ],
        "slopes": [
            stream.standard_normal((BATCH, width), dtype=np.float32) for width in WIDTHS[1:]
        ],
    }
    backend.train_epoch(1)
    products_epoch(len(data.train), arrays)
    seconds = {"epoch": [], "products": []}
    for round_number in range(ROUNDS):
        started = time.perf_counter()
        backend.train_epoch(round_number + 2)
        seconds["epoch"].append(time.perf_counter() - started)
        started = time.perf_counter()
        products_epoch(len(data.train), arrays)
        seconds["products"].append(time.perf_counter() - started)
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    print(
        json.dumps(
            {"median_seconds": medians, "ratio": medians["epoch"] / medians["products"]}, indent=2
        )
    )


if __name__ == "__main__":
    main()
