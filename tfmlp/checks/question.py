"""The question: is the gradient of these parameters that of this loss?"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tfmlp.checks.answer import answer
from tfmlp.checks.calling import Calling
from tfmlp.checks.calls import attempt
from tfmlp.checks.causes import CauseName, cause
from tfmlp.checks.point import Answer
from tfmlp.checks.reports import GradientReport
from tfmlp.errors import ConfigError

_SECONDS = 20.0  # that the evaluations of one point may take
_TRIES = 4  # of random parameters around zero: at some, a step may change nothing
_SHAKES = (1.0, 0.3, 0.05)  # times the usual size of a weight


def check(
    *,
    params: Any,
    inputs: Any = None,
    labels: Any = None,
    loss: Callable[[], Any] | None = None,
    outputs: Callable[[], Any] | None = None,
    grads: Callable[[], Any] | None = None,
    step: Callable[[], Any] | None = None,
    rate: float | None = None,
    seed: int = 0,
) -> GradientReport:
    """Says whether a gradient written by hand is right, and if not, what is likely wrong.

    The parameters are moved one entry at a time, and the loss is looked at: at random parameters
    around those that are there and around zero, since zero biases, tiny weights and positive ones
    hide mistakes. Afterwards everything is as it was: parameters, momentum, caches, lists, random
    numbers.

    Args:
      params: The parameters, from the first layer to the last: arrays, nested lists or dicts of
        them, or pairs (owner, "names"): (net, "W1 b1"), also where W1 is a list of arrays;
        (net.layers, "W b"), of each layer that has them; (globals(), "W1 b1"). NumPy arrays, lists
        of numbers, TensorFlow variables, PyTorch tensors or JAX arrays.
      inputs: What is fed, rows or columns. With `labels`, a net of dense layers is recognized, and
        the usual mistakes are tried on it.
      labels: Classes, or targets.
      loss: Returns the loss, one number, alone or first in a tuple. Or
      outputs: returns the outputs; then the usual losses of them and the labels are tried, and the
        one that fits is named. Read its name: for squares and a sigmoid, a gradient without the
        sigmoid's derivative is that of binary cross-entropy.
      grads: Returns the gradients, one for each parameter: under names that end with the
        parameters', such as dW1, or in their order; or (loss, gradients), a pair (owner, "dW1
        db1"), or all in one long array. Gradients that add up must be set to zero in it. Or
      step: takes one step of gradient descent; what it changes is measured and put back. The loss
        or the outputs are computed right before both.
      rate: The step's learning rate. Without it, a constant factor is never an error.
      seed: Decides the random parameters.

    Returns:
      A `GradientReport`: `right` is True, False or None (undecided), `cause` the likely cause, and
      `convention` says what one factor on all gradients means, where it is no error.

    Raises:
      ConfigError: when the question cannot be asked so.
      UserCodeError: a kind of `TfmlpError`; when one of the functions raises.

    >>> W, X, y = np.ones((3, 1)), np.eye(3), np.zeros((3, 1))
    >>> report = tfmlp.check(
    ...     params=[W], inputs=X, labels=y,
    ...     loss=lambda: ((X @ W - y) ** 2).mean(),
    ...     grads=lambda: [X @ (X @ W - y)],
    ... )
    >>> report.right, report.cause
    (True, None)
    >>> print(report.convention.text)
    all gradients are 1.5 times those of the loss: beside it they are a sum over the 3 examples, \
halved, which the learning rate takes up
    """
    question = Question(params, inputs, labels, loss, outputs, grads, step, rate)
    return question.ask(seed)


@dataclass(frozen=True)
class Question:
    """A question, as `check` takes it; `roots` is what else its functions reach, `anew` whether
    parameters get random values instead of what is there, `seconds` how long it may take, about.
    """

    params: Any
    inputs: Any = None
    labels: Any = None
    loss: Callable[[], Any] | None = None
    outputs: Callable[[], Any] | None = None
    grads: Callable[[], Any] | None = None
    step: Callable[[], Any] | None = None
    rate: float | None = None
    roots: tuple[Any, ...] = ()
    anew: bool = False
    seconds: float = _SECONDS

    def __post_init__(self) -> None:
        _one_of(loss=self.loss, outputs=self.outputs)
        _one_of(grads=self.grads, step=self.step)
        if self.outputs is not None and self.labels is None:
            raise ConfigError("outputs: expected labels beside them; received none: give labels=y.")
        rate = self.rate
        if rate is not None and not (isinstance(rate, int | float) and 0 < rate < float("inf")):
            raise ConfigError(
                f"rate: expected the learning rate, a number above 0; received {rate!r}."
            )
        if rate is not None and self.step is None:
            raise ConfigError("rate: expected with step=; received with grads=: leave it out.")

    def ask(self, seed: int = 0) -> GradientReport:
        """Returns the answer. Raises as `check`."""
        value, gradient = self.loss or self.outputs, self.grads or self.step
        assert value is not None and gradient is not None
        calling = Calling(
            self.params,
            value,
            gradient,
            name="loss" if self.loss else "outputs",
            is_step=self.step is not None,
            roots=self.roots,
        )
        try:
            return self._asked(calling, np.random.default_rng(seed))
        finally:
            calling.restore()

    def _asked(self, calling: Calling, stream: np.random.Generator) -> GradientReport:
        kept = {name: value.copy() for name, value in calling.params.items()}
        zeros = {name: np.zeros_like(value) for name, value in kept.items()}
        around = zeros if self.anew else kept
        _require_repeatable(calling)
        first = self._elsewhere(calling, around, stream, _SHAKES)
        if first is None:
            _set(calling, kept)
            return self._answer(calling).report
        if first.report.right is False and first.is_clipped:
            first = self._elsewhere(calling, around, stream, _SHAKES[-1:]) or first
        here = {name: value.copy() for name, value in calling.params.items()}
        if first.report.right is True and not self.anew:
            # Around positive weights, say, no unit of a relu is ever off.
            tries = (self._elsewhere(calling, zeros, stream, _SHAKES[:1]) for _ in range(_TRIES))
            second = next((found for found in tries if found is not None), None)
            if second is not None and second.report.right is False and not second.is_clipped:
                return second.report
        _set(calling, here)
        if first.report.right is True and _is_stale(calling, kept):
            parameters = tuple(replace(part, right=False) for part in first.report.parameters)
            stale = cause(CauseName.STALE_CACHE)
            return replace(first.report, parameters=parameters, cause=stale, convention=None)
        return first.report

    def _elsewhere(
        self,
        calling: Calling,
        around: dict[str, Any],
        stream: np.random.Generator,
        shakes: Sequence[float],
    ) -> Answer | None:
        """Returns the answer at random parameters around some, the farthest at which all is finite.
        At those that are there, zero biases put units right on a kink.
        """
        noise = {name: stream.normal(size=value.shape) for name, value in around.items()}
        for shake in shakes:
            _set(calling, {n: v + shake * _size(v) * noise[n] for n, v in around.items()})
            found = attempt(lambda: self._answer(calling))
            if found is not None:
                return found
        return None

    def _answer(self, calling: Calling) -> Answer:
        return answer(calling, self.inputs, self.labels, self.rate, self.seconds)


def _is_stale(calling: Calling, others: dict[str, Any]) -> bool:
    """Whether gradients depend on what was computed before with other parameters."""
    clean, second = calling.gradients(), calling.gradients(after=others)
    pairs = [(clean[name], second[name]) for name in clean]
    known = [(one, other) for one, other in pairs if one is not None and other is not None]
    return not all(np.allclose(one, other, rtol=1e-6, atol=1e-12) for one, other in known)


def _size(value: Any) -> float:
    """Returns the usual size of a parameter's entries: of a kernel, by its number of inputs."""
    fan = max(value.shape) if value.ndim == 2 and min(value.shape) > 1 else 4
    return 1.2 / float(np.sqrt(max(fan, 2)))


def _set(calling: Calling, values: dict[str, Any]) -> None:
    for name, array in calling.params.items():
        array[...] = values[name]


def _require_repeatable(calling: Calling) -> None:
    """Raises unless the loss or the outputs come out the same twice."""
    started = time.perf_counter()
    first, second = calling.value(), calling.value()
    seconds = time.perf_counter() - started
    if seconds > _SECONDS:
        raise ConfigError(
            f"{calling.name}: expected to take less than {_SECONDS / 2:g} s; took {seconds / 2:.1f}"
            " s: give fewer examples, ten are enough."
        )
    if not np.isfinite(first).all():
        raise ConfigError(
            f"{calling.name}: expected finite numbers; received {first.reshape(-1)[:3]}: choose"
            " smaller parameters or inputs."
        )
    if not np.array_equal(first, second):
        raise ConfigError(
            f"{calling.name}: expected the same numbers from two calls; received"
            f" {first.reshape(-1)[:3]} and {second.reshape(-1)[:3]}: leave out what is random, such"
            " as dropout or shuffling."
        )


def _one_of(**functions: Callable[[], Any] | None) -> None:
    one, other = functions
    given = [name for name, function in functions.items() if function is not None]
    if len(given) != 1:
        received = "both" if given else "neither"
        raise ConfigError(
            f"expected {one}= or {other}=, one of them; received {received}: give one of them."
        )
    if not callable(functions[given[0]]):
        kind = type(functions[given[0]]).__name__
        raise ConfigError(
            f"{given[0]}: expected a function without arguments; received a {kind}: write"
            f" {given[0]}=lambda: ..."
        )
