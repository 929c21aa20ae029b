"""Reading SVHN at its full size: time against scipy alone, and memory against the arrays.

    python -m benchmarks.reading FOLDER

FOLDER holds train_32x32.mat and test_32x32.mat, of any number of images (a cut, say); their images
are repeated to the full 73,257 and 26,032, and written in the same layout into a temporary folder.
Reading is timed five times in turn with `scipy.io.loadmat`. Memory is the peak of a process that
trains one epoch, less that of a process that imports TensorFlow and multiplies two matrices.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

SIZES = {"train_32x32.mat": 73257, "test_32x32.mat": 26032}
ROUNDS = 5


def tile(source: Path, target: Path) -> None:
    """Writes the files of `source` into `target`, their images repeated to SVHN's full size."""
    import numpy as np
    import scipy.io

    for name, size in SIZES.items():
        contents = scipy.io.loadmat(source / name)
        chosen = np.arange(size) % contents["X"].shape[3]
        repeated = {"X": contents["X"][..., chosen], "y": contents["y"][chosen]}
        scipy.io.savemat(target / name, repeated, do_compression=True)


def time_reading(folder: Path) -> dict[str, float]:
    """Returns median seconds of scipy alone and of tfmlp's readers, in turn."""
    import scipy.io

    from tfmlp.data.svhn import read_mats

    paths = [folder / name for name in SIZES]
    seconds: dict[str, list[float]] = {"scipy.io.loadmat": [], "tfmlp": []}
    for _ in range(ROUNDS):
        started = time.perf_counter()
        for path in paths:
            scipy.io.loadmat(path)
        seconds["scipy.io.loadmat"].append(time.perf_counter() - started)
        started = time.perf_counter()
        read_mats(paths)
        seconds["tfmlp"].append(time.perf_counter() - started)
    return {name: statistics.median(values) for name, values in seconds.items()}


def peak_of(code: str) -> float:
    """Returns the peak resident memory, in megabytes, of a Python process that runs `code`."""
    code += "\nfrom benchmarks.memory import peak_megabytes\nprint(peak_megabytes())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])


_ALONE = """
import tensorflow as tf
tf.function(lambda a: a @ a)(tf.ones((512, 512)))
"""
_TRAINING = """
import tfmlp
config = tfmlp.load_recipe("svhn").config.replace(data_dir={folder!r}, epochs=1)
training = tfmlp.fit(config)
list(training)
training.evaluate("test")
"""


def main() -> None:
    """Prints what was measured, as JSON."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tile(Path(sys.argv[1]), folder)
        seconds = time_reading(folder)
        alone, training = peak_of(_ALONE), peak_of(_TRAINING.format(folder=name))
    arrays = sum(SIZES.values()) * 32 * 32 * 3 / 2**20
    report: dict[str, Any] = {
        "median_seconds": seconds,
        "ratio": seconds["tfmlp"] / seconds["scipy.io.loadmat"],
        "arrays_mib": arrays,
        "tensorflow_alone_mib": alone,
        "training_mib": training,
        "above_tensorflow_in_arrays": (training - alone) / arrays,
    }
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
