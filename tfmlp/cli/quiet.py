"""TensorFlow, imported without what it prints while it starts."""

import importlib
import logging
import os
import sys


def import_tensorflow() -> None:
    """Imports TensorFlow. What its native code writes to stderr meanwhile is dropped, unless the user set TF_CPP_MIN_LOG_LEVEL to less than 3.

    TensorFlow 2.21 prints a few lines before its log level is in force, so the variable alone does not silence them.
    """
    if os.environ.get("TF_CPP_MIN_LOG_LEVEL") != "3":
        importlib.import_module("tensorflow")
        return
    for name in ("absl", "tensorflow"):
        logging.getLogger(name).setLevel(logging.ERROR)
    if sys.stderr is None:  # closed: nothing to keep quiet
        importlib.import_module("tensorflow")
        return
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        importlib.import_module("tensorflow")
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
