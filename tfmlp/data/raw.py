"""`RawDataset`: what a source read, and how it becomes a `Dataset`."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tfmlp import seeds
from tfmlp.data.checks import check_classes, check_split
from tfmlp.data.dataset import Dataset, Provenance
from tfmlp.data.rowfile import Array, Features
from tfmlp.errors import DataError

Pair = tuple[Features, Array]  # features [n, ...] and labels [n]
Progress = Callable[[str, int, int], None]  # of a download: file name, bytes so far, bytes in all


@dataclass
class RawDataset:
    """What a source read, before it is checked.

    Attributes:
      train: Features and labels of any numeric type.
      test: Likewise; None where the source has no test examples.
      provenance: Where they came from.
      class_names: A name for each class; None where the classes are 0 to the largest label.
      columns: The names of a table's columns, in the order of the features; empty where they have
        none.
      target: The name of the column that is predicted, or None where it has no name.
    """

    train: Pair
    test: Pair | None
    provenance: Provenance
    class_names: tuple[str, ...] | None = None
    columns: tuple[str, ...] = ()
    target: str | None = None


def make_dataset(
    raw: RawDataset, task: str, validation: float, test_share: float, seed: int
) -> Dataset:
    """Checks what a source read, and holds out validation examples (and test examples where the
    source brought none).

    Args:
      raw: What the source read. Its arrays are taken from it, without a copy where possible.
      task: "classification" or "regression".
      validation: Share of the training examples to hold out, or, from 1 on, their number; 0 for
        none.
      test_share: Share of the examples to hold out for testing where the source has none.
      seed: Decides which examples are held out.

    Raises:
      DataError: when the arrays cannot be trained on.
    """
    name = raw.provenance.name
    train = check_split(*raw.train, task, f"{name}: training")
    if raw.test is None:
        kept, held = _held_out(len(train), test_share, seed, part=1, what=f"{name}: test")
        train, test = train.take(kept), train.take(held)
    else:
        test = check_split(*raw.test, task, f"{name}: test")
    del raw.train, raw.test  # the copies below must not come on top of what was read
    if test.features.shape[1:] != train.features.shape[1:]:
        raise DataError(
            f"{name}: training and test examples must have the same shape; received"
            f" {train.features.shape[1:]} and {test.features.shape[1:]}."
        )
    if test.features.dtype != train.features.dtype:
        raise DataError(
            f"{name}: training and test features must have the same type; received"
            f" {train.features.dtype} and {test.features.dtype}."
        )
    class_names: tuple[str, ...] = ()
    if task == "classification":
        class_names = check_classes(raw.class_names, train, test, name)
    held_out = None
    if validation:
        kept, held = _held_out(len(train), validation, seed, part=0, what=f"{name}: validation")
        train, held_out = train.take(kept), train.take(held)
    return Dataset(
        train, held_out, test, task, class_names, raw.provenance, raw.columns, raw.target
    )


def _held_out(count: int, share: float, seed: int, part: int, what: str) -> tuple[Array, Array]:
    """Returns the numbers of the examples that are kept and held, each ascending, so that copying
    them runs through memory in order.
    """
    held = round(share * count) if share < 1 else int(share)
    if not 0 < held < count:
        raise DataError(
            f"{what} split: holding out {share:g} of {count:,} rows would leave"
            f" {count - held:,} and {held:,}; both must have at least one row."
        )
    order = seeds.split_order(seed, count, part)
    return np.sort(order[held:]), np.sort(order[:held])
