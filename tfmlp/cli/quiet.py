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

from tfmlp.quiet import LOG_LEVEL, native_stderr_dropped

# What TensorFlow and Keras import if it is there, for functions that no command uses: they take as
# long as TensorFlow itself.
_NOT_NEEDED = ("IPython", "jax", "matplotlib", "sklearn")


def import_tensorflow() -> None:
    """Imports TensorFlow, as if the packages that no command needs of it were not there.

    What native code writes to stderr meanwhile is dropped, unless the user set TF_CPP_MIN_LOG_LEVEL
    to less than 3.
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
    if os.environ.get(LOG_LEVEL) != "3":
        importlib.import_module("tensorflow")
        return
    for name in ("absl", "tensorflow"):
        logging.getLogger(name).setLevel(logging.ERROR)
    with native_stderr_dropped():
        importlib.import_module("tensorflow")
