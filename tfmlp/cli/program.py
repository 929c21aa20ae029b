"""The program `tfmlp`: its beginning and its end."""

import atexit
import os
import sys
import threading
from typing import NoReturn

from tfmlp import signals


def run() -> NoReturn:
    """Runs the command line, and ends at once.

    Taking TensorFlow apart would take a second.
    """
    signals.end_at_once()  # until the command line itself is there to do it
    signals.send_dropped_again()
    from tfmlp.cli.main import main

    status: int | str | None = 0
    try:
        main(prog_name="tfmlp")
    except SystemExit as end:
        status = end.code
    signals.ignore()
    if "tensorflow" not in sys.modules and threading.active_count() == 1:
        sys.exit(status)
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except OSError:  # whoever read the output has gone
            status = status or 1
    os._exit(status if isinstance(status, int) else 1)
