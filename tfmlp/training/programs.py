"""The loop over batches as one TensorFlow function, over rows that are in memory.

    GraphProgram     a TensorFlow graph
    XlaProgram       the same, compiled by XLA

Both run the same train step over the same batches. Neither goes through AutoGraph, whose rewriting
of the step's Python takes longer than tracing it.
"""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any, Protocol

import tensorflow as tf

from tfmlp.data.augment import Augmentation
from tfmlp.training.step import Step


class Program(Protocol):
    """What runs batches."""

    def compile(
        self, features: tf.Tensor, labels: tf.Tensor, order: tf.Tensor | None, executor: Executor
    ) -> list[Future]:
        """Traces for arguments like those of `run`, and has the executor compile, which takes no
        Python: until its futures are done, other things can be traced.

        A function that XLA compiles within a graph, as the update of "hybrid", is compiled when the
        first step runs.
        """

    def run(
        self, features: tf.Tensor, labels: tf.Tensor, order: tf.Tensor | None, rows: int
    ) -> None:
        """Trains on the first `rows` of an order, batch after batch; where all rows end, a last
        batch may be short.

        Args:
          features: [n, ...].
          labels: [n].
          order: int32 [n], which row comes when, or None: as they lie.
          rows: How many; at most n.
        """


def _batch_at(
    tensor: tf.Tensor, order: tf.Tensor | None, start: tf.Tensor, size: tf.Tensor | int
) -> tf.Tensor:
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


def _compile(function: Callable, arguments: tuple[Any, ...], executor: Executor) -> Future:
    """Traces a `tf.function` here, where no other trace is under way, and runs it elsewhere."""
    function.get_concrete_function(*arguments)
    return executor.submit(function, *arguments)


class GraphProgram:
    """A loop in a TensorFlow graph."""

    def __init__(
        self,
        step: Step,
        batch_size: int,
        rows: int,
        counter: tf.Variable,
        augmentation: Augmentation | None,
    ):
        batches = _Batches(step, counter, augmentation)

        @tf.function(autograph=False)
        def run(features, labels, order, rows) -> None:
            def train(start):
                batches.train_on(
                    features, labels, order, start, tf.minimum(batch_size, rows - start)
                )
                return start + batch_size

            tf.while_loop(lambda start: start < rows, train, [0])

        self._run = run

    def compile(
        self, features: tf.Tensor, labels: tf.Tensor, order: tf.Tensor | None, executor: Executor
    ) -> list[Future]:
        return [_compile(self._run, (features, labels, order, tf.constant(0)), executor)]

    def run(
        self, features: tf.Tensor, labels: tf.Tensor, order: tf.Tensor | None, rows: int
    ) -> None:
        self._run(features, labels, order, tf.constant(rows))


class XlaProgram:
    """A program compiled by XLA.

    XLA needs to know every shape, so it compiles full batches; a short last batch is trained on by
    the graph program, since compiling it, too, would take as long again. And XLA compiles in every
    value that a slice begins at: batches are counted by the loop, from 0, because a program for
    each place to begin at would take half a second each.
    """

    def __init__(
        self,
        step: Step,
        batch_size: int,
        rows: int,
        counter: tf.Variable,
        augmentation: Augmentation | None,
    ):
        self._batch_size = batch_size = min(batch_size, rows)
        self._tail = rows % batch_size
        self._tail_program = GraphProgram(step, batch_size, self._tail, counter, augmentation)
        batches = _Batches(step, counter, augmentation)

        @tf.function(jit_compile=True, autograph=False)
        def run(features, labels, order, count) -> None:
            def train(index):
                batches.train_on(features, labels, order, index * batch_size, batch_size)
                return index + 1

            tf.while_loop(lambda index: index < count, train, [0])

        self._run = run

    def compile(
        self, features: tf.Tensor, labels: tf.Tensor, order: tf.Tensor | None, executor: Executor
    ) -> list[Future]:
        compiling = [_compile(self._run, (features, labels, order, tf.constant(0)), executor)]
        if self._tail:
            compiling += self._tail_program.compile(
                features[: self._tail], labels[: self._tail], None, executor
            )
        return compiling

    def run(
        self, features: tf.Tensor, labels: tf.Tensor, order: tf.Tensor | None, rows: int
    ) -> None:
        full, tail = divmod(rows, self._batch_size)
        if full:
            self._run(features, labels, order, tf.constant(full))
        if tail:
            start = rows - tail
            self._tail_program.run(
                _batch_at(features, order, start, tail),
                _batch_at(labels, order, start, tail),
                None,
                tail,
            )
