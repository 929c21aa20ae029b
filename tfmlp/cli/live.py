"""The live display of a training: its epochs, and below them, written anew, where it stands.

    epoch  2/10 | loss 0.2501 val 0.1840 | accuracy 92.71 % val 94.90 % | 1.9 s
    epoch 3/10  1.3k steps/s  loss 0.1932  accuracy 94.30 %  lr 0.001  0:14 left

It is written when an epoch ends and at the pauses within epochs, at most five times a second.
Nothing of it runs between two steps, and no thread beside them.
"""

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.live import Live
from rich.text import Text

from tfmlp.cli.epochs import describe_epoch, describe_metrics
from tfmlp.cli.progress import say
from tfmlp.cli.terminal import Terminal
from tfmlp.metrics import Metrics
from tfmlp.training.observer import Observer
from tfmlp.training.result import EpochResult

if TYPE_CHECKING:
    from tfmlp.training.loop import Training

_SECONDS = 0.2  # between two writings: that of an epoch of a millisecond would take as long again
_MARKS = 10  # over how many writings the speed is taken


@contextmanager
def live_epochs(training: "Training") -> Iterator["LiveEpochs"]:
    """Yields the observer that shows a training on a terminal, and takes its last line away."""
    console = Terminal(soft_wrap=True)
    # What is printed on stdout is the result.
    live = Live(
        Text("training"),
        console=console,
        auto_refresh=False,
        transient=True,
        redirect_stdout=False,
    )
    epochs = LiveEpochs(training, live)
    live.start(refresh=True)
    try:
        yield epochs
    finally:
        try:
            epochs.flush()
        finally:
            live.stop()


class LiveEpochs(Observer):
    """Shows each epoch as a line, and below them where the training stands.

    Args:
      training: The training.
      live: What is written anew.
    """

    def __init__(self, training: "Training", live: Live):
        self._training, self._live = training, live
        self._lines: list[str] = []  # that were not written yet
        self._speed = Speed()
        self._state, self._written = "", -_SECONDS

    def on_epoch(self, epoch: EpochResult) -> None:
        training, epochs = self._training, self._training.config.optimization.epochs
        self._lines.append(describe_epoch(epoch, epochs))
        if training.stopped_early or epoch.epoch >= epochs:
            self._write("evaluating on the test examples")
        elif self._is_due():
            self._show(epoch.train)

    def on_pause(self) -> None:
        if self._is_due():
            self._show(self._training.backend.train_metrics(self._training.step))

    def say(self, line: str) -> None:
        """Shows a line below the epochs so far."""
        self.flush()
        say(line)

    def flush(self) -> None:
        """Writes the epochs that were not written yet."""
        if self._lines:
            self._write(self._state)

    def _is_due(self) -> bool:
        return time.monotonic() - self._written >= _SECONDS

    def _show(self, metrics: Metrics) -> None:
        backend = self._training.backend
        self._speed.mark(backend.steps, time.monotonic())
        speed, width = self._speed.steps_a_second, self._live.console.width
        self._write(describe_state(self._training, metrics, speed, width))

    def _write(self, state: str) -> None:
        self._written, self._state = time.monotonic(), state
        lines, self._lines = self._lines, []
        with self._live.console as console:  # both are one writing
            if lines:
                console.print("\n".join(lines))
            self._live.update(Text(state), refresh=True)


class Speed:
    """How fast a training goes, validation included, over the last marks.

    >>> speed = Speed()
    >>> for steps, seconds in ((100, 7.0), (300, 8.0), (500, 9.0)):
    ...     speed.mark(steps, seconds)
    >>> speed.steps_a_second
    200.0
    """

    def __init__(self) -> None:
        self._marks: deque[tuple[int, float]] = deque(maxlen=_MARKS)

    def mark(self, steps: int, seconds: float) -> None:
        """Takes how many steps are done at a time."""
        if self._marks and steps < self._marks[-1][0]:  # it was rolled back
            self._marks.clear()
        self._marks.append((steps, seconds))

    @property
    def steps_a_second(self) -> float | None:
        """Steps a second; None before there are two marks."""
        if len(self._marks) < 2:
            return None
        (before, began), (steps, now) = self._marks[0], self._marks[-1]
        return (steps - before) / (now - began) if now > began and steps > before else None


def describe_state(
    training: "Training", metrics: Metrics, steps_a_second: float | None, width: int
) -> str:
    """Returns where a training stands, in one line of at most `width` columns.

    What has no place is left out, the least important first.
    """
    epochs, timetable = training.config.optimization.epochs, training.backend.timetable
    done, steps = training.backend.steps, timetable.steps_per_epoch
    loss, *others = describe_metrics(metrics)
    # In the order in which they stand, each with its rank.
    parts = [(0, f"epoch {len(training.history) + 1}/{epochs}")]
    if training.step:
        parts.append((6, f"{100 * training.step / steps:.0f} %"))
    if steps_a_second is not None:
        parts.append((4, f"{_short(steps_a_second)} steps/s"))
    parts.append((1, loss))
    parts += [(3, other) for other in others]
    parts.append((5, f"lr {timetable.rate_of_step(done):.2g}"))
    if steps_a_second is not None:
        parts.append((2, f"{_clock((epochs * steps - done) / steps_a_second)} left"))
    while len(parts) > 1 and len("  ".join(text for _, text in parts)) > width:
        parts.remove(max(parts))
    return "  ".join(text for _, text in parts)[:width]


def _short(number: float) -> str:
    if number >= 1000:
        return f"{number / 1000:.1f}k"
    return f"{number:.0f}" if number >= 10 else f"{number:.1f}"


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"
