"""Curves: metrics and learning rate by epoch."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, PercentFormatter

from tfmlp.errors import ConfigError, nearest
from tfmlp.loaded import LoadedRun
from tfmlp.metrics import METRICS
from tfmlp.reports.drawing import (
    Colors,
    Run,
    add_legend,
    colors_of,
    dress,
    loaded,
    make_figure,
    require,
)
from tfmlp.reports.groups import group_runs
from tfmlp.reports.intervals import mean_of
from tfmlp.reports.summary import summarize_all

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

_RATE, _BEST = "learning_rate", "best epoch"
_STYLES: "dict[str, Literal['dashed', 'solid']]" = {"train": "dashed", "validation": "solid"}
_MARKER: dict[str, Any] = {"marker": "D", "markersize": 5, "linestyle": ""}  # of the best epoch
_TITLES = {"train": "training", "validation": "validation"}


def learning_curves(
    *runs: Run, metric: str | Sequence[str] | None = None, dark: bool = False
) -> Figure:
    """Draws metrics and learning rate by epoch; several runs are laid over one another.

    Args:
      runs: Runs, or their folders.
      metric: The metrics, of "loss", "accuracy", "mae", "rmse" and "learning_rate"; None: the loss,
        the accuracy or the root mean squared error, and the learning rate.
      dark: Whether it is to stand on a dark ground.

    Raises:
      CheckpointError, ConfigError, DataError: when a run cannot be read, knows no such metric, or
        has no epochs.

    >>> run = tfmlp.load_run("runs/third")
    >>> [axes.get_title(loc="left") for axes in tfmlp.plots.learning_curves(run).axes]
    ['loss', 'accuracy', 'learning rate']
    """
    read = _with_epochs(runs)
    colors, names = colors_of(dark), _chosen(read, metric)
    figure = make_figure(max(3.6 * len(names), 4.5), 3.5)
    named: dict[str, Artist] = {}
    calls = [summary.name for summary in summarize_all(read)] if len(read) > 1 else [""]
    for axes, name in zip(figure.subplots(1, len(names), squeeze=False)[0], names):
        _dress(axes, colors, read[0], name)
        for number, (run, call) in enumerate(zip(read, calls)):
            named |= _draw(axes, colors, run, name, number, call)
        if name == _RATE:
            axes.set_ylim(bottom=0)  # after all of them: it ends what fits the axes to the curves
    if calls[0] and names != [_RATE]:
        named |= {
            _TITLES[split]: Line2D([], [], color=colors.text, linestyle=style)
            for split, style in _STYLES.items()
        }
    if calls[0] and named.pop(_BEST, None) is not None:  # of all runs, not of the last one's color
        named[_BEST] = Line2D([], [], color=colors.line, **_MARKER)
    add_legend(figure, colors, named)
    return figure


def group_curves(
    *runs: Run, metric: str | Sequence[str] | None = None, dark: bool = False
) -> Figure:
    """Draws the mean over seeds of metrics by epoch, with its 95 % interval as a band.

    Runs that differ by their seed alone are a group. The metrics are those of the validation
    examples, or of the training examples where none were held out; a group's curves end with the
    shortest of its runs.

    Args:
      runs: Runs, or their folders.
      metric: As for `learning_curves`.
      dark: Whether it is to stand on a dark ground.

    Raises:
      CheckpointError, ConfigError, DataError: as `learning_curves`.

    >>> figure = tfmlp.plots.group_curves("runs/third", metric="accuracy")
    >>> figure.axes[0].get_title(loc="left")
    'accuracy, validation'
    """
    read = _with_epochs(runs)
    colors, names = colors_of(dark), [one for one in _chosen(read, metric) if one != _RATE]
    has_validation = all(run.epochs[0].validation for run in read)
    split = "validation" if has_validation else "train"
    summaries = {summary.name: summary for summary in summarize_all(read)}
    groups = group_runs(list(summaries.values()))
    figure = make_figure(max(4.2 * len(names), 5), 3.6)
    named: dict[str, Artist] = {}
    for axes, name in zip(figure.subplots(1, len(names), squeeze=False)[0], names):
        _dress(axes, colors, read[0], name, f", {_TITLES[split]}")
        for number, group in enumerate(groups):
            curves = [_values(summaries[one].run, split, name) for one in group.runs]
            means = [mean_of(values) for values in zip(*curves)]
            epochs, color = range(1, len(means) + 1), colors.of(number)
            line = axes.plot(
                epochs, [one.value for one in means], color=color, marker=_marker(means)
            )
            bands = [one.interval for one in means if one.interval]
            if bands:
                low, high = ([getattr(one, end) for one in bands] for end in ("low", "high"))
                axes.fill_between(epochs, low, high, color=color, alpha=0.25, linewidth=0)
            named[f"{group.name} ({len(curves)} run{'s' if curves[1:] else ''})"] = line[0]
    add_legend(figure, colors, named)
    return figure


def _with_epochs(runs: Iterable[Run]) -> list[LoadedRun]:
    read = [loaded(run) for run in runs]
    if not read:
        raise ConfigError("expected at least one run; received none.")
    for run in read:
        require(run, run.epochs or None, "epochs", "none of them has ended")
    return read


def _chosen(runs: Sequence[LoadedRun], metric: str | Sequence[str] | None) -> list[str]:
    """Returns the names of the metrics to draw.

    Raises:
      ConfigError: for one that none of the runs knows.
    """
    known = [name for name in METRICS if any(name in run.epochs[0].train.to_dict() for run in runs)]
    if metric is None:
        return [name for name in known if name != "mae"] + [_RATE]
    names = [metric] if isinstance(metric, str) else list(metric)
    for name in names:
        if name not in (*known, _RATE):
            raise ConfigError(f"there is no metric {name!r}: {nearest(name, [*known, _RATE])}.")
    return names


def _dress(axes: "Axes", colors: Colors, run: LoadedRun, name: str, of: str = "") -> None:
    label = name.replace("_", " ")
    title = f"{label}{of}"
    if name == "loss":
        label = "mean per example"
    elif name in ("mae", "rmse") and run.schema is not None and run.schema.target:
        label = f"{name} ({run.schema.target})"
    dress(axes, colors, title, "epoch", label)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
    if name != _RATE and METRICS[name].share:
        axes.yaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))


def _draw(
    axes: "Axes", colors: Colors, run: LoadedRun, name: str, number: int, call: str
) -> "dict[str, Artist]":
    """Draws a run's curves, and returns the lines by their names in the legend."""
    is_only = not call
    named: dict[str, Artist] = {}
    epochs = [epoch.epoch for epoch in run.epochs]
    if name == _RATE:
        rates = [epoch.learning_rate for epoch in run.epochs]
        color = colors.of(2 if is_only else number)
        line = axes.plot(epochs, rates, color=color, marker=_marker(epochs))
        return {call or "learning rate": line[0]} if call or axes.figure.axes == [axes] else {}
    for place, split in enumerate(_STYLES):
        values = _values(run, split, name)
        if values:
            color = colors.of(place if is_only else number)
            style = _STYLES[split]
            line = axes.plot(epochs, values, color=color, linestyle=style, marker=_marker(epochs))
            named[call or _TITLES[split]] = line[0]
    best = run.record.best
    if best is not None and name in best.validation and best.epoch <= len(epochs):
        value = best.validation[name]
        color = colors.text if is_only else colors.of(number)
        marker = axes.plot(best.epoch, value, color=color, zorder=3, **_MARKER)
        if is_only:
            axes.axvline(best.epoch, color=color, linewidth=0.8, linestyle=":")
        named[f"best epoch: {best.epoch}" if is_only else _BEST] = marker[0]
    return named


def _values(run: LoadedRun, split: str, name: str) -> list[float]:
    """Returns a metric by epoch; nothing where the run does not have it."""
    metrics = [getattr(epoch, split) for epoch in run.epochs]
    found = [one.to_dict().get(name) for one in metrics if one is not None]
    return [value for value in found if value is not None]


def _marker(values: Sequence[object]) -> str:
    """Returns the marker with which a curve of one point can be seen; none for longer ones."""
    return "o" if len(values) == 1 else ""
