"""What is said on stderr while something runs, and, on a terminal, how far it is."""

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

import click

if TYPE_CHECKING:
    from rich.progress import Progress, ProgressColumn

QUIET_KEY = "tfmlp.quiet"
# (what is done, as "reading a.csv", bytes so far, bytes in all)
ShowLoading = Callable[[str, int, int], None]


def say(line: str) -> None:
    """Shows a line on stderr, if it is still read: lost progress must not end the work."""
    if sys.stderr is not None:
        # Not by click, which writes past a display that takes what comes to stderr.
        with contextlib.suppress(OSError):
            print(printable(line), file=sys.stderr, flush=True)


def tell(line: str) -> None:
    """Shows a line of progress on stderr, as `say` does, unless --quiet was given."""
    if not is_quiet():
        say(line)


def printable(text: str) -> str:
    """Returns text, which may come from a file, without what a terminal would obey."""
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)


def is_quiet() -> bool:
    """Returns whether the command was called with --quiet."""
    context = click.get_current_context(silent=True)
    return context is not None and bool(context.meta.get(QUIET_KEY))


def is_terminal(stream: TextIO | None) -> bool:
    """Returns whether a stream, which is None where it was closed, is a terminal."""
    return stream is not None and stream.isatty()


def is_live() -> bool:
    """Returns whether stderr is a terminal on which a line can be written anew, and may be."""
    return (
        is_terminal(sys.stderr)
        and os.environ.get("TERM") not in ("dumb", "unknown")
        and not is_quiet()
    )


@contextmanager
def show_loading(dataset: str) -> Iterator[ShowLoading]:
    """Shows that a dataset is read; yields a function that shows how far its files are."""
    if not is_live():
        started = set()

        def announce(what: str, done: int, total: int) -> None:
            if what not in started:
                started.add(what)
                tell(f"{what} ({total / 1e6:,.1f} MB)")

        yield announce
        return
    from rich.progress import BarColumn, DownloadColumn, TaskID, TextColumn, TimeElapsedColumn

    elapsed = TimeElapsedColumn()
    with _shown(TextColumn("{task.description}", markup=False), elapsed, BarColumn()) as display:
        whole = display.add_task(printable(f"reading {dataset}"), total=None)
        tasks: dict[str, TaskID] = {}

        def show(what: str, done: int, total: int) -> None:
            if what not in tasks:
                if not tasks:
                    display.columns = (*display.columns, DownloadColumn())
                    display.update(whole, visible=False)
                tasks[what] = display.add_task(printable(what), total=total)
            display.update(tasks[what], completed=done)

        yield show


@contextmanager
def show_work(
    what: str, parts: int | None = None, limit: float | None = None
) -> Iterator[Callable[[str], None]]:
    """Shows on a terminal that something takes its time, and for how long it has.

    Args:
      what: What is done, as a person reads it.
      parts: How many parts it has, if that is known.
      limit: How many seconds it may take, if that is known.

    Yields:
      A function that is called with the name of each part, when the part begins.
    """
    if not is_live():
        yield lambda part: None
        return
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        ProgressColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns: list[ProgressColumn] = [TextColumn("{task.description}", markup=False)]
    if limit is None:
        columns.append(TimeElapsedColumn())
    else:
        columns.append(TextColumn("{task.elapsed:.0f} s of at most " + f"{limit:g} s"))
    if parts is not None:
        columns += [BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(compact=True)]
    with _shown(*columns) as display:
        task = display.add_task(printable(what), total=parts)
        begun = 0

        def begin(part: str) -> None:
            nonlocal begun
            display.update(task, description=printable(f"{what} {part}"), completed=begun)
            begun += 1

        yield begin


def _shown(*columns: "ProgressColumn") -> "Progress":
    from rich.progress import Progress

    from tfmlp.cli.terminal import Terminal

    return Progress(
        *columns,
        console=Terminal(),
        refresh_per_second=2,
        speed_estimate_period=float("inf"),  # parts can take minutes, and all of them count
        transient=True,
        redirect_stdout=False,  # what is printed there is the result
    )
