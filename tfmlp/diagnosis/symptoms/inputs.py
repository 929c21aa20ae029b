"""What can be wrong with what the first dense layer receives: its scale, its center."""

from collections.abc import Iterator

import keras
import numpy as np

from tfmlp.diagnosis.catalog import make_finding
from tfmlp.diagnosis.findings import Finding, Name
from tfmlp.diagnosis.layers import LayerView
from tfmlp.training.first_batch import are_too_small


def input_findings(views: list[LayerView], shape: tuple[int, ...]) -> Iterator[Finding]:
    """Looks at what the first dense layer receives.

    Args:
      views: The layers before training.
      shape: The shape of one example's features.
    """
    dense = (view for view in views if isinstance(view.layer, keras.layers.Dense))
    first = next(dense, None)
    if first is None or not np.isfinite(first.inputs).all():
        return
    largest, mean, deviation = (
        float(value) for value in (abs(first.inputs).max(), first.inputs.mean(), first.inputs.std())
    )
    column = np.sqrt(np.mean(first.inputs**2, axis=0))
    colors = len(shape) == 3 and shape[-1] == 3
    preprocessing = "per_image" if colors else "standardize"
    evidence = (
        f"the first dense layer receives values with a mean of {mean:.4g} and a standard deviation"
        f" of {deviation:.4g}, as large as {largest:.4g}"
    )
    if largest > 20 and (deviation > 10 or column.max() > 50):
        yield make_finding(Name.UNSCALED_INPUTS, evidence, preprocessing=preprocessing)
    elif abs(mean) > 4 * max(deviation, 1e-6) or abs(mean) > 5:
        yield make_finding(Name.UNCENTERED_INPUTS, evidence, preprocessing=preprocessing)
    elif are_too_small(first.inputs):
        yield make_finding(Name.SMALL_INPUTS, evidence)
