"""The figures of a report, each with what it shows in words."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tfmlp.metrics import METRICS
from tfmlp.reports import plots
from tfmlp.reports.pictures import Picture, draw
from tfmlp.reports.summary import Summary

if TYPE_CHECKING:
    from tfmlp.loaded import LoadedRun


def draw_run(summary: Summary) -> dict[str, Picture]:
    """Returns the pictures of a run, by the section that shows them."""
    run, evaluation = summary.run, summary.evaluation
    pictures = {}
    if run.epochs:
        pictures["curves"] = draw_curves([run])
    if evaluation is None:
        return pictures
    if evaluation.confusion:
        alt = f"Confusion matrix of {len(evaluation.confusion)} classes. {_confusion(summary)}"
        pictures["confusion"] = draw(plots.confusion_matrix(run), alt)
    if evaluation.calibration:
        ece = METRICS["accuracy"].show(evaluation.calibration.ece)
        alt = f"Reliability curve: expected calibration error {ece}."
        pictures["calibration"] = draw(plots.calibration(run), alt)
    return pictures


def draw_curves(runs: Sequence["LoadedRun"]) -> Picture:
    """Returns the learning curves of runs, and what they show in words."""
    return draw(plots.learning_curves(*runs), "x")


def _confusion(summary: Summary) -> str:
    """Returns the largest confusion, in words."""
    if not summary.confused:
        return "No example is taken for another class."
    first = summary.confused[0]
    return f"Most often, {first.label} is taken for {first.predicted}: {first.count:,} examples."
