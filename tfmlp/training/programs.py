"""The loop over batches as one TensorFlow function, over rows that are in memory.

    GraphProgram     a TensorFlow graph
    XlaProgram       the same, compiled by XLA

Both run the same train step over the same batches. Neither goes through AutoGraph, whose rewriting of the step's Python takes longer than tracing it.
"""

from typing import Protocol

import tensorflow as tf

from tfmlp.data.augment import Augmentation
from tfmlp.training.step import Step


class Program(Protocol):
    """What runs batches."""

    def run(self, features: tf.Tensor, labels: tf.Tensor, order: tf.Tensor | None, rows: int) -> None:
        """Trains on the first `rows` of an order, batch after batch; where all rows end, a last batch may be short.

        Args:
          features: [n, ...].
          labels: [n].
          order: int32 [n], which row comes when, or None: as they lie.
          rows: How many; at most n. With 0 it only traces and compiles.
        """


def _batch_at(tensor: tf.Tensor, order: tf.Tensor | None, start: tf.Tensor, size: tf.Tensor | int) -> tf.Tensor:
    if order is not None:
        return tf.gather(tensor, tf.slice(order, [start], [size]))
    rest = len(tensor.shape) - 1
    return tf.slice(tensor, [start, *[0] * rest], [size, *tensor.shape[1:]])


class _Batches:
    """What both programs do with one batch."""

    def __init__(self, step: Step, counter: tf.Variable, augmentation: Augmentation | None):
        self._step, self._counter, self._augmentation = step, counter, augmentation

    def train_on(self, features, labels, order, start, size) -> None:
        batch = _batch_at(features, order, start, size)
        if self._augmentation is not None:
            batch = self._augmentation(batch, self._counter)
        self._step.python_function(batch, _batch_at(labels, order, start, size))


class GraphProgram:
    """A loop in a TensorFlow graph."""

    def __init__(self, step: Step, batch_size: int, rows: int, counter: tf.Variable, augmentation: Augmentation | None):
        batches = _Batches(step, counter, augmentation)

        @tf.function(autograph=False)
        def run(features, labels, order, rows) -> None:
            def train(start):
                batches.train_on(features, labels, order, start, tf.minimum(batch_size, rows - start))
                return start + batch_size

            tf.while_loop(lambda start: start < rows, train, [0])

        self._run = run

    def run(self, features: tf.Tensor, labels: tf.Tensor, order: tf.Tensor | None, rows: int) -> None:
        self._run(features, labels, order, tf.constant(rows))


class XlaProgram:
    """A program compiled by XLA.

    XLA needs to know every shape: full batches are the loop, and a short last batch is a step of its own after it. And it compiles in every value that a slice begins at: batches
    are counted by the loop, from 0, and a program for each place to begin at would take a second each.
    """

    def __init__(self, step: Step, batch_size: int, rows: int, counter: tf.Variable, augmentation: Augmentation | None):
        self._batch_size = min(batch_size, rows)
        batches, batch_size, tail = _Batches(step, counter, augmentation), self._batch_size, rows % self._batch_size

        @tf.function(jit_compile=True, autograph=False)
        def run(features, labels, order, full, with_tail) -> None:
            def train(index):
                batches.train_on(features, labels, order, index * batch_size, batch_size)
                return index + 1

            index = tf.while_loop(lambda index: index < full, train, [0])[0]
            if tail:

                def train_tail():
                    # index, not full, which XLA would compile in here
                    batches.train_on(features, labels, order, index * batch_size, tail)
                    return index

                tf.cond(with_tail, train_tail, lambda: index)

        self._run = run

    def run(self, features: tf.Tensor, labels: tf.Tensor, order: tf.Tensor | None, rows: int) -> None:
        full, tail = divmod(rows, self._batch_size)
        self._run(features, labels, order, tf.constant(full), tf.constant(tail > 0))
