"""Street-number-like images made from MNIST: the way to run everything about SVHN without SVHN.

Each image is a digit of MNIST, resized and colored, on a textured background, with parts of other
digits to its left and right as SVHN has them. They are written once as real .mat files in SVHN's
layout and then read by SVHN's reader.
"""

import io
from pathlib import Path

import numpy as np
import scipy.io
import scipy.ndimage

from tfmlp import files, seeds
from tfmlp.data.raw import RawDataset
from tfmlp.data.rowfile import Array
from tfmlp.data.svhn import as_dataset
from tfmlp.errors import DataError

VERSION = 1  # raised when the images change, so that a cache never mixes two
SIZES = {"train_32x32.mat": 5000, "test_32x32.mat": 1500}
_SIDE = 32
# The usual header holds the date; this file is the same every time.
_HEADER = b"MATLAB 5.0 MAT-file, written by tfmlp".ljust(116)


def read_synthetic(mnist: RawDataset, data_dir: str | None) -> RawDataset:
    """Reads the synthetic set, writing its files first where they are missing.

    Args:
      mnist: The digits to draw with.
      data_dir: The folder for the files, or None for the cache.

    Raises:
      DataError: when a file cannot be written or read.
    """
    folder = files.cache_dir() / f"svhn-synthetic-{VERSION}"
    if data_dir:
        folder = files.user_path(data_dir)
    parts = [mnist.train, mnist.test]
    for part, (pair, (name, count)) in enumerate(zip(parts, SIZES.items())):
        path = folder / name
        if path.is_file() or pair is None:
            continue
        digits, labels = map(np.asarray, pair)
        generator = seeds.generator(VERSION, seeds.Stream.SYNTHETIC, part)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with files.written_atomically(path) as temporary:
                write_mat(temporary, *draw_images(digits, labels, count, generator))
        except OSError as error:
            raise DataError(
                f"cannot write {path}: {error.strerror}. Name another folder with --data-dir."
            ) from None
    source = f"drawn from MNIST, in {files.shown(folder)}"
    paths = [folder / name for name in SIZES]
    return as_dataset("svhn-synthetic", source, paths, official=None)


def write_mat(path: Path, images: Array, labels: Array) -> None:
    """Writes a file in SVHN's layout, the same bytes for the same images.

    Args:
      path: The file.
      images: uint8 [n, 32, 32, 3].
      labels: [n], digits 0 to 9; digit 0 is written as 10.
    """
    content = io.BytesIO()
    layout = {
        "X": images.transpose(1, 2, 3, 0),
        "y": np.where(labels == 0, 10, labels).astype(np.uint8)[:, np.newaxis],
    }
    scipy.io.savemat(content, layout, do_compression=True)
    content.getbuffer()[: len(_HEADER)] = _HEADER
    path.write_bytes(content.getvalue())


def draw_images(
    digits: Array, labels: Array, count: int, generator: np.random.Generator
) -> tuple[Array, Array]:
    """Draws images like SVHN's.

    Args:
      digits: uint8 [n, 28, 28], MNIST images.
      labels: uint8 [n].
      count: How many to draw.
      generator: The source of random numbers.

    Returns:
      uint8 [count, 32, 32, 3] and uint8 [count].
    """
    # Which digit stands in the middle, which to its left and which to its right.
    picked = generator.integers(len(digits), size=(count, 3))
    zoom = generator.uniform(0.85, 1.1, count)
    offsets = generator.integers(-2, 3, size=(count, 3, 2))
    offsets[:, 1, 1] -= generator.integers(17, 22, count)
    offsets[:, 2, 1] += generator.integers(17, 22, count)
    ink = np.zeros((count, _SIDE, _SIDE))
    for i in range(count):
        for which in (1, 2, 0):
            placed = _place(digits[picked[i, which]], zoom[i], offsets[i, which])
            ink[i] = np.maximum(ink[i], placed)
    # Two colors at least 60 gray levels apart in the mean; which of them is the lighter is random,
    # as on houses.
    background = generator.uniform(40, 215, (count, 1, 1, 3))
    distance = generator.uniform(60, 130, (count, 1, 1, 1))
    distance *= generator.choice([-1.0, 1.0], (count, 1, 1, 1))
    foreground = background + distance + generator.uniform(-20, 20, (count, 1, 1, 3))
    noise = generator.standard_normal((count, _SIDE, _SIDE, 1))
    smooth = scipy.ndimage.gaussian_filter(noise, (0, 4, 4, 0)) * 120
    grain = generator.normal(0, 4, (count, _SIDE, _SIDE, 3))
    images = background + (foreground - background) * ink[..., np.newaxis] + smooth + grain
    return np.clip(images, 0, 255).astype(np.uint8), labels[picked[:, 0]]


def _place(digit: Array, zoom: float, offset: Array) -> Array:
    """Returns the digit's ink, 0 to 1, [32, 32]: zoomed about its middle and moved by `offset`
    (down, right).
    """
    middle = (_SIDE - 1) / 2
    origin = (digit.shape[0] - 1) / 2 - (middle + offset) / zoom
    placed: Array = scipy.ndimage.affine_transform(
        digit / 255.0, np.eye(2) / zoom, origin, (_SIDE, _SIDE), order=1
    )
    return placed
