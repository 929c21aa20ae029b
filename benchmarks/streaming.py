"""Data that do not fit in memory: training from disk against training from memory.

    python -m benchmarks.streaming [--rows 531131] [--out FILE.json]

Writes a set of SVHN extra's size (531,131 examples of 3,072 bytes) into a temporary folder, trains
on it from disk in one process and in memory in another, and takes turns; batch 128. The files are
in the system's cache, if it has room. Speeds are examples per second. Memory is the peak of the
process above that after TensorFlow was imported.
"""

import itertools
import json
import multiprocessing
import os
import statistics
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import click
import numpy as np

from benchmarks.memory import peak_megabytes

# Small nets: wide ones train so slowly that reading costs nothing.
NETS = {"128,64": (128, 64), "32,64,128,256": (32, 64, 128, 256)}
SHIFTS = (0, 2)
ROUNDS = 3
_SPAWN = multiprocessing.get_context("spawn")


def write(folder: Path, count: int) -> None:
    """Writes random images of ten classes, [n, 32, 32, 3], piece by piece."""
    stream = np.random.default_rng(0)
    for part, size in (("train", count), ("test", 10_000)):
        labels = stream.integers(0, 10, size).astype(np.uint8)
        np.save(folder / f"y_{part}.npy", labels)
        path, shape = folder / f"x_{part}.npy", (size, 32, 32, 3)
        images = np.lib.format.open_memmap(path, "w+", np.uint8, shape)
        for start in range(0, size, 8192):
            piece = labels[start : start + 8192]
            noise = stream.integers(0, 156, (len(piece), 32, 32, 3))
            images[start : start + 8192] = noise + 10 * piece[:, None, None, None]
        images.flush()


def _read_through(folder: Path) -> None:
    """Brings the files into the system's cache: this machine's disk is not what is measured."""
    for path in folder.iterdir():
        with open(path, "rb", buffering=0) as file:
            while file.read(1 << 24):
                pass


def _serve(pipe: Connection, folder: str, options: dict[str, Any]) -> None:
    """Tells its engine, and then trains an epoch whenever it is told True."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    from tfmlp.config import Config
    from tfmlp.data.sources import load_configured
    from tfmlp.training.tensorflow_backend import TensorFlowBackend

    before = peak_megabytes()
    config = Config.from_options(
        dataset=f"arrays:{folder}",
        validation=0,
        batch_size=128,
        optimizer="sgd",
        learning_rate=0.01,
        epochs=20,
        preprocessing="scale",
        **options,
    )
    data = load_configured(config.data, 0)
    backend = TensorFlowBackend(config, data)
    steps = backend.timetable.steps_per_epoch
    pipe.send(backend.engine)
    for epoch in itertools.count(1):
        if not pipe.recv():
            return
        started = time.perf_counter()
        backend.train_steps(epoch, 0, steps)
        backend.train_metrics(steps)
        seconds = time.perf_counter() - started
        pipe.send((len(data.train) / seconds, peak_megabytes() - before))


class _Trainer:
    """A process that trains from "disk" or from "memory"."""

    def __init__(self, folder: Path, where: str, options: dict[str, Any]):
        self._pipe, other = _SPAWN.Pipe()
        arguments = (other, str(folder), options | {"features_in": where})
        self._process = _SPAWN.Process(target=_serve, args=arguments, daemon=True)
        self._process.start()
        self.engine = self._pipe.recv()
        self.speeds: list[float] = []
        self.peak_mb = 0.0

    def train_epoch(self) -> None:
        self._pipe.send(True)
        speed, self.peak_mb = self._pipe.recv()
        self.speeds.append(speed)

    def close(self) -> None:
        self._pipe.send(False)
        self._process.join()


def measure(folder: Path, net: str, shift: int, count: int) -> dict[str, Any]:
    """Returns the speeds of a net from disk and from memory, their ratio, and peaks of memory."""
    options = {"hidden_units": NETS[net], "shift": shift}
    trainers = {where: _Trainer(folder, where, options) for where in ("disk", "memory")}
    _read_through(folder)
    for _ in range(ROUNDS + 1):
        for trainer in trainers.values():
            trainer.train_epoch()
    medians = {}
    for where, trainer in trainers.items():
        trainer.close()
        counted = trainer.speeds[1:]  # the first round warms up
        medians[where] = statistics.median(counted)
        print(where, [round(speed) for speed in counted], flush=True)
    return {
        "net": net,
        "shift": shift,
        "rows_per_second": medians,
        "ratio": medians["disk"] / medians["memory"],
        "peak_mb": {where: trainer.peak_mb for where, trainer in trainers.items()},
        "engines": {where: trainer.engine for where, trainer in trainers.items()},
        "rows": count,
    }


_ROWS_HELP = "Examples of the set on disk."
_OUT_HELP = "Write what was measured as JSON."


@click.command(help=__doc__.split("\n")[0])
@click.option("--rows", default=531_131, show_default=True, help=_ROWS_HELP)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help=_OUT_HELP)
def main(rows: int, out: Path | None) -> None:
    results = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # In a process of its own, whose memory is not to be inherited.
        writer = _SPAWN.Process(target=write, args=(folder, rows))
        writer.start()
        writer.join()
        os.sync()  # writing back would go on beside the first epochs
        for net, shift in itertools.product(NETS, SHIFTS):
            results.append(measure(folder, net, shift, rows))
            print(json.dumps(results[-1]), flush=True)
    if out is not None:
        out.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
