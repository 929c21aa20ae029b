"""What can be wrong with dropout and batch normalization: too much of it, or none at all."""

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from tfmlp.diagnosis.catalog import make_finding
from tfmlp.diagnosis.findings import Finding, Name
from tfmlp.diagnosis.layers import walk_layers
from tfmlp.diagnosis.probe import Probe


def dropout_findings(model: Any) -> Iterator[Finding]:
    """Looks for dropout that leaves next to nothing."""
    layers = (layer for layer in walk_layers(model) if isinstance(layer, keras.layers.Dropout))
    rate = max((float(layer.rate) for layer in layers), default=0.0)
    if rate >= 0.85:
        evidence = "hardly any of an example's features get through"
        yield make_finding(Name.DROPOUT_TOO_STRONG, evidence, percent=100 * rate)


def flag_findings(probe: Probe) -> Iterator[Finding]:
    """Looks for dropout or batch normalization that works as at inference while training."""
    layers = walk_layers(probe.model)
    random = [
        layer for layer in layers if isinstance(layer, keras.layers.Dropout) and layer.rate > 0
    ]
    norms = [layer for layer in layers if isinstance(layer, keras.layers.BatchNormalization)]
    if not random and not norms:
        return
    if np.array_equal(probe.outputs(training=True), probe.outputs(training=False)):
        names = ", ".join(layer.name for layer in (random + norms)[:3])
        evidence = f"the outputs with and without it are equal, bit for bit, despite {names}"
        yield make_finding(Name.TRAIN_FLAG, evidence)
    probe.restore()  # the statistics that batch normalization has just updated
