"""The check of a file's nets: every guess how they are used is tried, and what raises, or gives no
finite loss, was a wrong guess.
"""

import random
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from tfmlp.checks.batches import Batch, batches_for
from tfmlp.checks.calls import attempt
from tfmlp.checks.candidates import candidates_in
from tfmlp.checks.causes import CauseName, cause
from tfmlp.checks.gradients import check_gradients
from tfmlp.checks.net import Net
from tfmlp.checks.reports import GradientReport
from tfmlp.checks.trees import leaves_of
from tfmlp.errors import TfmlpError

# Of a batch that the net is not meant to take, perhaps.
_DOUBTFUL = (CauseName.SHAPE, CauseName.UNREDUCED_BIAS)


def check_nets(
    namespace: dict[str, Any], seed: int = 0
) -> tuple[list[tuple[str, GradientReport]], list[str]]:
    """Checks every net that a namespace defines.

    Args:
      namespace: Names and what they stand for, as after running a file.
      seed: Decides parameters and data.

    Returns:
      (name, report) of each net that could be run, and the names of what looks like one and could
      not.
    """
    reports: dict[str, GradientReport] = {}
    failed: dict[str, None] = {}  # a set that keeps the order
    for net in candidates_in(namespace):
        if net.name in reports:
            continue
        report = _check(net, seed)
        if report is None:
            failed[net.name] = None
        else:
            reports[net.name] = report
    return list(reports.items()), [name for name in failed if name not in reports]


def _check(net: Net, seed: int) -> GradientReport | None:
    """Returns the report under the first layout of a batch that the net is meant to take, or the
    first doubtful one, or None.
    """
    stream = np.random.default_rng(seed)
    try:
        _shake(net.params, stream)
    except TfmlpError:
        return None
    doubtful: GradientReport | None = None
    for batch in batches_for(net.params, stream):
        unreduced = doubtful is not None and _has(doubtful, CauseName.UNREDUCED_BIAS)
        if unreduced and not batch.is_column:
            continue
        report = attempt(partial(_report, net, batch, stream, seed))
        if report is None:
            continue
        # Wrong shapes may come from a batch that the net is not meant to take: numbers that were
        # silently left out, or many examples where it takes one column.
        if _has(report, CauseName.UNREDUCED_BIAS) and _takes_batches(net, batch):
            return report
        if not _has(report, *_DOUBTFUL):
            return report if report.right or not unreduced else doubtful
        doubtful = doubtful or report
    return doubtful


def _report(
    net: Net, batch: Batch, stream: np.random.Generator, seed: int
) -> GradientReport | None:
    """Checks a net on one batch; None if it cannot take the batch."""
    inputs, labels = batch.inputs, batch.labels
    with np.errstate(all="ignore"):
        np.random.seed(seed)
        random.seed(seed)
        outputs, loss = net.run(inputs, labels)
        if outputs.size != batch.targets.size or net.run(inputs, labels)[1] != loss:
            return None
        gradients = net.gradients(inputs, labels)
        if isinstance(gradients, dict) and not gradients:
            return None
        report = check_gradients(
            lambda: net.run(inputs, labels)[1],
            net.params,
            gradients,
            inputs=batch.examples,
            labels=batch.targets,
            seed=seed,
        )
        if report.right and not net.updates:  # an update may have momentum
            return _again(net, batch, stream) or report
        return report


def _again(net: Net, batch: Batch, stream: np.random.Generator) -> GradientReport | None:
    """Checks a net a second time, with other parameters: what it kept from the first time shows
    now. Returns the report if something is wrong.
    """
    inputs, labels = batch.inputs, batch.labels
    _shake(net.params, stream)
    gradients = net.gradients(inputs, labels)
    report = check_gradients(lambda: net.run(inputs, labels)[1], net.params, gradients)
    return None if report.right else replace(report, cause=cause(CauseName.STALE_CACHE))


def _shake(params: Any, stream: np.random.Generator) -> None:
    """Gives all parameters values of a useful size: zero biases and tiny weights hide mistakes."""
    for leaf in leaves_of(params).values():
        shape = leaf.value.shape
        fan = max(shape) if len(shape) == 2 and min(shape) > 1 else 4
        leaf.value[...] = stream.normal(size=shape) / np.sqrt(max(fan, 2)) * 1.2
        leaf.write()


def _takes_batches(net: Net, batch: Batch) -> bool:
    """Returns whether the loss is a mean over examples: the same for every example twice."""
    doubled = batch.doubled()
    if doubled is None:
        return False

    def is_mean() -> bool:
        loss = net.run(batch.inputs, batch.labels)[1]
        return bool(np.isclose(net.run(*doubled)[1], loss))

    return bool(attempt(is_mean))


def _has(report: GradientReport, *names: CauseName) -> bool:
    return report.cause is not None and report.cause.name in names
