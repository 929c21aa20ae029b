"""Street-number-like images made from MNIST: the way to run everything about SVHN without SVHN.

Each image is a digit of MNIST, resized and colored, on a textured background, with parts of other
digits to its left and right as SVHN has them. They are written once as real .mat files in SVHN's
layout and then read by SVHN's reader.
"""

import io
from pathlib import Path
from typing import NamedTuple

import numpy as np
import scipy.io
import scipy.ndimage

from tfmlp import files, seeds
from tfmlp.data.mnist import find_mnist, read_mnist
from tfmlp.data.mnist_small import read_mnist_small
from tfmlp.data.raw import RawDataset
from tfmlp.data.rowfile import Array
from tfmlp.data.svhn import as_dataset
from tfmlp.errors import DataError

VERSION = 1  # raised when the images change, so that a cache never mixes two
SIZES = {"train_32x32.mat": 5000, "test_32x32.mat": 1500}
_SIDE = 32


class _Digits(NamedTuple):
    """A set of digits to draw from.

    Attributes:
      title: Its name for people.
      folder: The cache's folder for what is drawn from it.
      header: The text that begins the files. The usual one has the date; these files are the same
        every time.
    """

    title: str
    folder: str
    header: bytes


_DIGITS = {
    "mnist": _Digits(
        "MNIST", f"svhn-synthetic-{VERSION}", b"MATLAB 5.0 MAT-file, written by tfmlp".ljust(116)
    ),
    "mnist-small": _Digits(
        "mnist-small",
        f"svhn-synthetic-{VERSION}-of-mnist-small",
        b"MATLAB 5.0 MAT-file, written by tfmlp of mnist-small".ljust(116),
    ),
}


def read_synthetic(data_dir: str | None) -> RawDataset:
    """Reads the synthetic set, drawing it first where it is not there yet: from MNIST where its
    published files are found, else from mnist-small. That needs no network, and no MNIST where the
    set is there.

    Args:
      data_dir: The folder for the files, or None for the cache.

    Raises:
      DataError: when a file cannot be written or read, or one of two is there and was drawn from
        other digits.
    """
    if data_dir:
        folder = files.user_path(data_dir)
    else:
        folder = files.cache_dir() / _DIGITS["mnist"].folder
    if not all(map(files.is_file, _paths(folder))):
        raw = _find_digits()
        if not data_dir:
            folder = files.cache_dir() / _DIGITS[raw.provenance.name].folder
        _draw_missing(raw, folder)
    paths = _paths(folder)
    origins = " and ".join(sorted({_origin(path) for path in paths}))
    source = f"drawn from {origins}, in {files.shown(folder)}"
    return as_dataset("svhn-synthetic", source, paths, official=None)


def _paths(folder: Path) -> list[Path]:
    return [folder / name for name in SIZES]


def _origin(path: Path) -> str:
    """Returns the title of the digits that a file's images were drawn from."""
    try:
        with open(path, "rb") as file:
            header = file.read(116)
    except OSError:  # the reader says so
        header = b""
    return next((one.title for one in _DIGITS.values() if one.header == header), "other images")


def _find_digits() -> RawDataset:
    """Returns MNIST if its published files are found, else mnist-small: other digits in MNIST's
    files would give other images under the same name.
    """
    try:
        paths = find_mnist(None)
        if paths and (mnist := read_mnist(paths)).provenance.official:
            return mnist
    except DataError:  # a part of MNIST, or a damaged file
        pass
    return read_mnist_small()


def _draw_missing(digits: RawDataset, folder: Path) -> None:
    """Draws the files that are not there."""
    title, _, header = _DIGITS[digits.provenance.name]
    for path in _paths(folder):
        if path.is_file() and _origin(path) != title:
            raise DataError(
                f"{folder} holds a part of the set, {path.name}, which was not drawn from {title}:"
                " remove it, or choose another --data-dir."
            )
    parts = [digits.train, digits.test]
    for part, (pair, path, count) in enumerate(zip(parts, _paths(folder), SIZES.values())):
        if path.is_file() or pair is None:
            continue
        images, labels = map(np.asarray, pair)
        generator = seeds.generator(VERSION, seeds.Stream.SYNTHETIC, part)
        drawn = draw_images(images, labels, count, generator)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with files.written_atomically(path) as temporary:
                write_mat(temporary, *drawn, header)
        except OSError as error:
            raise DataError(
                f"cannot write {path}: {error.strerror}. Name another folder with --data-dir."
            ) from None


def write_mat(
    path: Path, images: Array, labels: Array, header: bytes = _DIGITS["mnist"].header
) -> None:
    """Writes a file in SVHN's layout, the same bytes for the same images.

    Args:
      path: The file.
      images: uint8 [n, 32, 32, 3].
      labels: [n], digits 0 to 9; digit 0 is written as 10.
      header: The text that begins the file, 116 bytes.
    """
    content = io.BytesIO()
    layout = {
        "X": images.transpose(1, 2, 3, 0),
        "y": np.where(labels == 0, 10, labels).astype(np.uint8)[:, np.newaxis],
    }
    scipy.io.savemat(content, layout, do_compression=True)
    content.getbuffer()[: len(header)] = header
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
