"""A dataset as a model takes it: columns and classes matched by their names."""

import warnings
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tfmlp.data.dataset import Dataset, Split
from tfmlp.data.rowfile import Array, RowFile
from tfmlp.data.schema import Schema
from tfmlp.errors import DataError, TfmlpWarning, nearest

_MOST_NAMES = 10  # of those that a message lists


def match(data: Dataset, schema: Schema) -> Dataset:
    """Returns a dataset with the columns and the labels that a model was trained on.

    Columns are put into the model's order, and labels are renumbered to the model's classes; both
    are matched by name. Where either side has no column names, columns are matched by position,
    and a `TfmlpWarning` says so. Classes of the model that the data lack are fine.

    Args:
      data: The dataset; it is not changed.
      schema: The schema of the data that the model was trained on.

    Returns:
      `data` itself where nothing differs; otherwise a dataset that shares what stays as it is.

    Raises:
      DataError: when the data are not what the model takes; it names the difference.
    """
    name = data.provenance.name
    if data.task != schema.task:
        raise DataError(
            f"{name}: expected data for {schema.task}, as the model was trained on; received"
            f" {data.task}. Use --task {schema.task}."
        )
    if data.target is not None and schema.target not in (None, data.target):
        raise DataError(
            f"{name}: the model predicts {schema.target!r}; received the target {data.target!r}."
            f" Use --target {schema.target}."
        )
    order = _column_order(data, schema)
    numbers = _class_numbers(data, schema)
    if order is None and numbers is None and data.class_names == schema.class_names:
        return data
    splits = {
        split_name: _matched(split, order, numbers, name)
        for split_name, split in data.splits.items()
    }
    if data.is_whole:
        splits["test"] = splits["train"]
    return replace(
        data,
        train=splits["train"],
        validation=splits.get("validation"),
        test=splits["test"],
        class_names=schema.class_names,
        columns=schema.columns if order is not None else data.columns,
    )


def _column_order(data: Dataset, schema: Schema) -> Array | None:
    """Returns the place of each of the model's columns in the data, int64 [columns]; None where the
    features stay as they are.
    """
    name = data.provenance.name
    if data.columns and schema.columns:
        require_same_columns(name, data.columns, schema.columns)
        if data.columns == schema.columns:
            return None
        place = {column: i for i, column in enumerate(data.columns)}
        return np.array([place[column] for column in schema.columns])
    if data.feature_shape != schema.feature_shape:
        raise DataError(
            f"{name}: the model takes features of shape {schema.feature_shape}; received"
            f" {data.feature_shape}. Use data of the model's shape."
        )
    if data.columns or schema.columns:
        nameless = f"{name} has" if schema.columns else "the model recorded"
        warnings.warn(
            f"{nameless} no column names: columns are matched by position.",
            TfmlpWarning,
            stacklevel=3,
        )
    return None


def require_same_columns(name: str, received: Sequence[str], expected: Sequence[str]) -> None:
    """Refuses columns that are not those that a model was trained on, in any order.

    Args:
      name: Of the data, for the message.
      received, expected: The names of the columns.

    Raises:
      DataError: when they differ; it names the difference.
    """
    there, wanted = set(received), set(expected)
    missing = [column for column in expected if column not in there]
    additional = [column for column in received if column not in wanted]
    differences = []
    if missing:
        differences.append(f"missing: {_listed(missing)}")
    if additional:
        differences.append(f"additional: {_listed(additional)}")
    if missing and additional:
        hint = nearest(additional[0], missing[:_MOST_NAMES])
        if hint.startswith("did you mean"):  # else it would only list the missing ones again
            differences.append(f"{additional[0]!r}: {hint}")
    if differences:
        raise DataError(
            f"{name}: expected the {len(expected):,} columns that the model was trained on;"
            f" {'; '.join(differences)}. Rename, add or remove columns."
        )


def _class_numbers(data: Dataset, schema: Schema) -> Array | None:
    """Returns the model's number of each of the data's classes, int32 [classes]; None where labels
    stay as they are.
    """
    if data.class_names == schema.class_names:
        return None
    known = {name: number for number, name in enumerate(schema.class_names)}
    occurring = np.unique(np.concatenate([split.labels for split in data.splits.values()]))
    unknown = [
        data.class_names[label] for label in occurring if data.class_names[label] not in known
    ]
    if unknown:
        raise DataError(
            f"{data.provenance.name}: expected classes that the model knows; received"
            f" {_listed(unknown)}: {nearest(unknown[0], schema.class_names)}. Rename these classes,"
            " or remove their examples."
        )
    numbers = np.array([known.get(name, -1) for name in data.class_names], np.int32)
    if (numbers[occurring] == occurring).all():
        return None
    return numbers


def _matched(split: Split, order: Array | None, numbers: Array | None, name: str) -> Split:
    features = split.features
    if order is not None:
        if isinstance(features, RowFile):
            raise DataError(
                f"{name}: the columns of features that stay on disk cannot be put into the model's"
                " order. Read them into memory: --features-in memory."
            )
        features = np.take(features, order, axis=1)
    make = Split.trusted if split.is_checked else Split
    return make(features, split.labels if numbers is None else numbers[split.labels])


def _listed(names: Sequence[str]) -> str:
    listed = ", ".join(map(repr, names[:_MOST_NAMES]))
    if len(names) > _MOST_NAMES:
        listed += f" and {len(names) - _MOST_NAMES:,} more"
    return listed
