"""A person's functions, called so that every call begins alike and leaves nothing behind."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tfmlp.checks.arrays import Array, as_array, numbers
from tfmlp.checks.attributes import named_arrays
from tfmlp.checks.calls import UserCodeError, guarded
from tfmlp.checks.matching import Gradients, matched
from tfmlp.checks.places import Places, is_owned, names_in
from tfmlp.checks.snapshot import Snapshot
from tfmlp.checks.trees import items_of
from tfmlp.checks.words import is_gradient
from tfmlp.errors import ConfigError


class Calling:
    """The functions of a question: what is computed, and its gradient or a step along it.

    Args:
      params: The parameters, as `check` takes them.
      value: Returns the loss or the outputs.
      gradient: Returns the gradients, or takes a step.
      name: "loss" or "outputs".
      is_step: Whether `gradient` takes a step.
      roots: What else the functions reach.
    """

    def __init__(
        self,
        params: Any,
        value: Callable[[], Any],
        gradient: Callable[[], Any],
        *,
        name: str,
        is_step: bool,
        roots: tuple[Any, ...] = (),
    ):
        self.name, self.is_step = name, is_step
        self._params, self._value, self._gradient = params, value, gradient
        self._snapshot = Snapshot([value, gradient, *_owners(params), *roots])
        self.places = Places(params, self._snapshot.objects)
        self._first = {name: value.copy() for name, value in self.params.items()}

    @property
    def params(self) -> dict[str, Array]:
        """The parameters' values, which may be changed in place, by name."""
        return {name: place.value for name, place in self.places.places.items()}

    def restore(self) -> None:
        """Puts back everything that was changed, parameters too."""
        self._snapshot.restore()
        self._set(self._first)
        self.places.write()

    def value(self) -> Array:
        """Returns the loss or the outputs of the parameters as they stand in `params`, float64.

        Raises:
          ConfigError: when it is not of numbers, or a loss not one number.
          UserCodeError: when it raises.
        """
        self.places.write()
        self._snapshot.restore_random()
        found = _called(self._value, self.name)
        if self.name == "loss" and isinstance(found, tuple) and found:
            found = found[0]
        if found is None:
            raise ConfigError(f"{self.name}: expected numbers; received None: return them.")
        value = numbers(found, self.name)
        if self.name == "loss" and value.size != 1:
            raise ConfigError(
                f"loss: expected one number; received an array of shape {value.shape}: take its"
                " mean or its sum."
            )
        return value

    def gradients(self, after: Mapping[str, Array] | None = None) -> Gradients:
        """Returns the gradient by each parameter; of a step, what it subtracts from each.

        Args:
          after: Other values of the parameters, at which everything is computed once before.

        Raises:
          ConfigError: when gradients and parameters do not correspond, or a step changes nothing.
          UserCodeError: when it raises.
        """
        kept = {name: value.copy() for name, value in self.params.items()}
        self._snapshot.restore()
        if after is not None:
            self._set(after)
            self.value()
            self._set(kept)
        self.value()
        self._snapshot.restore_random()
        try:
            returned = _called(self._gradient, "step" if self.is_step else "grads")
            if self.is_step:
                return self._changes(kept)
            return self._matched(returned)
        finally:
            self._snapshot.restore()
            self.places.write()

    def _set(self, values: Mapping[str, Array]) -> None:
        for name, array in self.params.items():
            array[...] = values[name]

    def _changes(self, before: dict[str, Array]) -> Gradients:
        after = self.places.read()
        changes: Gradients = {name: before[name] - after[name] for name in before}
        if not any(np.any(change) for change in changes.values()):
            raise ConfigError(
                "step: expected one that changes the parameters; received one that changes none of"
                f" {', '.join(before)}: if it puts new arrays into their place, give their owner"
                ' and their names, (net, "W1 b1").'
            )
        return changes

    def _matched(self, returned: Any) -> Gradients:
        if is_owned(returned):
            returned = dict(names_in(*returned))
        if isinstance(returned, tuple) and len(returned) == 2 and _is_number(returned[0]):
            if len(self.params) != 2 or isinstance(returned[1], list | tuple | dict):
                returned = returned[1]  # (loss, gradients)
        if returned is None:
            returned = {}
            for owner in _owners(self._params):
                returned |= named_arrays(owner, is_gradient)
            if not returned:
                raise ConfigError(
                    "grads: expected the gradients; received None: return them, or say where they"
                    " are kept, lambda: (net.backward(X, y), [net.dW1, net.db1])[1]."
                )
        gradients = {
            name: None if original is None else np.array(as_array(original, name))
            for name, original in items_of(returned)
        }
        return matched(self.params, gradients)


def _owners(params: Any) -> list[Any]:
    """Returns the owners among parameters, and the arrays that have none."""
    if is_owned(params):
        return [params[0]]
    if isinstance(params, list | tuple):
        return [owner for item in params for owner in _owners(item)]
    return [params]


def _called(function: Callable[[], Any], name: str) -> Any:
    try:
        with np.errstate(all="ignore"):
            return guarded(function)()
    except UserCodeError as error:
        raise UserCodeError(f"{name} raised {error}") from error.__cause__


def _is_number(value: Any) -> bool:
    return not isinstance(value, list | tuple | dict | None) and as_array(value).size == 1
