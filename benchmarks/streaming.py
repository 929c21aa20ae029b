"""Data that do not fit in memory: an epoch over rows on disk against one over rows in memory, and
how much memory it takes.

    python -m benchmarks.streaming [--rows 531131] [--out FILE.json]

Writes a set of SVHN extra's size (531,131 rows of 3,072 bytes) into a temporary folder, trains on
it from disk in one process and in memory in another, and takes turns; batch 128. The files are in
the system's cache, if it has room. Speeds are rows per second. Memory is the peak of the process
above that after TensorFlow was imported.
"""

import json
import multiprocessing
import os
import statistics
import tempfile
import time
from pathlib import Path

import click
import numpy as np

from benchmarks.memory import peak_megabytes

NETS = {
    "128,64": (128, 64),
    "32,64,128,256": (32, 64, 128, 256),
}  # small ones: wide ones train so slowly that reading costs nothing
ROUNDS = 3


def write(folder: Path, rows: int) -> None:
    """Writes random images of two kinds, [n, 32, 32, 3], piece by piece."""
    stream = np.random.default_rng(0)
    for part, count in (("train", rows), ("test", 10_000)):
        labels = stream.integers(0, 10, count).astype(np.uint8)
        np.save(folder / f"y_{part}.npy", labels)
        images = np.lib.format.open_memmap(
            folder / f"x_{part}.npy", "w+", np.uint8, (count, 32, 32, 3)
        )
        for start in range(0, count, 8192):
            piece = labels[start : start + 8192]
            images[start : start + 8192] = (
                stream.integers(0, 156, (len(piece), 32, 32, 3)) + 10 * piece[:, None, None, None]
            ).astype(np.uint8)
        images.flush()


def _read_through(folder: Path) -> None:
    """Brings the files into the system's cache, so that what is measured is not this machine's
    disk.
    """
    for path in folder.iterdir():
        with open(path, "rb", buffering=0) as file:
            while file.read(1 << 24):
                pass


def _serve(pipe, folder: str, options: dict) -> None:
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
    pipe.send(backend.engine)
    epoch = 0
    while pipe.recv():
        epoch += 1
        started = time.perf_counter()
        backend.train_epoch(epoch)
        seconds = time.perf_counter() - started
        pipe.send((len(data.train) / seconds, peak_megabytes() - before))


@click.command(help=__doc__.split("\n")[0])
@click.option("--rows", default=531_131, show_default=True, help="Rows of the set on disk.")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="Write the figures as JSON."
)
def main(rows: int, out: Path | None) -> None:
    spawn, results = multiprocessing.get_context("spawn"), []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        writer = spawn.Process(
            target=write, args=(folder, rows)
        )  # whose memory is not to be inherited
        writer.start()
        writer.join()
        os.sync()  # writing back would go on beside the first epochs
        for net, units in NETS.items():
            for shift in (0, 2):
                processes = {}
                for where in ("disk", "memory"):
                    mine, other = spawn.Pipe()
                    options = {"hidden_units": units, "features_in": where, "shift": shift}
                    process = spawn.Process(
                        target=_serve, args=(other, str(folder), options), daemon=True
                    )
                    process.start()
                    processes[where] = mine, process, mine.recv()
                speeds = {where: [] for where in processes}
                peak = {}
                _read_through(folder)
                for number in range(ROUNDS + 1):
                    for where, (pipe, _, _) in processes.items():
                        pipe.send(True)
                        speed, peak[where] = pipe.recv()
                        if number:
                            speeds[where].append(speed)
                for pipe, process, _ in processes.values():
                    pipe.send(False)
                    process.join()
                print(
                    {where: [round(speed) for speed in values] for where, values in speeds.items()},
                    flush=True,
                )
                medians = {where: statistics.median(values) for where, values in speeds.items()}
                engines = {where: engine for where, (_, _, engine) in processes.items()}
                results.append(
                    {
                        "net": net,
                        "shift": shift,
                        "rows_per_second": medians,
                        "ratio": medians["disk"] / medians["memory"],
                    }
                )
                results[-1] |= {"peak_mb": peak, "engines": engines, "rows": rows}
                print(json.dumps(results[-1]), flush=True)
    if out is not None:
        out.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
