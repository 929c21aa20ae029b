"""Which examples are held out for validation and test: a function of the seed alone."""

from collections.abc import Callable

import numpy as np

from tfmlp import seeds
from tfmlp.data.rowfile import Array
from tfmlp.errors import DataError

# Labels, share or number, part (0 validation, 1 test), what a message begins with -> kept, held.
HoldOut = Callable[[Array, float, int, str], tuple[Array, Array]]


def hold_out(seed: int, stratify: bool) -> HoldOut:
    """Returns the function that chooses which of some examples are held out.

    Args:
      seed: Decides which.
      stratify: Whether each class has the same share of the examples held out as of all, to one
        example.

    Returns:
      A function of (labels [n], share or number, part, what a message begins with) to the numbers
      of the examples that are kept and held, each ascending, so that copying them runs through
      memory in order.
    """

    def choose(labels: Array, share: float, part: int, what: str) -> tuple[Array, Array]:
        count = len(labels)
        held = round(share * count) if share < 1 else int(share)
        if not 0 < held < count:
            raise DataError(
                f"{what} split: holding out {share:g} of {count:,} rows would leave"
                f" {count - held:,} and {held:,}; both must have at least one row."
            )
        order = seeds.split_order(seed, count, part)
        if stratify:
            order = _stratified(order, labels, held)
        return np.sort(order[held:]), np.sort(order[:held])

    return choose


def _stratified(order: Array, labels: Array, held: int) -> Array:
    """Returns a permutation that begins with `held` examples in which classes have their shares:
    within each class, those that come first in `order`.
    """
    counts = np.bincount(labels)
    quotas = held * counts / len(labels)
    numbers = np.floor(quotas).astype(np.int64)
    # What is left goes to the largest fractions; of equal ones, to the lower class.
    first = np.argsort(numbers - quotas, kind="stable")
    numbers[first[: held - numbers.sum()]] += 1
    ordered = labels[order]
    by_class = np.argsort(ordered, kind="stable")  # places in `order`, class after class
    starts = np.cumsum(counts) - counts
    rank = np.empty(len(order), np.int64)  # of each example within its class
    rank[by_class] = np.arange(len(order)) - starts[ordered[by_class]]
    is_held = rank < numbers[ordered]
    return np.concatenate([order[is_held], order[~is_held]])
