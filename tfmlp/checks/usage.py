"""A usage: one way in which what a file defines could be used as a net."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from tfmlp.checks.batches import Batch, batches_for, widths_of
from tfmlp.checks.calls import attempt
from tfmlp.checks.causes import Cause, CauseName
from tfmlp.checks.making import INPUTS, OUTPUTS
from tfmlp.checks.passes import Passes
from tfmlp.checks.places import Places
from tfmlp.checks.question import Question
from tfmlp.checks.reports import GradientReport
from tfmlp.checks.roles import Role, takes
from tfmlp.checks.snapshot import Snapshot
from tfmlp.errors import ConfigError, TfmlpError

# What one example shows where many were meant.
_OF_A_BATCH = (CauseName.SHAPE, CauseName.UNREDUCED_BIAS, CauseName.MISSING)
_SECONDS = 1.0  # that one question may take, about
# Causes that are errors only if the loss is the one that was tried.
_OF_THE_LOSS = (
    *(CauseName.OUTPUT_DERIVATIVE_MISSING, CauseName.OUTPUT_DERIVATIVE_TWICE),
    *(CauseName.LOSS_MISMATCH, CauseName.SOFTMAX_LEFT_OUT, CauseName.SOFTMAX_TWICE),
)


class NoOutputs(TfmlpError):
    """A forward pass does not take a batch, or returns no outputs; `why` is what it raised."""

    def __init__(self, why: TfmlpError):
        super().__init__(str(why))
        self.why = why


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
    def shapes(self) -> list[tuple[int, ...]]:
        """Its parameters' shapes; empty if they are none."""
        places = attempt(lambda: Places(self.params).places)
        return [place.value.shape for place in (places or {}).values()]

    @property
    def key(self) -> str:
        """What its backward pass is called."""
        return getattr(self.backward, "__name__", "backward")

    @cached_property
    def _state(self) -> tuple[Snapshot, Places]:
        Places(self.params)  # raises before much is copied where these are no parameters
        snapshot = Snapshot([*self.called, self.owner, self.params])
        return snapshot, Places(self.params, snapshot.objects)

    @property
    def widths(self) -> list[tuple[int, int]]:
        """The numbers of (inputs, outputs) that its parameters' shapes allow."""
        return widths_of(self.shapes) or [(INPUTS, outputs) for outputs in OUTPUTS]

    @property
    def called(self) -> tuple[Any, ...]:
        """What is called."""
        parts = (self.forward, self.backward, self.loss, self.then)
        return tuple(part for part in parts if part is not None)

    def batches(self, stream: np.random.Generator) -> Iterator[Batch]:
        """Yields batches in every layout that could be meant: of several examples, then of one."""
        taken = {length for shape in self.shapes for length in shape}
        return batches_for(self.widths, taken, stream)

    def settled(self, report: GradientReport) -> GradientReport:
        """Returns the report with what the convention itself decides: nothing here."""
        return report

    def is_sure(self, report: GradientReport) -> bool:
        """Whether a wrong gradient is the file's mistake, and not one of the guess.

        It is where a net with this one mistake has the same gradients. It is, too, where another
        gradient is that of the file's own loss, or that of the last kernel is that of the loss that
        was tried: then the guess is right.
        """
        cause = report.cause
        if cause is None:
            return False
        right = [part for part in report.parameters if part.right and part.measured]
        if cause.reproduced:
            return self.loss is not None or bool(right) or cause.name not in _OF_THE_LOSS
        if self.loss is None:
            kernels = [part for part in report.parameters if len(part.where) == 2]
            right = [part for part in right if kernels and part is kernels[-1]]
        return bool(right) and not self._is_convention(cause)

    def _is_convention(self, cause: Cause) -> bool:
        """Whether a cause is often meant so: a penalty that is in one of both, and not asked for
        there; clipped gradients.
        """
        if cause.name is not CauseName.PENALTY:
            return cause.name in (CauseName.CLIPPED, CauseName.SMALL, *_OF_A_BATCH)
        return self.loss is None or not (
            takes(self.loss, Role.PENALTY) and takes(self.backward, Role.PENALTY)
        )

    def on(self, batch: Batch) -> "Usage":
        """Returns the usage whose functions are called on a batch: this one."""
        return self

    def question(self, batch: Batch) -> Question:
        """Returns the question whether this net's gradient is right on a batch.

        Raises:
          NoOutputs: when the forward pass is not meant to be used so, or raises.
          ConfigError: when another part of the net is not.
          UserCodeError: when another part raises.
        """
        snapshot, places = self._state
        run = Passes(self, batch)
        try:
            _run_forward(run)
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
            roots=(*self.called, self.owner, self.params),
            anew=True,
            seconds=_SECONDS,
        )


def _run_forward(run: Passes) -> None:
    try:
        run.outputs()
    except TfmlpError as error:
        raise NoOutputs(error) from error
