"""What can be wrong with the gradients: their sizes, and whether they are those of the loss."""

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from tfmlp.diagnosis.catalog import make_finding
from tfmlp.diagnosis.findings import Finding, Name
from tfmlp.diagnosis.layers import Array, LayerView, walk_layers
from tfmlp.diagnosis.probe import Probe
from tfmlp.model.preprocessing import Preprocessing

_LARGE = 50.0  # root mean square of a kernel's gradient
_VANISHING = 1e-4  # of the last kernel's gradient
_STEP_SIZES = (3e-2, 1e-2)  # of the differences that gradients are held against


def gradient_findings(model: Any, gradients: list[Array]) -> Iterator[Finding]:
    """Looks at the size of the kernels' gradients.

    Args:
      model: The model.
      gradients: One for each trainable variable.
    """
    pairs = zip(model.trainable_variables, gradients, strict=True)
    sizes = [float(np.sqrt(np.mean(g**2))) for variable, g in pairs if len(variable.shape) == 2]
    if len(sizes) < 2 or not np.isfinite(sizes).all():
        return
    shown = ", ".join(f"{size:.1e}" for size in sizes)
    evidence = f"root mean square from the first kernel to the last: {shown}"
    if sizes[-1] > 0 and sizes[0] < _VANISHING * sizes[-1]:
        yield make_finding(Name.VANISHING_GRADIENTS, evidence)
    elif max(sizes) > _LARGE:
        yield make_finding(Name.EXPLODING_GRADIENTS, evidence)


def derivative_findings(
    probe: Probe, gradients: list[Array], views: list[LayerView]
) -> Iterator[Finding]:
    """Holds the gradients against differences of the loss along them: a custom gradient may be
    wrong.

    Args:
      probe: The model and its loss.
      gradients: One for each trainable variable.
      views: The layers at the same weights.
    """
    # With these, each look at the loss has another mask or other statistics.
    unsteady = (keras.layers.Dropout, keras.layers.BatchNormalization)
    if any(isinstance(layer, unsteady) for layer in walk_layers(probe.model)):
        return
    variables = probe.model.trainable_variables
    for index, gradient in reversed(list(enumerate(gradients))):
        norm = float(np.linalg.norm(gradient))
        if len(variables[index].shape) != 2 or not np.isfinite(norm) or norm < 1e-4:
            continue
        measured = _measure(probe, index, gradient / norm, norm)
        if measured is not None:
            yield make_finding(
                Name.WRONG_GRADIENT,
                f"along the gradient the loss rises by {measured:.4g}; the gradient says"
                f" {norm:.4g}",
                variable=variables[index].path,
                cause=_cause(views),
            )
            return


def _measure(probe: Probe, index: int, direction: Array, norm: float) -> float | None:
    # Returns the measured derivative, where two step sizes agree that it is not the gradient's.
    coarse, fine = (
        probe.derivative_along(index, direction, size / max(norm, 1.0)) for size in _STEP_SIZES
    )
    wrong = all(abs(value - norm) > 0.1 * max(norm, abs(value)) for value in (coarse, fine))
    return fine if wrong and abs(coarse - fine) < 0.05 * norm else None


def _cause(views: list[LayerView]) -> str:
    after = [view.outputs for view in views if not isinstance(view.layer, Preprocessing)]
    if any(outputs.min() >= 0 and (outputs == 0).mean() > 0.05 for outputs in after[:-1]):
        return "the mask of its ReLU is missing"
    return "the derivative of an activation is wrong"
