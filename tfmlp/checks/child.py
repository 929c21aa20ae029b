"""The sandbox's process: runs a user's file, checks it, and writes what was found as JSON."""

import contextlib
import json
import os
import random
import resource
import sys
import traceback
from pathlib import Path
from typing import Any

import numpy as np

from tfmlp.checks.calls import UserCodeError
from tfmlp.checks.discovery import check_namespace
from tfmlp.checks.notes import summary
from tfmlp.checks.refusals import refuse
from tfmlp.checks.running import run
from tfmlp.checks.source import read
from tfmlp.errors import TfmlpError

_FILE_LIMIT = 256 << 20  # bytes


def main(path: str, answer: str, seed: int, megabytes: int, seconds: float) -> None:
    """Runs and checks a file, and ends the process.

    Args:
      path: The user's file.
      answer: Where the findings go.
      seed: Decides the numbers that are tried.
      megabytes: How much memory the file may ask for.
      seconds: How long all of it may take.
    """
    _limit(megabytes)
    random.seed(seed)  # what a file draws is the same each time
    np.random.seed(seed)
    refuse(writable=Path(answer).parent)
    sys.argv = [path]
    sys.path.insert(0, str(Path(path).parent))
    values = findings_in(path, seed, seconds)
    Path(answer).write_text(json.dumps(values))
    os._exit(0)  # threads that the file left running do not matter


def findings_in(path: str, seed: int, seconds: float = 60) -> dict[str, Any]:
    """Runs and checks a file in this process, and returns what was found as plain values."""
    values: dict[str, Any] = {}
    try:
        source = read(Path(path))
        ran = run(source, seconds)
        values["notes"] = ran.notes
        found = check_namespace(ran.namespace, seed, source.statements)
        values["findings"] = [finding.to_dict() for finding in found.findings]
        values["unclear"] = [ask.to_dict() for ask in found.unclear]
    except UserCodeError as error:
        values["error"] = _described(error.__cause__ or error, path)
    except TfmlpError as error:
        values["error"] = str(error)
    except (SyntaxError, MemoryError) as error:
        values["error"] = _described(error, path)
    except Exception as error:
        # A defect of the check must not read as a mistake of the file.
        traceback.print_exc()
        values["error"] = f"the check itself failed: {summary(error)}: please report this"
    return values


def _limit(megabytes: int) -> None:
    for kind, bound in (
        (resource.RLIMIT_AS, megabytes << 20),
        (resource.RLIMIT_FSIZE, _FILE_LIMIT),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(kind, (bound, resource.getrlimit(kind)[1]))


def _described(error: BaseException, path: str) -> str:
    """Returns what a user's file raised, and the last line of it that took part."""
    if isinstance(error, MemoryError):
        megabytes = resource.getrlimit(resource.RLIMIT_AS)[0] >> 20
        return f"it needs more than {megabytes:,} MB of memory"
    if isinstance(error, SyntaxError) and error.lineno:
        return f"{summary(error)}, line {error.lineno}"
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == path and frame.lineno]
    return summary(error) + (f", {read(Path(path)).where(lines[-1])}" if lines else "")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5]))
