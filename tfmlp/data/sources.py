"""From a name to a dataset."""

import importlib
import warnings
from collections.abc import Callable
from typing import NamedTuple

from tfmlp import files
from tfmlp.config import DataConfig
from tfmlp.data.dataset import Dataset
from tfmlp.data.raw import RawDataset, make_dataset
from tfmlp.errors import ConfigError, DataError, TfmlpWarning, nearest

Progress = Callable[[str, int, int], None]


class Source(NamedTuple):
    """A kind of dataset: what a list says of it, the module that reads it, and how it is read from
    (its argument, the configuration, progress).
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
        raise DataError(f"MNIST's IDX files are in none of {folders}, and: {error}") from None


def _svhn(argument: str, config: DataConfig, progress: Progress | None) -> RawDataset:
    from tfmlp.data.svhn import read_svhn

    return read_svhn(config.data_dir, config.extra, progress)


def _synthetic(argument: str, config: DataConfig, progress: Progress | None) -> RawDataset:
    from tfmlp.data.synthetic import read_synthetic

    return read_synthetic(
        _mnist("", DataConfig(tfds_dir=config.tfds_dir), progress), config.data_dir
    )


def _tfds(argument: str, config: DataConfig, progress: Progress | None) -> RawDataset:
    from tfmlp.data.tfds import read_tfds

    return read_tfds(argument, config.tfds_dir)


def _arrays(argument: str, config: DataConfig, progress: Progress | None) -> RawDataset:
    from tfmlp.data.arrays import read_arrays, read_folder

    return (
        read_folder(argument, config.features_in)
        if files.user_path(argument).is_dir()
        else read_arrays(argument)
    )


def _csv(argument: str, config: DataConfig, progress: Progress | None) -> RawDataset:
    from tfmlp.data.tabular import read_table

    return read_table(argument, config.target, config.task)


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
    "svhn": Source(
        "house-number digits, 32x32 color, 73,257 training and 26,032 test images (with --extra"
        " 531,131 more)",
        "svhn",
        _svhn,
    ),
    "svhn-synthetic": Source(
        "images like SVHN's, drawn from MNIST, 5,000 and 1,500; needs no network",
        "synthetic",
        _synthetic,
    ),
    "tfds": Source(
        "tfds:NAME[/CONFIG][:VERSION], any image-classification set of tensorflow-datasets",
        "tfds",
        _tfds,
        True,
    ),
    "arrays": Source(
        "arrays:FILE.npz or arrays:FOLDER (.npy files), with x_train, y_train, x_test, y_test, or"
        " x, y",
        "arrays",
        _arrays,
        True,
    ),
    "csv": Source("csv:FILE.csv with --target COLUMN [--task regression]", "tabular", _csv, True),
    "idx": Source(
        "idx:IMAGES,LABELS[,TEST_IMAGES,TEST_LABELS], IDX files by path", "mnist", _idx, True
    ),
    "mat": Source("mat:TRAIN[,TEST], .mat files in SVHN's layout by path", "svhn", _mat, True),
}

# Options that are for some kinds only, and their value where nobody gave one.
_USED_BY = {
    "data_dir": (("mnist", "svhn", "svhn-synthetic"), None),
    "tfds_dir": (("mnist", "svhn-synthetic", "tfds"), None),
    "target": (("csv",), None),
    "features_in": (("arrays",), "auto"),
    "extra": (("svhn",), False),
}


def parse_name(name: str) -> tuple[str, str]:
    """Splits a dataset's name into its kind and its argument: "csv:my.csv" into "csv" and "my.csv".

    Raises:
      ConfigError: for an unknown kind, or an argument missing or too many.
    """
    kind, colon, argument = name.partition(":")
    if "\0" in name:
        raise ConfigError(f"unknown dataset {name!r}: no file's name has a zero byte in it.")
    if kind not in SOURCES:
        raise ConfigError(
            f"unknown dataset {name!r}: {nearest(kind, SOURCES)}. A set of tensorflow-datasets is"
            " written tfds:NAME."
        )
    if SOURCES[kind].takes_argument != bool(argument):
        expected = SOURCES[kind].description if SOURCES[kind].takes_argument else kind
        raise ConfigError(f"dataset {kind!r}: expected {expected}; received {name!r}.")
    return kind, argument


def import_reader(config: DataConfig) -> bool:
    """Imports what reads a configuration's data, and returns whether it only reads files: it
    neither needs TensorFlow nor downloads or makes any.
    """
    kind, _ = parse_name(config.dataset)
    reader = importlib.import_module(f"tfmlp.data.{SOURCES[kind].module}")
    if kind == "mnist":
        return bool(config.data_dir or reader.find_mnist(None))
    if kind == "svhn":
        return all(reader.find(name, config.data_dir) for name in reader.file_names(config.extra))
    return kind not in ("svhn-synthetic", "tfds")


def load_dataset(
    name: str, data_dir: str | None = None, validation: float = 0.1, seed: int = 0, **options
) -> Dataset:
    """Loads a dataset by its name.

    Args:
      name: "mnist", "svhn", "svhn-synthetic", "tfds:NAME", "arrays:FILE.npz", "arrays:FOLDER",
        "csv:FILE.csv", "idx:IMAGES,LABELS[,...]" or "mat:TRAIN[,TEST]".
      data_dir: The folder of its files; without it, $TFMLP_DATA_DIR, the checkout's data/ and the
        cache are searched.
      validation: Share (below 1) or number of training rows to hold out; 0 for none.
      seed: Decides which rows are held out.
      **options: Further fields of `DataConfig`: target, task, test_share, extra, tfds_dir.

    Returns:
      A `Dataset` of validated splits.

    Raises:
      ConfigError: for an unknown name or option.
      DataError: when the data cannot be found, read or used.
    """
    config = DataConfig(dataset=name, data_dir=data_dir, validation=validation, **options)
    return load_configured(config, seed)


def load_configured(config: DataConfig, seed: int, progress: Progress | None = None) -> Dataset:
    """Loads the dataset that a configuration names; `progress` is called with (file, bytes so far,
    bytes in all) while downloading.
    """
    kind, argument = parse_name(config.dataset)
    if config.task == "regression" and kind not in ("arrays", "csv"):
        raise ConfigError(f"task regression is for csv and arrays; {kind} has classes.")
    for name, (kinds, unset) in _USED_BY.items():
        if kind not in kinds and getattr(config, name) != unset:
            warnings.warn(
                f"dataset {kind} does not use {name}, which is for {', '.join(kinds)}.",
                TfmlpWarning,
                stacklevel=3,
            )
    try:
        raw = SOURCES[kind].read(argument, config, progress)
        dataset = make_dataset(raw, config.task, config.validation, config.test_share, seed)
        if raw.provenance.official is False:
            warnings.warn(
                f"{raw.provenance.source}: these are not the published {kind.upper()} files (their"
                " sha256 differ); the run records them as such.",
                TfmlpWarning,
                stacklevel=3,
            )
        return dataset
    except MemoryError:
        raise DataError(f"{config.dataset} needs more memory than there is.") from None
