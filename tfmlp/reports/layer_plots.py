"""What is in a run's layers: their weights, activations and gradients."""

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from tfmlp.examination.choice import evenly
from tfmlp.reports.drawing import (
    Run,
    add_legend,
    colors_of,
    dress,
    entitle,
    loaded,
    make_figure,
    reason_without,
    require,
    show_pixels,
)
from tfmlp.runs.evaluation import Histogram
from tfmlp.runs.pixels import decode_pixels

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

_COLUMNS, _MOST_LAYERS = 8, 12
_KINDS = "weights", "activations", "gradients"
_UNITS = "weight", "output of a unit", "loss by weight"
_BEGINNING, _END = "at the beginning", "at the end"
_LEAST = 1e-3  # of the largest density


def first_layer(run: Run, dark: bool = False) -> Figure:
    """Draws the weights of at most 64 units of the first layer as images.

    Args:
      run: A run, or its folder.
      dark: Whether it is to stand on a dark ground.

    Raises:
      CheckpointError, DataError: when the run cannot be read, or its examples are no images.

    >>> figure = tfmlp.plots.first_layer("runs/third")
    >>> sum(bool(axes.images) for axes in figure.axes)
    16
    """
    run, colors = loaded(run), colors_of(dark)
    evaluation = run.evaluation
    reason = reason_without(run, evaluation.task, "its examples are no images")
    found = require(run, evaluation.first_layer, "images of weights", reason)
    rows = -(-len(found.images) // _COLUMNS)
    figure = make_figure(0.8 * _COLUMNS + 1, 0.8 * rows + 0.6, pad=0.02)
    places = figure.subplots(rows, _COLUMNS, squeeze=False).ravel()
    norm, is_gray = Normalize(found.low, found.high), found.shape[2] == 1
    for axes in places:
        axes.set_axis_off()
    for axes, text in zip(places, found.images):
        pixels = decode_pixels(text, found.shape)
        show_pixels(axes, pixels, "RdBu_r")
    title = f"first layer: weights of {len(found.images)} units"
    if is_gray:
        bar = figure.colorbar(ScalarMappable(norm, "RdBu_r"), ax=list(places), shrink=0.8)
        bar.outline.set_edgecolor(colors.line)
        dress(bar.ax, colors, "", "", "weight", grid=False)
    else:
        title += f", by color, from {found.low:.2g} (dark) to {found.high:.2g} (bright)"
    entitle(figure, colors, title)
    return figure


def layer_histograms(run: Run, dark: bool = False) -> Figure:
    """Draws how weights, activations and gradients are distributed, at the beginning and the end.

    Each distribution is scaled to its largest density; of a deep network, twelve layers are shown.

    Args:
      run: A run, or its folder.
      dark: Whether it is to stand on a dark ground.

    Raises:
      CheckpointError, DataError: when the run cannot be read, or its layers were not looked at.

    >>> figure = tfmlp.plots.layer_histograms("runs/third")
    >>> [axes.get_ylabel() for axes in figure.axes[::3]]
    ['dense_1', 'logits']
    """
    run, colors = loaded(run), colors_of(dark)
    layers = run.evaluation.layers
    looked_at = layers.end or layers.beginning or None
    found = require(run, looked_at, "histograms", "its layers were not looked at")
    shown = [found[number] for number in evenly(len(found), _MOST_LAYERS)]
    figure = make_figure(9, 1.5 * len(shown) + 1)
    grid = figure.subplots(len(shown), len(_KINDS), squeeze=False)
    times = {_BEGINNING: layers.beginning, _END: layers.end}
    named: dict[str, Artist] = {}
    for (row, column), axes in np.ndenumerate(grid):
        kind, name = _KINDS[column], shown[row].name
        title, label = "" if row else kind, "" if column else name
        dress(axes, colors, title, _UNITS[column] if row == len(shown) - 1 else "", label)
        axes.set_yscale("log")
        axes.set_ylim(_LEAST, 2)
        axes.tick_params(axis="y", labelleft=False, length=0, which="both")
        axes.xaxis.set_major_locator(MaxNLocator(4, prune="both"))
        for time, of_all in times.items():
            is_end = time == _END
            for layer in of_all:
                if layer.name == name:
                    color = colors.of(0 if is_end else 1)
                    named[time] = _draw(axes, getattr(layer, kind), color, is_end)
    entitle(figure, colors, "how values are distributed in each layer (density, log scale)")
    add_legend(figure, colors, named)
    return figure


def _draw(axes: "Axes", histogram: Histogram, color: str, fill: bool) -> "Artist":
    """Draws a distribution, and returns its artist."""
    density = np.zeros(1)
    edges = np.array(histogram.edges or [0.0, 1.0])
    if histogram.counts:
        density = np.array(histogram.counts) / np.maximum(np.diff(edges), np.finfo(float).tiny)
        density /= density.max()
    alpha, order = (0.55, 2) if fill else (1.0, 3)
    return axes.stairs(
        density,
        edges,
        baseline=_LEAST,
        color=color,
        fill=fill,
        alpha=alpha,
        linewidth=1.3,
        zorder=order,
    )
