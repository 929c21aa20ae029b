"""`Investigation`: looks at a model before, during and after a short training, in this order."""

import time

import numpy as np

from tfmlp.diagnosis.catalog import make_finding
from tfmlp.diagnosis.findings import Name
from tfmlp.diagnosis.probe import Probe
from tfmlp.diagnosis.range_test import run_range_test
from tfmlp.diagnosis.report import Diagnosis
from tfmlp.diagnosis.short_training import ShortTraining, train_briefly
from tfmlp.diagnosis.symptoms.dropout import dropout_findings, flag_findings
from tfmlp.diagnosis.symptoms.gradients import derivative_findings, gradient_findings
from tfmlp.diagnosis.symptoms.inputs import input_findings
from tfmlp.diagnosis.symptoms.learning_rate import rate_findings
from tfmlp.diagnosis.symptoms.outputs import output_findings
from tfmlp.diagnosis.symptoms.training import training_findings
from tfmlp.diagnosis.symptoms.units import unit_findings
from tfmlp.diagnosis.symptoms.weights import penalty_findings, weight_findings

_STEPS = 300
_STEPS_ON_ONE_BATCH = 200
_ONE_BATCH = 32  # examples
# With one of these, the training says nothing about the learning rate.
_EXPLAINS_THE_RATE = {
    Name.UNSCALED_INPUTS,
    Name.UNCENTERED_INPUTS,
    Name.SMALL_INPUTS,
    Name.SYMMETRIC_WEIGHTS,
    Name.SOFTMAX_TWICE,
    Name.LOGITS_AS_PROBABILITIES,
    Name.CONSTANT_LABELS,
    Name.UNRELATED_LABELS,
    Name.WRONG_GRADIENT,
    Name.PENALTY_TOO_STRONG,
    Name.DROPOUT_TOO_STRONG,
}


class Investigation:
    """Looks at a model, and adds what it finds to a diagnosis.

    Args:
      probe: The model, its optimizer, loss and data.
      diagnosis: What was found so far.
      classes: The number of classes; 1 for regression.
      until: When to end, as `time.perf_counter` counts.
    """

    def __init__(self, probe: Probe, diagnosis: Diagnosis, classes: int, until: float):
        self.probe, self.diagnosis = probe, diagnosis
        self.classes, self.until = classes, until

    def run(self) -> None:
        """Takes all looks. The model's weights may differ afterwards."""
        self._look_at_model()
        if Name.NAN_FORWARD in self.diagnosis.names:
            return  # a training would only repeat this
        training, learned = self._train()
        self.probe.restore()
        # On imbalanced data a net can learn nothing for want of examples, whatever the learning
        # rate; but a loss that falls shows that the rate works.
        facts = self.diagnosis.facts
        falls = facts["loss_after"] < 0.5 * facts["initial_loss"]
        works = falls and Name.IMBALANCE in self.diagnosis.names
        self._test_learning_rates(training, learned or works)
        self.probe.restore()
        if not learned:
            self._fit_one_batch()

    def _look_at_model(self) -> None:
        probe, found = self.probe, self.diagnosis.findings
        views = probe.views()
        found += input_findings(views, probe.features.shape[1:])
        found += output_findings(probe, views, self.classes)
        if Name.NAN_FORWARD in self.diagnosis.names:
            return
        found += weight_findings(probe.model)
        found += flag_findings(probe)
        found += unit_findings(views, "before training")
        found += penalty_findings(probe)
        found += dropout_findings(probe.model)
        gradients = probe.gradients()
        found += gradient_findings(probe.model, gradients)
        found += derivative_findings(probe, gradients, views)

    def _train(self) -> tuple[ShortTraining, bool]:
        # Returns a short training as configured, and whether the model learned in it.
        probe, facts, found = self.probe, self.diagnosis.facts, self.diagnosis.findings
        loss_before, accuracy_before = self._loss_and_accuracy()
        training = train_briefly(probe, _STEPS, self._seconds(2.0, 12.0, reserve=15))
        loss, accuracy = self._loss_and_accuracy()
        finite = bool(np.isfinite(loss))
        if self.classes > 1:
            labels = probe.batch[1]
            majority = float(np.bincount(labels.astype(int)).max() / len(labels))
            better = accuracy > majority + 0.1 * (1 - majority)
            better = better and accuracy > accuracy_before - 0.02
            facts |= {"accuracy_after": accuracy, "majority_share": majority}
            if Name.IMBALANCE in self.diagnosis.names:  # accuracy says little
                by_class = probe.class_counts(self.classes).metrics()
                occurring = len(np.unique(labels))
                better = by_class["balanced_accuracy"] > (1 + 0.1 * (occurring - 1)) / occurring
                facts |= {f"{name}_after": value for name, value in by_class.items()}
            learned = finite and better
        else:
            learned = finite and bool(loss < 0.9 * loss_before)
        facts |= {
            "initial_loss": loss_before,
            "loss_after": loss,
            "steps": len(training.losses),
            "learned": learned,
            "update_ratios": probe.relative_changes(),
        }
        if not learned:
            found += training_findings(probe, training, self.classes)
            if training.non_finite is None and Name.DEAD_UNITS not in self.diagnosis.names:
                found += unit_findings(probe.views(), f"after {len(training.losses)} steps")
        return training, learned

    def _test_learning_rates(self, training: ShortTraining, learned: bool) -> None:
        test = run_range_test(self.probe, self._seconds(1.0, 8.0, reserve=6))
        self.diagnosis.range_test = test
        if test.suggested is not None:
            self.diagnosis.facts["suggested_learning_rate"] = test.suggested
        if not self.diagnosis.names & _EXPLAINS_THE_RATE:
            self.diagnosis.findings += rate_findings(
                self.probe.learning_rate, training.losses, learned, test
            )

    def _fit_one_batch(self) -> None:
        facts, found = self.diagnosis.facts, self.diagnosis.findings
        training = train_briefly(
            self.probe,
            _STEPS_ON_ONE_BATCH,
            self._seconds(1.0, 5.0, reserve=0),
            rate=self.diagnosis.range_test.suggested,
            examples=self.probe.chosen[:_ONE_BATCH],
        )
        losses, count = training.losses, min(_ONE_BATCH, len(self.probe.chosen))
        fitted = training.non_finite is None and losses[-1] < 0.3 * losses[0]
        facts["overfits_one_batch"] = fitted
        if not fitted:
            evidence = (
                f"the loss goes from {losses[0]:.4g} to {losses[-1]:.4g} in {len(losses)} steps"
                f" with a learning rate of {training.rates[-1]:.2g}"
            )
            found.append(make_finding(Name.CANNOT_OVERFIT, evidence, count=count))
        elif not found:
            evidence = (
                f"the loss goes from {facts['initial_loss']:.4g} to {facts['loss_after']:.4g} in"
                f" {facts['steps']} steps; the net can fit {count} examples"
            )
            found.append(make_finding(Name.NOT_LEARNING, evidence))

    def _loss_and_accuracy(self) -> tuple[float, float]:
        accuracy = self.probe.accuracy() if self.classes > 1 else 0.0
        return float(self.probe.losses().mean()), accuracy

    def _seconds(self, least: float, most: float, reserve: float) -> float:
        # How long the next training may take, when later ones need the reserve.
        return max(least, min(most, self.until - time.perf_counter() - reserve))
