"""`tfmlp` in a process of its own that need not import TensorFlow first.

It is forked from one that has imported TensorFlow and has run nothing yet.
"""

import multiprocessing
import os
import re
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.warm"])


@dataclass
class Outcome:
    """How a process ended.

    Attributes:
      status: Its exit status; negative for the signal that killed it.
      stdout: What it wrote there.
      stderr: Likewise.
      seconds: How long it ran.
      grown_mb: By how much its memory grew at most.
    """

    status: int
    stdout: str
    stderr: str
    seconds: float
    grown_mb: float


def run_forked(
    arguments: list,
    folder: Path,
    prepare: Callable[[], None] | None = None,
    timeout: float = 120,
    kill_after: float | None = None,
) -> Outcome:
    """Runs `tfmlp` with these arguments in a folder.

    Args:
      arguments: The command line.
      folder: The current folder of the process.
      prepare: Called in the process first; must be picklable.
      timeout: Seconds after which the test fails.
      kill_after: Seconds after which the process is killed, if it still runs.
    """
    words = [str(argument) for argument in arguments]
    logs = folder / ".logs"
    logs.mkdir(exist_ok=True)
    started = time.perf_counter()
    process = _FORKS.Process(target=_serve, args=(words, folder, prepare))
    process.start()
    process.join(timeout if kill_after is None else kill_after)
    if process.is_alive():
        process.kill()
        process.join()
        assert kill_after is not None, f"tfmlp {' '.join(words)} still ran after {timeout} s"
    seconds = time.perf_counter() - started
    stdout, stderr, grown = (_taken(logs / name) for name in ("stdout", "stderr", "grown"))
    logs.rmdir()
    return Outcome(process.exitcode, stdout, stderr, seconds, float(grown or 0))


def _taken(path: Path) -> str:
    """Returns what a file holds, if it is there, and removes it."""
    text = path.read_text(errors="replace") if path.exists() else ""
    path.unlink(missing_ok=True)
    return text


def _serve(arguments: list[str], folder: Path, prepare: Callable[[], None] | None) -> None:
    os.chdir(folder)
    for number, name in ((1, "stdout"), (2, "stderr")):
        os.dup2(os.open(folder / ".logs" / name, os.O_WRONLY | os.O_CREAT), number)
    before = _memory_mb("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
    if prepare is not None:
        prepare()
    from tfmlp.cli.main import main

    try:
        main(arguments, prog_name="tfmlp")
    except SystemExit as end:
        (folder / ".logs" / "grown").write_text(str(_memory_mb("VmHWM") - before))
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(end.code or 0)


def _memory_mb(name: str) -> float:
    return int(re.search(rf"{name}:\s+(\d+)", Path("/proc/self/status").read_text())[1]) / 1024
