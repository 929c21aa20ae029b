"""The usual losses: what is tried where a person gives the outputs and no loss."""

from collections.abc import Callable, Iterator

import numpy as np

from tfmlp.checks.arrays import Array, as_array
from tfmlp.checks.ingredients import LOSSES
from tfmlp.checks.logarithms import PLAIN
from tfmlp.errors import ConfigError
from tfmlp.reference.activations import sigmoid
from tfmlp.reference.losses import softmax

Loss = Callable[[Array], float]  # of the outputs
_RESERVE = 1e-12  # from 0 and 1, within which a probability is one that rounding has lost


def usual_losses(outputs: Array, labels: object) -> dict[str, Loss]:
    """Returns every usual loss that fits some outputs, by name, the likelier first; each is a sum.

    Args:
      outputs: Rows or columns, or one example.
      labels: Targets of the same shape, or classes.

    Raises:
      ConfigError: when labels do not fit the outputs.
    """
    targets, axis = _targets(outputs, as_array(labels, "labels"))
    found: dict[str, Loss] = {}

    def add(name: str, kind: str, activation: Callable[[Array], Array]) -> None:
        found[name] = lambda o: float(
            LOSSES[kind].value(np.atleast_2d(activation(o)), np.atleast_2d(targets), PLAIN)
        )

    inside = bool((outputs > 0).all() and (outputs < 1).all())
    are_classes = outputs.size > 1 and axis is not None and np.isin(targets, (0, 1)).all()
    if are_classes and inside and np.allclose(outputs.sum(axis=axis), 1):
        add("cross-entropy", "cross-entropy", np.asarray)
    add("squares", "squares", np.asarray)
    if inside:
        add("binary cross-entropy", "binary cross-entropy", np.asarray)
    elif are_classes and (targets.sum(axis=axis) == 1).all():
        add("cross-entropy of logits", "cross-entropy", lambda o: _softmax(o, axis))
    if not inside and np.isin(targets, (0, 1)).all():
        add("binary cross-entropy of logits", "binary cross-entropy", _clipped_sigmoid)
    return found


def _targets(outputs: Array, labels: Array) -> tuple[Array, int | None]:
    """Returns targets in the outputs' shape, and the axis of the classes; None if there is none."""
    for targets, axis in _readings(outputs, labels):
        if targets.shape == outputs.shape:
            return targets.astype(float), axis
    raise ConfigError(
        f"labels: expected targets of the outputs' shape {outputs.shape}, or classes; received the"
        f" shape {labels.shape}: give what the loss compares them with, or the loss itself."
    )


def _readings(outputs: Array, labels: Array) -> Iterator[tuple[Array, int | None]]:
    plain = labels.dtype.kind in "biuf"
    if plain and labels.shape == outputs.shape:
        yield labels, _class_axis(outputs, labels)
    if plain and labels.size == outputs.size:
        if labels.ndim == 2 and labels.T.shape == outputs.shape:
            yield labels.T, _class_axis(outputs, labels.T)
        yield labels.reshape(outputs.shape), _class_axis(outputs, labels.reshape(outputs.shape))
    flat = labels.reshape(-1)
    if plain and np.array_equal(flat, flat.astype(int)) and flat.min() >= 0:
        classes = flat.astype(int)
        axes = range(outputs.ndim)[::-1]
        for axis in sorted(axes, key=lambda axis: not np.allclose(outputs.sum(axis=axis), 1)):
            width = outputs.shape[axis]
            if width * len(classes) == outputs.size and classes.max() < width:
                one_hot = np.eye(width)[classes]
                is_column = axis == 0 and outputs.ndim > 1
                yield (one_hot.T if is_column else one_hot.reshape(outputs.shape)), axis


def _class_axis(outputs: Array, targets: Array) -> int | None:
    """Returns the axis along which one of the targets is 1; where it may be any, the one along
    which the outputs sum to 1.
    """
    axes = [
        axis
        for axis in range(outputs.ndim)[::-1]
        if outputs.shape[axis] > 1 and (targets.sum(axis=axis) == 1).all()
    ]
    return next((a for a in axes if np.allclose(outputs.sum(axis=a), 1)), next(iter(axes), None))


def _softmax(outputs: Array, axis: int | None) -> Array:
    return softmax(outputs) if axis == outputs.ndim - 1 else softmax(outputs.T).T


def _clipped_sigmoid(outputs: Array) -> Array:
    return np.clip(sigmoid(outputs), _RESERVE, 1 - _RESERVE)
