"""What can be wrong with a short training: a loss that diverges, one class for every example."""

from collections.abc import Iterator

import numpy as np

from tfmlp.diagnosis.catalog import make_finding
from tfmlp.diagnosis.findings import Finding, Name
from tfmlp.diagnosis.probe import Probe
from tfmlp.diagnosis.short_training import ShortTraining


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
        metrics = probe.class_counts(classes).metrics()
        true_share = float(np.mean(probe.batch[1] == label))
        if shares[label] > max(0.95, (1 + true_share) / 2):
            yield make_finding(
                Name.MAJORITY_CLASS,
                f"{100 * true_share:.2f} % of the training examples are of class {label}, and that"
                f" is the accuracy; balanced accuracy {100 * metrics['balanced_accuracy']:.1f} %,"
                f" F1 {100 * metrics['f1']:.1f} %",
                steps=steps,
                label=label,
                percent=100 * shares[label],
            )
