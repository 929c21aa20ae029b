"""TensorFlow, imported without what its native code prints meanwhile.

import_tensorflow()     # instead of `import tensorflow`, before the first module that needs it
"""

import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

LOG_LEVEL = "TF_CPP_MIN_LOG_LEVEL"  # of TensorFlow's native code; read when it is imported
_ERRORS_ONLY = "2"


def import_tensorflow() -> None:
    """Imports TensorFlow; its native code then logs errors only.

    Nothing is changed where the user set TF_CPP_MIN_LOG_LEVEL, or imported TensorFlow before; nor
    is anything that Python logs.
    """
    if "tensorflow" in sys.modules or LOG_LEVEL in os.environ:
        return
    os.environ[LOG_LEVEL] = _ERRORS_ONLY
    with native_stderr_dropped():
        importlib.import_module("tensorflow")


@contextmanager
def native_stderr_dropped() -> Iterator[None]:
    """While open, what native code writes to stderr is dropped; what Python writes is not.

    TensorFlow 2.21 prints a few lines before its log level is in force, so the variable alone does
    not silence them.
    """
    if sys.stderr is None:  # closed: nothing to keep quiet
        yield
        return
    sys.stderr.flush()
    stderr, kept, nowhere = sys.stderr, os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        # What Python tells meanwhile, in another thread, is told, perhaps a moment after the
        # import, too: so this stream is not closed here.
        if _is_native_stderr(stderr):
            sys.stderr = os.fdopen(
                kept, "w", encoding=stderr.encoding, errors=stderr.errors, buffering=1
            )
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(nowhere)
        if sys.stderr is stderr:
            os.close(kept)
        sys.stderr = stderr


def _is_native_stderr(stream: Any) -> bool:
    try:
        return stream.fileno() == 2
    except (AttributeError, OSError, ValueError):  # a notebook's or a test's
        return False
