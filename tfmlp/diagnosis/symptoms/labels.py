"""What can be wrong with the labels: their range, balance and order, their relation to the
features.
"""

from collections.abc import Iterator

import numpy as np

from tfmlp.diagnosis.catalog import make_finding
from tfmlp.diagnosis.findings import Finding, Name
from tfmlp.diagnosis.layers import Array

_NEIGHBORS = 3000  # examples among which nearest neighbors are looked for
_FEWEST_NEIGHBORS = 200
_LOOKED_AT = 20_000  # examples that must be finite for that
_SVHN = (32, 32, 3)  # the shape of its images
_MAJORITY = 0.7  # a class with a larger share than this leaves little to learn


def target_findings(targets: Array) -> Iterator[Finding]:
    """Looks at the targets of a regression, [n]."""
    if len(np.unique(targets)) == 1:
        evidence = f"{len(targets):,} examples"
        yield make_finding(Name.CONSTANT_LABELS, evidence, what="targets", value=f"{targets[0]:g}")


def label_findings(
    features: Array, labels: Array, outputs: int, shuffle: bool
) -> Iterator[Finding]:
    """Looks at the labels of a classification.

    Args:
      features: Training features [n, ...].
      labels: Training labels, int [n].
      outputs: The number of the model's outputs.
      shuffle: Whether training visits the examples in a new order each epoch.
    """
    if features.shape[1:] == _SVHN and int(labels.min()) == 1 and int(labels.max()) == 10:
        evidence = f"{int((labels == 10).sum()):,} of {len(labels):,} labels are 10, none is 0"
        yield make_finding(Name.SVHN_LABELS, evidence)
    yield from _range(labels, outputs)
    counts = np.bincount(labels[labels >= 0].astype(int))
    if not len(counts):
        return
    shares = counts / counts.sum()
    several = (counts > 0).sum() > 1
    if several and shares.max() > _MAJORITY:
        label = int(counts.argmax())
        yield make_finding(
            Name.IMBALANCE,
            f"predicting class {label} for every example is right that often, so accuracy says"
            " little",
            percent=100 * shares.max(),
            label=label,
        )
    if not shuffle:
        yield from _order(labels, shares)
    if len(np.unique(labels)) > 1 and np.isfinite(features[:_LOOKED_AT].astype(np.float32)).all():
        yield from _relation(features, labels)


def _range(labels: Array, outputs: int) -> Iterator[Finding]:
    least, most = int(labels.min()), int(labels.max())
    last = outputs - 1
    if least == most:
        evidence = f"{len(labels):,} examples, one class"
        yield make_finding(Name.CONSTANT_LABELS, evidence, what="training labels", value=str(least))
    elif least == 1 and most == outputs:
        evidence = f"class {most} has no output"
        yield make_finding(Name.LABELS_OFF_BY_ONE, evidence, most=most, last=last)
    elif least < 0 or most > last:
        evidence = f"{int(((labels < 0) | (labels > last)).sum()):,} examples"
        yield make_finding(
            Name.LABELS_OUT_OF_RANGE, evidence, least=least, most=most, outputs=outputs, last=last
        )
    elif least == 1 and outputs > 2:
        evidence = f"the labels run from 1 to {most}"
        yield make_finding(Name.LABELS_OFF_BY_ONE, evidence, suspected=True)


def _order(labels: Array, shares: Array) -> Iterator[Finding]:
    # Neighbors in a random order differ in class with the probability that two draws differ.
    expected = 1 - float(np.sum(shares**2))
    changes = float(np.mean(labels[1:] != labels[:-1])) if len(labels) > 1 else 1.0
    if changes < 0.5 * expected:
        yield make_finding(
            Name.NOT_SHUFFLED,
            f"{100 * changes:.1f} % of neighbors differ in class; by chance it would be"
            f" {100 * expected:.0f} %",
        )


def _relation(features: Array, labels: Array) -> Iterator[Finding]:
    # Where a nearest neighbor does no better than chance, labels and features do not belong
    # together.
    chosen = np.random.default_rng(0).permutation(len(labels))[:_NEIGHBORS]
    if len(chosen) < _FEWEST_NEIGHBORS:
        return
    examples = features[chosen].reshape(len(chosen), -1).astype(np.float32)
    examples = (examples - examples.mean(0)) / (examples.std(0) + 1e-3)
    examples -= examples.mean(1, keepdims=True)
    half, ours = len(examples) // 2, labels[chosen]
    one, other = examples[:half], examples[half : 2 * half]
    distances = (other**2).sum(1)[None] - 2 * one @ other.T
    right = float(np.mean(ours[half : 2 * half][distances.argmin(1)] == ours[:half]))
    shares = np.bincount(ours.astype(int) - int(ours.min())) / len(ours)
    chance = float(np.sum(shares**2))
    bound = chance + 3 * np.sqrt(chance * (1 - chance) / half)
    if right < bound and shares.max() < _MAJORITY:
        yield make_finding(
            Name.UNRELATED_LABELS,
            f"an example's nearest neighbor has its label in {100 * right:.1f} % of cases; by"
            f" chance it would be {100 * chance:.1f} %",
        )
