"""One epoch as one call.

Each engine runs the same train step over the same batches in the same order:

    GraphEngine      data in memory as tensors; a loop inside one TensorFlow graph
    XlaEngine        the same, compiled by XLA into one program
    StreamingEngine  batches through tf.data; a loop inside one TensorFlow graph

GraphEngine and StreamingEngine give bit-identical weights on a CPU. XLA orders some sums differently.
"""

from typing import Protocol

import numpy as np
import tensorflow as tf

from tfmlp.config import Config
from tfmlp.data.augment import Augmentation
from tfmlp.data.pipeline import make_batches
from tfmlp.training.step import Step

# XLA compiles for about a second longer than it takes to trace the graph, and then saves roughly a millisecond per step.
_XLA_PAYS_FROM = 1000  # steps in the whole run


class Engine(Protocol):
    """What runs an epoch.

    Attributes:
      name: "graph", "xla" or "streaming".
    """

    name: str

    def compile(self) -> None:
        """Does all tracing and compiling, by running no step."""

    def run_epoch(self, order: np.ndarray) -> None:
        """Trains on the rows in this order, int32 [n]."""


class GraphEngine:
    """An epoch as a loop in one TensorFlow graph, over data in memory."""

    name = "graph"

    def __init__(self, step: Step, features: tf.Tensor, labels: tf.Tensor, counter: tf.Variable, config: Config, augmentation: Augmentation | None):
        batch_size = config.optimization.batch_size
        self._steps = count_steps(len(labels), config)

        @tf.function
        def run(order: tf.Tensor, steps: tf.Tensor) -> None:
            for start in tf.range(0, steps * batch_size, batch_size):
                rows = order[start : start + batch_size]  # the last slice may be short
                batch = tf.gather(features, rows)
                if augmentation is not None:
                    batch = augmentation(batch, counter)
                step.python_function(batch, tf.gather(labels, rows))

        self._run = run
        self._rows = len(labels)

    def compile(self) -> None:
        self._run(tf.zeros(self._rows, tf.int32), tf.constant(0))

    def run_epoch(self, order: np.ndarray) -> None:
        self._run(tf.constant(order), tf.constant(self._steps))


class XlaEngine:
    """An epoch as one program compiled by XLA, over data in memory.

    XLA needs to know every shape: full batches are the loop, and a short last batch is a step of its own after it.
    """

    name = "xla"

    def __init__(self, step: Step, features: tf.Tensor, labels: tf.Tensor, counter: tf.Variable, config: Config, augmentation: Augmentation | None):
        batch_size = min(config.optimization.batch_size, len(labels))
        self._full, tail = divmod(len(labels), batch_size)
        if config.optimization.drop_remainder:
            tail = 0
        tail_start = self._full * batch_size

        def train_on(rows: tf.Tensor) -> None:
            batch = tf.gather(features, rows)
            if augmentation is not None:
                batch = augmentation(batch, counter)
            step.python_function(batch, tf.gather(labels, rows))

        @tf.function(jit_compile=True)
        def run(order: tf.Tensor, full: tf.Tensor, with_tail: tf.Tensor) -> None:
            index = tf.constant(0)
            while index < full:  # not tf.range, whose limit XLA compiles in: compile() below would compile another program
                train_on(tf.slice(order, [index * batch_size], [batch_size]))
                index += 1
            if tail:  # known while tracing
                if with_tail:  # known while running
                    train_on(order[tail_start:])

        self._run = run
        self._rows = len(labels)

    def compile(self) -> None:
        self._run(tf.zeros(self._rows, tf.int32), tf.constant(0), tf.constant(False))

    def run_epoch(self, order: np.ndarray) -> None:
        self._run(tf.constant(order), tf.constant(self._full), tf.constant(True))


class StreamingEngine:
    """An epoch as a loop in one TensorFlow graph, over batches that tf.data prepares beside it."""

    name = "streaming"

    def __init__(self, step: Step, features: tf.Tensor, labels: tf.Tensor, counter: tf.Variable, config: Config, augmentation: Augmentation | None):
        self._data = features, labels
        self._rows = len(labels)
        self._counter = counter
        self._batching = {
            "batch_size": config.optimization.batch_size,
            "drop_remainder": config.optimization.drop_remainder,
            "augmentation": augmentation,
        }

        @tf.function
        def run(batches: tf.data.Dataset) -> None:
            for batch, batch_labels in batches:
                step.python_function(batch, batch_labels)

        self._run = run

    def _batches(self, order: np.ndarray) -> tf.data.Dataset:
        return make_batches(*self._data, order, first_step=int(self._counter.numpy()), **self._batching)

    def compile(self) -> None:
        self._run(self._batches(np.arange(self._rows, dtype=np.int32)).take(0))

    def run_epoch(self, order: np.ndarray) -> None:
        self._run(self._batches(order))


_ENGINES = {"graph": GraphEngine, "xla": XlaEngine, "streaming": StreamingEngine}


def count_steps(rows: int, config: Config) -> int:
    """Returns the number of training steps in an epoch."""
    batch_size = config.optimization.batch_size
    return rows // batch_size if config.optimization.drop_remainder else -(-rows // batch_size)


def choose_engine(rows: int, config: Config) -> str:
    """Returns the engine that a configuration names, or for "auto" the faster one.

    XLA, except for runs too short to earn back its compilation, and for bfloat16, which it does not speed up.
    """
    if config.runtime.engine != "auto":
        return config.runtime.engine
    short = count_steps(rows, config) * config.optimization.epochs < _XLA_PAYS_FROM
    return "graph" if short or config.runtime.precision == "mixed_bfloat16" else "xla"


def make_engine(name: str, *parts) -> Engine:
    """Makes the engine of a name from (step, features, labels, step counter, configuration, augmentation)."""
    return _ENGINES[name](*parts)
