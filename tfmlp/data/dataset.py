"""`Split` and `Dataset`: arrays that were checked once, here, and may be trusted from then on."""

import hashlib
from dataclasses import dataclass, field

import numpy as np

from tfmlp import seeds
from tfmlp.data.rowfile import RowFile
from tfmlp.errors import DataError

_MOST_CLASSES = 100_000  # more is a column of values, not of classes
_ROWS_AT_A_TIME = 8192  # bounds the memory that checking a large array takes


@dataclass(frozen=True)
class Split:
    """Rows and their labels.

    Attributes:
      features: uint8 or float32, [n, height, width, channels] for images or [n, columns] for
        tables; an array, or a `RowFile`, which is read when it is indexed.
      labels: int32 [n], classes from 0; or float32 [n], values to predict.
    """

    features: np.ndarray | RowFile
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.features)

    @property
    def images(self) -> np.ndarray:
        """The features, under the name that reads better for images."""
        return self.features

    def take(self, rows: np.ndarray) -> "Split":
        """Returns the split of the given rows, in their order: a copy, but for features that stay
        in their file.
        """
        features = (
            self.features.take(rows) if isinstance(self.features, RowFile) else self.features[rows]
        )
        return Split(features, self.labels[rows])


@dataclass(frozen=True)
class Provenance:
    """Where a dataset came from.

    Attributes:
      name: The name it was asked for by.
      source: A sentence for people: which reader, which folder.
      files: sha256 of each file's (unpacked) bytes, by file name.
      official: True when the files are the published ones, False when they are not, None where
        there is nothing to compare with.
    """

    name: str
    source: str
    files: dict[str, str] = field(default_factory=dict)
    official: bool | None = None

    @property
    def sha256(self) -> str:
        """One digest for all files: of the lines "digest  name", sorted by name."""
        lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(self.files.items()))
        return hashlib.sha256(lines.encode("utf-8", "surrogateescape")).hexdigest()


@dataclass(frozen=True)
class Dataset:
    """What a model is trained, validated and tested on.

    Attributes:
      train: The rows to learn from.
      validation: The rows by which choices are made, or None.
      test: The rows that are looked at once, at the end.
      task: "classification" or "regression".
      class_names: A name for each class; empty for regression.
      provenance: Where it came from.
    """

    train: Split
    validation: Split | None
    test: Split
    task: str
    class_names: tuple[str, ...]
    provenance: Provenance

    @property
    def num_classes(self) -> int:
        """The number of outputs a model needs: one per class, 1 for regression."""
        return len(self.class_names) or 1

    @property
    def feature_shape(self) -> tuple[int, ...]:
        """The shape of one row's features."""
        return self.train.features.shape[1:]

    @property
    def splits(self) -> dict[str, Split]:
        """The splits there are, by name."""
        named = {"train": self.train, "validation": self.validation, "test": self.test}
        return {name: split for name, split in named.items() if split is not None}

    def class_counts(self) -> dict[str, np.ndarray]:
        """Returns how many rows of each class are in each split, int64 [num_classes]; empty for
        regression.
        """
        if self.task == "regression":
            return {}
        return {
            name: np.bincount(split.labels, minlength=self.num_classes)
            for name, split in self.splits.items()
        }


@dataclass
class RawDataset:
    """What a source read, before it is checked: (features, labels) pairs of any numeric type."""

    train: tuple[np.ndarray, np.ndarray]
    test: tuple[np.ndarray, np.ndarray] | None
    provenance: Provenance
    class_names: tuple[str, ...] | None = None  # None: the classes are 0 to the largest label


def make_dataset(
    raw: RawDataset, task: str, validation: float, test_share: float, seed: int
) -> Dataset:
    """Checks what a source read, and holds out validation rows (and test rows where the source
    brought none).

    Args:
      raw: What the source read. Its arrays may be taken over without a copy.
      task: "classification" or "regression".
      validation: Share of the training rows to hold out, or, from 1 on, their number; 0 for none.
      test_share: Share of the rows to hold out for testing where the source has no test rows.
      seed: Decides which rows are held out.

    Raises:
      DataError: when the arrays cannot be trained on.
    """
    name = raw.provenance.name
    train = _make_split(*raw.train, task, f"{name}: training")
    if raw.test is None:
        kept, held = _held_out(len(train), test_share, seed, part=1, what=f"{name}: test")
        train, test = train.take(kept), train.take(held)
    else:
        test = _make_split(*raw.test, task, f"{name}: test")
    raw.train = raw.test = None  # the copies below must not come on top of what was read
    if test.features.shape[1:] != train.features.shape[1:]:
        raise DataError(
            f"{name}: training and test rows must have the same shape; received"
            f" {train.features.shape[1:]} and {test.features.shape[1:]}."
        )
    if test.features.dtype != train.features.dtype:
        raise DataError(
            f"{name}: training and test features must have the same type; received"
            f" {train.features.dtype} and {test.features.dtype}."
        )
    class_names = (
        _class_names(raw.class_names, train, test, name) if task == "classification" else ()
    )
    held_out = None
    if validation:
        kept, held = _held_out(len(train), validation, seed, part=0, what=f"{name}: validation")
        train, held_out = train.take(kept), train.take(held)
    return Dataset(train, held_out, test, task, class_names, raw.provenance)


def _make_split(features: np.ndarray, labels: np.ndarray, task: str, what: str) -> Split:
    if features.ndim == 3:  # gray images without their channel
        features = features[..., np.newaxis]
    if features.ndim not in (2, 4) or 0 in features.shape[1:]:
        raise DataError(
            f"{what} features must be tables [n, columns] or images [n, height, width, channels];"
            f" received the shape {features.shape}."
        )
    if len(features) == 0:
        raise DataError(f"{what} rows: expected at least one, received none.")
    if features.dtype != np.uint8:
        if features.dtype.kind not in "fiub":
            raise DataError(f"{what} features must be numbers; received the type {features.dtype}.")
        if isinstance(features, np.ndarray):
            with np.errstate(
                over="ignore"
            ):  # too large for float32 becomes infinite, which is found next
                features = features.astype(np.float32, copy=False)
        for start in range(0, len(features), _ROWS_AT_A_TIME):
            rows = features[start : start + _ROWS_AT_A_TIME]
            bad = np.argwhere(~np.isfinite(rows))
            if len(bad):
                place = tuple(
                    int(i) for i in bad[0] + np.eye(1, bad.shape[1], dtype=int)[0] * start
                )
                raise DataError(
                    f"{what} features must be finite in float32; received {rows[tuple(bad[0])]} at"
                    f" row {place[0]}, index {place[1:]}: remove or fill it."
                )
    labels = np.squeeze(labels, axis=1) if labels.ndim == 2 and labels.shape[1] == 1 else labels
    if labels.ndim != 1:
        raise DataError(f"{what} labels must have the shape [n]; received {labels.shape}.")
    if len(labels) != len(features):
        raise DataError(
            f"{what} images and labels must be equally many; received {len(features):,} and"
            f" {len(labels):,}."
        )
    features = np.ascontiguousarray(features) if isinstance(features, np.ndarray) else features
    return Split(features, _checked_labels(labels, task, what))


def _checked_labels(labels: np.ndarray, task: str, what: str) -> np.ndarray:
    if labels.dtype.kind not in "fiub":
        raise DataError(f"{what} labels must be numbers; received the type {labels.dtype}.")
    if not np.isfinite(labels).all():
        raise DataError(
            f"{what} labels must be finite; row {int(np.argmin(np.isfinite(labels)))} is"
            f" {labels[np.argmin(np.isfinite(labels))]}."
        )
    if task == "regression":
        return labels.astype(np.float32)
    if (labels != np.floor(labels)).any():
        raise DataError(
            f"{what} labels must be whole numbers for classification; received"
            f" {labels[labels != np.floor(labels)][0]}. For values, use --task regression."
        )
    if labels.min() < 0 or labels.max() >= _MOST_CLASSES:
        raise DataError(
            f"{what} labels must be classes 0, 1, 2, ...; received {labels.min()} to"
            f" {labels.max()}. For values, use --task regression."
        )
    return labels.astype(np.int32)


def _class_names(
    known: tuple[str, ...] | None, train: Split, test: Split, name: str
) -> tuple[str, ...]:
    highest = int(max(train.labels.max(), test.labels.max()))
    if known is None:
        known = tuple(map(str, range(highest + 1)))
    if highest >= len(known):
        raise DataError(f"{name}: labels must be 0 to {len(known) - 1}; received {highest}.")
    if len(np.unique(train.labels)) < 2:
        raise DataError(
            f"{name}: training rows must be of at least two classes; all {len(train):,} are of"
            f" class {known[train.labels[0]]}."
        )
    return known


def _held_out(
    rows: int, share: float, seed: int, part: int, what: str
) -> tuple[np.ndarray, np.ndarray]:
    """Returns (kept, held) row numbers, each ascending, so that copying them runs through memory in
    order.
    """
    count = round(share * rows) if share < 1 else int(share)
    if not 0 < count < rows:
        raise DataError(
            f"{what} split: holding out {share:g} of {rows:,} rows would leave {rows - count:,} and"
            f" {count:,}; both must have at least one row."
        )
    order = seeds.split_order(seed, rows, part)
    return np.sort(order[count:]), np.sort(order[:count])
