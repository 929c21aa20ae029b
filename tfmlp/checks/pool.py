"""A pool of sandboxes: many submissions are run, several at once, and none disturbs another."""

import contextlib
import os
import signal
import threading
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from tfmlp import files
from tfmlp.checks.sandbox import FileResult, run_file
from tfmlp.checks.submissions import Submission
from tfmlp.errors import TfmlpError

Results = Generator[tuple[int, FileResult], None, None]  # (the submission's number, its result)


def usual_jobs(megabytes: int) -> int:
    """Returns how many sandboxes run at once: one a core, if memory suffices for all of them."""
    try:
        cores = len(os.sched_getaffinity(0))
    except AttributeError:  # not on Linux
        cores = os.cpu_count() or 1
    return max(1, min(cores, files.machine_memory() // (megabytes << 20)))


def results_of(
    submissions: Sequence[Submission], *, seconds: float, megabytes: int, seed: int, jobs: int
) -> Results:
    """Runs and checks submissions, each in a sandbox of its own.

    Args:
      submissions: What was handed in.
      seconds: How long each may take.
      megabytes: How much memory each may ask for.
      seed: Decides the numbers that are tried.
      jobs: How many run at once.

    Yields:
      The number of a submission, from 0, and what came of it, in the order in which they end. When
      the generator is closed, or a signal comes, what still runs is ended.
    """
    sandboxes = _Sandboxes()
    with ThreadPoolExecutor(jobs) as pool:
        limits = {"seconds": seconds, "megabytes": megabytes, "seed": seed}
        futures = {
            pool.submit(sandboxes.run, one.path, limits): number
            for number, one in enumerate(submissions)
        }
        try:
            for future in as_completed(futures):
                yield futures[future], future.result()
        finally:
            for future in futures:
                future.cancel()
            sandboxes.end()


class _Sandboxes:
    """The sandboxes that run, so that all of them can be ended."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._groups: set[int] = set()
        self._is_ending = False

    def run(self, path: Path, limits: dict[str, Any]) -> FileResult:
        """Runs and checks a file; whatever is wrong with it is in the result."""
        mine: list[int] = []

        def note(group: int) -> None:
            mine.append(group)
            with self._lock:
                self._groups.add(group)
                if self._is_ending:
                    _end(group)

        try:
            return run_file(path, started=note, **limits)
        except OSError as error:
            return FileResult(error=f"it cannot be run: {error.strerror or error}")
        except TfmlpError as error:
            return FileResult(error=str(error))
        finally:
            with self._lock:
                self._groups.difference_update(mine)

    def end(self) -> None:
        """Ends all that run, and those that are about to begin."""
        with self._lock:
            self._is_ending = True
            for group in self._groups:
                _end(group)


def _end(group: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)
