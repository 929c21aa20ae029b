"""The kinds of datasets: what each is called, and what reads it."""

from collections.abc import Callable
from typing import NamedTuple

from tfmlp import files
from tfmlp.data.raw import Progress, RawDataset
from tfmlp.errors import DataError
from tfmlp.settings.data import DataConfig, split_names


class Source(NamedTuple):
    """A kind of dataset.

    Attributes:
      description: What a list says of it.
      module: The module of this package that reads it.
      read: Reads it, given its argument, the configuration, and what is told of how far it is.
      takes_argument: Whether its name goes on: "csv:FILE.csv".
    """

    description: str
    module: str
    read: Callable[[str, DataConfig, Progress | None], RawDataset]
    takes_argument: bool = False


def _mnist(argument: str, config: DataConfig, progress: Progress | None) -> RawDataset:
    from tfmlp.data.mnist import find_mnist, read_mnist

    paths = find_mnist(config.data_dir)
    if paths:
        return read_mnist(paths)
    folders = ", ".join(map(str, files.data_folders("mnist", config.data_dir)))
    if config.data_dir:
        raise DataError(
            "expected MNIST's four IDX files (train-images-idx3-ubyte[.gz] and so on) in"
            f" {folders}; found none. Correct --data-dir, or leave it out."
        )
    try:
        return _tfds("mnist", config, progress)
    except DataError as error:
        raise DataError(
            f"MNIST's IDX files are in none of {folders}, and: {error} What works at once, with"
            " digits that come with the package: --dataset mnist-small."
        ) from None


def _mnist_small(argument: str, config: DataConfig, progress: Progress | None) -> RawDataset:
    from tfmlp.data.mnist_small import read_mnist_small

    return read_mnist_small()


def _svhn(argument: str, config: DataConfig, progress: Progress | None) -> RawDataset:
    from tfmlp.data.svhn import read_svhn

    return read_svhn(config.data_dir, config.extra, progress)


def _synthetic(argument: str, config: DataConfig, progress: Progress | None) -> RawDataset:
    from tfmlp.data.synthetic import read_synthetic

    return read_synthetic(config.data_dir)


def _tfds(argument: str, config: DataConfig, progress: Progress | None) -> RawDataset:
    from tfmlp.data.tfds import read_tfds

    return read_tfds(argument, config.tfds_dir)


def _arrays(argument: str, config: DataConfig, progress: Progress | None) -> RawDataset:
    from tfmlp.data.arrays import read_arrays, read_folder

    if files.user_path(argument).is_dir():
        return read_folder(argument, config.features_in)
    return read_arrays(argument)


def _csv(argument: str, config: DataConfig, progress: Progress | None) -> RawDataset:
    from tfmlp.data.tabular import read_table

    return read_table(argument, config.target, config.task, split_names(config.drop), progress)


def _idx(argument: str, config: DataConfig, progress: Progress | None) -> RawDataset:
    from tfmlp.data.mnist import read_idx_pairs

    return read_idx_pairs(argument)


def _mat(argument: str, config: DataConfig, progress: Progress | None) -> RawDataset:
    from tfmlp.data.svhn import read_mat_pairs

    return read_mat_pairs(argument)


SOURCES = {
    "mnist": Source(
        "handwritten digits, 28x28 gray, 60,000 training and 10,000 test images", "mnist", _mnist
    ),
    "mnist-small": Source(
        "every tenth digit of MNIST, 6,000 and 1,000; comes with the package",
        "mnist_small",
        _mnist_small,
    ),
    "svhn": Source(
        "house-number digits, 32x32 color, 73,257 training and 26,032 test images (with --extra"
        " 531,131 more)",
        "svhn",
        _svhn,
    ),
    "svhn-synthetic": Source(
        "images like SVHN's, drawn from MNIST or mnist-small, 5,000 and 1,500; needs no network",
        "synthetic",
        _synthetic,
    ),
    "tfds": Source(
        "tfds:NAME[/CONFIG][:VERSION], any image-classification set of tensorflow-datasets",
        "tfds",
        _tfds,
        takes_argument=True,
    ),
    "arrays": Source(
        "arrays:FILE.npz or arrays:FOLDER (.npy files), with x_train, y_train, x_test, y_test, or"
        " x, y",
        "arrays",
        _arrays,
        takes_argument=True,
    ),
    "csv": Source(
        "csv:FILE.csv with --target COLUMN [--drop COLUMN,...] [--task regression]",
        "tabular",
        _csv,
        takes_argument=True,
    ),
    "idx": Source(
        "idx:IMAGES,LABELS[,TEST_IMAGES,TEST_LABELS], IDX files by path",
        "mnist",
        _idx,
        takes_argument=True,
    ),
    "mat": Source(
        "mat:TRAIN[,TEST], .mat files in SVHN's layout by path",
        "svhn",
        _mat,
        takes_argument=True,
    ),
}
