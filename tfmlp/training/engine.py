"""One epoch as one call: where its examples are, and which program trains on them.

    ResidentEngine   all examples in the device's memory, one call for any number of steps (with
                     XLA, another for a short last batch)
    StreamingEngine  pieces of many batches, prepared by tf.data beside the training, a call a piece

An engine's name says both: "graph", "hybrid" and "xla" are resident, "streaming-graph",
"streaming-hybrid" and "streaming-xla" stream. "hybrid" is the graph program with a step whose
update XLA compiles, while matrix products stay with TensorFlow's own kernels. The same program
gives bit-identical weights resident and streaming on a CPU; different programs order some sums
differently.
"""

import math
from concurrent.futures import Executor, Future
from typing import Any, Protocol

import numpy as np
import tensorflow as tf

from tfmlp.config import Config
from tfmlp.data.augment import Augmentation
from tfmlp.data.dataset import Split
from tfmlp.data.pipeline import make_batches
from tfmlp.training.programs import Batches, Examples, GraphProgram, Program, XlaProgram
from tfmlp.training.shared_traces import Traces
from tfmlp.training.traced import Step

_STREAMING = "streaming"
# Of features in one piece of a stream: calls are rare, and it is little beside TensorFlow's memory.
_PIECE_BYTES = 32 << 20


class Engine(Protocol):
    """What runs an epoch, or a part of it.

    Attributes:
      grain: How many steps a call should run at least, where there are as many.
    """

    grain: int

    def compile(self, executor: Executor) -> list[Future[Any]]:
        """Traces now, and has the executor compile, as a program's `compile`; runs no step."""

    def run(self, order: np.ndarray, first: int, last: int) -> None:
        """Runs the steps of an epoch from `first` (0, 1, ...) up to, but not with, `last`.

        Args:
          order: The examples' order, int32 [n].
          first, last: The steps.
        """


class ResidentEngine:
    """An epoch over examples in memory.

    Args:
      program: What trains.
      split: The training examples.
      count: How many of an order are trained on.
      size: Examples in a batch.
    """

    grain = 1

    def __init__(self, program: Program, split: Split, count: int, size: int):
        self._program, self._count, self._size = program, count, size
        self._examples = Examples(*map(tf.constant, split.arrays))

    def compile(self, executor: Executor) -> list[Future[Any]]:
        order = tf.zeros(len(self._examples.labels), tf.int32)
        return self._program.compile(self._examples._replace(order=order), executor)

    def run(self, order: np.ndarray, first: int, last: int) -> None:
        start = first * self._size
        turned = tf.constant(np.roll(order, -start))
        count = min(last * self._size, self._count) - start
        self._program.run(self._examples._replace(order=turned), count)


class StreamingEngine:
    """An epoch over pieces that tf.data gathers while the one before is trained on.

    Args: As for `ResidentEngine`.
    """

    def __init__(self, program: Program, split: Split, count: int, size: int):
        self._program, self._split, self._count = program, split, count
        self._size = min(size, count)
        example_bytes = split.features.dtype.itemsize * math.prod(split.features.shape[1:])
        most = max(1, _PIECE_BYTES // (self._size * example_bytes))
        self.grain = min(most, -(-count // self._size))
        self._piece = self.grain * self._size

    def compile(self, executor: Executor) -> list[Future[Any]]:
        pieces = [tf.zeros([self._piece, *one.shape[1:]], one.dtype) for one in self._split.arrays]
        return self._program.compile(Examples(*pieces), executor)

    def run(self, order: np.ndarray, first: int, last: int) -> None:
        order = order[first * self._size : min(last * self._size, self._count)]
        left = len(order)
        # Every piece has the same shape, for which alone XLA compiled: the last one is filled up
        # with an example that is not trained on.
        order = np.pad(order, (0, -left % self._piece), mode="edge")
        features, labels, *weights = self._split.arrays
        for piece in make_batches(features, labels, order, self._piece, weights=weights):
            self._program.run(Examples(*piece), min(left, self._piece))
            left -= self._piece


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
    traces: Traces,
) -> Engine:
    """Makes the engine of a name.

    Args:
      name: As `choose_engine` gives it.
      step: The train step.
      split: The training examples.
      counter: The number of steps done.
      config: For the batch size.
      augmentation: What is done to each batch, or None.
      traces: The traces of the training.
    """
    size, count = config.optimization.batch_size, len(split)
    if config.optimization.drop_remainder:
        count -= count % size
    program: Program
    if program_of(name) == "xla":
        size_or_all = min(size, count)
        batches = Batches(step, size_or_all, counter, augmentation)
        program = XlaProgram(batches, traces, count % size_or_all)
    else:
        program = GraphProgram(Batches(step, size, counter, augmentation), traces)
    kind = StreamingEngine if name.startswith(_STREAMING) else ResidentEngine
    return kind(program, split, count, size)
