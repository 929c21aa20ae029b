"""The sandbox's process: runs a user's file, checks it, and writes what was found as JSON."""

import contextlib
import json
import os
import random
import resource
import runpy
import sys
import traceback
from pathlib import Path
from typing import Any

import numpy as np

from tfmlp.checks.calls import UserCodeError
from tfmlp.checks.discovery import check_namespace
from tfmlp.errors import TfmlpError

_FILE_LIMIT = 256 << 20  # bytes


def main(path: str, answer: str, seed: int, megabytes: int) -> None:
    """Runs and checks a file, and ends the process.

    Args:
      path: The user's file.
      answer: Where the findings go.
      seed: Decides the numbers that are tried.
      megabytes: How much memory the file may ask for.
    """
    _limit(megabytes)
    random.seed(seed)  # what a file draws is the same each time
    np.random.seed(seed)
    sys.argv = [path]
    sys.path.insert(0, str(Path(path).parent))
    try:
        values = findings_in(path, seed)
    except MemoryError:
        values = {"error": _memory(megabytes)}
    except UserCodeError as error:
        raised = error.__cause__ or error
        is_memory = isinstance(raised, MemoryError)
        values = {"error": _memory(megabytes) if is_memory else _described(raised, path)}
    except TfmlpError as error:
        values = {"error": str(error)}
    except SystemExit as ended:
        values = {
            "error": f"it called exit({ended.code!r}) while it was imported: put what it runs under"
            " if __name__ == '__main__':"
        }
    except BaseException as error:  # no Exception: only the user's code raises it
        values = {"error": _described(error, path)}
    Path(answer).write_text(json.dumps(values))
    os._exit(0)  # threads that the file left running do not matter


def findings_in(path: str, seed: int) -> dict[str, Any]:
    """Runs and checks a file in this process, and returns what was found as plain values."""
    try:
        namespace = runpy.run_path(path, run_name="checked")
    except (MemoryError, SystemExit):
        raise
    except BaseException as error:  # a user's file may raise what it likes
        return {"error": _described(error, path)}
    try:
        found = check_namespace(namespace, seed)
    except (TfmlpError, MemoryError):
        raise
    except Exception as error:
        # A defect of the check must not read as a mistake of the file.
        traceback.print_exc()
        return {"error": f"the check itself failed: {_summary(error)}: please report this"}
    findings = [finding.to_dict() for finding in found.findings]
    return {"findings": findings, "unclear": found.unclear}


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
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == path]
    line = getattr(error, "lineno", None) or (lines[-1] if lines else None)
    return _summary(error) + (f", line {line}" if line else "")


def _summary(error: BaseException) -> str:
    message = str(error).splitlines()[0] if str(error) else "no message"
    return f"{type(error).__name__}: {message}"


def _memory(megabytes: int) -> str:
    return f"it needs more than {megabytes:,} MB of memory"


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
