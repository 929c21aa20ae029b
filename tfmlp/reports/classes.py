"""Classes: how well each is recognized, and which are taken for which."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_MOST_PAIRS = 10


@dataclass(frozen=True)
class ClassScores:
    """How well one class is recognized among the test examples.

    Attributes:
      name: Its name.
      count: Examples of it.
      predicted: Examples that are taken for it.
      precision: Share of those taken for it that are of it; None where there are none.
      recall: Share of its examples that are recognized; None where there are none.
      f1: The harmonic mean of both; None where it neither occurs nor is predicted.
    """

    name: str
    count: int
    predicted: int
    precision: float | None
    recall: float | None
    f1: float | None


@dataclass(frozen=True)
class Confused:
    """A class whose examples are taken for another.

    Attributes:
      label: The true class's name.
      predicted: The name of the class that they are taken for.
      count: How many they are.
      share: Of the examples of the true class.
    """

    label: str
    predicted: str
    count: int
    share: float


def class_scores(confusion: Sequence[Sequence[int]], names: Sequence[str]) -> list[ClassScores]:
    """Returns the scores of each class.

    Args:
      confusion: Examples by true (row) and predicted (column) class.
      names: A name for each class.

    >>> zero, one = class_scores([[8, 2], [0, 10]], ["zero", "one"])
    >>> zero.precision, zero.recall, one.count, one.predicted
    (1.0, 0.8, 10, 12)
    """
    scores = []
    for index, name in enumerate(names[: len(confusion)]):
        right, count = confusion[index][index], sum(confusion[index])
        predicted = sum(row[index] for row in confusion)
        scores.append(
            ClassScores(
                name,
                count,
                predicted,
                right / predicted if predicted else None,
                right / count if count else None,
                2 * right / (count + predicted) if count + predicted else None,
            )
        )
    return scores


def most_confused(confusion: Sequence[Sequence[int]], names: Sequence[str]) -> list[Confused]:
    """Returns the pairs of classes that are confused most often, at most ten.

    >>> (pair,) = most_confused([[8, 2], [0, 10]], ["zero", "one"])
    >>> pair.label, pair.predicted, pair.count, pair.share
    ('zero', 'one', 2, 0.2)
    """
    counts = np.array(confusion)
    np.fill_diagonal(counts, 0)
    rows, columns = np.unravel_index(np.argsort(-counts, axis=None, kind="stable"), counts.shape)
    pairs = list(zip(rows.tolist(), columns.tolist()))[:_MOST_PAIRS]
    return [
        Confused(names[row], names[column], n, n / sum(confusion[row]))
        for row, column in pairs
        if (n := int(counts[row, column]))
    ]
