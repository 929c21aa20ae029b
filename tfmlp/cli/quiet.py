"""TensorFlow, imported without what it prints while it starts, and without what it imports for
nothing.
"""

import gc
import importlib
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

# What TensorFlow and Keras import if it is there, for functions that no command uses: they take as
# long as TensorFlow itself.
_NOT_NEEDED = ("IPython", "jax", "matplotlib", "sklearn")


def import_tensorflow() -> None:
    """Imports TensorFlow, as if the packages that no command needs of it were not there.

    What native code writes to stderr meanwhile is dropped, unless the user set TF_CPP_MIN_LOG_LEVEL
    to less than 3.

    TensorFlow 2.21 prints a few lines before its log level is in force, so the variable alone does
    not silence them.
    """
    if "tensorflow" in sys.modules:
        return
    collects = gc.isenabled()
    # An import makes next to no garbage: looking for it would take a sixth of the time.
    gc.disable()
    try:
        with _hidden(_NOT_NEEDED):
            _import_quietly()
    finally:
        gc.freeze()
        if collects:
            gc.enable()


@contextmanager
def _hidden(packages: tuple[str, ...]) -> Iterator[None]:
    """While open, importing these packages fails as if they were not installed."""
    hidden = [name for name in packages if name not in sys.modules]
    for name in hidden:
        sys.modules[name] = None  # type: ignore[assignment]  # what makes its import fail
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


def _import_quietly() -> None:
    if os.environ.get("TF_CPP_MIN_LOG_LEVEL") != "3":
        importlib.import_module("tensorflow")
        return
    for name in ("absl", "tensorflow"):
        logging.getLogger(name).setLevel(logging.ERROR)
    if sys.stderr is None:  # closed: nothing to keep quiet
        importlib.import_module("tensorflow")
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
        importlib.import_module("tensorflow")
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
