"""`RawDataset`: what a source read, and how it becomes the parts of a `Dataset`."""

from collections.abc import Callable
from dataclasses import dataclass

from tfmlp.data.checks import check_classes, check_split, name_classes
from tfmlp.data.heldout import hold_out
from tfmlp.data.rowfile import Array, Features
from tfmlp.data.split import Provenance, Split
from tfmlp.errors import ConfigError, DataError

Pair = tuple[Features, Array]  # features [n, ...] and labels [n]
Progress = Callable[[str, int, int], None]  # what is done, as "reading a.csv"; bytes so far, in all


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
      validation: As `test`.
    """

    train: Pair
    test: Pair | None
    provenance: Provenance
    class_names: tuple[str, ...] | None = None
    columns: tuple[str, ...] = ()
    target: str | None = None
    validation: Pair | None = None


@dataclass(frozen=True)
class Parts:
    """The splits that were made of a `RawDataset`, and the names of its classes."""

    train: Split
    validation: Split | None
    test: Split
    class_names: tuple[str, ...]


def make_parts(
    raw: RawDataset,
    task: str,
    validation: float,
    test_share: float,
    seed: int,
    stratify: bool = False,
) -> Parts:
    """Checks what a source read, and holds out the examples for validation and test that the
    source did not bring.

    Args:
      raw: What the source read. Its arrays are taken from it, without a copy where possible.
      task: "classification" or "regression".
      validation: Share of the training examples to hold out, or, from 1 on, their number; 0 for
        none.
      test_share: Share or number of the examples to hold out for testing where the source has none.
      seed: Decides which examples are held out.
      stratify: Whether classes have the same shares in the examples held out as in all.

    Raises:
      ConfigError: when values are to be stratified.
      DataError: when the arrays cannot be trained on.
    """
    if stratify and task == "regression":
        raise ConfigError("stratify is for classes, and the task is regression: leave it out.")
    name = raw.provenance.name
    choose = hold_out(seed, stratify)
    train = check_split(*raw.train, task, f"{name}: training", raw.columns)
    if raw.test is None:
        kept, held = choose(train.labels, test_share, 1, f"{name}: test")
        train, test = train.take(kept), train.take(held)
    else:
        test = check_split(*raw.test, task, f"{name}: test", raw.columns)
    held_out = None
    if raw.validation is not None:
        held_out = check_split(*raw.validation, task, f"{name}: validation", raw.columns)
        _require_alike(train, held_out, f"{name}: training and validation")
    # The copies below must not come on top of what was read.
    del raw.train, raw.test, raw.validation
    _require_alike(train, test, f"{name}: training and test")
    class_names: tuple[str, ...] = ()
    if task == "classification":
        given = (train, test) if held_out is None else (train, test, held_out)
        class_names = check_classes(raw.class_names, given, name)
    if validation and held_out is None:
        kept, held = choose(train.labels, validation, 0, f"{name}: validation")
        train, held_out = train.take(kept), train.take(held)
    return Parts(train, held_out, test, class_names)


def make_whole_parts(raw: RawDataset, task: str) -> Parts:
    """Checks what a source read, for an evaluation on all of its examples: they are the training
    and the test examples at once.

    Args:
      raw: What a source without test examples read.
      task: "classification" or "regression".

    Raises:
      DataError: when the arrays cannot be evaluated on.
    """
    name = raw.provenance.name
    every = check_split(*raw.train, task, name, raw.columns)
    class_names: tuple[str, ...] = ()
    if task == "classification":
        class_names = name_classes(raw.class_names, [every], name)
    return Parts(every, None, every, class_names)


def _require_alike(train: Split, other: Split, what: str) -> None:
    if other.features.shape[1:] != train.features.shape[1:]:
        raise DataError(
            f"{what} examples must have the same shape; received"
            f" {train.features.shape[1:]} and {other.features.shape[1:]}."
        )
    if other.features.dtype != train.features.dtype:
        raise DataError(
            f"{what} features must have the same type; received"
            f" {train.features.dtype} and {other.features.dtype}."
        )
