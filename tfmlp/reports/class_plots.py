"""What a run's model makes of test examples with classes."""

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from tfmlp.reports.drawing import (
    CHARACTER,
    Run,
    add_legend,
    class_names,
    colors_of,
    dress,
    entitle,
    loaded,
    make_figure,
    name_ticks,
    plain,
    reason_without,
    require,
    shorten,
    show_pixels,
)
from tfmlp.runs.pixels import decode_pixels

_MOST_WRITTEN, _MOST_NAMED = 20, 40  # classes
_COLUMNS = 5


def confusion_matrix(run: Run, dark: bool = False) -> Figure:
    """Draws how many test examples of each class (row) are predicted to be of each (column).

    The color is the share of the row, on a scale on which rare confusions can be seen.

    Args:
      run: A run, or its folder.
      dark: Whether it is to stand on a dark ground.

    Raises:
      CheckpointError, DataError: when the run cannot be read, or has no confusion matrix.

    >>> figure = tfmlp.plots.confusion_matrix("runs/third")
    >>> figure.axes[0].get_ylabel()
    'true class'
    """
    run = loaded(run)
    evaluation, colors = run.evaluation, colors_of(dark)
    reason = reason_without(run, "classification", "it has more than 100 classes")
    counts = np.array(require(run, evaluation.confusion, "confusion matrix", reason))
    names = class_names(run, len(counts))[: len(counts)]
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    side = min(max(0.42 * len(counts), 3), 9)
    is_named = len(counts) <= _MOST_NAMED
    longest = max(len(shorten(name)) for name in names) * CHARACTER if is_named else 0
    is_upright = longest > side / len(counts)
    figure = make_figure(side + 2.2 + longest, side + 1 + longest * is_upright)
    axes = figure.subplots()
    norm = PowerNorm(0.5, 0, 1)
    axes.imshow(shares, cmap=colors.scale, norm=norm)
    title = f"confusion of {evaluation.count:,} test examples"
    dress(axes, colors, title, "predicted class", "true class", grid=False)
    if is_named:
        name_ticks(axes.xaxis, names, colors)
        name_ticks(axes.yaxis, names, colors)
        axes.tick_params(axis="x", labelrotation=90 * is_upright)
    if len(counts) <= _MOST_WRITTEN:
        for (row, column), count in np.ndenumerate(counts):
            if count:
                is_filled = norm(shares[row, column]) > 0.5
                color = colors.ground if is_filled else colors.text
                size = 8 if count < 1000 else 6
                axes.text(
                    column, row, f"{count}", ha="center", va="center", color=color, fontsize=size
                )
    bar = figure.colorbar(ScalarMappable(norm, colors.scale), ax=axes, shrink=0.8)
    bar.ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=" %"))
    bar.set_ticks([0, 0.01, 0.05, 0.1, 0.25, 0.5, 1])
    bar.ax.minorticks_off()
    bar.outline.set_edgecolor(colors.line)
    dress(bar.ax, colors, "", "", "share of the true class", grid=False)
    return figure


def calibration(run: Run, dark: bool = False) -> Figure:
    """Draws the share of right predictions by their probability, and how many there are of each.

    Source: Guo et al., "On calibration of modern neural networks", 2017.

    Args:
      run: A run, or its folder.
      dark: Whether it is to stand on a dark ground.

    Raises:
      CheckpointError, DataError: when the run cannot be read, or has no probabilities.

    >>> figure = tfmlp.plots.calibration("runs/third")
    >>> [axes.get_ylabel() for axes in figure.axes]
    ['share that is right', 'test examples']
    """
    run, colors = loaded(run), colors_of(dark)
    reason = reason_without(run, "classification", "it was not computed")
    found = require(run, run.evaluation.calibration, "calibration", reason)
    figure = make_figure(4.6, 4.8)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    title = f"expected calibration error {100 * found.ece:.2f} %"
    dress(upper, colors, title, "", "share that is right")
    perfect = upper.plot([0, 1], [0, 1], color=colors.text, linestyle=":", linewidth=1)
    pairs = [pair for pair in zip(found.confidence, found.accuracy) if pair[0] is not None]
    upper.plot(*zip(*pairs), color=colors.of(0), alpha=0.35, linewidth=1)
    sizes = [15 + 85 * count / max(found.counts) for count in found.counts if count]
    points = upper.scatter(*zip(*pairs), s=sizes, color=colors.of(0), clip_on=False, zorder=3)
    dress(lower, colors, "", "probability of the predicted class", "test examples")
    edges = np.array(found.edges)
    lower.bar(edges[:-1], found.counts, np.diff(edges), align="edge", color=colors.of(0), alpha=0.8)
    lower.set_yscale("symlog", linthresh=1)
    lower.set_ylim(0, 2 * max(found.counts))
    for axis in (upper.xaxis, upper.yaxis, lower.xaxis):
        axis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=" %"))
    upper.set_xlim(0, 1)
    upper.set_ylim(0, 1.02)
    named = {"a bin of probabilities": points, "perfectly calibrated": perfect[0]}
    add_legend(figure, colors, named)
    return figure


def mistakes(run: Run, dark: bool = False) -> Figure:
    """Draws the test images of which the model is the surest among those that it gets wrong.

    Args:
      run: A run, or its folder.
      dark: Whether it is to stand on a dark ground.

    Raises:
      CheckpointError, DataError: when the run cannot be read, or has no images.

    >>> figure = tfmlp.plots.mistakes("runs/third")
    >>> len(figure.axes)
    25
    """
    run, colors = loaded(run), colors_of(dark)
    evaluation = run.evaluation
    reason = reason_without(run, "classification", "its examples are no images")
    shape = require(run, evaluation.image_shape, "images of mistakes", reason)
    numbers = [number for one in evaluation.mistakes for number in (one.label, one.predicted)]
    names = class_names(run, 1 + max(numbers, default=0))
    shown = [one for one in evaluation.mistakes if one.pixels is not None]
    rows = max(1, -(-len(shown) // _COLUMNS))
    figure = make_figure(1.6 * _COLUMNS, 1.9 * rows + 0.5, pad=0.03)
    places = figure.subplots(rows, _COLUMNS, squeeze=False).ravel()
    for axes in places[len(shown) :]:
        axes.remove()
    for axes, one in zip(places, shown):
        pixels = decode_pixels(one.pixels or "", shape)
        show_pixels(axes, pixels, "gray")
        axes.set_axis_off()
        label, predicted = (shorten(names[number], 15) for number in (one.label, one.predicted))
        text = f"true: {label}\npredicted: {predicted}\n{100 * one.probability:.1f} %"
        plain(axes.set_title(text, fontsize=8, pad=3), colors)
    title = "the mistakes of which the model is the surest, with its probability of them"
    entitle(figure, colors, title if shown else "every test example is recognized")
    return figure
