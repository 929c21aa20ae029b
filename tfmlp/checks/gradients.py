"""The check of gradients: whether they agree with central differences of the loss, and if not, why.

report = check_gradients(loss_fn, params, grads, inputs=X, labels=Y)
print(report)           # a table
assert report.right
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from tfmlp.checks.arrays import as_array, numbers
from tfmlp.checks.explained import explained
from tfmlp.checks.judgment import TOLERANCE, judge
from tfmlp.checks.matching import Gradients, matched
from tfmlp.checks.measurement import Measurement
from tfmlp.checks.measuring import compared, examples_in, itemsize_of
from tfmlp.checks.objective import closed_loss
from tfmlp.checks.recognition import recognize
from tfmlp.checks.reports import GradientReport, ParameterVerdict
from tfmlp.checks.trees import items_of, leaves_of
from tfmlp.errors import ConfigError

__all__ = ["GradientReport", "ParameterVerdict", "assert_gradients_close", "check_gradients"]


def check_gradients(
    loss_fn: Callable[..., Any],
    params: Any,
    grads: Any,
    *,
    inputs: Any = None,
    labels: Any = None,
    outputs: Any = None,
    batch_size: int | None = None,
    entries: int = 120,
    seed: int = 0,
) -> GradientReport:
    """Checks gradients against central differences in float64, and says what is likely wrong with
    them.

    Args:
      loss_fn: Returns the loss as a number. Either takes the parameters, nested as `params` is, or
        nothing: then `params` are changed in place (NumPy arrays, lists, tf.Variables).
      params: dicts, lists or tuples of arrays, from the first layer to the last; NumPy, TensorFlow
        or lists of numbers.
      grads: The gradients to check: under the same names, names such as dW1 for W1, or in the same
        order.
      inputs: What the loss is computed of, [n, d] or [d, n]. With inputs and labels, a net of dense
        layers is recognized and the usual mistakes are tried on it, which tells many more causes.
      labels: Classes [n], or targets [n, k] or [k, n].
      outputs: The net's outputs for these inputs, probabilities or logits, [n, k] or [k, n]; where
        they are known, it is recognized more surely.
      batch_size: Examples in the batch; taken from `labels` if None.
      entries: How many entries of each array are looked at; all, if it has no more.
      seed: Decides which.

    Returns:
      A `GradientReport`.

    Raises:
      ConfigError: when parameters and gradients do not correspond, or the loss is not one finite
        number.

    >>> def loss(w):
    ...     return (w**2).sum()
    >>> w = np.array([0.5, -1.0])
    >>> tfmlp.check_gradients(loss, w, 2 * w).right
    True
    >>> print(tfmlp.check_gradients(loss, w, -2 * w).cause.text)
    the gradient has the wrong sign
    """
    leaves = leaves_of(params)
    if not leaves or not all(leaf.value.size for leaf in leaves.values()):
        raise ConfigError(
            "expected parameters with at least one entry each; received none, or an empty array:"
            " leave out what is empty."
        )
    values = {name: leaf.value for name, leaf in leaves.items()}
    given = matched(values, _gradients_of(grads))
    loss = closed_loss(loss_fn, params, leaves)
    first = loss()
    if not np.isfinite(first):
        raise ConfigError(
            f"the loss must be a finite number; received {first}: choose smaller parameters or"
            " inputs."
        )
    itemsize = itemsize_of(loss, values, [leaf.dtype for leaf in leaves.values()])
    parts = compared(loss, values, given, itemsize, entries, seed)
    scale = max(float(np.abs(part.numeric).max()) for part in parts)
    types = [gradient.dtype for gradient in given.values() if gradient is not None]
    single = itemsize == 4 or np.dtype(np.float32) in types
    tolerance = TOLERANCE[itemsize]
    verdicts = [judge(part, tolerance, single, scale) for part in parts]
    loss()  # parameters that were changed in place are as they were
    if all(verdict.right for verdict in verdicts):
        return GradientReport(tuple(verdicts), None)
    batch = examples_in(labels, inputs) if batch_size is None else batch_size
    net = None
    if labels is not None and inputs is not None:
        net = recognize(
            inputs,
            labels,
            {part.name: part.value for part in parts},
            first,
            None if outputs is None else numbers(outputs, "the outputs"),
            Measurement(parts, single=itemsize == 4),
        )
    return explained(parts, verdicts, net, batch, tolerance=tolerance, single=single)


def assert_gradients_close(
    loss_fn: Callable[..., Any], params: Any, grads: Any, **options: Any
) -> None:
    """For tests: raises AssertionError, with the table and the likely cause, where
    `check_gradients` finds something wrong. Arguments as there.

    >>> w = np.array([0.5, -1.0])
    >>> tfmlp.assert_gradients_close(lambda w: (w**2).sum(), w, 2 * w)
    """
    report = check_gradients(loss_fn, params, grads, **options)
    if not report.right:
        raise AssertionError(f"gradients differ from central differences\n{report}")


def _gradients_of(grads: Any) -> Gradients:
    named = dict(items_of(grads))
    return {
        name: None if original is None else as_array(original, name)
        for name, original in named.items()
    }
