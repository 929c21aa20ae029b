"""The figures of a page, each with what it shows in words."""

from collections.abc import Sequence

from tfmlp.reports import descriptions, plots
from tfmlp.reports.pictures import Picture, draw, tile
from tfmlp.reports.summary import Summary
from tfmlp.runs.pixels import decode_pixels

_MOST_OVERLAID = 12  # runs in one figure


def draw_run(summary: Summary, is_brief: bool = False) -> dict[str, Picture]:
    """Returns the pictures of a run, by the section that shows them.

    Args:
      summary: What is said of the run.
      is_brief: Whether only the first figure of its test examples is drawn.
    """
    run, evaluation = summary.run, summary.evaluation
    pictures = {}
    if run.epochs and not is_brief:
        alt = descriptions.describe_curves(run)
        pictures["curves"] = draw(plots.learning_curves(run), alt)
    if evaluation is None:
        return pictures
    if evaluation.confusion:
        alt = descriptions.describe_confusion(summary)
        pictures["confusion"] = draw(plots.confusion_matrix(run), alt)
    if evaluation.regression:
        alt = descriptions.describe_errors(summary)
        pictures["errors"] = draw(plots.predicted_against_true(run), alt)
    return pictures if is_brief else pictures | _draw_more(summary)


def _draw_more(summary: Summary) -> dict[str, Picture]:
    """Returns the other pictures of an evaluation."""
    run, evaluation = summary.run, summary.evaluation
    pictures: dict[str, Picture] = {}
    if evaluation is None:
        return pictures
    if evaluation.calibration:
        alt = descriptions.describe_calibration(summary)
        pictures["calibration"] = draw(plots.calibration(run), alt)
    if evaluation.regression:
        alt = "Histogram of the residuals, predicted less true, of the test examples."
        pictures["residuals"] = draw(plots.residuals(run), alt)
    if first := evaluation.first_layer:
        images = [decode_pixels(text, first.shape) for text in first.images]
        dark, bright = ("blue", "red") if first.shape[2] == 1 else ("dark", "bright")
        caption = f"From {first.low:.3g} ({dark}) to {first.high:.3g} ({bright})."
        alt = descriptions.describe_first_layer(summary)
        pictures["first_layer"] = tile(images, alt, caption)
    if evaluation.layers.beginning or evaluation.layers.end:
        alt = descriptions.describe_layers(summary)
        pictures["layers"] = draw(plots.layer_histograms(run), alt)
    return pictures


def draw_several(summaries: Sequence[Summary]) -> dict[str, Picture]:
    """Returns the pictures of several runs: their curves, and those of groups over seeds."""
    runs = [one.run for one in summaries if one.run.epochs]
    shown = runs[:_MOST_OVERLAID]
    if not shown:
        return {}
    caption = f"The first {len(shown)} of {len(runs)} runs." if len(runs) > len(shown) else ""
    alt = descriptions.describe_overlay(shown)
    pictures = {"curves": draw(plots.learning_curves(*shown), alt, caption)}
    alt = "Mean of the metrics over the seeds of each group by epoch, and its 95 % interval."
    pictures["groups"] = draw(plots.group_curves(*runs), alt)
    return pictures
