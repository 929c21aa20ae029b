"""What can be wrong with the weights and what holds them back: equal units, penalties, dropout."""

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from tfmlp.diagnosis.catalog import make_finding
from tfmlp.diagnosis.findings import Finding, Name
from tfmlp.diagnosis.layers import walk_layers
from tfmlp.diagnosis.probe import Probe


def weight_findings(model: Any) -> Iterator[Finding]:
    """Looks for initial weights that are the same for all units of a layer."""
    matrices = (np.asarray(v) for v in model.trainable_variables if len(v.shape) == 2)
    kernels = [matrix for matrix in matrices if matrix.shape[1] > 1]
    alike = [kernel for kernel in kernels[:-1] or kernels if np.all(kernel == kernel[:, :1])]
    if alike:
        what = "the same for every unit" if alike[0].any() else "all zero"
        evidence = f"{len(alike)} of {len(kernels)} kernels"
        yield make_finding(Name.SYMMETRIC_WEIGHTS, evidence, what=what)


def penalty_findings(probe: Probe) -> Iterator[Finding]:
    """Looks for a penalty on the weights that is far larger than the loss."""
    penalty = sum((float(value) for value in probe.model.losses), 0.0)
    loss = float(probe.losses().mean())
    if penalty > 5 * max(loss, 1e-6):
        yield make_finding(Name.PENALTY_TOO_STRONG, f"penalty {penalty:.4g}, loss {loss:.4g}")


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
        evidence = f"outputs with and without it are the same, bit for bit; layers {names}"
        yield make_finding(Name.TRAIN_FLAG, evidence)
    probe.restore()  # the statistics that batch normalization has just updated
