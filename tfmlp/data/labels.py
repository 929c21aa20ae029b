"""Labels as people have them: numbers, text, truth values or one-hot; as classes or values."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from tfmlp.data.rowfile import Array
from tfmlp.errors import DataError, nearest

_FEW = 20  # different whole numbers; more of them are classes only where they have no gaps


class Labels(NamedTuple):
    """Labels of some splits, in one numbering.

    Attributes:
      parts: Numbers [n] of each split.
      task: "classification" or "regression".
      class_names: A name for each class; None where the numbers are the names.
    """

    parts: list[Array]
    task: str
    class_names: tuple[str, ...] | None


def read_labels(
    parts: Sequence[tuple[str, Any]], task: str | None, class_names: Sequence[str] | None
) -> Labels:
    """Turns a user's labels into numbers.

    Args:
      parts: What each split's labels are called in messages, and the labels: [n], [n, 1], or
        one-hot [n, classes]; numbers, truth values or text.
      task: "classification", "regression", or None: what the labels look like.
      class_names: A name for each class, in the order of their numbers; None if not known.

    Raises:
      DataError: when they are neither classes nor values.
    """
    if task not in (None, "classification", "regression"):
        known = nearest(str(task), ("classification", "regression"))
        raise DataError(f"task must be classification or regression; received {task!r}: {known}.")
    names = _checked_names(class_names)
    arrays = [_as_vector(_as_array(labels, what), what, task) for what, labels in parts]
    kinds = {"text" if array.dtype.kind == "U" else "numbers" for array in arrays}
    if len(kinds) > 1:
        raise DataError(
            "labels must be of one kind in all splits; received text and numbers: use one of them."
        )
    if kinds == {"text"}:
        return _text(parts, arrays, task, names)
    if names is None and task != "regression" and all(a.dtype.kind == "b" for a in arrays):
        names = ("False", "True")
    for (what, _), array in zip(parts, arrays):
        _require_finite(array, what)
    together = np.concatenate(arrays) if arrays else np.zeros(0)
    if task is None:
        task = _guessed_task(together, names)
    if task == "classification" and len(together):
        require_from_zero(together, names)
    return Labels(arrays, task, names if task == "classification" else None)


def looks_like_values(different: Array, count: int) -> bool:
    """Returns whether some different numbers are rather values than classes: fractions, most of
    them met once, or many whole numbers with gaps.

    Args:
      different: The different numbers, ascending.
      count: How many there are in all, with repetition.
    """
    many = len(different) > 2
    if (different != np.floor(different)).any():
        return many
    has_gaps = different[-1] - different[0] >= len(different)
    return many and (len(different) > count // 2 or (len(different) > _FEW and has_gaps))


def _checked_names(names: Sequence[str] | None) -> tuple[str, ...] | None:
    if names is None:
        return None
    if isinstance(names, str):
        raise DataError(f"class_names must be a list of names; received the text {names!r}.")
    listed = tuple(map(str, names))
    if len(set(listed)) < len(listed):
        twice = next(name for name in listed if listed.count(name) > 1)
        raise DataError(f"class_names must differ; received {twice!r} twice.")
    return listed


def _as_array(labels: Any, what: str) -> Array:
    array = np.asarray(labels)
    if array.dtype.kind == "S":
        return np.char.decode(array, "utf-8", "replace")
    if array.dtype.kind in "fiubU":
        return array
    if array.dtype.kind == "O":
        return _from_objects(array, what)
    raise DataError(f"{what} must be numbers or text; received the type {array.dtype}.")


def _from_objects(array: Array, what: str) -> Array:
    kinds = {type(label).__name__: at for at, label in reversed(list(enumerate(array.ravel())))}
    for missing in ("NoneType", "NAType", "NaTType"):
        if missing in kinds:
            raise DataError(
                f"{what}: row {kinds[missing]} has no label: remove the row or fill it."
            )
    if set(kinds) <= {"str", "str_"}:
        return array.astype(str)
    try:
        if "str" in kinds:
            raise TypeError
        return array.astype(np.float64)
    except (TypeError, ValueError):
        found = " and ".join(sorted(kinds))
        raise DataError(
            f"{what} must be numbers or text, all of one kind; received objects of {found}: use"
            " y.astype(str) to take them as classes."
        ) from None


def _as_vector(array: Array, what: str, task: str | None) -> Array:
    if array.ndim == 2 and array.shape[1] == 1:
        return array[:, 0]
    if array.ndim == 1:
        return array
    if array.ndim == 2 and array.shape[1] > 1 and task != "regression" and array.dtype.kind != "U":
        if len(array) and ((array != 0).sum(1) == 1).all() and (array.max(1) == 1).all():
            return array.argmax(1)
        raise DataError(
            f"{what} of the shape {array.shape} must be one-hot, with a single 1 in each row; they"
            " are not: pass one label an example, as y.argmax(axis=1) gives them."
        )
    raise DataError(
        f"{what} must be one an example, of the shape [n]; received the shape {array.shape}."
    )


def _require_finite(array: Array, what: str) -> None:
    finite = np.isfinite(array)
    if not finite.all():
        row = int(np.argmin(finite))
        raise DataError(
            f"{what} must be finite; row {row} is {array[row]}: remove the row or fill it."
        )


def _guessed_task(labels: Array, names: tuple[str, ...] | None) -> str:
    if names is not None or not len(labels):
        return "classification"
    different = np.unique(labels)
    if (different != np.floor(different)).any():
        return "regression"
    if looks_like_values(different, len(labels)):
        raise DataError(
            f"y has {len(different):,} different whole numbers in {len(labels):,} examples: give"
            " task='regression' for values, or task='classification' for classes."
        )
    return "classification"


def require_from_zero(
    labels: Array, names: tuple[str, ...] | None, verb: str = "Pass", name: str = ""
) -> None:
    """Refuses whole numbers that do not begin at 0, unless each has a name.

    Args:
      labels: The labels of all splits, [n].
      names: The names of the classes, where there are any.
      verb: What is done with other labels, for the message.
      name: The dataset's, for the message.

    Raises:
      DataError: when they begin at another number.
    """
    low, high = labels.min(), labels.max()
    is_named = names is not None and 0 <= low and high < len(names)
    if low == 0 or is_named or (labels != np.floor(labels)).any():
        return
    cure = "y - 1"
    if low != 1 and name:
        cure = "np.unique(y, return_inverse=True)[1]"  # files hold no text
    elif low != 1:
        cure = "y.astype(str), with which each number is a class of its name"
    if (low, high) == (-1, 1):
        cure = "(y > 0)" if len(np.unique(labels)) == 2 else "y + 1"
    beginning = f"{name}: labels" if name else "labels"
    text = f"{beginning} run from {low:g} to {high:g}: expected classes from 0. {verb} {cure}"
    if (low, high) == (1, 10):
        text += " (or y % 10 where 10 stands for the digit 0, as in SVHN)"
    regression = "--task regression" if name else "task='regression'"
    raise DataError(f"{text}; for values, {regression}.")


def _text(
    parts: Sequence[tuple[str, Any]],
    arrays: list[Array],
    task: str | None,
    names: tuple[str, ...] | None,
) -> Labels:
    if task == "regression":
        example = str(arrays[0][0]) if len(arrays[0]) else ""
        raise DataError(
            f"{parts[0][0]} must be numbers for regression; received text, such as {example!r}."
        )
    if names is None:
        names = tuple(map(str, np.unique(np.concatenate(arrays))))
    number = {name: i for i, name in enumerate(names)}
    numbered = []
    for (what, _), array in zip(parts, arrays):
        different, places = np.unique(array, return_inverse=True)
        for name in different:
            if name not in number:
                raise DataError(f"{what}: {str(name)!r} is no class: {nearest(name, names)}.")
        known = np.array([number[name] for name in different], np.int32)
        numbered.append(known[places.reshape(-1)])
    return Labels(numbered, "classification", names)
