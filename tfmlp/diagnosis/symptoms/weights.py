"""What can be wrong with the weights: all units the same, a penalty that is too strong."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from tfmlp.diagnosis.catalog import make_finding
from tfmlp.diagnosis.findings import Finding, Name
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
