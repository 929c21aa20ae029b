"""Recognition of a hand-written net: which activation, which loss, which layout.

    net = recognize(inputs, labels, params, loss)
    net.gradients(mistake)                      # in the layout of params

It goes by numbers: the net of these parameters whose loss, or whose outputs, come out as those that
were computed.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

import numpy as np

from tfmlp.checks.architectures import COMMON_OUTPUTS, Architecture, mixed, uniform
from tfmlp.checks.arrays import Array, as_array, numbers
from tfmlp.checks.measurement import Measurement
from tfmlp.checks.readings import (
    Found,
    Goal,
    Reading,
    possible,
    readings_of,
    readings_with_epsilon,
    readings_with_penalty,
    usual,
)
from tfmlp.checks.recognized import RecognizedNet
from tfmlp.checks.targets import targets_of
from tfmlp.checks.views import MOST_VIEWS, View, views_of

_MOST_MIXED = 4  # ways to read inputs, labels and parameters that are tried
# The losses of outputs that are no logits, and of logits with what they then go through.
_OF_OUTPUTS = ("squares", "cross-entropy", "binary cross-entropy")
_OF_LOGITS = (("softmax", "cross-entropy"), ("sigmoid", "binary cross-entropy"))

Read = Callable[[Goal, Array, Array], Iterator[Found]]
# A penalty is met by chance more often than an epsilon, and is found faster.
_READS: tuple[Read, ...] = (readings_of, readings_with_epsilon, readings_with_penalty)
_FASTER: tuple[Read, ...] = (readings_of, readings_with_penalty, readings_with_epsilon)
_EXACT, _FLOAT32 = 1e-11, 1e-6  # how near a loss must come, relative
_NUMBERS = 100_000  # in the outputs that are looked at together


def recognize(
    inputs: Any,
    labels: Any,
    params: dict[str, Array],
    loss: float | None = None,
    outputs: Array | None = None,
    measurement: Measurement | None = None,
) -> RecognizedNet | None:
    """Finds the net, loss and layout under which parameters, inputs and labels give the loss, and
    the outputs where they are known; None if none does.

    Args:
      inputs: [n, d] or [d, n], or one example [d].
      labels: Classes [n], or targets [n, k] or [k, n].
      params: The parameters by name, from the first layer to the last or in any order.
      loss: The value of the loss.
      outputs: The net's outputs, [n, k] or [k, n]: probabilities, or logits. Found by them, a net
        is hardly ever mistaken for another.
      measurement: The central differences, where they are known: a net that disagrees with them is
        not the one, and one whose loss is multiplied by an unusual number is found by them.
    """
    labels = as_array(labels, "labels")
    if labels.dtype.kind not in "biuf":
        return None
    with np.errstate(all="ignore"):
        views = list(views_of(numbers(inputs, "inputs"), params, labels))
        given = None if outputs is None else numbers(outputs, "outputs")
        if given is not None and loss is None:
            found = _every(views, labels, given)
        else:
            goals = [] if loss is None else [(loss, _EXACT)]
            if loss is not None and (given is not None or (measurement and measurement.single)):
                goals.append((loss, _FLOAT32))
            reads = _READS if measurement is None else _FASTER
            found = (net for goal in goals for net in _by_loss(views, labels, given, reads, *goal))
        if measurement is None:
            return next(found, None)
        agreeing = (net for net in found if measurement.agrees(net))
        return next(agreeing, None) or _by_measurement(views, labels, given, measurement)


def _by_measurement(
    views: list[View], labels: Array, outputs: Array | None, measurement: Measurement
) -> RecognizedNet | None:
    """Returns the net whose gradients are those that were measured, whatever its loss is multiplied
    by.
    """
    pairs: Iterator[tuple[View, Architecture]]
    if outputs is None:
        few = views[:_MOST_MIXED]
        pairs = ((view, found) for view in few for found in uniform(view.inputs, view.layers))
    else:
        pairs = _matching(views, outputs)
    for view, found in pairs:
        if outputs is None and found.output not in COMMON_OUTPUTS:
            continue
        for targets in targets_of(labels, *found.z.shape):
            for loss in possible(found.p, targets):
                net = measurement.fitted(view.net(targets, found, Reading(loss, 1.0)))
                if net is not None:
                    return net
    return None


def _by_loss(
    views: list[View],
    labels: Array,
    outputs: Array | None,
    reads: tuple[Read, ...],
    loss: float,
    close: float,
) -> Iterator[RecognizedNet]:
    """Yields nets by the loss, and by the outputs where they are known: the usual ones first."""
    for architectures in (uniform, mixed):
        meant = ((view, one) for view in views for one in targets_of(labels, *view.shape))
        is_fast = architectures is uniform or outputs is not None
        most = MOST_VIEWS if is_fast else _MOST_MIXED
        every = [
            (view, targets, list(_giving(outputs, architectures(view.inputs, view.layers))))
            for view, targets in islice(meant, most)
        ]
        for read in reads:
            if read is readings_with_penalty and not is_fast:
                continue
            for view, targets, choices in every:
                yield from _read(read, Goal(loss, close, *view.squares), view, targets, choices)


def _read(
    read: Read, goal: Goal, view: View, targets: Array, choices: list[Architecture]
) -> Iterator[RecognizedNet]:
    """Yields nets whose loss is read so, of as many choices at once as fit into memory."""
    at_once = max(1, _NUMBERS // targets.size)
    for start in range(0, len(choices), at_once):
        some = choices[start : start + at_once]
        p = np.stack([found.p for found in some])
        for index, reading in read(goal, p, targets):
            yield view.net(targets, some[index], reading)


def _every(views: Iterable[View], labels: Array, outputs: Array) -> Iterator[RecognizedNet]:
    """Yields nets by their outputs, one for each usual loss."""
    for view, found in _matching(views, outputs):
        for targets in targets_of(labels, *found.z.shape):
            names = usual(list(_OF_OUTPUTS), targets)
            # What is matched as logits has an output activation only for the sake of the loss.
            is_logits = found.output in ("softmax", "sigmoid") and not _close(outputs, found.p)
            for name in names:
                fits = (found.output, name) in _OF_LOGITS if is_logits else _is_of(found, name)
                if fits:
                    yield view.net(targets, found, Reading(name, 1.0))


def _is_of(found: Architecture, loss: str) -> bool:
    is_probability = found.p.min() >= 0 and found.p.max() <= 1
    return loss == "squares" or (is_probability and found.output != "linear")


def _matching(views: Iterable[View], outputs: Array) -> Iterator[tuple[View, Architecture]]:
    """Yields the architectures that give these outputs."""
    views = list(views)
    for architectures in (uniform, mixed):
        for view in views:
            for found in _giving(outputs, architectures(view.inputs, view.layers)):
                yield view, found


def _giving(outputs: Array | None, architectures: Iterable[Architecture]) -> Iterator[Architecture]:
    """Yields those that give the outputs, where they are known, as probabilities or as logits."""
    for found in architectures:
        if outputs is None or _close(outputs, found.p):
            yield found
        elif found.output in ("softmax", "sigmoid"):
            is_log = found.output == "softmax" and _close(outputs, np.log(found.p))
            if is_log or _close(outputs, found.z):
                yield found


def _close(outputs: Array, own: Array) -> bool:
    """Whether outputs are a net's own, in rows or in columns."""
    for values in (outputs, outputs.T if outputs.ndim == 2 else outputs):
        if values.size == own.size and (values.shape == own.shape or 1 in own.shape):
            size = np.abs(own).max(initial=0)
            if np.allclose(values.reshape(own.shape), own, rtol=1e-5, atol=1e-7 * size):
                return True
    return False
