"""TensorFlow and a command's data, both at once."""

import functools
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from tfmlp.cli.progress import show_downloads
from tfmlp.cli.quiet import import_tensorflow
from tfmlp.config import Config
from tfmlp.data.dataset import Dataset
from tfmlp.data.sources import import_reader, load_configured


def load_data(config: Config) -> Dataset:
    """Imports TensorFlow, has it take the configuration's threads, and loads the data: meanwhile,
    where that is only reading files.
    """
    load = functools.partial(load_configured, config.data, config.runtime.seed)
    ahead = _start(load) if import_reader(config.data) else None
    import_tensorflow()
    from tfmlp.training.device import choose_device

    choose_device(
        config.runtime
    )  # before tensorflow-datasets starts TensorFlow, after which threads cannot be set
    if ahead is not None:
        return ahead.result()
    with show_downloads() as progress:
        return load(progress)


def _start(work: Callable[[], Any]) -> Future:
    """Begins some work that nobody has to wait for, if the program is to end."""
    future = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future
