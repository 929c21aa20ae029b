"""A point: gradients measured at one set of parameters, to be held against any loss."""

import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfmlp.checks.arrays import squeezed
from tfmlp.checks.calling import Calling
from tfmlp.checks.causes import CauseName
from tfmlp.checks.comparison import Compared, divided
from tfmlp.checks.explained import explained
from tfmlp.checks.judgment import TOLERANCE, judge
from tfmlp.checks.matching import Gradients
from tfmlp.checks.measurement import Measurement
from tfmlp.checks.measuring import compared, examples_in, itemsize_of
from tfmlp.checks.recognition import recognize
from tfmlp.checks.reports import GradientReport
from tfmlp.checks.scaling import Scale, common_factor, fitted_factor, likely_factor
from tfmlp.errors import ConfigError

_MOST, _LEAST = 120, 4  # entries of one parameter that are looked at


@dataclass(frozen=True)
class Answer:
    """What one point says.

    Attributes:
      report: The report.
      is_explained: Whether one factor makes all gradients right, or the same wrong gradients came
        out of a recognized net with one mistake.
    """

    report: GradientReport
    is_explained: bool

    @property
    def is_clipped(self) -> bool:
        """Whether gradients are cut off at one size, which is meant so."""
        causes = [self.report.cause, *(part.cause for part in self.report.parameters)]
        return any(cause is not None and cause.name is CauseName.CLIPPED for cause in causes)

    @property
    def is_sure(self) -> bool:
        """Whether a loss that was only tried is the one that is meant."""
        right = (verdict.right and abs(verdict.measured) > 0 for verdict in self.report.parameters)
        return any(right) or self.is_explained

    @property
    def fit(self) -> tuple[bool, bool, tuple[bool, ...], float]:
        """How well a loss fits: the larger, the better. The gradients of the last layer tell most:
        they follow from the loss, and the others from them.
        """
        verdicts = self.report.parameters
        error = float(np.mean([min(verdict.error, 10.0) for verdict in verdicts]))
        right = tuple(verdict.right for verdict in reversed(verdicts))
        return self.report.right is True, self.is_explained, right, -error

    def undecided(self) -> "Answer":
        """Returns it as one that does not accuse."""
        why = (
            "none of the usual losses of these outputs gives these gradients: give the loss itself,"
            " loss=, to know more"
        )
        return dataclasses.replace(self, report=dataclasses.replace(self.report, undecided=why))


@dataclass(frozen=True)
class Point:
    """The gradients that were given at one point, to be held against any loss."""

    calling: Calling
    given: Gradients
    inputs: Any
    labels: Any
    rate: float | None

    def answer(
        self,
        loss: Callable[[], float],
        name: str,
        seconds: float,
        most: int = _MOST,
        explain: bool = True,
    ) -> Answer:
        """Holds the gradients against a loss."""
        params, places = self.calling.params, self.calling.places.places.values()
        itemsize = itemsize_of(loss, params, [place.dtype for place in places])
        parts = compared(loss, params, self.given, itemsize, self._most(loss, seconds, most))
        if all(part.is_flat for part in parts):
            raise ConfigError(
                f"{self.calling.name}: expected to change with the parameters; received one that"
                " does not: run the forward pass in it, and give the net's own arrays, no copies."
            )
        scale = self._scale(parts)
        if scale is None or scale.error():
            preferred = None if self.calling.is_step and self.rate is None else self.rate or 1.0
            likely = likely_factor(parts, preferred) if scale is None else None
            factor = likely or preferred or fitted_factor(parts)
        else:
            factor = scale.exact
        parts = [divided(part, factor) for part in parts]
        size = max(float(np.abs(part.numeric).max()) for part in parts)
        types = [array.dtype for array in self.given.values() if array is not None]
        single = itemsize == 4 or np.dtype(np.float32) in types
        verdicts = [judge(part, TOLERANCE[itemsize], single, size) for part in parts]
        report = GradientReport(tuple(verdicts), None, loss=name, factor=factor)
        if not report.right and (scale is None or not scale.error()):
            if not explain:
                return Answer(report, is_explained=False)
            found = self._explained(report, parts, loss(), TOLERANCE[itemsize], single)
            if found.report.right is not True:
                return dataclasses.replace(found, report=_times(found.report, factor))
            # An epsilon, or rounding, was all.
            report, factor = found.report, found.report.factor
            scale = scale or self._scale_of(factor, parts)
        report = _times(report, factor)
        if scale is None:
            return Answer(report, is_explained=True)
        if error := scale.error():
            return Answer(dataclasses.replace(report, cause=error), is_explained=True)
        convention = scale.convention()
        if name:  # a loss that was only tried has no scale of its own
            kind = None if scale.is_step and not scale.rate else scale.kind()
            report = dataclasses.replace(report, loss=f"{name}, {kind}" if kind else name)
            convention = None if kind is not None else convention
        decided = dataclasses.replace(report, convention=convention, undecided=scale.undecided())
        return Answer(decided, is_explained=True)

    def _explained(
        self,
        report: GradientReport,
        parts: list[Compared],
        value: float,
        tolerance: float,
        single: bool,
    ) -> Answer:
        net = None
        if self.labels is not None and self.inputs is not None:
            params = {part.name: part.value for part in parts}
            outputs = self.calling.value() if self.calling.name == "outputs" else None
            measured = Measurement(parts)
            net = recognize(self.inputs, self.labels, params, value, outputs, measured)
        found = explained(
            *(parts, report.parameters, net, self._examples()),
            tolerance=tolerance,
            single=single,
            any_factor=True,
            is_fitted=self.calling.is_step and self.rate is None,
        )
        factor = report.factor * found.factor
        found = dataclasses.replace(found, loss=report.loss, factor=factor)
        if found.cause is not None and found.cause.name is CauseName.SMALL:
            found = dataclasses.replace(found, undecided=found.cause.text, cause=None)
        is_explained = found.right is True or bool(found.cause and found.cause.reproduced)
        return Answer(found, is_explained)

    def _scale(self, parts: list[Compared]) -> Scale | None:
        """Returns the one factor that all gradients have, or None."""
        factor = common_factor(parts)
        return None if factor is None else self._scale_of(factor, parts)

    def _scale_of(self, factor: float, parts: list[Compared]) -> Scale:
        last = squeezed(parts[-1].value)
        outputs = last.size if last.ndim == 1 else None
        return Scale(factor, self._examples(), outputs, self.calling.is_step, self.rate)

    def _examples(self) -> int | None:
        return examples_in(self.labels, self.inputs)

    def _most(self, loss: Callable[[], float], seconds: float, most: int) -> int:
        """Returns how many entries of each parameter can be looked at in some seconds."""
        started = time.perf_counter()
        loss()
        cost = 2.2 * len(self.calling.params) * (time.perf_counter() - started)
        return int(np.clip(seconds / max(cost, 1e-9), _LEAST, most))


def _times(report: GradientReport, factor: float) -> GradientReport:
    """Returns a report that shows the gradients as they were given, and the differences times the
    factor.
    """
    parameters = [
        dataclasses.replace(
            verdict,
            given=None if verdict.given is None else verdict.given * factor,
            measured=verdict.measured * factor,
        )
        for verdict in report.parameters
    ]
    return dataclasses.replace(report, parameters=tuple(parameters))
