"""Image-classification sets of tensorflow-datasets, read into memory."""

import contextlib
import sys
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np

from tfmlp import files
from tfmlp.data.dataset import Provenance
from tfmlp.data.raw import RawDataset
from tfmlp.errors import DataError

_ROWS_AT_A_TIME = 4096
_HOST = "https://storage.googleapis.com"  # where tensorflow-datasets keeps what it prepared


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
        raise DataError(
            f"tensorflow-datasets has no set {name!r}{' in ' + tfds_dir if tfds_dir else ''}:"
            f" {_first_line(error)}."
        ) from None
    features = builder.info.features
    if not ({"image", "label"} <= set(features or ()) and hasattr(features["label"], "names")):
        received = ", ".join(features or ()) or "nothing"
        raise DataError(
            f"tfds:{name}: expected a set for image classification, with 'image' and 'label'; it"
            f" has {received}."
        )
    if None in features["image"].shape:
        raise DataError(
            f"tfds:{name}: expected images of one size; received the shape"
            f" {features['image'].shape}. Resize them into an .npz and use arrays:FILE.npz."
        )
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
    except Exception as error:
        own = "--data-dir with the four IDX files" if name == "mnist" else "--dataset arrays:FILE"
        raise DataError(
            f"tensorflow-datasets could not prepare or read {name!r}: {_first_line(error)}. Name"
            f" the folder of a prepared copy with --tfds-dir, or read files of your own: {own}."
        ) from None
    folder = Path(builder.data_dir)
    digests = {path.name: files.sha256_of(path) for path in sorted(folder.glob("*.tfrecord*"))}
    provenance = Provenance(
        f"tfds:{name}", f"tensorflow-datasets {builder.info.full_name}", digests
    )
    return RawDataset(train, test, provenance, tuple(features["label"].names))


def _require_network() -> None:
    """Finds out in seconds what tensorflow-datasets finds out by minutes of retrying."""
    try:
        urllib.request.urlopen(_HOST, timeout=10).close()
    except urllib.error.HTTPError:
        pass  # it answers
    except OSError:
        raise ConnectionError(
            "it is not prepared on this machine, and there is no network to download it"
        ) from None


def _read_split(builder, split: str) -> tuple[np.ndarray, np.ndarray]:
    import tensorflow_datasets as tfds

    # shuffle_files stays off: rows keep the order in which they are stored.
    count = builder.info.splits[split].num_examples
    images = np.empty(
        (count, *builder.info.features["image"].shape), builder.info.features["image"].np_dtype
    )
    labels = np.empty(count, np.int64)
    row = 0
    for batch, batch_labels in tfds.as_numpy(
        builder.as_dataset(split=split, as_supervised=True, batch_size=_ROWS_AT_A_TIME)
    ):
        images[row : row + len(batch)] = batch
        labels[row : row + len(batch)] = batch_labels
        row += len(batch)
    if row != count:
        raise DataError(f"tfds: split '{split}' should have {count:,} rows; received {row:,}.")
    return images, labels


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].strip().rstrip(".:") if lines else type(error).__name__
