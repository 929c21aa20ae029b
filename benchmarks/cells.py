"""What is measured: a cell is a network, its update rule, a batch size and a number of examples."""

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfmlp import seeds
from tfmlp.config import Config
from tfmlp.data.dataset import Dataset, Provenance, Split
from tfmlp.data.sources import load_dataset
from tfmlp.reference.initializers import initial_weights

TEST_EXAMPLES = 10_000
SEED = 0
# Ten epochs of MNIST: how long a run tfmlp is told to expect, which decides whether compiling pays.
_EXAMPLES_IN_RUN = 600_000

# For each layer "kernel" and "bias", and, with batch norm, "gamma", "beta", "mean" and "variance"
# (epsilon 1e-3).
Layers = list[dict[str, np.ndarray]]


@dataclass(frozen=True)
class Cell:
    """One row of the benchmark's table.

    Attributes:
      widths: Units from the inputs to the outputs.
      batch: Examples in a batch.
      activation: "relu", "sigmoid" or "tanh".
      optimizer: "sgd", "momentum" or "adam".
      learning_rate: Its learning rate.
      dropout: Probability that a hidden unit is dropped.
      batch_norm: Whether each hidden layer is normalized over the batch.
      examples: Examples in an epoch: enough to time, and few enough that all peers take many
        turns.
      course: Whether the cell is of a size that courses use.
    """

    widths: tuple[int, ...]
    batch: int
    activation: str = "relu"
    optimizer: str = "sgd"
    learning_rate: float = 0.1
    dropout: float = 0.0
    batch_norm: bool = False
    examples: int = 20_000
    course: bool = True

    @property
    def name(self) -> str:
        """The cell as the table shows it."""
        first, *hidden, last = self.widths
        middle = "-".join(map(str, hidden))
        if len(hidden) > 2 and len(set(hidden)) == 1:
            middle = f"{hidden[0]}x{len(hidden)}"
        words = [f"{first}-{middle}-{last}"]
        if self.activation != "relu":
            words.append(self.activation)
        words.append(self.optimizer)
        if self.dropout:
            words.append(f"dropout {self.dropout:g}")
        if self.batch_norm:
            words.append("batch norm")
        return " ".join([*words, f"batch {self.batch}"])

    def config(self, **options: Any) -> Config:
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
            "epochs": _EXAMPLES_IN_RUN // self.examples,
            "seed": SEED,
        }
        return Config.from_options(**settings | options)


_SMALL = (784, 128, 64, 10)
_COURSE = (784, 512, 256, 10)
_WIDE = (784, 1024, 1024, 1024, 10)
_ADAM = {"optimizer": "adam", "learning_rate": 1e-3}
_SIGMOID = {"activation": "sigmoid", "examples": 10_000}

GRID = (
    *(Cell(_SMALL, batch) for batch in (32, 128, 512)),
    Cell(_SMALL, 32, dropout=0.2),
    Cell(_SMALL, 32, **_ADAM, batch_norm=True),
    Cell(_COURSE, 32, **_SIGMOID, learning_rate=0.5),
    Cell(_COURSE, 32, **_SIGMOID, learning_rate=0.5, dropout=0.2),
    Cell(_COURSE, 32, **_SIGMOID, **_ADAM, batch_norm=True),
    Cell((784, 512, 10), 32, examples=10_000),
    Cell((784, 89, 10), 60, activation="tanh", optimizer="momentum"),
    Cell((3072, 32, 64, 128, 256, 10), 32, **_ADAM, examples=10_000),
    *(
        Cell(_WIDE, batch, course=False, examples=5_120, **options)
        for batch in (128, 512)
        for options in ({}, _ADAM, _ADAM | {"dropout": 0.5, "batch_norm": True})
    ),
    Cell((784, 2500, 2000, 1500, 1000, 500, 10), 256, course=False, examples=2_560),
)
SMOKE = (
    Cell(_SMALL, 128, examples=2_560),
    Cell(_SMALL, 32, **_ADAM, dropout=0.2, batch_norm=True, examples=2_560),
)


@dataclass(frozen=True)
class Task:
    """The data and initial weights of a cell, the same for everyone who is measured.

    Attributes:
      cell: The cell.
      images: The training images, and then the test images, uint8 [examples + TEST_EXAMPLES,
        inputs].
      labels: Their labels, int32 [examples + TEST_EXAMPLES].
    """

    cell: Cell
    images: np.ndarray
    labels: np.ndarray

    @property
    def features(self) -> np.ndarray:
        """The training images divided by 255, float32 [examples, inputs]."""
        return self.images[: self.cell.examples].astype(np.float32) / np.float32(255)

    @property
    def train_labels(self) -> np.ndarray:
        """Their labels, int32 [examples]."""
        return self.labels[: self.cell.examples]

    @property
    def test(self) -> tuple[np.ndarray, np.ndarray]:
        """The test images divided by 255, and their labels."""
        images, labels = self.images[self.cell.examples :], self.labels[self.cell.examples :]
        return images.astype(np.float32) / np.float32(255), labels

    def dataset(self) -> Dataset:
        """Returns the task as tfmlp's `Dataset`.

        The test examples are the validation examples, too: those are evaluated every epoch.
        """
        count = self.cell.examples
        train = Split(self.images[:count], self.labels[:count])
        test = Split(self.images[count:], self.labels[count:])
        classes = tuple(map(str, range(self.cell.widths[-1])))
        source = Provenance("benchmark", "benchmark")
        return Dataset(train, test, test, "classification", classes, source)

    def weights(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Returns each layer's initial kernel [inputs, outputs] and bias [outputs], float32."""
        pairs = []
        for index, (fan_in, fan_out) in enumerate(itertools.pairwise(self.cell.widths)):
            stream = seeds.generator(SEED, seeds.Stream.WEIGHTS, 2 * index)
            kernel = initial_weights("glorot_uniform", stream, fan_in, fan_out)
            pairs.append((kernel.astype(np.float32), np.zeros(fan_out, np.float32)))
        return pairs

    def order(self, epoch: int) -> np.ndarray:
        """Returns the order of examples in an epoch (1, 2, ...), int32 [examples]."""
        return seeds.row_order(SEED, epoch, self.cell.examples)


def make_task(cell: Cell) -> Task:
    """Makes the data of a cell: MNIST, or synthetic pixels of another size."""
    if cell.widths[0] == 784:
        data = load_dataset("mnist", validation=0)
        images = np.concatenate([data.train.features[: cell.examples], data.test.features])
        labels = np.concatenate([data.train.labels[: cell.examples], data.test.labels])
        return Task(cell, images.reshape(len(images), -1), labels)
    stream = np.random.default_rng(SEED)
    count = cell.examples + TEST_EXAMPLES
    labels = stream.integers(0, cell.widths[-1], count).astype(np.int32)
    centers = stream.integers(40, 216, (cell.widths[-1], cell.widths[0]))
    images = np.empty((count, cell.widths[0]), np.uint8)
    for start in range(0, count, 4096):
        part = slice(start, start + 4096)
        noise = stream.integers(-40, 40, (len(labels[part]), cell.widths[0]))
        images[part] = (0.2 * centers[labels[part]] + 0.8 * 128 + noise).clip(0, 255)
    return Task(cell, images, labels)


def train_loss(task: Task, layers: Layers, count: int = 10_000) -> float:
    """Returns the cross-entropy of weights on the first training examples.

    It is computed here, for every peer alike.

    Args:
      task: The cell's data.
      layers: The weights.
      count: How many examples.
    """
    activate = {
        "relu": lambda x: np.maximum(x, 0),
        "tanh": np.tanh,
        "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    }[task.cell.activation]
    values = task.images[: task.cell.examples][:count].astype(np.float64) / 255
    for layer in layers[:-1]:
        values = values @ layer["kernel"] + layer["bias"]
        if "gamma" in layer:
            values = (values - layer["mean"]) / np.sqrt(layer["variance"] + 1e-3)
            values = values * layer["gamma"] + layer["beta"]
        values = activate(values)
    logits = values @ layers[-1]["kernel"] + layers[-1]["bias"]
    logits -= logits.max(axis=1, keepdims=True)
    chosen = logits[np.arange(len(logits)), task.train_labels[:count]]
    return float(np.mean(np.log(np.exp(logits).sum(axis=1)) - chosen))
