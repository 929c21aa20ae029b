"""The passes of a net: forward, loss and backward, each called by its parameters' names."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, Protocol

import numpy as np

from tfmlp.checks import words
from tfmlp.checks.arrays import Array, as_array, numbers, squeezed
from tfmlp.checks.attributes import named_arrays
from tfmlp.checks.batches import Batch
from tfmlp.checks.calls import attempt, attribute
from tfmlp.checks.making import RATE
from tfmlp.checks.matching import Gradients, matched
from tfmlp.checks.roles import Role, call, takes
from tfmlp.checks.trees import items_of
from tfmlp.errors import ConfigError

_KEEP = 0.75  # of what dropout does not drop; each run draws the same
_PENALTY = 0.1  # where the loss takes one, too
_INPUT_LIKE = (Role.INPUTS, Role.OUTPUTS, Role.LABELS, Role.GRADIENT)


class NetParts(Protocol):
    """What there is of a net; see `Usage`."""

    @property
    def params(self) -> Any: ...
    @property
    def forward(self) -> Callable[..., Any] | None: ...
    @property
    def backward(self) -> Callable[..., Any]: ...
    @property
    def loss(self) -> Callable[..., Any] | None: ...
    @property
    def owner(self) -> Any: ...
    @property
    def named(self) -> Callable[[], Mapping[str, Any]]: ...
    @property
    def then(self) -> Callable[..., Any] | None: ...


class Passes:
    """The passes on one batch: what the forward pass left is at hand in the backward pass.

    Attributes:
      batch: The batch.
      value: What the forward pass returned.
      chosen: What of it, or of what it kept, is the outputs.
      local: Its local variables.
      loss_value: What the loss returned.
      item: The number of the returned item that holds the gradients, or None.
      kept: What of the owner holds the gradients, or None.
    """

    def __init__(self, usage: NetParts, batch: Batch):
        self._usage, self.batch = usage, batch
        self._roles: dict[Role, Any] = {}
        self.value: Any = None
        self.chosen: Any = None
        self.local: dict[str, Any] = {}
        self.loss_value: Any = None
        self.item: int | None = None
        self.kept: Any = None

    def outputs(self) -> Array:
        """Runs the forward pass, if there is one; returns the outputs, [n, k]."""
        usage, batch = self._usage, self.batch
        plain = {Role.PARAMS: usage.params, Role.COUNT: len(batch.examples), Role.KEEP: _KEEP}
        penalty = _PENALTY if usage.loss is not None and takes(usage.loss, Role.PENALTY) else 0.0
        plain |= {Role.PENALTY: penalty, Role.QUIET: False, Role.ONCE: 1, Role.RATE: RATE}
        plain |= {Role.TRAINING: True}
        if usage.forward is None:
            self._roles = plain | {Role.INPUTS: batch.inputs, Role.LABELS: batch.labels}
            return np.empty(0)
        # Whatever else its one argument is called, what goes into forward is the inputs.
        first = plain | dict.fromkeys(_INPUT_LIKE, batch.inputs)
        seen = call(usage.forward, first, usage.named())
        self.local = {name: value for name, value in seen.local.items() if name != "self"}
        original, rows = _outputs(_candidates(seen, usage.owner), batch)
        self.value, self.chosen = seen.value, original
        self._roles = plain | {
            Role.INPUTS: batch.inputs,
            Role.LABELS: batch.labels,
            Role.OUTPUTS: original,
            Role.CACHE: _cache(seen.value, original),
        }
        return rows

    def loss(self) -> float:
        """Runs the forward pass and the file's loss; of one loss for each example, their mean."""
        self.outputs()
        assert self._usage.loss is not None
        roles = dict(self._roles)
        if self.batch.for_loss is not None:
            roles[Role.LABELS] = self.batch.for_loss
        self.loss_value = call(self._usage.loss, roles, self._names()).value
        value = _loss_in(self.loss_value)
        if value.size != 1 and value.size == len(self.batch.examples):
            value = value.mean(keepdims=True)
        if value.size != 1 or not np.isfinite(value).all():
            raise ConfigError(f"the loss must be one finite number; received {value}.")
        return float(value.reshape(())[()])

    def step(self) -> None:
        """Runs the backward pass, and what applies its gradients, so that the parameters change."""
        roles = self._roles | {Role.RATE: RATE}
        seen = call(self._usage.backward, roles, self._names())
        if self._usage.then is not None:
            local = {name: value for name, value in seen.local.items() if name != "self"}
            kept = local | dict.fromkeys(words.GRADIENTS, seen.value)
            call(self._usage.then, roles, self._names() | kept)

    def gradients(self, params: Mapping[str, Array]) -> dict[str, Any] | None:
        """Runs the backward pass, and returns the gradient by each parameter's name as it returned
        or kept it; None if there is none.
        """
        roles = self._roles | {Role.RATE: RATE}
        seen = call(self._usage.backward, roles, self._names())
        shapes = {name: np.empty(value.shape) for name, value in params.items()}
        named = seen.named
        if isinstance(seen.value, tuple) and isinstance(named, dict) and set(named) <= set(params):
            return None  # new parameters, and no gradients
        for item, tree in _returned(named, seen.value):
            found = attempt(partial(_matching, tree, shapes))
            if found is not None:
                self.item = item
                return found
        for tree in self._kept():
            found = attempt(partial(_matching, tree, shapes))
            if found is not None:
                self.kept = tree
                return found
        return None

    def _names(self) -> dict[str, Any]:
        return {**self.local, **self._usage.named()}

    def _kept(self) -> Iterator[Any]:
        """Yields whatever the owner keeps that could be the gradients, the likelier first."""
        owner = self._usage.owner
        if owner is None:
            return
        for name in vars(owner) if hasattr(owner, "__dict__") else ():
            if name.strip("_").lower() in words.GRADIENTS or words.is_gradient(name):
                yield attribute(owner, name)
        yield named_arrays(owner, words.is_gradient)


def _returned(*trees: Any) -> Iterator[tuple[int | None, Any]]:
    """Yields whatever of what was returned could be the gradients, with the number of the item."""
    for tree in trees:
        yield None, tree
        if isinstance(tree, tuple):
            for i, item in enumerate(tree):
                if isinstance(item, dict | list | tuple):
                    yield i, item
            yield None, [item for item in tree if np.ndim(as_array(item)) > 0]


def _candidates(seen: Any, owner: Any) -> Iterator[Any]:
    """Yields whatever could be the outputs, the likelier first."""
    value = seen.value
    yield value
    if isinstance(value, tuple | list):
        yield from reversed(value)
    elif isinstance(value, dict):
        yield from reversed(value.values())
    if value is None:
        yield from reversed(seen.local.values())
        if hasattr(owner, "__dict__"):
            yield from reversed(vars(owner).values())


def _outputs(candidates: Iterator[Any], batch: Batch) -> tuple[Any, Array]:
    """Returns the first that has a number for each target, as it is and as [n, k]."""
    n, k = batch.targets.shape
    for value in candidates:
        array = attempt(partial(numbers, value))
        if (
            value is batch.labels
            or array is None
            or array.size != n * k
            or not np.isfinite(array).all()
        ):
            continue
        flat = squeezed(array)
        if flat.shape == (k, n) and n > 1 and k > 1 and n != k:
            return value, flat.T
        if flat.shape in {(n, k), (n * k,), ()}:
            return value, flat.reshape(n, k)
    raise ConfigError(
        f"expected a forward pass that returns {k} outputs of each of {n} examples; received no"
        " such array: give outputs= to tfmlp.check."
    )


def _cache(value: Any, outputs: Any) -> Any:
    """Returns what forward gave besides the outputs; all of it, if that is one thing."""
    if not isinstance(value, tuple) or (value and value[-1] is outputs):
        return value
    rest = [item for item in value if item is not outputs]
    return rest[0] if len(rest) == 1 else tuple(rest)


def _loss_in(value: Any) -> Array:
    """Returns the loss; the first number of what a function gives that returns more."""
    if isinstance(value, tuple) and value:
        value = value[0]
    return numbers(value, "the loss")


def _matching(tree: Any, params: Mapping[str, Array]) -> dict[str, Any] | None:
    """Returns the arrays in a tree that are gradients of parameters, by the parameters' names; None
    if there is not one for each, of its size or of more examples.
    """
    if tree is None:
        return None
    arrays = {name: as_array(value, name) for name, value in items_of(tree) if value is not None}
    is_number = len(params) == 1 and all(np.size(value) == 1 for value in params.values())
    if not isinstance(tree, dict) and not is_number:  # without its name, a number is none
        arrays = {name: array for name, array in arrays.items() if array.ndim}
    if not arrays or not all(array.dtype.kind in "fiu" for array in arrays.values()):
        return None
    given: Gradients = {**arrays}
    return dict(matched(params, given))
