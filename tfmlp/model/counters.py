"""Where in a run a forward pass stands: what dropout masks are functions of."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple

import tensorflow as tf


class Counters(NamedTuple):
    """Where in a run a forward pass stands.

    Attributes:
      step: integer scalar, the training step, from 0 over the whole run.
      positions: integer [b], the examples' positions in the global batch.
    """

    step: tf.Tensor
    positions: tf.Tensor


_counters: ContextVar[Counters | None] = ContextVar("tfmlp_counters", default=None)


@contextmanager
def counters(step: tf.Tensor, positions: tf.Tensor) -> Iterator[None]:
    """While open, `Dropout` layers that are called derive their masks from these counters."""
    token = _counters.set(Counters(step, positions))
    try:
        yield
    finally:
        _counters.reset(token)


def current_counters() -> Counters | None:
    """Returns the counters that are open, or None outside of a training step."""
    return _counters.get()
