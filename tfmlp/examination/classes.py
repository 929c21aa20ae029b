"""What a network makes of examples with classes: confusion, calibration, its worst mistakes."""

from dataclasses import dataclass

import numpy as np

from tfmlp.data.rowfile import Array
from tfmlp.examination.choice import rounded
from tfmlp.examination.examined import Examined
from tfmlp.examination.images import as_pixels
from tfmlp.reference.calibration import calibrate
from tfmlp.reference.metrics import confusion_matrix
from tfmlp.reference.probabilities import probabilities
from tfmlp.runs.evaluation import Calibration, Mistake
from tfmlp.training.assembly import choose_loss

_MOST_CLASSES, _MOST_MISTAKES = 100, 25


@dataclass(frozen=True)
class Predictions:
    """Predicted classes, one entry an example.

    Attributes:
      labels: The right classes, int [n].
      predicted: The predicted classes, int [n].
      confidence: The probabilities of those, [n].
      label_probability: The probabilities of the right classes, [n].
    """

    labels: Array
    predicted: Array
    confidence: Array
    label_probability: Array

    @classmethod
    def of(cls, examined: Examined, split: str) -> "Predictions":
        """Computes a network's predictions on a split."""
        labels = np.asarray(examined.data.splits[split].labels)
        loss = choose_loss(examined.config, "classification").name
        predicted = np.zeros(len(labels), np.int64)
        confidence, label_probability = np.zeros((2, len(labels)), np.float32)
        for part, outputs in examined.outputs(split):
            rows, found = np.arange(len(outputs)), probabilities(outputs, loss)
            predicted[part] = outputs.argmax(axis=1)
            confidence[part] = found[rows, predicted[part]]
            label_probability[part] = found[rows, labels[part]]
        return cls(labels, predicted, confidence, label_probability)

    def confusion(self, classes: int) -> list[list[int]] | None:
        """Returns the confusion matrix; None of more than 100 classes."""
        if classes > _MOST_CLASSES:
            return None
        counts: list[list[int]] = confusion_matrix(self.predicted, self.labels, classes).tolist()
        return counts

    def calibration(self) -> Calibration:
        """Returns the calibration in 15 bins."""
        found = calibrate(self.confidence, self.predicted == self.labels)
        confidence, accuracy = (
            [None if np.isnan(mean) else mean for mean in rounded(means)]
            for means in (found.confidence, found.accuracy)
        )
        edges, (ece,) = rounded(found.edges), rounded(np.array([found.ece]))
        return Calibration(edges, found.counts.tolist(), confidence, accuracy, ece)

    def mistakes(self, examined: Examined, split: str) -> list[Mistake]:
        """Returns the mistakes of which the model is the surest, at most 25, the surest first."""
        wrong = np.flatnonzero(self.predicted != self.labels)
        order = np.argsort(-self.confidence[wrong], kind="stable")
        chosen = wrong[order[:_MOST_MISTAKES]]
        return [
            Mistake(index, label, predicted, confidence, label_probability, pixels)
            for index, label, predicted, confidence, label_probability, pixels in zip(
                chosen.tolist(),
                self.labels[chosen].tolist(),
                self.predicted[chosen].tolist(),
                rounded(self.confidence[chosen]),
                rounded(self.label_probability[chosen]),
                as_pixels(examined.data.splits[split].features, chosen),
            )
        ]
