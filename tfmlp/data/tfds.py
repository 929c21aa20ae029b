"""Image-classification sets of tensorflow-datasets, read into memory."""

import contextlib
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np

from tfmlp import files
from tfmlp.data.raw import RawDataset
from tfmlp.data.rowfile import Array
from tfmlp.data.split import Provenance
from tfmlp.errors import DataError

_EXAMPLES_AT_A_TIME = 4096
_HOST = "https://storage.googleapis.com"  # where tensorflow-datasets keeps what it prepared
_MNIST = f"{_HOST}/cvdf-datasets/mnist/"  # where it gets MNIST from


def read_tfds(name: str, tfds_dir: str | None) -> RawDataset:
    """Reads a set of tensorflow-datasets, downloading and preparing it if needed.

    Args:
      name: Its name, with config and version where wanted: "mnist", "emnist/letters",
        "mnist:3.0.1".
      tfds_dir: The folder that holds prepared sets; without it, tensorflow-datasets' own.

    Raises:
      DataError: when it cannot be had, or has no images of one size with a class label.
    """
    import tensorflow_datasets as tfds

    where = {"data_dir": str(files.user_path(tfds_dir))} if tfds_dir else {}
    try:
        builder = tfds.builder(name, **where)
    except Exception as error:  # tensorflow-datasets has no common error
        folder = f" in {tfds_dir}" if tfds_dir else ""
        raise DataError(
            f"tensorflow-datasets has no set {name!r}{folder}: {_first_line(error)}."
        ) from None
    _require_image_classes(builder.info.features or {}, name)
    tfds.disable_progress_bar()
    try:
        if not builder.is_prepared():
            _require_network()
        with contextlib.redirect_stdout(sys.stderr):  # stdout is for results
            builder.download_and_prepare()
        available = builder.info.splits
        if "train" not in available:
            raise DataError(
                f"tfds:{name}: expected a split 'train'; it has {', '.join(available)}."
            )
        held_out = next((split for split in ("test", "validation") if split in available), None)
        train = _read_split(builder, "train")
        test = _read_split(builder, held_out) if held_out else None
    except DataError:
        raise
    except Exception as error:  # as above
        own = "--dataset arrays:FILE"
        if name == "mnist":
            own = f"--data-dir with the four IDX files, which are at {_MNIST}"
        raise DataError(
            f"tensorflow-datasets could not prepare or read {name!r}: {_first_line(error)}. Name"
            f" the folder of a prepared copy with --tfds-dir, or read files of your own: {own}."
        ) from None
    prepared = sorted(Path(builder.data_dir).glob("*.tfrecord*"))
    provenance = Provenance(
        f"tfds:{name}",
        f"tensorflow-datasets {builder.info.full_name}",
        {path.name: files.sha256_of(path) for path in prepared},
    )
    return RawDataset(train, test, provenance, tuple(builder.info.features["label"].names))


def _require_image_classes(features: Any, name: str) -> None:
    """Raises DataError where there are no images of one size with a class label."""
    if not ({"image", "label"} <= set(features) and hasattr(features["label"], "names")):
        raise DataError(
            f"tfds:{name}: expected a set for image classification, with 'image' and 'label'; it"
            f" has {', '.join(features) or 'nothing'}."
        )
    if None in features["image"].shape:
        raise DataError(
            f"tfds:{name}: expected images of one size; received the shape"
            f" {features['image'].shape}. Resize them into an .npz and use arrays:FILE.npz."
        )


def _require_network() -> None:
    """Notices in seconds what tensorflow-datasets notices after minutes of retrying."""
    try:
        urllib.request.urlopen(_HOST, timeout=10).close()
    except urllib.error.HTTPError:
        pass  # it answers
    except OSError:
        raise ConnectionError(
            "it is not prepared on this machine, and there is no network to download it"
        ) from None


def _read_split(builder: Any, split: str) -> tuple[Array, Array]:
    import tensorflow_datasets as tfds

    count = builder.info.splits[split].num_examples
    image = builder.info.features["image"]
    images = np.empty((count, *image.shape), image.np_dtype)
    labels = np.empty(count, np.int64)
    # shuffle_files stays off: examples keep the order in which they are stored.
    batches = builder.as_dataset(split=split, as_supervised=True, batch_size=_EXAMPLES_AT_A_TIME)
    start = 0
    for batch, batch_labels in tfds.as_numpy(batches):
        end = start + len(batch)
        images[start:end] = batch
        labels[start:end] = batch_labels
        start = end
    if start != count:
        raise DataError(
            f"tfds: split '{split}' should have {count:,} examples; received {start:,}."
        )
    return images, labels


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].strip().rstrip(".:") if lines else type(error).__name__
