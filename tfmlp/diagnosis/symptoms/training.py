"""What can be wrong with a training that was watched: a short one, the epochs of a run, a user's
step.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from tfmlp.diagnosis.catalog import make_finding
from tfmlp.diagnosis.findings import Finding, Name
from tfmlp.diagnosis.layers import Array
from tfmlp.diagnosis.probe import Probe
from tfmlp.diagnosis.short_training import ShortTraining

_BATCH_SIZES = (7, 6, 5)  # that a user's step is called with


def training_findings(probe: Probe, training: ShortTraining, classes: int) -> Iterator[Finding]:
    """Looks at a short training that did not learn, and at the model after it.

    Args:
      probe: The model, with the weights that the training ended with.
      training: What came of it.
      classes: The number of classes; 1 for regression.
    """
    steps, rate = len(training.losses), probe.learning_rate
    if training.non_finite:
        losses = ", ".join(f"{loss:.3g}" for loss in training.losses[-4:])
        evidence = f"the last losses are {losses}, with a learning rate of {rate:g}"
        yield make_finding(Name.DIVERGES, evidence, steps=steps, learning_rate=rate / 10)
    elif classes > 1:
        predictions = probe.outputs().argmax(axis=1)
        shares = np.bincount(predictions, minlength=classes) / len(predictions)
        label = int(shares.argmax())
        true_share = float(np.mean(probe.batch[1] == label))
        if shares[label] > 0.95 and true_share < 0.9:
            yield make_finding(
                Name.MAJORITY_CLASS,
                f"{100 * true_share:.2f} % of the training examples are of class {label}, and that"
                " is the accuracy",
                steps=steps,
                label=label,
                percent=100 * shares[label],
            )


def history_findings(history: list[dict[str, Any]]) -> Iterator[Finding]:
    """Looks at the epochs of a run, as `epochs.jsonl` holds them."""
    epochs = [epoch for epoch in history if "validation" in epoch]
    if len(epochs) < 4:
        return
    losses = [epoch["validation"]["loss"] for epoch in epochs]
    best, now, train = int(np.argmin(losses)), losses[-1], epochs[-1]["train"]["loss"]
    if best < 0.7 * len(epochs) and now > 1.15 * losses[best] and train < 0.6 * now:
        yield make_finding(
            Name.OVERFITTING,
            f"validation loss {losses[best]:.4g} then, {now:.4g} now; training loss {train:.4g}",
            epoch=epochs[best]["epoch"],
        )


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
