"""The checks that make a `Split` of arrays of any kind: shape, type, finite values, labels; and
that of a model's raw inputs.
"""

import warnings
from collections.abc import Mapping, Sequence

import numpy as np

from tfmlp.data.rowfile import Array, Features
from tfmlp.data.schema import Schema
from tfmlp.data.split import Split
from tfmlp.errors import DataError, TfmlpWarning

_MOST_CLASSES = 100_000  # more is a column of values, not of classes
_EXAMPLES_AT_A_TIME = 8192  # bounds the memory that checking a large array takes


def check_split(
    features: Features,
    labels: Array,
    task: str,
    what: str,
    columns: tuple[str, ...] = (),
    weights: Array | None = None,
) -> Split:
    """Makes a split of features and labels.

    Args:
      features: Numbers, [n, columns], [n, height, width] or [n, height, width, channels].
      labels: Numbers, [n] or [n, 1].
      task: "classification" or "regression".
      what: The beginning of a message: which dataset, which split.
      columns: The names of the columns, for messages; empty where they have none.
      weights: What each example's loss counts, numbers [n], or None.

    Raises:
      DataError: when they cannot be trained on.
    """
    if isinstance(features, np.ndarray) and features.ndim == 3:  # gray images without their channel
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
            # What is too large for float32 becomes infinite, and is found next.
            with np.errstate(over="ignore"):
                features = features.astype(np.float32, copy=False)
        _check_finite(features, what, columns)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = np.squeeze(labels, axis=1)
    if labels.ndim != 1:
        raise DataError(f"{what} labels must have the shape [n]; received {labels.shape}.")
    if len(labels) != len(features):
        raise DataError(
            f"{what} features and labels must be equally many; received {len(features):,} and"
            f" {len(labels):,}."
        )
    if isinstance(features, np.ndarray):
        features = np.ascontiguousarray(features)
    if weights is not None:
        weights = _checked_weights(weights, len(labels), what)
    return Split.trusted(features, _checked_labels(labels, task, what), weights)


def _check_finite(features: Features, what: str, columns: tuple[str, ...]) -> None:
    for start in range(0, len(features), _EXAMPLES_AT_A_TIME):
        piece = features[start : start + _EXAMPLES_AT_A_TIME]
        bad = np.argwhere(~np.isfinite(piece))
        if len(bad):
            number, *index = (int(i) for i in bad[0])
            place = f"index {tuple(index)}"
            if len(index) == 1:
                place = f"column {columns[index[0]]!r}" if columns else f"column {index[0]}"
            raise DataError(
                f"{what} features must be finite in float32; received {piece[tuple(bad[0])]} at"
                f" row {start + number}, {place}: remove or fill it."
            )


def require_inputs(values: Array, schema: Schema | None, what: str, first: int = 0) -> None:
    """Refuses numbers that are no raw inputs of a model; warns of pixels that were scaled already.

    Args:
      values: Numbers of some examples, [n, ...].
      schema: What the model takes; None: any finite numbers.
      what: The beginning of a message.
      first: The number of the first example.

    Raises:
      DataError: when they are not finite, or are pixels and not from 0 to 255.
    """
    if values.dtype == np.uint8 or not values.size:
        return
    is_pixels = schema is not None and schema.is_pixels
    is_good, expected = np.isfinite(values), "numbers that float32 holds"
    if is_pixels:
        is_good, expected = (values >= 0) & (values <= 255), "pixels from 0 to 255"
    if not is_good.all():
        row = first + int(np.argwhere(~is_good)[0][0])
        raise DataError(f"{what}: expected {expected}; row {row} has others.")
    if is_pixels and not first and values.max() <= 1 and (values % 1).any():
        warnings.warn(
            f"{what}: expected pixels from 0 to 255, as the model was trained on; received none"
            " above 1: multiply them by 255.",
            TfmlpWarning,
            stacklevel=3,
        )


def _checked_labels(labels: Array, task: str, what: str) -> Array:
    if labels.dtype.kind not in "fiub":
        raise DataError(f"{what} labels must be numbers; received the type {labels.dtype}.")
    finite = np.isfinite(labels)
    if not finite.all():
        row = int(np.argmin(finite))
        raise DataError(f"{what} labels must be finite; row {row} is {labels[row]}.")
    if task == "regression":
        return labels.astype(np.float32)
    fractional = labels != np.floor(labels)
    if fractional.any():
        raise DataError(
            f"{what} labels must be whole numbers for classification; received"
            f" {labels[fractional][0]}. For values, use --task regression."
        )
    if labels.min() < 0 or labels.max() >= _MOST_CLASSES:
        raise DataError(
            f"{what} labels must be classes 0, 1, 2, ...; received {labels.min()} to"
            f" {labels.max()}. For values, use --task regression."
        )
    return labels.astype(np.int32)


def name_classes(
    known: tuple[str, ...] | None, splits: Sequence[Split], name: str
) -> tuple[str, ...]:
    """Returns the names of the classes, as `check_classes`, of any number of classes.

    Raises:
      DataError: when a label has no name.
    """
    highest = max(int(split.labels.max()) for split in splits)
    if known is None:
        known = tuple(map(str, range(highest + 1)))
    if highest >= len(known):
        raise DataError(f"{name}: labels must be 0 to {len(known) - 1}; received {highest}.")
    return known


def _checked_weights(weights: Array, count: int, what: str) -> Array:
    weights = np.asarray(weights, np.float32)
    if weights.shape != (count,):
        raise DataError(
            f"{what} weights must be one for each of {count:,} examples; received the shape"
            f" {weights.shape}."
        )
    if not np.isfinite(weights).all() or weights.min() < 0 or not weights.any():
        raise DataError(
            f"{what} weights must be finite, at least 0, and not all 0; received"
            f" {weights.min():g} to {weights.max():g}."
        )
    return weights


def check_classes(
    known: tuple[str, ...] | None, splits: Sequence[Split], name: str
) -> tuple[str, ...]:
    """Returns the names of the classes: those known, or the numbers up to the largest label.

    Args:
      known: The names, where there are any.
      splits: Checked examples, those for training first.
      name: The dataset's, for messages.

    Raises:
      DataError: when a label has no name, or the training examples are all of one class.
    """
    train, known = splits[0], name_classes(known, splits, name)
    if len(np.unique(train.labels)) < 2:
        raise DataError(
            f"{name}: training examples must be of at least two classes; all {len(train):,}"
            f" are of class {known[train.labels[0]]}."
        )
    return known


def check_handmade(
    splits: Mapping[str, Split],
    task: str,
    class_names: tuple[str, ...],
    name: str,
    columns: tuple[str, ...] = (),
) -> dict[str, Split]:
    """Returns those splits that no reader made, in the types that are documented.

    Args:
      splits: The splits by name.
      task: "classification" or "regression".
      class_names: A name for each class; empty for regression.
      name: The dataset's, for messages.
      columns: As `check_split`.

    Raises:
      DataError: when a split cannot be trained on.
    """
    checked = {}
    for split_name, split in splits.items():
        if split.is_checked:
            continue
        what = f"{name}: {split_name}"
        made = check_split(split.features, split.labels, task, what, columns, split.weights)
        if task == "classification" and made.labels.max() >= len(class_names):
            raise DataError(
                f"{what} labels must be 0 to {len(class_names) - 1}, one for each of class_names;"
                f" received {made.labels.max()}."
            )
        checked[split_name] = made
    return checked
