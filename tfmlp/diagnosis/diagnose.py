"""Why does my net not learn? A short, bounded investigation of a model, its optimizer and its data.

diagnosis = diagnose(model, optimizer, (x_train, y_train), test=(x_test, y_test))
print(diagnosis)        # findings, the most important first
"""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from tfmlp.diagnosis.findings import Name
from tfmlp.diagnosis.investigation import Investigation
from tfmlp.diagnosis.layers import Array
from tfmlp.diagnosis.probe import Probe
from tfmlp.diagnosis.report import Diagnosis
from tfmlp.diagnosis.symptoms.data import feature_findings, leakage_findings
from tfmlp.diagnosis.symptoms.history import history_findings
from tfmlp.diagnosis.symptoms.labels import label_findings, target_findings
from tfmlp.diagnosis.symptoms.retracing import retracing_findings
from tfmlp.training.user_loss import UserLoss, per_example


def diagnose(
    model: Any,
    optimizer: Any,
    train: tuple[Array, Array],
    *,
    test: tuple[Array, Array] | None = None,
    loss: UserLoss = "cross_entropy",
    batch_size: int = 128,
    shuffle: bool = True,
    history: list[dict[str, Any]] | None = None,
    step: Callable[..., Any] | None = None,
    seconds: float = 45.0,
) -> Diagnosis:
    """Investigates a training. The model's weights are afterwards what they were.

    Args:
      model: A Keras model with its initial (or any other) weights; one that has none yet is built.
      optimizer: A Keras optimizer.
      train: Features [n, ...] and labels [n] as they go into the model.
      test: Test features and labels, to look for training examples among them.
      loss: "cross_entropy" (of logits), or a loss as for `make_train_step`: a function of (labels,
        outputs) that returns one loss per example, such as
        `keras.losses.sparse_categorical_crossentropy`.
      batch_size: The number of examples in a batch.
      shuffle: Whether training visits the examples in a new order each epoch.
      history: Epochs as `epochs.jsonl` holds them, to look for overfitting.
      step: A `tf.function` of (features, labels), to look for retracing.
      seconds: About how long the investigation may take.

    Returns:
      A `Diagnosis`.

    Raises:
      ConfigError: when the loss has no known name.

    >>> import keras
    >>> model = tfmlp.MLP(hidden_units=(8,), num_classes=2, preprocessing="none")
    >>> x, y = np.random.default_rng(0).normal(size=(100, 4)), np.arange(100) % 3
    >>> diagnosis = tfmlp.diagnose(model, keras.optimizers.SGD(0.1), (x, y))
    >>> print(diagnosis.findings[0].text)
    the labels run from 0 to 2; the model has 2 outputs, for classes 0 to 1
    """
    started = time.perf_counter()
    features, labels = np.asarray(train[0]), np.asarray(train[1])
    function = per_example(loss)
    outputs = int(model(tf.constant(features[:1]), training=False).shape[-1])
    classes = outputs if labels.dtype.kind in "iu" and outputs > 1 else 1
    diagnosis = Diagnosis()
    found = diagnosis.findings
    found += feature_findings(features)
    if classes > 1:
        found += label_findings(features, labels, outputs, shuffle)
    else:
        found += target_findings(labels)
    if test is not None:
        found += leakage_findings(features, np.asarray(test[0]))
    in_range = classes == 1 or bool(((labels >= 0) & (labels < classes)).all())
    if in_range and Name.NAN_INPUTS not in diagnosis.names:  # training would only repeat those
        probe = Probe(model, optimizer, function, features, labels, batch_size, shuffle)
        try:
            Investigation(probe, diagnosis, classes, started + seconds).run()
            if step is not None:
                found += retracing_findings(step, features, labels)
        finally:
            probe.restore()
        found += history_findings(history or [])
    diagnosis.sort()
    diagnosis.seconds = time.perf_counter() - started
    return diagnosis
