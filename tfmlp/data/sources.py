"""From a name to a dataset."""

import importlib
import warnings
from typing import Any

from tfmlp.data.dataset import Dataset
from tfmlp.data.raw import Progress, make_dataset
from tfmlp.data.readers import SOURCES
from tfmlp.errors import ConfigError, DataError, TfmlpWarning, nearest
from tfmlp.settings.data import DataConfig

# Options that are for some kinds only, and their value where none was given.
_USED_BY: dict[str, tuple[tuple[str, ...], object]] = {
    "data_dir": (("mnist", "svhn", "svhn-synthetic"), None),
    "tfds_dir": (("mnist", "tfds"), None),
    "target": (("csv",), None),
    "features_in": (("arrays",), "auto"),
    "extra": (("svhn",), False),
}


def parse_name(name: str) -> tuple[str, str]:
    """Splits a dataset's name into its kind and its argument: "csv:my.csv" into "csv" and "my.csv".

    Raises:
      ConfigError: for an unknown kind, or an argument that is missing or one too many.
    """
    kind, _, argument = name.partition(":")
    if "\0" in name:
        raise ConfigError(f"unknown dataset {name!r}: no file's name has a zero byte in it.")
    if kind not in SOURCES:
        raise ConfigError(
            f"unknown dataset {name!r}: {nearest(kind, SOURCES)}. A set of tensorflow-datasets is"
            " written tfds:NAME."
        )
    source = SOURCES[kind]
    if source.takes_argument != bool(argument):
        expected = source.description if source.takes_argument else kind
        raise ConfigError(f"dataset {kind!r}: expected {expected}; received {name!r}.")
    return kind, argument


def import_reader(config: DataConfig) -> bool:
    """Imports what reads a configuration's data, and returns whether it only reads files: whether
    it needs no TensorFlow, and neither downloads nor makes any data.
    """
    kind, _ = parse_name(config.dataset)
    reader = importlib.import_module(f"tfmlp.data.{SOURCES[kind].module}")
    if kind == "mnist":
        return bool(config.data_dir or reader.find_mnist(None))
    if kind == "svhn":
        return all(reader.find(name, config.data_dir) for name in reader.file_names(config.extra))
    return kind not in ("svhn-synthetic", "tfds")


def load_dataset(
    name: str,
    data_dir: str | None = None,
    validation: float = 0.1,
    seed: int = 0,
    **options: Any,
) -> Dataset:
    """Loads a dataset by its name.

    Args:
      name: "mnist", "mnist-small", "svhn", "svhn-synthetic", "tfds:NAME", "arrays:FILE.npz",
        "arrays:FOLDER", "csv:FILE.csv", "idx:IMAGES,LABELS[,...]" or "mat:TRAIN[,TEST]".
      data_dir: The folder of its files; without it, $TFMLP_DATA_DIR, the checkout's data/ and the
        cache are searched.
      validation: Share (below 1) or number of training examples to hold out; 0 for none.
      seed: Decides which examples are held out.
      **options: Further fields of `DataConfig`: target, task, test_share, features_in, extra,
        tfds_dir.

    Returns:
      A `Dataset` of validated splits.

    Raises:
      ConfigError: for an unknown name or option.
      DataError: when the data cannot be found, read or used.
    """
    config = DataConfig(dataset=name, data_dir=data_dir, validation=validation, **options)
    return load_configured(config, seed)


def load_configured(config: DataConfig, seed: int, progress: Progress | None = None) -> Dataset:
    """Loads the dataset that a configuration names.

    Args:
      config: The dataset's name, and how it is read and split.
      seed: Decides which examples are held out.
      progress: Called with (file, bytes so far, bytes in all) while downloading.

    Raises:
      ConfigError: for an unknown name, or a task that the dataset does not have.
      DataError: when the data cannot be found, read or used.
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
    except MemoryError:
        raise DataError(f"{config.dataset} needs more memory than there is.") from None
    if dataset.provenance.official is False:
        warnings.warn(
            f"{dataset.provenance.source}: these are not the published {kind.upper()} files (their"
            " sha256 differ); the run records them as such.",
            TfmlpWarning,
            stacklevel=3,
        )
    return dataset
