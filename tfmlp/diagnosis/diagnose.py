"""Why does my net not learn? A short, bounded investigation of a model, its optimizer and its data.

diagnosis = diagnose(model, optimizer, (x_train, y_train), test=(x_test, y_test))
print(diagnosis)        # findings, the most important first
"""

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfmlp import files
from tfmlp.config import Config
from tfmlp.data.dataset import Dataset
from tfmlp.diagnosis import symptoms
from tfmlp.diagnosis.probe import Probe
from tfmlp.diagnosis.symptoms import Finding
from tfmlp.errors import ConfigError, DataError
from tfmlp.training.backend import make_model
from tfmlp.training.engine import count_steps
from tfmlp.training.losses import (
    PerExampleLoss,
    cross_entropy,
    find_loss,
    find_loss_name,
    model_loss,
)
from tfmlp.training.optimizers import learning_rates, make_optimizer

# What makes a range test say nothing of the learning rate.
_EXPLAINS_THE_RATE = (
    "unscaled_inputs",
    "uncentered_inputs",
    "symmetric_weights",
    "softmax_twice",
    "logits_as_probabilities",
    "constant_labels",
    "unrelated_labels",
    "wrong_gradient",
    "penalty_too_strong",
    "dropout_too_strong",
)
_STEPS = 300
_RATES = np.geomspace(1e-6, 10, 57)  # eight a decade
_ONE_BATCH = 32


@dataclass
class Diagnosis:
    """What `diagnose` found.

    Attributes:
      findings: The most important first; none for a healthy training.
      facts: What was seen besides, by name.
      range_test: (learning rates, smoothed losses) of the range test.
      seconds: How long it took.
    """

    findings: list[Finding] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    range_test: tuple[list[float], list[float]] = ((), ())
    seconds: float = 0.0

    @property
    def healthy(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    def to_dict(self) -> dict[str, Any]:
        """Returns the diagnosis as plain values."""
        return {
            "healthy": self.healthy,
            "findings": [vars(finding) for finding in self.findings],
            "facts": self.facts,
            "seconds": round(self.seconds, 1),
        }

    def __str__(self) -> str:
        if self.healthy:
            return "healthy: nothing wrong was found"
        lines = []
        for number, finding in enumerate(self.findings, 1):
            lines += [
                f"{number}. {finding.text}",
                f"   seen: {finding.evidence}",
                f"   cure: {finding.cure}",
            ]
        return "\n".join(lines)


def diagnose(
    model: keras.Model,
    optimizer: keras.optimizers.Optimizer,
    train: tuple[np.ndarray, np.ndarray],
    *,
    test: tuple[np.ndarray, np.ndarray] | None = None,
    loss: str | PerExampleLoss = "cross_entropy",
    batch_size: int = 128,
    shuffle: bool = True,
    history: list[dict[str, Any]] | None = None,
    step: Callable | None = None,
    seconds: float = 45.0,
) -> Diagnosis:
    """Investigates a training. The model's weights are afterwards what they were.

    Args:
      model: A built Keras model with its initial (or any other) weights.
      optimizer: A Keras optimizer.
      train: Features [n, ...] and labels [n] as they go into the model.
      test: Test rows, to look for training rows among them.
      loss: "cross_entropy" (of logits), another of tfmlp's names, or a function of (labels,
        outputs) that returns one loss per example, such as
        `keras.losses.sparse_categorical_crossentropy`.
      batch_size: Rows in a batch.
      shuffle: Whether training visits the rows in a new order each epoch.
      history: Epochs as `epochs.jsonl` holds them, to look for over-fitting.
      step: A `tf.function` of (features, labels), to look for retracing.
      seconds: About how long the investigation may take.

    Returns:
      A `Diagnosis`.

    Raises:
      ConfigError: when the model is not built.
    """
    if not model.built:
        raise ConfigError(
            "the model has no weights yet: call model.build(...), or call it on one batch, before"
            " diagnosing it."
        )
    started = time.perf_counter()
    features, labels = np.asarray(train[0]), np.asarray(train[1])
    function = find_loss(loss)
    diagnosis = Diagnosis()
    found = diagnosis.findings
    outputs = int(model(tf.constant(features[:1]), training=False).shape[-1])
    classes = outputs if labels.dtype.kind in "iu" and outputs > 1 else 1
    found += symptoms.data_findings(features, labels, test, outputs, shuffle, classes > 1)
    usable = classes == 1 or bool(((labels >= 0) & (labels < outputs)).all())
    if not usable or any(finding.name == "nan_inputs" for finding in found):
        return _finished(diagnosis, started)  # what trains on it would only repeat this
    probe = Probe(model, optimizer, function, features, labels, batch_size, shuffle)
    try:
        _investigate(probe, diagnosis, classes, function, started + seconds)
        if step is not None:
            found += symptoms.retracing_findings(step, features, labels)
    finally:
        probe.restore()
    found += symptoms.history_findings(history or [])
    return _finished(diagnosis, started)


def _investigate(
    probe: Probe, diagnosis: Diagnosis, classes: int, loss: PerExampleLoss, until: float
) -> None:
    found, model = diagnosis.findings, probe.model
    views = probe.views()
    found += symptoms.input_findings(views, probe.features.shape[1:])
    found += symptoms.output_findings(
        probe, views, _takes_logits(loss) if classes > 1 else True, classes
    )
    if any(finding.name == "nan_forward" for finding in found):
        return
    found += symptoms.weight_findings(model)
    found += symptoms.flag_findings(probe)
    found += symptoms.layer_findings(views, "before training")
    found += symptoms.penalty_findings(probe)
    gradients = probe.gradients()
    found += symptoms.gradient_findings(model, gradients)
    found += symptoms.slope_findings(probe, gradients, views)
    before = float(probe.losses().mean())
    majority = _share_of_majority(probe.batch[1]) if classes > 1 else None
    right_before = _accuracy(probe) if classes > 1 else None

    run = probe.train(_STEPS, seconds=max(2.0, min(12.0, until - time.perf_counter() - 15)))
    after = float(probe.losses().mean())
    learned = np.isfinite(after) and after < 0.9 * before
    if classes > 1:
        accuracy = _accuracy(probe)
        learned = (
            np.isfinite(after)
            and accuracy > majority + 0.1 * (1 - majority)
            and accuracy > right_before - 0.02
        )
        diagnosis.facts |= {"accuracy_after": accuracy, "majority_share": majority}
    diagnosis.facts |= {
        "initial_loss": before,
        "loss_after": after,
        "steps": len(run.losses),
        "learned": bool(learned),
        "update_ratios": _update_ratios(probe),
    }
    if not learned:
        found += symptoms.training_findings(probe, run, classes, probe.batch[1])
        if run.non_finite is None and not any(finding.name == "dead_units" for finding in found):
            found += symptoms.layer_findings(probe.views(), f"after {len(run.losses)} steps")
    probe.restore()

    suggested, breaks = _range_test(
        probe, diagnosis, seconds=max(1.0, min(8.0, until - time.perf_counter() - 6))
    )
    probe.restore()
    explained = any(finding.name in _EXPLAINS_THE_RATE for finding in found)
    if not explained:
        found += symptoms.rate_findings(probe, learned, run.losses, suggested, breaks)
    if not learned:
        rows = probe.rows[:_ONE_BATCH]
        run = probe.train(
            200, rows=rows, rate=suggested, seconds=max(1.0, min(5.0, until - time.perf_counter()))
        )
        fitted = run.losses[-1] < 0.3 * run.losses[0] if run.non_finite is None else False
        diagnosis.facts["overfits_one_batch"] = bool(fitted)
        if not fitted:
            found.append(
                Finding(
                    "cannot_overfit",
                    62,
                    f"the net cannot even fit {len(rows)} rows",
                    f"loss {run.losses[0]:.4g} before, {run.losses[-1]:.4g} after {len(run.losses)}"
                    f" steps at a learning rate of {run.rates[-1]:.2g}",
                    "something between inputs and loss is broken: see the findings above",
                )
            )
        elif not found:
            found.append(
                Finding(
                    "not_learning",
                    50,
                    "the net does not learn, and no cause was found",
                    f"loss {before:.4g} before, {after:.4g} after {diagnosis.facts['steps']} steps;"
                    f" it can fit {len(rows)} rows",
                    "train longer, or look at the data",
                )
            )


def _range_test(
    probe: Probe, diagnosis: Diagnosis, seconds: float
) -> tuple[float | None, float | None]:
    """Raises the learning rate from step to step. Returns the rate to take, and the one at which
    training breaks down (None: it does not).
    """
    run = probe.train(len(_RATES), rate=lambda number: float(_RATES[number]), seconds=seconds)
    losses = np.array(run.losses, float)
    if len(losses) < 10:
        return None, None
    smooth, kept = [], losses[0]
    for value in losses:
        kept = 0.7 * kept + 0.3 * value if np.isfinite(value) else np.inf
        smooth.append(kept)
    smooth = np.array(smooth)
    diagnosis.range_test = (run.rates, smooth.tolist())
    lowest = int(np.nanargmin(smooth))
    broken = next(
        (
            i
            for i in range(lowest, len(smooth))
            if not np.isfinite(smooth[i])
            or smooth[i] > 2 * smooth[lowest] + 0.5 * abs(losses[0] - smooth[lowest])
        ),
        None,
    )
    if smooth[lowest] > 0.98 * losses[0]:
        return None, None  # no rate helps
    suggested = float(_RATES[max(lowest - 4, 0)])  # half a decade below the lowest loss
    diagnosis.facts |= {"suggested_learning_rate": suggested}
    return suggested, None if broken is None else float(_RATES[broken])


def _takes_logits(loss: PerExampleLoss) -> bool:
    """Returns whether a loss of classes takes logits: then adding a constant to a row changes
    nothing.
    """
    if loss is cross_entropy:
        return True
    rows, labels = tf.constant([[0.2, 0.5, 0.3]]), tf.constant([1])
    with contextlib.suppress(Exception):
        return bool(np.allclose(loss(labels, rows), loss(labels, rows + 1), atol=1e-5))
    return True


def _share_of_majority(labels: np.ndarray) -> float:
    return float(np.bincount(labels.astype(int)).max() / len(labels))


def _accuracy(probe: Probe) -> float:
    return float(np.mean(probe.outputs().argmax(axis=1) == probe.batch[1]))


def _update_ratios(probe: Probe) -> list[float]:
    """Returns, for each kernel, the norm of what the steps changed over that of the weights."""
    pairs = zip(probe.model.weights, probe._kept, strict=True)
    return [
        float(np.linalg.norm(np.asarray(now) - kept) / max(np.linalg.norm(kept), 1e-12))
        for now, kept in pairs
        if kept.ndim == 2
    ]


def _finished(diagnosis: Diagnosis, started: float) -> Diagnosis:
    unique = {finding.name: finding for finding in reversed(diagnosis.findings)}
    diagnosis.findings = sorted(unique.values(), key=lambda finding: -finding.severity)
    diagnosis.seconds = time.perf_counter() - started
    return diagnosis


def diagnose_config(
    config: Config,
    data: Dataset,
    history: list[dict[str, Any]] | None = None,
    seconds: float = 45.0,
) -> Diagnosis:
    """Investigates the training that a configuration describes, or of which a run folder tells.

    Args:
      config: The configuration.
      data: Its data.
      history: The run's epochs.
      seconds: About how long it may take.
    """
    model = make_model(config, data)
    optimizer = make_optimizer(
        config.optimization,
        learning_rates(config.optimization, count_steps(len(data.train), config)),
    )
    return diagnose(
        model,
        optimizer,
        (data.train.features, data.train.labels),
        test=(data.test.features, data.test.labels),
        loss=model_loss(model, find_loss_name(config, data.task)),
        batch_size=config.optimization.batch_size,
        shuffle=config.optimization.shuffle,
        history=history,
        seconds=seconds,
    )


def draw_range_test(diagnosis: Diagnosis, path: Path) -> None:
    """Draws the range test into a picture file.

    Raises:
      DataError: when there was none, or the file cannot be written.
    """
    from matplotlib.figure import Figure

    rates, losses = diagnosis.range_test
    if not rates:
        raise DataError("there is no range test to draw: the investigation ended before it.")
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    axes.semilogx(rates, np.minimum(losses, 3 * losses[0]))
    if suggested := diagnosis.facts.get("suggested_learning_rate"):
        axes.axvline(suggested, color="gray", linestyle="--", label=f"suggested: {suggested:.2g}")
        axes.legend()
    axes.set_xlabel("learning rate")
    axes.set_ylabel("smoothed training loss")
    try:
        with files.written_atomically(path) as temporary:
            figure.savefig(temporary, dpi=100, format="png")
    except OSError as error:
        raise DataError(f"cannot write {path}: {error.strerror}. Choose another --plot.") from None
