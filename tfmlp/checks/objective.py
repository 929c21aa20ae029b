"""The objective: a user's loss as a function of nothing that reads named float64 arrays."""

import inspect
from collections.abc import Callable
from typing import Any

from tfmlp.checks.arrays import numbers
from tfmlp.checks.trees import Leaf, rebuilt
from tfmlp.errors import ConfigError


def closed_loss(
    loss_fn: Callable[..., Any], params: Any, leaves: dict[str, Leaf]
) -> Callable[[], float]:
    """Returns the loss of the leaves' values as they stand.

    Args:
      loss_fn: Takes the parameters, or nothing.
      params: The parameters, as a user nests them.
      leaves: Their arrays.

    Raises:
      ConfigError: when `loss_fn` takes more than one argument, or (later) does not return one
        number.
    """
    takes_parameters = _takes_parameters(loss_fn)

    def loss() -> float:
        if takes_parameters:
            value = loss_fn(rebuilt(params, leaves))
        else:
            for leaf in leaves.values():
                leaf.write()
            value = loss_fn()
        array = numbers(value, "the loss")
        if array.size != 1:
            raise ConfigError(
                f"loss_fn must return one number; received an array of shape {array.shape}: take"
                " its mean or its sum."
            )
        return float(array.reshape(())[()])

    return loss


def _takes_parameters(loss_fn: Callable[..., Any]) -> bool:
    try:
        parameters = inspect.signature(loss_fn).parameters.values()
    except (TypeError, ValueError):  # some functions written in C do not say
        return True
    names = [
        parameter.name
        for parameter in parameters
        if parameter.default is parameter.empty
        and parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
    ]
    if len(names) > 1:
        raise ConfigError(
            "loss_fn must take the parameters or nothing; received one that takes"
            f" {', '.join(names)}: wrap it in a lambda."
        )
    return bool(names)
