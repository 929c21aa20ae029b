"""A step as a `tf.function` that is traced once, whatever the batch's length."""

from collections.abc import Callable
from typing import Any, Protocol

import tensorflow as tf


class Look(Protocol):
    """What is done with the first batch, before the step is traced."""

    def look(self, features: tf.Tensor, labels: tf.Tensor) -> None:
        """Takes the first batch; raises where it does not fit."""


class Step:
    """A `tf.function` of (features [b, ...], labels [b]) that is traced once, whatever b is.

    tf.function by itself traces anew for the short last batch. Here the first call traces for
    batches of any length, and later calls find that trace. Every other attribute, such as
    `experimental_get_tracing_count`, is the `tf.function`'s own.

    Args:
      python_function: The step.
      first_batch: Looks at the first batch, before anything is traced.

    Attributes:
      function: The `tf.function`.

    >>> step = tfmlp.make_test_step(tfmlp.MLP(num_classes=2))
    >>> losses = [step(np.zeros((n, 4), np.float32), np.zeros(n, int)) for n in (8, 8, 3)]
    >>> step.experimental_get_tracing_count()
    1
    """

    def __init__(self, python_function: Callable[..., tf.Tensor], first_batch: Look | None = None):
        self.function = tf.function(python_function)
        self._first_batch = first_batch
        self._traced: set[tuple[Any, ...]] = set()

    def __call__(self, features: Any, labels: Any, sample_weight: Any = None) -> tf.Tensor:
        given = (features, labels) if sample_weight is None else (features, labels, sample_weight)
        batch = [tf.convert_to_tensor(one) for one in given]
        if self._first_batch is not None:
            self._first_batch.look(*batch[:2])
            self._first_batch = None
        signature = tuple(tf.TensorSpec([None, *one.shape[1:]], one.dtype) for one in batch)
        if signature not in self._traced:
            self.function.get_concrete_function(*signature)
            self._traced.add(signature)
        return self.function(*batch)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.function, name)
