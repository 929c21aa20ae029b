"""Descriptions of figures, for whoever does not see them: what a look at each shows."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tfmlp.metrics import METRICS
from tfmlp.reports.summary import Summary
from tfmlp.training.result import EpochResult

if TYPE_CHECKING:
    from tfmlp.loaded import LoadedRun

_SPLITS = {"train": "training", "validation": "validation"}


def describe_curves(run: "LoadedRun") -> str:
    """Returns what the learning curves of a run show: each metric's first, last and best value."""
    epochs = run.epochs
    names = [name for name in METRICS if name in epochs[0].train.to_dict()]
    parts = [f"Learning curves over {len(epochs):,} epoch{'s' if len(epochs) > 1 else ''}"]
    parts += [
        f"{title} {name.replace('_', ' ')} {text}"
        for name in names
        for split, title in _SPLITS.items()
        if (text := _course(epochs, split, name))
    ]
    rates = [epoch.learning_rate for epoch in epochs]
    parts.append(f"learning rate from {rates[0]:.3g} to {rates[-1]:.3g}")
    if run.record.best:
        parts.append(f"best epoch {run.record.best.epoch}")
    return "; ".join(parts) + "."


def _course(epochs: Sequence[EpochResult], split: str, name: str) -> str:
    """Returns where a metric begins, ends and is best; nothing where it is missing."""
    metric, values = METRICS[name], []
    for epoch in epochs:
        metrics = getattr(epoch, split)
        value = metrics and metrics.to_dict().get(name)
        if value is None:
            return ""
        values.append(value)
    best = max(values, key=metric.signed)
    return f"from {metric.show(values[0])} to {metric.show(values[-1])}, best {metric.show(best)}"


def describe_overlay(runs: Sequence["LoadedRun"]) -> str:
    """Returns what the learning curves of several runs show: the range in which they end."""
    parts = [f"Learning curves of {len(runs)} runs, one over the other"]
    for name, metric in METRICS.items():
        ends = [run.epochs[-1].validation or run.epochs[-1].train for run in runs]
        values = [end.to_dict()[name] for end in ends if name in end.to_dict()]
        if values and len(values) == len(runs):
            low, high = metric.show(min(values)), metric.show(max(values))
            parts.append(f"{name.replace('_', ' ')} at the end between {low} and {high}")
    return "; ".join(parts) + "."


def describe_confusion(summary: Summary) -> str:
    """Returns what a confusion matrix shows: the commonest mistake."""
    text = f"Confusion matrix of {len(summary.classes)} classes."
    if not summary.confused:
        return f"{text} No example is taken for another class."
    first = summary.confused[0]
    pair = f"{first.label} is taken for {first.predicted}"
    return f"{text} Most often, {pair}: {first.count:,} examples."


def describe_calibration(summary: Summary) -> str:
    """Returns what a reliability curve shows: on which side of the diagonal it lies."""
    calibration = summary.evaluation and summary.evaluation.calibration
    if not calibration:
        return "Reliability curve."
    bins = zip(calibration.counts, calibration.confidence, calibration.accuracy)
    excess = sum(n * ((sure or 0.0) - (right or 0.0)) for n, sure, right in bins)
    what = "higher" if excess > 0 else "lower"
    ece = METRICS["accuracy"].show(calibration.ece)
    return (
        f"Reliability curve: over all examples, the probabilities are {what} than the share that is"
        f" right; the expected calibration error is {ece}."
    )


def describe_first_layer(summary: Summary) -> str:
    """Returns what the images of the first layer's weights are."""
    first = summary.evaluation and summary.evaluation.first_layer
    if not first:
        return "Weights of the first layer."
    shape = " by ".join(str(size) for size in first.shape[:2])
    return (
        f"Weights of the first {len(first.images)} units of the first layer, as images of {shape}"
        f" pixels: from {first.low:.3g} to {first.high:.3g}."
    )


def describe_layers(summary: Summary) -> str:
    """Returns what the histograms of the layers are."""
    layers = summary.evaluation.layers.end if summary.evaluation else []
    names = ", ".join(one.name for one in layers)
    return (
        "Histograms of weights, activations and gradients at the beginning and at the end, of the"
        f" layers {names}."
    )


def describe_errors(summary: Summary) -> str:
    """Returns what values beside those predicted show."""
    best = summary.headline
    shown = f": root mean squared error {best.show(best.value)}" if best else ""
    return f"Predicted values against true values of the test examples{shown}."
