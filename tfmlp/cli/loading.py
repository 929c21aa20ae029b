"""TensorFlow and a command's data, both at once."""

import functools
import threading
from collections.abc import Callable, Collection
from concurrent.futures import Future
from typing import TypeVar

from tfmlp.cli.progress import ShowLoading, show_loading
from tfmlp.cli.quiet import import_tensorflow
from tfmlp.config import Config
from tfmlp.data.dataset import Dataset
from tfmlp.data.sources import import_reader, load_configured

_Result = TypeVar("_Result")


def load_data(config: Config, trained_on: Collection[str] | None = None) -> Dataset:
    """Imports TensorFlow, has it take the configuration's threads, and loads the data.

    The data are read meanwhile, where that is only reading files; `load_configured` describes
    `trained_on`.
    """
    load = functools.partial(
        load_configured, config.data, config.runtime.seed, trained_on=trained_on
    )
    reached = _Reached()
    ahead = _start(functools.partial(load, reached)) if import_reader(config.data) else None
    import_tensorflow()
    from tfmlp.training.device import choose_device

    # Before tensorflow-datasets starts TensorFlow, after which threads cannot be set.
    choose_device(config.runtime)
    if ahead is not None:
        if ahead.done():
            return ahead.result()
        with show_loading(config.data.dataset) as reached.show:
            return ahead.result()
    with show_loading(config.data.dataset) as progress:
        return load(progress)


class _Reached:
    """Is told how far the files are, and shows it as soon as there is something that can."""

    show: ShowLoading | None = None

    def __call__(self, what: str, done: int, total: int) -> None:
        if self.show is not None:
            self.show(what, done, total)


def _start(work: Callable[[], _Result]) -> "Future[_Result]":
    """Begins some work that need not be waited for, if the program is to end."""
    future: Future[_Result] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future
