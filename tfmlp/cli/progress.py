"""What is shown on stderr while something runs: a live display on a terminal, plain lines
elsewhere.
"""

import contextlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click


def say(line: str) -> None:
    """Shows a line on stderr, if anybody still reads it: lost progress must not end the work."""
    with contextlib.suppress(OSError):
        click.echo(printable(line), err=True)


def printable(text: str) -> str:
    """Returns text, which may come from a file, without what a terminal would obey."""
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)


def _is_terminal() -> bool:
    return sys.stderr is not None and sys.stderr.isatty()


def _figures(values: dict[str, Any]) -> str:
    shown = []
    for name, value in values.items():
        if name == "accuracy":
            shown.append(f"accuracy {100 * value:.2f} %")
        elif name != "count":
            shown.append(f"{name} {value:.4g}" if value >= 1000 else f"{name} {value:.4f}")
    return "  ".join(shown)


def describe_epoch(epoch: dict[str, Any], epochs: int) -> str:
    """Returns an epoch's figures (as `epochs.jsonl` holds them) as one line."""
    parts = [
        f"epoch {epoch['epoch']:>{len(str(epochs))}}/{epochs}",
        f"train {_figures(epoch['train'])}",
    ]
    if "validation" in epoch:
        parts.append(f"validation {_figures(epoch['validation'])}")
    return " | ".join([*parts, f"{epoch['seconds']:.2f} s"])


@contextmanager
def show_epochs(epochs: int) -> Iterator:
    """Yields a function that shows one epoch's figures: above a progress bar on a terminal, as a
    line elsewhere.
    """
    if not _is_terminal():
        yield lambda epoch: say(describe_epoch(epoch, epochs))
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

        def show(epoch: dict[str, Any]) -> None:
            display.console.print(describe_epoch(epoch, epochs), highlight=False)
            display.advance(task)

        yield show


@contextmanager
def show_downloads() -> Iterator:
    """Yields a function of (file name, bytes so far, bytes in all) that shows how far downloads
    are.
    """
    if not _is_terminal():
        started = set()

        def announce(name: str, done: int, total: int) -> None:
            if name not in started:
                started.add(name)
                say(f"downloading {name} ({total / 1e6:,.1f} MB)")

        yield announce
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        console=Console(stderr=True),
    ) as display:
        tasks = {}

        def show(name: str, done: int, total: int) -> None:
            if name not in tasks:
                tasks[name] = display.add_task(name, total=total)
            display.update(tasks[name], completed=done)

        yield show


def describe_figures(split: str, figures: dict[str, Any]) -> str:
    """Returns a split's figures as a line of results."""
    return f"{split} {_figures(figures)}  ({figures['count']:,} rows)"
