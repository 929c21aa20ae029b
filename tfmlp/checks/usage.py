"""A usage: one way in which what a file defines could be used as a net."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from tfmlp.checks import words
from tfmlp.checks.arrays import Array, as_array, numbers, squeezed
from tfmlp.checks.attributes import named_arrays
from tfmlp.checks.batches import Batch, batches_for, widths_of
from tfmlp.checks.calls import attempt, attribute
from tfmlp.checks.causes import Cause, CauseName
from tfmlp.checks.matching import matched
from tfmlp.checks.places import Places
from tfmlp.checks.question import Question
from tfmlp.checks.reports import GradientReport
from tfmlp.checks.roles import Role, call, takes
from tfmlp.checks.snapshot import Snapshot
from tfmlp.checks.trees import items_of
from tfmlp.errors import ConfigError

RATE = 0.125  # exact in binary
_PENALTY = 0.1  # where the loss takes one, too
# Causes that are errors only if the loss is the one that was tried.
_OF_THE_LOSS = (
    *(CauseName.OUTPUT_DERIVATIVE_MISSING, CauseName.OUTPUT_DERIVATIVE_TWICE),
    *(CauseName.LOSS_MISMATCH, CauseName.SOFTMAX_LEFT_OUT, CauseName.SOFTMAX_TWICE),
)
_INPUT_LIKE = (Role.INPUTS, Role.OUTPUTS, Role.LABELS, Role.GRADIENT)


@dataclass(frozen=True)
class Usage:
    """One way to use a person's net; each function is called by its parameters' names.

    Attributes:
      name: What it is called in the file.
      convention: The name of the convention under which it is used so.
      params: Its parameters, as `check` takes them.
      forward: A function or method, or None where the loss alone says it all.
      backward: A function or method.
      loss: The file's own loss, or None: then the usual losses are tried.
      owner: The object that it belongs to, or None.
      named: Values by name that functions may ask for, such as parameters; read anew for each call.
      then: What applies the gradients that the backward pass returned or kept, or None.
    """

    name: str
    convention: str
    params: Any
    forward: Callable[..., Any] | None
    backward: Callable[..., Any]
    loss: Callable[..., Any] | None = None
    owner: Any = None
    named: Callable[[], Mapping[str, Any]] = dict
    then: Callable[..., Any] | None = None

    @cached_property
    def _shapes(self) -> list[tuple[int, ...]]:
        places = attempt(lambda: Places(self.params).places)
        return [place.value.shape for place in (places or {}).values()]

    @property
    def key(self) -> str:
        """What its backward pass is called."""
        return getattr(self.backward, "__name__", "backward")

    @property
    def widths(self) -> list[tuple[int, int]]:
        """The numbers of (inputs, outputs) that its parameters' shapes allow."""
        return widths_of(self._shapes)

    @property
    def called(self) -> tuple[Any, ...]:
        """What is called."""
        parts = (self.forward, self.backward, self.loss, self.then)
        return tuple(part for part in parts if part is not None)

    def batches(self, stream: np.random.Generator) -> Iterator[Batch]:
        """Yields batches in every layout that could be meant: of several examples, then of one."""
        taken = {length for shape in self._shapes for length in shape}
        return batches_for(self.widths, taken, stream)

    def is_sure(self, report: GradientReport) -> bool:
        """Whether a wrong gradient is the file's mistake, and not one of the guess.

        It is where a net with this one mistake has the same gradients. It is, too, where another
        gradient is that of the file's own loss: then the guess is right.
        """
        cause = report.cause
        if cause is None:
            return False
        any_right = any(part.right and part.measured for part in report.parameters)
        if self.loss is None:
            return cause.reproduced and (any_right or cause.name not in _OF_THE_LOSS)
        return cause.reproduced or (any_right and not self._is_convention(cause))

    def _is_convention(self, cause: Cause) -> bool:
        """Whether a cause is often meant so: a penalty that is in one of both, and not asked for
        there; clipped gradients.
        """
        if cause.name is not CauseName.PENALTY:
            return cause.name in (CauseName.CLIPPED, CauseName.SMALL)
        assert self.loss is not None
        return not (takes(self.loss, Role.PENALTY) and takes(self.backward, Role.PENALTY))

    def question(self, batch: Batch) -> Question:
        """Returns the question whether this net's gradient is right on a batch.

        Raises:
          ConfigError: when the net is not meant to be used so.
          UserCodeError: when it raises.
        """
        run = _Run(self, batch)
        roots = [*self.called, self.owner, self.params]
        snapshot = Snapshot(roots)
        places = Places(self.params, snapshot.objects)
        try:
            run.outputs()
            if self.loss is not None:
                run.loss()
            before = places.read()
            found = None
            if self.then is not None:
                run.step()
            else:
                found = run.gradients(before)
            after = places.read()
        finally:
            snapshot.restore()
        is_step = any(np.any(before[name] != after[name]) for name in before)
        if not is_step and found is None:
            raise ConfigError(
                "expected a backward pass that returns, keeps or applies gradients; received none"
                " with the parameters' shapes: say where they are, with tfmlp.check."
            )
        return Question(
            params=self.params,
            inputs=batch.examples,
            labels=batch.targets,
            loss=run.loss if self.loss is not None else None,
            outputs=run.outputs if self.loss is None else None,
            grads=None if is_step else lambda: run.gradients(before),
            step=run.step if is_step else None,
            roots=tuple(roots),
            anew=True,
        )


class _Run:
    """A usage on one batch: what the forward pass left is at hand in the backward pass."""

    def __init__(self, usage: Usage, batch: Batch):
        self._usage, self._batch = usage, batch
        self._roles: dict[Role, Any] = {}
        self._local: dict[str, Any] = {}

    def outputs(self) -> Array:
        """Runs the forward pass, if there is one; returns the outputs, [n, k]."""
        usage, batch = self._usage, self._batch
        plain = {Role.PARAMS: usage.params, Role.COUNT: len(batch.examples), Role.KEEP: 1.0}
        penalty = _PENALTY if usage.loss is not None and takes(usage.loss, Role.PENALTY) else 0.0
        plain |= {Role.PENALTY: penalty, Role.QUIET: False, Role.ONCE: 1}
        if usage.forward is None:
            self._roles = plain | {Role.INPUTS: batch.inputs, Role.LABELS: batch.labels}
            return np.empty(0)
        # Whatever else its one argument is called, what goes into forward is the inputs.
        first = plain | dict.fromkeys(_INPUT_LIKE, batch.inputs)
        seen = call(usage.forward, first, usage.named())
        self._local = {name: value for name, value in seen.local.items() if name != "self"}
        original, rows = _outputs(_candidates(seen, usage.owner), batch)
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
        value = _loss_in(call(self._usage.loss, self._roles, self._names()).value)
        if value.size != 1 and value.size == len(self._batch.examples):
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
        for tree in self._kept(named, seen.value):
            found = attempt(lambda tree=tree: _matching(tree, shapes))
            if found is not None:
                return found
        return None

    def _names(self) -> dict[str, Any]:
        return {**self._local, **self._usage.named()}

    def _kept(self, *returned: Any) -> Iterator[Any]:
        """Yields whatever could be the gradients, the likelier first."""
        for tree in returned:
            yield tree
            if isinstance(tree, tuple):
                yield from (item for item in tree if isinstance(item, dict | list | tuple))
                yield [item for item in tree if np.ndim(as_array(item)) > 0]
        owner = self._usage.owner
        if owner is None:
            return
        for name in vars(owner) if hasattr(owner, "__dict__") else ():
            if name.strip("_").lower() in words.GRADIENTS or words.is_gradient(name):
                yield attribute(owner, name)
        yield named_arrays(owner, words.is_gradient)


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
        array = attempt(lambda value=value: numbers(value))
        if array is None or array.size != n * k or not np.isfinite(array).all():
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
    if not isinstance(tree, dict) and len(params) > 1:  # without its name, a number is none
        arrays = {name: array for name, array in arrays.items() if array.ndim}
    if not arrays or not all(array.dtype.kind in "fiu" for array in arrays.values()):
        return None
    found = matched(params, arrays)
    return dict(found)
