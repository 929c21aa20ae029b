"""The loop over batches as one TensorFlow function, over examples that are in memory.

    GraphProgram     a TensorFlow graph
    XlaProgram       the same, compiled by XLA

Both run the same train step over the same batches.
"""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any, NamedTuple, Protocol

import tensorflow as tf

from tfmlp.data.augment import Augmentation
from tfmlp.training.shared_traces import Traces
from tfmlp.training.traced import Step


class Examples(NamedTuple):
    """Examples in memory, and the order in which they are trained on.

    Attributes:
      features: [n, ...].
      labels: [n].
      weights: float [n], what each example's loss counts, or None: all the same.
      order: int32 [n], which example comes when, or None: as they lie.
    """

    features: tf.Tensor
    labels: tf.Tensor
    weights: tf.Tensor | None = None
    order: tf.Tensor | None = None

    def batch(self, start: tf.Tensor | int, size: tf.Tensor | int) -> "Examples":
        """Returns `size` examples from a place of the order on, as they lie then."""
        if self.order is not None:
            chosen = tf.slice(self.order, [start], [size])
            return self._each(lambda tensor: tf.gather(tensor, chosen))

        def cut(tensor: tf.Tensor) -> tf.Tensor:
            rest = tensor.shape[1:]
            return tf.slice(tensor, [start, *[0] * len(rest)], [size, *rest])

        return self._each(cut)

    def of_any_length(self) -> "Examples":
        """Returns the types of examples like these, however many."""
        given = [None if one is None else _any_length(one) for one in self]
        return Examples(*given)

    def _each(self, function: Callable[[tf.Tensor], tf.Tensor]) -> "Examples":
        weights = None if self.weights is None else function(self.weights)
        return Examples(function(self.features), function(self.labels), weights)


def _any_length(tensor: tf.Tensor) -> tf.TensorSpec:
    return tf.TensorSpec([None, *tensor.shape[1:]], tensor.dtype)


class Program(Protocol):
    """What runs batches."""

    def compile(self, examples: Examples, executor: Executor) -> list[Future[Any]]:
        """Traces for examples like those of `run`, and has the executor compile.

        Compiling takes no Python: until its futures are done, other things can be traced. A
        function that XLA compiles within a graph, as the update of "hybrid", is compiled when the
        first step runs.
        """

    def run(self, examples: Examples, count: int) -> None:
        """Trains on the first `count` examples of an order, batch after batch.

        Where all examples end, a last batch may be short.
        """


class Batches:
    """What both programs do with one batch.

    Args:
      step: The train step.
      size: Examples in a full batch.
      counter: The number of steps done.
      augmentation: What is done to each batch, or None.
    """

    def __init__(
        self, step: Step, size: int, counter: tf.Variable, augmentation: Augmentation | None
    ):
        self.size = size
        self._step, self._counter, self._augmentation = step, counter, augmentation

    def train_on(self, examples: Examples, start: tf.Tensor | int, size: tf.Tensor | int) -> None:
        """Takes one train step."""
        features, labels, weights, _ = examples.batch(start, size)
        if self._augmentation is not None:
            features = self._augmentation(features, self._counter)
        self._step.python_function(features, labels, weights)


class GraphProgram:
    """A loop in a TensorFlow graph, good for any number of examples.

    Args:
      batches: The batches.
      traces: The traces of the training.
    """

    def __init__(self, batches: Batches, traces: Traces):
        self._batches, self._traces = batches, traces

    def compile(self, examples: Examples, executor: Executor) -> list[Future[Any]]:
        batches, size = self._batches, self._batches.size

        def graph_program(examples: Examples, count: tf.Tensor) -> None:
            def train(start: tf.Tensor) -> tf.Tensor:
                batches.train_on(examples, start, tf.minimum(size, count - start))
                return start + size

            tf.while_loop(lambda start: start < count, train, [0])

        none = tf.constant(0)
        self._run, is_new = self._traces.bind(graph_program, examples.of_any_length(), none)
        return [executor.submit(self._run, examples, none)] if is_new else []

    def run(self, examples: Examples, count: int) -> None:
        self._run(examples, tf.constant(count))


class XlaProgram:
    """A program compiled by XLA.

    XLA needs to know every shape, so it compiles full batches; a short last batch is trained on by
    the graph program, since compiling it, too, would take as long again. And XLA compiles in every
    value that a slice begins at: batches are counted by the loop, from 0, because a program for
    each place to begin at would take half a second each.

    Args:
      batches: The batches; none is larger than all examples.
      traces: The traces of the training.
      tail: Examples in the short last batch; 0 for none.
    """

    def __init__(self, batches: Batches, traces: Traces, tail: int):
        self._batches, self._traces, self._tail = batches, traces, tail
        self._tail_program = GraphProgram(batches, traces)

    def compile(self, examples: Examples, executor: Executor) -> list[Future[Any]]:
        batches, size = self._batches, self._batches.size

        def xla_program(examples: Examples, count: tf.Tensor) -> None:
            def train(index: tf.Tensor) -> tf.Tensor:
                batches.train_on(examples, index * size, size)
                return index + 1

            tf.while_loop(lambda index: index < count, train, [0])

        none = tf.constant(0)
        self._run, is_new = self._traces.bind(xla_program, examples, none, jit_compile=True)
        compiling = [executor.submit(self._run, examples, none)] if is_new else []
        if self._tail:
            part = examples._replace(order=None).batch(0, self._tail)
            compiling += self._tail_program.compile(part, executor)
        return compiling

    def run(self, examples: Examples, count: int) -> None:
        full, tail = divmod(count, self._batches.size)
        if full:
            self._run(examples, tf.constant(full))
        if tail:
            self._tail_program.run(examples.batch(count - tail, tail), tail)
