"""An explained report: the verdicts on all gradients, with what is likely wrong."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from tfmlp.checks.arrays import squeezed
from tfmlp.checks.causes import Cause, CauseName, cause
from tfmlp.checks.comparison import Compared, divided
from tfmlp.checks.explanation import explain
from tfmlp.checks.judgment import judge
from tfmlp.checks.layouts import likely_layout
from tfmlp.checks.measurement import exactly
from tfmlp.checks.recognized import RecognizedNet
from tfmlp.checks.reports import GradientReport, ParameterVerdict
from tfmlp.checks.scaling import likely_factor
from tfmlp.checks.symptoms import explain_one

_SMALL = 1e-3  # of the largest entry: what an epsilon in a logarithm may do
_ROUNDING = "but for what rounding leaves in the differences"
_EPSILON = "but for the epsilon in the logarithm of the loss"
# Causes that say no more than that something is wrong, or how large it is.
_VAGUE = {
    *(CauseName.SCALED, CauseName.LAYER, CauseName.ONE_KERNEL, CauseName.OUTPUT),
    *(CauseName.WRONG_AXIS, CauseName.STALE_ACTIVATIONS),
}


def explained(
    parts: list[Compared],
    verdicts: Sequence[ParameterVerdict],
    net: RecognizedNet | None,
    batch: int | None,
    *,
    tolerance: float,
    single: bool,
    any_factor: bool = False,
    is_fitted: bool = False,
) -> GradientReport:
    """Returns the report on gradients of which some differ from the central differences.

    Args:
      parts: The parameters.
      verdicts: On each.
      net: The recognized net, or None.
      batch: The number of examples, if known.
      tolerance: Relative.
      single: Whether loss or gradients are computed in float32.
      any_factor: Whether one factor on all gradients is no error.
      is_fitted: Whether the gradients were divided by a factor that was only fitted, and may be off
        by what an epsilon does. The report's `factor` is what is left of it.
    """
    factor = 1.0
    nets, recognized = ([net], net.description) if net is not None else ([], "")
    order = list(range(len(parts)))
    values = {part.name: part.value for part in parts}
    layout = net.layout if net is not None else likely_layout(values)
    if layout is not None:
        kernels = {place.kernel for place in layout.places}
        parts = [
            dataclasses.replace(part, kernel=part.name in kernels or len(parts) == 1)
            for part in parts
        ]
    if net is not None:
        by_name = {part.name: index for index, part in enumerate(parts)}
        order = [by_name[name] for name in net.layout.order]
    if net is not None:
        # The differences of the net itself know no rounding, and no epsilon in a logarithm.
        nets = [net.without_epsilon(), net] if net.has_epsilon else [net]
        note = _EPSILON if net.has_epsilon else _ROUNDING
        if is_fitted:
            factor = likely_factor(exactly(nets[0], parts), None) or 1.0
            parts = [divided(part, factor) for part in parts]
        parts, verdicts = _exactly_judged(parts, verdicts, nets[0], tolerance, single, note)
        if any(verdict.note == note for verdict in verdicts):
            nets = nets[:1]
        if all(verdict.right for verdict in verdicts):
            return GradientReport(tuple(verdicts), None, recognized, factor=factor)
    last = squeezed(parts[order[-1]].value)
    outputs = last.size if last.ndim == 1 else None
    if net is not None:
        outputs = net.targets.shape[1]
    alone = [None if part.right else explain_one(part, batch, outputs) for part in parts]
    ordered, causes = [parts[i] for i in order], [alone[i] for i in order]
    likely = explain(ordered, causes, nets, batch, outputs, any_factor=any_factor)
    if net is None and (likely is None or likely.name in _VAGUE):
        likely = _small(parts) or likely
    verdicts = [dataclasses.replace(v, cause=c) for v, c in zip(verdicts, alone, strict=True)]
    return GradientReport(tuple(verdicts), likely, recognized, factor=factor)


def _exactly_judged(
    parts: list[Compared],
    verdicts: Sequence[ParameterVerdict],
    net: RecognizedNet,
    tolerance: float,
    single: bool,
    note: str,
) -> tuple[list[Compared], Sequence[ParameterVerdict]]:
    """Returns parameters and verdicts as they are beside the exact gradients of the net, if that
    makes more of them right; else as they were.

    Gradients such as p - t leave an epsilon in the logarithm out, and differ from the differences
    by that.
    """
    exact = exactly(net, parts)
    scale = max(float(np.abs(part.numeric).max()) for part in exact)
    judged = [judge(part, tolerance, single, scale) for part in exact]
    if sum(part.right for part in exact) < sum(part.right for part in parts):
        return parts, verdicts
    noted = [
        dataclasses.replace(new, note=note) if new.right and not old.right else new
        for new, old in zip(judged, verdicts, strict=True)
    ]
    return exact, noted


def _small(parts: Sequence[Compared]) -> Cause | None:
    """Says that all errors are so small that they may come from an epsilon in the loss, or None."""
    worst = 0.0
    largest = max(float(np.abs(part.numeric).max(initial=0)) for part in parts)
    for part in parts:
        values = part.given_entries
        if values is None or not np.isfinite(values).all():
            return None
        error = np.abs(values - part.numeric)[part.smooth].max(initial=0)
        worst = max(worst, float(error) / max(largest, 1e-12))
    return cause(CauseName.SMALL, percent=100 * worst) if worst <= _SMALL else None
