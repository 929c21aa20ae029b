"""From a name to a dataset."""

import importlib
import warnings
from collections.abc import Collection, Sequence
from dataclasses import fields
from typing import Any, Never

import numpy as np

from tfmlp.data.dataset import Dataset, make_dataset
from tfmlp.data.labels import require_from_zero
from tfmlp.data.raw import Progress
from tfmlp.data.readers import SOURCES
from tfmlp.errors import ConfigError, DataError, TfmlpWarning, nearest
from tfmlp.settings.data import AUGMENTATION, DataConfig, join_names

# Options that are for some kinds only, and their value where none was given.
_USED_BY: dict[str, tuple[tuple[str, ...], object]] = {
    "data_dir": (("mnist", "svhn", "svhn-synthetic"), None),
    "tfds_dir": (("mnist", "tfds"), None),
    "target": (("csv",), None),
    "drop": (("csv",), None),
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
            f"unknown dataset {name!r}: {nearest(kind, SOURCES)}. A table is written csv:FILE.csv,"
            " arrays arrays:FILE.npz, and a set of tensorflow-datasets is written tfds:NAME."
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
    name: str = "mnist",
    data_dir: str | None = None,
    validation: float = 0.1,
    seed: int = 0,
    *,
    tfds_dir: str | None = None,
    target: str | None = None,
    drop: str | Sequence[str] | None = None,
    task: str | None = None,
    test_share: float = 0.2,
    stratify: bool = False,
    features_in: str = "auto",
    extra: bool = False,
    **unknown: Never,
) -> Dataset:
    """Loads a dataset by its name; the options are those of `tfmlp train`.

    Args:
      name: "mnist", "mnist-small", "svhn", "svhn-synthetic", "tfds:NAME", "arrays:FILE.npz",
        "arrays:FOLDER", "csv:FILE.csv", "idx:IMAGES,LABELS[,...]" or "mat:TRAIN[,TEST]".
      data_dir: The folder of its files; without it, $TFMLP_DATA_DIR, the checkout's data/ and the
        cache are searched.
      validation: Share (below 1) or number of training examples to hold out; 0 for none.
      seed: Decides which examples are held out.
      tfds_dir: The folder in which tensorflow-datasets keeps its prepared sets.
      target: The column to predict, for csv.
      drop: The column or columns to leave out, for csv.
      task: "classification" or "regression", for csv and arrays; None: classes.
      test_share: Share of the examples held out where a file brings no test examples.
      stratify: Whether classes have the same shares in the examples held out as in all.
      features_in: "memory", "disk" or "auto", for arrays:FOLDER.
      extra: Whether to add SVHN's 531,131 extra images to its training images.

    Returns:
      A `Dataset` of validated splits.

    Raises:
      ConfigError: for an unknown name or option.
      DataError: when the data cannot be found, read or used.

    >>> data = tfmlp.load_dataset("mnist-small", validation=0.2)
    >>> {name: len(split) for name, split in data.splits.items()}
    {'train': 4800, 'validation': 1200, 'test': 1000}
    """
    for option in unknown:
        if option in AUGMENTATION:
            raise ConfigError(
                f"{option} changes images while a model is trained on them: give it to the"
                f" configuration, as in tfmlp.Config.from_options({option}=...)."
            )
        known = {field.name for field in fields(DataConfig)} - {"dataset", *AUGMENTATION}
        raise ConfigError(
            f"unknown option '{option}': {nearest(option, known | {'name', 'seed'})}."
        )
    config = DataConfig(
        dataset=name,
        data_dir=None if data_dir is None else str(data_dir),
        tfds_dir=None if tfds_dir is None else str(tfds_dir),
        target=target,
        drop=drop if drop is None or isinstance(drop, str) else join_names(drop),
        task=task,
        validation=validation,
        test_share=test_share,
        stratify=stratify,
        features_in=features_in,
        extra=extra,
    )
    return load_configured(config, seed)


def load_configured(
    config: DataConfig,
    seed: int,
    progress: Progress | None = None,
    *,
    trained_on: Collection[str] | None = None,
) -> Dataset:
    """Loads the dataset that a configuration names.

    Args:
      config: The dataset's name, and how it is read and split.
      seed: Decides which examples are held out.
      progress: Called with what is done, as "downloading NAME" or "reading NAME", and the bytes so
        far and in all.
      trained_on: For an evaluation of a run on other data: the sha256 of the files that the run was
        trained on. Data that have none of them, and no test examples of their own, are test
        examples as a whole.

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
        task = config.task or "classification"
        digests = {raw.provenance.sha256, *raw.provenance.files.values()}
        is_new = trained_on is not None and raw.test is None and digests.isdisjoint(trained_on)
        shares = config.validation, None if is_new else config.test_share
        dataset = make_dataset(raw, task, *shares, seed, config.stratify)
        if kind == "arrays" and task == "classification" and not is_new:
            labels = [split.labels for split in dataset.splits.values()]
            require_from_zero(np.concatenate(labels), None, "Write", name=config.dataset)
    except MemoryError:
        raise DataError(f"{config.dataset} needs more memory than there is.") from None
    if dataset.provenance.official is False:
        warnings.warn(
            f"{dataset.provenance.source}: these are not the published {kind.upper()} files (their"
            " sha256 differ).",
            TfmlpWarning,
            stacklevel=3,
        )
    return dataset


def load_given(data: Any, config: DataConfig, seed: int) -> Dataset:
    """Makes a dataset of a user's arrays, split as a configuration says.

    Args:
      data: (x, y), or ((x, y), (x_test, y_test)), as Keras' datasets have them.
      config: How it is split, and the task.
      seed: Decides which examples are held out.

    Raises:
      ConfigError: when it is no such pair; it says what to do.
      DataError: when the arrays cannot be trained on.
    """
    if not isinstance(data, tuple) or len(data) != 2:
        received = f"a tuple of {len(data)}" if isinstance(data, tuple) else type(data).__name__
        ways = "Dataset.from_frame(frame, target) and Dataset.from_tfdata(dataset)"
        raise ConfigError(
            f"fit expects a tfmlp.Dataset or arrays (x, y); received {received}. {ways} make a"
            " dataset of other things, load_dataset(name) of a file."
        )
    (x, y), test = data, config.test_share
    if all(isinstance(part, tuple) and len(part) == 2 for part in data):
        (x, y), test = data
    return Dataset.from_arrays(
        x,
        y,
        validation=config.validation,
        test=test,
        task=config.task,
        stratify=config.stratify,
        seed=seed,
    )
