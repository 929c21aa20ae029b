"""`Dataset`: splits of examples that were checked once and may be trusted from then on."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tfmlp.data.checks import check_handmade
from tfmlp.data.raw import Parts, RawDataset, make_parts, make_whole_parts
from tfmlp.data.rowfile import Array
from tfmlp.data.schema import Schema
from tfmlp.data.split import Provenance, Split

if TYPE_CHECKING:
    from tfmlp.data.examples import Examples

__all__ = ["Dataset", "Provenance", "Split", "make_dataset"]


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

    >>> data = tfmlp.load_dataset("mnist-small")
    >>> data.train.images.shape, data.train.labels.shape, data.num_classes
    ((5400, 28, 28, 1), (5400,), 10)
    """

    train: Split
    validation: Split | None
    test: Split
    task: str
    class_names: tuple[str, ...]
    provenance: Provenance
    columns: tuple[str, ...] = ()
    target: str | None = None

    @classmethod
    def from_arrays(
        cls,
        x: Any,
        y: Any,
        *,
        validation: Any = 0.1,
        test: Any = 0.2,
        task: str | None = None,
        class_names: Sequence[str] | None = None,
        columns: Sequence[str] | None = None,
        stratify: bool = False,
        seed: int = 0,
    ) -> "Dataset":
        """Makes a dataset of arrays.

        Args:
          x: Numbers, [n, columns], [n, height, width] or [n, height, width, channels]; anything
            that NumPy makes an array of, or a data frame.
          y: [n] or [n, 1]: classes 0, 1, 2, ..., text, truth values, or values to predict; or
            one-hot [n, classes].
          validation: Share (below 1) or number of the examples to hold out, 0 for none; or a pair
            (x, y).
          test: Likewise, but not 0.
          task: "classification" or "regression"; None: what the labels look like.
          class_names: A name for each class; None: the texts in y, sorted, or the numbers.
          columns: A name for each column of a table; None: none, or those of a data frame.
          stratify: Whether classes have the same shares in the examples held out as in all.
          seed: Decides which examples are held out.

        Raises:
          ConfigError: when values are to be stratified.
          DataError: when the arrays cannot be trained on; it says where.

        >>> data = Dataset.from_arrays(np.eye(20), ["cat", "dog"] * 10, validation=2, test=0.5)
        >>> len(data.train), len(data.validation), len(data.test), data.class_names
        (8, 2, 10, ('cat', 'dog'))
        """
        from tfmlp.data.examples import read_examples

        examples = read_examples(x, y, validation, test, task, class_names, columns)
        return cls._from_examples(examples, seed, stratify)

    @classmethod
    def from_frame(
        cls,
        frame: Any,
        target: str,
        *,
        validation: Any = 0.1,
        test: Any = 0.2,
        task: str | None = None,
        class_names: Sequence[str] | None = None,
        drop: Sequence[str] = (),
        stratify: bool = False,
        seed: int = 0,
    ) -> "Dataset":
        """Makes a dataset of a data frame, as pandas or polars have them.

        Args:
          frame: The frame: columns of numbers or truth values.
          target: The column to predict: numbers, truth values or text.
          validation, test: As `from_arrays`, or frames.
          drop: Columns to leave out.
          task, class_names, stratify, seed: As `from_arrays`.

        Raises:
          ConfigError, DataError: as `from_arrays`; for a column of text, by its name.

        >>> import pandas
        >>> frame = pandas.DataFrame({"rooms": [1, 2] * 10, "kind": ["flat", "house"] * 10})
        >>> Dataset.from_frame(frame, "kind").class_names
        ('flat', 'house')
        """
        from tfmlp.data.examples import read_frame

        read = read_frame(frame, target, drop, validation, test, task=task, class_names=class_names)
        return cls._from_examples(read, seed, stratify)

    @classmethod
    def from_tfdata(
        cls,
        dataset: Any,
        test: Any = 0.2,
        *,
        validation: Any = 0.1,
        task: str | None = None,
        class_names: Sequence[str] | None = None,
        stratify: bool = False,
        seed: int = 0,
    ) -> "Dataset":
        """Reads a `tf.data.Dataset` of pairs (x, y), batched or not, into memory.

        Args:
          dataset: It must end; each element is two tensors.
          test, validation: As `from_arrays`, or datasets; None for the test is 0.2.
          task, class_names, stratify, seed: As `from_arrays`.

        Raises:
          ConfigError, DataError: as `from_arrays`, and where memory does not suffice.

        >>> import tensorflow as tf
        >>> pairs = tf.data.Dataset.from_tensor_slices((np.eye(20), np.arange(20) % 2))
        >>> len(Dataset.from_tfdata(pairs.batch(4), test=5).test)
        5
        """
        from tfmlp.data.examples import read_tfdata_examples

        read = read_tfdata_examples(dataset, validation, test, task=task, class_names=class_names)
        return cls._from_examples(read, seed, stratify)

    @classmethod
    def _from_examples(cls, examples: "Examples", seed: int, stratify: bool) -> "Dataset":
        shares = examples.validation, examples.test
        return make_dataset(examples.raw, examples.task, *shares, seed, stratify)

    def checked(self) -> "Dataset":
        """Returns the dataset with every split looked at: those that a reader made, as they are;
        those made by hand, in the types that are documented.

        Raises:
          DataError: when a split cannot be trained on.
        """
        changed: dict[str, Any] = check_handmade(
            self.splits, self.task, self.class_names, self.provenance.name, self.columns
        )
        return replace(self, **changed) if changed else self

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

    @property
    def is_whole(self) -> bool:
        """Whether its test examples are all there are: no model was trained on any of them."""
        return self.test is self.train

    def class_counts(self) -> dict[str, Array]:
        """Returns the number of examples of each class by split, int64 [classes]; none of values.

        >>> tfmlp.load_dataset("mnist-small").class_counts()["test"][:3].tolist()
        [98, 114, 103]
        """
        counted = self.splits if self.task == "classification" else {}
        classes = self.num_classes
        return {name: np.bincount(one.labels, minlength=classes) for name, one in counted.items()}


def make_dataset(
    raw: RawDataset,
    task: str,
    validation: float,
    test_share: float | None,
    seed: int,
    stratify: bool = False,
) -> Dataset:
    """Makes a dataset of what a source read; `make_parts` describes the arguments.

    Without a test share, all examples are its test examples, as `make_whole_parts` says.

    Raises:
      ConfigError, DataError: as `make_parts`.
    """
    parts: Parts
    if test_share is None:
        parts = make_whole_parts(raw, task)
    else:
        parts = make_parts(raw, task, validation, test_share, seed, stratify)
    splits = parts.train, parts.validation, parts.test
    return Dataset(*splits, task, parts.class_names, raw.provenance, raw.columns, raw.target)
