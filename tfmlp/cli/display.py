"""What `tfmlp train` shows while it trains: a live display, plain lines, JSON lines, or nothing."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from tfmlp import files
from tfmlp.cli.epochs import EpochLines, Warnings
from tfmlp.cli.progress import QUIET_KEY, is_live, is_quiet, is_terminal
from tfmlp.errors import CheckpointError
from tfmlp.training.observer import Observer
from tfmlp.training.result import EpochResult

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from tfmlp.tensorboard import TensorBoard
    from tfmlp.training.loop import Training

_Function = TypeVar("_Function", bound=Callable[..., Any])


def display_options(function: _Function) -> _Function:
    """Adds --quiet, --json-lines and --tensorboard."""
    quiet = click.option(
        "--quiet",
        is_flag=True,
        expose_value=False,
        is_eager=True,
        callback=_set_quiet,
        help="Show no progress: only warnings and errors, and the result.",
    )
    json_lines = click.option(
        "--json-lines",
        is_flag=True,
        help="Print each epoch as a line of JSON as it ends, and the run's record as the last one.",
    )
    tensorboard = click.option(
        "--tensorboard",
        metavar="[DIR]",
        is_flag=False,
        flag_value="",
        help=(
            "Write what TensorBoard shows into DIR: metrics, histograms of weights, the confusion"
            " matrix. Without DIR, into the run folder's tensorboard."
        ),
    )
    return quiet(json_lines(tensorboard(function)))


def _set_quiet(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value:
        ctx.meta[QUIET_KEY] = True


class JsonLines(Observer):
    """Prints each epoch as a line of JSON on stdout, as long as they can be written.

    When they no longer can, as when whoever read them has ended, the training goes on; `end` raises
    the error.
    """

    def __init__(self) -> None:
        self._error: OSError | None = None

    def on_epoch(self, epoch: EpochResult) -> None:
        if self._error is None:
            try:
                self._print("epoch", epoch.to_dict())
            except OSError as error:
                self._error = error

    def end(self, values: dict[str, Any]) -> None:
        """Prints the last line.

        Raises:
          OSError: when this line or one before it cannot be written.
        """
        if self._error is not None:
            raise self._error
        self._print("end", values)

    def _print(self, event: str, values: dict[str, Any]) -> None:
        click.echo(json.dumps({"event": event} | values, allow_nan=False))


@contextmanager
def show_training(
    training: "Training", look: Callable[[dict[str, Any]], list[str]], json_lines: JsonLines | None
) -> Iterator[list[Observer]]:
    """Yields the observers that show a training.

    Args:
      training: The training.
      look: Returns what is to be warned of after an epoch.
      json_lines: What prints epochs as JSON, if they are to be.
    """
    printing = [] if json_lines is None else [json_lines]
    # Where both go to a terminal, JSON lines are the progress.
    is_told = bool(printing) and is_terminal(sys.stdout) and is_terminal(sys.stderr)
    if is_quiet() or is_told:
        yield [Warnings(look), *printing]
    elif is_live():
        from tfmlp.cli.live import live_epochs

        with live_epochs(training) as live:
            yield [live, Warnings(look, live.say), *printing]
    else:
        yield [EpochLines(training.config.optimization.epochs), Warnings(look), *printing]


def check_board(given: str | None) -> None:
    """Finds out, before any work is done, whether what --tensorboard names can be written into.

    Raises:
      CheckpointError: when it cannot.
    """
    if given:
        folder = files.user_path(given)
        try:
            files.require_writable_folder(folder)
        except OSError as error:
            raise CheckpointError(
                f"cannot write TensorBoard's files into {folder}: {error.filename} is not a"
                f" writable folder ({error.strerror}): choose another --tensorboard."
            ) from None


def open_board(
    training: "Training", given: str | None, run: Path, resumed: bool
) -> "TensorBoard | None":
    """Returns what writes for TensorBoard, if --tensorboard was given, or if the run that goes on
    has its log in its folder.

    Args:
      training: The training.
      given: What was given: a folder, or "" for that in the run folder; None for nothing.
      run: The run folder.
      resumed: Whether a run goes on.
    """
    own = run / "tensorboard"
    if given is None and not (resumed and own.is_dir()):
        return None
    from tfmlp.tensorboard import TensorBoard

    folder = files.user_path(given) if given else own
    return TensorBoard(training, folder, resumed)


def draw_confusion(run: Path) -> "Figure | None":
    """Returns the figure of a run's confusion matrix, if it has one."""
    from tfmlp.loaded import load_run
    from tfmlp.reports import plots

    loaded = load_run(run)
    return plots.confusion_matrix(loaded) if loaded.evaluation.confusion else None
