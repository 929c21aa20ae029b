"""What a run's model makes of test examples with values."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from tfmlp.loaded import LoadedRun
from tfmlp.reports.drawing import (
    Run,
    add_legend,
    colors_of,
    dress,
    loaded,
    make_figure,
    reason_without,
    require,
)
from tfmlp.runs.evaluation import Regression


def predicted_against_true(run: Run, dark: bool = False) -> Figure:
    """Draws the predicted values of at most 1,000 test examples against the true ones.

    Args:
      run: A run, or its folder.
      dark: Whether it is to stand on a dark ground.

    Raises:
      CheckpointError, DataError: when the run cannot be read, or predicts classes.

    >>> try:
    ...     tfmlp.plots.predicted_against_true("runs/third")
    ... except tfmlp.DataError as error:
    ...     print(error)
    the run runs/third has no predicted values: its task is classification.
    """
    run, colors = loaded(run), colors_of(dark)
    found, target = _regression(run), _target(run)
    figure = make_figure(4.8, 4.8)
    axes = figure.subplots()
    title = f"{len(found.true):,} of {run.evaluation.count:,} test examples"
    dress(axes, colors, title, f"true {target}", f"predicted {target}")
    ends = [min(found.true + found.predicted), max(found.true + found.predicted)]
    line = axes.plot(ends, ends, color=colors.text, linestyle=":", linewidth=1)
    points = axes.scatter(
        found.true, found.predicted, s=16, color=colors.of(0), alpha=0.6, linewidths=0
    )
    axes.set_aspect("equal", adjustable="datalim")
    add_legend(figure, colors, {"an example": points, "predicted = true": line[0]})
    return figure


def residuals(run: Run, dark: bool = False) -> Figure:
    """Draws the histogram of the residuals (predicted less true) of the test examples.

    Args:
      run: A run, or its folder.
      dark: Whether it is to stand on a dark ground.

    Raises:
      CheckpointError, DataError: when the run cannot be read, or predicts classes.

    >>> try:
    ...     tfmlp.plots.residuals("runs/third")
    ... except tfmlp.DataError as error:
    ...     print(error)
    the run runs/third has no predicted values: its task is classification.
    """
    run, colors = loaded(run), colors_of(dark)
    histogram = _regression(run).histogram
    figure = make_figure(5, 3.4)
    axes = figure.subplots()
    title = f"residuals of {run.evaluation.count:,} test examples"
    dress(axes, colors, title, f"{_target(run)}, predicted less true", "test examples")
    if histogram.counts:
        axes.stairs(histogram.counts, histogram.edges, fill=True, color=colors.of(0), alpha=0.8)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.axvline(0, color=colors.text, linestyle=":", linewidth=1)
    return figure


def errors_by_decile(run: Run, dark: bool = False) -> Figure:
    """Draws the errors of each tenth of the test examples, by their true values.

    Args:
      run: A run, or its folder.
      dark: Whether it is to stand on a dark ground.

    Raises:
      CheckpointError, DataError: when the run cannot be read, or predicts classes.

    >>> try:
    ...     tfmlp.plots.errors_by_decile("runs/third")
    ... except tfmlp.DataError as error:
    ...     print(error)
    the run runs/third has no predicted values: its task is classification.
    """
    run, colors = loaded(run), colors_of(dark)
    deciles, target = _regression(run).deciles, _target(run)
    figure = make_figure(6.4, 3.8)
    axes = figure.subplots()
    dress(
        axes, colors, "errors by tenths of the test examples", f"true {target}", f"error ({target})"
    )
    places = np.arange(len(deciles))
    kinds = ("mae", "mean absolute", -0.2), ("rmse", "root mean squared", 0.2)
    named = {}
    for number, (name, title, shift) in enumerate(kinds):
        errors = [getattr(one, name) for one in deciles]
        named[title] = axes.bar(places + shift, errors, 0.4, color=colors.of(number)).patches[0]
    axes.set_xticks(places, [f"{one.low:.3g} to {one.high:.3g}" for one in deciles])
    for text in axes.get_xticklabels():
        text.set(rotation=45, ha="right", rotation_mode="anchor", fontsize=8)
    axes.grid(visible=False, axis="x")
    add_legend(figure, colors, named)
    return figure


def _regression(run: LoadedRun) -> Regression:
    reason = reason_without(run, "regression", "it was not computed")
    return require(run, run.evaluation.regression, "predicted values", reason)


def _target(run: LoadedRun) -> str:
    """Returns what is predicted, in a word."""
    name = run.schema.target if run.schema is not None else None
    return name or "value"
