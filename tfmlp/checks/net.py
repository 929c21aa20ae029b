"""A net of a user, and one way to use it: run it forward and back."""

from collections.abc import Callable
from typing import Any

import numpy as np

from tfmlp.checks import words
from tfmlp.checks.arrays import Array, as_array, numbers
from tfmlp.checks.attributes import named_arrays
from tfmlp.checks.calls import attribute
from tfmlp.checks.roles import Role, call
from tfmlp.checks.making import RATE
from tfmlp.checks.trees import items_of, leaves_of
from tfmlp.errors import ConfigError


class Net:
    """One way to use a user's net.

    Attributes:
      name: What it is called in the file.
      params: Its parameters, nested.
      updates: Whether its backward pass was seen to change the parameters.
    """

    def __init__(
        self,
        name: str,
        owner: Any,
        forward: Callable[..., Any],
        backward: Callable[..., Any],
        loss: Callable[..., Any],
        params: Any,
    ):
        self.name, self.params, self.updates = name, params, False
        self._owner, self._forward, self._backward, self._loss = owner, forward, backward, loss

    def run(self, inputs: Any, labels: Any) -> tuple[Array, float]:
        """Returns the outputs and the loss.

        Raises:
          ConfigError: when the net is not meant to be used so.
          UserCodeError: when it raises.
        """
        roles, loss = self._run(inputs, labels)
        return numbers(roles[Role.OUTPUTS], "the outputs"), loss

    def gradients(self, inputs: Any, labels: Any) -> Any:
        """Returns the gradients, nested as backward gave or left them; what it changed the
        parameters by, if it updates them itself. Raises as `run`.
        """
        before = {name: leaf.value for name, leaf in leaves_of(self.params).items()}
        roles, _ = self._run(inputs, labels)
        returned = call(self._backward, roles | {Role.RATE: RATE})
        changed = self._taken_back(before)
        self.updates = any(value.any() for value in changed.values())
        if self.updates:
            return changed
        for found in (returned, *(attribute(self._owner, name) for name in words.GRADIENTS)):
            arrays = _arrays_only(found, len(before))
            if arrays is not None:
                return arrays
        return named_arrays(self._owner, words.is_gradient)

    def _run(self, inputs: Any, labels: Any) -> tuple[dict[Role, Any], float]:
        # Whatever else its one argument is called, what goes into forward is the inputs.
        takes_inputs = (Role.INPUTS, Role.OUTPUTS, Role.LABELS, Role.GRADIENT)
        roles = dict.fromkeys(takes_inputs, inputs) | {Role.PARAMS: self.params}
        outputs, cache = _outputs_and_cache(call(self._forward, roles))
        roles = {
            Role.INPUTS: inputs,
            Role.LABELS: labels,
            Role.OUTPUTS: outputs,
            Role.CACHE: cache,
            Role.PARAMS: self.params,
        }
        value = numbers(call(self._loss, roles), "the loss")
        if value.size != 1 and value.shape[:1] == np.shape(labels)[:1]:
            value = value.mean(keepdims=True)  # one loss for each example
        if value.size != 1 or not np.isfinite(value).all():
            raise ConfigError(
                f"the loss must be one finite number; received {value}: return its mean."
            )
        return roles, float(value.reshape(()))

    def _taken_back(self, before: dict[str, Array]) -> dict[str, Array]:
        """Undoes an update, and returns what it changed the parameters by, over the rate."""
        leaves = leaves_of(self.params)
        if set(leaves) != set(before):
            raise ConfigError(
                f"backward must keep the parameters {', '.join(before)}; received"
                f" {', '.join(leaves)}: change them in place."
            )
        try:
            changed = {name: (before[name] - leaf.value) / RATE for name, leaf in leaves.items()}
            if any(value.any() for value in changed.values()):
                for name, leaf in leaves.items():
                    leaf.value[...] = before[name]
        except ValueError as error:  # shapes that do not go together
            raise ConfigError(
                f"backward must keep the parameters' shapes; received others ({error}): change them"
                " in place."
            ) from error
        if any(value.any() for value in changed.values()):
            for leaf in leaves.values():
                leaf.write()
        return changed


def _outputs_and_cache(result: Any) -> tuple[Any, Any]:
    """Returns what forward gave as the outputs, and as what backward needs."""
    if isinstance(result, tuple | dict) and not result:
        raise ConfigError("forward must return the outputs; received nothing: return them.")
    if isinstance(result, dict):
        return list(result.values())[-1], result
    if isinstance(result, list) and result and hasattr(result[-1], "shape"):
        return result[-1], result
    if not isinstance(result, tuple):
        return result, result
    if len(result) > 1 and all(isinstance(item, np.ndarray) for item in result):
        return result[-1], result  # one array of each layer, the outputs last
    outputs, cache = result[0], result[1] if len(result) == 2 else result[1:]
    if isinstance(outputs, dict | list) and hasattr(cache, "shape"):
        return cache, outputs
    return outputs, cache


def _arrays_only(tree: Any, count: int) -> Any:
    """Returns nested arrays without what is not one, or None if there are not `count` of them."""
    if isinstance(tree, tuple) and len(tree) == 2 and isinstance(tree[1], dict | list):
        if not isinstance(tree[0], dict | list | tuple) and as_array(tree[0]).ndim == 0:
            tree = tree[1]  # (loss, gradients)
    if tree is None:
        return None
    if isinstance(tree, dict):
        tree = {key: value for key, value in tree.items() if _is_gradient(value)}
    size = _size(tree)
    if size == count or size is None or not isinstance(tree, dict):
        return tree if size == count else None
    starts = ("w", "b", "kernel", "theta")  # dZ and dA stand beside dW and db
    names = [name for name in tree if str(name).lower().lstrip("d_").startswith(starts)]
    tree = {name: tree[name] for name in names}
    return tree if _size(tree) == count else None


def _is_gradient(value: Any) -> bool:
    return value is None or isinstance(value, list | tuple | dict) or as_array(value).ndim > 0


def _size(tree: Any) -> int | None:
    """Returns the number of nested arrays, or None if there is something else among them."""
    found = dict(items_of(tree))
    try:
        leaves_of([original for original in found.values() if original is not None])
    except ConfigError:
        return None
    return len(found)
