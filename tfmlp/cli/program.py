"""The program `tfmlp`: its beginning and its end."""

import atexit
import os
import signal
import sys
import threading
from typing import NoReturn

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def run() -> NoReturn:
    """Runs the command line, and ends at once: without the second that it takes to take TensorFlow
    apart.
    """
    for number in _SIGNALS:
        signal.signal(number, _interrupted)  # until the command line itself is there to do it
    from tfmlp.cli.main import main

    try:
        main(prog_name="tfmlp")
    except SystemExit as end:
        status = end.code
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    if "tensorflow" not in sys.modules and threading.active_count() == 1:
        sys.exit(status)
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except OSError:  # whoever read the output has gone
            status = status or 1
    os._exit(status)


def _interrupted(number, frame) -> NoReturn:
    os.write(2, b"interrupted\n")
    os._exit(128 + number)
