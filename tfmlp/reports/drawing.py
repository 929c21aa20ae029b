"""Drawing: what all figures share: their colors, their axes, and what they are drawn of.

Figures have no ground of their own, so that they may stand on any. Those for a light ground and
those for a dark one differ in their colors, which are told apart by people who do not see all
colors, too (after Okabe and Ito, "Color universal design", 2008).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from tfmlp import files
from tfmlp.errors import DataError
from tfmlp.loaded import LoadedRun, load_run

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.text import Text

Run = LoadedRun | str | Path
T = TypeVar("T")

_LONGEST_NAME, _LONGEST_LEGEND = 24, 50  # characters
CHARACTER = 0.08  # inches that a character is wide, at most


@dataclass(frozen=True)
class Colors:
    """The colors of a figure.

    Attributes:
      ground: What it is meant to stand on.
      text: Of text.
      line: Of axes and grid.
      series: Of lines, bars and points; more than there are begin anew.
    """

    ground: str
    text: str
    line: str
    series: tuple[str, ...]

    def of(self, number: int) -> str:
        """Returns the color of a series."""
        return self.series[number % len(self.series)]

    @property
    def scale(self) -> LinearSegmentedColormap:
        """From nothing (the ground) to all."""
        return LinearSegmentedColormap.from_list("scale", [self.ground, self.series[0]])


_LIGHT = Colors(
    "#ffffff",
    "#1c1e21",
    "#858b93",
    ("#0b57a4", "#c24a00", "#007a58", "#a8478a", "#7a6400", "#5b5f66"),
)
_DARK = Colors(
    "#16181b",
    "#e8eaed",
    "#858b93",
    ("#6db3f2", "#f0914d", "#3fc79f", "#e59acb", "#e8d14f", "#b3b9c1"),
)


def colors_of(dark: bool) -> Colors:
    """Returns the colors for a light or a dark ground."""
    return _DARK if dark else _LIGHT


def make_figure(width: float, height: float, pad: float = 0.08) -> Figure:
    """Makes an empty figure on a transparent ground.

    Args:
      width, height: Inches.
      pad: Inches around each of its axes.
    """
    figure = Figure(figsize=(width, height), facecolor="none")
    figure.set_layout_engine("constrained", w_pad=pad, h_pad=pad)
    return figure


def dress(axes: "Axes", colors: Colors, title: str, x: str, y: str, grid: bool = True) -> None:
    """Gives axes their title, labels, colors and grid."""
    for text in (
        axes.set_title(title, fontsize=11, loc="left"),
        axes.set_xlabel(x),
        axes.set_ylabel(y),
    ):
        plain(text, colors)
    axes.set_facecolor("none")
    axes.tick_params(colors=colors.text, which="both", color=colors.line, labelsize=9)
    for side, spine in axes.spines.items():
        spine.set_color(colors.line)
        spine.set_visible(side in ("left", "bottom"))
    if grid:
        axes.grid(color=colors.line, alpha=0.3, linewidth=0.6)
        axes.set_axisbelow(True)


def show_pixels(axes: "Axes", pixels: npt.NDArray[np.uint8], colormap: str) -> None:
    """Shows an image, uint8 [h, w, 1 or 3]; the colormap is for gray ones."""
    image = pixels[..., 0] if pixels.shape[2] == 1 else pixels
    # Not made larger: each pixel would stand in an SVG file many times.
    axes.imshow(image, cmap=colormap, vmin=0, vmax=255, interpolation="none")


def entitle(figure: Figure, colors: Colors, title: str) -> None:
    """Gives a figure of many axes one title."""
    plain(figure.suptitle(title, fontsize=11), colors)


def add_legend(figure: Figure, colors: Colors, named: "Mapping[str, Artist]") -> None:
    """Puts a legend below the axes; `named` has an artist for each name."""
    # matplotlib leaves out what begins with an underscore.
    short = [shorten(name, _LONGEST_LEGEND) for name in named]
    names = [f" {name}" if name.startswith("_") else name for name in short]
    width = CHARACTER * max(map(len, names)) + 0.5  # with the line or point before it
    columns = max(1, int(figure.get_figwidth() / width))
    legend = figure.legend(
        list(named.values()),
        names,
        loc="outside lower center",
        ncols=min(columns, len(names)),
        frameon=False,
        fontsize=9,
    )
    for text in legend.get_texts():
        plain(text, colors)


def plain(text: "Text", colors: Colors) -> None:
    """Shows a text as it is, in the text's color: "$" in a name begins no formula."""
    text.set_parse_math(False)
    text.set_color(colors.text)


def name_ticks(axis: Any, names: Sequence[str], colors: Colors) -> None:
    """Names the ticks 0, 1, 2, ... of an axis."""
    axis.set_ticks(range(len(names)), [shorten(name) for name in names])
    for text in axis.get_ticklabels():
        plain(text, colors)


def shorten(name: str, longest: int = _LONGEST_NAME) -> str:
    """Returns a name in one line of at most so many characters."""
    name = " ".join(name.split())
    return name if len(name) <= longest else f"{name[: longest - 1]}…"


def loaded(run: Run) -> LoadedRun:
    """Returns a run, which is read where its folder is given.

    Raises:
      CheckpointError: when it cannot be read.
    """
    return run if isinstance(run, LoadedRun) else load_run(run)


def require(run: LoadedRun, value: T | None, what: str, reason: str) -> T:
    """Returns what a figure is drawn of.

    Raises:
      DataError: when the run does not have it.
    """
    if value is None:
        raise DataError(f"the run {files.shown(run.path)} has no {what}: {reason}.")
    return value


def reason_without(run: LoadedRun, task: str, otherwise: str) -> str:
    """Returns why an evaluation lacks what its task would have.

    Args:
      run: The run.
      task: The task that has it.
      otherwise: The reason, where run and task are as they should be.
    """
    evaluation = run.evaluation
    if evaluation.task != task:
        return f"its task is {evaluation.task}"
    return otherwise if evaluation.has_ended else "it has not ended, or diverged"


def class_names(run: LoadedRun, count: int) -> list[str]:
    """Returns at least `count` names of a run's classes, which are numbers where it has none."""
    names = run.record.dataset.class_names
    return names if len(names) >= count else [str(label) for label in range(count)]
