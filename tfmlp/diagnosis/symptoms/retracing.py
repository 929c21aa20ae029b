"""What can be wrong with a user's own train step: it is traced again and again."""

from collections.abc import Callable, Iterator
from typing import Any

import tensorflow as tf

from tfmlp.diagnosis.catalog import make_finding
from tfmlp.diagnosis.findings import Finding, Name
from tfmlp.diagnosis.layers import Array

_BATCH_SIZES = (7, 6, 5)  # that the step is called with


def retracing_findings(
    step: Callable[..., Any], features: Array, labels: Array
) -> Iterator[Finding]:
    """Calls a user's `tf.function` with batches of several sizes.

    Args:
      step: The `tf.function`, of (features, labels); nothing is said of any other function.
      features: Training features [n, ...].
      labels: Training labels [n].
    """
    counter = getattr(step, "experimental_get_tracing_count", None)
    if counter is None:
        return
    for size in _BATCH_SIZES:
        step(tf.constant(features[:size]), tf.constant(labels[:size]))
    if counter() > 2:
        evidence = "one trace takes longer than many steps"
        yield make_finding(Name.RETRACING, evidence, traces=counter(), sizes=len(_BATCH_SIZES))
