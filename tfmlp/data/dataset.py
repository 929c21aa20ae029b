"""`Dataset`: splits of examples that were checked once and may be trusted from then on."""

import hashlib
from dataclasses import dataclass, field

import numpy as np

from tfmlp.data.rowfile import Array, Features, RowFile
from tfmlp.data.schema import Schema


@dataclass(frozen=True)
class Split:
    """Examples and their labels.

    Attributes:
      features: uint8 or float32, [n, height, width, channels] for images or [n, columns] for
        tables; an array, or a `RowFile`, which is read when it is indexed.
      labels: int32 [n], classes from 0; or float32 [n], values to predict.
    """

    features: Features
    labels: Array

    def __len__(self) -> int:
        return len(self.features)

    @property
    def images(self) -> Features:
        """The features, under the name that reads better for images."""
        return self.features

    def take(self, numbers: Array) -> "Split":
        """Returns the split of the examples with the given numbers, in their order: a copy, except
        for features that stay in their file.
        """
        features = self.features
        if isinstance(features, RowFile):
            return Split(features.take(numbers), self.labels[numbers])
        return Split(features[numbers], self.labels[numbers])


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
      train: The examples to learn from.
      validation: The examples by which choices are made, or None.
      test: The examples that are looked at once, at the end.
      task: "classification" or "regression".
      class_names: A name for each class; empty for regression.
      provenance: Where it came from.
      columns: The names of a table's columns, in the order of the features; empty where they have
        none.
      target: The name of the column that is predicted, or None where it has no name.
    """

    train: Split
    validation: Split | None
    test: Split
    task: str
    class_names: tuple[str, ...]
    provenance: Provenance
    columns: tuple[str, ...] = ()
    target: str | None = None

    @property
    def num_classes(self) -> int:
        """The number of outputs a model needs: one per class, 1 for regression."""
        return len(self.class_names) or 1

    @property
    def feature_shape(self) -> tuple[int, ...]:
        """The shape of one example's features."""
        return self.train.features.shape[1:]

    @property
    def schema(self) -> Schema:
        """What a model that is trained on this dataset takes and predicts."""
        return Schema(
            task=self.task,
            feature_shape=self.feature_shape,
            feature_dtype=str(self.train.features.dtype),
            columns=self.columns,
            column_kinds=("number",) * len(self.columns),
            class_names=self.class_names,
            target=self.target,
        )

    @property
    def splits(self) -> dict[str, Split]:
        """The splits there are, by name."""
        named = {"train": self.train, "validation": self.validation, "test": self.test}
        return {name: split for name, split in named.items() if split is not None}

    def class_counts(self) -> dict[str, Array]:
        """Returns how many examples of each class are in each split, int64 [num_classes]; empty for
        regression.
        """
        if self.task == "regression":
            return {}
        return {
            name: np.bincount(split.labels, minlength=self.num_classes)
            for name, split in self.splits.items()
        }
