"""What is measured: a cell is a network, its update rule, a batch size and a number of rows."""

import itertools
from dataclasses import dataclass

import numpy as np

from tfmlp import seeds
from tfmlp.config import Config
from tfmlp.data.dataset import Dataset, Provenance, Split
from tfmlp.data.sources import load_dataset
from tfmlp.reference.initializers import initial_weights

TEST_ROWS = 10_000
SEED = 0
# Ten epochs of MNIST: how long a run tfmlp is told to expect, which decides whether compiling pays.
_ROWS_IN_RUN = 600_000


@dataclass(frozen=True)
class Cell:
    """One row of the benchmark's table.

    Attributes:
      widths: Units from the inputs to the outputs.
      batch: Rows in a batch.
      activation: "relu", "sigmoid" or "tanh".
      optimizer: "sgd", "momentum" or "adam".
      learning_rate: Its learning rate.
      dropout: Probability that a hidden unit is dropped.
      batch_norm: Whether each hidden layer is normalized over the batch.
      rows: Rows in an epoch: enough to time, and few enough that everyone's take their turns many
        times.
      course: Whether the cell is of a size that courses use.
    """

    widths: tuple[int, ...]
    batch: int
    activation: str = "relu"
    optimizer: str = "sgd"
    learning_rate: float = 0.1
    dropout: float = 0.0
    batch_norm: bool = False
    rows: int = 20_000
    course: bool = True

    @property
    def name(self) -> str:
        """The cell as the table shows it."""
        hidden = self.widths[1:-1]
        middle = (
            f"{hidden[0]}x{len(hidden)}"
            if len(hidden) > 2 and len(set(hidden)) == 1
            else "-".join(map(str, hidden))
        )
        extras = [
            self.activation if self.activation != "relu" else "",
            self.optimizer,
            f"dropout {self.dropout:g}" if self.dropout else "",
        ]
        extras += ["batch norm" if self.batch_norm else "", f"batch {self.batch}"]
        return f"{self.widths[0]}-{middle}-{self.widths[-1]} " + " ".join(filter(None, extras))

    def config(self, **options) -> Config:
        """Returns the cell as a configuration of tfmlp, with further options."""
        settings = {
            "hidden_units": self.widths[1:-1],
            "activation": self.activation,
            "dropout": self.dropout,
            "batch_norm": self.batch_norm,
            "optimizer": self.optimizer,
            "learning_rate": self.learning_rate,
            "batch_size": self.batch,
            "preprocessing": "scale",
            "validation": 0,
            "epochs": _ROWS_IN_RUN // self.rows,
            "seed": SEED,
        }
        return Config.from_options(**settings | options)


_SMALL = (784, 128, 64, 10)
_COURSE = (784, 512, 256, 10)
_WIDE = (784, 1024, 1024, 1024, 10)

GRID = (
    *(Cell(_SMALL, batch) for batch in (32, 128, 512)),
    Cell(_SMALL, 32, dropout=0.2),
    Cell(_SMALL, 32, optimizer="adam", learning_rate=1e-3, batch_norm=True),
    Cell(_COURSE, 32, activation="sigmoid", learning_rate=0.5, rows=10_000),
    Cell(_COURSE, 32, activation="sigmoid", learning_rate=0.5, dropout=0.2, rows=10_000),
    Cell(
        _COURSE,
        32,
        activation="sigmoid",
        optimizer="adam",
        learning_rate=1e-3,
        batch_norm=True,
        rows=10_000,
    ),
    Cell((784, 512, 10), 32, rows=10_000),
    Cell((784, 89, 10), 60, activation="tanh", optimizer="momentum"),
    Cell((3072, 32, 64, 128, 256, 10), 32, optimizer="adam", learning_rate=1e-3, rows=10_000),
    *(
        Cell(_WIDE, batch, course=False, rows=5_120, **options)
        for batch in (128, 512)
        for options in (
            {},
            {"optimizer": "adam", "learning_rate": 1e-3},
            {"optimizer": "adam", "learning_rate": 1e-3, "dropout": 0.5, "batch_norm": True},
        )
    ),
    Cell((784, 2500, 2000, 1500, 1000, 500, 10), 256, course=False, rows=2_560),
)
SMOKE = (
    Cell(_SMALL, 128, rows=2_560),
    Cell(
        _SMALL, 32, optimizer="adam", learning_rate=1e-3, dropout=0.2, batch_norm=True, rows=2_560
    ),
)


@dataclass(frozen=True)
class Task:
    """The data and initial weights of a cell, the same for everyone who is measured.

    Attributes:
      cell: The cell.
      images: uint8 [rows + TEST_ROWS, inputs].
      labels: int32 [rows + TEST_ROWS].
    """

    cell: Cell
    images: np.ndarray
    labels: np.ndarray

    @property
    def features(self) -> np.ndarray:
        """The training images divided by 255, float32 [rows, inputs]."""
        return self.images[: self.cell.rows].astype(np.float32) / np.float32(255)

    @property
    def train_labels(self) -> np.ndarray:
        return self.labels[: self.cell.rows]

    @property
    def test(self) -> tuple[np.ndarray, np.ndarray]:
        """The test images divided by 255, and their labels."""
        return (
            self.images[self.cell.rows :].astype(np.float32) / np.float32(255),
            self.labels[self.cell.rows :],
        )

    def dataset(self) -> Dataset:
        """Returns the task as tfmlp's `Dataset`; the test rows stand in for validation rows, too,
        which are what is evaluated every epoch.
        """
        rows = self.cell.rows
        classes = tuple(map(str, range(self.cell.widths[-1])))
        train, test = (
            Split(self.images[:rows], self.labels[:rows]),
            Split(self.images[rows:], self.labels[rows:]),
        )
        return Dataset(
            train, test, test, "classification", classes, Provenance("benchmark", "benchmark")
        )

    def weights(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Returns each layer's initial kernel [inputs, outputs] and bias [outputs], float32."""
        pairs = []
        for index, (fan_in, fan_out) in enumerate(itertools.pairwise(self.cell.widths)):
            kernel = initial_weights(
                "glorot_uniform",
                seeds.generator(SEED, seeds.Stream.WEIGHTS, 2 * index),
                fan_in,
                fan_out,
            )
            pairs.append((kernel.astype(np.float32), np.zeros(fan_out, np.float32)))
        return pairs

    def order(self, epoch: int) -> np.ndarray:
        """Returns the order of rows in an epoch (1, 2, ...), int32 [rows]."""
        return seeds.row_order(SEED, epoch, self.cell.rows)


def make_task(cell: Cell) -> Task:
    """Makes the data of a cell: MNIST, or synthetic pixels of another size."""
    if cell.widths[0] == 784:
        data = load_dataset("mnist", validation=0)
        images = np.concatenate([data.train.features[: cell.rows], data.test.features])
        labels = np.concatenate([data.train.labels[: cell.rows], data.test.labels])
        return Task(cell, images.reshape(len(images), -1), labels)
    stream = np.random.default_rng(SEED)
    count = cell.rows + TEST_ROWS
    labels = stream.integers(0, cell.widths[-1], count).astype(np.int32)
    centers = stream.integers(40, 216, (cell.widths[-1], cell.widths[0]))
    images = np.empty((count, cell.widths[0]), np.uint8)
    for start in range(0, count, 4096):
        rows = slice(start, start + 4096)
        noise = stream.integers(-40, 40, (len(labels[rows]), cell.widths[0]))
        images[rows] = (0.2 * centers[labels[rows]] + 0.8 * 128 + noise).clip(0, 255)
    return Task(cell, images, labels)


def train_loss(task: Task, layers: list[dict[str, np.ndarray]], rows: int = 10_000) -> float:
    """Returns the cross-entropy of weights on the first training rows, computed here for everyone
    alike.

    Args:
      task: The cell's data.
      layers: For each layer "kernel" and "bias", and, with batch norm, "gamma", "beta", "mean" and
        "variance" (epsilon 1e-3).
      rows: How many rows.
    """
    activate = {
        "relu": lambda x: np.maximum(x, 0),
        "tanh": np.tanh,
        "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    }[task.cell.activation]
    values = task.images[: task.cell.rows][:rows].astype(np.float64) / 255
    for layer in layers[:-1]:
        values = values @ layer["kernel"] + layer["bias"]
        if "gamma" in layer:
            values = (values - layer["mean"]) / np.sqrt(layer["variance"] + 1e-3) * layer[
                "gamma"
            ] + layer["beta"]
        values = activate(values)
    logits = values @ layers[-1]["kernel"] + layers[-1]["bias"]
    logits -= logits.max(axis=1, keepdims=True)
    chosen = logits[np.arange(len(logits)), task.train_labels[:rows]]
    return float(np.mean(np.log(np.exp(logits).sum(axis=1)) - chosen))
