"""A sandbox: a user's file, run in a process of its own with a limit on time and memory.

Whatever it prints, raises or never ends is reported, and never fatal.

    result = run_file(Path("mine.py"), seconds=60, megabytes=2048)

It is no defense against malice: the file runs with the user's own rights, as if they had started it
themselves.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tfmlp import files
from tfmlp.errors import DataError

_OUTPUT_LIMIT = 20_000  # characters of what the file prints that are kept
_ENVIRONMENT = {
    "MPLBACKEND": "agg",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",  # the order of sets of strings
    "TF_CPP_MIN_LOG_LEVEL": "3",
}
# A file that kills its parent, or its parent's group, gets no further than this shell.
_SHELL = ("/bin/sh", "-c", '"$@"; exit $?', "sh")
_ENDINGS = (".py", ".pyw", ".ipynb", "")


@dataclass
class FileResult:
    """What came of a file.

    Attributes:
      findings: As `Finding.to_dict`, in order.
      unclear: As `Ask.to_dict`: what could not be judged.
      error: Why the file (or a check) ended early, in one line, or None.
      output: What it printed, cut to 20,000 characters.
      notes: What of it was passed over and why, each as a short sentence.
    """

    findings: list[dict[str, Any]] = field(default_factory=list)
    unclear: list[dict[str, Any]] = field(default_factory=list)
    error: str | None = None
    output: str = ""

    @property
    def right(self) -> bool | None:
        """Whether all is right: False where anything is wrong, None where anything that looks like
        a net was not judged, or nothing was.
        """
        verdicts = [finding["right"] for finding in self.findings]
        if False in verdicts:
            return False
        is_judged = verdicts and None not in verdicts and not self.unclear and not self.error
        return True if is_judged else None

    notes: list[str] = field(default_factory=list)


def run_file(
    path: Path,
    *,
    seconds: float = 60,
    megabytes: int = 4096,
    seed: int = 0,
    started: Callable[[int], None] = lambda group: None,
) -> FileResult:
    """Runs a Python file or a notebook, and checks what it defines.

    Args:
      path: The file.
      seconds: How long it may take.
      megabytes: How much memory it may ask for.
      seed: Decides the numbers that are tried.
      started: Is given the process group in which the file runs, when it begins.

    Raises:
      DataError: when there is no such file, or it is neither by its ending.
    """
    try:
        files.require_regular(path)
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}.") from None
    if path.suffix not in _ENDINGS:
        raise DataError(
            f"expected a Python file or a notebook to check; received {path}: name the file that"
            " has your net's code."
        )
    path = path.resolve()
    with tempfile.TemporaryDirectory() as folder:
        answer, output = Path(folder, "answer.json"), Path(folder, "output.txt")
        arguments = [str(path), str(answer), str(seed), str(megabytes), str(seconds)]
        # -P: no module that lies beside the file is taken for one of ours.
        command = [*_SHELL, sys.executable, "-P", "-m", "tfmlp.checks.child", *arguments]
        status = _run(command, path.parent, output, seconds, started)
        with open(output, encoding="utf-8", errors="replace") as source:
            printed = source.read(_OUTPUT_LIMIT)
        try:
            result = FileResult(**json.loads(answer.read_text()), output=printed)
        except (OSError, ValueError):
            result = FileResult(error=f"its process ended with status {status}", output=printed)
    if status is None:
        result.error = f"it did not end within {seconds:g} s: is there an endless loop?"
    return result


def _run(
    command: list[str],
    folder: Path,
    output: Path,
    seconds: float,
    started: Callable[[int], None],
) -> int | None:
    """Returns the status with which a command ended, or None if it did not end in time."""
    with open(output, "wb") as sink:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=os.environ | _ENVIRONMENT | {"TMPDIR": str(output.parent)},
            start_new_session=True,
        )
        try:
            started(process.pid)
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # with whatever it started
            process.wait()
