"""What can be wrong with outputs and loss before the first step: logits and probabilities mixed up,
a large loss, NaN.
"""

from collections.abc import Iterator

import numpy as np
import tensorflow as tf

from tfmlp.diagnosis.catalog import make_finding
from tfmlp.diagnosis.findings import Finding, Name
from tfmlp.diagnosis.layers import Array, LayerView
from tfmlp.diagnosis.probe import Probe
from tfmlp.training.losses import PerExampleLoss, cross_entropy


def output_findings(probe: Probe, views: list[LayerView], classes: int) -> Iterator[Finding]:
    """Looks at outputs and loss before the first step.

    Args:
      probe: The model and its loss.
      views: The layers before training.
      classes: The number of classes; 1 for regression.
    """
    losses = probe.losses()
    if classes > 1:
        yield from _scale(probe.outputs(), losses, takes_logits(probe.loss), classes)
    bad = next((view for view in views if not np.isfinite(view.outputs).all()), None)
    if bad is not None:
        kind = "finite inputs" if np.isfinite(bad.inputs).all() else "inputs that are not finite"
        evidence = f"layer {bad.name} ({bad.kind}) is the first to produce them, from {kind}"
        yield make_finding(Name.NAN_FORWARD, evidence)
    elif not np.isfinite(losses).all():
        yield make_finding(Name.NAN_FORWARD, "the loss is the first to produce them")


def _scale(outputs: Array, losses: Array, logits: bool, classes: int) -> Iterator[Finding]:
    sums = outputs.sum(axis=1)
    probabilities = outputs.min() >= 0 and np.allclose(sums, 1, atol=1e-3)
    expected = np.log(classes)
    if logits and probabilities:
        evidence = "the outputs for each example sum to 1, and the loss takes logits"
        yield make_finding(Name.SOFTMAX_TWICE, evidence)
    elif not logits and not probabilities:
        yield make_finding(
            Name.LOGITS_AS_PROBABILITIES,
            f"the outputs run from {outputs.min():.3g} to {outputs.max():.3g}; their sum for an"
            f" example from {sums.min():.3g} to {sums.max():.3g}",
        )
    elif np.isfinite(losses).all() and losses.mean() > 2.5 * expected + 0.5:
        yield make_finding(
            Name.INITIAL_LOSS,
            "the first outputs are far too large",
            loss=losses.mean(),
            classes=classes,
            expected=expected,
        )


def takes_logits(loss: PerExampleLoss) -> bool:
    """Returns whether a loss of classes takes logits: adding a constant to an example's outputs
    changes nothing then.
    """
    if loss is cross_entropy:
        return True
    outputs, labels = tf.constant([[0.2, 0.5, 0.3]]), tf.constant([1])
    try:
        return bool(np.allclose(loss(labels, outputs), loss(labels, outputs + 1), atol=1e-5))
    except Exception:  # a user's loss, which may accept only its own number of classes
        return True
