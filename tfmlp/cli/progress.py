"""What is shown on stderr while something runs: a live display on a terminal, lines elsewhere."""

import contextlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from tfmlp.metrics import METRICS
from tfmlp.training.observer import Observer
from tfmlp.training.result import EpochResult

# (file name, bytes so far, bytes in all)
ShowDownload = Callable[[str, int, int], None]


def say(line: str) -> None:
    """Shows a line on stderr, if it is still read: lost progress must not end the work."""
    with contextlib.suppress(OSError):
        click.echo(printable(line), err=True)


def printable(text: str) -> str:
    """Returns text, which may come from a file, without what a terminal would obey."""
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)


def _is_terminal() -> bool:
    return sys.stderr is not None and sys.stderr.isatty()


# One metric beside the loss, so that a line has at most 80 columns.
_SHOWN = ("loss", "accuracy", "rmse")


def describe_epoch(epoch: EpochResult, epochs: int) -> str:
    """Returns an epoch's metrics as one line of at most 80 columns: the loss and one more metric,
    each of training and of validation ("val").
    """
    train = epoch.train.to_dict()
    validation = {} if epoch.validation is None else epoch.validation.to_dict()
    parts = [f"epoch {epoch.epoch:>{len(str(epochs))}}/{epochs}"]
    for name in _SHOWN:
        if name in train:
            shown = f"{name} {METRICS[name].show_briefly(train[name])}"
            if name in validation:
                shown += f" val {METRICS[name].show_briefly(validation[name])}"
            parts.append(shown)
    digits = 1 if epoch.seconds < 99.9 else 0
    return " | ".join([*parts, f"{epoch.seconds:.{digits}f} s"])


class EpochLines(Observer):
    """Shows each epoch as a line."""

    def __init__(self, epochs: int, show: Callable[[str], None] = say):
        self._epochs, self._show = epochs, show

    def on_epoch(self, epoch: EpochResult) -> None:
        self._show(describe_epoch(epoch, self._epochs))


class Warnings(Observer):
    """Shows what a look at each epoch warns of."""

    def __init__(self, look: Callable[[dict[str, Any]], list[str]]):
        self._look = look

    def on_epoch(self, epoch: EpochResult) -> None:
        for warning in self._look(epoch.to_dict()):
            say(f"warning: {warning}.")


@contextmanager
def show_epochs(epochs: int) -> Iterator[Observer]:
    """Yields an observer that shows epochs: above a progress bar on a terminal, lines elsewhere."""
    if not _is_terminal():
        yield EpochLines(epochs)
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("training"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("epochs"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as display:
        task = display.add_task("training", total=epochs)

        def show(line: str) -> None:
            display.console.print(line, highlight=False)
            display.advance(task)

        yield EpochLines(epochs, show)


@contextmanager
def show_downloads() -> Iterator[ShowDownload]:
    """Yields a function that shows how far downloads are."""
    if not _is_terminal():
        started = set()

        def announce(name: str, done: int, total: int) -> None:
            if name not in started:
                started.add(name)
                say(f"downloading {name} ({total / 1e6:,.1f} MB)")

        yield announce
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TransferSpeedColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as display:
        tasks = {}

        def show(name: str, done: int, total: int) -> None:
            if name not in tasks:
                tasks[name] = display.add_task(name, total=total)
            display.update(tasks[name], completed=done)

        yield show
