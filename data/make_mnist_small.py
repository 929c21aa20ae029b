"""Makes the files of `mnist-small`: every tenth digit of MNIST.

    python data/make_mnist_small.py tfmlp/data/files/mnist-small

The examples of each split are sorted by class, those of a class as they stand in the file. Every
tenth of them, from the first on, is taken, and those that are taken keep their order. So each class
has the share that it has in MNIST, and nothing depends on random numbers.
"""

import gzip
import struct
import sys
from pathlib import Path

import numpy as np

from tfmlp.data.mnist import find_mnist, read_mnist

HERE = Path(__file__).resolve().parent
EVERY = 10


def take_tenth(images, labels):
    """Returns the images and labels of the examples that are taken."""
    by_class = np.argsort(labels, kind="stable")
    taken = np.sort(by_class[::EVERY])
    return images[taken], labels[taken]


def write_idx(path: Path, values: np.ndarray) -> None:
    """Writes uint8 values as a gzipped IDX file that holds neither a date nor a name."""
    header = struct.pack(f">BBBB{values.ndim}I", 0, 0, 8, values.ndim, *values.shape)
    path.write_bytes(gzip.compress(header + values.tobytes(), 9, mtime=0))


def main(folder: Path) -> None:
    paths = find_mnist(str(HERE / "mnist"))
    mnist = read_mnist(paths)
    arrays = [*take_tenth(*mnist.train), *take_tenth(*mnist.test)]
    folder.mkdir(parents=True, exist_ok=True)
    for path, values in zip(paths, arrays, strict=True):
        write_idx(folder / path.name, values)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
