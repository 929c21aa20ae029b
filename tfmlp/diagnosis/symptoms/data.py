"""What can be wrong with the features: missing values, test examples that were trained on."""

import hashlib
from collections.abc import Iterator

import numpy as np

from tfmlp.diagnosis.catalog import make_finding
from tfmlp.diagnosis.findings import Finding, Name
from tfmlp.diagnosis.layers import Array

_LOOKED_AT = 20_000  # training examples, for missing values
_TRAINED_ON, _TESTED_ON = 60_000, 10_000  # examples, for copies


def feature_findings(features: Array) -> Iterator[Finding]:
    """Looks for features that are NaN or infinite.

    Args:
      features: Training features [n, ...].
    """
    looked_at = features[:_LOOKED_AT]
    if looked_at.dtype.kind != "f":
        return
    finite = np.isfinite(looked_at).reshape(len(looked_at), -1).all(axis=1)
    if not finite.all():
        evidence = f"{int((~finite).sum())} of {len(looked_at):,} examples"
        yield make_finding(Name.NAN_INPUTS, evidence)


def leakage_findings(features: Array, test: Array) -> Iterator[Finding]:
    """Looks for training examples among the test examples.

    Args:
      features: Training features [n, ...].
      test: Test features [m, ...].
    """
    if not len(test):
        return
    known = {_digest(example) for example in features[:_TRAINED_ON]}
    share = float(np.mean([_digest(example) in known for example in test[:_TESTED_ON]]))
    if share > 0.01:
        evidence = "test metrics come out better than on new data"
        yield make_finding(Name.LEAKAGE, evidence, percent=100 * share)


def _digest(example: Array) -> bytes:
    return hashlib.blake2b(np.ascontiguousarray(example).tobytes(), digest_size=16).digest()
