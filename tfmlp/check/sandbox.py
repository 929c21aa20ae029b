"""Somebody's file, run in a process of its own with a limit on time and memory: whatever it prints,
raises or never ends is reported, and never fatal.

    result = run_file(Path("mine.py"), seconds=60, megabytes=2048)

Not a defense against malice: the file runs with the user's own rights, as if they had started it
themselves.
"""

import contextlib
import json
import os
import resource
import runpy
import subprocess
import sys
import tempfile
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tfmlp import files
from tfmlp.errors import DataError, TfmlpError

_OUTPUT_LIMIT = 20_000  # characters of what the file prints that are kept


@dataclass
class FileResult:
    """What came of a file.

    Attributes:
      findings: As `Finding.to_dict`, in order.
      unclear: Names of what could not be checked.
      error: Why the file (or a check) ended early, in one line, or None.
      output: What it printed, cut to 20,000 characters.
    """

    findings: list[dict[str, Any]] = field(default_factory=list)
    unclear: list[str] = field(default_factory=list)
    error: str | None = None
    output: str = ""


def run_file(
    path: Path, *, seconds: float = 60, megabytes: int = 4096, seed: int = 0
) -> FileResult:
    """Runs a Python file and checks what it defines.

    Args:
      path: The file.
      seconds: How long it may take.
      megabytes: How much memory it may ask for.
      seed: Decides the numbers that are tried.

    Raises:
      DataError: when there is no such file.
    """
    try:
        files.require_regular(path)
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}.") from None
    with tempfile.TemporaryDirectory() as folder:
        answer, output = Path(folder, "answer.json"), Path(folder, "output.txt")
        command = [
            sys.executable,
            "-m",
            "tfmlp.check.sandbox",
            str(path.resolve()),
            str(answer),
            str(seed),
            str(megabytes),
        ]
        environment = os.environ | {
            "MPLBACKEND": "agg",
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
            "TF_CPP_MIN_LOG_LEVEL": "3",
        }
        error = None
        with open(output, "wb") as sink:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                cwd=path.resolve().parent,
                env=environment,
                start_new_session=True,
            )
            try:
                status = process.wait(seconds)
            except subprocess.TimeoutExpired:
                error, status = (
                    (
                        f"it did not end within {seconds:g} s: is there an endless loop, or a"
                        " training that starts when the file is imported?"
                    ),
                    0,
                )
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, 9)  # with whatever it started
                process.wait()
        with open(output, encoding="utf-8", errors="replace") as source:
            printed = source.read(_OUTPUT_LIMIT)
        try:
            values = json.loads(answer.read_text())
        except (OSError, ValueError):
            values = {"error": f"its process ended with status {status}"}
    return FileResult(
        values.get("findings", []), values.get("unclear", []), error or values.get("error"), printed
    )


def _child(path: str, answer: str, seed: int, megabytes: int) -> None:
    """Runs the file in this process, checks it, and writes what was found."""
    limit = megabytes << 20
    for kind, bound in (
        (resource.RLIMIT_AS, limit),
        (resource.RLIMIT_FSIZE, 256 << 20),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(kind, (bound, resource.getrlimit(kind)[1]))
    from tfmlp.check.discovery import (
        check_namespace,
    )  # before the file can change what an import finds

    values: dict[str, Any] = {}
    sys.argv = [path]
    sys.path.insert(0, str(Path(path).parent))
    try:
        namespace = runpy.run_path(path, run_name="checked")
        found = check_namespace(namespace, seed)
        values = {
            "findings": [finding.to_dict() for finding in found.findings],
            "unclear": found.unclear,
        }
    except MemoryError:
        values = {"error": f"it needs more than {megabytes:,} MB of memory"}
    except TfmlpError as error:
        values = {"error": str(error)}
    except SystemExit as ended:
        values = {
            "error": (
                f"it called exit({ended.code!r}) while it was imported: put what it runs under if"
                " __name__ == '__main__':"
            )
        }
    except BaseException as error:
        frames = [
            frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == path
        ]
        line = getattr(error, "lineno", None) or (frames[-1].lineno if frames else None)
        values = {
            "error": (
                f"{type(error).__name__}:"
                f" {str(error).splitlines()[0] if str(error) else 'no message'}"
                + (f", line {line}" if line else "")
            )
        }
    Path(answer).write_text(json.dumps(values))
    os._exit(0)  # threads that the file left running do not matter


if __name__ == "__main__":
    _child(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
