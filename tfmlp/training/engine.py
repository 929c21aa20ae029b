"""One epoch as one call: where its rows are, and which program trains on them.

    ResidentEngine   all rows in the device's memory, one call for any number of steps (with XLA,
    another for a short last batch) StreamingEngine  pieces of many batches, prepared by tf.data
    beside the training, one call a piece

An engine's name says both: "graph", "hybrid" and "xla" are resident, "streaming-graph",
"streaming-hybrid" and "streaming-xla" stream. "hybrid" is the graph program with a step whose
update XLA compiles, while matrix products stay with TensorFlow's own kernels. The same program
gives bit-identical weights resident and streaming on a CPU; different programs order some sums
differently.
"""

from concurrent.futures import Executor, Future
from typing import Protocol

import numpy as np
import tensorflow as tf

from tfmlp import seeds
from tfmlp.config import Config
from tfmlp.data.augment import Augmentation
from tfmlp.data.dataset import Split
from tfmlp.data.pipeline import make_batches
from tfmlp.training.programs import GraphProgram, Program, XlaProgram
from tfmlp.training.step import Step

_PROGRAMS = {"graph": GraphProgram, "hybrid": GraphProgram, "xla": XlaProgram}
_STREAMING = "streaming"
# Of features in one piece of a stream: calls are rare, and it is little beside TensorFlow's memory.
_PIECE_BYTES = 32 << 20


class Engine(Protocol):
    """What runs an epoch, or a part of it.

    Attributes:
      grain: How many steps a call should run at least, where there are as many.
    """

    grain: int

    def compile(self, executor: Executor) -> list[Future]:
        """Traces now, and has the executor compile, as a program's `compile`; runs no step."""

    def run(self, order: np.ndarray, first: int, last: int) -> None:
        """Runs the steps of an epoch from `first` (0, 1, ...) up to, but not with, `last`, on the
        rows in this order, int32 [n].
        """


class ResidentEngine:
    """An epoch over rows in memory."""

    grain = 1

    def __init__(self, program: Program, split: Split, rows: int, batch_size: int):
        self._program, self._rows, self._batch_size = program, rows, batch_size
        self._data = tf.constant(split.features), tf.constant(split.labels)

    def compile(self, executor: Executor) -> list[Future]:
        return self._program.compile(*self._data, tf.zeros(len(self._data[1]), tf.int32), executor)

    def run(self, order: np.ndarray, first: int, last: int) -> None:
        start = first * self._batch_size
        self._program.run(
            *self._data,
            tf.constant(np.roll(order, -start)),
            min(last * self._batch_size, self._rows) - start,
        )


class StreamingEngine:
    """An epoch over pieces that tf.data gathers while the one before is trained on."""

    def __init__(self, program: Program, split: Split, rows: int, batch_size: int):
        self._program, self._split, self._rows = program, split, rows
        row_bytes = split.features.dtype.itemsize * int(np.prod(split.features.shape[1:]))
        self._batch_size = min(batch_size, rows)
        batches = min(
            max(1, _PIECE_BYTES // (self._batch_size * row_bytes)), -(-rows // self._batch_size)
        )
        self._piece, self.grain = batches * self._batch_size, batches

    def compile(self, executor: Executor) -> list[Future]:
        features, labels = self._split.features, self._split.labels
        piece = (
            tf.zeros([self._piece, *features.shape[1:]], features.dtype),
            tf.zeros([self._piece], labels.dtype),
        )
        return self._program.compile(*piece, None, executor)

    def run(self, order: np.ndarray, first: int, last: int) -> None:
        order = order[first * self._batch_size : min(last * self._batch_size, self._rows)]
        left = len(order)
        # Every piece has the same shape, for which alone XLA compiled: the last one is filled up
        # with a row that is not trained on.
        order = np.pad(order, (0, -left % self._piece), mode="edge")
        for features, labels in make_batches(
            self._split.features, self._split.labels, order, self._piece
        ):
            self._program.run(features, labels, None, min(left, self._piece))
            left -= self._piece


def count_steps(rows: int, config: Config) -> int:
    """Returns the number of training steps in an epoch."""
    batch_size = config.optimization.batch_size
    return rows // batch_size if config.optimization.drop_remainder else -(-rows // batch_size)


def epoch_order(rows: int, epoch: int, config: Config) -> np.ndarray:
    """Returns the order in which an epoch (1, 2, ...) visits the training rows, int32 [rows]."""
    return (
        seeds.row_order(config.runtime.seed, epoch, rows)
        if config.optimization.shuffle
        else np.arange(rows, dtype=np.int32)
    )


def program_of(engine: str) -> str:
    """Returns "graph", "hybrid" or "xla": the program that an engine of this name runs."""
    return engine.removeprefix(_STREAMING + "-")


def make_engine(
    name: str,
    step: Step,
    split: Split,
    counter: tf.Variable,
    config: Config,
    augmentation: Augmentation | None,
) -> Engine:
    """Makes the engine of a name.

    Args:
      name: As `choose_engine` gives it.
      step: The train step.
      split: The rows to train on.
      counter: The number of steps done.
      config: For the batch size.
      augmentation: What is done to each batch, or None.
    """
    batch_size = config.optimization.batch_size
    rows = (
        len(split) - len(split) % batch_size if config.optimization.drop_remainder else len(split)
    )
    program = _PROGRAMS[program_of(name)](step, batch_size, rows, counter, augmentation)
    return (StreamingEngine if name.startswith(_STREAMING) else ResidentEngine)(
        program, split, rows, batch_size
    )
