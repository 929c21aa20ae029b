"""Guessing: every convention is tried on a file, and what can be asked under one is asked."""

import time
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from tfmlp.checks.batches import Batch
from tfmlp.checks.bounds import Overtime, at_most
from tfmlp.checks.causes import CauseName, cause
from tfmlp.checks.conventions import (
    caches,
    containers,
    engines,
    functions,
    holders,
    layers,
    losses_with_gradients,
    neuron_lists,
    objects,
    unrolled,
)
from tfmlp.checks.making import RATE
from tfmlp.checks.reports import GradientReport
from tfmlp.checks.roles import UnknownArgument
from tfmlp.checks.scaling import Scale
from tfmlp.checks.space import Space
from tfmlp.checks.usage import NoOutputs, Usage
from tfmlp.errors import ConfigError, TfmlpError

CONVENTIONS = (
    *(losses_with_gradients, objects, holders, functions, unrolled, neuron_lists),
    *(layers, containers, caches, engines),
)
_ENOUGH = 8  # layouts, rows, columns and lists: what fails alike in all of them always does
_SECONDS = 15.0  # that the guesses about all nets of a file may take
# What a net that is not meant to be fed so may show.
_DOUBTFUL = (CauseName.SHAPE, CauseName.UNREDUCED_BIAS, CauseName.WRONG_AXIS, CauseName.MISSING)
_GUESSED = "how it is called was only guessed: ask with tfmlp.check to be sure"

Tried = tuple[Any, int, int]  # a forward pass, what its parameters are, the number of the batch


@dataclass
class Guessed:
    """What came of all guesses about one net.

    Attributes:
      name: What it is called in the file.
      usages: Ways to use it, the likelier first.
      reports: The report of each of its backward passes, by name.
      answers: The usage that led to each.
      missing: Why it could not be asked about, by the usage.
      uncallable: Functions that are called first and whose arguments are not known.
      unfit: Why a forward pass with its parameters does not take a batch: no other loss or backward
        pass changes that.
      ran: The first usage and batch whose forward pass ran, and the loss if possible.
      knows_loss: Whether that loss ran, too: only the backward pass lacks something.
      asked: The last usage and batch that could be asked about.
    """

    name: str
    usages: list[Usage] = field(default_factory=list)
    reports: dict[str, GradientReport] = field(default_factory=dict)
    answers: dict[str, Usage] = field(default_factory=dict)
    missing: list[tuple[Usage, TfmlpError]] = field(default_factory=list)
    uncallable: list[Any] = field(default_factory=list)
    unfit: dict[Tried, str] = field(default_factory=dict)
    ran: tuple[Any, Batch] | None = None
    knows_loss: bool = False
    asked: tuple[Any, Batch] | None = None

    @property
    def answered(self) -> list[Usage]:
        """The ways of use that led to a report."""
        return [usage for usage in self.usages if self.answers.get(usage.key) is usage]

    @property
    def report(self) -> GradientReport | None:
        """The report on it: one that is wrong, else one that is undecided, else one that is right;
        None if nothing could be asked.
        """
        for verdict in (False, None, True):
            for report in self.reports.values():
                if report.right is verdict:
                    return report
        return None


def guess_nets(space: Space, seed: int = 0, known: Collection[str] = ()) -> list[Guessed]:
    """Returns what could be found out about every net of a file.

    Args:
      space: What the file defines.
      seed: Decides the numbers that are tried.
      known: Names of what has been checked otherwise.
    """
    found: dict[str, Guessed] = {}
    for convention in CONVENTIONS:
        for usage in convention.usages(space):
            if usage.name in known:
                continue
            found.setdefault(usage.name, Guessed(usage.name)).usages.append(usage)
    end = time.perf_counter() + _SECONDS
    for guessed in found.values():
        _guess(guessed, space, seed, end)
    return list(found.values())


def _guess(guessed: Guessed, space: Space, seed: int, end: float) -> None:
    """Asks about a net in every way, until each of its backward passes has an answer."""
    for usage in guessed.usages:
        known = guessed.reports.get(usage.key)
        if usage.called[0] in guessed.uncallable:
            continue
        if known is not None and (known.right is not None or usage.loss is None):
            continue  # with the file's own loss it is answered, so no other loss is tried
        if time.perf_counter() > end:
            return
        report = _asked(usage, guessed, space, seed)
        if report is not None:
            guessed.reports[usage.key], guessed.answers[usage.key] = report, usage
            if report.right:
                return


def _asked(usage: Usage, guessed: Guessed, space: Space, seed: int) -> GradientReport | None:
    """Returns the report on one way to use a net, under the layout of a batch that it takes."""
    stream = np.random.default_rng(seed)
    wrong: GradientReport | None = None
    unclear: GradientReport | None = None
    takes_batches = False
    for number, batch in enumerate(usage.batches(stream)):
        net = (getattr(usage, "forward", None), id(getattr(usage, "params", None)))
        place = (*net, number)
        if batch.is_single and takes_batches:
            break
        if place in guessed.unfit:
            continue
        if number == _ENOUGH and len({guessed.unfit.get((*net, i)) for i in range(number)}) == 1:
            if (*net, 0) in guessed.unfit:
                break
        report = _on(usage, batch, guessed, space, seed, place)
        if usage.called[0] in guessed.uncallable:
            break
        if report is not None and (report.right or _is_reproduced(report)):
            return report
        if report is not None and report.right is False:  # in another layout it may be right
            wrong, takes_batches = wrong or report, takes_batches or not batch.is_single
            continue
        if report is not None and (unclear is None or _is_doubtful(unclear)):
            unclear = report
            takes_batches = not batch.is_single and not _is_doubtful(report)
    return wrong or unclear


def _on(
    usage: Usage, batch: Batch, guessed: Guessed, space: Space, seed: int, place: Tried
) -> GradientReport | None:
    """Returns the report on one batch, in which nothing that is only guessed is called wrong."""
    np.random.seed(seed)
    try:
        with np.errstate(all="ignore"), at_most(_SECONDS / 4):
            question = usage.question(batch)
            guessed.asked = (usage, batch)
            report = question.ask(seed)
    except Overtime:
        guessed.missing.append((usage, ConfigError("it takes too long")))
        return None
    except TfmlpError as raised:
        error = raised.why if isinstance(raised, NoOutputs) else raised
        if isinstance(raised, NoOutputs):
            guessed.unfit[place] = str(error)
        elif getattr(usage, "forward", None) is not None and not _lacks_parameters(usage):
            goes_far = isinstance(error, UnknownArgument) and error.function == usage.key
            if guessed.ran is None or (goes_far and not guessed.knows_loss):
                guessed.ran, guessed.knows_loss = (usage, batch), goes_far
        is_known = guessed.missing and guessed.missing[-1][0] is usage
        if isinstance(error, UnknownArgument) or not is_known:
            guessed.missing.append((usage, error))
        if isinstance(error, UnknownArgument) and error.called is usage.called[0]:
            guessed.uncallable.append(error.called)
        return None
    report = usage.settled(report)
    if report.right and report.loss.startswith("binary") and not space.takes_logarithms:
        why = f"right, if the loss is {report.loss}, but nothing in the file takes a logarithm"
        return replace(report, undecided=why)
    if report.right and _is_twice(report):
        twice = cause(CauseName.LEARNING_RATE, what="the step", ratio=report.factor / RATE)
        parameters = tuple(replace(part, right=False) for part in report.parameters)
        return replace(report, parameters=parameters, cause=twice, convention=None)
    if report.right is False and not usage.is_sure(report):
        return replace(report, undecided=_GUESSED)
    return report


def _lacks_parameters(usage: Usage) -> bool:
    return usage.params is not None and getattr(usage, "shapes", True) == []


def _is_twice(report: GradientReport) -> bool:
    """Whether a step multiplies by the learning rate twice."""
    scale = Scale(report.factor / RATE**2, None, None, is_step=True, rate=1.0)
    return scale.kind() is not None


def _is_reproduced(report: GradientReport) -> bool:
    return report.right is False and report.cause is not None and report.cause.reproduced


def _is_doubtful(report: GradientReport) -> bool:
    return report.cause is not None and report.cause.name in _DOUBTFUL
