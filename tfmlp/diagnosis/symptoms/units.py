"""What can be wrong with the layers' units: dead or saturated ones."""

import itertools
from collections.abc import Iterator

import keras
import numpy as np

from tfmlp.diagnosis.catalog import make_finding
from tfmlp.diagnosis.findings import Finding, Name
from tfmlp.diagnosis.layers import LayerView
from tfmlp.model.preprocessing import Preprocessing

_WITHOUT_UNITS = (
    Preprocessing,
    keras.layers.Dropout,
    keras.layers.Flatten,
    keras.layers.InputLayer,
    keras.layers.Rescaling,
    keras.layers.Normalization,
)


def unit_findings(views: list[LayerView], when: str) -> Iterator[Finding]:
    """Looks for units that are dead or saturated, and names the first layer of each.

    Args:
      views: The layers.
      when: When that was, such as "before training".
    """
    views = [view for view in views if np.isfinite(view.outputs).all()]
    dense = (view for view in reversed(views) if isinstance(view.layer, keras.layers.Dense))
    head = next(dense, None)
    hidden = [
        view
        for view in views[:-1]
        if view is not head and not isinstance(view.layer, _WITHOUT_UNITS)
    ]
    for look in (_dead, _saturated):
        findings = (finding for view in hidden if (finding := look(view, when)))
        yield from itertools.islice(findings, 1)


def _dead(view: LayerView, when: str) -> Finding | None:
    share = float(np.mean((view.outputs == 0).all(axis=0)))
    if share <= 0.5 or view.outputs.min() < 0:
        return None
    examples, units = view.outputs.shape
    evidence = f"{round(share * units)} of {units} units, {examples} examples"
    return make_finding(Name.DEAD_UNITS, evidence, percent=100 * share, layer=view.name, when=when)


def _saturated(view: LayerView, when: str) -> Finding | None:
    outputs, low, high = view.outputs, view.outputs.min(), view.outputs.max()
    activated = isinstance(view.layer, keras.layers.Dense) or view.inputs.shape == outputs.shape
    if not activated or low < -1.0001 or not 0.9 < high <= 1.0001:
        return None
    center, reach = (0.5, 0.5) if low >= 0 else (0.0, 1.0)
    share = float(np.mean(np.abs(outputs - center) > 0.99 * reach))
    if share <= 0.6 or np.isin(outputs, (0.0, 1.0)).all():
        return None
    return make_finding(
        Name.SATURATED_UNITS,
        "they are within 1 % of their bounds, where the derivative is nearly 0; the layer's inputs"
        f" have a standard deviation of {view.inputs.std():.3g}",
        percent=100 * share,
        layer=view.name,
        when=when,
    )
