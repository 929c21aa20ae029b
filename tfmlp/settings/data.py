"""The options that say which examples are trained on, validated on and tested on."""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass

from tfmlp.knobs import Group, knob

TASKS = ("classification", "regression")
AUGMENTATION = ("shift", "invert")  # options that say nothing about how data are loaded


def join_names(names: Iterable[str]) -> str:
    """Returns names of columns as one text, as `drop` takes it; `split_names` reads it.

    >>> split_names(join_names(["id", "street, town"]))
    ['id', 'street, town']
    """
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(names)
    return text.getvalue()


def split_names(text: str | None) -> list[str]:
    """Returns the names of columns that an option lists; a name with a comma stands in quotes."""
    rows = csv.reader([text or ""], skipinitialspace=True)
    return [name.strip() for row in rows for name in row if name.strip()]


@dataclass(frozen=True)
class DataConfig(Group):
    """Which examples are trained on, validated on and tested on."""

    dataset: str = knob(
        "mnist",
        "mnist, mnist-small, svhn, svhn-synthetic, tfds:NAME, arrays:FILE.npz, arrays:FOLDER,"
        " csv:FILE.csv, idx:IMAGES,LABELS[,TEST_IMAGES,TEST_LABELS] or mat:TRAIN[,TEST].",
    )
    data_dir: str | None = knob(
        None,
        "The folder that holds the dataset's files. Without it: $TFMLP_DATA_DIR, the checkout's"
        " data/, the cache.",
    )
    tfds_dir: str | None = knob(
        None, "The folder in which tensorflow-datasets keeps its prepared sets."
    )
    target: str | None = knob(None, "The column to predict, for csv.")
    drop: str | None = knob(None, "Columns to leave out, for csv: COLUMN[,COLUMN].")
    task: str | None = knob(
        None,
        "What the labels are, for csv and arrays; without it, classes.",
        choices=TASKS,
    )
    validation: float = knob(
        0.1,
        "Share of the training examples held out for validation; 1 or more is a number of them.",
        minimum=0,
    )
    test_share: float = knob(
        0.2,
        "Share of the examples held out for the test where a file brings no test examples.",
        above=0,
        below=1,
    )
    stratify: bool = knob(
        False, "Whether classes have the same shares in the examples held out as in all."
    )
    features_in: str = knob(
        "auto",
        "Whether features of arrays:FOLDER are read into memory, or stay on disk and are read row"
        " by row; auto leaves them there above a quarter of this machine's memory.",
        choices=("auto", "memory", "disk"),
    )
    extra: bool = knob(False, "Add SVHN's 531,131 extra images to its training images.")
    shift: int = knob(
        0,
        "Augmentation: shift every training image at random by up to this many pixels.",
        minimum=0,
        maximum=64,
    )
    invert: float = knob(
        0.0,
        "Augmentation: probability that a training image is inverted (255 - pixel).",
        minimum=0,
        maximum=1,
    )
