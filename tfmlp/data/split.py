"""`Split`: examples and their labels; and `Provenance`, where they came from."""

import hashlib
from dataclasses import dataclass, field

from tfmlp.data.rowfile import Array, Features, RowFile


@dataclass(frozen=True)
class Split:
    """Examples and their labels.

    Attributes:
      features: uint8 or float32, [n, height, width, channels] for images or [n, columns] for
        tables; an array, or a `RowFile`, which is read when it is indexed.
      labels: int32 [n], classes from 0; or float32 [n], values to predict.
      weights: float32 [n], what each training example's loss counts; None: all the same.
      is_checked: Whether a reader made it, which has looked at every value.

    >>> split = tfmlp.load_dataset("mnist-small").test
    >>> len(split), split.images.shape, split.labels.shape
    (1000, (1000, 28, 28, 1), (1000,))
    """

    features: Features
    labels: Array
    weights: Array | None = None
    is_checked: bool = field(default=False, init=False, repr=False, compare=False)

    @classmethod
    def trusted(cls, features: Features, labels: Array, weights: Array | None = None) -> "Split":
        """Makes a split of what was checked: `fit` does not look at it again."""
        split = cls(features, labels, weights)
        object.__setattr__(split, "is_checked", True)
        return split

    def __len__(self) -> int:
        return len(self.features)

    @property
    def arrays(self) -> tuple[Features, Array, *tuple[Array, ...]]:
        """Features and labels, and weights where there are some."""
        if self.weights is None:
            return self.features, self.labels
        return self.features, self.labels, self.weights

    @property
    def images(self) -> Features:
        """The features, under the name that reads better for images."""
        return self.features

    def take(self, numbers: Array) -> "Split":
        """Returns the split of the examples with the given numbers, in their order: a copy, except
        for features that stay in their file.

        >>> split = tfmlp.load_dataset("mnist-small").test
        >>> set(split.take(split.labels == 7).labels.tolist())
        {7}
        """
        features = self.features
        taken: Features
        if isinstance(features, RowFile):
            taken = features.take(numbers)
        else:
            taken = features[numbers]
        weights = None if self.weights is None else self.weights[numbers]
        make = Split.trusted if self.is_checked else Split
        return make(taken, self.labels[numbers], weights)


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
